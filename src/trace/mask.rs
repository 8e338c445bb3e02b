//! Keeps secrets out of traces.

use std::borrow::Cow;

/// So many octets of a line are remembered, to know the command by.
const RECENT: usize = 256;

/// Masks the secrets in a stream, octet for octet, whatever pieces it comes in.
#[derive(Clone, Debug)]
pub struct Mask {
    /// What a secret stands behind, in upper case.
    names: Vec<&'static str>,
    kind: Kind,
    /// What came of the line so far.
    recent: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A serial line: `AT+FTPPW="secret"`, its echo, and `+FTPPW: "secret"`.
    Serial,
    /// An FTP control connection: `PASS secret`.
    Ftp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing secret.
    Open,
    /// The arguments of a command.
    Arguments { quoted: bool, first: bool },
    /// An answer; only what it quotes is secret, for `+CPIN: READY` is none.
    Answer { quoted: bool },
}

impl Mask {
    /// For one direction of a serial line; `names` are the commands whose arguments are secret, without `AT`.
    pub fn serial(names: Vec<&'static str>) -> Mask {
        Mask { names, kind: Kind::Serial, recent: vec![], state: State::Open }
    }

    /// For what an FTP client sends on its control connection: the arguments of PASS and ACCT.
    pub fn ftp() -> Mask {
        Mask { names: vec!["PASS", "ACCT"], kind: Kind::Ftp, recent: vec![], state: State::Open }
    }

    /// The next octets of the stream, with `*` for each octet of a secret.
    pub fn apply<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let mut masked = Cow::Borrowed(bytes);
        for (i, &byte) in bytes.iter().enumerate() {
            if self.is_secret(byte) {
                masked.to_mut()[i] = b'*';
            }
        }
        masked
    }

    /// A line on its own, that is no part of the stream.
    pub fn line(&self, line: &str) -> String {
        let mut mask = Mask { recent: vec![], state: State::Open, ..self.clone() };
        // Every octet of a character is masked or none.
        String::from_utf8_lossy(&mask.apply(line.as_bytes())).into_owned()
    }

    fn is_secret(&mut self, byte: u8) -> bool {
        if byte == b'\r' || byte == b'\n' {
            self.recent.clear();
            self.state = State::Open;
            return false;
        }
        match &mut self.state {
            State::Open => {
                self.look(byte);
                false
            }
            State::Arguments { quoted, first } => {
                let first = std::mem::take(first);
                match byte {
                    _ if self.kind == Kind::Ftp => true,
                    b'"' => {
                        *quoted = !*quoted;
                        false
                    }
                    b';' if !*quoted => {
                        self.recent.clear();
                        self.state = State::Open;
                        false
                    }
                    // `AT+FTPPW=?` asks for the grammar.
                    b'?' => !first,
                    0x08 => false,
                    _ => true,
                }
            }
            State::Answer { quoted } => {
                *quoted ^= byte == b'"';
                *quoted && byte != b'"'
            }
        }
    }

    fn look(&mut self, byte: u8) {
        self.state = match (self.kind, byte) {
            (Kind::Serial, b'=') if self.named() => State::Arguments { quoted: false, first: true },
            (Kind::Serial, b':') if self.named() => State::Answer { quoted: false },
            (Kind::Ftp, b' ') if self.named() => State::Arguments { quoted: false, first: false },
            _ => State::Open,
        };
        match byte {
            // A host at a terminal corrects itself; the echo of that is BS, blank, BS.
            0x08 => drop(self.recent.pop()),
            _ => self.recent.push(byte.to_ascii_uppercase()),
        }
        if self.recent.len() > RECENT {
            self.recent.drain(..RECENT / 2);
        }
    }

    fn named(&self) -> bool {
        let ends_with = |name: &str| {
            let mut said = self.recent.iter().rev().filter(|b| **b != b' ');
            name.bytes().rev().all(|b| said.next() == Some(&b))
        };
        self.names.iter().any(|name| ends_with(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn serial(text: &str) -> String {
        Mask::serial(vec!["+FTPPW", "+CPIN"]).line(text)
    }

    #[test]
    fn only_the_secret_is_masked() {
        assert_eq!(serial("AT+FTPPW=\"s;c\";+FTPUN=\"me\"\r"), "AT+FTPPW=\"***\";+FTPUN=\"me\"\r");
        assert_eq!(serial("at+ftppw = abc\rAT\r"), "at+ftppw =****\rAT\r");
        assert_eq!(serial("\r\n+FTPPW: \"abc\"\r\n"), "\r\n+FTPPW: \"***\"\r\n");
        assert_eq!(serial("\r\n+CPIN: READY\r\n"), "\r\n+CPIN: READY\r\n");
        assert_eq!(serial("AT+CPIN=1234\r"), "AT+CPIN=****\r");
        assert_eq!(serial("AT+FTPPW=?\r"), "AT+FTPPW=?\r");
        assert_eq!(serial("AT+FTPPX\x08W=abc\r"), "AT+FTPPX\x08W=***\r");
        assert_eq!(serial("AT+FTPPX\x08 \x08W=abc\r"), "AT+FTPPX\x08 \x08W=***\r");
        assert_eq!(Mask::ftp().line("USER me\r\nPASS s;\"c\r\nPWD\r\n"), "USER me\r\nPASS ****\r\nPWD\r\n");
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(text in "[AT+FPW=;:\" \r\x08abc]{0,80}", cut in 0usize..80) {
            let text = format!("{text}AT+FTPPW=secret\r").into_bytes();
            let cut = cut.min(text.len());
            let mut whole = Mask::serial(vec!["+FTPPW"]);
            let mut pieces = whole.clone();
            let once = whole.apply(&text);
            let twice = [pieces.apply(&text[..cut]).into_owned(), pieces.apply(&text[cut..]).into_owned()].concat();
            prop_assert_eq!(&once[..], &twice[..]);
            prop_assert_eq!(once.len(), text.len());
        }
    }
}
