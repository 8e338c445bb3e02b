//! `host_sends`, `module_says`, `host_prints` and what never is: lines, how many, and when.

use super::doubt::{Doubt, about, is_any_command, is_anything, mistake, no_time, too_many, unsaid, warning};
use super::kind::{Built, SubjectKind};
use super::written::{WrittenExpectation, Wrong, wrong};
use super::{Context, Expectation, Subject, Watcher};
use crate::fault::{Known, Pattern, Problem, no_command};
use crate::scenario::verdict::{End, Seen, shown};
use crate::time::Now;
use crate::time::units::Span;
use std::time::Duration;

const COUNTED: &[&str] =
    &["at_least", "at_most", "exactly", "within", "not_before", "before", "since", "port"];
const NEVER: &[&str] = &["since", "port"];

pub(super) const HOST_SENDS: SubjectKind = SubjectKind {
    key: "host_sends",
    met: "when a matching command line is sent",
    with: COUNTED,
    example: "host_sends = \"AT+FTPQUIT\"\nwithin = \"30s\"\nsince = \"tunnel\"",
    build: |written, known| build(written, &written.host_sends, Who::Host, Number::Some, known),
    doubts: |written, known| doubts(written, "host_sends", &written.host_sends, Who::Host, known),
};

pub(super) const HOST_NEVER_SENDS: SubjectKind = SubjectKind {
    key: "host_never_sends",
    met: "when none is",
    with: NEVER,
    example: "host_never_sends = \"AT+CFUN=1,1\"",
    build: |written, known| build(written, &written.host_never_sends, Who::Host, Number::None, known),
    doubts: |written, known| doubts(written, "host_never_sends", &written.host_never_sends, Who::Host, known),
};

pub(super) const MODULE_SAYS: SubjectKind = SubjectKind {
    key: "module_says",
    met: "when the module says a matching line (a URC or a final result code, as it is printed or by its cause)",
    with: COUNTED,
    example: "module_says = \"+FTPGET: 1,1\"\nexactly = 1",
    build: |written, known| build(written, &written.module_says, Who::Module, Number::Some, known),
    doubts: |written, known| doubts(written, "module_says", &written.module_says, Who::Module, known),
};

pub(super) const MODULE_NEVER_SAYS: SubjectKind = SubjectKind {
    key: "module_never_says",
    met: "when it prints none",
    with: NEVER,
    example: "module_never_says = \"+CME ERROR*\"",
    build: |written, known| build(written, &written.module_never_says, Who::Module, Number::None, known),
    doubts: |written, known| {
        doubts(written, "module_never_says", &written.module_never_says, Who::Module, known)
    },
};

const PRINTED: &[&str] = &["at_least", "at_most", "exactly", "within", "not_before", "before", "since"];

pub(super) const HOST_PRINTS: SubjectKind = SubjectKind {
    key: "host_prints",
    met: "when the host program prints a matching line, on either stream (under `badline exec`)",
    with: PRINTED,
    example: "host_prints = \"*upload complete*\"\nwithin = \"1m\"",
    build: |written, known| build(written, &written.host_prints, Who::Printed, Number::Some, known),
    doubts: |written, known| doubts(written, "host_prints", &written.host_prints, Who::Printed, known),
};

pub(super) const HOST_NEVER_PRINTS: SubjectKind = SubjectKind {
    key: "host_never_prints",
    met: "when it prints none",
    with: &["since"],
    example: "host_never_prints = \"*Traceback*\"",
    build: |written, known| build(written, &written.host_never_prints, Who::Printed, Number::None, known),
    doubts: |written, known| {
        doubts(written, "host_never_prints", &written.host_never_prints, Who::Printed, known)
    },
};

/// Whose lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The host's, on the serial port.
    Host,
    /// The module's, on the serial port.
    Module,
    /// What the host prints.
    Printed,
}

/// Which lines, how many, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Lines {
    /// Whose.
    pub who: Who,
    /// What they look like.
    pub pattern: Pattern,
    /// The serial port, from 1.
    pub port: Option<usize>,
    /// How many at least.
    pub at_least: u64,
    /// How many at most.
    pub at_most: Option<u64>,
    /// How soon.
    pub within: Option<Duration>,
    /// How late.
    pub not_before: Option<Duration>,
    /// Before what.
    pub before: Option<Pattern>,
    /// From when on they count.
    pub since: Since,
}

/// From when on lines count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Since {
    /// From the start.
    Start,
    /// From the first fault that was applied; from the start where none was.
    FirstFault,
    /// From the time on that this fault was applied; none count where it was not.
    Fault(String),
}

/// Whether there are to be lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    Some,
    None,
}

impl Since {
    /// What `since` says; `open` where it says nothing.
    pub(super) fn of(written: Option<&str>, open: Since) -> Since {
        match written {
            Some("start") => Since::Start,
            Some(name) => Since::Fault(name.to_owned()),
            None => open,
        }
    }
}

