//! The verdict: what happened, against what was expected.

use super::expect::{Expectation, Lines, Since, Subject, Want, hex};
use crate::fault::{Files, Pattern};
use crate::time::Now;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::time::Duration;

/// Judges a run. Tell it what happens as it happens, then ask.
#[derive(Clone, Debug)]
pub struct Verdict {
    expected: Vec<(Expectation, Record)>,
    /// Those that wait for the first fault.
    first: Vec<usize>,
    /// Those that a fault concerns, by its name.
    concerned: BTreeMap<String, Vec<usize>>,
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
    /// A fault was applied.
    Applied(&'a str),
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
    /// Where it stands in the file.
    #[serde(skip)]
    pub span: std::ops::Range<usize>,
}

/// What was seen for one expectation.
#[derive(Clone, Debug, Default)]
struct Record {
    /// From when on lines count, where a fault decides that.
    since: Option<Now>,
    /// How many lines matched; for an order, how many of its patterns.
    count: u64,
    first: Option<Now>,
    /// When the number that is expected was reached.
    reached: Option<Now>,
    /// The first line of those that must come later.
    rival: Option<Now>,
    /// Whether that one came before the first.
    overtaken: bool,
}

impl Verdict {
    /// Nothing was seen yet.
    pub fn new(expectations: &[Expectation]) -> Verdict {
        let (mut first, mut concerned) = (vec![], BTreeMap::<String, Vec<usize>>::new());
        for (i, expectation) in expectations.iter().enumerate() {
            match &expectation.subject {
                Subject::Applied(name) | Subject::Lines(Lines { since: Since::Fault(name), .. }) => {
                    concerned.entry(name.clone()).or_default().push(i);
                }
                Subject::Lines(Lines { since: Since::FirstFault, .. }) => first.push(i),
                _ => {}
            }
        }
        let expected = expectations.iter().map(|e| (e.clone(), Record::default())).collect();
        Verdict { expected, first, concerned }
    }

    /// Takes note of what happened.
    pub fn observe(&mut self, now: Now, seen: Seen) {
        if let Seen::Applied(name) = seen {
            let first = std::mem::take(&mut self.first);
            let own = self.concerned.get(name).map_or(&[][..], Vec::as_slice);
            for i in first.iter().chain(own) {
                let (expectation, record) = &mut self.expected[*i];
                record.applied(now, &expectation.subject);
            }
            return;
        }
        for (expectation, record) in &mut self.expected {
            match (&expectation.subject, seen) {
                (Subject::Lines(lines), seen) => record.lines(now, lines, seen),
                (Subject::Order(patterns, port), Seen::Command(on, line)) if port.is_none_or(|p| p == on) => {
                    let next = usize::try_from(record.count).ok().and_then(|n| patterns.get(n));
                    record.count += u64::from(next.is_some_and(|(p, _)| p.matches(line.trim())));
                }
                _ => {}
            }
        }
    }

    /// How each expectation fared, in file order; the run ended at `now`. `find` tells which
    /// of these files are on the server, by their paths from its root.
    pub fn finish(&self, now: Now, mut find: impl FnMut(&Files) -> Vec<(String, FileFacts)>) -> Vec<Outcome> {
        let judge = |(expectation, record): &(Expectation, Record)| {
            let (met, why) = match &expectation.subject {
                Subject::Lines(lines) => record.judge(lines),
                Subject::Order(patterns, _) => {
                    match usize::try_from(record.count).ok().and_then(|n| patterns.get(n)) {
                        None => (true, "all were sent in this order".to_owned()),
                        Some((_, missing)) => (false, format!("{missing} was not sent at its place")),
                    }
                }
                Subject::File(files, wants) => judge_files(files, wants, &mut find),
                Subject::EndsWithin(limit) => {
                    let took = now.since(Now::ZERO);
                    (took <= *limit, format!("the run took {:.3} s", took.as_secs_f64()))
                }
                Subject::Applied(_) => match record.first {
                    Some(at) => (true, format!("it was applied at {}", shown(at))),
                    None => (false, "it was never applied".to_owned()),
                },
            };
            let (text, span) = (expectation.text.clone(), expectation.span.clone());
            Outcome { text, met, why, span }
        };
        self.expected.iter().map(judge).collect()
    }
}

impl Record {
    /// The fault was applied that the expectation is about, or that its lines count from.
    fn applied(&mut self, now: Now, subject: &Subject) {
        match subject {
            Subject::Applied(_) => {
                self.count += 1;
                self.first.get_or_insert(now);
            }
            _ if self.since.is_none() => *self = Record { since: Some(now), ..Record::default() },
            _ => {}
        }
    }

