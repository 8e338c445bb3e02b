//! What stands behind a word that tells of a secret, wherever in a line: `AT+CREG? PASS x`, `{"token":"x"}`,
//! `Authorization: Basic x`, `ftp://me:x@host`. Octet by octet, so that a stream can be looked at as well as a line.

use super::Secrets;
use super::guess::Suspicion;
use super::secret::SIGNS;

/// A word that is one of these, or one of whose parts between `_` and `-` is.
const WORDS: [&str; 31] = [
    "PASS",
    "PW",
    "PWD",
    "PSW",
    "PSWD",
    "PASSWD",
    "PASSCODE",
    "PASSPHRASE",
    "PHRASE",
    "PSK",
    "USER",
    "USR",
    "USERID",
    "UNAME",
    "LOGIN",
    "LOGON",
    "KEY",
    "APIKEY",
    "TOKEN",
    "SECRET",
    "PIN",
    "PIN1",
    "PIN2",
    "PUK",
    "PUK1",
    "PUK2",
    "CRED",
    "ACCT",
    "ACCOUNT",
    "SIGNATURE",
    "COOKIE",
];
/// Parts of words.
const PARTS: [&str; 7] = ["PASSW", "SECRET", "TOKEN", "APIKEY", "USERNAME", "CREDENTIAL", "PASSPHRASE"];
/// Ends of words, as of `privateKey` and `mqttPwd`.
const ENDS: [&str; 4] = ["KEY", "PWD", "PASS", "PSK"];
/// Behind these stands how, and then what: `Authorization: Basic x`, `AUTH PLAIN x`.
const AUTHORIZATION: [&str; 5] = ["AUTH", "AUTHORIZATION", "BASIC", "BEARER", "DIGEST"];
/// A longer word is none.
const LONGEST: usize = 48;

fn is_authorization(word: &str) -> bool {
    word.split(['_', '-']).any(|part| AUTHORIZATION.contains(&part))
}

fn tells_of_a_secret(word: &str) -> bool {
    word.split(['_', '-']).any(|part| WORDS.contains(&part))
        || PARTS.iter().any(|part| word.contains(part))
        || ENDS.iter().any(|end| word.ends_with(end))
        || is_authorization(word)
}

/// What a line turns out to be, by its first letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Begin,
    /// `A` so far.
    A,
    /// A command line: what stands behind such a word is a secret, whatever stands between them.
    Commands,
    /// Anything else: behind `=` and `:` only. (A host that speaks FTP itself says `USER anna`.)
    Other,
}

/// Where in the line.
#[derive(Clone, Debug, Default)]
enum At {
    #[default]
    Between,
    Word {
        text: String,
        /// It stands behind a sign: a command's name, which is looked at as that where a `=` follows.
        name: bool,
    },
    /// Behind a word that tells of a secret.
    Armed {
        /// What may divide the two was seen.
        divided: bool,
        /// How many values follow.
        values: u8,
        /// The word is a command's name.
        name: bool,
    },
    Value {
        end: End,
        text: String,
        values: u8,
        /// The last octet was a backslash.
        escaped: bool,
    },
    /// Behind `://`, up to what a host has in front of its name: hidden from the colon on, or all.
    Authority { hidden: bool },
}

/// What ends a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// A blank, a comma, or what closes what is around it.
    Bare,
    Quote(u8),
    /// `\"`, in text that is quoted itself, or `\22`.
    Escape,
}

/// Finds secrets in lines.
#[derive(Clone, Debug, Default)]
pub struct Words {
    kind: Kind,
    at: At,
    /// What was typed of the present command, up to its `=`.
    command: String,
    /// The arguments of a command that somebody knows: what is quoted in them is as its table has it.
    known: bool,
    /// Within quotation marks.
    quoted: bool,
    /// The last octets.
    last: [u8; 3],
}

impl Words {
    /// Whether the next octet of the lines is a part of a secret.
    pub fn hides(&mut self, byte: u8, secrets: &Secrets) -> bool {
        if matches!(byte, b'\r' | b'\n') {
            *self = Words::default();
            return false;
        }
        self.begin(byte);
        if self.kind == Kind::Commands {
            self.follow(byte, secrets);
        }
        let hidden = self.step(byte);
        if byte == b'"' && self.last[2] != b'\\' {
            self.quoted = !self.quoted;
        }
        self.last = [self.last[1], self.last[2], byte];
        hidden
    }

