//! `strace -f -tt -e read,write -s 9999`: `30579 21:15:02.335678 write(3, "AT+CSQ\r", 7) = 7`. What a call returned is what
//! crossed the line. Of several descriptors, the ports are those on which a command was written, or a terminal opened.

use super::Format;
use crate::log::event::{Side, Sink};
use crate::log::lines::Line;
use crate::log::peel;
use crate::log::sides::begins_with_command;
use crate::log::spelled::{Spelling, decode};
use crate::log::stamp::{self, Stamp};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
struct Strace {
    /// Descriptors on which a command was written, each with how often it was opened before.
    ports: BTreeSet<(u32, u64)>,
    /// Of them those on which one was written already.
    begun: BTreeSet<(u32, u64)>,
    /// How often each was opened.
    opened: BTreeMap<u32, u64>,
    /// Processes that wait in a call: whether it writes, its descriptor, what is known of its bytes.
    waiting: BTreeMap<u32, (Side, u32, Vec<u8>)>,
    /// Terminals that are open, by descriptor.
    open: BTreeMap<u32, String>,
}

pub fn make() -> Box<dyn Format> {
    Box::new(Strace::default())
}

struct Call<'a> {
    process: u32,
    at: Option<Stamp>,
    /// From its name on.
    text: &'a [u8],
}

fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    Some((std::str::from_utf8(&text[..digits]).ok()?.parse().ok()?, &text[digits..]))
}

/// A call's process and time.
fn call(text: &[u8]) -> Option<Call<'_>> {
    let rest = text.strip_prefix(b"[pid ").unwrap_or(text).trim_ascii_start();
    let (process, rest) = match number(rest) {
        Some((process, rest)) if rest.starts_with(b" ") || rest.starts_with(b"]") => {
            (process, rest.strip_prefix(b"]").unwrap_or(rest).trim_ascii_start())
        }
        _ => (0, rest),
    };
    let (at, rest) = match stamp::take(rest) {
        Some((stamp, length)) => (Some(stamp), &rest[length..]),
        None => seconds(rest).map_or((None, rest), |(stamp, rest)| (Some(stamp), rest)),
    };
    let rest = rest.trim_ascii_start();
    let name =
        rest.iter().take_while(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || **b == b'_').count();
    let called = name > 0 && rest.get(name) == Some(&b'(');
    (called || rest.starts_with(b"<... ")).then_some(Call { process, at, text: rest })
}

/// `-ttt`: seconds since 1970; `-r`: since the call before.
fn seconds(text: &[u8]) -> Option<(Stamp, &[u8])> {
    let end = text.iter().position(|b| *b == b' ')?;
    let at = stamp::seconds(&text[..end]).filter(|_| text[..end].contains(&b'.'))?;
    Some((if at > 1_000_000_000_000_000 { Stamp::Date(at) } else { Stamp::After(at) }, &text[end..]))
}

/// What a call returned; nothing where it failed, or has not returned.
fn returned(text: &[u8]) -> Option<usize> {
    let at = (0..text.len().saturating_sub(3)).rev().find(|at| text[*at..].starts_with(b") = "))?;
    number(&text[at + 4..]).map(|(count, _)| count as usize)
}

/// The bytes between the quotation marks, decoded, and whether strace cut them off.
fn quoted(text: &[u8]) -> Option<(Vec<u8>, bool)> {
    let inside = peel::behind(text, b"\"")?;
    let mut escaped = false;
    let end = inside.iter().position(|b| {
        let closes = *b == b'"' && !escaped;
        escaped = *b == b'\\' && !escaped;
        closes
    })?;
    Some((decode(&inside[..end], Spelling::Backslashes), inside[end + 1..].starts_with(b"...")))
}

/// `read(3, ...`, `write(3</dev/ttyUSB0>, ...`, and their relatives: who sends, the descriptor, the rest.
fn transfer(text: &[u8]) -> Option<(Side, u32, &[u8])> {
    let open = text.iter().position(|b| *b == b'(')?;
    let side = match &text[..open] {
        b"write" | b"send" | b"sendto" | b"writev" | b"pwrite64" => Side::Host,
        b"read" | b"recv" | b"recvfrom" | b"readv" | b"pread64" => Side::Module,
        _ => return None,
    };
    let (descriptor, rest) = number(&text[open + 1..])?;
    Some((side, descriptor, rest))
}

/// `openat(AT_FDCWD, "/dev/ttyUSB2", ...) = 3`: the descriptor, and the path.
fn opened(text: &[u8]) -> Option<(u32, String)> {
    let (path, _) = quoted(text).filter(|_| text.starts_with(b"open"))?;
    Some((u32::try_from(returned(text)?).ok()?, String::from_utf8_lossy(&path).into_owned()))
}

/// Whether a path is that of a serial port.
fn is_port(path: &str) -> bool {
    let known = ["/dev/tty", "/dev/pts/", "/dev/serial", "/dev/rfcomm", "/dev/modem", "/dev/cu", "/dev/wwan"];
    known.iter().any(|start| path.starts_with(start)) && path != "/dev/tty"
}

