//! Faults of connections: what becomes of a segment or a datagram.

use super::Action;
use super::kind::{Declared, FaultKind, Layer, Nature};
use super::param::{Connections, End, Probability, Towards, Within, both, down};
use super::symptom::Symptom;
use crate::fault::text::link::{Direction, Links};
use crate::time::Now;
use crate::time::units::{Rate, Span};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A fault of connections.
#[derive(Clone, Debug, PartialEq)]
pub struct OnLink {
    /// The connections it is about.
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
        /// How.
        end: End,
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
    /// Segments are lost in bursts.
    Bursts {
        /// The probability, at each segment, that a burst begins,
        begins: f64,
        /// and in one that it ends.
        ends: f64,
        /// With this probability a segment is lost within a burst.
        lost: f64,
        /// A lost TCP segment comes so much later; a datagram never.
        retransmit: Duration,
    },
    /// A datagram is lost.
    DatagramLost,
    /// A datagram comes twice.
    DatagramTwice,
}

/// What becomes of the first bytes of a segment. Ask again about the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// How many bytes this is about: all, or fewer where a rule's number of bytes lies within.
    pub take: usize,
    /// What becomes of them.
    pub fate: Fate,
    /// They arrive so much later than the link alone would have them, still in order.
    pub delay: Duration,
}

impl Segment {
    /// So many bytes arrive as if there were no fault.
    pub fn pass(take: usize) -> Segment {
        Segment { take, fate: Fate::Pass, delay: Duration::ZERO }
    }
}

/// What becomes of bytes on a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// They arrive.
    Pass,
    /// They do not move now, and are not counted. Ask again at that time, or once a fault was lifted.
    Hold(Option<Now>),
    /// The datagram is lost.
    Drop,
    /// The connection ends in front of them.
    Cut {
        /// How.
        end: End,
    },
    /// They arrive changed.
    Corrupt(Vec<Flip>),
    /// The datagram arrives twice.
    Twice,
}

/// A byte that is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flip {
    /// Where, from the start of the segment.
    pub at: usize,
    /// What it is combined with by exclusive or; never 0.
    pub with: u8,
}

pub(super) fn faults() -> Vec<FaultKind> {
    const HERE: Layer = Layer::Link;
    vec![
        FaultKind::of::<Stall>(HERE),
        FaultKind::of::<Cut>(HERE),
        FaultKind::of::<Latency>(HERE),
        FaultKind::of::<Limit>(HERE),
        FaultKind::of::<Corrupt>(HERE),
        FaultKind::of::<Loss>(HERE),
        FaultKind::of::<Bursts>(HERE),
        FaultKind::of::<Datagram>(HERE),
    ]
}

fn on_link(link: Connections, direction: Direction, what: LinkFault) -> Action {
    Action::Link(OnLink { links: link.0, direction, what })
}

/// Nothing moves on a connection.
#[derive(Deserialize, JsonSchema)]
struct Stall {
    /// which way; down is towards the host
    stall: Direction,
    #[serde(default)]
    link: Connections,
}

impl Declared for Stall {
    const NATURE: Nature = Nature::State;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Tunnel, Symptom::TransferStops, Symptom::ServerSilent];
    const EXAMPLE: &'static str =
        "when = { link = \"ftp.data\", after_bytes = 600 }\nwhat = { stall = \"down\" }\nfor = \"20s\"";

    fn action(self) -> Action {
        on_link(self.link, self.stall, LinkFault::Stall)
    }
}

/// A connection ends; with `ftp` both of the session, with `all` every one.
#[derive(Deserialize, JsonSchema)]
struct Cut {
    /// in good order, or with a reset
    cut: End,
    #[serde(default)]
    link: Connections,
}

impl Declared for Cut {
    const NATURE: Nature = Nature::Instant;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::ConnectionLost, Symptom::TransferStops];
    const EXAMPLE: &'static str =
        "when = { link = \"ftp.data\", after_bytes = 600 }\nwhat = { cut = \"rst\" }";

    fn action(self) -> Action {
        on_link(self.link, Direction::Both, LinkFault::Cut { end: self.cut })
    }
}

/// Everything on a connection takes longer.
#[derive(Deserialize, JsonSchema)]
struct Latency {
    /// how much longer, one way
    latency: Span,
    /// at random up to so much more
    #[serde(default)]
    jitter: Span,
    #[serde(default = "both")]
    direction: Towards,
    #[serde(default)]
    link: Connections,
}

