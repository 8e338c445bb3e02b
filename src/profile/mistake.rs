//! The one diagnostic for mistakes in the files that people write: where, what, and what would be right.

use crate::fault::{Problem, Weight};
use std::ops::Range;
use toml::de::DeTable;

mod snippet;

pub use snippet::Look;

pub use crate::words::{nearest, suggest};

/// A mistake in a profile, a scenario or a transcript, told so that the file can be put right.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mistake {
    /// The file, as the user named it.
    pub file: String,
    /// The line, from 1; 0 where the file itself cannot be had.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The line's text.
    pub source: String,
    /// How many characters the caret underlines, at least 1.
    pub width: usize,
    /// What is wrong.
    pub what: String,
    /// What would be right, where that can be told.
    pub right: Option<String>,
    /// Whether the file can be used all the same.
    pub weight: Weight,
    /// What it is held against, where two places contradict.
    pub other: Option<Box<Place>>,
}

/// The other of two places that contradict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The line's text.
    pub source: String,
    /// How many characters are underlined, at least 1.
    pub width: usize,
    /// What stands there.
    pub label: String,
    /// The line between the two, where there is one alone.
    pub between: String,
}

impl Place {
    /// A place in `text` at the byte range `span`, which may reach past the end.
    fn at(text: &str, span: Range<usize>) -> Place {
        let start = floor(text, span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |i| start + i);
        let end = floor(text, span.end).clamp(start, line_end);
        Place {
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            source: text[line_start..line_end].trim_end_matches('\r').to_owned(),
            width: text[start..end].chars().count().max(1),
            ..Place::default()
        }
    }
}

impl Mistake {
    /// A mistake in `text` (the contents of `file`) at the byte range `span`, which may reach past the end.
    pub fn at(file: &str, text: &str, span: Range<usize>, what: impl Into<String>) -> Mistake {
        let Place { line, column, source, width, .. } = Place::at(text, span);
        let (file, what) = (file.to_owned(), what.into());
        Mistake { file, line, column, source, width, what, right: None, weight: Weight::Mistake, other: None }
    }

    /// A problem in `text`, the contents of `file`.
    pub fn of_problem(file: &str, text: &str, problem: Problem) -> Mistake {
        let Problem { span, what, right, weight, other, .. } = problem;
        let right = Some(right).filter(|right| !right.is_empty());
        let mistake = Mistake { right, weight, ..Mistake::at(file, text, span, what) };
        match other.map(|other| *other) {
            Some((span, label)) => mistake.beside(text, span, label),
            None => mistake,
        }
    }

    /// The same, held against what stands at another `span` of the text that it was found in.
    #[must_use]
    pub fn beside(self, text: &str, span: Range<usize>, label: impl Into<String>) -> Mistake {
        let place = Place::at(text, span);
        let between = match self.line.abs_diff(place.line) {
            2 => text.lines().nth(self.line.min(place.line)).unwrap_or_default().to_owned(),
            _ => String::new(),
        };
        Mistake { other: Some(Box::new(Place { label: label.into(), between, ..place })), ..self }
    }

    /// The same, held against a whole line before it; `between` is that below it.
    #[must_use]
    pub fn against(self, line: usize, source: &str, label: &str, between: &str) -> Mistake {
        let (label, between) = (label.to_owned(), between.to_owned());
        let place = Place { line, label, between, ..Place::at(source, 0..source.len()) };
        Mistake { other: Some(Box::new(place)), ..self }
    }

    /// A mistake about a file of which there is no text.
    pub fn of_file(file: &str, what: impl Into<String>) -> Mistake {
        Mistake { line: 0, ..Mistake::at(file, "", 0..0, what) }
    }

    /// The same, told as a warning: nothing that keeps the file from being used.
    #[must_use]
    pub fn warning(mut self) -> Mistake {
        self.weight = Weight::Warning;
        self
    }

    /// The same, with what would be right.
    #[must_use]
    pub fn right(mut self, right: impl Into<String>) -> Mistake {
        self.right = Some(right.into());
        self
    }

    /// What `toml` found wrong with `text`, the contents of `file`: syntax, a type, a key that is unknown or missing.
    pub fn from_toml(file: &str, text: &str, error: &toml::de::Error) -> Mistake {
        let span = error.span().unwrap_or(0..0);
        let mistake = Mistake::worded(file, text, span.clone(), error.message());
        match (error.message() == "duplicate key").then(|| given_before(text, span)).flatten() {
            Some(first) => mistake.beside(text, first, "it stands here already").right("keep one of them"),
            None => mistake,
        }
    }