    fn lines(&mut self, now: Now, lines: &Lines, seen: Seen) {
        match seen {
            Seen::Applied(_) => {}
            Seen::Command(port, line) => self.line(now, lines, false, port, &[line.trim()]),
            Seen::Said(port, line) => self.line(now, lines, true, port, &[line.trim()]),
            // What must not be said is what the host would read.
            Seen::Result(port, printed, _) if lines.at_most == Some(0) => {
                self.line(now, lines, true, port, &[printed]);
            }
            Seen::Result(port, printed, cause) => self.line(now, lines, true, port, &[printed, cause]),
        }
    }

    /// A line, by each of its names.
    fn line(&mut self, now: Now, lines: &Lines, module: bool, port: usize, names: &[&str]) {
        let waits = matches!(lines.since, Since::Fault(_)) && self.since.is_none();
        if waits || lines.port.is_some_and(|p| p != port) || lines.module != module {
            return;
        }
        let is = |pattern: &Pattern| names.iter().any(|name| pattern.matches(name));
        if is(&lines.pattern) {
            self.count += 1;
            self.first.get_or_insert(now);
            if self.count == lines.at_least.max(1) {
                self.reached = Some(now);
            }
        } else if lines.before.as_ref().is_some_and(is) {
            self.overtaken |= self.first.is_none();
            self.rival.get_or_insert(now);
        }
    }

    fn judge(&self, lines: &Lines) -> (bool, String) {
        let base = self.since.unwrap_or(Now::ZERO);
        let past = |limit: Option<Duration>, at: Option<Now>| {
            limit.zip(at).filter(|(limit, at)| *at > base + *limit).map(|(_, at)| at)
        };
        let early = |limit: Option<Duration>, at: Option<Now>| {
            limit.zip(at).filter(|(limit, at)| *at < base + *limit).map(|(_, at)| at)
        };
        let times = match self.count {
            0 => "never".to_owned(),
            1 => "once".to_owned(),
            n => format!("{n} times"),
        };
        if let (Since::Fault(name), None) = (&lines.since, self.since) {
            return (lines.at_least == 0, format!("the fault {name} was never applied"));
        }
        if self.count < lines.at_least || lines.at_most.is_some_and(|most| self.count > most) {
            return (false, self.with_time(&times));
        }
        if let Some(at) = past(lines.within, self.reached) {
            return (false, format!("it came at {}, which is too late ({})", shown(at), self.from()));
        }
        if let Some(at) = early(lines.not_before, self.first) {
            return (false, format!("it came at {}, which is too early ({})", shown(at), self.from()));
        }
        if self.overtaken {
            return (false, format!("the other came first, at {}", self.rival.map_or(String::new(), shown)));
        }
        (true, self.with_time(&times))
    }

    fn with_time(&self, times: &str) -> String {
        self.first.map_or_else(|| times.to_owned(), |at| format!("{times}, first at {}", shown(at)))
    }

    fn from(&self) -> String {
        self.since.map_or("from the start".to_owned(), |at| format!("from {} on", shown(at)))
    }
}

fn shown(at: Now) -> String {
    format!("{:.3} s", at.since(Now::ZERO).as_secs_f64())
}

/// Judges the files that one expectation names; `find` gives those that are there, by their paths.
fn judge_files(
    files: &Files,
    wants: &[Want],
    find: &mut impl FnMut(&Files) -> Vec<(String, FileFacts)>,
) -> (bool, String) {
    let mut found = find(files);
    // Compared with one of them, the others are meant: each file equals itself.
    let others =
        wants.iter().filter_map(|want| if let Want::Equals(other) = want { Some(other) } else { None });
    for one in others.filter(|other| files.are_many() && !other.are_many()) {
        found.retain(|(path, _)| !one.hold(path));
    }
    if found.is_empty() {
        let none = if files.are_many() { "none is there" } else { "it is not there" };
        return (wants == [Want::Absent], none.to_owned());
    }
    let shown = |path: &str, facts: &FileFacts| {
        let name = if files.are_many() { path } else { "it" };
        format!("{name} has {} bytes, SHA-256 {}", facts.size, hex(&facts.sha256))
    };
    for (path, facts) in &found {
        for want in wants {
            let met = match want {
                Want::Absent => false,
                Want::Present => true,
                Want::Size(size) => facts.size == *size,
                Want::Sha256(hash) => facts.sha256 == *hash,
                Want::Text(text) => *facts == FileFacts::of(text.as_bytes()),
                Want::Equals(other) => {
                    let mut others = find(other);
                    others.retain(|(other, _)| other != path);
                    match others.as_slice() {
                        [] => return (false, format!("{}; {other} is not there", shown(path, facts))),
                        [(one, o)] if o != facts => {
                            return (false, format!("{}; {one} has {} bytes", shown(path, facts), o.size));
                        }
                        others => others.iter().any(|(_, o)| o == facts),
                    }
                }
            };
            if !met {
                return (false, shown(path, facts));
            }
        }
    }
    let more = if found.len() > 1 { format!(", and {} more", found.len() - 1) } else { String::new() };
    (true, shown(&found[0].0, &found[0].1) + &more)
}
