//! One serial port: the command line being typed, its settings, and what waits to be printed.

use super::data::{Running, Sink};
use super::text::{Style, Writing};
use super::unsolicited::name_of;
use super::{DataMode, Output, Reply};
use crate::at::ResultCode;
use crate::profile::{LineEnd, Profile, UrcWhen};
use crate::time::Now;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// A serial port of the module: its place among the ports, from 0. People count ports from 1, and so does what they
/// read and write; [`numbered`](PortId::numbered) and [`number`](PortId::number) lead there and back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortId(pub usize);

impl PortId {
    /// The port with this number, from 1; `None` for 0.
    pub fn numbered(number: usize) -> Option<PortId> {
        number.checked_sub(1).map(PortId)
    }

    /// Its number, from 1.
    pub fn number(self) -> usize {
        self.0 + 1
    }
}

/// The condition of a line of the serial interface (V.24).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// ON.
    On,
    /// OFF.
    Off,
}

impl Level {
    /// The condition ON or OFF.
    pub fn new(on: bool) -> Level {
        if on { Level::On } else { Level::Off }
    }

    /// Whether it is ON.
    pub fn is_on(self) -> bool {
        self == Level::On
    }
}

/// A line of the serial interface that the module drives (V.24).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ModuleLine {
    /// Circuit 109, data carrier detect.
    Dcd,
    /// Circuit 125, ring indicator.
    Ri,
}

/// What V.250 keeps for a port, and `&W` stores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortSettings {
    /// `E`
    pub echo: bool,
    /// `V`
    pub verbose: bool,
    /// `Q`
    pub quiet: bool,
    /// `X`
    pub x: u8,
    /// `&C`
    pub dcd: u8,
    /// `&D`
    pub dtr: u8,
    /// `&K`
    pub flow: u8,
    /// `+CMEE`
    pub cmee: u8,
    /// `+IPR`, 0 where the module finds it out
    pub ipr: u32,
    /// `+IFC`
    pub ifc: (u8, u8),
    /// `+ICF`
    pub icf: (u8, u8),
    /// `+CSCS`
    pub charset: String,
    /// `+CREG`, `+CGREG`, `+CEREG`
    pub reports: [u8; 3],
    /// The S registers.
    pub s: [u8; 32],
    /// Values written to plain commands of the profile that `&F` sets back.
    #[serde(default)]
    pub plain: BTreeMap<String, String>,
}

impl PortSettings {
    /// What `&F` restores.
    pub fn factory(profile: &Profile) -> PortSettings {
        let mut s = [0; 32];
        for (register, value) in
            [(2, b'+'), (3, b'\r'), (4, b'\n'), (5, 8), (6, 2), (7, 60), (8, 2), (10, 15)]
        {
            s[register] = value;
        }
        s[12] = profile.serial.guard;
        PortSettings {
            echo: profile.serial.echo,
            verbose: true,
            quiet: false,
            x: 4,
            dcd: profile.serial.dcd,
            dtr: profile.serial.dtr,
            flow: 0,
            cmee: profile.serial.cmee,
            ipr: profile.serial.baud,
            ifc: (0, 0),
            icf: (3, 3),
            charset: "IRA".into(),
            reports: [0; 3],
            s,
            plain: BTreeMap::new(),
        }
    }
}

/// Why something is said that belongs to no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It happened.
    Unasked,
    /// A command that was answered OK came to nothing: the operation was never begun.
    Refused,
    /// An operation that a command began has ended, or has come to where the host goes on.
    Ended,
}

/// What waits for its turn on the port.
#[derive(Debug)]
pub(super) enum Due {
    Line(String),
    Code(ResultCode),
    /// Data mode, after what says that it begins, and how much of the answer to its command the host still gets.
    Data(Option<Opening>, DataMode, Rest),
}

/// What becomes of the rest of a command's answer, behind the data mode that the command leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// The host gets it.
    Heard,
    /// A fault swallows the answer to the command, and so this too.
    Muted,
}

/// What says that data mode begins.
#[derive(Clone, Debug)]
pub enum Opening {
    /// A line of the maker's own.
    Line(String),
    /// A result code, which the host's settings may have in digits, or keep back.
    Code(ResultCode),
}

