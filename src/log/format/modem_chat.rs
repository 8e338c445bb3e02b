//! `modem_chat` of Zephyr. It shows an answer divided at its commas, with blanks in their place.

use super::Format;
use crate::log::event::{Side, Sink};
use crate::log::lines::Line;
use crate::log::peel;

#[derive(Default)]
struct ModemChat;

pub fn make() -> Box<dyn Format> {
    Box::new(ModemChat)
}

/// Who said it, and what.
fn record(text: &[u8]) -> Option<(Side, &[u8])> {
    let rest = peel::behind(text, b"modem_chat")?;
    let said = |mark: &[u8]| peel::behind(rest, mark);
    if let Some(sent) = said(b"sending: ") {
        return Some((Side::Host, sent));
    }
    let heard = said(b"_log_received_command:").or_else(|| said(b"_on_unknown_command_received:"))?;
    Some((Side::Module, heard.strip_prefix(b" ").unwrap_or(heard)))
}

/// The line with its commas. `+CREG:  1 0`: behind the colon and its own blank stands that of the division.
fn with_commas(text: &[u8]) -> Vec<u8> {
    let Some(colon) = peel::find(text, b":  ") else { return text.trim_ascii().to_vec() };
    let (head, arguments) = (&text[..colon + 2], &text[colon + 3..]);
    let mut line = head.to_vec();
    let mut quoted = false;
    for byte in arguments.trim_ascii_end() {
        quoted ^= *byte == b'"';
        line.push(if *byte == b' ' && !quoted { b',' } else { *byte });
    }
    line
}

impl Format for ModemChat {
    fn look(&mut self, line: &Line) -> bool {
        record(line.text()).is_some()
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let text = peel::plain(line.text());
        let (stamp, rest) = peel::stamped(&text);
        stamp.into_iter().for_each(|stamp| to.at(stamp));
        match record(rest) {
            Some((Side::Host, sent)) => to.line(Side::Host, sent.trim_ascii_end()),
            Some((Side::Module, heard)) => to.line(Side::Module, with_commas(heard)),
            None => to.told(&text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_are_put_back() {
        for (shown, said) in [
            ("+CREG:  1 0", "+CREG: 1,0"),
            ("+QCCID:  89010210524010196085", "+QCCID: 89010210524010196085"),
            (" 370021201019608", "370021201019608"),
            ("+CCLK:  \"26/11/27 21:15\" x", "+CCLK: \"26/11/27 21:15\",x"),
            ("+X:  1  2", "+X: 1,,2"),
            ("OK", "OK"),
        ] {
            assert_eq!(String::from_utf8(with_commas(shown.as_bytes())).unwrap(), said);
        }
    }
}
