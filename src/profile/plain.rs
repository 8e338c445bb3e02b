//! Plain commands: what is asked and what is answered, without a word of Rust.

use crate::at::Form;
use crate::time::units::Span;
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

/// A plain command: question and answer. A line alone answers the execution form.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub enum Plain {
    /// One line, in answer to the execution form.
    Line(String),
    /// Answers by form.
    Forms(Box<Forms>),
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
    /// Whether the value is each port's own, set back by `&F` and `Z`, and stored by `&W` (V.250 section 6.1).
    pub resets: bool,
    /// Whether the value is a list, so that what is written stands in the place of all of it: else the parameters
    /// behind those that are written keep what they have.
    pub list: bool,
    /// Lines that follow the final result code, by form.
    pub then: ByForm<Vec<String>>,
    /// The final result code, where it is not OK.
    pub result: Results,
    /// How long the answer takes.
    pub delay: Span,
}

/// What each form of a command has of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ByForm<T: Default> {
    /// For `AT+X`.
    pub exec: T,
    /// For `AT+X?`.
    pub read: T,
    /// For `AT+X=?`.
    pub test: T,
    /// For `AT+X=...`.
    pub write: T,
}

impl<T: Default> ByForm<T> {
    /// That of one form.
    pub fn of(&self, form: &Form) -> &T {
        match form {
            Form::Exec => &self.exec,
            Form::Read => &self.read,
            Form::Test => &self.test,
            Form::Write(_) => &self.write,
        }
    }
}

/// The final result code of a plain command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String")]
pub enum Outcome {
    /// `OK`.
    #[default]
    Ok,
    /// `ERROR`.
    Error,
    /// `NO CARRIER`.
    NoCarrier,
    /// `+CME ERROR: n`.
    Cme(u16),
    /// `+CMS ERROR: n`.
    Cms(u16),
    /// None at all, written `""`: the lines stand alone.
    None,
}

impl<'de> Deserialize<'de> for Outcome {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let number = |name: &str| text.strip_prefix(name).and_then(|number| number.trim().parse().ok());
        match text.as_str() {
            "OK" => Ok(Outcome::Ok),
            "ERROR" => Ok(Outcome::Error),
            "NO CARRIER" => Ok(Outcome::NoCarrier),
            "" => Ok(Outcome::None),
            _ => (number("+CME ERROR:").map(Outcome::Cme))
                .or_else(|| number("+CMS ERROR:").map(Outcome::Cms))
                .ok_or_else(|| Error::custom(format!("`{text}` is no final result code; {RESULTS}"))),
        }
    }
}

const RESULTS: &str = "write OK, ERROR, NO CARRIER, `+CME ERROR: 4`, `+CMS ERROR: 302`, or \"\" for none, and any other line in \
     `exec`, `read`, `test`, `write` or `then`";

/// The final result codes of a plain command.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub enum Results {
    /// That of the execution and write forms: `?` and `=?` end with OK all the same.
    One(Outcome),
    /// By form.
    ByForm(ByForm<Outcome>),
}

impl Default for Results {
    fn default() -> Results {
        Results::One(Outcome::Ok)
    }
}

impl Results {
    /// That of one form.
    pub fn of(&self, form: &Form) -> Outcome {
        match (self, form) {
            (Results::One(code), Form::Exec | Form::Write(_)) => *code,
            (Results::One(_), Form::Read | Form::Test) => Outcome::Ok,
            (Results::ByForm(codes), form) => *codes.of(form),
        }
    }
}

impl<'de> Deserialize<'de> for Results {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Results;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a final result code in quotation marks, or one by form: { exec = \"\" }")
            }
            fn visit_str<E: Error>(self, code: &str) -> Result<Results, E> {
                Outcome::deserialize(code.into_deserializer()).map(Results::One)
            }
            fn visit_map<A: MapAccess<'de>>(self, forms: A) -> Result<Results, A::Error> {
                ByForm::deserialize(MapAccessDeserializer::new(forms)).map(Results::ByForm)
            }
        }
        from.deserialize_any(Either)
    }
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
                Box::<Forms>::deserialize(MapAccessDeserializer::new(forms)).map(Plain::Forms)
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
            Plain::Forms(forms) => Forms::clone(forms),
        }
    }
}

impl Forms {
    /// The lines in front of the final result code of a form; `None` where there is no such form.
    pub fn lines(&self, form: &Form) -> Option<&[String]> {
        match form {
            Form::Exec => self.exec.as_deref(),
            Form::Read => self.read.as_deref(),
            Form::Test => self.test.as_deref(),
            Form::Write(_) => self.write.as_deref(),
        }
    }
}
