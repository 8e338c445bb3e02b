//! Keeps secrets out of traces.

use crate::at::guess::{Guess, name_in};
use crate::at::secret::SIGNS;
use crate::at::words::Words;
use crate::at::{Secret, Secrets};
use std::borrow::Cow;
use std::sync::Arc;

/// So many octets of a line are remembered, to know the command by.
const RECENT: usize = 256;

/// Masks the secrets in a stream, octet for octet, whatever pieces it comes in.
///
/// Which argument of a command is the secret is known only when the line is whole: beside it, of a command that
/// bears one, all but the numbers that it begins with is masked. [`Secrets::mask`] does better with a whole line.
#[derive(Clone, Debug)]
pub struct Mask {
    kind: Kind,
    /// What came of the line so far.
    recent: Vec<u8>,
    state: State,
    /// What is told by a word in front of it, in any line.
    words: Words,
}

#[derive(Clone, Debug)]
enum Kind {
    /// A serial line: `AT+FTPPW="secret"`, its echo, and `+FTPPW: "secret"`.
    Serial(Arc<Secrets>),
    /// An FTP control connection: `PASS secret`.
    Ftp,
}

/// The verbs whose arguments are secret.
const FTP: [&str; 2] = ["PASS", "ACCT"];

#[derive(Clone, Debug)]
enum State {
    /// Nothing secret.
    Open,
    /// The arguments of this command; numbers so far.
    Numbers { name: &'static str, typed: String },
    /// The arguments of a command that nobody knows, where they look like no secret: what is typed of the present one.
    Guessed { guess: Guess, typed: Vec<u8> },
    /// One that does.
    Doubted { guess: Guess, at: Hidden },
    /// Arguments that are secret.
    Hidden(Hidden),
    /// A secret is over. What follows is still secret, unless it looks like a command.
    After,
    /// An answer: what stands in quotes is secret (`+CPIN: READY` has nothing such). Where the command answers with nothing but the secret, all of it is.
    Answer { whole: bool, quoted: bool },
}

/// Where in arguments that are secret.
#[derive(Clone, Copy, Debug)]
enum Hidden {
    Begin,
    Bare,
    Quoted,
    Closed,
    /// The quotation marks are no help in finding the end.
    Lost,
}

impl Hidden {
    /// Where the next octet leads; `None` where it ends the command.
    fn next(self, byte: u8) -> Option<Hidden> {
        Some(match (self, byte) {
            (Hidden::Begin | Hidden::Bare | Hidden::Closed, b';') => return None,
            (Hidden::Begin, b' ') | (Hidden::Begin | Hidden::Bare | Hidden::Closed, b',') => Hidden::Begin,
            (Hidden::Begin, b'"') => Hidden::Quoted,
            (Hidden::Quoted, b'"') | (Hidden::Closed, b' ') => Hidden::Closed,
            (_, 0x08 | b'"') | (Hidden::Closed | Hidden::Lost, _) => Hidden::Lost,
            (Hidden::Begin | Hidden::Bare, _) => Hidden::Bare,
            (Hidden::Quoted, _) => Hidden::Quoted,
        })
    }

    /// Whether the octet that has led here is part of the secret.
    fn hides(self, byte: u8) -> bool {
        let mark = byte == b'"' && !matches!(self, Hidden::Lost);
        !mark && byte != 0x08
    }
}

impl Mask {
    /// For one direction of a serial line.
    pub fn serial(secrets: Arc<Secrets>) -> Mask {
        Mask { kind: Kind::Serial(secrets), recent: vec![], state: State::Open, words: Words::default() }
    }

    /// For what an FTP client sends on its control connection: the arguments of PASS and ACCT.
    pub fn ftp() -> Mask {
        Mask { kind: Kind::Ftp, recent: vec![], state: State::Open, words: Words::default() }
    }

    /// The next octets of the stream, with `*` for each octet of a secret.
    pub fn apply<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let mut masked = Cow::Borrowed(bytes);
        for (i, &byte) in bytes.iter().enumerate() {
            let told = match &self.kind {
                Kind::Serial(secrets) => self.words.hides(byte, secrets),
                Kind::Ftp => false,
            };
            if self.is_secret(byte) || told {
                masked.to_mut()[i] = b'*';
            }
        }
        masked
    }

