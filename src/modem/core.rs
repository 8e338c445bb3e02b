//! What every module has, and what a handler may do with it.

use super::bearer::{self, Bearers};
use super::net::{NetEvent, NetRequest, Query, Socket};
use super::port::{Due, Line, Port, PortId, State, Waiting};
use super::radio::Radio;
use super::session::Session;
use super::sim::Sim;
use super::socket::Sockets;
use super::{DataMode, Event, Meddler, Note, Output, Reply};
use crate::at::{ArgError, ResultCode};
use crate::profile::{ErrorCode, Profile, Urc, UrcWhen};
use crate::time::{Now, Timers};
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Display;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

/// The timers of the core, and those of the vendor by its own keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    PowerOn(usize),
    Register,
    Activate(u8),
    Deactivate(u8),
    Plain(PortId),
    RingOff(PortId),
    Late(PortId),
    Boot,
    Vendor(u32),
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
    /// The FTP session, from its opening until the vendor drops it.
    pub ftp: Option<Session>,
    /// Sockets.
    pub sockets: Sockets,
    /// What outlives a reset, by the vendor's own keys.
    pub flash: BTreeMap<String, String>,
    /// How often the module has booted.
    pub boots: u32,
    /// `+CCLK`: seconds between the module's clock and the calendar, and its time zone in quarters of an hour.
    pub calendar: (i64, i8),
    /// Values written to plain commands.
    pub(super) plain: BTreeMap<String, String>,
    pub(super) ports: Vec<Port>,
    pub(super) timers: Timers<Timer>,
    pub(super) out: VecDeque<Output>,
    pub(super) events: VecDeque<Event>,
    pub(super) numbers: u32,
    pub(super) noting: bool,
    pub(super) meddler: Option<Box<dyn Meddler>>,
    pub(super) resetting: Option<bool>,
    /// The module is dead until it boots, with its banner or without; what the radio does meanwhile.
    pub(super) dead: Option<(bool, Vec<NetEvent>)>,
    /// How long a reset takes.
    pub(super) dead_for: Duration,
    /// How the next FTP operation is to end.
    pub(super) forced: Option<i32>,
    /// The names of all commands, for `+CLAC`.
    pub(super) known: Vec<&'static str>,
}

