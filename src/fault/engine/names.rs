//! What the rules of a run are called, and what keys their dice.

use super::live::Live;
use crate::fault::rule::Rule;
use std::collections::{BTreeMap, BTreeSet};

/// What is taken by the rules that are there.
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

    /// What keys the dice of one more rule: the rule itself, not its place, so that other rules do not matter.
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