impl Declared for Latency {
    const NATURE: Nature = Nature::State;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::NetworkSlow, Symptom::ServerSlow];
    const EXAMPLE: &'static str =
        "when = { at = \"10s\" }\nwhat = { latency = \"2s\", jitter = \"500ms\" }\nfor = \"1m\"";

    fn action(self) -> Action {
        let what = LinkFault::Latency { by: self.latency.0, jitter: self.jitter.0 };
        on_link(self.link, self.direction.0, what)
    }
}

/// A connection is no faster than this.
#[derive(Deserialize, JsonSchema)]
struct Limit {
    /// the rate
    rate: Rate,
    #[serde(default = "both")]
    direction: Towards,
    #[serde(default)]
    link: Connections,
}

impl Declared for Limit {
    const NATURE: Nature = Nature::State;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::NetworkSlow];
    const EXAMPLE: &'static str = "when = { verb = \"RETR\" }\nwhat = { rate = \"2kbit/s\" }";

    fn action(self) -> Action {
        on_link(self.link, self.direction.0, LinkFault::Rate(self.rate.0.max(1)))
    }
}

/// Bytes of a segment are changed.
#[derive(Deserialize, JsonSchema)]
struct Corrupt {
    /// how many bytes
    corrupt: Within<u64, 1, 65536>,
    #[serde(default = "down")]
    direction: Towards,
    #[serde(default)]
    link: Connections,
}

impl Declared for Corrupt {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Damaged];
    const EXAMPLE: &'static str =
        "when = { link = \"ftp.data\", after_bytes = 600, direction = \"down\" }\nwhat = { corrupt = 1 }";

    fn action(self) -> Action {
        on_link(self.link, self.direction.0, LinkFault::Corrupt(self.corrupt.0))
    }
}

/// Segments are lost: TCP sends them again, datagrams are gone.
#[derive(Deserialize, JsonSchema)]
struct Loss {
    /// of each
    loss: Probability,
    /// how much later a lost TCP segment comes
    #[serde(default = "a_second")]
    retransmit: Span,
    #[serde(default = "both")]
    direction: Towards,
    #[serde(default)]
    link: Connections,
}

fn a_second() -> Span {
    Span(Duration::from_secs(1))
}

impl Declared for Loss {
    const NATURE: Nature = Nature::State;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::NetworkSlow, Symptom::Signal];
    const EXAMPLE: &'static str = "what = { loss = 0.1 }";

    fn action(self) -> Action {
        let what = LinkFault::Loss { probability: self.loss.0, retransmit: self.retransmit.0 };
        on_link(self.link, self.direction.0, what)
    }
}

/// Segments are lost in bursts, as where the signal fades (Gilbert and Elliott): TCP sends them again, datagrams are gone.
#[derive(Deserialize, JsonSchema)]
struct Bursts {
    /// how likely a burst begins, at each segment
    bursts: Probability,
    /// how likely it ends, at each segment in it
    #[serde(default = "soon")]
    ends: Probability,
    /// how likely a segment in it is lost
    #[serde(default = "surely")]
    lost: Probability,
    /// how much later a lost TCP segment comes
    #[serde(default = "a_second")]
    retransmit: Span,
    #[serde(default = "both")]
    direction: Towards,
    #[serde(default)]
    link: Connections,
}

fn soon() -> Probability {
    Probability(0.25)
}

fn surely() -> Probability {
    Probability(1.0)
}

impl Declared for Bursts {
    const NATURE: Nature = Nature::State;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::NetworkSlow, Symptom::Signal];
    const EXAMPLE: &'static str = "what = { bursts = 0.05, ends = 0.2, lost = 0.9 }";

    fn action(self) -> Action {
        let what = LinkFault::Bursts {
            begins: self.bursts.0,
            ends: self.ends.0,
            lost: self.lost.0,
            retransmit: self.retransmit.0,
        };
        on_link(self.link, self.direction.0, what)
    }
}

/// A UDP datagram is lost, or comes twice.
#[derive(Deserialize, JsonSchema)]
struct Datagram {
    /// which
    datagram: Delivery,
    #[serde(default = "both")]
    direction: Towards,
}

/// What becomes of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Delivery {
    /// It never comes.
    Lost,
    /// It comes twice.
    Twice,
}

impl Declared for Datagram {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::NetworkSlow];
    const EXAMPLE: &'static str =
        "when = { opened = \"socket\" }\nwhat = { datagram = \"lost\", direction = \"up\" }";

    fn action(self) -> Action {
        let what = match self.datagram {
            Delivery::Lost => LinkFault::DatagramLost,
            Delivery::Twice => LinkFault::DatagramTwice,
        };
        on_link(Connections(Links::Socket), self.direction.0, what)
    }
}
