//! What stands behind a mark: a line, or bytes that are spelled or in hexadecimal, with whatever a logger puts around it.

use super::hex;
use super::peel::find;
use super::shape;
use super::spelled::{Spelling, decode};

/// One thing that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// A line whose CR and LF are lost.
    Line(&'a [u8]),
    /// Bytes as they were.
    Bytes(Vec<u8>),
}

impl Said<'_> {
    /// Its first line.
    pub fn first(&self) -> &[u8] {
        self.parts.first().map_or(&[], Part::text)
    }
}

impl Part<'_> {
    /// Its first line.
    pub fn text(&self) -> &[u8] {
        match self {
            Part::Line(text) => text.trim_ascii(),
            Part::Bytes(bytes) => {
                bytes.trim_ascii_start().split(|b| b"\r\n".contains(b)).next().unwrap_or(&[])
            }
        }
    }
}

/// What stands behind a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<'a> {
    /// Its parts; several where a list of lines was written.
    pub parts: Vec<Part<'a>>,
    /// Something divides it from the mark, or quotes it: it is more than the next words of a sentence.
    pub divided: bool,
    /// A name in brackets before it, as of a device.
    pub name: &'a [u8],
}

/// Words between a mark and what it marks.
const NOUNS: [&[u8]; 16] = [
    b"command",
    b"cmd",
    b"data",
    b"response",
    b"resp",
    b"reply",
    b"answer",
    b"line",
    b"bytes",
    b"message",
    b"msg",
    b"at",
    b"urc",
    b"string",
    b"buffer",
    b"from modem",
];

/// Reads it.
pub fn said(text: &[u8]) -> Said<'_> {
    let (text, divided, name) = undressed(text);
    let (inner, quoted) = unquoted(text);
    if !quoted && let Some(parts) = list(inner) {
        return Said { parts, divided: true, name };
    }
    let inner = if quoted { inner } else { unbracketed(inner) };
    Said { parts: vec![part(inner)], divided: divided || quoted || inner.len() < text.len(), name }
}

fn part(text: &[u8]) -> Part<'_> {
    match octets(text).or_else(|| spelled(text)) {
        Some(bytes) => Part::Bytes(bytes),
        None => Part::Line(text),
    }
}

/// Without colons, counters and nouns before it; whether there was any but blanks; and the name that stood there.
fn undressed(text: &[u8]) -> (&[u8], bool, &[u8]) {
    let (mut rest, mut divided, mut named) = (text, false, &b""[..]);
    for _ in 0..8 {
        rest = rest.trim_ascii_start();
        if let Some((name, more)) = name(rest) {
            (named, rest, divided) = (name, more, true);
            continue;
        }
        let Some(more) = sign(rest).or_else(|| counter(rest)).or_else(|| noun(rest)) else { break };
        (rest, divided) = (more, true);
    }
    (rest, divided, named)
}

fn sign(text: &[u8]) -> Option<&[u8]> {
    match text {
        [b'-' | b'=' | b'<' | b'>', b'>' | b'-' | b'=' | b'<', rest @ ..] if !rest.is_empty() => Some(rest),
        [b':' | b'=' | b'|' | b']' | b',', rest @ ..] => Some(rest),
        _ => None,
    }
}

/// `(7)`, `[   3]`, `(12 bytes)`, `7 bytes:`, `678 |`.
fn counter(text: &[u8]) -> Option<&[u8]> {
    let (inside, close) = match text {
        [b'(', rest @ ..] => (rest, Some(b')')),
        [b'[', rest @ ..] => (rest, Some(b']')),
        rest => (rest, None),
    };
    let inside = inside.strip_prefix(b"len=").or_else(|| inside.strip_prefix(b"length=")).unwrap_or(inside);
    let inside = inside.trim_ascii_start();
    let digits = inside.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 || digits > 6 {
        return None;
    }
    let rest = inside[digits..].trim_ascii_start();
    let unit = ["bytes", "byte", "B"].iter().find_map(|unit| rest.strip_prefix(unit.as_bytes()));
    let rest = unit.unwrap_or(rest).trim_ascii_start();
    match close {
        Some(close) => rest.strip_prefix(&[close]),
        None if unit.is_some() => rest.strip_prefix(b":").or_else(|| rest.strip_prefix(b",")),
        None => rest.strip_prefix(b"|"),
    }
}

