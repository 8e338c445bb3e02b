//! What came of one run: what every report is made from, and the line of JSON that one machine gives to another.

use super::Point;
use crate::at::visible_json;
use crate::host::process::End;
use crate::judge::coverage::Coverage;
use crate::judge::findings::Findings;
use crate::scenario::{Outcome, OverSeeds};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The status of an expectation that was not met.
pub const UNMET: u8 = 3;
/// The status of a mistake, and of what this machine refuses.
pub const MISTAKE: u8 = 2;

/// What came of one run.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// The module.
    pub modem: String,
    /// The scenario, as it was named.
    pub scenario: Option<String>,
    /// The seed that makes it go the same way again.
    pub seed: u64,
    /// Which time under this seed, from 1.
    pub run: u32,
    /// How many times there are under this seed.
    pub repeat: u32,
    /// Its number in the plan, from 1.
    pub point: u64,
    /// The status of `badline` for it.
    pub status: u8,
    /// Whether that is 0.
    pub passed: bool,
    /// The host's own status; null where it was stopped.
    pub host_status: Option<u8>,
    /// The status with which the host was to end, where an expectation says so: it counts as 0 then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted_status: Option<u8>,
    /// Whether it took too long.
    pub timed_out: bool,
    /// How it came to its end.
    pub end: How,
    /// The same in words.
    pub reason: String,
    /// How long it took, in real time.
    pub seconds: f64,
    /// Whether the host ever opened the port.
    pub port_opened: bool,
    /// How long the modem ran, on its own clock.
    pub modem_seconds: f64,
    /// How each expectation fared.
    pub expectations: Vec<Expected>,
    /// The faults that were never applied: what they are there for was not tested.
    pub never_applied: Vec<String>,
    /// Those that were applied and found nothing to act on.
    pub never_acted: Vec<String>,
    /// Whether such a fault fails the run.
    pub strict: bool,
    /// What the host used of the module.
    pub coverage: Coverage,
    /// What the host printed, on either stream; of much, both ends.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub output: String,
    /// The lines of the trace that explain a failure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub explanation: Vec<String>,
}

/// How an expectation fared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Expected {
    /// The expectation in words.
    pub text: String,
    /// Whether it was met.
    pub met: bool,
    /// What was seen.
    pub why: String,
    /// The line of the scenario's file that asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// How it holds over all runs of the scenario, where that is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_seeds: Option<OverSeeds>,
}

impl Expected {
    /// It as the judge of many runs takes it.
    pub(super) fn outcome(&self) -> Outcome {
        let mut outcome = Outcome::new(&self.text, self.met, &self.why);
        outcome.over_seeds = self.over_seeds;
        outcome
    }

    /// Whether it fails its run.
    pub fn fails(&self) -> bool {
        self.outcome().fails()
    }
}

/// How a run came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The host ended by itself.
    Ended,
    /// It was killed: it took longer than it was given, in real time or on the modem's clock.
    TimedOut,
    /// Badline was told to end.
    Interrupted,
    /// The host cannot be started.
    NotStarted,
    /// There was no modem for it.
    Broken,
}

/// A scenario, and what is the same in all its runs.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The module.
    pub modem: String,
    /// The scenario, as it was named.
    pub scenario: Option<String>,
    /// Its text.
    pub text: String,
    /// How many times there are under each seed.
    pub repeat: u32,
    /// Whether a fault that has tested nothing fails a run.
    pub strict: bool,
}

impl Subject {
    /// A run in which the host came to its end.
    pub fn ended(&self, point: Point, end: &End, took: Duration, findings: Findings) -> Run {
        let expected = |outcome: &Outcome| Expected {
            text: outcome.text.clone(),
            met: outcome.met,
            why: outcome.why.clone(),
            line: self.line(outcome.span.start).filter(|_| !outcome.span.is_empty()),
            over_seeds: outcome.over_seeds,
        };
        let status = status(end, &findings, self.strict);
        Run {
            status,
            passed: status == 0,
            host_status: end.status(),
            wanted_status: findings.host_status,
            timed_out: matches!(end, End::TimedOut(_) | End::TooLate(_)),
            end: how(end),
            reason: match (findings.port_opened, end) {
                (true, end) | (false, end @ End::NotStarted(_)) => end.to_string(),
                (false, end) => format!("{end}; it never opened the port"),
            },
            seconds: took.as_secs_f64(),
            port_opened: findings.port_opened,
            modem_seconds: findings.modem_seconds,
            expectations: findings.expectations.iter().map(expected).collect(),
            never_applied: findings.never_applied,
            never_acted: findings.never_acted,
            coverage: findings.coverage,
            ..self.broken(point, "")
        }
    }

