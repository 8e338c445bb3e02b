//! What lifts a fault that holds: `until` has the events of `when`, those of the clock among them.

use crate::fault::engine::live::Live;
use crate::fault::engine::pace::skip_past;
use crate::fault::engine::rules::Rules;
use crate::fault::rule::count::Tally;
use crate::fault::rule::trigger::Trigger;
use crate::fault::text::link::Link;
use crate::time::Now;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a rule that holds waits for, to be lifted.
#[derive(Clone, Debug, Default)]
pub(super) struct Wait {
    pub tally: Tally,
    /// When `at` or `each` happens.
    timer: Option<Now>,
    /// When each connection will have been quiet for long enough.
    quiet: BTreeMap<Link, Now>,
}

impl Wait {
    pub fn due(&self) -> Option<Now> {
        self.timer.into_iter().chain(self.quiet.values().copied()).min()
    }

    pub fn stir(&mut self, trigger: Option<&Trigger>, now: Now, link: Link) {
        if let Some(Trigger::Quiet(links, span)) = trigger
            && links.cover(link.kind)
        {
            self.quiet.insert(link, now + *span);
        }
    }

    pub fn forget(&mut self, link: &Link) {
        self.quiet.remove(link);
    }
}

impl Live {
    /// Passes over times of `until` that the clock has left behind.
    pub(super) fn catch_up_until(&mut self, now: Now) {
        if let (Some((Trigger::Each(period), _)), Some(timer)) = (&self.rule.until, &mut self.until.timer) {
            skip_past(timer, now, *period);
        }
    }

    pub(super) fn until_trigger(&self) -> Option<&Trigger> {
        self.rule.until.as_ref().map(|(trigger, _)| trigger)
    }
}

impl Rules {
    /// Begins to wait for what lifts a rule that is applied now.
    pub fn await_until(&mut self, now: Now, i: usize) {
        let timer = match self.list[i].until_trigger() {
            Some(Trigger::At(at)) => Some(Now::ZERO + *at).filter(|at| *at > now),
            Some(Trigger::Each(period)) => Some(now + *period),
            _ => None,
        };
        let mut wait = Wait { timer, ..Wait::default() };
        for link in self.traffic.links() {
            wait.stir(self.list[i].until_trigger(), now, *link);
        }
        self.list[i].until = wait;
    }

    /// Has the timed events of `until` happen that are due.
    pub fn expire_until(&mut self, due: Now, i: usize) {
        let live = &mut self.list[i];
        if live.until.timer == Some(due) {
            live.until.timer = match live.rule.until {
                Some((Trigger::Each(period), _)) => Some(due + period.max(Duration::from_millis(1))),
                _ => None,
            };
        } else {
            live.until.quiet.retain(|_, at| *at != due);
        }
        if let Some((_, count)) = &live.rule.until
            && live.until.tally.count(count, "", &mut live.dice)
        {
            self.release(due, i);
        }
    }

    /// Lifts a rule whose `until` has happened, or has it end in a while.
    pub fn release(&mut self, now: Now, i: usize) {
        match (self.list[i].rule.until_wait, &mut self.list[i].active) {
            (Duration::ZERO, _) => {
                self.end(now, i);
            }
            (wait, Some(active)) => {
                active.ends = Some(active.ends.map_or(now + wait, |at| at.min(now + wait)));
                self.redate(i);
            }
            (_, None) => {}
        }
    }
}
