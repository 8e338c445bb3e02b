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
    /// Whether a text that begins so can match.
    pub fn may_begin(&self, with: &str) -> bool {
        let (begin, open) =
            self.0.split_once('*').map_or((self.0.as_str(), false), |(begin, _)| (begin, true));
        let (begin, with) = (begin.to_ascii_uppercase(), with.to_ascii_uppercase());
        begin.starts_with(&with) || (open && with.starts_with(&begin))
    }

    /// Whether there is a text that both match.
    pub fn meets(&self, other: &Pattern) -> bool {
        let (a, b) = (self.0.as_bytes(), other.0.as_bytes());
        let same = |a: &[u8], b: &[u8]| {
            a.iter().zip(b).take_while(|(a, b)| **a != b'*' && a.eq_ignore_ascii_case(b)).count()
        };
        // Most pairs differ before the first star.
        let begun = same(a, b);
        let (Some(next), Some(with)) = (a.get(begun), b.get(begun)) else {
            return [&a[begun..], &b[begun..]].iter().all(|rest| rest.iter().all(|c| *c == b'*'));
        };
        if *next != b'*' && *with != b'*' {
            return false;
        }
        // For each beginning of `a`: whether a text that ends there is met by the beginning of `b` so far.
        let mut row: Vec<bool> = (0..=a.len()).map(|n| a[..n].iter().all(|c| *c == b'*')).collect();
        for c in b {
            let before = row.clone();
            row[0] = before[0] && *c == b'*';
            for n in 1..=a.len() {
                row[n] = match a[n - 1] == b'*' || *c == b'*' {
                    true => row[n - 1] || before[n],
                    false => before[n - 1] && a[n - 1].eq_ignore_ascii_case(c),
                };
            }
        }
        row[a.len()]
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

    #[test]
    fn two_patterns_meet_where_a_text_is_matched_by_both() {
        for (a, b, meet) in [
            ("+FTPGET: *", "+ftpget: 1,1", true),
            ("+FTPGET: *", "+FTPGET*", true),
            ("+FTPGET:*", "+FTPGET", false),
            ("+FTPGET: *", "+FTPGET:1,1", false),
            ("*DEACT", "+PDP: *", true),
            ("*DEACT", "+PDP: ACT", false),
            ("a*c", "*b*", true),
            ("", "*", true),
            ("", "a", false),
            ("ab", "ab**", true),
            ("*a*", "*b*", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(Pattern::from(a).meets(&b.into()), meet, "{a} {b}");
            assert_eq!(Pattern::from(b).meets(&a.into()), meet, "{b} {a}");
        }
    }

    proptest! {
        #[test]
        fn what_both_match_makes_them_meet(a in "[ab*]{0,6}", b in "[ab*]{0,6}", text in "[ab]{0,6}") {
            let (a, b) = (Pattern(a), Pattern(b));
            prop_assert!(!(a.matches(&text) && b.matches(&text)) || a.meets(&b), "{a} {b} {text}");
            prop_assert_eq!(a.meets(&b), b.meets(&a));
        }

        #[test]
        fn a_text_matches_itself_and_its_parts(a in "[a-z]{0,8}", b in "[a-z]{0,8}", c in "[a-z]{0,8}") {
            let text = format!("{a}{b}{c}");
            prop_assert!(Pattern::from(text.as_str()).matches(&text));
            let ends = Pattern(format!("{a}*{c}"));
            prop_assert!(ends.matches(&text));
        }
    }
}
