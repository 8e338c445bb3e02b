//! Placeholders: what varies in an expected line.

use core::net::Ipv4Addr;
use std::fmt;
use std::str::FromStr;

/// A placeholder, such as `{ip}` or `{int:4}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    /// What stands there.
    pub kind: HoleKind,
    /// How many bytes it has exactly; only `any`, `int` and `hex` can say.
    pub length: Option<usize>,
}

/// What a placeholder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoleKind {
    /// Anything, also nothing.
    Any,
    /// A decimal number, perhaps with a sign.
    Int,
    /// Hexadecimal digits.
    Hex,
    /// One or more bytes that are no blank, comma, quote or control.
    Word,
    /// An IPv4 address.
    Ip,
    /// Fourteen digits, as MDTM writes a time (RFC 3659 section 2.3).
    Date,
    /// `yy/MM/dd,hh:mm:ss+zz`, as `+CCLK` writes a time (3GPP TS 27.007 section 8.15).
    Clock,
    /// `Oct 12 14:58` or `Oct 12  2019`, as LIST writes a time.
    Listed,
}

const KINDS: &[(&str, HoleKind)] = &[
    ("any", HoleKind::Any),
    ("int", HoleKind::Int),
    ("hex", HoleKind::Hex),
    ("word", HoleKind::Word),
    ("ip", HoleKind::Ip),
    ("date", HoleKind::Date),
    ("clock", HoleKind::Clock),
    ("listed", HoleKind::Listed),
];

// 9 a digit, A a letter, _ a digit or a blank, + a sign; all others themselves.
const DATE: &[&str] = &["99999999999999"];
const CLOCK: &[&str] = &["99/99/99,99:99:99+99"];
const LISTED: &[&str] = &["AAA _9 99:99", "AAA _9  9999"];

impl Hole {
    /// The names, in the order of the documentation.
    pub const NAMES: &[&str] = &["any", "int", "hex", "word", "ip", "date", "clock", "listed"];

    /// Where this can end in `bytes` if it begins at `from`, in ascending order; and whether more
    /// bytes behind the last could add another end.
    pub(super) fn ends(&self, bytes: &[u8], from: usize) -> (Vec<usize>, bool) {
        let rest = &bytes[from.min(bytes.len())..];
        let (lengths, more) = match (self.kind, self.length) {
            (HoleKind::Any, None) => ((0..=rest.len()).collect(), true),
            (HoleKind::Any, Some(n)) => fixed(n, rest.len() >= n),
            (HoleKind::Int, length) => {
                let sign = usize::from(matches!(rest.first(), Some(b'+' | b'-')));
                run(rest, sign, length, u8::is_ascii_digit)
            }
            (HoleKind::Hex, length) => run(rest, 0, length, u8::is_ascii_hexdigit),
            (HoleKind::Word, _) => {
                run(rest, 0, None, |b| *b > b' ' && *b != 0x7f && !matches!(b, b',' | b'"'))
            }
            (HoleKind::Ip, _) => ip(rest),
            (HoleKind::Date, _) => shaped(rest, DATE),
            (HoleKind::Clock, _) => shaped(rest, CLOCK),
            (HoleKind::Listed, _) => shaped(rest, LISTED),
        };
        (lengths.into_iter().map(|n| from + n).collect(), more)
    }

    /// Whether the end shows only by what follows: such a hole cannot close raw bytes.
    pub(super) fn is_open(&self) -> bool {
        self.length.is_none()
            && matches!(
                self.kind,
                HoleKind::Any | HoleKind::Int | HoleKind::Hex | HoleKind::Word | HoleKind::Ip
            )
    }
}

fn fixed(n: usize, there: bool) -> (Vec<usize>, bool) {
    if there { (vec![n], false) } else { (Vec::new(), true) }
}

fn run(rest: &[u8], sign: usize, length: Option<usize>, belongs: impl Fn(&u8) -> bool) -> (Vec<usize>, bool) {
    let limit = length.map_or(rest.len(), |n| rest.len().min(n));
    let end = (sign..limit).find(|&i| !belongs(&rest[i])).unwrap_or(limit.max(sign));
    match length {
        Some(n) if end < n => (Vec::new(), end == rest.len()),
        Some(n) => (if n > sign { vec![n] } else { Vec::new() }, false),
        None => ((sign + 1..=end).collect(), end == rest.len()),
    }
}

