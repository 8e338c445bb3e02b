//! pyserial's `spy://`: `000000.000 TX   0000  41 54 0D   ...  AT.`, 16 octets a row; the control lines, too.

use super::Format;
use crate::log::event::{Side, Sink};
use crate::log::hex;
use crate::log::lines::Line;
use crate::log::stamp::{self, Stamp};
use crate::transcript::{Kind, Signal};

/// The host's lines, and the module's.
const SIGNALS: [(&[u8], Signal); 6] = [
    (b"DTR", Signal::Dtr),
    (b"RTS", Signal::Rts),
    (b"CTS", Signal::Cts),
    (b"DSR", Signal::Dsr),
    (b"RI", Signal::Ri),
    (b"CD", Signal::Dcd),
];

#[derive(Default)]
struct Spy {
    /// How each line was last.
    lines: [Option<bool>; SIGNALS.len()],
}

pub fn make() -> Box<dyn Format> {
    Box::new(Spy::default())
}

/// The time, the row's name, and what stands behind it.
fn row(text: &[u8]) -> Option<(Stamp, &[u8], &[u8])> {
    let (time, rest) = text.split_at_checked(text.iter().position(|b| *b == b' ')?)?;
    let point = time.iter().position(|b| *b == b'.').filter(|at| *at >= 6)?;
    let at = stamp::seconds(time).filter(|_| time.len() == point + 4)?;
    let rest = rest.trim_ascii_start();
    let end = rest.iter().position(|b| *b == b' ').unwrap_or(rest.len());
    let name = &rest[..end];
    let known = [&b"TX"[..], b"RX", b"BRK", b"Q-RX", b"Q-TX", b"F-LSH", b"FLSH"].contains(&name)
        || SIGNALS.iter().any(|(signal, _)| *signal == name);
    known.then_some((Stamp::Since(at), name, rest[end..].trim_ascii_start()))
}

impl Format for Spy {
    fn look(&mut self, line: &Line) -> bool {
        row(line.text()).is_some()
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let Some((at, name, rest)) = row(line.text()) else {
            to.told(line.text());
            return;
        };
        to.at(at);
        let side = match name {
            b"TX" => Side::Host,
            b"RX" => Side::Module,
            name => {
                match SIGNALS.iter().position(|(signal, _)| *signal == name) {
                    Some(i) => {
                        let on =
                            !rest.starts_with(b"in") && !rest.starts_with(b"0") && !rest.starts_with(b"F");
                        to.placed();
                        // A host asks for the same line again and again.
                        if self.lines[i].replace(on) != Some(on) {
                            to.control(Kind::Line { signal: SIGNALS[i].1, on });
                        }
                    }
                    None => to.told(line.text()),
                }
                return;
            }
        };
        let digits = rest.iter().take_while(|b| b.is_ascii_hexdigit()).count();
        let (octets, _) = hex::octets(&rest[digits..]);
        match octets.is_empty() {
            true => to.told(line.text()),
            false => to.bytes(side, octets),
        }
    }
}
