//! How a fault is declared: its layer, its name, its typed parameters; and the reading of `what = { ... }` by that.

use crate::fault::layer::FAULTS;
use crate::fault::layer::action::Action;
use crate::fault::rule::trigger::Trigger;
use crate::fault::text::problem::Problem;
use crate::time::units::{Rate, Size, Span};
use crate::words::suggest;
use core::net::Ipv4Addr;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::time::Duration;
use toml::{Spanned, Value};

/// The seven layers, from the host outwards.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// The serial line.
    Uart,
    /// The module itself.
    Module,
    /// Radio, PDP contexts, SIM.
    Bearer,
    /// Connections.
    Link,
    /// Names and connection attempts.
    Name,
    /// The FTP dialogue.
    Ftp,
    /// The server's files.
    Storage,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Layer::Uart => "uart",
            Layer::Module => "module",
            Layer::Bearer => "bearer",
            Layer::Link => "link",
            Layer::Name => "name",
            Layer::Ftp => "ftp",
            Layer::Storage => "storage",
        })
    }
}

/// How a fault behaves in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Nature {
    /// It happens, and is over.
    Instant,
    /// It waits for something to act on (a reply, a write, a connection).
    Next,
    /// It is a state that holds until it is lifted.
    State,
}

/// One word of the vocabulary.
#[derive(Clone, Copy)]
pub struct FaultKind {
    /// Where it acts.
    pub layer: Layer,
    /// Its name, which is also that of its first parameter.
    pub name: &'static str,
    /// How it behaves in time.
    pub nature: Nature,
    /// What it does, in one line.
    pub help: &'static str,
    /// Its parameters; the first bears the fault's name.
    pub params: &'static [Param],
    /// A rule that uses it, as the lines below `[[fault]]`.
    pub example: &'static str,
    pub(super) build: fn(&Args) -> Action,
}

impl fmt::Debug for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "FaultKind({})", self.name)
    }
}

impl PartialEq for FaultKind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// A parameter of a fault.
#[derive(Debug)]
pub struct Param {
    /// Its key.
    pub name: &'static str,
    /// Its type.
    pub kind: Type,
    /// What holds where it is not given.
    pub need: Need,
    /// What it means, in one line.
    pub help: &'static str,
}

