//! A `!` line of a transcript that is no TOML: said for a person, with the line that was meant where that can be told.

use super::Request;
use crate::fault::layer::FAULTS;
use crate::fault::text::problem::Problem;
use crate::words::nearest;
use std::ops::Range;
use toml::de::DeTable;

/// What a fault's keys look like where nothing better is known.
const FORM: &str = "write its keys as in a scenario, `! stall = \"down\", for = \"20s\"`, or `! inject NAME`, `! lift NAME`, `! lift`";

/// Looks whether the text behind the `!` can be read at all; `inline` is the same as the value of a key.
///
/// # Errors
/// Where and why it cannot, and what would be right.
pub(super) fn look(text: &str, inline: &str, moved: usize) -> Result<(), Problem> {
    let Err(error) = DeTable::parse(inline) else { return Ok(()) };
    let span = error.span().unwrap_or(0..0);
    let home = |at: usize| at.saturating_sub(moved).min(text.len());
    let what = "this is not how a fault is written";
    let (span, right) = match meant(text) {
        Some((word, right)) => (word, right),
        None => (home(span.start)..home(span.end), FORM.to_owned()),
    };
    Err(Problem::new(span, what, right))
}

/// The line that was meant, where its first word is the name of a fault, or nearly: where that word is, and the line.
fn meant(text: &str) -> Option<(Range<usize>, String)> {
    let start = text.len() - text.trim_start().len();
    let trimmed = text.trim();
    let end = trimmed.find(|c: char| c.is_whitespace() || "=:\"'".contains(c)).unwrap_or(trimmed.len());
    let (word, rest) = trimmed.split_at(end);
    let names: Vec<&str> = FAULTS.iter().map(|kind| kind.name).collect();
    let name = match names.iter().find(|name| **name == word.to_ascii_lowercase()) {
        Some(name) => name,
        None => nearest(word, names.iter().copied())?,
    };
    let value = rest.trim_start().trim_start_matches(['=', ':']).trim();
    let candidates = match value {
        "" => vec![],
        value => vec![format!("{name} = {value}"), format!("{name} = {}", quoted(value.trim_matches('"')))],
    };
    let line = candidates.into_iter().find(|line| reads(line) && Request::parse(line).is_ok());
    let line = line.or_else(|| Some(example(name)));
    Some((start..start + end, format!("write `! {}`", line?)))
}

/// Whether the text behind a `!` is TOML.
fn reads(text: &str) -> bool {
    DeTable::parse(&format!("r = {{ {text} }}")).is_ok()
}

/// The example of a fault, as one line.
fn example(name: &str) -> String {
    let lines = FAULTS.iter().find(|kind| kind.name == name).map_or("", |kind| kind.example);
    lines.lines().collect::<Vec<_>>().join(", ")
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_toml_is_told_with_the_line_that_was_meant() {
        let cases = [
            ("say \"+CMTI: 1\"", "write `! say = \"+CMTI: 1\"`"),
            ("say +CMTI: \"SM\",1", "write `! say = '+CMTI: \"SM\",1'`"),
            ("say = hello", "write `! say = \"hello\"`"),
            ("say: hello", "write `! say = \"hello\"`"),
            ("SAY hello", "write `! say = \"hello\"`"),
            ("sya hello", "write `! say = \"hello\"`"),
            ("reply 425", "write `! reply = 425`"),
            ("stall down", "write `! stall = \"down\"`"),
            ("stall \"down\", for = \"20s\"", "write `! stall = \"down\", for = \"20s\"`"),
            ("say = \"open", "write `! say = \"open\"`"),
            ("when { command = \"AT\" }", FORM),
            ("what nobody means", FORM),
            ("= 1", FORM),
            ("\"", FORM),
        ];
        for (text, right) in cases {
            let problem = Request::parse(text).unwrap_err();
            assert_eq!(
                (problem.what.as_str(), problem.right.as_str()),
                ("this is not how a fault is written", right),
                "{text}"
            );
            assert!(
                text.is_char_boundary(problem.span.start) && text.get(problem.span.clone()).is_some(),
                "{text}"
            );
        }
        for kind in FAULTS.iter() {
            let problem = Request::parse(kind.name).unwrap_err();
            let line = problem.right.strip_prefix("write `! ").and_then(|line| line.strip_suffix('`'));
            assert!(
                line.is_some_and(|line| Request::parse(line).is_ok()),
                "{}: {}",
                kind.name,
                problem.right
            );
        }
    }
}
