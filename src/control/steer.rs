//! Where requests are carried out.

use super::answer::{Answer, PortMode, Status, Verdict, Wrong, worded};
use super::hand::ByHand;
use super::recording::recording;
use super::request::{Request, Saved};
use crate::at::octets::octets_of;
use crate::driver::course::YEARS;
use crate::driver::handle::Handle;
use crate::driver::machine::Machine;
use crate::fault::{self, Known, Never, Rule, Trigger, never_acts, never_happens};
use crate::judge::Watch;
use crate::judge::findings::Findings;
use crate::modem::Service;
use crate::profile::mistake::suggest;
use crate::time::Now;
use crate::trace::follow::follow;
use crate::trace::{self, Event, History, Record};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc::Receiver;
use tokio::task::spawn_blocking;

/// What a run is, for whoever asks.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The profile's name.
    pub profile: String,
    /// The scenario's file.
    pub scenario: Option<String>,
    /// The seed.
    pub seed: u64,
    /// The link to each serial port.
    pub links: Vec<PathBuf>,
    /// The folder of the FTP server.
    pub root: PathBuf,
    /// The scenario that the run would have without what is done by hand.
    pub base: String,
    /// The header of a recording of it.
    pub head: String,
}

/// A modem that runs, as whoever steers it meets it: the control socket, and all that speaks its words.
#[derive(Clone)]
pub struct Control {
    handle: Handle,
    watch: Watch,
    history: History,
    by_hand: ByHand,
    about: Arc<About>,
}

/// The records of the trace, for one who follows it.
#[derive(Debug)]
pub struct Followed {
    /// Those that have been.
    pub past: Vec<Arc<Record>>,
    /// Those to come, in their order behind the past.
    pub next: Receiver<Record>,
    /// The events that are wanted; all where it is empty.
    pub events: Vec<String>,
}

impl Control {
    /// Of a machine whose records `watch` gets.
    pub fn new(machine: &mut Machine, watch: Watch, about: About) -> Control {
        let (history, by_hand) = (History::default(), ByHand::of(machine.ports()));
        machine.trace_to(Box::new(history.clone()));
        machine.trace_to(Box::new(by_hand.clone()));
        Control { handle: machine.handle(), watch, history, by_hand, about: Arc::new(about) }
    }

    /// With another history.
    #[cfg(test)]
    pub(super) fn with_history(self, history: History) -> Control {
        Control { history, ..self }
    }

