//! When two command lines are the same command.

use super::masked::Meant;

/// A command line, cut up so that it can be compared with one that a host wrote otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name and form, in capitals and without blanks: `AT+CGDCONT=`, `AT+CSQ`, `AT+CREG?`, `ATD`.
    name: String,
    /// What stands behind the equals sign, or is dialled.
    parameters: Vec<Parameter>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Parameter {
    /// A string, without its quotes.
    Text(String),
    /// Anything else, in capitals and without blanks.
    Plain(String),
}

/// How well two command lines match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// The same command, with values of the host's where the recording's are masked.
    Masked,
    /// The same, but for capitals and blanks.
    Whole,
}

impl Key {
    /// Of a command line.
    pub fn of(line: &str) -> Key {
        let (name, rest) = match line.split_once('=') {
            Some((name, rest)) if rest.trim() != "?" => (format!("{name}="), rest),
            _ => match line.trim().split_at_checked(DIAL.len()) {
                Some((name, number)) if name.eq_ignore_ascii_case(DIAL) => (name.to_owned(), number),
                _ => (line.to_owned(), ""),
            },
        };
        let name: String = name.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        Key { name: name.to_ascii_uppercase(), parameters: parameters(rest) }
    }

    /// How well a host's command line matches this recorded one, where masked values are as in `meant`.
    pub fn matches(&self, host: &Key, meant: &Meant) -> Option<Match> {
        if self.name != host.name || self.parameters.len() != host.parameters.len() {
            return None;
        }
        if self.parameters == host.parameters {
            return Some(Match::Whole);
        }
        let all = self.parameters.iter().zip(&host.parameters).enumerate().all(|(place, (ours, theirs))| {
            let fits = || meant.fits(&self.place(place), ours.value(), theirs.value());
            match (ours, theirs) {
                (ours, theirs) if ours == theirs => true,
                (Parameter::Text(_), Parameter::Text(_)) => fits(),
                (Parameter::Plain(plain), Parameter::Plain(_)) => may_be_masked(plain) && fits(),
                // A PIN goes with quotation marks or without.
                _ => self.name == PIN && fits(),
            }
        });
        all.then_some(Match::Masked)
    }

    /// The host's line was taken for this one: what its values are is known from here on.
    pub fn learn(&self, host: &Key, meant: &mut Meant) {
        for (place, (ours, theirs)) in self.parameters.iter().zip(&host.parameters).enumerate() {
            if ours != theirs {
                meant.learn(&self.place(place), ours.value(), theirs.value());
            }
        }
    }

    /// A parameter's place, by which its values are told apart.
    fn place(&self, number: usize) -> String {
        format!("{}{number}", self.name)
    }
}

impl Parameter {
    fn value(&self) -> &str {
        match self {
            Parameter::Text(text) | Parameter::Plain(text) => text,
        }
    }
}

const DIAL: &str = "ATD";
const PIN: &str = "AT+CPIN=";

/// Whether what stands without quotation marks may be a stand-in. Lengths and numbers of sessions are no personal
/// values, and begin with no nought.
fn may_be_masked(plain: &str) -> bool {
    plain.len() >= 4 && plain.starts_with(['0', 'X', '*', '+'])
}

