//! Command lines: from what the host typed to the final result code (V.250 section 5.2 to 5.7).

use super::port::{PortId, State, Typed};
use super::{Cx, Modem, Note, Reply, base};
use crate::at::{self, Call, Form, ResultCode};
use crate::profile::UrcWhen;

impl Modem {
    /// Takes what the host typed, as far as the port can listen.
    pub(super) fn listen(&mut self, id: PortId) -> bool {
        let line_end = self.core.profile.serial.line_end;
        let max = self.core.profile.serial.line_max;
        let port = &mut self.core.ports[id.0];
        if matches!(port.state, State::Busy { .. }) {
            return false;
        }
        let Some(bytes) = port.unstash() else { return false };
        if matches!(port.state, State::Data(_)) {
            self.upload(id, bytes);
            return true;
        }
        port.typed_at = self.core.now;
        let (taken, typed) = port.type_command(&bytes, line_end, max);
        port.restash(bytes.slice(taken..));
        match typed {
            Typed::More => {}
            Typed::Overlong => self.finish(id, Reply::Error),
            Typed::Line(line) => self.run_line(id, line),
        }
        true
    }

    fn run_line(&mut self, id: PortId, line: Vec<u8>) {
        let Some(body) = at::line::body(&line) else { return };
        let rest = at::octets::text_of(body);
        let typed = at::octets::text_of(&line[line.len() - body.len() - 2..]);
        self.core.note(|| Note::CommandLine { port: id, line: typed.trim().to_owned() });
        let runs = self.may_run(id, typed.trim());
        self.core.ports[id.0].last_line = line;
        if runs {
            self.run(id, rest);
        }
    }

    /// Runs the commands of a line one after the other, until one fails or has to wait.
    fn run(&mut self, id: PortId, mut rest: String) {
        loop {
            let reply = match at::line::next(&rest) {
                Ok(None) => return self.conclude(id, Reply::Ok),
                Err(at::SyntaxError) => Reply::Error,
                Ok(Some((call, tail))) => {
                    let port = &mut self.core.ports[id.0];
                    port.state = State::Busy { rest: tail.to_string() };
                    port.writing.next_command();
                    self.dispatch(id, &call)
                }
            };
            match (reply, &mut self.core.ports[id.0].state) {
                (Reply::Ok, State::Busy { rest: tail }) => rest = std::mem::take(tail),
                (Reply::Ok, _) => return,
                // What has no result code of its own leaves it to the next command (`AT+CIFSR;E0`).
                (Reply::Silent, State::Busy { rest: tail }) if !tail.trim_matches([' ', ';']).is_empty() => {
                    rest = std::mem::take(tail);
                }
                (reply, _) => return self.conclude(id, reply),
            }
        }
    }

    fn dispatch(&mut self, id: PortId, call: &Call) -> Reply {
        let profile = self.core.profile.clone();
        let refusal = self.core.sim.refusal();
        let cx = &mut Cx { core: &mut self.core, port: id, name: &call.name };
        let reply = match refusal {
            _ if profile.absent.contains(&call.name) => None,
            Some(code) if profile.sim.guards.iter().any(|g| call.name.starts_with(g.as_str())) => {
                Some(Reply::Cme(code))
            }
            _ => base::plain(cx, call).or_else(|| self.maker.run(cx, call)).or_else(|| base::run(cx, call)),
        };
        let known = reply.is_some();
        self.core.note(|| Note::Command {
            port: id,
            name: call.name.clone(),
            form: form_name(&call.form),
            known,
        });
        reply.unwrap_or_else(|| self.core.error(profile.errors.unknown))
    }

    /// The command of a busy port is over.
    pub(super) fn finish(&mut self, id: PortId, reply: Reply) {
        let rest = match &mut self.core.ports[id.0].state {
            State::Busy { rest } => std::mem::take(rest),
            _ => String::new(),
        };
        match reply {
            Reply::Ok => self.run(id, rest),
            reply => self.conclude(id, reply),
        }
    }

    pub(super) fn conclude(&mut self, id: PortId, mut reply: Reply) {
        if self.keep_back(id, &mut reply) {
            return;
        }
        match reply {
            Reply::Pending => {}
            Reply::Ok => self.finish_line(id, &ResultCode::Ok),
            Reply::Error => self.finish_line(id, &ResultCode::Error),
            Reply::Cme(n) => self.finish_line(id, &ResultCode::Cme(n)),
            Reply::Cms(n) => self.finish_line(id, &ResultCode::Cms(n)),
            Reply::NoCarrier => self.finish_line(id, &ResultCode::NoCarrier),
            Reply::Silent => {
                self.core.ports[id.0].muted = false;
                self.core.ports[id.0].state = State::Command;
            }
            Reply::Data(mode) => self.begin_data(id, mode),
            Reply::Resume => self.resume_data(id),
        }
    }

    /// Prints the final result code of a line, with what its profile wants beside it.
    fn finish_line(&mut self, id: PortId, code: &ResultCode) {
        self.print_beside(id, UrcWhen::BeforeResult);
        let port = &mut self.core.ports[id.0];
        if port.muted {
            port.writing.result(port.style(), code, &self.core.profile);
            port.flush(&mut self.core.out);
            port.muted = false;
        } else if !self.conclude_judged(id, code) {
            return;
        }
        self.end_line(id);
    }

    pub(super) fn print_result(&mut self, id: PortId, code: &ResultCode) {
        let port = &mut self.core.ports[id.0];
        let text = port.writing.result(port.style(), code, &self.core.profile);
        let cause = code.to_string();
        self.core.note(|| Note::Result { port: id, cause: Some(cause).filter(|cause| *cause != text), text });
    }

    /// The next command line may come.
    pub(super) fn end_line(&mut self, id: PortId) {
        self.core.ports[id.0].state = State::Command;
        self.print_beside(id, UrcWhen::WithResult);
        let core = &mut self.core;
        core.ports[id.0].flush(&mut core.out);
    }
}

fn form_name(form: &Form) -> &'static str {
    match form {
        Form::Exec => "exec",
        Form::Read => "read",
        Form::Test => "test",
        Form::Write(_) => "write",
    }
}
