//! Writes down what happens in the world, for the trace; secrets are masked on the way.

use crate::at::{ResultCode, Secrets};
use crate::fault::{LinkKind, Way};
use crate::modem::net::{Failure, NetEvent, NetRequest, Purpose};
use crate::modem::{Note, Origin, Output, PortId};
use crate::network::{Tapped, TappedWhat};
use crate::time::Now;
use crate::trace::{Circuit, Event, Latin1, Mask, Record, Typed};
use bytes::Bytes;
use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// RFC 959 section 8: where FTP servers listen.
const FTP: u16 = 21;

/// The records of a world that nobody has taken yet.
#[derive(Debug)]
pub(super) struct Recorder {
    records: VecDeque<Record>,
    last: Now,
    secrets: Arc<Secrets>,
    serial: Mask,
    /// What the host types on each port, and what the module prints there.
    typed: Vec<Mask>,
    printed: Vec<Mask>,
    /// What the module's end of each FTP control connection sends.
    ftp: BTreeMap<u32, Mask>,
    /// Where the answer that is being told comes from, in a replay.
    origin: Option<Origin>,
}

impl Recorder {
    /// Of a modem with so many ports; its `secrets` are kept out.
    pub fn new(secrets: Secrets, ports: usize) -> Recorder {
        let secrets = Arc::new(secrets);
        let serial = Mask::serial(secrets.clone());
        Recorder {
            records: VecDeque::new(),
            last: Now::ZERO,
            typed: vec![serial.clone(); ports],
            printed: vec![serial.clone(); ports],
            secrets,
            serial,
            ftp: BTreeMap::new(),
            origin: None,
        }
    }

    /// The modem has one port more.
    pub fn add_port(&mut self) {
        self.typed.push(self.serial.clone());
        self.printed.push(self.serial.clone());
    }

    pub fn pop(&mut self) -> Option<Record> {
        self.records.pop_front()
    }

    pub fn push(&mut self, at: Now, mut event: Event) {
        if let Event::FaultApplied { what, .. }
        | Event::FaultActed { what, .. }
        | Event::FaultLifted { what, .. }
        | Event::FaultMissed { what, .. } = &mut event
        {
            *what = self.serial.line(what);
        }
        self.push_with(at, event, Bytes::new());
    }

    fn push_with(&mut self, at: Now, event: Event, payload: Bytes) {
        // A record may be older than the last one: something was due while another thing happened. Times never go back.
        self.last = self.last.max(at);
        self.records.push_back(Record { payload, ..Record::new(self.last, event) });
    }

    pub fn typed(&mut self, at: Now, port: PortId, bytes: &[u8]) {
        let bytes = Latin1(self.typed[port.0].apply(bytes).into_owned());
        self.push(at, Event::Serial { port: port.number(), way: Way::Up, bytes });
    }

    /// What reaches the host.
    pub fn printed(&mut self, at: Now, port: PortId, bytes: &[u8]) {
        let bytes = Latin1(self.printed[port.0].apply(bytes).into_owned());
        self.push(at, Event::Serial { port: port.number(), way: Way::Down, bytes });
    }

    pub fn line(&mut self, at: Now, port: PortId, line: Circuit, on: bool) {
        self.push(at, Event::Line { port: port.number(), line, on });
    }

    /// What the module does. Its lines are recorded as the host sees them, which a fault may have changed.
    pub fn output(&mut self, at: Now, output: &Output) {
        match output {
            Output::Uart { port, bytes, .. } => self.printed(at, *port, bytes),
            Output::Line { .. } | Output::Dropped { .. } => {}
            Output::Baud { port, rate } => self.push(at, Event::Baud { port: port.number(), rate: *rate }),
            Output::Net(request) => self.request(at, request),
            Output::Note(note) => self.note(at, note),
        }
    }

    fn request(&mut self, at: Now, request: &NetRequest) {
        match request {
            NetRequest::Resolve { query, name } => {
                self.push(at, Event::LookUp { query: query.0, name: name.clone() });
            }
            NetRequest::Connect { socket, to, purpose, .. } => {
                let kind = match purpose {
                    Purpose::FtpControl => LinkKind::Control,
                    Purpose::FtpData => LinkKind::Data,
                    Purpose::Socket => LinkKind::Socket,
                };
                self.push(at, Event::Connecting { socket: socket.0, kind, to: *to });
            }
            _ => {}
        }
    }

