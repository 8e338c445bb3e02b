//! Faults of the FTP dialogue, as the gate between module and server asks about them.

use crate::fault::engine::Engine;
use crate::fault::engine::fact::Fact;
use crate::fault::engine::live::Over;
use crate::fault::layer::action::{Action, FtpFault, Scripted, Unserved};
use crate::fault::text::files::file_matches;
use crate::time::Now;
use core::net::Ipv4Addr;
use std::time::Duration;

/// What becomes of an FTP verb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerbVerdict {
    /// It goes to the server.
    Pass,
    /// It does not; this is the reply.
    Reply(Scripted),
    /// It does not, and no reply comes.
    Swallow,
    /// It does, and its transfer is stopped in the middle.
    Stop {
        /// Bytes that are moved before.
        after: u64,
        /// Whether the data connection is reset.
        reset: bool,
        /// What is said in place of the closing reply.
        reply: Scripted,
    },
}

/// What becomes of a reply of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyVerdict {
    /// The module gets it.
    Pass,
    /// This comes instead; with the server's own text where that of the script is `None`.
    Instead(Scripted),
    /// This line comes instead.
    Malformed(String),
    /// It comes so much later.
    Late(Duration),
    /// It never comes.
    Swallow,
}

/// What becomes of a passive address, as the module asks for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassiveVerdict {
    /// The right one is given, and served.
    Pass,
    /// Another one is given.
    Address {
        /// The address.
        address: Ipv4Addr,
        /// The port; the right one where it is `None`.
        port: Option<u16>,
    },
    /// The right one is given, and not served.
    Unserved(Unserved),
}

impl Engine {
    /// The module has sent an FTP verb.
    pub fn verb(&mut self, now: Now, verb: &str, file: &str) -> VerbVerdict {
        if self.idle() {
            return VerbVerdict::Pass;
        }
        self.happen(now, Fact::Verb { verb, file });
        let over = |verdict: &VerbVerdict| match verdict {
            VerbVerdict::Reply(scripted) => Over::After(scripted.late),
            _ => Over::AtOnce,
        };
        let verdict = self.ftp(now, (verb, file), over, |what| match what {
            FtpFault::Reply(scripted) => Some(VerbVerdict::Reply(scripted.clone())),
            FtpFault::Silent { carried_out: false } => Some(VerbVerdict::Swallow),
            FtpFault::Stop { after, reset, reply } if transfers(verb) => {
                Some(VerbVerdict::Stop { after: *after, reset: *reset, reply: reply.clone() })
            }
            _ => None,
        });
        verdict.unwrap_or(VerbVerdict::Pass)
    }

    /// The server has answered a verb. The greeting answers the verb `CONNECT`.
    pub fn reply(&mut self, now: Now, verb: &str, file: &str, code: u16) -> ReplyVerdict {
        if self.idle() {
            return ReplyVerdict::Pass;
        }
        self.happen(now, Fact::Reply { verb, file, code });
        let over = |verdict: &ReplyVerdict| match verdict {
            ReplyVerdict::Instead(scripted) => Over::After(scripted.late),
            ReplyVerdict::Late(by) => Over::After(*by),
            _ => Over::AtOnce,
        };
        let verdict = self.ftp(now, (verb, file), over, |what| match what {
            FtpFault::Relabel(scripted) => Some(ReplyVerdict::Instead(scripted.clone())),
            FtpFault::Malformed(line) => Some(ReplyVerdict::Malformed(line.clone())),
            FtpFault::Late(by) => Some(ReplyVerdict::Late(*by)),
            FtpFault::Silent { carried_out: true } => Some(ReplyVerdict::Swallow),
            _ => None,
        });
        verdict.unwrap_or(ReplyVerdict::Pass)
    }

    /// A passive address is about to be given for a PASV or EPSV that [`verb`](Engine::verb) let pass.
    pub fn passive(&mut self, now: Now) -> PassiveVerdict {
        self.handle_timeout(now);
        let verdict = self.first(now, |action| match action {
            Action::Ftp(f) => match &f.what {
                FtpFault::PassiveAddress { address, port } => {
                    Some(PassiveVerdict::Address { address: *address, port: *port })
                }
                FtpFault::PassiveUnserved(how) => Some(PassiveVerdict::Unserved(*how)),
                _ => None,
            },
            _ => None,
        });
        verdict.unwrap_or(PassiveVerdict::Pass)
    }

    fn ftp<V>(
        &mut self,
        now: Now,
        (verb, file): (&str, &str),
        over: impl Fn(&V) -> Over,
        verdict: impl Fn(&FtpFault) -> Option<V>,
    ) -> Option<V> {
        self.first_until(now, over, |action| match action {
            Action::Ftp(f) if f.verb.matches(verb) && file_matches(&f.file, file) => verdict(&f.what),
            _ => None,
        })
    }
}

/// Whether a verb moves bytes on a data connection.
fn transfers(verb: &str) -> bool {
    ["RETR", "STOR", "STOU", "APPE", "LIST", "NLST", "MLSD"].iter().any(|v| v.eq_ignore_ascii_case(verb))
}
