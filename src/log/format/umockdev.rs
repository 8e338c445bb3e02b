//! `umockdev-record --script`: `w 0 AT+CSQ^M`, `r 1 AT+CSQ^M^M^J...`: who, milliseconds since the line before, the bytes.

use super::Format;
use crate::log::event::{Side, Sink};
use crate::log::lines::Line;
use crate::log::spelled::{Spelling, decode};
use crate::log::stamp::Stamp;

#[derive(Default)]
struct Umockdev;

pub fn make() -> Box<dyn Format> {
    Box::new(Umockdev)
}

fn record(text: &[u8]) -> Option<(u8, u64, &[u8])> {
    let [kind @ (b'd' | b'w' | b'r'), b' ', rest @ ..] = text else { return None };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let millis = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    Some((*kind, millis, rest[digits..].strip_prefix(b" ")?))
}

/// A caret itself is written `` ^` ``.
fn bytes(text: &[u8]) -> Vec<u8> {
    let parts: Vec<Vec<u8>> = split(text).map(|part| decode(part, Spelling::Carets)).collect();
    parts.join(&b"^"[..])
}

fn split(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        match crate::log::peel::find(text, b"^`") {
            Some(at) => {
                rest = Some(&text[at + 2..]);
                Some(&text[..at])
            }
            None => {
                rest = None;
                Some(text)
            }
        }
    })
}

impl Format for Umockdev {
    fn look(&mut self, line: &Line) -> bool {
        record(line.text()).is_some()
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        match record(line.text()) {
            Some((b'd', _, device)) => {
                to.device(&String::from_utf8_lossy(device));
                to.placed();
            }
            Some((kind, millis, text)) => {
                to.at(Stamp::After(millis.saturating_mul(1000)));
                to.bytes(if kind == b'w' { Side::Host } else { Side::Module }, bytes(text));
            }
            None => to.told(line.text()),
        }
    }
}
