//! What the gate makes of the replies on the control connection to the server.

use super::speech::Queued;
use super::{Command, Gate, Job, builtin, reply};
use crate::fault::{Scripted, Then, VerbVerdict};
use crate::ftp::Reply;
use crate::time::Now;

impl Gate {
    pub(super) fn upstream_bytes(&mut self, now: Now, bytes: &[u8]) {
        let mut rest = bytes;
        while !matches!(self.job, Job::Closed) {
            let Some(reply) = self.transfers.server.next(&mut rest) else { return };
            match reply {
                reply if matches!(self.job, Job::Ending | Job::Storing) => self.server().unheard(&reply),
                Ok(reply) => self.upstream_reply(now, reply),
                Err(_) => return self.upstream_failed(now),
            }
            self.send_due(now);
        }
    }

    pub(super) fn upstream_failed(&mut self, now: Now) {
        let last = Scripted { then: Then::Close, ..Scripted::new(421, "Service not available.") };
        self.say(now, &last);
    }

    fn upstream_reply(&mut self, now: Now, mut reply: Reply) {
        let server = &mut self.transfers.server;
        server.decode(&mut reply);
        if !reply.is_preliminary() {
            match server.owed.checked_sub(1) {
                None => return self.unasked(now, reply),
                Some(owed) => server.owed = owed,
            }
        }
        match &self.job {
            Job::Greeting => self.greeted(now, reply),
            Job::Relay(command) => {
                let command = command.clone();
                self.relayed(now, command, reply);
            }
            Job::Idle => {
                self.transfers.reply(now, reply);
                self.act(now);
            }
            Job::Ending | Job::Storing | Job::Closed => {}
        }
    }

    /// A server that closes an idle session should say 421; some say 221.
    fn unasked(&mut self, now: Now, mut reply: Reply) {
        if reply.code == 221 {
            reply = reply::line(421, reply.text());
        }
        let none = Command { verb: String::new(), argument: String::new() };
        self.answer(now, &none, reply);
    }

    fn greeted(&mut self, now: Now, mut reply: Reply) {
        if reply.code == 220 && reply.text() == builtin::GREETING {
            self.server().builtin = true;
            reply = reply::line(220, &self.config.greeting);
        }
        if !reply.is_preliminary() {
            self.rest(now);
        }
        let connect = Command { verb: "CONNECT".into(), argument: String::new() };
        match self.speech.faults.verb(now, &connect.verb, &connect.argument) {
            VerbVerdict::Reply(scripted) => self.say(now, &scripted),
            VerbVerdict::Swallow => self.send_due(now),
            VerbVerdict::Stop(_) | VerbVerdict::Pass => self.answer(now, &connect, reply),
        }
    }

    /// The reply to a command that was passed on.
    fn relayed(&mut self, now: Now, command: Command, reply: Reply) {
        let last = !reply.is_preliminary();
        if last {
            self.rest(now);
            self.session.learn(&command, &reply, &self.transfers.server);
            if let ("REST", 350) = (command.verb.as_str(), reply.code) {
                self.transfers.restart_at(command.argument.trim().parse().unwrap_or(0));
            }
        }
        let reply = match (self.server().builtin, command.verb.as_str()) {
            (true, "FEAT") => builtin::features(reply),
            (true, _) => builtin::mended(&command, reply),
            (false, _) => reply,
        };
        let secures = command.verb == "AUTH" && reply.code == 234;
        self.answer(now, &command, reply);
        if secures {
            self.server().tls = true;
            self.start_tls(now);
        }
        if last && command.verb == "QUIT" && self.is_open() {
            self.end(now, Queued::Close);
        }
    }
}
