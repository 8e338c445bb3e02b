//! slsnif: `Host   --> A(65) T(84) <CR>(13)`, `Device <-- <LF>(10)`, perhaps with a time before it.

use super::Format;
use crate::log::event::{Side, Sink};
use crate::log::lines::Line;
use crate::log::peel;

#[derive(Default)]
struct Slsnif {
    side: Option<Side>,
}

pub fn make() -> Box<dyn Format> {
    Box::new(Slsnif::default())
}

/// Whose octets they are, and what stands behind the arrow.
fn header(text: &[u8]) -> Option<(Side, &[u8])> {
    for (name, arrow, side) in [(&b"Host"[..], &b"-->"[..], Side::Host), (b"Device", b"<--", Side::Module)] {
        if let Some(rest) =
            text.strip_prefix(name).and_then(|rest| rest.trim_ascii_start().strip_prefix(arrow))
        {
            return Some((side, rest));
        }
    }
    None
}

/// `A(65)`, `<CR>(13)`, `_(032)`: the numbers; nothing where there is anything else.
fn octets(text: &[u8]) -> Option<Vec<u8>> {
    let words = text.split(|b| *b == b' ').filter(|word| !word.is_empty());
    words
        .map(|word| {
            let inside = word.strip_suffix(b")")?;
            let open = inside.iter().rposition(|b| *b == b'(')?;
            let known = open >= 1 || inside.len() > 1;
            std::str::from_utf8(&inside[open + 1..]).ok()?.parse().ok().filter(|_| known)
        })
        .collect::<Option<Vec<u8>>>()
        .filter(|octets| !octets.is_empty())
}

impl Format for Slsnif {
    fn look(&mut self, line: &Line) -> bool {
        let (_, rest) = peel::stamped(line.text());
        let said = header(rest).map_or(rest, |(_, said)| said);
        octets(said).is_some()
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let (stamp, rest) = peel::stamped(line.text());
        stamp.into_iter().for_each(|stamp| to.at(stamp));
        let said = match header(rest) {
            Some((side, said)) => {
                self.side = Some(side);
                to.placed();
                said
            }
            None => rest,
        };
        match (self.side, octets(said)) {
            (Some(side), Some(octets)) => to.bytes(side, octets),
            _ if said.trim_ascii().is_empty() => {}
            _ => to.told(line.text()),
        }
    }
}
