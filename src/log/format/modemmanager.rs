//! `ModemManager --debug`: `(ttyHS2): --> 'AT+CFUN?<CR>'`, `[ttyUSB2/at] <-- '<CR><LF>OK<CR><LF>'`, in a journal or without.

use super::Format;
use crate::log::event::{Side, Sink};
use crate::log::lines::Line;
use crate::log::peel;
use crate::log::spelled::{Spelling, decode};
use crate::log::stamp::{self, Stamp};

#[derive(Default)]
struct ModemManager;

pub fn make() -> Box<dyn Format> {
    Box::new(ModemManager)
}

struct Record<'a> {
    device: &'a [u8],
    side: Side,
    said: &'a [u8],
}

/// What crossed a port. Ports that speak no AT (QMI, MBIM, QCDM) have none.
fn record(text: &[u8]) -> Option<Record<'_>> {
    let find = |mark: &[u8]| peel::find(text, mark).map(|at| (at, at + mark.len()));
    let (side, (start, end)) = match (find(b" --> '"), find(b" <-- '")) {
        (Some(to), None) => (Side::Host, to),
        (None, Some(from)) => (Side::Module, from),
        (Some(to), Some(from)) if to.0 < from.0 => (Side::Host, to),
        (Some(_), Some(from)) => (Side::Module, from),
        (None, None) => return None,
    };
    let front = text[..start].trim_ascii_end();
    let front = front.strip_suffix(b":").unwrap_or(front);
    let (open, front) = match front.last()? {
        b')' => (b'(', &front[..front.len() - 1]),
        b']' => (b'[', &front[..front.len() - 1]),
        _ => return None,
    };
    let device = &front[front.iter().rposition(|b| *b == open)? + 1..];
    let device = device.strip_suffix(b"/at").unwrap_or(device);
    let device = device.rsplit(|b| *b == b'/').next().unwrap_or(device);
    let said = &text[end..];
    Some(Record { device, side, said: said.strip_suffix(b"'").unwrap_or(said) })
}

/// ModemManager's own time, or the journal's.
fn time(text: &[u8]) -> Option<Stamp> {
    let own = peel::behind(text, b"> ").and_then(|rest| {
        let rest = rest.trim_ascii_start().strip_prefix(b"[")?;
        let end = rest.iter().take(24).position(|b| *b == b']')?;
        stamp::seconds(&rest[..end]).map(Stamp::Date)
    });
    own.or_else(|| peel::stamped(text).0)
}

impl Format for ModemManager {
    fn look(&mut self, line: &Line) -> bool {
        record(line.text()).is_some()
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let text = peel::plain(line.text());
        if let Some(stamp) = time(&text) {
            to.at(stamp);
        }
        match record(&text) {
            Some(record) => {
                to.device(&String::from_utf8_lossy(record.device));
                to.bytes(record.side, decode(record.said, Spelling::Names));
            }
            None => to.told(&text),
        }
    }
}
