//! Look-ups, echo requests and the module's calls: where each of them leads.

use super::faults::{Carries, LinkId, LinkInfo};
use super::gates::DataPort;
use super::hosts::LookUp;
use super::link::{Far, Link};
use super::outside::{IoEvent, IoRequest};
use super::pipe::{Leaves, WINDOW};
use super::schedule::Planned;
use super::sockets::Owner;
use super::tap::TappedWhat;
use super::tls::{Whose, check};
use super::{IoUse, Network};
use crate::fault::Handshake;
use crate::fault::{ConnectVerdict, End, LookupVerdict, Way};
use crate::modem::net::{Failure, NetEvent, Purpose, Query, Socket, Tls};
use crate::scenario::Target;
use crate::time::Now;
use core::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::io::ErrorKind;
use std::time::Duration;

/// The port of implicit FTPS: there the built-in server always speaks TLS.
const FTPS: u16 = 990;
/// The port of FTP: there it speaks TLS only after AUTH.
const FTP: u16 = 21;
/// An echo reply takes at least this long.
const PING: Duration = Duration::from_millis(1);

/// A call of the module.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub socket: Socket,
    pub to: SocketAddrV4,
    pub name: Option<String>,
    pub from_port: Option<u16>,
    pub purpose: Purpose,
    pub tls: Option<Tls>,
}

/// Where a call leads.
enum Route {
    /// To a gate, with the real server behind it, and whether it speaks TLS.
    Gate(SocketAddr, bool),
    /// To the data connection that a gate has announced.
    Data(super::GateId),
    /// To a real host, octet by octet.
    Bridge(SocketAddr),
    Fail(Failure),
    Silence,
}

/// What a fault has a connection attempt meet, in place of what is there.
pub(super) fn forced(verdict: ConnectVerdict) -> Option<Target> {
    match verdict {
        ConnectVerdict::Pass | ConnectVerdict::TlsFails => None,
        ConnectVerdict::Refused => Some(Target::Refused),
        ConnectVerdict::Silence => Some(Target::Blackhole),
        ConnectVerdict::Unreachable => Some(Target::Unreachable),
    }
}

impl Network {
    fn round_trip(&self) -> Duration {
        self.config.link.latency * 2
    }

    /// Plans what follows one round trip from now; without latency it happens at once.
    pub(super) fn after_round_trip(&mut self, now: Now, then: Planned) {
        self.schedule.at(now + self.round_trip(), then);
        if self.round_trip().is_zero() {
            self.do_due(now);
        }
    }

    pub(super) fn answer_later(&mut self, now: Now, link: LinkId) {
        self.after_round_trip(now, Planned::Answer(link));
    }

    pub(super) fn resolve(&mut self, now: Now, query: Query, name: &str) {
        let found = match self.faults.look_up(now, name) {
            _ if self.address.is_none() => LookUp::Silence,
            LookupVerdict::Pass => self.config.hosts.look_up(name),
            LookupVerdict::NoSuchName => LookUp::NxDomain,
            LookupVerdict::Silence => LookUp::Silence,
            LookupVerdict::Address(address) => LookUp::Address(address),
        };
        let address = match found {
            LookUp::Address(address) => Some(address),
            LookUp::NxDomain => None,
            LookUp::Silence => return,
        };
        self.after_round_trip(now, Planned::Tell(NetEvent::Resolved { query, address }));
    }

    pub(super) fn ping(&mut self, now: Now, query: Query, to: Ipv4Addr) {
        let target = self.config.hosts.target(to);
        if self.address.is_some() && matches!(target, Target::Builtin | Target::Address(_) | Target::Refused)
        {
            let after = self.round_trip().max(PING);
            self.schedule.at(now + after, Planned::Tell(NetEvent::Pong { query, after }));
        }
    }

