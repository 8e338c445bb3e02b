//! Faults of the module: a command's answer, or a URC, is another, late, or missing.

use crate::fault::engine::Engine;
use crate::fault::engine::fact::Fact;
use crate::fault::engine::live::Over;
use crate::fault::layer::action::{Action, ModuleFault};
use crate::fault::text::pattern::Pattern;
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

/// What becomes of a final result code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResultVerdict {
    /// It is printed.
    Pass,
    /// These lines come instead.
    Replace(Vec<String>),
    /// It is this error instead.
    Error(u16),
    /// It comes so much later.
    Late(Duration),
    /// It is never printed.
    Swallow,
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
        let over = |verdict: &CommandVerdict| match verdict {
            CommandVerdict::Late(_) => Over::LetOut(port),
            _ => Over::AtOnce,
        };
        let verdict = self.first_until(now, over, |action| match action {
            Action::Module(m)
                if m.urc.is_none()
                    && m.result.is_none()
                    && m.port.is_none_or(|p| p == port)
                    && m.command.matches(line.trim()) =>
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

    /// The module is about to print a final result code on a port (from 1); `cause` is what it stands for.
    pub fn result(&mut self, now: Now, port: usize, text: &str, cause: &str) -> ResultVerdict {
        if self.idle() {
            return ResultVerdict::Pass;
        }
        self.happen(now, Fact::Result { port, text, cause });
        let about = |pattern: &Pattern| pattern.matches(text) || pattern.matches(cause);
        let over = |verdict: &ResultVerdict| match verdict {
            ResultVerdict::Late(_) => Over::LetOut(port),
            _ => Over::AtOnce,
        };
        let verdict = self.first_until(now, over, |action| match action {
            Action::Module(m) if m.port.is_none_or(|p| p == port) && m.result.as_ref().is_some_and(about) => {
                match &m.what {
                    ModuleFault::Answer { lines, .. } => Some(ResultVerdict::Replace(lines.clone())),
                    ModuleFault::Error(number) => Some(ResultVerdict::Error(*number)),
                    ModuleFault::Late(by) => Some(ResultVerdict::Late(*by)),
                    ModuleFault::Swallow { .. } => Some(ResultVerdict::Swallow),
                    ModuleFault::Reset { .. } | ModuleFault::Say(_) | ModuleFault::Force(_) => None,
                }
            }
            _ => None,
        });
        verdict.unwrap_or(ResultVerdict::Pass)
    }

    /// The module is about to say a line unasked on a port (from 1).
    pub fn urc(&mut self, now: Now, port: usize, text: &str) -> UrcVerdict {
        if self.idle() {
            return UrcVerdict::Pass;
        }
        self.happen(now, Fact::Urc { port, text });
        let over = |verdict: &UrcVerdict| match verdict {
            UrcVerdict::Late(by) => Over::After(*by),
            _ => Over::AtOnce,
        };
        let verdict = self.first_until(now, over, |action| match action {
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
