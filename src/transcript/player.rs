//! Walking a transcript as the host, sans-IO: the player says what to do, the driver does it and reports.
//!
//! A driver calls [`Player::next_action`], does what the [`Action`] says, hands everything it hears to
//! [`Player::heard`], and asks again, until [`Action::Done`] or [`Action::Failed`]. Two drivers use
//! it: in-process with a clock turned by hand, and any serial device in real time.

mod action;

pub use action::{Action, Failure, Options};

use crate::transcript::matcher::Rest;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use super::content::Content;
use super::matcher::{Matcher, Verdict, shown};
use super::text::quote;
use super::{Kind, Signal, Step, Transcript, bless};

#[derive(Debug, Default)]
struct Port {
    matcher: Matcher,
    lines: BTreeMap<Signal, Line>,
}

/// A control line: its state, and the changes that no step has asked for yet.
#[derive(Debug, Default)]
struct Line {
    on: bool,
    changes: Vec<bool>,
}

/// The host's part of one transcript.
#[derive(Debug)]
pub struct Player {
    transcript: Transcript,
    options: Options,
    ports: Vec<Port>,
    at: usize,
    /// The step behind the last that was played or met: where blessing adds.
    behind: usize,
    settled: bool,
    silent: bool,
    allowance: Duration,
    edits: Vec<(Range<usize>, Vec<Step>)>,
    failed: Option<Box<Failure>>,
}

impl Player {
    /// A player at the first step.
    pub fn new(transcript: Transcript, options: Options) -> Player {
        let port = || Port { matcher: Matcher::new(transcript.echo()), ..Port::default() };
        let ports = (0..transcript.ports()).map(|_| port()).collect();
        Player {
            transcript,
            options,
            ports,
            at: 0,
            behind: 0,
            settled: false,
            silent: false,
            allowance: Duration::ZERO,
            edits: Vec::new(),
            failed: None,
        }
    }

    /// These bytes were heard on a port; a port that the transcript does not have is not listened to.
    pub fn heard(&mut self, port: usize, bytes: &[u8]) {
        if let Some(port) = port.checked_sub(1).and_then(|i| self.ports.get_mut(i)) {
            port.matcher.push(bytes);
            self.silent &= bytes.is_empty();
        }
    }

    /// The module set a control line. All are off until told.
    pub fn line(&mut self, port: usize, signal: Signal, on: bool) {
        if let Some(port) = port.checked_sub(1).and_then(|i| self.ports.get_mut(i)) {
            port.lines.entry(signal).or_default().changes.push(on);
            self.silent = false;
        }
    }

    /// The clock was turned by so much of what [`Action::TurnUntilHeard`] allowed.
    pub fn turned(&mut self, span: Duration) {
        self.allowance = self.allowance.saturating_sub(span);
        self.settled = false;
    }

    /// Nothing more will be heard for [`Action::Wait`].
    pub fn gave_up(&mut self) {
        self.silent = true;
    }

    /// The last action could not be done, or the check it asked for failed.
    pub fn refuse(&mut self, why: impl Into<String>) {
        self.fail(self.at.saturating_sub(1), why.into());
    }

    /// The transcript rewritten from what was heard; `None` where nothing had to change.
    pub fn blessed(&self) -> Option<Transcript> {
        if self.edits.is_empty() {
            return None;
        }
        let mut blessed = self.transcript.clone();
        for (range, steps) in self.edits.iter().rev() {
            blessed.steps.splice(range.clone(), steps.iter().cloned());
        }
        blessed.renumber();
        Some(blessed)
    }

    /// What to do next.
    pub fn next_action(&mut self) -> Action {
        loop {
            if let Some(failure) = &self.failed {
                return Action::Failed(failure.clone());
            }
            let Some(step) = self.transcript.steps.get(self.at).cloned() else {
                match self.pause(true) {
                    Some(action) => return action,
                    None if self.failed.is_some() => continue,
                    None => return Action::Done,
                }
            };
            let action = match &step.kind {
                kind if kind.is_prose() => {
                    self.at += 1;
                    None
                }
                Kind::Within(span) => {
                    self.allowance += *span;
                    self.at += 1;
                    None
                }
                kind if kind.is_heard() => self.expect(&step),
                Kind::Line { signal, .. } if !signal.is_hosts() => self.expect(&step),
                _ => self.act(&step),
            };
            if let Some(action) = action {
                return action;
            }
        }
    }

    fn expect(&mut self, step: &Step) -> Option<Action> {
        let silent = self.silent;
        let (lines, port) = (self.options.lines, &mut self.ports[step.port - 1]);
        let verdict = match &step.kind {
            Kind::Line { .. } if !lines => Verdict::Yes(0),
            Kind::Line { signal, on } => port.lines.entry(*signal).or_default().check(*on),
            kind => port.matcher.check(kind, if silent { Rest::Over } else { Rest::MayCome }),
        };
        match verdict {
            Verdict::Yes(_) => {
                self.at += 1;
                self.behind = self.at;
                (self.settled, self.silent) = (false, false);
                None
            }
            Verdict::NeedMore if silent => self.missed(step, "nothing more was heard".into()),
            Verdict::NeedMore if self.allowance.is_zero() => Some(Action::Wait { port: step.port }),
            Verdict::NeedMore if self.settled => Some(Action::TurnUntilHeard(self.allowance)),
            Verdict::NeedMore => self.settle(),
            Verdict::No(why) => self.missed(step, why),
        }
    }

    fn settle(&mut self) -> Option<Action> {
        self.settled = true;
        Some(Action::Settle)
    }

