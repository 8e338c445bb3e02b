//! The seam through which a server misbehaves.

use crate::ftp::Reply;
use crate::time::Now;
use bytes::Bytes;
use core::net::Ipv4Addr;
use std::fmt::Debug;
use std::time::Duration;

/// Decides how a session goes wrong. Both methods let everything pass unless overridden.
pub trait GateFaults: Debug + Send {
    /// Asked when a command is about to be carried out, once for each. The verb is in capitals.
    fn command(&mut self, now: Now, verb: &str, argument: &str) -> CommandVerdict {
        let _ = (now, verb, argument);
        CommandVerdict::Pass
    }

    /// Asked about each reply before it is said: the preliminary (1yz) and the final one. The
    /// greeting's verb is `CONNECT`.
    fn reply(&mut self, now: Now, verb: &str, argument: &str, real: &Reply) -> Speech {
        let _ = (now, verb, argument, real);
        Speech::real()
    }
}

/// No faults.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoGateFaults;

impl GateFaults for NoGateFaults {}

/// What becomes of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandVerdict {
    /// It is carried out.
    Pass,
    /// It is not; this is said instead. For ABOR with [`Words::Nothing`], the transfer goes on.
    Instead(Speech),
    /// It is carried out, and its transfer cut.
    Cut(Cut),
    /// PASV and EPSV: it is carried out so.
    Passive(Passive),
}

/// A transfer that the server stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Octets that are moved before.
    pub after: u64,
    /// Reset the data connection. Otherwise a download is closed; an upload, of which something is
    /// always left unread, is reset in any case.
    pub reset: bool,
    /// What is said in place of the closing reply.
    pub speech: Speech,
}

/// How a passive port is announced and not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passive {
    /// Another address is announced, with this port or the one that would have been right, which refuses.
    Wrong(Ipv4Addr, Option<u16>),
    /// Connections are refused.
    Refuse,
    /// Connection requests stay unanswered.
    Silence,
    /// The connection is accepted, 150 is said, and nothing moves.
    Stall,
}

/// Something said on the control connection, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speech {
    /// How late. What is said after it waits as well.
    pub delay: Duration,
    /// What.
    pub words: Words,
    /// What happens behind it.
    pub then: Then,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Words {
    /// The reply that was asked about; nothing, where there is none.
    Real,
    /// Another reply.
    Reply(Reply),
    /// These octets, line ends included.
    Raw(Bytes),
    /// Nothing.
    Nothing,
}

/// What becomes of the control connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It stays.
    Stay,
    /// It is closed (FIN), and any transfer with it.
    Close,
    /// It is reset (RST), and any transfer with it.
    Reset,
}

impl Speech {
    /// The real reply at once.
    pub fn real() -> Speech {
        Speech { delay: Duration::ZERO, words: Words::Real, then: Then::Stay }
    }

    /// A reply of one line, at once.
    pub fn reply(code: u16, text: &str) -> Speech {
        Speech { words: Words::Reply(super::reply::line(code, text)), ..Speech::real() }
    }
}
