//! Bytes as logs spell them: `<CR><LF>`, `<cr><ln>`, `^M^J`, `\r\n`, `\015`, `\x0d`.

/// How a format spells what does not print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// `<CR>`, `<LF>`, `<ln>`, `[CR]`, `{CR}`: names in brackets, in capitals or not.
    Names,
    /// `^M`: a caret and a letter.
    Carets,
    /// As in C: `\r`, `\n`, `\033`, `\x1b`.
    Backslashes,
    /// Unicode's pictures of control characters, U+2400 and on.
    Pictures,
}

/// The bytes that a text spells. What spells nothing is itself.
pub fn decode(text: &[u8], spelling: Spelling) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, more)) = rest.split_first() {
        let read = match spelling {
            Spelling::Names => named(rest),
            Spelling::Carets => caret(rest),
            Spelling::Backslashes => escaped(rest),
            Spelling::Pictures => picture(rest),
        };
        let (byte, length) = read.unwrap_or((first, 1));
        bytes.push(byte);
        rest = if length == 1 { more } else { &rest[length..] };
    }
    bytes
}

/// Names of control characters as logs have them; `ln` is Mbed's line feed.
const NAMES: [(&[u8], u8); 17] = [
    (b"\\r", b'\r'),
    (b"\\n", b'\n'),
    (b"\\t", b'\t'),
    (b"CR", b'\r'),
    (b"LF", b'\n'),
    (b"LN", b'\n'),
    (b"NL", b'\n'),
    (b"TAB", b'\t'),
    (b"HT", b'\t'),
    (b"ESC", 0x1b),
    (b"SUB", 0x1a),
    (b"CTRL-Z", 0x1a),
    (b"CTRL+Z", 0x1a),
    (b"^Z", 0x1a),
    (b"ETX", 0x03),
    (b"DLE", 0x10),
    (b"NUL", 0),
];

fn named(text: &[u8]) -> Option<(u8, usize)> {
    let (open, inside) = text.split_first()?;
    let close = match open {
        b'<' => b'>',
        b'[' => b']',
        b'{' => b'}',
        _ => return None,
    };
    let name = &inside[..inside.iter().take(8).position(|b| *b == close)?];
    let byte = match NAMES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)) {
        Some((_, byte)) => *byte,
        None => u8::from_str_radix(std::str::from_utf8(name.strip_prefix(b"0x")?).ok()?, 16).ok()?,
    };
    Some((byte, name.len() + 2))
}

fn picture(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [0xe2, 0x90, code @ 0x80..=0x9f, ..] => Some((code - 0x80, 3)),
        _ => None,
    }
}

fn caret(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [b'^', b'?', ..] => Some((0x7f, 2)),
        [b'^', letter @ b'@'..=b'_', ..] => Some((letter - b'@', 2)),
        _ => None,
    }
}

fn escaped(text: &[u8]) -> Option<(u8, usize)> {
    let [b'\\', letter, ..] = text else { return None };
    let plain = match letter {
        b'r' => b'\r',
        b'n' => b'\n',
        b't' => b'\t',
        b'v' => 0x0b,
        b'f' => 0x0c,
        b'a' => 0x07,
        b'b' => 0x08,
        b'e' => 0x1b,
        b'\\' | b'"' | b'\'' => *letter,
        b'x' => {
            let digits = text.get(2..4)?.iter().take_while(|b| b.is_ascii_hexdigit()).count();
            let digits = std::str::from_utf8(text.get(2..2 + digits)?).ok()?;
            return Some((u8::from_str_radix(digits, 16).ok()?, 2 + digits.len()));
        }
        b'0'..=b'7' => {
            let digits = text[1..].iter().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
            let digits = std::str::from_utf8(&text[1..1 + digits]).ok()?;
            return Some((u8::from_str_radix(digits, 8).ok()?, 1 + digits.len()));
        }
        _ => return None,
    };
    Some((plain, 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_spelling_is_read() {
        for (text, spelling, bytes) in [
            ("AT<CR><LF><x>", Spelling::Names, &b"AT\r\n<x>"[..]),
            ("<cr><ln>OK<0x1A>", Spelling::Names, b"\r\nOK\x1a"),
            ("AT^M^M^JOK^", Spelling::Carets, b"AT\r\r\nOK^"),
            (r#"AT\r\n\"\0\33[\x1az\q"#, Spelling::Backslashes, b"AT\r\n\"\0\x1b[\x1az\\q"),
            (r"\377\x", Spelling::Backslashes, b"\xff\\x"),
        ] {
            assert_eq!(decode(text.as_bytes(), spelling), bytes, "{text}");
        }
    }
}
