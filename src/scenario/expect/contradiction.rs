//! Expectations that no run can meet together, and those that say the same twice.

use super::doubt::is_result;
use super::lines::{Lines, Since, Who};
use super::{Expectation, OverSeeds, Subject};
use crate::fault::Problem;
use std::collections::BTreeMap;
use std::ops::Range;

/// Those that no run can meet, for what one wants of a line another forbids; and those that are there twice.
pub(in crate::scenario) fn contradictions(expectations: &[Expectation]) -> Vec<Problem> {
    let mut problems = lines(expectations);
    problems.extend(orders(expectations));
    problems.extend(states(expectations));
    problems.extend(twice(expectations));
    problems.sort_by_key(|problem| problem.span.start);
    problems
}

/// Lines of one expectation, and where it stands.
struct Of<'a> {
    lines: &'a Lines,
    over: Option<OverSeeds>,
    span: &'a Range<usize>,
}

fn lines(expectations: &[Expectation]) -> Vec<Problem> {
    let all: Vec<Of> = expectations
        .iter()
        .filter_map(|e| match &e.subject {
            Subject::Lines(lines) => Some(Of { lines, over: e.over_seeds, span: &e.span }),
            _ => None,
        })
        .collect();
    // By what their patterns begin with: a file may have thousands, and each is held against few.
    let mut limiting: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (i, of) in all.iter().enumerate().filter(|(_, of)| of.lines.at_most.is_some()) {
        let text = of.lines.pattern.as_str().to_ascii_uppercase();
        let begin = text.split('*').next().unwrap_or_default();
        limiting.entry(begin.to_owned()).or_default().push(i);
    }
    let mut problems = vec![];
    for (i, wanted) in all.iter().enumerate().filter(|(_, of)| of.lines.at_least > 0) {
        let text = wanted.lines.pattern.as_str().to_ascii_uppercase();
        let begins = (0..=text.len()).filter_map(|end| limiting.get(text.get(..end)?)).flatten();
        let both_only_sometimes = |j: &usize| [all[*j].over, wanted.over] == [Some(OverSeeds::Sometimes); 2];
        let against = |j: &usize| *j != i && !both_only_sometimes(j) && all[*j].lines.forbids(wanted.lines);
        if let Some(j) = begins.copied().filter(against).min() {
            let (later, earlier) = (&all[i.max(j)], &all[i.min(j)]);
            let what = match all[j].lines.at_most {
                Some(0) => format!("one expectation wants `{}`, and one forbids it", later.lines.pattern),
                _ => format!("one expectation wants more of `{}` than another allows", later.lines.pattern),
            };
            let label = if i < j { "wanted here" } else { "forbidden here" };
            let problem = Problem::new(later.span.clone(), what, "keep one of them");
            problems.push(problem.beside(earlier.span.clone(), label));
        }
    }
    problems
}

/// A command that is wanted at a place in an order, and forbidden.
fn orders(expectations: &[Expectation]) -> Vec<Problem> {
    let mut problems = vec![];
    let forbidden = |e: &&Expectation| matches!(&e.subject, Subject::Lines(l) if l.at_most == Some(0) && l.who == Who::Host && l.since == Since::Start);
    let forbidden: Vec<&Expectation> = expectations.iter().filter(forbidden).take(100).collect();
    for expectation in expectations {
        let Subject::Order(order) = &expectation.subject else { continue };
        let against = forbidden.iter().find(|e| {
            let Subject::Lines(lines) = &e.subject else { return false };
            let port = lines.port.is_none() || lines.port == order.port;
            port && order.patterns.iter().any(|(pattern, _)| lines.pattern.covers(pattern))
        });
        if let Some(against) = against {
            let what = "a command of this order is forbidden by another expectation";
            let problem = Problem::new(expectation.span.clone(), what, "keep one of them");
            problems.push(problem.beside(against.span.clone(), "forbidden here"));
        }
    }
    problems
}

/// Two states, or two statuses, that cannot be at once.
fn states(expectations: &[Expectation]) -> Vec<Problem> {
    let mut problems = vec![];
    let told: Vec<&Expectation> = expectations
        .iter()
        .filter(|e| matches!(e.subject, Subject::State(_) | Subject::Status(_)) && !e.is_only_sometimes())
        .take(100)
        .collect();
    for (i, one) in told.iter().enumerate() {
        let clash = told[..i].iter().find(|other| match (&one.subject, &other.subject) {
            (Subject::State(one), Subject::State(other)) => one.excludes(*other),
            (Subject::Status(one), Subject::Status(other)) => one != other,
            _ => false,
        });
        if let Some(other) = clash {
            let problem = Problem::new(one.span.clone(), "no run can meet both of these", "keep one of them");
            problems.push(problem.beside(other.span.clone(), "against this"));
        }
    }
    problems
}

/// One that says what another has said.
fn twice(expectations: &[Expectation]) -> Vec<Problem> {
    let mut said: BTreeMap<(&str, bool), &Expectation> = BTreeMap::new();
    let mut problems = vec![];
    for expectation in expectations {
        match said.entry((&expectation.text, expectation.is_only_sometimes())) {
            std::collections::btree_map::Entry::Vacant(entry) => drop(entry.insert(expectation)),
            std::collections::btree_map::Entry::Occupied(first)
                if first.get().subject == expectation.subject =>
            {
                let what = "this says the same as another expectation";
                let problem = Problem::warning(expectation.span.clone(), what, "leave one of them out");
                problems.push(problem.beside(first.get().span.clone(), "said here"));
            }
            std::collections::btree_map::Entry::Occupied(_) => {}
        }
    }
    problems
}

impl Lines {
    /// Whether what this one allows is not enough for another.
    fn forbids(&self, other: &Lines) -> bool {
        // A result code can be said by its cause, and not be printed.
        let by_cause = self.who == Who::Module && (is_result(&self.pattern) || is_result(&other.pattern));
        self.at_most.is_some_and(|most| other.at_least > most)
            && self.who == other.who
            && !by_cause
            && self.pattern.covers(&other.pattern)
            && (self.port.is_none() || self.port == other.port)
            && (self.since == Since::Start || self.since == other.since)
    }
}
