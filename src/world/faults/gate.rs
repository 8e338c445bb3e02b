//! Asked by the gates: what becomes of each FTP verb, reply and passive address.

use super::Faults;
use crate::fault::{PassiveVerdict, ReplyVerdict, VerbVerdict};
use crate::gate::GateFaults;
use crate::time::Now;

impl GateFaults for Faults {
    fn verb(&mut self, now: Now, verb: &str, argument: &str) -> VerbVerdict {
        self.ask(|engine| engine.verb(now, verb, argument)).unwrap_or(VerbVerdict::Pass)
    }

    fn passive(&mut self, now: Now) -> PassiveVerdict {
        self.ask(|engine| engine.passive(now)).unwrap_or(PassiveVerdict::Pass)
    }

    fn reply(&mut self, now: Now, verb: &str, argument: &str, code: u16, line: &str) -> ReplyVerdict {
        self.ask(|engine| engine.reply(now, verb, argument, code, line)).unwrap_or(ReplyVerdict::Pass)
    }
}
