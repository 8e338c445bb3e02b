//! A campaign: what holds over many runs of one scenario, of which each has a verdict of its own.

use crate::scenario::{Outcome, OverSeeds};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the expectations with `over_seeds` have come to, run by run.
#[derive(Clone, Debug, Default)]
pub struct Campaign {
    held: Vec<Held>,
    runs: u64,
}

/// One expectation over the runs so far.
#[derive(Clone, Debug)]
struct Held {
    text: String,
    over: OverSeeds,
    times: u64,
    /// The seed of the first run that met it, and of the first that did not.
    met: Option<u64>,
    missed: Option<u64>,
    span: std::ops::Range<usize>,
}

/// How an expectation fared over all runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Overall {
    /// The expectation in words.
    pub text: String,
    /// Whether it was met.
    pub met: bool,
    /// In how many runs, and with which seed to see it.
    pub why: String,
    /// In how many runs it was met.
    pub times: u64,
    /// How many runs there were.
    pub runs: u64,
    /// Where it stands in the file.
    #[serde(skip)]
    pub span: std::ops::Range<usize>,
}

impl Campaign {
    /// Takes note of a run's verdict.
    pub fn add(&mut self, seed: u64, outcomes: &[Outcome]) {
        self.runs += 1;
        for outcome in outcomes {
            let Some(over) = outcome.over_seeds else { continue };
            let at = self.held.iter().position(|held| held.span == outcome.span && held.text == outcome.text);
            let at = at.unwrap_or_else(|| {
                let (text, span) = (outcome.text.clone(), outcome.span.clone());
                self.held.push(Held { text, over, times: 0, met: None, missed: None, span });
                self.held.len() - 1
            });
            let held = &mut self.held[at];
            held.times += u64::from(outcome.met);
            let first = if outcome.met { &mut held.met } else { &mut held.missed };
            *first = Some(first.map_or(seed, |first| first.min(seed)));
        }
    }

    /// What another campaign of the same scenario has seen, with other seeds.
    pub fn join(&mut self, other: &Campaign) {
        self.runs += other.runs;
        for theirs in &other.held {
            match self.held.iter_mut().find(|held| held.span == theirs.span && held.text == theirs.text) {
                None => self.held.push(theirs.clone()),
                Some(held) => {
                    let first = |a: Option<u64>, b: Option<u64>| a.into_iter().chain(b).min();
                    held.times += theirs.times;
                    (held.met, held.missed) =
                        (first(held.met, theirs.met), first(held.missed, theirs.missed));
                }
            }
        }
    }

    /// How each expectation that is about many runs fared. With no run none did.
    pub fn overall(&self) -> Vec<Overall> {
        let overall = |held: &Held| {
            let (times, runs) = (held.times, self.runs);
            let met = match held.over {
                OverSeeds::Sometimes => times > 0,
                _ => times == runs,
            };
            let seed = match (held.over, met) {
                (OverSeeds::Sometimes, true) => held.met,
                (OverSeeds::Sometimes, false) => None,
                _ => held.missed,
            };
            let seed = seed.map_or(String::new(), |seed| match met {
                true => format!(", such as that with seed {seed}"),
                false => format!(", and not in that with seed {seed}"),
            });
            let of = if runs == 1 { "the only run".to_owned() } else { format!("{runs} runs") };
            let why = match times {
                0 => format!("met in none of {of}{}", seed),
                times if times == runs => format!("met in all of {of}{seed}"),
                times => format!("met in {times} of {of}{seed}"),
            };
            Overall { text: held.text.clone(), met, why, times, runs, span: held.span.clone() }
        };
        self.held.iter().map(overall).collect()
    }

    /// Whether all of them were met.
    pub fn met(&self) -> bool {
        self.overall().iter().all(|overall| overall.met)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(text: &str, over_seeds: Option<OverSeeds>, met: bool) -> Outcome {
        let mut outcome = Outcome::new(text, met, "");
        outcome.over_seeds = over_seeds;
        outcome
    }

    fn campaign(runs: &[[bool; 3]]) -> Campaign {
        let mut campaign = Campaign::default();
        for (seed, [sometimes, always, each]) in (1..).zip(runs) {
            campaign.add(
                seed,
                &[
                    outcome("a", Some(OverSeeds::Sometimes), *sometimes),
                    outcome("b", Some(OverSeeds::Always), *always),
                    outcome("c", None, *each),
                ],
            );
        }
        campaign
    }

    #[test]
    fn sometimes_is_once_and_always_is_each_time() {
        let told = |runs: &[[bool; 3]]| {
            let overall = campaign(runs).overall();
            overall.into_iter().map(|o| (o.met, o.why)).collect::<Vec<_>>()
        };
        assert_eq!(told(&[]), []);
        let both = told(&[[false, true, false], [true, true, false], [false, false, false]]);
        assert_eq!(both[0], (true, "met in 1 of 3 runs, such as that with seed 2".to_owned()));
        assert_eq!(both[1], (false, "met in 2 of 3 runs, and not in that with seed 3".to_owned()));
        assert_eq!(told(&[[false, true, true]; 2])[0], (false, "met in none of 2 runs".to_owned()));
        assert_eq!(told(&[[true, true, true]; 2])[1], (true, "met in all of 2 runs".to_owned()));
        assert_eq!(both.len(), 2);
    }

    #[test]
    fn two_halves_are_as_the_whole() {
        let runs = [[false, true, true], [true, false, true], [false, true, true]];
        let whole = campaign(&runs);
        let mut halves = campaign(&runs[..1]);
        let mut rest = Campaign::default();
        for (seed, run) in (2..).zip(&runs[1..]) {
            rest.add(
                seed,
                &[
                    outcome("a", Some(OverSeeds::Sometimes), run[0]),
                    outcome("b", Some(OverSeeds::Always), run[1]),
                ],
            );
        }
        halves.join(&rest);
        assert_eq!(halves.overall(), whole.overall());
        assert!(!whole.met());
    }

    #[test]
    fn a_run_may_go_without_what_is_only_sometimes_so() {
        assert!(!outcome("a", Some(OverSeeds::Sometimes), false).fails());
        assert!(outcome("a", Some(OverSeeds::Always), false).fails());
        assert!(outcome("a", None, false).fails());
    }
}
