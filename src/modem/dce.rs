//! What stands behind the serial ports.

use super::net::{NetEvent, Socket};
use super::{HostLine, Modem, Output, PortId};
use crate::fault::PowerOn;
use crate::time::Now;
use std::time::Duration;

/// Whether the trace is told what is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notes {
    /// It is not.
    None,
    /// It is.
    Taken,
}

/// What stands behind the serial ports: data circuit-terminating equipment, as V.250 calls it.
///
/// The world asks no more than this of it, and so does not know whether it is the live [`Modem`] or something else. What
/// stands between the host and a modem (a recording that answers as long as the host follows it, a multiplexer with
/// several ports on one) has another `Dce` [`behind`](Dce::behind) it, and writes out what it does otherwise. A real device
/// whose dialogue is recorded has none, and no [`modem`](Dce::modem).
///
/// Hand in what happens (`handle_*`), then drain [`poll_output`](Dce::poll_output), and come back at
/// [`poll_timeout`](Dce::poll_timeout). What a `Dce` has to say that no call has brought about is drained by
/// [`World::act`](crate::world::World::act).
pub trait Dce: Send {
    /// What stands behind this one: where a method is not written out, the call goes there.
    fn behind(&self) -> Option<&dyn Dce>;

    /// The same, to be told what happens.
    fn behind_mut(&mut self) -> Option<&mut dyn Dce>;

    /// Applies power.
    fn power_on(&mut self, now: Now) {
        if let Some(dce) = self.behind_mut() {
            dce.power_on(now);
        }
    }

    /// The host typed.
    fn handle_uart(&mut self, now: Now, port: PortId, bytes: &[u8]) {
        if let Some(dce) = self.behind_mut() {
            dce.handle_uart(now, port, bytes);
        }
    }

    /// The host moved a line.
    fn handle_line(&mut self, now: Now, port: PortId, line: HostLine) {
        if let Some(dce) = self.behind_mut() {
            dce.handle_line(now, port, line);
        }
    }

    /// So many octets of [`Output::Uart`] have left for the host.
    fn handle_sent(&mut self, now: Now, port: PortId, n: usize) {
        if let Some(dce) = self.behind_mut() {
            dce.handle_sent(now, port, n);
        }
    }

    /// The network speaks.
    fn handle_net(&mut self, now: Now, event: NetEvent) {
        if let Some(dce) = self.behind_mut() {
            dce.handle_net(now, event);
        }
    }

    /// A fault befalls it.
    fn handle_fault(&mut self, now: Now, fault: DceFault) {
        if let Some(dce) = self.behind_mut() {
            dce.handle_fault(now, fault);
        }
    }

    /// The time of [`poll_timeout`](Dce::poll_timeout) has come.
    fn handle_timeout(&mut self, now: Now) {
        if let Some(dce) = self.behind_mut() {
            dce.handle_timeout(now);
        }
    }

    /// What it does next.
    fn poll_output(&mut self) -> Option<Output> {
        self.behind_mut().and_then(|dce| dce.poll_output())
    }

    /// When [`handle_timeout`](Dce::handle_timeout) wants to be called.
    fn poll_timeout(&self) -> Option<Now> {
        self.behind().and_then(|dce| dce.poll_timeout())
    }

    /// How much it can take from the host now, in octets. A host that obeys flow control waits at 0.
    fn uart_window(&self, port: PortId) -> usize {
        self.behind().map_or(0, |dce| dce.uart_window(port))
    }

    /// Whether the host has stopped what is sent to it (XOFF under `+IFC=1`): it is kept until XON.
    fn is_stopped(&self, port: PortId) -> bool {
        self.behind().is_some_and(|dce| dce.is_stopped(port))
    }

    /// How much the network may hand over on a connection, in octets.
    fn poll_window(&self, socket: Socket) -> usize {
        self.behind().map_or(0, |dce| dce.poll_window(socket))
    }

    /// Has it tell the trace what it does ([`Output::Note`]), or stop.
    fn take_notes(&mut self, notes: Notes) {
        if let Some(dce) = self.behind_mut() {
            dce.take_notes(notes);
        }
    }

    /// Has one port more, behind those that there are; false where it cannot.
    fn add_port(&mut self) -> bool {
        self.behind_mut().is_some_and(|dce| dce.add_port())
    }

    /// The live modem, where there is one: what commands it has, how it stands.
    fn modem(&self) -> Option<&Modem> {
        self.behind().and_then(|dce| dce.modem())
    }

    /// The same, to be changed before power is applied.
    fn modem_mut(&mut self) -> Option<&mut Modem> {
        self.behind_mut().and_then(|dce| dce.modem_mut())
    }
}

/// What a fault does to the module by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DceFault {
    /// It resets.
    Reset {
        /// How it starts again.
        start: PowerOn,
        /// How long it is dead before it starts; as long as a reset takes where that is no time.
        dead: Duration,
    },
    /// It says a line unasked.
    Say {
        /// The port.
        port: PortId,
        /// The line.
        line: String,
    },
    /// The FTP operation under way, or the next one, ends with this code of the module.
    Force(i32),
}
