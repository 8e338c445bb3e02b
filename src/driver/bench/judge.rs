//! Judges a run by its trace and by the files that it left on the server.

use crate::scenario::{Expectation, FileFacts, Outcome, Seen, Verdict};
use crate::time::Now;
use crate::trace::{Event, Record, Sink};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Sees what happens; clones see the same.
#[derive(Clone, Debug)]
pub struct Judge {
    verdict: Arc<Mutex<Verdict>>,
}

impl Judge {
    /// Nothing has happened yet.
    pub fn new(expectations: &[Expectation]) -> Judge {
        Judge { verdict: Arc::new(Mutex::new(Verdict::new(expectations))) }
    }

    /// How each expectation has fared by `now`, with the server's files in `root`.
    pub fn outcomes(&self, now: Now, root: &Path) -> Vec<Outcome> {
        let facts = |path: &str| Some(FileFacts::of(&fs::read(inside(root, path)?).ok()?));
        self.verdict.lock().unwrap_or_else(PoisonError::into_inner).finish(now, facts)
    }
}

impl Sink for Judge {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        let seen = match &record.event {
            Event::CommandLine { port, line } => Seen::Command(*port, line),
            Event::Result { port, text } => Seen::Said(*port, text),
            Event::Urc { port, line } => Seen::Said(*port, line),
            Event::FaultApplied { name, .. } => Seen::Applied(name),
            _ => return Ok(()),
        };
        let mut verdict = self.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        verdict.observe(Now::from_micros(record.t), seen);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The file at `path` of the server whose root is `root`; `None` for what would lead out of it.
fn inside(root: &Path, path: &str) -> Option<PathBuf> {
    let relative = Path::new(path.trim_start_matches('/'));
    let stays = relative.components().all(|c| matches!(c, Component::Normal(_)));
    stays.then(|| root.join(relative))
}
