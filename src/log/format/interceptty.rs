//! interceptty: `> 0x41 (A)` for each octet of the host, `< 0x0d` for each of the device.

use super::Format;
use crate::log::event::{Side, Sink};
use crate::log::hex;
use crate::log::lines::Line;

#[derive(Default)]
struct Interceptty;

pub fn make() -> Box<dyn Format> {
    Box::new(Interceptty)
}

fn octet(text: &[u8]) -> Option<(Side, u8)> {
    let (side, rest) = match text {
        [b'>', rest @ ..] => (Side::Host, rest),
        [b'<', rest @ ..] => (Side::Module, rest),
        _ => return None,
    };
    let rest = rest.trim_ascii_start();
    let digits = rest.strip_prefix(b"0x")?;
    let ends = digits.get(2).is_none_or(|b| b" \t(".contains(b));
    hex::octet(digits).filter(|_| ends).map(|octet| (side, octet))
}

impl Format for Interceptty {
    fn look(&mut self, line: &Line) -> bool {
        octet(line.text()).is_some()
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        match octet(line.text()) {
            Some((side, octet)) => to.bytes(side, [octet]),
            None => to.told(line.text()),
        }
    }
}
