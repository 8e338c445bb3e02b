//! The module's FTP session: the client of `ftp` on the module's sockets.

mod sockets;

use super::buffer::Buffer;
use super::client::{Client, Service};
use super::core::{Core, Task};
use super::data::Sink;
use super::net::{Query, Socket, Tls};
use super::{Event, Note};
use crate::fault::ModuleState;
use crate::ftp::{self, Cause, Input, Op, Step};
use crate::time::Now;
use bytes::Bytes;
use std::any::Any;
use std::collections::VecDeque;

/// Where a session goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// A name or a dotted address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The port that the module binds for the control connection.
    pub from_port: Option<u16>,
    /// TLS, on what [`ftp::Settings`] says.
    pub tls: Option<Tls>,
}

/// The data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DataConnection {
    None,
    Listener(Socket),
    Connection(Socket),
}

impl DataConnection {
    fn socket(self) -> Option<Socket> {
        match self {
            DataConnection::None => None,
            DataConnection::Listener(socket) | DataConnection::Connection(socket) => Some(socket),
        }
    }
}

/// The FTP session.
struct Session {
    client: ftp::Client,
    target: Target,
    query: Option<Query>,
    control: Option<Socket>,
    data: DataConnection,
    /// What was downloaded and not read yet.
    inbox: Buffer,
    /// How much of a download may wait, in octets.
    capacity: usize,
    /// It is logged in; a transfer is under way. Faults wait for these states.
    open: bool,
    moving: bool,
    /// The end of a transfer and what followed it, which wait until a port has read its data.
    held: VecDeque<ftp::Event>,
}

/// What a maker does with the FTP session, from its opening until it is dropped. Without a session nothing happens.
pub struct Ftp<'a> {
    core: &'a mut Core,
}

impl Core {
    /// The FTP session, or the place for one.
    pub fn ftp(&mut self) -> Ftp<'_> {
        Ftp { core: self }
    }
}

impl Ftp<'_> {
    /// Opens a session in place of any other. [`ftp::Event::Opened`] or [`ftp::Event::Lost`] follows.
    pub fn open(&mut self, target: Target, settings: ftp::Settings) {
        self.discard();
        let mut client = ftp::Client::new(settings);
        client.open(self.core.now);
        let session = Session {
            client,
            target,
            query: None,
            control: None,
            data: DataConnection::None,
            inbox: Buffer::default(),
            capacity: super::BACKLOG,
            open: false,
            moving: false,
            held: VecDeque::new(),
        };
        self.core.clients.put(Service::Ftp, Box::new(session));
        self.act(|session, core| {
            session.pump(core);
            session.force(core);
        });
    }

    /// Starts an operation on the open session; false where there is none or one is going on.
    pub fn start(&mut self, op: Op) -> bool {
        let started = self.act(|session, core| {
            let started = session.client.start(core.now, op).is_ok();
            session.pump(core);
            session.force(core);
            started
        });
        started == Some(true)
    }

    /// Whether it is logged in.
    pub fn is_open(&mut self) -> bool {
        self.act(|session, _| session.client.is_open()) == Some(true)
    }

    /// Whether an operation is going on.
    pub fn is_busy(&mut self) -> bool {
        self.act(|session, _| session.client.busy()) == Some(true)
    }

    /// Whether the next data connection is passive.
    pub fn set_passive(&mut self, passive: bool) {
        self.act(|session, _| session.client.settings_mut().passive = passive);
    }

    /// How much of a download may wait, in octets; true where there is a session.
    pub fn set_capacity(&mut self, capacity: usize) -> bool {
        self.act(|session, _| session.capacity = capacity).is_some()
    }

    /// Feeds an upload.
    pub fn send(&mut self, bytes: Bytes) {
        self.act(|session, core| session.upload(core, bytes));
    }

    /// Ends an upload.
    pub fn finish(&mut self) {
        self.act(|session, core| session.call(core, ftp::Client::finish));
    }

    /// Aborts the transfer that is going on (RFC 959 section 4.1.3, ABOR).
    pub fn abort(&mut self) {
        self.act(|session, core| session.call(core, ftp::Client::abort));
    }

    /// Octets of an upload that the network has not taken yet.
    pub fn backlog(&self) -> usize {
        self.core.clients.get(Service::Ftp).map_or(0, Client::unsent)
    }

    /// Octets downloaded and not read yet.
    pub fn waiting(&mut self) -> usize {
        self.act(|session, _| session.inbox.len()).unwrap_or_default()
    }

    /// Reads up to `most` octets of a download.
    pub fn read(&mut self, most: usize) -> Bytes {
        let read = self.act(|session, core| {
            let bytes = session.inbox.take(most);
            session.release(core);
            bytes
        });
        read.unwrap_or_default()
    }

    /// Ends the session at once, without QUIT, and forgets what was not read.
    pub fn discard(&mut self) {
        self.act(|session, core| session.call(core, ftp::Client::drop_session));
        self.core.running.ports.iter_mut().for_each(|port| port.forget(Sink::FTP));
        self.act(Session::close);
        self.core.clients.take(Service::Ftp);
    }

    /// Keeps the end of a transfer, and what follows it, back from the maker while a port still has
    /// to enter data mode for it or to print what was downloaded; gives back what need not wait.
    pub(super) fn keep(&mut self, event: ftp::Event) -> Option<ftp::Event> {
        if !self.core.clients.has(Service::Ftp) {
            return Some(event);
        }
        self.act(|session, core| session.keep(core, event)).flatten()
    }

    fn act<R>(&mut self, act: impl FnOnce(&mut Session, &mut Core) -> R) -> Option<R> {
        let acted = self.core.with_client(Service::Ftp, |client, core| {
            let session = (client as &mut dyn Any).downcast_mut::<Session>();
            session.map(|session| act(session, core))
        });
        acted.flatten()
    }
}

