//! The clients of services that run on the module's sockets: what the core asks of one, and where it keeps it.

use super::Core;
use super::core::Task;
use super::data::Sink;
use super::net::{Query, Socket};
use super::port::{Port, PortState};
use super::socket::SocketEvent;
use crate::time::Now;
use ::core::net::Ipv4Addr;
use bytes::Bytes;
use std::any::Any;

/// A service that a module has a client of. One client of each runs at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// RFC 959.
    Ftp,
}

impl Service {
    const ALL: [Service; 1] = [Service::Ftp];
}

/// A client of a service on the module's sockets. It is out of its place while it acts on the core.
pub(super) trait Client: Any + Send {
    /// A look-up was answered; false where it was not this client that asked.
    fn resolved(&mut self, core: &mut Core, query: Query, address: Option<Ipv4Addr>) -> bool;

    /// A listener of its own has a caller.
    fn accepted(&mut self, core: &mut Core, listener: Socket, socket: Socket);

    /// Payload has come in on a connection of its own.
    fn received(&mut self, core: &mut Core, socket: Socket, bytes: Bytes);

    /// Something else happened to a socket of its own.
    fn socket(&mut self, core: &mut Core, socket: Socket, event: SocketEvent);

    /// The bearer went down: its sockets are gone.
    fn lost(&mut self, core: &mut Core);

    /// A fault has the operation under way end with a code of the module's; where there is none, it waits for the next.
    fn force(&mut self, core: &mut Core);

    /// The time of [`Client::poll_timeout`] has come.
    fn timeout(&mut self, core: &mut Core);

    /// When it wants to be called.
    fn poll_timeout(&self) -> Option<Now>;

    /// How much the network may hand over on a connection of its own, in octets.
    fn window(&self, socket: Socket) -> usize;

    /// The host sends this in data mode.
    fn upload(&mut self, core: &mut Core, bytes: Bytes);

    /// How much of that the network has not taken yet, in octets.
    fn unsent(&self) -> usize;

    /// What the host is to read in data mode, at most so much.
    fn download(&mut self, room: usize) -> Option<Bytes>;

    /// Something was read, or nobody will read any more: what waited for that may follow.
    fn release(&mut self, core: &mut Core);
}

/// The clients that run.
#[derive(Default)]
pub struct Clients {
    running: [Option<Box<dyn Client>>; Service::ALL.len()],
}

impl Clients {
    /// Whether the client of a service runs.
    pub fn has(&self, service: Service) -> bool {
        self.get(service).is_some()
    }

    pub(super) fn get(&self, service: Service) -> Option<&dyn Client> {
        self.running[service as usize].as_deref()
    }

    /// Has a client run in place of the one of the same service.
    pub(super) fn put(&mut self, service: Service, client: Box<dyn Client>) {
        self.running[service as usize] = Some(client);
    }

    pub(super) fn take(&mut self, service: Service) -> Option<Box<dyn Client>> {
        self.running[service as usize].take()
    }

    pub(super) fn poll_timeout(&self) -> Option<Now> {
        self.running.iter().flatten().filter_map(|client| client.poll_timeout()).min()
    }
}

impl Core {
    /// Has the client of a service act on the core; `None` where there is none.
    pub(super) fn with_client<R>(
        &mut self,
        service: Service,
        act: impl FnOnce(&mut dyn Client, &mut Core) -> R,
    ) -> Option<R> {
        let mut client = self.clients.take(service)?;
        let done = act(client.as_mut(), self);
        self.clients.put(service, client);
        Some(done)
    }

    /// Has every client act on the core.
    pub(super) fn each_client(&mut self, mut act: impl FnMut(&mut dyn Client, &mut Core)) {
        for service in Service::ALL {
            self.with_client(service, &mut act);
        }
    }

    /// Lets clients go on with what has waited for a port to read.
    pub(super) fn release_clients(&mut self) {
        self.each_client(|client, core| client.release(core));
    }

    /// Lets clients go on whose time has come.
    pub(super) fn clients_timeout(&mut self) {
        let now = self.now;
        self.each_client(|client, core| {
            if client.poll_timeout().is_some_and(|at| at <= now) {
                client.timeout(core);
            }
        });
    }

    /// A look-up was answered; false where it is no client's.
    pub(super) fn client_resolved(&mut self, query: Query, address: Option<Ipv4Addr>) -> bool {
        Service::ALL.into_iter().any(|service| {
            let own = self.with_client(service, |client, core| client.resolved(core, query, address));
            own == Some(true)
        })
    }

    /// Whether a port is still to enter data mode on `sink`, also by an answer that is next to be given.
    pub(super) fn is_awaited(&self, sink: Sink) -> bool {
        let leads = |task: &Task| matches!(task, Task::Finish { reply, .. } if reply.leads_to(sink));
        self.running.ports.iter().any(|port| port.waits_for(sink)) || self.running.tasks.iter().any(leads)
    }

    /// Whether a port in data mode on `sink`, or about to enter it, reads what comes as it comes.
    pub(super) fn streams(&self, sink: Sink) -> bool {
        let running = |port: &Port| match (&port.state, &port.suspended) {
            (PortState::Data(running), _) | (_, Some(running)) => running.mode.sink == sink,
            _ => false,
        };
        self.running.ports.iter().any(|port| port.waits_for(sink) || running(port))
    }
}
