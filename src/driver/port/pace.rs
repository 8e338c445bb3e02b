//! A serial line has a speed: how many characters fit through it by now.

use crate::time::Now;
use std::time::Duration;

/// Start bit, eight data bits, stop bit.
const BITS: u64 = 10;

/// Limits one direction of a line to its baud rate, at ten bits a character.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    baud: u32,
    since: Now,
    sent: u64,
    /// More was wanted than fitted, so that the line does not rest until it is asked again.
    busy: bool,
}

impl Pace {
    /// A line at rest, at `baud` bits per second; 0 is no limit.
    pub fn new(baud: u32) -> Pace {
        Pace { baud, since: Now::ZERO, sent: 0, busy: false }
    }

    /// Changes the rate from `now` on.
    pub fn set_baud(&mut self, now: Now, baud: u32) {
        *self = Pace { baud, since: now, sent: 0, busy: self.busy };
    }

    /// Of `want` characters, how many may go at `now`, and when the next one may where that is not
    /// all of them.
    pub fn take(&mut self, now: Now, want: usize) -> (usize, Option<Now>) {
        if self.baud == 0 || want == 0 {
            self.busy = false;
            return (want, None);
        }
        if !self.busy && self.next() <= now {
            (self.since, self.sent) = (now, 0);
        }
        let elapsed = u64::try_from(now.since(self.since).as_micros()).unwrap_or(u64::MAX);
        let begun = u128::from(elapsed) * u128::from(self.baud) / u128::from(BITS * 1_000_000) + 1;
        let room = u64::try_from(begun).unwrap_or(u64::MAX).saturating_sub(self.sent);
        let n = want.min(usize::try_from(room).unwrap_or(usize::MAX));
        self.sent += n as u64;
        self.busy = n < want;
        (n, self.busy.then(|| self.next()))
    }

    /// When all that was sent is through, rounded up.
    fn next(&self) -> Now {
        let micros = u128::from(self.sent * BITS) * 1_000_000;
        let micros = micros.div_ceil(u128::from(self.baud.max(1)));
        self.since + Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_second_at_9600_baud_is_960_characters() {
        let mut pace = Pace::new(9600);
        let (mut now, mut sent) = (Now::from_millis(5), 0);
        loop {
            let (n, next) = pace.take(now, 961 - sent);
            sent += n;
            match next {
                Some(next) => now = next,
                None => break,
            }
        }
        assert_eq!((sent, now), (961, Now::from_millis(1005)));
    }

    #[test]
    fn a_loop_that_looks_seldom_is_not_slower() {
        let mut pace = Pace::new(115_200);
        let (first, _) = pace.take(Now::ZERO, 10_000);
        let (later, _) = pace.take(Now::from_millis(100), 10_000 - first);
        assert_eq!(first + later, 1153);
    }

    #[test]
    fn rest_gives_no_credit_and_zero_no_limit() {
        let mut pace = Pace::new(9600);
        assert_eq!(pace.take(Now::ZERO, 1), (1, None));
        assert_eq!(pace.take(Now::from_millis(9000), 5).0, 1);
        assert_eq!(Pace::new(0).take(Now::ZERO, 5), (5, None));
    }

    proptest! {
        #[test]
        fn never_faster_than_the_line(baud in 50u32..4_000_000, steps in prop::collection::vec((0u64..100_000, 0usize..5000), 1..50)) {
            let mut pace = Pace::new(baud);
            let (mut now, mut sent) = (0, 0);
            for (gap, want) in steps {
                now += gap;
                sent += pace.take(Now::from_micros(now), want).0 as u64;
                prop_assert!(sent <= now * u64::from(baud) / 10_000_000 + 1);
            }
        }
    }
}
