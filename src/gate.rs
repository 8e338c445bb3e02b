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

mod active;
pub mod builtin;
mod command;
mod config;
mod event;
mod faults;
mod flow;
mod relay;
mod reply;
mod security;
mod speech;
mod transfer;
mod upstream;
mod verbs;

use crate::fault::{Scripted, Then};
use crate::ftp::{Replies, Reply};
use crate::time::{Now, Timers};
use command::{Command, Commands};
use core::net::{SocketAddr, SocketAddrV4};
use speech::{Queued, ReplyQueue};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use transfer::{Step, Transfer};

pub use config::GateConfig;
pub use event::{GateInput, GateOutput};
pub use faults::{GateFaults, NoGateFaults};
pub use relay::{Call, MakeRelay, Relay};

/// How a TLS connection begins (RFC 8446 section 5.1): a handshake record of version 3.
const TLS_HANDSHAKE: &[u8] = &[22, 3];

/// How long an idle session has between its 421 and its end.
const FAREWELL: Duration = Duration::from_secs(1);

/// One control connection of the module, its data connections, and their counterparts upstream.
#[derive(Debug)]
pub struct Gate {
    config: Arc<GateConfig>,
    server: SocketAddrV4,
    module: SocketAddrV4,
    upstream: SocketAddr,
    faults: Box<dyn GateFaults>,
    commands: Commands,
    session: Session,
    replies: Replies,
    /// Final replies that the server still owes, the greeting among them.
    owed: usize,
    job: Job,
    data: Data,
    pipe: Pipe,
    queue: ReplyQueue,
    timers: Timers<Timer>,
    out: VecDeque<GateOutput>,
}

/// What the gate is doing.
#[derive(Debug)]
enum Job {
    /// The server's greeting is awaited.
    Greeting,
    /// The next command is awaited, or what the server still owes to an aborted one.
    Idle,
    /// A command was passed to the server, and its reply goes to the module.
    Relay(Command),
    /// Data is to be moved.
    Transfer(Box<Transfer>),
    /// The session ends: what the module sends is ignored, and what is left to say is still said.
    Ending,
    /// The module has been closed; the server is still to store what has come of an upload.
    Storing,
    /// Everything has been closed.
    Closed,
}

/// The data connection on the module's side.
#[derive(Debug, PartialEq, Eq)]
enum Data {
    None,
    /// PASV was answered and nobody has come; also a port that stays silent.
    Listening,
    /// PORT was accepted; the address is dialled when there is something to transfer.
    Port(SocketAddrV4),
    Dialling,
    Open,
    /// The module has closed its half.
    Ended,
}

