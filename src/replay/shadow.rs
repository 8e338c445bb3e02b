//! The live modem behind a recording: it is told all that the host does, and heard only where the host has left the recording.

use crate::fault::{CommandVerdict, Event, Observation, PowerOn, ResultVerdict, UrcVerdict};
use crate::modem::{Dce, DceFault, FaultHook, Note, Origin, Output, PortId};
use crate::time::Now;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A command that nobody hears is given so long; the next is not held up for longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The live modem, and who hears it.
pub(super) struct Shadow {
    modem: Box<dyn Dce>,
    /// Command lines that it has not been told yet.
    waiting: VecDeque<Line>,
    /// The one that it has not answered yet.
    busy: Option<Line>,
    /// Until when that is waited for.
    until: Option<Now>,
    /// Whether the host hears what it says unasked.
    heard: bool,
    /// What is still to come of the echo of a line: the host has had it.
    echo: VecDeque<u8>,
    /// Whether what it says now is heard, for [`Muted`].
    speaks: Arc<AtomicBool>,
}

/// The faults of a modem that is not always heard: what nobody hears, they have no say in.
struct Muted {
    faults: Box<dyn FaultHook>,
    speaks: Arc<AtomicBool>,
}

impl Muted {
    fn speaks(&self) -> bool {
        self.speaks.load(Ordering::Relaxed)
    }
}

impl FaultHook for Muted {
    fn is_idle(&self) -> bool {
        self.faults.is_idle()
    }

    fn command(&mut self, now: Now, port: PortId, line: &str) -> CommandVerdict {
        if self.speaks() { self.faults.command(now, port, line) } else { CommandVerdict::Pass }
    }

    fn result(&mut self, now: Now, port: PortId, text: &str, cause: &str) -> ResultVerdict {
        if self.speaks() { self.faults.result(now, port, text, cause) } else { ResultVerdict::Pass }
    }

    fn urc(&mut self, now: Now, port: PortId, line: &str) -> UrcVerdict {
        if self.speaks() { self.faults.urc(now, port, line) } else { UrcVerdict::Pass }
    }

    fn observe(&mut self, now: Now, what: &dyn Fn() -> Observation) {
        self.faults.observe(now, what);
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.faults.poll_event()
    }
}

struct Line {
    port: PortId,
    bytes: Vec<u8>,
    heard: bool,
}

impl Shadow {
    /// `faults` are those of the live modem, where it is heard.
    pub(super) fn new(mut modem: Box<dyn Dce>, faults: Box<dyn FaultHook>) -> Shadow {
        let speaks = Arc::new(AtomicBool::new(false));
        if let Some(modem) = modem.modem_mut() {
            modem.hook_faults(Box::new(Muted { faults, speaks: speaks.clone() }));
        }
        Shadow {
            speaks,
            modem,
            waiting: VecDeque::new(),
            busy: None,
            until: None,
            heard: false,
            echo: VecDeque::new(),
        }
    }

    pub(super) fn modem(&self) -> &dyn Dce {
        self.modem.as_ref()
    }

    pub(super) fn modem_mut(&mut self) -> &mut dyn Dce {
        self.modem.as_mut()
    }

    /// A command that the recording answers.
    pub(super) fn unheard(&mut self, now: Now, port: PortId, line: &[u8]) {
        self.heard = false;
        self.take(now, Line { port, bytes: line.to_vec(), heard: false });
    }

    /// A command that it answers itself.
    pub(super) fn heard(&mut self, now: Now, port: PortId, line: &[u8]) {
        self.heard = true;
        self.take(now, Line { port, bytes: line.to_vec(), heard: true });
    }

    /// It is heard from here on: something befell the module that the recording knows nothing of.
    pub(super) fn listen(&mut self) {
        self.heard = true;
        self.mark();
    }

    /// It has no power, and starts without a word after `dead`.
    pub(super) fn switch_off(&mut self, now: Now, dead: Duration) {
        self.waiting.clear();
        (self.busy, self.until, self.heard) = (None, None, false);
        self.echo.clear();
        self.mark();
        self.modem.handle_fault(now, DceFault::Reset { start: PowerOn::Bare, dead });
    }

    /// It was reset: what it was told before is forgotten.
    pub(super) fn restart(&mut self) {
        self.waiting.clear();
        (self.busy, self.until) = (None, None);
        self.echo.clear();
        self.listen();
    }

