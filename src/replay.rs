//! replay: the modem of a recording.
//!
//! A [`Replay`] stands between the host and a live modem ([`Dce`]). As long as the host does what the recording's host did,
//! it is answered from the recording, with its times; the live modem is told the same commands, unheard, so that its state
//! follows. Where the host leaves the recording, the live modem answers from that state, until the host sends again what the
//! recording has near that place.

mod find;
mod key;
mod masked;
mod off;
pub mod radio;
mod report;
pub mod script;
mod shadow;
#[cfg(test)]
mod tests;

pub use report::{Difference, Report, Sums};
pub use script::Script;

use crate::fault::{CommandVerdict, ResultVerdict, UrcVerdict};
use crate::modem::Notes;
use crate::modem::net::Radio;
use crate::modem::{Dce, DceFault, FaultHook, NetEvent, Note, Origin, Output, PortId};
use crate::time::Now;
use crate::transcript::Transcript;
use bytes::Bytes;
use find::Finder;
use key::Key;
use masked::Meant;
use off::Off;
use radio::Forced;
use script::{Ask, Role, Said, What};
use shadow::Shadow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// A command line longer than this is handed to the live modem, which has its own limit.
const LONGEST: usize = 4096;

/// The modem of a recording, with a live one behind it.
pub struct Replay {
    shadow: Shadow,
    script: Arc<Script>,
    /// The exchange that is to come.
    next: usize,
    /// What the host sent last, where the recording has it nowhere near.
    strayed: Option<Key>,
    /// What the host's values are that are masked in the recording.
    meant: Meant,
    /// What the recording has the module do, in the order of its times.
    due: VecDeque<Due>,
    /// What of the host's line has come.
    typed: Vec<u8>,
    /// What is still to come of data.
    data: Vec<u8>,
    output: VecDeque<Output>,
    /// Whose bytes wait to be written, in their order.
    unsent: VecDeque<(PortId, usize, Origin)>,
    faults: Box<dyn FaultHook>,
    forced: Forced,
    /// The module was reset, and has not answered since: the recording goes on once it has.
    restarts: bool,
    /// The recording's module has no power for some time.
    off: Option<Off>,
    notes: bool,
    report: Report,
}

/// A recording that a run replays.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Its file.
    pub file: String,
    /// What is in it.
    pub script: Arc<Script>,
    /// How the host follows it.
    pub report: Report,
}

impl Recording {
    /// Of a transcript in `file`.
    pub fn new(file: &str, transcript: &Transcript) -> Recording {
        Recording {
            file: file.to_owned(),
            script: Arc::new(Script::of(transcript)),
            report: Report::default(),
        }
    }

    /// The same for another run.
    #[must_use]
    pub fn afresh(&self) -> Recording {
        Recording { report: Report::default(), ..self.clone() }
    }
}

/// Something that the module does when its time comes.
struct Due {
    at: Now,
    port: PortId,
    what: What,
    role: Role,
    /// Faults have had their say.
    judged: bool,
    /// It comes whether the host goes on as the recording's did or not.
    alone: bool,
}

impl Replay {
    /// A recording with a live modem behind it; `faults` gives the faults' seam.
    pub fn new(
        behind: Box<dyn Dce>,
        recording: &Recording,
        faults: impl Fn() -> Box<dyn FaultHook>,
    ) -> Replay {
        let (script, report) = (recording.script.clone(), recording.report.clone());
        report.with(|sums| sums.left = script.exchanges.len().saturating_sub(1));
        Replay {
            shadow: Shadow::new(behind, faults()),
            script,
            next: 0,
            strayed: None,
            meant: Meant::default(),
            due: VecDeque::new(),
            typed: vec![],
            data: vec![],
            output: VecDeque::new(),
            unsent: VecDeque::new(),
            faults: faults(),
            forced: Forced::default(),
            restarts: false,
            off: None,
            notes: false,
            report,
        }
    }

