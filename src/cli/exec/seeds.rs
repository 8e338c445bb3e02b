//! `A..B`: the seeds of many runs.

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

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = u64> {
        self.first..=self.last
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_included() {
        let seeds = |text: &str| text.parse::<Seeds>().map(|s| s.iter().collect::<Vec<_>>());
        assert_eq!(seeds("1..3"), Ok(vec![1, 2, 3]));
        assert_eq!(seeds("7"), Ok(vec![7]));
        assert_eq!(seeds("18446744073709551615"), Ok(vec![u64::MAX]));
        for wrong in ["3..1", "", "..", "1..", "a..b", "1...3", "1..=3", "-1..3"] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }
}
