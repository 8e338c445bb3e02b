//! Unsolicited result codes: when one is to be printed, and how it is once its turn has come.

use super::core::{Core, Task, Timer};
use super::port::{Due, Level, ModuleLine, Opening, Port, PortId, PortState, Waiting, Why};
use super::{DataMode, Modem, Note, Reply};
use crate::at::ResultCode;
use crate::fault::UrcVerdict;
use crate::profile::{Urc, UrcWhen};
use crate::time::units::Span;
use std::fmt::Display;
use std::time::Duration;

/// How long RI stays on for an unsolicited result code.
const RING: Duration = Duration::from_millis(120);

impl Core {
    /// When the profile wants an unsolicited result code, which it knows by its whole text or by its name.
    pub(super) fn rule(&self, name: &str, whole: &str) -> Urc {
        let urc = &self.profile.urc;
        urc.get(whole).or_else(|| urc.get(name)).cloned().unwrap_or_default()
    }

    /// Prints an unsolicited result code on one port: `NAME: values`, when the profile wants it.
    /// Each LF in the values begins another line of the same code.
    pub fn urc_to(&mut self, port: PortId, name: &str, values: impl Display) {
        let rule = self.rule(name, &format!("{name}: {values}"));
        self.print(port, name, values, rule, Why::Unasked);
    }

    /// As [`Core::urc_to`], for one that ends an operation: a radio round trip later, unless the profile says
    /// otherwise.
    pub fn end_to(&mut self, port: PortId, name: &str, values: impl Display) {
        let rule = self.rule(name, &format!("{name}: {values}"));
        self.print(port, name, values, rule, Why::Ended);
    }

    /// As [`Core::end_to`], for an operation that was refused before it began.
    pub fn refuse_to(&mut self, port: PortId, name: &str, values: impl Display) {
        let rule = self.rule(name, &format!("{name}: {values}"));
        self.print(port, name, values, rule, Why::Refused);
    }

    fn print(&mut self, port: PortId, name: &str, values: impl Display, rule: Urc, why: Why) {
        let separator = rule.separator.as_deref().unwrap_or(&self.profile.serial.separator);
        let line = format!("{name}{separator}{values}");
        self.queue(port, &rule, why, Due::Line(line));
        self.release(port, name, rule.when);
    }

    /// As [`Core::end_to`], for one that has waited already as long as [`Core::end_delay`] says.
    pub fn end_now(&mut self, port: PortId, name: &str, values: impl Display) {
        let rule = self.rule(name, &format!("{name}: {values}"));
        self.print(port, name, values, Urc { delay: Some(Span::default()), ..rule }, Why::Ended);
    }

    /// As [`Core::end_to`], for one that stands behind the result code that is about to be said.
    pub fn end_behind(&mut self, port: PortId, name: &str, values: impl Display) {
        let rule = self.rule(name, &format!("{name}: {values}"));
        self.print(port, name, values, Urc { when: UrcWhen::After, ..rule }, Why::Ended);
    }

    /// How long after the end of an operation the unsolicited result code follows that tells of it.
    pub fn end_delay(&self, name: &str, values: impl Display) -> Duration {
        let rule = self.rule(name, &format!("{name}: {values}"));
        match rule.when {
            UrcWhen::After | UrcWhen::AtOnce => self.delay(&rule, Why::Ended),
            UrcWhen::WithResult | UrcWhen::BeforeResult => rule.delay.unwrap_or_default().0,
            UrcWhen::Never => Duration::ZERO,
        }
    }

    /// The lines that are to tell of the end of an operation and have not been said yet. Until then it goes on,
    /// for all that the host knows.
    pub fn endings(&self) -> impl Iterator<Item = &str> {
        self.running.ports.iter().flat_map(|port| &port.waiting).filter_map(|w| match (&w.what, w.why) {
            (Due::Line(line), Why::Ended) => Some(line.as_str()),
            _ => None,
        })
    }

    /// Whether the end of an operation that is told of in this way is still to be said.
    pub fn is_ending(&self, beginning: &str) -> bool {
        self.endings().any(|line| line.starts_with(beginning))
    }

    /// Prints a line of its own on one port, unasked; the profile knows it by its whole text, or by
    /// the part before its colon.
    pub fn urc_line(&mut self, port: PortId, line: &str) {
        self.print_line(port, line, Why::Unasked);
    }

    fn print_line(&mut self, port: PortId, line: &str, why: Why) {
        let name = name_of(line);
        let rule = self.rule(name, &Urc::line(line));
        self.queue(port, &rule, why, Due::Line(line.into()));
        self.release(port, name, rule.when);
    }

