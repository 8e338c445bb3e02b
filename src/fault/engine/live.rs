//! A rule at work: what it has counted, what it waits for, and whether its fault holds.

use crate::fault::engine::until::Wait;
use crate::fault::layer::Action;
use crate::fault::layer::kind::Nature;
use crate::fault::layer::uart::{Uart, UartFault};
use crate::fault::rule::Rule;
use crate::fault::rule::amount::Lasts;
use crate::fault::rule::count::{Dice, Tally};
use crate::fault::rule::trigger::{Trigger, Which};
use crate::fault::text::link::{Link, Way};
use crate::time::Now;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// A rule with its state.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub rule: Rule,
    pub name: String,
    pub dice: Dice,
    pub tally: Tally,
    /// What it waits for while it holds.
    pub until: Wait,
    /// When the fault is to be applied, its trigger having happened before: once for each time, in their order.
    pub pending: VecDeque<(Now, Option<Link>)>,
    /// When `at` or `each` happens.
    pub timer: Option<Now>,
    /// When each connection will have been quiet for long enough.
    pub quiet: BTreeMap<Link, Now>,
    /// When each line whose rate the rule limits is free again.
    pub lines: BTreeMap<(Link, Way), Now>,
    /// Whether a burst of losses is on.
    pub burst: bool,
    pub active: Option<Active>,
    pub fired: u64,
    /// Whether it has ever taken effect.
    pub acted: bool,
    /// Whether it was added while the module ran.
    pub added: bool,
    /// Whether a request has disarmed it.
    pub lifted: bool,
    /// How often it was due and not applied, and how often until that is told again.
    pub missed: u64,
    pub tells_at: u64,
}

/// A fault that holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Active {
    pub since: Now,
    pub ends: Option<Now>,
    /// How often it may still act; always where it is `None`.
    pub uses: Option<u64>,
    /// Bytes that still pass unharmed, and that are still harmed (serial line).
    pub skip: u64,
    pub left: u64,
    /// Whether it has taken effect since it was applied.
    pub acted: bool,
    /// The serial port, from 1, whose answer it keeps back, having acted for the last time.
    pub keeps_back: Option<usize>,
}

/// When what a fault did is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// As it acts.
    AtOnce,
    /// So long after.
    After(Duration),
    /// When the answer on this serial port, from 1, is let out.
    LetOut(usize),
}

impl Active {
    /// Whether it may act; one that acted for the last time may hold until that is over.
    pub fn may_act(&self) -> bool {
        self.uses != Some(0)
    }

    /// Whether it acts on everything, and not on a number of things.
    pub fn endless(&self) -> bool {
        self.uses.is_none()
    }
}

impl Live {
    /// The octets of noise that it sends when it is applied.
    pub fn noise(&self) -> u64 {
        match &self.rule.what {
            Action::Uart(Uart { what: UartFault::Noise(n), .. }) => *n,
            _ => 0,
        }
    }

    /// Whether its fault holds, and may act.
    pub fn may_act(&self) -> bool {
        self.active.as_ref().is_some_and(Active::may_act)
    }

    /// When the next thing happens to it by itself.
    pub fn due(&self) -> Option<Now> {
        let ends = self.active.and_then(|a| a.ends);
        let pending = self.pending.front().map(|(at, _)| *at);
        let quiet = self.quiet.values().min().copied();
        [ends, pending, self.timer, quiet, self.until.due()].into_iter().flatten().min()
    }

    /// Whether the clock brings it again and again.
    pub fn repeats(&self) -> bool {
        let each = |trigger: &Trigger| matches!(trigger, Trigger::Each(_));
        each(&self.rule.when) || self.until_trigger().is_some_and(each)
    }

    /// Whether it was applied before, or is to be.
    pub fn was_due(&self) -> bool {
        self.fired > 0 || !self.pending.is_empty()
    }

    /// Whether it was added, is over, and can happen no more.
    pub fn is_spent(&self) -> bool {
        self.added
            && !self.waits()
            && self.active.is_none()
            && (self.lifted || self.rule.when != Trigger::Inject)
    }

    /// Whether its trigger may still happen, or has and its fault is to come.
    fn waits(&self) -> bool {
        let done = match (&self.rule.when, self.rule.count.which) {
            (Trigger::Start | Trigger::Boot(_), _) => self.fired > 0,
            (Trigger::At(_), _) => self.timer.is_none(),
            (Trigger::Inject, _) => true,
            (_, Which::Nth(n) | Which::First(n)) => self.tally.all >= n && !self.rule.count.per_file,
            (_, Which::Every(_)) => false,
        };
        !done || !self.pending.is_empty()
    }

    /// Disarms it, so that only a request applies it; false where it neither holds nor waits.
    pub fn disarm(&mut self) -> bool {
        if !self.waits() && self.active.is_none() {
            return false;
        }
        self.lifted |= self.rule.when != Trigger::Inject;
        self.rule.when = Trigger::Inject;
        self.timer = None;
        self.pending.clear();
        self.quiet.clear();
        true
    }

    /// Whether it has acted for the last time, and holds until what it keeps back has come.
    pub fn is_too_late(&self) -> bool {
        self.active.is_some_and(|active| !active.may_act())
    }

    /// Whether a request has ended it, and none has applied it since.
    pub fn is_gone(&self) -> bool {
        self.lifted && self.active.is_none()
    }

    /// Its fault as it is when it is applied. Where it holds already, it may act once more.
    pub fn activation(&self, now: Now) -> Active {
        let one_more = self.active.and_then(|a| a.uses).unwrap_or(0) + 1;
        let (skip, left) = match &self.rule.what {
            Action::Uart(u) => (u.skip, u.harmed()),
            _ => (0, 0),
        };
        let (ends, uses) = match (self.rule.lasts, self.rule.kind.nature) {
            (Lasts::For(span), _) => (Some(now + span), None),
            (Lasts::Once, Nature::Next) => (None, Some(one_more)),
            (Lasts::Once | Lasts::Ever, _) => (None, None),
        };
        Active { since: now, ends, uses, skip, left, acted: false, keeps_back: None }
    }
}
