//! The questions that the engine answers, one file for each place where faults act.

mod ftp;
mod link;
mod module;
mod name;
mod storage;
mod uart;

use crate::fault::engine::live::{Live, Over};
use crate::fault::engine::rules::Rules;
use crate::fault::layer::Action;
use crate::fault::layer::kind::Layer;
use crate::fault::rule::count::Dice;
use crate::time::Now;

impl Rules {
    /// The verdict of the first rule that holds on a layer and has one, which is counted as one act of it.
    fn first<V>(&mut self, now: Now, layer: Layer, verdict: impl Fn(&Action) -> Option<V>) -> Option<V> {
        self.first_until(now, layer, |_| Over::AtOnce, |action, _| verdict(action))
    }

    /// As [`first`](Rules::first), for what may go on for a while.
    fn first_until<V>(
        &mut self,
        now: Now,
        layer: Layer,
        over: impl Fn(&V) -> Over,
        verdict: impl Fn(&Action, &mut Dice) -> Option<V>,
    ) -> Option<V> {
        let list = &mut self.list;
        let asked = |i: usize| {
            let live: &mut Live = &mut list[i];
            let verdict = if live.may_act() { verdict(&live.rule.what, &mut live.dice) } else { None };
            Some((i, verdict?))
        };
        let found = self.index.held(layer).find_map(asked);
        let (i, verdict) = found?;
        self.used(now, i, over(&verdict));
        Some(verdict)
    }
}
