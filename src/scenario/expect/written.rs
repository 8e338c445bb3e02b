//! `[[expect]]` as it is written, and what it means.

use super::{Expectation, Lines, Since, Subject, Want};
use crate::fault::{Files, Known, Never, Pattern, Problem, Weight, no_command, no_port, path_parts};
use crate::scenario::FileFacts;
use crate::time::units::Span;
use crate::transcript::content::sha256;
use schemars::JsonSchema;
use serde::Deserialize;
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
    /// Subject: lines of the module (URCs and final result codes) that match.
    pub module_says: Option<Pattern>,
    /// Subject: lines of the module that match; none is expected.
    pub module_never_says: Option<Pattern>,
    /// Subject: a file on the server, by its path, or all whose path or name matches a pattern: at least one is
    /// there, and what is said of it is true of each. It is there where nothing else is said.
    pub file: Option<String>,
    /// Subject: the run; it ends within this time.
    pub ends_within: Option<Span>,
    /// Subject: the fault with this name; it is applied.
    pub fault_applied: Option<String>,
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
    /// The first line comes before the first that matches this.
    pub before: Option<Pattern>,
    /// Only what comes from the time on that the fault with this name was applied counts; "start" is the start.
    pub since: Option<String>,
    /// Only lines on this serial port count, from 1.
    #[schemars(range(min = 1, max = 16))]
    pub port: Option<usize>,
    /// The file is not there; with a pattern, none is.
    pub absent: Option<bool>,
    /// The file has this size.
    pub size: Option<FileSize>,
    /// The file has this SHA-256.
    pub sha256: Option<String>,
    /// The file holds the same as this other file on the server, or as one of those that match.
    pub equals: Option<String>,
    /// The file holds this text.
    pub text: Option<String>,
}

/// The size of a file: `50` or `"64KiB"`.
pub type FileSize = crate::fault::Amount;

