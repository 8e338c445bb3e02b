//! What a logic analyser decoded: a table with a row for each octet (Saleae: `0.000104,'65',,`, or
//! `"TX","data",0.0001,0.00008,0x41`), or sigrok's `uart-1: 41`. The host's channel is the one on which a command is typed.

use super::Format;
use crate::log::event::{Side, Sink};
use crate::log::hex;
use crate::log::lines::Line;
use crate::log::sides::begins_with_command;
use crate::log::stamp::{self, Stamp};

#[derive(Default)]
struct Logic {
    /// The channels, and the line that is on each.
    channels: Vec<(Vec<u8>, Vec<u8>)>,
    host: Option<usize>,
    /// The octets before 0.1 s of silence or the other channel's are one piece.
    piece: Option<(usize, u64, Vec<u8>)>,
}

pub fn make() -> Box<dyn Format> {
    Box::new(Logic::default())
}

/// The channel, the time in microseconds, and the octet.
fn row(text: &[u8]) -> Option<(&[u8], Option<u64>, u8)> {
    if let Some(colon) = peel_sigrok(text) {
        let (name, rest) = text.split_at(colon);
        let rest = rest[1..].trim_ascii();
        return hex::octet(rest).filter(|_| rest.len() == 2).map(|octet| (name, None, octet));
    }
    let mut name = &b""[..];
    let (mut at, mut octet) = (None, None);
    for field in text.split(|b| *b == b',').take(8) {
        let bare = field.trim_ascii();
        let bare = bare.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(bare);
        if let Some(digits) = bare.strip_prefix(b"0x").filter(|digits| digits.len() == 2) {
            octet = octet.or(hex::octet(digits));
        } else if let Some(value) = bare.strip_prefix(b"'").and_then(|rest| rest.strip_suffix(b"'")) {
            octet = octet.or(quoted(value));
        } else if bare.contains(&b'.')
            && at.is_none()
            && bare.iter().all(|b| b.is_ascii_digit() || b".-".contains(b))
        {
            at = Some(stamp::seconds(bare).unwrap_or(0));
        } else if name.is_empty() && bare.first().is_some_and(u8::is_ascii_alphabetic) {
            name = bare;
        }
    }
    at.and_then(|at| Some((name, Some(at), octet?)))
}

fn peel_sigrok(text: &[u8]) -> Option<usize> {
    let known = text.starts_with(b"uart-") || text.starts_with(b"uart_");
    text.iter().position(|b| *b == b':').filter(|_| known)
}

/// `65`, `A`, `\r`: an octet as Saleae shows it.
fn quoted(value: &[u8]) -> Option<u8> {
    match value {
        b"\\r" | b"CR" => Some(b'\r'),
        b"\\n" | b"LF" => Some(b'\n'),
        [one] if !one.is_ascii_digit() => Some(*one),
        digits if digits.iter().all(u8::is_ascii_digit) => std::str::from_utf8(digits).ok()?.parse().ok(),
        _ => None,
    }
}

impl Logic {
    fn channel(&mut self, name: &[u8]) -> usize {
        match self.channels.iter().position(|(known, _)| known == name) {
            Some(place) => place,
            None if self.channels.len() >= 16 => 0,
            None => {
                self.channels.push((name.to_vec(), vec![]));
                self.channels.len() - 1
            }
        }
    }

    fn flush(&mut self, to: &mut Sink) {
        if let Some((channel, at, octets)) = self.piece.take() {
            if at > 0 {
                to.at(Stamp::Since(at));
            }
            let host = self.host.unwrap_or(0) == channel;
            to.bytes(if host { Side::Host } else { Side::Module }, octets);
        }
    }
}

impl Format for Logic {
    fn look(&mut self, line: &Line) -> bool {
        let Some((name, _, octet)) = row(line.text()) else { return false };
        let channel = self.channel(name);
        let typed = &mut self.channels[channel].1;
        if b"\r\n".contains(&octet) {
            // Of an echo and a command, the command came first.
            if self.host.is_none() && begins_with_command(typed) {
                self.host = Some(channel);
            }
            typed.clear();
        } else if typed.len() < 4096 {
            typed.push(octet);
        }
        true
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let Some((name, at, octet)) = row(line.text()) else {
            self.flush(to);
            to.told(line.text());
            return;
        };
        to.placed();
        let channel = self.channel(name);
        let at = at.unwrap_or(0);
        let goes_on = self.piece.as_ref().is_some_and(|(before, begun, octets)| {
            *before == channel
                && at.saturating_sub(*begun) < 100_000
                && octets.last() != Some(&b'\n')
                && octets.len() < 4096
        });
        if !goes_on {
            self.flush(to);
            self.piece = Some((channel, at, vec![]));
        }
        if let Some((.., octets)) = &mut self.piece {
            octets.push(octet);
        }
    }

    fn end(&mut self, to: &mut Sink) {
        self.flush(to);
    }
}
