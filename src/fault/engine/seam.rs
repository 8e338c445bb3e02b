//! The questions that the engine answers, one file for each place where faults act.

mod ftp;
mod link;
mod module;
mod name;
mod storage;
mod uart;

use crate::fault::engine::Engine;
use crate::fault::layer::Action;
use crate::time::Now;

impl Engine {
    /// The verdict of the first rule that holds and has one, which is counted as one act of it.
    fn first<V>(&mut self, now: Now, verdict: impl Fn(&Action) -> Option<V>) -> Option<V> {
        let mut held = self.rules.iter().enumerate().filter(|(_, live)| live.active.is_some());
        let (i, verdict) = held.find_map(|(i, live)| Some((i, verdict(&live.rule.what)?)))?;
        self.used(now, i);
        Some(verdict)
    }
}
