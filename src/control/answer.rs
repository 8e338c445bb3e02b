//! What is answered: one line of JSON.

use crate::driver::handle::Gone;
use crate::fault;
use crate::judge::findings::Findings;
use crate::profile::mistake::Mistake;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;

/// What is wrong with a request, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, thiserror::Error)]
#[error("{error}{}{}", if right.is_some() { "; " } else { "" }, right.as_deref().unwrap_or_default())]
pub struct Wrong {
    /// What is wrong.
    pub error: String,
    /// What would be right, where that can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
}

impl Wrong {
    /// With what would be right; nothing where `right` is empty.
    pub fn new(error: impl Into<String>, right: impl Into<String>) -> Wrong {
        Wrong { error: error.into(), right: Some(right.into()).filter(|right| !right.is_empty()) }
    }
}

impl From<Gone> for Wrong {
    fn from(gone: Gone) -> Wrong {
        Wrong::new(gone.to_string(), "")
    }
}

/// What serde found wrong, in words for a person.
pub(super) fn worded(message: &str) -> Wrong {
    let mistake = Mistake::worded("", "", 0..0, message);
    Wrong { error: mistake.what, right: mistake.right }
}

/// What came of a request.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Answer {
    /// How each fault stands.
    Faults {
        /// In the order in which they have their say.
        faults: Vec<fault::Status>,
    },
    /// How the module stands.
    Status(Box<Status>),
    /// How the run has fared so far.
    Verdict(Box<Verdict>),
    /// It was done to the fault with this name.
    Fault {
        /// The name.
        name: String,
        /// What it could not do as things stand.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// The modem's clock has come to here, in microseconds since power-on.
    Time {
        /// The time.
        t: u64,
    },
    /// It was typed on this port, counted from 1.
    Typed {
        /// The port.
        port: usize,
    },
    /// What was to be saved.
    Saved {
        /// The file's text.
        text: String,
    },
    /// It was done.
    Done {},
}

/// The state of a module that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Status {
    /// The time on the modem's clock, in microseconds since power-on.
    pub t: u64,
    /// The profile's name.
    pub profile: String,
    /// The scenario's file, where there is one.
    pub scenario: Option<String>,
    /// The seed.
    pub seed: u64,
    /// The process.
    pub pid: u32,
    /// The link to each serial port.
    pub links: Vec<PathBuf>,
    /// How many times faster than real time the modem's clock runs.
    pub speed: u32,
    /// Whether it stands still.
    pub paused: bool,
    /// How often the module has booted.
    pub boots: u32,
    /// The status of `+CREG`: 0 off, 1 home, 2 searching, 3 denied, 4 unknown, 5 roaming.
    pub registration: u8,
    /// Signal strength as in `+CSQ`.
    pub signal: u8,
    /// What `+CPIN?` says; empty without a SIM.
    pub sim: String,
    /// The active PDP contexts and their addresses.
    pub contexts: BTreeMap<u8, Ipv4Addr>,
    /// For each serial port, `command` or `data`.
    pub ports: Vec<PortMode>,
    /// Whether an FTP session is open.
    pub ftp: bool,
    /// The faults that hold.
    pub faults: Vec<String>,
}

/// What the host's bytes are on a serial port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PortMode {
    /// Commands.
    Command,
    /// Payload.
    Data,
}

/// How a run has fared so far, in the words of `badline exec`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Verdict {
    /// The module.
    pub modem: String,
    /// The scenario's file, where there is one.
    pub scenario: Option<String>,
    /// The seed that makes it go the same way again.
    pub seed: u64,
    /// Whether every expectation is met.
    pub passed: bool,
    /// What the run has shown.
    #[serde(flatten)]
    pub findings: Findings,
    /// The lines of the trace that explain it, as `badline trace` prints them: the faults, then what happened last.
    pub explanation: Vec<String>,
}

/// A line for the program that asked.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Answered")]
pub(super) struct Line<'a> {
    /// Whether it was done.
    ok: bool,
    /// What the request bore.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Value>,
    #[serde(flatten)]
    answer: Option<&'a Answer>,
    #[serde(flatten)]
    wrong: Option<&'a Wrong>,
}

/// The line, without its end.
pub(super) fn line(id: Option<Value>, answer: &Result<Answer, Wrong>) -> String {
    let line = Line { ok: answer.is_ok(), id, answer: answer.as_ref().ok(), wrong: answer.as_ref().err() };
    // Strings, numbers and lists: there is nothing in it that JSON has not.
    serde_json::to_string(&line).unwrap_or_default()
}
