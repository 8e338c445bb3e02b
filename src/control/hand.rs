//! What was done to a modem by hand, as the scenario that does it again.
//!
//! A fault that was applied at once is given the place in the dialogue where that was: behind the n-th result code or unsolicited
//! line like this one, if the module had nothing else to do then; else so long after a command or an unsolicited line.

use super::carried::Carried;
use crate::fault::{FAULTS, FaultKind, Nature, Pattern};
use crate::time::Now;
use crate::time::units::Span;
use crate::trace::{Event, Record, Sink};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// So many different lines are counted; a host that types noise must not fill the memory.
const LINES: usize = 2000;
/// So many deeds are kept.
const DEEDS: usize = 2000;

/// What was done by hand; clones hold the same.
#[derive(Clone, Debug, Default)]
pub struct ByHand(Arc<Mutex<Deeds>>);

#[derive(Debug, Default)]
struct Deeds {
    /// How many ports are the host's, where there are others: what is said there will not be said again.
    ports: Option<usize>,
    place: Place,
    deeds: Vec<Deed>,
    speed: Option<u32>,
    /// What cannot be written as a fault.
    remarks: Vec<String>,
}

/// A fault that was injected.
#[derive(Clone, Debug)]
struct Deed {
    name: String,
    /// As a `[[fault]]` in JSON.
    fault: Value,
    /// Whether it was applied once, by its name.
    once: Once,
    began: Moment,
    /// Where it was applied last: what lifts it is counted from there.
    applied: Option<Place>,
    stage: Stage,
    lifted: Option<Moment>,
}

/// How far a fault has come by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It waits for its trigger.
    Waits,
    /// It was applied.
    Applied,
    /// It was applied, and its time is over.
    Over,
}

/// How a fault came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Once {
    /// It was new: without a `when` it holds until it is lifted.
    New,
    /// It was there and was applied by its name, which is one time.
    Named,
}

/// When something was done.
#[derive(Clone, Debug)]
struct Moment {
    at: Now,
    place: Place,
    /// Whether the module had something to do then; known when the next thing has happened.
    busy: Option<bool>,
}

/// How far the dialogue has come.
#[derive(Clone, Debug, Default)]
struct Place {
    /// How often there was each line, by the key of a `when` that waits for it.
    counts: BTreeMap<(&'static str, String), u64>,
    /// What has moved on its connections.
    carried: Carried,
    /// The last line of any kind, and the last that is no result code.
    last: Option<Line>,
    begins: Option<Line>,
    /// Whether the host has sent a command.
    spoken: bool,
}

#[derive(Clone, Debug)]
struct Line {
    key: &'static str,
    text: String,
    at: Now,
}

impl ByHand {
    /// Of a modem whose host has so many ports.
    pub fn of(ports: usize) -> ByHand {
        let by_hand = ByHand::default();
        by_hand.deeds().ports = Some(ports);
        by_hand
    }

    fn deeds(&self) -> MutexGuard<'_, Deeds> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A fault was injected: as `fault` says it, under this name.
    pub fn injected(&self, at: Now, name: &str, fault: Value) {
        self.add(at, name, fault, Once::New);
    }

    fn add(&self, at: Now, name: &str, fault: Value, once: Once) {
        let mut deeds = self.deeds();
        if deeds.deeds.len() < DEEDS {
            let began = deeds.moment(at);
            let applied = Some(began.place.clone());
            // What acts at once, and is over then, has been applied before anybody could take note of it here.
            let instant = kind_of(&fault).is_some_and(|kind| kind.nature == Nature::Instant);
            let stage = if instant && fault["when"].is_null() { Stage::Applied } else { Stage::Waits };
            deeds.deeds.push(Deed {
                name: name.to_owned(),
                fault,
                once,
                began,
                applied,
                stage,
                lifted: None,
            });
        }
    }

    /// A fault that was there was applied by its name: what it does, and how long, in JSON.
    pub fn applied(&self, at: Now, name: &str, written: Option<Value>) {
        let own =
            self.deeds().deeds.iter().rev().find(|deed| deed.name == name).map(|deed| deed.fault.clone());
        match own.or(written) {
            Some(mut fault) => {
                if let Some(fault) = fault.as_object_mut() {
                    fault.remove("when");
                    fault.remove("name");
                }
                self.add(at, name, fault, Once::Named);
            }
            None => self.deeds().remarks.push(format!("the fault {name} was applied by its name")),
        }
    }

