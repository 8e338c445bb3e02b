//! Bytes as text in which each character is one byte.

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// Bytes, written as a text whose characters U+0000 to U+00FF are one byte each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latin1(pub Vec<u8>);

impl Serialize for Latin1 {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0.iter().map(|b| char::from(*b)).collect::<String>())
    }
}

impl<'de> Deserialize<'de> for Latin1 {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(d)?;
        let byte = |c: char| u8::try_from(c).map_err(|_| D::Error::custom(format!("`{c}` is no byte")));
        text.chars().map(byte).collect::<Result<_, _>>().map(Latin1)
    }
}

impl JsonSchema for Latin1 {
    fn schema_name() -> Cow<'static, str> {
        "Bytes".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Bytes: each character, U+0000 to U+00FF, is one"
        })
    }
}
