//! The module's UDP ports. A datagram reaches a mapped host or somebody outside who has written
//! first; the built-in server answers none, so what is sent to it vanishes.

use super::connect::forced;
use super::faults::{Carries, LinkInfo};
use super::outside::{IoEvent, IoId, IoRequest};
use super::pipe::changed;
use super::schedule::Planned;
use super::sockets::Owner;
use super::tap::TappedWhat;
use super::{IoUse, Network};
use crate::fault::Handshake;
use crate::fault::{Fate, Segment, Way};
use crate::modem::net::{Failure, NetEvent, Purpose, Socket};
use crate::scenario::Target;
use crate::time::Now;
use bytes::Bytes;
use core::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// The most datagrams that wait for the module; more are lost.
const INBOX: usize = 64;
/// The most that are on their way to it over the radio link; more are lost.
const UNDER_WAY: usize = 1024;

/// A UDP port of the module.
#[derive(Debug)]
pub(super) struct UdpPort {
    pub info: LinkInfo,
    /// The only peer, where there is one.
    peer: Option<SocketAddrV4>,
    /// The real socket towards each mapped host.
    ios: BTreeMap<SocketAddrV4, IoId>,
    inbox: VecDeque<(SocketAddrV4, Bytes)>,
    under_way: usize,
}

