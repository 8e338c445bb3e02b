//! Who may have a say in what the module answers and says.

use super::PortId;
use crate::fault::{CommandVerdict, Observation, UrcVerdict};
use crate::time::Now;

/// Asked before the module carries out a command line or says something unasked, and told what it does.
pub trait Meddler: Send {
    /// A command line was typed, and is about to be carried out.
    fn command(&mut self, now: Now, port: PortId, line: &str) -> CommandVerdict;

    /// A line is about to be said unasked.
    fn urc(&mut self, now: Now, port: PortId, line: &str) -> UrcVerdict;

    /// Something happened; `what` is called where anybody wants to know.
    fn observe(&mut self, now: Now, what: &dyn Fn() -> Observation);
}
