//! Rules that stand in each other's way, found without holding each against each: a file may have thousands.

use crate::fault::layer::Action;
use crate::fault::rule::Rule;
use crate::fault::rule::amount::Lasts;
use crate::fault::rule::check::{covers, slot};
use crate::fault::text::problem::Problem;
use std::collections::BTreeMap;

/// Every rule that has another's name, or is left nothing by one before it.
pub(super) fn contradictions(rules: &[Rule]) -> Vec<Problem> {
    let mut names = BTreeMap::new();
    let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
    let mut problems = vec![];
    for (i, rule) in rules.iter().enumerate() {
        let twin = rule.name.as_ref().and_then(|name| names.insert(name, i));
        let same_time = format!("{:?} {:?} {:?} {:?}", rule.when, rule.count, rule.wait, rule.during);
        let before = seen.entry(same_time).or_default();
        if let Some(twin) = twin {
            let what = format!("two faults are named `{}`", rule.name.as_deref().unwrap_or_default());
            let problem = Problem::new(rule.span.clone(), what, "give one of them another name");
            problems.push(problem.beside(rules[twin].span.clone(), "this one, too"));
        } else if let Some(earlier) = before.winner(rules, rule).filter(|_| rule.count.probability.is_none())
        {
            let earlier = &rules[earlier];
            let what =
                format!("`{}` contradicts `{}`, which stands before it and wins", rule.text, earlier.text);
            let right = "keep one of them, or give them different triggers";
            let problem = Problem::new(rule.span.clone(), what, right);
            problems.push(problem.beside(earlier.span.clone(), "this one wins"));
        }
        before.add(i, rule);
    }
    problems
}

/// The rules with one trigger that came before, each by its place in the file.
#[derive(Debug, Default)]
struct Seen {
    /// By what only one can have its way with: the first that is not lifted again.
    lasting: BTreeMap<String, usize>,
    /// The same, by how long it lasts: the first of each.
    as_long: BTreeMap<(String, String), usize>,
    /// Rules about names, by what their patterns end with: the first of those that are alike.
    hosts: BTreeMap<String, BTreeMap<String, usize>>,
}

impl Seen {
    /// The first that leaves `rule` nothing.
    fn winner(&self, rules: &[Rule], rule: &Rule) -> Option<usize> {
        let slot = slot(rule)?;
        let time = lasting(rule);
        let same = [self.lasting.get(&slot), self.as_long.get(&(slot, time.clone()))];
        let same = same.into_iter().flatten().copied();
        let host = match &rule.what {
            Action::Name(name) => name.host.as_str().to_ascii_uppercase(),
            _ => String::new(),
        };
        let ends = (0..=host.len()).filter_map(|start| self.hosts.get(host.get(start..)?));
        let covering = ends.flat_map(BTreeMap::values).copied().filter(|i| {
            let earlier = &rules[*i];
            (hides(earlier) || lasting(earlier) == time) && covers(earlier, rule)
        });
        same.chain(covering).min()
    }

    fn add(&mut self, i: usize, rule: &Rule) {
        let Some(slot) = slot(rule) else { return };
        if hides(rule) {
            self.lasting.entry(slot.clone()).or_insert(i);
        }
        self.as_long.entry((slot, lasting(rule))).or_insert(i);
        if let Action::Name(name) = &rule.what {
            let like = format!("{} {:?} {:?} {}", name.host, name.port, name.what, lasting(rule));
            let host = name.host.as_str().to_ascii_uppercase();
            let end = host.rsplit('*').next().unwrap_or_default();
            let there = self.hosts.entry(end.to_owned()).or_default();
            there.entry(like).or_insert(i);
        }
    }
}

/// Whether it stays, once it is applied, until somebody lifts it.
fn hides(rule: &Rule) -> bool {
    rule.until.is_none() && !matches!(rule.lasts, Lasts::For(_))
}

fn lasting(rule: &Rule) -> String {
    format!("{:?} {:?}", rule.lasts, rule.until)
}
