//! A rule: when, what, how long. Read from `[[fault]]`, from a transcript's `!` line, or from JSON.

pub mod amount;
pub mod check;
mod contradiction;
pub mod count;
pub mod form;
pub mod schema;
pub mod sense;
mod spelled;
pub mod trigger;

use crate::fault::layer::kind::{FaultKind, Nature};
use crate::fault::layer::module::{Module, ModuleFault};
use crate::fault::layer::read::{Written, read};
use crate::fault::layer::{Action, FAULTS};
use crate::fault::rule::amount::Lasts;
use crate::fault::rule::schema::what_schema;
use crate::fault::rule::trigger::{Count, ModuleState, Trigger, When, Which};
use crate::fault::text::link::Links;
use crate::fault::text::pattern::Pattern;
use crate::fault::text::problem::Problem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::time::Duration;
use toml::{Spanned, Value};

/// A rule as written: one `[[fault]]` of a scenario.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Fault")]
pub struct WrittenRule {
    /// A name for the trace, for `after` and `lifted`, and for requests. No two faults may share one.
    #[schemars(with = "Option<String>")]
    name: Option<Spanned<String>>,
    /// What it waits for; without it the fault holds from power-on to the end.
    #[schemars(with = "Option<When>")]
    when: Option<Spanned<When>>,
    /// What must be so as well, where what it waits for happens.
    #[serde(rename = "while")]
    #[schemars(with = "Option<During>")]
    during: Option<Spanned<During>>,
    /// What it does.
    #[schemars(schema_with = "what_schema")]
    what: Spanned<Written>,
    /// How long. Without it a fault acts once, and a state stays until it is lifted.
    #[serde(rename = "for")]
    #[schemars(with = "Option<Lasts>")]
    lasts: Option<Spanned<Lasts>>,
    /// What lifts it.
    #[schemars(with = "Option<When>")]
    until: Option<Spanned<When>>,
}

/// What must be so where a rule's event happens: all that is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "While")]
pub struct During {
    /// The module is in this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<ModuleState>,
    /// The fault with this name holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// A rule, ready for the engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name as given.
    pub name: Option<String>,
    /// The event it waits for.
    pub when: Trigger,
    /// Which of the times that it happens count.
    pub count: Count,
    /// What must be so as well.
    pub during: During,
    /// How long after the event the fault is applied.
    pub wait: Duration,
    /// The word of the vocabulary.
    pub kind: &'static FaultKind,
    /// What it does.
    pub what: Action,
    /// How long it lasts.
    pub lasts: Lasts,
    /// What lifts it.
    pub until: Option<(Trigger, Count)>,
    /// How long after that it is lifted.
    pub until_wait: Duration,
    /// `what` as text, for the trace.
    pub text: String,
    /// Where it stands in the file.
    pub span: Range<usize>,
    /// Where its `when` and its `until` stand, if it has them.
    pub when_spans: [Option<Range<usize>>; 2],
    /// Whether nothing is told of it: it is how the network is, not what goes wrong.
    pub silent: bool,
}

/// What a request names, from a transcript's `!` line or over the control socket.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Apply this now, or when its trigger says.
    Rule(Box<Rule>),
    /// Apply the rule with this name now.
    Inject(String),
    /// End and disarm the rule with this name.
    Lift(String),
    /// End and disarm all.
    LiftAll,
}

impl WrittenRule {
    /// The rule. `span` is where it stands.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn build(self, span: Range<usize>) -> Result<Rule, Problem> {
        let (when, count, wait) = match &self.when {
            None => (Trigger::Start, ONCE, Duration::ZERO),
            Some(when) => {
                let (trigger, count) = event(when)?;
                (trigger, count, when.get_ref().wait.map_or(Duration::ZERO, |s| s.0))
            }
        };
        let during = match self.during {
            None => During::default(),
            Some(during) => during_of(&when, during)?,
        };
        let when_spans = [&self.when, &self.until].map(|when| when.as_ref().map(Spanned::span));
        let until = self.until.as_ref().map(event).transpose()?;
        let until_wait = self.until.as_ref().and_then(|u| u.get_ref().wait).map_or(Duration::ZERO, |s| s.0);
        let (what_span, written) = (self.what.span(), self.what.into_inner());
        let (kind, what) = read(&written, what_span, &when.scope())?;
        let ends = match (&self.lasts, &self.until) {
            (Some(lasts), _) => Some((lasts.span(), "for")),
            (None, Some(until)) => Some((until.span(), "until")),
            (None, None) => None,
        };
        if let (Nature::Instant, Some((span, key))) = (kind.nature, ends) {
            let what = format!("`{}` happens and is over; `{key}` contradicts that", kind.name);
            return Err(Problem::new(span, what, format!("leave `{key}` out")));
        }
        let lasts = match (self.lasts, &until, &when) {
            (Some(lasts), _, _) => lasts.into_inner(),
            (None, Some(_), _) | (None, None, Trigger::Start) => Lasts::Ever,
            (None, None, _) => Lasts::Once,
        };
        if lasts == Lasts::For(Duration::ZERO) {
            return Err(Problem::new(span, "a fault that lasts no time does nothing", "write more than 0s"));
        }
        let name = self.name.map(Spanned::into_inner);
        Ok(Rule {
            name,
            when,
            count,
            during,
            wait,
            kind,
            what,
            lasts,
            until,
            until_wait,
            text: show(&written),
            span,
            when_spans,
            silent: false,
        })
    }
}

