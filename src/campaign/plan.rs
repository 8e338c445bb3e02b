//! Which runs there are, in what order, and which of them one machine does.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// Seeds from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    first: u64,
    last: u64,
}

impl Seeds {
    /// One seed.
    pub fn one(seed: u64) -> Seeds {
        Seeds { first: seed, last: seed }
    }

    fn len(self) -> u64 {
        (self.last - self.first).saturating_add(1)
    }
}

impl fmt::Display for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}..{}", self.first, self.last)
    }
}

impl FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Seeds, String> {
        let wrong = || format!("`{text}` are no seeds; write them like 1..100");
        let number = |part: &str| part.trim().parse::<u64>().map_err(|_| wrong());
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let seeds = Seeds { first: number(first)?, last: number(last)? };
        match seeds.first <= seeds.last {
            true => Ok(seeds),
            false => Err(format!("`{text}` has no seed in it; write the smaller one first")),
        }
    }
}

/// One machine's part of the runs: `2/8` is the second of eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Shard {
    /// Which, from 1.
    pub index: u64,
    /// How many there are.
    pub of: u64,
}

impl Shard {
    /// The only one.
    pub const WHOLE: Shard = Shard { index: 1, of: 1 };

    /// Whether it holds the point of this number, counted from 1. The numbers go round, so that no shard has more than one
    /// more than another, and none has all of what is slow because it is next to each other.
    pub fn holds(self, number: u64) -> bool {
        (number - 1) % self.of == self.index - 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let number = |part: &str| part.trim().parse::<u64>().ok().filter(|n| (1..=1_000_000).contains(n));
        let shard = text.split_once('/').and_then(|(index, of)| Some((number(index)?, number(of)?)));
        match shard {
            Some((index, of)) if index <= of => Ok(Shard { index, of }),
            Some((_, of)) => Err(format!("there are {of} shards; the first is 1/{of}, the last {of}/{of}")),
            None => Err("write which of how many, such as 2/8".into()),
        }
    }
}

/// One run of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Its number in the plan, from 1.
    pub number: u64,
    /// Which scenario, from 0.
    pub scenario: usize,
    /// The seed of what is drawn.
    pub seed: u64,
    /// Which time under this seed, from 1.
    pub run: u32,
}

/// All runs: each scenario under each of its seeds, so many times.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seeds of each scenario.
    seeds: Vec<Seeds>,
    repeat: u32,
}

impl Plan {
    /// Of these scenarios' seeds, each repeated so many times.
    pub fn new(seeds: Vec<Seeds>, repeat: u32) -> Plan {
        Plan { seeds, repeat: repeat.max(1) }
    }

    /// How many points it has.
    pub fn points(&self) -> u64 {
        self.seeds.iter().fold(0, |sum: u64, seeds| sum.saturating_add(self.points_of(*seeds)))
    }

    /// How many points one shard has.
    pub fn points_in(&self, shard: Shard) -> u64 {
        (self.points() + shard.of - shard.index) / shard.of
    }

    fn points_of(&self, seeds: Seeds) -> u64 {
        seeds.len().saturating_mul(self.repeat.into())
    }

    /// The point of a number, counted from 1.
    pub fn point(&self, number: u64) -> Option<Point> {
        let mut left = number.checked_sub(1)?;
        for (scenario, seeds) in self.seeds.iter().enumerate() {
            let points = self.points_of(*seeds);
            if left < points {
                let repeat = u64::from(self.repeat);
                let (seed, run) = (seeds.first + left / repeat, u32::try_from(left % repeat).ok()? + 1);
                return Some(Point { number, scenario, seed, run });
            }
            left -= points;
        }
        None
    }

    /// The points of one shard, in their order.
    pub fn shard(self, shard: Shard) -> impl Iterator<Item = Point> + Send {
        let mut next = Some(shard.index);
        std::iter::from_fn(move || {
            let number = next?;
            next = number.checked_add(shard.of);
            self.point(number)
        })
    }