fn build(
    written: &WrittenExpectation,
    pattern: &Option<Pattern>,
    who: Who,
    number: Number,
    known: &Known,
) -> Built {
    let pattern = pattern.clone().unwrap_or_else(Pattern::any);
    let (at_least, at_most) = match (written.at_least, written.at_most, written.exactly, number) {
        (.., Number::None) => (0, Some(0)),
        (None, None, Some(n), _) => (n, Some(n)),
        (Some(low), Some(high), None, _) if low > high => {
            let what = format!("at_least = {low} and at_most = {high} contradict each other");
            let right = "write at_least no greater than at_most";
            return Err(Wrong { other: Some("at_least"), ..wrong("at_most", what, right) });
        }
        (low, high, None, _) => (low.unwrap_or(u64::from(high.is_none())), high),
        _ => {
            let what = "`exactly` contradicts `at_least` and `at_most`";
            let other = if written.at_least.is_some() { "at_least" } else { "at_most" };
            return Err(Wrong { other: Some(other), ..wrong("exactly", what, "keep one or the other") });
        }
    };
    written.times_in_order()?;
    let timed = written.within.is_some() || written.not_before.is_some();
    let open = if timed { Since::FirstFault } else { Since::Start };
    let verb = match (who, number) {
        (Who::Host, Number::Some) => "the host sends",
        (Who::Host, Number::None) => "the host never sends",
        (Who::Module, Number::Some) => "the module says",
        (Who::Module, Number::None) => "the module never says",
        (Who::Printed, Number::Some) => "the host prints",
        (Who::Printed, Number::None) => "the host never prints",
    };
    let text = if who == Who::Host { known.shown(&pattern) } else { pattern.to_string() };
    let text = format!("{verb} {text}{}", words(written, known));
    let lines = Lines {
        who,
        pattern,
        port: written.port,
        at_least,
        at_most,
        within: written.within.map(|s| s.0),
        not_before: written.not_before.map(|s| s.0),
        before: written.before.clone(),
        since: Since::of(written.since.as_deref(), open),
    };
    Ok((Subject::Lines(lines), text))
}

/// What stands beside the subject, in words.
pub(super) fn words(written: &WrittenExpectation, known: &Known) -> String {
    let number = |word: &str, n: Option<u64>| n.map(|n| format!(" {word} {n} times"));
    let span = |word: &str, s: Option<Span>| s.map(|s| format!(" {word} {s}"));
    let parts = [
        number("at least", written.at_least),
        number("at most", written.at_most),
        number("exactly", written.exactly),
        span("within", written.within),
        span("not before", written.not_before),
        written.before.as_ref().map(|p| format!(" before {}", known.shown(p))),
        written.since.as_ref().map(|name| format!(" since {name}")),
        written.port.map(|port| format!(" on port {port}")),
    ];
    parts.into_iter().flatten().collect()
}

fn doubts(
    written: &WrittenExpectation,
    key: &'static str,
    pattern: &Option<Pattern>,
    who: Who,
    known: &Known,
) -> Vec<Doubt> {
    let Some(pattern) = pattern else { return vec![] };
    let mut doubts: Vec<Doubt> = about(key, pattern).into_iter().collect();
    doubts.extend(written.before.as_ref().and_then(|before| about("before", before)));
    if who == Who::Module {
        let void = if key == "module_says" { "nothing can meet this" } else { "nothing can fail this" };
        doubts.extend(
            unsaid(pattern, known).map(|(what, right)| mistake(key, format!("{void}: {what}"), right)),
        );
    }
    doubts.extend(nothing_before(written, pattern, who, known));
    doubts.extend(no_time(written.within, written.not_before));
    doubts.extend(no_count(written));
    doubts.extend(anything(written, key, pattern, who));
    doubts
}

/// A `before` that no line could be later than.
fn nothing_before(written: &WrittenExpectation, line: &Pattern, who: Who, known: &Known) -> Option<Doubt> {
    let before = written.before.as_ref()?;
    if line.covers(before) {
        let what = format!("a line that is `{before}` is one of these itself, and comes before none");
        return Some(mistake("before", what, "name another line"));
    }
    let (what, right) = match who {
        Who::Host => no_command(before, known.commands)?,
        Who::Module => unsaid(before, known)?,
        Who::Printed => return None,
    };
    let right = format!(
        "{right}; lines of {} go before each other",
        if who == Who::Host { "the host" } else { "the module" }
    );
    Some(mistake("before", format!("everything comes before this: {what}"), right))
}

/// Numbers that every run meets, or that leave nothing to be timed.
fn no_count(written: &WrittenExpectation) -> Option<Doubt> {
    if written.at_least == Some(0) && written.at_most.is_none() {
        return Some(mistake("at_least", "every run meets this", "write 1 or more, or `at_most`"));
    }
    let none = written.at_most == Some(0) || written.exactly == Some(0);
    let limits = [
        ("within", written.within.is_some()),
        ("not_before", written.not_before.is_some()),
        ("before", written.before.is_some()),
    ];
    if let Some((key, _)) = limits.into_iter().find(|(_, there)| none && *there) {
        return Some(mistake(
            key,
            "where no line may come, none can be in time",
            "leave it out, or allow one",
        ));
    }
    let counts = [("at_least", written.at_least), ("at_most", written.at_most), ("exactly", written.exactly)];
    too_many(&counts)
}

