//! What an expectation says that was hardly meant: what several subjects share.

use super::written::{Wrong, wrong};
use crate::fault::{Against, Known, Pattern, Weight, no_urc, odd};
use crate::time::units::Span;

/// The final result codes, which a module says beside what comes unasked.
const RESULTS: &[&str] = &[
    "OK",
    "ERROR",
    "NO CARRIER",
    "CONNECT*",
    "BUSY",
    "NO ANSWER",
    "NO DIALTONE",
    "NO DIAL TONE",
    "RING",
    "+CME ERROR: *",
    "+CMS ERROR: *",
];

/// More than a run ever has of anything.
pub(super) const TOO_MANY: u64 = 1_000_000;

pub(super) type Doubt = (Weight, Wrong);

pub(super) fn mistake(key: &'static str, what: impl Into<String>, right: impl Into<String>) -> Doubt {
    (Weight::Mistake, wrong(key, what, right))
}

pub(super) fn warning(key: &'static str, what: impl Into<String>, right: impl Into<String>) -> Doubt {
    (Weight::Warning, wrong(key, what, right))
}

/// No doubt at all.
pub(super) fn none(_: &super::WrittenExpectation, _: &Known) -> Vec<Doubt> {
    vec![]
}

/// Why a pattern of lines was hardly meant as it is written.
pub(super) fn about(key: &'static str, pattern: &Pattern) -> Option<Doubt> {
    odd(pattern, Against::Line).map(|(weight, what, right)| (weight, wrong(key, what, right)))
}

/// Whether every line there is matches.
pub(super) fn is_anything(pattern: &Pattern) -> bool {
    pattern.matches("") && pattern.as_str().contains('*')
}

/// Whether every command line matches.
pub(super) fn is_any_command(pattern: &Pattern) -> bool {
    pattern.covers(&Pattern::from("AT*"))
}

/// Whether a result code, and nothing else, is meant.
pub(super) fn is_result(pattern: &Pattern) -> bool {
    RESULTS.iter().any(|code| pattern.meets(&Pattern::from(*code)))
}

/// Why the module says no such line, unasked or as a final result code.
pub(super) fn unsaid(pattern: &Pattern, known: &Known) -> Option<(String, String)> {
    let own = known.codes.unwrap_or_default().iter().any(|code| code.meets(pattern));
    let number = pattern.as_str().len() == 1 && pattern.as_str().bytes().all(|b| b.is_ascii_digit());
    if is_result(pattern) || own || number { None } else { no_urc(pattern, known) }
}

/// Times that leave no room, or all.
pub(super) fn no_time(within: Option<Span>, not_before: Option<Span>) -> Option<Doubt> {
    let zero = |span: Option<Span>| span.is_some_and(|span| span.0.is_zero());
    if zero(within) {
        return Some(mistake("within", "no line comes in no time", "write more than 0s"));
    }
    let right = "write more than 0s, or leave it out";
    zero(not_before).then(|| mistake("not_before", "no line comes before this", right))
}

/// A number that every run meets, or none.
pub(super) fn too_many(counts: &[(&'static str, Option<u64>)]) -> Option<Doubt> {
    let (key, n) = counts.iter().find(|(_, n)| n.is_some_and(|n| n > TOO_MANY))?;
    let what = match *key {
        "at_most" => "every run meets this: none has so many",
        _ => "no run can meet this: none has so many",
    };
    let right = format!("write less than {}", n.unwrap_or_default().min(TOO_MANY));
    Some(mistake(key, what, right))
}
