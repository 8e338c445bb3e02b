//! Patterns of rules and expectations: text in which `*` stands for anything, letter case aside.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A text in which `*` stands for any run of characters; ASCII letter case does not matter.
///
/// `?` is no wildcard, because AT commands end with it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(example = "text with *")]
pub struct Pattern(String);

impl Pattern {
    /// The pattern that matches everything.
    pub fn any() -> Pattern {
        Pattern("*".to_owned())
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `text` as a whole matches.
    pub fn matches(&self, text: &str) -> bool {
        let (pattern, text) = (self.0.as_bytes(), text.as_bytes());
        let (mut p, mut t) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while t < text.len() {
            match pattern.get(p) {
                Some(b'*') => {
                    star = Some((p, t));
                    p += 1;
                }
                Some(c) if c.eq_ignore_ascii_case(&text[t]) => {
                    p += 1;
                    t += 1;
                }
                _ => match star {
                    Some((at, from)) => {
                        star = Some((at, from + 1));
                        p = at + 1;
                        t = from + 1;
                    }
                    None => return false,
                },
            }
        }
        pattern[p..].iter().all(|c| *c == b'*')
    }
}

impl Pattern {
    /// Whether a path matches as written, without its leading slash, or by its last part.
    pub fn matches_path(&self, path: &str) -> bool {
        let last = path.rsplit('/').next().unwrap_or(path);
        self.matches(path) || self.matches(path.trim_start_matches('/')) || self.matches(last)
    }

    /// Whether a text that begins so can match.
    pub fn may_begin(&self, with: &str) -> bool {
        let (begin, open) =
            self.0.split_once('*').map_or((self.0.as_str(), false), |(begin, _)| (begin, true));
        let (begin, with) = (begin.to_ascii_uppercase(), with.to_ascii_uppercase());
        begin.starts_with(&with) || (open && with.starts_with(&begin))
    }

    /// Whether what `other` matches is matched by this one, too.
    pub fn covers(&self, other: &Pattern) -> bool {
        // A star of the other is absorbed by a star alone.
        self.matches(&other.0)
    }
}

impl From<&str> for Pattern {
    fn from(text: &str) -> Pattern {
        Pattern(text.to_owned())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, is) in [
            ("AT+FTPGET*", "at+ftpget=1", true),
            ("AT+FTPGET*", "AT+FTPGE", false),
            ("AT+CPIN?", "AT+CPIN?", true),
            ("AT+CPIN?", "AT+CPINX", false),
            ("*", "", true),
            ("", "x", false),
            ("*.bin", "/a/b.BIN", true),
            ("a*b*c", "aXXbYYbZc", true),
            ("a*b*c", "aXXbYYbZ", false),
        ] {
            assert_eq!(Pattern::from(pattern).matches(text), is, "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_may_begin_so_and_covers_another() {
        let pattern = |text: &str| Pattern::from(text);
        for (text, may) in
            [("+cme*", true), ("*", true), ("+CME ERROR: 3", true), ("+CME ERROR", false), ("OK", false)]
        {
            assert_eq!(pattern(text).may_begin("+CME ERROR:"), may, "{text}");
        }
        for (wide, narrow, covers) in [
            ("*", "a*", true),
            ("*.example", "*.FTP.example", true),
            ("a*", "a", true),
            ("a", "a*", false),
            ("*b", "*", false),
        ] {
            assert_eq!(pattern(wide).covers(&pattern(narrow)), covers, "{wide} {narrow}");
        }
    }

    proptest! {
        #[test]
        fn a_text_matches_itself_and_its_parts(a in "[a-z]{0,8}", b in "[a-z]{0,8}", c in "[a-z]{0,8}") {
            let text = format!("{a}{b}{c}");
            prop_assert!(Pattern::from(text.as_str()).matches(&text));
            let ends = Pattern(format!("{a}*{c}"));
            prop_assert!(ends.matches(&text));
        }
    }
}