    /// A line on its own, that is no part of the stream.
    pub fn line(&self, line: &str) -> String {
        let mut mask = Mask { recent: vec![], state: State::Open, words: Words::default(), ..self.clone() };
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
            State::Numbers { name, typed } => {
                let Kind::Serial(secrets) = &self.kind else { return true };
                let number = byte.is_ascii_digit() || byte == b' ' || byte == b',';
                let (done, _) = typed.rsplit_once(',').unwrap_or_default();
                let done: Vec<&str> =
                    done.split(',').map(str::trim).filter(|_| typed.contains(',')).collect();
                match (byte, secrets.open(name, &done, number)) {
                    // `AT+FTPPW=?` asks for the grammar.
                    (b'?', _) if typed.is_empty() => return false,
                    (_, None) => {
                        typed.push(char::from(byte));
                        return false;
                    }
                    (_, Some(true)) => self.state = State::Open,
                    (_, Some(false)) => self.state = State::Hidden(Hidden::Begin),
                }
                self.is_secret(byte)
            }
            State::Guessed { guess, typed } => {
                let before = typed.trim_ascii();
                let begins = before.is_empty();
                let quoted = before.first() == Some(&b'"');
                let open = quoted && (before.len() == 1 || before.last() != Some(&b'"'));
                let number = byte.is_ascii_digit() || matches!(byte, b'*' | b'-');
                let secret = if number && !quoted { guess.hides_number() } else { guess.hides_text() };
                match byte {
                    // `AT+X=?` asks for the grammar.
                    b'?' if begins => {}
                    b',' | b';' if !open => {
                        let text = String::from_utf8_lossy(before).into_owned();
                        guess.pass(text.trim_matches('"'), quoted);
                        typed.clear();
                        if byte == b';' {
                            self.recent = b"AT".to_vec();
                            self.state = State::Open;
                        }
                    }
                    b' ' => typed.push(byte),
                    // What is no number after all, was none from its beginning.
                    _ if secret && (begins || !quoted) => {
                        self.state = State::Doubted { guess: guess.clone(), at: Hidden::Begin };
                        return self.is_secret(byte);
                    }
                    _ if !begins && quoted && !open => {
                        self.state = State::Hidden(Hidden::Lost);
                        return true;
                    }
                    0x08 | 0x7f => drop(typed.pop()),
                    _ => typed.push(byte),
                }
                false
            }
            State::Doubted { guess, at } => match (*at, byte) {
                (Hidden::Bare | Hidden::Closed, b',') => {
                    let mut guess = guess.clone();
                    guess.pass("", true);
                    self.state = State::Guessed { guess, typed: vec![] };
                    false
                }
                (at, byte) => match at.next(byte) {
                    Some(next) => {
                        let secret = next.hides(byte);
                        if let State::Doubted { at, .. } = &mut self.state {
                            *at = next;
                        }
                        secret
                    }
                    None => {
                        self.recent = b"AT".to_vec();
                        self.state = State::After;
                        false
                    }
                },
            },
            State::Hidden(at) => match at.next(byte) {
                Some(next) => {
                    *at = next;
                    next.hides(byte)
                }
                None => {
                    self.recent = b"AT".to_vec();
                    self.state = State::After;
                    false
                }
            },
            State::After => match byte {
                b' ' | b';' => false,
                _ if SIGNS.contains(&char::from(byte)) => {
                    self.state = State::Open;
                    self.is_secret(byte)
                }
                _ => {
                    self.state = State::Hidden(Hidden::Lost);
                    self.is_secret(byte)
                }
            },
            State::Answer { whole, quoted } => {
                *quoted ^= byte == b'"';
                (*quoted || *whole) && byte != b'"' && byte != b' '
            }
        }
    }

    fn look(&mut self, byte: u8) {
        // Names end only here: to look for one behind each octet of bulk data costs more than the data's whole way.
        let named = if matches!(byte, b' ' | b'=' | b':') { self.named() } else { None };
        self.state = match (&self.kind, byte, named) {
            // A host that speaks FTP itself, over a socket, and `+FTPINFO:PASS secret`.
            (Kind::Serial(_), b' ', _) if self.speaks_ftp() => State::Hidden(Hidden::Lost),
            (Kind::Serial(_), b'=', Some((name, _))) => State::Numbers { name, typed: String::new() },
            (Kind::Serial(secrets), b'=', None) => match self.unknown(secrets) {
                Some(guess) => State::Guessed { guess, typed: vec![] },
                None => State::Open,
            },
            // A PIN is changed (3GPP TS 22.030 section 6.6).
            (Kind::Serial(_), b'0', _) if self.dials("ATD**") => State::Hidden(Hidden::Lost),
            (Kind::Serial(_), b':', Some((_, secrets))) => {
                State::Answer { whole: secrets == [Secret::at(1)], quoted: false }
            }
            (Kind::Ftp, b' ', Some(_)) => State::Hidden(Hidden::Lost),
            _ => State::Open,
        };
        match byte {
            // A host at a terminal corrects itself; the echo of that is BS, blank, BS.
            0x08 | 0x7f => drop(self.recent.pop()),
            _ => self.recent.push(byte.to_ascii_uppercase()),
        }
        if self.recent.len() > RECENT {
            self.recent.drain(..RECENT / 2);
        }
    }

    /// How the arguments are looked at of the command that was just said, where nobody knows it.
    fn unknown(&self, secrets: &Secrets) -> Option<Guess> {
        let typed = String::from_utf8_lossy(&self.recent);
        let name = name_in(&typed)?;
        secrets.suspicion(&name).map(Guess::new)
    }

    /// Whether the line so far is this.
    fn dials(&self, line: &str) -> bool {
        self.recent.iter().filter(|b| **b != b' ').eq(line.as_bytes())
    }

    /// Whether the line so far is a verb with a secret behind it.
    fn speaks_ftp(&self) -> bool {
        let said = self.recent.rsplit(|byte| *byte == b':').next().unwrap_or_default().trim_ascii();
        FTP.iter().any(|verb| verb.as_bytes() == said)
    }

    /// The name that was just said, and its secrets.
    fn named(&self) -> Option<(&'static str, &'static [Secret])> {
        let said = |name: &str| {
            let mut said = self.recent.iter().rev().filter(|b| **b != b' ');
            // A label begins its line: PWD is no part of +FTPPWD.
            name.bytes().rev().all(|b| said.next() == Some(&b))
                && (name.starts_with(SIGNS) || said.next().is_none())
        };
        match &self.kind {
            Kind::Serial(secrets) => secrets.list.iter().copied().find(|(name, _)| said(name)),
            Kind::Ftp => FTP.into_iter().find(|verb| said(verb)).map(|verb| (verb, &[] as &[Secret])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mask() -> Mask {
        const ONE: &[Secret] = &[Secret::at(1)];
        const PIN: &[Secret] = &[Secret::at(1), Secret::at(2)];
        const THIRD: &[Secret] = &[Secret::at(3)];
        const BEARER: &[Secret] = &[Secret { place: 4, unless: &[(3, &["11", "12"])] }];
        let list = vec![("+FTPPW", ONE), ("+CPIN", PIN), ("+OPEN", THIRD), ("+BEARER", BEARER), ("PWD", ONE)];
        Mask::serial(Arc::new(Secrets { list, plain: vec!["+CSQ", "+FTPUN", "+PLAIN"] }))
    }

    fn serial(text: &str) -> String {
        let masked = mask().line(text);
        assert!(!masked.contains("abc"), "{masked}");
        masked
    }

    #[test]
    fn only_the_secret_is_masked() {
        assert_eq!(serial("AT+FTPPW=\"s;c\";+FTPUN=\"me\"\r"), "AT+FTPPW=\"***\";+FTPUN=\"me\"\r");
        assert_eq!(serial("at+ftppw = abc\rAT\r"), "at+ftppw =****\rAT\r");
        assert_eq!(serial("\r\n+FTPPW: \"abc\"\r\n"), "\r\n+FTPPW: \"***\"\r\n");
        assert_eq!(serial("\r\n+FTPPW:abc\r\nOK"), "\r\n+FTPPW:***\r\nOK");
        assert_eq!(serial("\r\nPWD: abc\r\n"), "\r\nPWD: ***\r\n");
        assert_eq!(
            serial("\r\n+FTPPWD: 1\r\n+FTPPWD: 2,\"/\"\r\n"),
            "\r\n+FTPPWD: 1\r\n+FTPPWD: 2,\"/\"\r\n"
        );
        assert_eq!(serial("\r\n+CPIN: READY\r\n"), "\r\n+CPIN: READY\r\n");
        assert_eq!(serial("AT+CPIN=1234\r"), "AT+CPIN=****\r");
        assert_eq!(serial("AT+FTPPW=?\r"), "AT+FTPPW=?\r");
        assert_eq!(serial("AT+FTPPX\x08W=abc\r"), "AT+FTPPX\x08W=***\r");
        assert_eq!(serial("AT+FTPPX\x08 \x08W=abc\r"), "AT+FTPPX\x08 \x08W=***\r");
        assert_eq!(serial("AT+BEARER=2,6, 11,\"web\";+CSQ\r"), "AT+BEARER=2,6, 11,\"web\";+CSQ\r");
        assert_eq!(
            serial("\r\n+FTPINFO:PASS abc\r\n+FTPINFO:230 PASS ok"),
            "\r\n+FTPINFO:PASS ***\r\n+FTPINFO:230 PASS ok"
        );
        assert_eq!(
            serial("USER me\r\nPASS abc\r\nCOMPASS north\r\n"),
            "USER me\r\nPASS ***\r\nCOMPASS north\r\n"
        );
        assert_eq!(Mask::ftp().line("USER me\r\nPASS s;\"c\r\nPWD\r\n"), "USER me\r\nPASS ****\r\nPWD\r\n");
    }

    #[test]
    fn of_a_command_that_nobody_knows_it_is_guessed() {
        for (line, shown) in [
            ("AT+CGAUTH=1,1,\"me\",\"abc\"", "AT+CGAUTH=1,1,\"**\",\"***\""),
            ("at+cgauth = 1, 1, \"abc\", \"me\"", "at+cgauth = 1, 1, \"***\", \"**\""),
            ("AT+PLAIN=\"a\",\"b\"", "AT+PLAIN=\"a\",\"b\""),
            ("AT^AUTH=1,abc,5;+CSQ", "AT^AUTH=1,***,*;+CSQ"),
            ("AT#PASSW=\"abc\"", "AT#PASSW=\"***\""),
            ("AT*CPIN=1234", "AT*CPIN=****"),
            ("AT+XAPN=1,\"IP\",\"web\",\"me\",\"abc\",2", "AT+XAPN=1,\"IP\",\"web\",\"**\",\"***\",2"),
            ("AT+X=\"a,;b\",\"abc\";+Y=\"me\",\"abc\"", "AT+X=\"a,;b\",\"***\";+Y=\"me\",\"***\""),
            ("ATE0+X=web,me,abc", "ATE0+X=web,**,***"),
            ("AT+XOPEN=1,0,\"TCP\",\"host\",80", "AT+XOPEN=1,0,\"TCP\",\"host\",80"),
            ("AT+XPIN=?", "AT+XPIN=?"),
            ("AT+CPIN=1234;+X=\"me\",\"abc\"", "AT+CPIN=****;+X=\"me\",\"***\""),
            ("AT+X=\"a\"abc", "AT+X=\"a\"***"),
            ("ATD**04*1234*5678*5678#", "ATD**0*****************"),
            ("a+b=\"c\",\"d\"", "a+b=\"c\",\"d\""),
        ] {
            assert_eq!(serial(line), shown, "{line}");
        }
    }

    #[test]
    fn in_doubt_all_is_masked() {
        assert_eq!(serial("AT+BEARER=2,6,1,\"abc\"\r"), "AT+BEARER=2,6,1,\"***\"\r");
        assert_eq!(serial("AT+BEARER=2,6,\x081,\"abc\"\r"), "AT+BEARER=2,6,\x08*******\r");
        assert_eq!(serial("AT+OPEN=\"h\",\"abc\"\r"), "AT+OPEN=\"*\"*\"***\"\r");
        assert_eq!(serial("AT+OPEN=1,h\"x;+abc\r"), "AT+OPEN=1,********\r");
        assert_eq!(serial("AT+OPEN=\"h\",\"p\"q;+abc\"\r"), "AT+OPEN=\"*\"*\"*\"*******\r");
        assert_eq!(serial("AT+FTPPW=x;abc\r"), "AT+FTPPW=*;***\r");
        assert_eq!(serial("AT+FTPPW=x; +CSQ\r"), "AT+FTPPW=*; +CSQ\r");
    }

    #[test]
    fn what_a_word_tells_of_is_masked_in_any_line() {
        for (line, shown) in [
            ("AT+CSQ? PASS abc", "AT+CSQ? PASS ***"),
            ("AT+PLAIN=user abc 1", "AT+PLAIN=user *** 1"),
            ("AT+PLAIN=\"user\",\"me\"", "AT+PLAIN=\"user\",\"me\""),
            ("{\"a\":1,\"token\":\"abc\"}", "{\"a\":1,\"token\":\"***\"}"),
            ("Authorization: Basic abc=", "Authorization: ***** ****"),
            ("AT+XGET=\"ftp://me:abc@host/f\"", "AT+XGET=\"ftp://******@host/f\""),
        ] {
            assert_eq!(serial(line), shown, "{line}");
        }
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(text in "[AT+FPWX=;:\" \r\x08abc1,?*]{0,80}", cut in 0usize..80) {
            let text = format!("{text}AT+FTPPW=secret\r").into_bytes();
            let cut = cut.min(text.len());
            let mut whole = mask();
            let mut pieces = whole.clone();
            let once = whole.apply(&text);
            let twice = [pieces.apply(&text[..cut]).into_owned(), pieces.apply(&text[cut..]).into_owned()].concat();
            prop_assert_eq!(&once[..], &twice[..]);
            prop_assert_eq!(once.len(), text.len());
        }
    }
}
