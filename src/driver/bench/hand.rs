//! A modem on a clock that is turned by hand: no time passes but what its host lets pass, so that ten
//! minutes of time-outs take no longer than they take to compute, and the same host sees the same run.

use super::mistakes::Mistakes;
use super::records::Records;
use crate::driver::io::Io;
use crate::driver::judge::Watch;
use crate::driver::setup::Server;
use crate::driver::sinks::Sinks;
use crate::driver::world::World;
use crate::fault::Status;
use crate::modem::{HostLine, PortId};
use crate::scenario::Outcome;
use crate::time::Now;
use crate::trace::Sink;
use bytes::{Bytes, BytesMut};
use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

/// How long the real network may take for something that the modem's clock says is now.
const GUARD: Duration = Duration::from_secs(20);

/// A modem whose clock its host turns.
///
/// [`Bench::by_hand`](super::Bench::by_hand) makes one. Ports are counted from 1.
pub struct Hand {
    world: World,
    io: Io,
    now: Now,
    /// Whether the host has each port open.
    open: Vec<bool>,
    /// What was heard on each port and not taken yet.
    unread: Vec<BytesMut>,
    server: Server,
    sinks: Sinks,
    watch: Watch,
}

impl Hand {
    pub(in crate::driver) fn new(mut world: World, server: Server, ports: usize, watch: Watch) -> Hand {
        let mut sinks = Sinks::default();
        world.trace();
        sinks.add(Box::new(watch.clone()));
        Hand {
            world,
            io: Io::new(),
            now: Now::ZERO,
            open: vec![false; ports],
            unread: vec![BytesMut::new(); ports],
            server,
            sinks,
            watch,
        }
    }

    /// Applies power, and opens every port.
    pub(in crate::driver) async fn power_on(&mut self) -> io::Result<()> {
        self.world.power_on(self.now);
        self.settle().await?;
        for port in 1..=self.open.len() {
            self.opened(port);
        }
        Ok(())
    }

    /// The time on the modem's clock.
    pub fn now(&self) -> Now {
        self.now
    }

    /// The folder that the modem's FTP server serves.
    pub fn root(&self) -> &Path {
        self.server.root()
    }

    /// Hands the records of what happens from here on to a sink.
    pub fn trace_to(&mut self, sink: Box<dyn Sink>) {
        self.world.trace();
        self.sinks.add(sink);
    }

    /// Has the host type.
    ///
    /// # Errors
    /// `TimedOut` where the real network does not answer, `WouldBlock` where the module takes nothing more.
    pub async fn send(&mut self, port: usize, mut bytes: &[u8]) -> io::Result<()> {
        let id = PortId(port - 1);
        while !bytes.is_empty() {
            self.settle().await?;
            let window = self.world.uart_window(id).min(bytes.len());
            if window == 0 {
                let why = "the module takes nothing more from the host";
                return Err(io::Error::new(io::ErrorKind::WouldBlock, why));
            }
            self.world.typed(self.now, id, &bytes[..window]);
            bytes = &bytes[window..];
            self.collect();
        }
        Ok(())
    }

    /// The next line that the module says on a port, without its end; empty ones are passed over. Time passes
    /// until there is one, at most so much; `None` where there was none then.
    ///
    /// # Errors
    /// `TimedOut` where the real network does not answer.
    pub async fn line(&mut self, port: usize, within: Duration) -> io::Result<Option<String>> {
        let end = self.now + within;
        loop {
            while let Some(at) = self.unread[port - 1].iter().position(|b| *b == b'\n') {
                let line = self.unread[port - 1].split_to(at + 1);
                let text = String::from_utf8_lossy(line.trim_ascii()).into_owned();
                if !text.is_empty() {
                    return Ok(Some(text));
                }
            }
            if !self.hear(end).await? {
                return Ok(None);
            }
        }
    }

    /// The next `n` octets that the module says on a port; `None` where they have not come within the time.
    ///
    /// # Errors
    /// As [`line`](Hand::line).
    pub async fn bytes(&mut self, port: usize, n: usize, within: Duration) -> io::Result<Option<Bytes>> {
        let end = self.now + within;
        while self.unread[port - 1].len() < n {
            if !self.hear(end).await? {
                return Ok(None);
            }
        }
        Ok(Some(self.unread[port - 1].split_to(n).freeze()))
    }

    /// Types a command line and gives what the module says up to the line that ends with one of `finals`,
    /// such as `OK` and `ERROR`, which is the last; all that came, where none of them came in time.
    ///
    /// # Errors
    /// As [`send`](Hand::send) and [`line`](Hand::line).
    pub async fn command(
        &mut self,
        port: usize,
        line: &str,
        finals: &[&str],
        within: Duration,
    ) -> io::Result<Vec<String>> {
        self.send(port, format!("{line}\r").as_bytes()).await?;
        let end = self.now + within;
        let mut said = vec![];
        while let Some(line) = self.line(port, end.since(self.now)).await? {
            let last = finals.iter().any(|f| line.starts_with(f));
            said.push(line);
            if last {
                break;
            }
        }
        Ok(said)
    }

