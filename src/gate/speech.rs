//! What is said to the module, in its order and in its time.

use super::command::Command;
use super::faults::{Speech, Then, Words};
use super::{Gate, GateOutput, reply};
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
        let speech = self.faults.reply(now, &command.verb, &command.argument, &reply);
        self.say(now, speech, Some(&reply));
    }

    pub(super) fn say(&mut self, now: Now, speech: Speech, real: Option<&Reply>) {
        let bytes = match &speech.words {
            Words::Real => real.map(reply::bytes),
            Words::Reply(other) => Some(reply::bytes(other)),
            Words::Raw(bytes) => Some(bytes.clone()),
            Words::Nothing => None,
        };
        if let Some(bytes) = bytes {
            self.mouth.push_after(now, speech.delay, Saying::Bytes(bytes));
        }
        match speech.then {
            Then::Stay => {}
            Then::Close => self.mouth.push_after(now, speech.delay, Saying::Close),
            Then::Reset => self.mouth.push_after(now, speech.delay, Saying::Reset),
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