impl Client for Session {
    fn resolved(&mut self, core: &mut Core, query: Query, address: Option<::core::net::Ipv4Addr>) -> bool {
        if self.query != Some(query) {
            return false;
        }
        self.query = None;
        match address {
            Some(address) => self.dial(core, address),
            None => self.input(core, Input::ControlFailed(Cause::NoName)),
        }
        true
    }

    fn accepted(&mut self, core: &mut Core, listener: Socket, socket: Socket) {
        if self.data != DataConnection::Listener(listener) {
            return core.abort(socket);
        }
        self.data = DataConnection::Connection(socket);
        core.close(listener);
        self.input(core, Input::DataConnected);
    }

    fn received(&mut self, core: &mut Core, socket: Socket, bytes: Bytes) {
        if Some(socket) == self.control {
            self.input(core, Input::ControlBytes(bytes));
        } else if Some(socket) == self.data.socket() {
            self.input(core, Input::DataBytes(bytes));
        }
    }

    fn socket(&mut self, core: &mut Core, socket: Socket, event: super::SocketEvent) {
        self.socket_event(core, socket, event);
    }

    fn lost(&mut self, core: &mut Core) {
        (self.control, self.data) = (None, DataConnection::None);
        self.input(core, Input::ControlFailed(Cause::NoBearer));
    }

    fn force(&mut self, core: &mut Core) {
        if self.open && !self.client.busy() {
            return;
        }
        if let Some(code) = core.forced.take() {
            self.input(core, Input::ControlFailed(Cause::Forced(code)));
        }
    }

    fn timeout(&mut self, core: &mut Core) {
        self.call(core, ftp::Client::handle_timeout);
    }

    fn poll_timeout(&self) -> Option<Now> {
        self.client.poll_timeout()
    }

    fn window(&self, socket: Socket) -> usize {
        match Some(socket) == self.data.socket() {
            true if self.client.accepts_data() => self.capacity.saturating_sub(self.inbox.len()),
            true => 0,
            false => super::BACKLOG,
        }
    }

    fn upload(&mut self, core: &mut Core, bytes: Bytes) {
        self.call(core, |client, now| client.send(now, bytes));
    }

    fn unsent(&self) -> usize {
        self.client.upload_backlog()
    }

    fn download(&mut self, room: usize) -> Option<Bytes> {
        self.inbox.pop(room)
    }

