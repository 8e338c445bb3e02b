//! Which parameters of which commands are secrets, and command lines without them.

use super::guess::{Guess, Suspicion, name_in};
use super::line::{self, Form};
use super::{Arguments, Call, words};

/// A parameter that nobody may read in a trace: a password, a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Its place, from 1.
    pub place: usize,
    /// It is none where the parameter at one of these places is one of these values; `#` stands for a
    /// number or nothing. What cannot be told is a secret.
    pub unless: &'static [(usize, &'static [&'static str])],
}

impl Secret {
    /// The parameter at a place, whatever the others are.
    pub const fn at(place: usize) -> Secret {
        Secret { place, unless: &[] }
    }

    fn holds(&self, typed: &[&str]) -> bool {
        let is = |text: &str, value: &str| match value {
            "#" => text.bytes().all(|b| b.is_ascii_digit()),
            value => text.trim_matches('"').eq_ignore_ascii_case(value),
        };
        let excused = |(place, values): &(usize, &[&str])| {
            typed.get(place - 1).is_some_and(|text| values.iter().any(|value| is(text, value)))
        };
        !self.unless.iter().any(excused)
    }
}

/// The commands that bear secrets, and those that bear none, by their names without `AT`. Of all others it is guessed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Those that bear secrets.
    pub list: Vec<(&'static str, &'static [Secret])>,
    /// Those of which it is known that they bear none.
    pub plain: Vec<&'static str>,
}

/// What stands in the place of a secret in a command line.
pub(super) const MASKED: &str = "***";

impl Secrets {
    pub(crate) fn of(&self, name: &str) -> &'static [Secret] {
        self.list.iter().find(|(known, _)| *known == name).map_or(&[], |(_, secrets)| secrets)
    }

    /// How a command is looked at that nobody knows; `None` for one that somebody does, and for a basic one.
    pub fn suspicion(&self, name: &str) -> Option<Suspicion> {
        let known = self.plain.contains(&name) || self.list.iter().any(|(known, _)| *known == name);
        (name.starts_with(SIGNS) && !known).then(|| Suspicion::of(name))
    }

    /// A command line with its secrets masked, and no more than them; where it cannot be told which parameter
    /// is the secret, all that stands behind the `=`. A pattern of command lines may stand for one.
    /// Where it cannot be told at all, what stands behind a word like `password`.
    pub fn mask(&self, line: &str) -> String {
        words::mask(&self.mask_parameters(line), self)
    }

    fn mask_parameters(&self, line: &str) -> String {
        let at = line.get(..2).filter(|at| at.eq_ignore_ascii_case("AT")).unwrap_or("");
        let mut shown = at.to_owned();
        let mut rest = &line[at.len()..];
        loop {
            match line::next(rest) {
                Ok(Some((call, tail))) => {
                    let text = &rest[..rest.len() - tail.len()];
                    rest = tail;
                    if matches!(call.form, Form::Write(dialled) if call.name == "D" && changes_a_password(dialled))
                    {
                        return shown + "D**" + MASKED;
                    }
                    let Some((masked, doubt)) = self.masked(&call) else {
                        shown.push_str(text);
                        continue;
                    };
                    shown.push_str(text.split('=').next().unwrap_or_default());
                    shown.push('=');
                    shown.push_str(&masked);
                    if text.ends_with(';') {
                        shown.push(';');
                    }
                    // A secret with a `;` in it that should have been quoted.
                    let next = rest.trim_start();
                    if !next.is_empty() && (doubt || !next.starts_with(SIGNS)) {
                        return shown + MASKED;
                    }
                }
                Ok(None) => return shown + rest,
                Err(_) => return shown + &self.in_doubt(rest),
            }
        }
    }

    /// The arguments of a command without its secrets, and whether its end is in doubt; `None` where there are none.
    fn masked(&self, call: &Call) -> Option<(String, bool)> {
        let Form::Write(value) = call.form else { return None };
        let secrets = self.of(&call.name);
        let suspicion = self.suspicion(&call.name);
        if secrets.is_empty() && suspicion.is_none() {
            return None;
        }
        // What a pattern ends with is no text beside a quotation.
        if Arguments::parse(value.trim_end_matches('*')).is_err() {
            return Some((MASKED.to_owned(), true));
        }
        if let Some(suspicion) = suspicion {
            return guessed(suspicion, value).map(|masked| (masked, false));
        }
        let typed: Vec<&str> = split(value).collect();
        let plain: Vec<&str> = typed.iter().map(|text| text.trim()).collect();
        let places: Vec<usize> = secrets.iter().filter(|s| s.holds(&plain)).map(|s| s.place).collect();
        let first = *places.iter().min()?;
        if first > plain.len() {
            // Too few of them: perhaps the one that was left out stood before the secret.
            let told = plain.iter().take_while(|text| is_number(text)).count();
            return (told < typed.len()).then(|| ([&typed[..told], &[MASKED]].concat().join(","), false));
        }
        // One parameter is all that such a command takes.
        if secrets == [Secret::at(1)] && typed.len() > 1 {
            return Some((MASKED.to_owned(), false));
        }
        let shown = typed.iter().enumerate().map(|(i, text)| {
            let open = !places.contains(&(i + 1)) || plain[i].bytes().all(|b| b == b'*');
            if open { *text } else { MASKED }
        });
        Some((shown.collect::<Vec<_>>().join(","), false))
    }

    /// What cannot be read as commands.
    fn in_doubt(&self, rest: &str) -> String {
        let bare: String = rest.chars().filter(|c| *c != ' ').collect::<String>().to_ascii_uppercase();
        let named = self.list.iter().any(|(name, _)| bare.contains(name));
        let unknown = |at: &usize| {
            name_in(&format!("AT{}", &rest[..*at])).is_some_and(|n| self.suspicion(&n).is_some())
        };
        match rest.find('=').filter(|at| named || unknown(at)) {
            Some(i) => format!("{}{MASKED}", &rest[..=i]),
            None => rest.to_owned(),
        }
    }

    /// Whether the arguments of a command may be shown, as far as they are typed: numbers, and the next one's
    /// beginning. `None` where it cannot be told yet.
    pub(crate) fn open(&self, name: &str, numbers: &[&str], next_is_number: bool) -> Option<bool> {
        let secrets = self.of(name);
        let held: Vec<&Secret> = secrets.iter().filter(|s| s.holds(numbers)).collect();
        match held.iter().map(|s| s.place).min() {
            None => Some(true),
            Some(first) if first <= numbers.len() + 1 || !next_is_number => Some(false),
            Some(_) => None,
        }
    }
}

