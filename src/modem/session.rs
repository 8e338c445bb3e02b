//! The module's FTP session: the client of `ftp` on the module's sockets.

mod sockets;

use super::buffer::Buffer;
use super::core::Core;
use super::data::Sink;
use super::net::{Query, Socket, Tls};
use super::port::{Port, State};
use super::{Event, Note};
use crate::ftp::{self, Cause, Client, Input, Op, Step};
use bytes::Bytes;
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
enum Leg {
    None,
    Listener(Socket),
    Connection(Socket),
}

impl Leg {
    fn socket(self) -> Option<Socket> {
        match self {
            Leg::None => None,
            Leg::Listener(socket) | Leg::Connection(socket) => Some(socket),
        }
    }
}

/// The FTP session.
pub struct Session {
    pub(super) client: Client,
    target: Target,
    query: Option<Query>,
    control: Option<Socket>,
    data: Leg,
    /// What was downloaded and not read yet.
    pub inbox: Buffer,
    /// How much of a download may wait, in octets.
    pub capacity: usize,
    /// It is logged in; a transfer is under way. For those who wait for these states.
    open: bool,
    moving: bool,
    /// The end of a transfer and what followed it, which wait until a port has read its data.
    held: VecDeque<ftp::Event>,
}

impl Core {
    /// Opens an FTP session in place of any other. [`ftp::Event::Opened`] or [`ftp::Event::Lost`] follows.
    pub fn ftp_open(&mut self, target: Target, settings: ftp::Settings) {
        self.ftp_drop();
        let mut client = Client::new(settings);
        client.open(self.now);
        self.ftp = Some(Session {
            client,
            target,
            query: None,
            control: None,
            data: Leg::None,
            inbox: Buffer::default(),
            capacity: super::BACKLOG,
            open: false,
            moving: false,
            held: VecDeque::new(),
        });
        self.ftp_pump();
        self.ftp_force();
    }

    /// Starts an operation on the open session; false where there is none or one is going on.
    pub fn ftp_start(&mut self, op: Op) -> bool {
        let now = self.now;
        let started = self.ftp.as_mut().is_some_and(|s| s.client.start(now, op).is_ok());
        self.ftp_pump();
        self.ftp_force();
        started
    }

    /// What the client is set to, to be changed before the next operation.
    pub fn ftp_settings(&mut self) -> Option<&mut ftp::Settings> {
        self.ftp.as_mut().map(|s| s.client.settings_mut())
    }

    /// Feeds an upload.
    pub fn ftp_send(&mut self, bytes: Bytes) {
        self.ftp_call(|client, now| client.send(now, bytes));
    }

    /// Ends an upload.
    pub fn ftp_finish(&mut self) {
        self.ftp_call(Client::finish);
    }

    /// Aborts the transfer that is going on (RFC 959 section 4.1.3, ABOR).
    pub fn ftp_abort(&mut self) {
        self.ftp_call(Client::abort);
    }

    /// Whether a session is open and logged in.
    pub fn ftp_is_open(&self) -> bool {
        self.ftp.as_ref().is_some_and(|s| s.client.is_open())
    }

    /// Whether an operation is going on.
    pub fn ftp_is_busy(&self) -> bool {
        self.ftp.as_ref().is_some_and(|s| s.client.busy())
    }

    /// Octets of an upload that the network has not taken yet.
    pub fn ftp_backlog(&self) -> usize {
        self.ftp.as_ref().map_or(0, |s| s.client.upload_backlog())
    }

    /// Octets downloaded and not read yet.
    pub fn ftp_waiting(&self) -> usize {
        self.ftp.as_ref().map_or(0, |s| s.inbox.len())
    }

    /// Reads up to `most` octets of a download.
    pub fn ftp_read(&mut self, most: usize) -> Bytes {
        let bytes = self.ftp.as_mut().map(|s| s.inbox.take(most)).unwrap_or_default();
        self.ftp_release();
        bytes
    }

    /// Ends the session at once, without QUIT, and forgets what was not read.
    pub fn ftp_drop(&mut self) {
        self.ftp_call(Client::drop_session);
        self.ports.iter_mut().for_each(Port::forget_ftp);
        if let Some(session) = self.ftp.take() {
            if session.moving {
                self.reach("transfer_over");
            }
            if session.open {
                self.reach("session_closed");
            }
            for socket in [session.control, session.data.socket()].into_iter().flatten() {
                self.close(socket);
            }
        }
    }

    fn ftp_call(&mut self, act: impl FnOnce(&mut Client, crate::time::Now)) {
        let now = self.now;
        if let Some(session) = &mut self.ftp {
            act(&mut session.client, now);
        }
        self.ftp_pump();
    }

    pub(super) fn ftp_timeout(&mut self) {
        self.ftp_call(Client::handle_timeout);
    }

    pub(super) fn ftp_lost(&mut self) {
        if let Some(session) = &mut self.ftp {
            (session.control, session.data) = (None, Leg::None);
        }
        self.ftp_input(Input::ControlFailed(Cause::NoBearer));
    }

