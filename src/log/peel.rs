//! What stands around a line: terminal escapes, the prefix of a debugger's channel, a shell's prompt, a stamp.

use super::stamp::{self, Stamp};
use std::borrow::Cow;

/// A text without terminal escapes (ECMA-48 control sequences).
pub fn plain(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&0x1b) {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, more)) = rest.split_first() {
        let sequence = escape(rest);
        if sequence == 0 {
            out.push(first);
            rest = more;
        } else {
            rest = &rest[sequence..];
        }
    }
    Cow::Owned(out)
}

/// How long the control sequence at the start of a text is; 0 where there is none.
fn escape(text: &[u8]) -> usize {
    let Some(inside) = text.strip_prefix(b"\x1b[") else { return 0 };
    let parameters = inside.iter().take_while(|b| (0x20..0x40).contains(*b)).count();
    match inside.get(parameters) {
        Some(0x40..=0x7e) if parameters < 24 => parameters + 3,
        _ => 0,
    }
}

/// A text behind `00> ` of RTT, the prompt of a shell on the target (`uart:~$ `), and blanks.
pub fn channel(text: &[u8]) -> &[u8] {
    let mut rest = text;
    if let [b'0'..=b'9', b'0'..=b'9', b'>', b' ', ..] = rest {
        rest = &rest[4..];
    }
    while let Some(prompt) = rest.windows(4).take(12).position(|at| at == b":~$ ") {
        let named = rest[..prompt].iter().all(u8::is_ascii_alphanumeric);
        if !named {
            break;
        }
        rest = &rest[prompt + 4..];
    }
    rest
}

/// A line's stamp, where it has one, and what stands behind it.
pub fn stamped(text: &[u8]) -> (Option<Stamp>, &[u8]) {
    let rest = channel(text);
    match stamp::take(rest.trim_ascii_start()) {
        Some((stamp, length)) => (Some(stamp), &rest.trim_ascii_start()[length..]),
        None => (None, rest),
    }
}

/// The text behind the first of these words, wherever it stands.
pub fn behind<'a>(text: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    find(text, word).map(|at| &text[at + word.len()..])
}

/// Where a word stands.
pub fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    let first = *word.first()?;
    let mut from = 0;
    while let Some(at) = text.get(from..)?.iter().position(|b| *b == first) {
        if text[from + at..].starts_with(word) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_a_line_is_taken_off() {
        assert_eq!(&plain(b"\x1b[39mAT\x1b[0m \x1b[2K\x1bx")[..], b"AT \x1bx");
        assert_eq!(channel(b"00> rtt:~$ rtt:~$ >>> AT"), b">>> AT");
        assert_eq!(channel(b"12:00> x"), b"12:00> x");
        let (stamp, rest) = stamped(b"00> [00:00:01.000,500] <inf> x");
        assert_eq!((stamp, rest), (Some(Stamp::Clock(1_000_500)), &b"<inf> x"[..]));
        assert_eq!(behind(b"a send (AT)", b"send ("), Some(&b"AT)"[..]));
        assert_eq!(find(b"", b"x"), None);
    }
}
