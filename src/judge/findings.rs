//! What a run has shown, as a verdict tells it: at its end, and while it goes on.

use super::Judge;
use super::coverage::Coverage;
use crate::scenario::Outcome;
use crate::time::Now;
use crate::world::faults::Faults;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::Path;

/// What a run has shown.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Findings {
    /// Whether the host ever opened the port.
    pub port_opened: bool,
    /// How long the modem has run, on its own clock.
    pub modem_seconds: f64,
    /// How each expectation fared.
    pub expectations: Vec<Outcome>,
    /// The names of the faults that were never applied: what they are there for was not tested.
    pub never_applied: Vec<String>,
    /// The names of those that were applied and found nothing to act on.
    pub never_acted: Vec<String>,
    /// What the host used of the module.
    pub coverage: Coverage,
    /// The status with which the host is to end, where an expectation says so.
    #[serde(skip)]
    pub host_status: Option<u8>,
}

impl Findings {
    /// Of a run that has come to `now`, with its files under `root`.
    pub fn of(judge: &Judge, faults: &Faults, now: Now, root: &Path) -> Findings {
        let names = |faults: Vec<(String, String)>| faults.into_iter().map(|(name, _)| name).collect();
        let mut expectations = judge.finish(now, root);
        expectations.extend((!judge.opened).then(never_opened));
        Findings {
            port_opened: judge.opened,
            modem_seconds: now.since(Now::ZERO).as_secs_f64(),
            expectations,
            never_applied: names(faults.never_applied()),
            never_acted: names(faults.never_acted()),
            coverage: judge.coverage.clone(),
            host_status: judge.host_status(),
        }
    }

    /// Whether every expectation was met.
    pub fn met(&self) -> bool {
        !self.expectations.iter().any(Outcome::fails)
    }

    /// Whether a fault has tested nothing.
    pub fn untested(&self) -> bool {
        !(self.never_applied.is_empty() && self.never_acted.is_empty())
    }
}

/// What is expected of every host.
fn never_opened() -> Outcome {
    Outcome::new("the host opens the serial port", false, "it never did")
}