    /// A mistake in the words of serde or toml, said so that a person knows what would be right.
    pub fn worded(file: &str, text: &str, span: Range<usize>, message: &str) -> Mistake {
        let (what, right) = reword(message);
        Mistake { right, ..Mistake::at(file, text, span, what) }
    }
}

/// How many keys of one name are tried for the one that another repeats.
const TRIED: usize = 32;

/// Where the key stands that the one at `again` repeats: that without which the text has no mistake there.
fn given_before(text: &str, again: Range<usize>) -> Option<Range<usize>> {
    let key = text.get(again.clone()).filter(|key| !key.is_empty())?;
    let there = text[..again.start].rmatch_indices(key).map(|(at, key)| at..at + key.len());
    let whole = |span: &Range<usize>| {
        let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        !text[..span.start].ends_with(part) && !text[span.end..].starts_with(part)
    };
    // A key of the same length that nothing else has.
    let another = "_".repeat(key.len());
    there.filter(whole).take(TRIED).find(|span| {
        let without = [&text[..span.start], &another, &text[span.end..]].concat();
        let (_, errors) = DeTable::parse_recoverable(&without);
        !errors.iter().any(|e| e.span() == Some(again.clone()) && e.message() == "duplicate key")
    })
}

/// Mistakes below each other.
pub fn together(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(Mistake::to_string).collect::<Vec<_>>().join("\n")
}

fn floor(text: &str, index: usize) -> usize {
    (0..=index.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}

/// Turns serde's and toml's wording into what is wrong and what would be right.
fn reword(message: &str) -> (String, Option<String>) {
    let message = message.trim().replace('\n', ", ");
    let (head, tail) = match message.split_once(", expected ") {
        Some((head, tail)) => (head.to_owned(), Some(tail)),
        None => (message.clone(), None),
    };
    let names: Vec<&str> = tail.map(quoted).unwrap_or_default();
    if let Some(word) = message.strip_prefix("unknown field ").and_then(|m| quoted(m).first().copied()) {
        let right = unless_empty(suggest(word, &names, "keys"), "no key belongs here");
        return (format!("unknown key `{word}`"), Some(right));
    }
    if let Some(word) = message.strip_prefix("unknown variant ").and_then(|m| quoted(m).first().copied()) {
        return (format!("`{word}` is none of the words known here"), Some(suggest(word, &names, "words")));
    }
    if let Some(key) = message.strip_prefix("missing field ").and_then(|m| quoted(m).first().copied()) {
        return (format!("the key `{key}` is missing"), Some(format!("add `{key} = ...` here")));
    }
    match tail {
        Some(tail) => (head, Some(format!("write {}", plain(tail)))),
        None => match message.split_once("; ") {
            Some((what, right)) => (what.to_owned(), Some(right.to_owned())),
            None => (message, None),
        },
    }
}

/// What serde expects, in words that are none of Rust's.
fn plain(expected: &str) -> &str {
    match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" => "it in quotation marks",
        "a sequence" => "a list in square brackets",
        "a map" => "a table in braces",
        "variant identifier" => "a word in quotation marks",
        _ if expected.starts_with("struct ") || expected.contains("tagged enum ") => "a table in braces",
        _ => expected,
    }
}

fn unless_empty(text: String, otherwise: &str) -> String {
    if text.is_empty() { otherwise.to_owned() } else { text }
}

fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fault {
        #[serde(rename = "stall")]
        _stall: Option<String>,
        #[serde(rename = "after_bytes")]
        _after_bytes: Option<u32>,
        #[serde(rename = "for")]
        _span: Option<crate::time::units::Span>,
    }

    fn mistake(text: &str) -> Mistake {
        Mistake::from_toml("a.toml", text, &toml::from_str::<Fault>(text).unwrap_err())
    }

    #[test]
    fn an_unknown_key_is_shown_with_what_was_meant() {
        let text = "after_bytes = 6\nstal = \"down\"\n";
        assert_eq!(
            mistake(text).to_string(),
            "a.toml:2:1: unknown key `stal`\n  |\n2 | stal = \"down\"\n  | ^^^^\n  |\n  = did you mean `stall`? \
             the keys here are `stall`, `after_bytes`, `for`"
        );
    }

    #[test]
    fn a_wrong_type_unit_or_syntax_is_shown_where_it_stands() {
        let wrong = mistake("stall = \"down\"\nafter_bytes = \"x\"");
        assert_eq!((wrong.line, wrong.column, wrong.width), (2, 15, 3));
        assert_eq!(wrong.right.as_deref(), Some("write a whole number that is not negative"));
        let wrong = mistake("for = \"20 parsecs\"");
        assert_eq!(wrong.what, "`20 parsecs` is no duration");
        assert!(wrong.right.unwrap().starts_with("write it like"));
        assert_eq!(mistake("stall = \"down").line, 1);
    }

    #[test]
    fn two_places_that_contradict_are_both_shown() {
        for (between, shown) in [
            ("", "1 | stall = \"up\"\n  | ----- it stands here already\n2 | stall = \"down\"\n  | ^^^^^"),
            ("a = 1\n", "1 | stall = \"up\"\n  | ----- it stands here already\n2 | a = 1\n3 | stall"),
            ("a = 1\nb = 2\n\n", "1 | stall = \"up\"\n  | ----- it stands here already\n...\n5 | stall"),
        ] {
            let told = mistake(&format!("stall = \"up\"\n{between}stall = \"down\"\n")).to_string();
            assert!(told.contains(shown), "{told}");
            assert!(told.ends_with("= keep one of them"), "{told}");
        }
        let told = mistake("when = { a = 1, a = 2 }").to_string();
        assert!(told.contains("1 | when = { a = 1, a = 2 }\n  |          -      ^"), "{told}");
    }

    #[test]
    fn the_key_that_is_repeated_is_that_of_the_same_table() {
        let text = "[a]\nx = 1\n[b]\nx = 2\n[a.c]\nx = 3\n[[d]]\nx = 4\n[[d]]\nx = 5\nx = 6\n[b]\nx = 7\n";
        let (_, errors) = DeTable::parse_recoverable(text);
        let told: Vec<_> = errors.iter().map(|e| Mistake::from_toml("f", text, e)).collect();
        let lines: Vec<_> = told.iter().map(|m| (m.line, m.other.as_ref().map(|o| o.line))).collect();
        assert_eq!(lines, [(11, Some(10)), (12, Some(3)), (13, Some(4))], "{}", together(&told));
    }

    #[test]
    fn a_warning_looks_like_one_and_colours_are_for_terminals() {
        let warning = Mistake::at("f", "odd = 1", 0..3, "it is odd").warning();
        assert!(warning.to_string().starts_with("f:1:1: warning: it is odd\n"), "{warning}");
        assert!(!warning.to_string().contains('\x1b'));
        assert!(warning.shown(Look::Terminal(80)).contains("\x1b[33m"));
    }

    #[test]
    fn a_long_line_is_cut_around_what_is_wrong() {
        let text = format!("{} stal {}", "a".repeat(4000), "b".repeat(4000));
        let shown = Mistake::at("f", &text, 4001..4005, "unknown").to_string();
        assert!(shown.lines().all(|line| line.chars().count() <= 150), "{shown}");
        assert!(shown.contains(" stal ") && shown.contains("^^^^"), "{shown}");
    }

    #[test]
    fn nothing_in_a_file_moves_the_letters_of_a_terminal() {
        let text = "a = \"\x1b[31m\u{202e}\u{7}x\"";
        let at = text.find('x').unwrap();
        for look in [Look::Plain, Look::Terminal(80)] {
            let mistake = Mistake::at("f\x1b", text, at..at + 1, "\u{202e}").right("\u{9b}");
            let shown = mistake.beside(text, 0..1, "\x1b[0m").shown(look);
            let own = shown.replace("\x1b[", "");
            assert!(!own.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{shown:?}");
            assert!(!shown.contains("\x1b[31m\u{202e}"), "{shown:?}");
        }
    }

    proptest! {
        #[test]
        fn any_span_of_any_text_can_be_shown(text in "[ -~\u{e4}\t\r\n]{0,40}", a in 0usize..60, b in 0usize..60) {
            let mistake = Mistake::at("f", &text, a..b, "wrong").right("x");
            prop_assert!(mistake.to_string().contains('^'));
            let shown = mistake.beside(&text, b..a, "here").to_string();
            prop_assert!(shown.contains('^') && shown.contains("here"));
        }
    }
}
