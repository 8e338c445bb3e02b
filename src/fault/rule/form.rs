//! The vocabulary for a form: what kind of field each parameter of a fault and each key of `when` is.

use super::schema::means;
use super::trigger::When;
use crate::fault::layer::FAULTS;
use crate::fault::layer::kind::{FaultKind, Need, Param, fields};
use crate::time::units::{Size, Span};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The layers with their faults and the fields of each, and the fields of `when`.
pub fn form() -> Value {
    let mut layers: Vec<(String, Vec<Value>)> = vec![];
    for kind in FAULTS.iter() {
        let name = kind.layer.to_string();
        match layers.last_mut() {
            Some((last, faults)) if *last == name => faults.push(fault(kind)),
            _ => layers.push((name, vec![fault(kind)])),
        }
    }
    let layers: Vec<Value> =
        layers.into_iter().map(|(name, faults)| json!({"name": name, "faults": faults})).collect();
    json!({"layers": layers, "when": when()})
}

fn fault(kind: &FaultKind) -> Value {
    // Its text is in the binary, and a test reads it.
    let example: Value = toml::from_str(kind.example).unwrap_or_default();
    let fields: Vec<Value> = kind.params.iter().map(|param| parameter(param, &example["what"])).collect();
    json!({"name": kind.name, "nature": kind.nature, "help": kind.help, "parameters": fields, "example": example})
}

fn parameter(param: &Param, example: &Value) -> Value {
    let mut field = field(param.name, param.schema.as_value());
    field.insert("help".into(), means(param).into());
    field.insert("required".into(), (param.need == Need::Required).into());
    if let Need::Default(literal) | Need::Trigger(Some(literal)) = &param.need {
        field.insert("default".into(), literal.as_str().into());
    }
    if let Some(example) = example.get(param.name) {
        field.insert("example".into(), example.clone());
    }
    field.into()
}

/// The keys of `when`: the events, and with which of them each of the others can stand.
fn when() -> Vec<Value> {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    let schema = settings.into_generator().into_root_schema_for::<When>().to_value();
    let keys = schema["properties"].as_object().cloned().unwrap_or_default();
    let help = |key: &Value| key["description"].as_str().unwrap_or_default().replace('\n', " ");
    // In the order in which they are declared.
    let names = fields::<When>().iter().copied();
    let events: Vec<&str> = names.clone().filter(|name| help(&keys[*name]).starts_with("Event")).collect();
    let mut all = vec![];
    for name in names {
        let key = &keys[name];
        let mut field = field(name, key);
        let (help, event) = (help(key), events.contains(&name));
        if name == "inject" {
            field.insert("choices".into(), json!([true]));
        }
        field.insert("trigger".into(), event.into());
        let beside = if event { help.strip_prefix("Event, or with ") } else { help.strip_prefix("With ") };
        if let Some((with, _)) = beside.and_then(|help| help.split_once(':')) {
            let named = |text: &str| -> Vec<String> {
                text.split('`').skip(1).step_by(2).map(String::from).collect()
            };
            let mut with = named(with);
            // A serial port narrows bytes, too: there it stands beside a link.
            if with.iter().any(|name| name == "link") {
                with.extend(["after_bytes", "total_bytes"].map(String::from));
            }
            with.retain(|name| events.contains(&name.as_str()));
            field.insert("with".into(), with.into());
        }
        let told = help.split_once(": ").filter(|_| event).map_or(&*help, |(_, told)| told);
        field.insert("help".into(), told.into());
        all.push(field.into());
    }
    all
}

/// What a value of this schema is typed into.
fn field(name: &str, schema: &Value) -> Map<String, Value> {
    let mut field = Map::new();
    field.insert("name".into(), name.into());
    field.insert("type".into(), kind(schema).into());
    if let Some(choices) = choices(schema) {
        field.insert("choices".into(), choices.into());
    }
    field
}

fn shapes(schema: &Value) -> Vec<&Value> {
    let shapes = schema["anyOf"].as_array().or(schema["oneOf"].as_array());
    shapes.into_iter().flatten().filter(|shape| shape["type"] != "null").collect()
}

