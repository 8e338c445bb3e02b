//! The text of a transcript line: escapes, control names, placeholders, and bytes back into text.

use std::fmt;
use std::ops::Range;

use super::hole::Hole;
use crate::profile::mistake::suggest;

/// A stretch of a line's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// These bytes.
    Literal(Vec<u8>),
    /// What varies.
    Hole(Hole),
}

/// What is expected: literal bytes and placeholders in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    /// Never two literals in a row.
    pub parts: Vec<Part>,
}

impl Pattern {
    /// Exactly these bytes.
    pub fn literal(bytes: &[u8]) -> Pattern {
        let mut pattern = Pattern::default();
        pattern.push_bytes(bytes);
        pattern
    }

    pub(super) fn push_bytes(&mut self, bytes: &[u8]) {
        match self.parts.last_mut() {
            _ if bytes.is_empty() => {}
            Some(Part::Literal(last)) => last.extend_from_slice(bytes),
            _ => self.parts.push(Part::Literal(bytes.to_vec())),
        }
    }

    /// Its bytes; what varies is left out.
    pub fn literals(&self) -> Vec<u8> {
        let parts = self.parts.iter().filter_map(|part| match part {
            Part::Literal(bytes) => Some(bytes.as_slice()),
            Part::Hole(_) => None,
        });
        parts.collect::<Vec<_>>().concat()
    }

    /// Whether some part varies.
    pub fn has_holes(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Hole(_)))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (i, part) in self.parts.iter().enumerate() {
            match part {
                Part::Literal(bytes) => f.write_str(&quote_before(bytes, i + 1 == self.parts.len()))?,
                Part::Hole(hole) => write!(f, "{hole}")?,
            }
        }
        Ok(())
    }
}

/// Something wrong in a piece of text; the span counts bytes from the piece's start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub span: Range<usize>,
    pub what: String,
    pub right: String,
    /// The line of the header that it contradicts.
    pub earlier: Option<usize>,
}

impl Wrong {
    pub fn new(span: Range<usize>, what: impl Into<String>, right: impl Into<String>) -> Wrong {
        Wrong { span, what: what.into(), right: right.into(), earlier: None }
    }

    /// The same, where the piece itself starts `by` bytes further on.
    pub fn shift(self, by: usize) -> Wrong {
        Wrong { span: self.span.start + by..self.span.end + by, ..self }
    }
}

const CONTROLS: &[(&str, u8)] = &[
    ("NUL", 0x00),
    ("SOH", 0x01),
    ("STX", 0x02),
    ("ETX", 0x03),
    ("EOT", 0x04),
    ("ENQ", 0x05),
    ("ACK", 0x06),
    ("BEL", 0x07),
    ("BS", 0x08),
    ("HT", 0x09),
    ("LF", 0x0a),
    ("VT", 0x0b),
    ("FF", 0x0c),
    ("CR", 0x0d),
    ("SO", 0x0e),
    ("SI", 0x0f),
    ("DLE", 0x10),
    ("XON", 0x11),
    ("DC2", 0x12),
    ("XOFF", 0x13),
    ("DC4", 0x14),
    ("NAK", 0x15),
    ("SYN", 0x16),
    ("ETB", 0x17),
    ("CAN", 0x18),
    ("EM", 0x19),
    ("SUB", 0x1a),
    ("ESC", 0x1b),
    ("FS", 0x1c),
    ("GS", 0x1d),
    ("RS", 0x1e),
    ("US", 0x1f),
    ("DEL", 0x7f),
];

/// The byte of a control name such as `ETX`.
pub(super) fn control(name: &str) -> Option<u8> {
    CONTROLS.iter().find(|(n, _)| *n == name).map(|(_, byte)| *byte)
}

/// The name of a control byte.
pub(super) fn control_name(byte: u8) -> Option<&'static str> {
    CONTROLS.iter().find(|(_, b)| *b == byte).map(|(name, _)| *name)
}

/// The control byte and the length of `<NAME>` at the start of `text`.
fn control_at(text: &str) -> Option<(u8, usize)> {
    let end = text.strip_prefix('<')?.find('>')?;
    Some((control(&text[1..=end])?, end + 2))
}

fn escape_at(text: &str) -> Option<(u8, usize)> {
    let byte = match text.as_bytes().get(1)? {
        b'\\' => b'\\',
        b'r' => b'\r',
        b'n' => b'\n',
        b't' => b'\t',
        b'0' => 0,
        b'<' => b'<',
        b'x' => {
            return Some((u8::from_str_radix(text.get(2..4).filter(|d| !d.starts_with('+'))?, 16).ok()?, 4));
        }
        _ => return None,
    };
    Some((byte, 2))
}

/// Reads a line's text: `\r`, `\x10`, `<ETX>`, `{ip}`, `{{`; everything else stands for itself.
pub(super) fn pattern(text: &str) -> Result<Pattern, Wrong> {
    let mut pattern = Pattern::default();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        // Most of a line is itself.
        let plain = text[at..].find(['\\', '{', '<']).unwrap_or(text.len() - at);
        if plain > 0 {
            pattern.push_bytes(&text.as_bytes()[at..at + plain]);
            at += plain;
            continue;
        }
        let rest = &text[at..];
        let after = rest.as_bytes().get(1).copied();
        at += match c {
            '\\' => {
                let (byte, length) = escape_at(rest).ok_or_else(|| bad_escape(rest, at))?;
                pattern.push_bytes(&[byte]);
                length
            }
            '{' if after == Some(b'{') => {
                pattern.push_bytes(b"{");
                2
            }
            '{' if after.is_some_and(|b| b.is_ascii_lowercase()) => {
                let (hole, length) = hole_at(rest).map_err(|wrong| wrong.shift(at))?;
                pattern.parts.push(Part::Hole(hole));
                length
            }
            _ => match control_at(rest) {
                Some((byte, length)) => {
                    pattern.push_bytes(&[byte]);
                    length
                }
                None => {
                    pattern.push_bytes(&rest.as_bytes()[..c.len_utf8()]);
                    c.len_utf8()
                }
            },
        };
    }
    Ok(pattern)
}

