//! `socat -x -v`: a header `> 2026/11/27 21:15:03.000185980  length=7 from=0 to=6`, rows of octets and their text, `--`.
//! With `-v` alone, text with CR and its like spelled; a row breaks behind each LF.

use super::Format;
use crate::log::event::{Side, Sink};
use crate::log::hex;
use crate::log::lines::Line;
use crate::log::sides::Sides;
use crate::log::spelled::{Spelling, decode};
use crate::log::stamp::{self, Stamp};

#[derive(Default)]
struct Socat {
    sides: Sides,
    way: Option<u8>,
    /// So many octets are still to come.
    missing: u64,
    /// The first piece of a chunk in the first pass.
    first: Vec<u8>,
}

pub fn make() -> Box<dyn Format> {
    Box::new(Socat::default())
}

struct Header {
    way: u8,
    at: u64,
    length: u64,
}

fn header(text: &[u8]) -> Option<Header> {
    let [way @ (b'>' | b'<'), b' ', rest @ ..] = text else { return None };
    let (at, used) = stamp::socat(rest)?;
    let length = crate::log::peel::behind(&rest[used..], b"length=")?;
    let digits = length.iter().take_while(|b| b.is_ascii_digit()).count();
    let length = std::str::from_utf8(&length[..digits]).ok()?.parse().ok()?;
    Some(Header { way: *way, at, length })
}

impl Socat {
    /// The octets of a row, in hexadecimal or as text.
    fn row(&self, line: &Line) -> Option<Vec<u8>> {
        self.way?;
        if self.missing == 0 {
            return None;
        }
        let text = line.raw.strip_suffix(b"\n").unwrap_or(&line.raw);
        let (octets, length) = hex::octets(text);
        let rest = &text[length..];
        if text.starts_with(b" ") && !octets.is_empty() && (rest.is_empty() || rest.starts_with(b"  ")) {
            return Some(octets);
        }
        let mut bytes = decode(text, Spelling::Backslashes);
        // The last row of text has its `--` behind it.
        let most = usize::try_from(self.missing).unwrap_or(usize::MAX);
        if bytes.len() < most {
            bytes.push(b'\n');
        }
        bytes.truncate(most);
        Some(bytes)
    }
}

impl Format for Socat {
    fn look(&mut self, line: &Line) -> bool {
        if let Some(header) = header(line.text()) {
            (self.way, self.missing) = (Some(header.way), header.length);
            self.first.clear();
            return true;
        }
        match (self.row(line), self.way) {
            (Some(octets), Some(way)) => {
                if self.first.is_empty() {
                    self.sides.look(&[way], &octets);
                    self.first.clone_from(&octets);
                }
                self.missing = self.missing.saturating_sub(octets.len() as u64);
                true
            }
            _ => self.way.is_some() && line.text() == b"--",
        }
    }

    fn begin(&mut self) {
        (self.way, self.missing) = (None, 0);
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        if let Some(header) = header(line.text()) {
            (self.way, self.missing) = (Some(header.way), header.length);
            to.at(Stamp::Date(header.at));
            to.placed();
            return;
        }
        match (self.row(line), self.way) {
            (Some(octets), Some(way)) => {
                self.missing = self.missing.saturating_sub(octets.len() as u64);
                let host = self.sides.is_host(&[way]).unwrap_or(way == b'>');
                to.bytes(if host { Side::Host } else { Side::Module }, octets);
            }
            _ if line.text() == b"--" => to.placed(),
            _ => to.told(line.text()),
        }
    }
}
