//! Asked by the gate between module and server: about each verb, each reply, and each passive address.

use crate::fault::engine::Engine;
use crate::fault::engine::fact::Fact;
use crate::fault::engine::live::Over;
use crate::fault::layer::Action;
use crate::fault::layer::ftp::{PassiveVerdict, ReplyVerdict, VerbVerdict};
use crate::fault::layer::kind::Layer;
use crate::time::Now;

impl Engine {
    /// The module has sent an FTP verb.
    pub fn verb(&mut self, now: Now, verb: &str, file: &str) -> VerbVerdict {
        if self.rules.is_empty() {
            return VerbVerdict::Pass;
        }
        self.rules.happen(now, Fact::Verb { verb, file });
        let over = |verdict: &VerbVerdict| match verdict {
            VerbVerdict::Reply(scripted) => Over::After(scripted.late),
            _ => Over::AtOnce,
        };
        let verdict = self.rules.first_until(now, Layer::Ftp, over, |action, _| match action {
            Action::Ftp(fault) => fault.on_verb(verb, file),
            _ => None,
        });
        verdict.unwrap_or(VerbVerdict::Pass)
    }

    /// The server has answered a verb. The greeting answers the verb `CONNECT`.
    pub fn reply(&mut self, now: Now, verb: &str, file: &str, code: u16) -> ReplyVerdict {
        if self.rules.is_empty() {
            return ReplyVerdict::Pass;
        }
        self.rules.happen(now, Fact::Reply { verb, file, code });
        let over = |verdict: &ReplyVerdict| match verdict {
            ReplyVerdict::Instead(scripted) => Over::After(scripted.late),
            ReplyVerdict::Late(by) => Over::After(*by),
            _ => Over::AtOnce,
        };
        let verdict = self.rules.first_until(now, Layer::Ftp, over, |action, dice| match action {
            Action::Ftp(fault) => fault.on_reply(verb, file, dice),
            _ => None,
        });
        verdict.unwrap_or(ReplyVerdict::Pass)
    }

    /// A passive address is about to be given for a PASV or EPSV that [`verb`](Engine::verb) let pass.
    pub fn passive(&mut self, now: Now) -> PassiveVerdict {
        self.rules.handle_timeout(now);
        let verdict = self.rules.first(now, Layer::Ftp, |action| match action {
            Action::Ftp(fault) => fault.on_passive(),
            _ => None,
        });
        verdict.unwrap_or(PassiveVerdict::Pass)
    }
}
