//! The FTP gate: a relay between the module and a server that understands the control connection.
//!
//! There is one [`Gate`] for each control connection of the module (RFC 959, 1123, 2428, 3659, 4217).
//! It ends PASV, EPSV, PORT and EPRT itself and always uses PASV towards the server, as a carrier's
//! FTP ALG does; it answers AUTH itself, PBSZ and PROT too unless the server speaks TLS, and sees plain
//! text only. Its time-outs are on the modem's clock. It carries out ABOR at once, and does what its [`GateFaults`]
//! decide. It never holds a whole file: each side may send only as much as it was given credit for.
//!
//! What libunftp answers differently from other servers is mended here (see `builtin`), and only
//! where the server greets as the built-in one.
//!
//! It opens no socket and reads no clock: [`Gate::handle`] takes what happened,
//! [`Gate::poll_output`] gives what is to be done.

pub mod builtin;
mod command;
mod config;
mod event;
mod faults;
mod flow;
mod port;
mod relay;
mod reply;
mod server;
mod session;
mod speech;
mod transfers;
mod upstream;
mod verbs;

use crate::fault::{Scripted, Then};
use crate::ftp::Reply;
use crate::time::{Now, Timers};
use command::{Command, Commands};
use core::net::{SocketAddr, SocketAddrV4};
use server::Server;
use session::Session;
use speech::{Queued, Speech};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use transfers::{Act, Transfers};

pub use config::GateConfig;
pub use event::{GateInput, GateOutput};
pub use faults::{GateFaults, NoGateFaults};
pub use relay::{Call, MakeRelay, Relay};

/// How a TLS connection begins (RFC 8446 section 5.1): a handshake record of version 3.
const TLS_HANDSHAKE: &[u8] = &[22, 3];

/// How long an idle session has between its 421 and its end.
const FAREWELL: Duration = Duration::from_secs(1);

/// One control connection of the module, its data connections, and their counterparts upstream.
///
/// It reads the module's commands one at a time, and has each answered (`Speech`), passed to the server (`Server`), or carried out on
/// the data connections (`Transfers`).
#[derive(Debug)]
pub struct Gate {
    config: Arc<GateConfig>,
    module: SocketAddrV4,
    commands: Commands,
    session: Session,
    job: Job,
    transfers: Transfers,
    speech: Speech,
    timers: Timers<Timer>,
    out: VecDeque<GateOutput>,
}

/// What the gate is doing.
#[derive(Debug)]
enum Job {
    /// The server's greeting is awaited.
    Greeting,
    /// The next command is awaited, or the end of a transfer, or what the server still owes to an aborted one.
    Idle,
    /// A command was passed to the server, and its reply goes to the module.
    Relay(Command),
    /// The session ends: what the module sends is ignored, and what is left to say is still said.
    Ending,
    /// The module has been closed; the server is still to store what has come of an upload.
    Storing,
    /// Everything has been closed.
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// Since the last command.
    Idle,
    /// Until the server has stored an upload whose module has gone.
    Storing,
}

impl Gate {
    /// A gate for a control connection that `module` has opened to `server`, both as the module sees
    /// them, and that `upstream` is to serve. `tls` says that the connection speaks TLS already.
    pub fn new(
        config: Arc<GateConfig>,
        server: SocketAddrV4,
        module: SocketAddrV4,
        upstream: SocketAddr,
        tls: bool,
    ) -> Gate {
        Gate {
            transfers: Transfers::new(Arc::clone(&config), *server.ip(), Server::new(upstream.ip())),
            config,
            module,
            commands: Commands::default(),
            session: Session::new(tls),
            job: Job::Greeting,
            speech: Speech::new(Box::new(NoGateFaults)),
            timers: Timers::default(),
            out: VecDeque::from([GateOutput::OpenUpstream]),
        }
    }

    /// The same gate with faults.
    pub fn with_faults(mut self, faults: Box<dyn GateFaults>) -> Gate {
        self.speech.faults = faults;
        self
    }

    /// The same gate, where the server speaks TLS as well: it is asked for PBSZ and PROT.
    pub fn with_upstream_tls(mut self, tls: bool) -> Gate {
        self.server().tls = tls;
        self
    }
}

