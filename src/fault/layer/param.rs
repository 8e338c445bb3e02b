//! The types of faults' parameters. A doc comment here, or on a parameter, is the help that is listed.

use crate::fault::text::link::{CONNECTIONS, Direction, Links};
use crate::fault::text::octets::Octets;
use crate::fault::text::pattern::Pattern;
use crate::time::units::Span;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::time::Duration;

/// A whole number from `LOW` to `HIGH`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Within<T, const LOW: i64, const HIGH: i64>(pub T);

impl<'de, T: TryFrom<i64>, const LOW: i64, const HIGH: i64> Deserialize<'de> for Within<T, LOW, HIGH> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let n = i64::deserialize(d)?;
        let within = (LOW..=HIGH).contains(&n).then(|| T::try_from(n).ok()).flatten();
        within.map(Within).ok_or_else(|| D::Error::custom(format!("a number from {LOW} to {HIGH}")))
    }
}

impl<T, const LOW: i64, const HIGH: i64> JsonSchema for Within<T, LOW, HIGH> {
    fn schema_name() -> Cow<'static, str> {
        format!("Within_{LOW}_{HIGH}").into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": LOW, "maximum": HIGH})
    }
}

/// One of a few numbers, each with a meaning of its own.
macro_rules! one_of {
    ($name:ident: $number:ty, $($one:literal),+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "i64")]
        struct $name($number);

        impl TryFrom<i64> for $name {
            type Error = &'static str;
            fn try_from(n: i64) -> Result<$name, Self::Error> {
                match n {
                    $($one => Ok($name($one)),)+
                    _ => Err("none of the numbers that are known"),
                }
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"enum": [$($one),+]})
            }
        }
    };
}
pub(super) use one_of;

/// `true`: what is named is so.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "bool")]
pub struct True;

impl TryFrom<bool> for True {
    type Error = &'static str;
    fn try_from(yes: bool) -> Result<True, Self::Error> {
        yes.then_some(True).ok_or("only true says something")
    }
}

impl JsonSchema for True {
    fn schema_name() -> Cow<'static, str> {
        "True".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"const": true})
    }
}

/// A number from 0 to 1.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "f64")]
pub struct Probability(pub f64);

impl TryFrom<f64> for Probability {
    type Error = &'static str;
    fn try_from(p: f64) -> Result<Probability, Self::Error> {
        (0.0..=1.0).contains(&p).then_some(Probability(p)).ok_or("a number from 0 to 1")
    }
}

impl JsonSchema for Probability {
    fn schema_name() -> Cow<'static, str> {
        "Chance".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "number", "minimum": 0, "maximum": 1})
    }
}

/// A line, or a list of them, each a text or octets.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Lines {
    One(Octets),
    Many(Vec<Octets>),
}

impl From<Lines> for Vec<String> {
    fn from(lines: Lines) -> Vec<String> {
        match lines {
            Lines::One(line) => vec![line.into()],
            Lines::Many(lines) => lines.into_iter().map(String::from).collect(),
        }
    }
}

/// at random so much more
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Jitter(pub Span);

/// How what is drawn of a jitter lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Spread {
    /// Anything up to it, each as likely.
    #[default]
    Uniform,
    /// Half of the times less than it, mostly not much more, and once in a while much.
    LogNormal,
}

/// uniform: anything up to the jitter; log-normal: half of the times less than it, and once in a while far more
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Spreads(pub Spread);

/// How much later something comes: a time, and at random more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delay {
    /// So much in any case.
    pub by: Duration,
    /// What is drawn beside it,
    pub jitter: Duration,
    /// and how that lies.
    pub spread: Spread,
}

impl Delay {
    pub fn new(by: Span, Jitter(jitter): Jitter, Spreads(spread): Spreads) -> Delay {
        Delay { by: by.0, jitter: jitter.0, spread }
    }

    /// Whether it is none.
    pub fn is_none(&self) -> bool {
        self.by.is_zero() && self.jitter.is_zero()
    }
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// In good order.
    Fin,
    /// With a reset.
    Rst,
}

/// the serial port, from 1; else every port
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Port(Within<usize, 1, 16>);

impl Port {
    /// That port, where a module can have it.
    pub fn new(number: usize) -> Option<Port> {
        (1..=16).contains(&number).then_some(Port(Within(number)))
    }

    pub fn number(self) -> usize {
        self.0.0
    }
}

/// down is towards the host
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Towards(pub Direction);

pub fn down() -> Towards {
    Towards(Direction::Down)
}

pub fn both() -> Towards {
    Towards(Direction::Both)
}

/// The links that are connections: a serial port is none.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(try_from = "Links")]
pub struct Connections(pub Links);

impl Default for Connections {
    fn default() -> Connections {
        Connections(Links::All)
    }
}

impl TryFrom<Links> for Connections {
    type Error = &'static str;
    fn try_from(links: Links) -> Result<Connections, Self::Error> {
        match links {
            Links::Serial => Err("a serial port is no connection"),
            links => Ok(Connections(links)),
        }
    }
}

impl JsonSchema for Connections {
    fn schema_name() -> Cow<'static, str> {
        "Connections".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"enum": CONNECTIONS, "description": "the connections it is about"})
    }
}

/// What a fault is about, as a pattern; everything, unless it is given.
macro_rules! patterns {
    ($($(#[$doc:meta])* $name:ident)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
            #[serde(transparent)]
            pub struct $name(pub Pattern);

            impl Default for $name {
                fn default() -> $name {
                    $name(Pattern::any())
                }
            }
        )+
    };
}

patterns! {
    /// the command lines it is about
    Commands
    /// the URCs it is about, in place of commands
    Urcs
    /// the final result codes it is about, in place of commands: the command has been carried out
    Results
    /// the FTP verbs it is about
    Verbs
    /// the files (arguments of the verb) it is about
    Paths
    /// the name it is about
    Hosts
}

/// What a fault takes over from its trigger: a parameter with one of these names, where it is not given.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Scope {
    pub command: Option<Commands>,
    pub urc: Option<Urcs>,
    pub result: Option<Results>,
    pub port: Option<Port>,
    pub verb: Option<Verbs>,
    pub file: Option<Paths>,
    pub link: Option<Connections>,
    pub direction: Option<Towards>,
    pub host: Option<Hosts>,
}