    /// What the host sends while nobody but it answers.
    pub(super) fn pass(&mut self, now: Now, port: PortId, bytes: &[u8]) {
        self.modem.handle_uart(now, port, bytes);
    }

    /// Data of the host.
    pub(super) fn data(&mut self, now: Now, port: PortId, bytes: &[u8]) {
        if self.in_data_mode(port) {
            self.modem.handle_uart(now, port, bytes);
        }
    }

    /// Whether it has the host's data now.
    pub(super) fn takes_data(&self, port: PortId) -> bool {
        self.heard && self.waiting.is_empty() && self.in_data_mode(port)
    }

    fn in_data_mode(&self, port: PortId) -> bool {
        self.modem.modem().is_some_and(|modem| modem.core().in_data_mode(port))
    }

    /// Whether it echoes what is typed.
    pub(super) fn echoes(&self, port: PortId) -> bool {
        self.modem.modem().is_some_and(|modem| modem.settings(port).echo)
    }

    /// Whether what it says now is heard.
    fn is_heard(&self) -> bool {
        self.busy.as_ref().map_or(self.heard, |line| line.heard)
    }

    fn mark(&self) {
        self.speaks.store(self.is_heard(), Ordering::Relaxed);
    }

    fn take(&mut self, now: Now, line: Line) {
        self.mark();
        self.waiting.push_back(line);
        self.tell(now);
    }

    /// Tells it the next line, if it is free.
    fn tell(&mut self, now: Now) {
        if self.busy.is_some() {
            return;
        }
        if let Some(line) = self.waiting.pop_front() {
            self.echo =
                if self.echoes(line.port) { line.bytes.iter().copied().collect() } else { VecDeque::new() };
            let (port, bytes) = (line.port, line.bytes.clone());
            self.until = Some(now + PATIENCE);
            self.busy = Some(line);
            self.mark();
            self.modem.handle_uart(now, port, &bytes);
        }
    }

    pub(super) fn timeout(&mut self, now: Now) {
        if self.modem.poll_timeout().is_some_and(|at| at <= now) {
            self.modem.handle_timeout(now);
        }
        let heard = self.busy.as_ref().is_some_and(|line| line.heard);
        if !heard && self.until.is_some_and(|until| until <= now) {
            (self.busy, self.until) = (None, None);
            self.mark();
            self.tell(now);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Now> {
        let until = self.until.filter(|_| !self.waiting.is_empty());
        [self.modem.poll_timeout(), until].into_iter().flatten().min()
    }

    /// What it does that is to be seen, and whether that ends an answer of its own.
    pub(super) fn poll(&mut self, now: Now) -> Option<(Output, bool)> {
        loop {
            let Some(output) = self.modem.poll_output() else {
                if self.busy.is_none() && !self.waiting.is_empty() {
                    self.tell(now);
                    continue;
                }
                return None;
            };
            let heard = self.is_heard();
            match output {
                Output::Uart { port, bytes, apart } => {
                    let echoed = bytes.iter().zip(&self.echo).take_while(|(ours, echo)| ours == echo).count();
                    self.echo.drain(..echoed);
                    let rest = if heard { bytes.slice(echoed..) } else { bytes.slice(bytes.len()..) };
                    // What the host does not get has left all the same.
                    self.modem.handle_sent(now, port, bytes.len() - rest.len());
                    if !rest.is_empty() {
                        return Some((Output::Uart { port, bytes: rest, apart }, false));
                    }
                }
                // Faults are told of whoever is heard.
                Output::Note(Note::Fault(_)) => return Some((output, false)),
                Output::Note(note) => {
                    let ended = matches!(note, Note::Result { .. });
                    if ended {
                        (self.busy, self.until) = (None, None);
                        self.mark();
                    }
                    let told = match &note {
                        Note::Result { .. } | Note::Urc { .. } | Note::CommandLine { .. } => heard,
                        // The recording's module knows it.
                        Note::Command { known: false, .. } => heard,
                        _ => true,
                    };
                    if told {
                        return Some((Output::Note(Note::From(Origin::Model, Box::new(note))), ended));
                    }
                }
                Output::Line { .. } | Output::Dropped { .. } if !heard => {}
                output => return Some((output, false)),
            }
        }
    }
}
