//! A world on a clock that is turned by hand: time passes only where its owner says so, from one thing that is
//! due to the next. The network is real.

use super::io::Io;
use super::sinks::Sinks;
use crate::modem::{HostLine, Level, ModuleLine, PortId};
use crate::time::Now;
use crate::trace::Sink;
use crate::world::{Notice, World};
use std::io;
use std::time::Duration;
use tokio::time::timeout;

/// How long the real network may take for something that the modem's clock says is now.
const GUARD: Duration = Duration::from_secs(20);

/// Who hears what the module says to its host.
pub(crate) trait Listener {
    /// The host reads octets on a port that it has open.
    fn heard(&mut self, port: PortId, bytes: &[u8]);
    /// The host sees a line of a port.
    fn line(&mut self, port: PortId, line: ModuleLine, on: bool);
}

/// Where the clock stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// When the whole of the time is over.
    Over,
    /// As soon as the host hears something, if that comes first.
    Heard,
}

/// A world, its clock, and who hears it.
pub(crate) struct ByHand<E> {
    pub world: World,
    pub now: Now,
    pub listener: E,
    io: Io,
    /// Whether the host has each port open.
    open: Vec<bool>,
    sinks: Sinks,
}

impl<E: Listener> ByHand<E> {
    pub fn new(world: World, ports: usize, sinks: Sinks, listener: E) -> ByHand<E> {
        ByHand { world, now: Now::ZERO, listener, io: Io::new(), open: vec![false; ports], sinks }
    }

    /// Applies power, and opens every port that is not open by then.
    pub async fn power_on(&mut self) -> io::Result<()> {
        self.world.power_on(self.now);
        self.settle().await?;
        for port in (0..self.open.len()).map(PortId).filter(|port| !self.open[port.0]).collect::<Vec<_>>() {
            self.open[port.0] = true;
            self.world.opened(self.now, port);
        }
        Ok(())
    }

    /// Hands the records of what happens from here on to a sink.
    pub fn trace_to(&mut self, sink: Box<dyn Sink>) {
        self.world.trace();
        self.sinks.add(sink);
    }

    /// Hands over the records of what has happened.
    pub fn drain(&mut self) {
        self.sinks.drain(&mut self.world);
    }

    /// The host opens a port.
    pub fn open(&mut self, port: PortId) {
        self.open[port.0] = true;
        self.world.opened(self.now, port);
        self.dtr(port, Level::On);
    }

    /// The host closes a port.
    pub fn close(&mut self, port: PortId) {
        self.open[port.0] = false;
        self.world.closed(self.now, port);
        self.dtr(port, Level::Off);
    }

    /// The host drives DTR.
    pub fn dtr(&mut self, port: PortId, level: Level) {
        self.world.line(self.now, port, HostLine::Dtr(level));
        self.collect();
    }

    /// Carries out what the fault engine was told.
    pub fn act(&mut self) {
        self.world.act(self.now);
        self.collect();
    }

    /// How many octets the module takes from the host of a port, once all is done that this moment holds.
    pub async fn window(&mut self, port: PortId) -> io::Result<usize> {
        self.settle().await?;
        Ok(self.world.uart_window(port))
    }

    /// The host types.
    pub fn typed(&mut self, port: PortId, bytes: &[u8]) {
        self.world.typed(self.now, port, bytes);
        self.collect();
    }

    /// Hands over what the host reads and sees; true where there was something to read.
    fn collect(&mut self) -> bool {
        let mut any = false;
        for port in (0..self.open.len()).map(PortId) {
            while let Some(bytes) = self.world.outgoing(port).map(|write| write.bytes.clone()) {
                if self.open[port.0] {
                    any = true;
                    self.listener.heard(port, &bytes);
                }
                self.world.sent(self.now, port, bytes.len());
            }
        }
        while let Some(told) = self.world.poll_notice() {
            match told {
                Notice::Plugged { port, there } => self.open[port.0] = there,
                Notice::Line { port, line, on } => self.listener.line(port, line, on),
                Notice::Baud { .. } | Notice::Warning(_) => {}
            }
        }
        self.drain();
        any
    }

    /// Does all that this moment of the modem's clock holds.
    pub async fn settle(&mut self) -> io::Result<()> {
        self.wait().await.map(drop)
    }

    /// The same; true where something was heard. How much of it the real network brings before the host acts
    /// again must not depend on how quick that is.
    async fn wait(&mut self) -> io::Result<bool> {
        let mut heard = self.collect();
        while self.step().await? {
            heard |= self.collect();
        }
        Ok(heard)
    }

    /// The same, and goes on where a real host may still speak: nobody can tell whether it will.
    pub async fn wait_outside(&mut self) -> io::Result<bool> {
        loop {
            if self.wait().await? {
                return Ok(true);
            }
            if !self.world.reaches_out() {
                return Ok(false);
            }
            match timeout(GUARD, self.io.next()).await {
                Ok(event) => self.world.io(self.now, event),
                Err(_) => return Ok(false),
            }
        }
    }

    /// One thing that happens now; false where nothing does.
    async fn step(&mut self) -> io::Result<bool> {
        let heard = self.collect();
        while let Some(request) = self.world.poll_io() {
            self.io.execute(request);
        }
        // What is due comes first: how quick the real network is must not show.
        if self.world.poll_timeout().is_some_and(|at| at <= self.now) {
            self.world.timeout(self.now);
            return Ok(true);
        }
        if let Some(event) = self.io.try_next() {
            self.world.io(self.now, event);
            return Ok(true);
        }
        if !self.world.busy() {
            return Ok(heard);
        }
        match timeout(GUARD, self.io.next()).await {
            Ok(event) => {
                self.world.io(self.now, event);
                Ok(true)
            }
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the real network does not answer")),
        }
    }

    /// Turns the clock by `span`, or less where it is to stop before; gives how far.
    pub async fn turn(&mut self, span: Duration, until: Until) -> io::Result<Duration> {
        let start = self.now;
        let end = start + span;
        loop {
            self.settle().await?;
            let next = self.world.poll_timeout().filter(|at| *at <= end);
            self.now = next.unwrap_or(end).max(self.now);
            if next.is_some() {
                self.world.timeout(self.now);
            }
            let heard = self.wait().await? && until == Until::Heard;
            if heard && self.now > start || next.is_none() {
                return Ok(self.now.since(start));
            }
        }
    }
}
