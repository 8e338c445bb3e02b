//! `never_repeats_after`: a command that got such an answer is not sent again.

use super::doubt::{Doubt, about, is_anything, mistake, too_many};
use super::kind::{Built, SubjectKind};
use super::written::WrittenExpectation;
use super::{Subject, Watcher};
use crate::fault::{Known, Pattern, no_command};
use crate::scenario::verdict::{End, Seen, shown};
use crate::time::Now;
use std::collections::BTreeMap;

const KEY: &str = "never_repeats_after";

pub(super) const NEVER_REPEATS_AFTER: SubjectKind = SubjectKind {
    key: KEY,
    met: "when a command line that was answered with such a final result code is never sent again; once at least one is answered so",
    with: &["command", "at_most", "port"],
    example: "never_repeats_after = \"+CME ERROR: 16\"\ncommand = \"AT+CPIN=*\"",
    build,
    doubts,
};

/// Command lines that are not sent again.
#[derive(Clone, Debug, PartialEq)]
pub struct Repeats {
    after: Pattern,
    command: Pattern,
    port: Option<usize>,
    at_most: u64,
}

fn build(written: &WrittenExpectation, known: &Known) -> Built {
    let after = written.never_repeats_after.clone().unwrap_or_else(Pattern::any);
    let command = written.command.clone();
    let what = command.as_ref().map_or("a command".to_owned(), |command| known.shown(command));
    let often = match written.at_most.unwrap_or(0) {
        0 => "never repeats".to_owned(),
        1 => "repeats at most once".to_owned(),
        n => format!("repeats at most {n} times"),
    };
    let port = written.port.map_or(String::new(), |port| format!(" on port {port}"));
    let text = format!("the host {often} {what} that was answered {after}{port}");
    let command = command.unwrap_or_else(Pattern::any);
    let at_most = written.at_most.unwrap_or(0);
    Ok((Subject::Repeats(Repeats { after, command, port: written.port, at_most }), text))
}

fn doubts(written: &WrittenExpectation, known: &Known) -> Vec<Doubt> {
    let Some(after) = &written.never_repeats_after else { return vec![] };
    let mut doubts: Vec<Doubt> = about(KEY, after).into_iter().collect();
    if let Some(command) = &written.command {
        doubts.extend(about("command", command));
        doubts.extend(
            no_command(command, known.commands)
                .map(|(what, right)| mistake("command", format!("nothing can fail this: {what}"), right)),
        );
    }
    if let Some((what, right)) = crate::fault::no_result(after, known) {
        doubts.push(mistake(KEY, format!("nothing can fail this: {what}"), right));
    } else if is_anything(after) || after.matches("OK") {
        let what = "a host repeats commands that were answered OK, such as AT";
        doubts.push(mistake(KEY, what, "name the error after which it is not to try again"));
    }
    doubts.extend(too_many(&[("at_most", written.at_most)]));
    doubts
}

impl Repeats {
    pub(super) fn watcher(&self) -> Watched {
        Watched { repeats: self.clone(), last: BTreeMap::new(), refused: BTreeMap::new(), worst: None }
    }
}

/// More command lines than are remembered of one host.
const LINES: usize = 10_000;

#[derive(Clone, Debug)]
pub(super) struct Watched {
    repeats: Repeats,
    /// The last command line of each port.
    last: BTreeMap<usize, String>,
    /// How often each that was answered so was sent again.
    refused: BTreeMap<(usize, String), u64>,
    /// The first time that one was sent too often.
    worst: Option<(Now, u64)>,
}

impl Watcher for Watched {
    fn seen(&mut self, now: Now, seen: Seen) {
        match seen {
            Seen::Command(port, line) if self.repeats.port.is_none_or(|wanted| wanted == port) => {
                let line = line.trim().to_ascii_uppercase();
                if let Some(times) = self.refused.get_mut(&(port, line.clone())) {
                    *times += 1;
                    if *times > self.repeats.at_most && self.worst.is_none() {
                        self.worst = Some((now, *times));
                    }
                }
                self.last.insert(port, line);
            }
            Seen::Result(port, printed, cause) => {
                let is = |pattern: &Pattern| pattern.matches(printed) || pattern.matches(cause);
                let Some(line) = self.last.get(&port).filter(|_| is(&self.repeats.after)) else { return };
                if self.repeats.command.matches(line) && self.refused.len() < LINES {
                    self.refused.entry((port, line.clone())).or_insert(0);
                }
            }
            _ => {}
        }
    }

    fn judge(&self, _: &mut End) -> (bool, String) {
        match (&self.worst, self.refused.len()) {
            // What it does then was not seen.
            (None, 0) => (false, "no command was answered so".to_owned()),
            (None, n) => (true, format!("{n} command lines were answered so")),
            (Some((at, times)), _) => {
                (false, format!("it was sent again at {}, for the {} time", shown(*at), ordinal(*times)))
            }
        }
    }

    fn copy(&self) -> Box<dyn Watcher> {
        Box::new(self.clone())
    }
}

fn ordinal(n: u64) -> String {
    match n {
        1 => "first".to_owned(),
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        n => format!("{n}th"),
    }
}
