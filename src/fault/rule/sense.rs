//! What a pattern or a fault says that was hardly meant: it matches nothing that there is, or does nothing.

use crate::at::ResultCode;
use crate::fault::layer::Action;
use crate::fault::layer::ftp::{FtpFault, Scripted, Then};
use crate::fault::layer::kind::Nature;
use crate::fault::layer::link::LinkFault;
use crate::fault::layer::module::{Module, ModuleFault};
use crate::fault::layer::name::NameFault;
use crate::fault::layer::uart::{ControlLine, UartFault};
use crate::fault::rule::Rule;
use crate::fault::rule::amount::Lasts;
use crate::fault::rule::check::{Known, Never};
use crate::fault::rule::trigger::Trigger;
use crate::fault::text::files::path_parts;
use crate::fault::text::pattern::Pattern;
use crate::fault::text::problem::{Problem, Weight};
use crate::time::units::Span;
use crate::words::nearest;
use core::net::Ipv4Addr;
use std::time::Duration;

/// What a pattern is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// What hosts and modules say: lines, verbs, codes.
    Line,
    /// Names of files and hosts, in which anything may be.
    Name,
}

/// Why a pattern was hardly meant as it is written.
pub fn odd(pattern: &Pattern, against: Against) -> Option<(Weight, String, String)> {
    let text = pattern.as_str();
    let wrong = |what: String, right: &str| Some((Weight::Mistake, what, right.to_owned()));
    if let Some(c) = text.chars().find(|c| c.is_ascii_control()) {
        let name = c.escape_default();
        return wrong(format!("`{name}` is in no line: lines come without their ends"), "leave it out");
    }
    if text.is_empty() {
        return wrong("an empty pattern matches nothing".to_owned(), "write `*` for anything");
    }
    if against == Against::Line && text.trim() != text {
        return wrong(format!("no line begins or ends with a blank as `{text}` does"), "leave the blank out");
    }
    let odd = [
        (
            class(text),
            "only `*` has a meaning of its own in a pattern: write `*` for what differs, or one rule for each",
        ),
        (escape(text), "a backslash stands for itself, and so does all but `*`"),
        (regular(text, against), "this is no regular expression: `*` alone stands for anything"),
    ];
    let (part, right) = odd.into_iter().find_map(|(part, right)| Some((part?, right)))?;
    // What is quoted in a command may be any name.
    let quoted = text.find('"').is_some_and(|quote| text.find(part).is_some_and(|at| at > quote));
    let weight = if against == Against::Name || quoted || !part.starts_with('[') {
        Weight::Warning
    } else {
        Weight::Mistake
    };
    Some((weight, format!("`{part}` stands for itself"), right.to_owned()))
}

/// `[12]`, `[0-9]`
fn class(text: &str) -> Option<&str> {
    let begin = text.find('[')?;
    let end = begin + text[begin..].find(']')?;
    (end > begin + 1).then(|| &text[begin..=end])
}

/// `\d`, `\r`
fn escape(text: &str) -> Option<&str> {
    let at = text.find('\\')?;
    text.get(at..at + 2)
}

/// `.*`, `.+`, `^AT`, `OK$`, `RETR|STOR`
fn regular(text: &str, against: Against) -> Option<&str> {
    let line = against == Against::Line;
    let whole = |part| text.find(part).map(|at| &text[at..at + 2]);
    match () {
        () if line && text.starts_with("^AT") => Some("^"),
        () if line && text.len() > 1 && text.ends_with('$') => Some("$"),
        () if line && text.contains('|') && !text.contains('"') => Some("|"),
        () if line => whole(".*").or_else(|| whole(".+")),
        () if text.contains('?') => Some("?"),
        () => None,
    }
}

/// Why the module never says such a line unasked.
pub fn no_urc(pattern: &Pattern, known: &Known) -> Option<(String, String)> {
    let whole = known.lines.is_some_and(|lines| lines.contains(&pattern.as_str().to_ascii_uppercase()));
    if whole || known.urcs.is_empty() || known.urcs.iter().any(|urc| urc.meets(pattern)) {
        return None;
    }
    let text = pattern.as_str();
    let open = Pattern::from(format!("{text}*").as_str());
    let right = match known.urcs.iter().find(|urc| urc.meets(&open)) {
        Some(_) => format!("a pattern is the whole line: write `{text}*`"),
        None => {
            let name = name_of(text);
            let names = known.urcs.iter().map(|urc| name_of(urc.as_str()));
            let near = nearest(name, names.filter(|known| !known.contains('*')));
            match near {
                Some(near) if near.eq_ignore_ascii_case(name) => {
                    let like = known.urcs.iter().find(|urc| name_of(urc.as_str()) == near);
                    format!("it says `{}`", like.map_or("", |urc| urc.as_str()))
                }
                Some(near) => format!("did you mean `{near}`?"),
                None => "only lines that come unasked count, not what answers a command".to_owned(),
            }
        }
    };
    Some((format!("the module never says `{text}` unasked"), right))
}