    pub(super) fn connect(&mut self, now: Now, order: Order) {
        let (Some(ip), socket) = (self.address, order.socket) else {
            self.events.push_back(NetEvent::Failed { socket: order.socket, why: Failure::Unreachable });
            return;
        };
        let Some(port) = self.sockets.tcp_port(order.from_port) else {
            self.events.push_back(NetEvent::Failed { socket, why: Failure::PortInUse });
            return;
        };
        let local = SocketAddrV4::new(ip, port);
        match self.route(now, &order) {
            Route::Silence => self.sockets.insert(socket, Owner::Waiting { port }),
            Route::Fail(why) => {
                self.sockets.insert(socket, Owner::Waiting { port });
                self.after_round_trip(now, Planned::Fail { socket, why });
            }
            Route::Gate(upstream, tls) => self.connect_gate(now, order, local, upstream, tls),
            Route::Data(gate) => {
                let order = Order { tls: self.near(gate, order.tls.clone()), ..order };
                let far = Far::Data { gate, credit: 0 };
                if let Some(id) = self.dial(now, order, local, Carries::FtpData, far) {
                    self.enter(now, gate, id);
                    self.answer_later(now, id);
                }
            }
            Route::Bridge(to) => {
                let io = self.real.open(IoUse::Datagrams(socket));
                let far = Far::Io { io, ahead: 0 };
                let Some(id) = self.dial(now, order, local, Carries::Tcp, far) else {
                    self.real.forget(io);
                    return;
                };
                self.real.serve(io, IoUse::Link(id));
                self.real.ask(IoRequest::Connect { io, to, receive_buffer: None });
            }
        }
    }

    fn route(&mut self, now: Now, order: &Order) -> Route {
        let &Order { to, purpose, .. } = order;
        let name = order.name.as_deref().or_else(|| self.config.hosts.owner(*to.ip()));
        let handshake = if order.tls.is_some() { Handshake::Tls } else { Handshake::None };
        let verdict = self.faults.connect(now, to, name, handshake);
        if verdict == ConnectVerdict::TlsFails {
            return Route::Fail(self.tls_fails(to, check::WANTED));
        }
        let target = match forced(verdict) {
            Some(target) => target,
            None => match self.gates.data_port(to) {
                DataPort::Open(gate) => return Route::Data(gate),
                DataPort::Silent => return Route::Silence,
                // A data connection to where nobody waits: the server's host would refuse it, and of
                // any other host (a wrong address in the answer to PASV) nothing is ever heard.
                DataPort::Closed if purpose == Purpose::FtpData => return Route::Fail(Failure::Refused),
                DataPort::None if purpose == Purpose::FtpData => match self.config.hosts.target(*to.ip()) {
                    Target::Builtin | Target::Address(_) => Target::Blackhole,
                    target => target,
                },
                DataPort::Closed | DataPort::None => self.config.hosts.target(*to.ip()),
            },
        };
        let server = to.port() == FTPS || (order.tls.is_some() && to.port() != FTP);
        match target {
            _ if Some(*to.ip()) == self.address => Route::Fail(Failure::Refused),
            Target::Builtin => match self.config.services.get(&to.port()) {
                Some(service) => Route::Bridge(*service),
                None => Route::Gate(self.config.server, server),
            },
            // Whether a real server speaks TLS does not follow from its port.
            Target::Address(real) if purpose == Purpose::FtpControl || matches!(to.port(), FTP | FTPS) => {
                Route::Gate(real, order.tls.is_some() || to.port() == FTPS)
            }
            Target::Address(real) => Route::Bridge(real),
            Target::Refused => Route::Fail(Failure::Refused),
            Target::Unreachable => Route::Fail(Failure::Unreachable),
            Target::Blackhole | Target::NxDomain | Target::DnsSilence => Route::Silence,
        }
    }

