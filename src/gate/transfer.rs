//! A transfer, from its command to the first octet: the built-in server is asked whether it would
//! refuse, the module's data connection comes up, then the server's, then the command goes out.

use super::flow::{Down, Up};
use super::{Command, Data, Gate, GateOutput, Job, Pipe, Timer, builtin, reply};
use crate::fault::{Scripted, Stop, VerbVerdict};
use crate::ftp::{Reply, parse_passive};
use crate::time::Now;
use core::net::SocketAddr;

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

impl Gate {
    pub(super) fn transfer(&mut self, now: Now, command: Command, kind: Kind, stop: Option<Stop>) {
        let restart = std::mem::take(&mut self.session.restart);
        let refusal = match (&self.data, command.argument.as_str()) {
            (_, "") if matches!(command.verb.as_str(), "RETR" | "STOR" | "APPE") => {
                Some((501, "A path is missing."))
            }
            (_, path) if path.contains(['\r', '\0']) => Some((501, "Control characters in a command.")),
            (Data::None, _) => Some((425, "Use PORT or PASV first.")),
            _ => None,
        };
        if let Some((code, text)) = refusal {
            return self.answer(now, &command, reply::line(code, text));
        }
        let builtin = self.session.builtin;
        let line = match (builtin, kind) {
            (false, _) => command.line(),
            (true, Kind::List) => self.line(&command.verb, builtin::without_options(&command.argument)),
            // STOU without a name: the server picks one, in its working directory.
            (true, Kind::Write) if command.argument.is_empty() => self.line(&command.verb, "STOU"),
            (true, _) => self.line(&command.verb, &command.argument),
        };
        if builtin {
            self.send(format!("SITE {} {line}", builtin::CHECK));
        }
        let transfer =
            Transfer { command, line, kind, restart, stop, moved: 0, early: vec![], step: Step::Check };
        self.job = Job::Transfer(Box::new(transfer));
        if !builtin {
            self.reach_module(now);
        }
    }

    fn line(&self, verb: &str, path: &str) -> String {
        format!("{verb} {}", builtin::absolute(&self.session.directory, path))
    }

    fn step(&mut self, step: Step) {
        if let Job::Transfer(transfer) = &mut self.job {
            transfer.step = step;
        }
    }

