//! What looks like a secret in a command that nobody here knows: a host may have been written for any module.

use super::secret::SIGNS;

/// How the parameters of an unknown command are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspicion {
    /// Its name tells of a password, a PIN, a key: every parameter is one.
    All,
    /// Its name tells of a login: all but the numbers that it begins with (`AT+CGAUTH=1,2,"name","password"`, and some
    /// modules have the password first).
    Login,
    /// Its name tells nothing: of texts that stand side by side, all but the first (`"apn","name","password"`).
    Neighbours,
}

/// Parts of names; PING, CLOCK and the like are none.
const ALL: [&str; 10] = ["PIN", "PUK", "PWD", "PASS", "PSW", "PSK", "LOCK", "SECRET", "TOKEN", "KEY"];
/// The last four are commands of u-blox and Qualcomm that set a login, option by option.
const LOGIN: [&str; 10] =
    ["AUTH", "LOGIN", "LOGON", "CRED", "USER", "ACCOUNT", "+UPSD", "+UHTTP", "+UFTP", "$QCPDPP"];
const INNOCENT: [&str; 4] = ["PING", "CLOCK", "KEYPAD", "PINMODE"];

/// What is said of every kind of connection, and is nobody's name.
const WORDS: [&str; 14] = [
    "TCP",
    "UDP",
    "TCP LISTENER",
    "UDP SERVICE",
    "IP",
    "IPV6",
    "IPV4V6",
    "PPP",
    "SSL",
    "TLS",
    "HTTP",
    "HTTPS",
    "FTP",
    "MQTT",
];

impl Suspicion {
    /// What the name of a command gives rise to.
    pub fn of(name: &str) -> Suspicion {
        let name = INNOCENT.iter().fold(name.to_owned(), |name, innocent| name.replace(innocent, " "));
        match () {
            () if ALL.iter().any(|part| name.contains(part)) || name.ends_with("PW") => Suspicion::All,
            () if LOGIN.iter().any(|part| name.contains(part)) => Suspicion::Login,
            () => Suspicion::Neighbours,
        }
    }
}

/// The parameters of one command, one after another.
#[derive(Clone, Debug)]
pub struct Guess {
    suspicion: Suspicion,
    /// Texts side by side, up to the last parameter.
    run: usize,
    /// A text has been seen.
    text: bool,
}

impl Guess {
    /// At the first parameter.
    pub fn new(suspicion: Suspicion) -> Guess {
        Guess { suspicion, run: 0, text: false }
    }

    /// Whether the next parameter is a secret, should it be a text.
    pub fn hides_text(&self) -> bool {
        self.suspicion != Suspicion::Neighbours || self.run > 0
    }

    /// Whether it is one, should it be a number.
    pub fn hides_number(&self) -> bool {
        match self.suspicion {
            Suspicion::All => true,
            Suspicion::Login => self.text,
            Suspicion::Neighbours => false,
        }
    }

    /// Goes past a parameter, quotation marks and blanks taken off: a text, unless it is a bare number.
    pub fn pass(&mut self, parameter: &str, quoted: bool) {
        let number = !quoted && parameter.bytes().all(|b| b.is_ascii_digit() || b == b'*' || b == b'-');
        let word = self.run == 0 && WORDS.iter().any(|word| parameter.eq_ignore_ascii_case(word));
        self.run = if number || word { 0 } else { self.run + 1 };
        self.text |= !number;
    }
}

/// The name of the command whose `=` stands behind `typed`, where that is an extended command of a command line.
/// In upper case, without `AT` and blanks.
pub fn name_in(typed: &str) -> Option<String> {
    let bare: String = typed.chars().filter(|c| *c != ' ').collect::<String>().to_ascii_uppercase();
    let (_, commands) = bare.split_once("AT")?;
    let name = &commands[commands.rfind(SIGNS)?..];
    let legal = |c: char| c.is_ascii_alphanumeric() || "%-./:_".contains(c);
    (name.len() > 1 && name[1..].chars().all(legal)).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_what_it_is_about() {
        for (name, suspicion) in [
            ("+CGAUTH", Suspicion::Login),
            ("^AUTHDATA", Suspicion::Login),
            ("#USERID", Suspicion::Login),
            ("+UPSD", Suspicion::Login),
            ("$QCPDPP", Suspicion::Login),
            ("#PASSW", Suspicion::All),
            ("+WIFIPSK", Suspicion::All),
            ("*CPIN", Suspicion::All),
            ("+QSIMLOCK", Suspicion::All),
            ("+CFTPPW", Suspicion::All),
            ("+QPING", Suspicion::Neighbours),
            ("+CPOWD", Suspicion::Neighbours),
            ("+XCLOCK", Suspicion::Neighbours),
        ] {
            assert_eq!(Suspicion::of(name), suspicion, "{name}");
        }
    }

    #[test]
    fn a_name_is_found_in_a_command_line_alone() {
        assert_eq!(name_in("AT+CGAUTH").as_deref(), Some("+CGAUTH"));
        assert_eq!(name_in("ate0;+csq; ^ x y ").as_deref(), Some("^XY"));
        for none in ["+CGAUTH", "AT", "ATE", "AT+", "a = +b", "AT+\u{e9}"] {
            assert_eq!(name_in(none), None, "{none}");
        }
    }
}
