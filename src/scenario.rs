//! scenario: scenarios/*.toml -> server, rules, expectations.
//!
//! [`parse`] reads a file's text; every mistake in it has its place. What the file names outside
//! itself ([`Scenario::sources`], its profile) is for the caller to find.

pub mod expect;
pub mod hosts;
pub mod network;
pub mod radio;
mod sense;
pub mod server;
mod shipped;
#[cfg(test)]
mod tests;
pub mod verdict;

pub use expect::{Expectation, OverSeeds, WrittenExpectation};
pub use hosts::{ModulePort, Target};
pub use network::{Network, Path};
pub use radio::Radio;
pub use server::{FileContent, Server};
pub use shipped::SCENARIOS;
pub use verdict::{Disk, FileFacts, Outcome, Seen, Verdict};

use crate::fault::{self, Known, Pattern, Problem, Rule, Weight, WrittenRule};
use crate::profile::mistake::Mistake;
use crate::profile::{Profile, keys, place};
use core::net::SocketAddr;
use expect::Subject;
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What is on the network, what goes wrong, and what must come of it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The module: the name of a profile or its file.
    pub profile: Option<String>,
    /// The seed of everything that is drawn.
    pub seed: Option<u64>,
    /// How many serial ports the module has, 1 to 16; one where nothing is said.
    #[serde(default, deserialize_with = "ports")]
    #[schemars(range(min = 1, max = 16))]
    pub ports: Option<usize>,
    /// How many times faster than real the modem's clock runs: a whole number from 1 to 1000.
    #[serde(default, deserialize_with = "speed")]
    #[schemars(range(min = 1, max = 1000))]
    pub speed: Option<u32>,
    /// Where host names and addresses lead; every other leads to the built-in server.
    #[serde(default)]
    pub hosts: BTreeMap<String, Target>,
    /// Which ports of the module can be reached from outside, and where.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub forward: BTreeMap<ModulePort, SocketAddr>,
    /// The FTP server and its files.
    #[serde(default)]
    pub server: Server,
    /// How good the network is.
    #[serde(default)]
    pub network: Network,
    /// Signal and registration over time.
    #[serde(default)]
    pub radio: Vec<Radio>,
    /// Keys of the profile that are different here.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub module: toml::Table,
    /// What goes wrong. Where two have a say in one thing, the first wins.
    #[serde(default)]
    #[schemars(with = "Vec<WrittenRule>")]
    fault: Vec<Spanned<WrittenRule>>,
    /// What must come of it.
    #[serde(default)]
    #[schemars(with = "Vec<WrittenExpectation>")]
    expect: Vec<Spanned<WrittenExpectation>>,
    /// The faults, in file order, and what makes the network as it is.
    #[serde(skip)]
    pub rules: Vec<Rule>,
    /// The expectations, in file order.
    #[serde(skip)]
    pub expectations: Vec<Expectation>,
    /// What it takes from the disk.
    #[serde(skip)]
    pub sources: Vec<Source>,
    /// What is likely not to say what was meant, by its place.
    #[serde(skip)]
    pub warnings: Vec<Mistake>,
}

/// A file or a folder that a scenario names, for the caller to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its path, relative to the scenario's.
    pub path: String,
    /// Where the scenario names it.
    pub span: Range<usize>,
}

/// Reads a scenario: `text` is that of the file `file`. [`Scenario::checked`] follows.
///
/// # Errors
/// Every mistake in its TOML and its keys, each with its place.
pub fn read(file: &str, text: &str) -> Result<Scenario, Vec<Mistake>> {
    toml::from_str(text).map_err(|e| unread(file, text, &e))
}

/// Reads and checks a scenario.
///
/// # Errors
/// As [`read`] and [`Scenario::checked`].
pub fn parse(file: &str, text: &str, known: &Known) -> Result<Scenario, Vec<Mistake>> {
    read(file, text)?.checked(file, text, known)
}

/// Why a text is no scenario: the keys that belong nowhere, and what else there is.
fn unread(file: &str, text: &str, error: &toml::de::Error) -> Vec<Mistake> {
    let mut mistakes = unknown_keys(file, text);
    // What may well come of a key that is wrong is not told beside it.
    let follows = ["unknown field", "missing field", "invalid type: map", "invalid type: sequence"];
    if mistakes.is_empty() || !follows.iter().any(|begin| error.message().starts_with(begin)) {
        mistakes.push(Mistake::from_toml(file, text, error));
    }
    mistakes.sort_by_key(|m| (m.line, m.column));
    mistakes
}

fn unknown_keys(file: &str, text: &str) -> Vec<Mistake> {
    let (own, module) = (schemars::schema_for!(Scenario).into(), schemars::schema_for!(Profile).into());
    keys::misplaced(file, text, &own, &[("module", &module)])
}

