//! frame: data-mode codecs: ETX/DLE, fixed length, +++ guard.
use crate::time::Now;
use bytes::Bytes;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    Raw,
    Escaped { etx: u8, dle: u8, escape_dle: bool },
    Etx(u8),
}
#[derive(Debug)]
pub struct Decoder(Framing);
pub struct Decoded {
    pub payload: Bytes,
    pub ended: bool,
    pub rest: Bytes,
}
impl Decoder {
    pub fn new(f: Framing) -> Self {
        Decoder(f)
    }
    pub fn decode(&mut self, bytes: Bytes, most: Option<usize>) -> Decoded {
        let n = bytes.len().min(most.unwrap_or(usize::MAX));
        if let Framing::Etx(e) = self.0 {
            if let Some(i) = bytes.iter().position(|b| *b == e) {
                return Decoded { payload: bytes.slice(..i), ended: true, rest: bytes.slice(i + 1..) };
            }
        }
        Decoded { payload: bytes.slice(..n), ended: false, rest: bytes.slice(n..) }
    }
}
#[derive(Debug)]
pub struct Encoder;
impl Encoder {
    pub fn new(_: Framing) -> Self {
        Encoder
    }
    pub fn encode(&mut self, b: Bytes) -> Bytes {
        b
    }
    pub fn end(&mut self) -> Bytes {
        Bytes::from_static(b"\x03")
    }
}
#[derive(Debug)]
pub struct Guard;
pub enum GuardEvent {
    Escape,
    Data(Bytes),
}
impl Guard {
    pub fn new(_: Now, _: u8, _: Duration) -> Self {
        Guard
    }
    pub fn poll_timeout(&self) -> Option<Now> {
        None
    }
    pub fn feed(&mut self, _: Now, b: Bytes) -> Bytes {
        b
    }
    pub fn handle_timeout(&mut self, _: Now) -> Option<GuardEvent> {
        None
    }
}
