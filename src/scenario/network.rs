//! `[network]`: how good the network is, by a preset's name and by number.

use crate::fault::{Action, Direction, LinkFault, Links, OnLink, Rule};
use crate::time::units::{Rate, Span};
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

/// The network: a preset, and what is different from it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// A kind of network with usual values.
    pub preset: Option<Preset>,
    /// How long a segment takes, one way.
    pub latency: Option<Span>,
    /// At random up to so much longer.
    pub jitter: Option<Span>,
    /// The rate from the module.
    pub rate_up: Option<Rate>,
    /// The rate to the module.
    pub rate_down: Option<Rate>,
    /// The probability that a segment is lost, from 0 to 1; TCP sends it again after `retransmit`.
    pub loss: Option<Probability>,
    /// How much later a lost TCP segment arrives.
    pub retransmit: Option<Span>,
    /// Octets in a full segment.
    pub segment: Option<Segment>,
}

/// A number from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(try_from = "f64")]
pub struct Probability(#[schemars(range(min = 0.0, max = 1.0))] pub f64);

impl TryFrom<f64> for Probability {
    type Error = String;
    fn try_from(p: f64) -> Result<Probability, String> {
        match (0.0..=1.0).contains(&p) {
            true => Ok(Probability(p)),
            false => Err(format!("`{p}` is no probability; write a number from 0 to 1")),
        }
    }
}

/// A segment size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "u64")]
pub struct Segment(#[schemars(range(min = 1, max = 65535))] pub u64);

impl TryFrom<u64> for Segment {
    type Error = String;
    fn try_from(n: u64) -> Result<Segment, String> {
        match (1..=65535).contains(&n) {
            true => Ok(Segment(n)),
            false => Err(format!("`{n}` is no segment size; write a number from 1 to 65535")),
        }
    }
}

/// Kinds of network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// No latency, no limit.
    None,
    /// GPRS.
    #[serde(rename = "2g")]
    Gprs,
    /// EDGE.
    Edge,
    /// UMTS.
    #[serde(rename = "3g")]
    Umts,
    /// NB-IoT (LTE Cat NB1).
    NbIot,
    /// LTE-M (LTE Cat M1).
    LteM,
    /// LTE Cat 1 to 4.
    Lte,
}

/// How good the network is, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Path {
    /// How long a segment takes, one way.
    pub latency: Duration,
    /// At random up to so much longer.
    pub jitter: Duration,
    /// Bits per second from the module; `None` is no limit.
    pub rate_up: Option<u64>,
    /// Bits per second to the module; `None` is no limit.
    pub rate_down: Option<u64>,
    /// The probability that a segment is lost.
    pub loss: f64,
}

impl Preset {
    /// Its usual values.
    pub fn path(self) -> Path {
        let path = |latency, jitter, up, down, loss| Path {
            latency: Duration::from_millis(latency),
            jitter: Duration::from_millis(jitter),
            rate_up: Some(up),
            rate_down: Some(down),
            loss,
        };
        match self {
            Preset::None => Path::default(),
            Preset::Gprs => path(300, 150, 20_000, 40_000, 0.01),
            Preset::Edge => path(200, 80, 60_000, 180_000, 0.005),
            Preset::Umts => path(75, 30, 384_000, 2_000_000, 0.002),
            Preset::NbIot => path(800, 600, 16_000, 25_000, 0.01),
            Preset::LteM => path(100, 50, 300_000, 375_000, 0.002),
            Preset::Lte => path(25, 10, 5_000_000, 10_000_000, 0.0),
        }
    }
}

impl Network {
    /// The numbers: the preset's, and what is different.
    pub fn path(&self) -> Path {
        let base = self.preset.unwrap_or(Preset::None).path();
        Path {
            latency: self.latency.map_or(base.latency, |s| s.0),
            jitter: self.jitter.map_or(base.jitter, |s| s.0),
            rate_up: self.rate_up.map(|r| r.0.max(1)).or(base.rate_up),
            rate_down: self.rate_down.map(|r| r.0.max(1)).or(base.rate_down),
            loss: self.loss.map_or(base.loss, |p| p.0),
        }
    }

    /// What is random about the network, as rules that hold from the start and of which nothing is told.
    /// Latency and rates are not among them: they are the link's own.
    pub fn rules(&self) -> Vec<Rule> {
        let path = self.path();
        let retransmit = self.retransmit.map_or(Duration::from_secs(1), |s| s.0);
        let jitter = LinkFault::Latency { by: Duration::ZERO, jitter: path.jitter };
        let loss = LinkFault::Loss { probability: path.loss, retransmit };
        let wanted = [
            (path.jitter > Duration::ZERO).then_some(("network.jitter", jitter)),
            (path.loss > 0.0).then_some(("network.loss", loss)),
        ];
        let rule = |(name, what): (&str, LinkFault)| {
            let on = OnLink { links: Links::All, direction: Direction::Both, what };
            Rule::silent(name, Action::Link(on))
        };
        wanted.into_iter().flatten().map(rule).collect()
    }
}
