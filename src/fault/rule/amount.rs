//! Values that are written in two ways: a number of bytes (`600` or `"64KiB"`), a duration or `"ever"`.

use crate::time::units::{Size, Span};
use schemars::JsonSchema;
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// A number of bytes, written `600` or `"64KiB"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(pub u64);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Amount;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a number of bytes such as 600 or \"64KiB\"")
            }
            fn visit_u64<E: Error>(self, n: u64) -> Result<Amount, E> {
                Ok(Amount(n))
            }
            fn visit_i64<E: Error>(self, n: i64) -> Result<Amount, E> {
                u64::try_from(n).map(Amount).map_err(|_| E::custom("a number of bytes is not negative"))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Amount, E> {
                text.parse::<Size>().map(|s| Amount(s.0)).map_err(E::custom)
            }
        }
        d.deserialize_any(Reader)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u64(self.0)
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": Size::pattern()}],
            "description": "A number of bytes, such as 600 or \"64KiB\"",
            "examples": [600, "64KiB"]
        })
    }
}

/// How long a fault lasts once it is applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lasts {
    /// It acts on one thing (a reply, a write, a connection) and is over; a state (stall, latency)
    /// stays until it is lifted.
    #[default]
    Once,
    /// So long, on everything it is about.
    For(Duration),
    /// Until it is lifted, on everything it is about.
    Ever,
}

impl<'de> Deserialize<'de> for Lasts {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Lasts;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a duration in quotation marks, such as 250ms, 20s or 2m, or \"ever\"")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Lasts, E> {
                match text {
                    "ever" => Ok(Lasts::Ever),
                    text => text.parse::<Span>().map(|s| Lasts::For(s.0)).map_err(E::custom),
                }
            }
        }
        d.deserialize_str(Text)
    }
}

impl JsonSchema for Lasts {
    fn schema_name() -> Cow<'static, str> {
        "Lasts".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [{"const": "ever"}, {"type": "string", "pattern": Span::pattern()}],
            "description": "A duration such as 20s, or \"ever\""
        })
    }
}