fn ip(rest: &[u8]) -> (Vec<usize>, bool) {
    let window = &rest[..rest.len().min(15)];
    let end = window.iter().position(|b| !b.is_ascii_digit() && *b != b'.').unwrap_or(window.len());
    let is_address =
        |n: &usize| std::str::from_utf8(&rest[..*n]).is_ok_and(|text| text.parse::<Ipv4Addr>().is_ok());
    ((7..=end).filter(is_address).collect(), end == rest.len())
}

fn shaped(rest: &[u8], shapes: &[&str]) -> (Vec<usize>, bool) {
    let fits = |(byte, shape): (&u8, u8)| match shape {
        b'9' => byte.is_ascii_digit(),
        b'A' => byte.is_ascii_alphabetic(),
        b'_' => byte.is_ascii_digit() || *byte == b' ',
        b'+' => matches!(byte, b'+' | b'-'),
        other => *byte == other,
    };
    let mut fitting = shapes.iter().filter(|shape| rest.iter().zip(shape.bytes()).all(fits));
    match fitting.next() {
        Some(shape) => fixed(shape.len(), rest.len() >= shape.len()),
        None => (Vec::new(), false),
    }
}

impl FromStr for Hole {
    type Err = ();
    /// Reads what stands between the braces.
    fn from_str(text: &str) -> Result<Hole, ()> {
        let (name, length) = match text.split_once(':') {
            None => (text, None),
            Some((name, length)) => {
                let plain = length.bytes().all(|b| b.is_ascii_digit()) && !length.starts_with('0');
                (name, Some(length.parse::<usize>().ok().filter(|_| plain).ok_or(())?))
            }
        };
        let (_, kind) = KINDS.iter().find(|(n, _)| *n == name).ok_or(())?;
        match (kind, length) {
            (HoleKind::Any | HoleKind::Int | HoleKind::Hex, _) | (_, None) => {
                Ok(Hole { kind: *kind, length })
            }
            _ => Err(()),
        }
    }
}

impl fmt::Display for Hole {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let name = KINDS.iter().find(|(_, kind)| *kind == self.kind).map_or("any", |(name, _)| name);
        match self.length {
            None => write!(f, "{{{name}}}"),
            Some(length) => write!(f, "{{{name}:{length}}}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longest(name: &str, text: &str) -> Option<usize> {
        name.parse::<Hole>().unwrap().ends(text.as_bytes(), 0).0.last().copied()
    }

    #[test]
    fn each_placeholder_takes_what_it_names() {
        assert_eq!(longest("int", "-42,"), Some(3));
        assert_eq!(longest("int", "-,"), None);
        assert_eq!(longest("int:4", "1360,"), Some(4));
        assert_eq!(longest("int:4", "136,"), None);
        assert_eq!(longest("hex", "1aFg"), Some(3));
        assert_eq!(longest("word", "READY,1"), Some(5));
        assert_eq!(longest("ip", "10.94.36.44\""), Some(11));
        assert_eq!(longest("ip", "10.94.36.444"), Some(11));
        assert_eq!(longest("ip", "300.1.1.1"), None);
        assert_eq!(longest("date", "20140409060951"), Some(14));
        assert_eq!(longest("clock", "20/02/26,10:00:00+32\""), Some(20));
        assert_eq!(longest("listed", "Oct 12 14:58 ."), Some(12));
        assert_eq!(longest("listed", "Oct  2  2019 ."), Some(12));
        assert_eq!(longest("any:3", "ab"), None);
    }

    #[test]
    fn names_are_the_kinds_and_read_back() {
        for (name, (listed, _)) in Hole::NAMES.iter().zip(KINDS) {
            assert_eq!(name, listed);
            assert_eq!(name.parse::<Hole>().unwrap().to_string(), format!("{{{name}}}"));
        }
        assert_eq!("any:20".parse::<Hole>().unwrap().to_string(), "{any:20}");
        assert_eq!("date:20".parse::<Hole>(), Err(()));
        assert_eq!("any:+2".parse::<Hole>(), Err(()));
    }
}
