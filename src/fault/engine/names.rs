//! The names of a run's rules, and the keys of their random streams.

use super::live::Live;
use crate::fault::rule::Rule;
use std::collections::{BTreeMap, BTreeSet};

/// The names and keys that are taken.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
    /// The number that a name which is taken goes on with.
    next: BTreeMap<String, u32>,
    twins: BTreeMap<String, usize>,
}

impl Names {
    /// Those of these rules.
    pub fn of(rules: &[Live]) -> Names {
        let mut names = Names::default();
        for live in rules {
            names.taken.insert(live.name.clone());
            *names.twins.entry(text(&live.rule)).or_default() += 1;
        }
        names
    }

    /// A name of its own for one more rule: as it is written, or what it does; with a number where that is taken.
    pub fn name(&mut self, rule: &Rule) -> String {
        let base = rule.name.clone().unwrap_or_else(|| rule.kind.name.to_owned());
        if self.taken.insert(base.clone()) {
            return base;
        }
        let next = self.next.entry(base.clone()).or_insert(2);
        loop {
            let name = format!("{base}-{next}");
            *next += 1;
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }

    /// The key of one more rule's random stream. It comes from the rule itself, not from its place, so that other rules do
    /// not change it.
    pub fn identity(&mut self, rule: &Rule) -> String {
        let text = text(rule);
        let twins = self.twins.entry(text.clone()).or_default();
        let identity = format!("{text} #{twins}");
        *twins += 1;
        identity
    }
}

fn text(rule: &Rule) -> String {
    match &rule.name {
        Some(name) => format!("named {name}"),
        None => {
            let r = rule;
            format!("{:?} {:?} {:?} {} {:?} {:?}", r.when, r.count, r.wait, r.text, r.lasts, r.until)
        }
    }
}
