//! The questions that the engine answers, one file for each place where faults act.

mod ftp;
mod link;
mod module;
mod name;
mod storage;
mod uart;

use crate::fault::engine::Engine;
use crate::fault::engine::live::Over;
use crate::fault::layer::Action;
use crate::time::Now;

impl Engine {
    /// The verdict of the first rule that holds and has one, which is counted as one act of it.
    fn first<V>(&mut self, now: Now, verdict: impl Fn(&Action) -> Option<V>) -> Option<V> {
        self.first_until(now, |_| Over::AtOnce, verdict)
    }

    /// As [`first`](Engine::first), for what may go on for a while.
    fn first_until<V>(
        &mut self,
        now: Now,
        over: impl Fn(&V) -> Over,
        verdict: impl Fn(&Action) -> Option<V>,
    ) -> Option<V> {
        let mut held = self.rules.iter().enumerate().filter(|(_, live)| live.may_act());
        let (i, verdict) = held.find_map(|(i, live)| Some((i, verdict(&live.rule.what)?)))?;
        self.used(now, i, over(&verdict));
        Some(verdict)
    }
}