    /// The host's bytes, where the recording has data next.
    fn take_data<'a>(&mut self, now: Now, port: PortId, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let Ask::Data(wanted) = &self.script.exchanges.get(self.next)?.ask else { return None };
        let ended = |byte: &u8| matches!(byte, 0x1a | 0x1b);
        let length = match wanted.last().filter(|last| ended(last)) {
            // It ends where the host ends it.
            Some(_) => bytes.iter().position(ended).map(|at| at + 1),
            None => {
                Some(wanted.len() - self.data.len().min(wanted.len())).filter(|length| *length <= bytes.len())
            }
        };
        let (taken, rest) = bytes.split_at(length.unwrap_or(bytes.len()));
        self.data.extend_from_slice(taken);
        self.shadow.data(now, port, taken);
        if length.is_some() {
            self.data.clear();
            self.follow(now, self.next);
        }
        Some(rest)
    }

    /// The host's bytes, where a command line is due. What is left of them.
    fn take_line<'a>(&mut self, now: Now, port: PortId, bytes: &'a [u8]) -> &'a [u8] {
        let end = bytes.iter().position(|byte| *byte == b'\r').map(|at| at + 1);
        let (taken, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        if self.shadow.echoes(port) && !self.is_off() {
            self.say(port, Bytes::copy_from_slice(taken), false);
        }
        for byte in taken {
            match byte {
                0x08 | 0x7f => drop(self.typed.pop()),
                b'\n' if self.typed.is_empty() => {}
                byte => self.typed.push(*byte),
            }
        }
        if end.is_some() || self.typed.len() > LONGEST {
            let line = std::mem::take(&mut self.typed);
            self.command(now, port, &line);
        }
        rest
    }

    /// The host has sent a command line, its CR included.
    fn command(&mut self, now: Now, port: PortId, line: &[u8]) {
        let text = String::from_utf8_lossy(line).trim().to_owned();
        if text.is_empty() {
            return;
        }
        let key = Key::of(&text);
        let finder =
            Finder { script: &self.script, next: self.next, port: port.number(), meant: &self.meant };
        match finder.find(&key, self.strayed.as_ref()) {
            Some(at) => {
                self.strayed = None;
                if let Some(Ask::Command { key: recorded, .. }) =
                    self.script.exchanges.get(at).map(|e| &e.ask)
                {
                    recorded.learn(&key, &mut self.meant);
                }
                if at != self.next {
                    self.leave(&text);
                }
                self.note(|| Note::CommandLine { port, line: text.clone() });
                let verdict = self.faults.command(now, port, &text);
                if carried_out(&verdict) {
                    self.shadow.unheard(now, port, line);
                }
                self.follow_as(now, at, verdict);
            }
            None => {
                self.strayed = Some(key);
                self.leave(&text);
                self.shadow.heard(now, port, line);
            }
        }
    }

    /// The host has left the recording.
    fn leave(&mut self, text: &str) {
        let coming = self.script.exchanges.get(self.next);
        let recorded = match coming.map(|exchange| &exchange.ask) {
            Some(Ask::Command { text, .. }) => text.clone(),
            Some(Ask::Data(bytes)) => format!("{} octets of data", bytes.len()),
            Some(Ask::Nothing) | None => "(nothing more)".to_owned(),
        };
        let line = coming.map(|exchange| exchange.line);
        self.report.differ(Difference { line, recorded, host: text.to_owned() });
    }

    fn follow(&mut self, now: Now, at: usize) {
        self.follow_as(now, at, CommandVerdict::Pass);
    }

    /// The host has done what the recording's did there: what followed follows.
    fn follow_as(&mut self, now: Now, at: usize, verdict: CommandVerdict) {
        let Some(exchange) = self.script.exchanges.get(at) else { return };
        let port = PortId(exchange.port - 1);
        let passed = self.script.exchanges.get(self.next..at).map_or(0, <[_]>::len) as u64;
        // What a command before is still to say comes first, as long as it is no more than its answer.
        let begin = self
            .due
            .iter()
            .filter(|due| due.role != Role::Unasked)
            .map(|due| due.at)
            .max()
            .unwrap_or(now)
            .max(now);
        // What is not carried out brings nothing about.
        let after = if carried_out(&verdict) { unasked(&exchange.said) } else { vec![] };
        let (late, said) = match verdict {
            CommandVerdict::Pass => (Duration::ZERO, exchange.said.clone()),
            CommandVerdict::Late(by) => (by, exchange.said.clone()),
            CommandVerdict::Swallow { .. } => (Duration::ZERO, after),
            CommandVerdict::Answer { lines, .. } => {
                let given = lines.into_iter().map(|line| answer(line, Role::Information));
                (Duration::ZERO, given.chain(after).collect())
            }
            CommandVerdict::Error(number) => {
                (Duration::ZERO, vec![answer(format!("+CME ERROR: {number}"), Role::Result)])
            }
        };
        let said = if self.follows_off(at) { vec![] } else { said };
        for Said { after, what, part } in said {
            self.put(Due { at: begin + after + late, port, what, role: part, judged: false, alone: false });
        }
        self.next = at + 1;
        let left = self.script.exchanges.len() - self.next;
        self.report.with(|sums| (sums.passed_over, sums.left) = (sums.passed_over + passed, left));
        self.foresee(begin);
        self.speak(now);
    }

    /// Says what is due.
    fn speak(&mut self, now: Now) {
        while self.due.front().is_some_and(|due| due.at <= now) {
            let Some(due) = self.due.pop_front() else { return };
            if due.alone {
                self.is_back();
            }
            match &due.what {
                What::Line(text) if !due.judged => {
                    let text = self.forced.said(text.clone());
                    if let Some(radio) = radio::told(&text) {
                        self.shadow.modem_mut().handle_net(now, NetEvent::Radio(radio));
                    }
                    self.judge(now, text, due);
                }
                _ => self.act(due),
            }
        }
        self.switch_off(now);
    }

    /// Asks the faults what becomes of a line.
    fn judge(&mut self, now: Now, text: String, due: Due) {
        let put_off = |by: Duration| Due {
            at: now + by,
            judged: true,
            port: due.port,
            what: due.what.clone(),
            role: due.role,
            alone: due.alone,
        };
        let lines = match due.role {
            Role::Information => vec![text],
            Role::Result => match self.faults.result(now, due.port, &text, &text) {
                ResultVerdict::Pass => vec![text],
                ResultVerdict::Replace(lines) => lines,
                ResultVerdict::Error(number) => vec![format!("+CME ERROR: {number}")],
                ResultVerdict::Swallow => vec![],
                ResultVerdict::Late(by) => return self.put(put_off(by)),
            },
            Role::Unasked => match self.faults.urc(now, due.port, &text) {
                UrcVerdict::Pass => vec![text],
                UrcVerdict::Replace(lines) => lines,
                UrcVerdict::Swallow => vec![],
                UrcVerdict::Late(by) => return self.put(put_off(by)),
            },
        };
        for line in lines {
            self.act(Due {
                at: due.at,
                port: due.port,
                what: What::Line(line),
                role: due.role,
                judged: true,
                alone: due.alone,
            });
        }
    }

    fn put(&mut self, due: Due) {
        let place = self.due.partition_point(|other| other.at <= due.at);
        self.due.insert(place, due);
    }

    fn act(&mut self, due: Due) {
        let port = due.port;
        match due.what {
            What::Line(text) => {
                let framed = Bytes::from(format!("\r\n{text}\r\n"));
                self.say(port, framed, due.role == Role::Unasked);
                match due.role {
                    Role::Information => {}
                    Role::Result => {
                        self.report.with(|sums| sums.recorded += 1);
                        self.note(|| Note::Result { port, text, cause: None });
                    }
                    Role::Unasked => self.note(|| Note::Urc { port, line: text }),
                }
            }
            What::Bytes(bytes) => self.say(port, Bytes::from(bytes), false),
            What::Drive(line, level) => {
                self.output.push_back(Output::Line { port, line, level });
            }
        }
    }

    /// The module is reset: what it was about to say is gone, and what it says at its start is the live model's.
    fn restart(&mut self) {
        self.due.clear();
        self.off = None;
        self.typed.clear();
        self.data.clear();
        self.shadow.restart();
        self.restarts = true;
    }

    fn say(&mut self, port: PortId, bytes: Bytes, apart: bool) {
        self.unsent.push_back((port, bytes.len(), Origin::Recording));
        self.output.push_back(Output::Uart { port, bytes, apart });
    }

    fn note(&mut self, note: impl FnOnce() -> Note) {
        if self.notes {
            self.output.push_back(Output::Note(Note::From(Origin::Recording, Box::new(note()))));
        }
        while let Some(event) = self.faults.poll_event() {
            self.output.push_back(Output::Note(Note::Fault(event)));
        }
    }

    /// What the live modem has done.
    fn hear(&mut self, now: Now) {
        while let Some((output, answered)) = self.shadow.poll(now) {
            if answered {
                self.restarts = false;
                self.report.with(|sums| sums.modelled += 1);
            }
            if let Output::Uart { port, bytes, .. } = &output {
                self.unsent.push_back((*port, bytes.len(), Origin::Model));
            }
            if self.notes || !matches!(output, Output::Note(_)) {
                self.output.push_back(output);
            }
        }
    }
}