    /// Lets time pass.
    ///
    /// # Errors
    /// As [`line`](Hand::line).
    pub async fn turn(&mut self, span: Duration) -> io::Result<()> {
        self.pass(span, false).await.map(|_| ())
    }

    /// Opens or closes a port; all are open at the start.
    pub fn set_open(&mut self, port: usize, open: bool) {
        if open {
            self.opened(port);
        } else {
            self.open[port - 1] = false;
            self.world.closed(self.now, PortId(port - 1));
        }
        self.dtr(port, open);
    }

    /// How the expectations of the scenario have fared so far.
    pub fn verdict(&mut self) -> Vec<Outcome> {
        self.sinks.drain(&mut self.world);
        self.watch.judge().finish(self.now, self.server.root())
    }

    /// The records of the trace from here on; [`Records::take`] gives what has come.
    pub fn records(&mut self) -> Records {
        let records = Records::default();
        self.trace_to(Box::new(records.clone()));
        records
    }

    /// Applies a fault, or has it wait for its trigger: the lines of a `[[fault]]`. Gives its name.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn inject(&mut self, fault: &str) -> Result<String, Mistakes> {
        let rule = Mistakes::rule(fault)?;
        let name = self.world.faults().add(self.now, rule);
        self.acted();
        Ok(name)
    }

    /// Applies the fault with this name now, whatever its trigger; false where there is none.
    pub fn inject_named(&mut self, name: &str) -> bool {
        let there = self.world.faults().inject(self.now, name);
        self.acted();
        there
    }

    /// Lifts the fault with this name; false where it does not hold.
    pub fn lift(&mut self, name: &str) -> bool {
        let held = self.world.faults().lift(self.now, name);
        self.acted();
        held
    }

    fn acted(&mut self) {
        self.world.act(self.now);
        self.collect();
    }

    /// The lines of the trace that explain how things stand: the faults, then what happened last.
    pub fn explanation(&self) -> Vec<String> {
        self.watch.judge().explanation()
    }

    /// How each fault stands.
    pub fn faults(&self) -> Vec<Status> {
        self.world.faults().status()
    }

    /// Drives DTR on a port, where the host has it open.
    pub fn dtr(&mut self, port: usize, on: bool) {
        self.world.line(self.now, PortId(port - 1), HostLine::Dtr(on));
        self.collect();
    }

    fn opened(&mut self, port: usize) {
        self.open[port - 1] = true;
        self.world.opened(self.now, PortId(port - 1));
    }

    /// Goes on until something is heard; false where nothing is until `end`.
    async fn hear(&mut self, end: Now) -> io::Result<bool> {
        let before = self.heard();
        if self.wait_outside().await? {
            return Ok(true);
        }
        while self.now < end {
            self.pass(end.since(self.now), true).await?;
            if self.heard() > before {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How many octets wait to be taken.
    fn heard(&self) -> usize {
        self.unread.iter().map(BytesMut::len).sum()
    }

    /// Takes over what the host reads; true where there was something to read.
    fn collect(&mut self) -> bool {
        let mut any = false;
        for port in 0..self.open.len() {
            while let Some(bytes) = self.world.outgoing(PortId(port)).first().cloned() {
                self.world.sent(self.now, PortId(port), bytes.len());
                if self.open[port] {
                    any = true;
                    self.unread[port].extend_from_slice(&bytes);
                }
            }
        }
        while self.world.poll_told().is_some() {}
        self.sinks.drain(&mut self.world);
        any
    }

    async fn settle(&mut self) -> io::Result<()> {
        self.wait().await.map(drop)
    }

    /// Does all that this moment of the modem's clock holds; true where something was heard. How much of it
    /// the real network brings before the host acts again must not depend on how quick that is.
    async fn wait(&mut self) -> io::Result<bool> {
        let mut heard = self.collect();
        while self.step().await? {
            heard |= self.collect();
        }
        Ok(heard)
    }

    /// The same, and goes on where a real host may still speak: nobody can tell whether it will.
    async fn wait_outside(&mut self) -> io::Result<bool> {
        loop {
            if self.wait().await? {
                return Ok(true);
            }
            if !self.world.reaches_out() {
                return Ok(false);
            }
            match tokio::time::timeout(GUARD, self.io.next()).await {
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
        match tokio::time::timeout(GUARD, self.io.next()).await {
            Ok(event) => {
                self.world.io(self.now, event);
                Ok(true)
            }
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the real network does not answer")),
        }
    }

    /// Turns the clock, from one thing that is due to the next; gives how far.
    async fn pass(&mut self, span: Duration, until_heard: bool) -> io::Result<Duration> {
        let start = self.now;
        let end = start + span;
        loop {
            self.settle().await?;
            let next = self.world.poll_timeout().filter(|at| *at <= end);
            self.now = next.unwrap_or(end).max(self.now);
            if next.is_some() {
                self.world.timeout(self.now);
            }
            let heard = match until_heard {
                true => self.wait().await?,
                false => {
                    self.settle().await?;
                    false
                }
            };
            if heard && self.now > start || next.is_none() {
                return Ok(self.now.since(start));
            }
        }
    }
}

impl fmt::Debug for Hand {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Hand").field("now", &self.now).finish_non_exhaustive()
    }
}
