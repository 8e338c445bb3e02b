//! Writes down what happens in the world, for the trace; secrets are masked on the way.

use super::network::faults::{Carries, Direction};
use super::network::{Tapped, TappedWhat};
use crate::modem::net::{Failure, NetEvent, NetRequest, Purpose};
use crate::modem::{HostLine, Line, Note, Output, PortId};
use crate::time::Now;
use crate::trace::{Circuit, Event, Form, Link, Mask, Raw, Record, Use, Way};
use crate::transcript::text::quote;
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};

/// The records of a world that nobody has taken yet.
#[derive(Debug)]
pub(super) struct Recorder {
    records: VecDeque<Record>,
    last: Now,
    serial: Mask,
    /// What the host types on each port, and what the module prints there.
    typed: Vec<Mask>,
    printed: Vec<Mask>,
    /// What the module's end of each FTP control connection sends.
    ftp: BTreeMap<u32, Mask>,
}

impl Recorder {
    /// Of a modem with so many ports; the arguments of the commands `secrets` are kept out.
    pub fn new(secrets: Vec<&'static str>, ports: usize) -> Recorder {
        let serial = Mask::serial(secrets);
        Recorder {
            records: VecDeque::new(),
            last: Now::ZERO,
            typed: vec![serial.clone(); ports],
            printed: vec![serial.clone(); ports],
            serial,
            ftp: BTreeMap::new(),
        }
    }

    pub fn pop(&mut self) -> Option<Record> {
        self.records.pop_front()
    }

    pub fn push(&mut self, at: Now, event: Event) {
        self.push_raw(at, event, Raw::None);
    }

    fn push_raw(&mut self, at: Now, event: Event, raw: Raw) {
        // What was due while something else happened is seen late, but in its order.
        self.last = self.last.max(at);
        self.records.push_back(Record { raw, ..Record::new(self.last, event) });
    }

    pub fn typed(&mut self, at: Now, port: PortId, bytes: &[u8]) {
        let bytes = self.typed[port.0].apply(&Bytes::copy_from_slice(bytes));
        self.push_raw(at, Event::Typed { port: port.0 + 1, text: quote(&bytes) }, Raw::Serial(bytes));
    }

    pub fn host_line(&mut self, at: Now, port: PortId, line: HostLine) {
        let HostLine::Dtr(on) = line;
        self.push(at, Event::Line { port: port.0 + 1, line: Circuit::Dtr, on });
    }

    /// What the module does.
    pub fn output(&mut self, at: Now, output: &Output) {
        match output {
            Output::Uart { port, bytes } => {
                let bytes = self.printed[port.0].apply(bytes);
                self.push_raw(
                    at,
                    Event::Printed { port: port.0 + 1, text: quote(&bytes) },
                    Raw::Serial(bytes),
                );
            }
            Output::Line { port, line, on } => {
                let line = match line {
                    Line::Dcd => Circuit::Dcd,
                    Line::Ri => Circuit::Ri,
                };
                self.push(at, Event::Line { port: port.0 + 1, line, on: *on });
            }
            Output::Baud { port, rate } => self.push(at, Event::Baud { port: port.0 + 1, rate: *rate }),
            Output::Net(request) => self.request(at, request),
            Output::Note(note) => self.note(at, note),
        }
    }

    fn request(&mut self, at: Now, request: &NetRequest) {
        match request {
            NetRequest::Resolve { query, name } => {
                self.push(at, Event::Lookup { query: query.0, name: name.clone() });
            }
            NetRequest::Connect { socket, to, purpose, .. } => {
                let carries = match purpose {
                    Purpose::FtpControl => Use::FtpControl,
                    Purpose::FtpData => Use::FtpData,
                    Purpose::Socket => Use::Socket,
                };
                self.push(at, Event::Connecting { socket: socket.0, to: *to, carries });
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
                    Failure::Refused => "refused",
                    Failure::Unreachable => "unreachable",
                    Failure::PortInUse => "port in use",
                    Failure::Tls => "TLS",
                };
                self.push(at, Event::ConnectFailed { socket: socket.0, why: why.into() });
            }
            _ => {}
        }
    }

    fn note(&mut self, at: Now, note: &Note) {
        let event = match note {
            Note::CommandLine { port, line } => {
                Event::CommandLine { port: port.0 + 1, line: self.serial.line(line) }
            }
            Note::Command { port, name, form, known } => {
                let form = match *form {
                    "read" => Form::Read,
                    "write" => Form::Write,
                    "test" => Form::Test,
                    _ => Form::Exec,
                };
                Event::Command { port: port.0 + 1, name: name.clone(), form, known: *known }
            }
            Note::Result { port, text } => Event::Result { port: port.0 + 1, text: text.clone() },
            Note::Urc { port, line } => Event::Urc { port: port.0 + 1, line: self.serial.line(line) },
            Note::FtpSent(line) => Event::FtpVerb { line: line.clone() },
            Note::FtpReplied(reply) => Event::FtpReply { code: reply.code, lines: reply.lines.clone() },
            Note::State(state) => Event::State { state: state.clone() },
        };
        self.push(at, event);
    }

    /// What went through the antenna.
    pub fn tapped(&mut self, tapped: Tapped) {
        let info = tapped.link;
        let carries = match info.carries {
            Carries::FtpControl => Use::FtpControl,
            Carries::FtpData => Use::FtpData,
            Carries::Tcp => Use::Socket,
            Carries::Udp => Use::Udp,
        };
        let way = match tapped.direction {
            Direction::Up => Way::Up,
            Direction::Down => Way::Down,
        };
        let (local, peer) = (info.local, info.peer);
        let link = info.id.0;
        let mut octets = Bytes::new();
        let event = match tapped.what {
            TappedWhat::Open => Event::LinkOpened { link, carries, way, local, peer },
            TappedWhat::Segment(bytes) => {
                octets = match (carries, way) {
                    (Use::FtpControl, Way::Up) => {
                        self.ftp.entry(link).or_insert_with(Mask::ftp).apply(&bytes)
                    }
                    _ => bytes,
                };
                Event::Segment { link, carries, way, length: octets.len() }
            }
            TappedWhat::Fin => Event::Fin { link, carries, way },
            TappedWhat::Rst => Event::Rst { link, carries, way },
            TappedWhat::Datagram(bytes) => {
                octets = bytes;
                Event::Datagram { link, way, local, peer, length: octets.len() }
            }
        };
        if matches!(event, Event::Fin { way: Way::Up, .. } | Event::Rst { .. }) {
            self.ftp.remove(&link);
        }
        self.push_raw(tapped.at, event, Raw::Link(Link { id: link, carries, local, peer }, octets));
    }
}