fn noun(text: &[u8]) -> Option<&[u8]> {
    NOUNS.iter().find_map(|noun| {
        let (start, rest) = text.split_at_checked(noun.len())?;
        let ends = rest.first().is_some_and(|b| b": =(\"'[".contains(b));
        // "at cmd" is a noun; "AT" alone is a command.
        let noun =
            start.eq_ignore_ascii_case(noun) && (*noun != b"at" || start != b"AT" && rest.starts_with(b" "));
        (noun && ends).then_some(rest)
    })
}

/// `[dongle0] ` before something in brackets.
fn name(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = text.strip_prefix(b"[")?;
    let end = inside.iter().take(24).position(|b| *b == b']')?;
    let rest = inside[end + 1..].strip_prefix(b" ")?;
    rest.starts_with(b"[").then_some((&inside[..end], rest))
}

/// Without quotation marks around it, and whether there were any.
fn unquoted(text: &[u8]) -> (&[u8], bool) {
    let (mut rest, mut quoted) = (text.trim_ascii(), false);
    for _ in 0..3 {
        let Some(inside) = quotation(rest) else { break };
        (rest, quoted) = (inside, true);
    }
    if quoted { (rest, true) } else { (text, false) }
}

pub fn quotation(text: &[u8]) -> Option<&[u8]> {
    let open = match text {
        [b'b' | b'u' | b'r', b'"' | b'\'', ..] => 1,
        [b'"' | b'\'' | b'`', ..] => 0,
        _ => return None,
    };
    let mark = text[open];
    let inside = &text[open + 1..];
    // A remark behind it: `"OK" (got it).`
    let remark =
        find(inside, &[mark, b' ', b'(']).filter(|_| inside.ends_with(b")") || inside.ends_with(b")."));
    let end = remark.or_else(|| inside.iter().rposition(|b| *b == mark))?;
    let (inside, behind) = (&inside[..end], &inside[end + 1..]);
    let plain = behind.len() < 8 && !behind.first().is_some_and(u8::is_ascii_alphanumeric);
    (plain || remark.is_some() || shape::is_command(inside)).then_some(inside)
}

/// `[AT+CSQ]`, and what was opened on this line and is closed on another.
fn unbracketed(text: &[u8]) -> &[u8] {
    let bare = text.trim_ascii();
    let Some(inside) = bare.strip_prefix(b"[") else { return text };
    match inside.strip_suffix(b"]") {
        // `[CR][LF]` is none.
        Some(inside) if inside.contains(&b']') && !shape::is_command(inside) => text,
        Some(inside) => inside,
        None if inside.is_empty() || shape::is_command(inside) || shape::is_modules(inside) => inside,
        None => text,
    }
}

/// A list of lines, as Python prints one: `['AT\r', 'OK']`.
pub fn list(text: &[u8]) -> Option<Vec<Part<'_>>> {
    let mut rest = text.trim_ascii().strip_prefix(b"[")?.strip_suffix(b"]")?.trim_ascii();
    let mut parts = vec![];
    while !rest.is_empty() {
        rest = rest.strip_prefix(b"b").unwrap_or(rest);
        let mark = *rest.first().filter(|b| b"'\"".contains(b))?;
        let mut escaped = false;
        let end = rest[1..].iter().position(|b| {
            let ends = *b == mark && !escaped;
            escaped = *b == b'\\' && !escaped;
            ends
        })?;
        parts.push(part(&rest[1..=end]));
        rest = rest[end + 2..].trim_ascii_start();
        rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
    }
    (!parts.is_empty()).then_some(parts)
}

