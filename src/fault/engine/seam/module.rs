//! Asked by the module: about each command line that it has read, and each line that it is about to say unasked.

use crate::fault::engine::Engine;
use crate::fault::engine::fact::Fact;
use crate::fault::layer::Action;
use crate::fault::layer::module::{CommandVerdict, UrcVerdict};
use crate::time::Now;

impl Engine {
    /// The module has read a command line on a port (from 1), and is about to carry it out.
    pub fn command(&mut self, now: Now, port: usize, line: &str) -> CommandVerdict {
        if self.idle() {
            return CommandVerdict::Pass;
        }
        self.happen(now, Fact::Command { port, line });
        let verdict = self.first(now, |action| match action {
            Action::Module(fault) => fault.on_command(port, line),
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
            Action::Module(fault) => fault.on_urc(port, text),
            _ => None,
        });
        verdict.unwrap_or(UrcVerdict::Pass)
    }
}
