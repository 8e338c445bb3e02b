//! Watches a run: tells the verdict what happens, counts what the host uses, keeps what explains the end.

pub mod campaign;
pub mod coverage;
pub mod findings;
pub mod on_server;

use crate::judge::coverage::Coverage;
use crate::judge::on_server::OnDisk;
use crate::scenario::{Expectation, Outcome, Seen, Verdict};
use crate::time::Now;
use crate::trace::{Event, Record, Sink, show};
use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Lines of the trace that are kept for a failure.
const TAIL: usize = 30;

/// What is known of a run while it goes on.
#[derive(Clone, Debug)]
pub struct Judge {
    verdict: Verdict,
    /// What the host used.
    pub coverage: Coverage,
    /// Whether the host opened a port.
    pub opened: bool,
    tail: Tail,
}

/// The last lines of the trace, and what was done to the modem before them.
#[derive(Clone, Debug, Default)]
struct Tail {
    faults: VecDeque<Record>,
    last: VecDeque<(Record, bool)>,
}

impl Judge {
    /// Of a run that has not begun.
    pub fn new(expectations: &[Expectation], coverage: Coverage) -> Judge {
        Judge { verdict: Verdict::new(expectations), coverage, opened: false, tail: Tail::default() }
    }

    /// Takes note of what happened.
    pub fn observe(&mut self, record: &Record) {
        let now = Now::ZERO + std::time::Duration::from_micros(record.t);
        match &record.event {
            Event::PortOpened { .. } => self.opened = true,
            event => seen(event).into_iter().for_each(|seen| self.verdict.observe(now, seen)),
        }
        self.coverage.observe(&record.event);
        self.tail.take(record);
    }

    /// The host program printed a line.
    pub fn printed(&mut self, now: Now, line: &str) {
        self.verdict.observe(now, Seen::Printed(line));
    }

    /// The host program ended with this status; none where it was stopped.
    pub fn ended(&mut self, now: Now, status: Option<u8>) {
        self.verdict.observe(now, Seen::Ended(status));
    }

    /// Whether something is expected of what the host prints.
    pub fn listens(&self) -> bool {
        self.verdict.listens()
    }

    /// The status with which the host is to end, where an expectation says so.
    pub fn host_status(&self) -> Option<u8> {
        self.verdict.host_status()
    }

    /// How each expectation fared in a run that ended at `now` and left its files under `root`.
    pub fn finish(&self, now: Now, root: &Path) -> Vec<Outcome> {
        self.verdict.finish(now, &mut OnDisk(root))
    }

    /// The lines of the trace that explain the end: the faults, then what happened last.
    pub fn explanation(&self) -> Vec<String> {
        let gap = (!self.tail.faults.is_empty()).then(|| "...".to_owned());
        let last = self.tail.last.iter().map(|(record, _)| show(record));
        self.tail.faults.iter().map(show).chain(gap).chain(last).collect()
    }
}

/// What an expectation can be about in what happened.
pub fn seen(event: &Event) -> Option<Seen<'_>> {
    Some(match event {
        Event::CommandLine { port, typed, .. } => Seen::Command(*port, &typed.0),
        Event::Result { port, text, cause, .. } => {
            Seen::Result(*port, text, cause.as_deref().unwrap_or(text))
        }
        Event::Urc { port, line, .. } => Seen::Said(*port, line),
        Event::State { reached: Some(state), .. } => Seen::State(*state),
        Event::FaultApplied { name, .. } => Seen::Applied(name),
        Event::FaultLifted { name, .. } => Seen::Lifted(name),
        _ => return None,
    })
}

impl Tail {
    fn take(&mut self, record: &Record) {
        // The bytes behind what the other lines say in words.
        if matches!(record.event, Event::Serial { .. } | Event::Segment { .. } | Event::Line { .. }) {
            return;
        }
        if self.last.len() == TAIL
            && let Some((oldest, true)) = self.last.pop_front()
        {
            if self.faults.len() == TAIL {
                self.faults.pop_front();
            }
            self.faults.push_back(oldest);
        }
        let fault = matches!(
            record.event,
            Event::FaultApplied { .. }
                | Event::FaultActed { .. }
                | Event::FaultLifted { .. }
                | Event::FaultMissed { .. }
        );
        self.last.push_back((record.clone(), fault));
    }
}

/// A [`Judge`] that a machine tells what happens, and that can still be asked.
#[derive(Clone, Debug)]
pub struct Watch(Arc<Mutex<Judge>>);

impl Watch {
    /// Shares a judge.
    pub fn new(judge: Judge) -> Watch {
        Watch(Arc::new(Mutex::new(judge)))
    }

    /// The judge.
    pub fn judge(&self) -> MutexGuard<'_, Judge> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Watch {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        self.judge().observe(record);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
