//! From TOML text to a [`Profile`]: `extends` resolved key by key, then typed.

use super::mistake::Mistake;
use super::{Profile, Urc, UrcWhen, keys, place};
use serde_path_to_error::Segment;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::{Table, Value};

/// The profiles in the binary, by name.
pub type Library = &'static [(&'static str, &'static str)];

/// How a profile that an `extends` names is found: its file's name and its text.
pub type Find<'a> = &'a dyn Fn(&str) -> Option<(String, String)>;

/// A profile's file and those that it extends, nearest first.
type Chain = Vec<(String, String)>;

/// Reads a profile: `text` is that of the file `file`.
///
/// # Errors
/// Every mistake found, each with its place.
pub fn load(file: &str, text: &str, find: Find) -> Result<Profile, Vec<Mistake>> {
    let chain = chain(file, text, find)?;
    let mut merged = Table::new();
    for (_, text) in chain.iter().rev() {
        merge(&mut merged, toml::from_str(text).unwrap_or_default());
    }
    if !merged.contains_key("vendor") {
        let what = "a profile says which one it changes, and this one does not";
        return Err(vec![Mistake::at(file, text, 0..0, what).right("begin it with `extends = \"sim7080\"`")]);
    }
    if let Some(Value::Table(urc)) = merged.get_mut("urc") {
        inherit(urc);
    }
    let mut profile: Profile = serde_path_to_error::deserialize(Value::Table(merged)).map_err(|e| {
        let path: Vec<String> = e.path().iter().filter_map(step).collect();
        let schema = schemars::schema_for!(Profile).into();
        let unknown: Vec<_> =
            chain.iter().flat_map(|(file, text)| keys::misplaced(file, text, &schema, &[])).collect();
        if unknown.is_empty() { vec![wrong(&chain, &path, e.inner().message())] } else { unknown }
    })?;
    profile.name = stem(file).to_string();
    profile.urc = by_line(profile.urc);
    match profile.unusable() {
        Some((path, what)) => Err(vec![wrong(&chain, &path, &what)]),
        None => Ok(profile),
    }
}

fn step(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

/// A mistake at a key of a profile, in whichever of its files has it.
pub fn wrong_in(file: &str, text: &str, find: Find, path: &[String], what: &str) -> Mistake {
    match chain(file, text, find) {
        Ok(chain) => wrong(&chain, path, what),
        Err(_) => Mistake::at(file, text, 0..0, what),
    }
}

fn chain(file: &str, text: &str, find: Find) -> Result<Chain, Vec<Mistake>> {
    let mut chain = vec![(file.to_string(), text.to_string())];
    let mut names = vec![];
    loop {
        let (file, text) = &chain[chain.len() - 1];
        let table: Table = toml::from_str(text).map_err(|e| vec![Mistake::from_toml(file, text, &e)])?;
        let Some(parent) = table.get("extends") else { return Ok(chain) };
        let at = |what: &str, right: &str| {
            let span = place::value_of(text, &["extends"]).unwrap_or(0..0);
            vec![Mistake::at(file, text, span, what).right(right)]
        };
        let parent = parent.as_str().ok_or_else(|| at("`extends` is no string", "name a profile"))?;
        if names.contains(&parent.to_string()) {
            return Err(at("the profiles extend each other in a circle", "take one of the `extends` out"));
        }
        names.push(parent.to_string());
        let missing = || at(&format!("there is no profile `{parent}`"), "see `badline list profiles`");
        let found = find(parent).ok_or_else(missing)?;
        chain.push(found);
    }
}

fn stem(file: &str) -> &str {
    let base = file.rsplit('/').next().unwrap_or(file);
    base.strip_suffix(".toml").unwrap_or(base)
}

/// The rules by their lines, however the blank behind the name is written; a line as it is printed goes before.
fn by_line(urcs: BTreeMap<String, Urc>) -> BTreeMap<String, Urc> {
    let (usual, printed): (Vec<_>, Vec<_>) = urcs.into_iter().partition(|(line, _)| Urc::line(line) == *line);
    let mut rules: BTreeMap<String, Urc> = usual.into_iter().collect();
    for (line, urc) in printed {
        let rule = rules.entry(Urc::line(&line).into_owned()).or_default();
        let when = if urc.when == UrcWhen::default() { rule.when } else { urc.when };
        let separator = urc.separator.or(rule.separator.take());
        *rule = Urc { when, delay: urc.delay.or(rule.delay), separator };
    }
    rules
}

/// What `child` says goes over what is there, table by table; an array is replaced whole.
fn merge(into: &mut Table, child: Table) {
    for (key, value) in child {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(old)), Value::Table(new)) => merge(old, new),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// What is said of one line in particular (`"+FTPPUT: 1,0"`) adds to what is said of its name. A place in the write of
/// a result code is no place for a line that has a delay of its own.
fn inherit(urc: &mut Table) {
    let names = urc.clone();
    for (line, own) in urc {
        let general = line.split_once(':').and_then(|(name, _)| names.get(name));
        if let (Value::Table(own), Some(Value::Table(general))) = (own, general) {
            let delayed = own.contains_key("delay");
            let beside = |value: &Value| matches!(value.as_str(), Some("with-result" | "before-result"));
            for (key, value) in
                general.iter().filter(|(key, value)| !(delayed && *key == "when" && beside(value)))
            {
                own.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
    }
}

/// A mistake at a key: in the first file of the chain, nearest the one that was asked for, that has it.
fn wrong(chain: &[(String, String)], path: &[String], what: &str) -> Mistake {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    // An unknown key may be in serde's path or not; it stands quoted in what serde says.
    let named = what.split('`').nth(1).map(|key| [&path[..], &[key]].concat());
    let keys = |text: &str| named.as_deref().and_then(|path| place::of(text, path));
    let values = |text: &str| match what.starts_with("unknown field") {
        true => place::of(text, &path),
        false => place::value_of(text, &path),
    };
    let at = |find: &dyn Fn(&str) -> Option<Range<usize>>| {
        chain.iter().find_map(|(file, text)| Some(Mistake::worded(file, text, find(text)?, what)))
    };
    let nearest = || (1..path.len()).rev().find_map(|n| at(&|text| place::of(text, &path[..n])));
    let (file, text) = &chain[0];
    at(&keys)
        .or_else(|| at(&values))
        .or_else(nearest)
        .unwrap_or_else(|| Mistake::worded(file, text, 0..0, what))
}
