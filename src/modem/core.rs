//! What every module has.

use super::base::Messages;
use super::bearer::Bearers;
use super::client::Clients;
use super::files::Flash;
use super::net::{NetEvent, NetRequest, Query, Socket};
use super::packet::Wanted;
use super::port::{Line, Port, PortId, State};
use super::radio::{Functionality, Radio};
use super::sim::Sim;
use super::socket::Sockets;
use super::{Event, Meddler, Note, Output, Reply};
use crate::at::ArgError;
use crate::fault::Pattern;
use crate::profile::{ErrorCode, Profile};
use crate::time::{Calendar, Now, Timers};
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// The timers of the core, and those of the maker by its own keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    PowerOn(usize),
    Register,
    Attach,
    Activate(u8),
    Deactivate(u8),
    Plain(PortId),
    RingOff(PortId),
    Late(PortId),
    Boot,
    Maker(u32),
}

/// What every module has.
pub struct Core {
    /// The module's personality.
    pub profile: Arc<Profile>,
    /// The time of the event being handled.
    pub now: Now,
    /// The SIM.
    pub sim: Sim,
    /// The radio.
    pub radio: Radio,
    /// PDP contexts.
    pub bearers: Bearers,
    /// The clients that run on its sockets, each from its opening until the maker drops it.
    pub clients: Clients,
    /// The commands that wait for the packet domain, by their ports.
    pub(super) awaited: BTreeMap<PortId, Wanted>,
    /// Sockets.
    pub sockets: Sockets,
    /// What outlives a reset, by the maker's own keys.
    pub flash: Flash,
    /// How often the module has booted.
    pub boots: u32,
    /// `+CCLK` as it was when the module's clock began.
    pub calendar: Calendar,
    /// Values written to plain commands.
    pub(super) plain: BTreeMap<String, String>,
    pub(super) messages: Messages,
    pub(super) ports: Vec<Port>,
    pub(super) timers: Timers<Timer>,
    pub(super) out: VecDeque<Output>,
    pub(super) events: VecDeque<Event>,
    pub(super) numbers: u32,
    pub(super) noting: bool,
    pub(super) meddler: Option<Box<dyn Meddler>>,
    pub(super) resetting: Option<bool>,
    /// `+CFUN` once it has reset.
    pub(super) wakes_with: Functionality,
    /// The module is dead until it boots, with its banner or without; what the radio does meanwhile.
    pub(super) dead: Option<(bool, Vec<NetEvent>)>,
    /// How long the next reset takes, where that is not the profile's time.
    pub(super) dead_for: Option<Duration>,
    /// How the next FTP operation is to end.
    pub(super) forced: Option<i32>,
    /// The names of all commands, for `+CLAC`.
    pub(super) known: Vec<&'static str>,
    /// The result codes that are this module's own ([`Modem::codes`](super::Modem::codes)).
    pub(super) codes: Vec<Pattern>,
}

impl Core {
    pub(super) fn new(profile: Arc<Profile>, ports: usize) -> Core {
        Core {
            now: Now::ZERO,
            sim: Sim::new(&profile.sim),
            radio: Radio::new(&profile.radio),
            bearers: Bearers::new(&profile.bearer),
            clients: Clients::default(),
            awaited: BTreeMap::new(),
            sockets: Sockets::default(),
            flash: Flash::new(),
            boots: 0,
            calendar: profile.radio.clock,
            plain: BTreeMap::new(),
            messages: Messages::default(),
            ports: (0..ports.max(1)).map(|i| Port::new(PortId(i), &profile)).collect(),
            timers: Timers::default(),
            out: VecDeque::new(),
            events: VecDeque::new(),
            numbers: 0,
            noting: false,
            meddler: None,
            resetting: None,
            wakes_with: Functionality::Full,
            dead: None,
            dead_for: None,
            forced: None,
            known: vec![],
            codes: vec![],
            profile,
        }
    }

    /// A number that was not used before, for a socket or a look-up.
    pub fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    /// Asks the network for something.
    pub fn net(&mut self, request: NetRequest) {
        self.out.push_back(Output::Net(request));
    }

    /// Tells the trace.
    pub fn note(&mut self, note: impl FnOnce() -> Note) {
        if self.noting {
            self.out.push_back(Output::Note(note()));
        }
    }

    /// One port more.
    pub(super) fn add_port(&mut self) {
        self.ports.push(Port::new(PortId(self.ports.len()), &self.profile));
    }

