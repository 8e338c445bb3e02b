//! The one diagnostic for mistakes in the files that people write: where, what, and what would be right.

use crate::at::visible;
use std::fmt;
use std::ops::Range;

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
}

impl Mistake {
    /// A mistake in `text` (the contents of `file`) at the byte range `span`, which may reach past the end.
    pub fn at(file: &str, text: &str, span: Range<usize>, what: impl Into<String>) -> Mistake {
        let start = floor(text, span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |i| start + i);
        let end = floor(text, span.end).clamp(start, line_end);
        Mistake {
            file: file.to_owned(),
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            source: text[line_start..line_end].trim_end_matches('\r').to_owned(),
            width: text[start..end].chars().count().max(1),
            what: what.into(),
            right: None,
        }
    }

    /// A mistake about a file of which there is no text.
    pub fn of_file(file: &str, what: impl Into<String>) -> Mistake {
        Mistake { line: 0, ..Mistake::at(file, "", 0..0, what) }
    }

    /// The same, told as a warning: nothing that keeps the file from being used.
    #[must_use]
    pub fn warning(mut self) -> Mistake {
        self.what.insert_str(0, "warning: ");
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
        Mistake::worded(file, text, error.span().unwrap_or(0..0), error.message())
    }

    /// A mistake in the words of serde or toml, said so that a person knows what would be right.
    pub fn worded(file: &str, text: &str, span: Range<usize>, message: &str) -> Mistake {
        let (what, right) = reword(message);
        Mistake { right, ..Mistake::at(file, text, span, what) }
    }
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

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (file, what) = (visible(&self.file), visible(&self.what));
        let right = self.right.as_deref().map(visible);
        if self.line == 0 {
            write!(f, "{file}: {what}")?;
            return right.iter().try_for_each(|right| write!(f, "; {right}"));
        }
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        writeln!(f, "{file}:{}:{}: {what}", self.line, self.column)?;
        // As it prints: what is escaped is wider, and a tab is a tab.
        let shown = |c: char| {
            if c == '\t' { "\t".to_owned() } else { visible(c.encode_utf8(&mut [0; 4])).into_owned() }
        };
        let shown: Vec<String> = self.source.chars().map(shown).collect();
        writeln!(f, " {number} | {}", shown.concat())?;
        let wide = |shown: &String| shown.chars().count();
        let lead = shown.iter().take(self.column - 1);
        let lead: String = lead.map(|s| if s == "\t" { "\t".into() } else { " ".repeat(wide(s)) }).collect();
        let marked = shown.iter().skip(self.column - 1).take(self.width);
        let beyond = self.width.saturating_sub(marked.len());
        let width: usize = marked.map(wide).sum::<usize>() + beyond;
        write!(f, " {margin} | {lead}{}", "^".repeat(width))?;
        if let Some(right) = right {
            write!(f, "\n {margin} = {right}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistake {}

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
            "a.toml:2:1: unknown key `stal`\n 2 | stal = \"down\"\n   | ^^^^\n   = did you mean `stall`? \
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

    proptest! {
        #[test]
        fn any_span_of_any_text_can_be_shown(text in "[ -~\u{e4}\t\r\n]{0,40}", a in 0usize..60, b in 0usize..60) {
            let shown = Mistake::at("f", &text, a..b, "wrong").right("x").to_string();
            prop_assert!(shown.contains('^'));
        }
    }
}
