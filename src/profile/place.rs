//! Where the keys of a TOML text and their values stand, and back.

use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

struct Key {
    /// With the numbers of array elements, from 0; an element that is no table is its own key.
    path: Vec<String>,
    key: Range<usize>,
    value: Range<usize>,
}

/// Where the key at a path stands; `None` where there is none.
pub fn of(text: &str, path: &[&str]) -> Option<Range<usize>> {
    keys(text).into_iter().find(|there| there.path == path).map(|there| there.key)
}

/// Where the value at a path stands; `None` where there is none.
pub fn value_of(text: &str, path: &[&str]) -> Option<Range<usize>> {
    keys(text).into_iter().find(|there| there.path == path).map(|there| there.value)
}

/// Where the key at a path stands, or else the last key on the way to it that is there.
pub fn nearest(text: &str, path: &[&str]) -> Option<Range<usize>> {
    (1..=path.len()).rev().find_map(|n| of(text, &path[..n]))
}

/// The path of the key that stands at an offset into the text, or the last one before it: that whose value is there.
pub fn path_at(text: &str, offset: usize) -> Option<Vec<String>> {
    let before = keys(text).into_iter().filter(|there| there.key.start <= offset);
    before.max_by_key(|there| (there.key.start, there.path.len())).map(|there| there.path)
}

/// The keys of one text, for many questions.
#[derive(Debug)]
pub struct Places(BTreeMap<Vec<String>, (Range<usize>, Range<usize>)>);

impl Places {
    /// Those of `text`.
    pub fn new(text: &str) -> Places {
        Places(keys(text).into_iter().map(|there| (there.path, (there.key, there.value))).collect())
    }

    /// As [`of`].
    pub fn of(&self, path: &[&str]) -> Option<Range<usize>> {
        Some(self.at(path)?.0.clone())
    }

    /// As [`value_of`].
    pub fn value_of(&self, path: &[&str]) -> Option<Range<usize>> {
        Some(self.at(path)?.1.clone())
    }

    /// As [`nearest`].
    pub fn nearest(&self, path: &[&str]) -> Option<Range<usize>> {
        (1..=path.len()).rev().find_map(|n| self.of(&path[..n]))
    }

    fn at(&self, path: &[&str]) -> Option<&(Range<usize>, Range<usize>)> {
        let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
        self.0.get(&path)
    }
}

fn keys(text: &str) -> Vec<Key> {
    let mut found = vec![];
    if let Ok(table) = DeTable::parse(text) {
        walk_table(table.get_ref(), &mut vec![], &mut found);
    }
    found
}

fn walk_table(table: &DeTable, path: &mut Vec<String>, found: &mut Vec<Key>) {
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        found.push(Key { path: path.clone(), key: key.span(), value: value.span() });
        walk(value, path, found);
        path.pop();
    }
}

fn walk(value: &Spanned<DeValue>, path: &mut Vec<String>, found: &mut Vec<Key>) {
    match value.get_ref() {
        DeValue::Table(table) => walk_table(table, path, found),
        DeValue::Array(array) => {
            for (i, value) in array.iter().enumerate() {
                path.push(i.to_string());
                if !matches!(value.get_ref(), DeValue::Table(_)) {
                    found.push(Key { path: path.clone(), key: value.span(), value: value.span() });
                }
                walk(value, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_however_it_is_written() {
        for text in ["[module]\nbearer.x = 1", "[module.bearer]\nx = 1", "module = { bearer = { x = 1 } }"] {
            let span = of(text, &["module", "bearer", "x"]).unwrap();
            assert_eq!(&text[span.clone()], "x", "{text}");
            assert_eq!(path_at(text, span.end + 3).unwrap(), ["module", "bearer", "x"], "{text}");
        }
        let text = "[[expect]]\na = 1\n[[expect]]\na = 2";
        assert_eq!(of(text, &["expect", "1", "a"]), Some(28..29));
        assert_eq!(nearest(text, &["expect", "1", "b"]), Some(2..8));
        assert_eq!(value_of(text, &["expect", "1", "a"]), Some(32..33));
        assert_eq!(of(text, &["nothing"]), None);
        assert_eq!(value_of("a = [1, [2, 3]]", &["a", "1", "0"]), Some(9..10));
    }
}