fn name_of(line: &str) -> &str {
    line.split(':').next().unwrap_or(line).trim_end_matches('*')
}

/// More doubts than a person looks into before the next try.
pub const DOUBTS: usize = 100;

/// What in `rules` was hardly meant as it is written, the first [`DOUBTS`]. In a run that passes nothing happens after
/// `end`.
pub fn doubts(rules: &[Rule], known: &Known, end: Option<Duration>) -> Vec<Problem> {
    let mut problems = vec![];
    let mut told = |i: usize, table: &'static str, (weight, never): (Weight, Never)| {
        let rule: &Rule = &rules[i];
        let span = if table == "until" { rule.when_spans[1].clone() } else { None };
        let key = Some((i, table, never.key));
        problems.push(Problem {
            key,
            weight,
            ..Problem::new(span.unwrap_or(rule.span.clone()), never.what, never.right)
        });
    };
    let lifts = lifted_at_all(rules);
    for (i, rule) in rules.iter().enumerate() {
        let until = rule.until.as_ref().map(|(trigger, _)| trigger);
        let mut clear = true;
        for (table, trigger) in [("when", Some(&rule.when)), ("until", until)] {
            let Some(trigger) = trigger else { continue };
            if let Some(doubt) = doubt_about(trigger, known) {
                clear = false;
                told(i, table, doubt);
            } else if let Trigger::Lifted(name) = trigger
                && lifts.get(name.as_str()) == Some(&false)
            {
                let what = format!("the fault `{name}` holds to the end, unless a request lifts it");
                let right = "give it `for` or `until`, or wait for `after`";
                told(i, table, (Weight::Warning, Never::new("lifted", what, right)));
            }
        }
        let timed = match &rule.when {
            Trigger::At(at) => Some(("at", *at)),
            Trigger::Each(period) => Some(("each", *period)),
            Trigger::Quiet(_, span) => Some(("quiet", *span)),
            _ => None,
        };
        if let (Some((key, at)), Some(end)) = (timed, end)
            && at + rule.wait > end
        {
            let what = format!(
                "the fault can never fire in a run that passes: at {} it is over, as `ends_within` says",
                Span(at + rule.wait)
            );
            told(
                i,
                "when",
                (Weight::Mistake, Never::new(key, what, format!("write less than {}", Span(end)))),
            );
        }
        // What a fault takes over from its trigger is told once.
        if let Some(doubt) = idle(rule, known).filter(|_| clear) {
            told(i, "what", doubt);
        }
        if rule.name.as_deref() == Some("start") {
            let right = "give it another name: `since = \"start\"` is the start of the run";
            told(i, "", (Weight::Mistake, Never::new("name", "no fault can be named `start`", right)));
        }
    }
    // No mistake goes untold for warnings.
    problems.sort_by_key(|problem| problem.weight);
    problems.truncate(DOUBTS);
    problems
}

/// Whether each fault with a name ends by itself, or by what the file says.
fn lifted_at_all(rules: &[Rule]) -> std::collections::BTreeMap<&str, bool> {
    let ends = |rule: &Rule| {
        rule.kind.nature == Nature::Instant
            || rule.until.is_some()
            || matches!(rule.lasts, Lasts::For(_))
            || (rule.lasts == Lasts::Once && rule.kind.nature == Nature::Next)
    };
    rules.iter().filter_map(|rule| Some((rule.name.as_deref()?, ends(rule)))).collect()
}

type Doubt = (Weight, Never);

fn mistake(key: &'static str, what: impl Into<String>, right: impl Into<String>) -> Option<Doubt> {
    Some((Weight::Mistake, Never::new(key, what, right)))
}

fn about(key: &'static str, pattern: &Pattern, against: Against) -> Option<Doubt> {
    odd(pattern, against).map(|(weight, what, right)| (weight, Never::new(key, what, right)))
}

/// Why what a rule waits for was hardly meant.
fn doubt_about(trigger: &Trigger, known: &Known) -> Option<Doubt> {
    let verb = |verb: &Pattern, file: &Pattern| {
        (about("verb", verb, Against::Line)).or_else(|| no_file(verb, file)).or_else(|| unsent(verb, known))
    };
    match trigger {
        Trigger::Command(command, _) => about("command", command, Against::Line),
        Trigger::Result(result, _) => about("result", result, Against::Line),
        Trigger::Urc(urc, _) => about("urc", urc, Against::Line).or_else(|| {
            let (what, right) = no_urc(urc, known)?;
            mistake("urc", format!("the fault can never fire: {what}"), right)
        }),
        Trigger::Verb(v, file) => verb(v, file),
        Trigger::Reply(v, file, code) => about("reply", code, Against::Line).or_else(|| verb(v, file)),
        Trigger::Lookup(host) => about("lookup", host, Against::Name).or_else(|| no_name("lookup", host)),
        Trigger::Connect(host) => about("connect", host, Against::Name).or_else(|| no_host("connect", host)),
        _ => None,
    }
}

