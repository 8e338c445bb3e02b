//! The rules of a run as they go: which are applied, act, and are lifted when something happens or time has come.

use crate::fault::engine::act::{Act, Event, Stage};
use crate::fault::engine::fact::{Fact, Topic};
use crate::fault::engine::index::Index;
use crate::fault::engine::live::{Live, Over};
use crate::fault::engine::moved::Traffic;
use crate::fault::engine::names::Names;
use crate::fault::engine::pace::{Pace, skip_past};
use crate::fault::engine::until::Wait;
use crate::fault::layer::kind::{Layer, Nature};
use crate::fault::rule::count::{Dice, Tally};
use crate::fault::rule::trigger::{Count, Trigger};
use crate::fault::rule::{During, Rule};
use crate::fault::standing::Standing;
use crate::fault::text::link::Link;
use crate::time::Now;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// The rules of a run, in file order, and the state they are in.
#[derive(Clone, Debug)]
pub(in crate::fault) struct Rules {
    seed: u64,
    pub list: Vec<Live>,
    /// Which rules each thing that happens is of concern to.
    pub index: Index,
    pub traffic: Traffic,
    pub acts: VecDeque<(Act, Option<Link>)>,
    pub events: VecDeque<Event>,
    /// What follows from the step that is being taken. It is done after that step.
    following: Option<Vec<Step>>,
    pub pace: Pace,
    /// How the module stands, for rules that wait for something while it stands so.
    pub standing: Standing,
}

/// What follows, at the same point in time, from something that happened.
#[derive(Clone, Debug)]
enum Step {
    Release(usize),
    Fire(usize, Option<Link>),
    Applied(usize),
    Lifted(usize),
}

/// The most applications of one rule that wait for its `wait` to be over.
const PENDING: usize = 4096;
/// The most steps of timed triggers that are taken at once. What is still behind after them is passed over.
const STEPS: usize = 20_000;

