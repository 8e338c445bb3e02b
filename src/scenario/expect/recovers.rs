//! `recovers_within`: after a fault all is as it was before it, and soon.

use super::doubt::{Doubt, mistake};
use super::kind::{Built, SubjectKind};
use super::lines::Since;
use super::written::WrittenExpectation;
use super::{Context, Expectation, Subject, Watcher};
use crate::fault::{Known, Lasts, Problem, Rule, Standing};
use crate::scenario::verdict::{End, Seen, shown};
use crate::time::Now;
use crate::time::units::Span;
use std::collections::BTreeSet;
use std::time::Duration;

pub(super) const RECOVERS_WITHIN: SubjectKind = SubjectKind {
    key: "recovers_within",
    met: "when so soon after a fault (the first, or that of `since`) was lifted, or applied where it is never lifted, the module has again what it had \
          before it (registration, a bearer, a session), a transfer that was under way is over, and a command is answered OK",
    with: &["since"],
    example: "recovers_within = \"2m\"\nsince = \"tunnel\"",
    build,
    doubts,
};

/// What comes after a fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovers {
    limit: Duration,
    /// Which fault.
    pub since: Since,
    /// The faults that end by themselves: it counts from there.
    pub(in crate::scenario) ending: BTreeSet<String>,
}

fn build(written: &WrittenExpectation, _: &Known) -> Built {
    let limit = written.recovers_within.unwrap_or_default();
    let after =
        written.since.as_ref().map_or("the first fault".to_owned(), |name| format!("the fault {name}"));
    let since = Since::of(written.since.as_deref(), Since::FirstFault);
    let recovers = Recovers { limit: limit.0, since, ending: BTreeSet::new() };
    Ok((Subject::Recovers(recovers), format!("the host recovers within {limit} after {after}")))
}

fn doubts(written: &WrittenExpectation, _: &Known) -> Vec<Doubt> {
    let mut doubts = vec![];
    if written.recovers_within.is_some_and(|limit| limit.0.is_zero()) {
        doubts.push(mistake("recovers_within", "no host recovers in no time", "write more than 0s"));
    }
    if written.since.as_deref() == Some("start") {
        doubts.push(mistake("since", "there is nothing to recover from at the start", "name a fault"));
    }
    doubts
}

impl Recovers {
    /// Takes note of the faults that end by themselves.
    pub(in crate::scenario) fn learn(&mut self, rules: &[Rule]) {
        let ends = |rule: &&Rule| rule.until.is_some() || matches!(rule.lasts, Lasts::For(_));
        self.ending = rules.iter().filter(ends).filter_map(|rule| rule.name.clone()).collect();
    }

    pub(super) fn doubts_in(&self, of: &Expectation, context: &Context) -> Vec<Problem> {
        if context.scenario.rules.iter().all(|rule| rule.silent) {
            let right = "add a [[fault]], or leave this out";
            return vec![Problem::new(of.span.clone(), "there is no fault to recover from", right)];
        }
        let never = context.end.filter(|end| *end <= self.limit).map(|end| {
            let what = format!("the time says nothing: the run is to end within {}", Span(end));
            Problem::warning(of.span.clone(), what, format!("write less than {}", Span(end)))
        });
        never.into_iter().collect()
    }

    pub(super) fn watcher(&self) -> Watched {
        Watched {
            recovers: self.clone(),
            standing: Standing::default(),
            needs: Standing::default(),
            from: None,
            holds: false,
            asked: false,
            answered: false,
            done: None,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Watched {
    recovers: Recovers,
    standing: Standing,
    /// What the module had when the fault came.
    needs: Standing,
    /// From when on it counts.
    from: Option<Now>,
    /// Whether the fault will end by itself, and has not yet.
    holds: bool,
    /// Whether a command was sent since the fault was applied: the answer to one before it says nothing.
    asked: bool,
    /// Whether one was answered OK since then.
    answered: bool,
    done: Option<Now>,
}

impl Watched {
    fn lacks(&self) -> Vec<&'static str> {
        let lacks = [
            (self.holds, "the fault never ended"),
            (self.needs.registered, "the module was not registered again"),
            (self.needs.bearer(), "no bearer was up again"),
            (self.needs.session, "no session was open again"),
            (self.needs.transfer, "the transfer was not over"),
            (!self.answered, "no command was answered OK"),
        ];
        lacks.into_iter().filter(|(so, _)| *so).map(|(_, what)| what).collect()
    }

    /// What the module has again once a command was answered is needed no more: a session may well be closed then.
    fn look(&mut self, now: Now) {
        if self.from.is_none() || self.holds || !self.answered || self.done.is_some() {
            return;
        }
        self.needs = self.needs.without(&self.standing);
        if self.lacks().is_empty() {
            self.done = Some(now);
        }
    }
}

impl Watcher for Watched {
    fn seen(&mut self, now: Now, seen: Seen) {
        match seen {
            Seen::State(state) => {
                self.standing.reach(state);
            }
            Seen::Command(..) => self.asked = true,
            Seen::Result(_, _, cause) => {
                self.answered |=
                    self.asked && self.from.is_some() && (cause == "OK" || cause.starts_with("CONNECT"));
            }
            _ => return,
        }
        self.look(now);
    }

    fn applied(&mut self, now: Now, name: &str) {
        // Until it has recovered, what it had before the first of them is what counts.
        if self.from.is_none() || self.done.is_some() {
            self.needs = self.standing;
        }
        self.holds = self.recovers.ending.contains(name);
        (self.from, self.asked, self.answered, self.done) = (Some(now), false, false, None);
    }

    fn lifted(&mut self, now: Now) {
        if self.holds {
            self.holds = false;
            (self.from, self.answered) = (Some(now), false);
        }
    }

    fn judge(&self, _: &mut End) -> (bool, String) {
        let Some(from) = self.from else { return (false, "no fault was applied".to_owned()) };
        match self.done {
            Some(at) if at <= from + self.recovers.limit => {
                (true, format!("it had recovered at {}, from {} on", shown(at), shown(from)))
            }
            Some(at) => (
                false,
                format!("it had recovered at {}, which is too late (from {} on)", shown(at), shown(from)),
            ),
            None => (false, format!("it had not recovered in the end: {}", self.lacks().join(", "))),
        }
    }

    fn copy(&self) -> Box<dyn Watcher> {
        Box::new(self.clone())
    }
}