    /// What the run is.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// What has happened so far.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Carries out a request, but for [`Request::Follow`], of which nothing comes but that it can be done.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn ask(&self, request: Request) -> Result<Answer, Wrong> {
        match request {
            Request::Inject { name: Some(name), fault: None } => {
                self.act(fault::Request::Inject(name), None).await
            }
            Request::Inject { name: None, fault: Some(fault) } => {
                self.act(fault::Request::Rule(Box::new(rule(&fault)?)), Some(fault)).await
            }
            Request::Inject { .. } => {
                let right = "write \"fault\": {\"what\": {..}} for a new one, or the \"name\" of one";
                Err(Wrong::new("inject which fault?", right))
            }
            Request::Lift { name: Some(name) } => self.act(fault::Request::Lift(name), None).await,
            Request::Lift { name: None } => self.act(fault::Request::LiftAll, None).await,
            Request::Faults {} => {
                let faults = self.handle.ask(|machine, _| machine.world().faults().status()).await?;
                Ok(Answer::Faults { faults })
            }
            Request::Status {} => {
                let about = self.about.clone();
                let status = self.handle.ask(move |machine, now| status(machine, now, &about)).await?;
                let none = "no module of Badline's own is behind the port";
                let status = status.ok_or_else(|| Wrong::new(none, "the other requests are answered"))?;
                Ok(Answer::Status(Box::new(status)))
            }
            Request::Type { line } => {
                let typed = move |machine: &mut Machine, _| {
                    machine.type_by_hand(&[&octets_of(&line), &b"\r"[..]].concat())
                };
                let none = "the modem has no port for it, or has not taken what was typed before";
                let port = self.handle.ask(typed).await?.ok_or_else(|| Wrong::new(none, ""))?;
                Ok(Answer::Typed { port: port.0 + 1 })
            }
            Request::Verdict {} => self.verdict().await,
            Request::Follow { events, .. } => known_events(&events).map(|()| Answer::Done {}),
            Request::Speed { speed: Some(speed) } if !(1..=1000).contains(&speed) => {
                Err(Wrong::new(format!("{speed} is no speed"), "write 1 to 1000"))
            }
            Request::Speed { speed } => {
                let set = move |machine: &mut Machine, _| {
                    machine.set_speed(speed.unwrap_or(machine.clock().speed()));
                };
                self.handle.ask(set).await?;
                speed.into_iter().for_each(|speed| self.by_hand.speed(speed));
                Ok(Answer::Done {})
            }
            Request::Save { what: Saved::Scenario } => {
                Ok(Answer::Saved { text: self.by_hand.scenario(&self.about.base) })
            }
            Request::Save { what: Saved::Recording } => {
                let (head, ports) = (&self.about.head, self.about.links.len().max(1));
                Ok(Answer::Saved { text: recording(head, ports, &self.history.since(0)) })
            }
            Request::Pause {} => {
                let pause = |machine: &mut Machine, _| {
                    machine.pause();
                    machine.now()
                };
                Ok(time(self.handle.ask(pause).await?))
            }
            Request::Step { span } => {
                let done = self.handle.ask(move |machine, _| machine.step(span.0)).await?;
                let done = done.ok_or_else(|| {
                    let what = format!("the clock goes no further than {YEARS} years from power-on");
                    Wrong::new(what, "write less, such as 24h")
                })?;
                let now = self.stopped(done).await?;
                Ok(time(now))
            }
        }
    }

    /// Begins to follow the trace: with the records behind the number `since`, where one is given.
    ///
    /// # Errors
    /// An event that the trace has not; the modem runs no more.
    pub async fn follow(&self, events: Vec<String>, since: Option<u64>) -> Result<Followed, Wrong> {
        known_events(&events)?;
        let history = self.history.clone();
        let begin = move |machine: &mut Machine, _| {
            let (sink, next) = follow();
            machine.trace_to(Box::new(sink));
            (since.map(|number| history.since(number)).unwrap_or_default(), next)
        };
        let (past, next) = self.handle.ask(begin).await?;
        let mut records = past.records;
        if past.missing > 0 {
            let text = format!("{} records are missing here: they are too long ago", past.missing);
            let t = records.first().map_or(0, |first| first.t);
            records.insert(0, Arc::new(Record::new(Now::from_micros(t), Event::Note { text })));
        }
        Ok(Followed { past: records, next, events })
    }

    /// Does something about faults; what was injected is written as `fault`.
    async fn act(&self, request: fault::Request, fault: Option<Value>) -> Result<Answer, Wrong> {
        let by_hand = self.by_hand.clone();
        let job = move |machine: &mut Machine, now: Now| {
            let (name, lifts) = match &request {
                fault::Request::Rule(_) => (None, None),
                fault::Request::Inject(name) => (Some(name.clone()), None),
                fault::Request::Lift(name) => (None, Some(Some(name.clone()))),
                fault::Request::LiftAll => (None, Some(None)),
            };
            let written = name.as_ref().and_then(|name| machine.world().faults().written(name));
            let answer = act(machine, now, request)?;
            match (&answer, fault, name, lifts) {
                (Answer::Fault { name, .. }, Some(fault), _, _) => by_hand.injected(now, name, fault),
                (_, _, Some(name), _) => by_hand.applied(now, &name, written),
                (_, _, _, Some(name)) => by_hand.lifted(now, name.as_deref()),
                _ => {}
            }
            Ok(answer)
        };
        self.handle.ask(job).await?
    }

    /// The end of a step; who pauses or sets a speed meanwhile ends it, too.
    async fn stopped(&self, done: tokio::sync::oneshot::Receiver<()>) -> Result<Now, Wrong> {
        let whole = done.await.is_ok();
        let now = self.handle.ask(|_, now| now).await?;
        match whole {
            true => Ok(now),
            false => Err(Wrong::new("somebody else has taken the clock before the step was done", "")),
        }
    }

    async fn verdict(&self) -> Result<Answer, Wrong> {
        let (judge, root) = (self.watch.judge().clone(), self.about.root.clone());
        let (faults, now) = self.handle.ask(|machine, now| (machine.world().faults().clone(), now)).await?;
        // The server's files are read, which may take long.
        let findings = spawn_blocking(move || Findings::of(&judge, &faults, now, &root)).await;
        let findings = findings.map_err(|e| Wrong::new(e.to_string(), ""))?;
        Ok(Answer::Verdict(Box::new(Verdict {
            modem: self.about.profile.clone(),
            scenario: self.about.scenario.clone(),
            seed: self.about.seed,
            passed: findings.met(),
            findings,
            explanation: self.watch.judge().explanation(),
        })))
    }
}

impl Followed {
    /// The line of a record, with its number; none where that is not wanted.
    pub fn line(&self, record: &Record) -> Option<String> {
        let mut value = serde_json::to_value(record).ok()?;
        if record.number > 0 {
            value["n"] = record.number.into();
        }
        let wanted = |event: &String| value["event"] == **event;
        (self.events.is_empty() || self.events.iter().any(wanted)).then(|| format!("{value}\n"))
    }
}

fn time(now: Now) -> Answer {
    Answer::Time { t: now.as_micros() }
}

