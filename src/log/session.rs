//! One device's dialogue, as its log tells it, made into the steps of a recording.

use super::event::{Side, What};
use super::mask::{Context, Masker};
use super::module::Evidence;
use super::shape;
use crate::at::{octets::text_of, visible};
use crate::time::Now;
use crate::transcript::content::{Content, Generated, Rule};
use crate::transcript::record::Recorder;
use crate::transcript::{Kind, Step};
use std::collections::VecDeque;
use std::time::Duration;

/// A module has no more ports.
const PORTS: usize = 16;
/// Shorter pauses are not written.
const PAUSE: Duration = Duration::from_millis(10);
/// What passes where the log has no times: before a command, before an answer, between two lines of one.
const BEFORE_COMMAND: u64 = 100_000;
const BEFORE_ANSWER: u64 = 20_000;
const BETWEEN_LINES: u64 = 1_000;
/// So many comments wait for the end of a line that stands among them.
const COMMENTS: usize = 64;
/// So much of what was heard waits for a pause.
const HEARD: usize = 4096;

/// A dialogue that is being put together.
pub struct Session {
    /// The device as the log names it; empty where it does not.
    pub name: String,
    /// Command lines.
    pub commands: u64,
    /// Lines that a module says, and hardly anybody else.
    pub said: u64,
    /// The highest port that was used.
    pub ports: usize,
    /// Whether the log had times.
    pub timed: bool,
    /// What tells which module it is.
    pub evidence: Evidence,
    recorder: Recorder,
    lines: Vec<Serial>,
    now: u64,
    waiting: VecDeque<Kind>,
    heard: usize,
    context: Context,
}

/// One port.
#[derive(Clone, Debug, Default)]
struct Serial {
    /// What the host has typed of a line, and how much of it was echoed.
    typed: Vec<u8>,
    echoed: usize,
    /// The last command line, whose echo may come.
    command: Option<Vec<u8>>,
    echo_due: bool,
    /// The line was ended here: a CR or an LF that comes belongs to it.
    ended: bool,
    /// What the module has said of a line.
    line: Vec<u8>,
    /// The module waits for data.
    prompted: bool,
    /// The module spoke last.
    answering: bool,
}

impl Session {
    /// The dialogue with the device of that name.
    pub fn new(name: &str) -> Session {
        Session {
            name: name.to_owned(),
            commands: 0,
            said: 0,
            ports: 1,
            timed: false,
            evidence: Evidence::default(),
            recorder: Recorder::new(PORTS, PAUSE),
            lines: vec![Serial::default(); PORTS],
            now: 0,
            waiting: VecDeque::new(),
            heard: 0,
            context: Context::default(),
        }
    }

    /// Whether anything in it shows that a module was there.
    pub fn is_dialogue(&self) -> bool {
        self.commands > 0 || self.said > 0
    }

    /// The time that has passed so far, in microseconds.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Something that the log tells, at a time in microseconds where it has one. Gives the steps that are complete.
    pub fn take(&mut self, at: Option<u64>, port: usize, what: What, masker: &mut Masker) -> Vec<Step> {
        let port = port.clamp(1, PORTS);
        self.ports = self.ports.max(port);
        self.time(at, port, &what);
        match what {
            What::Bytes(Side::Host, bytes) => self.typed(port, &bytes),
            What::Line(Side::Host, text) => self.typed_line(port, &text),
            What::Bytes(Side::Module, bytes) => self.heard(port, &bytes),
            What::Line(Side::Module, text) => self.heard_line(port, &text),
            What::Control(kind) => self.recorder.note(self.moment(), port, kind),
            What::Profile(name) => self.evidence.profile = Some(name),
            What::Private(text) => self.comment(masker.private(&text)),
            What::Told(text) => self.comment(masker.comment(&text)),
            What::Unplaced(text) => {
                let text = format!(" unplaced: {}", masker.comment(&text).trim_start());
                self.comment(text);
            }
            What::Remark(text) => self.comment(format!(" (import) {text}")),
        }
        if !self.is_open() {
            self.let_comments_out();
        }
        let steps = self.recorder.take();
        steps.into_iter().map(|step| masker.step(&mut self.context, step)).collect()
    }

