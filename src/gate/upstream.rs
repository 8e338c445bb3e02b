//! The control connection to the server.

use super::speech::Queued;
use super::{Command, Gate, GateOutput, Job, Pipe, builtin, reply};
use crate::at::octets::octets_of;
use crate::fault::{Scripted, Then, VerbVerdict};
use crate::ftp::{Malformed, Reply};
use crate::time::Now;
use bytes::Bytes;

impl Gate {
    /// Sends a command; from here on the server owes a reply to it.
    pub(super) fn send(&mut self, line: String) {
        self.owed += 1;
        let line = line + "\r\n";
        let line = match self.session.builtin {
            // libunftp takes UTF-8 alone: the storage turns names into their octets.
            true => line.into(),
            false => Bytes::from(octets_of(&line).into_owned()),
        };
        self.out.push_back(GateOutput::ToUpstream(line));
    }

    pub(super) fn upstream_failed(&mut self, now: Now) {
        let last = Scripted { then: Then::Close, ..Scripted::new(421, "Service not available.") };
        self.say(now, &last, None);
    }

    pub(super) fn upstream_bytes(&mut self, now: Now, bytes: &[u8]) {
        let mut rest = bytes;
        while !matches!(self.job, Job::Closed) {
            let reply = match self.replies.next(&mut rest) {
                None => return,
                // What a real server says wrongly is passed on: the module is to see it. It counts as a final reply.
                Some(Err(Malformed::Line(line))) => Ok(Reply::nonsense(line)),
                Some(reply) => reply,
            };
            match reply {
                reply if matches!(self.job, Job::Ending | Job::Storing) => self.unheard(&reply),
                Ok(reply) => self.upstream_reply(now, reply),
                Err(_) => return self.upstream_failed(now),
            }
            self.send_due(now);
        }
    }

    /// Counts the replies that the server still owes, after the module has gone.
    fn unheard(&mut self, reply: &Result<Reply, Malformed>) {
        match reply {
            Ok(reply) if reply.is_preliminary() => {}
            Ok(_) => self.owed = self.owed.saturating_sub(1),
            Err(_) => self.owed = 0,
        }
    }

    fn upstream_reply(&mut self, now: Now, mut reply: Reply) {
        if self.session.builtin {
            for line in &mut reply.lines {
                *line = String::from_utf8_lossy(&octets_of(line)).into_owned();
            }
        }
        if !reply.is_preliminary() {
            match self.owed.checked_sub(1) {
                None => return self.unasked(now, reply),
                Some(owed) => self.owed = owed,
            }
        }
        match &self.job {
            Job::Greeting => self.greeted(now, reply),
            Job::Relay(command) => {
                let command = command.clone();
                self.relayed(now, command, reply);
            }
            Job::Transfer(_) => self.transfer_reply(now, reply),
            // The reply to a command that was aborted.
            Job::Idle if self.owed == 0 && self.pipe == Pipe::Leaving => self.release_pipe(),
            Job::Idle | Job::Ending | Job::Storing | Job::Closed => {}
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
            self.session.builtin = true;
            reply = reply::line(220, &self.config.greeting);
        }
        if !reply.is_preliminary() {
            self.rest(now);
        }
        let connect = Command { verb: "CONNECT".into(), argument: String::new() };
        match self.faults.verb(now, &connect.verb, &connect.argument) {
            VerbVerdict::Reply(scripted) => self.say(now, &scripted, None),
            VerbVerdict::Swallow => self.send_due(now),
            VerbVerdict::Stop(_) | VerbVerdict::Pass => self.answer(now, &connect, reply),
        }
    }

    /// The reply to a command that was passed on.
    fn relayed(&mut self, now: Now, command: Command, reply: Reply) {
        let last = !reply.is_preliminary();
        if last {
            self.rest(now);
            self.learn(&command, &reply);
        }
        let reply = match (self.session.builtin, command.verb.as_str()) {
            (true, "FEAT") => builtin::features(reply),
            (true, _) => builtin::mended(&command, reply),
            (false, _) => reply,
        };
        let secures = command.verb == "AUTH" && reply.code == 234;
        self.answer(now, &command, reply);
        if secures {
            self.session.upstream_tls = true;
            self.start_tls(now);
        }
        if last && command.verb == "QUIT" && !matches!(self.job, Job::Ending | Job::Storing | Job::Closed) {
            self.end(now, Queued::Close);
        }
    }

    fn learn(&mut self, command: &Command, reply: &Reply) {
        let session = &mut self.session;
        match (command.verb.as_str(), reply.code) {
            ("USER", _) => session.user = command.argument.clone(),
            ("PROT", 200..=299) => session.protected = command.argument.trim().eq_ignore_ascii_case("P"),
            ("REIN", 220) => session.logged_in = false,
            ("REST", 350) => {
                session.restart = command.argument.trim().parse().unwrap_or(0);
                session.restart_upstream |= session.restart > 0;
            }
            ("CWD" | "CDUP", 200..=299) if session.builtin => session.directory = command.argument.clone(),
            _ => {}
        }
        if let ("USER" | "PASS" | "ACCT", 202 | 230 | 232) = (command.verb.as_str(), reply.code) {
            session.logged_in = true;
        }
    }
}
