//! The engine: the rules of a run, which of them hold, and when that changes.

use super::act::{Act, Event, Status};
use super::action::Action;
use super::amount::Lasts;
use super::count::{Dice, Tally};
use super::fact::{Fact, Moved, Observation};
use super::kind::Nature;
use super::link::{Link, LinkKind, Way};
use super::rule::{Request, Rule};
use super::trigger::{Count, Trigger};
use super::until::Wait;
use crate::time::Now;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

pub(super) const KINDS: [LinkKind; 4] =
    [LinkKind::Control, LinkKind::Data, LinkKind::Socket, LinkKind::Serial];

/// The rules of a run, and the state they are in.
#[derive(Clone, Debug)]
pub struct Engine {
    seed: u64,
    pub(super) rules: Vec<Live>,
    pub(super) moved: BTreeMap<Link, [u64; 2]>,
    totals: [[u64; 2]; 4],
    /// The connections that a rule has ended; true with RST.
    pub(super) cut: BTreeMap<Link, bool>,
    pub(super) acts: VecDeque<Act>,
    events: VecDeque<Event>,
    /// How deep one fault has followed from another at one point in time.
    depth: usize,
}

/// A rule with its state.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub rule: Rule,
    name: String,
    pub dice: Dice,
    tally: Tally,
    /// What it waits for while it holds.
    pub until: Wait,
    /// When the fault is to be applied, its trigger having happened before.
    pending: Option<(Now, Option<Link>)>,
    /// When `at` or `each` happens.
    timer: Option<Now>,
    /// When each connection will have been quiet for long enough.
    quiet: BTreeMap<Link, Now>,
    /// When each line whose rate the rule limits is free again.
    pub lines: BTreeMap<(Link, Way), Now>,
    pub active: Option<Active>,
    fired: u64,
}

/// A fault that holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Active {
    since: Now,
    pub ends: Option<Now>,
    /// How often it may still act; always where it is `None`.
    uses: Option<u64>,
    /// Bytes that still pass unharmed, and that are still harmed (serial line).
    pub skip: u64,
    pub left: u64,
}

impl Engine {
    /// The engine for these rules, at power-on.
    pub fn new(rules: Vec<Rule>, seed: u64) -> Engine {
        let mut engine = Engine {
            seed,
            rules: vec![],
            moved: BTreeMap::new(),
            totals: Default::default(),
            cut: BTreeMap::new(),
            acts: VecDeque::new(),
            events: VecDeque::new(),
            depth: 0,
        };
        // All are there before the first is applied: one may wait for another.
        let first: Vec<_> = rules.into_iter().map(|rule| engine.arm(Now::ZERO, rule)).collect();
        for i in first {
            engine.start(Now::ZERO, i);
        }
        engine
    }

    /// Adds a rule behind the others. Without a trigger it is applied at once. Gives its name.
    pub fn add(&mut self, now: Now, rule: Rule) -> String {
        self.handle_timeout(now);
        let i = self.arm(now, rule);
        self.start(now, i);
        self.rules[i].name.clone()
    }

    fn arm(&mut self, now: Now, rule: Rule) -> usize {
        let taken = |name: &str| self.rules.iter().any(|r| r.name == name);
        let base = rule.name.clone().unwrap_or_else(|| rule.kind.name.to_owned());
        let numbered = (2..).map(|n: u32| format!("{base}-{n}"));
        let name = std::iter::once(base.clone()).chain(numbered).find(|n| !taken(n)).unwrap_or(base);
        let timer = match &rule.when {
            Trigger::At(at) => Some(Now::ZERO + *at),
            Trigger::Each(period) => Some(now + *period),
            _ => None,
        };
        let dice = Dice::new(self.seed, &self.identity(&rule));
        let quiet = match &rule.when {
            Trigger::Quiet(links, span) => {
                self.moved.keys().filter(|l| links.cover(l.kind)).map(|l| (*l, now + *span)).collect()
            }
            _ => BTreeMap::new(),
        };
        self.rules.push(Live {
            rule,
            name,
            dice,
            tally: Tally::default(),
            until: Wait::default(),
            pending: None,
            timer,
            quiet,
            lines: BTreeMap::new(),
            active: None,
            fired: 0,
        });
        self.rules.len() - 1
    }

