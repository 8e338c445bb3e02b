//! The verdict: what happened, against what was expected.

use super::expect::lines::{Since, Who};
use super::expect::{Expectation, OverSeeds, Subject, Watcher};
use crate::fault::{Files, ModuleState};
use crate::time::Now;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Judges a run. Tell it what happens as it happens, then ask.
#[derive(Debug)]
pub struct Verdict {
    expected: Vec<(Expectation, Box<dyn Watcher>)>,
    /// Those that wait for the first fault.
    first: Vec<usize>,
    /// Those that a fault concerns, by its name.
    concerned: BTreeMap<String, Vec<usize>>,
}

impl Clone for Verdict {
    fn clone(&self) -> Self {
        let expected =
            self.expected.iter().map(|(expectation, watcher)| (expectation.clone(), watcher.copy()));
        let (first, concerned) = (self.first.clone(), self.concerned.clone());
        Verdict { expected: expected.collect(), first, concerned }
    }
}

/// What can be expected about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen<'a> {
    /// The host sent a command line on a port (from 1).
    Command(usize, &'a str),
    /// The module said a line unasked on a port (from 1).
    Said(usize, &'a str),
    /// The module gave a final result code on a port (from 1): as it was printed, and what it stands for.
    Result(usize, &'a str, &'a str),
    /// The module reached a state.
    State(ModuleState),
    /// A fault was applied.
    Applied(&'a str),
    /// A fault was lifted.
    Lifted(&'a str),
    /// The host program printed a line.
    Printed(&'a str),
    /// The host program ended with this status; none where it was stopped.
    Ended(Option<u8>),
}

/// What a file on the server holds, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
}

impl FileFacts {
    /// The facts of a file with this content.
    pub fn of(bytes: &[u8]) -> FileFacts {
        FileFacts { size: bytes.len() as u64, sha256: Sha256::digest(bytes).into() }
    }

    /// The facts of a file with this content, which comes in pieces.
    pub fn of_pieces(pieces: impl Iterator<Item = Vec<u8>>) -> FileFacts {
        let (mut hash, mut size) = (Sha256::new(), 0);
        for piece in pieces {
            size += piece.len() as u64;
            hash.update(piece);
        }
        FileFacts { size, sha256: hash.finalize().into() }
    }
}

/// What lies on the server, and on this machine, when a run is over.
pub trait Disk {
    /// Those of these files that are on the server, by their paths from its root.
    fn find(&mut self, files: &Files) -> Vec<(String, FileFacts)>;

    /// The first octets of the file at a path on the server, so many at most.
    fn begins(&mut self, path: &str, most: usize) -> Vec<u8>;

    /// Whether these octets are somewhere in the file at a path on the server.
    fn holds(&mut self, path: &str, part: &[u8]) -> bool;

    /// The file at a path on this machine, where there is one.
    fn local(&mut self, path: &str) -> Option<FileFacts>;
}

/// The end of a run.
pub(super) struct End<'a> {
    pub now: Now,
    pub disk: &'a mut dyn Disk,
}

/// How an expectation fared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Outcome {
    /// The expectation in words.
    pub text: String,
    /// Whether it was met.
    pub met: bool,
    /// What was seen.
    pub why: String,
    /// How it holds over the runs of a campaign, where that is said: what is `sometimes` so may not be so in one run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over_seeds: Option<OverSeeds>,
    /// Where it stands in the file.
    #[serde(skip)]
    pub span: std::ops::Range<usize>,
}

impl Outcome {
    /// How what is expected in every scenario fared.
    pub fn new(text: impl Into<String>, met: bool, why: impl Into<String>) -> Outcome {
        Outcome { text: text.into(), met, why: why.into(), over_seeds: None, span: 0..0 }
    }

    /// Whether it fails its run.
    pub fn fails(&self) -> bool {
        !self.met && self.over_seeds != Some(OverSeeds::Sometimes)
    }
}

impl Verdict {
    /// Nothing was seen yet.
    pub fn new(expectations: &[Expectation]) -> Verdict {
        let (mut first, mut concerned) = (vec![], BTreeMap::<String, Vec<usize>>::new());
        for (i, expectation) in expectations.iter().enumerate() {
            match expectation.subject.since() {
                Since::Fault(name) => concerned.entry(name).or_default().push(i),
                Since::FirstFault => first.push(i),
                Since::Start => {}
            }
        }
        let expected = expectations.iter().map(|e| (e.clone(), e.subject.watcher())).collect();
        Verdict { expected, first, concerned }
    }

    /// Whether something is expected of what the host prints.
    pub fn listens(&self) -> bool {
        let printed =
            |e: &Expectation| matches!(&e.subject, Subject::Lines(lines) if lines.who == Who::Printed);
        self.expected.iter().any(|(expectation, _)| printed(expectation))
    }

    /// The status with which the host is to end, where an expectation says so.
    pub fn host_status(&self) -> Option<u8> {
        self.expected.iter().find_map(|(expectation, _)| match expectation.subject {
            Subject::Status(status) if !expectation.is_only_sometimes() => Some(status),
            _ => None,
        })
    }

    /// Takes note of what happened.
    pub fn observe(&mut self, now: Now, seen: Seen) {
        match seen {
            Seen::Applied(name) => {
                if !self.first.is_empty() {
                    let first = std::mem::take(&mut self.first);
                    self.concerned.entry(name.to_owned()).or_default().extend(first);
                }
                for i in self.concerned.get(name).into_iter().flatten() {
                    self.expected[*i].1.applied(now, name);
                }
            }
            Seen::Lifted(name) => {
                for i in self.concerned.get(name).into_iter().flatten() {
                    self.expected[*i].1.lifted(now);
                }
            }
            seen => self.expected.iter_mut().for_each(|(_, watcher)| watcher.seen(now, seen)),
        }
    }

    /// How each expectation fared, in file order; the run ended at `now`.
    pub fn finish(&self, now: Now, disk: &mut dyn Disk) -> Vec<Outcome> {
        let mut end = End { now, disk };
        let judge = |(expectation, watcher): &(Expectation, Box<dyn Watcher>)| {
            let (met, why) = watcher.judge(&mut end);
            let (text, span) = (expectation.text.clone(), expectation.span.clone());
            Outcome { text, met, why, over_seeds: expectation.over_seeds, span }
        };
        self.expected.iter().map(judge).collect()
    }
}

pub(super) fn shown(at: Now) -> String {
    format!("{:.3} s", at.since(Now::ZERO).as_secs_f64())
}