    fn begin(&mut self, byte: u8) {
        self.kind = match (self.kind, byte) {
            (Kind::Begin, b' ' | 0..=0x1f) => Kind::Begin,
            (Kind::Begin, b'A' | b'a') => Kind::A,
            (Kind::A, b'T' | b't') => {
                // `ATPASS` is no word.
                (self.at, self.command) = (At::Between, String::new());
                self.last = [b'A', b'T', b'T'];
                Kind::Commands
            }
            (Kind::Begin | Kind::A, _) => Kind::Other,
            (kind, _) => kind,
        };
    }

    /// Which command this is.
    fn follow(&mut self, byte: u8, secrets: &Secrets) {
        match byte {
            b';' if !self.quoted => {
                self.command.clear();
                self.known = false;
            }
            b'=' if !self.known && !self.quoted => {
                let command = self.command.to_ascii_uppercase();
                let name = command.rfind(SIGNS).map_or("", |at| &command[at..]);
                self.known = !name.is_empty() && secrets.suspicion(name).is_none();
                if self.known {
                    self.at = At::Between;
                }
                self.command.clear();
            }
            b' ' => {}
            _ if self.command.len() < LONGEST => self.command.push(char::from(byte)),
            _ => {}
        }
    }

    fn step(&mut self, byte: u8) -> bool {
        let commands = self.kind == Kind::Commands;
        match &mut self.at {
            At::Between | At::Word { .. } if byte == b'/' && self.last[1..] == *b":/" => {
                self.at = At::Authority { hidden: commands && !self.known };
                false
            }
            At::Between => {
                let quiet = self.known && self.quoted;
                // The digits of `\22` belong to no word.
                let escape = byte == b'2' && (self.last[2] == b'\\' || self.last[1..] == *b"\\2");
                if byte.is_ascii_alphanumeric() && !quiet && !escape {
                    let text = char::from(byte.to_ascii_uppercase()).to_string();
                    self.at = At::Word { text, name: SIGNS.contains(&char::from(self.last[2])) };
                }
                false
            }
            At::Word { text, .. } if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') => {
                if text.len() <= LONGEST {
                    text.push(char::from(byte.to_ascii_uppercase()));
                }
                false
            }
            At::Word { text, name } => {
                let armed = match name {
                    true => commands && byte != b'=' && Suspicion::of(text) != Suspicion::Neighbours,
                    false => text.len() <= LONGEST && tells_of_a_secret(text),
                };
                let (name, values) = (*name, if !*name && is_authorization(text) { 2 } else { 1 });
                self.at = if armed { At::Armed { divided: false, values, name } } else { At::Between };
                armed && self.divide(byte, values)
            }
            At::Armed { values, .. } => {
                let values = *values;
                self.divide(byte, values)
            }
            At::Value { .. } => self.value(byte),
            At::Authority { hidden } => match byte {
                b'@' | b'/' | b'?' | b'"' | b' ' | b',' | b'\\' => {
                    self.at = At::Between;
                    false
                }
                b':' if !*hidden => {
                    *hidden = true;
                    false
                }
                _ => *hidden,
            },
        }
    }

    /// Between a word that tells of a secret and that.
    fn divide(&mut self, byte: u8, values: u8) -> bool {
        let commands = self.kind == Kind::Commands;
        let At::Armed { divided, name, .. } = self.at else { return false };
        let escape = byte == b'2' && (self.last[2] == b'\\' || self.last[1..] == *b"\\2");
        let opens = |end| At::Value { end, text: String::new(), values, escaped: false };
        match byte {
            b';' | b'}' | b']' | b')' | b'&' => self.at = At::Between,
            b',' if self.known || !commands => self.at = At::Between,
            b'=' if name => self.at = At::Between,
            b'=' | b':' => self.at = At::Armed { divided: true, values, name },
            b' ' | b',' | b'?' | b'>' if commands => self.at = At::Armed { divided: true, values, name },
            b' ' | b'\\' | b'[' | b'{' | b'(' => {}
            b'2' if escape && !divided => {}
            b'2' if escape => {
                if self.last[1..] == *b"\\2" {
                    self.at = opens(End::Escape);
                }
            }
            b'"' | b'\'' if !divided => {}
            b'"' if self.last[2] == b'\\' => self.at = opens(End::Escape),
            b'"' | b'\'' => self.at = opens(End::Quote(byte)),
            _ if !divided => {
                self.at = At::Between;
                return self.step(byte);
            }
            _ => {
                self.at = opens(End::Bare);
                return self.value(byte);
            }
        }
        false
    }

    fn value(&mut self, byte: u8) -> bool {
        let At::Value { end, text, values, escaped } = &mut self.at else { return false };
        let ends = match *end {
            End::Bare => b" ,;&\"'}])<".contains(&byte),
            End::Quote(quote) => byte == quote && !*escaped,
            End::Escape => byte == b'\\',
        };
        if !ends {
            *escaped = byte == b'\\' && !*escaped;
            if text.len() <= LONGEST {
                text.push(char::from(byte.to_ascii_uppercase()));
            }
            return true;
        }
        // `USER PASS x`: perhaps it was a word like these, with nothing behind the first.
        let more = match byte {
            b' ' => *values - 1,
            _ => 0,
        };
        let again = tells_of_a_secret(text);
        self.at = match more.max(u8::from(again)) {
            0 => At::Between,
            values => At::Armed { divided: byte != b'"', values, name: false },
        };
        false
    }
}

