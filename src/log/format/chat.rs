//! `chat -v` of pppd, in a system's log: `send (AT^M)`, `expect (OK)`, then what is heard line by line, up to ` -- got it`.
//! Where two loggers listen, every line is there twice.

use super::Format;
use crate::log::event::{Side, Sink};
use crate::log::lines::Line;
use crate::log::peel;
use crate::log::spelled::{Spelling, decode};
use std::collections::BTreeMap;

#[derive(Default)]
struct Chat {
    /// How many lines of a conversation each logger has written, and how many of them stand there twice.
    loggers: BTreeMap<Vec<u8>, [u64; 2]>,
    /// The one that is listened to.
    logger: Vec<u8>,
    /// It writes each line twice.
    doubled: bool,
    /// Within a conversation: lines that are nothing else were heard.
    talking: bool,
    last: Vec<u8>,
    /// The last line that was heard, up to the expected string perhaps.
    held: Option<Vec<u8>>,
    /// The expected string was found: the rest of its line is shown only behind what is sent next.
    rest_due: bool,
}

pub fn make() -> Box<dyn Format> {
    Box::new(Chat::default())
}

/// The name of the program that wrote a line, without its number, and the message.
fn message(text: &[u8]) -> (&[u8], &[u8]) {
    let (stamp, rest) = peel::stamped(text);
    if stamp.is_none() {
        return (b"", text);
    }
    let Some(colon) =
        peel::find(rest, b"]: ").or_else(|| peel::find(rest, b": ").filter(|_| !rest.starts_with(b" ")))
    else {
        // An empty line that was heard.
        let tag = rest.trim_ascii_end().strip_suffix(b"]:").unwrap_or(rest);
        return (name(tag), b"");
    };
    let skip = if rest[colon] == b']' { 3 } else { 2 };
    (name(&rest[..colon]), &rest[colon + skip..])
}

fn name(tag: &[u8]) -> &[u8] {
    let tag = tag.rsplit(|b| *b == b' ').next().unwrap_or(tag);
    tag.split(|b| *b == b'[').next().unwrap_or(tag)
}

/// What `chat` says by itself.
fn is_chats(text: &[u8]) -> bool {
    const WORDS: [&[u8]; 14] = [
        b"send (",
        b"expect (",
        b"abort on (",
        b"clear abort on (",
        b"report (",
        b"clear report",
        b"timeout set to",
        b"alarm",
        b"Failed",
        b"SIGHUP",
        b"SIGTERM",
        b"SIGINT",
        b"Can't",
        b"warning",
    ];
    WORDS.iter().any(|word| text.starts_with(word))
}

/// What became of an `expect`: ` -- got it`, ` -- failed`.
fn is_outcome(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(b"-- ")
}

impl Chat {
    fn flush(&mut self, end: &[u8], to: &mut Sink) {
        if let Some(mut heard) = self.held.take() {
            heard.extend_from_slice(end);
            to.bytes(Side::Module, heard);
        }
    }
}

impl Format for Chat {
    fn look(&mut self, line: &Line) -> bool {
        let (logger, text) = message(line.text());
        let own = is_chats(text) || is_outcome(text);
        if own {
            let same = u64::from(line.raw == self.last);
            let row = self.loggers.entry(logger.to_vec()).or_default();
            (row[0], row[1]) = (row[0] + 1, row[1] + same);
            // Of two the same, the next one counts anew.
            self.last = if same == 1 { vec![] } else { line.raw.clone() };
        }
        self.talking |= own;
        own || self.talking && (logger == b"chat" || text.ends_with(b"^M") || text == b"OK")
    }

    fn begin(&mut self) {
        (self.talking, self.last) = (false, vec![]);
        let own = self.loggers.contains_key(&b"chat"[..]);
        let most = self.loggers.iter().max_by_key(|(_, row)| row[0]).map(|(name, _)| name.clone());
        self.logger = if own { b"chat".to_vec() } else { most.unwrap_or_default() };
        self.doubled = self.loggers.get(&self.logger).is_some_and(|row| row[1] * 5 > row[0] * 2);
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let text = line.text();
        let (logger, said) = message(text);
        if logger != self.logger {
            // What another logger heard of the same conversation is a copy.
            let copy = self.loggers.contains_key(logger)
                && (is_chats(said)
                    || is_outcome(said)
                    || self.talking && (said.ends_with(b"^M") || said.len() < 40));
            if copy {
                to.placed()
            } else {
                to.told(text)
            }
            return;
        }
        if self.doubled && self.last == line.raw {
            self.last.clear();
            to.placed();
            return;
        }
        self.last.clone_from(&line.raw);
        if is_outcome(said) {
            self.rest_due = self.held.as_ref().is_some_and(|held| !held.ends_with(b"\r"));
            self.flush(if self.rest_due { b"\r\n" } else { b"\n" }, to);
        } else {
            self.flush(b"\n", to);
        }
        if let (Some(stamp), _) = peel::stamped(text) {
            to.at(stamp);
        }
        if let Some(sent) = said.strip_prefix(b"send (") {
            self.talking = true;
            let sent = sent.trim_ascii_end();
            let sent = decode(sent.strip_suffix(b")").unwrap_or(sent), Spelling::Carets);
            to.bytes(Side::Host, without_pauses(&sent));
        } else if is_outcome(said) || is_chats(said) {
            self.talking = true;
            to.told(said);
        } else if self.talking && said.trim_ascii() == b"^M" && std::mem::take(&mut self.rest_due) {
            to.placed();
        } else if self.talking {
            to.placed();
            self.rest_due = false;
            self.held = Some(decode(said, Spelling::Carets));
        } else {
            to.told(said);
        }
    }

    fn end(&mut self, to: &mut Sink) {
        self.flush(b"\n", to);
    }
}

/// Without `\d`, `\p` and `\K`, which have chat wait or send a break.
fn without_pauses(sent: &[u8]) -> Vec<u8> {
    let mut bytes = vec![];
    let mut rest = sent;
    while let Some((&first, more)) = rest.split_first() {
        match rest {
            [b'\\', b'd' | b'p' | b'K' | b'c' | b'q', more @ ..] => rest = more,
            [b'\\', b'r', more @ ..] => {
                bytes.push(b'\r');
                rest = more;
            }
            _ => {
                bytes.push(first);
                rest = more;
            }
        }
    }
    bytes
}