/// What is wrong with an expectation.
pub(super) struct Wrong {
    /// The key; none where it is the expectation as a whole.
    pub key: Option<&'static str>,
    pub what: String,
    pub right: String,
    /// The key that it contradicts.
    pub other: Option<&'static str>,
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
        let (subject, text) = self.subject(known).map_err(problem)?;
        let (mut mistakes, doubts): (Vec<_>, Vec<_>) =
            self.doubts(known).into_iter().partition(|(weight, _)| *weight == Weight::Mistake);
        if !mistakes.is_empty() {
            return Err(problem(mistakes.remove(0).1));
        }
        // Most have no doubt, and a place takes a look through the whole file.
        let doubt = |(weight, wrong)| Problem { weight, ..problem(wrong) };
        let doubts = doubts.into_iter().map(doubt).collect();
        let names = if self.fault_applied.is_some() { "fault_applied" } else { "since" };
        Ok(Expectation { subject, text, span: place(None), names: place(Some(names)), doubts })
    }

    fn subject(&self, known: &Known) -> Result<(Subject, String), Wrong> {
        let one = |key, pattern: &Option<Pattern>| pattern.clone().map(|p| (key, p));
        let order = self.host_sends_in_order.iter().flatten().map(|p| ("host_sends_in_order", p.clone()));
        let sent = one("host_sends", &self.host_sends).into_iter();
        let sent = sent.chain(one("host_never_sends", &self.host_never_sends)).chain(order);
        for (key, pattern) in sent {
            if let Some((what, right)) = no_command(&pattern, known.commands) {
                return Err(wrong(key, format!("the expectation is void: {what}"), right));
            }
        }
        if let Some(Never { key, what, right }) = no_port(self.port, known) {
            return Err(wrong(key, what, right));
        }
        let lines = |pattern: &Option<Pattern>, module: bool, none: bool, verb: &str| {
            pattern.as_ref().map(|p| -> Result<_, Wrong> {
                let (lines, words) = self.lines(p, module, none, known)?;
                let shown = if module { p.to_string() } else { known.shown(p) };
                Ok((Subject::Lines(lines), format!("{verb} {shown}{words}")))
            })
        };
        let subjects = [
            lines(&self.host_sends, false, false, "the host sends"),
            lines(&self.host_never_sends, false, true, "the host never sends"),
            lines(&self.module_says, true, false, "the module says"),
            lines(&self.module_never_says, true, true, "the module never says"),
            self.host_sends_in_order.as_ref().map(|patterns| self.order(patterns, known)),
            self.file.as_ref().map(|path| self.wanted(path)),
            self.ends_within
                .map(|s| self.alone(Subject::EndsWithin(s.0), format!("the run ends within {s}"))),
            self.fault_applied.as_ref().map(|name| {
                self.alone(Subject::Applied(name.clone()), format!("the fault {name} is applied"))
            }),
        ];
        let mut subjects = subjects.into_iter().flatten();
        let right = "name one of host_sends, host_never_sends, host_sends_in_order, module_says, \
                     module_never_says, file, ends_within or fault_applied";
        match (subjects.next(), subjects.next()) {
            (Some(subject), None) => subject,
            (None, _) => Err(Wrong {
                key: None,
                what: "the expectation has no subject".into(),
                right: right.into(),
                other: None,
            }),
            (Some(_), Some(_)) => {
                let key = self.subjects().nth(1).unwrap_or_default();
                Err(wrong(key, "the expectation has two subjects", right))
            }
        }
    }

    /// The keys of the subjects that are there.
    fn subjects(&self) -> impl Iterator<Item = &'static str> {
        there([
            ("host_sends", self.host_sends.is_some()),
            ("host_never_sends", self.host_never_sends.is_some()),
            ("host_sends_in_order", self.host_sends_in_order.is_some()),
            ("module_says", self.module_says.is_some()),
            ("module_never_says", self.module_never_says.is_some()),
            ("file", self.file.is_some()),
            ("ends_within", self.ends_within.is_some()),
            ("fault_applied", self.fault_applied.is_some()),
        ])
    }

    /// A key that counts.
    fn counts(&self) -> Option<&'static str> {
        let counts = [("at_least", self.at_least), ("at_most", self.at_most), ("exactly", self.exactly)];
        there(counts.map(|(key, n)| (key, n.is_some()))).next()
    }

    /// A key that counts from when on, or until when.
    fn times(&self) -> Option<&'static str> {
        self.limits().or(self.since.is_some().then_some("since"))
    }

    fn limits(&self) -> Option<&'static str> {
        let limits = [("within", self.within.is_some()), ("not_before", self.not_before.is_some())];
        there(limits).chain(there([("before", self.before.is_some())])).next()
    }

    /// A key about a file.
    fn files(&self) -> Option<&'static str> {
        let texts = [("sha256", &self.sha256), ("equals", &self.equals), ("text", &self.text)];
        let first = there([("absent", self.absent.is_some()), ("size", self.size.is_some())]);
        first.chain(there(texts.map(|(key, text)| (key, text.is_some())))).next()
    }

    fn port(&self) -> Option<&'static str> {
        self.port.is_some().then_some("port")
    }

    fn alone(&self, subject: Subject, text: String) -> Result<(Subject, String), Wrong> {
        match self.counts().or(self.times()).or(self.files()).or(self.port()) {
            None => Ok((subject, text)),
            Some(key) => {
                Err(stray(key, "at_least, within and the like belong to host_sends and module_says"))
            }
        }
    }

    fn order(&self, patterns: &[Pattern], known: &Known) -> Result<(Subject, String), Wrong> {
        if let Some(key) = self.counts().or(self.times()).or(self.files()) {
            return Err(stray(key, "of these, only `port` goes with host_sends_in_order"));
        }
        if patterns.is_empty() {
            return Err(wrong("host_sends_in_order", "it names no command", "write two or more"));
        }
        let shown: Vec<String> = patterns.iter().map(|pattern| known.shown(pattern)).collect();
        let text = format!("the host sends {}", shown.join(", then "));
        let patterns = patterns.iter().cloned().zip(shown).collect();
        Ok((Subject::Order(patterns, self.port), text))
    }

    fn lines(
        &self,
        pattern: &Pattern,
        module: bool,
        none: bool,
        known: &Known,
    ) -> Result<(Lines, String), Wrong> {
        if let Some(key) = self.files() {
            return Err(stray(key, "absent, size, sha256, equals and text belong to `file`"));
        }
        if let (true, Some(key)) = (none, self.counts().or(self.limits())) {
            let right = "`never` leaves nothing to count or to time; `since` and `port` may stand here";
            return Err(stray(key, right));
        }
        let (at_least, at_most) = match (self.at_least, self.at_most, self.exactly, none) {
            (.., true) => (0, Some(0)),
            (None, None, Some(n), _) => (n, Some(n)),
            (Some(low), Some(high), None, _) if low > high => {
                let what = format!("at_least = {low} and at_most = {high} contradict each other");
                return Err(Wrong {
                    other: Some("at_least"),
                    ..wrong("at_most", what, "write at_least no greater than at_most")
                });
            }
            (low, high, None, _) => (low.unwrap_or(u64::from(high.is_none())), high),
            _ => {
                let what = "`exactly` contradicts `at_least` and `at_most`";
                let other = if self.at_least.is_some() { "at_least" } else { "at_most" };
                return Err(Wrong { other: Some(other), ..wrong("exactly", what, "keep one or the other") });
            }
        };
        if let (Some(late), Some(early)) = (self.within, self.not_before)
            && early > late
        {
            let what = format!("within = {late} and not_before = {early} contradict each other");
            let right = "write not_before no greater than within";
            return Err(Wrong { other: Some("within"), ..wrong("not_before", what, right) });
        }
        let timed = self.within.is_some() || self.not_before.is_some();
        let since = match self.since.as_deref() {
            Some("start") => Since::Start,
            Some(name) => Since::Fault(name.to_owned()),
            None if timed => Since::FirstFault,
            None => Since::Start,
        };
        let (within, not_before) = (self.within.map(|s| s.0), self.not_before.map(|s| s.0));
        let (pattern, before) = (pattern.clone(), self.before.clone());
        let words = self.words(known);
        Ok((
            Lines { module, pattern, port: self.port, at_least, at_most, within, not_before, before, since },
            words,
        ))
    }

    fn words(&self, known: &Known) -> String {
        let number = |word: &str, n: Option<u64>| n.map(|n| format!(" {word} {n} times"));
        let span = |word: &str, s: Option<Span>| s.map(|s| format!(" {word} {s}"));
        let parts = [
            number("at least", self.at_least),
            number("at most", self.at_most),
            number("exactly", self.exactly),
            span("within", self.within),
            span("not before", self.not_before),
            self.before.as_ref().map(|p| format!(" before {}", known.shown(p))),
            self.since.as_ref().map(|name| format!(" since {name}")),
            self.port.map(|port| format!(" on port {port}")),
        ];
        parts.into_iter().flatten().collect()
    }

    fn wanted(&self, path: &str) -> Result<(Subject, String), Wrong> {
        if let Some(key) = self.counts().or(self.times()).or(self.port()) {
            return Err(stray(key, "absent, size, sha256, equals and text go with `file`"));
        }
        let sha256 = match &self.sha256 {
            None => None,
            Some(text) => Some(sha256(text).ok_or_else(|| {
                wrong("sha256", format!("`{text}` is no SHA-256"), "write its 64 hexadecimal digits")
            })?),
        };
        let files = on_server("file", path)?;
        let equals = self.equals.as_deref().map(|other| on_server("equals", other)).transpose()?;
        let same = |other: &Files| {
            *other == files || matches!(&files, Files::One(one) if !other.are_many() && other.hold(one))
        };
        if !files.are_many() && equals.as_ref().is_some_and(same) {
            return Err(wrong("equals", "every file equals itself", "name another file on the server"));
        }
        let size = self.size.map(|n| n.0);
        if let Some(text) = &self.text {
            let facts = FileFacts::of(text.as_bytes());
            let right = "keep one of them";
            if size.is_some_and(|size| size != facts.size) {
                let what = format!("`text` has {} bytes, and `size` says otherwise", facts.size);
                return Err(wrong("size", what, right));
            }
            if sha256.is_some_and(|hash| hash != facts.sha256) {
                return Err(wrong("sha256", "this is not the SHA-256 of `text`", right));
            }
        }
        let absent = self.absent.unwrap_or(false);
        let wants = [
            size.map(Want::Size),
            sha256.map(Want::Sha256),
            equals.map(Want::Equals),
            self.text.clone().map(Want::Text),
        ];
        let mut wants: Vec<Want> = wants.into_iter().flatten().collect();
        if absent && !wants.is_empty() {
            let right = "keep `absent`, or what the file holds";
            return Err(wrong("absent", "a file that is absent has no content", right));
        }
        if wants.is_empty() {
            wants.push(if absent { Want::Absent } else { Want::Present });
        }
        let words: Vec<String> = wants.iter().map(Want::to_string).collect();
        let subject = if files.are_many() { "each file" } else { "the file" };
        let text = match (files.are_many(), absent) {
            (true, true) => format!("no file {path} is there"),
            _ => format!("{subject} {path} {}", words.join(", and ")),
        };
        Ok((Subject::File(files, wants), text))
    }
}

/// The files that a key names, where they can be on the server.
fn on_server(key: &'static str, path: &str) -> Result<Files, Wrong> {
    let folder = path.ends_with('/');
    if folder || path_parts(path).is_none() {
        let what = match folder && path.len() > 1 {
            true => format!("`{path}` names a folder, which is no file"),
            false => format!("`{path}` is no file on the server"),
        };
        return Err(wrong(
            key,
            what,
            "write its path from the server's root, such as \"/dir/file\" or \"*.part\"",
        ));
    }
    Ok(path.into())
}

pub(super) fn wrong(key: &'static str, what: impl Into<String>, right: impl Into<String>) -> Wrong {
    Wrong { key: Some(key), what: what.into(), right: right.into(), other: None }
}

fn stray(key: &'static str, right: &str) -> Wrong {
    wrong(key, format!("`{key}` does not belong to the subject of this expectation"), right)
}

/// The keys that are there.
fn there<const N: usize>(keys: [(&'static str, bool); N]) -> impl Iterator<Item = &'static str> {
    keys.into_iter().filter(|(_, there)| *there).map(|(key, _)| key)
}