impl Core {
    pub(super) fn new(profile: Arc<Profile>, ports: usize) -> Core {
        Core {
            now: Now::ZERO,
            sim: Sim::new(&profile.sim),
            radio: Radio::new(&profile.radio),
            bearers: Bearers::new(&profile.bearer),
            ftp: None,
            sockets: Sockets::default(),
            flash: BTreeMap::new(),
            boots: 0,
            calendar: super::clock::parse(&profile.radio.clock).unwrap_or_default(),
            plain: BTreeMap::new(),
            ports: (0..ports.max(1)).map(|i| Port::new(PortId(i), &profile)).collect(),
            timers: Timers::default(),
            out: VecDeque::new(),
            events: VecDeque::new(),
            numbers: 0,
            noting: false,
            meddler: None,
            resetting: None,
            dead: None,
            dead_for: Duration::ZERO,
            forced: None,
            known: vec![],
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

    /// The ports, counted from 0.
    pub fn port_ids(&self) -> impl Iterator<Item = PortId> + use<> {
        (0..self.ports.len()).map(PortId)
    }

    /// Whether the port is in command mode, with no data mode suspended behind it.
    pub fn in_command_mode(&self, port: PortId) -> bool {
        !matches!(self.ports[port.0].state, State::Data(_)) && self.ports[port.0].suspended.is_none()
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

    /// When the profile wants an unsolicited result code, which it knows by its whole text or by its name.
    fn rule(&self, name: &str, whole: &str) -> Urc {
        let urc = &self.profile.urc;
        urc.get(whole).or_else(|| urc.get(name)).cloned().unwrap_or_default()
    }

    /// Prints an unsolicited result code on one port: `NAME: values`, when the profile wants it.
    /// Each LF in the values begins another line of the same code.
    pub fn urc_to(&mut self, port: PortId, name: &str, values: impl Display) {
        let rule = self.rule(name, &format!("{name}: {values}"));
        let separator = rule.separator.as_deref().unwrap_or(&self.profile.serial.separator);
        let line = format!("{name}{separator}{values}");
        self.queue(port, rule.when, rule.delay.0, Due::Line(line));
        self.release(port, name);
    }

    /// Prints a line of its own on one port, unasked; the profile knows it by its whole text, or by
    /// the part before its colon.
    pub fn urc_line(&mut self, port: PortId, line: &str) {
        let name = name_of(line);
        let rule = self.rule(name, line);
        self.queue(port, rule.when, rule.delay.0, Due::Line(line.into()));
        self.release(port, name);
    }

    /// Prints a result code on one port, unasked: what went wrong after the command's own OK. The
    /// profile knows it by its whole text.
    pub fn urc_code(&mut self, port: PortId, code: ResultCode) {
        let rule = self.profile.urc.get(&code.to_string()).cloned().unwrap_or_default();
        self.queue(port, rule.when, rule.delay.0, Due::Code(code));
    }

    /// Prints a line on every port, unasked.
    pub fn urc_all(&mut self, line: &str) {
        for port in self.port_ids() {
            self.urc_line(port, line);
        }
    }

    /// Puts a port into data mode from outside a command, after `line` where there is one; the
    /// profile knows the line by the part before its colon, or by its whole text.
    pub fn enter_data(&mut self, port: PortId, line: Option<&str>, mode: DataMode) {
        let rule = line.map(|line| self.rule(name_of(line), line)).unwrap_or_default();
        self.queue(port, UrcWhen::After, rule.delay.0, Due::Data(line.map(str::to_string), mode));
    }

    /// Says a line that no profile decides on.
    pub(super) fn say(&mut self, port: PortId, line: &str) {
        if port.0 < self.ports.len() {
            // Said by a fault, it is none's prey: two could answer each other for ever.
            let what = Due::Line(line.into());
            self.ports[port.0].waiting.push(Waiting {
                at: self.now,
                when: UrcWhen::After,
                what,
                judged: true,
            });
            self.ports[port.0].waiting.sort_by_key(|w| w.at);
        }
    }

    fn queue(&mut self, port: PortId, when: UrcWhen, delay: Duration, what: Due) {
        let at = match when {
            UrcWhen::Never => return,
            UrcWhen::After => self.now + delay,
            UrcWhen::WithResult | UrcWhen::BeforeResult => self.now,
        };
        let waiting = &mut self.ports[port.0].waiting;
        let place = waiting.partition_point(|w| w.at <= at);
        waiting.insert(place, Waiting { at, when, what, judged: false });
    }

    /// Lets the final result code go that waited for this unsolicited one.
    fn release(&mut self, port: PortId, name: &str) {
        if self.ports[port.0].awaits.take_if(|awaited| awaited == name).is_some() {
            self.events.push_back(Event::Finished { port, reply: Reply::Ok });
        }
    }

    /// Sets the vendor's timer `key`.
    pub fn timer(&mut self, key: u32, after: Duration) {
        self.timers.set(Timer::Vendor(key), self.now + after);
    }

    /// Forgets the vendor's timer `key`; true where it was set.
    pub fn cancel(&mut self, key: u32) -> bool {
        self.timers.cancel(Timer::Vendor(key))
    }

    /// Resets the module once the event being handled is done; its power-on lines follow where `banner`.
    pub fn reset(&mut self, banner: bool) {
        self.resetting = Some(banner);
    }

    /// Asks the network to activate a PDP context; [`Event::BearerUp`] or [`Event::BearerDown`] follows.
    ///
    /// # Errors
    /// The `+CME ERROR`: of the SIM, or 30 where the module is not registered.
    pub fn activate(&mut self, cid: u8) -> Result<(), u16> {
        if let Some(refusal) = self.sim.refusal() {
            return Err(refusal);
        }
        if !self.radio.registered() || !self.radio.attached {
            return Err(30);
        }
        let after = self.profile.bearer.activates_after.0;
        match self.bearers.state(cid) {
            bearer::State::Up(_) => self.events.push_back(Event::BearerUp(cid)),
            _ if after.is_zero() => self.raise(cid),
            _ => {
                self.bearers.context(cid).state = bearer::State::Activating;
                self.timers.set(Timer::Activate(cid), self.now + after);
            }
        }
        Ok(())
    }

    /// Asks the network to deactivate a PDP context; [`Event::BearerDown`] follows. False where it is not active.
    pub fn deactivate(&mut self, cid: u8) -> bool {
        let after = self.profile.bearer.deactivates_after.0;
        match self.bearers.state(cid) {
            bearer::State::Down => return false,
            _ if after.is_zero() => self.lower(cid, false),
            _ => {
                self.timers.cancel(Timer::Activate(cid));
                self.bearers.context(cid).state = bearer::State::Deactivating;
                self.timers.set(Timer::Deactivate(cid), self.now + after);
            }
        }
        true
    }

    pub(super) fn raise(&mut self, cid: u8) {
        let first = self.bearers.active().is_none();
        let address = self.bearers.raise(cid);
        if first {
            self.net(NetRequest::Address(Some(address)));
        }
        self.note(|| Note::State(format!("PDP context {cid} active, {address}")));
        self.reach("bearer_up");
        self.events.push_back(Event::BearerUp(cid));
    }

    /// A context goes down; `by_network` where nobody here asked for it.
    pub(super) fn lower(&mut self, cid: u8, by_network: bool) {
        self.timers.cancel(Timer::Activate(cid));
        self.timers.cancel(Timer::Deactivate(cid));
        if self.bearers.state(cid) == bearer::State::Down {
            return;
        }
        self.bearers.context(cid).state = bearer::State::Down;
        self.note(|| Note::State(format!("PDP context {cid} down")));
        self.reach("bearer_down");
        self.events.push_back(Event::BearerDown { cid, by_network });
        if self.bearers.active().is_none() {
            self.net(NetRequest::Address(None));
            self.sockets_lost();
            self.ftp_lost();
        }
    }

    /// Brings every context down.
    pub(super) fn lower_all(&mut self, by_network: bool) {
        let cids: Vec<u8> = self.bearers.contexts.keys().copied().collect();
        for cid in cids {
            self.lower(cid, by_network);
        }
    }

    /// Sends what the host is to read in data mode through the framing of its port.
    pub fn send_data(&mut self, port: PortId, bytes: Bytes) {
        let port = &mut self.ports[port.0];
        if let State::Data(running) = &mut port.state {
            let bytes = running.mode.framing.encode(bytes);
            port.emit(bytes, &mut self.out);
        }
    }

    /// Sends the end mark of the port's framing, where it has one: the host reads that nothing follows.
    pub fn send_end(&mut self, port: PortId) {
        let port = &mut self.ports[port.0];
        if let State::Data(running) = &mut port.state {
            let end = running.mode.framing.end().map(|mark| Bytes::copy_from_slice(&[mark]));
            port.emit(end.unwrap_or_default(), &mut self.out);
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

    /// The result code of an error that the profile names.
    pub fn error(&self, code: ErrorCode) -> Reply {
        match code {
            ErrorCode::Plain => Reply::Error,
            ErrorCode::Cme(n) => Reply::Cme(n),
        }
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

fn name_of(line: &str) -> &str {
    line.split(':').next().unwrap_or(line)
}

/// A handler's view: the core, the port that the command came from, and the command's name.
pub struct Cx<'a> {
    /// Everything else.
    pub core: &'a mut Core,
    /// The port that the command came from, or that the event is about.
    pub port: PortId,
    /// The name of the command, as its table has it; empty in an event.
    pub name: &'a str,
}

impl Deref for Cx<'_> {
    type Target = Core;
    fn deref(&self) -> &Core {
        self.core
    }
}

impl DerefMut for Cx<'_> {
    fn deref_mut(&mut self) -> &mut Core {
        self.core
    }
}

impl Cx<'_> {
    /// A line of information text: `NAME: values`.
    pub fn info(&mut self, values: impl Display) {
        let line = format!("{}{}{values}", self.name, self.core.profile.serial.separator);
        self.line(&line);
    }

    /// A line of information text as it is.
    pub fn line(&mut self, text: &str) {
        let port = &mut self.core.ports[self.port.0];
        port.writing.line(port.style(), text);
    }

    /// A block of octets behind a line of information text.
    pub fn block(&mut self, bytes: &[u8]) {
        self.core.ports[self.port.0].writing.raw(bytes);
    }

    /// An intermediate result code, such as CONNECT.
    pub fn intermediate(&mut self, code: &ResultCode) {
        let profile = self.core.profile.clone();
        let port = &mut self.core.ports[self.port.0];
        port.writing.result(port.style(), code, &profile);
    }

    /// An unsolicited result code on this port: `NAME: values`.
    pub fn urc(&mut self, name: &str, values: impl Display) {
        self.core.urc_to(self.port, name, values);
    }

    /// The reply of a command that an unsolicited result code follows: OK at once, or OK beside that
    /// code once it is said, where the profile wants the two in one write.
    pub fn reply_with(&mut self, name: &str, values: impl Display) -> Reply {
        match self.core.rule(name, &format!("{name}: {values}")).when {
            UrcWhen::WithResult | UrcWhen::BeforeResult => {
                self.core.ports[self.port.0].awaits = Some(name.into());
                Reply::Pending
            }
            UrcWhen::After | UrcWhen::Never => Reply::Ok,
        }
    }

    /// Ends the command that answered [`Reply::Pending`] on this port.
    pub fn finish(&mut self, reply: Reply) {
        let port = self.port;
        self.core.events.push_back(Event::Finished { port, reply });
    }

    /// Leaves data mode on this port, or gives up a suspended one; the vendor's `on_data_end` is
    /// called with [`DataEnd::Left`](super::DataEnd::Left) and says what is printed.
    pub fn leave_data(&mut self) {
        let port = self.port;
        self.core.events.push_back(Event::Leave { port });
    }

    /// Takes back the data mode that `+++` left (`ATO`).
    pub fn resume(&mut self) -> Option<DataMode> {
        self.core.ports[self.port.0].suspended.as_ref().map(|running| running.mode.clone())
    }
}
