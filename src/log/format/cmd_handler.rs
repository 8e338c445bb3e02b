//! `modem_cmd_handler` of Zephyr: `SENT DATA` or `RECV`, then rows of a hexadecimal dump. What is heard is shown line by
//! line, its CR and LF taken off.

use super::Format;
use crate::log::event::{Side, Sink};
use crate::log::hex;
use crate::log::lines::Line;
use crate::log::peel;

#[derive(Default)]
struct Handler {
    /// Whose dump it is, and its octets so far.
    dump: Option<(Side, Vec<u8>)>,
}

pub fn make() -> Box<dyn Format> {
    Box::new(Handler::default())
}

fn header(text: &[u8]) -> Option<Side> {
    peel::find(text, b"modem_")?;
    let text = text.trim_ascii_end();
    let ends = |words: &[&[u8]]| words.iter().any(|word| text.ends_with(word));
    match () {
        () if ends(&[b"SENT DATA", b"SENT DIRECT DATA", b"SENT", b": TX"]) => Some(Side::Host),
        () if ends(&[b": RECV", b"RECV DATA", b"RECEIVED DATA", b": RX"]) => Some(Side::Module),
        () => None,
    }
}

/// A row: octets, then a bar and their text.
fn row(text: &[u8]) -> Option<Vec<u8>> {
    let (octets, length) = hex::octets(peel::channel(text));
    let rest = &peel::channel(text)[length..];
    let bar = rest.trim_ascii_start().first().is_none_or(|b| *b == b'|');
    (!octets.is_empty() && bar).then_some(octets)
}

impl Handler {
    fn flush(&mut self, to: &mut Sink) {
        let Some((side, bytes)) = self.dump.take() else { return };
        let text = bytes.iter().all(|b| (0x20..0x7f).contains(b));
        match text && !bytes.is_empty() {
            true => to.line(side, bytes),
            false => to.bytes(side, bytes),
        }
    }
}

impl Format for Handler {
    fn look(&mut self, line: &Line) -> bool {
        let text = peel::plain(line.text());
        let header = header(&text).is_some();
        let row = self.dump.is_some() && row(&text).is_some();
        if header {
            self.dump = Some((Side::Host, vec![]));
        } else if !row {
            self.dump = None;
        }
        header || row
    }

    fn begin(&mut self) {
        self.dump = None;
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let text = peel::plain(line.text());
        if let (Some((_, dump)), Some(octets)) = (&mut self.dump, row(&text)) {
            dump.extend(octets);
            to.placed();
            return;
        }
        self.flush(to);
        if let (Some(stamp), _) = peel::stamped(&text) {
            to.at(stamp);
        }
        match header(&text) {
            Some(side) => {
                self.dump = Some((side, vec![]));
                to.placed();
            }
            None => to.told(&text),
        }
    }

    fn end(&mut self, to: &mut Sink) {
        self.flush(to);
    }
}