    /// Prints a result code on one port, unasked: what went wrong after the command's own OK. The
    /// profile knows it by its whole text.
    pub fn urc_code(&mut self, port: PortId, code: ResultCode) {
        let rule = self.profile.urc.get(&code.to_string()).cloned().unwrap_or_default();
        self.queue(port, &rule, Why::Ended, Due::Code(code));
    }

    /// Prints a line on every port, unasked.
    pub fn urc_all(&mut self, line: &str) {
        for port in self.port_ids() {
            self.print_line(port, line, Why::Unasked);
        }
    }

    /// As [`Core::urc_all`], for a line that ends an operation.
    pub fn end_all(&mut self, line: &str) {
        for port in self.port_ids() {
            self.print_line(port, line, Why::Ended);
        }
    }

    /// Puts a port into data mode from outside a command, after `opening` where there is one; the
    /// profile knows it by the part before its colon, or by its whole text.
    pub fn enter_data(&mut self, port: PortId, opening: Option<Opening>, mode: DataMode) {
        let line = opening.as_ref().map(Opening::to_string).unwrap_or_default();
        let rule = Urc { when: UrcWhen::After, ..self.rule(name_of(&line), &Urc::line(&line)) };
        let rest = self.running.ports[port.0].rest_of_answer();
        self.queue(port, &rule, Why::Unasked, Due::Data(opening, mode, rest));
        // Data mode is behind the answer, whatever the profile says.
        self.release(port, name_of(&line), rule.when);
    }

    /// Says a line that a fault or a request gives. The profile only decides whether it waits for the answer to a
    /// command.
    pub(super) fn say(&mut self, port: PortId, line: &str) {
        if port.0 < self.running.ports.len() {
            let when = match self.rule(name_of(line), &Urc::line(line)).when {
                UrcWhen::AtOnce => UrcWhen::AtOnce,
                _ => UrcWhen::After,
            };
            // No other fault acts on a line that a fault says: two could answer each other without end.
            let what = Due::Line(line.into());
            let waiting = &mut self.running.ports[port.0].waiting;
            let place = waiting.partition_point(|w| w.at <= self.now);
            let at = self.now;
            waiting.insert(place, Waiting { at, when, what, why: Why::Unasked, judged: true, owed: false });
        }
    }

    /// Moves unsolicited lines that wait to before the result of the command at work. They are older: a host that reads
    /// them behind the result would take them for what the command has just done.
    pub(super) fn say_older_first(&mut self) {
        let now = self.now;
        for port in &mut self.running.ports {
            let older = |w: &&mut Waiting| {
                w.why == Why::Unasked && w.when == UrcWhen::After && matches!(w.what, Due::Line(_))
            };
            for line in port.waiting.iter_mut().filter(older) {
                (line.at, line.when) = (line.at.min(now), UrcWhen::BeforeResult);
            }
            port.waiting.make_contiguous().sort_by_key(|w| w.at);
        }
    }

    /// How long something is kept back that has no place beside a result code.
    fn delay(&self, rule: &Urc, why: Why) -> Duration {
        match (rule.delay, why) {
            (Some(delay), _) => delay.0,
            (None, Why::Unasked) => Duration::ZERO,
            (None, Why::Refused | Why::Ended) => self.profile.radio.round_trip.0,
        }
    }

    fn queue(&mut self, port: PortId, rule: &Urc, why: Why, what: Due) {
        let delay = self.delay(rule, why);
        let awaited = matches!(&what, Due::Line(line) if self.running.ports[port.0].is_awaited(line));
        let Port { state, waiting, .. } = &mut self.running.ports[port.0];
        // It is said beside the result code of its own command, not beside that of another.
        let beside = matches!(state, PortState::Busy { .. }) && (awaited || why != Why::Ended);
        let at = match (rule.when, rule.delay) {
            (UrcWhen::Never, _) => return,
            (_, Some(_)) => self.now + delay,
            (UrcWhen::WithResult | UrcWhen::BeforeResult, None) if beside => self.now,
            // A line without a delay of its own does not overtake the end of an earlier operation.
            (_, None) => {
                let before = waiting.iter().filter(|w| w.why != Why::Unasked).map(|w| w.at).max();
                before.map_or(self.now + delay, |before| before.max(self.now + delay))
            }
        };
        let place = waiting.partition_point(|w| w.at <= at);
        waiting.insert(place, Waiting { at, when: rule.when, what, why, judged: false, owed: false });
    }

    /// Lets the final result code go that waited for this unsolicited one, where that is not said beside it after all.
    fn release(&mut self, port: PortId, name: &str, when: UrcWhen) {
        if !matches!(when, UrcWhen::WithResult | UrcWhen::BeforeResult) {
            self.give_up(port, name, Reply::Ok);
        }
    }

