//! What came of a replay.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

/// How a host has followed a recording. Clones share what they hold.
#[derive(Clone, Debug, Default)]
pub struct Report(Arc<Mutex<Sums>>);

/// The sums, and where the host left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Answers from the recording.
    pub recorded: u64,
    /// Answers from the live model.
    pub modelled: u64,
    /// What the host did that the recording has not there, the first of them.
    pub differences: Vec<Difference>,
    /// How many there were.
    pub differed: u64,
    /// Exchanges of the recording that the host passed over.
    pub passed_over: u64,
    /// Exchanges that the recording has left at the end.
    pub left: usize,
}

/// Where the host and the recording part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The line of the recording, where there is one to come.
    pub line: Option<usize>,
    /// What the recording has there.
    pub recorded: String,
    /// What the host did.
    pub host: String,
}

/// So many differences are kept.
const KEPT: usize = 20;

impl Report {
    /// The sums as they stand.
    pub fn sums(&self) -> Sums {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn with(&self, change: impl FnOnce(&mut Sums)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn differ(&self, difference: Difference) {
        self.with(|sums| {
            sums.differed += 1;
            if sums.differences.len() < KEPT {
                sums.differences.push(difference);
            }
        });
    }
}

impl Difference {
    /// As a diff shows it; `file` is the recording.
    pub fn shown(&self, file: &str) -> String {
        let place = self.line.map_or_else(|| format!("{file}: at its end"), |line| format!("{file}:{line}"));
        format!("{place}: the host leaves the recording\n- {}\n+ {}", self.recorded, self.host)
    }
}

impl Sums {
    /// In words, a line each.
    pub fn shown(&self, file: &str) -> String {
        let mut text = format!(
            "{file}: {} answers from the recording, {} from the model; {} of its exchanges passed over, {} left",
            self.recorded, self.modelled, self.passed_over, self.left
        );
        for difference in &self.differences {
            // Writing to a string cannot fail.
            let _ = match difference.line {
                Some(line) => write!(
                    text,
                    "\n{file}:{line}: the host left: {} in place of {}",
                    difference.host, difference.recorded
                ),
                None => write!(text, "\n{file}: after its end: {}", difference.host),
            };
        }
        if self.differed > self.differences.len() as u64 {
            let _ = write!(text, "\n... and {} more", self.differed - self.differences.len() as u64);
        }
        text
    }
}
