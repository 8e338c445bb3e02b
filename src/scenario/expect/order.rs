//! `host_sends_in_order`: command lines, one after the other.

use super::doubt::{Doubt, about, is_any_command, mistake, warning};
use super::kind::{Built, SubjectKind};
use super::written::{WrittenExpectation, wrong};
use super::{Subject, Watcher};
use crate::fault::{Known, Pattern};
use crate::scenario::verdict::{End, Seen};
use crate::time::Now;

const KEY: &str = "host_sends_in_order";

pub(super) const HOST_SENDS_IN_ORDER: SubjectKind = SubjectKind {
    key: KEY,
    met: "when they are sent in this order; others may come between",
    with: &["port"],
    example: "host_sends_in_order = [\"AT+CNACT*\", \"AT+FTPGET=1\"]",
    build,
    doubts,
};

/// Command lines in an order.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// Each with what is shown of it.
    pub patterns: Vec<(Pattern, String)>,
    /// The serial port, from 1.
    pub port: Option<usize>,
}

fn build(written: &WrittenExpectation, known: &Known) -> Built {
    let patterns = written.host_sends_in_order.as_deref().unwrap_or_default();
    if patterns.is_empty() {
        return Err(wrong(KEY, "it names no command", "write two or more"));
    }
    let shown: Vec<String> = patterns.iter().map(|pattern| known.shown(pattern)).collect();
    let text = format!("the host sends {}", shown.join(", then "));
    let patterns = patterns.iter().cloned().zip(shown).collect();
    Ok((Subject::Order(Order { patterns, port: written.port }), text))
}

fn doubts(written: &WrittenExpectation, _: &Known) -> Vec<Doubt> {
    let order = written.host_sends_in_order.as_deref().unwrap_or_default();
    let mut doubts: Vec<Doubt> = order.iter().filter_map(|pattern| about(KEY, pattern)).collect();
    if order.len() == 1 {
        let what = "one command alone is in order wherever it stands";
        doubts.push(warning(KEY, what, "write two or more, or `host_sends`"));
    } else if order.iter().all(is_any_command) {
        doubts.push(mistake(KEY, "commands are always in this order", "write more of the lines"));
    }
    doubts
}

impl Order {
    pub(super) fn watcher(&self) -> Watched {
        Watched { order: self.clone(), passed: 0 }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Watched {
    order: Order,
    /// How many of them were sent at their place.
    passed: usize,
}

impl Watcher for Watched {
    fn seen(&mut self, _: Now, seen: Seen) {
        if let Seen::Command(port, line) = seen
            && self.order.port.is_none_or(|wanted| wanted == port)
        {
            let next = self.order.patterns.get(self.passed);
            self.passed += usize::from(next.is_some_and(|(pattern, _)| pattern.matches(line.trim())));
        }
    }

    fn judge(&self, _: &mut End) -> (bool, String) {
        match self.order.patterns.get(self.passed) {
            None => (true, "all were sent in this order".to_owned()),
            Some((_, missing)) => (false, format!("{missing} was not sent at its place")),
        }
    }

    fn copy(&self) -> Box<dyn Watcher> {
        Box::new(self.clone())
    }
}
