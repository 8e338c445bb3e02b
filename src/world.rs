//! The modem and its network on one clock, without a socket or a task of their own.
//!
//! Hand in what happens, and carry out what [`World::poll_io`] and the ports'
//! queues ask for. The event loop ([`crate::driver::machine`]) does it in real time, the transcript player
//! with a clock that it turns by hand.

mod acts;
pub mod faults;
mod radio;
mod recorder;
mod reports;
mod serial;
#[cfg(test)]
mod tests;

use crate::modem::Notes;
use radio::RadioTimeline;
use reports::Reports;
pub use serial::Write;
use serial::{Around, Ports};

use crate::fault::{Act, ModuleState, Observation};
use crate::maker;
use crate::modem::{Dce, HostLine, Keeper, Level, Modem, ModuleLine, Note, Output, PortId};
use crate::network::{IoEvent, IoRequest, Network};
use crate::scenario::Radio;
use crate::time::Now;
use crate::trace::{Circuit, Event, Record};
use crate::world::faults::Faults;
use crate::world::recorder::Recorder;

/// What the world tells its owner, apart from what the host is to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The module drives a line of a port.
    Line {
        /// The port.
        port: PortId,
        /// The line.
        line: ModuleLine,
        /// Whether it is on.
        on: bool,
    },
    /// A port vanishes for its host, or is there again.
    Plugged {
        /// The port.
        port: PortId,
        /// Whether it is there.
        there: bool,
    },
    /// The module set the rate of a port, in bit/s; 0 has it find the rate out.
    Baud {
        /// The port.
        port: PortId,
        /// bit/s
        rate: u32,
    },
    /// Something was dropped, in words for the user.
    Warning(String),
}

/// What stands behind the serial ports, the network, and what waits between them and the real world.
pub struct World {
    dce: Box<dyn Dce>,
    network: Network,
    ports: Ports,
    reports: Reports,
    faults: Faults,
    radio: RadioTimeline,
    /// What faults will do once the bytes that triggered them have arrived.
    landing: Vec<(Now, Act)>,
    /// Faults have ended that kept something back: it may move on.
    resumes: bool,
}

impl World {
    /// A world with its power off; [`World::power_on`] follows.
    pub fn new(dce: Box<dyn Dce>, network: Network, ports: usize) -> World {
        World {
            dce,
            network,
            ports: Ports::new(ports),
            reports: Reports::default(),
            faults: Faults::new(vec![], 0),
            radio: RadioTimeline::default(),
            landing: vec![],
            resumes: false,
        }
    }

    /// The same world with faults, whose other seams are the network's and the modem's.
    #[must_use]
    pub fn with_faults(mut self, faults: Faults) -> World {
        self.faults = faults;
        self
    }

    /// The same world with something between the serial ports and what has been behind them so far; before power is
    /// applied.
    #[must_use]
    pub fn behind(mut self, wrap: impl FnOnce(Box<dyn Dce>) -> Box<dyn Dce>) -> World {
        self.dce = wrap(self.dce);
        self
    }

    /// The fault engine. After it was told to do something, [`World::act`] is to be called.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Has [`World::poll_record`] tell what happens from here on; it costs time.
    pub fn trace(&mut self) {
        if self.reports.recorder.is_none() {
            self.dce.take_notes(Notes::Taken);
            self.network.tap();
            self.reports.recorder = Some(Box::new(Recorder::new(
                maker::secrets(self.dce.modem().map(Modem::vocabulary)),
                self.ports.len(),
            )));
        }
    }

    /// Has nothing recorded any more.
    pub(super) fn untrace(&mut self) {
        self.dce.take_notes(Notes::None);
        self.network.untap();
        self.reports.recorder = None;
    }

    /// Adds to the trace, where there is one, what happens outside the world.
    pub fn record(&mut self, now: Now, event: impl FnOnce() -> Event) {
        self.reports.record(now, event);
    }

    /// What happened next.
    pub fn poll_record(&mut self) -> Option<Record> {
        self.reports.recorder.as_mut()?.pop()
    }

    /// Begins with what `keeper` holds, and has it keep what the module stores.
    pub fn keep_in(&mut self, keeper: Box<dyn Keeper>) {
        if let Some(modem) = self.dce.modem_mut() {
            modem.keep_in(keeper);
        }
    }

    /// Has what the module has stored outside a command kept.
    pub fn keep(&mut self) {
        if let Some(modem) = self.dce.modem_mut() {
            modem.keep();
        }
    }

    /// Applies power.
    pub fn power_on(&mut self, now: Now) {
        self.faults.set_now(now);
        self.radio.begin(&mut *self.dce, now);
        self.dce.power_on(now);
        self.drain(now);
    }

    /// The live modem, where there is one behind the ports.
    pub fn modem(&self) -> Option<&Modem> {
        self.dce.modem()
    }

    /// The network.
    pub fn network_mut(&mut self) -> &mut Network {
        &mut self.network
    }

    /// The host typed.
    pub fn typed(&mut self, now: Now, port: PortId, bytes: &[u8]) {
        if let Some(recorder) = &mut self.reports.recorder {
            recorder.typed(now, port, bytes);
        }
        self.faults.set_now(now);
        let (ports, mut around) = self.serial();
        ports.arrive_up(&mut around, now, port, bytes);
        self.drain(now);
    }

    /// Gives the modem one port more, beside those of its host; none where what is behind them cannot have one.
    pub fn add_port(&mut self, now: Now) -> Option<PortId> {
        if !self.dce.add_port() {
            return None;
        }
        let port = self.ports.add();
        if let Some(recorder) = &mut self.reports.recorder {
            recorder.add_port();
        }
        self.line(now, port, HostLine::Dtr(Level::On));
        Some(port)
    }

