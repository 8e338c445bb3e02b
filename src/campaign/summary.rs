//! What came of all runs.

use super::run::{How, MISTAKE, UNMET};
use super::{Run, Shard};
use crate::at::visible_json;
use crate::judge::campaign::{Campaign, Overall};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many of the slowest runs are told.
const SLOWEST: usize = 10;

/// What came of all runs: the last line of JSON that a machine gives to another.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// How many runs there were.
    pub runs: u64,
    /// How many of them failed.
    pub failures: u64,
    /// The status of `badline`.
    pub status: u8,
    /// How long all took, in real time.
    pub seconds: f64,
    /// What tells the plan from another.
    pub plan: String,
    /// How many runs the plan has.
    pub points: u64,
    /// Which part of it this is.
    pub shard: Shard,
    /// Why the rest was not run, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// How many of this part were not run.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_run: u64,
    /// The runs that failed, in the order of the plan.
    pub failed: Vec<Failed>,
    /// The slowest runs, the slowest first.
    pub slowest: Vec<Slow>,
    /// How the expectations fared that are about all runs of their scenario (`over_seeds`).
    #[serde(default)]
    pub expectations: Vec<OverAll>,
}

/// How an expectation fared over all runs of its scenario.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OverAll {
    /// What was run.
    pub name: String,
    /// How it fared.
    #[serde(flatten)]
    pub overall: Overall,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// A run that failed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Failed {
    /// Its number in the plan.
    pub point: u64,
    /// What was run.
    pub name: String,
    /// The seed.
    pub seed: u64,
    /// Which time under this seed.
    pub run: u32,
    /// The status.
    pub status: u8,
    /// What makes it happen again.
    pub reproduce: String,
}

/// A run, and how long it took.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Slow {
    /// What was run.
    pub name: String,
    /// The seed.
    pub seed: u64,
    /// Which time under this seed.
    pub run: u32,
    /// How long it took.
    pub seconds: f64,
}

impl Summary {
    /// Of these runs, which are a part of the plan that has so many points.
    pub fn of(runs: &[Run], seconds: f64, plan: String, points: u64, shard: Shard) -> Summary {
        let mut order: Vec<&Run> = runs.iter().collect();
        order.sort_by_key(|run| run.point);
        let failed = |run: &&&Run| !run.passed;
        let told = |run: &&Run| Failed {
            point: run.point,
            name: run.name().to_owned(),
            seed: run.seed,
            run: run.run,
            status: run.status,
            reproduce: run.reproduce(),
        };
        let failed: Vec<Failed> = order.iter().filter(failed).map(told).collect();
        let expectations = over_all(&order);
        let unmet = expectations.iter().any(|expected| !expected.overall.met);
        let status = match status(order.iter().copied()) {
            0 if unmet => UNMET,
            status => status,
        };
        order.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
        let slow = |run: &&Run| Slow {
            name: run.name().to_owned(),
            seed: run.seed,
            run: run.run,
            seconds: run.seconds,
        };
        Summary {
            runs: runs.len() as u64,
            failures: failed.len() as u64,
            status,
            seconds,
            plan,
            points,
            shard,
            stopped: None,
            not_run: 0,
            failed,
            slowest: order.iter().take(SLOWEST).map(slow).collect(),
            expectations,
        }
    }

    /// Says that so many more runs should have been, and why they were not.
    pub fn stopped(&mut self, not_run: u64, why: &str) {
        if not_run > 0 {
            (self.not_run, self.stopped) = (not_run, Some(why.to_owned()));
            if self.status == 0 {
                self.status = MISTAKE;
            }
        }
    }

    /// It as one line of JSON.
    pub fn json(&self) -> String {
        #[derive(Serialize)]
        #[serde(tag = "event", rename = "summary")]
        struct Line<'a> {
            #[serde(flatten)]
            summary: &'a Summary,
        }
        // Nothing in it can fail to be written as JSON.
        visible_json(&serde_json::to_string(&Line { summary: self }).unwrap_or_default())
    }
}

/// What was to be so over all runs of a scenario.
fn over_all(runs: &[&Run]) -> Vec<OverAll> {
    let mut campaigns = BTreeMap::<&str, Campaign>::new();
    for run in runs {
        let outcomes: Vec<_> = run.expectations.iter().map(super::run::Expected::outcome).collect();
        campaigns.entry(run.name()).or_default().add(run.seed, &outcomes);
    }
    let told = |(name, campaign): (&str, Campaign)| {
        let name = name.to_owned();
        campaign.overall().into_iter().map(move |overall| OverAll { name: name.clone(), overall })
    };
    campaigns.into_iter().flat_map(told).collect()
}

/// The one status for many runs, in the order of their plan: a signal goes before what a host said by itself, that before an
/// expectation that was not met, and that before what could not be run at all.
fn status<'a>(runs: impl Iterator<Item = &'a Run> + Clone) -> u8 {
    let rank = |run: &Run| match (run.end, run.status) {
        (_, 0) => 0,
        (How::Broken | How::NotStarted, _) => 1,
        (How::TimedOut, _) => 2,
        (How::Ended, UNMET) if run.own_status() == Some(0) => 2,
        (How::Ended, _) => 3,
        (How::Interrupted, _) => 4,
    };
    let worst = runs.clone().map(rank).max().unwrap_or(0);
    runs.into_iter().find(|run| rank(run) == worst).map_or(0, |run| run.status)
}