    /// Makes the link of a call; the far end has yet to answer.
    pub(super) fn dial(
        &mut self,
        now: Now,
        order: Order,
        local: SocketAddrV4,
        carries: Carries,
        far: Far,
    ) -> Option<LinkId> {
        let id = self.new_link();
        let socket = order.socket;
        let info = LinkInfo { id, purpose: order.purpose, carries, local, peer: order.to };
        let mut link = Link::new(info, socket, NetEvent::Connected { socket, local }, far);
        if let Some(tls) = order.tls {
            match self.tls.client(Whose::Module, &tls) {
                Ok(end) => link.near_tls = Some(Box::new(end)),
                Err(why) => {
                    self.sockets.insert(socket, Owner::Waiting { port: local.port() });
                    let why = self.tls_fails(order.to, why);
                    self.after_round_trip(now, Planned::Fail { socket, why });
                    return None;
                }
            }
        }
        self.sockets.insert(socket, Owner::Link { link: id, port: Some(local.port()) });
        self.links.insert(id, link);
        Some(id)
    }

    /// The far end has taken the call.
    pub(super) fn answer(&mut self, now: Now, id: LinkId) {
        if let Some(link) = self.links.get_mut(&id) {
            match self.faults.held(now, &link.info) {
                // The link is asked about again when a fault is lifted.
                Some(None) => return self.kept_back.push(id),
                Some(Some(until)) if until > now => return self.schedule.at(until, Planned::Answer(id)),
                _ => {}
            }
            link.answered = true;
            self.faults.opened(now, &link.info);
            let called = matches!(link.announce, Some(NetEvent::Accepted { .. }));
            let way = if called { Way::Down } else { Way::Up };
            self.tap.push(now, &link.info, way, || TappedWhat::Open);
        }
    }

    /// The TLS handshake between the module and a server has failed: the user is told why.
    pub(super) fn tls_fails(&mut self, server: SocketAddrV4, why: &'static str) -> Failure {
        self.notes.push_back(format!("TLS with {server}: {why}"));
        Failure::Tls(why)
    }

    /// The TLS handshake at the module's end has failed: the connection ends.
    pub(super) fn fail_near(&mut self, link: &mut Link, why: Failure) {
        let Some(socket) = link.socket else { return };
        self.let_go(link);
        let socket = match link.announce.take() {
            // The module has not heard of the caller yet. It is the one that an FTP client has its listener for;
            // any other listener waits for the next.
            Some(NetEvent::Accepted { listener, .. }) if link.info.purpose == Purpose::FtpData => {
                self.sockets.remove(listener);
                listener
            }
            Some(NetEvent::Accepted { .. }) => return,
            _ => socket,
        };
        self.events.push_back(NetEvent::Failed { socket, why });
    }

    /// A call fails.
    pub(super) fn fail_link(&mut self, id: LinkId, why: Failure) {
        if let Some(mut link) = self.links.remove(&id) {
            self.fail_near(&mut link, why);
        }
    }

    /// What a real host's silence or refusal is to the module; `None` is silence.
    pub(super) fn failure(kind: ErrorKind) -> Option<Failure> {
        match kind {
            ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => Some(Failure::Refused),
            ErrorKind::TimedOut => None,
            _ => Some(Failure::Unreachable),
        }
    }

    /// Something happened on the real socket of a bridged connection.
    pub(super) fn link_io(&mut self, now: Now, id: LinkId, event: IoEvent) {
        let Some(link) = self.links.get_mut(&id) else { return };
        match event {
            IoEvent::Connected { io, .. } => {
                self.real.ask(IoRequest::Allow { io, n: WINDOW });
                self.answer_later(now, id);
            }
            IoEvent::Failed { io, kind } => {
                link.far = Far::Gone;
                self.real.forget(io);
                if let Some(why) = Self::failure(kind) {
                    self.fail_link(id, why);
                }
            }
            // Each read goes on at once: an exchange must not wait on a clock that may be frozen.
            IoEvent::Data { bytes, .. } => link.answer(now, bytes, Leaves::AtOnce),
            IoEvent::Sent { n, .. } => {
                if let Far::Io { ahead, .. } = &mut link.far {
                    *ahead = ahead.saturating_sub(n);
                }
            }
            IoEvent::Eof { .. } => link.answer_end(now, End::Fin),
            IoEvent::Reset { io } => {
                link.leave(now, End::Rst);
                self.real.forget(io);
            }
            IoEvent::Listening { .. } | IoEvent::Accepted { .. } | IoEvent::Datagram { .. } => {}
        }
    }
}