    /// The fault of this name was lifted; all of them where there is none.
    pub fn lifted(&self, at: Now, name: Option<&str>) {
        let mut deeds = self.deeds();
        let moment = deeds.moment(at);
        let mut any = false;
        for deed in deeds.deeds.iter_mut().filter(|deed| name.is_none_or(|name| deed.name == name)) {
            any = true;
            // What is over and comes no more is not lifted.
            if deed.stage == Stage::Over && !deed.repeats() {
                continue;
            }
            deed.lifted.get_or_insert_with(|| moment.clone());
        }
        if let (Some(name), false) = (name, any) {
            deeds.remarks.push(format!("the scenario's fault {name} was lifted"));
        }
    }

    /// The modem's clock was given another speed.
    pub fn speed(&self, speed: u32) {
        self.deeds().speed = Some(speed);
    }

    /// The scenario `base`, and behind it what was done.
    pub fn scenario(&self, base: &str) -> String {
        let deeds = self.deeds();
        let mut text = base.to_owned();
        if let Some(speed) = deeds.speed {
            text = with_key(&text, "speed", &speed.to_string());
        }
        for remark in &deeds.remarks {
            put(
                &mut text,
                format_args!("\n# By hand, and not written as a fault here: {}.", remark.escape_debug()),
            );
        }
        for (i, deed) in deeds.deeds.iter().enumerate() {
            let again =
                base_has(base, &deed.name) || deeds.deeds[..i].iter().any(|other| other.name == deed.name);
            put(&mut text, format_args!("\n{}", deed.text(again).trim_end()));
        }
        text
    }
}

impl Deeds {
    fn moment(&self, at: Now) -> Moment {
        Moment { at, place: self.place.clone(), busy: None }
    }

    fn observe(&mut self, record: &Record) {
        if let Event::CommandLine { port, .. } | Event::Result { port, .. } | Event::Urc { port, .. } =
            &record.event
            && self.ports.is_some_and(|ports| *port > ports)
        {
            return;
        }
        let at = Now::from_micros(record.t);
        let busy = match &record.event {
            // What a fault has put into the module's mouth is no place: nothing may wait for it.
            Event::Urc { line, .. } if self.deeds.iter().any(|deed| deed.says(line)) => return,
            Event::CommandLine { .. } => false,
            Event::Result { .. }
            | Event::Urc { .. }
            | Event::FtpVerb { .. }
            | Event::FtpReply { .. }
            | Event::Segment { .. }
            | Event::Datagram { .. }
            | Event::Found { .. } => true,
            Event::LookUp { .. } | Event::LinkOpened { .. } | Event::State { .. } => {
                return self.place.observe(at, &record.event);
            }
            Event::FaultApplied { name, .. } => {
                let place = self.place.clone();
                for deed in self.deeds.iter_mut().filter(|deed| deed.name == *name && deed.lifted.is_none()) {
                    (deed.applied, deed.stage) = (Some(place.clone()), Stage::Applied);
                }
                return;
            }
            Event::FaultLifted { name, .. } => {
                let own = |deed: &&mut Deed| deed.name == *name && deed.lifted.is_none();
                self.deeds.iter_mut().filter(own).for_each(|deed| deed.stage = Stage::Over);
                return;
            }
            _ => return,
        };
        for deed in &mut self.deeds {
            let moments = [Some(&mut deed.began), deed.lifted.as_mut()].into_iter().flatten();
            moments.for_each(|moment| moment.busy = moment.busy.or(Some(busy)));
        }
        self.place.observe(at, &record.event);
    }
}

impl Place {
    fn observe(&mut self, at: Now, event: &Event) {
        self.carried.observe(event);
        let (key, text) = match event {
            Event::FtpVerb { line } => {
                return self.add("verb", line.split(' ').next().unwrap_or_default());
            }
            Event::FtpReply { code, .. } => return self.add("reply", &code.to_string()),
            Event::LookUp { name, .. } => return self.add("lookup", name),
            Event::State { state, .. } => return self.add("state", state),
            Event::CommandLine { line, .. } => ("command", line),
            Event::Urc { line, .. } => ("urc", line),
            Event::Result { text, cause, .. } => {
                ("result", cause.as_ref().filter(|_| text.is_empty()).unwrap_or(text))
            }
            _ => return,
        };
        self.spoken |= key == "command";
        self.add(key, text);
        let line = Line { key, text: text.trim().to_owned(), at };
        if key != "result" {
            self.begins = Some(line.clone());
        }
        self.last = Some(line);
    }

