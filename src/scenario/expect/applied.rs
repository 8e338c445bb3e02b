//! `fault_applied`: a fault that has to happen, so that the run shows anything.

use super::kind::SubjectKind;
use super::{Context, Expectation, Subject, Watcher, doubt};
use crate::fault::{ModuleState, Problem, Rule, Trigger, Which};
use crate::scenario::verdict::{End, shown};
use crate::time::Now;

pub(super) const FAULT_APPLIED: SubjectKind = SubjectKind {
    key: "fault_applied",
    met: "when that fault happened at all",
    with: &[],
    example: "fault_applied = \"tunnel\"",
    build: |written, _| {
        let name = written.fault_applied.clone().unwrap_or_default();
        let text = format!("the fault {name} is applied");
        Ok((Subject::Applied(name), text))
    },
    doubts: doubt::none,
};

/// A fault that no run is without.
pub(super) fn doubts_in(name: &str, of: &Expectation, context: &Context) -> Vec<Problem> {
    let rule = context.scenario.rules.iter().find(|rule| rule.name.as_deref() == Some(name));
    let first = |rule: &&Rule| {
        let counts = matches!(rule.count.which, Which::Nth(1) | Which::Every(1) | Which::First(_));
        counts && rule.count.probability.is_none() && rule.wait.is_zero()
    };
    let always = rule.filter(first).is_some_and(|rule| match &rule.when {
        Trigger::Start | Trigger::Boot(1) | Trigger::State(ModuleState::Powered) => true,
        Trigger::At(at) => at.is_zero(),
        _ => false,
    });
    let what = format!("every run meets this: the fault `{name}` holds from power-on");
    let right = "give it a `when` that depends on the host, or leave the expectation out";
    always.then(|| Problem::new(of.names.clone(), what, right)).into_iter().collect()
}

#[derive(Clone, Debug, Default)]
pub(super) struct Watched {
    first: Option<Now>,
}

impl Watcher for Watched {
    fn applied(&mut self, now: Now, _: &str) {
        self.first.get_or_insert(now);
    }

    fn judge(&self, _: &mut End) -> (bool, String) {
        match self.first {
            Some(at) => (true, format!("it was applied at {}", shown(at))),
            None => (false, "it was never applied".to_owned()),
        }
    }

    fn copy(&self) -> Box<dyn Watcher> {
        Box::new(self.clone())
    }
}