    /// The host opened a port.
    pub fn opened(&mut self, now: Now, port: PortId) {
        self.record(now, || Event::PortOpened { port: port.number() });
        self.faults.observe(now, &Observation::State(ModuleState::PortOpen));
    }

    /// The host closed a port.
    pub fn closed(&mut self, now: Now, port: PortId) {
        self.record(now, || Event::PortClosed { port: port.number() });
        self.faults.observe(now, &Observation::State(ModuleState::PortClosed));
    }

    /// The host moved a line.
    pub fn line(&mut self, now: Now, port: PortId, line: HostLine) {
        if let Some(recorder) = &mut self.reports.recorder {
            let HostLine::Dtr(level) = line;
            recorder.line(now, port, Circuit::Dtr, level.is_on());
        }
        self.dce.handle_line(now, port, line);
        self.drain(now);
    }

    /// So many octets of [`World::outgoing`] have gone to the host, or were dropped for want of one.
    pub fn sent(&mut self, now: Now, port: PortId, n: usize) {
        let n = self.ports[port].outgoing.advance(n);
        self.dce.handle_sent(now, port, n);
        self.drain(now);
    }

    /// A real socket speaks.
    pub fn io(&mut self, now: Now, event: IoEvent) {
        self.faults.set_now(now);
        // What the FTP server's thread has asked comes before what it answers.
        self.obey(now);
        self.network.handle_io(now, event);
        self.drain(now);
    }

    /// The time of [`World::poll_timeout`] has come.
    pub fn timeout(&mut self, now: Now) {
        self.faults.set_now(now);
        self.radio.handle_timeout(&mut *self.dce, now);
        let (ports, mut around) = self.serial();
        ports.deliver_due(&mut around, now);
        if self.network.poll_timeout().is_some_and(|at| at <= now) {
            self.network.handle_timeout(now);
        }
        if self.dce.poll_timeout().is_some_and(|at| at <= now) {
            self.dce.handle_timeout(now);
        }
        self.drain(now);
    }

    /// When [`World::timeout`] has something to do.
    pub fn poll_timeout(&self) -> Option<Now> {
        let landing = self.landing.iter().map(|(at, _)| *at).min();
        let own = [
            self.dce.poll_timeout(),
            self.network.poll_timeout(),
            landing,
            self.faults.poll_timeout(),
            self.radio.poll_timeout(),
            self.ports.poll_timeout(),
        ];
        own.into_iter().flatten().min()
    }

    /// The next write for the host of a port, or what is left of it; none while that host holds it up.
    pub fn outgoing(&self, port: PortId) -> Option<&Write> {
        self.ports[port].outgoing.first().filter(|_| !self.dce.is_stopped(port))
    }

    /// How much the modem takes from the host of a port now, in octets.
    pub fn uart_window(&self, port: PortId) -> usize {
        self.dce.uart_window(port).min(self.ports[port].window())
    }

    /// The next request to the real world.
    pub fn poll_io(&mut self) -> Option<IoRequest> {
        self.network.poll_io()
    }

    /// What else happened.
    pub fn poll_notice(&mut self) -> Option<Notice> {
        self.reports.poll_notice()
    }

    /// Whether the real world still owes an answer that belongs to this moment.
    pub fn busy(&self) -> bool {
        self.network.busy()
    }

    /// Whether a real host may speak at any time.
    pub fn reaches_out(&self) -> bool {
        self.network.reaches_out()
    }

    /// The ports, and what is beside them.
    fn serial(&mut self) -> (&mut Ports, Around<'_>) {
        let around = Around { dce: &mut *self.dce, faults: &self.faults, reports: &mut self.reports };
        (&mut self.ports, around)
    }

    /// Gives the radio a timeline, before power is applied.
    pub(crate) fn set_radio(&mut self, timeline: &[Radio]) {
        self.radio.set(&*self.dce, timeline);
    }

    /// Passes on what the modem and the network ask of each other, until neither asks for anything.
    fn drain(&mut self, now: Now) {
        loop {
            self.hear_tap();
            while let Some(output) = self.dce.poll_output() {
                if let (Some(recorder), false) =
                    (&mut self.reports.recorder, matches!(output, Output::Uart { .. }))
                {
                    recorder.output(now, &output);
                }
                match output {
                    Output::Uart { port, bytes, apart } => {
                        let (ports, mut around) = self.serial();
                        ports.arrive_down(&mut around, now, port, bytes, apart);
                    }
                    Output::Line { port, line, level } => {
                        let (ports, mut around) = self.serial();
                        ports.drive(&mut around, now, port, line, level.is_on());
                    }
                    Output::Baud { port, rate } => self.reports.notice(Notice::Baud { port, rate }),
                    Output::Dropped { port, lines } => {
                        let (ports, mut around) = self.serial();
                        ports.not_said(&mut around, now, port, lines);
                    }
                    Output::Net(request) => {
                        self.network.handle_request(now, request);
                        self.hear_tap();
                    }
                    Output::Note(Note::Fault(event)) => self.hear_fault(&event),
                    Output::Note(_) => {}
                }
            }
            self.resume(now);
            let dce = &self.dce;
            let event = self.network.poll_event(now, |socket| dce.poll_window(socket));
            self.hear_tap();
            self.hear_faults();
            let Some(event) = event else {
                if self.obey(now) || self.resumes {
                    continue;
                }
                return;
            };
            if let Some(recorder) = &mut self.reports.recorder {
                recorder.answer(now, &event);
            }
            self.dce.handle_net(now, event);
        }
    }

    fn hear_tap(&mut self) {
        if let Some(recorder) = &mut self.reports.recorder {
            while let Some(tapped) = self.network.poll_tap() {
                recorder.tapped(tapped);
            }
        }
    }
}