    /// What tells it from another plan: the names and the texts of its scenarios, the seeds, the repetitions.
    pub fn digest(&self, scenarios: impl Iterator<Item = (String, String)>) -> String {
        let mut hash = Sha256::new();
        for ((name, text), seeds) in scenarios.zip(&self.seeds) {
            for part in [&name, &text] {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part);
            }
            hash.update(seeds.first.to_le_bytes());
            hash.update(seeds.last.to_le_bytes());
        }
        hash.update(self.repeat.to_le_bytes());
        hash.finalize().iter().take(8).map(|octet| format!("{octet:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seeds(text: &str) -> Seeds {
        text.parse().unwrap()
    }

    fn points(plan: &Plan, shard: Shard) -> Vec<Point> {
        plan.clone().shard(shard).collect()
    }

    #[test]
    fn both_ends_are_included() {
        let all = |text: &str| {
            let plan = Plan::new(vec![text.parse().ok()?], 1);
            Some(points(&plan, Shard::WHOLE).iter().map(|point| point.seed).collect::<Vec<_>>())
        };
        assert_eq!(all("1..3"), Some(vec![1, 2, 3]));
        assert_eq!(all("7"), Some(vec![7]));
        assert_eq!(all("18446744073709551615"), Some(vec![u64::MAX]));
        for wrong in ["3..1", "", "..", "1..", "a..b", "1...3", "1..=3", "-1..3"] {
            assert!(wrong.parse::<Seeds>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_plan_is_scenarios_by_seeds_by_runs() {
        let plan = Plan::new(vec![seeds("5..6"), seeds("9")], 2);
        let all = points(&plan, Shard::WHOLE).into_iter().map(|p| (p.number, p.scenario, p.seed, p.run));
        let wanted = [(1, 0, 5, 1), (2, 0, 5, 2), (3, 0, 6, 1), (4, 0, 6, 2), (5, 1, 9, 1), (6, 1, 9, 2)];
        assert_eq!(all.collect::<Vec<_>>(), wanted);
        assert_eq!(plan.points(), 6);
        assert_eq!((plan.point(0), plan.point(7)), (None, None));
    }

    #[test]
    fn shards_are_disjoint_complete_and_balanced() {
        for (last, repeat) in [(1, 1), (3, 3), (100, 1), (41, 2)] {
            let plan = Plan::new(vec![seeds("1..3"), seeds(&format!("1..{last}"))], repeat);
            for of in [1, 2, 3, 8, 200] {
                let parts = (1..=of).map(|index| points(&plan, Shard { index, of })).collect::<Vec<_>>();
                let sizes = parts.iter().map(Vec::len);
                assert!(sizes.clone().max().unwrap() - sizes.min().unwrap() <= 1);
                for (part, index) in parts.iter().zip(1..) {
                    let shard = Shard { index, of };
                    assert_eq!(part.len() as u64, plan.points_in(shard), "{shard}");
                    assert!(part.iter().all(|point| shard.holds(point.number)));
                }
                let mut numbers: Vec<u64> = parts.concat().iter().map(|point| point.number).collect();
                numbers.sort_unstable();
                assert!(numbers.into_iter().eq(1..=plan.points()));
            }
        }
        let endless = Plan::new(vec![seeds("0..18446744073709551615"); 2], 9);
        assert_eq!(points_begin(&endless, Shard { index: 2, of: 8 }), [2, 10, 18]);
    }

    fn points_begin(plan: &Plan, shard: Shard) -> Vec<u64> {
        plan.clone().shard(shard).take(3).map(|point| point.number).collect()
    }

    #[test]
    fn a_shard_is_which_of_how_many() {
        assert_eq!("2/8".parse(), Ok(Shard { index: 2, of: 8 }));
        for wrong in ["0/8", "9/8", "8", "", "a/b", "1/0", "-1/2", "1/8/2"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn another_plan_has_another_digest() {
        let digest = |seeds: &str, repeat, text: &str| {
            let plan = Plan::new(vec![seeds.parse().unwrap()], repeat);
            plan.digest([("a".to_owned(), text.to_owned())].into_iter())
        };
        let first = digest("1..3", 1, "x");
        assert_eq!(first, digest("1..3", 1, "x"));
        for other in [digest("1..4", 1, "x"), digest("1..3", 2, "x"), digest("1..3", 1, "y")] {
            assert_ne!(first, other);
        }
    }
}