    /// What the network tells the module, where the tap does not show it.
    pub fn answer(&mut self, at: Now, event: &NetEvent) {
        match event {
            NetEvent::Resolved { query, address } => {
                self.push(at, Event::Found { query: query.0, address: *address });
            }
            NetEvent::Failed { socket, why } => {
                let why = match why {
                    Failure::Refused => "refused".into(),
                    Failure::Unreachable => "unreachable".into(),
                    Failure::PortInUse => "port in use".into(),
                    Failure::Tls(why) => format!("TLS: {why}"),
                };
                self.push(at, Event::ConnectFailed { socket: socket.0, why });
            }
            _ => {}
        }
    }

    fn note(&mut self, at: Now, note: &Note) {
        let event = match note {
            Note::CommandLine { port, line } => Event::CommandLine {
                port: port.number(),
                line: self.secrets.mask(line),
                typed: Typed(line.clone()),
            },
            Note::Command { port, name, form, known } => {
                let (name, form) = (name.clone(), (*form).to_owned());
                Event::Command { port: port.number(), name, form, known: *known }
            }
            Note::Result { port, text, cause } => {
                // A fault's line in the place of a code may hold a secret.
                let text = if ResultCode::is_final(text) { text.clone() } else { self.serial.line(text) };
                Event::Result {
                    port: port.number(),
                    text,
                    cause: cause.as_ref().map(|cause| self.serial.line(cause)),
                    from: self.origin,
                }
            }
            // Each LF begins another line.
            Note::Urc { port, line } => {
                for line in line.split('\n') {
                    let line = self.serial.line(line);
                    self.push(at, Event::Urc { port: port.number(), line, from: self.origin });
                }
                return;
            }
            Note::FtpSent(line) => Event::FtpVerb { line: line.clone() },
            Note::FtpReplied(reply) => Event::FtpReply { code: reply.code, lines: reply.lines.clone() },
            Note::State(state, reached) => Event::State { state: state.clone(), reached: *reached },
            // The world records faults itself.
            Note::Fault(_) => return,
            Note::From(origin, note) => {
                self.origin = Some(*origin);
                self.note(at, note);
                self.origin = None;
                return;
            }
        };
        self.push(at, event);
    }

    /// What went through the antenna.
    pub fn tapped(&mut self, tapped: Tapped) {
        let (local, peer, link) = (tapped.link.local, tapped.link.peer, tapped.link.id.0);
        let (kind, way) = (tapped.link.carries.kind(), tapped.way);
        let mut payload = Bytes::new();
        let event = match tapped.what {
            TappedWhat::Open => Event::LinkOpened { link, kind, way, local, peer },
            TappedWhat::Segment(bytes) => {
                payload = match (kind, way) {
                    (LinkKind::Control, Way::Up) => self.ftp_sent(link, bytes),
                    // The host speaks FTP itself.
                    (LinkKind::Socket, Way::Up) if peer.port() == FTP => self.ftp_sent(link, bytes),
                    _ => bytes,
                };
                Event::Segment { link, way, len: payload.len() }
            }
            TappedWhat::Fin => Event::Fin { link, way },
            TappedWhat::Rst => Event::Rst { link, way },
            TappedWhat::Datagram(bytes) => {
                payload = bytes;
                Event::Datagram { link, way, local, peer, len: payload.len() }
            }
        };
        if matches!(event, Event::Fin { way: Way::Up, .. } | Event::Rst { .. }) {
            self.ftp.remove(&link);
        }
        self.push_with(tapped.at, event, payload);
    }

    fn ftp_sent(&mut self, link: u32, bytes: Bytes) -> Bytes {
        match self.ftp.entry(link).or_insert_with(Mask::ftp).apply(&bytes) {
            Cow::Borrowed(_) => bytes,
            Cow::Owned(masked) => masked.into(),
        }
    }
}