const ONCE: Count = Count { which: Which::Nth(1), probability: None, per_file: false };

fn event(when: &Spanned<When>) -> Result<(Trigger, Count), Problem> {
    let problem = |(what, right)| Problem::new(when.span(), what, right);
    let trigger = when.get_ref().trigger().map_err(problem)?;
    let impossible = match &trigger {
        Trigger::Bytes { n: 0, .. } => {
            Some(("no bytes have always moved".to_owned(), "wait for `opened` instead".to_owned()))
        }
        Trigger::Opened(Links::Serial) => {
            Some(("a serial port is no connection".to_owned(), "write state = \"port_open\"".to_owned()))
        }
        Trigger::Boot(0) => Some(("boots are counted from 1".to_owned(), "write boot = 1".to_owned())),
        Trigger::Each(span) | Trigger::Quiet(_, span) if span.as_millis() == 0 => {
            Some(("this time is too short".to_owned(), "write 1ms or more".to_owned()))
        }
        _ => None,
    };
    match impossible {
        Some(wrong) => Err(problem(wrong)),
        None => Ok((trigger, when.get_ref().count().map_err(problem)?)),
    }
}

/// What must be so as well, where it can be, and need not be.
fn during_of(when: &Trigger, during: Spanned<During>) -> Result<During, Problem> {
    let (span, during) = (during.span(), during.into_inner());
    let wrong = match (&during, when) {
        (During { state: None, fault: None }, _) => {
            Some(("`while` says nothing".to_owned(), "write state = \"registered\", or fault = \"NAME\""))
        }
        (_, Trigger::Start) => Some((
            "`while` stands beside `when`".to_owned(),
            "add a `when`; what holds as long as a state does has the one in `when` and the other in `until`",
        )),
        (During { state: Some(ModuleState::Powered), .. }, _) => {
            Some(("every module is powered".to_owned(), "name another state, or leave it out"))
        }
        (During { state: Some(state), .. }, Trigger::State(reached)) if state == reached => {
            Some(("what is reached is so".to_owned(), "leave `while` out"))
        }
        (During { state: Some(state), .. }, Trigger::State(reached))
            if state.opposite() == Some(*reached) =>
        {
            Some((
                "the fault can never fire: this is over when that is reached".to_owned(),
                "name another state",
            ))
        }
        _ => None,
    };
    match wrong {
        Some((what, right)) => Err(Problem::new(span, what, right)),
        None => Ok(during),
    }
}

fn show(what: &Written) -> String {
    let mut pairs: Vec<_> = what.iter().collect();
    pairs.sort_by_key(|(key, _)| key.span().start);
    let shown: Vec<_> =
        pairs.iter().map(|(k, v)| format!("{} = {}", k.get_ref(), one_line(v.get_ref()))).collect();
    shown.join(", ")
}