    /// All that is left.
    pub fn finish(&mut self, masker: &mut Masker) -> Vec<Step> {
        for port in 1..=self.ports {
            self.end_typed(port);
        }
        self.let_comments_out();
        let recorder = std::mem::replace(&mut self.recorder, Recorder::new(0, PAUSE));
        recorder.finish().into_iter().map(|step| masker.step(&mut self.context, step)).collect()
    }

    fn moment(&self) -> Now {
        Now::from_micros(self.now)
    }

    fn time(&mut self, at: Option<u64>, port: usize, what: &What) {
        let answering = self.lines[port - 1].answering;
        match (at, what) {
            (Some(at), _) => {
                self.timed = true;
                self.now = self.now.max(at);
            }
            (None, _) if self.timed => {}
            (None, What::Bytes(Side::Host, _) | What::Line(Side::Host, _)) => {
                let begins = self.lines[port - 1].typed.is_empty();
                self.now += if begins { BEFORE_COMMAND } else { BETWEEN_LINES };
            }
            (None, What::Bytes(Side::Module, bytes)) => {
                // An echo comes at once.
                let serial = &self.lines[port - 1];
                let echo = serial.echo_due
                    && serial.command.as_ref().is_some_and(|command| bytes.starts_with(command));
                self.now += if answering || echo { BETWEEN_LINES } else { BEFORE_ANSWER };
            }
            (None, What::Line(Side::Module, _)) => {
                self.now += if answering { BETWEEN_LINES } else { BEFORE_ANSWER };
            }
            (None, _) => {}
        }
    }

    /// Whether a line is not over: a comment would divide it.
    fn is_open(&self) -> bool {
        self.lines[..self.ports].iter().any(|serial| {
            let said = !serial.line.is_empty() && !serial.line.ends_with(b"> ");
            !serial.typed.is_empty() || said
        })
    }

    fn comment(&mut self, text: String) {
        // What is longer than this is no line of a person.
        for (i, part) in pieces(&text, 4000).enumerate() {
            let part = if i == 0 { part.to_owned() } else { format!(" ... {part}") };
            self.waiting.push_back(Kind::Comment(part));
        }
        if self.waiting.len() > COMMENTS {
            self.let_comments_out();
        }
    }

    fn let_comments_out(&mut self) {
        let now = self.moment();
        for comment in std::mem::take(&mut self.waiting) {
            self.recorder.note(now, 1, comment);
        }
    }

