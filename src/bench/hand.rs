//! A modem on a clock that is turned by hand: no time passes but what its host lets pass, so that ten
//! minutes of time-outs take no longer than they take to compute, and the same host sees the same run.

use super::mistakes::Mistakes;
use super::records::Records;
use crate::driver::by_hand::{ByHand, Listener, Until};
use crate::driver::sinks::Sinks;
use crate::fault::{Fault, Status};
use crate::judge::Watch;
use crate::modem::{Level, ModuleLine, PortId};
use crate::scenario::Outcome;
use crate::setup::Server;
use crate::time::Now;
use crate::trace::Sink;
use crate::world::World;
use bytes::{Bytes, BytesMut};
use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

/// A modem whose clock its host turns.
///
/// [`Bench::by_hand`](super::Bench::by_hand) makes one. Ports are counted from 1; asking for one that the module does not
/// have panics.
pub struct Hand {
    hand: ByHand<Unread>,
    server: Server,
    watch: Watch,
}

/// What was heard on each port and not taken yet.
struct Unread(Vec<BytesMut>);

impl Listener for Unread {
    fn heard(&mut self, port: PortId, bytes: &[u8]) {
        self.0[port.0].extend_from_slice(bytes);
    }

    fn line(&mut self, _: PortId, _: ModuleLine, _: bool) {}
}

impl Hand {
    pub(crate) fn new(world: World, server: Server, ports: usize, watch: Watch) -> Hand {
        let unread = Unread(vec![BytesMut::new(); ports]);
        let mut hand = ByHand::new(world, ports, Sinks::default(), unread);
        hand.trace_to(Box::new(watch.clone()));
        Hand { hand, server, watch }
    }

    /// Applies power, and opens every port.
    pub(crate) async fn power_on(&mut self) -> io::Result<()> {
        self.hand.power_on().await
    }

    /// The time on the modem's clock.
    pub fn now(&self) -> Now {
        self.hand.now
    }

    /// The folder that the modem's FTP server serves.
    pub fn root(&self) -> &Path {
        self.server.root()
    }

    /// Hands the records of what happens from here on to a sink.
    pub fn trace_to(&mut self, sink: Box<dyn Sink>) {
        self.hand.trace_to(sink);
    }

    /// Has the host type.
    ///
    /// # Errors
    /// `TimedOut` where the real network does not answer, `WouldBlock` where the module takes nothing more.
    pub async fn send(&mut self, port: usize, mut bytes: &[u8]) -> io::Result<()> {
        let id = self.id(port);
        while !bytes.is_empty() {
            let window = self.hand.window(id).await?.min(bytes.len());
            if window == 0 {
                let why = "the module takes nothing more from the host";
                return Err(io::Error::new(io::ErrorKind::WouldBlock, why));
            }
            self.hand.typed(id, &bytes[..window]);
            bytes = &bytes[window..];
        }
        Ok(())
    }

    /// The next line that the module says on a port, without its end; empty ones are passed over. Time passes
    /// until there is one, at most so much; `None` where there was none then.
    ///
    /// # Errors
    /// `TimedOut` where the real network does not answer.
    pub async fn line(&mut self, port: usize, within: Duration) -> io::Result<Option<String>> {
        let (end, PortId(port)) = (self.now() + within, self.id(port));
        loop {
            while let Some(at) = self.hand.listener.0[port].iter().position(|b| *b == b'\n') {
                let line = self.hand.listener.0[port].split_to(at + 1);
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
        let (end, PortId(port)) = (self.now() + within, self.id(port));
        while self.hand.listener.0[port].len() < n {
            if !self.hear(end).await? {
                return Ok(None);
            }
        }
        Ok(Some(self.hand.listener.0[port].split_to(n).freeze()))
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
        let end = self.now() + within;
        let mut said = vec![];
        while let Some(line) = self.line(port, end.since(self.now())).await? {
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
        self.hand.turn(span, Until::Over).await.map(drop)
    }

    /// Opens a port; all are open at the start.
    pub fn open(&mut self, port: usize) {
        let id = self.id(port);
        self.hand.open(id);
    }

    /// Closes a port.
    pub fn close(&mut self, port: usize) {
        let id = self.id(port);
        self.hand.close(id);
    }

    /// How the expectations of the scenario have fared so far.
    pub fn verdict(&mut self) -> Vec<Outcome> {
        self.hand.drain();
        self.watch.judge().finish(self.now(), self.server.root())
    }

    /// The records of the trace from here on; [`Records::take`] gives what has come.
    pub fn records(&mut self) -> Records {
        let records = Records::default();
        self.trace_to(Box::new(records.clone()));
        records
    }

    /// Applies a fault (a [`Fault`], or the lines of a `[[fault]]`), or has it wait for its trigger. Gives its name.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn inject(&mut self, fault: impl Into<Fault>) -> Result<String, Mistakes> {
        let rule = Mistakes::rule(fault)?;
        let name = self.hand.world.faults().add(self.now(), rule);
        self.hand.act();
        Ok(name)
    }

    /// Applies the fault with this name now, whatever its trigger; false where there is none.
    pub fn inject_named(&mut self, name: &str) -> bool {
        let there = self.hand.world.faults().inject(self.now(), name);
        self.hand.act();
        there
    }

    /// Lifts the fault with this name: it ends, and waits for nothing any more. False where it neither holds nor waits.
    pub fn lift(&mut self, name: &str) -> bool {
        let held = self.hand.world.faults().lift(self.now(), name);
        self.hand.act();
        held
    }

    /// Lifts all faults, those that wait among them.
    pub fn lift_all(&mut self) {
        self.hand.world.faults().lift_all(self.now());
        self.hand.act();
    }

    /// The lines of the trace that explain how things stand: the faults, then what happened last.
    pub fn explanation(&self) -> Vec<String> {
        self.watch.judge().explanation()
    }

    /// How each fault stands.
    pub fn faults(&self) -> Vec<Status> {
        self.hand.world.faults().status()
    }

    /// Turns DTR on, on a port that the host has open.
    pub fn raise_dtr(&mut self, port: usize) {
        let id = self.id(port);
        self.hand.dtr(id, Level::On);
    }

    /// Turns DTR off, on a port that the host has open.
    pub fn drop_dtr(&mut self, port: usize) {
        let id = self.id(port);
        self.hand.dtr(id, Level::Off);
    }

    fn id(&self, port: usize) -> PortId {
        let ports = self.hand.listener.0.len();
        match PortId::numbered(port).filter(|id| id.0 < ports) {
            Some(id) => id,
            None => panic!("the module has {ports} port(s), counted from 1, and no port {port}"),
        }
    }

    /// Goes on until something is heard; false where nothing is until `end`.
    async fn hear(&mut self, end: Now) -> io::Result<bool> {
        let before = self.heard();
        if self.hand.wait_outside().await? {
            return Ok(true);
        }
        while self.now() < end {
            self.hand.turn(end.since(self.now()), Until::Heard).await?;
            if self.heard() > before {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How many octets wait to be taken.
    fn heard(&self) -> usize {
        self.hand.listener.0.iter().map(BytesMut::len).sum()
    }
}

impl fmt::Debug for Hand {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Hand").field("now", &self.now()).finish_non_exhaustive()
    }
}