impl Network {
    pub(super) fn open_udp(&mut self, now: Now, socket: Socket, port: u16, peer: Option<SocketAddrV4>) {
        let event = match (self.address, self.sockets.udp_port(Some(port))) {
            (None, _) => NetEvent::Failed { socket, why: Failure::Unreachable },
            (_, None) => NetEvent::Failed { socket, why: Failure::PortInUse },
            (Some(ip), Some(port)) => {
                let local = SocketAddrV4::new(ip, port);
                let info = LinkInfo {
                    id: self.new_link(),
                    purpose: Purpose::Socket,
                    carries: Carries::Udp,
                    local,
                    peer: peer.unwrap_or(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0)),
                };
                self.faults.opened(now, &info);
                let udp = UdpPort { info, peer, ios: BTreeMap::new(), inbox: VecDeque::new(), under_way: 0 };
                self.sockets.insert(socket, Owner::Udp(udp));
                NetEvent::Connected { socket, local }
            }
        };
        self.events.push_back(event);
    }

    pub(super) fn close_datagrams(&mut self, now: Now, port: &UdpPort) {
        self.faults.closed(now, &port.info);
        for io in port.ios.values() {
            self.real.close(*io);
        }
    }

    /// The module sends one datagram.
    pub(super) fn send_datagram(&mut self, now: Now, socket: Socket, to: SocketAddrV4, bytes: Bytes) {
        let Some(port) = self.sockets.udp(socket) else { return };
        let info = LinkInfo { peer: to, ..port.info };
        self.events.push_back(NetEvent::Sent { socket, n: bytes.len() });
        self.tap.push(now, &info, Way::Up, || TappedWhat::Datagram(bytes.clone()));
        let Some((io, to)) = self.datagram_way(now, socket, &info) else { return };
        for (after, bytes) in self.judge_datagram(now, &info, Way::Up, bytes) {
            self.schedule.at(now + after, Planned::SendUp { io, to, bytes });
        }
        self.do_due(now);
    }

    /// The real socket (and receiver, where it has many) of a datagram.
    fn datagram_way(
        &mut self,
        now: Now,
        socket: Socket,
        info: &LinkInfo,
    ) -> Option<(IoId, Option<SocketAddr>)> {
        if let Some((io, to)) = self.forwards.caller(info.local.port(), info.peer) {
            return Some((io, Some(to)));
        }
        let name = self.config.hosts.owner(*info.peer.ip());
        let forced = forced(self.faults.connect(now, info.peer, name, Handshake::None));
        let target = forced.unwrap_or_else(|| self.config.hosts.target(*info.peer.ip()));
        let Target::Address(real) = target else { return None };
        if let Some(io) = self.sockets.udp(socket)?.ios.get(&info.peer) {
            return Some((*io, None));
        }
        let io = self.real.open(IoUse::Datagrams(socket));
        self.real.ask(IoRequest::OpenUdp { io, to: real });
        self.sockets.udp(socket)?.ios.insert(info.peer, io);
        Some((io, None))
    }

    /// What becomes of a datagram: when each copy of it arrives.
    fn judge_datagram(
        &mut self,
        now: Now,
        info: &LinkInfo,
        way: Way,
        bytes: Bytes,
    ) -> Vec<(Duration, Bytes)> {
        let latency = self.config.link.latency;
        if !self.faults.watches(info) {
            return vec![(latency, bytes)];
        }
        let Segment { fate, delay, .. } = self.faults.datagram(now, info, way, bytes.len());
        self.faults.carried(now, info, way, &bytes);
        let after = latency + delay;
        match fate {
            Fate::Pass => vec![(after, bytes)],
            Fate::Corrupt(flips) => vec![(after, changed(&bytes, &flips))],
            Fate::Twice => vec![(after, bytes.clone()), (after, bytes)],
            // A datagram that meets a stall is lost: nothing on the way keeps it.
            Fate::Drop | Fate::Hold(_) | Fate::Cut { .. } => vec![],
        }
    }

    pub(super) fn send_real_datagram(&mut self, io: IoId, to: Option<SocketAddr>, bytes: Bytes) {
        if self.real.user(io).is_some() {
            self.real.ask(match to {
                Some(to) => IoRequest::SendTo { io, to, bytes },
                None => IoRequest::Send { io, bytes },
            });
        }
    }

    /// Something happened on a real socket towards a mapped host.
    pub(super) fn datagram_io(&mut self, now: Now, socket: Socket, event: IoEvent) {
        let Some(port) = self.sockets.udp(socket) else { return };
        match event {
            IoEvent::Datagram { io, bytes, .. } => {
                let from = port.ios.iter().find(|(_, used)| **used == io).map(|(from, _)| *from);
                if let Some(from) = from {
                    self.receive_datagram(now, socket, from, bytes);
                }
            }
            IoEvent::Failed { io, .. } => {
                port.ios.retain(|_, used| *used != io);
                self.real.forget(io);
            }
            _ => {}
        }
    }

    /// A datagram for the module reaches the radio link.
    pub(super) fn receive_datagram(&mut self, now: Now, socket: Socket, from: SocketAddrV4, bytes: Bytes) {
        let Some(port) = self.sockets.udp(socket) else { return };
        if port.peer.is_some_and(|peer| peer != from) || port.under_way >= UNDER_WAY {
            return;
        }
        let info = LinkInfo { peer: from, ..port.info };
        let pieces = self.judge_datagram(now, &info, Way::Down, bytes);
        if let Some(port) = self.sockets.udp(socket) {
            port.under_way += pieces.len();
        }
        for (after, bytes) in pieces {
            self.schedule.at(now + after, Planned::HandDown { socket, from, bytes });
        }
        self.do_due(now);
    }

    /// A datagram has reached the module.
    pub(super) fn keep_datagram(&mut self, now: Now, socket: Socket, from: SocketAddrV4, bytes: Bytes) {
        let Some(port) = self.sockets.udp(socket) else { return };
        let info = LinkInfo { peer: from, ..port.info };
        port.under_way = port.under_way.saturating_sub(1);
        if port.inbox.len() < INBOX {
            port.inbox.push_back((from, bytes.clone()));
        }
        self.tap.push(now, &info, Way::Down, || TappedWhat::Datagram(bytes));
    }

    /// The next datagram for a port with any room: it is handed over whole, even where it is larger than the room.
    pub(super) fn poll_datagram(&mut self, window: &dyn Fn(Socket) -> usize) -> Option<NetEvent> {
        self.sockets.udp_ports().find_map(|(socket, port)| {
            if port.inbox.is_empty() || window(socket) == 0 {
                return None;
            }
            let (from, bytes) = port.inbox.pop_front()?;
            Some(NetEvent::Datagram { socket, from, bytes })
        })
    }
}
