//! Keys that belong nowhere: all of a file at once, in their order, by the file's JSON Schema.

use super::mistake::{Mistake, suggest};
use crate::fault::Problem;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The keys of `text`, the contents of `file`, that `schema` does not know, and the tables that stand where it has
/// lists, or the other way round. `parts` are schemas of tables, by their key, that take the place of its own.
/// Nothing where the text is no TOML.
pub fn misplaced(file: &str, text: &str, schema: &Value, parts: &[(&str, &Value)]) -> Vec<Mistake> {
    let Ok(table) = DeTable::parse(text) else { return vec![] };
    let mut found = Found(vec![]);
    found.table(table.get_ref(), &Within { root: schema, schema });
    for (key, schema) in parts {
        if let Some(part) = table.get_ref().get(*key).and_then(|part| part.get_ref().as_table()) {
            found.table(part, &Within { root: schema, schema });
        }
    }
    found.0.sort_by_key(|wrong| wrong.span.start);
    found.0.into_iter().map(|problem| Mistake::of_problem(file, text, problem)).collect()
}

struct Found(Vec<Problem>);

/// A part of a schema, and the whole, which it refers to.
#[derive(Clone, Copy)]
struct Within<'a> {
    root: &'a Value,
    schema: &'a Value,
}

impl<'a> Within<'a> {
    fn at(self, schema: &'a Value) -> Within<'a> {
        let name = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/"));
        match name {
            Some(name) => Within { schema: &self.root["$defs"][name], ..self }.at(&self.root["$defs"][name]),
            None => Within { schema, ..self },
        }
    }

    /// The kinds of table that may stand here.
    fn tables(self) -> Vec<Within<'a>> {
        match self.schema["anyOf"].as_array() {
            Some(any) => any.iter().flat_map(|one| self.at(one).tables()).collect(),
            None if self.schema["properties"].is_object()
                || self.schema["additionalProperties"].is_object() =>
            {
                vec![self]
            }
            None => vec![],
        }
    }

    /// What the elements of a list here are, where they are tables.
    fn elements(self) -> Option<Within<'a>> {
        let items = self.schema.get("items")?;
        Some(self.at(items)).filter(|items| !items.tables().is_empty())
    }

    fn keys(self) -> Vec<&'a str> {
        self.schema["properties"].as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect()
    }
}

impl Found {
    fn table(&mut self, table: &DeTable, within: &Within) {
        let kinds = within.tables();
        let closed =
            !kinds.is_empty() && kinds.iter().all(|kind| kind.schema["additionalProperties"] == false);
        for (key, value) in table {
            let name: &str = key.get_ref();
            let known = kinds.iter().find_map(|kind| kind.schema["properties"].get(name).map(|s| kind.at(s)));
            match known {
                Some(known) => self.value(key, value, &known),
                None if closed => {
                    let right = candidates(name, &kinds, table);
                    self.0.push(Problem::new(key.span(), format!("unknown key `{name}`"), right));
                }
                None => {
                    for kind in &kinds {
                        if let Some(other) = kind.schema.get("additionalProperties").filter(|s| s.is_object())
                        {
                            self.value(key, value, &kind.at(other));
                        }
                    }
                }
            }
        }
    }

    fn value(&mut self, key: &Spanned<std::borrow::Cow<str>>, value: &Spanned<DeValue>, within: &Within) {
        let name: &str = key.get_ref();
        match (value.get_ref(), within.elements()) {
            (DeValue::Table(_), Some(_)) if within.tables().is_empty() => self.0.push(Problem::new(
                key.span(),
                format!("`[{name}]` is a table, and there may be several of them"),
                format!("write [[{name}]]"),
            )),
            (DeValue::Table(table), _) => self.table(table, within),
            (DeValue::Array(array), None)
                if !within.tables().is_empty() && array.iter().any(|v| v.get_ref().as_table().is_some()) =>
            {
                self.0.push(Problem::new(
                    key.span(),
                    format!("`[[{name}]]` is a list, and there is only one of them"),
                    format!("write [{name}]"),
                ));
            }
            (DeValue::Array(array), Some(elements)) => {
                let tables = array.iter().filter_map(|value| value.get_ref().as_table());
                tables.for_each(|table| self.table(table, &elements));
            }
            _ => {}
        }
    }
}

/// What would be right in place of `word`, beside the other keys of its table.
fn candidates(word: &str, kinds: &[Within], table: &DeTable) -> String {
    let title = |kind: &&Within| kind.schema["title"].as_str().is_some_and(|title| table.contains_key(title));
    let (names, plural) = match kinds {
        [kind] => (kind.keys(), "keys"),
        // Of several kinds one is chosen by the key that it is called by.
        kinds => match kinds.iter().find(title) {
            Some(kind) => (kind.keys(), "keys"),
            None => (kinds.iter().filter_map(|kind| kind.schema["title"].as_str()).collect(), "words"),
        },
    };
    match suggest(word, &names, plural) {
        none if none.is_empty() => "no key belongs here".to_owned(),
        right => right,
    }
}
