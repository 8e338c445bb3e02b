//! ABOR (RFC 959 section 4.1.3): the server ends the transfer with 426 or 226, then answers the command.

use super::line::Line;
use super::transfer::{Stage, Transfer};
use super::wire::{Turn, Wire};
use super::{Cause, Reply, Settings, Step};
use crate::ftp::transfer::Release;
use crate::time::Now;
use std::time::Duration;

/// The final replies that an abort still waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owed {
    /// The transfer's and the command's.
    Both,
    /// One more, which some servers never send.
    One,
}

impl Owed {
    pub fn patience(self, settings: &Settings) -> Duration {
        match self {
            Owed::Both => settings.reply_timeout,
            Owed::One => settings.abort_grace,
        }
    }

    pub fn expired(self, wire: &mut Wire) -> Turn {
        match self {
            Owed::Both => Turn::lost(Step::Transfer, Cause::Silence),
            Owed::One => {
                wire.owe();
                aborted()
            }
        }
    }
}

impl Transfer {
    /// Gives the transfer up; with ABOR where its verb was sent.
    pub fn abort(&mut self, wire: &mut Wire, now: Now) -> Turn {
        let step = self.step();
        match self.stage {
            Stage::Connecting | Stage::Listening => return Turn::failed(step, Cause::Aborted),
            Stage::Type | Stage::Passive | Stage::Port | Stage::Rest => self.stage = Stage::Cancelled(step),
            Stage::Verb | Stage::Moving => self.abor(wire, now, Owed::Both),
            Stage::Closing(_) => self.abor(wire, now, Owed::One),
            Stage::Cancelled(_) | Stage::Aborting(_) => return Turn::Wait,
        }
        self.release(wire, Release::Rst);
        Turn::Wait
    }

    fn abor(&mut self, wire: &mut Wire, now: Now, owed: Owed) {
        wire.command(Line::bare("ABOR"));
        self.stage = Stage::Aborting(owed);
        self.since = now;
    }

    pub(super) fn aborting_reply(&mut self, now: Now, reply: Reply) -> Turn {
        match (&self.stage, reply.code) {
            (_, 100..=199) => Turn::Wait,
            // 225 answers nothing but ABOR; behind 421 nothing comes.
            (Stage::Aborting(Owed::Both), code) if code != 225 && code != 421 => {
                self.stage = Stage::Aborting(Owed::One);
                self.since = now;
                Turn::Wait
            }
            _ => aborted(),
        }
    }
}

fn aborted() -> Turn {
    Turn::failed(Step::Transfer, Cause::Aborted)
}