/// The verbs of RFC 959 and its successors that take no path.
const PATHLESS: &[&str] = &[
    "USER", "PASS", "ACCT", "CDUP", "QUIT", "REIN", "PORT", "PASV", "EPRT", "EPSV", "TYPE", "STRU", "MODE",
    "ALLO", "REST", "ABOR", "PWD", "XPWD", "SYST", "NOOP", "FEAT", "CONNECT", "OPTS", "AUTH", "PBSZ", "PROT",
    "CCC",
];

/// Verbs that take a path: a pattern that matches one of these is about them, too.
const WITH_PATH: &[&str] = &[
    "RETR", "STOR", "STOU", "APPE", "LIST", "NLST", "MLSD", "MLST", "CWD", "DELE", "MKD", "RMD", "SIZE",
    "MDTM", "RNFR", "RNTO", "STAT", "XMKD", "XRMD",
];

/// Why a verb never comes with such a file.
fn no_file(verb: &Pattern, file: &Pattern) -> Option<Doubt> {
    if *file == Pattern::any() {
        return None;
    }
    let pathless = PATHLESS.iter().find(|v| verb.matches(v));
    if let Some(verb) = pathless.filter(|_| !WITH_PATH.iter().any(|v| verb.matches(v))) {
        let looks = file.as_str().contains(['/', '.']);
        let takes =
            matches!(*verb, "CDUP" | "QUIT" | "REIN" | "PASV" | "ABOR" | "PWD" | "XPWD" | "SYST" | "NOOP");
        if takes || looks && !matches!(*verb, "USER" | "PASS" | "PORT" | "EPRT") {
            return mistake("file", format!("{verb} comes without a file"), "leave `file` out");
        }
    }
    let (text, right) = (file.as_str(), "write it from the server's root");
    about("file", file, Against::Name).or_else(|| {
        // A client may say what leads out of the root all the same.
        let outside = !text.contains('*') && text != "/" && path_parts(text).is_none();
        outside.then(|| {
            (Weight::Warning, Never::new("file", format!("`{text}` is no path on the server"), right))
        })
    })
}

/// Why no path on the server matches: those that the storage is asked for have no `..` and no empty names left in them.
fn outside(key: &'static str, file: &Pattern) -> Option<Doubt> {
    let text = file.as_str();
    let mut names = text.strip_prefix('/').unwrap_or(text).split('/');
    if text == "/" {
        return None;
    }
    if names.any(|name| matches!(name, "" | "." | "..") || name.contains('\0')) {
        let right = "write it from the server's root, such as \"/dir/file\" or \"*.part\"";
        return mistake(key, format!("`{text}` is no path on the server"), right);
    }
    None
}

/// Why no module here sends this verb.
fn unsent(verb: &Pattern, known: &Known) -> Option<Doubt> {
    if known.sent.is_empty() || known.sent.iter().any(|sent| verb.matches(sent)) {
        return None;
    }
    let what = format!("the module's FTP client never sends `{verb}`");
    let right =
        format!("only a host that speaks FTP over a socket can; the client sends {}", known.sent.join(", "));
    Some((Weight::Warning, Never::new("verb", what, right)))
}

fn no_name(key: &'static str, host: &Pattern) -> Option<Doubt> {
    let text = host.as_str();
    match text.parse::<Ipv4Addr>() {
        Ok(_) => mistake(
            key,
            format!("the address {text} is not looked up"),
            "write a name, or wait for `connect`",
        ),
        Err(_) => no_host(key, host),
    }
}

fn no_host(key: &'static str, host: &Pattern) -> Option<Doubt> {
    let text = host.as_str();
    (text.contains(['/', ':', ' ', '@'])).then_some(())?;
    mistake(
        key,
        format!("`{text}` is no name of a host and no address"),
        "write the name alone, without scheme and port",
    )
}

