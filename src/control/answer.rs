//! What is answered: one line of JSON.

use super::status::Status;
use crate::fault;
use serde::Serialize;
use serde_json::Value;

/// What is wrong with a request, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// What is wrong.
    pub error: String,
    /// What would be right, where that can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
}

impl Wrong {
    /// With what would be right; nothing where `right` is empty.
    pub fn new(error: impl Into<String>, right: impl Into<String>) -> Wrong {
        Wrong { error: error.into(), right: Some(right.into()).filter(|right| !right.is_empty()) }
    }
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// It was done.
    Done {},
    /// It was done to the fault with this name.
    Fault {
        /// The name.
        name: String,
    },
    /// How each fault stands.
    Faults {
        /// In the order in which they have their say.
        faults: Vec<fault::Status>,
    },
    /// How the module stands.
    Status(Box<Status>),
}

impl Answer {
    /// It was done to the fault with this name; to all where there is none.
    pub(super) fn fault(name: String) -> Answer {
        if name.is_empty() { Answer::Done {} } else { Answer::Fault { name } }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Value>,
    #[serde(flatten)]
    answer: Option<&'a Answer>,
    #[serde(flatten)]
    wrong: Option<&'a Wrong>,
}

/// The line for the program that asked, without its end.
pub(super) fn line(id: Option<Value>, answer: &Result<Answer, Wrong>) -> String {
    let line = Line { ok: answer.is_ok(), id, answer: answer.as_ref().ok(), wrong: answer.as_ref().err() };
    // Strings, numbers and lists: there is nothing in it that JSON has not.
    serde_json::to_string(&line).unwrap_or_default()
}