    fn add(&mut self, key: &'static str, text: &str) {
        let counted = (key, text.trim().to_ascii_uppercase());
        if self.counts.len() < LINES || self.counts.contains_key(&counted) {
            *self.counts.entry(counted).or_default() += 1;
        }
    }

    /// How often what a `when` waits for has happened, where that is counted here.
    fn before(&self, when: &Value) -> u64 {
        let keys = ["command", "result", "urc", "verb", "reply", "lookup", "state"];
        let waited = keys.iter().find_map(|key| Some((*key, Pattern::from(when[*key].as_str()?))));
        // A reply to one verb is not told from others.
        let alone = when["verb"].is_null() || when["reply"].is_null();
        let Some((key, pattern)) = waited.filter(|_| alone) else { return self.carried.before(when) };
        let matching = self.counts.iter().filter(|((own, text), _)| *own == key && pattern.matches(text));
        matching.map(|(_, count)| count).sum()
    }

    fn count(&self, line: &Line) -> u64 {
        self.counts.get(&(line.key, line.text.to_ascii_uppercase())).copied().unwrap_or(0)
    }
}

impl Moment {
    /// The `when` that comes to this moment, its times counted from `since` on; none where nothing had happened by then.
    fn when(&self, since: Option<&Place>) -> Option<String> {
        if !self.place.spoken {
            return None;
        }
        let idle = self.busy != Some(true);
        let (line, wait) = match (&self.place.last, &self.place.begins) {
            (Some(last), _) if idle && last.key != "command" => (last, Duration::ZERO),
            (_, Some(begins)) => (begins, self.at.since(begins.at)),
            _ => return Some(format!("{{ at = \"{}\" }}", Span(self.at.since(Now::ZERO)))),
        };
        let before = since.map_or(0, |since| since.count(line));
        let nth = self.place.count(line).saturating_sub(before);
        if nth == 0 {
            return None;
        }
        let mut when = format!("{{ {} = {}", line.key, quoted(&line.text));
        if nth > 1 {
            put_in(&mut when, format_args!(", nth = {nth}"));
        }
        if !wait.is_zero() {
            put_in(&mut when, format_args!(", wait = \"{}\"", Span(wait)));
        }
        Some(when + " }")
    }
}

impl Deed {
    /// Whether it may be applied again by its own trigger.
    fn repeats(&self) -> bool {
        ["every", "each"].iter().any(|key| !self.fault["when"][*key].is_null())
    }

    /// Whether a line that is said unasked is this fault's.
    fn says(&self, line: &str) -> bool {
        let what = &self.fault["what"];
        let answers = what["answer"].as_array().into_iter().flatten();
        [&what["say"], &what["answer"]].into_iter().chain(answers).any(|text| text.as_str() == Some(line))
    }

    fn text(&self, again: bool) -> String {
        if self.stage == Stage::Waits && self.lifted.is_some() {
            return format!("# The fault {} was lifted before it was applied.", self.name.escape_debug());
        }
        let mut fault = self.fault.as_object().cloned().unwrap_or_default();
        let mut own = fault.remove("when").filter(|when| when["inject"] != true);
        let mut text = String::new();
        // Its times were counted from then on.
        if let Some(own) = &mut own
            && let before @ 1.. = self.began.place.before(own)
        {
            match ["every", "first", "probability"].iter().any(|key| !own[*key].is_null()) {
                true => put(&mut text, format_args!("# Its times were counted behind the first {before}.")),
                false => own["nth"] = (own["nth"].as_u64().unwrap_or(1) + before).into(),
            }
        }
        // One that waits for a request alone does nothing by itself.
        let waits = own.is_none() && self.fault["when"]["inject"] == true;
        let mut what = fault.remove("what").and_then(|what| what.as_object().cloned()).unwrap_or_default();
        let nature = kind_of(&self.fault).map(|kind| kind.nature);
        let when = match &own {
            _ if waits => Some("{ inject = true }".to_owned()),
            Some(own) => Some(inline(own)),
            None => self.began.when(None),
        };
        put(&mut text, format_args!("[[fault]]"));
        if !again {
            put(&mut text, format_args!("name = {}", quoted(&self.name)));
        }
        if let Some(when) = &when {
            put(&mut text, format_args!("when = {when}"));
            if own.is_none() {
                about_all(&mut what);
            }
        }
        put(&mut text, format_args!("what = {}", inline(&Value::Object(what))));
        if let Some(lifted) = self.lifted.as_ref().filter(|_| nature != Some(Nature::Instant)) {
            let held = lifted.at.since(self.began.at).max(Duration::from_millis(1));
            match lifted.when(self.applied.as_ref()) {
                Some(until) => put(&mut text, format_args!("until = {until}")),
                None => put(&mut text, format_args!("for = \"{}\"", Span(held))),
            }
            return text;
        }
        for (key, value) in &fault {
            if matches!(key.as_str(), "for" | "until") {
                put(&mut text, format_args!("{key} = {}", inline(value)));
            }
        }
        let ends = fault.contains_key("for") || fault.contains_key("until");
        let at_once = own.is_none() && !waits && self.once == Once::New;
        if at_once && when.is_some() && !ends && nature == Some(Nature::Next) {
            // Without a `when` it acted each time; with one it would only once.
            put(&mut text, format_args!("for = \"ever\""));
        }
        text
    }
}

fn kind_of(fault: &Value) -> Option<&'static FaultKind> {
    let what = fault["what"].as_object()?;
    FAULTS.iter().find(|kind| what.contains_key(kind.name))
}

