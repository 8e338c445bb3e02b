//! From the greeting to the protected data channel (RFC 959 section 5.4, RFC 4217 section 9).

use super::line::Line;
use super::wire::{Turn, Wire};
use super::{Cause, Output, Reply, Security, Step};

#[derive(Clone, Copy, Debug)]
pub enum Login {
    Greeting,
    /// AUTH TLS.
    Security,
    /// The server has agreed to TLS, and speaks it from here on.
    Handshake,
    User,
    Password,
    Account,
    BufferSize,
    Protection,
}

impl Login {
    pub fn step(self) -> Step {
        match self {
            Login::Greeting => Step::Greeting,
            Login::User => Step::User,
            Login::Password => Step::Password,
            Login::Account => Step::Account,
            Login::Security | Login::Handshake | Login::BufferSize | Login::Protection => Step::Protect,
        }
    }

    pub fn reply(&mut self, wire: &mut Wire, reply: Reply) -> Turn {
        // A reply in the clear behind the one to AUTH could come from anybody (RFC 4217 section 15.1).
        if let Login::Handshake = self {
            return Turn::lost(Step::Protect, Cause::Tls);
        }
        let account = wire.settings.account.clone();
        let (next, line) = match (*self, reply.code) {
            (_, 100..=199) => return Turn::Wait,
            (Login::Greeting, 200..=299) => match wire.settings.security {
                Security::Explicit => (Login::Security, Line::new("AUTH", "TLS")),
                Security::Clear | Security::Implicit => (Login::User, Line::new("USER", &wire.settings.user)),
            },
            (Login::Security, 200..=299) => {
                *self = Login::Handshake;
                wire.push(Output::StartTls);
                return Turn::Wait;
            }
            (Login::User, 331) => (Login::Password, Line::new("PASS", &wire.settings.password)),
            (Login::User | Login::Password, 332) => match account {
                Some(account) => (Login::Account, Line::new("ACCT", &account)),
                None => return Turn::lost(Step::Account, Cause::from_reply(reply)),
            },
            (Login::User | Login::Password | Login::Account, 200..=299) => match wire.settings.security {
                Security::Clear => return Turn::Done(reply),
                Security::Implicit | Security::Explicit => (Login::BufferSize, Ok(Line::number("PBSZ", 0))),
            },
            (Login::BufferSize, 200..=299) => (Login::Protection, Line::new("PROT", "P")),
            (Login::Protection, 200..=299) => return Turn::Done(reply),
            _ => return Turn::lost(self.step(), Cause::from_reply(reply)),
        };
        self.send(wire, next, line)
    }

    /// TLS is up.
    pub fn secured(&mut self, wire: &mut Wire) -> Turn {
        match self {
            Login::Handshake => {
                let line = Line::new("USER", &wire.settings.user);
                self.send(wire, Login::User, line)
            }
            _ => Turn::Wait,
        }
    }

    fn send(&mut self, wire: &mut Wire, next: Login, line: Result<Line, Cause>) -> Turn {
        *self = next;
        match line {
            Ok(line) => wire.command(line),
            Err(cause) => return Turn::lost(next.step(), cause),
        }
        Turn::Wait
    }
}