/// `text`, `integer`, `number`, `boolean`, `duration`, `size`, or `any` of them.
fn kind(schema: &Value) -> &'static str {
    let of_values = |values: &[Value]| match values {
        [] => "any",
        all if all.iter().all(Value::is_string) => "text",
        all if all.iter().all(Value::is_boolean) => "boolean",
        all if all.iter().all(Value::is_i64) => "integer",
        _ => "any",
    };
    let shapes = shapes(schema);
    if !shapes.is_empty() {
        let mut kinds: Vec<&str> =
            shapes.into_iter().map(kind).filter(|kind| !matches!(*kind, "list" | "table")).collect();
        kinds.sort_unstable();
        kinds.dedup();
        return match kinds[..] {
            [only] => only,
            ["integer", "size"] => "size",
            ["duration", "text"] => "text",
            _ => "any",
        };
    }
    if let Some(only) = schema.get("const") {
        return of_values(std::slice::from_ref(only));
    }
    if let Some(values) = schema["enum"].as_array() {
        return of_values(&values.iter().filter(|v| !v.is_null()).cloned().collect::<Vec<_>>());
    }
    let pattern = schema["pattern"].as_str();
    let named = match &schema["type"] {
        Value::Array(types) => types.iter().find_map(|one| one.as_str().filter(|one| *one != "null")),
        one => one.as_str(),
    };
    match named {
        Some("string") if pattern == Some(Span::pattern().as_str()) => "duration",
        Some("string") if pattern == Some(Size::pattern().as_str()) => "size",
        Some("string") => "text",
        Some("integer") => "integer",
        Some("number") => "number",
        Some("boolean") => "boolean",
        Some("array") => "list",
        Some("object") => "table",
        _ => "any",
    }
}

/// The values, where there are only these.
fn choices(schema: &Value) -> Option<Vec<Value>> {
    if let Some(only) = schema.get("const") {
        return Some(vec![only.clone()]);
    }
    if let Some(values) = schema["enum"].as_array() {
        return Some(values.iter().filter(|value| !value.is_null()).cloned().collect());
    }
    let shapes = shapes(schema);
    let all: Option<Vec<Vec<Value>>> = shapes.iter().map(|shape| choices(shape)).collect();
    all.map(|all| all.concat()).filter(|all| !all.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_fields_that_its_example_fills() {
        let form = form();
        let faults =
            form["layers"].as_array().unwrap().iter().flat_map(|layer| layer["faults"].as_array().unwrap());
        let mut count = 0;
        for fault in faults {
            count += 1;
            let fields = fault["parameters"].as_array().unwrap();
            for (key, value) in fault["example"]["what"].as_object().unwrap() {
                let field =
                    fields.iter().find(|field| field["name"] == **key).unwrap_or_else(|| panic!("{key}"));
                let fits = match field["type"].as_str().unwrap() {
                    "text" | "duration" => value.is_string(),
                    "integer" => value.is_i64(),
                    "number" => value.is_number(),
                    "boolean" => value.is_boolean(),
                    "size" => value.is_string() || value.is_i64(),
                    other => other == "any",
                };
                assert!(fits || value.is_array(), "{}: {field} and {value}", fault["name"]);
                if let Some(choices) = field["choices"].as_array() {
                    assert!(choices.contains(value), "{}: {field} and {value}", fault["name"]);
                }
            }
        }
        assert_eq!(count, FAULTS.len());
    }

    #[test]
    fn the_keys_of_when_say_what_they_stand_with() {
        let form = form();
        let key = |name: &str| {
            let keys = form["when"].as_array().unwrap();
            keys.iter().find(|key| key["name"] == name).unwrap_or_else(|| panic!("{name}")).clone()
        };
        assert_eq!(key("command")["trigger"], true);
        assert_eq!(key("command")["help"], "a command line that matches, such as \"AT+FTPGET=1\".");
        for (one, other) in [("verb", "reply"), ("reply", "verb")] {
            assert_eq!((&key(one)["trigger"], &key(one)["with"]), (&json!(true), &json!([other])));
        }
        assert!(key("verb")["help"].as_str().unwrap().starts_with("an FTP verb"));
        assert_eq!(key("quiet")["type"], "duration");
        assert_eq!(key("after_bytes")["type"], "size");
        assert_eq!(key("link")["with"], json!(["after_bytes", "total_bytes", "payload", "quiet"]));
        assert_eq!(key("per_file")["with"], json!(["verb", "reply"]));
        assert_eq!(key("nth").get("with"), None);
        assert_eq!(key("probability")["type"], "number");
        assert!(key("state")["choices"].as_array().unwrap().contains(&"registered".into()));
        assert!(key("opened")["choices"].as_array().is_some_and(|links| !links.is_empty()));
    }
}