impl std::fmt::Display for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Opening::Line(line) => f.write_str(line),
            Opening::Code(code) => code.fmt(f),
        }
    }
}

#[derive(Debug)]
pub(super) struct Waiting {
    pub at: Now,
    pub when: UrcWhen,
    pub what: Due,
    /// Why it is said.
    pub why: Why,
    /// The faults have been asked about it.
    pub judged: bool,
    /// It is late because of a fault on a result code: the engine is told once it is printed.
    pub owed: bool,
}

#[derive(Debug)]
pub(super) enum PortState {
    /// A command line is being typed.
    Command,
    /// A command runs; the rest of its line follows.
    Busy { rest: String },
    /// Data mode.
    Data(Box<Running>),
}

/// How the answer to the command that runs reaches the host.
#[derive(Debug, Default)]
pub(super) enum Answer {
    /// As it is written.
    #[default]
    Prompt,
    /// Nothing of it is handed over until so long after the command is over: a fault makes it late.
    Late(Duration),
    /// The command is over. Its answer is complete, and a fault keeps it back until its time comes.
    KeptBack(KeptBack),
    /// The command runs, and the host gets nothing of its answer: a fault swallows it.
    Muted,
}

/// What a fault keeps back of an answer.
#[derive(Debug)]
pub(super) enum KeptBack {
    /// All of it: the faults have not been asked yet about its final result code.
    Reply(Reply),
    /// The final result code, about which the faults have been asked, and the lines before it.
    Result(ResultCode),
}

#[derive(Debug)]
pub(super) struct Port {
    pub id: PortId,
    pub state: PortState,
    /// Data mode left by `+++`, for `ATO`.
    pub suspended: Option<Box<Running>>,
    pub settings: PortSettings,
    pub line: Vec<u8>,
    pub overlong: bool,
    pub last_line: Vec<u8>,
    pub typed_at: Now,
    /// The last octet taken was the CR of a command line.
    after_cr: bool,
    /// The host ends its lines with CR LF, as far as it has shown.
    crlf: bool,
    /// The name of the unsolicited result code that the final result code waits for.
    pub awaits: Option<String>,
    /// What the host typed while the module could not listen.
    pub pending: VecDeque<Bytes>,
    pub pending_len: usize,
    pub writing: Writing,
    pub waiting: VecDeque<Waiting>,
    pub answer: Answer,
    /// Octets on their way to the host.
    pub backlog: usize,
    /// The host has said XOFF, and not XON since.
    pub stopped: bool,
    pub lines: Vec<(ModuleLine, Level)>,
    /// The rate that the line was told to run at last.
    pub rate: u32,
}

/// ITU-T T.50, DC1 and DC3.
const XON: u8 = 0x11;
const XOFF: u8 = 0x13;

/// How long a half-typed command line keeps unsolicited result codes back.
pub(super) const HOLD: Duration = Duration::from_secs(1);

/// What a port did with a piece of a command line.
pub(super) enum Typed {
    /// The line goes on.
    More,
    /// A whole line.
    Line(Vec<u8>),
    /// A line over its length.
    Overlong,
}

impl Port {
    pub fn new(id: PortId, profile: &Profile) -> Port {
        Port {
            id,
            state: PortState::Command,
            suspended: None,
            settings: PortSettings::factory(profile),
            line: vec![],
            overlong: false,
            last_line: vec![],
            typed_at: Now::ZERO,
            after_cr: false,
            crlf: false,
            awaits: None,
            pending: VecDeque::new(),
            pending_len: 0,
            writing: Writing::default(),
            waiting: VecDeque::new(),
            answer: Answer::Prompt,
            backlog: 0,
            stopped: false,
            lines: vec![],
            rate: 0,
        }
    }

    /// As it is when the module starts again: what is on its way to the host still arrives.
    pub fn restarted(&mut self, profile: &Profile) -> Port {
        let (backlog, lines, rate) = (self.backlog, std::mem::take(&mut self.lines), self.rate);
        Port { backlog, lines, rate, ..Port::new(self.id, profile) }
    }