/// More mistakes than a person mends before the next try.
const TOLD: usize = 100;

/// What a scenario says of its module, and nothing else of it; none where it cannot be read.
pub fn module_of(text: &str) -> Option<Scenario> {
    #[derive(Deserialize)]
    struct Module {
        profile: Option<String>,
        #[serde(default)]
        module: toml::Table,
    }
    let Module { profile, module } = toml::from_str(text).ok()?;
    Some(Scenario { profile, module, ..Scenario::default() })
}

impl Scenario {
    /// Sets a key of `[module]`, dotted as in TOML, to a value in TOML.
    ///
    /// # Errors
    /// What is no TOML.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let new: toml::Table =
            toml::from_str(&format!("{key} = {value}")).map_err(|e| e.message().to_owned())?;
        merge(&mut self.module, new);
        Ok(())
    }

    /// Looks for what cannot be, and makes its rules and expectations. `known` says which commands there are.
    ///
    /// # Errors
    /// Every mistake found, each with its place.
    pub fn checked(mut self, file: &str, text: &str, known: &Known) -> Result<Scenario, Vec<Mistake>> {
        let problems = self.build(text, known);
        let mistake = |p: Problem| Mistake::of_problem(file, text, p);
        let (problems, doubts): (Vec<_>, Vec<_>) =
            problems.into_iter().partition(|problem| problem.weight == Weight::Mistake);
        if problems.is_empty() {
            self.warnings = doubts.into_iter().take(TOLD).map(mistake).collect();
            self.warnings.sort_by_key(|m| (m.line, m.column));
            return Ok(self);
        }
        let more = problems.len().saturating_sub(TOLD);
        let mut mistakes: Vec<Mistake> = problems.into_iter().take(TOLD).map(mistake).collect();
        let told: BTreeSet<_> = mistakes.iter().map(|m| (m.line, m.column)).collect();
        mistakes.extend(unknown_keys(file, text).into_iter().filter(|m| !told.contains(&(m.line, m.column))));
        mistakes.sort_by_key(|m| (m.line, m.column));
        let told = format!("there are more mistakes: {TOLD} are told");
        mistakes.extend((more > 0).then(|| Mistake::of_file(file, told)));
        Err(mistakes)
    }

    fn build(&mut self, text: &str, known: &Known) -> Vec<Problem> {
        let known = &Known { ports: known.ports.or(self.ports).or(Some(1)), ..*known };
        let mut problems = self.server.misplaced(&|path| place::of(text, path).unwrap_or(0..0));
        for written in std::mem::take(&mut self.fault) {
            let span = one_line(text, written.span());
            match written.into_inner().build(span) {
                Ok(rule) => self.rules.push(rule),
                Err(problem) => problems.push(problem),
            }
        }
        // A text is read once for all its expectations.
        let places = OnceCell::new();
        // What faults say counts as said by the module.
        let said: Vec<Pattern> =
            known.urcs.iter().cloned().chain(self.rules.iter().flat_map(Rule::says)).collect();
        let lines = said.iter().map(|line| line.as_str().to_ascii_uppercase()).collect();
        let urcs = if known.urcs.is_empty() { &[] } else { said.as_slice() };
        let heard = &Known { urcs, lines: Some(&lines), ..*known };
        for (i, written) in std::mem::take(&mut self.expect).into_iter().enumerate() {
            if problems.len() > TOLD {
                break;
            }
            let span = one_line(text, written.span());
            let key = |key: &str| {
                let places = places.get_or_init(|| place::Places::new(text));
                places.of(&["expect", &i.to_string(), key])
            };
            let there = |wanted: Option<&str>| wanted.and_then(key).unwrap_or_else(|| span.clone());
            match written.into_inner().build(there, heard) {
                Ok(expectation) => self.expectations.push(expectation),
                Err(problem) => problems.push(problem),
            }
        }
        problems.extend(self.learn());
        // A rule that is missing would have others seem to wait for nothing.
        if problems.is_empty() {
            let problems_of_rules = fault::check(&self.rules, known).into_iter().take(TOLD + 1);
            problems.extend(problems_of_rules.map(|p| at_value(text, p)));
            problems.extend(self.no_such_fault());
            problems.extend(expect::contradictions(&self.expectations));
            let doubts = fault::doubts(&self.rules, known, sense::end(&self.expectations));
            problems.extend(doubts.into_iter().take(TOLD + 1).map(|p| at_value(text, p)));
            let there = |path: &[&str]| {
                let places = places.get_or_init(|| place::Places::new(text));
                places.value_of(path).or_else(|| places.nearest(path))
            };
            problems.extend(sense::doubts(self, known, &|path| there(path).unwrap_or(0..0)));
        }
        self.rules.extend(self.network.rules());
        self.sources = sources(text);
        problems
    }

    /// Tells expectations what they need to know of the rest of the scenario.
    fn learn(&mut self) -> Vec<Problem> {
        let all = self.expectations.clone();
        let mut problems = vec![];
        for expectation in &mut self.expectations {
            match &mut expectation.subject {
                Subject::File(wanted) => {
                    let right = "`unchanged` is about one of [server.files]";
                    let wrong = wanted.learn(&self.server).err();
                    problems.extend(wrong.map(|what| Problem::new(expectation.span.clone(), what, right)));
                }
                Subject::Others(others) => others.learn(&self.server, &all),
                Subject::Recovers(recovers) => recovers.learn(&self.rules),
                _ => {}
            }
        }
        problems
    }

    /// Has expectations find what lies on this machine: `place` gives the place of what the scenario names beside itself, and
    /// `laid` are the paths of what its folder has on the server from the start. Gives the names of what is compared, and where each is.
    pub fn locate(&mut self, place: &dyn Fn(&str) -> String, laid: &[String]) -> Vec<(String, Range<usize>)> {
        let mut named = vec![];
        for expectation in &mut self.expectations {
            match &mut expectation.subject {
                Subject::File(wanted) => {
                    named.extend(
                        wanted.locate(place).into_iter().map(|path| (path, expectation.span.clone())),
                    );
                }
                Subject::Others(others) => others.allow(laid),
                _ => {}
            }
        }
        named
    }

    fn no_such_fault(&self) -> Vec<Problem> {
        let names: BTreeSet<&str> = self.rules.iter().filter_map(|r| r.name.as_deref()).collect();
        let wrong = |e: &Expectation| {
            let name = e.fault().filter(|name| !names.contains(name.as_str()))?;
            let right = match names.is_empty() {
                true => "give a fault that name".to_owned(),
                false => format!("the names are {}", fault::listed(names.iter().copied())),
            };
            Some(Problem::new(e.names.clone(), format!("no fault is named `{name}`"), right))
        };
        self.expectations.iter().filter_map(wrong).collect()
    }
}

