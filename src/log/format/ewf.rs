//! Azure embedded-wireless-framework: `[SEND][   3][AT\r]`, `[RECV][   9][AT\r\r\nOK\r\n]`.

use super::Format;
use crate::log::event::{Side, Sink};
use crate::log::lines::Line;
use crate::log::peel;
use crate::log::spelled::{Spelling, decode};

#[derive(Default)]
struct Ewf;

pub fn make() -> Box<dyn Format> {
    Box::new(Ewf)
}

/// Who sent it, and its text as it is spelled.
fn record(text: &[u8]) -> Option<(Side, &[u8])> {
    let (side, rest) = match (peel::behind(text, b"[SEND][").or_else(|| peel::behind(text, b"[TX][")), text) {
        (Some(rest), _) => (Side::Host, rest),
        (None, text) => {
            (Side::Module, peel::behind(text, b"[RECV][").or_else(|| peel::behind(text, b"[RX]["))?)
        }
    };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit() || **b == b' ').count();
    let said = rest[digits..].strip_prefix(b"][")?;
    Some((side, said.strip_suffix(b"]").unwrap_or(said)))
}

impl Format for Ewf {
    fn look(&mut self, line: &Line) -> bool {
        record(line.text()).is_some()
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let text = peel::plain(line.text());
        if let (Some(stamp), _) = peel::stamped(&text) {
            to.at(stamp);
        }
        match record(&text) {
            Some((side, said)) => to.bytes(side, decode(said, Spelling::Backslashes)),
            None => to.told(&text),
        }
    }
}
