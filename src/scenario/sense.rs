//! What a scenario says that was hardly meant, beyond its faults: expectations that cannot fail or cannot be met, and
//! parts that come to nothing.

use super::expect::file::{Want, Wanted};
use super::expect::{Context, Subject};
use super::{Expectation, FileContent, FileFacts, Path, Scenario, Target};
use crate::fault::{
    Action, Bearer, DOUBTS, Direction, Files, Known, LinkFault, Name, NameFault, OnLink, Problem,
    Registration, path_parts,
};
use crate::time::units::{Size, Span};
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

/// Where a key stands, by its path.
type Places<'a> = &'a dyn Fn(&[&str]) -> Range<usize>;

/// When a run that passes is over at the latest.
pub(super) fn end(expectations: &[Expectation]) -> Option<Duration> {
    let limits = expectations.iter().filter_map(|e| match e.subject {
        Subject::EndsWithin(limit) => Some(limit),
        _ => None,
    });
    limits.min()
}

/// Everything that was hardly meant. `place` tells where a key stands.
pub(super) fn doubts(scenario: &Scenario, known: &Known, place: Places) -> Vec<Problem> {
    let end = end(&scenario.expectations);
    let context = Context { scenario, end };
    let mut problems = vec![];
    for expectation in &scenario.expectations {
        problems.extend(expectation.doubts.iter().cloned());
        problems.extend(expectation.subject.doubts_in(expectation, &context));
    }
    problems.extend(files(&scenario.expectations));
    problems.extend(server(scenario, place));
    problems.extend(radio(scenario, place, end));
    problems.extend(network(scenario, place));
    problems.extend(as_it_is(scenario, known, place));
    // No mistake goes untold for warnings.
    problems.sort_by_key(|problem| problem.weight);
    problems.truncate(DOUBTS);
    problems
}

/// What several expectations say of one file, where no file can be all of it.
fn files(expectations: &[Expectation]) -> Vec<Problem> {
    #[derive(Default)]
    struct Said<'a> {
        absent: bool,
        present: bool,
        size: Option<u64>,
        sha256: Option<[u8; 32]>,
        text: Option<&'a str>,
    }
    let mut said: BTreeMap<Vec<&str>, Said> = BTreeMap::new();
    let mut problems = vec![];
    let mut none: Vec<&Files> = vec![];
    for expectation in expectations {
        let Subject::File(Wanted { files, wants }) = &expectation.subject else { continue };
        if expectation.is_only_sometimes() {
            continue;
        }
        // Each is held against all names: a few are what a person writes.
        if files.are_many() && wants == &[Want::Absent] && none.len() < DOUBTS {
            none.push(files);
        }
        let Some(parts) = (if let Files::One(path) = files { path_parts(path) } else { None }) else {
            continue;
        };
        let before = said.entry(parts).or_default();
        let mut clash = false;
        for want in wants {
            match want {
                Want::Absent => (clash, before.absent) = (clash || before.present, true),
                Want::Present
                | Want::Equals(_)
                | Want::Local(_)
                | Want::Contains(_)
                | Want::StartsWith(_)
                | Want::Unchanged(_) => {}
                Want::Size(size) => clash |= *before.size.get_or_insert(*size) != *size,
                Want::Sha256(hash) => clash |= *before.sha256.get_or_insert(*hash) != *hash,
                Want::Text(text) => {
                    let facts = FileFacts::of(text.as_bytes());
                    clash |= *before.text.get_or_insert(text) != text.as_str();
                    clash |= *before.size.get_or_insert(facts.size) != facts.size;
                    clash |= *before.sha256.get_or_insert(facts.sha256) != facts.sha256;
                }
            }
            if *want != Want::Absent {
                (clash, before.present) = (clash || before.absent, true);
            }
        }
        if clash {
            let what = format!("no file can be what the expectations say of `{files}`");
            problems.push(Problem::new(expectation.span.clone(), what, "keep one of them"));
        }
    }
    for expectation in expectations {
        let Subject::File(Wanted { files: Files::One(path), wants }) = &expectation.subject else { continue };
        let Some(pattern) = none.iter().find(|files| files.hold(path)) else { continue };
        if wants != &[Want::Absent] {
            let what = format!("`{path}` is to be there, and no file `{pattern}`");
            problems.push(Problem::new(expectation.span.clone(), what, "keep one of them"));
        }
    }
    problems
}