/// What holds where a parameter is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It must be given.
    Required,
    /// This value, in TOML.
    Default(&'static str),
    /// Nothing.
    Optional,
    /// What the trigger says under the same key, else this value in TOML; nothing where that is empty.
    Trigger(&'static str),
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `true`.
    Flag,
    /// `true` or `false`.
    Bool,
    /// A whole number in a range.
    Int(i64, i64),
    /// One of these numbers.
    Number(&'static [i64]),
    /// A number from 0 to 1.
    Probability,
    /// A duration.
    Span,
    /// A number of bytes.
    Bytes,
    /// A rate.
    Rate,
    /// A text.
    Text,
    /// A text, or a list of them.
    Lines,
    /// A text with `*` for anything.
    Pattern,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A number of a PDP context, or `"all"`.
    Context,
    /// An IPv4 address.
    Address,
}

/// The parameters as given, complete and of the right types.
#[derive(Debug, Default)]
pub struct Args(BTreeMap<&'static str, Value>);

impl Type {
    /// What a value of this type looks like, for messages and listings.
    pub fn describe(self) -> String {
        match self {
            Type::Flag => "true".to_owned(),
            Type::Bool => "true or false".to_owned(),
            Type::Int(low, high) => format!("{low}..{high}"),
            Type::Number(ns) => ns.iter().map(i64::to_string).collect::<Vec<_>>().join(" | "),
            Type::Probability => "0.0..1.0".to_owned(),
            Type::Span => "\"20s\"".to_owned(),
            Type::Bytes => "600 or \"64KiB\"".to_owned(),
            Type::Rate => "\"9600bit/s\"".to_owned(),
            Type::Text => "\"text\"".to_owned(),
            Type::Lines => "\"text\" or [\"text\", ...]".to_owned(),
            Type::Pattern => "\"text with *\"".to_owned(),
            Type::Word(words) => words.iter().map(|w| format!("\"{w}\"")).collect::<Vec<_>>().join(" | "),
            Type::Context => "0..16 or \"all\"".to_owned(),
            Type::Address => "\"192.0.2.1\"".to_owned(),
        }
    }

    /// The value in its one form (spans in microseconds, sizes in bytes), or `None` where it is of another type.
    fn read(self, value: &Value) -> Option<Value> {
        let whole = |n: u64| i64::try_from(n).ok().map(Value::Integer);
        match (self, value) {
            (Type::Flag, Value::Boolean(true)) | (Type::Bool, Value::Boolean(_)) => Some(value.clone()),
            (Type::Int(low, high), Value::Integer(n)) if (low..=high).contains(n) => Some(value.clone()),
            (Type::Number(ns), Value::Integer(n)) if ns.contains(n) => Some(value.clone()),
            (Type::Probability, Value::Float(p)) if (0.0..=1.0).contains(p) => Some(value.clone()),
            (Type::Probability, Value::Integer(n @ 0..=1)) => Some(Value::Float(*n as f64)),
            (Type::Span, Value::String(s)) => whole(s.parse::<Span>().ok()?.0.as_micros().try_into().ok()?),
            (Type::Bytes, Value::Integer(n)) if *n >= 0 => Some(value.clone()),
            (Type::Bytes, Value::String(s)) => whole(s.parse::<Size>().ok()?.0),
            (Type::Rate, Value::String(s)) => whole(s.parse::<Rate>().ok()?.0.max(1)),
            (Type::Text | Type::Pattern, Value::String(_)) => Some(value.clone()),
            (Type::Lines, Value::String(_)) => Some(Value::Array(vec![value.clone()])),
            (Type::Lines, Value::Array(lines)) if lines.iter().all(Value::is_str) => Some(value.clone()),
            (Type::Word(words), Value::String(s)) if words.contains(&s.as_str()) => Some(value.clone()),
            (Type::Context, Value::Integer(0..=16)) => Some(value.clone()),
            (Type::Context, Value::String(s)) if s == "all" => Some(value.clone()),
            (Type::Address, Value::String(s)) if s.parse::<Ipv4Addr>().is_ok() => Some(value.clone()),
            _ => None,
        }
    }
}

/// A `what = { ... }` as written: keys and values with their places.
pub(in crate::fault) type Written = BTreeMap<Spanned<String>, Spanned<Value>>;

/// The fault that `what` names, and its action; scopes that it leaves open come from the trigger.
pub(in crate::fault) fn read(
    what: &Written,
    span: Range<usize>,
    trigger: &Trigger,
) -> Result<(&'static FaultKind, Action), Problem> {
    let mut keys: Vec<_> = what.keys().collect();
    keys.sort_by_key(|k| k.span().start);
    let fits = |kind: &FaultKind| keys.iter().all(|k| kind.params.iter().any(|p| p.name == k.get_ref()));
    let named: Vec<_> = keys.iter().filter_map(|k| kind_named(k.get_ref())).collect();
    let Some(kind) = named.iter().find(|k| fits(k)).or(named.first()).copied() else {
        let (at, wrong) = match keys.first() {
            Some(key) => (key.span(), format!("`{}` is no fault", key.get_ref())),
            None => (span, "`what` names no fault".to_owned()),
        };
        let names: Vec<&str> = FAULTS.iter().map(|k| k.name).collect();
        let word = keys.first().map_or("", |key| key.get_ref());
        return Err(Problem::new(at, wrong, suggest(word, &names, "faults")));
    };
    // What says itself that it is about commands is not about what triggered it.
    const SUBJECTS: [&str; 3] = ["command", "urc", "result"];
    let own = keys.iter().any(|key| SUBJECTS.contains(&key.get_ref().as_str()));
    let overridden = |name: &str| own && SUBJECTS.contains(&name);
    let mut args = Args::default();
    for (key, value) in what {
        let name = key.get_ref();
        let Some(param) = kind.params.iter().find(|p| p.name == name) else {
            let names: Vec<&str> = kind.params.iter().map(|p| p.name).collect();
            let right = suggest(name, &names, "parameters");
            return Err(Problem::new(
                key.span(),
                format!("the fault `{}` has no `{name}`", kind.name),
                right,
            ));
        };
        let Some(read) = param.kind.read(value.get_ref()) else {
            let right = format!("write {name} = {}", param.kind.describe());
            return Err(Problem::new(value.span(), format!("wrong value of `{name}`"), right));
        };
        args.0.insert(param.name, read);
    }
    for param in kind.params.iter().filter(|p| !what.keys().any(|k| k.get_ref() == p.name)) {
        let given = match param.need {
            Need::Required => {
                let right = format!("add {} = {}", param.name, param.kind.describe());
                return Err(Problem::new(span, format!("`{}` is missing", param.name), right));
            }
            Need::Default(literal) => toml_value(literal),
            Need::Optional => None,
            Need::Trigger(literal) => trigger
                .scope(param.name)
                .filter(|value| param.kind.read(value).is_some() && !overridden(param.name))
                .or_else(|| toml_value(literal)),
        };
        if let Some(read) = given.and_then(|value| param.kind.read(&value)) {
            args.0.insert(param.name, read);
        }
    }
    Ok((kind, (kind.build)(&args)))
}

/// The fault with that name.
pub fn kind_named(name: &str) -> Option<&'static FaultKind> {
    FAULTS.iter().find(|k| k.name == name)
}

fn toml_value(literal: &str) -> Option<Value> {
    toml::from_str::<toml::Table>(&format!("v = {literal}")).ok()?.remove("v")
}

/// The getters give the type's zero for what is not there: [`read`] has seen to it that it is.
impl Args {
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn int<T: TryFrom<i64> + Default>(&self, name: &str) -> T {
        self.0.get(name).and_then(Value::as_integer).and_then(|n| n.try_into().ok()).unwrap_or_default()
    }

    pub(super) fn opt<T: TryFrom<i64>>(&self, name: &str) -> Option<T> {
        self.0.get(name).and_then(Value::as_integer).and_then(|n| n.try_into().ok())
    }

    pub(super) fn span(&self, name: &str) -> Duration {
        Duration::from_micros(self.int(name))
    }

    pub(super) fn float(&self, name: &str) -> f64 {
        self.0.get(name).and_then(Value::as_float).unwrap_or_default()
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.opt_text(name).unwrap_or_default()
    }

    pub(super) fn opt_text(&self, name: &str) -> Option<String> {
        self.0.get(name).and_then(Value::as_str).map(str::to_owned)
    }

    pub(super) fn lines(&self, name: &str) -> Vec<String> {
        let lines = self.0.get(name).and_then(Value::as_array);
        lines.into_iter().flatten().filter_map(|l| l.as_str().map(str::to_owned)).collect()
    }

    pub(super) fn address(&self, name: &str) -> Ipv4Addr {
        self.text(name).parse().unwrap_or(Ipv4Addr::UNSPECIFIED)
    }
}
