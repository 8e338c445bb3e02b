//! Hexadecimal dumps of ESP-IDF: `I (5781) TX: 0x3fca76fc   41 54 2b ...  |AT+CMUX=0.|`, 16 octets a row.
//!
//! What is heard is dumped again as more of it comes: a dump that begins at the same address with the same octets takes
//! the place of the one before.

use super::Format;
use crate::log::event::{Side, Sink};
use crate::log::hex;
use crate::log::lines::Line;
use crate::log::peel;
use crate::log::stamp::Stamp;

struct Row<'a> {
    at: Option<Stamp>,
    tag: &'a [u8],
    address: u64,
    octets: Vec<u8>,
}

#[derive(Default)]
struct Dump {
    side: Option<Side>,
    tag: Vec<u8>,
    at: Option<Stamp>,
    start: u64,
    octets: Vec<u8>,
}

#[derive(Default)]
struct EspModem {
    dump: Dump,
    /// The one before, as long as only the module has spoken since.
    before: Option<(u64, Vec<u8>)>,
}

pub fn make() -> Box<dyn Format> {
    Box::new(EspModem::default())
}

/// The milliseconds and the tag of `I (5781) TX: ...`, and what stands behind them.
pub fn tagged(text: &[u8]) -> Option<(Option<Stamp>, &[u8], &[u8])> {
    let open = peel::find(text, b" (")?;
    let level = open.checked_sub(1).map(|at| text[at])?;
    let inside = &text[open + 2..];
    let close = inside.iter().take(20).position(|b| *b == b')')?;
    let at = std::str::from_utf8(&inside[..close])
        .ok()?
        .parse::<u64>()
        .ok()
        .map(|ms| Stamp::Since(ms.saturating_mul(1000)));
    // The time of the day may stand there, too.
    let at = at.or_else(|| super::super::stamp::take(&inside[..close]).map(|(stamp, _)| stamp));
    let rest = inside[close + 1..].strip_prefix(b" ")?;
    let tag = rest.iter().take(48).position(|b| *b == b':')?;
    b"EWIDV".contains(&level).then_some(())?;
    Some((at, &rest[..tag], rest[tag + 1..].strip_prefix(b" ").unwrap_or(&rest[tag + 1..])))
}

fn row(text: &[u8]) -> Option<Row<'_>> {
    let (at, tag, rest) = tagged(text)?;
    let number = rest.strip_prefix(b"0x")?;
    let digits = number.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let address = u64::from_str_radix(std::str::from_utf8(&number[..digits]).ok()?, 16).ok()?;
    let (octets, _) = hex::octets(number[digits..].trim_ascii_start());
    (!octets.is_empty()).then_some(Row { at, tag, address, octets })
}

fn side(tag: &[u8]) -> Side {
    let tag = tag.to_ascii_lowercase();
    let has = |words: &[&[u8]]| words.iter().any(|word| peel::find(&tag, word).is_some());
    if has(&[b"tx", b"send", b"sent", b"write", b"wrote"]) { Side::Host } else { Side::Module }
}

impl EspModem {
    fn flush(&mut self, to: &mut Sink) {
        let dump = std::mem::take(&mut self.dump);
        let Some(side) = dump.side else { return };
        dump.at.into_iter().for_each(|at| to.at(at));
        let again = self.before.take().filter(|(start, octets)| {
            side == Side::Module
                && *start == dump.start
                && octets.len() < dump.octets.len()
                && dump.octets.starts_with(octets)
        });
        let new = again.map_or(0, |(_, octets)| octets.len());
        to.bytes(side, &dump.octets[new..]);
        self.before = (side == Side::Module).then_some((dump.start, dump.octets));
    }
}

impl Format for EspModem {
    fn look(&mut self, line: &Line) -> bool {
        row(&peel::plain(line.text())).is_some()
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let text = peel::plain(line.text());
        let Some(row) = row(&text) else {
            self.flush(to);
            if let Some((Some(at), ..)) = tagged(&text) {
                to.at(at);
            }
            to.told(&text);
            return;
        };
        to.placed();
        let dump = &mut self.dump;
        let goes_on = dump.tag == row.tag
            && dump.octets.len().is_multiple_of(16)
            && row.address == dump.start.wrapping_add(dump.octets.len() as u64);
        if dump.side.is_none() || !goes_on {
            self.flush(to);
            let side = Some(side(row.tag));
            self.dump = Dump { side, tag: row.tag.to_vec(), at: row.at, start: row.address, octets: vec![] };
        }
        self.dump.octets.extend(row.octets);
    }

    fn end(&mut self, to: &mut Sink) {
        self.flush(to);
    }
}
