//! Durations (`250ms`, `20s`, `2m`), sizes (`64KiB`) and rates (`100kbit/s`), as files and options write them.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A duration as written in a file or an option: `250us`, `250ms`, `20s`, `2m`, `1h`; kept in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// A number of bytes: `512`, `64KiB`, `10MiB`, `1GiB`, `20kB`, `1MB`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

/// A rate in bits per second: `9600bit/s`, `100kbit/s`, `1Mbit/s`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(pub u64);

const SPAN: &[(&str, u64)] =
    &[("us", 1), ("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000)];
const SIZE: &[(&str, u64)] = &[
    ("", 1),
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];
/// The units of nothing.
const ZERO: [&str; 3] = ["s", "", "bit/s"];
const RATE: &[(&str, u64)] = &[("bit/s", 1), ("kbit/s", 1_000), ("Mbit/s", 1_000_000)];

fn parse(text: &str, units: &[(&str, u64)], what: &str, example: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no {what}; write it like {example}");
    let text_ = text.trim();
    let digits = text_.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text_.len());
    let (number, unit) = text_.split_at(digits);
    let (_, factor) = units.iter().find(|(u, _)| *u == unit.trim()).ok_or_else(wrong)?;
    match number.split_once('.') {
        None => number.parse::<u64>().ok().and_then(|n| n.checked_mul(*factor)).ok_or_else(wrong),
        Some(_) => match number.parse::<f64>() {
            Ok(n) if n * (*factor as f64) < 1e18 => Ok((n * *factor as f64).round() as u64),
            _ => Err(wrong()),
        },
    }
}

fn pattern(units: &[(&str, u64)]) -> String {
    let units: Vec<&str> = units.iter().map(|(unit, _)| *unit).collect();
    format!("^\\s*([0-9]+\\.?[0-9]*|\\.[0-9]+)\\s*({})\\s*$", units.join("|"))
}

fn show(f: &mut fmt::Formatter, value: u64, units: &[(&str, u64)]) -> fmt::Result {
    let (unit, factor) = units
        .iter()
        .rev()
        .filter(|(unit, factor)| match value {
            0 => ZERO.contains(unit),
            value => value.is_multiple_of(*factor),
        })
        .max_by_key(|(_, factor)| *factor)
        .unwrap_or(&units[0]);
    write!(f, "{}{unit}", value / factor)
}

macro_rules! unit {
    ($type:ident, $table:ident, $what:literal, $example:literal, $one:literal, $get:expr, $make:expr) => {
        impl FromStr for $type {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                parse(text, $table, $what, $example).map($make)
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
                show(f, $get(self), $table)
            }
        }
        impl $type {
            /// What all texts match that can be one, as a regular expression.
            pub fn pattern() -> String {
                pattern($table)
            }
        }
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $type;
                    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                        f.write_str(concat!("a ", $what, " in quotation marks, such as ", $example))
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                d.deserialize_str(Text)
            }
        }
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let description = concat!("A ", $what, ", such as ", $example);
                schemars::json_schema!({
                    "type": "string",
                    "pattern": $type::pattern(),
                    "description": description,
                    "examples": [$one],
                })
            }
        }
    };
}

unit!(Span, SPAN, "duration", "250ms, 20s or 2m", "20s", |s: &Span| s.0.as_micros() as u64, |us| Span(
    Duration::from_micros(us)
));
unit!(Size, SIZE, "size", "512B, 64KiB or 10MiB", "64KiB", |s: &Size| s.0, Size);
unit!(Rate, RATE, "rate", "9600bit/s or 100kbit/s", "9600bit/s", |r: &Rate| r.0, Rate);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_read() {
        for text in ["250ms", "20s", "2m", "1500ms", "7us", "1h", "0s"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        for text in ["64KiB", "10MiB", "5B"] {
            assert_eq!(
                text.parse::<Size>().unwrap().0,
                text.parse::<Size>().unwrap().to_string().parse::<Size>().unwrap().0
            );
        }
        assert_eq!("100kbit/s".parse::<Rate>(), Ok(Rate(100_000)));
        assert_eq!("1.5s".parse::<Span>(), Ok(Span(Duration::from_millis(1500))));
        assert_eq!("0s".parse::<Span>(), Ok(Span(Duration::ZERO)));
    }

    #[test]
    fn a_mistake_says_what_would_be_right() {
        for text in ["", "20", "s", "-1s", "20 parsecs", "99999999999999999999s"] {
            let error = text.parse::<Span>().unwrap_err();
            assert!(error.contains("250ms"), "{error}");
        }
    }
}