/// What was injected without a `when` is about everything that it does not narrow itself: it must not be narrowed to the line
/// that its `when` now waits for.
fn about_all(what: &mut Map<String, Value>) {
    let subjects = ["command", "urc", "result"];
    let kind = FAULTS.iter().find(|kind| what.contains_key(kind.name));
    let takes = kind.is_some_and(|kind| kind.params.iter().any(|param| param.name == "command"));
    if takes && !subjects.iter().any(|key| what.contains_key(*key)) {
        what.insert("command".into(), "*".into());
    }
}

/// Whether a fault of the scenario has a name already.
fn base_has(base: &str, name: &str) -> bool {
    let table: toml::Table = toml::from_str(base).unwrap_or_default();
    let faults = table.get("fault").and_then(toml::Value::as_array).into_iter().flatten();
    faults.filter_map(|fault| fault.get("name")?.as_str()).any(|own| own == name)
}

/// A text as TOML has it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A value on one line.
fn inline(value: &Value) -> String {
    match value {
        Value::Object(table) => {
            let pairs: Vec<String> =
                table.iter().map(|(key, value)| format!("{key} = {}", inline(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::Array(values) => format!("[{}]", values.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::String(text) => Value::from(text.as_str()).to_string(),
        other => other.to_string(),
    }
}

fn put(text: &mut String, line: std::fmt::Arguments) {
    // Writing to memory cannot fail.
    let _ = writeln!(text, "{line}");
}

fn put_in(text: &mut String, part: std::fmt::Arguments) {
    let _ = write!(text, "{part}");
}

/// A scenario's text with another value of a key that stands before its tables.
pub fn with_key(text: &str, key: &str, value: &str) -> String {
    let is_key = |line: &str| line.split_once('=').is_some_and(|(name, _)| name.trim() == key);
    let mut lines: Vec<&str> = text.lines().collect();
    let tables = lines.iter().position(|line| line.trim_start().starts_with('[')).unwrap_or(lines.len());
    let new = format!("{key} = {value}");
    match lines[..tables].iter().position(|line| is_key(line)) {
        Some(at) => lines[at] = &new,
        None => {
            let at = lines.iter().position(|line| !line.trim_start().starts_with('#')).unwrap_or(lines.len());
            lines.insert(at.min(tables), &new);
        }
    }
    lines.join("\n") + "\n"
}

impl Sink for ByHand {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        self.deeds().observe(record);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Layer, LinkKind, Way};
    use serde_json::json;

    fn takes(by_hand: &mut ByHand, millis: u64, event: Event) {
        by_hand.take(&Record::new(Now::from_millis(millis), event)).unwrap();
    }

    fn ok(by_hand: &mut ByHand, millis: u64) {
        takes(by_hand, millis, Event::CommandLine { port: 1, line: "AT".into(), typed: Default::default() });
        takes(by_hand, millis, Event::Result { port: 1, text: "OK".into(), cause: None, from: None });
    }

    fn fault(name: &str) -> (String, Layer, String) {
        (name.into(), Layer::Bearer, "signal = 3".into())
    }

    #[test]
    fn a_fault_that_is_over_is_not_lifted_by_what_comes_later() {
        let mut by_hand = ByHand::of(1);
        ok(&mut by_hand, 10);
        by_hand.injected(Now::from_millis(20), "weak", json!({"what": {"signal": 3}, "for": "1s"}));
        let (name, layer, what) = fault("weak");
        takes(&mut by_hand, 20, Event::FaultApplied { name, layer, what });
        let (name, layer, what) = fault("weak");
        takes(&mut by_hand, 1020, Event::FaultLifted { name, layer, what });
        ok(&mut by_hand, 1500);
        by_hand.lifted(Now::from_millis(2000), None);
        let text = by_hand.scenario("profile = \"sim7080\"\n");
        assert!(text.contains("for = \"1s\"") && !text.contains("until"), "{text}");
    }

    #[test]
    fn a_fault_that_was_lifted_before_it_was_applied_does_nothing_again() {
        let mut by_hand = ByHand::of(1);
        ok(&mut by_hand, 10);
        let fault = json!({"what": {"reply": 550}, "when": {"verb": "RETR"}});
        by_hand.injected(Now::from_millis(20), "r", fault);
        by_hand.lifted(Now::from_millis(50), Some("r"));
        let text = by_hand.scenario("profile = \"sim7080\"\n");
        assert!(text.contains("# The fault r was lifted before") && !text.contains("[[fault]]"), "{text}");
    }

    #[test]
    fn what_waits_for_bytes_or_a_connection_is_counted_from_power_on() {
        let mut by_hand = ByHand::of(1);
        let at = "127.0.0.1:21".parse().unwrap();
        for link in [1, 2, 3] {
            let kind = if link == 1 { LinkKind::Control } else { LinkKind::Data };
            takes(&mut by_hand, 10, Event::LinkOpened { link, kind, way: Way::Up, local: at, peer: at });
            takes(&mut by_hand, 20, Event::Segment { link, way: Way::Down, len: 2000 * link as usize });
        }
        takes(&mut by_hand, 30, Event::FtpReply { code: 226, lines: vec![] });
        for (when, nth) in [
            (json!({"after_bytes": "5KiB", "link": "ftp.data"}), 2),
            (json!({"after_bytes": 2000}), 4),
            (json!({"after_bytes": 2000, "direction": "up"}), 0),
            (json!({"opened": "ftp", "nth": 2}), 5),
            (json!({"reply": "2*"}), 2),
            (json!({"reply": "2*", "verb": "RETR"}), 0),
        ] {
            by_hand.deeds().deeds.clear();
            by_hand.injected(Now::from_millis(40), "x", json!({"what": {"cut": "rst"}, "when": when}));
            let text = by_hand.scenario("");
            let right = if nth == 0 { !text.contains("nth") } else { text.contains(&format!("nth = {nth}")) };
            assert!(right, "{text}");
        }
    }

    #[test]
    fn what_acts_at_once_is_there_each_time_whatever_is_lifted_later() {
        let mut by_hand = ByHand::of(1);
        for millis in [10, 20] {
            ok(&mut by_hand, millis);
            // Its record comes before the answer to who injected it.
            let (name, layer, what) = ("drop".into(), Layer::Bearer, "pdp_drop = \"all\"".into());
            takes(&mut by_hand, millis, Event::FaultApplied { name, layer, what });
            by_hand.injected(Now::from_millis(millis), "drop", json!({"what": {"pdp_drop": "all"}}));
        }
        by_hand.lifted(Now::from_millis(30), None);
        let text = by_hand.scenario("profile = \"sim7080\"\n");
        assert_eq!(text.matches("pdp_drop = \"all\"").count(), 2, "{text}");
        assert!(!text.contains("lifted before"), "{text}");
    }

    #[test]
    fn what_a_fault_says_is_no_place_for_another() {
        let mut by_hand = ByHand::of(1);
        ok(&mut by_hand, 10);
        by_hand.injected(Now::from_millis(20), "say", json!({"what": {"say": "+HELLO: 1"}}));
        takes(&mut by_hand, 20, Event::Urc { port: 1, line: "+HELLO: 1".into(), from: None });
        by_hand.injected(Now::from_millis(30), "bad", json!({"what": {"error": 30}}));
        let text = by_hand.scenario("profile = \"sim7080\"\n");
        assert!(!text.contains("urc = "), "{text}");
    }
}
