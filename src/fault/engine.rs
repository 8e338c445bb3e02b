//! The engine: the rules of a run, which of them hold, and when that changes.

pub mod act;
pub mod fact;
mod index;
mod live;
mod moved;
mod names;
mod pace;
mod rules;
mod seam;
mod until;

use crate::fault::engine::act::{Act, Event, Status};
use crate::fault::engine::fact::{Fact, Observation};
use crate::fault::engine::live::Live;
use crate::fault::engine::names::Names;
use crate::fault::engine::rules::Rules;
use crate::fault::layer::Action;
use crate::fault::layer::kind::Nature;
use crate::fault::rule::amount::Lasts;
use crate::fault::rule::trigger::ModuleState;
use crate::fault::rule::{During, Request, Rule};
use crate::fault::text::link::{Link, Way};
use crate::time::Now;
use crate::time::units::Span;

/// The rules of a run, as others see them: the requests that change them, the questions of each layer (in `seam`), and what comes
/// of both.
#[derive(Clone, Debug)]
pub struct Engine {
    rules: Rules,
}

impl Engine {
    /// The engine for these rules, at power-on.
    pub fn new(rules: Vec<Rule>, seed: u64) -> Engine {
        let mut engine = Engine { rules: Rules::new(seed) };
        // All are there before the first is applied: one may wait for another.
        let mut names = Names::default();
        let first: Vec<_> =
            rules.into_iter().map(|rule| engine.rules.arm(Now::ZERO, rule, &mut names)).collect();
        for i in first {
            engine.rules.start(Now::ZERO, i);
        }
        engine
    }

    /// Adds a rule behind the others. Without a trigger it is applied at once. Gives its name. Rules that were added
    /// before and can do nothing more are removed: each makes every question slower.
    pub fn add(&mut self, now: Now, rule: Rule) -> String {
        self.rules.handle_timeout(now);
        // A rule that was lifted no longer needs its name: the new one may have it.
        let named = |live: &Live| rule.name.as_ref() == Some(&live.name);
        self.rules.remove(|live| live.is_spent() || live.is_gone() && named(live));
        let mut names = Names::of(&self.rules.list);
        let i = self.rules.arm(now, rule, &mut names);
        self.rules.list[i].added = true;
        self.rules.start(now, i);
        self.rules.list[i].name.clone()
    }

    /// Is told what happened, where its owner has no question.
    pub fn observe(&mut self, now: Now, what: &Observation) {
        match what {
            Observation::Result { port, text, cause } => {
                self.rules.happen(now, Fact::Result { port: *port, text, cause });
            }
            Observation::State(state) => {
                self.rules.standing.reach(*state);
                self.rules.happen(now, Fact::State(*state));
            }
            Observation::Boot(n) => {
                self.rules.standing.reach(ModuleState::Powered);
                self.rules.handle_timeout(now);
                self.rules.list.iter_mut().for_each(|live| live.withheld.clear());
                self.rules.let_out(now, None);
                self.rules.happen(now, Fact::Boot(*n));
            }
            Observation::LetOut { port } => {
                self.rules.handle_timeout(now);
                self.rules.let_out(now, Some(*port));
            }
            Observation::Opened(link) => {
                self.rules.traffic.open(*link);
                self.rules.stir(now, *link);
                self.rules.happen(now, Fact::Opened(*link));
            }
            Observation::Closed(link) => {
                self.rules.handle_timeout(now);
                self.rules.traffic.close(link);
                for live in &mut self.rules.list {
                    live.quiet.remove(link);
                    live.until.forget(link);
                    live.lines.retain(|(l, _), _| l != link);
                }
                self.rules.redate_quiet();
            }
        }
    }

    /// Applies the rule with that name now, whatever its trigger; false where there is none.
    pub fn inject(&mut self, now: Now, name: &str) -> bool {
        self.rules.handle_timeout(now);
        let Some(i) = self.rules.list.iter().position(|r| r.name == name) else { return false };
        self.rules.fire(now, i, None);
        true
    }

    /// Ends the rule with that name, and disarms it: it waits for nothing any more, and comes again by
    /// [`inject`](Engine::inject) alone. False where there is none, or where it neither holds nor waits.
    pub fn lift(&mut self, now: Now, name: &str) -> bool {
        self.rules.handle_timeout(now);
        let found = self.rules.list.iter().position(|live| live.name == name && !live.rule.silent);
        if let Some(i) = found.filter(|i| self.rules.list[*i].is_too_late()) {
            // It has acted for the last time, and ends by itself once the answer that it keeps back is let out.
            self.rules.list[i].disarm();
            self.rules.redate(i);
            return true;
        }
        let Some(i) = found.filter(|i| self.rules.list[*i].disarm()) else { return false };
        self.rules.redate(i);
        self.rules.end(now, i);
        true
    }

