//! That every parameter is what it says: what is written of it is in the action that is built.

use super::*;
use serde_json::Value as Json;
use toml::{Table, Value};

fn toml(json: &Json) -> Value {
    toml::from_str::<Table>(&format!("v = {json}"))
        .unwrap_or_else(|e| panic!("{json}: {e}"))
        .remove("v")
        .unwrap()
}

/// Values that a parameter may have, of which no two mean the same.
fn values(schema: &Json) -> Vec<Value> {
    let list = |key: &str| schema[key].as_array().cloned().unwrap_or_default();
    if let Some(only) = schema.get("const") {
        return vec![toml(only)];
    }
    if schema.get("enum").is_some() {
        return list("enum").iter().map(toml).collect();
    }
    for key in ["oneOf", "anyOf"] {
        if schema.get(key).is_some()
            && !list(key).iter().any(|shape| shape["type"] == "string" && shape.get("pattern").is_some())
        {
            return list(key).iter().flat_map(values).collect();
        }
    }
    let ipv4 = schema["format"] == "ipv4";
    match (schema["type"].as_str(), schema["pattern"].as_str()) {
        (Some("boolean"), _) => vec![true.into(), false.into()],
        (Some("integer"), _) => vec![toml(&schema["minimum"]), toml(&schema["maximum"])],
        (Some("number"), _) => vec![0.25.into(), 0.75.into()],
        (Some("array"), _) => vec![vec!["ONE", "TWO"].into(), Value::Array(vec![])],
        (Some("string"), _) if ipv4 => vec!["192.0.2.7".into(), "192.0.2.8".into()],
        (Some("string"), Some(units)) if units.contains("bit/s") => vec!["7kbit/s".into(), "8kbit/s".into()],
        (Some("string"), Some(_)) => vec!["7s".into(), "8s".into()],
        (Some("string"), None) => vec!["a seventh".into(), "an eighth".into()],
        (Some("object"), _) => {
            ["07", "08"].map(|hex| Table::from_iter([("hex".to_owned(), hex.into())]).into()).into()
        }
        // A number of bytes has no type of its own.
        (None, _) => vec![7.into(), "8KiB".into()],
        other => panic!("{other:?} of {schema}"),
    }
}

/// What a rule with these parameters does, without a trigger that lends it some.
fn built(what: &Table) -> Result<Action, String> {
    let rule = Table::from_iter([("what".to_owned(), Value::Table(what.clone()))]);
    let text = toml::to_string(&rule).unwrap();
    Rule::parse(&text).map(|rule| rule.what).map_err(|problem| format!("{text}: {problem}"))
}

