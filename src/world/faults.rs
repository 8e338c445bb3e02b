//! The fault engine, shared by all who ask it: the network, the gates, the module, the serial ports, and
//! the FTP server on its own thread.

mod gate;
mod link;
mod module;

use crate::fault::{
    Act, Action, Engine, Event, Link, Observation, Request, Rule, Status, StorageOp, StorageVerdict,
    UartVerdict, Way,
};
use crate::modem::FaultHook;
use crate::network::LinkFaults;
use crate::time::Now;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The engine, for all who ask it. Clones share one engine.
///
/// As long as there is no rule, no question locks or computes anything.
#[derive(Clone, Debug)]
pub struct Faults {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    engine: Mutex<Engine>,
    /// Whether there is any rule.
    armed: AtomicBool,
    /// Whether a rule waits to act until what is under way has arrived: nothing more may move then.
    hold: AtomicBool,
    /// The modem's clock in microseconds, for the FTP server's thread.
    now: AtomicU64,
}

impl Faults {
    /// The engine for these rules.
    pub fn new(rules: Vec<Rule>, seed: u64) -> Faults {
        let armed = AtomicBool::new(!rules.is_empty());
        let engine = Mutex::new(Engine::new(rules, seed));
        let (hold, now) = (AtomicBool::new(false), AtomicU64::new(0));
        Faults { shared: Arc::new(Shared { engine, armed, hold, now }) }
    }

    /// Whether there is no rule at all.
    pub fn is_empty(&self) -> bool {
        !self.shared.armed.load(Ordering::Relaxed)
    }

    fn engine(&self) -> MutexGuard<'_, Engine> {
        // A panic under the lock leaves the engine in a usable state.
        self.shared.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the engine, where there is any rule.
    fn ask<V>(&self, question: impl FnOnce(&mut Engine) -> V) -> Option<V> {
        if self.is_empty() { None } else { Some(question(&mut self.engine())) }
    }

    /// Adds a rule behind the others; gives its name. [`World::act`](super::World::act) follows.
    pub fn add(&self, now: Now, rule: Rule) -> String {
        self.shared.armed.store(true, Ordering::Relaxed);
        self.engine().add(now, rule)
    }

    /// Applies the rule with that name now; false where there is none.
    /// [`World::act`](super::World::act) follows.
    pub fn inject(&self, now: Now, name: &str) -> bool {
        self.engine().inject(now, name)
    }

    /// Ends and disarms the rule with that name; false where it neither holds nor waits.
    /// [`World::act`](super::World::act) follows.
    pub fn lift(&self, now: Now, name: &str) -> bool {
        self.engine().lift(now, name)
    }

    /// Ends and disarms every rule. [`World::act`](super::World::act) follows.
    pub fn lift_all(&self, now: Now) {
        self.engine().lift_all(now);
    }

    /// Does as a request says; gives the rule's name, and none where it was about all.
    /// [`World::act`](super::World::act) follows.
    ///
    /// # Errors
    /// There is no rule with that name, or it neither holds nor waits.
    pub fn request(&self, now: Now, request: Request) -> Result<String, String> {
        if let Request::Rule(_) = request {
            self.shared.armed.store(true, Ordering::Relaxed);
        }
        self.engine().request(now, request)
    }

    /// Has the clock run so many times faster than real time: what cannot be kept up with is dropped.
    pub fn set_speed(&self, now: Now, speed: u32) {
        self.engine().set_speed(now, speed);
    }

    /// How each rule stands, in file order.
    pub fn status(&self) -> Vec<Status> {
        self.engine().status()
    }

    /// What the rule with that name does.
    pub fn action(&self, name: &str) -> Option<Action> {
        self.engine().action(name).cloned()
    }

    /// What the rule with that name does and how long, as a `[[fault]]` in JSON, where that can be told.
    pub fn written(&self, name: &str) -> Option<serde_json::Value> {
        self.engine().written(name)
    }

    /// The faults that were never applied, with what they do, in file order.
    pub fn never_applied(&self) -> Vec<(String, String)> {
        self.engine().never_applied()
    }

    /// The faults that were applied and found nothing to act on, with what they do, in file order.
    pub fn never_acted(&self) -> Vec<(String, String)> {
        self.engine().never_acted()
    }

    /// One sentence for each fault that has tested nothing.
    pub fn untested(&self) -> Vec<String> {
        let told = |of: Vec<(String, String)>, what: &str| {
            let told = |(name, _): &(String, String)| format!("the fault {} {what}", name.escape_debug());
            of.iter().map(told).collect::<Vec<_>>()
        };
        let engine = self.engine();
        let applied = told(engine.never_applied(), "was never applied");
        let acted = told(engine.never_acted(), "was applied, and found nothing to act on");
        [applied, acted].concat()
    }

    /// When the engine has something to do by itself.
    pub fn poll_timeout(&self) -> Option<Now> {
        self.ask(|engine| engine.poll_timeout()).flatten()
    }

    /// Applies and lifts what is due, and gives what rules do by themselves, with the link that triggered it.
    pub(super) fn poll(&self, now: Now) -> Vec<(Act, Option<Link>)> {
        let taken = self.ask(|engine| {
            engine.handle_timeout(now);
            std::iter::from_fn(|| engine.poll_act()).collect()
        });
        taken.unwrap_or_default()
    }

    /// The next fault that was applied or lifted.
    pub(super) fn poll_event(&self) -> Option<Event> {
        self.ask(|engine| engine.poll_event()).flatten()
    }

    /// Whether connections stand still: true until a rule has acted that waits to do so.
    pub(super) fn hold(&self, hold: bool) {
        self.shared.hold.store(hold, Ordering::Relaxed);
    }

    /// Tells the FTP server's thread the time.
    pub(super) fn set_now(&self, now: Now) {
        if !self.is_empty() {
            self.shared.now.store(now.as_micros(), Ordering::Relaxed);
        }
    }

    /// Tells the engine what happened where it is not asked. It hears of links even without a rule: one that is added
    /// later may be about them.
    pub(super) fn observe(&self, now: Now, what: &Observation) {
        let link = matches!(what, Observation::Opened(_) | Observation::Closed(_));
        if link || !self.is_empty() {
            self.engine().observe(now, what);
        }
    }

    /// Bytes are about to arrive on a port, counted from 0.
    pub(super) fn uart(&self, now: Now, port: usize, way: Way, bytes: &[u8]) -> UartVerdict {
        self.ask(|engine| engine.uart(now, port + 1, way, bytes)).unwrap_or(UartVerdict::Pass)
    }

    /// The seam of the links.
    pub fn links(&self) -> Box<dyn LinkFaults + Send> {
        Box::new(self.clone())
    }

    /// The seam of one gate.
    pub fn gate(&self) -> Box<dyn crate::gate::GateFaults> {
        Box::new(self.clone())
    }

    /// The server is about to do something with the file or folder at `path`; it asks on its own thread.
    pub fn storage(&self, op: StorageOp, path: &str) -> StorageVerdict {
        let now = Now::from_micros(self.shared.now.load(Ordering::Relaxed));
        self.ask(|engine| engine.storage(now, op, path)).unwrap_or(StorageVerdict::Pass)
    }

    /// The seam of the module.
    pub fn module(&self) -> Box<dyn FaultHook> {
        Box::new(module::Module(self.clone()))
    }
}
