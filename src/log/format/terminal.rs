//! What a terminal program received: picocom, minicom, `cat` of a device.

use super::Format;
use crate::log::echo::Echo;
use crate::log::event::Sink;
use crate::log::lines::Line;
use crate::log::peel::plain;
use crate::log::shape;

/// Every byte that was received.
#[derive(Default)]
struct Terminal {
    echo: Echo,
}

pub fn make() -> Box<dyn Format> {
    Box::new(Terminal::default())
}

/// A line without its LF.
pub fn body(line: &Line) -> &[u8] {
    line.raw.strip_suffix(b"\n").unwrap_or(&line.raw)
}

/// Whether a line can be one of which the CR is whole: an echo ends with CR CR LF.
pub fn is_whole(body: &[u8]) -> bool {
    match shape::is_command(plain(body).trim_ascii()) {
        true => body.ends_with(b"\r\r"),
        false => body.ends_with(b"\r"),
    }
}

impl Format for Terminal {
    fn look(&mut self, line: &Line) -> bool {
        let body = body(line);
        self.echo.look(body) && is_whole(body)
    }

    fn begin(&mut self) {
        self.echo.begin();
    }

    fn is_lossy(&self, _usually: bool) -> bool {
        !self.echo.is_exact()
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        self.echo.read(body(line), line.ends(), to);
    }
}
