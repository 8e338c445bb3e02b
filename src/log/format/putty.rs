//! PuTTY's log of all session output. One file may hold several sessions.

use super::Format;
use super::terminal::body;
use crate::log::echo::Echo;
use crate::log::event::Sink;
use crate::log::lines::Line;
use crate::log::peel;
use crate::log::stamp;

#[derive(Default)]
struct Putty {
    echo: Echo,
    /// A session has begun: the lines behind it are PuTTY's.
    begun: bool,
}

pub fn make() -> Box<dyn Format> {
    Box::new(Putty::default())
}

/// `=~=~=~= PuTTY log 2026.01.02 09:50:33 =~=~=~=`: what stands behind the words.
fn header(line: &Line) -> Option<&[u8]> {
    line.text().starts_with(b"=~=~").then(|| peel::behind(line.text(), b"PuTTY log ")).flatten()
}

impl Format for Putty {
    fn look(&mut self, line: &Line) -> bool {
        let header = header(line).is_some();
        self.begun |= header;
        header || (self.echo.look(body(line)) && self.begun)
    }

    fn begin(&mut self) {
        self.echo.begin();
    }

    fn is_lossy(&self, _usually: bool) -> bool {
        !self.echo.is_exact()
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        match header(line) {
            Some(time) => {
                if let Some((stamp, _)) = stamp::take(time) {
                    to.at(stamp);
                }
                self.echo.reset();
                to.told(line.text());
                to.placed();
            }
            None => self.echo.read(body(line), line.ends(), to),
        }
    }
}