/// The octets of a text in hexadecimal: `41 54 0D`, `41:54:0D`, `0x41 0x54 0x0D`, `41540D`, perhaps with a column of text.
fn octets(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.trim_ascii();
    hex::octet(text.strip_prefix(b"0x").unwrap_or(text))?;
    let (spaced, length) = hex::octets(text);
    let column = text[length..].first().is_none_or(|b| b" \t|".contains(b));
    if spaced.len() >= 2 && column {
        return Some(spaced);
    }
    let divided = text.split(|b| b" :,-;".contains(b)).filter(|word| !word.is_empty());
    let words: Option<Vec<u8>> = divided
        .map(|word| {
            let word = word.strip_prefix(b"0x").or_else(|| word.strip_prefix(b"0X")).unwrap_or(word);
            hex::octet(word).filter(|_| word.len() == 2)
        })
        .collect();
    if let Some(bytes) = words.filter(|bytes| bytes.len() >= 2) {
        return Some(bytes);
    }
    let run = hex::run(text).filter(|bytes| bytes.len() >= 2)?;
    let plain = run.iter().all(|b| (0x20..0x7f).contains(b) || b"\r\n\x1a".contains(b));
    (plain && (run.ends_with(b"\r") || run.ends_with(b"\n"))).then_some(run)
}

/// The bytes of a text that spells a CR or an LF, however it does.
pub fn spelled(text: &[u8]) -> Option<Vec<u8>> {
    if !text.iter().any(|b| b"\\<^[{".contains(b) || *b == 0xe2) {
        return None;
    }
    let has = |word: &[u8]| find(text, word).is_some();
    let named = |open: u8| {
        let ends = |name: &[u8]| {
            text.windows(4)
                .any(|at| at[0] == open && at[1..3].eq_ignore_ascii_case(name) && b">]}".contains(&at[3]))
        };
        ends(b"CR") || ends(b"LF") || ends(b"\\r") || ends(b"\\n")
    };
    let spelling = match () {
        () if named(b'<') || named(b'[') || named(b'{') => Spelling::Names,
        () if has(b"\\r") || has(b"\\n") || has(b"\\x0d") || has(b"\\x0D") || has(b"\\015") => {
            Spelling::Backslashes
        }
        () if has(b"^M") || has(b"^J") => Spelling::Carets,
        () if has("\u{240d}".as_bytes()) || has("\u{240a}".as_bytes()) => Spelling::Pictures,
        () => return None,
    };
    Some(decode(text, spelling))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_found_in_what_is_around_it() {
        let bytes = |text: &str| Part::Bytes(text.into());
        for (text, parts) in [
            (": AT+CSQ", vec![Part::Line(b"AT+CSQ")]),
            (" command: \"b\"AT+CPIN?\\r\\n\"\"", vec![bytes("AT+CPIN?\r\n")]),
            (" response: \"b\"+CPIN: READY\"\"", vec![Part::Line(b"+CPIN: READY")]),
            (": ['ATZ\\r', 'OK']", vec![bytes("ATZ\r"), Part::Line(b"OK")]),
            (" \"OK\" (got it).", vec![Part::Line(b"OK")]),
            (
                " \"AT+CGDCONT=1,\"IP\",\"pro\"\" (expect \"OK\").",
                vec![Part::Line(b"AT+CGDCONT=1,\"IP\",\"pro\"")],
            ),
            (": [dongle0] [AT+CMGS=17", vec![Part::Line(b"AT+CMGS=17")]),
            ("(7): \"AT+CSQ\"", vec![Part::Line(b"AT+CSQ")]),
            ("][   3][AT\\r]", vec![bytes("AT\r")]),
            (": 41 54 0D", vec![bytes("AT\r")]),
            (": 41:54:0D:0A", vec![bytes("AT\r\n")]),
            (": 0x41 0x54 0x0D", vec![bytes("AT\r")]),
            (" 41540D", vec![bytes("AT\r")]),
            (" |  3 | 41 54 0D", vec![bytes("AT\r")]),
            (": 4154", vec![Part::Line(b"4154")]),
            (": 861234567890123", vec![Part::Line(b"861234567890123")]),
            (" AT\u{240d}", vec![bytes("AT\r")]),
            (": [CR][LF]OK[CR][LF]", vec![bytes("\r\nOK\r\n")]),
            (" \"AT\" to Modem. Waiting for Response", vec![Part::Line(b"AT")]),
        ] {
            assert_eq!(said(text.as_bytes()).parts, parts, "{text}");
        }
        assert!(!said(b" SMS to somebody").divided);
    }
}