    /// What keys the dice: the rule itself, not its place, so that other rules do not matter.
    fn identity(&self, rule: &Rule) -> String {
        let text = |r: &Rule| match &r.name {
            Some(name) => format!("named {name}"),
            None => format!("{:?} {:?} {:?} {} {:?} {:?}", r.when, r.count, r.wait, r.text, r.lasts, r.until),
        };
        let twins = self.rules.iter().filter(|r| text(&r.rule) == text(rule)).count();
        format!("{} #{twins}", text(rule))
    }

    fn start(&mut self, now: Now, i: usize) {
        if self.rules[i].rule.when == Trigger::Start {
            self.fire(now, i, None);
        }
    }

    /// Tells what nobody asks about.
    pub fn observe(&mut self, now: Now, what: &Observation) {
        match what {
            Observation::Result { port, text } => self.happen(now, Fact::Result { port: *port, text }),
            Observation::State(state) => self.happen(now, Fact::State(state)),
            Observation::Boot(n) => self.happen(now, Fact::Boot(*n)),
            Observation::Opened(link) => {
                self.moved.entry(*link).or_default();
                self.stir(now, *link);
                self.happen(now, Fact::Opened(*link));
            }
            Observation::Closed(link) => {
                self.handle_timeout(now);
                self.moved.remove(link);
                self.cut.remove(link);
                for live in &mut self.rules {
                    live.quiet.remove(link);
                    live.until.forget(link);
                    live.lines.retain(|(l, _), _| l != link);
                }
            }
        }
    }

    /// Applies the rule with that name now, whatever its trigger; false where there is none.
    pub fn inject(&mut self, now: Now, name: &str) -> bool {
        self.handle_timeout(now);
        let Some(i) = self.rules.iter().position(|r| r.name == name) else { return false };
        self.fire(now, i, None);
        true
    }

    /// Lifts the rule with that name; false where it does not hold.
    pub fn lift(&mut self, now: Now, name: &str) -> bool {
        self.handle_timeout(now);
        let Some(i) = self.rules.iter().position(|r| r.name == name) else { return false };
        self.rules[i].pending = None;
        self.end(now, i)
    }

    /// Lifts every fault that holds.
    pub fn lift_all(&mut self, now: Now) {
        self.handle_timeout(now);
        for i in 0..self.rules.len() {
            self.rules[i].pending = None;
            self.end(now, i);
        }
    }

    /// Does as a request says.
    ///
    /// # Errors
    /// There is no rule with that name.
    pub fn request(&mut self, now: Now, request: Request) -> Result<String, String> {
        let (done, name) = match request {
            Request::Rule(rule) => return Ok(self.add(now, *rule)),
            Request::Inject(name) => (self.inject(now, &name), name),
            Request::Lift(name) => (self.lift(now, &name), name),
        };
        if done { Ok(name) } else { Err(format!("no fault `{name}` to act on")) }
    }

    /// How each rule stands, in file order.
    pub fn status(&self) -> Vec<Status> {
        let status = |live: &Live| Status {
            name: live.name.clone(),
            layer: live.rule.kind.layer,
            what: live.rule.text.clone(),
            active: live.active.is_some(),
            since: live.active.map(|a| a.since.as_micros()),
            until: live.active.and_then(|a| a.ends).map(Now::as_micros),
            fired: live.fired,
        };
        self.rules.iter().filter(|live| !live.rule.silent).map(status).collect()
    }

    /// The next thing that a rule does by itself.
    pub fn poll_act(&mut self) -> Option<Act> {
        self.acts.pop_front()
    }

