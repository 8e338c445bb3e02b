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

/// How far an operation was when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing was under way.
    Idle,
    /// It had begun.
    Begun,
    /// Data moved: so many octets had come.
    Moving(u64),
}

/// The FTP verb behind a command, by what its name holds.
const VERBS: &[(&str, &str)] = &[
    ("PUT", "STOR"),
    ("STOR", "STOR"),
    ("OPEN", "PASS"),
    ("GET", "RETR"),
    ("RETR", "RETR"),
    ("LIST", "LIST"),
    ("SIZE", "SIZE"),
    ("MKD", "MKD"),
    ("RMD", "RMD"),
    ("PWD", "PWD"),
    ("CDUP", "CDUP"),
    ("CWD", "CWD"),
    ("PATH", "CWD"),
    ("DEL", "DELE"),
    ("REN", "RNFR"),
    ("STAT", "STAT"),
    ("SYST", "SYST"),
    ("NOOP", "NOOP"),
    ("CLOSE", "QUIT"),
    ("MDTM", "MDTM"),
];

/// What shows the same as a report of failure: first what would cause it, then what only says it.
pub(super) fn report(
    asked: &Asked,
    now: Duration,
    number: i32,
    meaning: &Meaning,
    stage: Stage,
) -> Vec<Vec<Proposed>> {
    let waited = now.saturating_sub(asked.at);
    let at_once = |what: String| vec![Proposed::of(asked, None, what)];
    let then = |what: &str| vec![Proposed::of(asked, Some(waited), what.into())];
    let force =
        vec![Proposed::of(asked, Some(waited.saturating_sub(ROUND_TRIP)), format!("force = {number}"))];
    let name = asked.text.to_ascii_uppercase();
    let name = name.split('=').next().unwrap_or_default();
    let verb = VERBS.iter().find(|(part, _)| name.contains(part)).map_or("*", |(_, verb)| *verb);
    let reply = |code: i32, verb: &str| at_once(format!("reply = {code}, verb = \"{verb}\""));
    let moved = |what: &str| match stage {
        Stage::Moving(octets) if octets > 0 => {
            let when = format!("link = \"ftp.data\", after_bytes = {octets}");
            Some(Proposed { when, what: what.into(), lasts: None })
        }
        _ => None,
    };
    // What the server says when all has come.
    let last_word = |what: String| {
        vec![Proposed { when: format!("verb = \"{verb}\", reply = \"226\""), what, lasts: None }]
    };
    let stall = moved("stall = \"down\"").map(|rule| vec![rule.during(Duration::from_secs(90))]);
    let mut likely: Vec<Vec<Proposed>> = vec![];
    match (meaning.reason, stage) {
        (Reason::Closed, Stage::Idle) => likely.push(then("hang_up = 421")),
        (Reason::Bearer, _) => likely.push(then("pdp_drop = \"all\"")),
        (_, Stage::Idle) => return vec![],
        (Reason::Name, _) => likely.push(at_once("nxdomain = \"*\"".into())),
        (Reason::Connection, _) => likely.push(at_once("refused = \"*\"".into())),
        (Reason::Silence, _) => {
            likely.extend(stall);
            likely.push(at_once("connect_silence = \"*\"".into()));
            likely.push(at_once("no_reply = true, verb = \"CONNECT\"".into()));
            likely.push(last_word("late_reply = \"10m\"".into()));
        }
        (Reason::Closed, _) => {
            let hang = then("hang_up = 421");
            likely.extend(stall.map(|stall| [stall, hang.clone()].concat()));
            likely.push(hang);
            likely.push(at_once("cut = \"rst\", link = \"ftp.control\"".into()));
            let opened = "opened = \"ftp.control\"".to_owned();
            likely.push(vec![Proposed { when: opened, what: "cut = \"rst\"".into(), lasts: None }]);
        }
        (Reason::Login, _) => {
            let code = if number < -99 { number.abs() } else { 530 };
            likely.push(reply(code, if number == 71 { "USER" } else { "PASS" }));
        }
        (Reason::Transfer | Reason::Refused | Reason::Reply | Reason::Unknown, _) => {
            let code = if number < -99 { number.abs() } else { 550 };
            likely.push(reply(code, verb));
            likely.extend(moved("cut = \"rst\"").map(|rule| vec![rule]));
            likely.push(last_word(format!("relabel = {}", if number < -99 { code } else { 451 })));
        }
        // The module says so by itself where the host does the same again.
        (Reason::State | Reason::Argument, _) => likely.push(vec![]),
        _ => {}
    }
    likely.into_iter().chain([force]).collect()
}

/// What was around the module.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The server's files.
    pub stock: &'a Stock,
    /// Signal and registration, as `[[radio]]` has them; empty where they are the profile's.
    pub radio: &'a str,
}

/// Writes the scenario: of each finding the faults that were chosen, an expectation to be filled in, and what was on
/// the server.
pub fn text(
    file: &str,
    profile: Option<&str>,
    around: &Around,
    chosen: &[(&Finding, &[Proposed])],
    answers: &[(usize, Proposed)],
) -> String {
    let mut out = format!("# What the module of {} did, so that a host meets it again.\n", one_line(file));
    if let Some(profile) = profile {
        let _ = writeln!(out, "profile = {}", quoted(profile));
    }
    let files = around.stock.toml();
    if !files.is_empty() {
        let _ = write!(out, "\n[server.files]\n{files}");
    }
    out.push_str(around.radio);
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
            let _ = writeln!(
                out,
                "# The recording does not show the cause; this is the weakest fault that shows the same."
            );
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
