//! Which of the times that a trigger happens count, and the dice of a rule.

use crate::fault::layer::param::{Delay, Spread};
use crate::fault::rule::trigger::{Count, Which};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::time::Duration;

/// The random stream of one rule.
#[derive(Clone, Debug)]
pub(in crate::fault) struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of the rule that is known as `identity`, in runs with this seed.
    pub fn new(seed: u64, identity: &str) -> Dice {
        let key = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(identity).finalize();
        Dice(ChaCha8Rng::from_seed(key.into()))
    }

    /// True with this probability.
    pub fn falls(&mut self, probability: f64) -> bool {
        f64::from(self.0.next_u32()) < probability * (f64::from(u32::MAX) + 1.0)
    }

    /// From 0 to `below` - 1; 0 where `below` is 0.
    pub fn below(&mut self, below: u64) -> u64 {
        self.0.next_u64() % below.max(1)
    }

    /// A byte.
    pub fn byte(&mut self) -> u8 {
        self.0.next_u32().to_le_bytes()[0]
    }

    /// So many bytes.
    pub fn bytes(&mut self, n: u64) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(n).unwrap_or(0)];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// A byte that is not 0: what changes another byte by exclusive or.
    pub fn flip(&mut self) -> u8 {
        self.byte().max(1)
    }

    /// How much later this once.
    pub fn delay(&mut self, delay: &Delay) -> Duration {
        if delay.jitter.is_zero() {
            return delay.by;
        }
        let more = match delay.spread {
            Spread::Uniform => self.span(delay.jitter),
            // Longer than a hundred times is no jitter any more.
            Spread::LogNormal => delay.jitter.mul_f64(self.normal().exp().min(100.0)),
        };
        delay.by + more
    }

    /// A number of the normal distribution, near enough: the sum of twelve that are uniform.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| f64::from(self.0.next_u32()) / f64::from(u32::MAX)).sum::<f64>() - 6.0
    }

    /// Up to `span`.
    pub fn span(&mut self, span: Duration) -> Duration {
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX - 1);
        Duration::from_micros(self.below(micros.saturating_add(1)))
    }
}

/// How often a trigger has happened.
#[derive(Clone, Debug, Default)]
pub(in crate::fault) struct Tally {
    /// Not counted per file.
    pub all: u64,
    per_file: BTreeMap<String, u64>,
}

impl Tally {
    /// Counts one more time (for `file`), and says whether it is one that counts.
    pub fn count(&mut self, count: &Count, file: &str, dice: &mut Dice) -> bool {
        let n = match count.per_file {
            false => &mut self.all,
            true => self.per_file.entry(file.to_owned()).or_default(),
        };
        *n += 1;
        let counts = match count.which {
            Which::Nth(nth) => *n == nth,
            Which::Every(every) => n.is_multiple_of(every.max(1)),
            Which::First(first) => *n <= first,
        };
        counts && count.probability.is_none_or(|p| dice.falls(p))
    }
}