impl Relay for Gate {
    fn handle(&mut self, now: Now, input: GateInput) {
        match self.job {
            Job::Closed => return,
            Job::Storing => return self.store(now, input),
            _ => {}
        }
        match input {
            GateInput::ModuleBytes(bytes) => self.module_bytes(now, &bytes),
            GateInput::ModuleFin => self.module_fin(now),
            GateInput::ModuleReset => self.finish(now, GateOutput::ResetModule),
            GateInput::DataOpened => self.transfers.data_opened(now),
            GateInput::DataRefused => self.transfers.data_refused(),
            GateInput::DataBytes(bytes) => self.transfers.data_bytes(now, bytes),
            GateInput::DataFin => self.transfers.data_fin(now),
            GateInput::DataReset => self.transfers.data_reset(now),
            GateInput::DataSent(n) => self.transfers.data_sent(now, n),
            GateInput::DataUnread => self.transfers.data_unread(now),
            GateInput::DataDelivered => self.transfers.data_delivered(now),
            GateInput::UpstreamOpened => {}
            GateInput::UpstreamFailed => self.upstream_failed(now),
            GateInput::UpstreamBytes(bytes) => self.upstream_bytes(now, &bytes),
            GateInput::UpstreamFin => self.end(now, Queued::Close),
            GateInput::UpstreamReset => self.end(now, Queued::Reset),
            GateInput::UpstreamDataOpened => self.transfers.pipe_opened(now, &self.session),
            GateInput::UpstreamDataSecured => {
                for reply in self.transfers.pipe_secured() {
                    self.transfers.reply(now, reply);
                    self.act(now);
                }
            }
            GateInput::UpstreamDataFailed => self.transfers.pipe_failed(),
            GateInput::UpstreamDataBytes(bytes) => self.transfers.pipe_bytes(now, bytes),
            GateInput::UpstreamDataFin => self.transfers.pipe_fin(now),
            GateInput::UpstreamDataReset => self.transfers.pipe_reset(now),
            GateInput::UpstreamDataSent(n) => self.transfers.pipe_sent(now, n),
        }
        self.act(now);
        self.advance(now);
    }

    fn handle_timeout(&mut self, now: Now) {
        while let Some(timer) = self.timers.pop(now) {
            match timer {
                Timer::Idle => self.idle(now),
                Timer::Storing => self.close(now),
            }
        }
        while self.transfers.handle_timeout(now) {
            self.act(now);
        }
        self.send_due(now);
        self.advance(now);
    }

    fn poll_output(&mut self) -> Option<GateOutput> {
        self.out.pop_front()
    }

    fn poll_timeout(&self) -> Option<Now> {
        match self.job {
            Job::Closed => None,
            _ => [self.timers.next(), self.transfers.poll_timeout(), self.speech.due()]
                .into_iter()
                .flatten()
                .min(),
        }
    }

    fn busy(&self) -> bool {
        match &self.job {
            Job::Ending | Job::Closed => false,
            Job::Storing => self.transfers.server.builtin,
            _ => self.transfers.busy(),
        }
    }

    fn data_protected(&self) -> bool {
        self.session.protected
    }

    fn is_closed(&self) -> bool {
        matches!(self.job, Job::Closed)
    }

    fn speak(&mut self, now: Now, scripted: &Scripted) {
        if self.is_open() {
            self.say(now, scripted);
        }
    }
}

impl Gate {
    /// Begins the next command, where there is one and it may begin.
    fn advance(&mut self, now: Now) {
        while self.is_free() && self.transfers.server.owed == 0 {
            match self.commands.next() {
                Some(command) => self.begin(now, command),
                None if self.commands.is_over() => return self.finish(now, GateOutput::FinModule),
                None => return,
            }
        }
    }

    /// What the gate was doing is done: the next command may begin.
    fn rest(&mut self, now: Now) {
        self.arm_idle(now);
        if self.is_open() {
            self.job = Job::Idle;
        }
    }

    fn arm_idle(&mut self, now: Now) {
        if let Some(idle) = self.config.idle {
            self.timers.set(Timer::Idle, now + idle);
        }
    }

    fn idle(&mut self, now: Now) {
        match self.is_free() {
            true => {
                self.say(now, &Scripted::new(421, "Timeout."));
                self.end_after(now, FAREWELL, Queued::Close);
            }
            false => self.arm_idle(now),
        }
    }

    fn module_bytes(&mut self, now: Now, bytes: &[u8]) {
        // A TLS handshake on a plain connection is no command. Servers hang up.
        if bytes.starts_with(TLS_HANDSHAKE) {
            return self.end(now, Queued::Close);
        }
        for command in self.commands.take(bytes) {
            if !self.is_open() {
                return;
            }
            let during_transfer = self.transfers.are_under_way();
            match (command.verb.as_str(), command.argument.as_str()) {
                ("ABOR", _) if during_transfer => self.abort(now, command),
                ("STAT", "") if during_transfer => {
                    let status = self.status();
                    self.answer(now, &command, status);
                }
                _ => self.queue(now, command),
            }
        }
    }

