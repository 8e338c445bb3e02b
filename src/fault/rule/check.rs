//! What is wrong with rules taken together: names, rules that can never fire, rules that contradict each other.

use crate::at::{ResultCode, Secrets};
use crate::fault::layer::Action;
use crate::fault::layer::ftp::{Ftp, FtpFault};
use crate::fault::layer::kind::Nature;
use crate::fault::layer::link::LinkFault;
use crate::fault::layer::module::ModuleFault;
use crate::fault::layer::name::NameFault;
use crate::fault::rule::Rule;
use crate::fault::rule::amount::Lasts;
use crate::fault::rule::contradiction::contradictions;
use crate::fault::rule::trigger::Trigger;
use crate::fault::text::pattern::Pattern;
use crate::fault::text::problem::Problem;
use crate::time::units::Span;
use std::collections::{BTreeMap, BTreeSet};

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
    /// How many serial ports the module has, where that is known.
    pub ports: Option<usize>,
    /// How often the module has started.
    pub boots: u64,
    /// The lines that the module says unasked, as patterns; empty where they are not known.
    pub urcs: &'a [Pattern],
    /// Those of them that are whole lines, in capitals: a scenario may have thousands, and ask for each.
    pub lines: Option<&'a BTreeSet<String>>,
    /// The FTP verbs that the module's client sends; empty where they are not known.
    pub sent: &'a [&'a str],
    /// The result codes that are the module's own, and those that faults have it answer; `None` where they are not known.
    pub codes: Option<&'a [Pattern]>,
    /// The signal strength at power-on, where that is known.
    pub signal: Option<u8>,
    /// The `+CREG` status once registered, where that is known.
    pub status: Option<u8>,
}

impl Known<'_> {
    /// A pattern of command lines, as it may be shown.
    pub fn shown(&self, pattern: &Pattern) -> String {
        self.secrets.map_or_else(|| pattern.to_string(), |secrets| secrets.mask(pattern.as_str()))
    }
}

/// Why something can never happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Never {
    /// The key that is to blame.
    pub key: &'static str,
    /// Why.
    pub what: String,
    /// What would be right.
    pub right: String,
}

impl Never {
    pub(super) fn new(key: &'static str, what: impl Into<String>, right: impl Into<String>) -> Never {
        Never { key, what: what.into(), right: right.into() }
    }
}

/// Everything that is wrong with `rules` taken together.
pub fn check(rules: &[Rule], known: &Known) -> Vec<Problem> {
    let waits = Waits::of(rules);
    // What an `answer` ends with is a result code, too.
    let answered = rules.iter().flat_map(Rule::says).filter(|line| ResultCode::looks_like(line.as_str()));
    let answered: BTreeSet<Pattern> = answered.collect();
    let codes: Option<Vec<Pattern>> =
        known.codes.map(|codes| codes.iter().cloned().chain(answered).collect());
    let known = &Known { codes: codes.as_deref(), ..*known };
    let mut problems = vec![];
    for (i, rule) in rules.iter().enumerate() {
        let never = never_acts(&rule.what, known).map(|never| Problem {
            key: Some((i, "what", never.key)),
            ..Problem::new(rule.span.clone(), format!("the fault can never act: {}", never.what), never.right)
        });
        let fires = never_fires(i, rules, known, &waits);
        problems.extend(fires.or_else(|| never_lifted(i, rule)).or(never));
    }
    problems.extend(contradictions(rules));
    problems.sort_by_key(|problem| problem.span.start);
    problems
}

/// Which rule waits for which.
struct Waits<'a> {
    /// The first rule of each name.
    named: BTreeMap<&'a str, usize>,
    /// The rule that each waits for.
    next: Vec<Option<usize>>,
    /// Whether each waits, in the end, for itself.
    ring: Vec<bool>,
}

