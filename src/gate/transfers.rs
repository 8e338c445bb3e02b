//! The data connections, and the transfer on them, from its command to the first octet: the built-in server is asked whether it would
//! refuse, the module's data connection comes up, then the server's, then the command goes out.

use super::flow::{Down, Up};
use super::port::{self, Data, DataPort};
use super::server::Server;
use super::session::Session;
use super::{Command, GateConfig, GateOutput, builtin, reply};
use crate::fault::{PassiveVerdict, Scripted, Stop};
use crate::ftp::{Reply, parse_passive};
use crate::time::{Now, Timers};
use core::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::collections::VecDeque;
use std::sync::Arc;

/// Which way data goes, and what becomes of it when the transfer stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Read,
    List,
    Write,
}

impl Kind {
    pub fn of(verb: &str) -> Option<Kind> {
        match verb {
            "RETR" => Some(Kind::Read),
            "LIST" | "NLST" | "MLSD" => Some(Kind::List),
            "STOR" | "APPE" | "STOU" => Some(Kind::Write),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub struct Transfer {
    /// As the module gave it.
    pub command: Command,
    /// As it goes to the server.
    line: String,
    pub kind: Kind,
    /// What REST has asked for.
    restart: u64,
    pub stop: Option<Stop>,
    /// Octets so far.
    pub moved: u64,
    /// What the server has said before TLS was up on its data connection: a module without a gate in front of the
    /// server would not have heard that the connection is there, nor what has come of it.
    early: Vec<Reply>,
    pub step: Step,
}

#[derive(Debug)]
pub enum Step {
    /// The built-in server has been asked.
    Check,
    /// The module's data connection is awaited.
    Module,
    /// The server has been asked for a port.
    Passive,
    /// The server's data connection is awaited.
    Connect,
    /// The server has been given the offset.
    Restart,
    /// The server has been given the command.
    Verb,
    /// Data comes from the server.
    Down(Down),
    /// Data goes to the server.
    Up(Up),
    /// 150 was said, and nothing moves.
    Stalled,
    /// The module's data connection is being closed. Once it is, this is said.
    Closing(Ending),
}

/// The last that is said about a transfer.
#[derive(Debug)]
pub enum Ending {
    /// The server's, or the gate's, reply.
    Reply(Reply),
    /// What a fault says instead.
    Scripted(Scripted),
}

/// The data connections of both sides, and the transfer that uses them. It is ordered from the server by its control connection,
/// which is therefore here, too.
#[derive(Debug)]
pub struct Transfers {
    pub(super) config: Arc<GateConfig>,
    /// The server's address as the module sees it.
    host: Ipv4Addr,
    pub server: Server,
    pub(super) port: DataPort,
    pub(super) pipe: Pipe,
    pub(super) current: Option<Box<Transfer>>,
    /// REST, until the next transfer.
    restart: u64,
    /// A REST was sent that no transfer has used. The server may still hold it: libunftp keeps it when a transfer fails.
    pub(super) restart_upstream: bool,
    pub(super) timers: Timers<Timer>,
    pub(super) acts: Acts,
}

/// The data connection on the server's side.
#[derive(Debug, PartialEq, Eq)]
pub enum Pipe {
    None,
    Connecting,
    /// It is there, and its TLS handshake is going on. What the server says of the transfer is kept until it is over.
    Securing,
    Open,
    /// Its transfer is over for the module, and the server still owes the reply: an aborted listing
    /// is read to its end (libunftp says nothing where it cannot write one), an upload stored.
    Leaving,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Until the module's data connection.
    Data,
    /// Since data moved.
    Stall,
}

/// What follows from an event of a data connection, in its order.
#[derive(Debug)]
pub enum Act {
    Output(GateOutput),
    /// The module is to be told this.
    Answer(Command, Reply),
    /// So is this, which a fault says.
    Say(Scripted),
    /// What was to be said before data moves has been said: [`Transfers::flow`] may begin.
    Flow,
    /// The transfer is over.
    Over,
}

#[derive(Debug, Default)]
pub struct Acts(VecDeque<Act>);

impl Acts {
    pub fn push(&mut self, act: Act) {
        self.0.push_back(act);
    }

    pub fn output(&mut self, output: GateOutput) {
        self.push(Act::Output(output));
    }
}

impl Transfer {
    /// Counts these octets as moved. Gives how many of them go on, and the fault that stops the transfer behind them.
    pub(super) fn count(&mut self, n: usize) -> (usize, Option<Stop>) {
        let left = self.stop.as_ref().map_or(u64::MAX, |stop| stop.after.saturating_sub(self.moved));
        let n = usize::try_from(left).map_or(n, |left| left.min(n));
        self.moved += n as u64;
        let moved = self.moved;
        (n, self.stop.take_if(|stop| stop.after <= moved))
    }

    /// An upload waits for the module alone.
    pub(super) fn is_fed(&self) -> bool {
        matches!(&self.step, Step::Up(up) if up.is_flowing() && !up.has_backlog())
    }

    /// The download, where it is one that moves.
    pub(super) fn down(&mut self) -> Option<&mut Down> {
        match &mut self.step {
            Step::Down(down) => Some(down),
            _ => None,
        }
    }

    /// The upload, where it is one that moves.
    pub(super) fn up(&mut self) -> Option<&mut Up> {
        match &mut self.step {
            Step::Up(up) => Some(up),
            _ => None,
        }
    }
}

impl Transfers {
    pub fn new(config: Arc<GateConfig>, host: Ipv4Addr, server: Server) -> Transfers {
        Transfers {
            config,
            host,
            server,
            port: DataPort::default(),
            pipe: Pipe::None,
            current: None,
            restart: 0,
            restart_upstream: false,
            timers: Timers::default(),
            acts: Acts::default(),
        }
    }

    /// What follows next.
    pub fn poll_act(&mut self) -> Option<Act> {
        self.acts.0.pop_front()
    }

    pub fn poll_timeout(&self) -> Option<Now> {
        self.timers.next()
    }

    /// Does what is due next by `now`; false where nothing is.
    pub fn handle_timeout(&mut self, now: Now) -> bool {
        match self.timers.pop(now) {
            None => return false,
            Some(Timer::Data) if self.pipe == Pipe::Securing => {
                self.fail(425, "No TLS on the data connection.");
            }
            Some(Timer::Data) => self.fail(425, "Failed to establish connection."),
            Some(Timer::Stall) => self.stalled(now),
        }
        true
    }

    /// Whether one is under way.
    pub fn are_under_way(&self) -> bool {
        self.current.is_some()
    }

    /// Whether the server owes something that comes without the modem's clock moving.
    pub fn busy(&self) -> bool {
        if matches!(self.pipe, Pipe::Connecting | Pipe::Securing) {
            return true;
        }
        match self.current.as_ref().map(|transfer| &transfer.step) {
            Some(Step::Down(down)) if down.is_flowing() => self.pipe == Pipe::Open && down.has_room(),
            Some(Step::Up(up)) if up.is_flowing() => up.has_backlog(),
            _ => self.server.owed > 0,
        }
    }

    /// What STAT says of them.
    pub fn status(&self) -> String {
        match &self.current {
            Some(transfer) => {
                format!(" {} in progress, {} octets moved", transfer.command.verb, transfer.moved)
            }
            None => " No data connection".to_owned(),
        }
    }

    /// The server has taken a REST.
    pub fn restart_at(&mut self, offset: u64) {
        self.restart = offset;
        self.restart_upstream |= offset > 0;
    }

    fn answer(&mut self, command: Command, reply: Reply) {
        self.acts.push(Act::Answer(command, reply));
    }

    /// PASV and EPSV.
    pub fn passive(&mut self, command: Command, verdict: PassiveVerdict) {
        if let Some((code, text)) = port::announces_none(&command) {
            return self.answer(command, reply::line(code, text));
        }
        self.release_port();
        let right = SocketAddrV4::new(self.host, self.config.next_port());
        let (output, reply) = self.port.announce(&command, verdict, right);
        if let Some(output) = output {
            self.acts.output(output);
        }
        self.answer(command, reply);
    }

    /// PORT and EPRT.
    pub fn active(&mut self, command: Command) {
        let reply = match port::named(&command) {
            Ok(address) => {
                self.release_port();
                self.port.keep(address);
                reply::line(200, &format!("{} command successful.", command.verb))
            }
            Err((code, text)) => reply::line(code, text),
        };
        self.answer(command, reply);
    }

    /// A command that moves data; `stop` is the fault that will stop it.
    pub fn begin(&mut self, now: Now, command: Command, kind: Kind, stop: Option<Stop>, directory: &str) {
        let restart = std::mem::take(&mut self.restart);
        let refusal = match (&self.port.state, command.argument.as_str()) {
            (_, "") if matches!(command.verb.as_str(), "RETR" | "STOR" | "APPE") => {
                Some((501, "A path is missing."))
            }
            (_, path) if path.contains(['\r', '\0']) => Some((501, "Control characters in a command.")),
            (Data::None, _) => Some((425, "Use PORT or PASV first.")),
            _ => None,
        };
        if let Some((code, text)) = refusal {
            return self.answer(command, reply::line(code, text));
        }
        let builtin = self.server.builtin;
        let absolute = |path: &str| format!("{} {}", command.verb, builtin::absolute(directory, path));
        let line = match (builtin, kind) {
            (false, _) => command.line(),
            (true, Kind::List) => absolute(builtin::without_options(&command.argument)),
            // STOU without a name: the server picks one, in its working directory.
            (true, Kind::Write) if command.argument.is_empty() => absolute("STOU"),
            (true, _) => absolute(&command.argument),
        };
        if builtin {
            self.send(format!("SITE {} {line}", builtin::CHECK));
        }
        let transfer =
            Transfer { command, line, kind, restart, stop, moved: 0, early: vec![], step: Step::Check };
        self.current = Some(Box::new(transfer));
        if !builtin {
            self.reach_module(now);
        }
    }

    fn send(&mut self, line: String) {
        let output = self.server.command(line);
        self.acts.output(output);
    }

    /// Gives the server the command of the transfer.
    fn order(&mut self) {
        if let Some(transfer) = &self.current {
            let line = transfer.line.clone();
            self.send(line);
            self.step(Step::Verb);
        }
    }

    /// The transfer is not wanted any more, and nothing is said of it.
    pub fn forget(&mut self) {
        self.release_pipe();
        self.current = None;
    }

    /// The module's data connection, or its port, is not wanted any more.
    pub fn release_port(&mut self) {
        if let Some(output) = self.port.release() {
            self.acts.output(output);
        }
    }

    /// The module has gone: both data connections are closed, but for an upload that the server is still to store.
    pub fn leave(&mut self) {
        self.release_pipe();
        self.release_port();
        self.current = None;
        self.timers = Timers::default();
    }

    /// Whether the server still owes the reply to what was left to it.
    pub fn is_storing(&self) -> bool {
        self.pipe == Pipe::Leaving && self.server.owed > 0
    }

    /// Resets what is left of the server's data connection.
    pub fn abort_pipe(&mut self) {
        if std::mem::replace(&mut self.pipe, Pipe::None) != Pipe::None {
            self.acts.output(GateOutput::DataAbortUpstream);
        }
    }

    fn step(&mut self, step: Step) {
        if let Some(transfer) = &mut self.current {
            transfer.step = step;
        }
    }

    /// A reply of the server during a transfer, or the one to a command that was aborted.
    pub fn reply(&mut self, now: Now, reply: Reply) {
        let securing = self.pipe == Pipe::Securing;
        let Some(transfer) = &mut self.current else {
            if self.server.owed == 0 && self.pipe == Pipe::Leaving {
                self.release_pipe();
            }
            return;
        };
        match (&transfer.step, reply.code) {
            (Step::Verb, 100..=299) if securing => transfer.early.push(reply),
            (Step::Check, 200) => {
                if transfer.command.verb == "STOU" {
                    transfer.line = format!("STOR {}", reply.text());
                }
                self.reach_module(now);
            }
            (Step::Passive, 227) => match parse_passive(reply.text()) {
                // The address is the one that was dialled: behind a NAT the server does not know it.
                Some(address) => {
                    self.pipe = Pipe::Connecting;
                    let to = SocketAddr::new(self.server.address, address.port());
                    self.acts.output(GateOutput::OpenUpstreamData(to));
                    self.step(Step::Connect);
                }
                None => self.fail(425, "Can't open data connection."),
            },
            (Step::Check | Step::Passive | Step::Restart, 200..=299) | (Step::Passive, 0 | 500..=599) => {
                self.fail(425, "Can't open data connection.");
            }
            (Step::Restart, 350) => self.order(),
            (Step::Verb, 100..=199) => self.started(now, Some(reply)),
            (Step::Verb, 200..=299) => {
                self.started(now, None);
                self.transferred(now, reply);
            }
            (Step::Down(_) | Step::Up(_), 0 | 200..) => self.transferred(now, reply),
            (Step::Check | Step::Passive | Step::Restart | Step::Verb, 0 | 300..) => {
                self.release_pipe();
                self.close_data(now, Ending::Reply(reply));
            }
            _ => {}
        }
    }

    fn reach_module(&mut self, now: Now) {
        self.step(Step::Module);
        match self.port.state {
            Data::Open | Data::Ended => return self.module_reached(now),
            Data::None | Data::Dialling => return self.fail(425, "Failed to establish connection."),
            Data::Listening => {}
            Data::Port(address) => {
                self.port.state = Data::Dialling;
                self.acts.output(GateOutput::DialData(address));
            }
        }
        self.timers.set(Timer::Data, now + self.config.data_wait);
    }

    pub fn data_opened(&mut self, now: Now) {
        if !self.port.is_awaited() {
            return;
        }
        self.port.state = Data::Open;
        if self.current.as_ref().is_some_and(|transfer| matches!(transfer.step, Step::Module)) {
            self.module_reached(now);
        }
    }

    pub fn data_refused(&mut self) {
        if self.port.is_awaited() {
            self.port.state = Data::None;
            self.fail(425, "Failed to establish connection.");
        }
    }

    fn module_reached(&mut self, now: Now) {
        self.timers.cancel(Timer::Data);
        match self.port.stalls {
            false => {
                self.send("PASV".into());
                self.step(Step::Passive);
            }
            true => {
                self.step(Step::Stalled);
                self.moved(now);
                self.preliminary(reply::line(150, "Opening data connection."));
            }
        }
    }

    fn preliminary(&mut self, reply: Reply) {
        if let Some(transfer) = &self.current {
            self.acts.push(Act::Answer(transfer.command.clone(), reply));
        }
    }

    pub fn pipe_opened(&mut self, now: Now, session: &Session) {
        if self.pipe != Pipe::Connecting {
            return;
        }
        self.pipe = Pipe::Open;
        if self.server.tls && session.protected {
            // Many servers begin the TLS handshake only after their 150.
            self.pipe = Pipe::Securing;
            self.timers.set(Timer::Data, now + self.config.data_wait);
        }
        let Some(transfer) = &self.current else { return };
        let from_offset = transfer.kind != Kind::List && transfer.command.verb != "APPE";
        match from_offset && (transfer.restart > 0 || self.restart_upstream) {
            // Once more, right in front of the command: a server may have forgotten it since, and
            // libunftp remembers one that a failed transfer has left.
            true => {
                let offset = transfer.restart;
                self.restart_upstream = true;
                self.send(format!("REST {offset}"));
                self.step(Step::Restart);
            }
            false => self.order(),
        }
    }

    /// TLS is up on the server's data connection. Gives what the server said meanwhile, which is to be handled now.
    pub fn pipe_secured(&mut self) -> Vec<Reply> {
        if self.pipe != Pipe::Securing {
            return vec![];
        }
        self.pipe = Pipe::Open;
        self.timers.cancel(Timer::Data);
        self.current.as_mut().map(|transfer| std::mem::take(&mut transfer.early)).unwrap_or_default()
    }

    pub fn pipe_failed(&mut self) {
        match std::mem::replace(&mut self.pipe, Pipe::None) {
            Pipe::Open => self.fail(426, "Connection closed; transfer aborted."),
            Pipe::None | Pipe::Connecting | Pipe::Securing => {
                self.fail(425, "Can't open data connection.");
            }
            Pipe::Leaving => {}
        }
    }

    fn started(&mut self, now: Now, preliminary: Option<Reply>) {
        let Some(transfer) = &self.current else { return };
        let preliminary = match (preliminary, transfer.line.rsplit_once('/')) {
            // RFC 1123 section 4.1.2.9.
            (Some(_), Some((_, name))) if self.server.builtin && transfer.command.verb == "STOU" => {
                Some(reply::line(150, &format!("FILE: {name}")))
            }
            (preliminary, _) => preliminary,
        };
        match preliminary {
            Some(reply) => {
                self.preliminary(reply);
                self.acts.push(Act::Flow);
            }
            None => self.flow(now),
        }
    }

    /// Closes the module's data connection, and ends the transfer behind that.
    pub(super) fn close_data(&mut self, now: Now, ending: Ending) {
        if !self.port.is_there() {
            return self.conclude(ending);
        }
        self.moved(now);
        self.acts.output(GateOutput::DataFinModule);
        self.step(Step::Closing(ending));
    }

    /// Gives a transfer up.
    pub fn fail(&mut self, code: u16, text: &str) {
        if self.current.is_some() {
            self.conclude(Ending::Reply(reply::line(code, text)));
        }
    }

    /// Ends a transfer, without waiting for its data connections.
    pub(super) fn conclude(&mut self, ending: Ending) {
        self.release_pipe();
        self.release_port();
        let Some(transfer) = self.current.take() else { return };
        self.timers = Timers::default();
        self.acts.push(Act::Over);
        self.acts.push(match ending {
            Ending::Reply(reply) => Act::Answer(transfer.command, reply),
            Ending::Scripted(scripted) => Act::Say(scripted),
        });
    }
}
