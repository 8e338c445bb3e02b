//! The engine: the rules of a run, which of them hold, and when that changes.

pub mod act;
pub mod fact;
mod index;
mod live;
mod moved;
mod names;
mod pace;
mod seam;
mod until;

use crate::fault::engine::act::{Act, Event, Stage, Status};
use crate::fault::engine::fact::{Fact, Observation, Topic};
use crate::fault::engine::index::Index;
use crate::fault::engine::live::{Live, Over};
use crate::fault::engine::names::Names;
use crate::fault::engine::pace::{Pace, skip_past};
use crate::fault::engine::until::Wait;
use crate::fault::layer::Action;
use crate::fault::layer::kind::{Layer, Nature};
use crate::fault::layer::param::End;
use crate::fault::rule::amount::Lasts;
use crate::fault::rule::count::{Dice, Tally};
use crate::fault::rule::trigger::{Count, Trigger};
use crate::fault::rule::{Request, Rule};
use crate::fault::text::link::Link;
use crate::time::Now;
use crate::time::units::Span;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// The rules of a run, and the state they are in.
#[derive(Clone, Debug)]
pub struct Engine {
    seed: u64,
    rules: Vec<Live>,
    /// Which rules each thing that happens is of concern to.
    index: Index,
    moved: BTreeMap<Link, [u64; 2]>,
    /// Octets up and down on all connections of a kind.
    totals: [[u64; 2]; 4],
    /// The connections that a rule has ended; true with RST.
    cut: BTreeMap<Link, End>,
    acts: VecDeque<(Act, Option<Link>)>,
    events: VecDeque<Event>,
    /// What follows from the step that is being taken. It is done after that step.
    following: Option<Vec<Step>>,
    pace: Pace,
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

impl Engine {
    /// The engine for these rules, at power-on.
    pub fn new(rules: Vec<Rule>, seed: u64) -> Engine {
        let mut engine = Engine {
            seed,
            rules: vec![],
            index: Index::default(),
            moved: BTreeMap::new(),
            totals: Default::default(),
            cut: BTreeMap::new(),
            acts: VecDeque::new(),
            events: VecDeque::new(),
            following: None,
            pace: Pace::default(),
        };
        // All are there before the first is applied: one may wait for another.
        let mut names = Names::default();
        let first: Vec<_> = rules.into_iter().map(|rule| engine.arm(Now::ZERO, rule, &mut names)).collect();
        for i in first {
            engine.start(Now::ZERO, i);
        }
        engine
    }

    /// Adds a rule behind the others. Without a trigger it is applied at once. Gives its name. Rules that were added
    /// before and can do nothing more are removed: each makes every question slower.
    pub fn add(&mut self, now: Now, rule: Rule) -> String {
        self.handle_timeout(now);
        // A rule that was lifted no longer needs its name: the new one may have it.
        let named = |live: &Live| rule.name.as_ref() == Some(&live.name);
        let before = self.rules.len();
        self.rules.retain(|live| !(live.is_spent() || live.is_gone() && named(live)));
        if self.rules.len() < before {
            self.index = Index::of(&self.rules);
        }
        let mut names = Names::of(&self.rules);
        let i = self.arm(now, rule, &mut names);
        self.rules[i].added = true;
        self.start(now, i);
        self.rules[i].name.clone()
    }