impl Rules {
    pub fn new(seed: u64) -> Rules {
        Rules {
            seed,
            list: vec![],
            index: Index::default(),
            traffic: Traffic::default(),
            acts: VecDeque::new(),
            events: VecDeque::new(),
            following: None,
            pace: Pace::default(),
            standing: Standing::default(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Removes the rules for which this is so.
    pub fn remove(&mut self, gone: impl Fn(&Live) -> bool) {
        let before = self.list.len();
        self.list.retain(|live| !gone(live));
        if self.list.len() < before {
            self.index = Index::of(&self.list);
        }
    }

    /// Notes anew which rules each thing is of concern to.
    pub fn index_anew(&mut self) {
        self.index = Index::of(&self.list);
    }

    /// Whether the index agrees with the rules.
    #[cfg(test)]
    pub fn is_consistent(&self) -> bool {
        self.index.agrees(&Index::of(&self.list))
    }

    pub fn arm(&mut self, now: Now, rule: Rule, names: &mut Names) -> usize {
        let name = names.name(&rule);
        let timer = match &rule.when {
            Trigger::At(at) => Some(Now::ZERO + *at),
            Trigger::Each(period) => Some(now + *period),
            _ => None,
        };
        let dice = Dice::new(self.seed, &names.identity(&rule));
        let quiet = match &rule.when {
            Trigger::Quiet(links, span) => {
                self.traffic.links().filter(|l| links.cover(l.kind)).map(|l| (*l, now + *span)).collect()
            }
            _ => BTreeMap::new(),
        };
        let live = Live {
            rule,
            name,
            dice,
            tally: Tally::default(),
            until: Wait::default(),
            pending: VecDeque::new(),
            timer,
            quiet,
            lines: BTreeMap::new(),
            burst: false,
            active: None,
            fired: 0,
            acted: false,
            added: false,
            lifted: false,
            missed: 0,
            tells_at: 1,
        };
        self.index.push(&live);
        self.list.push(live);
        self.list.len() - 1
    }

    pub fn start(&mut self, now: Now, i: usize) {
        if self.list[i].rule.when == Trigger::Start {
            self.fire(now, i, None);
        }
    }

    /// Notes anew when the next timed thing happens to a rule.
    pub fn redate(&mut self, i: usize) {
        self.index.date(i, &self.list[i]);
    }

    pub fn redate_quiet(&mut self) {
        for i in self.index.about(Topic::Quiet).collect::<Vec<_>>() {
            self.redate(i);
        }
    }

    /// Lets happen what is due by `now`. Every question does this first.
    pub fn handle_timeout(&mut self, now: Now) {
        self.pace.turn(now);
        let mut steps = 0;
        'due: while let Some(due) = self.index.next_date().filter(|due| *due <= now) {
            // Of many that are due at once each has its turn, in file order.
            let mut from = 0;
            while let Some(i) = self.index.due_at(due, from) {
                steps += usize::from(self.list[i].repeats());
                if steps == STEPS {
                    self.catch_up(now);
                    steps += 1;
                    continue 'due;
                }
                self.expire(due, now, i);
                from = i;
            }
        }
    }

    /// Passes over what repeats by the clock and is behind it.
    fn catch_up(&mut self, now: Now) {
        for i in 0..self.list.len() {
            let live = &mut self.list[i];
            if let (Trigger::Each(period), Some(timer)) = (&live.rule.when, &mut live.timer) {
                let behind = skip_past(timer, now, *period);
                self.miss(now, i, behind);
            }
            self.list[i].catch_up_until(now);
            self.redate(i);
        }
    }

    /// A rule was due so many times more than can be kept up with. That is told as often as it has doubled.
    fn miss(&mut self, now: Now, i: usize, times: u64) {
        let live = &mut self.list[i];
        live.missed = live.missed.saturating_add(times);
        if live.missed >= live.tells_at {
            live.tells_at = live.missed.saturating_mul(2);
            let missed = live.missed;
            self.note(now, i, Stage::Missed(missed));
        }
    }

    /// `each` has come, perhaps many times by now; what cannot be kept up with of it is passed over.
    fn tick(&mut self, due: Now, now: Now, i: usize, period: Duration) {
        let period = period.max(Duration::from_millis(1));
        if !self.is_during(i) {
            self.list[i].timer = Some(due + period);
            return;
        }
        let live = &mut self.list[i];
        let noise = live.noise();
        let (mut at, mut missed, mut fires) = (due, 0, false);
        for _ in 0..STEPS {
            live.timer = Some(at + period);
            if live.tally.count(&live.rule.count, "", &mut live.dice) {
                fires = self.pace.take(at, noise);
                missed += u64::from(!fires);
            }
            at += period;
            // Only the first time that applies the rule counts: another rule may be due before it.
            if missed == 0 || at > now || self.pace.has(at, noise) {
                break;
            }
        }
        if missed > 0 {
            self.miss(due, i, missed);
        }
        if fires {
            self.fire(due, i, None);
        }
    }

    fn expire(&mut self, due: Now, now: Now, i: usize) {
        let live = &mut self.list[i];
        if live.active.is_some_and(|a| a.ends == Some(due)) {
            self.end(due, i);
        } else if live.pending.front().is_some_and(|(at, _)| *at == due)
            && let Some((_, link)) = live.pending.pop_front()
        {
            self.apply(due, i, link);
        } else if live.timer == Some(due) {
            match live.rule.when {
                Trigger::Each(period) => self.tick(due, now, i, period),
                _ => {
                    live.timer = None;
                    self.count(due, i, None);
                }
            }
        } else if let Some(link) = live.quiet.iter().find(|(_, at)| **at == due).map(|(l, _)| *l) {
            live.quiet.remove(&link);
            self.count(due, i, Some(link));
        } else {
            self.expire_until(due, i);
        }
        self.redate(i);
    }

    /// Whether what must be so, where a rule's event happens, is so.
    fn is_during(&self, i: usize) -> bool {
        let During { state, fault } = &self.list[i].rule.during;
        let holds = |name: &String| self.list.iter().any(|live| live.name == *name && live.active.is_some());
        state.is_none_or(|state| self.standing.is(state)) && fault.as_ref().is_none_or(holds)
    }

    fn count(&mut self, now: Now, i: usize, link: Option<Link>) {
        if !self.is_during(i) {
            return;
        }
        let live = &mut self.list[i];
        if live.tally.count(&live.rule.count, "", &mut live.dice) {
            self.fire(now, i, link);
        }
    }

    /// Lets every rule see what happened, and what follows from that.
    pub fn happen(&mut self, now: Now, fact: Fact) {
        self.handle_timeout(now);
        self.see(now, fact);
    }

    pub fn see(&mut self, now: Now, fact: Fact) {
        let steps = self.called_for(&fact);
        self.follow(now, steps);
    }

    /// A fault was applied or lifted: what follows from that comes once the step is taken that did it.
    fn tell(&mut self, now: Now, step: Step) {
        match &mut self.following {
            Some(next) => next.push(step),
            None => self.follow(now, vec![step]),
        }
    }

    /// Takes steps in their order. What follows from a step is done before the next step. Faults may follow from each
    /// other without end, so this is a loop and no recursion.
    fn follow(&mut self, now: Now, first: Vec<Step>) {
        // Rules that were added at run time may trigger each other in a ring. Each round of it is two steps deep.
        let deepest = 2 * self.list.len() + 1;
        let mut steps: Vec<(usize, Step)> = first.into_iter().rev().map(|step| (0, step)).collect();
        while let Some((depth, step)) = steps.pop() {
            if depth > deepest {
                continue;
            }
            self.following = Some(vec![]);
            match step {
                Step::Release(i) => self.release(now, i),
                Step::Fire(i, link) => self.fire(now, i, link),
                Step::Applied(i) | Step::Lifted(i) => {
                    let name = self.list[i].name.clone();
                    let fact = match step {
                        Step::Lifted(_) => Fact::Lifted(&name),
                        _ => Fact::Applied(&name),
                    };
                    self.following = Some(self.called_for(&fact));
                }
            }
            let next = self.following.take().unwrap_or_default();
            steps.extend(next.into_iter().rev().map(|step| (depth + 1, step)));
        }
    }

    /// What is to be done because of something that happened.
    fn called_for(&mut self, fact: &Fact) -> Vec<Step> {
        let mut lifted = vec![];
        let mut fired = vec![];
        for &i in self.index.concerned(fact) {
            let during = self.is_during(i);
            let live = &mut self.list[i];
            let counts =
                |tally: &mut Tally, count: &Count, dice: &mut Dice| tally.count(count, fact.file(), dice);
            if let (Some((trigger, count)), true) = (&live.rule.until, live.active.is_some())
                && fact.is(trigger)
                && counts(&mut live.until.tally, count, &mut live.dice)
            {
                lifted.push(i);
            }
            if during && fact.is(&live.rule.when) && counts(&mut live.tally, &live.rule.count, &mut live.dice)
            {
                fired.push(i);
            }
        }
        let fired = fired.into_iter().map(|i| Step::Fire(i, fact.link()));
        lifted.into_iter().map(Step::Release).chain(fired).collect()
    }

    pub fn fire(&mut self, now: Now, i: usize, link: Option<Link>) {
        // A rule that is applied for the first time is not counted: there are only so many rules.
        if self.list[i].was_due() && !self.pace.once_more(now) {
            return self.miss(now, i, 1);
        }
        match self.list[i].rule.wait {
            Duration::ZERO => self.apply(now, i, link),
            _ if self.list[i].pending.len() >= PENDING => self.miss(now, i, 1),
            wait => {
                self.list[i].pending.push_back((now + wait, link));
                self.redate(i);
            }
        }
    }

    fn apply(&mut self, now: Now, i: usize, link: Option<Link>) {
        let live = &mut self.list[i];
        live.fired += 1;
        let instant = live.rule.kind.nature == Nature::Instant;
        if !instant {
            live.active = Some(live.activation(now));
            // Each application is lifted by its own n-th time.
            self.await_until(now, i);
            self.index.hold(i, &self.list[i]);
            self.redate(i);
        }
        self.note(now, i, Stage::Applied);
        self.act(i, link);
        self.tell(now, Step::Applied(i));
        if instant {
            self.tell(now, Step::Lifted(i));
        }
    }

    /// Ends what holds; false where nothing does.
    pub fn end(&mut self, now: Now, i: usize) -> bool {
        if self.list[i].active.take().is_none() {
            return false;
        }
        self.list[i].until = Wait::default();
        self.index.hold(i, &self.list[i]);
        self.redate(i);
        self.undo(i);
        self.note(now, i, Stage::Lifted);
        self.tell(now, Step::Lifted(i));
        true
    }

    /// Tells that a rule which holds has taken effect, the first time since it was applied.
    pub fn acted(&mut self, now: Now, i: usize) {
        let live = &mut self.list[i];
        if let Some(active) = live.active.as_mut().filter(|active| !active.acted) {
            (active.acted, live.acted) = (true, true);
            self.note(now, i, Stage::Acted);
        }
    }

    /// Counts one act of a rule that holds; where that was its last, it is lifted once that is over.
    pub fn used(&mut self, now: Now, i: usize, over: Over) {
        self.acted(now, i);
        let Some(active) = &mut self.list[i].active else { return };
        let Some(uses) = &mut active.uses else { return };
        *uses = uses.saturating_sub(1);
        if *uses > 0 {
            return;
        }
        match over {
            Over::AtOnce | Over::After(Duration::ZERO) => {
                self.end(now, i);
            }
            Over::After(by) => {
                active.ends = Some(now + by);
                self.redate(i);
            }
            Over::LetOut(port) => active.keeps_back = Some(port),
        }
    }

    /// Lifts what is over because an answer was let out on a port, or on all, or is lost.
    pub fn let_out(&mut self, now: Now, port: Option<usize>) {
        for i in self.index.held(Layer::Module).collect::<Vec<_>>() {
            let kept = self.list[i].active.and_then(|active| active.keeps_back);
            if kept.is_some_and(|kept| port.is_none_or(|port| port == kept)) {
                self.end(now, i);
            }
        }
    }

    pub fn note(&mut self, at: Now, i: usize, stage: Stage) {
        let live = &self.list[i];
        if live.rule.silent {
            return;
        }
        let (name, layer, what) = (live.name.clone(), live.rule.kind.layer, live.rule.text.clone());
        self.events.push_back(Event { at, name, layer, what, stage });
    }
}
