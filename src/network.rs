//! Beyond the antenna: names, links, listeners and the FTP gates, without a socket of its own.
//!
//! The module speaks with the [`Network`] in [`NetRequest`]s and [`NetEvent`]s, the network with the
//! real world in [`IoRequest`]s and [`IoEvent`]s. Everything in between is on the modem's clock:
//! hand in what happens, then drain [`poll_event`](Network::poll_event) and
//! [`poll_io`](Network::poll_io), and come back at [`poll_timeout`](Network::poll_timeout).

mod connect;
pub mod faults;
mod gates;
pub mod hosts;
mod link;
mod listen;
pub mod outside;
pub mod pipe;
mod real;
pub mod schedule;
mod sockets;
pub mod tap;
pub mod tls;
mod udp;

#[cfg(test)]
mod tests;

pub use crate::gate::{Call, MakeRelay, Relay};
pub use faults::{LinkFaults, NoFaults};
pub use hosts::Hosts;
pub use outside::{IoEvent, IoId, IoRequest};
pub use pipe::LinkProfile;
pub use tap::{Tapped, TappedWhat};
pub use tls::{TlsFiles, TlsSetup};

use crate::fault::End;
use crate::gate::GateInput;
use crate::modem::net::{NetEvent, NetRequest, Socket};
use crate::time::Now;
use core::net::{Ipv4Addr, SocketAddr};
use faults::{LinkId, LinkInfo};
use gates::Gates;
use link::Link;
use listen::Forwards;
use real::{IoUse, RealSockets};
use schedule::{Planned, Schedule};
use sockets::Sockets;
use std::collections::{BTreeMap, VecDeque};
use tap::Tap;

/// What lies beyond the antenna.
#[derive(Clone, Debug)]
pub struct NetworkConfig {
    /// Where names and addresses lead.
    pub hosts: Hosts,
    /// Which ports of the module can be reached from outside, over TCP and UDP alike.
    pub forward: Vec<Forward>,
    /// The built-in FTP server's real address.
    pub server: SocketAddr,
    /// The real addresses of built-in servers of other services, by the port at which every built-in host has them. At
    /// any other port it has the FTP server.
    pub services: BTreeMap<u16, SocketAddr>,
    /// How good the radio link is.
    pub link: LinkProfile,
    /// Whether [`Network::poll_tap`] shows what passes; it costs time.
    pub tap: bool,
}

/// A port of the module that the outside can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forward {
    /// The module's port.
    pub port: u16,
    /// The real address to listen at.
    pub at: SocketAddr,
}

/// A gate, numbered in the order of opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct GateId(u32);

/// The network, as a state machine that does no I/O itself.
pub struct Network {
    config: NetworkConfig,
    tls: TlsSetup,
    make_relay: MakeRelay,
    faults: Box<dyn LinkFaults + Send>,
    tap: Tap,
    address: Option<Ipv4Addr>,
    sockets: Sockets,
    links: BTreeMap<LinkId, Link>,
    gates: Gates,
    forwards: Forwards,
    real: RealSockets,
    schedule: Schedule,
    /// Gates that are still to be told that the module has all of a download.
    delivered: VecDeque<GateId>,
    /// Links on which the far end has taken a call, and a fault still keeps back its answer.
    kept_back: Vec<LinkId>,
    events: VecDeque<NetEvent>,
    notes: VecDeque<String>,
    next_link: u32,
    /// The link that was served last, so that none starves.
    served: LinkId,
}

impl Network {
    /// A network that the module has not joined yet; the first requests of
    /// [`poll_io`](Network::poll_io) open the forwarded ports.
    pub fn new(
        config: NetworkConfig,
        tls: TlsSetup,
        make_relay: MakeRelay,
        faults: Box<dyn LinkFaults + Send>,
    ) -> Network {
        let tap = Tap::new(config.tap);
        let mut network = Network {
            config,
            tls,
            make_relay,
            faults,
            tap,
            address: None,
            sockets: Sockets::default(),
            links: BTreeMap::new(),
            gates: Gates::default(),
            forwards: Forwards::default(),
            real: RealSockets::default(),
            schedule: Schedule::default(),
            delivered: VecDeque::new(),
            kept_back: vec![],
            events: VecDeque::new(),
            notes: VecDeque::new(),
            next_link: 0,
            served: LinkId(0),
        };
        network.open_forwards();
        network
    }

