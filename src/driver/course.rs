//! Whether the modem's clock runs by itself, stands, or is turned on by a step.

use crate::time::Now;
use std::time::Duration;
use tokio::sync::oneshot::Sender;

/// How long the host has for what it does about something that it was told, before a step goes on (real time).
const HOST: Duration = Duration::from_millis(20);
/// How far from power-on the clock is turned, in years: where its numbers end, nothing could be due any more.
pub const YEARS: u32 = 100;
/// How long a step waits for what a server owes (real time).
const SERVER: Duration = Duration::from_secs(20);

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What the modem's clock does.
#[derive(Debug)]
pub(super) enum Course {
    /// It runs.
    Runs,
    /// It stands: nothing that comes from outside is heard.
    Stands,
    /// It is turned on, from one thing that is due to the next.
    Steps {
        /// Where it will stand.
        to: Now,
        /// Whether the host may still have something to do about what it was told.
        host: bool,
        /// Who waits for the end of it.
        tell: Vec<Sender<()>>,
    },
}

impl Course {
    /// Whether what comes from outside is heard.
    pub fn hears(&self) -> bool {
        !matches!(self, Course::Stands)
    }

    /// Where a step by `span` leads from `now`, or from the end of one that is not over; none where that is too far.
    pub fn leads(&self, now: Now, span: Duration) -> Option<Now> {
        let from = if let Course::Steps { to, .. } = self { *to } else { now };
        Some(from + span).filter(|to| *to <= Now::ZERO + YEAR * YEARS)
    }

    /// Turns the clock on until `end`.
    pub fn step(&mut self, end: Now, tell: Sender<()>) {
        match self {
            Course::Steps { to, tell: all, .. } => {
                *to = end;
                all.push(tell);
            }
            // What the host has sent meanwhile is heard first.
            _ => *self = Course::Steps { to: end, host: true, tell: vec![tell] },
        }
    }

    /// The host was told something.
    pub fn spoke(&mut self) {
        if let Course::Steps { host, .. } = self {
            *host = true;
        }
    }

    /// How long nothing may come from outside before a step goes on.
    pub fn pause(&self, busy: bool) -> Option<Duration> {
        match self {
            Course::Steps { .. } if busy => Some(SERVER),
            Course::Steps { host: true, .. } => Some(HOST),
            Course::Steps { .. } => Some(Duration::from_millis(1)),
            _ => None,
        }
    }

    /// Where the next part of a step leads, where `due` is when the next thing is; the last has the clock stand.
    pub fn on(&mut self, due: Option<Now>) -> Now {
        let Course::Steps { to, host, tell } = self else { return due.unwrap_or(Now::ZERO) };
        let end = *to;
        *host = false;
        if let Some(due) = due.filter(|due| *due <= end) {
            return due;
        }
        // Who asked may have gone.
        for tell in tell.drain(..) {
            let _ = tell.send(());
        }
        *self = Course::Stands;
        end
    }
}
