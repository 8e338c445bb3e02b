//! Passwords do not belong in a trace.

use std::borrow::Cow;

/// What stands in a password's place, where its length is not to show either.
pub const MASK: &str = "***";

/// A line of the FTP control connection, with the argument of PASS and ACCT masked.
pub fn ftp_line(line: &str) -> Cow<'_, str> {
    match line.split_once(' ') {
        Some((verb, _)) if secret_verb(verb.as_bytes()) => Cow::Owned(format!("{verb} {MASK}")),
        _ => Cow::Borrowed(line),
    }
}

/// Bytes of the FTP control connection, with the arguments of PASS and ACCT as asterisks, so that a
/// capture keeps its length. A line must not be split over two calls; the module's client sends whole lines.
pub fn ftp_bytes(bytes: &[u8]) -> Cow<'_, [u8]> {
    let secret = |line: &[u8]| line.get(4) == Some(&b' ') && line.get(..4).is_some_and(secret_verb);
    if !bytes.split(|b| *b == b'\n').any(secret) {
        return Cow::Borrowed(bytes);
    }
    let mut masked = bytes.to_vec();
    for line in masked.split_mut(|b| *b == b'\n').filter(|line| secret(line)) {
        line[5..].iter_mut().filter(|b| **b != b'\r').for_each(|b| *b = b'*');
    }
    Cow::Owned(masked)
}

fn secret_verb(verb: &[u8]) -> bool {
    verb.eq_ignore_ascii_case(b"PASS") || verb.eq_ignore_ascii_case(b"ACCT")
}

/// A parameter of an AT command that is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// The command's name, such as `+FTPPW`.
    pub command: String,
    /// Which of its parameters, from 0.
    pub parameter: usize,
}

/// Masks the secret parameters in what crosses one port one way, a byte at a time: each becomes an asterisk.
///
/// The host's bytes and their echo need one each. It looks at what could be command lines only; payload
/// that looks like one is masked as well.
#[derive(Clone, Debug)]
pub struct SerialMask {
    secrets: Vec<Secret>,
    name: Name,
    parameter: usize,
    quoted: bool,
}

/// How far the command's name has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    /// Before the `AT`, or in its middle.
    Before(u8),
    /// In the name.
    In(Vec<u8>),
    /// In the parameters of that command.
    Of(Vec<u8>),
}

const LONGEST_NAME: usize = 32;

impl SerialMask {
    /// A mask for these parameters.
    pub fn new(secrets: Vec<Secret>) -> SerialMask {
        SerialMask { secrets, name: Name::Before(0), parameter: 0, quoted: false }
    }

    /// The bytes, masked where they are part of a secret.
    pub fn mask(&mut self, bytes: &[u8]) -> Vec<u8> {
        bytes.iter().map(|b| self.byte(*b)).collect()
    }

    fn byte(&mut self, byte: u8) -> u8 {
        if byte == b'\r' || byte == b'\n' {
            self.begin(Name::Before(0));
            return byte;
        }
        match (&mut self.name, byte.to_ascii_uppercase()) {
            (Name::Before(_), b'A') => self.name = Name::Before(1),
            (Name::Before(1), b'T') => self.begin(Name::In(vec![])),
            (Name::Before(seen), _) => *seen = 0,
            (Name::In(_), b';') => self.begin(Name::In(vec![])),
            (Name::In(name), b'=') => {
                let name = std::mem::take(name);
                self.begin(Name::Of(name));
            }
            (Name::In(_), b' ') => {}
            (Name::In(name), letter) if name.len() < LONGEST_NAME => name.push(letter),
            (Name::In(_), _) => {}
            (Name::Of(_), b'"') => self.quoted = !self.quoted,
            (Name::Of(_), b';') if !self.quoted => self.begin(Name::In(vec![])),
            (Name::Of(_), b',') if !self.quoted => self.parameter += 1,
            (Name::Of(name), _) => {
                let secret = |s: &Secret| {
                    s.parameter == self.parameter && s.command.as_bytes().eq_ignore_ascii_case(name)
                };
                if self.secrets.iter().any(secret) {
                    return b'*';
                }
            }
        }
        byte
    }

    fn begin(&mut self, name: Name) {
        (self.name, self.parameter, self.quoted) = (name, 0, false);
    }
}
