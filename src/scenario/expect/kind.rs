//! The subjects of expectations, as a table: what is read, documented and tested by.

use super::doubt::Doubt;
use super::written::{WrittenExpectation, Wrong};
use super::{Subject, applied, between, ends, file, lines, order, others, recovers, repeats, state, status};
use crate::fault::Known;
use std::fmt::Write;

/// A subject of an expectation.
#[derive(Debug)]
pub struct SubjectKind {
    /// Its key.
    pub key: &'static str,
    /// When it is met, in words: "when ...".
    pub met: &'static str,
    /// The keys that may stand beside it.
    pub with: &'static [&'static str],
    /// An expectation about it, as the lines below `[[expect]]`.
    pub example: &'static str,
    pub(super) build: fn(&WrittenExpectation, &Known) -> Built,
    pub(super) doubts: fn(&WrittenExpectation, &Known) -> Vec<Doubt>,
}

/// A subject and its words, or what is wrong.
pub(super) type Built = Result<(Subject, String), Wrong>;

/// Every subject there is.
pub static SUBJECTS: &[&SubjectKind] = &[
    &lines::HOST_SENDS,
    &lines::HOST_NEVER_SENDS,
    &order::HOST_SENDS_IN_ORDER,
    &between::BETWEEN,
    &repeats::NEVER_REPEATS_AFTER,
    &lines::MODULE_SAYS,
    &lines::MODULE_NEVER_SAYS,
    &lines::HOST_PRINTS,
    &lines::HOST_NEVER_PRINTS,
    &status::HOST_STATUS,
    &file::FILE,
    &others::NO_OTHER_FILES,
    &state::MODULE_STATE,
    &ends::ENDS_WITHIN,
    &applied::FAULT_APPLIED,
    &recovers::RECOVERS_WITHIN,
];

/// The table as Markdown, with an example of each below it.
pub fn markdown() -> String {
    let mut out = "| subject | is met | beside it |\n| --- | --- | --- |\n".to_owned();
    for kind in SUBJECTS {
        let with: Vec<String> = kind.with.iter().map(|key| format!("`{key}`")).collect();
        // A String never fails to be written to.
        let _ = writeln!(out, "| `{}` | {} | {} |", kind.key, kind.met, with.join(", "));
    }
    out
}

/// The table for a person at a terminal.
pub fn list() -> String {
    let mut out = String::new();
    for kind in SUBJECTS {
        let gap = if out.is_empty() { "" } else { "\n" };
        let _ = writeln!(out, "{gap}{}: {}", kind.key, kind.met);
        if !kind.with.is_empty() {
            let _ = writeln!(out, "  beside it: {}", kind.with.join(", "));
        }
        for line in kind.example.lines() {
            let _ = writeln!(out, "    {line}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;
    use std::collections::BTreeSet;

    #[test]
    fn every_key_is_a_subject_or_stands_beside_one() {
        let schema = schemars::schema_for!(Scenario);
        let keys = schema.as_value()["$defs"]["Expect"]["properties"].as_object().unwrap().keys();
        let keys: BTreeSet<&str> = keys.map(String::as_str).collect();
        let subjects = SUBJECTS.iter().map(|kind| kind.key);
        let beside = SUBJECTS.iter().flat_map(|kind| kind.with.iter().copied());
        let known: BTreeSet<&str> = subjects.chain(beside).chain(["over_seeds"]).collect();
        assert_eq!(known, keys);
    }

    #[test]
    fn every_example_is_an_expectation_and_begins_with_its_subject() {
        for kind in SUBJECTS {
            assert!(kind.example.starts_with(&format!("{} = ", kind.key)), "{}", kind.key);
            let fault = "[[fault]]\nname = \"tunnel\"\nwhen = { at = \"5s\" }\nwhat = { stall = \"down\" }\nfor = \"9s\"\n";
            let text = format!("{fault}[[expect]]\n{}\n", kind.example);
            let read = crate::scenario::parse("s.toml", &text, &Known::default());
            let read = read.unwrap_or_else(|m| panic!("{}: {}", kind.key, m[0]));
            assert_eq!(read.warnings, [], "{}", kind.key);
        }
    }
}