fn parameters(text: &str) -> Vec<Parameter> {
    if text.is_empty() {
        return vec![];
    }
    let mut quoted = false;
    let parts = text.split(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    parts.map(parameter).collect()
}

fn parameter(text: &str) -> Parameter {
    let text = text.trim();
    match text.strip_prefix('"').map(|text| text.strip_suffix('"').unwrap_or(text)) {
        Some(inner) => Parameter::Text(inner.to_owned()),
        None => Parameter::Plain(
            text.chars().filter(|c| !c.is_ascii_whitespace()).collect::<String>().to_ascii_uppercase(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(ours: &str, theirs: &str) -> Option<Match> {
        Key::of(ours).matches(&Key::of(theirs), &Meant::default())
    }

    #[test]
    fn capitals_and_blanks_make_no_difference() {
        for theirs in ["AT+CSQ", "at+csq", "AT +CSQ "] {
            assert_eq!(matches("AT+CSQ", theirs), Some(Match::Whole), "{theirs}");
        }
        assert_eq!(matches("AT+CGACT=1,1", "AT+CGACT= 1, 1"), Some(Match::Whole));
        assert_eq!(matches("AT+FTPGET=?", "AT+FTPGET=?"), Some(Match::Whole));
        assert_eq!(matches("ATD+4930123456;", "atd +4930123456;"), Some(Match::Whole));
    }

    #[test]
    fn what_is_masked_may_differ_and_nothing_else() {
        for (ours, theirs) in [
            ("AT+CSTT=\"internet\",\"xxx1\",\"xxxxx2\"", "AT+CSTT=\"internet\",\"me\",\"hush\""),
            ("AT+FTPPW=\"xxxxxxx3\"", "AT+FTPPW=\"1234\""),
            ("AT+FTPPW=xxxxxxx3", "AT+FTPPW=hush"),
            ("AT+CPIN=0001", "AT+CPIN=\"4711\""),
            ("AT+CPIN=\"0001\"", "AT+CPIN=\"12345678\""),
            ("AT+CMGS=\"+00000000002\"", "AT+CMGS=\"+491701234567\""),
            ("ATD+00000000002;", "ATD+491701234567;"),
            ("AT+SAPBR=3,1,\"PWD\",\"********\"", "AT+SAPBR=3,1,\"PWD\",\"hush\""),
            (
                "AT+HTTPPARA=\"URL\",\"h.example/?imei=000000000000004&x=1\"",
                "AT+HTTPPARA=\"URL\",\"h.example/?imei=861234567890123&x=1\"",
            ),
        ] {
            assert_eq!(matches(ours, theirs), Some(Match::Masked), "{ours} {theirs}");
        }
        for (ours, theirs) in [
            ("AT+CSTT=\"internet\"", "AT+CSTT=\"other\""),
            ("AT+FTPGETNAME=\"a.txt\"", "AT+FTPGETNAME=\"b.txt\""),
            ("AT+CPIN=0001", "AT+CPIN=\"ABCD\""),
            ("AT+CMGS=\"+00000000002\"", "AT+CMGS=\"somebody\""),
            ("AT+CMGS=\"+00000000002\"", "AT+CMGS=\"\""),
            ("ATD+00000000002;", "ATD+491701234567"),
            ("AT+CIPSEND=10", "AT+CIPSEND=12"),
            ("AT+CIPSEND=10", "AT+CIPSEND"),
            ("AT+CIPSEND=10", "AT+CIPSEND?"),
            ("AT+CIPSEND=10", "AT+CIPSEND=10,1"),
            ("AT+CIPSEND=10", "AT+CIPSEND=\"10\""),
            ("AT+CMGD=1", "AT+CMGD=2"),
            ("AT+SAPBR=3,1,\"PWD\",\"xxxx1\"", "AT+SAPBR=3,1,\"USER\",\"hush\""),
            (
                "AT+HTTPPARA=\"URL\",\"h.example/?imei=000000000000004&x=1\"",
                "AT+HTTPPARA=\"URL\",\"h.example/?imei=861234567890123&x=2\"",
            ),
        ] {
            assert_eq!(matches(ours, theirs), None, "{ours} {theirs}");
        }
    }

    #[test]
    fn a_stand_in_stands_for_one_value() {
        let mut meant = Meant::default();
        let wrong = Key::of("AT+CPIN=0001");
        let right = Key::of("AT+CPIN=0002");
        let typed = Key::of("AT+CPIN=1111");
        wrong.learn(&typed, &mut meant);
        assert_eq!(wrong.matches(&typed, &meant), Some(Match::Masked));
        assert_eq!(wrong.matches(&Key::of("AT+CPIN=2222"), &meant), None);
        // The recording's host tried another one, and this host the same again.
        assert_eq!(right.matches(&typed, &meant), None);
        assert_eq!(right.matches(&Key::of("AT+CPIN=2222"), &meant), Some(Match::Masked));
    }
}
