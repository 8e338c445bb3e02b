//! A firmware's own log: `>>>` before what it sends to the module, `<<<` before what it hears, often behind RTT's `00> `.

use super::Format;
use crate::log::event::Sink;
use crate::log::lines::Line;
use crate::log::marked::{Marked, Pair};

const PAIRS: &[Pair] = &[(b">>>", b"<<<")];

struct Rtt(Marked);

pub fn make() -> Box<dyn Format> {
    Box::new(Rtt(Marked::new(PAIRS)))
}

impl Format for Rtt {
    fn look(&mut self, line: &Line) -> bool {
        self.0.look(line)
    }

    fn begin(&mut self) {
        self.0.begin();
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        self.0.read(line, to);
    }
}
