//! diagnose: a recording -> findings -> a scenario.
//!
//! A [`Diagnosis`] is told a recording step by step and hands out [`Finding`]s, each of a kind of one table
//! ([`kind::KINDS`]). It holds what is going on and no more, so that a recording of any length is read with
//! little memory. [`scenario`] writes the faults that show the same.

mod block;
mod command;
mod echo;
pub mod kind;
mod known;
mod line;
mod pending;
mod port;
pub mod radio;
mod raw;
pub mod scenario;
mod stock;
mod storm;
#[cfg(test)]
mod tests;

pub use kind::{Code, KINDS, Kind};
pub use known::Known;
pub use scenario::Proposed;
pub use stock::Stock;

use crate::profile::Profile;
use crate::transcript::{Kind as StepKind, Step, Transcript};
use port::Port;
use std::collections::VecDeque;
use std::time::Duration;

/// Something that went wrong, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The line of the recording, from 1.
    pub line: usize,
    /// Its kind.
    pub code: Code,
    /// What happened, with its figures.
    pub sentence: String,
    /// When, since the recording began.
    pub at: Duration,
    /// The serial port, from 1.
    pub port: usize,
    /// What shows the same: the likeliest first; each is a set of rules. Empty where it is the host's doing.
    pub faults: Vec<Vec<Proposed>>,
}

/// What the times of a recording are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// As they were on the line.
    Exact,
    /// Those before what the module says are upper bounds: nobody has recorded it.
    Bounds,
    /// The log had none: silence and haste mean nothing.
    Invented,
}

/// What a recording can be held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trust {
    /// Its times.
    pub times: Times,
    /// Whether its octets are all there; a lossy log's lengths mean nothing.
    pub whole: bool,
}

impl Trust {
    /// What the header says of it.
    pub fn of(head: &Transcript) -> Trust {
        let times = match (head.times_are_invented(), head.recorded()) {
            (true, _) => Times::Invented,
            (false, Some(_)) => Times::Exact,
            (false, None) => Times::Bounds,
        };
        Trust { times, whole: !head.is_lossy() }
    }
}

/// Reads a recording.
#[derive(Debug)]
pub struct Diagnosis {
    ports: Vec<Port>,
    world: World,
}

/// What the ports of a module share.
#[derive(Debug)]
struct World {
    known: Known,
    trust: Trust,
    now: Duration,
    line: usize,
    port: usize,
    findings: VecDeque<Finding>,
    stock: Stock,
    /// When the host last changed registration or bearers, on any port.
    changed: Option<Duration>,
}

impl World {
    fn find(&mut self, line: usize, code: Code, sentence: String, faults: Vec<Vec<Proposed>>) {
        let (at, port) = (self.now, self.port);
        self.findings.push_back(Finding { line, code, sentence, at, port, faults });
    }
}

impl Diagnosis {
    /// A diagnosis of a recording of so many ports.
    pub fn new(known: Known, ports: usize, trust: Trust) -> Diagnosis {
        let world = World {
            known,
            trust,
            now: Duration::ZERO,
            line: 0,
            port: 1,
            findings: VecDeque::new(),
            stock: Stock::default(),
            changed: None,
        };
        Diagnosis { ports: (0..ports.max(1)).map(|_| Port::default()).collect(), world }
    }

    /// The next step.
    pub fn step(&mut self, step: &Step) {
        let world = &mut self.world;
        (world.line, world.port) = (step.line, step.port);
        match &step.kind {
            StepKind::Turn(_) if world.trust.times == Times::Invented => {}
            StepKind::Turn(span) => world.now += *span,
            StepKind::Within(span) if world.trust.times == Times::Exact => world.now += *span,
            _ => {}
        }
        if let Some(port) = self.ports.get_mut(step.port.saturating_sub(1)) {
            port.step(world, &step.kind);
        }
        if let StepKind::Hear(pattern) = &step.kind {
            world.stock.heard(&pattern.literals());
        }
    }

    /// The recording is over.
    pub fn finish(&mut self) {
        for (number, port) in self.ports.iter_mut().enumerate() {
            self.world.port = number + 1;
            port.finish(&mut self.world);
        }
    }

    /// What it shows of the server's files.
    pub fn stock(&self) -> &Stock {
        &self.world.stock
    }

    /// The next finding, in the order in which they became known.
    pub fn poll(&mut self) -> Option<Finding> {
        self.world.findings.pop_front()
    }
}

/// What a whole recording shows of its server's files; its module is of `profile`.
pub fn stock(recording: &Transcript, profile: &Profile) -> Stock {
    let mut diagnosis = Diagnosis::new(Known::of(Some(profile)), recording.ports(), Trust::of(recording));
    for step in &recording.steps {
        diagnosis.step(step);
        diagnosis.world.findings.clear();
    }
    diagnosis.finish();
    diagnosis.world.stock
}

/// A span as people say it.
fn spoken(span: Duration) -> String {
    match span.as_millis() {
        0..1000 => format!("{} ms", span.as_millis()),
        1000..10_000 => format!("{:.1} s", span.as_secs_f64()),
        _ => format!("{} s", span.as_secs()),
    }
}