    /// Ends and disarms every rule, but for how the network is without faults.
    pub fn lift_all(&mut self, now: Now) {
        self.rules.handle_timeout(now);
        // All are disarmed before any ends: another may wait for that end.
        for live in self.rules.list.iter_mut().filter(|live| !live.rule.silent) {
            live.disarm();
        }
        self.rules.index_anew();
        for i in 0..self.rules.list.len() {
            if !self.rules.list[i].rule.silent && !self.rules.list[i].is_too_late() {
                self.rules.end(now, i);
            }
        }
    }

    /// Does as a request says; gives the rule's name, and none where it was about all.
    ///
    /// # Errors
    /// There is no rule with that name.
    pub fn request(&mut self, now: Now, request: Request) -> Result<String, String> {
        let late = matches!(&request, Request::Lift(name)
            if self.rules.list.iter().any(|live| live.name == *name && live.is_too_late()));
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
        self.rules.handle_timeout(now);
        let taken =
            |live: &&Live| Some(&live.name) == rule.name.as_ref() && !live.is_spent() && !live.is_gone();
        match self.rules.list.iter().find(taken) {
            Some(live) => {
                Err(format!("a fault is named `{}` already: lift it first, or take another name", live.name))
            }
            None => Ok(self.add(now, rule)),
        }
    }

    /// How each rule stands, in file order; one that was lifted for good is left out.
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
        self.rules.list.iter().filter(|live| !live.rule.silent && !live.is_gone()).map(status).collect()
    }

    /// What the rule with that name does.
    pub fn action(&self, name: &str) -> Option<&Action> {
        self.rules.list.iter().find(|live| live.name == name).map(|live| &live.rule.what)
    }

    /// What the rule with that name does and how long, as a `[[fault]]` without a `when`; none where what ends it cannot be
    /// told so.
    pub fn written(&self, name: &str) -> Option<serde_json::Value> {
        let rule = &self.rules.list.iter().find(|live| live.name == name)?.rule;
        let what: toml::Table = toml::from_str(&format!("what = {{ {} }}", rule.text)).ok()?;
        let mut fault = serde_json::to_value(what).ok()?;
        match rule.lasts {
            _ if rule.until.is_some() || rule.during != During::default() => return None,
            Lasts::For(span) => fault["for"] = Span(span).to_string().into(),
            Lasts::Ever | Lasts::Once => {}
        }
        Some(fault)
    }

    /// The faults that were never applied, with what they do, in file order; also those that a request has disarmed.
    pub fn never_applied(&self) -> Vec<(String, String)> {
        let never = |live: &&Live| live.fired == 0 && !live.rule.silent;
        self.rules.list.iter().filter(never).map(|live| (live.name.clone(), live.rule.text.clone())).collect()
    }

    /// The faults that were applied and found nothing to act on, with what they do, in file order. One that is a state is
    /// there once it is applied.
    pub fn never_acted(&self) -> Vec<(String, String)> {
        let never = |live: &&Live| {
            let waited = live.rule.kind.nature == Nature::Next && !live.acted;
            live.fired > 0 && waited && !live.rule.silent
        };
        self.rules.list.iter().filter(never).map(|live| (live.name.clone(), live.rule.text.clone())).collect()
    }

    /// The next thing that a rule does by itself, and the link that called for it, where one did.
    pub fn poll_act(&mut self) -> Option<(Act, Option<Link>)> {
        self.rules.acts.pop_front()
    }

    /// Whether [`poll_act`](Engine::poll_act) has something: until it is carried out, nothing more may move
    /// on a connection.
    pub fn is_acting(&self) -> bool {
        !self.rules.acts.is_empty()
    }

    /// The next fault that has come to another stage, for the trace. After one was lifted, what a
    /// [`Fate::Hold`](crate::fault::Fate::Hold) kept back is to be asked about again.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.rules.events.pop_front()
    }

    /// When [`handle_timeout`](Engine::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Option<Now> {
        self.rules.index.next_date()
    }

    /// Has the clock run so many times faster than real time: what cannot be kept up with is dropped.
    pub fn set_speed(&mut self, now: Now, speed: u32) {
        self.rules.pace.set_speed(now, speed);
    }

    /// Whether the index agrees with the rules.
    #[cfg(test)]
    pub(in crate::fault) fn is_consistent(&self) -> bool {
        self.rules.is_consistent()
    }

    /// Lets happen what is due by `now`. Every question does this first.
    pub fn handle_timeout(&mut self, now: Now) {
        self.rules.handle_timeout(now);
    }

    /// How many of `len` bytes may move on a link before a rule's number of bytes is reached: at least 1,
    /// `len` where none is near. Counts nothing, unlike [`segment`](Engine::segment), which stops there
    /// by itself.
    pub fn room(&self, link: Link, way: Way, len: usize) -> usize {
        self.rules.room(link, way, len)
    }
}
