//! A fault as a person types it: `signal=2 for=20s when.command=AT+CSQ name=weak`.

use super::answer::Wrong;
use crate::fault::{FAULTS, FaultKind, When, kind_named};
use serde_json::{Map, Value};

/// The fault that these words are, as a `[[fault]]` in JSON. A key without a point is one of `what`, but for `name` and
/// `for`.
///
/// # Errors
/// A word that is no KEY=VALUE, or that stands there twice.
pub fn fault(words: &[String]) -> Result<Value, Wrong> {
    let mut pairs = vec![];
    for word in words {
        let pair = word.split_once('=').filter(|(key, _)| !key.is_empty());
        let (key, value) = pair.ok_or_else(|| {
            Wrong::new(
                format!("`{word}` is no KEY=VALUE"),
                "write signal=2 for=20s, or the name of one fault",
            )
        })?;
        pairs.push(match key.split_once('.') {
            Some((table @ ("what" | "when" | "until"), key)) => (Some(table), key, value),
            Some((table, _)) => {
                return Err(Wrong::new(
                    format!("a fault has no `{table}`"),
                    "write what.KEY, when.KEY or until.KEY",
                ));
            }
            None if matches!(key, "name" | "for") => (None, key, value),
            None => (Some("what"), key, value),
        });
    }
    let kinds: Vec<&FaultKind> = pairs.iter().filter_map(|(_, key, _)| kind_named(key)).collect();
    let mut fault = Map::new();
    for (table, key, value) in pairs {
        let value = match table {
            None => Value::from(value),
            Some("what") => typed(value, param(&kinds, key).is_some_and(|schema| is_text(&schema, &schema))),
            Some(_) => {
                let when = schemars::schema_for!(When).to_value();
                typed(value, is_text(&when["properties"][key], &when))
            }
        };
        let into = match table {
            Some(table) => {
                let table = fault.entry(table).or_insert_with(|| Value::Object(Map::new()));
                table.as_object_mut()
            }
            None => Some(&mut fault),
        };
        if into.is_some_and(|into| into.insert(key.to_owned(), value).is_some()) {
            return Err(Wrong::new(format!("`{key}` stands there twice"), "keep one of them"));
        }
    }
    Ok(Value::Object(fault))
}

/// The type of a parameter of the faults that are meant, else of any.
fn param(kinds: &[&FaultKind], key: &str) -> Option<Value> {
    let mut params = kinds.iter().copied().chain(FAULTS.iter()).flat_map(|kind| &kind.params);
    params.find(|param| param.name == key).map(|param| param.schema.as_value().clone())
}

/// A value in TOML's spelling; a text where it must be one, or is nothing else.
fn typed(value: &str, text: bool) -> Value {
    let read = || {
        let table: toml::Table = toml::from_str(&format!("value = {value}")).ok()?;
        match table.get("value")? {
            toml::Value::Datetime(_) => None,
            value if table.len() == 1 => serde_json::to_value(value).ok(),
            _ => None,
        }
    };
    let read = read().filter(|read| !text || read.is_string() || read.is_object());
    read.unwrap_or_else(|| value.into())
}

/// Whether only texts fit a type.
fn is_text(schema: &Value, root: &Value) -> bool {
    if let Some(name) = schema["$ref"].as_str().and_then(|at| at.strip_prefix("#/$defs/")) {
        return is_text(&root["$defs"][name], root);
    }
    let of = |key: &str| schema[key].as_array().filter(|all| !all.is_empty());
    if let Some(shapes) = of("anyOf").or(of("oneOf")) {
        // Octets are a text, too, where they are written as a table.
        let texts = shapes.iter().filter(|shape| shape["type"] != "null" && shape["type"] != "object");
        return texts.clone().next().is_some() && texts.into_iter().all(|shape| is_text(shape, root));
    }
    if let Some(words) = of("enum") {
        return words.iter().all(|word| word.is_string() || word.is_null());
    }
    match &schema["type"] {
        Value::Array(types) => types.iter().all(|one| one == "string" || one == "null"),
        one => one == "string" || schema["const"].is_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Rule;
    use serde_json::json;

    fn read(words: &str) -> Result<Value, Wrong> {
        fault(&words.split(' ').map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_typed_is_the_fault_that_is_meant() {
        for (words, right) in [
            ("signal=2 for=20s", json!({"what": {"signal": 2}, "for": "20s"})),
            ("pdp_drop=all", json!({"what": {"pdp_drop": "all"}})),
            ("pdp_drop=1", json!({"what": {"pdp_drop": 1}})),
            (
                "reply=550 when.verb=RETR when.nth=2 name=x",
                json!({"what": {"reply": 550}, "when": {"verb": "RETR", "nth": 2}, "name": "x"}),
            ),
            (
                "stall=down when.reply=226 when.probability=0.5",
                json!({"what": {"stall": "down"}, "when": {"reply": "226", "probability": 0.5}}),
            ),
            ("late=5s command=AT+CSQ", json!({"what": {"late": "5s", "command": "AT+CSQ"}})),
            ("say=\"+CREG: 2\"", json!({"what": {"say": "+CREG: 2"}})),
            ("say=7", json!({"what": {"say": "7"}})),
            ("say={hex=\"ff\"}", json!({"what": {"say": {"hex": "ff"}}})),
            (
                "signal=2 until.command=AT+X=\"a\",1",
                json!({"what": {"signal": 2}, "until": {"command": "AT+X=\"a\",1"}}),
            ),
        ] {
            let words: Vec<String> = match words.starts_with("say=\"") {
                true => vec![words.to_owned()],
                false => words.split(' ').map(String::from).collect(),
            };
            let fault = fault(&words).unwrap();
            assert_eq!(fault, right);
            Rule::from_json(&fault).unwrap_or_else(|e| panic!("{words:?}: {e:?}"));
        }
    }

    #[test]
    fn what_is_no_fault_is_told() {
        for (words, error) in [("signal", "no KEY=VALUE"), ("=2", "no KEY=VALUE"), ("then.x=1", "no `then`")]
        {
            assert!(read(words).unwrap_err().error.contains(error), "{words}");
        }
        assert!(read("signal=2 signal=3").unwrap_err().error.contains("twice"));
    }

    /// Whatever the table has can be typed: the example of each fault.
    #[test]
    fn every_example_can_be_typed() {
        for kind in FAULTS.iter() {
            let example: toml::Table = toml::from_str(kind.example).unwrap();
            let mut words = vec![];
            for (key, value) in &example {
                match value {
                    toml::Value::Table(inner) => {
                        words.extend(inner.iter().map(|(k, v)| format!("{key}.{k}={}", plain(v))));
                    }
                    value => words.push(format!("{key}={}", plain(value))),
                }
            }
            let fault = fault(&words).unwrap();
            let right = serde_json::to_value(&example).unwrap();
            assert_eq!(fault, right, "{words:?}");
        }
    }

    /// As a person types it: without the quotation marks of a text.
    fn plain(value: &toml::Value) -> String {
        match value {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}