/// The data connection on the server's side.
#[derive(Debug, PartialEq, Eq)]
enum Pipe {
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
enum Timer {
    /// Since the last command.
    Idle,
    /// Until the module's data connection.
    Data,
    /// Since data moved.
    Stall,
}

/// What commands have set.
#[derive(Debug)]
struct Session {
    /// The server is libunftp.
    builtin: bool,
    logged_in: bool,
    user: String,
    /// The built-in server's working directory; absolute.
    directory: String,
    /// REST, until the next transfer.
    restart: u64,
    /// A REST was sent that no transfer has used. The server may still hold it: libunftp keeps it when a transfer fails.
    restart_upstream: bool,
    /// The control connection speaks TLS.
    tls: bool,
    /// So does the one to the server. Then the server answers PBSZ and PROT.
    upstream_tls: bool,
    protected: bool,
    /// The passive connection is to be accepted and not served.
    stall: bool,
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
            config,
            server,
            module,
            upstream,
            faults: Box::new(NoGateFaults),
            commands: Commands::default(),
            session: Session {
                builtin: false,
                logged_in: false,
                user: String::new(),
                directory: "/".into(),
                restart: 0,
                restart_upstream: false,
                tls,
                upstream_tls: false,
                protected: false,
                stall: false,
            },
            replies: Replies::default(),
            owed: 1,
            job: Job::Greeting,
            data: Data::None,
            pipe: Pipe::None,
            queue: ReplyQueue::default(),
            timers: Timers::default(),
            out: VecDeque::from([GateOutput::OpenUpstream]),
        }
    }

    /// The same gate with faults.
    pub fn with_faults(mut self, faults: Box<dyn GateFaults>) -> Gate {
        self.faults = faults;
        self
    }

    /// The same gate, where the server speaks TLS as well: it is asked for PBSZ and PROT.
    pub fn with_upstream_tls(mut self, tls: bool) -> Gate {
        self.session.upstream_tls = tls;
        self
    }

    /// Takes what happened.
    pub fn handle(&mut self, now: Now, input: GateInput) {
        match self.job {
            Job::Closed => return,
            Job::Storing => return self.store(now, input),
            _ => {}
        }
        match input {
            GateInput::ModuleBytes(bytes) => self.module_bytes(now, &bytes),
            GateInput::ModuleFin => self.module_fin(now),
            GateInput::ModuleReset => self.finish(now, GateOutput::ResetModule),
            GateInput::DataOpened => self.data_opened(now),
            GateInput::DataRefused => self.data_refused(now),
            GateInput::DataBytes(bytes) => self.data_bytes(now, bytes),
            GateInput::DataFin => self.data_fin(now),
            GateInput::DataReset => self.data_reset(now),
            GateInput::DataSent(n) => self.data_sent(now, n),
            GateInput::DataUnread => self.data_unread(now),
            GateInput::DataDelivered => self.data_delivered(now),
            GateInput::UpstreamOpened => {}
            GateInput::UpstreamFailed => self.upstream_failed(now),
            GateInput::UpstreamBytes(bytes) => self.upstream_bytes(now, &bytes),
            GateInput::UpstreamFin => self.end(now, Queued::Close),
            GateInput::UpstreamReset => self.end(now, Queued::Reset),
            GateInput::UpstreamDataOpened => self.pipe_opened(now),
            GateInput::UpstreamDataSecured => self.pipe_secured(now),
            GateInput::UpstreamDataFailed => self.pipe_failed(now),
            GateInput::UpstreamDataBytes(bytes) => self.pipe_bytes(now, bytes),
            GateInput::UpstreamDataFin => self.pipe_fin(now),
            GateInput::UpstreamDataReset => self.pipe_reset(now),
            GateInput::UpstreamDataSent(n) => self.pipe_sent(now, n),
        }
        self.advance(now);
    }

    /// Does what is due by `now`.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(timer) = self.timers.pop(now) {
            match timer {
                Timer::Idle => self.idle(now),
                Timer::Data if self.pipe == Pipe::Securing => {
                    self.fail(now, 425, "No TLS on the data connection.");
                }
                Timer::Data => self.fail(now, 425, "Failed to establish connection."),
                Timer::Stall if matches!(self.job, Job::Storing) => self.close(),
                Timer::Stall => self.stalled(now),
            }
        }
        self.send_due(now);
        self.advance(now);
    }

    /// The next thing to be done.
    pub fn poll_output(&mut self) -> Option<GateOutput> {
        self.out.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    pub fn poll_timeout(&self) -> Option<Now> {
        match self.job {
            Job::Closed => None,
            _ => self.timers.next().into_iter().chain(self.queue.due()).min(),
        }
    }

    /// Whether the server owes something that comes without the modem's clock moving: a connection,
    /// a reply, or data for which there is room.
    pub fn busy(&self) -> bool {
        match &self.job {
            Job::Ending | Job::Closed => false,
            Job::Storing => self.session.builtin,
            _ if matches!(self.pipe, Pipe::Connecting | Pipe::Securing) => true,
            Job::Transfer(transfer) => match &transfer.step {
                Step::Down(down) if down.is_flowing() => self.pipe == Pipe::Open && down.has_room(),
                Step::Up(up) if up.is_flowing() => up.has_backlog(),
                _ => self.owed > 0,
            },
            _ => self.owed > 0,
        }
    }

    /// Whether data connections opened from now on speak TLS (RFC 4217 section 9).
    pub fn data_protected(&self) -> bool {
        self.session.protected
    }

    /// Whether everything has been closed, and nothing more will be done.
    pub fn is_closed(&self) -> bool {
        matches!(self.job, Job::Closed)
    }

    /// Says something unasked: what a rule, or somebody at the control API, wants to be heard.
    pub fn speak(&mut self, now: Now, scripted: &Scripted) {
        if !matches!(self.job, Job::Ending | Job::Storing | Job::Closed) {
            self.say(now, scripted, None);
        }
    }

    /// Begins the next command, where there is one and it may begin.
    fn advance(&mut self, now: Now) {
        while matches!(self.job, Job::Idle) && self.owed == 0 {
            match self.commands.next() {
                Some(command) => self.begin(now, command),
                None if self.commands.is_over() => return self.finish(now, GateOutput::FinModule),
                None => return,
            }
        }
    }

    /// What the gate was doing is done: the next command may begin.
    fn rest(&mut self, now: Now) {
        self.timers.cancel(Timer::Data);
        self.timers.cancel(Timer::Stall);
        self.arm_idle(now);
        if !matches!(self.job, Job::Ending | Job::Storing | Job::Closed) {
            self.job = Job::Idle;
        }
    }

    fn arm_idle(&mut self, now: Now) {
        if let Some(idle) = self.config.idle {
            self.timers.set(Timer::Idle, now + idle);
        }
    }

    fn idle(&mut self, now: Now) {
        match self.job {
            Job::Idle => {
                self.say(now, &Scripted::new(421, "Timeout."), None);
                self.end_after(now, FAREWELL, Queued::Close);
            }
            _ => self.arm_idle(now),
        }
    }

    fn module_bytes(&mut self, now: Now, bytes: &[u8]) {
        // A TLS handshake on a plain connection is no command. Servers hang up.
        if bytes.starts_with(TLS_HANDSHAKE) {
            return self.end(now, Queued::Close);
        }
        for command in self.commands.take(bytes) {
            let during_transfer = match self.job {
                Job::Ending | Job::Storing | Job::Closed => return,
                Job::Transfer(_) => true,
                _ => false,
            };
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
            self.say(now, &last, None);
        }
    }

    fn module_fin(&mut self, now: Now) {
        self.commands.close();
        if matches!(self.job, Job::Transfer(_) | Job::Greeting) {
            self.finish(now, GateOutput::FinModule);
        }
    }

    /// Closes the connection to the module, and the one to the server. After a broken upload the server is closed later,
    /// so that it can store what has arrived.
    fn finish(&mut self, now: Now, last: GateOutput) {
        self.release_pipe();
        self.release_data();
        self.timers = Timers::default();
        self.queue = ReplyQueue::default();
        if self.pipe == Pipe::Leaving && self.owed > 0 {
            self.job = Job::Storing;
            if let Some(stall) = self.config.stall {
                self.timers.set(Timer::Stall, now + stall);
            }
        } else {
            self.close();
        }
        self.out.push_back(last);
    }

    /// The module's connection is gone. What the server still owes is awaited, and nothing is done with it.
    fn store(&mut self, now: Now, input: GateInput) {
        match input {
            GateInput::UpstreamBytes(bytes) => self.upstream_bytes(now, &bytes),
            GateInput::UpstreamDataBytes(bytes) => self.pipe_bytes(now, bytes),
            GateInput::UpstreamFin | GateInput::UpstreamReset => self.owed = 0,
            _ => {}
        }
        if self.owed == 0 {
            self.close();
        }
    }

    fn close(&mut self) {
        if std::mem::replace(&mut self.pipe, Pipe::None) != Pipe::None {
            self.out.push_back(GateOutput::DataAbortUpstream);
        }
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
        self.release_pipe();
        self.job = Job::Ending;
        self.queue.push_after(now, delay, how);
        self.send_due(now);
    }

    fn status(&self) -> Reply {
        let about = match &self.job {
            Job::Transfer(transfer) => {
                format!(" {} in progress, {} octets moved", transfer.command.verb, transfer.moved)
            }
            _ => " No data connection".to_owned(),
        };
        let login = match self.session.logged_in {
            true => format!(" Logged in as {}", self.session.user),
            false => " Not logged in".to_owned(),
        };
        reply::lines(211, "FTP server status:", [format!(" Connected to {}", self.module.ip()), login, about])
    }
}

#[cfg(test)]
mod tests;