fn server(scenario: &Scenario, place: Places) -> Vec<Problem> {
    let server = &scenario.server;
    let mut problems = vec![];
    let laid: u64 =
        server.files.values().map(|file| if let FileContent::Own(own) = file { own.size() } else { 0 }).sum();
    match server.quota.map(|quota| quota.0) {
        Some(0) => {
            let right =
                "for a disk that is full write [[fault]] what = { full = 0 }; a quota is such as \"64KiB\"";
            problems.push(Problem::warning(place(&["server", "quota"]), "nothing can ever be stored", right));
        }
        Some(quota) if quota < laid => {
            let what = format!(
                "the files that lie there from the start are {}: nothing can ever be stored",
                Size(laid)
            );
            problems.push(Problem::warning(place(&["server", "quota"]), what, "write more than that"));
        }
        _ => {}
    }
    for (there, other, is, lacks) in [
        ("certificate", "key", &server.certificate, &server.key),
        ("key", "certificate", &server.key, &server.certificate),
    ] {
        if is.is_some() && lacks.is_none() {
            let what = format!("`{there}` is of no use without `{other}`");
            problems.push(Problem::new(
                place(&["server", there]),
                what,
                format!("add {other} = \"server.pem\""),
            ));
        }
    }
    if server.idle.is_some_and(|idle| idle.0.is_zero()) {
        let what = "every session is idle for this long before its first verb";
        problems.push(Problem::new(place(&["server", "idle"]), what, "write such as \"30s\""));
    }
    if server.greeting.as_ref().is_some_and(|text| text.contains(|c: char| c.is_ascii_control())) {
        let what = "the greeting is one line";
        problems.push(Problem::new(place(&["server", "greeting"]), what, "leave line ends out"));
    }
    problems
}

fn radio(scenario: &Scenario, place: Places, end: Option<Duration>) -> Vec<Problem> {
    let mut problems = vec![];
    let mut last: Option<Span> = None;
    for (i, entry) in scenario.radio.iter().enumerate() {
        let number = i.to_string();
        let at = |key: &str| place(&["radio", &number, key]);
        let above = |i: usize| place(&["radio", &i.saturating_sub(1).to_string(), "at"]);
        let time = entry.at;
        if let Some(before) = i.checked_sub(1).and_then(|i| scenario.radio.get(i)).filter(|e| e.at == time) {
            let twice = (before.signal.is_some() && entry.signal.is_some())
                || (before.ber.is_some() && entry.ber.is_some())
                || (before.registration.is_some() && entry.registration.is_some())
                || (before.serves() && entry.serves());
            let what = format!("the entry above, number {i}, is at {time}, too: only this one is ever seen");
            let apart = "write another `at`, or keep one of them";
            let problem = match twice {
                true => Problem::new(at("at"), what, apart),
                false => Problem::warning(
                    at("at"),
                    format!("the entry above, number {i}, is at {time}, too"),
                    "put both into one",
                ),
            };
            problems.push(problem.beside(above(i), "at the same time"));
        }
        if last.is_some_and(|last| time.0 < last.0) {
            let what = format!("{time} is before the entry above: the radio changes in the order of time");
            let problem = Problem::new(at("at"), what, "put the entries in their order");
            problems.push(problem.beside(above(i), "later than that"));
        }
        if entry.signal.is_none() && entry.ber.is_none() && entry.registration.is_none() && !entry.serves() {
            let right = "add `signal`, `ber`, `registration`, `operator`, `cell` or the like";
            problems.push(Problem::new(at("at"), "this entry of the radio changes nothing", right));
        }
        for (key, text) in [("area", &entry.area), ("cell", &entry.cell)] {
            let digits = |text: &String| !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
            if let Some(text) = text.as_ref().filter(|text| !digits(text)) {
                let what = format!("`{text}` is no number of a cell or an area");
                problems.push(Problem::new(at(key), what, "write hexadecimal digits, such as \"00C3\""));
            }
        }
        for (key, text) in [("operator", &entry.operator), ("operator_number", &entry.operator_number)] {
            if text.as_ref().is_some_and(|text| text.contains(|c: char| c == '"' || c.is_ascii_control())) {
                problems.push(Problem::new(
                    at(key),
                    "no module prints such a name",
                    "leave quotation marks and line ends out",
                ));
            }
        }
        if let Some(end) = end.filter(|end| time.0 > *end) {
            let what = format!("by then a run that passes is over, within {}", Span(end));
            problems.push(Problem::warning(at("at"), what, format!("write less than {}", Span(end))));
        }
        last = Some(time);
    }
    problems
}

