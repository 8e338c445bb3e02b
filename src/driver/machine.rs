//! The event loop: one modem, its serial ports and its sockets, in real time.

use super::clock::Clock;
use super::course::Course;
use super::handle::{Handle, Job};
use super::io::Io;
use super::port::{BAUD, Pace, Port, PortEvent};
use super::sinks::Sinks;
use super::state::Store;
use crate::disk::why;
use crate::modem::{HostLine, Level, PortId};
use crate::time::Now;
use crate::trace::{Event, Sink};
use crate::world::{Notice, World, Write};
use std::future::poll_fn;
use std::io::ErrorKind;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

/// One of the modem's serial ports with its real side.
struct Wire {
    port: Port,
    pace: Option<Pace>,
    /// The host's rate, in bit/s.
    host_rate: u32,
    /// The rate that the module keeps to, in bit/s; 0 where it follows the host's.
    module_rate: u32,
    /// The same, once what was written before is through: the result code of `AT+IPR` still goes at the old rate (V.250
    /// section 6.2.10).
    next_rate: Option<u32>,
    /// How much the modem takes from the host now, in octets.
    window: usize,
    /// The host does not read.
    blocked: bool,
    /// When the pace, or the gap before what nobody asked for, lets more through.
    resume: Option<Now>,
    /// When something was last written that was asked for.
    answered: Option<Now>,
    /// What was typed by hand, and the modem has not taken yet.
    typed: Vec<u8>,
}

impl Wire {
    fn new(port: Port, pace: bool) -> Wire {
        let pace = pace.then(|| Pace::new(BAUD));
        Wire {
            port,
            pace,
            host_rate: BAUD,
            module_rate: 0,
            next_rate: None,
            window: 0,
            blocked: false,
            resume: None,
            answered: None,
            typed: vec![],
        }
    }

    /// One of the two rates has changed.
    fn set_pace(&mut self, now: Now) {
        let rate = if self.module_rate > 0 { self.module_rate } else { self.host_rate };
        if let Some(pace) = &mut self.pace {
            pace.set_baud(now, rate);
        }
    }
}

/// A modem at work.
pub struct Machine {
    world: World,
    wires: Vec<Wire>,
    io: Io,
    clock: Clock,
    sinks: Sinks,
    handle: Handle,
    jobs: UnboundedReceiver<Job>,
    course: Course,
    /// The port for what is typed by hand, once something was.
    own: Option<PortId>,
}

/// How much is read from a host at once, in octets.
const READ: usize = 64 * 1024;
/// So much later than an answer what nobody asked for is written (real time): a host that reads what there is, and then
/// looks for the one line it waits for, must not find both in one piece.
const GAP: Duration = Duration::from_millis(5);
/// How much of what is typed by hand may wait for the modem, in octets.
const TYPED: usize = 64 * 1024;
/// How long the system may take to tell what a host has done to a port.
const QUIET: Duration = Duration::from_millis(20);

impl Machine {
    /// A modem on real ports; `pace` limits the byte rate to the baud rate.
    pub fn new(world: World, ports: Vec<Port>, speed: u32, pace: bool) -> Machine {
        let wires = ports.into_iter().map(|port| Wire::new(port, pace)).collect();
        let (handle, jobs) = Handle::new();
        let (io, clock, sinks) = (Io::new(), Clock::start(speed), Sinks::live());
        world.faults().set_speed(clock.now(), speed);
        Machine { world, wires, io, clock, sinks, handle, jobs, course: Course::Runs, own: None }
    }

    /// Hands the records of what happens from here on to a sink.
    pub fn trace_to(&mut self, sink: Box<dyn Sink>) {
        self.world.trace();
        self.sinks.add(sink);
    }

    /// Begins with what `store` holds, and keeps there what the module stores.
    pub fn keep_in(&mut self, store: Store) {
        self.world.keep_in(Box::new(store));
    }

