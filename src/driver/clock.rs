//! The modem's clock in real time, or faster.

use crate::time::Now;
use std::time::Duration;
use tokio::time::Instant;

/// A clock that starts at power-on and runs `speed` times as fast as real time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// When it had its speed set, on the wall and on the clock itself.
    start: Instant,
    base: Now,
    speed: u32,
    /// Whether it stands still at `base`.
    stands: bool,
}

impl Clock {
    /// Starts the clock.
    pub fn start(speed: u32) -> Clock {
        Clock { start: Instant::now(), base: Now::ZERO, speed: speed.max(1), stands: false }
    }

    /// The time now.
    pub fn now(&self) -> Now {
        if self.stands { self.base } else { self.base + self.start.elapsed() * self.speed }
    }

    /// Whether it stands still.
    pub fn stands(&self) -> bool {
        self.stands
    }

    /// Has it stand still, until a speed is set.
    pub fn stop(&mut self) {
        (self.base, self.stands) = (self.now(), true);
    }

    /// Turns a clock that stands forward to `to`.
    pub fn turn(&mut self, to: Now) {
        if self.stands {
            self.base = self.base.max(to);
        }
    }

    /// How many times as fast as real time it runs.
    pub fn speed(&self) -> u32 {
        self.speed
    }

    /// Has it run, at another speed, from now on; what is due comes at its time on this clock.
    pub fn set_speed(&mut self, speed: u32) {
        *self = Clock { base: self.now(), ..Clock::start(speed) };
    }

    /// Waits for a time on this clock; for ever where there is none.
    pub async fn wait(&self, until: Option<Now>) {
        match until {
            Some(until) if self.stands && until > self.base => std::future::pending().await,
            Some(until) => {
                // Rounded up, so that the time has come when the timer fires.
                let real = until.since(self.base) / self.speed + Duration::from_micros(1);
                tokio::time::sleep_until(self.start + real).await;
            }
            None => std::future::pending().await,
        }
    }
}