    /// A reply of the server during a transfer.
    pub(super) fn transfer_reply(&mut self, now: Now, reply: Reply) {
        let securing = self.pipe == Pipe::Securing;
        let Job::Transfer(transfer) = &mut self.job else { return };
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
                    let to = SocketAddr::new(self.upstream.ip(), address.port());
                    self.out.push_back(GateOutput::OpenUpstreamData(to));
                    self.step(Step::Connect);
                }
                None => self.fail(now, 425, "Can't open data connection."),
            },
            (Step::Check | Step::Passive | Step::Restart, 200..=299) | (Step::Passive, 0 | 500..=599) => {
                self.fail(now, 425, "Can't open data connection.");
            }
            (Step::Restart, 350) => self.order_transfer(),
            (Step::Verb, 100..=199) => self.started(now, Some(reply)),
            (Step::Verb, 200..=299) => {
                self.started(now, None);
                self.transferred(now, reply);
            }
            (Step::Down(_) | Step::Up(_), 0 | 200..) => self.transferred(now, reply),
            (Step::Check | Step::Passive | Step::Restart | Step::Verb, 0 | 300..) => self.refuse(now, reply),
            _ => {}
        }
    }

    fn reach_module(&mut self, now: Now) {
        self.step(Step::Module);
        match self.data {
            Data::Open | Data::Ended => return self.module_reached(now),
            Data::None | Data::Dialling => return self.fail(now, 425, "Failed to establish connection."),
            Data::Listening => {}
            Data::Port(address) => {
                self.data = Data::Dialling;
                self.out.push_back(GateOutput::DialData(address));
            }
        }
        self.timers.set(Timer::Data, now + self.config.data_wait);
    }

    pub(super) fn data_opened(&mut self, now: Now) {
        if !matches!(self.data, Data::Listening | Data::Dialling) {
            return;
        }
        self.data = Data::Open;
        match &self.job {
            Job::Transfer(transfer) if matches!(transfer.step, Step::Module) => self.module_reached(now),
            _ => {}
        }
    }

    pub(super) fn data_refused(&mut self, now: Now) {
        if matches!(self.data, Data::Listening | Data::Dialling) {
            self.data = Data::None;
            self.fail(now, 425, "Failed to establish connection.");
        }
    }

    fn module_reached(&mut self, now: Now) {
        self.timers.cancel(Timer::Data);
        match self.session.stall {
            false => {
                self.send("PASV".into());
                self.step(Step::Passive);
            }
            true => {
                self.step(Step::Stalled);
                self.moved(now);
                self.preliminary(now, reply::line(150, "Opening data connection."));
            }
        }
    }

    pub(super) fn pipe_opened(&mut self, now: Now) {
        if self.pipe != Pipe::Connecting {
            return;
        }
        self.pipe = Pipe::Open;
        if self.session.upstream_tls && self.session.protected {
            // Many servers begin the TLS handshake only after their 150.
            self.pipe = Pipe::Securing;
            self.timers.set(Timer::Data, now + self.config.data_wait);
        }
        let Job::Transfer(transfer) = &self.job else { return };
        let from_offset = transfer.kind != Kind::List && transfer.command.verb != "APPE";
        match from_offset && (transfer.restart > 0 || self.session.restart_upstream) {
            // Once more, right in front of the command: a server may have forgotten it since, and
            // libunftp remembers one that a failed transfer has left.
            true => {
                let offset = transfer.restart;
                self.session.restart_upstream = true;
                self.send(format!("REST {offset}"));
                self.step(Step::Restart);
            }
            false => self.order_transfer(),
        }
    }

    /// TLS is up on the server's data connection: what the server said meanwhile is handled now.
    pub(super) fn pipe_secured(&mut self, now: Now) {
        if self.pipe != Pipe::Securing {
            return;
        }
        self.pipe = Pipe::Open;
        self.timers.cancel(Timer::Data);
        if let Job::Transfer(transfer) = &mut self.job {
            for reply in std::mem::take(&mut transfer.early) {
                self.transfer_reply(now, reply);
            }
        }
    }

    pub(super) fn pipe_failed(&mut self, now: Now) {
        match std::mem::replace(&mut self.pipe, Pipe::None) {
            Pipe::Open => self.fail(now, 426, "Connection closed; transfer aborted."),
            Pipe::None | Pipe::Connecting | Pipe::Securing => {
                self.fail(now, 425, "Can't open data connection.");
            }
            Pipe::Leaving => {}
        }
    }

    fn order_transfer(&mut self) {
        let Job::Transfer(transfer) = &self.job else { return };
        let line = transfer.line.clone();
        self.send(line);
        self.step(Step::Verb);
    }

    fn started(&mut self, now: Now, preliminary: Option<Reply>) {
        let Job::Transfer(transfer) = &self.job else { return };
        let preliminary = match (preliminary, transfer.line.rsplit_once('/')) {
            // RFC 1123 section 4.1.2.9.
            (Some(_), Some((_, name))) if self.session.builtin && transfer.command.verb == "STOU" => {
                Some(reply::line(150, &format!("FILE: {name}")))
            }
            (preliminary, _) => preliminary,
        };
        let kind = transfer.kind;
        if let Some(reply) = preliminary {
            self.preliminary(now, reply);
        }
        self.flow(now, kind);
    }

    fn preliminary(&mut self, now: Now, reply: Reply) {
        let Job::Transfer(transfer) = &self.job else { return };
        let command = transfer.command.clone();
        self.answer(now, &command, reply);
    }

    /// The server refuses the transfer.
    fn refuse(&mut self, now: Now, reply: Reply) {
        self.release_pipe();
        self.close_data(now, Ending::Reply(reply));
    }

    /// Closes the module's data connection, and ends the transfer behind that.
    pub(super) fn close_data(&mut self, now: Now, ending: Ending) {
        match self.data {
            Data::Open | Data::Ended => {
                self.moved(now);
                self.out.push_back(GateOutput::DataFinModule);
                self.step(Step::Closing(ending));
            }
            _ => self.conclude(now, ending),
        }
    }

    /// Gives a transfer up.
    pub(super) fn fail(&mut self, now: Now, code: u16, text: &str) {
        if let Job::Transfer(_) = self.job {
            self.conclude(now, Ending::Reply(reply::line(code, text)));
        }
    }

    /// Ends a transfer, without waiting for its data connections.
    pub(super) fn conclude(&mut self, now: Now, ending: Ending) {
        self.release_pipe();
        self.release_data();
        let Job::Transfer(transfer) = std::mem::replace(&mut self.job, Job::Idle) else { return };
        self.rest(now);
        match ending {
            Ending::Reply(reply) => self.answer(now, &transfer.command, reply),
            Ending::Scripted(scripted) => self.say(now, &scripted, None),
        }
    }

    /// ABOR in the middle of a transfer (RFC 959 section 4.1.3).
    pub(super) fn abort(&mut self, now: Now, command: Command) {
        match self.faults.verb(now, &command.verb, &command.argument) {
            VerbVerdict::Reply(scripted) => return self.say(now, &scripted, None),
            VerbVerdict::Swallow => return self.send_due(now),
            VerbVerdict::Stop(_) | VerbVerdict::Pass => {}
        }
        self.fail(now, 426, "Transfer aborted.");
        if !matches!(self.job, Job::Ending | Job::Storing | Job::Closed) {
            self.answer(now, &command, reply::line(226, "Abort successful."));
        }
    }

    /// The module's data connection, or its port, is not wanted any more.
    pub(super) fn release_data(&mut self) {
        let output = match std::mem::replace(&mut self.data, Data::None) {
            Data::None | Data::Port(_) => return,
            Data::Listening => GateOutput::StopListen,
            Data::Dialling | Data::Open | Data::Ended => GateOutput::DataResetModule,
        };
        self.out.push_back(output);
    }
}
