//! Command lines: from what the host typed to the final result code (V.250 section 5.2 to 5.7).

use super::port::{Answer, PortId, PortState, Rest, Typed};
use super::{Cx, Modem, Note, Reply, base};
use crate::at::{self, Call, Form, ResultCode};
use crate::profile::UrcWhen;

impl Modem {
    /// Takes what the host typed, as far as the port can listen.
    pub(super) fn listen(&mut self, id: PortId) -> bool {
        let line_end = self.core.profile.serial.line_end;
        let max = self.core.profile.serial.line_max;
        let port = &mut self.core.running.ports[id.0];
        if matches!(port.state, PortState::Busy { .. }) {
            return false;
        }
        let Some(bytes) = port.unstash() else { return false };
        if matches!(port.state, PortState::Data(_)) {
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
        self.core.running.ports[id.0].last_line = line;
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
                    let port = &mut self.core.running.ports[id.0];
                    port.state = PortState::Busy { rest: tail.to_string() };
                    port.writing.next_command();
                    let reply = self.dispatch(id, &call);
                    self.kept(reply)
                }
            };
            match self.go_on(id, reply) {
                Ok(tail) => rest = tail,
                Err(Reply::Ok) => return,
                Err(reply) => return self.conclude(id, reply),
            }
        }
    }

    /// The rest of the line, where it goes on after this reply; else the reply, which ends the line.
    fn go_on(&mut self, id: PortId, reply: Reply) -> Result<String, Reply> {
        let port = &mut self.core.running.ports[id.0];
        let style = port.style();
        let PortState::Busy { rest } = &mut port.state else { return Err(reply) };
        let more = !rest.trim_matches([' ', ';']).is_empty();
        match reply {
            Reply::Ok => {}
            // A command without a result code leaves it to the next command of the line (`AT+CIFSR;E0`).
            Reply::Silent if more => {}
            Reply::Line(text) if more => port.writing.line(style, &text),
            Reply::Own(words) if more => {
                port.writing.result(style, &ResultCode::Own(words), &self.core.profile);
            }
            reply => return Err(reply),
        }
        Ok(std::mem::take(rest))
    }

    fn dispatch(&mut self, id: PortId, call: &Call) -> Reply {
        let profile = self.core.profile.clone();
        let refusal = self.core.lasting.sim.refusal();
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

    /// What a command has stored is kept before it answers: what comes of its reply.
    pub(super) fn kept(&mut self, reply: Reply) -> Reply {
        match (self.core.keep_flash(), reply) {
            (false, Reply::Ok | Reply::Own(_)) => self.core.error(self.core.profile.errors.store),
            (_, reply) => reply,
        }
    }

    /// The command of a busy port is over.
    pub(super) fn finish(&mut self, id: PortId, reply: Reply) {
        let reply = self.kept(reply);
        match self.go_on(id, reply) {
            Ok(rest) => self.run(id, rest),
            Err(reply) => self.conclude(id, reply),
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
            Reply::Own(words) => self.finish_line(id, &ResultCode::Own(words)),
            Reply::Line(text) => self.finish_line(id, &ResultCode::Line(text)),
            Reply::Silent => {
                self.core.running.ports[id.0].answer = Answer::Prompt;
                self.core.running.ports[id.0].state = PortState::Command;
            }
            Reply::Data(mode) => {
                let rest = self.core.running.ports[id.0].rest_of_answer();
                self.begin_data(id, mode, rest);
            }
            Reply::Resume => self.resume_data(id),
        }
    }

    /// Prints the final result code of a line, with what its profile wants beside it.
    pub(super) fn finish_line(&mut self, id: PortId, code: &ResultCode) {
        let port = &mut self.core.running.ports[id.0];
        let swallowed = port.rest_of_answer() == Rest::Muted;
        if swallowed {
            port.flush(&mut self.core.out);
            port.answer = Answer::Prompt;
        }
        // What is said unasked is no part of the answer.
        self.print_beside(id, UrcWhen::BeforeResult);
        if !swallowed && !self.conclude_judged(id, code) {
            return;
        }
        self.end_line(id);
    }

    /// The next command line may come.
    pub(super) fn end_line(&mut self, id: PortId) {
        self.core.running.ports[id.0].state = PortState::Command;
        self.print_beside(id, UrcWhen::WithResult);
        let core = &mut self.core;
        core.running.ports[id.0].flush(&mut core.out);
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
