//! What every module has.

use super::base::Messages;
use super::bearer::Bearers;
use super::client::Clients;
use super::flash::{Flash, Keeper};
use super::net::{NetEvent, NetRequest, Query, Socket};
use super::packet::Wanted;
use super::port::{Level, ModuleLine, Port, PortId, PortState};
use super::radio::{Functionality, Radio};
use super::sim::Sim;
use super::socket::Sockets;
use super::{Event, FaultHook, Note, Output, Reply};
use crate::at::ArgError;
use crate::fault::{Pattern, PowerOn};
use crate::profile::{ErrorCode, Profile};
use crate::time::{Calendar, Now, Timers};
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

/// The timers of the core; a maker holds its own.
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
}

/// What the modem does next.
#[derive(Debug)]
pub(super) enum Task {
    /// The maker is told what happened.
    Tell(Event),
    /// A timer of the maker's has expired.
    Timer,
    /// A command that was pending is over.
    Finish { port: PortId, reply: Reply },
    /// Data mode is to be left.
    Leave(PortId),
}

/// What every module has: what outlives a reset is [`Lasting`], what a reset wipes is [`Running`], whose fields are reached
/// as the core's own. The rest belongs to whoever runs the module.
pub struct Core {
    /// The module's personality.
    pub profile: Arc<Profile>,
    /// The time of the event being handled.
    pub now: Now,
    /// What outlives a reset.
    pub lasting: Lasting,
    /// What a reset wipes.
    pub running: Running,
    pub(super) out: VecDeque<Output>,
    pub(super) numbers: u32,
    pub(super) noting: bool,
    pub(super) hook: Option<Box<dyn FaultHook>>,
    pub(super) keeper: Option<Box<dyn Keeper>>,
    /// The names of all commands, for `+CLAC`.
    pub(super) known: Vec<&'static str>,
    /// The result codes that are this module's own ([`Modem::codes`](super::Modem::codes)).
    pub(super) codes: Vec<Pattern>,
}

/// What outlives a reset.
pub struct Lasting {
    /// The SIM.
    pub sim: Sim,
    /// What the module has stored, by the maker's own keys.
    pub flash: Flash,
    /// How often the module has booted.
    pub boots: u32,
}

/// What a reset wipes.
pub struct Running {
    /// The radio.
    pub radio: Radio,
    /// PDP contexts.
    pub bearers: Bearers,
    /// The clients that run on its sockets, each from its opening until the maker drops it.
    pub clients: Clients,
    /// Sockets.
    pub sockets: Sockets,
    /// `+CCLK` as it was when the module's clock began.
    pub calendar: Calendar,
    /// The commands that wait for the packet domain, by their ports.
    pub(super) awaited: BTreeMap<PortId, Wanted>,
    /// Values written to plain commands.
    pub(super) plain: BTreeMap<String, String>,
    pub(super) messages: Messages,
    pub(super) ports: Vec<Port>,
    pub(super) timers: Timers<Timer>,
    /// What is to be done next, in this order.
    pub(super) tasks: VecDeque<Task>,
    pub(super) resetting: Option<PowerOn>,
    /// `+CFUN` once it has reset.
    pub(super) wakes_with: Functionality,
    /// The module is dead until it boots: how it starts then, and what the radio does meanwhile.
    pub(super) dead: Option<(PowerOn, Vec<NetEvent>)>,
    /// How long the next reset takes, where that is not the profile's time.
    pub(super) dead_for: Option<Duration>,
    /// How the next FTP operation is to end.
    pub(super) forced: Option<i32>,
}

impl Running {
    fn new(profile: &Profile, radio: Radio, ports: Vec<Port>) -> Running {
        Running {
            radio,
            bearers: Bearers::new(&profile.bearer),
            clients: Clients::default(),
            sockets: Sockets::default(),
            calendar: profile.radio.clock,
            awaited: BTreeMap::new(),
            plain: BTreeMap::new(),
            messages: Messages::default(),
            ports,
            timers: Timers::default(),
            tasks: VecDeque::new(),
            resetting: None,
            wakes_with: Functionality::Full,
            dead: None,
            dead_for: None,
            forced: None,
        }
    }

