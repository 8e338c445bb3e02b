//! How a fault is declared: a struct whose fields are its parameters, and what is read from it for listings and schema.

use super::Action;
use super::param::Scope;
use super::shape::{describe, without_null};
use super::symptom::Symptom;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::de::value::Error as Refusal;
use serde::de::{DeserializeOwned, Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, forward_to_deserialize_any};
use serde_json::Value;
use std::fmt;

/// The seven layers, from the host outwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
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

/// A fault as it is written in `what`. Its doc comment is its help, its fields are its parameters, and the first of
/// them bears the fault's name.
pub trait Declared: DeserializeOwned + JsonSchema {
    /// How it behaves in time.
    const NATURE: Nature;
    /// A rule that uses it, as the lines below `[[fault]]`.
    const EXAMPLE: &'static str;
    /// What a person sees who meets it.
    const SYMPTOMS: &'static [Symptom];

    /// What it does.
    fn action(self) -> Action;
}

/// One word of the vocabulary.
pub struct FaultKind {
    /// Where it acts.
    pub layer: Layer,
    /// Its name, which is also that of its first parameter.
    pub name: &'static str,
    /// How it behaves in time.
    pub nature: Nature,
    /// What it does, in one line.
    pub help: String,
    /// Its parameters; the first bears the fault's name.
    pub params: Vec<Param>,
    /// A rule that uses it, as the lines below `[[fault]]`.
    pub example: &'static str,
    /// What a person sees who meets it.
    pub symptoms: &'static [Symptom],
    pub(super) build: fn(toml::Table) -> Result<Action, Misfit>,
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
    pub schema: Schema,
    /// What a value looks like.
    pub shape: String,
    /// What holds where it is not given.
    pub need: Need,
    /// What it means, in one line.
    pub help: String,
}

/// What holds where a parameter is not given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// It must be given.
    Required,
    /// This value, in TOML.
    Default(String),
    /// Nothing.
    Optional,
    /// What the trigger says under the same key, else this value in TOML.
    Trigger(Option<String>),
}

/// What does not fit a fault's parameters.
#[derive(Debug)]
pub(super) struct Misfit {
    /// The parameter, where it is the value of one.
    pub key: Option<String>,
    pub why: String,
}

impl FaultKind {
    /// What the declaration of a fault says.
    pub(super) fn of<F: Declared>(layer: Layer) -> FaultKind {
        let mut settings = SchemaSettings::draft2020_12();
        settings.inline_subschemas = true;
        let schema = settings.into_generator().into_root_schema_for::<F>();
        let names = fields::<F>();
        FaultKind {
            layer,
            name: names.first().copied().unwrap_or_default(),
            nature: F::NATURE,
            help: text(schema.get("description")),
            params: names.iter().map(|name| Param::of(name, &schema)).collect(),
            example: F::EXAMPLE,
            symptoms: F::SYMPTOMS,
            build: build::<F>,
        }
    }
}

impl Param {
    fn of(name: &'static str, fault: &Schema) -> Param {
        let own = fault.as_value()["properties"].get(name).cloned().unwrap_or_default();
        let mut schema = Schema::try_from(own).unwrap_or_default();
        without_null(&mut schema);
        let help = text(schema.remove("description").as_ref());
        let default =
            schema.remove("default").filter(|value| !value.is_null()).map(|value| value.to_string());
        let required =
            fault.as_value()["required"].as_array().is_some_and(|all| all.iter().any(|n| n == name));
        let need = match default {
            _ if required => Need::Required,
            literal if fields::<Scope>().contains(&name) => Need::Trigger(literal),
            Some(literal) => Need::Default(literal),
            None => Need::Optional,
        };
        Param { name, shape: describe(&schema), schema, need, help }
    }
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().replace('\n', " ")
}

fn build<F: Declared>(what: toml::Table) -> Result<Action, Misfit> {
    match serde_path_to_error::deserialize::<_, F>(toml::Value::Table(what)) {
        Ok(fault) => Ok(fault.action()),
        Err(wrong) => {
            let key = wrong.path().iter().find_map(|segment| match segment {
                serde_path_to_error::Segment::Map { key } => Some(key.clone()),
                _ => None,
            });
            Err(Misfit { key, why: wrong.into_inner().message().to_owned() })
        }
    }
}

/// The names of a struct's fields, in the order in which they are declared.
pub(in crate::fault) fn fields<T: DeserializeOwned>() -> &'static [&'static str] {
    struct Names<'a>(&'a mut &'static [&'static str]);

    impl<'de> Deserializer<'de> for Names<'_> {
        type Error = Refusal;
        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Refusal> {
            *self.0 = fields;
            Err(Refusal::custom("only the names are wanted"))
        }
        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Refusal> {
            Err(Refusal::custom("this is no struct"))
        }
        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
            unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    let mut names: &'static [&'static str] = &[];
    // It always refuses: nothing is read.
    let _ = T::deserialize(Names(&mut names));
    names
}