/// Whether a command is carried out, whatever is answered.
fn carried_out(verdict: &CommandVerdict) -> bool {
    match verdict {
        CommandVerdict::Pass | CommandVerdict::Late(_) => true,
        CommandVerdict::Answer { carried_out, .. } | CommandVerdict::Swallow { carried_out } => *carried_out,
        CommandVerdict::Error(_) => false,
    }
}

/// What is said unasked after an answer, which it does not take part in.
fn unasked(said: &[Said]) -> Vec<Said> {
    said.iter().filter(|said| said.part == Role::Unasked).cloned().collect()
}

fn answer(line: String, part: Role) -> Said {
    Said { after: Duration::ZERO, what: What::Line(line), part }
}

impl Dce for Replay {
    fn behind(&self) -> Option<&dyn Dce> {
        Some(self.shadow.modem())
    }

    fn behind_mut(&mut self) -> Option<&mut dyn Dce> {
        Some(self.shadow.modem_mut())
    }

    fn power_on(&mut self, now: Now) {
        self.shadow.modem_mut().take_notes(Notes::Taken);
        self.shadow.modem_mut().power_on(now);
        let radio = self.shadow.modem().modem().map(|modem| &modem.core().radio);
        self.forced =
            Forced::new(radio.map(|radio| (radio.rssi, radio.ber)), radio.map(|radio| radio.status));
        self.follow(now, 0);
        self.hear(now);
    }

