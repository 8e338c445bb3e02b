//! `jpnevulator --timing-print --ascii`: a line with the time, then rows of octets, a tab, and their text. With two
//! devices, the time's line names the one that was heard.

use super::Format;
use crate::log::echo::Echo;
use crate::log::event::{Side, Sink};
use crate::log::hex;
use crate::log::lines::Line;
use crate::log::sides::Sides;
use crate::log::stamp::{self, Stamp};

#[derive(Default)]
struct Jpnevulator {
    sides: Sides,
    echo: Echo,
    device: Option<Vec<u8>>,
    /// Octets of a line that has not ended yet.
    line: Vec<u8>,
}

pub fn make() -> Box<dyn Format> {
    Box::new(Jpnevulator::default())
}

/// The time, and the device.
fn header(text: &[u8]) -> Option<(Stamp, &[u8])> {
    let (stamp, length) = stamp::take(text)?;
    let rest = text[length..].trim_ascii();
    let device = rest.strip_suffix(b":").unwrap_or(rest);
    let colon = text.ends_with(b":") || text[..length].trim_ascii_end().ends_with(b":");
    (matches!(stamp, Stamp::Date(_)) && colon && device.len() < 64 && !device.contains(&b' '))
        .then_some((stamp, device))
}

fn row(text: &[u8]) -> Option<Vec<u8>> {
    let (octets, length) = hex::octets(text);
    let rest = &text[length..];
    let ends =
        rest.is_empty() || rest.starts_with(b"\t") || rest.starts_with(b"  ") || rest.trim_ascii().is_empty();
    (!octets.is_empty() && ends && !text.starts_with(b" ")).then_some(octets)
}

impl Jpnevulator {
    fn octet(&mut self, byte: u8, to: &mut Sink) {
        if byte == b'\n' || self.line.len() > 4096 {
            let line = std::mem::take(&mut self.line);
            self.echo.read(&line, byte == b'\n', to);
        }
        if byte != b'\n' {
            self.line.push(byte);
        }
    }
}

impl Format for Jpnevulator {
    fn look(&mut self, line: &Line) -> bool {
        let text = line.text();
        if let Some((_, device)) = header(text) {
            self.device = Some(device.to_vec());
            return true;
        }
        match (row(text), &self.device) {
            (Some(octets), Some(device)) => {
                self.sides.look(device, &octets);
                // The text of the row tells what it holds as well as its octets do; so it is asked for the echo.
                for part in octets.split(|b| *b == b'\n') {
                    self.echo.look(part);
                }
                true
            }
            _ => false,
        }
    }

    fn begin(&mut self) {
        self.device = None;
        self.echo.begin_exact();
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let text = line.text();
        if let Some((stamp, device)) = header(text) {
            to.at(stamp);
            to.placed();
            self.device = Some(device.to_vec());
            return;
        }
        let (Some(octets), Some(device)) = (row(text), &self.device) else {
            to.told(text);
            return;
        };
        to.placed();
        match self.sides.is_host(device).filter(|_| self.sides.count() > 1) {
            Some(true) => to.bytes(Side::Host, octets),
            Some(false) => to.bytes(Side::Module, octets),
            None => octets.into_iter().for_each(|byte| self.octet(byte, to)),
        }
    }

    fn end(&mut self, to: &mut Sink) {
        if !self.line.is_empty() {
            let line = std::mem::take(&mut self.line);
            self.echo.read(&line, false, to);
        }
    }
}