    /// Has the operation that is under way end as a fault wants it; without one, the next.
    pub(super) fn ftp_force(&mut self) {
        let Some(session) = &self.ftp else { return };
        if session.open && !session.client.busy() {
            return;
        }
        if let Some(code) = self.forced.take() {
            self.ftp_input(Input::ControlFailed(Cause::Forced(code)));
        }
    }

    fn ftp_input(&mut self, input: Input) {
        self.ftp_call(|client, now| client.handle(now, input));
    }

    fn ftp_pump(&mut self) {
        while let Some(output) = self.ftp.as_mut().and_then(|s| s.client.poll_output()) {
            self.ftp_output(output);
        }
    }

    fn ftp_event(&mut self, event: ftp::Event) {
        let streaming = self.ftp_streams();
        self.ftp_reached(&event);
        let Some(session) = &mut self.ftp else { return };
        match event {
            ftp::Event::Data(bytes) => {
                session.inbox.push(bytes);
                // A host that does not read is no fault of the server's.
                session.client.set_paused(self.now, session.inbox.len() >= session.capacity);
                if !streaming && !matches!(self.events.back(), Some(Event::FtpData)) {
                    self.events.push_back(Event::FtpData);
                }
            }
            ftp::Event::Lost { op, mut failure, moved } => {
                let asked = session.query.take().is_some();
                if asked && failure.step == Step::Connect && failure.cause == Cause::Silence {
                    failure.cause = Cause::NameSilence;
                }
                self.events.push_back(Event::Ftp(ftp::Event::Lost { op, failure, moved }));
            }
            event => {
                match &event {
                    ftp::Event::Sent(line) => self.note(|| Note::FtpSent(masked(line))),
                    ftp::Event::Replied(reply) => self.note(|| Note::FtpReplied(reply.clone())),
                    _ => {}
                }
                self.events.push_back(Event::Ftp(event));
            }
        }
    }

    /// Tells which state of the session an event is.
    fn ftp_reached(&mut self, event: &ftp::Event) {
        use ftp::Event as E;
        let Some(session) = &mut self.ftp else { return };
        let over = matches!(event, E::Done { .. } | E::Failed { .. } | E::Lost { .. })
            && std::mem::take(&mut session.moving);
        let closed = matches!(event, E::Lost { .. } | E::Closed) && std::mem::take(&mut session.open);
        session.moving |= matches!(event, E::Begun);
        session.open |= matches!(event, E::Opened);
        if over {
            self.reach("transfer_over");
        }
        match event {
            E::Begun => self.reach("transfer_begun"),
            E::Opened => self.reach("session_open"),
            _ if closed => self.reach("session_closed"),
            _ => {}
        }
    }

    /// Keeps the end of a transfer, and what follows it, back from the maker while a port still has
    /// to enter data mode for it or to print what was downloaded; gives back what need not wait.
    pub(super) fn ftp_keep(&mut self, event: ftp::Event) -> Option<ftp::Event> {
        use ftp::Event as E;
        let entering = self.ftp_is_awaited();
        let streaming = self.ftp_streams();
        let Some(session) = &mut self.ftp else { return Some(event) };
        let over = matches!(event, E::Done { .. } | E::Failed { .. } | E::Lost { .. });
        let waits = over && (entering || streaming && !session.inbox.is_empty());
        if waits || !session.held.is_empty() {
            session.held.push_back(event);
            return None;
        }
        Some(event)
    }

    /// Whether a port is still to enter data mode for the transfer, also by an answer that is next to be given.
    fn ftp_is_awaited(&self) -> bool {
        let leads = |event: &Event| matches!(event, Event::Finished { reply, .. } if reply.leads_to_ftp());
        self.ports.iter().any(Port::waits_for_ftp) || self.events.iter().any(leads)
    }

    /// Whether a port in data mode reads the download as it comes.
    fn ftp_streams(&self) -> bool {
        self.ports.iter().any(|port| {
            let running = match &port.state {
                State::Data(running) => Some(running),
                _ => port.suspended.as_ref(),
            };
            port.waits_for_ftp() || running.is_some_and(|r| r.mode.sink == Sink::Ftp)
        })
    }

    /// Something was read: the server is not to blame for a pause any more, and what waited may follow.
    pub(super) fn ftp_release(&mut self) {
        let now = self.now;
        let Some(session) = &mut self.ftp else { return };
        let full = session.inbox.len() >= session.capacity;
        session.client.set_paused(now, full);
        if session.inbox.is_empty() {
            self.events.extend(session.held.drain(..).map(Event::Ftp));
        }
    }
}

fn masked(line: &str) -> String {
    match line.split_once(' ') {
        Some((verb, _)) if ["PASS", "ACCT"].iter().any(|v| verb.eq_ignore_ascii_case(v)) => {
            format!("{verb} ****")
        }
        _ => line.to_string(),
    }
}
