//! The module's sockets: who owns one, and what waits in it.

use super::Event;
use super::buffer::Buffer;
use super::client::Service;
use super::core::Core;
use super::net::{Failure, NetEvent, NetRequest, Query, Socket};
use super::port::{PortId, PortState};
use ::core::net::{Ipv4Addr, SocketAddrV4};
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};

/// Whose socket it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Client(Service),
    Maker,
}

impl From<Service> for Owner {
    fn from(service: Service) -> Owner {
        Owner::Client(service)
    }
}

/// What a socket tells its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketEvent {
    /// The connection is up, or the UDP port or listener is open.
    Open(SocketAddrV4),
    /// TLS is up on the connection.
    Secured,
    /// It came to nothing; the socket is gone.
    Failed(Failure),
    /// A listener has a caller, on a socket of its own.
    Accepted(Socket, SocketAddrV4),
    /// Payload has come in, or the far end's FIN behind payload that was not read yet.
    Arrived,
    /// So many octets were taken by the network.
    Sent(usize),
    /// The far end sends nothing more, and everything before it was read.
    PeerShutdown,
    /// The far end reset the connection; the socket is gone.
    Reset,
    /// The bearer went down under it; the socket is gone.
    Lost,
}

/// One socket.
#[derive(Debug)]
pub struct Conn {
    pub(super) owner: Owner,
    /// TCP payload that waits for its reader.
    pub inbox: Buffer,
    /// Datagrams that wait for their reader.
    pub datagrams: VecDeque<(SocketAddrV4, Bytes)>,
    /// How much may wait, in octets.
    pub capacity: usize,
    /// What the network has not taken yet, in octets.
    pub unsent: usize,
    /// The far end has sent its FIN; told to the owner once `inbox` is empty.
    pub fin: Fin,
    /// The module's own end, once it is open.
    pub local: Option<SocketAddrV4>,
    /// The far end.
    pub peer: Option<SocketAddrV4>,
    /// Who sent the datagram that was read last: the far end of a UDP port that was given none.
    pub caller: Option<SocketAddrV4>,
    /// The module has said that it sends nothing more.
    pub shut: bool,
    /// Its datagrams live long enough to arrive.
    pub reaches: bool,
}

/// Where the far end's FIN stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fin {
    /// It has not come.
    #[default]
    Open,
    /// It has come, behind data that waits.
    Waiting,
    /// It has come and the owner knows.
    Told,
}

impl Conn {
    pub(super) fn new(owner: Owner) -> Conn {
        Conn {
            owner,
            inbox: Buffer::default(),
            datagrams: VecDeque::new(),
            capacity: super::BACKLOG,
            unsent: 0,
            fin: Fin::Open,
            local: None,
            peer: None,
            caller: None,
            shut: false,
            reaches: true,
        }
    }

    /// What waits to be read: TCP payload, or the first datagram, in octets.
    pub fn readable(&self) -> usize {
        self.datagrams.front().map_or(self.inbox.len(), |(_, bytes)| bytes.len())
    }

    fn waiting(&self) -> usize {
        self.inbox.len() + self.datagrams.iter().map(|(_, bytes)| bytes.len()).sum::<usize>()
    }

    /// Takes the first datagram.
    pub(super) fn pop_datagram(&mut self) -> Option<Bytes> {
        let (from, bytes) = self.datagrams.pop_front()?;
        self.caller = Some(from);
        Some(bytes)
    }
}

/// The sockets, by number.
pub type Sockets = BTreeMap<Socket, Conn>;

impl Core {
    /// Looks a host up. A dotted address is its own answer.
    ///
    /// # Errors
    /// A name is asked of the network: this query, which [`Event::Resolved`] answers, or nothing ever.
    pub fn resolve(&mut self, host: &str) -> Result<Ipv4Addr, Query> {
        host.trim().parse().map_err(|_| {
            let query = self.new_query();
            self.net(NetRequest::Resolve { query, name: host.trim().to_string() });
            query
        })
    }

    /// Opens a socket of the maker's own; `ask` makes the request from its number.
    pub fn open_socket(&mut self, ask: impl FnOnce(Socket) -> NetRequest) -> Socket {
        self.open_for(Owner::Maker, ask)
    }

    pub(super) fn open_for(
        &mut self,
        owner: impl Into<Owner>,
        ask: impl FnOnce(Socket) -> NetRequest,
    ) -> Socket {
        let socket = self.new_socket();
        let request = ask(socket);
        let mut conn = Conn::new(owner.into());
        conn.peer = match &request {
            NetRequest::Connect { to, .. } => Some(*to),
            NetRequest::OpenUdp { to, .. } => *to,
            _ => None,
        };
        self.sockets.insert(socket, conn);
        self.net(request);
        socket
    }

    /// Sends on a TCP connection; behind [`Core::shutdown`] nothing is sent.
    pub fn send(&mut self, socket: Socket, bytes: Bytes) {
        if let Some(conn) = self.sockets.get_mut(&socket).filter(|c| !bytes.is_empty() && !c.shut) {
            conn.unsent += bytes.len();
            self.net(NetRequest::Send { socket, bytes });
        }
    }

    /// Sends one datagram.
    pub fn send_to(&mut self, socket: Socket, to: SocketAddrV4, bytes: Bytes) {
        if let Some(conn) = self.sockets.get_mut(&socket) {
            conn.unsent += bytes.len();
            self.net(NetRequest::SendTo { socket, to, bytes });
        }
    }

    /// Says that nothing more will be sent on a TCP connection.
    pub fn shutdown(&mut self, socket: Socket) {
        if let Some(conn) = self.sockets.get_mut(&socket).filter(|c| !c.shut) {
            conn.shut = true;
            self.net(NetRequest::Shutdown { socket });
        }
    }

