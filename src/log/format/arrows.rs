//! Lines with another mark at their start. Of `<-` and `->`, the first is the host's, unless the commands stand behind
//! the second.

use super::Format;
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

pub fn make() -> Box<dyn Format> {
    Box::new(Marked::new(PAIRS))
}
