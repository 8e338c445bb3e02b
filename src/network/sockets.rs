//! The module's sockets and ports.

use super::Network;
use super::faults::LinkId;
use super::link::Link;
use super::pipe::WINDOW;
use super::udp::UdpPort;
use crate::fault::End;
use crate::modem::net::{NetEvent, Purpose, Socket, Tls};
use crate::time::Now;
use std::collections::BTreeMap;

/// The ports that the network picks: the dynamic ones of RFC 6335 section 6.
const DYNAMIC: std::ops::RangeInclusive<u16> = 49152..=65535;

/// What a socket is.
#[derive(Debug)]
pub(super) enum Owner {
    /// A connection; the port is the module's own where it dialled.
    Link {
        link: LinkId,
        port: Option<u16>,
    },
    /// A connection that will fail, or get no answer.
    Waiting {
        port: u16,
    },
    Listener(Listener),
    Udp(UdpPort),
}

/// A TCP listener of the module.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    pub socket: Socket,
    pub port: u16,
    pub purpose: Purpose,
    pub tls: Option<Tls>,
}

#[derive(Debug, Default)]
pub(super) struct Sockets {
    owners: BTreeMap<Socket, Owner>,
    accepted: u32,
    picked: u16,
}

impl Sockets {
    pub fn insert(&mut self, socket: Socket, owner: Owner) {
        self.owners.insert(socket, owner);
    }

    pub fn remove(&mut self, socket: Socket) -> Option<Owner> {
        self.owners.remove(&socket)
    }

    /// Forgets all; the UDP ports still have real sockets to close.
    pub fn clear(&mut self) -> Vec<UdpPort> {
        let udp = |owner| if let Owner::Udp(port) = owner { Some(port) } else { None };
        std::mem::take(&mut self.owners).into_values().filter_map(udp).collect()
    }

    pub fn link(&self, socket: Socket) -> Option<LinkId> {
        match self.owners.get(&socket)? {
            Owner::Link { link, .. } => Some(*link),
            _ => None,
        }
    }

    pub fn listener(&self, port: u16) -> Option<Listener> {
        self.owners.values().find_map(|owner| match owner {
            Owner::Listener(listener) if listener.port == port => Some(listener.clone()),
            _ => None,
        })
    }

    pub fn udp(&mut self, socket: Socket) -> Option<&mut UdpPort> {
        match self.owners.get_mut(&socket)? {
            Owner::Udp(port) => Some(port),
            _ => None,
        }
    }

    pub fn udp_ports(&mut self) -> impl Iterator<Item = (Socket, &mut UdpPort)> {
        self.owners.iter_mut().filter_map(|(socket, owner)| match owner {
            Owner::Udp(port) => Some((*socket, port)),
            _ => None,
        })
    }

    /// The number of the next accepted connection.
    pub fn next_accepted(&mut self) -> Socket {
        self.accepted = self.accepted.wrapping_add(1) & 0x7fff_ffff;
        Socket(0x8000_0000 | self.accepted.wrapping_sub(1) & 0x7fff_ffff)
    }

    /// The wanted TCP port, or any where it is `None` or 0; `None` where it is taken.
    pub fn tcp_port(&mut self, wanted: Option<u16>) -> Option<u16> {
        self.port(wanted, |owner, p| match owner {
            Owner::Link { port, .. } => *port == Some(p),
            Owner::Waiting { port } => *port == p,
            Owner::Listener(listener) => listener.port == p,
            Owner::Udp(_) => false,
        })
    }

    /// The same for UDP.
    pub fn udp_port(&mut self, wanted: Option<u16>) -> Option<u16> {
        self.port(wanted, |owner, p| matches!(owner, Owner::Udp(udp) if udp.info.local.port() == p))
    }

