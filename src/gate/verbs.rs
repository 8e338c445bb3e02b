//! What is done about each command.

use super::builtin::{self, Order};
use super::transfer::Kind;
use super::{Command, Gate, Job, reply};
use crate::fault::{PassiveVerdict, Stop, VerbVerdict};
use crate::time::Now;

impl Gate {
    pub(super) fn begin(&mut self, now: Now, command: Command) {
        self.arm_idle(now);
        match self.faults.verb(now, &command.verb, &command.argument) {
            VerbVerdict::Reply(scripted) => self.say(now, &scripted, None),
            VerbVerdict::Swallow => self.send_due(now),
            VerbVerdict::Stop(stop) => self.carry_out(now, command, Some(stop), PassiveVerdict::Pass),
            VerbVerdict::Pass => {
                let passive = match command.verb.as_str() {
                    "PASV" | "EPSV" => self.faults.passive(now),
                    _ => PassiveVerdict::Pass,
                };
                self.carry_out(now, command, None, passive);
            }
        }
    }

    fn carry_out(&mut self, now: Now, command: Command, stop: Option<Stop>, passive: PassiveVerdict) {
        let text = match command.verb.as_str() {
            "PBSZ" | "PROT" if self.session.upstream_tls => {
                let line = command.line();
                return self.relay(command, line);
            }
            // Where a real server refuses it, the module is refused too.
            "AUTH" if !self.session.builtin && !self.session.tls => {
                let line = command.line();
                return self.relay(command, line);
            }
            "AUTH" | "PBSZ" | "PROT" | "CCC" => return self.security(now, command),
            "QUIT" => return self.relay(command, "QUIT".into()),
            "" => (500, "Line too long."),
            verb if !self.session.logged_in && needs_login(verb) => (530, "Please login with USER and PASS."),
            "PASV" | "EPSV" => return self.passive(now, command, passive),
            "PORT" | "EPRT" => return self.active(now, command),
            "ABOR" => return self.abort_nothing(now, command),
            verb => match Kind::of(verb) {
                Some(kind) => return self.transfer(now, command, kind, stop),
                None if self.session.builtin => return self.order(now, command),
                None => {
                    let line = command.line();
                    return self.relay(command, line);
                }
            },
        };
        self.answer(now, &command, reply::line(text.0, text.1));
    }

    /// Passes `line` on; the reply is the one to `command`.
    fn relay(&mut self, command: Command, line: String) {
        self.send(line);
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

    /// ABOR where nothing is being transferred (RFC 959 section 4.1.3).
    fn abort_nothing(&mut self, now: Now, command: Command) {
        self.release_data();
        self.answer(now, &command, reply::line(226, "Abort successful."));
    }
}

/// Whether a command needs a login. The gate carries out most commands itself, so it has to check that.
fn needs_login(verb: &str) -> bool {
    !matches!(verb, "USER" | "PASS" | "ACCT" | "NOOP" | "HELP" | "FEAT" | "OPTS" | "SYST" | "REIN")
}