/// Why a fault does nothing that can be seen, or nothing that was meant.
fn idle(rule: &Rule, known: &Known) -> Option<Doubt> {
    let nothing =
        |why: &str, right: &str| mistake(rule.kind.name, format!("the fault does nothing: {why}"), right);
    match &rule.what {
        Action::Module(m) => module(m, known, &nothing),
        Action::Uart(u) => match &u.what {
            UartFault::Hold(by) if by.is_none() => nothing("no time is no delay", "write more than 0s"),
            UartFault::Interject(bytes) if bytes.is_empty() => {
                nothing("there is nothing to say", "write a text")
            }
            UartFault::Pieces { gap, .. } if gap.is_zero() => {
                nothing("pieces with no time between are one", "write a `gap` of more than 0s")
            }
            UartFault::Unplug(gone) if gone.is_zero() => {
                nothing("the port is gone for no time", "write more than 0s")
            }
            UartFault::Line { line: ControlLine::Dsr | ControlLine::Cts, on: true } => {
                nothing("this line is on, and only a fault has it off", "write on = false")
            }
            _ => None,
        },
        Action::Link(l) => match l.what {
            LinkFault::Latency { by, jitter } if by.is_zero() && jitter.is_zero() => {
                nothing("no time is no delay", "write more than 0s")
            }
            LinkFault::Bursts { begins, lost, .. } if begins <= 0.0 || lost <= 0.0 => {
                nothing("nothing is lost with this probability", "write more than 0")
            }
            LinkFault::Bursts { ends, .. } if ends <= 0.0 => {
                let what = "a burst that never ends is no burst";
                mistake("ends", what, "write more than 0, or `stall`")
            }
            LinkFault::Loss { probability, .. } if probability <= 0.0 => {
                nothing("nothing is lost with this probability", "write more than 0")
            }
            _ => None,
        },
        Action::Name(n) => {
            let looked_up =
                matches!(n.what, NameFault::NoSuchName | NameFault::DnsSilence | NameFault::Resolve(_));
            let key = match n.what {
                NameFault::Resolve(_) => "host",
                _ => rule.kind.name,
            };
            about(key, &n.host, Against::Name)
                .or_else(|| if looked_up { no_name(key, &n.host) } else { no_host(key, &n.host) })
        }
        Action::Ftp(f) => match f.what {
            FtpFault::Late(ref by) if by.is_none() => nothing("no time is no delay", "write more than 0s"),
            FtpFault::Relabel(ref reply) if is_as_before(reply, &rule.when) => {
                nothing("the reply has this code already", "write another code, a text, or how late")
            }
            _ => about("verb", &f.verb, Against::Line)
                .or_else(|| no_file(&f.verb, &f.file))
                .or_else(|| unsent(&f.verb, known)),
        },
        Action::Storage(s) => {
            let key = if rule.kind.name == "denied" { "denied" } else { "file" };
            about(key, &s.file, Against::Name).or_else(|| outside(key, &s.file))
        }
        Action::Bearer(_) => None,
    }
}

/// Whether a reply is the one that triggered it.
fn is_as_before(reply: &Scripted, when: &Trigger) -> bool {
    let code = matches!(when, Trigger::Reply(_, _, code) if code.as_str() == reply.code.to_string());
    code && reply.text.is_none() && reply.late.is_zero() && reply.then == Then::Stay
}

fn module(m: &Module, known: &Known, nothing: &dyn Fn(&str, &str) -> Option<Doubt>) -> Option<Doubt> {
    let scope = match &m.urc {
        Some(urc) => about("urc", urc, Against::Line).or_else(|| {
            let (what, right) = no_urc(urc, known)?;
            mistake("urc", format!("the fault can never act: {what}"), right)
        }),
        None => about("command", &m.command, Against::Line),
    };
    let lines = |lines: &[String]| lines.iter().any(|line| line.contains(['\r', '\n']));
    scope.or_else(|| match &m.what {
        ModuleFault::Late(by) if by.is_none() => nothing("no time is no delay", "write more than 0s"),
        ModuleFault::Say(line) if line.is_empty() => nothing("there is nothing to say", "write a line"),
        ModuleFault::Say(line) if lines(std::slice::from_ref(line)) => {
            let what = "a line is said with its ends, and this one has its own";
            mistake("say", what, "leave `\\r` and `\\n` out; `interject` is for bytes")
        }
        ModuleFault::Answer { lines: said, .. } if lines(said) => {
            let what = "a line is answered with its ends, and this one has its own";
            mistake("answer", what, "write the lines without them, as a list")
        }
        ModuleFault::Answer { lines: said, .. }
            if m.urc.is_none()
                && !said.iter().any(|line| {
                    ResultCode::looks_like(line)
                        || known.codes.unwrap_or_default().iter().any(|code| code.matches(line))
                }) =>
        {
            let what = "this answer has no final result code: the host waits for the end of it for ever";
            let right = "end it with \"OK\" or \"ERROR\", unless that is what is to go wrong";
            Some((Weight::Warning, Never::new("answer", what, right)))
        }
        _ => None,
    })
}
