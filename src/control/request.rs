//! What can be asked of a modem that runs: the one table that the control socket, `badline ctl`, the schema and the
//! documents read.

use super::answer::{Wrong, worded};
use crate::fault::WrittenRule;
use crate::time::units::Span;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A request. Its word stands in `do`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Tell how the module stands.
    Status {},
    /// Tell how each fault stands, in the order in which they have their say.
    #[serde(alias = "list")]
    Faults {},
    /// Apply a fault, now or when its trigger comes; or apply one that is there, by its name, whatever it waits for.
    Inject {
        /// The name of a fault that is there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// A new one, as a `[[fault]]` of a scenario.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<WrittenRule>")]
        fault: Option<Value>,
    },
    /// End a fault and disarm it; all of them where none is named.
    Lift {
        /// Its name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// Send the records of the trace from here on, each as one JSON object on a line.
    Follow {
        /// Only these events; all of them where none is named.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        events: Vec<String>,
        /// First those that have been: those behind this number, all that are kept where it is 0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<u64>,
    },
    /// Have the modem's clock run so many times faster than real time, also where it stood still.
    Speed {
        /// How many times, 1 to 1000; as before where it is not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = 1000))]
        speed: Option<u32>,
    },
    /// Have the modem's clock stand still: what the host sends waits, and so does what servers say.
    Pause {},
    /// Turn the modem's clock on by so much, as fast as what happens on the way allows, and have it stand there. The answer
    /// comes then.
    Step {
        /// How far.
        #[serde(rename = "for")]
        span: Span,
    },
    /// Type a line on a port of the modem's own, which is there from the first time on; the answer tells its number.
    Type {
        /// The line, without its end.
        line: String,
    },
    /// Tell how the run has fared so far: the expectations, the faults that have tested nothing, what the host used.
    Verdict {},
    /// Give what was done by hand as a scenario that does it again, or the session so far as a recording.
    Save {
        /// Which of both.
        #[serde(rename = "as")]
        what: Saved,
    },
}

/// What can be saved of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Saved {
    /// The scenario of the run, and in it what was done by hand (TOML).
    Scenario,
    /// What crossed the serial line, with its times (a transcript).
    Recording,
}

/// A line that is a request, or means to be one: a JSON object.
#[derive(Debug)]
pub struct Line {
    /// What the answer is to bear.
    pub id: Option<Value>,
    /// The key that it shows, if any.
    pub key: Option<Value>,
    rest: Map<String, Value>,
}

impl Line {
    /// Reads a line.
    ///
    /// # Errors
    /// It is no JSON object.
    pub fn parse(line: &[u8]) -> Result<Line, Wrong> {
        let right = "write {\"do\": \"status\"}";
        let value = serde_json::from_slice(line);
        let value = value.map_err(|e| Wrong::new(format!("this is no JSON: {e}"), right))?;
        match value {
            Value::Object(mut rest) => Ok(Line { id: rest.remove("id"), key: rest.remove("key"), rest }),
            // In the words of all that is of a wrong type.
            other => Err(serde_json::from_value::<Request>(other)
                .err()
                .map_or_else(|| Wrong::new("this is no request", right), |e| worded(&e.to_string()))),
        }
    }

    /// What it asks for.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn request(self) -> Result<Request, Wrong> {
        serde_json::from_value(Value::Object(self.rest)).map_err(|e| worded(&e.to_string()))
    }
}

/// The JSON Schema of the lines that go to a control socket and of those that come back.
pub fn schema() -> schemars::Schema {
    let settings = SchemaSettings::draft2020_12();
    let mut generator = settings.into_generator();
    let mut request = Request::json_schema(&mut generator);
    // Each request is an object of its own; what all of them may bear is told once for each.
    for one in request.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten() {
        one["properties"]["id"] = json!({"description": "Anything: the answer bears it, too."});
        one["properties"]["key"] = json!({
            "description": "The key of the run: over TCP, in the first line of a connection.",
            "type": "string",
        });
    }
    let answer = generator.subschema_for::<super::answer::Line<'static>>();
    let mut record = generator.subschema_for::<crate::trace::Record>();
    record.insert("properties".into(), json!({"n": {
        "description": "Its number in the run, from 1: `since` of `follow` takes it. What tells of a gap has none.",
        "type": "integer",
    }}));
    json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Control",
        "description": "The lines of a control socket: requests go there; answers come back, and records to who follows.",
        "type": "object",
        "properties": {"request": request, "answer": answer, "record": record},
        "$defs": generator.take_definitions(true),
    })
}

/// What is told of each request: its word, and what it does.
fn table() -> Vec<(String, String)> {
    let schema = schemars::schema_for!(Request).to_value();
    let variants = schema["oneOf"].as_array().into_iter().flatten();
    let row = |one: &Value| {
        let word = one["properties"]["do"]["const"].as_str()?.to_owned();
        Some((word, one["description"].as_str().unwrap_or_default().replace('\n', " ")))
    };
    variants.filter_map(row).collect()
}

/// The words of all requests.
pub fn words() -> Vec<String> {
    table().into_iter().map(|(word, _)| word).collect()
}

/// What a request does, in one line.
pub fn help(word: &str) -> String {
    let found = table().into_iter().find(|(own, _)| own == word);
    found.map(|(_, help)| help.trim_end_matches('.').to_owned()).unwrap_or_default()
}
