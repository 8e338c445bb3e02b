//! Asked by the module: about each command line that it has read, each final result code, and each line that it is about to say unasked.

use crate::fault::engine::Engine;
use crate::fault::engine::fact::Fact;
use crate::fault::engine::live::Over;
use crate::fault::layer::Action;
use crate::fault::layer::kind::Layer;
use crate::fault::layer::module::{CommandVerdict, ResultVerdict, UrcVerdict};
use crate::time::Now;

impl Engine {
    /// The module has read a command line on a port (from 1), and is about to carry it out.
    pub fn command(&mut self, now: Now, port: usize, line: &str) -> CommandVerdict {
        if self.rules.is_empty() {
            return CommandVerdict::Pass;
        }
        self.rules.happen(now, Fact::Command { port, line });
        let over = |verdict: &CommandVerdict| match verdict {
            CommandVerdict::Late(_) => Over::LetOut(port),
            _ => Over::AtOnce,
        };
        let verdict = self.rules.first_until(now, Layer::Module, over, |action, dice| match action {
            Action::Module(fault) => fault.on_command(port, line, dice),
            _ => None,
        });
        verdict.unwrap_or(CommandVerdict::Pass)
    }

    /// The module is about to print a final result code on a port (from 1); `cause` is what it stands for.
    pub fn result(&mut self, now: Now, port: usize, text: &str, cause: &str) -> ResultVerdict {
        if self.rules.is_empty() {
            return ResultVerdict::Pass;
        }
        self.rules.happen(now, Fact::Result { port, text, cause });
        let over = |verdict: &ResultVerdict| match verdict {
            ResultVerdict::Late(_) => Over::LetOut(port),
            _ => Over::AtOnce,
        };
        let verdict = self.rules.first_until(now, Layer::Module, over, |action, dice| match action {
            Action::Module(fault) => fault.on_result(port, text, cause, dice),
            _ => None,
        });
        verdict.unwrap_or(ResultVerdict::Pass)
    }

    /// The module is about to say a line unasked on a port (from 1).
    pub fn urc(&mut self, now: Now, port: usize, text: &str) -> UrcVerdict {
        if self.rules.is_empty() {
            return UrcVerdict::Pass;
        }
        self.rules.happen(now, Fact::Urc { port, text });
        let over = |verdict: &UrcVerdict| match verdict {
            UrcVerdict::Late(by) => Over::After(*by),
            _ => Over::AtOnce,
        };
        let verdict = self.rules.first_until(now, Layer::Module, over, |action, dice| match action {
            Action::Module(fault) => fault.on_urc(port, text, dice),
            _ => None,
        });
        verdict.unwrap_or(UrcVerdict::Pass)
    }
}