/// Whether what is dialled changes a PIN or another password (3GPP TS 22.030 sections 6.5.4 and 6.6: `**04*...#`).
fn changes_a_password(dialled: &str) -> bool {
    let digits: String = dialled.chars().filter(|c| *c != ' ').collect();
    digits.starts_with("**0") && digits.len() > 4
}

/// The arguments of a command that nobody knows, without what looks like a secret; `None` where nothing does.
fn guessed(suspicion: Suspicion, value: &str) -> Option<String> {
    let mut guess = Guess::new(suspicion);
    let mut found = false;
    let shown = split(value).map(|typed| {
        let plain = typed.trim();
        let bare = plain.trim_matches('"');
        let number = !plain.starts_with('"') && is_number(plain);
        let secret = if number { guess.hides_number() } else { guess.hides_text() };
        guess.pass(bare, plain.starts_with('"'));
        let secret = secret && bare.bytes().any(|b| b != b'*');
        found |= secret;
        if secret { MASKED } else { typed }
    });
    let shown = shown.collect::<Vec<_>>().join(",");
    found.then_some(shown)
}

/// What an extended command begins with.
pub(crate) const SIGNS: [char; 7] = ['+', '*', '^', '$', '#', '@', '!'];

/// A number, or a pattern of one.
fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b == b'*')
}