fn bad_escape(rest: &str, at: usize) -> Wrong {
    let shown: String = rest.chars().take(2).collect();
    let right =
        "write \\\\ for a backslash; the others are \\r \\n \\t \\0 \\< and \\x with two hexadecimal digits";
    Wrong::new(at..at + shown.len(), format!("`{shown}` is no escape"), right)
}

fn hole_at(rest: &str) -> Result<(Hole, usize), Wrong> {
    let Some(end) = rest.find('}') else {
        return Err(Wrong::new(
            0..1,
            "this placeholder has no end",
            "close it with `}`, or write `{{` for a brace",
        ));
    };
    let name = &rest[1..end];
    let hole = name.parse::<Hole>().map_err(|()| {
        let word = name.split(':').next().unwrap_or_default();
        let right = match Hole::NAMES.contains(&word) {
            true => {
                "a length is a number of bytes, as in `{any:20}`; {any}, {int} and {hex} take one".to_owned()
            }
            false => {
                format!("{}; for the brace itself write `{{{{`", suggest(word, Hole::NAMES, "placeholders"))
            }
        };
        Wrong::new(0..end + 1, format!("`{{{name}}}` is no placeholder"), right)
    })?;
    Ok((hole, end + 1))
}

/// Reads text in which nothing varies: what the host types, what a file holds.
pub(super) fn bytes(text: &str) -> Result<Vec<u8>, Wrong> {
    match pattern(text)?.parts.as_slice() {
        [] => Ok(Vec::new()),
        [Part::Literal(bytes)] => Ok(bytes.clone()),
        _ => {
            let at = text.find('{').unwrap_or(0);
            let right = "for the brace itself write `{{`";
            Err(Wrong::new(at..text.len(), "a placeholder can only stand in what is expected", right))
        }
    }
}

/// Bytes as a transcript writes them, so that reading gives them back; a blank at the end is `\x20`.
pub fn quote(bytes: &[u8]) -> String {
    quote_before(bytes, true)
}

fn quote_before(bytes: &[u8], last: bool) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        for (i, c) in chunk.valid().char_indices() {
            quote_char(&mut out, c, &chunk.valid()[i..], last);
        }
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
    }
    if last && out.ends_with(' ') {
        out.pop();
        out.push_str("\\x20");
    }
    out
}

fn quote_char(out: &mut String, c: char, rest: &str, last: bool) {
    let after = rest.as_bytes().get(1).copied();
    match c {
        '\\' => out.push_str("\\\\"),
        '\r' => out.push_str("\\r"),
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        // A literal's last brace is doubled where a placeholder's brace follows.
        '{' if after.map_or(!last, |b| b == b'{' || b.is_ascii_lowercase()) => out.push_str("{{"),
        '<' if control_at(rest).is_some() => out.push_str("\\<"),
        ' '..='~' => out.push(c),
        '\x03' | '\x10' | '\x1a' | '\x1b' => {
            out.push_str(&format!("<{}>", control_name(c as u8).unwrap_or_default()));
        }
        _ if c.is_alphanumeric() => out.push(c),
        _ => {
            let mut buffer = [0; 4];
            c.encode_utf8(&mut buffer).bytes().for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_and_names_are_bytes_and_the_rest_is_itself() {
        assert_eq!(bytes(r"a\r\n\t\0\\\x7fb").unwrap(), b"a\r\n\t\0\\\x7fb");
        assert_eq!(bytes("<ETX><DLE><FTP URL>").unwrap(), b"\x03\x10<FTP URL>");
        assert_eq!(bytes(r"\<ETX>").unwrap(), b"<ETX>");
        assert_eq!(bytes("{{a} {1} {\"k\":2}").unwrap(), b"{a} {1} {\"k\":2}");
    }

    #[test]
    fn a_wrong_escape_or_placeholder_says_what_would_be_right() {
        assert!(pattern(r"a\q").unwrap_err().right.contains("backslash"));
        assert_eq!(pattern(r"ab\x+1").unwrap_err().span, 2..4);
        assert!(pattern("{ipp}").unwrap_err().right.starts_with("did you mean `ip`"));
        assert!(pattern("{ip:3}").unwrap_err().right.contains("length"));
        assert!(pattern("{any").unwrap_err().what.contains("no end"));
        assert!(bytes("AT{int}").is_err());
    }

    proptest! {
        #[test]
        fn quoted_bytes_read_back(raw in prop::collection::vec(any::<u8>(), 0..60)) {
            prop_assert_eq!(bytes(&quote(&raw)).unwrap(), raw);
        }

        #[test]
        fn quoted_text_reads_back(raw in "[{}<>A-Zaexit\\\\ \r\n\u{e4}\u{200b}]{0,40}") {
            prop_assert_eq!(bytes(&quote(raw.as_bytes())).unwrap(), raw.as_bytes());
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            if let Ok(read) = pattern(&text) {
                prop_assert_eq!(pattern(&read.to_string()).unwrap(), read);
            }
        }
    }
}
