//! `tio -t -l`: a stamp at the start of each line; in hexadecimal mode, stamps stand among the octets.

use super::Format;
use super::terminal::{body, is_whole};
use crate::log::echo::Echo;
use crate::log::event::Sink;
use crate::log::hex;
use crate::log::lines::Line;
use crate::log::peel::plain;
use crate::log::stamp::{self, Stamp};

#[derive(Default)]
struct Tio {
    echo: Echo,
    /// Octets in hexadecimal make up a line that has not ended yet.
    line: Vec<u8>,
}

pub fn make() -> Box<dyn Format> {
    Box::new(Tio::default())
}

/// The stamp in brackets, and the rest of the line.
fn stamped(text: &[u8]) -> Option<(Stamp, &[u8])> {
    let (stamp, length) = stamp::take(text).filter(|_| text.starts_with(b"["))?;
    Some((stamp, &text[length..]))
}

/// The octets of a line of the hexadecimal mode, and the stamps among them; nothing where there is anything else.
fn octets(text: &[u8]) -> Option<Vec<(Option<Stamp>, Vec<u8>)>> {
    let mut rest = text.trim_ascii();
    let mut found = vec![];
    while !rest.is_empty() {
        let stamp = match stamped(rest) {
            Some((stamp, more)) => {
                rest = more;
                Some(stamp)
            }
            None => None,
        };
        let (bytes, length) = hex::octets(rest);
        if bytes.is_empty() && stamp.is_none() {
            return None;
        }
        found.push((stamp, bytes));
        rest = rest[length..].trim_ascii_start();
    }
    let any = found.iter().any(|(_, bytes)| !bytes.is_empty());
    any.then_some(found)
}

impl Tio {
    fn octet(&mut self, byte: u8, to: &mut Sink) {
        match byte {
            b'\n' => {
                let line = std::mem::take(&mut self.line);
                self.echo.read(&line, true, to);
            }
            _ => self.line.push(byte),
        }
        if self.line.len() > 4096 {
            let line = std::mem::take(&mut self.line);
            self.echo.read(&line, false, to);
        }
    }
}

impl Format for Tio {
    fn look(&mut self, line: &Line) -> bool {
        let body = plain(body(line));
        if let Some(octets) = octets(&body) {
            let bytes: Vec<u8> = octets.into_iter().flat_map(|(_, bytes)| bytes).collect();
            for line in bytes.split(|b| *b == b'\n') {
                self.echo.look(line);
            }
            return line.goes_on || stamped(&body).is_some();
        }
        match stamped(&body) {
            Some((_, rest)) => self.echo.look(rest) && is_whole(rest),
            None => false,
        }
    }

    fn begin(&mut self) {
        self.echo.begin();
    }

    fn is_lossy(&self, _usually: bool) -> bool {
        !self.echo.is_exact()
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let body = plain(body(line));
        if let Some(octets) = octets(&body) {
            to.placed();
            for (stamp, bytes) in octets {
                stamp.into_iter().for_each(|stamp| to.at(stamp));
                bytes.into_iter().for_each(|byte| self.octet(byte, to));
            }
            return;
        }
        match stamped(&body) {
            Some((stamp, rest)) => {
                to.at(stamp);
                self.echo.read(rest, line.ends(), to);
            }
            None => self.echo.read(&body, line.ends(), to),
        }
    }

    fn end(&mut self, to: &mut Sink) {
        if !self.line.is_empty() {
            let line = std::mem::take(&mut self.line);
            self.echo.read(&line, false, to);
        }
    }
}