    pub fn style(&self) -> Style {
        Style {
            verbose: self.settings.verbose,
            quiet: self.settings.quiet,
            cr: self.settings.s[3],
            lf: self.settings.s[4],
            cmee: self.settings.cmee,
        }
    }

    /// Takes octets of a command line up to its end; returns how many it took, and what came of it.
    pub fn type_command(&mut self, bytes: &[u8], end: LineEnd, max: usize) -> (usize, Typed) {
        let cr = self.settings.s[3];
        for (i, &byte) in bytes.iter().enumerate() {
            if std::mem::take(&mut self.after_cr) {
                self.crlf = byte == b'\n';
            }
            let line_end = byte == cr || (byte == b'\n' && end == LineEnd::S3OrLf && !self.line.is_empty());
            let line_feed = byte == self.settings.s[4] || byte == b'\n';
            if !line_end && line_feed {
                continue;
            }
            if byte == self.settings.s[5] && byte != 0 {
                if self.line.pop().is_some() && self.settings.echo {
                    self.writing.raw(&[byte, b' ', byte]);
                }
                continue;
            }
            if self.settings.echo && !self.overlong {
                self.writing.raw(&[byte]);
            }
            if line_end {
                self.after_cr = byte == cr;
                let line = std::mem::take(&mut self.line);
                let typed =
                    if std::mem::take(&mut self.overlong) { Typed::Overlong } else { Typed::Line(line) };
                return (i + 1, typed);
            }
            if byte == b'/' && repeats(&self.line) && !self.last_line.is_empty() {
                self.line.clear();
                return (i + 1, Typed::Line(self.last_line.clone()));
            }
            match self.line.len() < max {
                true => self.line.push(byte),
                false => self.overlong = true,
            }
        }
        (bytes.len(), Typed::More)
    }

    /// Whether an LF still belongs to the command line that led into data mode: one that is there
    /// already, or one on its way from a host that ends its lines so.
    pub fn owes_lf(&mut self) -> bool {
        let next = self.pending.front().and_then(|bytes| bytes.first());
        let owed = std::mem::take(&mut self.after_cr) && next.map_or(self.crlf, |&byte| byte == b'\n');
        self.crlf |= owed;
        owed
    }

    /// Forgets the command line that was being typed.
    pub fn clear_line(&mut self) {
        self.line.clear();
        self.overlong = false;
    }

    /// Has the line run at the rate of `+IPR`, which a command, `Z`, `&F` or a reset has set.
    pub fn set_rate(&mut self, out: &mut VecDeque<Output>) {
        let rate = self.settings.ipr;
        if std::mem::replace(&mut self.rate, rate) != rate {
            out.push_back(Output::Baud { port: self.id, rate });
        }
    }

    /// Hands what was put together to the host, as one write.
    pub fn flush(&mut self, out: &mut VecDeque<Output>) {
        let bytes = self.written();
        self.emit(bytes, out);
    }

    /// As [`Port::flush`], apart from what was written before.
    pub fn flush_apart(&mut self, out: &mut VecDeque<Output>) {
        let bytes = self.written();
        self.emit_apart(bytes, out);
    }

    /// What was put together and may leave now.
    fn written(&mut self) -> Bytes {
        match self.answer {
            Answer::Prompt => self.writing.take().unwrap_or_default().into(),
            Answer::Late(_) | Answer::KeptBack(_) => Bytes::new(),
            Answer::Muted => {
                self.writing.take();
                Bytes::new()
            }
        }
    }

    /// What the host gets of what is still to come of the answer to the command that runs.
    pub fn rest_of_answer(&self) -> Rest {
        match self.answer {
            Answer::Muted => Rest::Muted,
            Answer::Prompt | Answer::Late(_) | Answer::KeptBack(_) => Rest::Heard,
        }
    }

    /// Hands octets to the host, as one write.
    pub fn emit(&mut self, bytes: Bytes, out: &mut VecDeque<Output>) {
        if !bytes.is_empty() {
            self.backlog += bytes.len();
            out.push_back(Output::Uart { port: self.id, bytes, apart: false });
        }
    }

    /// As [`Port::emit`], apart from what was written before.
    pub fn emit_apart(&mut self, bytes: Bytes, out: &mut VecDeque<Output>) {
        if !bytes.is_empty() {
            self.backlog += bytes.len();
            out.push_back(Output::Uart { port: self.id, bytes, apart: true });
        }
    }

