//! Octets as files write them: a text, or `{ hex = "00 ff" }`.

use crate::at::octets::text_of;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// Octets, written as a text or as `{ hex = "ff ff" }`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Octets(pub Vec<u8>);

impl Octets {
    /// The octets that hexadecimal digits stand for; blanks between them do not matter.
    pub fn from_hex(text: &str) -> Option<Octets> {
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
            .collect::<Option<_>>()?;
        let pairs = digits.chunks(2).map(|pair| match pair {
            [high, low] => Some(high << 4 | low),
            _ => None,
        });
        pairs.collect::<Option<_>>().map(Octets)
    }
}

impl From<Octets> for String {
    /// A line that is printed as these octets.
    fn from(octets: Octets) -> String {
        text_of(&octets.0)
    }
}

/// What is said of digits that are none.
pub fn no_hex(text: &str) -> String {
    format!("`{text}` are no hexadecimal digits; write two for each byte, like \"00 ff\"")
}

/// As they are written where they are text, else as `{ hex = ".." }`.
impl fmt::Display for Octets {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match str::from_utf8(&self.0) {
            Ok(text) => write!(f, "{text:?}"),
            Err(_) => {
                let digits: Vec<String> = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
                write!(f, "{{ hex = \"{}\" }}", digits.join(" "))
            }
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Hex {
    /// Two hexadecimal digits for each octet; blanks do not matter.
    #[schemars(example = "ff 00")]
    hex: String,
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Octets;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a text, or octets such as { hex = \"00 ff\" }")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Octets, E> {
                Ok(Octets(text.as_bytes().to_vec()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Octets, A::Error> {
                let Hex { hex } = Hex::deserialize(MapAccessDeserializer::new(map))?;
                Octets::from_hex(&hex).ok_or_else(|| A::Error::custom(no_hex(&hex)))
            }
        }
        d.deserialize_any(Reader)
    }
}

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&String::from_utf8_lossy(&self.0))
    }
}

impl JsonSchema for Octets {
    fn schema_name() -> Cow<'static, str> {
        "Octets".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let hex = generator.subschema_for::<Hex>();
        json_schema!({"anyOf": [{"type": "string"}, hex], "description": "A text, or octets such as { hex = \"00 ff\" }"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Line {
        it: Octets,
    }

    #[test]
    fn they_are_a_text_or_digits() {
        let read = |text: &str| toml::from_str::<Line>(&format!("it = {text}")).map(|line| line.it.0);
        assert_eq!(read("\"a\\r\"").unwrap(), b"a\r");
        assert_eq!(read("{ hex = \"FF 00 1a\" }").unwrap(), [0xff, 0, 0x1a]);
        for wrong in ["{ hex = \"f\" }", "{ hex = \"0g\" }", "{ hax = \"00\" }", "3", "{}"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Octets(vec![0xff, 1]).to_string(), "{ hex = \"ff 01\" }");
        assert_eq!(Octets(b"a\n".to_vec()).to_string(), "\"a\\n\"");
    }
}
