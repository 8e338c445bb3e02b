//! Which module is it? From what it says of itself, and from the commands that its host sends.

use crate::at::secret::SIGNS;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// So much is remembered of one log.
const COMMANDS: usize = 1000;
const LINES: usize = 64;

/// What a log tells of its module.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The log names a profile of ours.
    pub profile: Option<String>,
    /// Command lines that were looked at.
    lines: BTreeSet<Vec<u8>>,
    /// Extended commands that were typed.
    commands: BTreeSet<String>,
    /// What was answered to `ATI`, `AT+CGMM` and their like.
    says: Vec<String>,
}

/// A module that it may be.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its profile.
    pub name: String,
    /// How it calls itself.
    pub says: Vec<String>,
    /// Its commands, without `AT`.
    pub commands: BTreeSet<String>,
}

/// What was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guess {
    /// The log names the profile.
    Named(String),
    /// The module says who it is.
    Said {
        /// The profile.
        profile: String,
        /// What it says.
        line: String,
    },
    /// Its commands are those of this module.
    Commands {
        /// The profile.
        profile: String,
        /// So many that not every module has are this one's,
        known: usize,
        /// of so many that were typed.
        of: usize,
        /// Others that know as many.
        others: Vec<String>,
        /// What it says that it is, where there is no profile of that name.
        but: Option<String>,
    },
    /// None fits.
    None {
        /// What it says of itself.
        line: Option<String>,
    },
}

impl Evidence {
    /// A command line was typed.
    pub fn typed(&mut self, line: &[u8]) {
        if self.lines.contains(line) {
            return;
        }
        if self.lines.len() < COMMANDS {
            self.lines.insert(line.to_vec());
        }
        let text = String::from_utf8_lossy(line).to_ascii_uppercase();
        let mut quoted = false;
        let parts = text.split(|c| {
            quoted ^= c == '"';
            c == ';' && !quoted
        });
        for part in parts {
            let part = part.trim();
            let bare = part.strip_prefix("AT").unwrap_or(part);
            let Some(start) = bare.find(SIGNS) else { continue };
            let legal = |c: char| c.is_ascii_alphanumeric() || "+*^$#@!%-._".contains(c);
            let name: String = bare[start..].chars().take_while(|c| legal(*c)).collect();
            if name.len() > 1 && self.commands.len() < COMMANDS {
                self.commands.insert(name);
            }
        }
    }

    /// The module said a line, after that command.
    pub fn said(&mut self, command: Option<&[u8]>, line: &[u8]) {
        let asks = self.says.len() < LINES
            && command.is_some_and(|command| {
                let parts = ["ATI", "+CGM", "+GMM", "+GMR", "+GMI", "+GSV", "+SIMCOMATI", "+CSUB", "+QGMR"];
                let stands = |part: &&str| {
                    command.windows(part.len()).any(|at| at.eq_ignore_ascii_case(part.as_bytes()))
                };
                parts.iter().any(stands)
            });
        if asks && !super::shape::is_final(line) {
            self.says.push(String::from_utf8_lossy(&line[..line.len().min(200)]).into_owned());
        }
    }

    /// Which of the candidates it is.
    pub fn guess(&self, candidates: &[Candidate]) -> Guess {
        if let Some(name) = self.profile.as_ref().filter(|name| candidates.iter().any(|c| c.name == **name)) {
            return Guess::Named(name.clone());
        }
        for line in &self.says {
            let fits = candidates.iter().filter_map(|c| c.is_meant(line).map(|length| (length, c)));
            if let Some((_, candidate)) = fits.max_by_key(|(length, _)| *length) {
                return Guess::Said { profile: candidate.name.clone(), line: line.clone() };
            }
        }
        // What looks most like a model: capitals and digits in one word.
        let model = |line: &&String| {
            let word = |w: &str| {
                w.len() >= 3
                    && w.bytes().any(|b| b.is_ascii_digit())
                    && w.bytes().filter(u8::is_ascii_uppercase).count() > 1
            };
            line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(word)
        };
        let line = self.says.iter().find(model).or(self.says.first()).cloned();
        self.by_commands(candidates, line)
    }

