//! `between`: how long a host waits between two command lines, and whether it waits longer each time (back-off).

use super::doubt::{Doubt, about, is_any_command, mistake, no_time, too_many};
use super::kind::{Built, SubjectKind};
use super::lines::Since;
use super::written::{WrittenExpectation, Wrong, wrong};
use super::{Subject, Watcher};
use crate::fault::{Known, Pattern};
use crate::scenario::verdict::{End, Seen, shown};
use crate::time::Now;
use crate::time::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

pub(super) const BETWEEN: SubjectKind = SubjectKind {
    key: "between",
    met: "when the pauses between one such command line and the next are as is said; with two, those from the first to the second",
    with: &["not_before", "within", "growing", "at_least", "at_most", "since", "port"],
    example: "between = \"AT+FTPGET=1\"\nnot_before = \"5s\"\ngrowing = 1.5",
    build,
    doubts,
};

/// Between which lines: one and its like, or one and another.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a command line, or two of them: [\"AT+FTPGET=1\", \"AT+FTPQUIT\"]")]
pub enum Ends {
    /// Between one such line and the next.
    Same(Pattern),
    /// From one such line to the next that is like the second.
    Two([Pattern; 2]),
}

impl Ends {
    /// The patterns, of which there are one or two.
    pub(super) fn patterns(&self) -> &[Pattern] {
        match self {
            Ends::Same(one) => std::slice::from_ref(one),
            Ends::Two(two) => two,
        }
    }
}

/// The pauses between command lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Between {
    from: Pattern,
    to: Pattern,
    port: Option<usize>,
    /// Each is at least so long.
    not_before: Option<Duration>,
    /// Each is at most so long.
    within: Option<Duration>,
    /// Each is at least so many times as long as the one before.
    growing: Option<f64>,
    at_least: u64,
    at_most: Option<u64>,
    /// From when on they count.
    pub since: Since,
}

impl WrittenExpectation {
    fn ends(&self) -> Option<(&Pattern, &Pattern)> {
        self.between.as_ref().map(|ends| match ends {
            Ends::Same(one) => (one, one),
            Ends::Two([from, to]) => (from, to),
        })
    }
}

fn build(written: &WrittenExpectation, known: &Known) -> Built {
    let any = Pattern::any();
    let (from, to) = written.ends().unwrap_or((&any, &any));
    written.times_in_order()?;
    if written.not_before.is_none() && written.within.is_none() && written.growing.is_none() {
        let right = "add `not_before`, `within` or `growing`";
        return Err(wrong("between", "it says nothing of the time between", right));
    }
    // One pause alone never grows.
    let least = if written.growing.is_some() { 2 } else { 1 };
    let at_least = written.at_least.unwrap_or(least);
    if written.growing.is_some() && at_least < 2 {
        return Err(wrong("at_least", "one pause alone never grows", "write 2 or more"));
    }
    if let Some(most) = written.at_most.filter(|most| *most < at_least) {
        let what = format!("at_most = {most} leaves no room for {at_least} pauses");
        let other = written.at_least.is_some().then_some("at_least");
        return Err(Wrong { other, ..wrong("at_most", what, format!("write {at_least} or more")) });
    }
    let lines = match from == to {
        true => format!("two {}", known.shown(from)),
        false => format!("{} and {}", known.shown(from), known.shown(to)),
    };
    let limits = [
        written.not_before.map(|span| format!("at least {span}")),
        written.within.map(|span| format!("at most {span}")),
        written.growing.map(|by| format!("each time {by} times as long")),
    ];
    let limits: Vec<String> = limits.into_iter().flatten().collect();
    let rest = WrittenExpectation { not_before: None, within: None, ..written.clone() };
    let text = format!("between {lines} pass {}{}", limits.join(", "), super::lines::words(&rest, known));
    let between = Between {
        from: from.clone(),
        to: to.clone(),
        port: written.port,
        not_before: written.not_before.map(|s| s.0),
        within: written.within.map(|s| s.0),
        growing: written.growing,
        at_least,
        at_most: written.at_most,
        since: Since::of(written.since.as_deref(), Since::Start),
    };
    Ok((Subject::Between(between), text))
}