impl<'a> Waits<'a> {
    fn of(rules: &'a [Rule]) -> Waits<'a> {
        let mut named = BTreeMap::new();
        for (i, rule) in rules.iter().enumerate() {
            if let Some(name) = rule.name.as_deref() {
                named.entry(name).or_insert(i);
            }
        }
        let next: Vec<Option<usize>> = rules
            .iter()
            .map(|rule| match &rule.when {
                Trigger::After(name) | Trigger::Lifted(name) => named.get(name.as_str()).copied(),
                _ => None,
            })
            .collect();
        // Each is walked over once: a way that meets itself has found a ring.
        let (mut ring, mut way) = (vec![false; rules.len()], vec![usize::MAX; rules.len()]);
        for start in 0..rules.len() {
            let mut at = Some(start);
            while let Some(i) = at.filter(|i| way[*i] == usize::MAX) {
                way[i] = start;
                at = next[i];
            }
            let mut at = at.filter(|i| way[*i] == start);
            while let Some(i) = at.filter(|i| !ring[*i]) {
                ring[i] = true;
                at = next[i];
            }
        }
        Waits { named, next, ring }
    }

    /// Whether a rule that waits for `from` waits for `rule` in the end.
    fn leads(&self, from: usize, rule: usize) -> bool {
        if self.next[rule] == Some(from) {
            return self.ring[rule];
        }
        let way = std::iter::successors(Some(from), |i| self.next[*i]);
        way.take(self.next.len()).any(|i| i == rule)
    }
}

/// Names for a message, and how many more there are.
pub fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 20;
    let names: Vec<&str> = names.into_iter().collect();
    match names.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        Some(more) => format!("{} and {more} more", names[..SHOWN].join(", ")),
        None => names.join(", "),
    }
}

fn never_fires(i: usize, rules: &[Rule], known: &Known, waits: &Waits) -> Option<Problem> {
    let rule = &rules[i];
    let until = rule.until.as_ref().map(|(t, _)| t);
    let triggers = [("when", Some(&rule.when)), ("until", until)].into_iter().zip(&rule.when_spans);
    if let Some(name) = &rule.during.fault {
        let named = waits.named.get(name.as_str()).map(|named| &rules[*named]);
        let never = match named {
            None => no_name("fault", i, name, waits),
            Some(named) if named.kind.nature == Nature::Instant => {
                let what = format!("the fault can never fire: `{name}` happens and is over, and never holds");
                Some(Never::new("fault", what, "wait for `after`, or name one that holds"))
            }
            Some(_) => None,
        };
        if let Some(never) = never {
            let problem = Problem::new(rule.span.clone(), never.what, never.right);
            return Some(Problem { key: Some((i, "while", "fault")), ..problem });
        }
    }
    triggers.filter_map(|((table, trigger), span)| Some((table, trigger?, span))).find_map(
        |(table, trigger, span)| {
            let never = match trigger {
                Trigger::After(name) => no_name("after", i, name, waits)?,
                Trigger::Lifted(name) => no_name("lifted", i, name, waits)?,
                _ => never_happens(trigger, known)?,
            };
            let span = span.clone().unwrap_or(rule.span.clone());
            let problem =
                Problem::new(span, format!("the fault can never fire: {}", never.what), never.right);
            Some(Problem { key: Some((i, table, never.key)), ..problem })
        },
    )
}

/// Why a fault that is to be lifted at a time never is.
fn never_lifted(i: usize, rule: &Rule) -> Option<Problem> {
    let applied = match &rule.when {
        Trigger::Start => rule.wait,
        Trigger::At(at) => *at + rule.wait,
        _ => return None,
    };
    let Some((Trigger::At(lifted), _)) = &rule.until else { return None };
    if *lifted > applied {
        return None;
    }
    let what = format!(
        "the fault can never be lifted: at {} it has not been applied, or is applied that moment",
        Span(*lifted)
    );
    let right = format!("write more than {}, or `for` in place of `until`", Span(applied));
    let span = rule.when_spans[1].clone().unwrap_or(rule.span.clone());
    Some(Problem { key: Some((i, "until", "at")), ..Problem::new(span, what, right) })
}

