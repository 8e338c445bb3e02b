//! `ends_within`: how long a run may take.

use super::doubt::{self, Doubt, mistake};
use super::kind::SubjectKind;
use super::written::WrittenExpectation;
use super::{Context, Expectation, Subject, Watcher};
use crate::fault::{Known, Problem};
use crate::scenario::verdict::End;
use crate::time::Now;
use crate::time::units::Span;
use std::time::Duration;

pub(super) const ENDS_WITHIN: SubjectKind = SubjectKind {
    key: "ends_within",
    met: "when the run takes no longer, on the modem's clock",
    with: &[],
    example: "ends_within = \"2m\"",
    build: |written, _| {
        let limit = written.ends_within.unwrap_or_default();
        Ok((Subject::EndsWithin(limit.0), format!("the run ends within {limit}")))
    },
    doubts,
};

fn doubts(written: &WrittenExpectation, known: &Known) -> Vec<Doubt> {
    match written.ends_within {
        Some(limit) if limit.0.is_zero() => {
            vec![mistake("ends_within", "no run ends in no time", "write more than 0s")]
        }
        _ => doubt::none(written, known),
    }
}

/// A limit that another makes needless.
pub(super) fn doubts_in(limit: Duration, of: &Expectation, context: &Context) -> Vec<Problem> {
    let shorter = context.end.filter(|end| *end < limit);
    let problem = |end| {
        let what = format!(
            "another expectation has the run end within {}, so this one never fails first",
            Span(end)
        );
        Problem::new(of.span.clone(), what, "keep the shorter one")
    };
    shorter.map(problem).into_iter().collect()
}

#[derive(Clone, Debug)]
pub(super) struct Watched(pub Duration);

impl Watcher for Watched {
    fn judge(&self, end: &mut End) -> (bool, String) {
        let took = end.now.since(Now::ZERO);
        (took <= self.0, format!("the run took {:.3} s", took.as_secs_f64()))
    }

    fn copy(&self) -> Box<dyn Watcher> {
        Box::new(self.clone())
    }
}
