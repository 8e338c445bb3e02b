//! The modem's clock in real time, or faster.

use crate::time::Now;
use std::time::Duration;
use tokio::time::Instant;

/// A clock that starts at power-on and runs `speed` times as fast as real time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    speed: u32,
}

impl Clock {
    /// Starts the clock.
    pub fn start(speed: u32) -> Clock {
        Clock { start: Instant::now(), speed: speed.max(1) }
    }

    /// The time now.
    pub fn now(&self) -> Now {
        Now::ZERO + self.start.elapsed() * self.speed
    }

    /// Waits for a time on this clock; for ever where there is none.
    pub async fn wait(&self, until: Option<Now>) {
        match until {
            Some(until) => {
                // Rounded up, so that the time has come when the timer fires.
                let real = until.since(Now::ZERO) / self.speed + Duration::from_micros(1);
                tokio::time::sleep_until(self.start + real).await;
            }
            None => std::future::pending().await,
        }
    }
}
