//! Faults of names and connection attempts.

use super::Action;
use super::kind::{Declared, FaultKind, Layer, Nature};
use super::param::{Hosts, Within};
use super::symptom::Symptom;
use crate::fault::text::pattern::Pattern;
use core::net::Ipv4Addr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// What follows on a connection once it is there. A handshake that does not take place cannot fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// Nothing.
    None,
    /// That of TLS.
    Tls,
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

impl Name {
    /// What becomes of a look-up, where the fault is about it.
    pub fn on_lookup(&self, host: &str) -> Option<LookupVerdict> {
        match self.what {
            _ if !self.host.matches(host) => None,
            NameFault::NoSuchName => Some(LookupVerdict::NoSuchName),
            NameFault::DnsSilence => Some(LookupVerdict::Silence),
            NameFault::Resolve(address) => Some(LookupVerdict::Address(address)),
            _ => None,
        }
    }

    /// What becomes of a connection attempt to a port of a host with these names, where the fault is about it.
    pub fn on_connect(&self, names: &[&str], port: u16, handshake: Handshake) -> Option<ConnectVerdict> {
        if self.port.is_some_and(|p| p != port) || !names.iter().any(|name| self.host.matches(name)) {
            return None;
        }
        match self.what {
            NameFault::Refused => Some(ConnectVerdict::Refused),
            NameFault::ConnectSilence => Some(ConnectVerdict::Silence),
            NameFault::Unreachable => Some(ConnectVerdict::Unreachable),
            NameFault::TlsFails if handshake == Handshake::Tls => Some(ConnectVerdict::TlsFails),
            _ => None,
        }
    }
}

pub(super) fn faults() -> Vec<FaultKind> {
    const HERE: Layer = Layer::Name;
    vec![
        FaultKind::of::<Nxdomain>(HERE),
        FaultKind::of::<DnsSilence>(HERE),
        FaultKind::of::<Resolve>(HERE),
        FaultKind::of::<Refused>(HERE),
        FaultKind::of::<ConnectSilence>(HERE),
        FaultKind::of::<Unreachable>(HERE),
        FaultKind::of::<TlsFails>(HERE),
    ]
}

/// only connections to this port
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
struct ToPort(Within<u16, 1, 65535>);

fn look_up(host: Pattern, what: NameFault) -> Action {
    Action::Name(Name { host, port: None, what })
}

fn connect(host: Pattern, port: Option<ToPort>, what: NameFault) -> Action {
    Action::Name(Name { host, port: port.map(|ToPort(Within(port))| port), what })
}

/// A host name does not exist.
#[derive(Deserialize, JsonSchema)]
struct Nxdomain {
    /// the name
    nxdomain: Pattern,
}

impl Declared for Nxdomain {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Name];
    const EXAMPLE: &'static str = "when = { lookup = \"*\", first = 2 }\nwhat = { nxdomain = \"*\" }";

    fn action(self) -> Action {
        look_up(self.nxdomain, NameFault::NoSuchName)
    }
}

/// The name server does not answer.
#[derive(Deserialize, JsonSchema)]
struct DnsSilence {
    /// the name
    dns_silence: Pattern,
}

impl Declared for DnsSilence {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Name];
    const EXAMPLE: &'static str = "what = { dns_silence = \"ftp.example\" }";

    fn action(self) -> Action {
        look_up(self.dns_silence, NameFault::DnsSilence)
    }
}

/// A host name leads to another address.
#[derive(Deserialize, JsonSchema)]
struct Resolve {
    /// the address
    resolve: Ipv4Addr,
    #[serde(default)]
    host: Hosts,
}

impl Declared for Resolve {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Name, Symptom::NoConnection];
    const EXAMPLE: &'static str = "what = { resolve = \"192.0.2.1\", host = \"ftp.example\" }";

    fn action(self) -> Action {
        look_up(self.host.0, NameFault::Resolve(self.resolve))
    }
}

/// A connection attempt is refused.
#[derive(Deserialize, JsonSchema)]
struct Refused {
    /// the name or address
    refused: Pattern,
    to_port: Option<ToPort>,
}

impl Declared for Refused {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::NoConnection];
    const EXAMPLE: &'static str = "when = { connect = \"*\" }\nwhat = { refused = \"*\" }";

    fn action(self) -> Action {
        connect(self.refused, self.to_port, NameFault::Refused)
    }
}

/// A connection attempt gets no answer.
#[derive(Deserialize, JsonSchema)]
struct ConnectSilence {
    /// the name or address
    connect_silence: Pattern,
    to_port: Option<ToPort>,
}

impl Declared for ConnectSilence {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::NoConnection];
    const EXAMPLE: &'static str = "what = { connect_silence = \"*\", to_port = 21 }";

    fn action(self) -> Action {
        connect(self.connect_silence, self.to_port, NameFault::ConnectSilence)
    }
}

/// A connection attempt finds no route.
#[derive(Deserialize, JsonSchema)]
struct Unreachable {
    /// the name or address
    unreachable: Pattern,
    to_port: Option<ToPort>,
}

impl Declared for Unreachable {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::NoConnection];
    const EXAMPLE: &'static str = "when = { connect = \"*\", nth = 2 }\nwhat = { unreachable = \"*\" }";

    fn action(self) -> Action {
        connect(self.unreachable, self.to_port, NameFault::Unreachable)
    }
}

/// A connection's TLS handshake fails.
#[derive(Deserialize, JsonSchema)]
struct TlsFails {
    /// the name or address
    tls_fails: Pattern,
    to_port: Option<ToPort>,
}

impl Declared for TlsFails {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Tls];
    const EXAMPLE: &'static str = "what = { tls_fails = \"*\", to_port = 990 }";

    fn action(self) -> Action {
        connect(self.tls_fails, self.to_port, NameFault::TlsFails)
    }
}