    fn arm(&mut self, now: Now, rule: Rule, names: &mut Names) -> usize {
        let name = names.name(&rule);
        let timer = match &rule.when {
            Trigger::At(at) => Some(Now::ZERO + *at),
            Trigger::Each(period) => Some(now + *period),
            _ => None,
        };
        let dice = Dice::new(self.seed, &names.identity(&rule));
        let quiet = match &rule.when {
            Trigger::Quiet(links, span) => {
                self.moved.keys().filter(|l| links.cover(l.kind)).map(|l| (*l, now + *span)).collect()
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
            active: None,
            fired: 0,
            acted: false,
            added: false,
            lifted: false,
            missed: 0,
            tells_at: 1,
        };
        self.index.push(&live);
        self.rules.push(live);
        self.rules.len() - 1
    }

    fn start(&mut self, now: Now, i: usize) {
        if self.rules[i].rule.when == Trigger::Start {
            self.fire(now, i, None);
        }
    }

    /// Is told what happened, where its owner has no question.
    pub fn observe(&mut self, now: Now, what: &Observation) {
        match what {
            Observation::Result { port, text, cause } => {
                self.happen(now, Fact::Result { port: *port, text, cause });
            }
            Observation::State(state) => self.happen(now, Fact::State(*state)),
            Observation::Boot(n) => {
                self.handle_timeout(now);
                self.let_out(now, None);
                self.happen(now, Fact::Boot(*n));
            }
            Observation::LetOut { port } => {
                self.handle_timeout(now);
                self.let_out(now, Some(*port));
            }
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
                self.redate_quiet();
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

    /// Ends the rule with that name, and disarms it: it waits for nothing any more, and comes again by
    /// [`inject`](Engine::inject) alone. False where there is none, or where it neither holds nor waits.
    pub fn lift(&mut self, now: Now, name: &str) -> bool {
        self.handle_timeout(now);
        let found = self.rules.iter().position(|live| live.name == name && !live.rule.silent);
        if let Some(i) = found.filter(|i| self.rules[*i].is_too_late()) {
            // It has acted for the last time, and ends by itself once the answer that it keeps back is let out.
            self.rules[i].disarm();
            self.redate(i);
            return true;
        }
        let Some(i) = found.filter(|i| self.rules[*i].disarm()) else { return false };
        self.redate(i);
        self.end(now, i);
        true
    }

    /// Ends and disarms every rule, but for how the network is without faults.
    pub fn lift_all(&mut self, now: Now) {
        self.handle_timeout(now);
        // All are disarmed before any ends: another may wait for that end.
        for live in self.rules.iter_mut().filter(|live| !live.rule.silent) {
            live.disarm();
        }
        self.index = Index::of(&self.rules);
        for i in 0..self.rules.len() {
            if !self.rules[i].rule.silent && !self.rules[i].is_too_late() {
                self.end(now, i);
            }
        }
    }

    /// Does as a request says; gives the rule's name, and none where it was about all.
    ///
    /// # Errors
    /// There is no rule with that name.
    pub fn request(&mut self, now: Now, request: Request) -> Result<String, String> {
        let late = matches!(&request, Request::Lift(name)
            if self.rules.iter().any(|live| live.name == *name && live.is_too_late()));
        let (done, name) = match request {
            Request::Rule(rule) => return self.add_named(now, *rule),
            Request::Inject(name) => (self.inject(now, &name), name),
            Request::Lift(name) => (self.lift(now, &name), name),
            Request::LiftAll => {
                self.lift_all(now);
                return Ok(String::new());
            }
        };
        match (done, late) {
            (true, false) => Ok(name),
            (true, true) => Err(format!(
                "too late to lift `{name}`: it has acted for the last time, and what it keeps back comes when that is over"
            )),
            (false, _) => Err(format!("no fault `{name}` to act on")),
        }
    }

    /// As [`add`](Engine::add), for a rule whose name must be its own.
    ///
    /// # Errors
    /// Another has it.
    fn add_named(&mut self, now: Now, rule: Rule) -> Result<String, String> {
        self.handle_timeout(now);
        let taken =
            |live: &&Live| Some(&live.name) == rule.name.as_ref() && !live.is_spent() && !live.is_gone();
        match self.rules.iter().find(taken) {
            Some(live) => {
                Err(format!("a fault is named `{}` already: lift it first, or take another name", live.name))
            }
            None => Ok(self.add(now, rule)),
        }
    }

    /// How each rule stands, in file order; one that was lifted for good is none any more.
    pub fn status(&self) -> Vec<Status> {
        let status = |live: &Live| Status {
            name: live.name.clone(),
            layer: live.rule.kind.layer,
            what: live.rule.text.clone(),
            active: live.active.is_some(),
            since: live.active.map(|a| a.since.as_micros()),
            until: live.active.and_then(|a| a.ends).map(Now::as_micros),
            fired: live.fired,
            missed: live.missed,
        };
        self.rules.iter().filter(|live| !live.rule.silent && !live.is_gone()).map(status).collect()
    }

    /// What the rule with that name does.
    pub fn action(&self, name: &str) -> Option<&Action> {
        self.rules.iter().find(|live| live.name == name).map(|live| &live.rule.what)
    }

    /// What the rule with that name does and how long, as a `[[fault]]` without a `when`; none where what ends it cannot be
    /// told so.
    pub fn written(&self, name: &str) -> Option<serde_json::Value> {
        let rule = &self.rules.iter().find(|live| live.name == name)?.rule;
        let what: toml::Table = toml::from_str(&format!("what = {{ {} }}", rule.text)).ok()?;
        let mut fault = serde_json::to_value(what).ok()?;
        match rule.lasts {
            _ if rule.until.is_some() => return None,
            Lasts::For(span) => fault["for"] = Span(span).to_string().into(),
            Lasts::Ever | Lasts::Once => {}
        }
        Some(fault)
    }

    /// The faults that were never applied, with what they do, in file order; also those that a request has disarmed.
    pub fn never_applied(&self) -> Vec<(String, String)> {
        let never = |live: &&Live| live.fired == 0 && !live.rule.silent;
        self.rules.iter().filter(never).map(|live| (live.name.clone(), live.rule.text.clone())).collect()
    }

    /// The faults that were applied and found nothing to act on, with what they do, in file order. One that is a state is
    /// there once it is applied.
    pub fn never_acted(&self) -> Vec<(String, String)> {
        let never = |live: &&Live| {
            let waited = live.rule.kind.nature == Nature::Next && !live.acted;
            live.fired > 0 && waited && !live.rule.silent
        };
        self.rules.iter().filter(never).map(|live| (live.name.clone(), live.rule.text.clone())).collect()
    }

    /// The next thing that a rule does by itself, and the link that called for it, where one did.
    pub fn poll_act(&mut self) -> Option<(Act, Option<Link>)> {
        self.acts.pop_front()
    }

    /// Whether [`poll_act`](Engine::poll_act) has something: until it is carried out, nothing more may move
    /// on a connection.
    pub fn is_acting(&self) -> bool {
        !self.acts.is_empty()
    }

    /// The next fault that has come to another stage, for the trace. After one was lifted, what a
    /// [`Fate::Hold`](crate::fault::Fate::Hold) kept back is to be asked about again.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Engine::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Option<Now> {
        self.index.next_date()
    }

    /// Notes anew when the next timed thing happens to a rule.
    fn redate(&mut self, i: usize) {
        self.index.date(i, &self.rules[i]);
    }

    fn redate_quiet(&mut self) {
        for i in self.index.about(Topic::Quiet).collect::<Vec<_>>() {
            self.redate(i);
        }
    }

    /// Lets happen what is due by `now`. Every question does this first.
    pub fn handle_timeout(&mut self, now: Now) {
        self.pace.turn(now);
        let mut steps = 0;
        'due: while let Some(due) = self.poll_timeout().filter(|due| *due <= now) {
            // Of many that are due at once each has its turn, in file order.
            let mut from = 0;
            while let Some(i) = self.index.due_at(due, from) {
                steps += usize::from(self.rules[i].repeats());
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

    /// Has the clock run so many times faster than real time: what cannot be kept up with is dropped.
    pub fn set_speed(&mut self, now: Now, speed: u32) {
        self.pace.set_speed(now, speed);
    }

    /// Passes over what repeats by the clock and is behind it.
    fn catch_up(&mut self, now: Now) {
        for i in 0..self.rules.len() {
            let live = &mut self.rules[i];
            if let (Trigger::Each(period), Some(timer)) = (&live.rule.when, &mut live.timer) {
                let behind = skip_past(timer, now, *period);
                self.miss(now, i, behind);
            }
            self.rules[i].catch_up_until(now);
            self.redate(i);
        }
    }

    /// A rule was due so many times more than can be kept up with. That is told as often as it has doubled.
    fn miss(&mut self, now: Now, i: usize, times: u64) {
        let live = &mut self.rules[i];
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
        let live = &mut self.rules[i];
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
        let live = &mut self.rules[i];
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

    fn count(&mut self, now: Now, i: usize, link: Option<Link>) {
        let live = &mut self.rules[i];
        if live.tally.count(&live.rule.count, "", &mut live.dice) {
            self.fire(now, i, link);
        }
    }

    /// Lets every rule see what happened, and what follows from that.
    fn happen(&mut self, now: Now, fact: Fact) {
        self.handle_timeout(now);
        self.see(now, fact);
    }

    fn see(&mut self, now: Now, fact: Fact) {
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
        let deepest = 2 * self.rules.len() + 1;
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
                    let name = self.rules[i].name.clone();
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
            let live = &mut self.rules[i];
            let counts =
                |tally: &mut Tally, count: &Count, dice: &mut Dice| tally.count(count, fact.file(), dice);
            if let (Some((trigger, count)), true) = (&live.rule.until, live.active.is_some())
                && fact.is(trigger)
                && counts(&mut live.until.tally, count, &mut live.dice)
            {
                lifted.push(i);
            }
            if fact.is(&live.rule.when) && counts(&mut live.tally, &live.rule.count, &mut live.dice) {
                fired.push(i);
            }
        }
        let fired = fired.into_iter().map(|i| Step::Fire(i, fact.link()));
        lifted.into_iter().map(Step::Release).chain(fired).collect()
    }

    fn fire(&mut self, now: Now, i: usize, link: Option<Link>) {
        // A rule that is applied for the first time is not counted: there are only so many rules.
        if self.rules[i].was_due() && !self.pace.once_more(now) {
            return self.miss(now, i, 1);
        }
        match self.rules[i].rule.wait {
            Duration::ZERO => self.apply(now, i, link),
            _ if self.rules[i].pending.len() >= PENDING => self.miss(now, i, 1),
            wait => {
                self.rules[i].pending.push_back((now + wait, link));
                self.redate(i);
            }
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
            self.index.hold(i, &self.rules[i]);
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
    fn end(&mut self, now: Now, i: usize) -> bool {
        if self.rules[i].active.take().is_none() {
            return false;
        }
        self.rules[i].until = Wait::default();
        self.index.hold(i, &self.rules[i]);
        self.redate(i);
        self.undo(i);
        self.note(now, i, Stage::Lifted);
        self.tell(now, Step::Lifted(i));
        true
    }

    /// Tells that a rule which holds has taken effect, the first time since it was applied.
    fn acted(&mut self, now: Now, i: usize) {
        let live = &mut self.rules[i];
        if let Some(active) = live.active.as_mut().filter(|active| !active.acted) {
            (active.acted, live.acted) = (true, true);
            self.note(now, i, Stage::Acted);
        }
    }

    /// Counts one act of a rule that holds; where that was its last, it is lifted once that is over.
    fn used(&mut self, now: Now, i: usize, over: Over) {
        self.acted(now, i);
        let Some(active) = &mut self.rules[i].active else { return };
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
    fn let_out(&mut self, now: Now, port: Option<usize>) {
        for i in self.index.held(Layer::Module).collect::<Vec<_>>() {
            let kept = self.rules[i].active.and_then(|active| active.keeps_back);
            if kept.is_some_and(|kept| port.is_none_or(|port| port == kept)) {
                self.end(now, i);
            }
        }
    }

    fn note(&mut self, at: Now, i: usize, stage: Stage) {
        let live = &self.rules[i];
        if live.rule.silent {
            return;
        }
        let (name, layer, what) = (live.name.clone(), live.rule.kind.layer, live.rule.text.clone());
        self.events.push_back(Event { at, name, layer, what, stage });
    }

    /// Whether the index agrees with the rules.
    #[cfg(test)]
    pub(in crate::fault) fn is_consistent(&self) -> bool {
        self.index.agrees(&Index::of(&self.rules))
    }

    /// Whether any rule could care about what moves on a link.
    fn idle(&self) -> bool {
        self.rules.is_empty()
    }
}