    /// Asks the faults again about every segment that they have kept back: one was injected or lifted.
    pub fn faults_changed(&mut self, now: Now) {
        for link in self.links.values_mut() {
            link.up.wake();
            link.down.wake();
        }
        for link in std::mem::take(&mut self.kept_back) {
            self.answer(now, link);
        }
        self.settle(now);
    }

    /// Ends the connections that `meant` picks, not before `landed`; what is under way
    /// still arrives.
    pub fn cut(&mut self, now: Now, landed: Now, meant: impl Fn(&LinkInfo) -> bool, end: End) {
        let at = landed.max(now + self.config.link.latency);
        for link in self.links.values_mut().filter(|link| meant(&link.info)) {
            link.up.cut(at, end);
            link.down.cut(at, end);
        }
        self.settle(now);
    }

    /// Whether there is a connection that `meant` picks.
    pub fn is_linked(&self, meant: impl Fn(&LinkInfo) -> bool) -> bool {
        self.links.values().any(|link| meant(&link.info))
    }

    /// When all that is under way on a connection will have arrived; `None` where nothing is.
    pub fn lands(&self, link: LinkId) -> Option<Now> {
        let link = self.links.get(&link)?;
        link.up.lands().max(link.down.lands())
    }

    /// The module asks for something.
    pub fn handle_request(&mut self, now: Now, request: NetRequest) {
        match request {
            NetRequest::Resolve { query, name } => self.resolve(now, query, &name),
            NetRequest::Connect { socket, to, name, from_port, purpose, tls } => {
                self.connect(now, connect::Order { socket, to, name, from_port, purpose, tls });
            }
            NetRequest::Listen { socket, port, purpose, tls } => self.listen(socket, port, purpose, tls),
            NetRequest::StartTls { socket, tls } => self.start_tls(now, socket, tls),
            NetRequest::OpenUdp { socket, port, to } => self.open_udp(now, socket, port, to),
            NetRequest::Send { socket, bytes } => self.with_link(socket, |link| link.send(now, bytes)),
            NetRequest::SendTo { socket, to, bytes } => self.send_datagram(now, socket, to, bytes),
            NetRequest::Shutdown { socket } => self.with_link(socket, |link| link.shutdown(now)),
            NetRequest::Close { socket } => self.close(now, socket, End::Fin),
            NetRequest::Abort { socket } => self.close(now, socket, End::Rst),
            NetRequest::Ping { query, to, length: _, ttl: _ } => self.ping(now, query, to),
            NetRequest::Address(address) => self.set_address(now, address),
        }
        self.settle(now);
    }

    /// The real world answers.
    pub fn handle_io(&mut self, now: Now, event: IoEvent) {
        let (IoEvent::Connected { io, .. }
        | IoEvent::Listening { io, .. }
        | IoEvent::Failed { io, .. }
        | IoEvent::Accepted { listener: io, .. }
        | IoEvent::Data { io, .. }
        | IoEvent::Datagram { io, .. }
        | IoEvent::Sent { io, .. }
        | IoEvent::Eof { io }
        | IoEvent::Reset { io }) = event;
        if matches!(event, IoEvent::Connected { .. } | IoEvent::Listening { .. } | IoEvent::Failed { .. }) {
            self.real.answered(io);
        }
        match self.real.user(io) {
            Some(IoUse::Link(link)) => self.link_io(now, link, event),
            Some(IoUse::Upstream(gate)) => self.upstream_io(now, gate, event),
            Some(IoUse::UpstreamData(gate)) => self.upstream_data_io(now, gate, event),
            Some(IoUse::Datagrams(socket)) => self.datagram_io(now, socket, event),
            Some(IoUse::Forward) => self.forward_io(now, event),
            // The socket was given up while the event was on its way, or its listener was closed before the caller was known.
            None => {
                if let IoEvent::Accepted { io, .. } = event {
                    self.real.ask(IoRequest::Abort { io });
                }
            }
        }
        self.settle(now);
    }

    /// Does what is due by `now`.
    pub fn handle_timeout(&mut self, now: Now) {
        self.do_due(now);
        self.gates_timeout(now);
        self.settle(now);
    }

