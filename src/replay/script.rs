//! A recording as exchanges: what the host sent, and what the module said to it, and when.

use super::key::Key;
use crate::at::ResultCode;
use crate::modem::{Level, ModuleLine};
use crate::transcript::{Kind, Signal, Transcript};
use std::time::Duration;

/// What the host does next in the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Nothing: this is what the module says before it is asked.
    Nothing,
    /// A command line.
    Command {
        /// As it was recorded.
        text: String,
        /// What it is matched by.
        key: Key,
    },
    /// Data, behind a prompt or in data mode.
    Data(Vec<u8>),
}

/// What the module does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It says a line, framed as usual.
    Line(String),
    /// It sends bytes.
    Bytes(Vec<u8>),
    /// It drives a line of the port.
    Drive(ModuleLine, Level),
}

/// Something that the module says, so long after it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// How long.
    pub after: Duration,
    /// What.
    pub what: What,
    /// Whether it is a final result code, or comes before one: what follows it was said unasked.
    pub part: Role,
}

/// What a line is to the command before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Part of its answer.
    Information,
    /// Its final result code.
    Result,
    /// Said unasked.
    Unasked,
}

/// One thing that the host did, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The line of the file.
    pub line: usize,
    /// How long after the one before.
    pub begins: Duration,
    /// The serial port, from 1.
    pub port: usize,
    /// What the host did.
    pub ask: Ask,
    /// What the module did.
    pub said: Vec<Said>,
}

/// All exchanges of a recording; the first is what the module says before it is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// In their order.
    pub exchanges: Vec<Exchange>,
}

impl Script {
    /// Of a recording. What a transcript says of faults, files and the host's lines is no part of it.
    pub fn of(recording: &Transcript) -> Script {
        let mut script = Script::default();
        let mut now = Duration::ZERO;
        script.begin(1, Duration::ZERO, 1, Ask::Nothing);
        for step in &recording.steps {
            let what = match &step.kind {
                Kind::Turn(span) | Kind::Within(span) => {
                    now += *span;
                    continue;
                }
                Kind::Type(text) => {
                    let text = String::from_utf8_lossy(text).into_owned();
                    let key = Key::of(&text);
                    script.begin(step.line, now, step.port, Ask::Command { text, key });
                    now = Duration::ZERO;
                    continue;
                }
                Kind::Send(content) => {
                    script.begin(step.line, now, step.port, Ask::Data(content.stream().collect()));
                    now = Duration::ZERO;
                    continue;
                }
                Kind::Hear(pattern) => What::Line(String::from_utf8_lossy(&pattern.literals()).into_owned()),
                Kind::Receive(pattern) => What::Bytes(pattern.literals()),
                Kind::ReceiveGenerated(generated) => What::Bytes(
                    crate::transcript::content::Content::Generated(generated.clone()).stream().collect(),
                ),
                Kind::Line { signal, on } => match signal {
                    Signal::Dcd => What::Drive(ModuleLine::Dcd, Level::new(*on)),
                    Signal::Ri => What::Drive(ModuleLine::Ri, Level::new(*on)),
                    _ => continue,
                },
                _ => continue,
            };
            script.say(now, what);
        }
        script.tell_roles();
        script
    }

    fn begin(&mut self, line: usize, begins: Duration, port: usize, ask: Ask) {
        self.exchanges.push(Exchange { line, begins, port, ask, said: vec![] });
    }

    fn say(&mut self, after: Duration, what: What) {
        if let Some(exchange) = self.exchanges.last_mut() {
            exchange.said.push(Said { after, what, part: Role::Information });
        }
    }

    fn tell_roles(&mut self) {
        for exchange in &mut self.exchanges {
            let is_final = |said: &Said| matches!(&said.what, What::Line(text) if is_final(text));
            let last = match exchange.ask {
                Ask::Nothing => None,
                _ => exchange.said.iter().position(is_final),
            };
            for (at, said) in exchange.said.iter_mut().enumerate() {
                said.part = match (last, &exchange.ask) {
                    (Some(last), _) if at < last => Role::Information,
                    (Some(last), _) if at == last => Role::Result,
                    (Some(_), _) | (None, Ask::Nothing) => Role::Unasked,
                    (None, _) => Role::Information,
                };
            }
        }
    }
}

/// Whether a line ends an answer.
pub fn is_final(text: &str) -> bool {
    ResultCode::is_final(text)
        || text.starts_with("CONNECT ")
        || matches!(
            text,
            "SHUT OK" | "SEND OK" | "DATA ACCEPT" | "CLOSE OK" | "DEACT OK" | "SEND FAIL" | "NO DIAL TONE"
        )
}

/// The first lines of modules that have just started.
const BOOT: &[&str] = &["RDY", "AT READY", "APP RDY", "^SYSSTART", "*ATREADY: 1", "+WIND: 3"];

/// Whether a line is the first of a module that has just started.
pub fn is_boot(line: &str) -> bool {
    BOOT.contains(&line)
}