    /// The way to the machine while it runs.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// The modem and its network, to be changed.
    pub fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }

    /// Its clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Has the modem's clock run so many times faster than real time from now on, also where it stood still.
    pub fn set_speed(&mut self, speed: u32) {
        self.course = Course::Runs;
        self.clock.set_speed(speed);
        self.world.faults().set_speed(self.clock.now(), speed);
    }

    /// Has the modem's clock stand still: what the host sends waits, and what its servers say.
    pub fn pause(&mut self) {
        self.course = Course::Stands;
        self.clock.stop();
    }

    /// Turns the modem's clock on by `span`, as fast as what happens on the way allows, and has it stand there; what is
    /// given comes when it does. None where that leads further than [`YEARS`](super::course::YEARS) from power-on.
    pub fn step(&mut self, span: Duration) -> Option<oneshot::Receiver<()>> {
        self.course.leads(self.clock.now(), span)?;
        self.clock.stop();
        let (tell, told) = oneshot::channel();
        self.course.step(self.course.leads(self.clock.now(), span)?, tell);
        Some(told)
    }

    /// Has the modem read what a person types, on a port of its own beside those of the host. It is there from the first time
    /// on; none where the modem cannot have it, or has not taken what was typed before.
    pub fn type_by_hand(&mut self, bytes: &[u8]) -> Option<PortId> {
        if self.own.is_none() {
            let now = self.clock.now();
            self.own = self.world.add_port(now);
            self.wires.extend(self.own.map(|_| Wire::new(Port::default(), false)));
            if let Some(PortId(port)) = self.own {
                let text = format!("port {} is there for what is typed by hand", port + 1);
                self.record(Event::Note { text });
            }
        }
        let own = self.own?;
        let typed = &mut self.wires[own.0].typed;
        (typed.len() + bytes.len() <= TYPED).then(|| {
            typed.extend_from_slice(bytes);
            own
        })
    }

    /// Applies power.
    pub fn power_on(&mut self) {
        let now = self.clock.now();
        self.world.power_on(now);
        self.carry_out(now);
    }

    /// How many serial ports there are.
    pub fn ports(&self) -> usize {
        self.wires.len()
    }

    /// The time on the modem's clock.
    pub fn now(&self) -> Now {
        self.clock.now()
    }

    /// The modem and its network.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Adds to the trace, where there is one, what happens outside the world.
    pub fn record(&mut self, event: Event) {
        self.world.record(self.clock.now(), || event);
        self.sinks.drain(&mut self.world);
    }

    /// Runs for ever; drop the future to stop. It may be taken up again.
    pub async fn run(&mut self) {
        self.run_until(None).await;
    }

    /// Runs until a time on the modem's clock, and as [`run`](Machine::run) where there is none.
    pub async fn run_until(&mut self, end: Option<Now>) {
        let mut buffer = vec![0; READ];
        while end.is_none_or(|end| self.clock.now() < end) {
            self.turn(end, &mut buffer).await;
        }
    }

    /// Runs on until no host has a port open, no server owes an answer, and nothing more is heard.
    pub async fn settle(&mut self) {
        let mut buffer = vec![0; READ];
        loop {
            // That a port was opened and closed again is told by the system in its own time.
            let quiet = timeout(QUIET, self.turn(None, &mut buffer)).await.is_err();
            self.carry_out(self.clock.now());
            if quiet && !self.world.busy() && !self.wires.iter().any(|wire| wire.port.is_open()) {
                return;
            }
        }
    }

    /// Waits for the next thing to happen, at most until `end`, and deals with it.
    async fn turn(&mut self, end: Option<Now>, buffer: &mut [u8]) {
        let now = self.clock.now();
        self.carry_out(now);
        let resume = self.wires.iter().filter_map(|w| w.resume).min();
        let due = [self.world.poll_timeout(), resume].into_iter().flatten().min();
        let deadline = [due, end].into_iter().flatten().min();
        let hears = self.course.hears();
        for (i, wire) in self.wires.iter_mut().enumerate() {
            wire.window = if hears { self.world.uart_window(PortId(i)) } else { 0 };
        }
        if self.hear_hand(now) {
            return;
        }
        let steps = self.course.pause(self.world.busy());
        if deadline.is_some_and(|at| at <= self.clock.now()) {
            // It is behind: others, such as who waits for a signal, have their turn all the same.
            yield_now().await;
        }
        tokio::select! {
            biased;
            Some(job) = self.jobs.recv() => job(self, self.clock.now()),
            (port, event) = next(&mut self.wires, buffer) => {
                let now = self.clock.now();
                // What was due before the host spoke comes first: the guard time behind `+++`, say.
                if deadline.is_some_and(|at| at <= now) {
                    self.world.timeout(now);
                }
                self.on_port(now, port, event, buffer);
            }
            event = self.io.next(), if hears => {
                let now = self.clock.now();
                self.world.io(now, event);
                while let Some(event) = self.io.try_next() {
                    self.world.io(now, event);
                }
            }
            () = self.clock.wait(deadline) => {
                let now = self.clock.now();
                self.world.timeout(now);
            }
            () = sleep(steps.unwrap_or_default()), if steps.is_some() => {
                let to = self.course.on(due);
                self.clock.turn(to);
                if due.is_some_and(|due| due <= to) {
                    self.world.timeout(to);
                }
            }
        }
    }

    /// Hands over what was typed by hand, as far as the modem takes it; false where there is nothing.
    fn hear_hand(&mut self, now: Now) -> bool {
        let Some(port) = self.own else { return false };
        let Wire { typed, window, .. } = &mut self.wires[port.0];
        let bytes: Vec<u8> = typed.drain(..typed.len().min(*window)).collect();
        if !bytes.is_empty() {
            self.world.typed(now, port, &bytes);
        }
        !bytes.is_empty()
    }

    fn on_port(&mut self, now: Now, port: PortId, event: PortEvent, buffer: &[u8]) {
        let wire = &mut self.wires[port.0];
        match event {
            PortEvent::Bytes(n) => self.world.typed(now, port, &buffer[..n]),
            PortEvent::Writable => wire.blocked = false,
            PortEvent::HostOpened => {
                wire.blocked = false;
                self.world.opened(now, port);
                self.world.line(now, port, HostLine::Dtr(Level::On));
            }
            PortEvent::HostClosed => {
                wire.blocked = false;
                self.world.closed(now, port);
                self.world.line(now, port, HostLine::Dtr(Level::Off));
            }
            PortEvent::Dtr(level) => self.world.line(now, port, HostLine::Dtr(level)),
            PortEvent::Baud(rate) => {
                wire.host_rate = rate;
                wire.set_pace(now);
            }
            PortEvent::FlowControl { .. } => {}
        }
    }

    /// Carries out what the world asks for.
    fn carry_out(&mut self, now: Now) {
        self.world.keep();
        for port in (0..self.wires.len()).map(PortId) {
            self.write(now, port);
        }
        while let Some(request) = self.world.poll_io() {
            self.io.execute(request);
        }
        while let Some(told) = self.world.poll_notice() {
            match told {
                Notice::Plugged { port, there } => self.plug(now, port, there),
                Notice::Baud { port, rate } => {
                    self.wires[port.0].next_rate = Some(rate);
                    self.write(now, port);
                }
                Notice::Warning(text) => tracing::warn!("{text}"),
                Notice::Line { .. } => {}
            }
        }
        while let Some(note) = self.world.network_mut().poll_note() {
            tracing::warn!("{note}");
        }
        self.sinks.drain(&mut self.world);
    }

    /// A port vanishes for its host, or comes back.
    fn plug(&mut self, now: Now, port: PortId, there: bool) {
        let wire = &mut self.wires[port.0];
        (wire.blocked, wire.resume) = (false, None);
        if there {
            if let Err(error) = wire.port.replug() {
                tracing::error!("port {} does not come back: {}", port.number(), why(&error));
            }
            return;
        }
        let was_open = wire.port.is_open();
        wire.port.unplug();
        if was_open && !self.wires[port.0].port.is_open() {
            self.world.closed(now, port);
        }
    }

    /// Writes to the host of a port what it takes now.
    fn write(&mut self, now: Now, port: PortId) {
        let wire = &mut self.wires[port.0];
        if wire.blocked || wire.resume.is_some_and(|at| at > now) {
            return;
        }
        wire.resume = None;
        while let Some(Write { bytes, apart, .. }) = self.world.outgoing(port) {
            let wire = &mut self.wires[port.0];
            match (apart, wire.answered) {
                (false, _) => wire.answered = Some(now),
                (true, Some(answered)) if now.since(answered) < GAP * self.clock.speed() => {
                    wire.resume = Some(answered + GAP * self.clock.speed());
                    return;
                }
                (true, _) => {}
            }
            let allowed = match &mut wire.pace {
                Some(pace) => {
                    let (n, next) = pace.take(now, bytes.len());
                    wire.resume = next;
                    n
                }
                None => bytes.len(),
            };
            let written = match wire.port.try_write(&bytes[..allowed]) {
                Ok(n) => n,
                Err(e) if e.kind() == ErrorKind::WouldBlock => 0,
                // Nobody is there to read it.
                Err(_) => allowed,
            };
            let wire = &mut self.wires[port.0];
            wire.blocked = written < allowed;
            let stop = wire.blocked || wire.resume.is_some();
            if written > 0 {
                self.course.spoke();
                self.world.sent(now, port, written);
            }
            if stop {
                return;
            }
        }
        let wire = &mut self.wires[port.0];
        if let Some(rate) = wire.next_rate.take() {
            wire.module_rate = rate;
            wire.set_pace(now);
        }
    }
}

/// The next event of any port. A port whose modem takes nothing now is not read from.
async fn next(wires: &mut [Wire], buffer: &mut [u8]) -> (PortId, PortEvent) {
    poll_fn(|cx| {
        for (i, wire) in wires.iter_mut().enumerate() {
            let window = wire.window.min(buffer.len());
            if let Poll::Ready(event) = wire.port.poll_event(cx, &mut buffer[..window], wire.blocked) {
                return Poll::Ready((PortId(i), event));
            }
        }
        Poll::Pending
    })
    .await
}