    fn typed(&mut self, port: usize, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let serial = &mut self.lines[port - 1];
            if std::mem::take(&mut serial.ended) && serial.typed.is_empty() && b"\r\n".contains(&rest[0]) {
                // CR LF after a line, or the CR that was added to it.
                serial.ended = rest[0] == b'\r';
                rest = &rest[1..];
                continue;
            }
            let end = rest.iter().position(|b| b"\r\n".contains(b));
            let text = &rest[..end.unwrap_or(rest.len())];
            serial.typed.extend_from_slice(text);
            let command = shape::is_command(serial.typed.trim_ascii());
            match end {
                Some(at) if command => {
                    self.recorder.typed(Now::from_micros(self.now), port, text);
                    self.command(port);
                    // Its LF, should one follow, is no line of its own.
                    self.lines[port - 1].ended = rest[at] == b'\r';
                    rest = &rest[at + 1..];
                }
                _ => {
                    // The end of a line of data is a part of it.
                    let length = end.map_or(rest.len(), |at| at + 1);
                    if end.is_some() || !could_be_command(&serial.typed) {
                        serial.typed.clear();
                        serial.echoed = 0;
                        serial.prompted = false;
                    }
                    self.recorder.typed(Now::from_micros(self.now), port, &rest[..length]);
                    rest = &rest[length..];
                }
            }
        }
        self.lines[port - 1].answering = false;
    }

    /// What was typed is a command line, and it ends.
    fn command(&mut self, port: usize) {
        self.recorder.typed(self.moment(), port, b"\r");
        let serial = &mut self.lines[port - 1];
        let line = std::mem::take(&mut serial.typed);
        self.commands += 1;
        self.evidence.typed(&line);
        // What was echoed already is not awaited any more.
        serial.echo_due = serial.echoed < line.len();
        (serial.echoed, serial.prompted) = (0, false);
        serial.command = Some(line);
    }

    /// A command whose CR the log does not show, because the module answers it.
    fn end_typed(&mut self, port: usize) {
        if shape::is_command(self.lines[port - 1].typed.trim_ascii()) {
            self.command(port);
            self.lines[port - 1].ended = true;
        } else {
            self.lines[port - 1].typed.clear();
        }
    }

    fn typed_line(&mut self, port: usize, text: &[u8]) {
        let text = text.trim_ascii();
        let serial = &self.lines[port - 1];
        let message = serial.command.as_ref().is_some_and(|command| is_message(command));
        match text {
            b"" => {}
            b"+++" => self.typed(port, text),
            text if shape::is_command(text) => self.typed(port, &[text, b"\r"].concat()),
            text if serial.prompted && message => self.typed(port, &[text, b"\x1a"].concat()),
            text if serial.prompted => self.typed(port, text),
            text => self.typed(port, &[text, b"\r"].concat()),
        }
    }

    fn heard(&mut self, port: usize, bytes: &[u8]) {
        let serial = &mut self.lines[port - 1];
        if !serial.typed.is_empty() {
            let rest = &serial.typed[serial.echoed..];
            match rest.starts_with(bytes) && !rest.is_empty() {
                true => serial.echoed += bytes.len(),
                false => self.end_typed(port),
            }
        }
        self.recorder.heard(Now::from_micros(self.now), port, bytes);
        self.heard += bytes.len();
        let serial = &mut self.lines[port - 1];
        serial.answering = true;
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            serial.line.extend_from_slice(&piece[..piece.len().min(1024)]);
            if piece.ends_with(b"\n") || serial.line.len() > 4096 {
                let line = std::mem::take(&mut serial.line);
                let text = line.trim_ascii();
                let echo = serial.command.as_deref() == Some(text) && std::mem::take(&mut serial.echo_due);
                if !text.is_empty() && !echo {
                    self.said += u64::from(shape::is_modules(text) && text != b">");
                    self.evidence.said(serial.command.as_deref(), text);
                }
            }
        }
        // An echo ends with CR alone.
        if serial.echo_due
            && serial.line.strip_suffix(b"\r").is_some_and(|line| serial.command.as_deref() == Some(line))
        {
            serial.line.clear();
            serial.echo_due = false;
        }
        serial.prompted = serial.line.ends_with(b"> ") || serial.line == b">";
        if self.heard > HEARD && !self.is_open() {
            self.recorder.settle();
            self.heard = 0;
        } else if self.heard > 16 * HEARD {
            self.recorder.settle();
            self.heard = HEARD;
        }
    }

    fn heard_line(&mut self, port: usize, text: &[u8]) {
        let text = text.trim_ascii_end();
        if text.trim_ascii().is_empty() {
            return;
        }
        if self.lines[port - 1].prompted {
            self.fill_in(port);
        }
        let serial = &mut self.lines[port - 1];
        if serial.echo_due && serial.command.as_deref() == Some(text.trim_ascii()) {
            let echo = [text.trim_ascii(), b"\r"].concat();
            self.heard(port, &echo);
            return;
        }
        match text.trim_ascii_start() {
            [b'>', rest @ ..] if serial.command.as_ref().is_some_and(|typed| typed.contains(&b'=')) => {
                self.heard(port, b"\r\n> ");
                if !rest.trim_ascii().is_empty() {
                    self.typed_line(port, rest);
                }
            }
            text => {
                let framed = [b"\r\n", text, b"\r\n"].concat();
                self.heard(port, &framed);
                let waits =
                    text == b"DOWNLOAD" || text.starts_with(b"CONNECT") && self.awaits(port).is_some();
                self.lines[port - 1].prompted = waits;
            }
        }
    }

    /// How much data the last command has announced.
    fn awaits(&self, port: usize) -> Option<u64> {
        announced(self.lines[port - 1].command.as_deref()?)
    }

    /// The host has sent what it was asked for, and the log does not hold it.
    fn fill_in(&mut self, port: usize) {
        let serial = &self.lines[port - 1];
        let message = serial.command.as_ref().is_some_and(|command| is_message(command));
        let (content, what) = match self.awaits(port) {
            _ if message => {
                let text = " (import) the log does not hold the message that was sent here".to_owned();
                (Content::Literal(b"x\x1a".to_vec()), text)
            }
            Some(size) => {
                let text = format!(" (import) the log does not hold the {size} bytes that were sent here");
                (Content::Generated(Generated { size, rule: Rule::Zero, from: 0, escaping: vec![] }), text)
            }
            None => {
                self.lines[port - 1].prompted = false;
                return;
            }
        };
        let now = self.moment();
        self.recorder.note(now, port, Kind::Comment(what));
        self.recorder.note(now, port, Kind::Send(content));
        let serial = &mut self.lines[port - 1];
        serial.prompted = false;
        serial.line.clear();
    }
}

