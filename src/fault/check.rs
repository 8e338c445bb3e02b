//! What is wrong with rules taken together: names, rules that can never fire, rules that contradict each other.

use super::action::Action;
use super::amount::Lasts;
use super::pattern::Pattern;
use super::problem::Problem;
use super::rule::Rule;
use super::trigger::Trigger;
use crate::at::Secrets;

/// The FTP verbs of RFC 959, 1123, 2228, 2389, 2428, 3659 and 4217 that a module could send, and `CONNECT`, which
/// the greeting answers.
const VERBS: &[&str] = &[
    "USER", "PASS", "ACCT", "CWD", "CDUP", "QUIT", "REIN", "PORT", "PASV", "EPRT", "EPSV", "TYPE", "STRU",
    "MODE", "RETR", "STOR", "STOU", "APPE", "ALLO", "REST", "RNFR", "RNTO", "ABOR", "DELE", "RMD", "XRMD",
    "MKD", "XMKD", "PWD", "XPWD", "LIST", "NLST", "SITE", "SYST", "STAT", "HELP", "NOOP", "SIZE", "MDTM",
    "MLST", "MLSD", "FEAT", "CONNECT", "OPTS", "AUTH", "PBSZ", "PROT", "CCC",
];

/// What exists, so that a rule about something else is known never to fire.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// The module's commands as its tables name them (`+FTPGET`, `&F`, `E`); empty where they are not known.
    pub commands: &'a [&'a str],
    /// The FTP verbs; empty for those of the RFCs.
    pub verbs: &'a [&'a str],
    /// What is not to be shown of command lines.
    pub secrets: Option<&'a Secrets>,
}

impl Known<'_> {
    /// A pattern of command lines, as it may be shown.
    pub fn shown(&self, pattern: &Pattern) -> String {
        self.secrets.map_or_else(|| pattern.to_string(), |secrets| secrets.mask(pattern.as_str()))
    }
}

/// Everything that is wrong with `rules` taken together.
pub fn check(rules: &[Rule], known: &Known) -> Vec<Problem> {
    let mut problems = vec![];
    for (i, rule) in rules.iter().enumerate() {
        let never = never_acts(&rule.what, known).map(|(what, right)| {
            Problem::new(rule.span.clone(), format!("the fault can never act: {what}"), right)
        });
        problems.extend(never_fires(rule, rules, known).or(never));
        for earlier in &rules[..i] {
            problems.extend(contradict(earlier, rule));
        }
    }
    problems
}

fn never_fires(rule: &Rule, rules: &[Rule], known: &Known) -> Option<Problem> {
    let until = rule.until.as_ref().map(|(t, _)| t);
    let triggers = [Some(&rule.when), until].into_iter().zip(&rule.when_spans);
    triggers.filter_map(|(trigger, span)| Some((trigger?, span))).find_map(|(trigger, span)| {
        let (what, right) = match trigger {
            Trigger::After(name) | Trigger::Lifted(name) => no_name(rule, name, rules)?,
            _ => never_happens(trigger, known)?,
        };
        let span = span.clone().unwrap_or(rule.span.clone());
        Some(Problem::new(span, format!("the fault can never fire: {what}"), right))
    })
}

/// Why an event can never happen, other faults aside, and what would be right.
pub fn never_happens(trigger: &Trigger, known: &Known) -> Option<(String, String)> {
    match trigger {
        Trigger::Command(command, _) => no_command(command, known.commands),
        Trigger::Verb(verb, _) => no_verb(verb, known.verbs),
        Trigger::Reply(verb, _, code) => no_verb(verb, known.verbs).or_else(|| no_code(code)),
        _ => None,
    }
}

/// Why what a fault is about can never be there, and what would be right.
pub fn never_acts(what: &Action, known: &Known) -> Option<(String, String)> {
    match what {
        Action::Module(m) if m.urc.is_none() => no_command(&m.command, known.commands),
        Action::Ftp(f) => no_verb(&f.verb, known.verbs),
        _ => None,
    }
}

/// Why no reply can have a code that matches, and what would be right.
fn no_code(pattern: &Pattern) -> Option<(String, String)> {
    if (100..600).any(|code: u16| pattern.matches(&code.to_string())) {
        return None;
    }
    Some((format!("no server answers `{pattern}`"), "a reply's code is 100 to 599".to_owned()))
}

fn no_name(rule: &Rule, name: &str, rules: &[Rule]) -> Option<(String, String)> {
    let named = |name: &str| rules.iter().find(|r| r.name.as_deref() == Some(name));
    let mut next = named(name);
    if next.is_none() {
        let names: Vec<_> = rules.iter().filter_map(|r| r.name.as_deref()).collect();
        return Some((
            format!("no fault is named `{name}`"),
            match names.as_slice() {
                [] => "give a fault that name".to_owned(),
                names => format!("the names are {}", names.join(", ")),
            },
        ));
    }
    for _ in rules {
        let at = next?;
        if at.span == rule.span {
            return Some(("it waits for itself".to_owned(), "have one of them wait for an event".to_owned()));
        }
        next = match &at.when {
            Trigger::After(name) | Trigger::Lifted(name) => named(name),
            _ => None,
        };
    }
    None
}