/// Why an event can never happen, other faults aside.
pub fn never_happens(trigger: &Trigger, known: &Known) -> Option<Never> {
    match trigger {
        Trigger::Command(command, port) => no_command(command, known.commands)
            .map(|(what, right)| Never::new("command", what, right))
            .or(no_port(*port, known)),
        Trigger::Result(code, port) => {
            let never = |(what, right)| Never::new("result", what, right);
            no_result(code, known).map(never).or(no_port(*port, known))
        }
        Trigger::Urc(_, port) | Trigger::Bytes { port, .. } => no_port(*port, known),
        Trigger::Verb(verb, _) => no_verb(verb, known.verbs),
        Trigger::Reply(verb, _, code) => no_verb(verb, known.verbs).or_else(|| no_code(code)),
        Trigger::Boot(n) if *n <= known.boots => {
            let right = format!("write boot = {} or more", known.boots + 1);
            Some(Never::new("boot", format!("boot {n} is over"), right))
        }
        _ => None,
    }
}

/// Why what a fault is about can never be there.
pub fn never_acts(what: &Action, known: &Known) -> Option<Never> {
    match what {
        Action::Module(m) => {
            let other = m.urc.is_some() || m.result.is_some();
            let command = (!other).then(|| no_command(&m.command, known.commands)).flatten();
            let command = command.map(|(what, right)| Never::new("command", what, right));
            let result = || no_result(m.result.as_ref()?, known);
            let result = || result().map(|(what, right)| Never::new("result", what, right));
            command.or_else(result).or(no_port(m.port, known))
        }
        Action::Uart(u) => no_port(u.port, known),
        Action::Ftp(f) => no_verb(&f.verb, known.verbs).or_else(|| no_data(f)),
        _ => None,
    }
}

/// Why the module has no such serial port.
pub fn no_port(port: Option<usize>, known: &Known) -> Option<Never> {
    let (port, ports) = port.zip(known.ports).filter(|(port, ports)| port > ports)?;
    let there = if ports == 1 { "one serial port".to_owned() } else { format!("{ports} serial ports") };
    Some(Never::new(
        "port",
        format!("the module has {there}, and no {port}"),
        format!("write ports = {port}, or --ports {port}"),
    ))
}

/// Why no result code can match: those of V.250 and 27.007 that every module has, and those of this one.
pub fn no_result(pattern: &Pattern, known: &Known) -> Option<(String, String)> {
    const OTHERS: [&str; 4] = ["CONNECT", "BUSY", "NO ANSWER", "NO DIALTONE"];
    let words = ["OK", "ERROR", "NO CARRIER", ""];
    let own = match known.codes {
        Some(codes) => codes.iter().any(|code| code.meets(pattern)),
        None => OTHERS.iter().any(|word| pattern.matches(word)) || pattern.may_begin("CONNECT "),
    };
    let digits = (0..=9).any(|n: u8| pattern.matches(&n.to_string()));
    let extended = ["+CME ERROR:", "+CMS ERROR:"].iter().any(|code| pattern.may_begin(code));
    if own || digits || extended || words.iter().any(|word| pattern.matches(word)) {
        return None;
    }
    let codes = known.codes.unwrap_or_default().iter().map(Pattern::as_str);
    let codes = listed(["OK", "ERROR", "NO CARRIER", "+CME ERROR: 3"].into_iter().chain(codes));
    let right = format!("a result code is {codes} or the like; a line that comes unasked is a `urc`");
    let module = if known.codes.is_some() { " of this module" } else { "" };
    Some((format!("`{pattern}` is no final result code{module}"), right))
}

/// Why a fault that stops a transfer has none to stop.
fn no_data(fault: &Ftp) -> Option<Never> {
    const DATA: &[&str] = &["RETR", "STOR", "STOU", "APPE", "LIST", "NLST", "MLSD"];
    if !matches!(fault.what, FtpFault::Stop { .. }) || DATA.iter().any(|verb| fault.verb.matches(verb)) {
        return None;
    }
    let what = format!("`{}` moves no data that could be stopped", fault.verb);
    Some(Never::new("verb", what, format!("the verbs that do are {}", DATA.join(", "))))
}

/// Why no reply can have a code that matches.
fn no_code(pattern: &Pattern) -> Option<Never> {
    if (100..600).any(|code: u16| pattern.matches(&code.to_string())) {
        return None;
    }
    let what = format!("no server answers `{pattern}`");
    Some(Never::new("reply", what, "a reply's code is 100 to 599"))
}

