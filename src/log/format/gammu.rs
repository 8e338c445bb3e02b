//! gammu and gammu-smsd with all that they say: `SENDING frame type 0x00/length 0x09/9`, then rows of
//! `41A|54T|2B+|...|0D   AT+CPIN?.`. Lines such as `1 "AT+CPIN?"` are copies of what was heard.

use super::Format;
use crate::log::event::{Side, Sink};
use crate::log::hex;
use crate::log::lines::Line;
use crate::log::peel;

#[derive(Default)]
struct Gammu {
    side: Option<Side>,
    /// So many octets of the frame are still to come.
    missing: usize,
    /// The text of a message follows.
    text: bool,
}

pub fn make() -> Box<dyn Format> {
    Box::new(Gammu::default())
}

/// A message of gammu, without what a daemon and a logger put before it.
fn message(text: &[u8]) -> &[u8] {
    peel::behind(text, b"gammu: ").unwrap_or_else(|| peel::stamped(text).1)
}

/// Which way a frame goes, and how many octets it has.
fn header(text: &[u8]) -> Option<(Side, usize)> {
    let (side, rest) = match peel::behind(text, b"SENDING frame") {
        Some(rest) => (Side::Host, rest),
        None => (Side::Module, peel::behind(text, b"RECEIVED frame")?),
    };
    let length = peel::behind(rest, b"/length 0x")?;
    let digits = length.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let length = usize::from_str_radix(std::str::from_utf8(&length[..digits]).ok()?, 16).ok()?;
    Some((side, length))
}

/// The octets of a row, of which no more than `most` can stand there.
fn row(text: &[u8], most: usize) -> Vec<u8> {
    let mut octets = vec![];
    let mut rest = text.trim_ascii_start();
    while octets.len() < most {
        let Some(octet) = hex::octet(rest) else { break };
        octets.push(octet);
        rest = match &rest[2..] {
            [_, b'|', more @ ..] | [b'|', more @ ..] => more,
            _ => break,
        };
    }
    octets
}

/// `3 "OK"`.
fn is_copy(text: &[u8]) -> bool {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    digits > 0 && text[digits..].starts_with(b" \"")
}

impl Gammu {
    /// Whether gammu's own words follow, and no text of a message any more.
    fn is_gammus(text: &[u8]) -> bool {
        const WORDS: [&[u8]; 12] = [
            b"SENDING",
            b"RECEIVED",
            b"Entering",
            b"Leaving",
            b"Waiting",
            b"Sending",
            b"Processing",
            b"Checking",
            b"AT reply",
            b"Getting",
            b"SMS ",
            b"[",
        ];
        WORDS.iter().any(|word| text.starts_with(word)) || is_copy(text)
    }
}

impl Format for Gammu {
    fn look(&mut self, line: &Line) -> bool {
        let text = message(line.text());
        if let Some((_, length)) = header(text) {
            self.missing = length;
            return true;
        }
        let octets = row(text, self.missing.min(16)).len();
        self.missing -= octets;
        octets > 0 || is_copy(text)
    }

    fn begin(&mut self) {
        self.missing = 0;
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let text = line.text();
        if let (Some(stamp), _) = peel::stamped(text) {
            to.at(stamp);
        }
        let text = message(text);
        if let Some((side, length)) = header(text) {
            (self.side, self.missing, self.text) = (Some(side), length, false);
            to.placed();
            return;
        }
        let octets = row(text, self.missing.min(16));
        match self.side {
            Some(side) if !octets.is_empty() => {
                self.missing -= octets.len();
                to.bytes(side, octets);
            }
            _ if is_copy(text) => {
                self.text = false;
                to.placed();
            }
            _ if self.text && !Gammu::is_gammus(text) => to.private(text),
            _ => {
                self.text = peel::find(text, b"SMS, length").is_some();
                to.told(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_whatever_stands_in_their_cells() {
        assert_eq!(row(b"41A|54T|0D |0D |0A |3E>|20  AT...> ", 16), b"AT\r\r\n> ");
        assert_eq!(row(b"7C||0D|0A     |..", 16), b"|\r\n");
        assert_eq!(row(b"41A|54T|2B+|43C|50P|49I|4EN|3F?|0D     AT+CPIN?.", 9), b"AT+CPIN?\r");
        assert_eq!(row(b"Deletion", 0), b"");
        assert_eq!(header(b"RECEIVED frametype 0x00/length 0x134/308"), Some((Side::Module, 308)));
    }
}
