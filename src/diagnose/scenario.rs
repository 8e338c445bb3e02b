//! Findings -> a scenario: the faults that show the same, with their triggers.

use super::port::Asked;
use super::stock::Stock;
use super::{Code, Finding};
use crate::modem::outcome::{Meaning, Reason};
use std::fmt::Write as _;
use std::time::Duration;

/// A fault as a scenario writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// What stands between the braces of `when`; empty where it holds from the start.
    pub when: String,
    /// What stands between the braces of `what`.
    pub what: String,
    /// How long it holds.
    pub lasts: Option<Duration>,
}

impl Proposed {
    /// A fault that a command triggers, `wait` after it.
    pub(super) fn of(asked: &Asked, wait: Option<Duration>, what: String) -> Proposed {
        let mut when = format!("command = {}", quoted(&asked.text));
        // Without a number it is the first.
        if let Some(nth) = asked.nth.filter(|nth| *nth > 1) {
            let _ = write!(when, ", nth = {nth}");
        }
        if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
            let _ = write!(when, ", wait = \"{}ms\"", wait.as_millis().max(1));
        }
        Proposed { when, what, lasts: None }
    }

    /// One that holds from power-on.
    pub(super) fn always(what: impl Into<String>) -> Proposed {
        Proposed { when: String::new(), what: what.into(), lasts: None }
    }

    /// The same, with one more key in `what`.
    pub(super) fn about(mut self, more: &str) -> Proposed {
        let _ = write!(self.what, ", {more}");
        self
    }

    fn write(&self, out: &mut String, name: &str) {
        let _ = writeln!(out, "[[fault]]\nname = \"{name}\"");
        if !self.when.is_empty() {
            let _ = writeln!(out, "when = {{ {} }}", self.when);
        }
        let _ = writeln!(out, "what = {{ {} }}", self.what);
        if let Some(lasts) = self.lasts {
            let _ = writeln!(out, "for = \"{}ms\"", lasts.as_millis().max(1));
        }
        out.push('\n');
    }

    /// The same, for so long.
    pub(super) fn during(mut self, span: Duration) -> Proposed {
        self.lasts = Some(span);
        self
    }
}

/// How long after its cause a report comes, about.
const ROUND_TRIP: Duration = Duration::from_millis(450);

/// What shows the same as a report of failure: first what would cause it, then what only says it.
pub(super) fn report(asked: &Asked, now: Duration, number: i32, meaning: &Meaning) -> Vec<Vec<Proposed>> {
    let waited = now.saturating_sub(asked.at);
    let at_once = |what: String| vec![Proposed::of(asked, None, what)];
    let force = vec![Proposed::of(asked, Some(waited.saturating_sub(ROUND_TRIP)), format!("force = {number}"))];
    let upper = asked.text.to_ascii_uppercase();
    let verb = match () {
        () if upper.contains("PUT") || upper.contains("STOR") => "STOR",
        () if upper.contains("OPEN") => "PASS",
        () if upper.contains("GET") || upper.contains("RETR") => "RETR",
        () if upper.contains("LIST") => "LIST",
        () if upper.contains("SIZE") => "SIZE",
        () if upper.contains("MKD") => "MKD",
        () if upper.contains("RMD") => "RMD",
        () if upper.contains("CWD") || upper.contains("PATH") => "CWD",
        () if upper.contains("DEL") => "DELE",
        () if upper.contains("REN") => "RNFR",
        () => "*",
    };
    let reply = |code: i32, verb: &str| at_once(format!("reply = {code}, verb = \"{verb}\""));
    let likely = match meaning.reason {
        Reason::Name => Some(at_once("nxdomain = \"*\"".into())),
        Reason::Connection => Some(at_once("refused = \"*\"".into())),
        Reason::Silence => Some(at_once("connect_silence = \"*\"".into())),
        Reason::Reply => Some(reply(number.abs(), verb)),
        Reason::Login if number < -99 => Some(reply(number.abs(), "PASS")),
        Reason::Login => Some(reply(530, if number == 71 { "USER" } else { "PASS" })),
        Reason::Closed => Some(vec![Proposed::of(asked, Some(waited), "hang_up = 421".into())]),
        Reason::Bearer => Some(vec![Proposed::of(asked, Some(waited), "pdp_drop = \"all\"".into())]),
        Reason::Transfer | Reason::Refused | Reason::Unknown => Some(reply(550, verb)),
        // The module says so by itself where the host does the same again.
        Reason::State | Reason::Argument => Some(vec![]),
        _ => None,
    };
    likely.into_iter().chain([force]).collect()
}

