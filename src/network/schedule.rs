//! What the network has planned for a time to come.

use super::GateId;
use super::faults::LinkId;
use super::outside::IoId;
use crate::modem::net::{Failure, NetEvent, Socket};
use crate::time::Now;
use bytes::Bytes;
use core::net::{SocketAddr, SocketAddrV4};
use std::collections::BTreeMap;

#[derive(Debug)]
pub(super) enum Planned {
    /// Tell the module.
    Tell(NetEvent),
    /// A connection comes to nothing.
    Fail { socket: Socket, why: Failure },
    /// The far end has taken a call.
    Answer(LinkId),
    /// The module has refused a gate's dial.
    RefuseDial(GateId),
    /// A datagram reaches the real world; `to` is given where the socket is a listener's.
    SendUp { io: IoId, to: Option<SocketAddr>, bytes: Bytes },
    /// A datagram reaches the module.
    HandDown { socket: Socket, from: SocketAddrV4, bytes: Bytes },
}

/// In the order of time, then of planning.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    queue: BTreeMap<(Now, u64), Planned>,
    serial: u64,
}

impl Schedule {
    pub fn at(&mut self, at: Now, then: Planned) {
        self.serial += 1;
        self.queue.insert((at, self.serial), then);
    }

    pub fn pop(&mut self, now: Now) -> Option<Planned> {
        let entry = self.queue.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(entry.remove())
    }

    pub fn next(&self) -> Option<Now> {
        self.queue.keys().next().map(|(at, _)| *at)
    }

    pub fn clear(&mut self) {
        self.queue.clear();
    }

    pub fn forget_socket(&mut self, gone: Socket) {
        self.queue.retain(|_, then| {
            !matches!(then, Planned::Fail { socket, .. } | Planned::HandDown { socket, .. } if *socket == gone)
        });
    }

    pub fn forget_gate(&mut self, gone: GateId) {
        self.queue.retain(|_, then| !matches!(then, Planned::RefuseDial(gate) if *gate == gone));
    }
}
