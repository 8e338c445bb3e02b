//! Unsolicited result codes: when one is to be printed, and how it is once its turn has come.

use super::core::{Core, Timer};
use super::port::{Due, Line, PortId, Waiting};
use super::{DataMode, Event, Modem, Note, Reply};
use crate::at::ResultCode;
use crate::fault::UrcVerdict;
use crate::profile::{Urc, UrcWhen};
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
        let separator = rule.separator.as_deref().unwrap_or(&self.profile.serial.separator);
        let line = format!("{name}{separator}{values}");
        self.queue(port, rule.when, rule.delay.0, Due::Line(line));
        self.release(port, name);
    }

    /// Prints a line of its own on one port, unasked; the profile knows it by its whole text, or by
    /// the part before its colon.
    pub fn urc_line(&mut self, port: PortId, line: &str) {
        let name = name_of(line);
        let rule = self.rule(name, line);
        self.queue(port, rule.when, rule.delay.0, Due::Line(line.into()));
        self.release(port, name);
    }

    /// Prints a result code on one port, unasked: what went wrong after the command's own OK. The
    /// profile knows it by its whole text.
    pub fn urc_code(&mut self, port: PortId, code: ResultCode) {
        let rule = self.profile.urc.get(&code.to_string()).cloned().unwrap_or_default();
        self.queue(port, rule.when, rule.delay.0, Due::Code(code));
    }

    /// Prints a line on every port, unasked.
    pub fn urc_all(&mut self, line: &str) {
        for port in self.port_ids() {
            self.urc_line(port, line);
        }
    }

    /// Puts a port into data mode from outside a command, after `line` where there is one; the
    /// profile knows the line by the part before its colon, or by its whole text.
    pub fn enter_data(&mut self, port: PortId, line: Option<&str>, mode: DataMode) {
        let rule = line.map(|line| self.rule(name_of(line), line)).unwrap_or_default();
        self.queue(port, UrcWhen::After, rule.delay.0, Due::Data(line.map(str::to_string), mode));
    }

    /// Says a line that no profile decides on.
    pub(super) fn say(&mut self, port: PortId, line: &str) {
        if port.0 < self.ports.len() {
            // Said by a fault, it is none's prey: two could answer each other for ever.
            let what = Due::Line(line.into());
            self.ports[port.0].waiting.push(Waiting {
                at: self.now,
                when: UrcWhen::After,
                what,
                judged: true,
            });
            self.ports[port.0].waiting.sort_by_key(|w| w.at);
        }
    }

    fn queue(&mut self, port: PortId, when: UrcWhen, delay: Duration, what: Due) {
        let at = match when {
            UrcWhen::Never => return,
            UrcWhen::After => self.now + delay,
            UrcWhen::WithResult | UrcWhen::BeforeResult => self.now,
        };
        let waiting = &mut self.ports[port.0].waiting;
        let place = waiting.partition_point(|w| w.at <= at);
        waiting.insert(place, Waiting { at, when, what, judged: false });
    }

    /// Lets the final result code go that waited for this unsolicited one.
    fn release(&mut self, port: PortId, name: &str) {
        if self.ports[port.0].awaits.take_if(|awaited| awaited == name).is_some() {
            self.events.push_back(Event::Finished { port, reply: Reply::Ok });
        }
    }
}

impl Modem {
    /// Prints the first unsolicited result code that is due, where the port is free for it.
    pub(super) fn print_due(&mut self, id: PortId) -> bool {
        let port = &self.core.ports[id.0];
        if port.next_due().is_none_or(|at| at > self.core.now) {
            return false;
        }
        let Some(i) = port.waiting.iter().position(|w| w.at <= self.core.now) else { return false };
        let waiting = self.core.ports[id.0].waiting.remove(i);
        let Some((due, verdict)) = self.judge(id, waiting) else { return true };
        match due {
            Due::Line(line) => {
                self.print_judged(id, line, verdict);
                self.core.drive(id, Line::Ri, true);
                self.core.timers.set(Timer::RingOff(id), self.core.now + RING);
            }
            Due::Code(code) if verdict == UrcVerdict::Pass => self.print_code(id, &code),
            Due::Code(code) => self.print_judged(id, code.to_string(), verdict),
            Due::Data(line, mode) => {
                if let Some(line) = line {
                    self.print_judged(id, line, verdict);
                }
                self.begin_data(id, mode);
            }
        }
        let core = &mut self.core;
        core.ports[id.0].flush_apart(&mut core.out);
        true
    }

    pub(super) fn print_beside(&mut self, id: PortId, when: UrcWhen) {
        let now = self.core.now;
        let due = |w: &Waiting| w.when == when && w.at <= now && matches!(w.what, Due::Line(_));
        while let Some(i) = self.core.ports[id.0].waiting.iter().position(due) {
            let waiting = self.core.ports[id.0].waiting.remove(i);
            if let Some((Due::Line(line), verdict)) = self.judge(id, waiting) {
                self.print_judged(id, line, verdict);
            }
        }
    }

    fn print_code(&mut self, id: PortId, code: &ResultCode) {
        let port = &mut self.core.ports[id.0];
        port.writing.result(port.style(), code, &self.core.profile);
        self.core.note(|| Note::Urc { port: id, line: code.to_string() });
    }

    pub(super) fn print_urc(&mut self, id: PortId, line: String) {
        let port = &mut self.core.ports[id.0];
        port.writing.urc(port.style(), &line);
        self.core.note(|| Note::Urc { port: id, line });
    }
}

fn name_of(line: &str) -> &str {
    line.split(':').next().unwrap_or(line)
}