    /// The host has read: the client's time-out runs again, and what waited for the host may follow.
    fn release(&mut self, core: &mut Core) {
        let full = self.inbox.len() >= self.capacity;
        self.client.set_paused(core.now, full);
        if self.inbox.is_empty() {
            core.running.tasks.extend(self.held.drain(..).map(|event| Task::Tell(Event::Ftp(event))));
        }
    }
}

impl Session {
    fn call(&mut self, core: &mut Core, act: impl FnOnce(&mut ftp::Client, Now)) {
        act(&mut self.client, core.now);
        self.pump(core);
    }

    fn input(&mut self, core: &mut Core, input: Input) {
        self.call(core, |client, now| client.handle(now, input));
    }

    fn pump(&mut self, core: &mut Core) {
        while let Some(output) = self.client.poll_output() {
            self.output(core, output);
        }
    }

    /// It is dropped: closes what it has open.
    fn close(&mut self, core: &mut Core) {
        if self.moving {
            core.reach_told(ModuleState::TransferOver, "transfer over");
        }
        if self.open {
            core.reach_told(ModuleState::SessionClosed, "FTP session closed");
        }
        for socket in [self.control, self.data.socket()].into_iter().flatten() {
            core.close(socket);
        }
    }

    fn event(&mut self, core: &mut Core, event: ftp::Event) {
        self.reached(core, &event);
        match event {
            ftp::Event::Data(bytes) => {
                let streaming = core.streams(Sink::FTP);
                self.inbox.push(bytes);
                // While the host does not read, the client does not time out on the server.
                self.client.set_paused(core.now, self.inbox.len() >= self.capacity);
                if !streaming && !matches!(core.running.tasks.back(), Some(Task::Tell(Event::FtpData))) {
                    core.happened(Event::FtpData);
                }
            }
            ftp::Event::Lost { op, mut failure, moved } => {
                let asked = self.query.take().is_some();
                if asked && failure.step == Step::Connect && failure.cause == Cause::Silence {
                    failure.cause = Cause::NameSilence;
                }
                core.happened(Event::Ftp(ftp::Event::Lost { op, failure, moved }));
            }
            event => {
                match &event {
                    ftp::Event::Sent(line) => core.note(|| Note::FtpSent(masked(line))),
                    ftp::Event::Replied(reply) => core.note(|| Note::FtpReplied(reply.clone())),
                    _ => {}
                }
                core.happened(Event::Ftp(event));
            }
        }
    }

    /// Tells which state of the session an event is.
    fn reached(&mut self, core: &mut Core, event: &ftp::Event) {
        use ftp::Event as E;
        let over = is_end(event) && std::mem::take(&mut self.moving);
        let closed = matches!(event, E::Lost { .. } | E::Closed) && std::mem::take(&mut self.open);
        self.moving |= matches!(event, E::Begun);
        self.open |= matches!(event, E::Opened);
        if over {
            core.reach_told(ModuleState::TransferOver, "transfer over");
        }
        match event {
            E::Begun => core.reach_told(ModuleState::TransferBegun, "transfer begun"),
            E::Opened => core.reach_told(ModuleState::SessionOpen, "FTP session open"),
            _ if closed => core.reach_told(ModuleState::SessionClosed, "FTP session closed"),
            _ => {}
        }
    }

    fn keep(&mut self, core: &Core, event: ftp::Event) -> Option<ftp::Event> {
        let unread = || core.streams(Sink::FTP) && !self.inbox.is_empty();
        let waits = is_end(&event) && (core.is_awaited(Sink::FTP) || unread());
        if waits || !self.held.is_empty() {
            self.held.push_back(event);
            return None;
        }
        Some(event)
    }
}

/// Whether a transfer ends with it.
fn is_end(event: &ftp::Event) -> bool {
    matches!(event, ftp::Event::Done { .. } | ftp::Event::Failed { .. } | ftp::Event::Lost { .. })
}

fn masked(line: &str) -> String {
    match line.split_once(' ') {
        Some((verb, _)) if ["PASS", "ACCT"].iter().any(|v| verb.eq_ignore_ascii_case(v)) => {
            format!("{verb} ****")
        }
        _ => line.to_string(),
    }
}
