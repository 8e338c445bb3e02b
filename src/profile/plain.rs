//! Plain commands: what is asked and what is answered, without a word of Rust.

use crate::time::units::Span;
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

/// A plain command: question and answer. A line alone answers the execution form.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub enum Plain {
    /// One line, in answer to the execution form.
    Line(String),
    /// Answers by form.
    Forms(Forms),
}

/// The answers of a plain command; a form that is absent is an error.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Forms {
    /// Lines for `AT+X`.
    pub exec: Option<Vec<String>>,
    /// Lines for `AT+X?`; `{value}` is what was written last.
    pub read: Option<Vec<String>>,
    /// Lines for `AT+X=?`.
    pub test: Option<Vec<String>>,
    /// Lines for `AT+X=...`.
    pub write: Option<Vec<String>>,
    /// What `{value}` is at power-on.
    pub value: Option<String>,
    /// The final result code, where it is not OK; `""` for none.
    pub result: Option<String>,
    /// How long the answer takes.
    pub delay: Span,
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Plain;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("one line in quotation marks, or a table of forms: { exec = [\"+X: 1\"] }")
            }
            fn visit_str<E: Error>(self, line: &str) -> Result<Plain, E> {
                Ok(Plain::Line(line.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, forms: A) -> Result<Plain, A::Error> {
                Forms::deserialize(MapAccessDeserializer::new(forms)).map(Plain::Forms)
            }
        }
        from.deserialize_any(Either)
    }
}

impl Plain {
    /// The answers by form, where `line` answers the execution form.
    pub fn forms(&self) -> Forms {
        match self {
            Plain::Line(line) => Forms { exec: Some(vec![line.clone()]), ..Forms::default() },
            Plain::Forms(forms) => forms.clone(),
        }
    }
}
