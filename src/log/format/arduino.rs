//! The Arduino IDE's monitor with times: `17:13:36.627 -> OK`, or `[06:30:24.567] AT+CREG?`, the application's lines
//! between.

use super::Format;
use crate::log::echo::Echo;
use crate::log::event::Sink;
use crate::log::lines::Line;
use crate::log::peel::{self, plain};
use crate::log::stamp::Stamp;

#[derive(Default)]
struct Arduino {
    echo: Echo,
}

pub fn make() -> Box<dyn Format> {
    Box::new(Arduino::default())
}

/// The stamp, and what the board said.
fn stamped(text: &[u8]) -> (Option<Stamp>, &[u8]) {
    let (stamp, rest) = peel::stamped(text);
    match stamp {
        // The arrow points from the board: it is no mark of a direction.
        Some(_) => {
            (stamp, rest.strip_prefix(b"->").map_or(rest, |rest| rest.strip_prefix(b" ").unwrap_or(rest)))
        }
        None => (None, text),
    }
}

impl Format for Arduino {
    fn look(&mut self, line: &Line) -> bool {
        let text = plain(line.text());
        let (stamp, rest) = stamped(&text);
        self.echo.look(rest) && stamp.is_some()
    }

    fn begin(&mut self) {
        self.echo.begin_lossy();
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let text = plain(line.text());
        let (stamp, rest) = stamped(&text);
        stamp.into_iter().for_each(|stamp| to.at(stamp));
        self.echo.read(rest, line.ends(), to);
    }
}
