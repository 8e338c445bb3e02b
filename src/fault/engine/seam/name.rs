//! Faults of names and of connection attempts.

use crate::fault::engine::Engine;
use crate::fault::engine::fact::Fact;
use crate::fault::layer::action::{Action, NameFault};
use crate::time::Now;
use core::net::Ipv4Addr;

/// What becomes of a look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupVerdict {
    /// It is answered.
    Pass,
    /// NXDOMAIN.
    NoSuchName,
    /// Nobody answers.
    Silence,
    /// This is the answer.
    Address(Ipv4Addr),
}

/// What becomes of a connection attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectVerdict {
    /// It goes on.
    Pass,
    /// RST.
    Refused,
    /// No answer.
    Silence,
    /// ICMP unreachable.
    Unreachable,
    /// The connection comes about, and its TLS handshake fails.
    TlsFails,
}

impl Engine {
    /// The module looks a host name up.
    pub fn lookup(&mut self, now: Now, host: &str) -> LookupVerdict {
        if self.idle() {
            return LookupVerdict::Pass;
        }
        self.happen(now, Fact::Lookup(host));
        let verdict = self.first(now, |action| match action {
            Action::Name(n) if n.host.matches(host) => match n.what {
                NameFault::NoSuchName => Some(LookupVerdict::NoSuchName),
                NameFault::DnsSilence => Some(LookupVerdict::Silence),
                NameFault::Resolve(address) => Some(LookupVerdict::Address(address)),
                _ => None,
            },
            _ => None,
        });
        verdict.unwrap_or(LookupVerdict::Pass)
    }

    /// The module opens a connection to a port of a host that is known by these names: its address, and
    /// the name that led there. `tls` where a handshake follows; without one, it cannot fail.
    pub fn connect(&mut self, now: Now, names: &[&str], port: u16, tls: bool) -> ConnectVerdict {
        if self.idle() {
            return ConnectVerdict::Pass;
        }
        self.happen(now, Fact::Connect(names));
        let verdict = self.first(now, |action| match action {
            Action::Name(n)
                if n.port.is_none_or(|p| p == port) && names.iter().any(|name| n.host.matches(name)) =>
            {
                match n.what {
                    NameFault::Refused => Some(ConnectVerdict::Refused),
                    NameFault::ConnectSilence => Some(ConnectVerdict::Silence),
                    NameFault::Unreachable => Some(ConnectVerdict::Unreachable),
                    NameFault::TlsFails if tls => Some(ConnectVerdict::TlsFails),
                    _ => None,
                }
            }
            _ => None,
        });
        verdict.unwrap_or(ConnectVerdict::Pass)
    }
}
