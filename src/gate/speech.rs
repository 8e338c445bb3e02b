//! What is said to the module, in its order and in its time.

use super::command::Command;
use super::{Gate, GateOutput, reply};
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

/// What is still to be said, in its order, each not before its time.
#[derive(Debug, Default)]
pub struct ReplyQueue {
    queue: VecDeque<(Now, Queued)>,
}

impl ReplyQueue {
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

    fn pop(&mut self, now: Now) -> Option<Queued> {
        self.due().filter(|due| *due <= now)?;
        self.queue.pop_front().map(|(_, queued)| queued)
    }
}

impl Gate {
    /// Says the reply to a command, or what the faults make of it.
    pub(super) fn answer(&mut self, now: Now, command: &Command, reply: Reply) {
        match self.faults.reply(now, &command.verb, &command.argument, reply.code) {
            ReplyVerdict::Pass => self.queue.push(now, Queued::Bytes(reply::bytes(&reply))),
            ReplyVerdict::Late(by) => self.queue.push_after(now, by, Queued::Bytes(reply::bytes(&reply))),
            ReplyVerdict::Malformed(line) => {
                self.queue.push(now, Queued::Bytes(format!("{line}\r\n").into()));
            }
            ReplyVerdict::Instead(scripted) => return self.say(now, &scripted, Some(&reply)),
            ReplyVerdict::Swallow => {}
        }
        self.send_due(now);
    }

    /// Says a reply of one line that a fault gives. Where it has no text, it takes the text of the `real` reply.
    pub(super) fn say(&mut self, now: Now, scripted: &Scripted, real: Option<&Reply>) {
        let text = match (&scripted.text, real) {
            (Some(text), _) => text,
            (None, Some(real)) => real.text(),
            (None, None) => reply::usual(scripted.code),
        };
        let bytes = reply::bytes(&reply::line(scripted.code, text));
        self.queue.push_after(now, scripted.late, Queued::Bytes(bytes));
        match scripted.then {
            Then::Stay => {}
            Then::Close => self.queue.push_after(now, scripted.late, Queued::Close),
            Then::Reset => self.queue.push_after(now, scripted.late, Queued::Reset),
        }
        self.send_due(now);
    }

    /// Says what is due.
    pub(super) fn send_due(&mut self, now: Now) {
        while let Some(queued) = self.queue.pop(now) {
            match queued {
                Queued::Bytes(bytes) => self.out.push_back(GateOutput::ToModule(bytes)),
                Queued::StartTls => self.out.push_back(GateOutput::StartTls),
                Queued::Close => return self.finish(now, GateOutput::FinModule),
                Queued::Reset => return self.finish(now, GateOutput::ResetModule),
            }
        }
    }
}