    /// A run that came to nothing before its host was started.
    pub fn broken(&self, point: Point, reason: &str) -> Run {
        Run {
            modem: self.modem.clone(),
            scenario: self.scenario.clone(),
            seed: point.seed,
            run: point.run,
            repeat: self.repeat,
            point: point.number,
            status: MISTAKE,
            passed: false,
            host_status: None,
            wanted_status: None,
            timed_out: false,
            end: How::Broken,
            reason: reason.to_owned(),
            seconds: 0.0,
            port_opened: false,
            modem_seconds: 0.0,
            expectations: vec![],
            never_applied: vec![],
            never_acted: vec![],
            strict: self.strict,
            coverage: Coverage::default(),
            output: String::new(),
            explanation: vec![],
        }
    }

    /// The line of the scenario that holds this octet of it.
    fn line(&self, at: usize) -> Option<usize> {
        let before = self.text.as_bytes().get(..at)?;
        Some(before.iter().filter(|octet| **octet == b'\n').count() + 1).filter(|_| !self.text.is_empty())
    }
}

fn how(end: &End) -> How {
    match end {
        End::Ended(_) => How::Ended,
        End::TimedOut(_) | End::TooLate(_) => How::TimedOut,
        End::Interrupted(_) => How::Interrupted,
        End::NotStarted(_) => How::NotStarted,
    }
}

fn status(end: &End, findings: &Findings, strict: bool) -> u8 {
    match end {
        End::Interrupted(signal) => u8::try_from(128 + signal.as_raw()).unwrap_or(u8::MAX),
        End::NotStarted(_) => MISTAKE,
        end => match own(end.status(), findings.host_status) {
            Some(0) if findings.met() && !(strict && findings.untested()) => 0,
            Some(0) | None => UNMET,
            Some(status) => status,
        },
    }
}

/// The host's own status, or 0 where it is the one that is wanted; none where the host was stopped.
fn own(status: Option<u8>, wanted: Option<u8>) -> Option<u8> {
    status.map(|status| if wanted == Some(status) { 0 } else { status })
}

impl Run {
    /// The host's own status, or 0 where it is the one that is wanted; none where the host was stopped.
    pub fn own_status(&self) -> Option<u8> {
        own(self.host_status, self.wanted_status)
    }

    /// What was run: the scenario, or a module without one.
    pub fn name(&self) -> &str {
        self.scenario.as_deref().unwrap_or(&self.modem)
    }

    /// Which of the runs of this name it is.
    pub fn turn(&self) -> String {
        match self.repeat {
            0 | 1 => format!("(seed {})", self.seed),
            _ => format!("(seed {}, run {})", self.seed, self.run),
        }
    }

    /// Why it failed, each with the line of its scenario that asks for it, where there is one.
    pub fn failures(&self) -> Vec<(Option<usize>, String)> {
        let unmet = self.expectations.iter().filter(|expected| expected.fails());
        let unmet = unmet.map(|expected| (expected.line, format!("{}: {}", expected.text, expected.why)));
        let host = (self.own_status() != Some(0)).then(|| (None, self.reason.clone()));
        let untested = self.untested().filter(|_| self.strict).map(|text| (None, text));
        host.into_iter().chain(unmet).chain(untested).collect()
    }

    /// The faults that have tested nothing, in words.
    pub fn untested(&self) -> impl Iterator<Item = String> {
        let told =
            |does: &'static str| move |name: &String| format!("the fault {} {does}", name.escape_debug());
        let applied = self.never_applied.iter().map(told("was never applied"));
        applied.chain(self.never_acted.iter().map(told("was applied, and found nothing to act on")))
    }

    /// What makes it happen again.
    pub fn reproduce(&self) -> String {
        match &self.scenario {
            Some(scenario) => format!("--scenario {} --seed {}", quoted(scenario), self.seed),
            None => format!("--seed {}", self.seed),
        }
    }

    /// It as one line of JSON.
    pub fn json(&self) -> String {
        #[derive(Serialize)]
        #[serde(tag = "event", rename = "verdict")]
        struct Line<'a> {
            #[serde(flatten)]
            run: &'a Run,
        }
        // Nothing in it can fail to be written as JSON.
        visible_json(&serde_json::to_string(&Line { run: self }).unwrap_or_default())
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@,".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_where_a_shell_would_read_it_otherwise() {
        assert_eq!(quoted("scenarios/a-1.toml"), "scenarios/a-1.toml");
        assert_eq!(quoted("my file.toml"), "'my file.toml'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