/// A value as it can be written on one line.
pub(super) fn one_line(value: &Value) -> String {
    match value {
        // The strings of JSON are strings of TOML.
        Value::String(text) if text.contains('\n') => serde_json::Value::from(text.as_str()).to_string(),
        Value::Array(values) => {
            format!("[{}]", values.iter().map(one_line).collect::<Vec<_>>().join(", "))
        }
        Value::Table(table) => {
            let pairs: Vec<String> =
                table.iter().map(|(key, value)| format!("{key} = {}", one_line(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        value => value.to_string(),
    }
}

impl Rule {
    /// A rule that holds from power-on to the end, and of which nothing is told: how the network is.
    /// Its word in the vocabulary is the first of its layer that is a state.
    pub fn silent(name: &str, what: Action) -> Rule {
        let layer = what.layer();
        let kind =
            FAULTS.iter().find(|k| k.layer == layer && k.nature == Nature::State).unwrap_or(&FAULTS[0]);
        Rule {
            name: Some(name.to_owned()),
            when: Trigger::Start,
            count: ONCE,
            during: During::default(),
            wait: Duration::ZERO,
            kind,
            what,
            lasts: Lasts::Ever,
            until: None,
            until_wait: Duration::ZERO,
            text: name.to_owned(),
            span: 0..0,
            when_spans: [None, None],
            silent: true,
        }
    }

    /// The lines that it has the module say.
    pub fn says(&self) -> Vec<Pattern> {
        let lines = match &self.what {
            Action::Module(Module { what: ModuleFault::Say(line), .. }) => std::slice::from_ref(line),
            Action::Module(Module { what: ModuleFault::Answer { lines, .. }, .. }) => lines,
            _ => &[],
        };
        lines.iter().map(|line| Pattern::from(line.as_str())).collect()
    }

    /// Reads the lines of one `[[fault]]`.
    ///
    /// # Errors
    /// What is wrong, at its place in `text`.
    pub fn parse(text: &str) -> Result<Rule, Problem> {
        let written: WrittenRule = toml::from_str(text).map_err(|e| Problem::from_toml(&e))?;
        written.build(0..text.len())
    }

    /// Reads a rule from JSON: `{"when": {..}, "what": {..}, "for": "20s"}`.
    ///
    /// # Errors
    /// What is wrong; its span means nothing.
    pub fn from_json(json: &serde_json::Value) -> Result<Rule, Problem> {
        let text = toml::to_string(json).map_err(|e| Problem::new(0..0, e.to_string(), ""))?;
        Rule::parse(&text)
    }
}

impl Request {
    /// Reads what stands behind the `!` of a transcript: `inject NAME`, `lift NAME`, `lift` (all of them), or the keys of
    /// a `[[fault]]`; those of `what` may stand among them: `stall = "down", for = "20s"`.
    ///
    /// # Errors
    /// What is wrong, at its place in `text`.
    pub fn parse(text: &str) -> Result<Request, Problem> {
        let text_ = text.trim();
        if text_ == "lift" {
            return Ok(Request::LiftAll);
        }
        match text_.split_once(char::is_whitespace) {
            Some(("inject", name)) if !name.contains('=') => {
                return Ok(Request::Inject(name.trim().to_owned()));
            }
            Some(("lift", name)) if !name.contains('=') => return Ok(Request::Lift(name.trim().to_owned())),
            _ => {}
        }
        if text.contains(['\n', '\r']) {
            return Err(Problem::new(0..text.len(), "a fault stands on one line", ""));
        }
        let moved = "r = { ".len();
        let home = |p: Problem| Problem {
            span: p.span.start.saturating_sub(moved).min(text.len())
                ..p.span.end.saturating_sub(moved).min(text.len()),
            ..p
        };
        let inline = format!("r = {{ {text} }}");
        spelled::look(text, &inline, moved)?;
        let line: Line = toml::from_str(&inline).map_err(|e| home(Problem::from_toml(&e)))?;
        let WrittenLine { name, when, during, lasts, until, what } = line.r;
        let what = Spanned::new(moved..moved + text.len(), what);
        let written = WrittenRule { name, when, during, what, lasts, until };
        let mut rule = written.build(moved..moved + text.len()).map_err(home)?;
        rule.span = 0..text.len();
        for span in rule.when_spans.iter_mut().flatten() {
            *span = span.start.saturating_sub(moved)..span.end.saturating_sub(moved);
        }
        Ok(Request::Rule(Box::new(rule)))
    }
}

#[derive(Deserialize)]
struct Line {
    r: WrittenLine,
}

struct WrittenLine {
    name: Option<Spanned<String>>,
    when: Option<Spanned<When>>,
    during: Option<Spanned<During>>,
    lasts: Option<Spanned<Lasts>>,
    until: Option<Spanned<When>>,
    what: Written,
}

impl<'de> Deserialize<'de> for WrittenLine {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> serde::de::Visitor<'de> for Reader {
            type Value = WrittenLine;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a fault such as stall = \"down\", for = \"20s\"")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<WrittenLine, A::Error> {
                let mut line = WrittenLine {
                    name: None,
                    when: None,
                    during: None,
                    lasts: None,
                    until: None,
                    what: Written::new(),
                };
                while let Some(key) = map.next_key::<Spanned<String>>()? {
                    match key.get_ref().as_str() {
                        "name" => line.name = Some(map.next_value()?),
                        "when" => line.when = Some(map.next_value()?),
                        "while" => line.during = Some(map.next_value()?),
                        "for" => line.lasts = Some(map.next_value()?),
                        "until" => line.until = Some(map.next_value()?),
                        "what" => line.what.extend(map.next_value::<Written>()?),
                        _ => {
                            let value = map.next_value()?;
                            line.what.insert(key, value);
                        }
                    }
                }
                Ok(line)
            }
        }
        d.deserialize_map(Reader)
    }
}
