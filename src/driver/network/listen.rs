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
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

/// So many callers over UDP are remembered, for answers to find their way back.
const CALLERS: usize = 1024;

#[derive(Debug, Default)]
pub(super) struct Forwards {
    /// The module's port behind each real listener.
    ports: BTreeMap<IoId, u16>,
    /// The real socket and address behind each caller, per port of the module.
    callers: BTreeMap<(u16, SocketAddrV4), (IoId, SocketAddr)>,
}

impl Forwards {
    /// The way back to somebody outside who has sent a datagram to that port.
    pub fn caller(&self, port: u16, to: SocketAddrV4) -> Option<(IoId, SocketAddr)> {
        self.callers.get(&(port, to)).copied()
    }
}

/// A caller's address as the module sees it, which knows no IPv6.
fn seen(from: SocketAddr) -> SocketAddrV4 {
    match from {
        SocketAddr::V4(v4) => v4,
        SocketAddr::V6(v6) => {
            let ip = v6.ip().to_ipv4_mapped().unwrap_or(Ipv4Addr::new(198, 19, 255, 254));
            SocketAddrV4::new(ip, v6.port())
        }
    }
}

impl Network {
    pub(super) fn open_forwards(&mut self) {
        for forward in self.config.forward.clone() {
            for udp in [false, true] {
                let io = self.new_io(IoUse::Forward);
                self.forwards.ports.insert(io, forward.port);
                self.io_out.push_back(IoRequest::Listen { io, at: forward.at, udp });
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
                self.ios.remove(&io);
                if let Some(port) = self.forwards.ports.remove(&io) {
                    self.notes.push_back(format!("port {port} cannot be forwarded: {kind}"));
                }
            }
            IoEvent::Accepted { listener, io, from } => {
                let listener =
                    self.forwards.ports.get(&listener).and_then(|port| self.sockets.listener(*port));
                let Some(listener) = listener else {
                    self.io_out.push_back(IoRequest::Abort { io });
                    return;
                };
                self.io_out.push_back(IoRequest::Allow { io, n: WINDOW });
                self.call(now, listener, seen(from), Carries::Tcp, Far::Io { io, ahead: 0 });
            }
            IoEvent::Datagram { io, from, bytes } => {
                let Some(&port) = self.forwards.ports.get(&io) else { return };
                let mut ports = self.sockets.udp_ports();
                let Some((socket, _)) = ports.find(|(_, udp)| udp.info.local.port() == port) else { return };
                drop(ports);
                if self.forwards.callers.len() >= CALLERS {
                    self.forwards.callers.clear();
                }
                self.forwards.callers.insert((port, seen(from)), (io, from));
                self.receive_datagram(now, socket, seen(from), bytes);
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
            self.ios.insert(io, IoUse::Link(id));
        }
        self.sockets.insert(socket, Owner::Link { link: id, port: None });
        let tls = match far {
            Far::Data { gate, .. } => self.near(gate, listener.tls),
            _ => listener.tls,
        };
        // A certificate that cannot be made has the handshake fail, as one that is missing would.
        link.near_tls = tls
            .and_then(|tls| self.tls.client(Whose::Module, &from.ip().to_string(), tls.verify).ok())
            .map(Box::new);
        if let Far::Data { gate, .. } = far {
            link.far_tls = self.data_tls(gate);
        }
        self.links.insert(id, link);
        self.answer_later(now, id);
        Some(id)
    }
}
