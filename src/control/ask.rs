//! What can be asked: one line of JSON.

use super::answer::Wrong;
use crate::fault::{Request, Rule};
use crate::profile::mistake::{Mistake, suggest};
use crate::trace;
use serde::Deserialize;
use serde_json::{Map, Value};

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Inject or lift a fault, or lift all.
    Fault(Request),
    /// How each fault stands.
    List,
    /// How the module stands.
    Status,
    /// Send the records of the trace from here on; only these events, where some are named.
    Follow(Vec<String>),
    /// Have the modem's clock run so many times faster than real time.
    Speed(u32),
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum Written {
    Inject {
        name: Option<String>,
        fault: Option<Value>,
    },
    Lift {
        name: Option<String>,
    },
    List {},
    Status {},
    Follow {
        #[serde(default)]
        events: Vec<String>,
    },
    Speed {
        speed: u32,
    },
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
            other => Err(serde_json::from_value::<Written>(other)
                .err()
                .map_or_else(|| Wrong::new("this is no request", right), |e| worded(&e.to_string()))),
        }
    }

    /// What it asks for.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn ask(self) -> Result<Ask, Wrong> {
        Ask::read(Value::Object(self.rest))
    }
}

impl Ask {
    fn read(value: Value) -> Result<Ask, Wrong> {
        let written = serde_json::from_value(value).map_err(|e| worded(&e.to_string()))?;
        Ok(match written {
            Written::Inject { name: Some(name), fault: None } => Ask::Fault(Request::Inject(name)),
            Written::Inject { name: None, fault: Some(fault) } => {
                let rule = Rule::from_json(&fault).map_err(|p| match p.right.is_empty() {
                    true => worded(&p.what),
                    false => Wrong::new(p.what, p.right),
                })?;
                Ask::Fault(Request::Rule(Box::new(rule)))
            }
            Written::Inject { .. } => {
                let right = "write \"fault\": {\"what\": {..}} for a new one, or the \"name\" of one";
                return Err(Wrong::new("inject which fault?", right));
            }
            Written::Lift { name: Some(name) } => Ask::Fault(Request::Lift(name)),
            Written::Lift { name: None } => Ask::Fault(Request::LiftAll),
            Written::List {} => Ask::List,
            Written::Status {} => Ask::Status,
            Written::Follow { events } => {
                let known = trace::events();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                match events.iter().find(|event| !known.contains(&event.as_str())) {
                    None => Ask::Follow(events),
                    Some(event) => {
                        let right = suggest(event, &known, "events");
                        return Err(Wrong::new(format!("the trace has no event `{event}`"), right));
                    }
                }
            }
            Written::Speed { speed: speed @ 1..=1000 } => Ask::Speed(speed),
            Written::Speed { speed } => {
                return Err(Wrong::new(format!("{speed} is no speed"), "write 1 to 1000"));
            }
        })
    }
}

/// What serde found wrong, in words for a person.
fn worded(message: &str) -> Wrong {
    let mistake = Mistake::worded("", "", 0..0, message);
    Wrong { error: mistake.what, right: mistake.right }
}