    /// As it is after a reset: what the network gives, and what is on its way over the serial lines, is no part of the module.
    pub(super) fn reset(&mut self, profile: &Profile) {
        let radio = Radio { functionality: self.wakes_with, ..self.radio.restarted(&profile.radio) };
        let ports = self.ports.iter_mut().map(|port| port.restarted(profile)).collect();
        *self = Running::new(profile, radio, ports);
    }
}

impl Deref for Core {
    type Target = Running;
    fn deref(&self) -> &Running {
        &self.running
    }
}

impl DerefMut for Core {
    fn deref_mut(&mut self) -> &mut Running {
        &mut self.running
    }
}

impl Core {
    pub(super) fn new(profile: Arc<Profile>, ports: usize) -> Core {
        let radio = Radio::new(&profile.radio);
        let ports = (0..ports.max(1)).map(|i| Port::new(PortId(i), &profile)).collect();
        Core {
            now: Now::ZERO,
            lasting: Lasting { sim: Sim::new(&profile.sim), flash: Flash::default(), boots: 0 },
            running: Running::new(&profile, radio, ports),
            out: VecDeque::new(),
            numbers: 0,
            noting: false,
            hook: None,
            keeper: None,
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
        let port = Port::new(PortId(self.ports.len()), &self.profile);
        self.ports.push(port);
    }

    /// The ports, counted from 0.
    pub fn port_ids(&self) -> impl Iterator<Item = PortId> + use<> {
        (0..self.running.ports.len()).map(PortId)
    }

    /// Whether the port is in data mode now.
    pub fn in_data_mode(&self, port: PortId) -> bool {
        matches!(self.running.ports[port.0].state, PortState::Data(_))
    }

    /// Whether `+++` has left a data mode behind on the port, for `ATO`.
    pub fn is_suspended(&self, port: PortId) -> bool {
        self.running.ports[port.0].suspended.is_some()
    }

    /// The settings of a port.
    pub fn settings(&self, port: PortId) -> &super::port::PortSettings {
        &self.running.ports[port.0].settings
    }

    /// The settings of a port, to be changed.
    pub fn settings_mut(&mut self, port: PortId) -> &mut super::port::PortSettings {
        &mut self.running.ports[port.0].settings
    }

    /// Forgets the data mode that `+++` left behind on a port: there is nothing for `ATO` to go back to.
    pub fn forget_suspended(&mut self, port: PortId) {
        self.running.ports[port.0].suspended = None;
    }

    /// Drives a line of the serial interface.
    pub fn drive(&mut self, port: PortId, line: ModuleLine, level: Level) {
        let lines = &mut self.running.ports[port.0].lines;
        if lines.contains(&(line, level)) {
            return;
        }
        lines.retain(|(l, _)| *l != line);
        lines.push((line, level));
        self.out.push_back(Output::Line { port, line, level });
    }

    /// Has the maker told what happened, once what is going on is done.
    pub(super) fn happened(&mut self, event: Event) {
        self.running.tasks.push_back(Task::Tell(event));
    }

    /// Resets the module once the event being handled is done.
    pub fn reset(&mut self, start: PowerOn) {
        self.resetting = Some(start);
    }

    /// Sends what the host is to read in data mode through the framing of its port.
    pub fn send_data(&mut self, port: PortId, bytes: Bytes) {
        let port = &mut self.running.ports[port.0];
        if let PortState::Data(running) = &mut port.state {
            let bytes = running.mode.framing.encode(bytes);
            port.emit(bytes, &mut self.out);
        }
    }

    /// Sends the end mark of the port's framing, where it has one: the host reads that nothing follows.
    pub fn send_end(&mut self, port: PortId) {
        let port = &mut self.running.ports[port.0];
        if let PortState::Data(running) = &mut port.state {
            let end = running.mode.framing.end().map(|mark| Bytes::copy_from_slice(&[mark]));
            port.emit(end.unwrap_or_default(), &mut self.out);
        }
    }

    /// Octets that the port can take now without piling them up. Little room counts as none: else all
    /// that follows would travel in ever smaller pieces (RFC 1122 section 4.2.3.3).
    pub fn room(&self, port: PortId) -> usize {
        let room = super::BACKLOG.saturating_sub(self.running.ports[port.0].backlog);
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
