//! Text of others (a host, a server, a file and its name) as a terminal may print it.

use super::octets;
use std::borrow::Cow;
use std::fmt::{self, Write};

/// The text on one line, with all escaped that a terminal would obey, or that would make the reader see another text than
/// there is: control characters (C0, DEL, C1), what turns or hides letters (U+202E, U+200B), characters that are none
/// (U+FFFE, which XML cannot hold), octets that are no UTF-8.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_visible) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    push(&mut shown, text);
    Cow::Owned(shown)
}

/// The same for a text of several lines, which it keeps.
pub fn visible_lines(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

/// What prints as [`visible_lines`] of what another prints.
pub struct Visible<T>(pub T);

impl<T: fmt::Display> fmt::Display for Visible<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&visible_lines(&self.0.to_string()))
    }
}

/// The same for JSON, in whose strings alone such characters can stand: escaped as JSON escapes them.
pub fn visible_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if is_visible(c) {
            shown.push(c);
            continue;
        }
        // Writing to memory cannot fail.
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(shown, "\\u{unit:04x}");
        }
    }
    shown
}

fn push(shown: &mut String, text: &str) {
    for c in text.chars() {
        match octets::escaped(c) {
            Some(octet) => shown.push_str(&format!("\\x{octet:02x}")),
            None if is_visible(c) => shown.push(c),
            None => shown.extend(c.escape_default()),
        }
    }
}

/// Unicode's general categories Cc, Cf, Zl and Zp, its characters that are none, and octets that are no UTF-8.
fn is_visible(c: char) -> bool {
    let code = u32::from(c);
    !(c.is_control()
        || code & 0xfffe == 0xfffe
        || octets::escaped(c).is_some()
        || matches!(code,
            0xad | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2 | 0x180e
            | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfdd0..=0xfdef | 0xfeff | 0xfff9..=0xfffb
            | 0x110bd | 0x110cd | 0x13430..=0x1343f | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe007f))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        for (text, shown) in [
            ("plain, caf\u{e9}, \u{4e2d} and \\", "plain, caf\u{e9}, \u{4e2d} and \\"),
            ("\x1b[2J", "\\u{1b}[2J"),
            ("a\tb\r\n\0\x7f", "a\\tb\\r\\n\\u{0}\\u{7f}"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("moc.\u{202e}txt", "moc.\\u{202e}txt"),
            ("\u{2066}\u{200b}\u{feff}\u{2028}\u{e0041}", "\\u{2066}\\u{200b}\\u{feff}\\u{2028}\\u{e0041}"),
            ("\u{fffe}\u{ffff}\u{1fffe}\u{fdd0}", "\\u{fffe}\\u{ffff}\\u{1fffe}\\u{fdd0}"),
        ] {
            assert_eq!(visible(text), shown);
        }
        assert_eq!(visible(&octets::text_of(b"caf\xe9 \xff")), "caf\\xe9 \\xff");
        let json = serde_json::to_string("\u{9b}\u{202e}\u{e0041}\u{10fffe}caf\u{e9}").unwrap();
        let shown = visible_json(&json);
        assert_eq!(shown, r#""\u009b\u202e\udb40\udc41\udbff\udffecaf\u00e9""#.replace("\\u00e9", "\u{e9}"));
        assert_eq!(serde_json::from_str::<String>(&shown).ok(), serde_json::from_str::<String>(&json).ok());
        assert_eq!(Visible("a\nb\x1bc").to_string(), "a\nb\\u{1b}c");
    }

    proptest! {
        #[test]
        fn whatever_comes_can_be_printed(bytes in prop::collection::vec(any::<u8>(), 0..60), text in any::<String>()) {
            for text in [octets::text_of(&bytes), text] {
                let shown = visible(&text).into_owned();
                prop_assert!(shown.chars().all(is_visible), "{shown:?}");
                // XML 1.0 section 2.2.
                let in_xml = |c: char| c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}';
                prop_assert!(shown.chars().all(in_xml), "{shown:?}");
                prop_assert_eq!(visible(&shown), shown.as_str());
            }
        }
    }
}