/// A line without what stands behind such words, and without the login of an address (`ftp://me:x@host`).
pub(super) fn mask(line: &str, secrets: &Secrets) -> String {
    let mut words = Words::default();
    let mut hidden: Vec<bool> = line.bytes().map(|byte| words.hides(byte, secrets)).collect();
    // With the whole line before one it can be told which part of an address is a login.
    for (at, _) in line.match_indices("://") {
        let begin = at + 3;
        let rest = &line[begin..];
        let end = rest.find(['/', '?', '"', ' ', ',', '\\']).unwrap_or(rest.len());
        let login = rest[..end].rfind('@').unwrap_or(0);
        hidden[begin..begin + end].fill(false);
        hidden[begin..begin + login].fill(true);
    }
    let mut shown = String::with_capacity(line.len());
    let mut within = false;
    for (at, c) in line.char_indices() {
        // What is masked already, or stands for anything in a pattern, stays as it is.
        let secret = hidden[at] && c != '*';
        match (secret, within) {
            (false, _) => shown.push(c),
            (true, false) => shown.push_str(super::secret::MASKED),
            (true, true) => {}
        }
        within = secret;
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::super::Secret;
    use super::*;
    use proptest::prelude::*;

    fn secrets() -> Secrets {
        const ONE: &[Secret] = &[Secret::at(1)];
        Secrets { list: vec![("+FTPPW", ONE)], plain: vec!["+CREG", "+FTPUN", "+SAPBR"] }
    }

    fn masked(line: &str) -> String {
        secrets().mask(line)
    }

    #[test]
    fn what_stands_behind_the_word_is_masked_and_no_more() {
        for (line, shown) in [
            ("AT+CREG? PASS x", "AT+CREG? PASS ***"),
            ("AT+CREG=PASS x", "AT+CREG=PASS ***"),
            ("AT+CREG=1,pass=x", "AT+CREG=1,pass=***"),
            ("AT PASS x", "AT PASS ***"),
            ("AT+X=\"user\",\"me\",\"password\",\"x y\"", "AT+X=\"user\",***,***,***"),
            ("AT+X=1 USER me PASS x 5", "AT+X=1 USER *** PASS *** 5"),
            ("AT+X=1 USER PASS x", "AT+X=1 USER *** ***"),
            ("{\"a\":1,\"apiKey\":\"x\"}", "{\"a\":1,\"apiKey\":\"***\"}"),
            ("AT+X={\"a\":1,\"apiKey\":\"x\"}", "AT+X=***"),
            ("AT+XPIN: x", "AT+XPIN: ***"),
            ("AT+FTPPW \"x\"", "AT+FTPPW \"***\""),
            ("+FTPPWD: 1", "+FTPPWD: 1"),
            (
                "{\"a\": 1, \"password\" : \"x,;\\\"y\", \"b\": 2}",
                "{\"a\": 1, \"password\" : \"***\", \"b\": 2}",
            ),
            ("{\\\"pin\\\":\\\"1234\\\",\\\"b\\\":2}", "{\\\"pin\\\":\\\"***\\\",\\\"b\\\":2}"),
            ("{\\22token\\22:\\22x\\22,\\22b\\22:2}", "{\\22token\\22:\\22***\\22,\\22b\\22:2}"),
            ("{\"pin\":1234,\"b\":2}", "{\"pin\":***,\"b\":2}"),
            ("Authorization: Basic dXNlcjpwYXNz", "Authorization: *** ***"),
            ("AT+X=AUTH PLAIN AGFiAHB3 7", "AT+X=AUTH *** *** 7"),
            ("http://me:x@host:80/a?token=x&b=2", "http://***@host:80/a?token=***&b=2"),
            ("AT+X=\"http://host:80/a\"", "AT+X=\"http://host:80/a\""),
            ("AT+X=https://x@host/", "AT+X=https://***@host/"),
            ("mqtt_password=x", "mqtt_password=***"),
            ("x-api-key: x", "x-api-key: ***"),
            // What the tables know, and what is no command.
            ("AT+SAPBR=3,1,\"USER\",\"me\"", "AT+SAPBR=3,1,\"USER\",\"me\""),
            ("AT+FTPUN=\"user\"", "AT+FTPUN=\"user\""),
            ("AT+CREG=1;+FTPUN=\"the key is here\"", "AT+CREG=1;+FTPUN=\"the key is here\""),
            ("AT+CREG?;+CREG=2", "AT+CREG?;+CREG=2"),
            ("USER anna", "USER anna"),
            ("+FTPINFO:331 Password required for anna", "+FTPINFO:331 Password required for anna"),
            ("AT+X=\"monkey\"", "AT+X=\"monkey\""),
            ("AT+CREG? COMPASSES north", "AT+CREG? COMPASSES north"),
        ] {
            assert_eq!(masked(line), shown, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_order_shows_the_secret(
            command in "(AT|at)(\\+CREG\\?|\\+CREG=1,|\\+CREG=|\\+XYZ=|\\+XYZ=1,|\\+XYZ|\\^SCFG=\"a\",| |E0 |\\+FTPUN=)",
            word in "(pass|PASS|Pwd|password|user|login|key|token|secret|apikey|PIN|api_key|userPassword|client-secret)",
            divided in "( |=|:| = |: | : )",
            quotes in prop::bool::ANY,
            secret in "[A-Z]{2}[a-z0-9!#$%._/+-]{6,12}Q9",
            tail in "(| 1|,1|;\\+CREG\\?)",
        ) {
            let value = if quotes { format!("\"{secret}\"") } else { secret.clone() };
            let line = format!("{command}{word}{divided}{value}{tail}");
            let shown = masked(&line);
            prop_assert!(!shown.contains(&secret), "{} -> {}", line, shown);
            let json = format!("{{\"id\":7,\"{word}\":\"{secret}\"}}");
            let shown = masked(&json);
            prop_assert!(!shown.contains(&secret), "{} -> {}", json, shown);
            let url = format!("{command}\"ftp://me:{}@host/f\"", secret.replace(['/', '+'], "x"));
            let shown = masked(&url);
            prop_assert!(!shown.contains(&secret[..7].replace(['/', '+'], "x")), "{} -> {}", url, shown);
        }

        #[test]
        fn a_known_command_stays_readable(text in "[a-zA-Z0-9 _=:,./-]{0,30}(user|key|pass|PIN)[a-zA-Z0-9 _=:,.-]{0,30}") {
            let line = format!("AT+FTPUN=\"{text}\";+CREG?;+SAPBR=3,1,\"USER\",\"{text}\"");
            prop_assert_eq!(masked(&line), line);
        }
    }
}
