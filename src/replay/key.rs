//! When two command lines are the same command.

/// A command line, cut up so that it can be compared with one that a host wrote otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name and form, in capitals and without blanks: `AT+CGDCONT=`, `AT+CSQ`, `AT+CREG?`.
    name: String,
    /// What stands behind the equals sign.
    parameters: Vec<Parameter>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Parameter {
    /// A string, without its quotes.
    Text(String),
    /// Anything else, without blanks.
    Plain(String),
}

/// How well two command lines match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// The same command with other texts: another access point, or one that is masked in the recording.
    Texts,
    /// The same, but for capitals and blanks.
    Whole,
}

impl Key {
    /// Of a command line.
    pub fn of(line: &str) -> Key {
        let (name, rest) = match line.split_once('=') {
            Some((name, rest)) if rest.trim() != "?" => (format!("{name}="), rest),
            _ => (line.to_owned(), ""),
        };
        let name: String = name.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        Key { name: name.to_ascii_uppercase(), parameters: parameters(rest) }
    }

    /// How well a host's command line matches this recorded one.
    pub fn matches(&self, host: &Key) -> Option<Match> {
        if self.name != host.name || self.parameters.len() != host.parameters.len() {
            return None;
        }
        if self.parameters == host.parameters {
            return Some(Match::Whole);
        }
        // A PIN is masked in a recording, with or without quotes.
        if self.name == "AT+CPIN=" {
            return Some(Match::Texts);
        }
        let alike = |(ours, theirs): (&Parameter, &Parameter)| match (ours, theirs) {
            (Parameter::Text(_), Parameter::Text(_)) => true,
            (Parameter::Plain(ours), Parameter::Plain(theirs)) => ours == theirs,
            _ => false,
        };
        let all = self.parameters.iter().zip(&host.parameters).all(alike);
        all.then_some(Match::Texts)
    }
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
        None => Parameter::Plain(text.to_ascii_uppercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(ours: &str, theirs: &str) -> Option<Match> {
        Key::of(ours).matches(&Key::of(theirs))
    }

    #[test]
    fn capitals_and_blanks_make_no_difference() {
        for theirs in ["AT+CSQ", "at+csq", "AT +CSQ "] {
            assert_eq!(matches("AT+CSQ", theirs), Some(Match::Whole), "{theirs}");
        }
        assert_eq!(matches("AT+CGACT=1,1", "AT+CGACT= 1, 1"), Some(Match::Whole));
        assert_eq!(matches("AT+FTPGET=?", "AT+FTPGET=?"), Some(Match::Whole));
    }

    #[test]
    fn texts_may_differ_and_numbers_may_not() {
        assert_eq!(matches("AT+CSTT=\"xxxx\"", "AT+CSTT=\"internet\""), Some(Match::Texts));
        assert_eq!(matches("AT+CSTT=\"a,b\"", "AT+CSTT=\"c\""), Some(Match::Texts));
        for theirs in ["AT+CIPSEND=12", "AT+CIPSEND", "AT+CIPSEND?", "AT+CIPSEND=10,1", "AT+CIPSEND=\"10\""] {
            assert_eq!(matches("AT+CIPSEND=10", theirs), None, "{theirs}");
        }
    }
}