/// Whether what was typed can become a command line.
fn could_be_command(typed: &[u8]) -> bool {
    let start = typed.trim_ascii_start();
    let start = &start[..start.len().min(2)];
    (start.is_empty() || b"AT"[..start.len()].eq_ignore_ascii_case(start)) && typed.len() < 4096
}

/// Whether a command asks for the text of a message (3GPP TS 27.005).
fn is_message(command: &[u8]) -> bool {
    let upper = command.to_ascii_uppercase();
    [&b"+CMGS="[..], b"+CMGW=", b"+CNMA="].iter().any(|name| super::peel::find(&upper, name).is_some())
}

/// How many bytes a command announces, by its name; of one that is not known, its last number.
fn announced(command: &[u8]) -> Option<u64> {
    /// Commands, and which of their parameters is the length.
    const PLACES: [(&str, usize); 14] = [
        ("+CFSWFILE", 4),
        ("+CIPSEND", usize::MAX),
        ("+QISEND", usize::MAX),
        ("+HTTPDATA", 1),
        ("+CASEND", 2),
        ("+SMPUB", 2),
        ("+CMQTTTOPIC", 2),
        ("+CMQTTPAYLOAD", 2),
        ("+QHTTPURL", 1),
        ("+QHTTPPOST", 1),
        ("+FTPPUT", 2),
        ("+FTPEXTPUT", 3),
        ("+FSWRITE", 3),
        ("+QFUPL", 2),
    ];
    let text = String::from_utf8_lossy(command).to_ascii_uppercase();
    let (name, parameters) = text.split_once('=')?;
    let parameters: Vec<Option<u64>> = parameters.split(',').map(|p| p.trim().parse().ok()).collect();
    let place = PLACES.iter().find(|(known, _)| name.ends_with(known)).map(|(_, place)| *place);
    let size = match place {
        Some(place) if place <= parameters.len() => parameters[place - 1],
        _ => parameters.iter().rev().find_map(|number| *number),
    };
    size.filter(|size| (1..=16 << 20).contains(size))
}

/// A text in pieces of no more than so many characters.
fn pieces(text: &str, most: usize) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        match text.char_indices().nth(most) {
            Some((at, _)) => {
                rest = Some(&text[at..]);
                Some(&text[..at])
            }
            None => Some(text),
        }
    })
}

/// A line of a log as a comment has it: one line, with all escaped that a terminal would obey.
pub fn shown(text: &[u8]) -> String {
    format!(" {}", visible(&text_of(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_what_is_missing_stands_in_the_command() {
        for (command, size) in [
            ("AT+CFSWFILE=0,\"ca.pem\",0,1265,10000", Some(1265)),
            ("AT+CIPSEND=2,10", Some(10)),
            ("AT+CIPSEND", None),
            ("AT+HTTPDATA=5,1000", Some(5)),
            ("AT+FTPPUT=2,7", Some(7)),
            ("AT+XSEND=1,9", Some(9)),
        ] {
            assert_eq!(announced(command.as_bytes()), size, "{command}");
        }
    }
}
