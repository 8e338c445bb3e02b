//! Where the fault engine is asked about what the module answers and says, and how the module obeys.

use super::core::Timer;
use super::port::{Answer, Due, KeptBack, Opening, PortState, Waiting};
use super::text::Writing;
use super::{Core, Modem, Note, PortId, Reply};
use crate::at::ResultCode;
use crate::fault::{CommandVerdict, Event, ModuleState, Observation, ResultVerdict, UrcVerdict};
use crate::profile::UrcWhen;
use crate::time::Now;

/// Asked before the module carries out a command line or says something unasked, and told what it does.
pub trait FaultHook: Send {
    /// Whether it has no say in anything now, so that it need not be asked.
    fn is_idle(&self) -> bool;

    /// A command line was typed, and is about to be carried out.
    fn command(&mut self, now: Now, port: PortId, line: &str) -> CommandVerdict;

    /// A final or intermediate result code is about to be printed; `cause` is what it stands for.
    fn result(&mut self, now: Now, port: PortId, text: &str, cause: &str) -> ResultVerdict;

    /// A line is about to be said unasked.
    fn urc(&mut self, now: Now, port: PortId, line: &str) -> UrcVerdict;

    /// Something happened; `what` is called where anybody wants to know.
    fn observe(&mut self, now: Now, what: &dyn Fn() -> Observation);

    /// The next fault that was applied or lifted, for the trace.
    fn poll_event(&mut self) -> Option<Event>;
}

impl Core {
    /// Tells the faults that a state was reached.
    pub(super) fn reach(&mut self, state: ModuleState) {
        self.observe(&|| Observation::State(state));
    }

    /// Tells the faults that a state was reached, and the trace.
    pub(super) fn reach_told(&mut self, state: ModuleState, text: &str) {
        self.note(|| Note::State(text.to_owned(), Some(state)));
        self.reach(state);
    }

    /// Tells the trace that a port is in data mode.
    pub(super) fn note_data_mode(&mut self, id: PortId) {
        let text = || format!("data mode on port {}", id.number());
        self.note(|| Note::State(text(), Some(ModuleState::DataMode)));
    }

    pub(super) fn observe(&mut self, what: &dyn Fn() -> Observation) {
        if let Some(hook) = &mut self.hook {
            hook.observe(self.now, what);
        }
        self.note_faults();
    }

    /// Prints a result code.
    pub(super) fn print_result(&mut self, id: PortId, code: &ResultCode) {
        let port = &mut self.running.ports[id.0];
        let text = port.writing.result(port.style(), code, &self.profile);
        let cause = code.to_string();
        self.note(|| Note::Result { port: id, cause: Some(cause).filter(|cause| *cause != text), text });
    }

    /// Prints an intermediate result code, or what a fault has in its place. Where it is late, the rest of the answer
    /// waits with it.
    pub(super) fn intermediate(&mut self, id: PortId, code: &ResultCode) {
        let port = &mut self.running.ports[id.0];
        if matches!(port.answer, Answer::Muted) {
            port.writing.result(port.style(), code, &self.profile);
            return;
        }
        match self.ask_result(id, code) {
            ResultVerdict::Pass => self.print_result(id, code),
            ResultVerdict::Error(number) => self.print_result(id, &ResultCode::Cme(number)),
            ResultVerdict::Replace(lines) => self.answer_with(id, &lines),
            ResultVerdict::Swallow => {}
            ResultVerdict::Late(by) => {
                self.running.ports[id.0].flush(&mut self.out);
                let port = &mut self.running.ports[id.0];
                port.answer = match port.answer {
                    Answer::Late(before) => Answer::Late(before + by),
                    _ => Answer::Late(by),
                };
                self.print_result(id, code);
            }
        }
    }

    /// What becomes of an unsolicited line.
    fn ask_urc(&mut self, id: PortId, line: &str) -> UrcVerdict {
        let verdict = self.hook.as_mut().map(|hook| hook.urc(self.now, id, line));
        self.note_faults();
        verdict.unwrap_or(UrcVerdict::Pass)
    }

    /// What becomes of a result code, for one that comes unasked.
    fn as_unasked(&self, id: PortId, verdict: ResultVerdict) -> UrcVerdict {
        match verdict {
            ResultVerdict::Pass => UrcVerdict::Pass,
            ResultVerdict::Replace(lines) => UrcVerdict::Replace(lines),
            ResultVerdict::Error(number) => {
                let (style, code) = (self.running.ports[id.0].style(), ResultCode::Cme(number));
                UrcVerdict::Replace(vec![Writing::default().result(style, &code, &self.profile)])
            }
            ResultVerdict::Late(by) => UrcVerdict::Late(by),
            ResultVerdict::Swallow => UrcVerdict::Swallow,
        }
    }

    /// What becomes of a result code.
    fn ask_result(&mut self, id: PortId, code: &ResultCode) -> ResultVerdict {
        let Some(hook) = self.hook.as_mut().filter(|hook| !hook.is_idle()) else {
            return ResultVerdict::Pass;
        };
        let text = Writing::default().result(self.running.ports[id.0].style(), code, &self.profile);
        let verdict = hook.result(self.now, id, &text, &code.to_string());
        self.note_faults();
        verdict
    }

    /// Prints lines in the place of a command's answer.
    fn answer_with(&mut self, id: PortId, lines: &[String]) {
        for line in lines.iter().filter(|line| !line.is_empty()) {
            let port = &mut self.running.ports[id.0];
            port.writing.urc(port.style(), line);
            let text = line.clone();
            if ResultCode::is_final(&text) || self.codes.iter().any(|code| code.matches(&text)) {
                let port = id.number();
                let told = || Observation::Result { port, text: text.clone(), cause: text.clone() };
                self.observe(&told);
                self.note(|| Note::Result { port: id, text, cause: None });
            } else {
                self.note(|| Note::Urc { port: id, line: text });
            }
        }
    }

