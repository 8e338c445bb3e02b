//! What an expectation says that was hardly meant: what can never be, never fail, or only by luck.

use super::written::{WrittenExpectation, Wrong, wrong};
use crate::fault::{Against, Known, Pattern, Weight, no_command, no_urc, odd};

/// The final result codes, which a module says beside what comes unasked.
const RESULTS: &[&str] = &[
    "OK",
    "ERROR",
    "NO CARRIER",
    "CONNECT*",
    "BUSY",
    "NO ANSWER",
    "NO DIALTONE",
    "NO DIAL TONE",
    "RING",
    "+CME ERROR: *",
    "+CMS ERROR: *",
];

type Doubt = (Weight, Wrong);

fn mistake(key: &'static str, what: impl Into<String>, right: impl Into<String>) -> Doubt {
    (Weight::Mistake, wrong(key, what, right))
}

impl WrittenExpectation {
    /// What was hardly meant, the worst not first.
    pub(super) fn doubts(&self, known: &Known) -> Vec<Doubt> {
        let mut doubts: Vec<Doubt> =
            self.patterns().into_iter().flat_map(|(key, pattern)| about(key, pattern)).collect();
        doubts.extend([("file", &self.file), ("equals", &self.equals)].into_iter().filter_map(
            |(key, file)| {
                let (weight, what, right) = odd(&Pattern::from(file.as_deref()?), Against::Name)?;
                Some((weight, wrong(key, what, right)))
            },
        ));
        doubts.extend(self.never_said(known));
        doubts.extend(self.nothing_before(known));
        doubts.extend(self.no_time());
        doubts.extend(self.no_count());
        if self.host_sends_in_order.as_ref().is_some_and(|order| order.len() == 1) {
            let what = "one command alone is in order wherever it stands";
            doubts.push((
                Weight::Warning,
                wrong("host_sends_in_order", what, "write two or more, or `host_sends`"),
            ));
        }
        doubts
    }

    fn patterns(&self) -> Vec<(&'static str, &Pattern)> {
        let one = [
            ("host_sends", &self.host_sends),
            ("host_never_sends", &self.host_never_sends),
            ("module_says", &self.module_says),
            ("module_never_says", &self.module_never_says),
            ("before", &self.before),
        ];
        let order = self.host_sends_in_order.iter().flatten().map(|p| ("host_sends_in_order", p));
        one.into_iter().filter_map(|(key, p)| Some((key, p.as_ref()?))).chain(order).collect()
    }

    /// A line that the module never says.
    fn never_said(&self, known: &Known) -> Option<Doubt> {
        let (key, pattern, void) = match (&self.module_says, &self.module_never_says) {
            (Some(says), _) => ("module_says", says, "nothing can meet this"),
            (None, Some(never)) => ("module_never_says", never, "nothing can fail this"),
            (None, None) => return None,
        };
        let (what, right) = unsaid(pattern, known)?;
        Some(mistake(key, format!("{void}: {what}"), right))
    }

    /// A `before` that no line could be later than.
    fn nothing_before(&self, known: &Known) -> Option<Doubt> {
        let before = self.before.as_ref()?;
        let host = self.host_sends.is_some();
        let line = self.host_sends.as_ref().or(self.module_says.as_ref())?;
        if line.covers(before) {
            let what = format!("a line that is `{before}` is one of these itself, and comes before none");
            return Some(mistake("before", what, "name another line"));
        }
        let (what, right) = match host {
            true => no_command(before, known.commands)?,
            false => unsaid(before, known)?,
        };
        let right = format!(
            "{right}; lines of {} go before each other",
            if host { "the host" } else { "the module" }
        );
        Some(mistake("before", format!("everything comes before this: {what}"), right))
    }

    /// Times that leave no room, or all.
    fn no_time(&self) -> Option<Doubt> {
        let zero = |span: Option<crate::time::units::Span>| span.is_some_and(|span| span.0.is_zero());
        match () {
            () if zero(self.within) => {
                Some(mistake("within", "no line comes in no time", "write more than 0s"))
            }
            () if zero(self.not_before) => Some(mistake(
                "not_before",
                "no line comes before this",
                "write more than 0s, or leave it out",
            )),
            () if zero(self.ends_within) => {
                Some(mistake("ends_within", "no run ends in no time", "write more than 0s"))
            }
            () => None,
        }
    }

    /// Numbers that every run meets, or that leave nothing to be timed.
    fn no_count(&self) -> Option<Doubt> {
        if self.at_least == Some(0) && self.at_most.is_none() {
            return Some(mistake("at_least", "every run meets this", "write 1 or more, or `at_most`"));
        }
        let none = self.at_most == Some(0) || self.exactly == Some(0);
        let limits = [
            ("within", self.within.is_some()),
            ("not_before", self.not_before.is_some()),
            ("before", self.before.is_some()),
        ];
        let (key, _) = limits.into_iter().find(|(_, there)| none && *there)?;
        Some(mistake(key, "where no line may come, none can be in time", "leave it out, or allow one"))
    }
}

fn about(key: &'static str, pattern: &Pattern) -> Option<Doubt> {
    odd(pattern, Against::Line).map(|(weight, what, right)| (weight, wrong(key, what, right)))
}

/// Why the module says no such line, unasked or as a final result code.
fn unsaid(pattern: &Pattern, known: &Known) -> Option<(String, String)> {
    let result = RESULTS.iter().any(|code| pattern.meets(&Pattern::from(*code)));
    let own = known.codes.unwrap_or_default().iter().any(|code| code.meets(pattern));
    let number = pattern.as_str().len() == 1 && pattern.as_str().bytes().all(|b| b.is_ascii_digit());
    if result || own || number { None } else { no_urc(pattern, known) }
}
