//! What rules do to the server: its dialogue and its files.

use crate::fault::text::pattern::Pattern;
use core::net::Ipv4Addr;
use std::time::Duration;

/// A fault of the FTP dialogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Ftp {
    /// The verbs it is about.
    pub verb: Pattern,
    /// Their arguments.
    pub file: Pattern,
    /// What happens.
    pub what: FtpFault,
}

/// What happens in the FTP dialogue.
#[derive(Clone, Debug, PartialEq)]
pub enum FtpFault {
    /// This reply, and the verb does not reach the server.
    Reply(Scripted),
    /// This reply in place of the server's.
    Relabel(Scripted),
    /// This line in place of the server's reply.
    Malformed(String),
    /// The server's reply comes later.
    Late(Duration),
    /// No reply comes.
    Silent {
        /// Whether the verb reaches the server.
        carried_out: bool,
    },
    /// The server stops the transfer after so many bytes.
    Stop {
        /// Bytes that are moved before.
        after: u64,
        /// Whether it resets the data connection.
        reset: bool,
        /// What it says in place of the closing reply.
        reply: Scripted,
    },
    /// This reply comes unasked.
    Speak(Scripted),
    /// The answer to PASV or EPSV names another address.
    PassiveAddress {
        /// The address.
        address: Ipv4Addr,
        /// The port; the real one where it is `None`.
        port: Option<u16>,
    },
    /// The address that PASV or EPSV gave is not served.
    PassiveUnserved(Unserved),
}

/// A reply that a rule puts in a server's mouth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scripted {
    /// The code.
    pub code: u16,
    /// The text; the server's own, or a usual one, where it is `None`.
    pub text: Option<String>,
    /// How much later it comes.
    pub late: Duration,
    /// What becomes of the session.
    pub then: Then,
}

/// What becomes of the FTP session after a scripted reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It goes on.
    Stay,
    /// The server closes it (FIN).
    Close,
    /// The server resets it (RST).
    Reset,
}

/// How a passive address is announced and not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unserved {
    /// The connection attempt gets no answer.
    Silent,
    /// The connection attempt is refused.
    Refused,
    /// The connection is accepted, and nothing moves.
    Stalled,
}

/// A fault of the server's storage.
#[derive(Clone, Debug, PartialEq)]
pub struct Storage {
    /// The files it is about.
    pub file: Pattern,
    /// The operations it is about.
    pub op: Ops,
    /// Bytes that are still read or written; at once where it is `None`.
    pub after: Option<u64>,
    /// The reply that the server makes of it: 450, 451, 452, 550, 551, 552, 553.
    pub code: u16,
    /// Whether the file is gone then.
    pub vanishes: bool,
}

/// What is done to a file on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StorageOp {
    /// RETR.
    Read,
    /// STOR, APPE, STOU.
    Write,
    /// LIST, NLST, CWD, SIZE, MDTM, STAT.
    Look,
    /// DELE, RMD, RNFR, RNTO, MKD.
    Change,
}

/// Which of them a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ops {
    /// All.
    Any,
    /// One.
    Only(StorageOp),
}

/// The words for [`Ops`].
pub const OPS: &[&str] = &["any", "read", "write", "look", "change"];

impl Ops {
    /// Whether that operation is meant.
    pub fn cover(self, op: StorageOp) -> bool {
        match self {
            Ops::Any => true,
            Ops::Only(only) => only == op,
        }
    }

    /// The operations with that name; all where there is no such name.
    pub fn named(name: &str) -> Ops {
        match name {
            "read" => Ops::Only(StorageOp::Read),
            "write" => Ops::Only(StorageOp::Write),
            "look" => Ops::Only(StorageOp::Look),
            "change" => Ops::Only(StorageOp::Change),
            _ => Ops::Any,
        }
    }
}