    fn port(&mut self, wanted: Option<u16>, taken: impl Fn(&Owner, u16) -> bool) -> Option<u16> {
        let free = |port| !self.owners.values().any(|owner| taken(owner, port));
        match wanted {
            Some(port) if port != 0 => Some(port).filter(|port| free(*port)),
            _ => {
                // A port is used again only after all others: a late packet must not meet a new connection.
                let start = self.picked.max(*DYNAMIC.start());
                let port = (start..=*DYNAMIC.end()).chain(DYNAMIC).find(|port| free(*port))?;
                self.picked = port.checked_add(1).unwrap_or(*DYNAMIC.start());
                Some(port)
            }
        }
    }
}

/// The socket that an event tells of.
fn socket_of(event: &NetEvent) -> Option<Socket> {
    match event {
        NetEvent::Connected { socket, .. }
        | NetEvent::Secured { socket }
        | NetEvent::Listening { socket, .. }
        | NetEvent::Accepted { socket, .. }
        | NetEvent::Failed { socket, .. }
        | NetEvent::Data { socket, .. }
        | NetEvent::Datagram { socket, .. }
        | NetEvent::Sent { socket, .. }
        | NetEvent::PeerShutdown { socket }
        | NetEvent::Reset { socket } => Some(*socket),
        NetEvent::Resolved { .. } | NetEvent::Pong { .. } | NetEvent::Radio(_) => None,
    }
}

impl Network {
    pub(super) fn with_link(&mut self, socket: Socket, f: impl FnOnce(&mut Link)) {
        if let Some(link) = self.sockets.link(socket).and_then(|id| self.links.get_mut(&id)) {
            f(link);
        }
    }

    /// The module closes a socket, or aborts it with RST; nothing of it is told any more.
    pub(super) fn close(&mut self, now: Now, socket: Socket, end: End) {
        let callers = self.events.iter().filter_map(|event| match event {
            NetEvent::Accepted { listener, socket: caller, .. } if *listener == socket => Some(*caller),
            _ => None,
        });
        // Connections that the listener accepted and the module has not been told of are aborted with it.
        for caller in callers.collect::<Vec<_>>() {
            self.close(now, caller, End::Rst);
        }
        self.forget(socket);
        match self.sockets.remove(socket) {
            Some(Owner::Link { link, .. }) => match self.links.get_mut(&link) {
                Some(link) if end == End::Rst => {
                    link.socket = None;
                    link.up.finish(End::Rst);
                }
                Some(link) => link.close(now),
                None => {}
            },
            Some(Owner::Udp(port)) => self.close_datagrams(now, &port),
            Some(Owner::Listener(_) | Owner::Waiting { .. }) | None => {}
        }
    }

    /// Drops what waits to be told of a socket.
    fn forget(&mut self, socket: Socket) {
        self.events.retain(|event| socket_of(event) != Some(socket));
        self.schedule.forget_socket(socket);
    }

    /// The network takes the socket from the module; the caller tells why.
    pub(super) fn let_go(&mut self, link: &mut Link) {
        if let Some(socket) = link.socket.take() {
            self.forget(socket);
            self.sockets.remove(socket);
        }
    }

    /// What one link has for the module.
    pub(super) fn poll_link(&mut self, id: LinkId, window: &dyn Fn(Socket) -> usize) -> Option<NetEvent> {
        let link = self.links.get_mut(&id).filter(|link| link.announce.is_none())?;
        let socket = link.socket?;
        if let Some(bytes) = link.take_near(window(socket).min(WINDOW)) {
            return Some(NetEvent::Data { socket, bytes });
        }
        match link.near_end()? {
            End::Fin if link.delivered => None,
            End::Fin => {
                let mut link = self.links.remove(&id)?;
                let gate = self.delivered(&mut link);
                self.delivered.extend(gate);
                self.links.insert(id, link);
                Some(NetEvent::PeerShutdown { socket })
            }
            End::Rst => {
                link.socket = None;
                link.up.finish(End::Rst);
                self.forget(socket);
                self.sockets.remove(socket);
                Some(NetEvent::Reset { socket })
            }
        }
    }
}
