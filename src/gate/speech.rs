//! What is said to the module, in its order and in its time.

use super::command::Command;
use super::{GateFaults, reply};
use crate::fault::{ReplyVerdict, Scripted, Then};
use crate::ftp::Reply;
use crate::time::Now;
use bytes::Bytes;
use std::collections::VecDeque;
use std::time::Duration;

/// One thing to be said or done on the control connection.
#[derive(Debug)]
pub enum Queued {
    Bytes(Bytes),
    StartTls,
    Close,
    Reset,
}

/// What is said to the module: what is still to be said, in its order, each not before its time, and the faults that decide
/// what is said at all.
#[derive(Debug)]
pub struct Speech {
    pub faults: Box<dyn GateFaults>,
    queue: VecDeque<(Now, Queued)>,
}

impl Speech {
    pub fn new(faults: Box<dyn GateFaults>) -> Speech {
        Speech { faults, queue: VecDeque::new() }
    }

    pub fn due(&self) -> Option<Now> {
        self.queue.front().map(|(due, _)| *due)
    }

    pub fn push(&mut self, now: Now, queued: Queued) {
        self.push_after(now, Duration::ZERO, queued);
    }

    pub fn push_after(&mut self, now: Now, delay: Duration, queued: Queued) {
        let last = self.queue.back().map_or(now, |(due, _)| *due);
        self.queue.push_back((last.max(now + delay), queued));
    }

    /// The next that is due.
    pub fn pop(&mut self, now: Now) -> Option<Queued> {
        self.due().filter(|due| *due <= now)?;
        self.queue.pop_front().map(|(_, queued)| queued)
    }

    /// Forgets all that is still to be said.
    pub fn clear(&mut self) {
        self.queue.clear();
    }

    /// Says the reply to a command, or what the faults make of it.
    pub fn answer(&mut self, now: Now, command: &Command, reply: &Reply) {
        match self.faults.reply(now, &command.verb, &command.argument, reply.code) {
            ReplyVerdict::Pass => self.push(now, Queued::Bytes(reply::bytes(reply))),
            ReplyVerdict::Late(by) => self.push_after(now, by, Queued::Bytes(reply::bytes(reply))),
            ReplyVerdict::Malformed(line) => self.push(now, Queued::Bytes(format!("{line}\r\n").into())),
            ReplyVerdict::Instead(scripted) => self.say(now, &scripted, Some(reply)),
            ReplyVerdict::Swallow => {}
        }
    }

    /// Says a reply of one line that a fault gives. Where it has no text, it takes the text of the `real` reply.
    pub fn say(&mut self, now: Now, scripted: &Scripted, real: Option<&Reply>) {
        let text = match (&scripted.text, real) {
            (Some(text), _) => text,
            (None, Some(real)) => real.text(),
            (None, None) => reply::usual(scripted.code),
        };
        let bytes = reply::bytes(&reply::line(scripted.code, text));
        self.push_after(now, scripted.late, Queued::Bytes(bytes));
        match scripted.then {
            Then::Stay => {}
            Then::Close => self.push_after(now, scripted.late, Queued::Close),
            Then::Reset => self.push_after(now, scripted.late, Queued::Reset),
        }
    }
}
