//! What a player has its driver do, and what it tells at the end.

use crate::transcript::Signal;
use crate::transcript::content::{Content, Want};
use std::time::Duration;

/// What the driver is to do next. Ports count from 1.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Let everything finish that needs no time, and hand over what was heard.
    Settle,
    /// Wait until something is heard, then ask again; or call [`Player::gave_up`](super::Player::gave_up).
    Wait {
        /// The port on which something is expected.
        port: usize,
    },
    /// Turn the clock by so much.
    Turn(Duration),
    /// Turn the clock until something is heard or so much time has passed; call [`Player::turned`](super::Player::turned).
    TurnUntilHeard(Duration),
    /// The host sends these bytes.
    Send {
        /// On this port.
        port: usize,
        /// The bytes; a typed line's CR is among them.
        content: Content,
    },
    /// Put this fault in force; [`Player::refuse`](super::Player::refuse) where it is no fault that can be read.
    Fault {
        /// The transcript's line, for the fault's own diagnostics.
        line: usize,
        /// The fault as written.
        text: String,
    },
    /// Look at the server; [`Player::refuse`](super::Player::refuse) with what
    /// [`Judge::verdict`](crate::transcript::content::Judge::verdict) says.
    CheckFile {
        /// From the server's root.
        path: String,
        /// What must be there.
        want: Want,
    },
    /// The host sets a control line.
    SetLine {
        /// On this port.
        port: usize,
        /// DTR or RTS.
        signal: Signal,
        /// Whether it is on.
        on: bool,
    },
    /// The host opens the port.
    Open {
        /// This one.
        port: usize,
    },
    /// The host closes the port.
    Close {
        /// This one.
        port: usize,
    },
    /// The host sets its rate.
    SetBaud {
        /// On this port.
        port: usize,
        /// In bit/s.
        rate: u32,
    },
    /// The end was reached; all was as expected.
    Done,
    /// Something was not; nothing further is to be done.
    Failed(Box<Failure>),
}

/// How to play.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Go on after a failed expectation and rewrite it: see [`Player::blessed`](super::Player::blessed).
    pub bless: bool,
    /// The port has control lines. A PTY has none, and `^ DCD on` and its like are passed over there.
    pub lines: bool,
}

/// Where play left the transcript, what was expected and what was heard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {why}\n  line   {written}\n  heard  {heard}")]
pub struct Failure {
    /// The transcript.
    pub file: String,
    /// The line that failed, from 1.
    pub line: usize,
    /// That line as written.
    pub written: String,
    /// What is wrong, for a person.
    pub why: String,
    /// What was heard on the step's port and not yet expected, as a transcript writes it, shortened.
    pub heard: String,
}
