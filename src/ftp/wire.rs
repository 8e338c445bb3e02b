//! What every stage of a session writes to: the settings, the output queue, and what the server has been told.

use super::line::Line;
use super::{Cause, Event, Failure, Output, Reply, Settings, Step, Type};
use crate::at::octets::octets_of;
use bytes::Bytes;
use std::collections::VecDeque;

/// The outcome of feeding a stage.
#[derive(Debug)]
pub enum Turn {
    /// Nothing yet.
    Wait,
    /// It is done, by this reply.
    Done(Reply),
    /// It failed; the session is still in step.
    Failed(Failure),
    /// It failed, and the session with it.
    Lost(Failure),
}

impl Turn {
    pub fn failed(step: Step, cause: Cause) -> Turn {
        Turn::Failed(Failure { step, cause })
    }

    pub fn lost(step: Step, cause: Cause) -> Turn {
        Turn::Lost(Failure { step, cause })
    }
}

#[derive(Clone, Debug, Default)]
pub struct Wire {
    pub settings: Settings,
    pub out: VecDeque<Output>,
    /// The TYPE that the server has accepted last.
    pub told: Option<Type>,
    /// A REST was accepted and no transfer has used it up.
    pub armed: bool,
    /// Final replies of transfers that were given up before the server had spoken.
    pub late: u8,
}

impl Wire {
    /// Sends a command line.
    pub fn command(&mut self, line: Line) {
        let text = line.into_text();
        let bytes = Bytes::from([&*octets_of(&text), b"\r\n"].concat());
        // Told first: the answer may be there as soon as it is sent.
        self.event(Event::Sent(text));
        self.push(Output::SendControl(bytes));
    }

    pub fn push(&mut self, output: Output) {
        self.out.push_back(output);
    }

    pub fn event(&mut self, event: Event) {
        self.push(Output::Event(event));
    }

    /// Forgets what an earlier session has agreed on.
    pub fn renew(&mut self) {
        self.told = None;
        self.armed = false;
        self.late = 0;
    }

    /// Remembers that the server still owes the final reply of a transfer.
    pub fn owe(&mut self) {
        self.late = self.late.saturating_add(1);
    }

    /// Remembers it where the transfer fails by what does not answer its verb: a line that is no reply, or a 421,
    /// which may come at any time (RFC 959 section 5.4).
    pub fn owe_behind(&mut self, reply: &Reply) {
        if matches!(reply.code, 0 | 421) {
            self.owe();
        }
    }

    /// True where `reply` is the owed end of a transfer given up earlier, and not an answer to what was sent since.
    pub fn settles(&mut self, reply: &Reply) -> bool {
        match reply.code {
            225 | 226 | 426 | 451 if self.late > 0 => {
                self.late -= 1;
                true
            }
            // Servers answer in order: nothing earlier will come any more.
            200.. => {
                self.late = 0;
                false
            }
            _ => false,
        }
    }
}