    /// The ports, counted from 0.
    pub fn port_ids(&self) -> impl Iterator<Item = PortId> + use<> {
        (0..self.ports.len()).map(PortId)
    }

    /// Whether the port is in data mode now.
    pub fn in_data_mode(&self, port: PortId) -> bool {
        matches!(self.ports[port.0].state, State::Data(_))
    }

    /// Whether `+++` has left a data mode behind on the port, for `ATO`.
    pub fn is_suspended(&self, port: PortId) -> bool {
        self.ports[port.0].suspended.is_some()
    }

    /// The settings of a port.
    pub fn settings(&self, port: PortId) -> &super::port::Settings {
        &self.ports[port.0].settings
    }

    /// The settings of a port, to be changed.
    pub fn settings_mut(&mut self, port: PortId) -> &mut super::port::Settings {
        &mut self.ports[port.0].settings
    }

    /// Forgets the data mode that `+++` left behind on a port: there is nothing for `ATO` to go back to.
    pub fn forget_suspended(&mut self, port: PortId) {
        self.ports[port.0].suspended = None;
    }

    /// Drives a line of the serial interface.
    pub fn drive(&mut self, port: PortId, line: Line, on: bool) {
        let lines = &mut self.ports[port.0].lines;
        if lines.contains(&(line, on)) {
            return;
        }
        lines.retain(|(l, _)| *l != line);
        lines.push((line, on));
        self.out.push_back(Output::Line { port, line, on });
    }

    /// Sets the maker's timer `key`.
    pub fn timer(&mut self, key: u32, after: Duration) {
        self.timers.set(Timer::Maker(key), self.now + after);
    }

    /// Forgets the maker's timer `key`; true where it was set.
    pub fn cancel(&mut self, key: u32) -> bool {
        self.timers.cancel(Timer::Maker(key))
    }

    /// Resets the module once the event being handled is done; its power-on lines follow where `banner`.
    pub fn reset(&mut self, banner: bool) {
        self.resetting = Some(banner);
    }

    /// Sends what the host is to read in data mode through the framing of its port.
    pub fn send_data(&mut self, port: PortId, bytes: Bytes) {
        let port = &mut self.ports[port.0];
        if let State::Data(running) = &mut port.state {
            let bytes = running.mode.framing.encode(bytes);
            port.emit(bytes, false, &mut self.out);
        }
    }

    /// Sends the end mark of the port's framing, where it has one: the host reads that nothing follows.
    pub fn send_end(&mut self, port: PortId) {
        let port = &mut self.ports[port.0];
        if let State::Data(running) = &mut port.state {
            let end = running.mode.framing.end().map(|mark| Bytes::copy_from_slice(&[mark]));
            port.emit(end.unwrap_or_default(), false, &mut self.out);
        }
    }

    /// Octets that the port can take now without piling them up. Little room counts as none: else all
    /// that follows would travel in ever smaller pieces (RFC 1122 section 4.2.3.3).
    pub fn room(&self, port: PortId) -> usize {
        let room = super::BACKLOG.saturating_sub(self.ports[port.0].backlog);
        if room < super::BACKLOG / 2 { 0 } else { room }
    }

    /// A new number for a socket.
    pub fn new_socket(&mut self) -> Socket {
        Socket(self.number())
    }

    /// A new number for a look-up.
    pub fn new_query(&mut self) -> Query {
        Query(self.number())
    }

    /// The module's own clock, now.
    pub fn clock(&self) -> Calendar {
        self.calendar + self.now.since(Now::ZERO)
    }

    /// The result code of an error that the profile names.
    pub fn error(&self, code: ErrorCode) -> Reply {
        match code {
            ErrorCode::Plain => Reply::Error,
            ErrorCode::Cme(n) => Reply::Cme(n),
        }
    }

    /// The answer to a command that the module cannot carry out in the state it is in.
    pub fn refuse_state(&self) -> Reply {
        self.error(self.profile.errors.state)
    }

    /// The answer to arguments that cannot be.
    pub fn refuse(&self, error: ArgError) -> Reply {
        let errors = &self.profile.errors;
        self.error(match error {
            ArgError::Syntax => errors.syntax,
            ArgError::Missing => errors.missing,
            ArgError::Extra => errors.extra,
            ArgError::Range => errors.range,
            ArgError::TooLong => errors.too_long,
        })
    }
}