/// Faults that make the radio, the network and names what they are without them.
fn as_it_is(scenario: &Scenario, known: &Known, place: Places) -> Vec<Problem> {
    let radio = &scenario.radio;
    let signals = held(known.signal, radio.iter().map(|entry| (entry.at, entry.signal.map(|s| s.0))));
    let states = held(
        known.status,
        radio.iter().map(|entry| (entry.at, entry.registration.map(Registration::number))),
    );
    let alike = |of: &dyn Fn(&Bearer) -> bool| {
        scenario.rules.iter().filter(|rule| matches!(&rule.what, Action::Bearer(b) if of(b))).count() > 1
    };
    let path = scenario.network.path();
    let mut problems = vec![];
    for (i, rule) in scenario.rules.iter().enumerate().filter(|(_, rule)| !rule.silent) {
        let why = match &rule.what {
            // Where others change it, too, this one may be what it comes back to.
            Action::Bearer(Bearer::Signal { rssi, ber: 99 })
                if signals == [*rssi] && !alike(&|b| matches!(b, Bearer::Signal { .. })) =>
            {
                format!("the signal is {rssi} all the time")
            }
            Action::Bearer(Bearer::Registration(status))
                if states == [*status] && !alike(&|b| matches!(b, Bearer::Registration(_))) =>
            {
                "the registration is this all the time".to_owned()
            }
            Action::Link(OnLink { what: LinkFault::Rate(rate), direction, .. })
                if slower(*direction, &path, *rate) =>
            {
                "the network is slower than this".to_owned()
            }
            Action::Name(Name { what, host, .. })
                if scenario.hosts.get(host.as_str()).is_some_and(|t| is_so(t, *what)) =>
            {
                format!("[hosts] says this of `{host}` already")
            }
            _ => continue,
        };
        let number = i.to_string();
        let span = place(&["fault", &number, "what", rule.kind.name]);
        let right = "write another value, or leave the fault out";
        problems.push(Problem::new(span, format!("the fault does nothing: {why}"), right));
    }
    problems
}

/// The values that something has over time: at power-on, and from each entry on that has one.
fn held(first: Option<u8>, entries: impl Iterator<Item = (Span, Option<u8>)>) -> Vec<u8> {
    let entries: Vec<(Span, u8)> = entries.filter_map(|(at, value)| Some((at, value?))).collect();
    let from_the_start = entries.first().is_some_and(|(at, _)| at.0.is_zero());
    let first = first.filter(|_| !from_the_start);
    let mut held: Vec<u8> = first.into_iter().chain(entries.into_iter().map(|(_, value)| value)).collect();
    held.sort_unstable();
    held.dedup();
    held
}

/// Whether a path is no faster than a rate, each way that is meant.
fn slower(direction: Direction, path: &Path, rate: u64) -> bool {
    let up = path.rate_up.is_some_and(|own| own <= rate);
    let down = path.rate_down.is_some_and(|own| own <= rate);
    match direction {
        Direction::Up => up,
        Direction::Down => down,
        Direction::Both => up && down,
    }
}

/// Whether what `[hosts]` says of a name is what a fault does to it.
fn is_so(target: &Target, fault: NameFault) -> bool {
    matches!(
        (target, fault),
        (Target::NxDomain, NameFault::NoSuchName)
            | (Target::DnsSilence, NameFault::DnsSilence)
            | (Target::Refused, NameFault::Refused)
            | (Target::Blackhole, NameFault::ConnectSilence)
            | (Target::Unreachable, NameFault::Unreachable)
    )
}

fn network(scenario: &Scenario, place: Places) -> Option<Problem> {
    let network = &scenario.network;
    let idle = network.retransmit.is_some() && network.path().loss <= 0.0;
    let what = "nothing is lost that could come later";
    idle.then(|| Problem::warning(place(&["network", "retransmit"]), what, "add `loss`, or leave it out"))
}