    /// Sends one datagram to the far end of a UDP port; nothing where it has none yet, or no octet, and
    /// none that would not reach it.
    pub fn send_datagram(&mut self, socket: Socket, bytes: Bytes) {
        let conn = self.sockets.get(&socket).filter(|c| c.reaches);
        let to = conn.and_then(|c| c.peer.or(c.caller));
        if let Some(to) = to.filter(|_| !bytes.is_empty()) {
            self.send_to(socket, to, bytes);
        }
    }

    /// The port that is in data mode on a socket.
    pub fn mapped(&self, socket: Socket) -> Option<PortId> {
        let maps =
            |state: &PortState| matches!(state, PortState::Data(r) if r.mode.sink.socket() == Some(socket));
        self.running.ports.iter().find(|p| maps(&p.state)).map(|p| p.id)
    }

    /// Closes a socket in good order.
    pub fn close(&mut self, socket: Socket) {
        if self.sockets.remove(&socket).is_some() {
            self.net(NetRequest::Close { socket });
        }
    }

    /// Closes a connection with a reset.
    pub fn abort(&mut self, socket: Socket) {
        if self.sockets.remove(&socket).is_some() {
            self.net(NetRequest::Abort { socket });
        }
    }

    pub(super) fn sockets_lost(&mut self) {
        for (socket, conn) in std::mem::take(&mut self.sockets) {
            if conn.owner == Owner::Maker {
                self.happened(Event::Socket(socket, SocketEvent::Lost));
            }
        }
    }

    /// How much the network may hand over on a connection now, in octets.
    pub(super) fn window(&self, socket: Socket) -> usize {
        match self.sockets.get(&socket) {
            None => 0,
            Some(conn) => match conn.owner {
                Owner::Client(service) => self.clients.get(service).map_or(0, |client| client.window(socket)),
                Owner::Maker => conn.capacity.saturating_sub(conn.waiting()),
            },
        }
    }

    pub(super) fn net_event(&mut self, event: NetEvent) {
        use NetEvent as N;
        use SocketEvent as S;
        match event {
            N::Resolved { query, address } => {
                if !self.client_resolved(query, address) {
                    self.happened(Event::Resolved(query, address));
                }
            }
            N::Pong { query, after } => self.happened(Event::Pong(query, after)),
            N::Radio(change) => self.radio_changed(change),
            N::Accepted { listener, socket, from } => {
                let Some(owner) = self.sockets.get(&listener).map(|c| c.owner) else { return };
                let mut conn = Conn::new(owner);
                conn.local = self.sockets.get(&listener).and_then(|c| c.local);
                conn.peer = Some(from);
                self.sockets.insert(socket, conn);
                match owner {
                    Owner::Maker => {
                        self.happened(Event::Socket(listener, S::Accepted(socket, from)));
                    }
                    Owner::Client(service) => {
                        self.with_client(service, |client, core| client.accepted(core, listener, socket));
                    }
                }
            }
            N::Secured { socket } => self.tell(socket, S::Secured),
            N::Connected { socket, local } | N::Listening { socket, local } => {
                if let Some(conn) = self.sockets.get_mut(&socket) {
                    conn.local = Some(local);
                }
                self.tell(socket, S::Open(local));
            }
            N::Failed { socket, why } => self.tell_last(socket, S::Failed(why)),
            N::Reset { socket } => self.tell_last(socket, S::Reset),
            N::Data { socket, bytes } => {
                let Some(conn) = self.sockets.get_mut(&socket) else { return };
                match conn.owner {
                    Owner::Maker => {
                        conn.inbox.push(bytes);
                        self.tell(socket, S::Arrived);
                    }
                    Owner::Client(service) => {
                        self.with_client(service, |client, core| client.received(core, socket, bytes));
                    }
                }
            }
            N::Datagram { socket, from, bytes } => {
                let Some(conn) = self.sockets.get_mut(&socket) else { return };
                // A datagram is never divided: where the window is open at all, all of it has room.
                if conn.waiting() < conn.capacity {
                    conn.datagrams.push_back((from, bytes));
                    self.tell(socket, S::Arrived);
                }
            }
            N::Sent { socket, n } => {
                if let Some(conn) = self.sockets.get_mut(&socket) {
                    conn.unsent = conn.unsent.saturating_sub(n);
                }
                self.tell(socket, S::Sent(n));
            }
            N::PeerShutdown { socket } => {
                let Some(conn) = self.sockets.get_mut(&socket) else { return };
                conn.fin = Fin::Waiting;
                match conn.inbox.is_empty() {
                    true => self.tell_fin(socket),
                    false => self.tell(socket, S::Arrived),
                }
            }
        }
    }

    /// Tells the owner of the far end's FIN once nothing waits before it.
    pub(super) fn tell_fin(&mut self, socket: Socket) {
        let Some(conn) = self.sockets.get_mut(&socket) else { return };
        if conn.fin == Fin::Waiting && conn.inbox.is_empty() {
            conn.fin = Fin::Told;
            self.tell(socket, SocketEvent::PeerShutdown);
        }
    }

    fn tell(&mut self, socket: Socket, event: SocketEvent) {
        match self.sockets.get(&socket).map(|c| c.owner) {
            Some(Owner::Maker) => self.happened(Event::Socket(socket, event)),
            Some(Owner::Client(service)) => {
                self.with_client(service, |client, core| client.socket(core, socket, event));
            }
            None => {}
        }
    }

    fn tell_last(&mut self, socket: Socket, event: SocketEvent) {
        self.tell(socket, event);
        self.sockets.remove(&socket);
    }
}