    /// The next fault that was applied or lifted, for the trace. After one was lifted, what a
    /// [`Fate::Hold`](super::Fate::Hold) kept back is to be asked about again.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Engine::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Option<Now> {
        self.rules.iter().filter_map(Live::due).min()
    }

    /// Lets happen what is due by `now`. Every question does this first.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(due) = self.poll_timeout().filter(|due| *due <= now) {
            let Some(i) = self.rules.iter().position(|r| r.due() == Some(due)) else { return };
            self.expire(due, i);
        }
    }

    fn expire(&mut self, due: Now, i: usize) {
        let live = &mut self.rules[i];
        if live.active.is_some_and(|a| a.ends == Some(due)) {
            self.end(due, i);
        } else if let Some((_, link)) = live.pending.take_if(|(at, _)| *at == due) {
            self.apply(due, i, link);
        } else if live.timer == Some(due) {
            live.timer = match live.rule.when {
                Trigger::Each(period) => Some(due + period.max(Duration::from_millis(1))),
                _ => None,
            };
            self.count(due, i, None);
        } else if let Some(link) = live.quiet.iter().find(|(_, at)| **at == due).map(|(l, _)| *l) {
            live.quiet.remove(&link);
            self.count(due, i, Some(link));
        } else {
            self.expire_until(due, i);
        }
    }

    fn count(&mut self, now: Now, i: usize, link: Option<Link>) {
        let live = &mut self.rules[i];
        if live.tally.count(&live.rule.count, "", &mut live.dice) {
            self.fire(now, i, link);
        }
    }

    /// Lets every rule see what happened, and what follows from that.
    pub(super) fn happen(&mut self, now: Now, fact: Fact) {
        self.handle_timeout(now);
        self.see(now, fact);
    }

    fn see(&mut self, now: Now, fact: Fact) {
        // Rules added at run time may wait for each other in a ring.
        if self.depth > self.rules.len() {
            return;
        }
        self.depth += 1;
        self.follow(now, fact);
        self.depth -= 1;
    }

    fn follow(&mut self, now: Now, fact: Fact) {
        let mut lifted = vec![];
        let mut fired = vec![];
        let names: &[String] = &match fact {
            Fact::Applied(rule) | Fact::Lifted(rule) => vec![self.rules[rule].name.clone()],
            _ => vec![],
        };
        for (i, live) in self.rules.iter_mut().enumerate() {
            let is = |trigger: &Trigger| {
                fact.is(trigger, |_| match trigger {
                    Trigger::After(name) | Trigger::Lifted(name) => names.contains(name),
                    _ => false,
                })
            };
            let counts =
                |tally: &mut Tally, count: &Count, dice: &mut Dice| tally.count(count, fact.file(), dice);
            if let (Some((trigger, count)), true) = (&live.rule.until, live.active.is_some())
                && is(trigger)
                && counts(&mut live.until.tally, count, &mut live.dice)
            {
                lifted.push(i);
            }
            if is(&live.rule.when) && counts(&mut live.tally, &live.rule.count, &mut live.dice) {
                fired.push(i);
            }
        }
        for i in lifted {
            self.release(now, i);
        }
        for i in fired {
            self.fire(now, i, fact.link());
        }
    }

    fn fire(&mut self, now: Now, i: usize, link: Option<Link>) {
        match self.rules[i].rule.wait {
            Duration::ZERO => self.apply(now, i, link),
            wait => self.rules[i].pending = Some((now + wait, link)),
        }
    }

    fn apply(&mut self, now: Now, i: usize, link: Option<Link>) {
        let live = &mut self.rules[i];
        live.fired += 1;
        let instant = live.rule.kind.nature == Nature::Instant;
        if !instant {
            live.active = Some(live.activation(now));
            // Each application is lifted by its own n-th time.
            self.await_until(now, i);
        }
        self.note(now, i, true);
        self.act(i, link);
        self.see(now, Fact::Applied(i));
        if instant {
            self.see(now, Fact::Lifted(i));
        }
    }

    /// Ends what holds; false where nothing does.
    pub(super) fn end(&mut self, now: Now, i: usize) -> bool {
        if self.rules[i].active.take().is_none() {
            return false;
        }
        self.rules[i].until = Wait::default();
        self.undo(i);
        self.note(now, i, false);
        self.see(now, Fact::Lifted(i));
        true
    }

    /// Counts one act of a rule that holds; it is over where that was its last.
    pub(super) fn used(&mut self, now: Now, i: usize) {
        let Some(active) = &mut self.rules[i].active else { return };
        let Some(uses) = &mut active.uses else { return };
        *uses -= 1;
        if *uses == 0 {
            self.end(now, i);
        }
    }

    fn note(&mut self, at: Now, i: usize, applied: bool) {
        let live = &self.rules[i];
        if live.rule.silent {
            return;
        }
        let (name, layer, what) = (live.name.clone(), live.rule.kind.layer, live.rule.text.clone());
        self.events.push_back(Event { at, name, layer, what, applied });
    }

    /// Whether any rule could care about what moves on a link.
    pub(super) fn idle(&self) -> bool {
        self.rules.is_empty()
    }

    /// How many of `len` bytes may move on a link before a rule's number of bytes is reached: at least 1,
    /// `len` where none is near. Counts nothing, unlike [`segment`](Engine::segment), which stops there
    /// by itself.
    pub fn room(&self, link: Link, way: Way, len: usize) -> usize {
        let so_far = self.so_far(link);
        let left = |trigger: &Trigger| match trigger {
            Trigger::Bytes { links, direction, n, .. } if links.cover(link.kind) && direction.covers(way) => {
                n.checked_sub(so_far.of(trigger)).filter(|left| *left > 0)
            }
            _ => None,
        };
        let triggers = self
            .rules
            .iter()
            .flat_map(|r| std::iter::once(&r.rule.when).chain(r.rule.until.as_ref().map(|(t, _)| t)));
        let room = triggers.filter_map(left).min().and_then(|n| usize::try_from(n).ok());
        room.map_or(len, |room| room.min(len))
    }

    fn so_far(&self, link: Link) -> Moved {
        Moved { one: self.moved.get(&link).copied().unwrap_or_default(), all: self.totals }
    }

    /// Counts bytes that moved on a link.
    pub(super) fn moved(&mut self, now: Now, link: Link, way: Way, n: usize) {
        if n == 0 {
            return;
        }
        let before = self.so_far(link);
        let (side, n) = (usize::from(way == Way::Down), n as u64);
        self.moved.entry(link).or_default()[side] += n;
        for (kind, total) in KINDS.iter().zip(&mut self.totals) {
            if *kind == link.kind {
                total[side] += n;
            }
        }
        let moved = [before, self.so_far(link)];
        self.stir(now, link);
        self.see(now, Fact::Moved { link, way, moved: &moved });
    }

    /// Starts anew the time for which a link has been quiet.
    fn stir(&mut self, now: Now, link: Link) {
        for live in &mut self.rules {
            if let Trigger::Quiet(links, span) = &live.rule.when
                && links.cover(link.kind)
            {
                live.quiet.insert(link, now + *span);
            }
            if live.active.is_some() {
                let until = live.rule.until.as_ref().map(|(trigger, _)| trigger);
                live.until.stir(until, now, link);
            }
        }
    }
}

impl Active {
    /// Whether it acts on everything, and not on a number of things.
    pub fn endless(&self) -> bool {
        self.uses.is_none()
    }
}

impl Live {
    fn due(&self) -> Option<Now> {
        let ends = self.active.and_then(|a| a.ends);
        let pending = self.pending.map(|(at, _)| at);
        [ends, pending, self.timer, self.quiet.values().min().copied(), self.until.due()]
            .into_iter()
            .flatten()
            .min()
    }

    fn activation(&self, now: Now) -> Active {
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
        Active { since: now, ends, uses, skip, left }
    }
}
