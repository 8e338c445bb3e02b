//! What is done about each command.

use super::builtin::{self, Order};
use super::speech::Queued;
use super::transfers::Kind;
use super::{Command, Gate, Job, reply};
use crate::fault::{PassiveVerdict, Stop, VerbVerdict};
use crate::time::Now;

impl Gate {
    pub(super) fn begin(&mut self, now: Now, command: Command) {
        self.arm_idle(now);
        match self.speech.faults.verb(now, &command.verb, &command.argument) {
            VerbVerdict::Reply(scripted) => self.say(now, &scripted),
            VerbVerdict::Swallow => self.send_due(now),
            VerbVerdict::Stop(stop) => self.carry_out(now, command, Some(stop), PassiveVerdict::Pass),
            VerbVerdict::Pass => {
                let passive = match command.verb.as_str() {
                    "PASV" | "EPSV" => self.speech.faults.passive(now),
                    _ => PassiveVerdict::Pass,
                };
                self.carry_out(now, command, None, passive);
            }
        }
    }

    fn carry_out(&mut self, now: Now, command: Command, stop: Option<Stop>, passive: PassiveVerdict) {
        let text = match command.verb.as_str() {
            "PBSZ" | "PROT" if self.server().tls => return self.pass_on(command),
            // Where a real server refuses it, the module is refused too.
            "AUTH" if !self.server().builtin && !self.session.tls => return self.pass_on(command),
            "AUTH" | "PBSZ" | "PROT" | "CCC" => {
                let (code, text) = self.session.secure(&command);
                self.answer(now, &command, reply::line(code, text));
                if code == 234 {
                    self.start_tls(now);
                }
                return;
            }
            "QUIT" => return self.relay(command, "QUIT".into()),
            "" => (500, "Line too long."),
            verb if !self.session.logged_in && needs_login(verb) => (530, "Please login with USER and PASS."),
            "PASV" | "EPSV" => {
                self.transfers.passive(command, passive);
                return self.act(now);
            }
            "PORT" | "EPRT" => {
                self.transfers.active(command);
                return self.act(now);
            }
            // Nothing is being transferred (RFC 959 section 4.1.3).
            "ABOR" => {
                self.transfers.release_port();
                self.act(now);
                (226, "Abort successful.")
            }
            verb => match Kind::of(verb) {
                Some(kind) => {
                    self.transfers.begin(now, command, kind, stop, &self.session.directory);
                    return self.act(now);
                }
                None if self.server().builtin => return self.order(now, command),
                None => return self.pass_on(command),
            },
        };
        self.answer(now, &command, reply::line(text.0, text.1));
    }

    /// Passes a command on as it came.
    fn pass_on(&mut self, command: Command) {
        let line = command.line();
        self.relay(command, line);
    }

    /// Passes `line` on; the reply is the one to `command`.
    fn relay(&mut self, command: Command, line: String) {
        let output = self.server().command(line);
        self.out.push_back(output);
        self.job = Job::Relay(command);
    }

    fn order(&mut self, now: Now, mut command: Command) {
        match builtin::order(&command, &self.session.directory) {
            Order::Send(line) => self.relay(command, line),
            Order::Enter(directory) => {
                let line = format!("CWD {directory}");
                command.argument = directory;
                self.relay(command, line);
            }
            Order::Status => {
                let status = self.status();
                self.answer(now, &command, status);
            }
            Order::Answer(code, text) => self.answer(now, &command, reply::line(code, &text)),
        }
    }

    /// ABOR in the middle of a transfer (RFC 959 section 4.1.3).
    pub(super) fn abort(&mut self, now: Now, command: Command) {
        match self.speech.faults.verb(now, &command.verb, &command.argument) {
            VerbVerdict::Reply(scripted) => return self.say(now, &scripted),
            VerbVerdict::Swallow => return self.send_due(now),
            VerbVerdict::Stop(_) | VerbVerdict::Pass => {}
        }
        self.transfers.fail(426, "Transfer aborted.");
        self.act(now);
        if self.is_open() {
            self.answer(now, &command, reply::line(226, "Abort successful."));
        }
    }

    /// The module has been told that AUTH is accepted: what it sent in the clear behind AUTH is thrown away.
    pub(super) fn start_tls(&mut self, now: Now) {
        self.session.tls = true;
        self.commands.forget();
        if self.is_open() {
            self.speech.push(now, Queued::StartTls);
            self.send_due(now);
        }
    }
}

/// Whether a command needs a login. The gate carries out most commands itself, so it has to check that.
fn needs_login(verb: &str) -> bool {
    !matches!(verb, "USER" | "PASS" | "ACCT" | "NOOP" | "HELP" | "FEAT" | "OPTS" | "SYST" | "REIN")
}
