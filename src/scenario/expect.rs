//! `[[expect]]`: what must come of a scenario. One file for each subject: how it is read, what of it can never be or never
//! fail, and how it is judged.

mod applied;
mod between;
mod contradiction;
mod doubt;
mod ends;
pub mod file;
mod kind;
pub mod lines;
mod order;
mod others;
mod recovers;
mod repeats;
mod state;
mod status;
mod written;

pub(super) use crate::transcript::content::hex;
pub(super) use contradiction::contradictions;
pub use kind::{SUBJECTS, SubjectKind, list, markdown};
pub use written::{Equal, FileSize, Local, OverSeeds, WrittenExpectation};

use super::Scenario;
use super::verdict::{End, Seen};
use crate::fault::Problem;
use crate::time::Now;
use between::Between;
use file::Wanted;
use lines::{Lines, Since};
use order::Order;
use others::Others;
use recovers::Recovers;
use repeats::Repeats;
use state::AtEnd;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

/// An expectation, ready to be judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// What it is about.
    pub subject: Subject,
    /// What of it holds over the seeds of a campaign, where that is said.
    pub over_seeds: Option<OverSeeds>,
    /// It in words, for reports.
    pub text: String,
    /// Where it stands in the file.
    pub span: Range<usize>,
    /// Where it names a fault, if it does.
    pub names: Range<usize>,
    /// What is likely not to say what was meant.
    pub doubts: Vec<Problem>,
}

/// What an expectation is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// Lines of the host or the module.
    Lines(Lines),
    /// Command lines in an order.
    Order(Order),
    /// The time between command lines.
    Between(Between),
    /// Command lines that are not sent again.
    Repeats(Repeats),
    /// Files.
    File(Wanted),
    /// All other files.
    Others(Others),
    /// The end of the run.
    EndsWithin(Duration),
    /// The host's own status.
    Status(u8),
    /// The module's state in the end.
    State(AtEnd),
    /// A fault.
    Applied(String),
    /// What comes after a fault.
    Recovers(Recovers),
}

/// Watches a run for one expectation.
pub(super) trait Watcher: fmt::Debug + Send {
    /// Something happened.
    fn seen(&mut self, _now: Now, _seen: Seen) {}

    /// The fault was applied that the expectation is about, or counts from.
    fn applied(&mut self, _now: Now, _name: &str) {}

    /// That fault was lifted.
    fn lifted(&mut self, _now: Now) {}

    /// Whether the expectation is met, and why.
    fn judge(&self, end: &mut End) -> (bool, String);

    /// A copy of it.
    fn copy(&self) -> Box<dyn Watcher>;
}

/// What is known of the scenario as a whole, where an expectation is looked at.
pub(super) struct Context<'a> {
    pub scenario: &'a Scenario,
    /// When a run that passes is over at the latest.
    pub end: Option<Duration>,
}

impl Subject {
    /// Who watches a run for it.
    pub(super) fn watcher(&self) -> Box<dyn Watcher> {
        match self {
            Subject::Lines(lines) => Box::new(lines.watcher()),
            Subject::Order(order) => Box::new(order.watcher()),
            Subject::Between(between) => Box::new(between.watcher()),
            Subject::Repeats(repeats) => Box::new(repeats.watcher()),
            Subject::File(wanted) => Box::new(wanted.clone()),
            Subject::Others(others) => Box::new(others.clone()),
            Subject::EndsWithin(limit) => Box::new(ends::Watched(*limit)),
            Subject::Status(status) => Box::new(status::Watched::of(*status)),
            Subject::State(state) => Box::new(state.watcher()),
            Subject::Applied(_) => Box::new(applied::Watched::default()),
            Subject::Recovers(recovers) => Box::new(recovers.watcher()),
        }
    }

    /// Which fault it has to be told of.
    pub(super) fn since(&self) -> Since {
        match self {
            Subject::Applied(name) => Since::Fault(name.clone()),
            Subject::Lines(lines) => lines.since.clone(),
            Subject::Between(between) => between.since.clone(),
            Subject::Recovers(recovers) => recovers.since.clone(),
            _ => Since::Start,
        }
    }

    /// What of it can never be, never fail, or was hardly meant, in the scenario as a whole.
    pub(super) fn doubts_in(&self, of: &Expectation, context: &Context) -> Vec<Problem> {
        match self {
            Subject::Lines(lines) => lines.doubts_in(of, context),
            Subject::File(wanted) => wanted.doubts_in(of, context),
            Subject::Others(others) => others.doubts_in(of),
            Subject::EndsWithin(limit) => ends::doubts_in(*limit, of, context),
            Subject::Applied(name) => applied::doubts_in(name, of, context),
            Subject::Recovers(recovers) => recovers.doubts_in(of, context),
            _ => vec![],
        }
    }
}

impl Expectation {
    /// The fault that it names, which must exist.
    pub fn fault(&self) -> Option<String> {
        match self.subject.since() {
            Since::Fault(name) => Some(name),
            Since::Start | Since::FirstFault => None,
        }
    }

    /// Whether a run may go without it.
    pub fn is_only_sometimes(&self) -> bool {
        self.over_seeds == Some(OverSeeds::Sometimes)
    }
}