/// Whether a command is written; not to a terminal or a pipe that the program was given.
fn writes_command(side: Side, descriptor: u32, rest: &[u8]) -> bool {
    side == Side::Host && descriptor > 2 && quoted(rest).is_some_and(|(bytes, _)| begins_with_command(&bytes))
}

impl Strace {
    /// A descriptor is another one each time it is opened.
    fn key(&self, descriptor: u32) -> (u32, u64) {
        (descriptor, self.opened.get(&descriptor).copied().unwrap_or(0))
    }

    /// Notes what a call opens.
    fn note_open(&mut self, text: &[u8]) {
        if let Some((descriptor, path)) = opened(text) {
            *self.opened.entry(descriptor).or_default() += 1;
            self.open.remove(&descriptor);
            if is_port(&path) {
                self.open.insert(descriptor, path);
            }
        }
    }

    /// Whether what crosses a descriptor is a modem's: from its first command on, or from the start where it is known as a
    /// serial port.
    fn is_modems(&mut self, side: Side, descriptor: u32, rest: &[u8]) -> bool {
        let key = self.key(descriptor);
        if !self.ports.contains(&key) {
            return false;
        }
        if self.open.contains_key(&descriptor) || writes_command(side, descriptor, rest) {
            self.begun.insert(key);
        }
        self.begun.contains(&key)
    }

    fn crossed(
        &mut self,
        side: Side,
        descriptor: u32,
        rest: &[u8],
        count: Option<usize>,
        to: &mut Sink,
    ) -> bool {
        let Some(count) = count else {
            // It failed; or the log ends in it.
            return peel::find(rest, b" = ").is_some()
                || rest.ends_with(b"?")
                || rest.trim_ascii().is_empty();
        };
        let Some((mut bytes, cut)) = quoted(rest) else { return count == 0 };
        bytes.truncate(count);
        let name = self.open.get(&descriptor).cloned();
        to.device(&name.unwrap_or_else(|| format!("descriptor {descriptor}")));
        if cut && bytes.len() < count {
            to.remark("strace has cut off what was read or written here (use -s 9999)");
        }
        to.bytes(side, bytes);
        true
    }
}

impl Format for Strace {
    fn look(&mut self, line: &Line) -> bool {
        let Some(call) = call(line.text()) else { return false };
        self.note_open(call.text);
        if let Some((side, descriptor, rest)) = transfer(call.text)
            && writes_command(side, descriptor, rest)
        {
            self.ports.insert(self.key(descriptor));
        }
        let transfers = transfer(call.text).is_some() || peel::find(call.text, b" resumed>").is_some();
        transfers || call.at.is_some()
    }

    fn begin(&mut self) {
        (self.opened, self.open) = (BTreeMap::new(), BTreeMap::new());
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let Some(call) = call(line.text()) else {
            to.told(line.text());
            return;
        };
        call.at.into_iter().for_each(|at| to.at(at));
        let text = call.text;
        self.note_open(text);
        if let Some(rest) = peel::behind(text, b" resumed>").filter(|_| text.starts_with(b"<... ")) {
            let Some((side, descriptor, before)) = self.waiting.remove(&call.process) else {
                to.told(line.text());
                return;
            };
            to.placed();
            let whole = [&before, rest].concat();
            self.crossed(side, descriptor, &whole, returned(rest), to);
            return;
        }
        match transfer(text).filter(|(side, descriptor, rest)| self.is_modems(*side, *descriptor, rest)) {
            Some((side, descriptor, rest)) if peel::find(rest, b"<unfinished").is_some() => {
                self.waiting.insert(call.process, (side, descriptor, rest.to_vec()));
                to.placed();
            }
            Some((side, descriptor, rest)) => {
                to.placed();
                if !self.crossed(side, descriptor, rest, returned(text), to) {
                    to.unplaced(line.text());
                }
            }
            None => to.told(line.text()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_every_kind_are_read() {
        for (text, process, rest) in [
            ("30579 21:15:02.335678 write(3, \"AT\\r\", 3) = 3", 30579, "write(3, \"AT\\r\", 3) = 3"),
            ("[pid 30579] read(3, \"\", 9) = 0", 30579, "read(3, \"\", 9) = 0"),
            ("write(3, \"A\", 1) = 1", 0, "write(3, \"A\", 1) = 1"),
            ("7 1767016030.323432 <... read resumed>\"OK\", 9) = 2", 7, "<... read resumed>\"OK\", 9) = 2"),
        ] {
            let call = call(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((call.process, call.text), (process, rest.as_bytes()), "{text}");
        }
        assert!(call(b"OK").is_none() && call(b"AT+CSQ").is_none());
        assert_eq!(transfer(b"write(3</dev/ttyUSB0>, \"A\", 1) = 1").map(|(_, fd, _)| fd), Some(3));
        assert_eq!(returned(b"read(3, \"a) = b\", 9) = 7 <0.0001>"), Some(7));
        assert_eq!(returned(b"read(3, 0x1, 9) = -1 EAGAIN (x)"), None);
        assert_eq!(
            opened(b"openat(AT_FDCWD, \"/dev/ttyUSB2\", O_RDWR) = 5"),
            Some((5, "/dev/ttyUSB2".into()))
        );
    }
}