/// Why no command line of the module can match, and what would be right.
pub fn no_command(pattern: &Pattern, commands: &[&str]) -> Option<(String, String)> {
    let text = pattern.as_str();
    if commands.is_empty() || text.starts_with('*') {
        return None;
    }
    let Some(body) = text.get(2..).filter(|_| text[..2].eq_ignore_ascii_case("AT")) else {
        return match text.get(..1) {
            Some("A" | "a") if text.len() < 3 => None,
            _ => Some((format!("`{text}` is no command line"), "a command line begins with AT".to_owned())),
        };
    };
    let name = body.split(['=', '?', ';']).next().unwrap_or_default();
    let wanted = Pattern::from(name);
    let known = |command: &&str| {
        let (name, command) = (name.to_ascii_uppercase(), command.to_ascii_uppercase());
        wanted.matches(&command)
            || (!command.starts_with('+') && !command.is_empty() && name.starts_with(&command))
    };
    if name.is_empty() || commands.iter().any(known) {
        return None;
    }
    let near = nearest(name, commands);
    let right =
        near.map_or("`badline list commands` names them".to_owned(), |c| format!("did you mean AT{c}?"));
    Some((format!("the module knows no command AT{name}"), right))
}

/// Why no FTP verb can match, and what would be right.
fn no_verb(pattern: &Pattern, verbs: &[&str]) -> Option<(String, String)> {
    let verbs = if verbs.is_empty() { VERBS } else { verbs };
    if verbs.iter().any(|v| pattern.matches(v)) {
        return None;
    }
    Some((format!("there is no FTP verb `{pattern}`"), format!("the verbs are {}", verbs.join(", "))))
}

fn nearest<'a>(name: &str, commands: &[&'a str]) -> Option<&'a str> {
    let name = name.trim_end_matches('*').to_ascii_uppercase();
    let shared =
        |c: &&&str| c.bytes().zip(name.bytes()).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    commands.iter().max_by_key(shared).filter(|c| shared(c) > 2).copied()
}

fn contradict(earlier: &Rule, rule: &Rule) -> Option<Problem> {
    if rule.name.is_some() && rule.name == earlier.name {
        let what = format!("two faults are named `{}`", rule.name.as_deref().unwrap_or_default());
        return Some(Problem::new(rule.span.clone(), what, "give one of them another name"));
    }
    let same_time = earlier.when == rule.when
        && earlier.count == rule.count
        && earlier.wait == rule.wait
        && rule.count.probability.is_none();
    let hidden = earlier.until.is_none() && !matches!(earlier.lasts, Lasts::For(_));
    let as_long = earlier.lasts == rule.lasts && earlier.until == rule.until;
    if !same_time || !(hidden || as_long) || slot(earlier)? != slot(rule)? {
        return None;
    }
    let what = format!("`{}` contradicts `{}`, which stands before it and wins", rule.text, earlier.text);
    Some(Problem::new(rule.span.clone(), what, "keep one of them, or give them different triggers"))
}

/// What only one rule at a time can have its way with; `None` where several can.
fn slot(rule: &Rule) -> Option<String> {
    use super::action::{FtpFault, LinkFault, ModuleFault, NameFault};
    Some(match &rule.what {
        Action::Module(m) => match &m.what {
            ModuleFault::Say(_) => return None,
            ModuleFault::Reset { .. } | ModuleFault::Force(_) => rule.kind.name.to_owned(),
            _ => format!("answer {:?} {:?} {:?}", m.command, m.urc, m.port),
        },
        Action::Link(l) => match &l.what {
            LinkFault::Stall | LinkFault::Cut { .. } | LinkFault::Rate(_) => {
                format!("{} {:?} {:?}", rule.kind.name, l.links, l.direction)
            }
            _ => return None,
        },
        Action::Name(n) => match n.what {
            NameFault::NoSuchName | NameFault::DnsSilence | NameFault::Resolve(_) => {
                format!("look {:?}", n.host)
            }
            _ => format!("connect {:?} {:?}", n.host, n.port),
        },
        Action::Ftp(f) => match &f.what {
            FtpFault::Speak(_) => return None,
            FtpFault::PassiveAddress { .. } | FtpFault::PassiveUnserved(_) => "passive".to_owned(),
            _ => format!("reply {:?} {:?}", f.verb, f.file),
        },
        Action::Bearer(_) => rule.kind.name.to_owned(),
        Action::Storage(s) => format!("storage {:?} {:?}", s.file, s.op),
        Action::Uart(_) => return None,
    })
}
