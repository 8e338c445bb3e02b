//! The modem and the network it hangs on, on one clock, without a socket or a task of their own.
//!
//! Hand in what happens, and carry out what [`World::poll_io`] and the ports'
//! queues ask for. The event loop ([`super::machine`]) does it in real time, the transcript player
//! with a clock that it turns by hand.

use super::network::{IoEvent, IoRequest, Network};
use super::recorder::Recorder;
use crate::modem::{HostLine, Line, Modem, Output, PortId};
use crate::time::Now;
use crate::trace::{Event, Record};
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};

/// What the world tells its owner, beside what the host is to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The module drives a line of a port.
    Line {
        /// The port.
        port: PortId,
        /// The line.
        line: Line,
        /// Whether it is on.
        on: bool,
    },
    /// The module set the rate of a port, in bit/s; 0 has it find the rate out.
    Baud {
        /// The port.
        port: PortId,
        /// bit/s
        rate: u32,
    },
}

/// What waits for the host of one port: writes, in their order.
#[derive(Debug, Default)]
pub struct Outgoing {
    writes: VecDeque<Bytes>,
}

impl Outgoing {
    /// The next write, or what is left of it.
    pub fn first(&self) -> Option<&Bytes> {
        self.writes.front()
    }

    fn advance(&mut self, mut n: usize) {
        while let Some(first) = self.writes.front_mut().filter(|_| n > 0) {
            let taken = n.min(first.len());
            n -= taken;
            let _ = first.split_to(taken);
            if first.is_empty() {
                self.writes.pop_front();
            }
        }
    }
}

/// The modem, the network, and what waits between them and the real world.
pub struct World {
    modem: Modem,
    network: Network,
    outgoing: Vec<Outgoing>,
    told: VecDeque<Told>,
    recorder: Option<Box<Recorder>>,
}

impl World {
    /// A world with its power off; [`World::power_on`] follows.
    pub fn new(modem: Modem, network: Network, ports: usize) -> World {
        let outgoing = (0..ports).map(|_| Outgoing::default()).collect();
        World { modem, network, outgoing, told: VecDeque::new(), recorder: None }
    }

    /// Has [`World::poll_record`] tell what happens from here on; it costs time.
    pub fn trace(&mut self) {
        if self.recorder.is_none() {
            self.modem.take_notes();
            self.network.tap_on();
            self.recorder = Some(Box::new(Recorder::new(self.modem.secrets(), self.outgoing.len())));
        }
    }

    /// Adds to the trace, where there is one, what happens outside the world.
    pub fn record(&mut self, now: Now, event: impl FnOnce() -> Event) {
        if let Some(recorder) = &mut self.recorder {
            recorder.push(now, event());
        }
    }

    /// What happened next.
    pub fn poll_record(&mut self) -> Option<Record> {
        self.recorder.as_mut()?.pop()
    }

    /// Puts back what the module had stored when it was last switched off.
    pub fn load_flash(&mut self, flash: BTreeMap<String, String>) {
        self.modem.load_flash(flash);
    }

    /// Applies power.
    pub fn power_on(&mut self, now: Now) {
        self.modem.power_on(now);
        self.drain(now);
    }

    /// The modem.
    pub fn modem(&self) -> &Modem {
        &self.modem
    }

    /// The network.
    pub fn network_mut(&mut self) -> &mut Network {
        &mut self.network
    }

    /// The host typed.
    pub fn typed(&mut self, now: Now, port: PortId, bytes: &[u8]) {
        if let Some(recorder) = &mut self.recorder {
            recorder.typed(now, port, bytes);
        }
        self.modem.handle_uart(now, port, bytes);
        self.drain(now);
    }

    /// The host moved a line.
    pub fn line(&mut self, now: Now, port: PortId, line: HostLine) {
        if let Some(recorder) = &mut self.recorder {
            recorder.host_line(now, port, line);
        }
        self.modem.handle_line(now, port, line);
        self.drain(now);
    }

    /// So many octets of [`World::outgoing`] have gone to the host, or were dropped for want of one.
    pub fn sent(&mut self, now: Now, port: PortId, n: usize) {
        self.outgoing[port.0].advance(n);
        self.modem.handle_sent(now, port, n);
        self.drain(now);
    }

    /// A real socket speaks.
    pub fn io(&mut self, now: Now, event: IoEvent) {
        self.network.handle_io(now, event);
        self.drain(now);
    }

    /// The time of [`World::poll_timeout`] has come.
    pub fn timeout(&mut self, now: Now) {
        if self.network.poll_timeout().is_some_and(|at| at <= now) {
            self.network.handle_timeout(now);
        }
        if self.modem.poll_timeout().is_some_and(|at| at <= now) {
            self.modem.handle_timeout(now);
        }
        self.drain(now);
    }

    /// When [`World::timeout`] has something to do.
    pub fn poll_timeout(&self) -> Option<Now> {
        [self.modem.poll_timeout(), self.network.poll_timeout()].into_iter().flatten().min()
    }

    /// What waits for the host of a port.
    pub fn outgoing(&self, port: PortId) -> &Outgoing {
        &self.outgoing[port.0]
    }

    /// How much the modem takes from the host of a port now, in octets.
    pub fn uart_window(&self, port: PortId) -> usize {
        self.modem.uart_window(port)
    }

    /// The next request to the real world.
    pub fn poll_io(&mut self) -> Option<IoRequest> {
        self.network.poll_io()
    }

    /// What else happened.
    pub fn poll_told(&mut self) -> Option<Told> {
        self.told.pop_front()
    }

    /// Whether the real world still owes an answer that belongs to this moment.
    pub fn busy(&self) -> bool {
        self.network.busy()
    }

    /// Whether a real host may speak at any time.
    pub fn reaches_out(&self) -> bool {
        self.network.reaches_out()
    }

    /// Passes on what modem and network want of each other, until neither wants anything.
    fn drain(&mut self, now: Now) {
        loop {
            self.hear_tap();
            while let Some(output) = self.modem.poll_output() {
                if let Some(recorder) = &mut self.recorder {
                    recorder.output(now, &output);
                }
                match output {
                    Output::Uart { port, bytes } => self.outgoing[port.0].writes.push_back(bytes),
                    Output::Line { port, line, on } => self.told.push_back(Told::Line { port, line, on }),
                    Output::Baud { port, rate } => self.told.push_back(Told::Baud { port, rate }),
                    Output::Net(request) => {
                        self.network.handle_request(now, request);
                        self.hear_tap();
                    }
                    Output::Note(_) => {}
                }
            }
            let modem = &self.modem;
            let event = self.network.poll_event(now, |socket| modem.poll_window(socket));
            self.hear_tap();
            let Some(event) = event else { return };
            if let Some(recorder) = &mut self.recorder {
                recorder.answer(now, &event);
            }
            self.modem.handle_net(now, event);
        }
    }

    fn hear_tap(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            while let Some(tapped) = self.network.poll_tap() {
                recorder.tapped(tapped);
            }
        }
    }
}