/// The arguments as typed, blanks and quotation marks included.
fn split(value: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    value.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(line: &str) -> String {
        const CREATE: &[Secret] = &[Secret { place: 5, unless: &[(1, &["1", "2"]), (4, &["#"])] }, SIXTH];
        const SIXTH: Secret = Secret { place: 6, unless: &[(1, &["1", "2"])] };
        const PIN: &[Secret] = &[Secret::at(1), Secret::at(2)];
        const OPEN: &[Secret] = &[Secret::at(3)];
        const TAG: &[Secret] = &[Secret { place: 4, unless: &[(3, &["APN"])] }];
        let list = vec![("+CREATE", CREATE), ("+CPIN", PIN), ("+OPEN", OPEN), ("+TAG", TAG)];
        let masked = Secrets { list, plain: vec!["+CSQ", "+PLAIN"] }.mask(line);
        assert!(!masked.to_lowercase().contains("hush"), "{line}: {masked}");
        masked
    }

    #[test]
    fn only_the_secret_is_masked() {
        for (line, shown) in [
            ("AT+CPIN=1234", "AT+CPIN=***"),
            ("at +cpin = \"1234\" , \"5678\"", "at +cpin =***,***"),
            ("AT+CPIN?", "AT+CPIN?"),
            ("AT+CPIN=?", "AT+CPIN=?"),
            ("ATE0+CPIN=1234;+CSQ;+CPIN?", "ATE0+CPIN=***;+CSQ;+CPIN?"),
            ("AT+OPEN=\"host\",\"me\",\"hush\",,21", "AT+OPEN=\"host\",\"me\",***,,21"),
            ("AT+OPEN=\"host\",\"me\",hush;+CSQ", "AT+OPEN=\"host\",\"me\",***;+CSQ"),
            ("AT+OPEN=\"host\",\"me\",\"hush;+CSQ\"", "AT+OPEN=\"host\",\"me\",***"),
            ("AT+CREATE=4,1,\"host\",\"me\",\"hush\"", "AT+CREATE=4,1,\"host\",\"me\",***"),
            ("AT+CREATE=4,1,\"host\",21,\"me\",\"hush\"", "AT+CREATE=4,1,\"host\",21,\"me\",***"),
            ("AT+CREATE=4,1,\"host\",,\"me\",\"hush\"", "AT+CREATE=4,1,\"host\",,\"me\",***"),
            ("AT+CREATE=1,1,80,\"host\",81,9", "AT+CREATE=1,1,80,\"host\",81,9"),
            ("AT+TAG=3,1,\"apn\",\"web\"", "AT+TAG=3,1,\"apn\",\"web\""),
            ("AT+TAG=3,1,\"PWD\",\"hush\"", "AT+TAG=3,1,\"PWD\",***"),
            ("AT+CSQ", "AT+CSQ"),
            ("A/", "A/"),
            ("AT+PLAIN=\"a\",\"b\",\"c\"", "AT+PLAIN=\"a\",\"b\",\"c\""),
            ("ATD+49301234;", "ATD+49301234;"),
            ("ATD*100#;", "ATD*100#;"),
            ("ATD*99***1#", "ATD*99***1#"),
        ] {
            assert_eq!(masked(line), shown);
        }
    }

    #[test]
    fn of_a_command_that_nobody_knows_it_is_guessed() {
        for (line, shown) in [
            ("AT+CGAUTH=1,1,\"me\",\"hush\"", "AT+CGAUTH=1,1,***,***"),
            ("AT+CGAUTH=1,1,\"hush\",\"me\"", "AT+CGAUTH=1,1,***,***"),
            ("at^authdata=1,2,,hush,me;+CSQ", "at^authdata=1,2,,***,***;+CSQ"),
            ("AT#PASSW=\"hush\"", "AT#PASSW=***"),
            ("AT*CPIN=1234", "AT*CPIN=***"),
            ("AT+QSIMLOCK=\"SC\",1,\"1234\"", "AT+QSIMLOCK=***,***,***"),
            ("AT+XAPN=1,\"IP\",\"web\",\"me\",\"hush\",2", "AT+XAPN=1,\"IP\",\"web\",***,***,2"),
            ("AT+XAPN=web,me,hush", "AT+XAPN=web,***,***"),
            ("AT+X=\"me\",\"hush\"", "AT+X=\"me\",***"),
            ("AT+X=\"PASSWORD\",\"12.34\"", "AT+X=\"PASSWORD\",***"),
            ("AT+XOPEN=1,0,\"TCP\",\"host\",80,0", "AT+XOPEN=1,0,\"TCP\",\"host\",80,0"),
            ("AT+X=1,2,3", "AT+X=1,2,3"),
            ("AT+X=\"a\",1,\"b\"", "AT+X=\"a\",1,\"b\""),
            ("AT+X=\"a\"b,\"hush\"", "AT+X=***"),
            ("AT+X=\"a\",\"hush", "AT+X=***"),
            ("AT+XPIN?", "AT+XPIN?"),
            ("AT+XPIN=?", "AT+XPIN=?"),
            ("ATD**04*1234*5678*5678#", "ATD*****"),
        ] {
            assert_eq!(masked(line), shown);
        }
    }

    #[test]
    fn in_doubt_all_is_masked() {
        for (line, shown) in [
            ("AT+CPIN=\"hush", "AT+CPIN=***"),
            ("AT+CSQ;+CPIN=\"hush", "AT+CSQ;+CPIN=***"),
            ("AT+CREATE=4,1,\"host,\"me\",\"hush\"", "AT+CREATE=***"),
            ("AT+CREATE=4,1,\"host\"\"me\",\"hush\"", "AT+CREATE=***"),
            ("AT+CREATE=4,1,\"me\",\"hush\"", "AT+CREATE=4,1,***"),
            ("AT+OPEN=\"me\",\"hush\"", "AT+OPEN=***"),
            ("AT+OPEN=\"host\",1234", "AT+OPEN=***"),
            ("AT+OPEN=\"host\",\"me\",hu;hush", "AT+OPEN=\"host\",\"me\",***;***"),
            ("AT+OPEN=\"host\",\"me\",\"hu\";\"hush\"", "AT+OPEN=\"host\",\"me\",***;***"),
            ("AT+OPEN=\"host\",\"me\",\"a\"b;+hush\"", "AT+OPEN=***;***"),
            ("AT+C PIN=hush", "AT+C PIN=***"),
            ("AT=+CPIN=hush", "AT=***"),
        ] {
            assert_eq!(masked(line), shown);
        }
    }

    #[test]
    fn a_pattern_is_shown_as_far_as_it_tells_nothing() {
        for pattern in ["AT+CPIN=*", "AT+CREATE=4*", "AT+CREATE=4,*", "AT+C*", "*"] {
            assert_eq!(masked(pattern), pattern);
        }
        assert_eq!(masked("AT+CPIN=12*"), "AT+CPIN=***");
        assert_eq!(masked("AT+CREATE=4,1,\"host\"*"), "AT+CREATE=4,1,***");
        assert_eq!(masked("AT+CREATE=*hush*"), "AT+CREATE=***");
        assert_eq!(masked("AT+CREATE=4,1,\"host\",\"me\",*"), "AT+CREATE=4,1,\"host\",\"me\",*");
    }
}
