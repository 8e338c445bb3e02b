//! How often faults may come by themselves, so that the modem keeps up with them.

use crate::time::Now;
use std::time::Duration;

/// How often faults that repeat by the clock may be applied: so many times a second of real time, on average.
const A_SECOND: u64 = 2000;
/// So many octets of noise count as one application.
const NOISE: u64 = 1024;
/// The most applications in one turn of the event loop, so that other work has its turn on a slow machine.
const A_TURN: u64 = 60;
/// How often faults may be applied again at one point in time: faults that trigger each other would never end.
const AT_ONCE: u32 = 5000;
/// Applications are counted in millionths, so that fractions are kept.
const ONE: u64 = 1_000_000;

/// What is left to be applied. On a clock that is turned by hand, nothing has to be kept up with.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    /// How many times faster than real time the clock runs.
    speed: Option<u64>,
    left: u64,
    /// When the budget was last brought up to date.
    at: Now,
    /// The time of this turn of the event loop, and what is left in it.
    turn: (Now, u64),
    /// How often faults were applied again at the last point in time at which any was.
    at_once: (Now, u32),
}

impl Pace {
    pub fn set_speed(&mut self, now: Now, speed: u32) {
        match self.speed {
            Some(_) => self.reckon(now),
            None => (self.left, self.at) = (A_SECOND * ONE, now),
        }
        self.turn = (now, A_TURN * ONE);
        self.speed = Some(u64::from(speed.max(1)));
    }

    /// The owner of the clock says that it is `now`.
    pub fn turn(&mut self, now: Now) {
        if self.turn.0 != now {
            self.turn = (now, A_TURN * ONE);
        }
    }

    fn reckon(&mut self, now: Now) {
        if let Some(speed) = self.speed {
            let micros = now.as_micros().saturating_sub(self.at.as_micros());
            let more = micros.saturating_mul(A_SECOND) / speed;
            // A span too short for a millionth is kept for the next time.
            if more > 0 {
                self.left = self.left.saturating_add(more).min(A_SECOND * ONE);
                self.at = now;
            }
        }
    }

    /// Whether the budget allows a fault that sends so many octets of noise; if so, they are taken off it.
    pub fn take(&mut self, now: Now, noise: u64) -> bool {
        if self.speed.is_none() {
            return true;
        }
        self.reckon(now);
        let can = self.can(noise);
        if can {
            self.left -= cost(noise);
            self.turn.1 = self.turn.1.saturating_sub(cost(noise));
        }
        can
    }

    fn can(&self, noise: u64) -> bool {
        self.speed.is_none() || self.left >= cost(noise) && self.turn.1 > 0
    }

    /// Whether such a fault could be kept up with.
    pub fn has(&mut self, now: Now, noise: u64) -> bool {
        self.reckon(now);
        self.can(noise)
    }

    /// Whether one that was applied before may be applied once more at this point in time.
    pub fn once_more(&mut self, now: Now) -> bool {
        let (at, n) = &mut self.at_once;
        *n = if *at == now { n.saturating_add(1) } else { 1 };
        *at = now;
        *n <= AT_ONCE
    }
}

fn cost(noise: u64) -> u64 {
    (1 + noise / NOISE).saturating_mul(ONE).min(A_SECOND * ONE)
}

/// Has a timer that comes again each `period` come next behind `now`; gives how many times are passed over.
pub(super) fn skip_past(timer: &mut Now, now: Now, period: Duration) -> u64 {
    let period = period.max(Duration::from_millis(1));
    if *timer > now {
        return 0;
    }
    let times = now.since(*timer).as_micros() / period.as_micros().max(1) + 1;
    let times = u64::try_from(times).unwrap_or(u64::MAX);
    let span = u64::try_from(period.as_micros()).unwrap_or(u64::MAX).saturating_mul(times);
    *timer += Duration::from_micros(span);
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(pace: &mut Pace, from: u64, to: u64, noise: u64) -> usize {
        let mut take = |ms: &u64| {
            pace.turn(Now::from_millis(*ms));
            pace.take(Now::from_millis(*ms), noise)
        };
        (from..to).filter(|ms| take(ms)).count()
    }

    #[test]
    fn a_thousand_a_second_is_kept_up_with_and_a_million_is_not() {
        let mut pace = Pace::default();
        pace.set_speed(Now::ZERO, 1);
        assert_eq!(taken(&mut pace, 0, 10_000, 0), 10_000);
        pace.set_speed(Now::from_millis(10_000), 1000);
        // What was saved, then two in each second of the modem's.
        assert_eq!(taken(&mut pace, 10_000, 20_000, 0), 2000 + 19);
        pace.set_speed(Now::from_millis(20_000), 1);
        assert!(taken(&mut pace, 20_000, 30_000, 65536) < 400);
        let mut pace = Pace::default();
        pace.set_speed(Now::ZERO, 1);
        pace.turn(Now::from_millis(500));
        assert_eq!((0..500).filter(|ms| pace.take(Now::from_millis(*ms), 0)).count(), 60, "in one turn");
        assert_eq!(taken(&mut Pace::default(), 0, 10_000, 65536), 10_000);
    }
}
