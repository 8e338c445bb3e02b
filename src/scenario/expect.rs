//! `[[expect]]`: what must come of a scenario.

mod doubt;
mod written;

pub(super) use crate::transcript::content::hex;
pub use written::{FileSize, WrittenExpectation};

use crate::fault::{Files, Pattern, Problem};
use crate::time::units::Size;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

/// An expectation, ready to be judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// What it is about.
    pub subject: Subject,
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
    /// Command lines in an order, each with what is shown of it, on one port or any.
    Order(Vec<(Pattern, String)>, Option<usize>),
    /// Files.
    File(Files, Vec<Want>),
    /// The end of the run.
    EndsWithin(Duration),
    /// A fault.
    Applied(String),
}

/// Which lines, how many, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Lines {
    /// Those of the module, not those of the host.
    pub module: bool,
    /// What they look like.
    pub pattern: Pattern,
    /// The serial port, from 1.
    pub port: Option<usize>,
    /// How many at least.
    pub at_least: u64,
    /// How many at most.
    pub at_most: Option<u64>,
    /// How soon.
    pub within: Option<Duration>,
    /// How late.
    pub not_before: Option<Duration>,
    /// Before what.
    pub before: Option<Pattern>,
    /// From when on they count.
    pub since: Since,
}

/// From when on lines count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Since {
    /// From the start.
    Start,
    /// From the first fault that was applied; from the start where none was.
    FirstFault,
    /// From the time on that this fault was applied; none count where it was not.
    Fault(String),
}

/// What is wanted of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// It is there.
    Present,
    /// It is not.
    Absent,
    /// So many bytes.
    Size(u64),
    /// This SHA-256.
    Sha256([u8; 32]),
    /// The same as another, or as one of others.
    Equals(Files),
    /// This text.
    Text(String),
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Want::Present => f.write_str("is there"),
            Want::Absent => f.write_str("is not there"),
            Want::Size(n) => match Size(*n).to_string() {
                size if size == n.to_string() => write!(f, "has {n} bytes"),
                size => write!(f, "has {n} bytes ({size})"),
            },
            Want::Sha256(hash) => write!(f, "has SHA-256 {}", hex(hash)),
            Want::Equals(other) => write!(f, "equals {other}"),
            Want::Text(text) => write!(f, "holds {text:?}"),
        }
    }
}

/// Those that no run can meet, for what one wants of a line another forbids.
pub(super) fn contradictions(expectations: &[Expectation]) -> Vec<Problem> {
    let lines = |e: &Expectation| match &e.subject {
        Subject::Lines(lines) => Some((lines.clone(), e.span.clone())),
        _ => None,
    };
    let all: Vec<(Lines, Range<usize>)> = expectations.iter().filter_map(lines).collect();
    // By what their patterns begin with: a file may have thousands, and each is held against few.
    let mut forbidding: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (i, (lines, _)) in all.iter().enumerate().filter(|(_, (lines, _))| lines.at_most == Some(0)) {
        let text = lines.pattern.as_str().to_ascii_uppercase();
        let begin = text.split('*').next().unwrap_or_default();
        forbidding.entry(begin.to_owned()).or_default().push(i);
    }
    let mut problems = vec![];
    for (i, (wanted, _)) in all.iter().enumerate().filter(|(_, (lines, _))| lines.at_least > 0) {
        let text = wanted.pattern.as_str().to_ascii_uppercase();
        let begins = (0..=text.len()).filter_map(|end| forbidding.get(text.get(..end)?)).flatten();
        if let Some(j) = begins.copied().filter(|j| all[*j].0.forbids(wanted)).min() {
            let ((later, span), (_, earlier)) = (&all[i.max(j)], &all[i.min(j)]);
            let what = format!("one expectation wants `{}`, and one forbids it", later.pattern);
            let label = if i < j { "wanted here" } else { "forbidden here" };
            let problem = Problem::new(span.clone(), what, "keep one of them");
            problems.push(problem.beside(earlier.clone(), label));
        }
    }
    problems.sort_by_key(|problem| problem.span.start);
    problems
}

impl Lines {
    /// Whether nothing that this one allows is enough for another.
    fn forbids(&self, other: &Lines) -> bool {
        self.at_most == Some(0)
            && other.at_least > 0
            // A result code can be said by its cause, and not be printed.
            && !self.module
            && !other.module
            && self.pattern.covers(&other.pattern)
            && (self.port.is_none() || self.port == other.port)
            && (self.since == Since::Start || self.since == other.since)
    }
}

impl Expectation {
    /// The fault that it names, which must exist.
    pub fn fault(&self) -> Option<&str> {
        match &self.subject {
            Subject::Applied(name) => Some(name),
            Subject::Lines(Lines { since: Since::Fault(name), .. }) => Some(name),
            _ => None,
        }
    }
}