    /// Settles, then, where it must have been `quiet`, sees to it that nothing is left that was not expected.
    fn pause(&mut self, quiet: bool) -> Option<Action> {
        if !self.settled {
            return self.settle();
        }
        for port in 1..=self.ports.len() {
            let matcher = &mut self.ports[port - 1].matcher;
            if !quiet || self.failed.is_some() {
                break;
            }
            if let Some(echo) = matcher.echo_owed() {
                let why = format!("the echo {} was not heard on port {port}", quote(echo));
                self.fail(self.at, why);
            } else if !matcher.leftover().is_empty() {
                self.surplus(port);
            }
        }
        None
    }

    fn surplus(&mut self, port: usize) {
        if self.options.bless {
            let heard = vec![(port, self.ports[port - 1].matcher.take())];
            let new = bless::rewrite(&[], &heard, false).steps;
            match self.edits.last_mut().filter(|(range, _)| *range == (self.behind..self.behind)) {
                Some((_, earlier)) => earlier.extend(new),
                None => self.edits.push((self.behind..self.behind, new)),
            }
            return;
        }
        let heard = shown(self.ports[port - 1].matcher.leftover());
        let before = if self.at < self.transcript.steps.len() { "before this line" } else { "by the end" };
        self.fail(self.at, format!("something was heard on port {port} that is not expected {before}"));
        if let Some(failure) = &mut self.failed {
            failure.heard = heard;
        }
    }

    fn act(&mut self, step: &Step) -> Option<Action> {
        let quiet = matches!(step.kind, Kind::Type(_) | Kind::Send(_) | Kind::Turn(_));
        if let Some(action) = self.pause(quiet) {
            return Some(action);
        }
        if self.failed.is_some() {
            return None;
        }
        self.at += 1;
        self.behind = self.at;
        (self.settled, self.silent, self.allowance) = (false, false, Duration::ZERO);
        self.ports.iter_mut().flat_map(|port| port.lines.values_mut()).for_each(Line::settle);
        let port = step.port;
        Some(match &step.kind {
            Kind::Type(line) => {
                self.ports[port - 1].matcher.typed(line);
                Action::Send { port, content: Content::Literal([line, &b"\r"[..]].concat()) }
            }
            Kind::Send(content) => {
                self.ports[port - 1].matcher.sent();
                Action::Send { port, content: content.clone() }
            }
            Kind::Turn(span) => Action::Turn(*span),
            Kind::Fault(text) => Action::Fault { line: step.line, text: text.clone() },
            Kind::File { path, want } => Action::CheckFile { path: path.clone(), want: want.clone() },
            Kind::Line { signal, on } if self.options.lines => {
                Action::SetLine { port, signal: *signal, on: *on }
            }
            Kind::Open => Action::Open { port },
            Kind::Close => Action::Close { port },
            Kind::Baud(rate) => Action::SetBaud { port, rate: *rate },
            _ => return None,
        })
    }

    /// An expectation was not met: the end, or a rewrite of it and the steps that expect behind it.
    fn missed(&mut self, step: &Step, why: String) -> Option<Action> {
        if !self.options.bless {
            self.fail(self.at, why);
            return None;
        }
        if !self.settled {
            return self.settle();
        }
        self.silent = false;
        if let Kind::Line { signal, on } = step.kind {
            self.edits
                .push((self.at..self.at + 1, vec![Step::new(step.port, Kind::Line { signal, on: !on })]));
            self.at += 1;
        } else {
            let rest = &self.transcript.steps[self.at..];
            let belongs =
                |k: &Kind| k.is_heard() || k.is_prose() || matches!(k, Kind::Within(_) | Kind::Line { .. });
            let length = rest.iter().position(|s| !belongs(&s.kind)).unwrap_or(rest.len());
            let heard: Vec<_> =
                (1..).zip(&mut self.ports).map(|(n, port)| (n, port.matcher.take())).collect();
            let new = bless::rewrite(&rest[..length], &heard, !self.allowance.is_zero());
            for step in &rest[..new.taken] {
                if let Kind::Within(span) = step.kind {
                    self.allowance += span;
                }
            }
            self.edits.push((self.at..self.at + new.taken, new.steps));
            self.at += new.taken;
        }
        self.behind = self.at;
        None
    }

    /// Fails at a step, or at the last one where the end was reached.
    fn fail(&mut self, at: usize, why: String) {
        let steps = &self.transcript.steps;
        let (line, written, port) = match steps.get(at).or(steps.last()) {
            Some(step) => (step.line, step.source.clone(), step.port),
            None => (1, String::new(), 1),
        };
        let heard = shown(self.ports[port - 1].matcher.leftover());
        self.failed =
            Some(Box::new(Failure { file: self.transcript.name.clone(), line, written, why, heard }));
    }
}

impl Line {
    /// A change to the wanted state that was not yet asked for, or the state that lasts.
    fn check(&mut self, wanted: bool) -> Verdict {
        match self.changes.iter().position(|on| *on == wanted) {
            Some(i) => {
                self.changes.drain(..=i);
                self.on = wanted;
                Verdict::Yes(0)
            }
            None if self.changes.is_empty() && self.on == wanted => Verdict::Yes(0),
            None => Verdict::NeedMore,
        }
    }

    /// What changed before the host acts again is asked for no more.
    fn settle(&mut self) {
        self.on = self.changes.pop().unwrap_or(self.on);
        self.changes.clear();
    }
}

#[cfg(test)]
mod tests;
