//! The seam for link faults: whoever implements [`LinkFaults`] decides on each segment.

use super::hosts::LookUp;
use crate::modem::net::Purpose;
use crate::scenario::Target;
use crate::time::Now;
use bytes::Bytes;
use core::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

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

/// The way a segment goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From the module.
    Up,
    /// To the module.
    Down,
}

/// What becomes of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It passes.
    Pass,
    /// It is lost, and nothing repairs that.
    Drop,
    /// It passes so much later; what follows waits behind it.
    Delay(Duration),
    /// Other octets pass in its place.
    Replace {
        /// Which.
        with: Bytes,
        /// So much later; what follows waits behind them.
        later: Duration,
    },
    /// It passes twice.
    Duplicate {
        /// So much later; what follows waits behind it.
        later: Duration,
    },
    /// Its first so many octets (at least 1) are judged first, then the rest.
    Split(usize),
    /// This direction stands still, and the segment is judged again at that time, or when
    /// [`Network::faults_changed`](super::Network::faults_changed) is called.
    Stall(Option<Now>),
    /// The connection ends here, in both directions.
    Cut {
        /// With RST in place of FIN.
        rst: bool,
    },
}

/// What becomes of a connection attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    /// It leads there.
    Target(Target),
    /// Its TLS handshake fails.
    TlsFails,
}

/// Decides on segments, look-ups and connections.
pub trait LinkFaults: Send {
    /// Whether the link must be shown segment by segment. Where it is false, segments pass in bursts
    /// and [`segment`](LinkFaults::segment) is not called.
    fn watches(&self, _link: &LinkInfo) -> bool {
        true
    }

    /// A segment, or a datagram, is about to pass.
    fn segment(&mut self, now: Now, link: &LinkInfo, direction: Direction, bytes: &Bytes) -> Verdict;

    /// Whether nothing moves on a link, and until when that is known: no call is answered on it either.
    fn held(&mut self, _now: Now, _link: &LinkInfo) -> Option<Option<Now>> {
        None
    }

    /// A link is up.
    fn opened(&mut self, _now: Now, _link: &LinkInfo) {}

    /// A link is gone.
    fn closed(&mut self, _now: Now, _link: &LinkInfo) {}

    /// A name is looked up; `Some` overrules the map of hosts.
    fn look_up(&mut self, _now: Now, _name: &str) -> Option<LookUp> {
        None
    }

    /// A connection is opened, with `tls` on it or without; `Some` overrules the map of hosts.
    fn connect(&mut self, _now: Now, _to: SocketAddrV4, _name: Option<&str>, _tls: bool) -> Option<Called> {
        None
    }

    /// An echo request is sent; `Some` overrules the map of hosts.
    fn ping(&mut self, _now: Now, _to: Ipv4Addr) -> Option<Target> {
        None
    }
}

/// A link without faults.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFaults;

impl LinkFaults for NoFaults {
    fn watches(&self, _link: &LinkInfo) -> bool {
        false
    }

    fn segment(&mut self, _: Now, _: &LinkInfo, _: Direction, _: &Bytes) -> Verdict {
        Verdict::Pass
    }
}
