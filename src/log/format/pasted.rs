//! Plain lines, as they are pasted in an issue: without CR, the application's lines between, perhaps quoted.

use super::Format;
use super::terminal::body;
use crate::log::echo::Echo;
use crate::log::event::Sink;
use crate::log::lines::Line;
use crate::log::shape;

#[derive(Default)]
struct Pasted {
    echo: Echo,
}

pub fn make() -> Box<dyn Format> {
    Box::new(Pasted::default())
}

impl Pasted {
    /// Without what quotes it in a mail or an issue, and without a bullet.
    fn bare(line: &Line) -> &[u8] {
        let text = line.text();
        match text.strip_prefix(b"> ") {
            Some(quoted) if shape::is_command(quoted.trim_ascii()) || shape::is_modules(quoted) => quoted,
            _ => text,
        }
    }
}

impl Format for Pasted {
    fn look(&mut self, line: &Line) -> bool {
        let body = body(line);
        self.echo.look(Pasted::bare(line)) && !body.ends_with(b"\r\r")
    }

    fn begin(&mut self) {
        // What ends its lines with CR LF may be the machine it was saved on.
        self.echo.begin_lossy();
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        self.echo.read(Pasted::bare(line), line.ends(), to);
    }
}
