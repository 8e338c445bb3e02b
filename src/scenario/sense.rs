//! What a scenario says that was hardly meant, beyond its faults: expectations that cannot fail or cannot be met, and
//! parts that come to nothing.

use super::expect::{Lines, Since, Subject, Want};
use super::{Expectation, FileContent, FileFacts, Scenario};
use crate::fault::{DOUBTS, Files, Problem, path_parts};
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
pub(super) fn doubts(scenario: &Scenario, place: Places) -> Vec<Problem> {
    let end = end(&scenario.expectations);
    let laid: BTreeMap<Vec<&str>, &FileContent> = (scenario.server.files.iter())
        .filter_map(|(path, content)| Some((path_parts(path)?, content)))
        .collect();
    let mut problems = vec![];
    for expectation in &scenario.expectations {
        problems.extend(expectation.doubts.iter().cloned());
        problems.extend(too_late(expectation, end));
        problems.extend(met_from_the_start(expectation, &laid));
    }
    problems.extend(files(&scenario.expectations));
    problems.extend(server(scenario, place));
    problems.extend(radio(scenario, place, end));
    problems.extend(network(scenario, place));
    // No mistake goes untold for warnings.
    problems.sort_by_key(|problem| problem.weight);
    problems.truncate(DOUBTS);
    problems
}

/// What is to come no sooner than the run is over.
fn too_late(expectation: &Expectation, end: Option<Duration>) -> Option<Problem> {
    let Subject::Lines(Lines { at_least: 1.., not_before: Some(early), since, .. }) = &expectation.subject
    else {
        return None;
    };
    let end = end.filter(|end| early > end)?;
    let from = if *since == Since::Start { "" } else { " at the earliest" };
    let what = format!(
        "no run can meet this: it is to come after {}{from}, and the run to end within {}",
        Span(*early),
        Span(end)
    );
    Some(Problem::new(expectation.span.clone(), what, "write `not_before` less than `ends_within`"))
}

/// A file that is what is expected before the host has done anything.
fn met_from_the_start(
    expectation: &Expectation,
    laid: &BTreeMap<Vec<&str>, &FileContent>,
) -> Option<Problem> {
    let Subject::File(Files::One(path), wants) = &expectation.subject else { return None };
    let content = laid.get(&path_parts(path)?)?;
    let FileContent::Own(content) = content else { return None };
    let met = wants.iter().all(|want| match want {
        Want::Present => true,
        Want::Size(size) => *size == content.size(),
        Want::Text(text) => content.size() == text.len() as u64 && content.stream().eq(text.bytes()),
        _ => false,
    });
    let what = format!("`{path}` is so from the start: a host that does nothing meets this");
    met.then(|| Problem::warning(expectation.span.clone(), what, "name the file that the host is to make"))
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
        let Subject::File(files, wants) = &expectation.subject else { continue };
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
                Want::Present | Want::Equals(_) => {}
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
        let Subject::File(Files::One(path), wants) = &expectation.subject else { continue };
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
                || (before.registration.is_some() && entry.registration.is_some());
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
        if entry.signal.is_none() && entry.ber.is_none() && entry.registration.is_none() {
            let right = "add `signal`, `ber` or `registration`";
            problems.push(Problem::new(at("at"), "this entry of the radio changes nothing", right));
        }
        if let Some(end) = end.filter(|end| time.0 > *end) {
            let what = format!("by then a run that passes is over, within {}", Span(end));
            problems.push(Problem::warning(at("at"), what, format!("write less than {}", Span(end))));
        }
        last = Some(time);
    }
    problems
}

fn network(scenario: &Scenario, place: Places) -> Option<Problem> {
    let network = &scenario.network;
    let idle = network.retransmit.is_some() && network.path().loss <= 0.0;
    let what = "nothing is lost that could come later";
    idle.then(|| Problem::warning(place(&["network", "retransmit"]), what, "add `loss`, or leave it out"))
}
