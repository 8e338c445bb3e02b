//! The seam for link faults: whoever implements [`LinkFaults`] decides on each segment, in the words of `fault`.

use crate::fault::Handshake;
use crate::fault::{ConnectVerdict, Link, LinkKind, LookupVerdict, Segment, Way};
use crate::modem::net::Purpose;
use crate::time::Now;
use core::net::SocketAddrV4;

/// A connection or UDP port of the module, numbered in the order of opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u32);

/// What a link carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carries {
    /// An FTP control connection.
    FtpControl,
    /// An FTP data connection.
    FtpData,
    /// Another TCP connection.
    Tcp,
    /// Datagrams.
    Udp,
}

/// A link, as faults and traces see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkInfo {
    /// Its number.
    pub id: LinkId,
    /// What the module wants it for.
    pub purpose: Purpose,
    /// What it carries.
    pub carries: Carries,
    /// The module's end.
    pub local: SocketAddrV4,
    /// The far end as the module sees it.
    pub peer: SocketAddrV4,
}

impl LinkInfo {
    /// The link as rules know it.
    pub fn link(&self) -> Link {
        Link { kind: self.carries.kind(), id: self.id.0 }
    }
}

impl Carries {
    /// What rules call it.
    pub fn kind(self) -> LinkKind {
        match self {
            Carries::FtpControl => LinkKind::Control,
            Carries::FtpData => LinkKind::Data,
            Carries::Tcp | Carries::Udp => LinkKind::Socket,
        }
    }
}

/// Decides on segments, look-ups and connections.
pub trait LinkFaults: Send {
    /// Whether the link must be shown segment by segment. Where it is false, segments pass in bursts
    /// and [`segment`](LinkFaults::segment) is not called.
    fn watches(&self, _link: &LinkInfo) -> bool {
        true
    }

    /// A segment of `len` octets is about to pass; 0 is the FIN. What is said may be about its first octets only, and
    /// it is asked again about the rest. Where it holds, it is asked again at that time, or when
    /// [`Network::faults_changed`](super::Network::faults_changed) is called.
    fn segment(&mut self, now: Now, link: &LinkInfo, way: Way, len: usize) -> Segment;

    /// A datagram of `len` octets is about to pass, as a whole.
    fn datagram(&mut self, now: Now, link: &LinkInfo, way: Way, len: usize) -> Segment {
        self.segment(now, link, way, len)
    }

    /// What passes of a segment or a datagram that was asked about.
    fn carried(&mut self, _now: Now, _link: &LinkInfo, _way: Way, _bytes: &[u8]) {}

    /// Whether nothing moves on a link, and until when that is known: no call is answered on it either.
    fn held(&mut self, _now: Now, _link: &LinkInfo) -> Option<Option<Now>> {
        None
    }

    /// A link is up.
    fn opened(&mut self, _now: Now, _link: &LinkInfo) {}

    /// A link is gone.
    fn closed(&mut self, _now: Now, _link: &LinkInfo) {}

    /// A name is looked up; what does not pass overrules the map of hosts.
    fn look_up(&mut self, _now: Now, _name: &str) -> LookupVerdict {
        LookupVerdict::Pass
    }

    /// A connection is opened, and such a handshake follows; what does not pass overrules the map of hosts.
    fn connect(
        &mut self,
        _now: Now,
        _to: SocketAddrV4,
        _name: Option<&str>,
        _handshake: Handshake,
    ) -> ConnectVerdict {
        ConnectVerdict::Pass
    }
}

/// A link without faults.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFaults;

impl LinkFaults for NoFaults {
    fn watches(&self, _link: &LinkInfo) -> bool {
        false
    }

    fn segment(&mut self, _: Now, _: &LinkInfo, _: Way, len: usize) -> Segment {
        Segment::pass(len)
    }
}
