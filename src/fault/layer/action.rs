//! What a rule does, typed: built from the vocabulary table, read by the seams of the engine.

mod server;

pub use server::{Ftp, FtpFault, OPS, Ops, Scripted, Storage, StorageOp, Then, Unserved};

use crate::fault::layer::kind::Layer;
use crate::fault::text::link::{Direction, Links};
use crate::fault::text::pattern::Pattern;
use core::net::Ipv4Addr;
use std::time::Duration;

/// What a rule does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// To the bytes on a serial port.
    Uart(Uart),
    /// To a command, an answer, a URC, or the module itself.
    Module(Module),
    /// To the radio and the SIM.
    Bearer(Bearer),
    /// To a connection.
    Link(OnLink),
    /// To a look-up or a connection attempt.
    Name(Name),
    /// To the FTP dialogue.
    Ftp(Ftp),
    /// To the server's files.
    Storage(Storage),
}

impl Action {
    /// Where it acts.
    pub fn layer(&self) -> Layer {
        match self {
            Action::Uart(_) => Layer::Uart,
            Action::Module(_) => Layer::Module,
            Action::Bearer(_) => Layer::Bearer,
            Action::Link(_) => Layer::Link,
            Action::Name(_) => Layer::Name,
            Action::Ftp(_) => Layer::Ftp,
            Action::Storage(_) => Layer::Storage,
        }
    }
}

/// A fault of the serial line.
#[derive(Clone, Debug, PartialEq)]
pub struct Uart {
    /// The port, from 1; every port where it is `None`.
    pub port: Option<usize>,
    /// Which way.
    pub direction: Direction,
    /// Bytes that pass unharmed first.
    pub skip: u64,
    /// What happens.
    pub what: UartFault,
}

impl Uart {
    /// How many bytes (texts, for `Interject`) are harmed, for the faults that count them.
    pub fn harmed(&self) -> u64 {
        match self.what {
            UartFault::Lose(n) | UartFault::Garble(n) | UartFault::Duplicate(n) => n,
            UartFault::Interject(_) => 1,
            _ => 0,
        }
    }
}

/// What happens to the bytes on the serial line.
#[derive(Clone, Debug, PartialEq)]
pub enum UartFault {
    /// So many bytes are lost.
    Lose(u64),
    /// So many bytes are changed.
    Garble(u64),
    /// So many bytes come twice.
    Duplicate(u64),
    /// The bytes come later.
    Hold(Duration),
    /// Everything is lost.
    Deaf,
    /// These bytes come in between.
    Interject(Vec<u8>),
    /// A write comes in pieces.
    Pieces {
        /// How many.
        n: u64,
        /// The time between two.
        gap: Duration,
    },
    /// So many random bytes come from the module.
    Noise(u64),
    /// The port vanishes for so long.
    Unplug(Duration),
    /// A control line is forced.
    Line {
        /// Which.
        line: ControlLine,
        /// Whether it is on.
        on: bool,
    },
}

/// A control line that the module drives (ITU-T V.24).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ControlLine {
    /// Data carrier detect (109).
    Dcd,
    /// Data set ready (107).
    Dsr,
    /// Clear to send (106).
    Cts,
    /// Ring indicator (125).
    Ri,
}

/// The words for [`ControlLine`].
pub const CONTROL_LINES: &[&str] = &["dcd", "dsr", "cts", "ri"];

/// A fault of the module.
#[derive(Clone, Debug, PartialEq)]
pub struct Module {
    /// The command lines it is about.
    pub command: Pattern,
    /// The URCs it is about, in place of commands.
    pub urc: Option<Pattern>,
    /// The final result codes it is about, in place of commands.
    pub result: Option<Pattern>,
    /// The port, from 1; every port where it is `None`.
    pub port: Option<usize>,
    /// What happens.
    pub what: ModuleFault,
}

/// What the module does wrongly.
#[derive(Clone, Debug, PartialEq)]
pub enum ModuleFault {
    /// It resets.
    Reset {
        /// Whether its power-on lines are printed.
        banner: bool,
        /// How long it is dead first.
        dead: Duration,
    },
    /// These lines come in place of the answer (or of the URC).
    Answer {
        /// The lines, without line ends.
        lines: Vec<String>,
        /// Whether the command is carried out all the same.
        carried_out: bool,
    },
    /// The command is not carried out; the answer is this error, in the form that `+CMEE` asks for.
    Error(u16),
    /// The answer (or the URC) comes later.
    Late(Duration),
    /// No answer comes.
    Swallow {
        /// Whether the command is carried out all the same.
        carried_out: bool,
    },
    /// It says this unasked.
    Say(String),
    /// The FTP operation under way, or the next one, ends with this code of the module.
    Force(i32),
}

/// A state of the radio or the SIM that a rule imposes.
#[derive(Clone, Debug, PartialEq)]
pub enum Bearer {
    /// Signal strength and bit error rate, as `+CSQ` gives them (3GPP TS 27.007 section 8.5).
    Signal {
        /// 0-31, 99 unknown.
        rssi: u8,
        /// 0-7, 99 unknown.
        ber: u8,
    },
    /// The `+CREG` status (3GPP TS 27.007 section 7.2).
    Registration(u8),
    /// The network drops a PDP context, or all.
    PdpDrop(Option<u8>),
    /// The SIM is gone.
    SimOut,
}

/// The words for the `+CREG` status (3GPP TS 27.007 section 7.2), by their number.
pub const REGISTRATION: &[&str] = &["off", "home", "searching", "denied", "unknown", "roaming"];

/// A fault of connections.
#[derive(Clone, Debug, PartialEq)]
pub struct OnLink {
    /// Which connections.
    pub links: Links,
    /// Which way.
    pub direction: Direction,
    /// What happens.
    pub what: LinkFault,
}

/// What happens on a connection.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkFault {
    /// Nothing moves.
    Stall,
    /// It ends.
    Cut {
        /// With RST, where FIN is the other way.
        reset: bool,
    },
    /// Everything takes longer.
    Latency {
        /// By so much,
        by: Duration,
        /// and at random by up to so much more.
        jitter: Duration,
    },
    /// No more than so many bits per second pass.
    Rate(u64),
    /// So many bytes of a segment are changed.
    Corrupt(u64),
    /// Segments are lost with this probability.
    Loss {
        /// From 0 to 1.
        probability: f64,
        /// A lost TCP segment comes so much later; a datagram never.
        retransmit: Duration,
    },
    /// A datagram is lost.
    DatagramLost,
    /// A datagram comes twice.
    DatagramTwice,
}

/// A fault of names and connection attempts.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// The names or addresses it is about.
    pub host: Pattern,
    /// The port of the far end, for connection attempts; any where it is `None`.
    pub port: Option<u16>,
    /// What happens.
    pub what: NameFault,
}

/// What happens to a look-up (the first three) or a connection attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameFault {
    /// The name does not exist.
    NoSuchName,
    /// The name server is silent.
    DnsSilence,
    /// The name leads to this address.
    Resolve(Ipv4Addr),
    /// RST.
    Refused,
    /// No answer.
    ConnectSilence,
    /// ICMP unreachable.
    Unreachable,
    /// The TLS handshake fails.
    TlsFails,
}
