//! The event loop: one modem, its serial ports and its sockets, in real time.

use super::clock::Clock;
use super::io::Io;
use super::port::{Pace, Port, PortEvent};
use super::sinks::Sinks;
use super::state::Store;
use super::world::{Told, World};
use crate::modem::{HostLine, PortId};
use crate::time::Now;
use crate::trace::{Event, Sink};
use std::future::poll_fn;
use std::io::ErrorKind;
use std::task::Poll;

/// One of the modem's serial ports with its real side.
struct Wire {
    port: Port,
    pace: Option<Pace>,
    /// The host does not read.
    blocked: bool,
    /// When the pace lets more through.
    resume: Option<Now>,
}

/// A modem at work.
pub struct Machine {
    world: World,
    wires: Vec<Wire>,
    io: Io,
    clock: Clock,
    sinks: Sinks,
    store: Option<Store>,
}

/// How much is read from a host at once, in octets.
const READ: usize = 64 * 1024;

impl Machine {
    /// A modem on real ports; `pace` limits the byte rate to the baud rate, which is `baud` until the host sets it.
    pub fn new(world: World, ports: Vec<Port>, speed: u32, pace: Option<u32>) -> Machine {
        let wires = ports
            .into_iter()
            .map(|port| Wire { port, pace: pace.map(Pace::new), blocked: false, resume: None })
            .collect();
        Machine {
            world,
            wires,
            io: Io::new(),
            clock: Clock::start(speed),
            sinks: Sinks::default(),
            store: None,
        }
    }

    /// Hands the records of what happens from here on to a sink.
    pub fn trace_to(&mut self, sink: Box<dyn Sink>) {
        self.world.trace();
        self.sinks.add(sink);
    }

    /// Begins with what `store` holds, and keeps there what the module stores.
    pub fn keep_in(&mut self, store: Store) {
        self.world.load_flash(store.flash().clone());
        self.store = Some(store);
    }

    /// Applies power.
    pub fn power_on(&mut self) {
        let now = self.clock.now();
        self.world.power_on(now);
        self.carry_out(now);
    }

    /// Runs for ever; drop the future to stop. It may be taken up again.
    pub async fn run(&mut self) {
        let mut buffer = vec![0; READ];
        loop {
            let now = self.clock.now();
            self.carry_out(now);
            let resume = self.wires.iter().filter_map(|w| w.resume).min();
            let deadline = [self.world.poll_timeout(), resume].into_iter().flatten().min();
            let (world, wires) = (&self.world, &mut self.wires);
            tokio::select! {
                biased;
                (port, event) = next(world, wires, &mut buffer) => self.on_port(port, event, &buffer),
                event = self.io.next() => {
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
            }
        }
    }

    fn on_port(&mut self, port: PortId, event: PortEvent, buffer: &[u8]) {
        let now = self.clock.now();
        let wire = &mut self.wires[port.0];
        match event {
            PortEvent::Bytes(n) => self.world.typed(now, port, &buffer[..n]),
            PortEvent::Writable => wire.blocked = false,
            PortEvent::HostOpened => {
                wire.blocked = false;
                self.world.record(now, || Event::PortOpened { port: port.0 + 1 });
                self.world.line(now, port, HostLine::Dtr(true));
            }
            PortEvent::HostClosed => {
                wire.blocked = false;
                self.world.record(now, || Event::PortClosed { port: port.0 + 1 });
                self.world.line(now, port, HostLine::Dtr(false));
            }
            PortEvent::Dtr(on) => self.world.line(now, port, HostLine::Dtr(on)),
            PortEvent::Baud(rate) => {
                if let Some(pace) = &mut wire.pace {
                    pace.set_baud(now, rate);
                }
            }
            PortEvent::FlowControl { .. } => {}
        }
    }

    /// Carries out what the world asks for.
    fn carry_out(&mut self, now: Now) {
        if let Some(store) = &mut self.store
            && let Err(error) = store.save(self.world.modem().flash())
        {
            tracing::warn!("what the module has stored cannot be kept: {error}");
        }
        for port in (0..self.wires.len()).map(PortId) {
            self.write(now, port);
        }
        while let Some(request) = self.world.poll_io() {
            self.io.execute(request);
        }
        while let Some(told) = self.world.poll_told() {
            if let Told::Baud { port, rate } = told
                && let Some(pace) = &mut self.wires[port.0].pace
                && rate > 0
            {
                pace.set_baud(now, rate);
            }
        }
        while let Some(note) = self.world.network_mut().poll_note() {
            tracing::warn!("{note}");
        }
        self.sinks.drain(&mut self.world);
    }

    /// Writes to the host of a port what it takes now.
    fn write(&mut self, now: Now, port: PortId) {
        let wire = &mut self.wires[port.0];
        if wire.blocked || wire.resume.is_some_and(|at| at > now) {
            return;
        }
        wire.resume = None;
        while let Some(bytes) = self.world.outgoing(port).first() {
            let wire = &mut self.wires[port.0];
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
                self.world.sent(now, port, written);
            }
            if stop {
                return;
            }
        }
    }
}

/// The next event of any port. A port whose modem takes nothing now is not read from.
async fn next(world: &World, wires: &mut [Wire], buffer: &mut [u8]) -> (PortId, PortEvent) {
    poll_fn(|cx| {
        for (i, wire) in wires.iter_mut().enumerate() {
            let window = world.uart_window(PortId(i)).min(buffer.len());
            if let Poll::Ready(event) = wire.port.poll_event(cx, &mut buffer[..window], wire.blocked) {
                return Poll::Ready((PortId(i), event));
            }
        }
        Poll::Pending
    })
    .await
}
