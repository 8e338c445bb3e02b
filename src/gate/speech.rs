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
pub enum Saying {
    Bytes(Bytes),
    StartTls,
    Close,
    Reset,
}

/// What is still to be said.
#[derive(Debug, Default)]
pub struct Mouth {
    queue: VecDeque<(Now, Saying)>,
}

impl Mouth {
    pub fn due(&self) -> Option<Now> {
        self.queue.front().map(|(due, _)| *due)
    }

    pub fn push(&mut self, now: Now, saying: Saying) {
        self.push_after(now, Duration::ZERO, saying);
    }

    pub fn push_after(&mut self, now: Now, delay: Duration, saying: Saying) {
        let last = self.queue.back().map_or(now, |(due, _)| *due);
        self.queue.push_back((last.max(now + delay), saying));
    }

    fn pop(&mut self, now: Now) -> Option<Saying> {
        self.due().filter(|due| *due <= now)?;
        self.queue.pop_front().map(|(_, saying)| saying)
    }
}

impl Gate {
    /// Says the reply to a command, or what the faults make of it.
    pub(super) fn answer(&mut self, now: Now, command: &Command, reply: Reply) {
        match self.faults.reply(now, &command.verb, &command.argument, reply.code) {
            ReplyVerdict::Pass => self.mouth.push(now, Saying::Bytes(reply::bytes(&reply))),
            ReplyVerdict::Late(by) => self.mouth.push_after(now, by, Saying::Bytes(reply::bytes(&reply))),
            ReplyVerdict::Malformed(line) => {
                self.mouth.push(now, Saying::Bytes(format!("{line}\r\n").into()));
            }
            ReplyVerdict::Instead(scripted) => return self.say(now, &scripted, Some(&reply)),
            ReplyVerdict::Swallow => {}
        }
        self.utter(now);
    }

    /// Says a reply of one line that is not the server's; `real` lends its text where it has none.
    pub(super) fn say(&mut self, now: Now, scripted: &Scripted, real: Option<&Reply>) {
        let text = match (&scripted.text, real) {
            (Some(text), _) => text,
            (None, Some(real)) => real.text(),
            (None, None) => reply::usual(scripted.code),
        };
        let bytes = reply::bytes(&reply::line(scripted.code, text));
        self.mouth.push_after(now, scripted.late, Saying::Bytes(bytes));
        match scripted.then {
            Then::Stay => {}
            Then::Close => self.mouth.push_after(now, scripted.late, Saying::Close),
            Then::Reset => self.mouth.push_after(now, scripted.late, Saying::Reset),
        }
        self.utter(now);
    }

    /// Says what is due.
    pub(super) fn utter(&mut self, now: Now) {
        while let Some(saying) = self.mouth.pop(now) {
            match saying {
                Saying::Bytes(bytes) => self.out.push_back(GateOutput::ToModule(bytes)),
                Saying::StartTls => self.out.push_back(GateOutput::StartTls),
                Saying::Close => return self.finish(now, GateOutput::FinModule),
                Saying::Reset => return self.finish(now, GateOutput::ResetModule),
            }
        }
    }
}
