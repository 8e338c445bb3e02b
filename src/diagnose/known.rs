//! What is known of the module: its commands, what it says unasked, and what its numbers mean.

use crate::at::result::CME_TEXTS;
use crate::fault::Pattern;
use crate::maker::{MAKERS, PROFILES};
use crate::modem::Vocabulary;
use crate::modem::outcome::{CME_REASONS, Meaning, Outcomes, Reason, Sorted};
use crate::profile::{self, ErrorCode, Profile};
use crate::replay::script::is_boot;
use std::collections::{BTreeMap, BTreeSet};

/// What modules say unasked beside what their makers list: 27.005, 27.007, and what logs of the field show.
const UNASKED: &[&str] = &[
    "+CREG: *",
    "+CGREG: *",
    "+CEREG: *",
    "+CMTI:*",
    "+CMT:*",
    "+CDS:*",
    "+CDSI:*",
    "+CLIP:*",
    "+CRING:*",
    "+CUSD:*",
    "+CGEV:*",
    "+CIEV:*",
    "+CTZV:*",
    "+CTZE:*",
    "*PSNWID:*",
    "*PSUTTZ:*",
    "DST:*",
    "+PDP: DEACT",
    "+PDP DEACT",
    "+SAPBR *: DEACT",
    "+APP PDP:*",
    "+QIURC:*",
    "+QIND:*",
    "+CADATAIND:*",
    "+CASTATE:*",
    "+CIPRXGET: 1,*",
    "NORMAL POWER DOWN",
    "UNDER-VOLTAGE*",
    "OVER-VOLTAGE*",
    "+CPIN: NOT*",
    "RING",
    "RDY",
    "Call Ready",
    "SMS Ready",
];

/// What a report says of its operation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    /// Data may move now.
    Opened,
    /// It is over, and went well.
    Done(i32),
    /// It is over, with this number.
    Failed(i32, &'static Meaning),
}

/// What is known of the module of a recording, or of all modules where it does not say which.
#[derive(Debug)]
pub struct Known {
    outcomes: Vec<&'static Outcomes>,
    reasons: Vec<Sorted>,
    words: BTreeMap<u16, String>,
    urcs: Vec<Pattern>,
    /// Its commands; empty where the module is not known.
    commands: BTreeSet<String>,
    arguments: BTreeSet<u16>,
    /// Whether `AT+CPIN?` ends with OK.
    pub(super) cpin_ok: bool,
}

impl Known {
    /// What is known of a module of this profile; of any where there is none.
    pub fn of(profile: Option<&Profile>) -> Known {
        let mut known = Known {
            outcomes: vec![],
            reasons: vec![],
            words: BTreeMap::new(),
            urcs: UNASKED.iter().map(|line| Pattern::from(*line)).collect(),
            commands: BTreeSet::new(),
            arguments: BTreeSet::new(),
            cpin_ok: true,
        };
        match profile {
            Some(profile) => known.add(profile, true),
            None => {
                let find = |name: &str| {
                    PROFILES
                        .iter()
                        .find(|(n, _)| *n == name)
                        .map(|(n, t)| (format!("{n}.toml"), t.to_string()))
                };
                for (name, text) in PROFILES {
                    if let Ok(profile) = profile::load(&format!("{name}.toml"), text, &find) {
                        known.add(&profile, false);
                    }
                }
            }
        }
        known.reasons.extend(CME_REASONS);
        for (number, words) in CME_TEXTS {
            known.words.entry(*number).or_insert_with(|| (*words).to_owned());
        }
        known
    }

    fn add(&mut self, profile: &Profile, alone: bool) {
        let Some(maker) = MAKERS.iter().find(|maker| maker.name == profile.vendor) else { return };
        self.outcomes.extend(maker.outcomes);
        self.reasons.extend(maker.reasons);
        for (number, words) in &profile.cme {
            self.words.entry(*number).or_insert_with(|| words.clone());
        }
        let Ok(behaviour) = (maker.make)(profile) else { return };
        let module = Vocabulary::new(behaviour.as_ref(), profile);
        // What looks like a part of an answer is no sign.
        let clear = |pattern: &Pattern| {
            let text = pattern.as_str();
            text.starts_with(['+', '*', '^']) && !text.starts_with("+CME") && text.trim_matches('*').len() > 4
        };
        // Names of reports are also those of settings; what is a report shows its number.
        let report = |pattern: &Pattern| {
            maker.outcomes.iter().any(|o| o.reports.iter().any(|begin| pattern.as_str().starts_with(begin)))
        };
        self.urcs.extend(module.urcs().into_iter().filter(|pattern| clear(pattern) && !report(pattern)));
        if alone {
            self.cpin_ok = profile.sim.cpin_ok;
            let rows = module.rows();
            let plain = profile.commands.keys().map(String::as_str);
            self.commands = rows.iter().map(|row| row.name).chain(plain).map(str::to_owned).collect();
            let e = &profile.errors;
            self.arguments = [e.syntax, e.missing, e.extra, e.range, e.too_long]
                .into_iter()
                .filter_map(|code| if let ErrorCode::Cme(n) = code { Some(n) } else { None })
                .collect();
        }
    }

    /// Whether the model of this module has no such command; `false` where the module is not known.
    pub(super) fn lacks(&self, name: &str) -> bool {
        !self.commands.is_empty() && !self.commands.contains(name)
    }

    /// Whether a line is one that modules say unasked.
    pub(super) fn is_urc(&self, line: &str) -> bool {
        self.urcs.iter().any(|pattern| pattern.matches(line)) || self.outcome(line).is_some()
    }

    /// Whether a line is the first of a module that has just started.
    pub(super) fn is_boot(line: &str) -> bool {
        is_boot(line)
    }

    /// The number in a report that an operation has ended, and what it means where it means a failure.
    pub(super) fn outcome(&self, line: &str) -> Option<Outcome> {
        self.outcomes.iter().find_map(|outcomes| {
            let number = outcomes.number(line)?;
            Some(match outcomes.meaning(number) {
                Some(meaning) => Outcome::Failed(number, meaning),
                None if outcomes.opens.contains(&number) => Outcome::Opened,
                None => Outcome::Done(number),
            })
        })
    }

    /// Whether a command begins what ends with a report.
    pub(super) fn reports(&self, command: &str) -> bool {
        let begins = |o: &&Outcomes| o.commands.iter().any(|c| Pattern::from(*c).matches(command));
        self.outcomes.iter().any(begins)
    }

    /// The sort and the words of a `+CME ERROR` number.
    pub(super) fn cme(&self, number: u16) -> (Option<Reason>, &str) {
        let sorted = self.reasons.iter().find(|(from, to, _)| (*from..=*to).contains(&number));
        let reason = match self.arguments.contains(&number) {
            true => Some(Reason::Argument),
            false => sorted.map(|(_, _, reason)| *reason),
        };
        (reason, self.words.get(&number).map_or("", String::as_str))
    }

    /// The number of a text that `AT+CMEE=2` prints.
    pub(super) fn number(&self, words: &str) -> Option<u16> {
        self.words.iter().find(|(_, known)| known.eq_ignore_ascii_case(words)).map(|(number, _)| *number)
    }
}