fn doubts(written: &WrittenExpectation, _: &Known) -> Vec<Doubt> {
    let mut doubts = vec![];
    if let Some((from, to)) = written.ends() {
        doubts.extend(about("between", from));
        doubts.extend(about("between", to).filter(|_| from != to));
        if is_any_command(from) && is_any_command(to) {
            let what = "this is between any two commands, of which many follow each other at once";
            doubts.push(mistake("between", what, "name the command that is sent again"));
        } else if from != to && (from.covers(to) || to.covers(from)) {
            let what = format!("a line can be `{from}` and `{to}` at once");
            doubts.push(mistake("between", what, "name two commands that differ, or one alone"));
        }
    }
    doubts.extend(no_time(written.within, written.not_before));
    match written.growing {
        Some(by) if !(1.0..=1000.0).contains(&by) => {
            let what = format!("pauses that grow {by} times do not grow, or without bounds");
            doubts.push(mistake("growing", what, "write 1 to 1000, such as 1.5"));
        }
        _ => {}
    }
    if written.at_least == Some(0) && written.within.is_none() && written.not_before.is_none() {
        doubts.push(mistake("at_least", "every run meets this", "write 1 or more"));
    }
    doubts.extend(too_many(&[("at_least", written.at_least), ("at_most", written.at_most)]));
    doubts
}

impl Between {
    pub(super) fn watcher(&self) -> Watched {
        Watched { between: self.clone(), since: None, from: None, last: None, pauses: 0, wrong: None }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Watched {
    between: Between,
    since: Option<Now>,
    /// When the line came from which the pause counts.
    from: Option<Now>,
    /// The pause before.
    last: Option<Duration>,
    pauses: u64,
    /// The first that was not as it should be.
    wrong: Option<String>,
}

impl Watched {
    fn pause(&mut self, now: Now, pause: Duration) {
        let (at, took) = (shown(now), seconds(pause));
        let spec = &self.between;
        let grown = spec.growing.zip(self.last).filter(|(by, last)| pause < last.mul_f64(*by));
        let wrong = if spec.not_before.is_some_and(|least| pause < least) {
            Some(format!("the one at {at} came {took} after the one before, which is too early"))
        } else if spec.within.is_some_and(|most| pause > most) {
            Some(format!("the one at {at} came {took} after the one before, which is too late"))
        } else {
            grown.map(|(_, last)| {
                let last = seconds(last);
                format!("the one at {at} came {took} after the one before, and that {last} after its own: it has not grown so")
            })
        };
        self.wrong = self.wrong.take().or(wrong);
        self.pauses += 1;
        self.last = Some(pause);
    }
}

impl Watcher for Watched {
    fn seen(&mut self, now: Now, seen: Seen) {
        let Seen::Command(port, line) = seen else { return };
        let waits = matches!(self.between.since, Since::Fault(_)) && self.since.is_none();
        if waits || self.between.port.is_some_and(|wanted| wanted != port) {
            return;
        }
        let line = line.trim();
        let ends = self.between.to.matches(line);
        if let Some(from) = self.from.filter(|_| ends) {
            self.pause(now, now.since(from));
            self.from = None;
        }
        if self.between.from.matches(line) {
            self.from = Some(now);
        }
    }

    fn applied(&mut self, now: Now, _: &str) {
        if self.since.is_none() {
            *self = Watched { since: Some(now), ..self.between.watcher() };
        }
    }

    fn judge(&self, _: &mut End) -> (bool, String) {
        let spec = &self.between;
        let pauses = match self.pauses {
            0 => "there was no pause to be measured".to_owned(),
            1 => "there was 1 pause".to_owned(),
            n => format!("there were {n} pauses"),
        };
        match &self.wrong {
            Some(wrong) => (false, wrong.clone()),
            None if self.pauses < spec.at_least => (false, pauses),
            None if spec.at_most.is_some_and(|most| self.pauses > most) => (false, pauses),
            None => (true, pauses),
        }
    }

    fn copy(&self) -> Box<dyn Watcher> {
        Box::new(self.clone())
    }
}

fn seconds(span: Duration) -> String {
    Span(Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))).to_string()
}