    fn by_commands(&self, candidates: &[Candidate], line: Option<String>) -> Guess {
        let mut owners: BTreeMap<&str, usize> = BTreeMap::new();
        for candidate in candidates {
            candidate.commands.iter().for_each(|name| *owners.entry(name).or_default() += 1);
        }
        // What all have tells nothing, and what none has tells only that it is another module.
        let telling: Vec<&String> = self
            .commands
            .iter()
            .filter(|name| owners.get(&***name).is_none_or(|n| *n < candidates.len()))
            .collect();
        let known = |c: &Candidate| telling.iter().filter(|name| c.commands.contains(**name)).count();
        let best = candidates.iter().map(known).max().unwrap_or(0);
        let mut fits = candidates.iter().filter(|c| best > 0 && known(c) == best).map(|c| c.name.clone());
        match fits.next() {
            Some(profile) => {
                let others: Vec<String> = fits.collect();
                // What fits half of them tells nothing.
                match others.len() * 2 < candidates.len() {
                    true => Guess::Commands { profile, known: best, of: telling.len(), others, but: line },
                    false => Guess::None { line },
                }
            }
            None => Guess::None { line },
        }
    }
}

impl Candidate {
    /// Whether a line means this module: the longest of its names that stands there.
    fn is_meant(&self, line: &str) -> Option<usize> {
        let line = line.to_ascii_uppercase();
        let names = self.says.iter().map(String::as_str).chain([&*self.name]).map(str::to_ascii_uppercase);
        names.filter(|name| stands_in(name, &line)).map(|name| name.len()).max()
    }
}

/// Whether a name stands in a line as a word, or as the beginning of one (`SIM800` in `SIM800L`), or is long enough to stand
/// anywhere.
fn stands_in(name: &str, line: &str) -> bool {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + name.len()..].chars().next();
        let inside = before.is_some_and(char::is_alphanumeric);
        !digit(after) && (!inside || name.len() >= 6)
    })
}

impl Guess {
    /// The profile, where one fits at all.
    pub fn profile(&self) -> Option<&str> {
        match self {
            Guess::Named(profile) | Guess::Said { profile, .. } | Guess::Commands { profile, .. } => {
                Some(profile)
            }
            Guess::None { .. } => None,
        }
    }
}

impl fmt::Display for Guess {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Guess::Named(profile) => write!(f, "{profile}, which the log names"),
            Guess::Said { profile, line } => write!(f, "{profile}: it says \"{line}\""),
            Guess::Commands { profile, known, of, others, but } => {
                if let Some(line) = but {
                    write!(f, "none of ours: it says \"{line}\"; nearest is ")?;
                }
                write!(f, "{profile}, by its commands ({known} of {of} that tell)")?;
                if !others.is_empty() {
                    write!(f, "; {} would do as well", others.join(", "))?;
                }
                Ok(())
            }
            Guess::None { line: Some(line) } => write!(f, "none of ours: it says \"{line}\""),
            Guess::None { line: None } => f.write_str("unknown: neither what it says nor its commands tell"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates() -> Vec<Candidate> {
        let one = |name: &str, says: &str, commands: &[&str]| Candidate {
            name: name.into(),
            says: vec![says.into()],
            commands: commands.iter().map(|c| (*c).to_owned()).collect(),
        };
        vec![
            one("m95", "Quectel_M95", &["+CSQ", "+QIOPEN", "+QFTPOPEN"]),
            one("sim800", "SIMCOM_SIM800", &["+CSQ", "+CIPSTART", "+SAPBR"]),
            one("sim7080", "SIMCOM_SIM7080", &["+CSQ", "+CNACT"]),
        ]
    }

    fn evidence(commands: &[&str], says: &[&str]) -> Guess {
        let mut evidence = Evidence::default();
        commands.iter().for_each(|line| evidence.typed(line.as_bytes()));
        says.iter().for_each(|line| evidence.said(Some(b"ATI"), line.as_bytes()));
        evidence.guess(&candidates())
    }

    #[test]
    fn a_module_is_known_by_what_it_says() {
        for (line, profile) in [
            ("SIM800 R14.18", "sim800"),
            ("Revision:1418B04SIM800L24", "sim800"),
            ("SIM7080G R1951.08", "sim7080"),
            ("M95FAR02A08", "m95"),
            ("Quectel_M95", "m95"),
        ] {
            assert_eq!(evidence(&[], &[line]).profile(), Some(profile), "{line}");
        }
    }

    #[test]
    fn else_by_its_commands() {
        let guess =
            evidence(&["AT+CSQ", "at+qiopen=1,\"a;b\",2;+QFTPOPEN=\"x\"", "AT+QX?"], &["Quectel", "EC21"]);
        assert_eq!(guess.profile(), Some("m95"));
        assert_eq!(
            guess.to_string(),
            "none of ours: it says \"EC21\"; nearest is m95, by its commands (2 of 3 that tell)"
        );
        assert_eq!(evidence(&["AT+CSQ"], &[]).profile(), None);
        assert_eq!(evidence(&[], &["EC21"]), Guess::None { line: Some("EC21".into()) });
    }
}
