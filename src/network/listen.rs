//! The module's listeners, and the ports that the outside can reach (`[forward]`).

use super::faults::{Carries, LinkId, LinkInfo};
use super::link::{Far, Link};
use super::outside::{IoEvent, IoId, IoRequest};
use super::pipe::WINDOW;
use super::sockets::{Listener, Owner};
use super::tls::Whose;
use super::{IoUse, Network};
use crate::modem::net::{Failure, NetEvent, Purpose, Socket, Tls};
use crate::time::Now;
use core::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::collections::BTreeMap;

/// The most callers over UDP that are remembered, so that answers find their way back.
const CALLERS: usize = 1024;
/// The first of the ports that a kernel draws for callers (Linux; RFC 6335 section 6 has 49152).
const FIRST_DRAWN: u16 = 32_768;

#[derive(Debug, Default)]
pub(super) struct Forwards {
    /// The module's port behind each real listener.
    ports: BTreeMap<IoId, u16>,
    /// The real socket and address behind each caller, per port of the module.
    callers: BTreeMap<(u16, SocketAddrV4), (IoId, SocketAddr)>,
    /// How the module sees each caller over UDP.
    seen: BTreeMap<(IoId, SocketAddr), SocketAddrV4>,
    called: u16,
}

impl Forwards {
    /// The address of a new caller as the module sees it: IPv4, since the module knows no IPv6. Where the caller's kernel
    /// picked its port, the module sees a counted one, as behind a NAT, so that two runs see the same.
    fn see(&mut self, from: SocketAddr) -> SocketAddrV4 {
        let ip = match from {
            SocketAddr::V4(v4) => *v4.ip(),
            SocketAddr::V6(v6) => v6.ip().to_ipv4_mapped().unwrap_or(Ipv4Addr::new(198, 19, 255, 254)),
        };
        if from.port() < FIRST_DRAWN {
            return SocketAddrV4::new(ip, from.port());
        }
        let port = FIRST_DRAWN + self.called;
        self.called = (self.called + 1) % (u16::MAX - FIRST_DRAWN);
        SocketAddrV4::new(ip, port)
    }

    /// Who sends a datagram to that port of the module; answers will find the way back.
    fn sender(&mut self, port: u16, io: IoId, from: SocketAddr) -> SocketAddrV4 {
        if let Some(seen) = self.seen.get(&(io, from)) {
            return *seen;
        }
        if self.callers.len() >= CALLERS {
            self.callers.clear();
            self.seen.clear();
        }
        let seen = self.see(from);
        self.seen.insert((io, from), seen);
        self.callers.insert((port, seen), (io, from));
        seen
    }

    /// The way back to somebody outside who has sent a datagram to that port.
    pub fn caller(&self, port: u16, to: SocketAddrV4) -> Option<(IoId, SocketAddr)> {
        self.callers.get(&(port, to)).copied()
    }
}

impl Network {
    pub(super) fn open_forwards(&mut self) {
        for forward in self.config.forward.clone() {
            for udp in [false, true] {
                let io = self.real.open(IoUse::Forward);
                self.forwards.ports.insert(io, forward.port);
                self.real.ask(IoRequest::Listen { io, at: forward.at, udp });
            }
        }
    }

    pub(super) fn listen(&mut self, socket: Socket, port: u16, purpose: Purpose, tls: Option<Tls>) {
        let event = match (self.address, self.sockets.tcp_port(Some(port))) {
            (None, _) => NetEvent::Failed { socket, why: Failure::Unreachable },
            (_, None) => NetEvent::Failed { socket, why: Failure::PortInUse },
            (Some(ip), Some(port)) => {
                self.sockets.insert(socket, Owner::Listener(Listener { socket, port, purpose, tls }));
                NetEvent::Listening { socket, local: SocketAddrV4::new(ip, port) }
            }
        };
        self.events.push_back(event);
    }

    pub(super) fn forward_io(&mut self, now: Now, event: IoEvent) {
        match event {
            IoEvent::Failed { io, kind } => {
                self.real.forget(io);
                if let Some(port) = self.forwards.ports.remove(&io) {
                    self.notes.push_back(format!("port {port} cannot be forwarded: {kind}"));
                }
            }
            IoEvent::Accepted { listener, io, from } => {
                let listener =
                    self.forwards.ports.get(&listener).and_then(|port| self.sockets.listener(*port));
                let Some(listener) = listener else {
                    self.real.ask(IoRequest::Abort { io });
                    return;
                };
                self.real.ask(IoRequest::Allow { io, n: WINDOW });
                let from = self.forwards.see(from);
                self.call(now, listener, from, Carries::Tcp, Far::Io { io, ahead: 0 });
            }
            IoEvent::Datagram { io, from, bytes } => {
                let Some(&port) = self.forwards.ports.get(&io) else { return };
                let mut ports = self.sockets.udp_ports();
                let Some((socket, _)) = ports.find(|(_, udp)| udp.info.local.port() == port) else { return };
                drop(ports);
                let from = self.forwards.sender(port, io, from);
                self.receive_datagram(now, socket, from, bytes);
            }
            _ => {}
        }
    }

    /// Somebody calls a listener of the module.
    pub(super) fn call(
        &mut self,
        now: Now,
        listener: Listener,
        from: SocketAddrV4,
        carries: Carries,
        far: Far,
    ) -> Option<LinkId> {
        let ip = self.address?;
        let id = self.new_link();
        let local = SocketAddrV4::new(ip, listener.port);
        let info = LinkInfo { id, purpose: listener.purpose, carries, local, peer: from };
        let socket = self.sockets.next_accepted();
        let announce = NetEvent::Accepted { listener: listener.socket, socket, from };
        let mut link = Link::new(info, socket, announce, far);
        if let Far::Io { io, .. } = far {
            self.real.serve(io, IoUse::Link(id));
        }
        self.sockets.insert(socket, Owner::Link { link: id, port: None });
        let tls = match far {
            Far::Data { gate, .. } => self.near(gate, listener.tls),
            _ => listener.tls,
        };
        // Without a certificate the handshake fails, whether it is missing or could not be made.
        link.near_tls = tls.and_then(|tls| self.tls.client(Whose::Module, &tls).ok()).map(Box::new);
        if let Far::Data { gate, .. } = far {
            link.far_tls = self.data_tls(gate);
        }
        self.links.insert(id, link);
        self.answer_later(now, id);
        Some(id)
    }
}