    fn handle_uart(&mut self, now: Now, port: PortId, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.restarts {
                self.shadow.pass(now, port, bytes);
                break;
            }
            // The live modem has the host's data.
            if self.shadow.takes_data(port) {
                self.shadow.data(now, port, bytes);
                break;
            }
            bytes = match self.take_data(now, port, bytes) {
                Some(rest) => rest,
                None => self.take_line(now, port, bytes),
            };
        }
        self.hear(now);
    }

    fn handle_sent(&mut self, now: Now, port: PortId, mut n: usize) {
        while n > 0 {
            let Some((_, length, origin)) = self.unsent.iter_mut().find(|(on, ..)| *on == port) else {
                return;
            };
            let some = n.min(*length);
            (*length, n) = (*length - some, n - some);
            if *origin == Origin::Model {
                self.shadow.modem_mut().handle_sent(now, port, some);
            }
            self.unsent.retain(|(_, length, _)| *length > 0);
        }
        self.hear(now);
    }

    /// What is typed beside the host would have it leave the recording.
    fn add_port(&mut self) -> bool {
        false
    }

    fn handle_net(&mut self, now: Now, event: NetEvent) {
        match &event {
            NetEvent::Radio(Radio::Reset { .. }) => self.restart(),
            NetEvent::Radio(radio) => self.forced.hear(radio),
            _ => {}
        }
        self.shadow.modem_mut().handle_net(now, event);
        self.hear(now);
    }

    fn handle_fault(&mut self, now: Now, fault: DceFault) {
        if matches!(fault, DceFault::Reset { .. }) {
            self.restart();
        }
        self.shadow.modem_mut().handle_fault(now, fault);
        self.shadow.listen();
        self.hear(now);
    }

    fn handle_timeout(&mut self, now: Now) {
        self.speak(now);
        self.shadow.timeout(now);
        self.hear(now);
    }

    fn poll_output(&mut self) -> Option<Output> {
        self.output.pop_front()
    }

    fn poll_timeout(&self) -> Option<Now> {
        let due = self.due.front().map(|due| due.at);
        [due, self.goes_off(), self.shadow.poll_timeout()].into_iter().flatten().min()
    }

    fn take_notes(&mut self, notes: Notes) {
        self.notes = notes == Notes::Taken;
    }
}