/// A pattern that every line matches, where nothing else is asked of the lines.
fn anything(written: &WrittenExpectation, key: &'static str, pattern: &Pattern, who: Who) -> Option<Doubt> {
    let (any, whose) = match who {
        Who::Host => (is_any_command(pattern), "host that sends anything"),
        Who::Module => (is_anything(pattern), "module that says anything"),
        Who::Printed => (is_anything(pattern), "host that prints anything"),
    };
    let aside = written.port.is_some() || written.since.as_ref().is_some_and(|since| since != "start");
    let limits = written.within.is_some() || written.not_before.is_some() || written.before.is_some();
    let counted =
        written.at_most.is_some() || written.exactly.is_some() || written.at_least.is_some_and(|n| n > 1);
    if !any || aside || limits || counted {
        return None;
    }
    let right = "write more of the line, or how many, or when";
    match key {
        "module_never_says" => {
            Some(mistake(key, "no run can meet this: a module that is asked answers", right))
        }
        "host_never_sends" => {
            let what = "only a host that never says anything meets this";
            Some(warning(key, what, "write more of the line, or `since`"))
        }
        "host_never_prints" => None,
        _ => Some(mistake(key, format!("every {whose} meets this"), right)),
    }
}

impl Lines {
    pub(super) fn watcher(&self) -> Watched {
        Watched {
            lines: self.clone(),
            since: None,
            count: 0,
            first: None,
            reached: None,
            rival: None,
            overtaken: false,
        }
    }

    /// What is to come no sooner than the run is over, or is in time whatever comes.
    pub(super) fn doubts_in(&self, of: &Expectation, context: &Context) -> Vec<Problem> {
        let Some(end) = context.end else { return vec![] };
        let early = self.not_before.filter(|early| self.at_least > 0 && *early > end);
        if let Some(early) = early {
            let from = if self.since == Since::Start { "" } else { " at the earliest" };
            let what = format!(
                "no run can meet this: it is to come after {}{from}, and the run to end within {}",
                Span(early),
                Span(end)
            );
            return vec![Problem::new(of.span.clone(), what, "write `not_before` less than `ends_within`")];
        }
        if self.within.is_some_and(|late| late >= end) {
            let what = format!("`within` says nothing: the run is to end within {}", Span(end));
            let right = format!("write less than {}", Span(end));
            return vec![Problem::warning(of.span.clone(), what, right)];
        }
        vec![]
    }
}

/// What was seen of the lines.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    lines: Lines,
    /// From when on lines count, where a fault decides that.
    since: Option<Now>,
    /// How many lines matched.
    count: u64,
    first: Option<Now>,
    /// When the number that is expected was reached.
    reached: Option<Now>,
    /// The first line of those that must come later.
    rival: Option<Now>,
    /// Whether that one came before the first.
    overtaken: bool,
}

impl Watcher for Watched {
    fn seen(&mut self, now: Now, seen: Seen) {
        match (self.lines.who, seen) {
            (Who::Host, Seen::Command(port, line)) => self.line(now, port, &[line.trim()]),
            (Who::Module, Seen::Said(port, line)) => self.line(now, port, &[line.trim()]),
            // What must not be said is what the host would read.
            (Who::Module, Seen::Result(port, printed, _)) if self.lines.at_most == Some(0) => {
                self.line(now, port, &[printed]);
            }
            (Who::Module, Seen::Result(port, printed, cause)) => self.line(now, port, &[printed, cause]),
            (Who::Printed, Seen::Printed(line)) => self.line(now, 0, &[line.trim()]),
            _ => {}
        }
    }

    fn applied(&mut self, now: Now, _name: &str) {
        if self.since.is_none() {
            *self = Watched { since: Some(now), ..self.lines.watcher() };
        }
    }

    fn judge(&self, _: &mut End) -> (bool, String) {
        let lines = &self.lines;
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

    fn copy(&self) -> Box<dyn Watcher> {
        Box::new(self.clone())
    }
}

impl Watched {
    /// A line, by each of its names.
    fn line(&mut self, now: Now, port: usize, names: &[&str]) {
        let lines = &self.lines;
        let waits = matches!(lines.since, Since::Fault(_)) && self.since.is_none();
        if waits || lines.port.is_some_and(|p| p != port) {
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

    fn with_time(&self, times: &str) -> String {
        self.first.map_or_else(|| times.to_owned(), |at| format!("{times}, first at {}", shown(at)))
    }

    fn from(&self) -> String {
        self.since.map_or("from the start".to_owned(), |at| format!("from {} on", shown(at)))
    }
}
