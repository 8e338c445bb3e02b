//! `[[expect]]` as it is written: its keys, and which of them stand together.

use super::Expectation;
use super::between::Ends;
use super::kind::{SUBJECTS, SubjectKind};
use crate::fault::{Known, ModuleState, Never, Octets, Pattern, Problem, Weight, no_command, no_port};
use crate::time::units::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// An expectation as written. It names one subject, and what is expected of it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Expect")]
pub struct WrittenExpectation {
    /// Subject: command lines that match; at least one is expected where nothing else is said.
    pub host_sends: Option<Pattern>,
    /// Subject: command lines that match; none is expected.
    pub host_never_sends: Option<Pattern>,
    /// Subject: command lines that match one after the other; others may come between.
    pub host_sends_in_order: Option<Vec<Pattern>>,
    /// Subject: the pauses between one such command line and the next, or from one command line to another.
    pub between: Option<Ends>,
    /// Subject: command lines that got such a final result code; they are not sent again.
    pub never_repeats_after: Option<Pattern>,
    /// Subject: lines of the module (URCs and final result codes) that match.
    pub module_says: Option<Pattern>,
    /// Subject: lines of the module that match; none is expected.
    pub module_never_says: Option<Pattern>,
    /// Subject: lines that the host program prints, on either stream.
    pub host_prints: Option<Pattern>,
    /// Subject: lines that the host program prints; none is expected.
    pub host_never_prints: Option<Pattern>,
    /// Subject: the host program's own status, from 0 to 255.
    #[schemars(range(min = 0, max = 255))]
    pub host_status: Option<i64>,
    /// Subject: a file on the server, by its path, or all whose path or name matches a pattern: at least one is
    /// there, and what is said of it is true of each. It is there where nothing else is said.
    pub file: Option<String>,
    /// Subject: the files that match and that neither `[server]` nor another expectation names; none is there.
    pub no_other_files: Option<String>,
    /// Subject: the module's state in the end.
    pub module_state: Option<ModuleState>,
    /// Subject: the run; it ends within this time.
    pub ends_within: Option<Span>,
    /// Subject: the fault with this name; it is applied.
    pub fault_applied: Option<String>,
    /// Subject: what comes after a fault; so soon the module has again what it had before, and answers OK.
    pub recovers_within: Option<Span>,
    /// At least so many lines.
    pub at_least: Option<u64>,
    /// At most so many lines.
    pub at_most: Option<u64>,
    /// Exactly so many lines.
    pub exactly: Option<u64>,
    /// The first line (with `at_least` or `exactly`, that many) comes within this time. It counts from
    /// `since`; else from the first fault that was applied; else from the start.
    pub within: Option<Span>,
    /// No line comes before this time, which counts as that of `within`.
    pub not_before: Option<Span>,
    /// Each pause is so many times as long as the one before it.
    #[schemars(range(min = 1, max = 1000))]
    pub growing: Option<f64>,
    /// The first line comes before the first that matches this.
    pub before: Option<Pattern>,
    /// Only what comes from the time on that the fault with this name was applied counts; "start" is the start.
    pub since: Option<String>,
    /// Only lines on this serial port count, from 1.
    #[schemars(range(min = 1, max = 16))]
    pub port: Option<usize>,
    /// Only command lines that match count.
    pub command: Option<Pattern>,
    /// The file is not there; with a pattern, none is.
    pub absent: Option<bool>,
    /// The file has this size.
    pub size: Option<FileSize>,
    /// The file has this SHA-256.
    pub sha256: Option<String>,
    /// The file holds the same as this other file on the server, or as one of those that match; or as a file on
    /// this machine, `{ local = "data.bin" }`, whose path is beside the scenario.
    pub equals: Option<Equal>,
    /// The file holds this text.
    pub text: Option<String>,
    /// This is somewhere in the file: a text, or `{ hex = "ff 00" }`.
    pub contains: Option<Octets>,
    /// The file begins with this: a text, or `{ hex = "ff 00" }`.
    pub starts_with: Option<Octets>,
    /// The file is as it was laid there at the start.
    pub unchanged: Option<bool>,
    /// How it holds over the runs of `--seeds` and `--repeat`: `always`, or `sometimes`, once at least.
    pub over_seeds: Option<OverSeeds>,
}

/// The size of a file: `50` or `"64KiB"`.
pub type FileSize = crate::fault::Amount;

/// What a file is to equal.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a file on the server, or { local = \"data.bin\" }")]
pub enum Equal {
    /// Another file on the server.
    Server(String),
    /// A file on this machine.
    Local(Local),
}

/// A file on this machine.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Local {
    /// Its path, beside the scenario.
    pub local: String,
}

/// How an expectation holds over the runs of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum OverSeeds {
    /// In each run.
    Always,
    /// In one run at least.
    Sometimes,
}

/// What is wrong with an expectation.
pub(super) struct Wrong {
    /// The key; none where it is the expectation as a whole.
    pub key: Option<&'static str>,
    pub what: String,
    pub right: String,
    /// The key that it contradicts.
    pub other: Option<&'static str>,
}

pub(super) fn wrong(key: &'static str, what: impl Into<String>, right: impl Into<String>) -> Wrong {
    Wrong { key: Some(key), what: what.into(), right: right.into(), other: None }
}