fn rule(fault: &Value) -> Result<Rule, Wrong> {
    Rule::from_json(fault).map_err(|p| match p.right.is_empty() {
        true => worded(&p.what),
        false => Wrong::new(p.what, p.right),
    })
}

fn known_events(events: &[String]) -> Result<(), Wrong> {
    let known = trace::events();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    match events.iter().find(|event| !known.contains(&event.as_str())) {
        None => Ok(()),
        Some(event) => {
            let right = suggest(event, &known, "events");
            Err(Wrong::new(format!("the trace has no event `{event}`"), right))
        }
    }
}

fn act(machine: &mut Machine, now: Now, request: fault::Request) -> Result<Answer, Wrong> {
    possible(machine, &request)?;
    let note = idle(machine, &request);
    let name = match &request {
        fault::Request::Inject(name) | fault::Request::Lift(name) => name.clone(),
        fault::Request::Rule(_) | fault::Request::LiftAll => String::new(),
    };
    let faults = machine.world().faults();
    let done = faults.request(now, request);
    let names: Vec<String> = faults.status().into_iter().map(|f| f.name).collect();
    machine.world_mut().act(now);
    if let Some(text) = &note {
        machine.record(Event::Note { text: text.clone() });
    }
    match done {
        Ok(name) if name.is_empty() => Ok(Answer::Done {}),
        Ok(name) => Ok(Answer::Fault { name, note }),
        Err(what) => Err(Wrong::new(what, there(&name, &names))),
    }
}

/// What a fault that is applied at once finds nothing to do to.
fn idle(machine: &Machine, request: &fault::Request) -> Option<String> {
    match request {
        fault::Request::Rule(rule) if rule.when == Trigger::Start => machine.world().idle(&rule.what),
        fault::Request::Inject(name) => machine.world().idle(&machine.world().faults().action(name)?),
        _ => None,
    }
}

/// How the module stands; none where another than one of ours is behind the port.
fn status(machine: &mut Machine, now: Now, about: &About) -> Option<Status> {
    let (speed, paused) = (machine.clock().speed(), machine.clock().stands());
    let faults = machine.world().faults().status().into_iter().filter(|f| f.active).map(|f| f.name).collect();
    let core = machine.world().modem()?.core();
    let up = |cid: &u8| Some((*cid, core.bearers.address(*cid)?));
    let mode = |port| if core.in_data_mode(port) { PortMode::Data } else { PortMode::Command };
    Some(Status {
        t: now.as_micros(),
        profile: core.profile.name.clone(),
        scenario: about.scenario.clone(),
        seed: about.seed,
        pid: std::process::id(),
        links: about.links.clone(),
        speed,
        paused,
        boots: core.lasting.boots,
        registration: core.radio.status,
        signal: core.radio.rssi,
        sim: core.lasting.sim.status().unwrap_or_default().to_owned(),
        contexts: core.bearers.contexts.keys().filter_map(up).collect(),
        ports: core.port_ids().map(mode).collect(),
        ftp: core.clients.has(Service::Ftp),
        faults,
    })
}

/// Refuses a fault that could never be applied.
fn possible(machine: &mut Machine, request: &fault::Request) -> Result<(), Wrong> {
    let fault::Request::Rule(rule) = request else { return Ok(()) };
    // Of a device that Badline does not know, anything may be.
    let Some(modem) = machine.world().modem() else { return Ok(()) };
    let rows = modem.vocabulary().rows();
    let mut commands: Vec<&str> = rows.iter().map(|row| row.name).collect();
    commands.extend(modem.core().profile.commands.keys().map(String::as_str));
    let (ports, boots) = (Some(modem.core().port_ids().count()), u64::from(modem.core().lasting.boots));
    let known = Known { commands: &commands, ports, boots, ..Known::default() };
    let faults: Vec<String> = machine.world().faults().status().into_iter().map(|f| f.name).collect();
    let until = rule.until.as_ref().map(|(trigger, _)| trigger);
    let never = [Some(&rule.when), until].into_iter().flatten().find_map(|trigger| match trigger {
        Trigger::After(name) | Trigger::Lifted(name) if !faults.contains(name) => {
            let (what, right) = (format!("no fault is named `{name}`"), there(name, &faults));
            Some(Never { key: "", what, right })
        }
        _ => never_happens(trigger, &known),
    });
    if let Some(Never { what, right, .. }) = never {
        return Err(Wrong::new(format!("the fault can never be applied or lifted: {what}"), right));
    }
    if let Some(Never { what, right, .. }) = never_acts(&rule.what, &known) {
        return Err(Wrong::new(format!("the fault can never act: {what}"), right));
    }
    Ok(())
}

/// Which faults there are where there is none of this name.
fn there(name: &str, names: &[String]) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match &names[..] {
        [] => "there are no faults yet; inject one".to_owned(),
        names => suggest(name, names, "faults"),
    }
}