    /// Tells the trace which faults were applied and lifted, before it is told what follows from that.
    fn note_faults(&mut self) {
        while self.noting
            && let Some(event) = self.hook.as_mut().and_then(|hook| hook.poll_event())
        {
            self.note(|| Note::Fault(event));
        }
    }
}

impl Modem {
    /// Asks about a command line; false where it is not to be carried out.
    pub(super) fn may_run(&mut self, id: PortId, line: &str) -> bool {
        let core = &mut self.core;
        let Some(hook) = core.hook.as_mut().filter(|hook| !hook.is_idle()) else { return true };
        let verdict = hook.command(core.now, id, line);
        core.note_faults();
        let carried_out = match verdict {
            CommandVerdict::Pass => return true,
            CommandVerdict::Answer { lines, carried_out } => {
                core.answer_with(id, &lines);
                carried_out
            }
            CommandVerdict::Error(number) => {
                self.conclude(id, Reply::Cme(number));
                return false;
            }
            CommandVerdict::Late(by) => {
                core.running.ports[id.0].flush(&mut core.out);
                core.running.ports[id.0].answer = Answer::Late(by);
                return true;
            }
            CommandVerdict::Swallow { carried_out } => carried_out,
        };
        let core = &mut self.core;
        core.running.ports[id.0].flush(&mut core.out);
        if carried_out {
            core.running.ports[id.0].answer = Answer::Muted;
        }
        carried_out
    }

    /// Whether the result of a command is kept back; it comes later.
    pub(super) fn keep_back(&mut self, id: PortId, reply: &mut Reply) -> bool {
        let port = &mut self.core.running.ports[id.0];
        if matches!(reply, Reply::Pending) {
            return false;
        }
        let Answer::Late(by) = port.answer else { return false };
        port.state = PortState::Busy { rest: String::new() };
        port.answer = Answer::KeptBack(KeptBack::Reply(std::mem::replace(reply, Reply::Pending)));
        self.core.running.timers.set(Timer::Late(id), self.core.now + by);
        true
    }

    /// Asks about the final result code of a line, and prints it, or what comes in its place; false where it comes later.
    pub(super) fn conclude_judged(&mut self, id: PortId, code: &ResultCode) -> bool {
        let core = &mut self.core;
        match core.ask_result(id, code) {
            ResultVerdict::Pass => core.print_result(id, code),
            ResultVerdict::Error(number) => core.print_result(id, &ResultCode::Cme(number)),
            ResultVerdict::Replace(lines) => core.answer_with(id, &lines),
            ResultVerdict::Swallow => {}
            ResultVerdict::Late(by) => {
                let port = &mut core.running.ports[id.0];
                port.state = PortState::Busy { rest: String::new() };
                port.answer = Answer::KeptBack(KeptBack::Result(code.clone()));
                core.running.timers.set(Timer::Late(id), core.now + by);
                return false;
            }
        }
        true
    }

    /// The time of a result that was kept back has come.
    pub(super) fn let_out(&mut self, id: PortId) {
        match std::mem::take(&mut self.core.running.ports[id.0].answer) {
            Answer::KeptBack(KeptBack::Reply(reply)) => self.conclude(id, reply),
            Answer::KeptBack(KeptBack::Result(code)) => {
                self.core.print_result(id, &code);
                self.end_line(id);
            }
            // The timer runs only while an answer is kept back.
            other => {
                self.core.running.ports[id.0].answer = other;
                return;
            }
        }
        self.core.observe(&|| Observation::LetOut { port: id.number() });
    }

    /// What becomes of an unsolicited line whose turn it is. One that is late waits again, and gives `None`.
    pub(super) fn judge(&mut self, id: PortId, waiting: Waiting) -> Option<(Due, UrcVerdict)> {
        let core = &mut self.core;
        let mut owed = false;
        let verdict = match &waiting.what {
            _ if waiting.judged => {
                if waiting.owed {
                    core.observe(&|| Observation::LetOut { port: id.number() });
                }
                UrcVerdict::Pass
            }
            Due::Line(line) | Due::Data(Some(Opening::Line(line)), ..) => core.ask_urc(id, line),
            // A result code that comes unasked: faults on unsolicited lines are asked first, then those on result codes.
            Due::Code(code) | Due::Data(Some(Opening::Code(code)), ..) => {
                match core.ask_urc(id, &code.to_string()) {
                    UrcVerdict::Pass => {
                        let verdict = core.ask_result(id, code);
                        owed = matches!(verdict, ResultVerdict::Late(_));
                        core.as_unasked(id, verdict)
                    }
                    verdict => verdict,
                }
            }
            Due::Data(None, ..) => UrcVerdict::Pass,
        };
        if let UrcVerdict::Late(by) = verdict {
            let when = match waiting.when {
                UrcWhen::AtOnce => UrcWhen::AtOnce,
                _ => UrcWhen::After,
            };
            let late = Waiting { at: core.now + by, when, judged: true, owed, ..waiting };
            let queue = &mut core.running.ports[id.0].waiting;
            let place = queue.partition_point(|w| w.at <= late.at);
            queue.insert(place, late);
            return None;
        }
        Some((waiting.what, verdict))
    }

    /// Prints an unsolicited line, or what a fault has in its place.
    pub(super) fn print_judged(&mut self, id: PortId, line: String, verdict: UrcVerdict) {
        match verdict {
            UrcVerdict::Replace(lines) => lines.into_iter().for_each(|line| self.print_urc(id, line)),
            UrcVerdict::Swallow => {}
            UrcVerdict::Pass | UrcVerdict::Late(_) => self.print_urc(id, line),
        }
    }
}
