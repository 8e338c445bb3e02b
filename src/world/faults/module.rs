//! Asked by the module: what becomes of each command line, result code and unsolicited line.

use super::Faults;
use crate::fault::{CommandVerdict, Event, Observation, ResultVerdict, UrcVerdict};
use crate::modem::{FaultHook, PortId};
use crate::time::Now;

#[derive(Debug)]
pub(super) struct Module(pub Faults);

impl FaultHook for Module {
    fn is_idle(&self) -> bool {
        self.0.is_empty()
    }

    fn command(&mut self, now: Now, port: PortId, line: &str) -> CommandVerdict {
        self.0.ask(|engine| engine.command(now, port.number(), line)).unwrap_or(CommandVerdict::Pass)
    }

    fn result(&mut self, now: Now, port: PortId, text: &str, cause: &str) -> ResultVerdict {
        self.0.ask(|engine| engine.result(now, port.number(), text, cause)).unwrap_or(ResultVerdict::Pass)
    }

    fn urc(&mut self, now: Now, port: PortId, line: &str) -> UrcVerdict {
        self.0.ask(|engine| engine.urc(now, port.number(), line)).unwrap_or(UrcVerdict::Pass)
    }

    fn observe(&mut self, now: Now, what: &dyn Fn() -> Observation) {
        if !self.0.is_empty() {
            self.0.observe(now, &what());
        }
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.0.poll_event()
    }
}