fn example(kind: &FaultKind) -> Table {
    let mut rule: Table = toml::from_str(kind.example).unwrap();
    match rule.remove("what") {
        Some(Value::Table(what)) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_parameter_of_every_fault_changes_what_it_does() {
    let mut single = vec![];
    for kind in FAULTS.iter() {
        for param in &kind.params {
            let all = values(param.schema.as_value());
            let actions: Vec<Action> = all
                .iter()
                .map(|value| {
                    let mut what = example(kind);
                    what.insert(param.name.to_owned(), value.clone());
                    built(&what).unwrap()
                })
                .collect();
            for (i, action) in actions.iter().enumerate() {
                assert!(
                    !actions[..i].contains(action),
                    "{}: {} = {} does nothing",
                    kind.name,
                    param.name,
                    all[i]
                );
            }
            if all.len() == 1 {
                single.push(param.name);
            }
        }
    }
    assert_eq!(single, ["no_reply"], "these have one value, and only name the fault");
}

#[test]
fn what_is_not_given_is_what_the_list_says() {
    for kind in FAULTS.iter() {
        for param in &kind.params {
            let mut without = example(kind);
            without.remove(param.name);
            let mut with = without.clone();
            match &param.need {
                Need::Required => {
                    let missing = built(&without).unwrap_err();
                    assert!(param.name == kind.name || missing.contains("is missing"), "{missing}");
                    continue;
                }
                Need::Default(literal) | Need::Trigger(Some(literal)) => {
                    let literal: Json = serde_json::from_str(literal).unwrap();
                    with.insert(param.name.to_owned(), toml(&literal));
                }
                Need::Optional | Need::Trigger(None) => {}
            }
            assert_eq!(built(&with), built(&without), "{}: {}", kind.name, param.name);
        }
    }
}

#[test]
fn a_parameter_that_is_misspelt_or_out_of_range_is_a_mistake() {
    for kind in FAULTS.iter() {
        for param in &kind.params {
            let mut what = example(kind);
            what.remove(param.name);
            what.insert(format!("{}s", param.name), values(param.schema.as_value())[0].clone());
            assert!(built(&what).is_err(), "{}: {}s", kind.name, param.name);
            for wrong in [Value::Integer(i64::MIN), Value::Float(f64::NAN), Value::Table(Table::new())] {
                let mut what = example(kind);
                what.insert(param.name.to_owned(), wrong.clone());
                let told = built(&what).unwrap_err();
                let right =
                    format!("wrong value of `{}`; write {} = {}", param.name, param.name, param.shape);
                assert!(told.ends_with(&right), "{wrong}: {told}");
            }
        }
    }
}

#[test]
fn a_fault_takes_over_from_its_trigger_what_the_list_says() {
    let lends = [
        ("command", "command = \"AT+X\"", "AT+X"),
        ("port", "command = \"AT\", port = 3", "3"),
        ("port", "urc = \"RING\", port = 3", "3"),
        ("port", "result = \"OK\", port = 3", "3"),
        ("port", "link = \"serial\", after_bytes = 5, port = 3", "3"),
        ("urc", "urc = \"RING\"", "RING"),
        ("result", "result = \"ERROR\"", "ERROR"),
        ("verb", "verb = \"RETR\"", "RETR"),
        ("file", "verb = \"RETR\", file = \"a.bin\"", "a.bin"),
        ("file", "verb = \"RETR\", reply = \"226\", file = \"a.bin\"", "a.bin"),
        ("link", "link = \"ftp.data\", after_bytes = 5", "ftp.data"),
        ("link", "link = \"ftp.control\", quiet = \"3s\"", "ftp.control"),
        ("link", "opened = \"socket\"", "socket"),
        ("direction", "link = \"ftp.data\", after_bytes = 5, direction = \"up\"", "up"),
        ("host", "lookup = \"a.example\"", "a.example"),
        ("host", "connect = \"a.example\"", "a.example"),
    ];
    let rule = |when: &str, what: &Table| {
        let text = format!("when = {{ {when} }}\nwhat = {}", Value::Table(what.clone()));
        Rule::parse(&text).unwrap_or_else(|p| panic!("{text}: {p}")).what
    };
    for kind in FAULTS.iter() {
        for param in kind.params.iter().filter(|p| matches!(p.need, Need::Trigger(_))) {
            assert!(lends.iter().any(|(name, ..)| *name == param.name), "nothing lends {}", param.name);
            for (_, when, value) in lends.iter().filter(|(name, ..)| *name == param.name) {
                let mut open = example(kind);
                open.remove(param.name);
                // A fault that says itself what it is about takes over none of what it could be about in its place.
                if param.name == "result" {
                    open.remove("command");
                }
                let mut given = open.clone();
                let value = value.parse::<i64>().map_or_else(|_| Value::from(*value), Value::from);
                given.insert(param.name.to_owned(), value);
                assert_eq!(rule(when, &open), rule(when, &given), "{}: {when}", kind.name);
                assert_ne!(rule(when, &open), built(&open).unwrap(), "{}: {when} lends nothing", kind.name);
            }
        }
    }
    // What cannot be a fault's is left where it is.
    let stall = Table::from_iter([("stall".to_owned(), Value::from("down"))]);
    assert_eq!(rule("link = \"serial\", after_bytes = 5", &stall), built(&stall).unwrap());
}
