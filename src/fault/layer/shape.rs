//! What the schema of a parameter says about its values, in the form in which it is listed: `1..16`, `"up" | "down"`.

use schemars::Schema;
use serde_json::Value;

/// What a value looks like, for messages and listings.
pub(super) fn describe(schema: &Schema) -> String {
    shape(schema.as_value())
}

fn shape(schema: &Value) -> String {
    let list = |key: &str| schema.get(key).and_then(Value::as_array);
    let number = |key: &str| schema.get(key).and_then(Value::as_i64).unwrap_or_default();
    if let Some(examples) = list("examples") {
        return join(examples, Value::to_string, " or ");
    }
    if let Some(only) = schema.get("const") {
        return only.to_string();
    }
    if let Some(words) = list("enum") {
        return join(words, Value::to_string, " | ");
    }
    if let Some(shapes) = list("oneOf").or(list("anyOf")) {
        let words = shapes.iter().all(|shape| shape.get("const").is_some());
        return join(shapes, shape, if words { " | " } else { " or " });
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("boolean") => "true or false".to_owned(),
        Some("object") => {
            let keys = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
            let keys: Vec<String> = keys.map(|(key, schema)| format!("{key} = {}", shape(schema))).collect();
            format!("{{ {} }}", keys.join(", "))
        }
        Some("integer") => format!("{}..{}", number("minimum"), number("maximum")),
        Some("number") => format!("{:.1}..{:.1}", number("minimum") as f64, number("maximum") as f64),
        Some("array") => format!("[{}, ...]", schema.get("items").map(shape).unwrap_or_default()),
        _ if schema.get("format").is_some_and(|format| format == "ipv4") => "\"192.0.2.1\"".to_owned(),
        _ => "\"text\"".to_owned(),
    }
}

fn join(values: &[Value], show: impl Fn(&Value) -> String, between: &str) -> String {
    values.iter().map(show).collect::<Vec<_>>().join(between)
}

/// The schema without the `null` that an optional value may be elsewhere: TOML has none.
pub(super) fn without_null(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    let nothing = |value: &Value| value.is_null() || *value == "null" || value["type"] == "null";
    for key in ["type", "enum", "anyOf", "oneOf"] {
        let Some(Value::Array(values)) = object.get_mut(key) else { continue };
        values.retain(|value| !nothing(value));
        if let [only] = &mut values[..] {
            match (key, only.take()) {
                ("type", only) => drop(object.insert(key.to_owned(), only)),
                ("anyOf" | "oneOf", Value::Object(only)) => {
                    object.remove(key);
                    object.extend(only);
                }
                (_, only) => drop(object.insert(key.to_owned(), Value::Array(vec![only]))),
            }
        }
    }
}