    /// Ends the command whose result code waits for an unsolicited one of this name, which does not come; false where
    /// none does.
    pub fn give_up(&mut self, port: PortId, name: &str, reply: Reply) -> bool {
        let waited = self.running.ports[port.0].awaits.take_if(|awaited| awaited == name).is_some();
        if waited {
            self.running.tasks.push_back(Task::Finish { port, reply });
        }
        waited
    }

    /// Ends the command of a port whose result code waits for an unsolicited one, whatever that is.
    pub fn end_waiting(&mut self, port: PortId) {
        if let Some(name) = self.running.ports[port.0].awaits.clone() {
            self.give_up(port, &name, Reply::Error);
        }
    }

    /// Takes back lines that are still to be said and whose cause is gone. What a fault keeps back or says is the fault's.
    pub fn take_back(&mut self, lost: impl Fn(&str) -> bool) {
        for port in &mut self.running.ports {
            port.waiting.retain(|w| w.judged || !matches!(&w.what, Due::Line(line) if lost(line)));
        }
    }
}

impl Modem {
    /// Prints the first unsolicited result code that is due, where the port is free for it.
    pub(super) fn print_due(&mut self, id: PortId) -> bool {
        let port = &self.core.running.ports[id.0];
        if port.next_due().is_none_or(|at| at > self.core.now) {
            return false;
        }
        let now = self.core.now;
        let first = port.waiting.iter().position(|w| w.at <= now && port.is_free_for(w));
        let Some(i) = first else { return false };
        if matches!(port.state, PortState::Busy { .. }) && port.waiting[i].when != UrcWhen::AtOnce {
            // The result code has waited for it: both are printed together.
            self.core.running.ports[id.0].awaits = None;
            self.core.running.tasks.push_back(Task::Finish { port: id, reply: Reply::Ok });
            return true;
        }
        let Some(waiting) = self.core.running.ports[id.0].waiting.remove(i) else { return false };
        // An answer that is kept back or swallowed must not be printed with the line.
        let answer = std::mem::take(&mut self.core.running.ports[id.0].writing);
        if let Some((due, verdict)) = self.judge(id, waiting) {
            self.print_waiting(id, due, verdict);
        }
        let port = &mut self.core.running.ports[id.0];
        let said = std::mem::replace(&mut port.writing, answer).take();
        port.emit_apart(said.unwrap_or_default().into(), &mut self.core.out);
        true
    }

    fn print_waiting(&mut self, id: PortId, due: Due, verdict: UrcVerdict) {
        match due {
            Due::Line(line) => {
                self.print_judged(id, line, verdict);
                self.core.drive(id, ModuleLine::Ri, Level::On);
                self.core.running.timers.set(Timer::RingOff(id), self.core.now + RING);
            }
            Due::Code(code) if verdict == UrcVerdict::Pass => self.print_code(id, &code),
            Due::Code(code) => self.print_judged(id, code.to_string(), verdict),
            Due::Data(opening, mode, rest) => {
                if let Some(opening) = opening {
                    match opening {
                        Opening::Code(code) if verdict == UrcVerdict::Pass => self.print_code(id, &code),
                        opening => self.print_judged(id, opening.to_string(), verdict),
                    }
                    // A write of its own, so that the host does not read it in one piece with the answer before.
                    let core = &mut self.core;
                    core.running.ports[id.0].flush_apart(&mut core.out);
                }
                self.begin_data(id, mode, rest);
            }
        }
    }

    pub(super) fn print_beside(&mut self, id: PortId, when: UrcWhen) {
        let now = self.core.now;
        let due = |w: &Waiting| w.when == when && w.at <= now && matches!(w.what, Due::Line(_));
        loop {
            let queue = &mut self.core.running.ports[id.0].waiting;
            let Some(waiting) = queue.iter().position(due).and_then(|i| queue.remove(i)) else { return };
            if let Some((Due::Line(line), verdict)) = self.judge(id, waiting) {
                self.print_judged(id, line, verdict);
            }
        }
    }

    fn print_code(&mut self, id: PortId, code: &ResultCode) {
        let port = &mut self.core.running.ports[id.0];
        port.writing.result(port.style(), code, &self.core.profile);
        self.core.note(|| Note::Urc { port: id, line: code.to_string() });
    }

    pub(super) fn print_urc(&mut self, id: PortId, line: String) {
        let port = &mut self.core.running.ports[id.0];
        port.writing.urc(port.style(), &line);
        self.core.note(|| Note::Urc { port: id, line });
    }
}

pub(super) fn name_of(line: &str) -> &str {
    line.split(':').next().unwrap_or(line).trim_end()
}
