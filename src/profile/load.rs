//! From TOML text to a [`Profile`]: `extends` resolved key by key, then typed.

use super::Profile;
use super::mistake::Mistake;
use std::ops::Range;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

/// The profiles in the binary, by name.
pub type Library = &'static [(&'static str, &'static str)];

/// Reads a profile: `text` is that of the file `file`; `find` gives the text of the profile that an
/// `extends` names, with the name of its file.
///
/// # Errors
/// Every mistake found, each with its place.
pub fn load(
    file: &str,
    text: &str,
    find: &dyn Fn(&str) -> Option<(String, String)>,
) -> Result<Profile, Vec<Mistake>> {
    let mut chain = vec![(file.to_string(), text.to_string())];
    let mut merged = Table::new();
    let mut names = vec![];
    loop {
        let (file, text) = &chain[chain.len() - 1];
        let table: Table = toml::from_str(text).map_err(|e| vec![Mistake::from_toml(file, text, &e)])?;
        let Some(parent) = table.get("extends") else { break };
        let at = |what: &str, right: &str| {
            let span = place(text, &["extends".into()]).unwrap_or(0..0);
            vec![Mistake::at(file, text, span, what).right(right)]
        };
        let parent = parent.as_str().ok_or_else(|| at("`extends` is no string", "name a profile"))?;
        if names.contains(&parent.to_string()) {
            return Err(at("the profiles extend each other in a circle", "take one of the `extends` out"));
        }
        names.push(parent.to_string());
        let found = find(parent)
            .ok_or_else(|| at(&format!("there is no profile `{parent}`"), "see `badline list profiles`"))?;
        chain.push(found);
    }
    for (_, text) in chain.iter().rev() {
        merge(&mut merged, toml::from_str(text).unwrap_or_default());
    }
    let mut profile: Profile = serde_path_to_error::deserialize(Value::Table(merged)).map_err(|e| {
        let path: Vec<String> = e.path().iter().map(|s| s.to_string()).collect();
        vec![wrong(&chain, &path, &e.inner().to_string())]
    })?;
    if profile.name.is_empty() || chain.len() > 1 {
        profile.name = stem(file).to_string();
    }
    Ok(profile)
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
pub fn wrong(chain: &[(String, String)], path: &[String], what: &str) -> Mistake {
    // An unknown key is not in serde's path; it stands quoted in what serde says.
    let named = what.split('`').nth(1).map(|key| [path, &[key.to_string()]].concat());
    let what = what.trim_end();
    for path in named.iter().map(Vec::as_slice).chain((0..=path.len()).rev().map(|n| &path[..n])) {
        for (file, text) in chain {
            if let Some(span) = place(text, path).filter(|_| !path.is_empty()) {
                return Mistake::at(file, text, span, what);
            }
        }
    }
    let (file, text) = &chain[0];
    Mistake::at(file, text, 0..0, what)
}

/// Where a key stands in a TOML text.
pub fn place(text: &str, path: &[String]) -> Option<Range<usize>> {
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
