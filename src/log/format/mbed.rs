//! ATHandler of Mbed OS: `[00049709ms][INFO][CELL]: AT TX ( 9): AT+CEREG?`, `AT RX (32): <cr><ln>+CEREG: 2`. A record may
//! end anywhere, the next goes on; the terminal's escapes leave pieces behind.

use super::Format;
use crate::log::event::{Side, Sink};
use crate::log::lines::Line;
use crate::log::peel;
use crate::log::spelled::{Spelling, decode};

#[derive(Default)]
struct Mbed;

pub fn make() -> Box<dyn Format> {
    Box::new(Mbed)
}

/// Who sent it, and its text as it is spelled. Letters of the mark may be lost.
fn record(text: &[u8]) -> Option<(Side, &[u8])> {
    let mut from = 0;
    loop {
        let at = from + peel::find(&text[from..], b"AT")?;
        let rest = &text[at + 2..];
        let letters = rest.iter().take_while(|b| b" TRX".contains(b)).count();
        from = at + 2;
        // A tag of Android's log with the number of its process looks alike: `AT      (   30):`.
        if letters > 3 && rest[..letters].iter().all(|b| *b == b' ') {
            continue;
        }
        let Some(inside) = rest[letters..].strip_prefix(b"(") else { continue };
        let number = inside.iter().take_while(|b| b.is_ascii_digit() || **b == b' ').count();
        let Some(said) = inside[number..].strip_prefix(b"):").filter(|_| number > 0) else { continue };
        let said = said.strip_prefix(b" ").unwrap_or(said);
        let lower = said.to_ascii_lowercase();
        let side = match &rest[..letters] {
            mark if mark.contains(&b'T') => Side::Host,
            mark if mark.contains(&b'R') => Side::Module,
            _ if peel::find(&lower, b"<ln>").is_some() => Side::Module,
            _ => Side::Host,
        };
        return Some((side, said));
    }
}

/// Without `[2K` and `[90m` that have lost their escape.
fn bare(text: &[u8]) -> &[u8] {
    let mut text = text;
    for piece in [&b"[2K"[..], b"[0m", b"[39m", b"[90m", b"[31m", b"[33m", b"0m"] {
        text = text.strip_suffix(piece).unwrap_or(text);
    }
    for piece in [&b"[2K"[..], b"[0m", b"[39m", b"[90m", b"[31m", b"[33m"] {
        text = text.strip_prefix(piece).unwrap_or(text);
    }
    text
}

impl Format for Mbed {
    fn look(&mut self, line: &Line) -> bool {
        record(line.text()).is_some()
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let text = peel::plain(line.text());
        let text = bare(text.trim_ascii_end());
        if let (Some(stamp), _) = peel::stamped(text) {
            to.at(stamp);
        }
        match record(text) {
            Some((side, said)) => to.bytes(side, decode(said, Spelling::Names)),
            None => to.told(text),
        }
    }
}