    /// Takes what the host sent. Where it controls by XON and XOFF what the module sends, they go no further
    /// (V.250 section 6.2.12).
    pub fn receive(&mut self, bytes: &[u8]) {
        if !self.obeys_xoff() {
            self.stopped = false;
            return self.stash(Bytes::copy_from_slice(bytes));
        }
        let mut text = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            match byte {
                XON => self.stopped = false,
                XOFF => self.stopped = true,
                _ => text.push(byte),
            }
        }
        if !text.is_empty() {
            self.stash(text.into());
        }
    }

    /// Whether the host wants nothing sent now.
    pub fn is_stopped(&self) -> bool {
        self.stopped && self.obeys_xoff()
    }

    fn obeys_xoff(&self) -> bool {
        self.settings.ifc.0 == 1
    }

    fn stash(&mut self, bytes: Bytes) {
        self.pending_len += bytes.len();
        self.pending.push_back(bytes);
    }

    pub fn unstash(&mut self) -> Option<Bytes> {
        let bytes = self.pending.pop_front()?;
        self.pending_len -= bytes.len();
        Some(bytes)
    }

    /// Puts back what was not consumed.
    pub fn restash(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.pending_len += bytes.len();
            self.pending.push_front(bytes);
        }
    }

    /// Whether the port enters data mode now.
    pub fn enters_data(&self, now: Now) -> bool {
        let due = |w: &Waiting| w.at <= now && matches!(w.what, Due::Data(..));
        matches!(self.state, PortState::Command) && self.line.is_empty() && self.waiting.iter().any(due)
    }

    /// Whether the port is about to enter data mode on `sink`: the line before it waits to be printed, or
    /// the answer to the command is kept back.
    pub fn waits_for(&self, sink: Sink) -> bool {
        self.waiting.iter().any(|w| matches!(&w.what, Due::Data(_, mode, _) if mode.sink == sink))
            || matches!(&self.answer, Answer::KeptBack(KeptBack::Reply(reply)) if reply.leads_to(sink))
    }

    /// Drops the lines that wait behind too many others.
    pub fn shed(&mut self, out: &mut VecDeque<Output>) {
        let before = self.waiting.len();
        let mut place = 0;
        self.waiting.retain(|w| {
            place += 1;
            place <= super::WAITING || !matches!(w.what, Due::Line(_))
        });
        let lines = before - self.waiting.len();
        if lines > 0 {
            out.push_back(Output::Dropped { port: self.id, lines });
        }
    }

    /// Forgets a data mode that was announced on a `sink` which is no more.
    pub fn forget(&mut self, sink: Sink) {
        self.waiting.retain(|w| !matches!(&w.what, Due::Data(_, mode, _) if mode.sink == sink));
    }

    /// When the first thing that waits may be printed.
    pub fn next_due(&self) -> Option<Now> {
        let due = self.waiting.iter().find(|w| self.is_free_for(w))?.at;
        match self.state {
            PortState::Command if !self.line.is_empty() => Some(due.max(self.typed_at + HOLD)),
            _ => Some(due),
        }
    }

    /// Whether the final result code waits for this unsolicited line.
    pub fn is_awaited(&self, line: &str) -> bool {
        self.awaits.as_deref().is_some_and(|awaited| awaited == name_of(line))
    }

    /// Whether something that waits may be printed in the state that the port is in.
    pub fn is_free_for(&self, waiting: &Waiting) -> bool {
        match self.state {
            PortState::Command => true,
            PortState::Busy { .. } => match (&waiting.what, waiting.when) {
                (Due::Line(_), UrcWhen::AtOnce) => true,
                (Due::Line(line), UrcWhen::WithResult | UrcWhen::BeforeResult) => self.is_awaited(line),
                _ => false,
            },
            PortState::Data(_) => false,
        }
    }
}

/// `A/` repeats the last line at once (V.250 section 5.2.4).
fn repeats(line: &[u8]) -> bool {
    line.last().is_some_and(|b| b.eq_ignore_ascii_case(&b'A')) && crate::at::line::body(line).is_none()
}