/// What `new` says goes over what is there, table by table.
fn merge(into: &mut toml::Table, new: toml::Table) {
    for (key, value) in new {
        match (into.get_mut(&key), value) {
            (Some(toml::Value::Table(old)), toml::Value::Table(new)) => merge(old, new),
            (_, value) => drop(into.insert(key, value)),
        }
    }
}

/// The files and folders that a scenario takes from the disk, relative to its own, and where it names them.
fn sources(text: &str) -> Vec<Source> {
    let Ok(table) = DeTable::parse(text) else { return vec![] };
    let Some(server) = table.get_ref().get("server").and_then(|s| s.get_ref().as_table()) else {
        return vec![];
    };
    let files = server.get("files").and_then(|files| files.get_ref().as_table());
    let from =
        files.into_iter().flat_map(|files| files.values()).filter_map(|file| file.get_ref().get("from"));
    let source = |value: &Spanned<DeValue>| {
        Some(Source { path: value.get_ref().as_str()?.to_owned(), span: value.span() })
    };
    let trusted = server.get("trusted").filter(|value| value.get_ref().as_str() != Some(server::MADE));
    let named = ["folder", "certificate", "key"].into_iter().filter_map(|key| server.get(key));
    named.chain(trusted).chain(from).filter_map(source).collect()
}

/// A problem of a rule's key at that key's value, where it is written down.
fn at_value(text: &str, problem: Problem) -> Problem {
    let value = problem.key.and_then(|(rule, table, key)| {
        let parsed = DeTable::parse(text).ok()?;
        let rules = parsed.get_ref().get("fault")?.get_ref().as_array()?;
        let table = rules.get(rule)?.get_ref().get(table)?;
        Some(table.get_ref().get(key)?.span())
    });
    Problem { span: value.unwrap_or(problem.span.clone()), ..problem }
}

fn ports<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    match toml::Value::deserialize(deserializer)? {
        toml::Value::Integer(n @ 1..=16) => Ok(usize::try_from(n).ok()),
        other => Err(D::Error::custom(format!("{other} is no number of ports; write 1 to 16"))),
    }
}

fn speed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    match toml::Value::deserialize(deserializer)? {
        toml::Value::Integer(n @ 1..=1000) => Ok(u32::try_from(n).ok()),
        other => Err(D::Error::custom(format!("{other} is no speed; write a whole number from 1 to 1000"))),
    }
}

/// A mistake in a table of an array is shown at its first line that says something.
fn one_line(text: &str, span: Range<usize>) -> Range<usize> {
    let Some(part) = text.get(span.clone()) else { return span };
    let skipped = part.len() - part.trim_start().len();
    let start = span.start + skipped;
    let end = text[start..].find('\n').map_or(text.len(), |i| start + i);
    start..end.min(span.end).max(start)
}
