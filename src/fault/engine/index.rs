//! Which rules a thing that happens is of concern to. So rules that it is not cost no time, even thousands of them.

use super::fact::{Fact, Topic};
use super::live::Live;
use crate::fault::layer::kind::Layer;
use crate::fault::rule::trigger::Trigger;
use crate::time::Now;
use std::collections::{BTreeMap, BTreeSet};

/// The rules by what they wait for and by where they act; a rule is its place in the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Those that hold.
    held: BTreeMap<Layer, BTreeSet<usize>>,
    /// Those that wait for something of a kind, to be applied or to be lifted.
    waiting: BTreeMap<Topic, Vec<usize>>,
    /// Those that wait for the fault with this name.
    followers: BTreeMap<String, Vec<usize>>,
    /// When the next thing happens to them by themselves.
    due: BTreeSet<(Now, usize)>,
    /// The same, by rule.
    dates: Vec<Option<Now>>,
}

impl Index {
    /// The index of these rules.
    pub fn of(rules: &[Live]) -> Index {
        let mut index = Index::default();
        rules.iter().for_each(|live| index.push(live));
        index
    }

    /// Takes in one more rule, behind the others.
    pub fn push(&mut self, live: &Live) {
        let i = self.dates.len();
        self.dates.push(None);
        let when = Some(&live.rule.when);
        for trigger in [when, live.until_trigger()].into_iter().flatten() {
            let places = match trigger {
                Trigger::After(name) | Trigger::Lifted(name) => {
                    self.followers.entry(name.clone()).or_default()
                }
                trigger => match Topic::of(trigger) {
                    Some(topic) => self.waiting.entry(topic).or_default(),
                    None => continue,
                },
            };
            if places.last() != Some(&i) {
                places.push(i);
            }
        }
        self.hold(i, live);
        self.date(i, live);
    }

    /// Notes whether a rule holds now.
    pub fn hold(&mut self, i: usize, live: &Live) {
        let held = self.held.entry(live.rule.what.layer()).or_default();
        match live.active {
            Some(_) => held.insert(i),
            None => held.remove(&i),
        };
    }

    /// Notes when the next thing happens to a rule by itself.
    pub fn date(&mut self, i: usize, live: &Live) {
        let date = live.due();
        let before = std::mem::replace(&mut self.dates[i], date);
        if before != date {
            before.map(|at| self.due.remove(&(at, i)));
            date.map(|at| self.due.insert((at, i)));
        }
    }

    /// When the next thing happens to any rule by itself.
    pub fn next_date(&self) -> Option<Now> {
        self.due.first().map(|(at, _)| *at)
    }

    /// The first rule, from rule `from` on, to which something happens at this point in time.
    pub fn due_at(&self, at: Now, from: usize) -> Option<usize> {
        self.due.range((at, from)..=(at, usize::MAX)).next().map(|(_, i)| *i)
    }

    /// The rules that hold and act on a layer, in file order.
    pub fn held(&self, layer: Layer) -> impl Iterator<Item = usize> {
        self.held.get(&layer).into_iter().flatten().copied()
    }

    /// The rules that wait for something of this kind, in file order.
    pub fn about(&self, topic: Topic) -> impl Iterator<Item = usize> {
        self.waiting.get(&topic).into_iter().flatten().copied()
    }

    /// All rules that wait for something of the kind that has happened, in file order.
    pub fn concerned(&self, fact: &Fact) -> &[usize] {
        let places = match fact {
            Fact::Applied(name) | Fact::Lifted(name) => self.followers.get(*name),
            fact => fact.topic().and_then(|topic| self.waiting.get(&topic)),
        };
        places.map_or(&[], Vec::as_slice)
    }

    /// Whether two indexes have the same rules holding, and the same times.
    #[cfg(test)]
    pub fn agrees(&self, other: &Index) -> bool {
        let held = |index: &Index| index.held.values().flatten().copied().collect::<BTreeSet<_>>();
        (&self.due, &self.dates) == (&other.due, &other.dates) && held(self) == held(other)
    }
}
