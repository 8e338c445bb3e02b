//! From TOML text to a [`Profile`]: `extends` resolved key by key, then typed.

use super::Profile;
use super::mistake::Mistake;
use std::ops::Range;
use toml::de::{DeTable, DeValue};
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
    let mut profile: Profile = serde_path_to_error::deserialize(Value::Table(merged)).map_err(|e| {
        let path: Vec<String> = e.path().iter().map(|s| s.to_string()).collect();
        vec![wrong(&chain, &path, &e.inner().to_string())]
    })?;
    profile.name = stem(file).to_string();
    Ok(profile)
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
            let span = place(text, &["extends".into()]).unwrap_or(0..0);
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

/// A mistake at a key: in the first file of the chain, nearest the one that was asked for, that has it.
fn wrong(chain: &[(String, String)], path: &[String], what: &str) -> Mistake {
    // An unknown key is not in serde's path; it stands quoted in what serde says.
    let named = what.split('`').nth(1).map(|key| [path, &[key.to_string()]].concat());
    for path in named.iter().map(Vec::as_slice).chain((0..=path.len()).rev().map(|n| &path[..n])) {
        for (file, text) in chain {
            if let Some(span) = place(text, path).filter(|_| !path.is_empty()) {
                return Mistake::worded(file, text, span, what);
            }
        }
    }
    let (file, text) = &chain[0];
    Mistake::worded(file, text, 0..0, what)
}

/// Where a key stands in a TOML text.
fn place(text: &str, path: &[String]) -> Option<Range<usize>> {
    let (last, tables) = path.split_last()?;
    let root = DeTable::parse(text).ok()?.into_inner();
    let mut table = &root;
    for key in tables {
        match table.get(key.as_str())?.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => return None,
        }
    }
    table.iter().find(|(key, _)| key.get_ref() == last).map(|(key, _)| key.span())
}