fn no_name(key: &'static str, rule: usize, name: &str, waits: &Waits) -> Option<Never> {
    let Some(named) = waits.named.get(name) else {
        let right = match waits.named.is_empty() {
            true => "give a fault that name".to_owned(),
            false => format!("the names are {}", listed(waits.named.keys().copied())),
        };
        return Some(Never::new(key, format!("no fault is named `{name}`"), right));
    };
    let right = "have one of them wait for an event";
    waits.leads(*named, rule).then(|| Never::new(key, "it waits for itself", right))
}

/// Why no command line of the module can match, and what would be right.
pub fn no_command(pattern: &Pattern, commands: &[&str]) -> Option<(String, String)> {
    let text = pattern.as_str();
    if commands.is_empty() || text.is_empty() || text.starts_with('*') {
        return None;
    }
    let Some(body) = text.get(2..).filter(|_| text[..2].eq_ignore_ascii_case("AT")) else {
        return match text.get(..1) {
            Some("A" | "a") if text.len() < 3 => None,
            _ => Some((format!("`{text}` is no command line"), "a command line begins with AT".to_owned())),
        };
    };
    let name = body.split(['=', '?', ';']).next().unwrap_or_default().trim();
    let wanted = Pattern::from(name);
    let known = |command: &&str| {
        let (name, command) = (name.to_ascii_uppercase(), command.to_ascii_uppercase());
        wanted.matches(&command)
            // What stands for anything may stand for the rest of the name and more.
            || name.split_once('*').is_some_and(|(begin, _)| command.starts_with(begin))
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

/// Why no FTP verb can match.
fn no_verb(pattern: &Pattern, verbs: &[&str]) -> Option<Never> {
    let verbs = if verbs.is_empty() { VERBS } else { verbs };
    if verbs.iter().any(|v| pattern.matches(v)) {
        return None;
    }
    let what = format!("there is no FTP verb `{pattern}`");
    Some(Never::new("verb", what, format!("the verbs are {}", verbs.join(", "))))
}

fn nearest<'a>(name: &str, commands: &[&'a str]) -> Option<&'a str> {
    let name = name.trim_end_matches('*').to_ascii_uppercase();
    let shared =
        |c: &&&str| c.bytes().zip(name.bytes()).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    commands.iter().max_by_key(shared).filter(|c| shared(c) > 2).copied()
}

/// Whether a rule about names, of which each is one to `earlier` too, is left nothing.
pub(super) fn covers(earlier: &Rule, rule: &Rule) -> bool {
    let (Action::Name(wide), Action::Name(name)) = (&earlier.what, &rule.what) else { return false };
    earlier.lasts != Lasts::Once
        && (wide.what != NameFault::TlsFails || name.what == NameFault::TlsFails)
        && looks_up(wide.what) == looks_up(name.what)
        && wide.host.covers(&name.host)
        && wide.port.is_none_or(|port| name.port == Some(port))
}

pub(super) fn looks_up(what: NameFault) -> bool {
    matches!(what, NameFault::NoSuchName | NameFault::DnsSilence | NameFault::Resolve(_))
}

/// What only one rule at a time can have its way with; `None` where several can.
pub(super) fn slot(rule: &Rule) -> Option<String> {
    Some(match &rule.what {
        Action::Module(m) => match &m.what {
            ModuleFault::Say(_) => return None,
            ModuleFault::Reset { .. } | ModuleFault::Force(_) => rule.kind.name.to_owned(),
            _ => format!("answer {:?} {:?} {:?} {:?}", m.command, m.urc, m.result, m.port),
        },
        Action::Link(l) => match &l.what {
            LinkFault::Stall | LinkFault::Cut { .. } | LinkFault::Rate(_) => {
                format!("{} {:?} {:?}", rule.kind.name, l.links, l.direction)
            }
            _ => return None,
        },
        Action::Name(n) if looks_up(n.what) => format!("look {:?}", n.host),
        Action::Name(n) => format!("connect {:?} {:?}", n.host, n.port),
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
