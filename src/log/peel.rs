//! What stands around a line: terminal escapes, the prefix of a debugger's channel, a shell's prompt, a stamp.

use super::stamp::{self, Stamp};
use super::tag;
use encoding_rs::GBK;
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

/// How long the escape at the start of a text is; 0 where there is none: a control sequence (`ESC [ ... m`), a control string
/// (the title of a window: `ESC ] ... BEL`), or one that chooses characters or keys (`ESC ( B`, `ESC =`).
fn escape(text: &[u8]) -> usize {
    match text {
        [0x1b, b'[', inside @ ..] => {
            let parameters = inside.iter().take_while(|b| (0x20..0x40).contains(*b)).count();
            match inside.get(parameters) {
                Some(0x40..=0x7e) if parameters < 24 => parameters + 3,
                _ => 0,
            }
        }
        [0x1b, b']' | b'P' | b'^' | b'_' | b'X', inside @ ..] => {
            let end = inside.iter().take(512).position(|b| [0x07, 0x1b].contains(b));
            match end.map(|end| (end, inside[end], inside.get(end + 1))) {
                Some((end, 0x07, _)) => end + 3,
                Some((end, _, Some(b'\\'))) => end + 4,
                _ => 0,
            }
        }
        [0x1b, b'(' | b')' | b'*' | b'+' | b'#' | b'%', 0x30..=0x7e, ..] => 3,
        [0x1b, b'=' | b'>' | b'7' | b'8' | b'c' | b'D' | b'E' | b'H' | b'M' | b'N' | b'O' | b'Z', ..] => 2,
        _ => 0,
    }
}

/// A text as UTF-8 where it is GBK, as logs of Chinese tools often are; what is neither stays as it is.
pub fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if std::str::from_utf8(text).is_ok() {
        return Cow::Borrowed(text);
    }
    match GBK.decode_without_bom_handling_and_without_replacement(text) {
        Some(text) => Cow::Owned(text.into_owned().into_bytes()),
        None => Cow::Borrowed(text),
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
        // Some put the level before it: `[I] May 22 15:57:36 ndm: ...`.
        None => {
            let level = tag::places(rest).nth(1).filter(|(tag, _)| tag::is_level(tag));
            match level.and_then(|(_, more)| stamp::take(more).map(|found| (found, more))) {
                Some(((stamp, length), more)) => (Some(stamp), &more[length..]),
                None => (None, rest),
            }
        }
    }
}

/// The text behind the first of these words, wherever it stands.
pub fn behind<'a>(text: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    find(text, word).map(|at| &text[at + word.len()..])
}

/// Where a word stands.
pub fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    if word.is_empty() {
        return None;
    }
    memchr::memmem::find(text, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_a_line_is_taken_off() {
        assert_eq!(&plain(b"\x1b[39mAT\x1b[0m \x1b[2K\x1bx")[..], b"AT \x1bx");
        assert_eq!(&plain(b"\x1b]0;host: ~\x07AT\x1b(B\x1b=+CSQ\x1b]2;x\x1b\\\x1b[?2004l")[..], b"AT+CSQ");
        assert_eq!(&plain(b"\x1b]0;no end")[..], b"\x1b]0;no end");
        assert_eq!(&decoded(b"\xd6\xd0\xb9\xfa")[..], "\u{4e2d}\u{56fd}".as_bytes());
        assert_eq!(&decoded(b"\xff\x80")[..], b"\xff\x80");
        assert_eq!(channel(b"00> rtt:~$ rtt:~$ >>> AT"), b">>> AT");
        assert_eq!(channel(b"12:00> x"), b"12:00> x");
        let (stamp, rest) = stamped(b"00> [00:00:01.000,500] <inf> x");
        assert_eq!((stamp, rest), (Some(Stamp::Clock(1_000_500)), &b"<inf> x"[..]));
        let (stamp, rest) = stamped(b"[I] 00:00:01 ndm: x");
        assert_eq!((stamp, rest), (Some(Stamp::Clock(1_000_000)), &b"ndm: x"[..]));
        assert_eq!(behind(b"a send (AT)", b"send ("), Some(&b"AT)"[..]));
        assert_eq!(find(b"", b"x"), None);
    }
}