    fn queue(&mut self, now: Now, command: Command) {
        if !self.commands.push(command) {
            let last = Scripted { then: Then::Close, ..Scripted::new(421, "Too many commands.") };
            self.say(now, &last);
        }
    }

    fn module_fin(&mut self, now: Now) {
        self.commands.close();
        if matches!(self.job, Job::Greeting) || self.transfers.are_under_way() {
            self.finish(now, GateOutput::FinModule);
        }
    }

    /// Closes the connection to the module, and the one to the server. After a broken upload the server is closed later,
    /// so that it can store what has arrived.
    fn finish(&mut self, now: Now, last: GateOutput) {
        self.transfers.leave();
        self.timers = Timers::default();
        self.speech.clear();
        self.job = Job::Storing;
        self.act(now);
        if !self.transfers.is_storing() {
            self.close(now);
        } else if let Some(stall) = self.config.stall {
            self.timers.set(Timer::Storing, now + stall);
        }
        self.out.push_back(last);
    }

    /// The module's connection is gone. What the server still owes is awaited, and nothing is done with it.
    fn store(&mut self, now: Now, input: GateInput) {
        match input {
            GateInput::UpstreamBytes(bytes) => self.upstream_bytes(now, &bytes),
            GateInput::UpstreamDataBytes(bytes) => self.transfers.pipe_bytes(now, bytes),
            GateInput::UpstreamFin | GateInput::UpstreamReset => self.server().owed = 0,
            _ => {}
        }
        self.act(now);
        if self.server().owed == 0 {
            self.close(now);
        }
    }

    fn close(&mut self, now: Now) {
        self.transfers.abort_pipe();
        self.act(now);
        self.out.push_back(GateOutput::CloseUpstream);
        self.timers = Timers::default();
        self.job = Job::Closed;
    }

    /// Closes or resets the connection to the module, once all that is left to say was said.
    fn end(&mut self, now: Now, how: Queued) {
        self.end_after(now, Duration::ZERO, how);
    }

    /// The same after a pause, in which the module's commands are ignored.
    fn end_after(&mut self, now: Now, delay: Duration, how: Queued) {
        self.transfers.forget();
        self.act(now);
        self.job = Job::Ending;
        self.speech.push_after(now, delay, how);
        self.send_due(now);
    }

    fn status(&self) -> Reply {
        let connected = format!(" Connected to {}", self.module.ip());
        reply::lines(211, "FTP server status:", [connected, self.session.login(), self.transfers.status()])
    }

    fn server(&mut self) -> &mut Server {
        &mut self.transfers.server
    }

    /// Whether the session goes on.
    fn is_open(&self) -> bool {
        !matches!(self.job, Job::Ending | Job::Storing | Job::Closed)
    }

    /// Whether nothing is being done.
    fn is_free(&self) -> bool {
        matches!(self.job, Job::Idle) && !self.transfers.are_under_way()
    }

    /// Does what follows from what happened on the data connections.
    fn act(&mut self, now: Now) {
        while let Some(act) = self.transfers.poll_act() {
            match act {
                Act::Output(output) => self.out.push_back(output),
                Act::Answer(command, reply) => self.answer(now, &command, reply),
                Act::Say(scripted) => self.say(now, &scripted),
                Act::Flow => self.transfers.flow(now),
                Act::Over => self.rest(now),
            }
        }
    }

    /// Says the reply to a command, or what the faults make of it.
    fn answer(&mut self, now: Now, command: &Command, reply: Reply) {
        self.speech.answer(now, command, &reply);
        self.send_due(now);
    }

    /// Says a reply of one line that a fault gives.
    fn say(&mut self, now: Now, scripted: &Scripted) {
        self.speech.say(now, scripted, None);
        self.send_due(now);
    }

    /// Says what is due.
    fn send_due(&mut self, now: Now) {
        while let Some(queued) = self.speech.pop(now) {
            match queued {
                Queued::Bytes(bytes) => self.out.push_back(GateOutput::ToModule(bytes)),
                Queued::StartTls => self.out.push_back(GateOutput::StartTls),
                Queued::Close => return self.finish(now, GateOutput::FinModule),
                Queued::Reset => return self.finish(now, GateOutput::ResetModule),
            }
        }
    }
}

#[cfg(test)]
mod tests;
