//! The seam through which a server misbehaves. What becomes of a verb and its reply is said in the words of `fault`.

use crate::fault::{PassiveVerdict, ReplyVerdict, VerbVerdict};
use crate::time::Now;
use std::fmt::Debug;

/// Decides how a session goes wrong. Everything passes unless a method is overridden.
pub trait GateFaults: Debug + Send {
    /// Asked when a command is about to be carried out, once for each. The verb is in capitals. For ABOR with
    /// [`VerbVerdict::Swallow`], the transfer goes on.
    fn verb(&mut self, now: Now, verb: &str, argument: &str) -> VerbVerdict {
        let _ = (now, verb, argument);
        VerbVerdict::Pass
    }

    /// Asked about a PASV or EPSV that [`verb`](GateFaults::verb) let pass: which address is announced, and served.
    fn passive(&mut self, now: Now) -> PassiveVerdict {
        let _ = now;
        PassiveVerdict::Pass
    }

    /// Asked about each reply before it is said: the preliminary (1yz) and the final one. The
    /// greeting's verb is `CONNECT`, and `line` is the last one, code included.
    fn reply(&mut self, now: Now, verb: &str, argument: &str, code: u16, line: &str) -> ReplyVerdict {
        let _ = (now, verb, argument, code, line);
        ReplyVerdict::Pass
    }
}

/// No faults.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoGateFaults;

impl GateFaults for NoGateFaults {}