impl WrittenExpectation {
    /// The expectation. `place` tells where one of its keys stands, and where it stands itself.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn build(
        self,
        place: impl Fn(Option<&str>) -> Range<usize>,
        known: &Known,
    ) -> Result<Expectation, Problem> {
        let problem = |Wrong { key, what, right, other }| {
            let problem = Problem::new(place(key), what, right);
            match other {
                Some(other) => problem.beside(place(Some(other)), "against this"),
                None => problem,
            }
        };
        let kind = self.kind(known).map_err(problem)?;
        let (subject, text) = (kind.build)(&self, known).map_err(problem)?;
        let (mut mistakes, doubts): (Vec<_>, Vec<_>) =
            (kind.doubts)(&self, known).into_iter().partition(|(weight, _)| *weight == Weight::Mistake);
        if !mistakes.is_empty() {
            return Err(problem(mistakes.remove(0).1));
        }
        // Most have no doubt, and a place takes a look through the whole file.
        let doubt = |(weight, wrong)| Problem { weight, ..problem(wrong) };
        let doubts = doubts.into_iter().map(doubt).collect();
        let names = if self.fault_applied.is_some() { "fault_applied" } else { "since" };
        let text = match self.over_seeds {
            Some(OverSeeds::Sometimes) => format!("sometimes {text}"),
            Some(OverSeeds::Always) => format!("always {text}"),
            None => text,
        };
        let (over_seeds, span, names) = (self.over_seeds, place(None), place(Some(names)));
        Ok(Expectation { subject, over_seeds, text, span, names, doubts })
    }

    /// The subject, where there is one, and all else belongs to it.
    fn kind(&self, known: &Known) -> Result<&'static SubjectKind, Wrong> {
        let given = self.given();
        let order = self.host_sends_in_order.iter().flatten().map(|p| ("host_sends_in_order", p));
        let sent = [("host_sends", &self.host_sends), ("host_never_sends", &self.host_never_sends)];
        let sent = sent.into_iter().filter_map(|(key, p)| Some((key, p.as_ref()?))).chain(order);
        let between = self.between.iter().flat_map(Ends::patterns).map(|p| ("between", p));
        for (key, pattern) in sent.chain(between) {
            if let Some((what, right)) = no_command(pattern, known.commands) {
                return Err(wrong(key, format!("the expectation is void: {what}"), right));
            }
        }
        if let Some(Never { key, what, right }) = no_port(self.port, known) {
            return Err(wrong(key, what, right));
        }
        let names = || {
            let names: Vec<&str> = SUBJECTS.iter().map(|kind| kind.key).collect();
            let (last, others) = names.split_last().unwrap_or((&"", &[]));
            format!("name one of {} or {last}", others.join(", "))
        };
        let mut subjects = SUBJECTS.iter().filter(|kind| given.contains(&kind.key));
        let kind: &SubjectKind = match (subjects.next(), subjects.next()) {
            (Some(kind), None) => kind,
            (Some(_), Some(second)) => {
                return Err(wrong(second.key, "the expectation has two subjects", names()));
            }
            (None, _) => {
                let what = "the expectation has no subject".into();
                return Err(Wrong { key: None, what, right: names(), other: None });
            }
        };
        let stray =
            given.iter().find(|key| **key != kind.key && **key != "over_seeds" && !kind.with.contains(*key));
        match stray {
            None => Ok(kind),
            Some(key) => {
                let what = format!("`{key}` does not belong to the subject of this expectation");
                let right = match kind.with {
                    [] => format!("`{}` stands alone", kind.key),
                    with => format!("with `{}` go {}", kind.key, with.join(", ")),
                };
                Err(wrong(key, what, right))
            }
        }
    }

    /// The keys that are there.
    fn given(&self) -> Vec<&'static str> {
        macro_rules! given {
            ($($key:ident)+) => {
                [$((stringify!($key), self.$key.is_some())),+]
            };
        }
        let keys = given! {
            host_sends host_never_sends host_sends_in_order between never_repeats_after module_says
            module_never_says host_prints host_never_prints host_status file no_other_files module_state
            ends_within fault_applied recovers_within at_least at_most exactly within not_before growing before
            since port command absent size sha256 equals text contains starts_with unchanged over_seeds
        };
        keys.into_iter().filter(|(_, there)| *there).map(|(key, _)| key).collect()
    }

    /// That `not_before` is no later than `within`.
    pub(super) fn times_in_order(&self) -> Result<(), Wrong> {
        if let (Some(late), Some(early)) = (self.within, self.not_before)
            && early > late
        {
            let what = format!("within = {late} and not_before = {early} contradict each other");
            let right = "write not_before no greater than within";
            return Err(Wrong { other: Some("within"), ..wrong("not_before", what, right) });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_is_there_is_seen() {
        let schema = schemars::schema_for!(WrittenExpectation);
        let keys = schema.as_value()["properties"].as_object().unwrap().keys();
        let text = include_str!("written.rs");
        let (_, listed) = text.split_once("let keys = given! {").unwrap();
        let (listed, _) = listed.split_once('}').unwrap();
        let listed: Vec<&str> = listed.split_whitespace().collect();
        assert_eq!(keys.len(), listed.len());
        for key in keys {
            assert!(listed.contains(&key.as_str()), "{key}");
        }
    }
}