    /// Does what was planned for a time that has come.
    fn do_due(&mut self, now: Now) {
        while let Some(then) = self.schedule.pop(now) {
            match then {
                Planned::Tell(event) => self.events.push_back(event),
                Planned::Fail { socket, why } => {
                    self.sockets.remove(socket);
                    self.events.push_back(NetEvent::Failed { socket, why });
                }
                Planned::Answer(link) => self.answer(now, link),
                Planned::RefuseDial(gate) => self.refuse_dial(now, gate),
                Planned::SendUp { io, to, bytes } => self.send_real_datagram(io, to, bytes),
                Planned::HandDown { socket, from, bytes } => self.keep_datagram(now, socket, from, bytes),
            }
        }
    }

    /// The next event for the module. `window` says how many octets a socket of the module takes now.
    pub fn poll_event(&mut self, now: Now, window: impl Fn(Socket) -> usize) -> Option<NetEvent> {
        loop {
            if let Some(event) = self.next_event(now, &window) {
                return Some(event);
            }
            // The gate is told after the module has acted on the end of its data: so the module's FIN leaves before
            // the server's 226, however early that came.
            let gate = self.delivered.pop_front()?;
            self.feed(now, gate, GateInput::DataDelivered);
            self.settle(now);
        }
    }

    fn next_event(&mut self, now: Now, window: &impl Fn(Socket) -> usize) -> Option<NetEvent> {
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        if let Some(event) = self.poll_datagram(window) {
            return Some(event);
        }
        for _ in 0..self.links.len() {
            let after = self.links.range(LinkId(self.served.0 + 1)..).next();
            self.served = *after.or_else(|| self.links.first_key_value())?.0;
            if let Some(event) = self.poll_link(self.served, window) {
                self.settle(now);
                return Some(event);
            }
        }
        None
    }

    /// The next request to the real world.
    pub fn poll_io(&mut self) -> Option<IoRequest> {
        self.real.poll()
    }

    /// Has [`poll_tap`](Network::poll_tap) show what passes from here on.
    pub fn tap(&mut self) {
        self.tap.on = true;
    }

    /// Has it show nothing any more.
    pub fn untap(&mut self) {
        self.tap.on = false;
    }

    /// What passed the antenna, where the tap is on.
    pub fn poll_tap(&mut self) -> Option<Tapped> {
        self.tap.pop()
    }

    /// Something that the user should be told, such as a forwarded port that is taken.
    pub fn poll_note(&mut self) -> Option<String> {
        self.notes.pop_front()
    }

    /// When [`handle_timeout`](Network::handle_timeout) has something to do.
    pub fn poll_timeout(&self) -> Option<Now> {
        let links = self.links.values().filter_map(|link| link.poll_timeout(&self.lines(link)));
        links.chain(self.gates.poll_timeout()).chain(self.schedule.next()).min()
    }

    /// Whether the real world still owes an answer, so that more may come at this same moment.
    pub fn busy(&self) -> bool {
        self.real.busy() || self.gates.busy() || self.links.values().any(Link::busy)
    }

    /// Whether a real host beyond the module's own server may speak at any time: a bridge to one is
    /// open, or a port is forwarded.
    pub fn reaches_out(&self) -> bool {
        self.real.reaches_out()
    }

    /// The module's own address changes: what it had open is dead.
    fn set_address(&mut self, now: Now, address: Option<Ipv4Addr>) {
        if self.address == address {
            return;
        }
        self.address = address;
        self.events.retain(|event| matches!(event, NetEvent::Radio(_)));
        self.schedule.clear();
        self.kept_back.clear();
        for port in self.sockets.clear() {
            self.close_datagrams(now, &port);
        }
        for (_, mut link) in std::mem::take(&mut self.links) {
            link.socket = None;
            link.announce = None;
            self.faults.closed(now, &link.info);
            self.end_far(now, &mut link, End::Rst);
        }
    }

    /// Moves everything that can move without time passing.
    fn settle(&mut self, now: Now) {
        loop {
            let mut moved = false;
            let mut next = self.links.keys().next().copied();
            while let Some(id) = next {
                if let Some(mut link) = self.links.remove(&id) {
                    moved |= self.advance(now, &mut link);
                    match link.is_done() {
                        true => self.faults.closed(now, &link.info),
                        false => drop(self.links.insert(id, link)),
                    }
                }
                next = self.links.range(LinkId(id.0 + 1)..).next().map(|(id, _)| *id);
            }
            moved |= self.drain_gates(now);
            if !moved {
                return;
            }
        }
    }

    fn new_link(&mut self) -> LinkId {
        self.next_link += 1;
        LinkId(self.next_link)
    }
}
