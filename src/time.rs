//! The modem's clock type, a timer table, the calendar, and the units that files and options are written in.

mod calendar;
pub mod units;

pub use calendar::Calendar;

use std::collections::BTreeMap;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

/// A point on the modem's own clock: the time since power was applied, in microseconds.
///
/// Nothing in a pure room reads a clock; every entry point is handed the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Now(u64);

impl Now {
    /// Power-on.
    pub const ZERO: Now = Now(0);

    /// The point `micros` microseconds after power-on.
    pub const fn from_micros(micros: u64) -> Now {
        Now(micros)
    }

    /// The point `millis` milliseconds after power-on.
    pub const fn from_millis(millis: u64) -> Now {
        Now(millis * 1000)
    }

    /// Microseconds since power-on.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The time since `earlier`; zero where `earlier` is later.
    pub fn since(self, earlier: Now) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Now {
    type Output = Now;
    fn add(self, d: Duration) -> Now {
        Now(self.0.saturating_add(u64::try_from(d.as_micros()).unwrap_or(u64::MAX)))
    }
}

impl AddAssign<Duration> for Now {
    fn add_assign(&mut self, d: Duration) {
        *self = *self + d;
    }
}

impl Sub for Now {
    type Output = Duration;
    fn sub(self, earlier: Now) -> Duration {
        self.since(earlier)
    }
}

/// A timer table: at most one deadline per key, handed out in the order of time, then of key.
#[derive(Clone, Debug)]
pub struct Timers<K> {
    at: BTreeMap<K, Now>,
}

impl<K> Default for Timers<K> {
    fn default() -> Self {
        Timers { at: BTreeMap::new() }
    }
}

impl<K: Ord + Copy> Timers<K> {
    /// Sets `key` to expire at `at`, in place of any earlier deadline of that key.
    pub fn set(&mut self, key: K, at: Now) {
        self.at.insert(key, at);
    }

    /// Forgets `key`; true where it was set.
    pub fn cancel(&mut self, key: K) -> bool {
        self.at.remove(&key).is_some()
    }

    /// When `key` expires, if it is set.
    pub fn deadline(&self, key: K) -> Option<Now> {
        self.at.get(&key).copied()
    }

    /// The earliest deadline of all.
    pub fn next(&self) -> Option<Now> {
        self.at.values().min().copied()
    }

    /// Takes the earliest timer that has expired by `now`.
    pub fn pop(&mut self, now: Now) -> Option<K> {
        let (&key, _) = self.at.iter().filter(|(_, at)| **at <= now).min_by_key(|(k, at)| (**at, **k))?;
        self.at.remove(&key);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_come_in_the_order_of_time_then_key() {
        let mut t = Timers::default();
        t.set(3, Now::from_millis(10));
        t.set(1, Now::from_millis(20));
        t.set(2, Now::from_millis(10));
        t.set(4, Now::from_millis(99));
        assert_eq!(t.next(), Some(Now::from_millis(10)));
        let mut order = vec![];
        while let Some(k) = t.pop(Now::from_millis(20)) {
            order.push(k);
        }
        assert_eq!(order, [2, 3, 1]);
        assert_eq!(t.next(), Some(Now::from_millis(99)));
    }
}
