//! Lines with another mark at their start. Of `<-` and `->`, the first is the host's, unless the commands stand behind
//! the second.

use super::Format;
use crate::log::event::Sink;
use crate::log::lines::Line;
use crate::log::marked::{Marked, Pair};

const PAIRS: &[Pair] = &[
    (b"<-", b"->"),
    (b"-->", b"<--"),
    (b"=>", b"<="),
    (b"==>", b"<=="),
    (b">>", b"<<"),
    (b">", b"<"),
    (b"[TX]", b"[RX]"),
    (b"TX", b"RX"),
    (b"AT TX", b"AT RX"),
    (b"AT send", b"AT read"),
    (b"send", b"recv"),
    (b"sent", b"received"),
    (b"sending", b"receiving"),
    (b"write", b"read"),
    (b"snd", b"rcv"),
    (b"out", b"in"),
    (b"cmd", b"resp"),
    (b"command", b"response"),
    (b"request", b"response"),
];

struct Arrows(Marked);

pub fn make() -> Box<dyn Format> {
    Box::new(Arrows(Marked::new(PAIRS)))
}

impl Format for Arrows {
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
