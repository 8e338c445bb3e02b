//! Faults of the module: a command's answer, or a URC, is another, late, or missing.

use crate::fault::engine::Engine;
use crate::fault::engine::fact::Fact;
use crate::fault::layer::action::{Action, ModuleFault};
use crate::time::Now;
use std::time::Duration;

/// What becomes of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandVerdict {
    /// It is carried out and answered.
    Pass,
    /// These lines are the answer, the final result code among them.
    Answer {
        /// The lines, without line ends.
        lines: Vec<String>,
        /// Whether it is carried out all the same, unheard.
        carried_out: bool,
    },
    /// It is not carried out; the answer is this `+CME ERROR` (or `ERROR`, as `+CMEE` says).
    Error(u16),
    /// It is carried out, and its answer comes so much later.
    Late(Duration),
    /// It is never answered.
    Swallow {
        /// Whether it is carried out.
        carried_out: bool,
    },
}

/// What becomes of a URC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UrcVerdict {
    /// It is said.
    Pass,
    /// These lines are said instead.
    Replace(Vec<String>),
    /// It is said so much later.
    Late(Duration),
    /// It is never said.
    Swallow,
}

impl Engine {
    /// The module has read a command line on a port (from 1), and is about to carry it out.
    pub fn command(&mut self, now: Now, port: usize, line: &str) -> CommandVerdict {
        if self.idle() {
            return CommandVerdict::Pass;
        }
        self.happen(now, Fact::Command { port, line });
        let verdict = self.first(now, |action| match action {
            Action::Module(m)
                if m.urc.is_none() && m.port.is_none_or(|p| p == port) && m.command.matches(line.trim()) =>
            {
                match &m.what {
                    ModuleFault::Answer { lines, carried_out } => {
                        Some(CommandVerdict::Answer { lines: lines.clone(), carried_out: *carried_out })
                    }
                    ModuleFault::Error(number) => Some(CommandVerdict::Error(*number)),
                    ModuleFault::Late(by) => Some(CommandVerdict::Late(*by)),
                    ModuleFault::Swallow { carried_out } => {
                        Some(CommandVerdict::Swallow { carried_out: *carried_out })
                    }
                    ModuleFault::Reset { .. } | ModuleFault::Say(_) | ModuleFault::Force(_) => None,
                }
            }
            _ => None,
        });
        verdict.unwrap_or(CommandVerdict::Pass)
    }

    /// The module is about to say a line unasked on a port (from 1).
    pub fn urc(&mut self, now: Now, port: usize, text: &str) -> UrcVerdict {
        if self.idle() {
            return UrcVerdict::Pass;
        }
        self.happen(now, Fact::Urc { port, text });
        let verdict = self.first(now, |action| match action {
            Action::Module(m) if m.port.is_none_or(|p| p == port) && m.urc.as_ref()?.matches(text) => {
                match &m.what {
                    ModuleFault::Answer { lines, .. } => Some(UrcVerdict::Replace(lines.clone())),
                    ModuleFault::Late(by) => Some(UrcVerdict::Late(*by)),
                    ModuleFault::Swallow { .. } => Some(UrcVerdict::Swallow),
                    _ => None,
                }
            }
            _ => None,
        });
        verdict.unwrap_or(UrcVerdict::Pass)
    }
}