/// Writes the scenario: of each finding the faults that were chosen, an expectation to be filled in, and what was on
/// the server.
pub fn text(
    file: &str,
    profile: Option<&str>,
    stock: &Stock,
    chosen: &[(&Finding, &[Proposed])],
    answers: &[(usize, Proposed)],
) -> String {
    let mut out = format!("# What the module of {} did, so that a host meets it again.\n", one_line(file));
    if let Some(profile) = profile {
        let _ = writeln!(out, "profile = {}", quoted(profile));
    }
    let files = stock.toml();
    if !files.is_empty() {
        let _ = write!(out, "\n[server.files]\n{files}");
    }
    for (finding, rules) in chosen {
        let place = format!("{}:{}", one_line(file), finding.line);
        let _ = write!(out, "\n# {place}: {}: {}\n", finding.code, one_line(&finding.sentence));
        if rules.is_empty() {
            let why = match finding.faults.is_empty() {
                true => "No fault: it is the host's doing, or follows from another finding.",
                false => "No fault: the module says so by itself.",
            };
            let _ = writeln!(out, "# {why}");
        } else if cause_unknown(finding.code) {
            let _ = writeln!(out, "# The recording does not show the cause; this is the weakest fault that shows the same.");
        }
        for (number, rule) in rules.iter().enumerate() {
            let name = match number {
                0 => format!("{}-{}", finding.code, finding.line),
                n => format!("{}-{}-{}", finding.code, finding.line, n + 1),
            };
            rule.write(&mut out, &name);
        }
    }
    if !answers.is_empty() {
        out.push_str("\n# What the module answered, and the model would not: words put into its mouth.\n");
    }
    for (line, rule) in answers {
        rule.write(&mut out, &format!("answer-{line}"));
    }
    out + EXPECT
}

const EXPECT: &str = "
# What must come of it in spite of all that: fill this in (`docs/scenario.md` has all the keys). For example, that the host
# sends a command again, or that the whole file is on the server.
#
# [[expect]]
# host_sends = \"AT+FTPGET=1\"
# at_least = 2
#
# [[expect]]
# file = \"up.txt\"
# size = 48
";

/// The rule that has the `nth` command of this text answered with these lines. It is carried out all the same where
/// they say so.
pub fn answered(command: &str, nth: u32, lines: &[String]) -> Proposed {
    let asked = Asked { text: command.to_owned(), line: 0, nth: Some(nth), at: Duration::ZERO };
    let lines: Vec<String> = lines.iter().map(|line| quoted(line)).collect();
    let done = lines.iter().any(|line| line == "\"OK\"");
    Proposed::of(&asked, None, format!("answer = [{}], carried_out = {done}", lines.join(", ")))
}

/// Whether several causes show so, and none can be told from the recording.
fn cause_unknown(code: Code) -> bool {
    matches!(
        code,
        Code::NoAnswer
            | Code::ModuleSilent
            | Code::LateAnswer
            | Code::LateReport
            | Code::MissingReport
            | Code::OperationFailed
            | Code::Refused
            | Code::PlainError
            | Code::DataShort
            | Code::DataOverrun
            | Code::DataDoubled
            | Code::DamagedAnswer
            | Code::ResetBare
            | Code::ServerSilent
    )
}

/// A string as TOML has it.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Text that cannot end its comment.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
