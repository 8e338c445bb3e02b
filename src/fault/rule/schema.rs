//! The vocabulary as a listing, as Markdown, and as JSON Schema.

use crate::fault::layer::FAULTS;
use crate::fault::layer::kind::{FaultKind, Nature, Need, Param};
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// The listing of `badline list faults`: each fault with its layer, its parameters and one line each.
pub fn list() -> String {
    let mut out = String::new();
    let mut layer = None;
    for kind in FAULTS.iter() {
        if layer.replace(kind.layer) != Some(kind.layer) {
            let gap = if out.is_empty() { "" } else { "\n" };
            put(&mut out, format_args!("{gap}{}", kind.layer));
        }
        put_kind(&mut out, kind);
    }
    out
}

/// One fault: its line and its parameters as [`list`] has them, and an example. None where there is no such fault.
pub fn describe(name: &str) -> Option<String> {
    let kind = FAULTS.iter().find(|kind| kind.name == name)?;
    let mut out = format!("{}\n", kind.layer);
    put_kind(&mut out, kind);
    put(&mut out, format_args!("\n[[fault]]\n{}", kind.example));
    Some(out)
}

fn put_kind(out: &mut String, kind: &FaultKind) {
    put(out, format_args!("  {:<16} {} {}", kind.name, kind.help, nature(kind)));
    for param in &kind.params {
        put(out, format_args!("    {} = {}: {}", param.name, param.shape, means(param)));
    }
}

/// The same as Markdown: a section for each layer, a table row for each parameter, an example for each fault.
pub fn markdown() -> String {
    let mut out = String::new();
    let mut layer = None;
    for kind in FAULTS.iter() {
        if layer.replace(kind.layer) != Some(kind.layer) {
            put(&mut out, format_args!("### Layer `{}`\n", kind.layer));
        }
        put(&mut out, format_args!("#### `{}`\n\n{} {}\n", kind.name, kind.help, nature(kind)));
        for param in &kind.params {
            put(&mut out, format_args!("- `{} = {}`: {}", param.name, param.shape, means(param)));
        }
        put(&mut out, format_args!("\n```toml\n[[fault]]\n{}\n```\n", kind.example));
    }
    out
}

/// The vocabulary for programs: what [`list`] prints, as JSON.
pub fn json() -> Value {
    let param = |p: &Param| {
        let default = match &p.need {
            Need::Default(literal) | Need::Trigger(Some(literal)) => Value::from(literal.as_str()),
            _ => Value::Null,
        };
        let required = p.need == Need::Required;
        json!({"name": p.name, "type": p.shape, "required": required, "default": default, "help": p.help})
    };
    let fault = |k: &FaultKind| {
        let params: Vec<Value> = k.params.iter().map(param).collect();
        let (layer, nature) = (k.layer.to_string(), k.nature);
        json!({"layer": layer, "name": k.name, "nature": nature, "help": k.help, "params": params, "example": k.example})
    };
    FAULTS.iter().map(fault).collect()
}

fn put(out: &mut String, line: std::fmt::Arguments) {
    // A String never fails to be written to.
    let _ = writeln!(out, "{line}");
}

fn nature(kind: &FaultKind) -> &'static str {
    match kind.nature {
        Nature::Instant => "(happens and is over)",
        Nature::Next => "(acts on the next one; with `for` or `until` on each)",
        Nature::State => "(holds until it is lifted)",
    }
}

pub(super) fn means(param: &Param) -> String {
    let help = &param.help;
    match &param.need {
        Need::Required => help.clone(),
        Need::Default(literal) => format!("{help} (default {literal})"),
        Need::Optional => format!("{help} (optional)"),
        Need::Trigger(None) => format!("{help} (default as in `when`)"),
        Need::Trigger(Some(literal)) => format!("{help} (default as in `when`, else {literal})"),
    }
}

pub(super) fn what_schema(_: &mut SchemaGenerator) -> Schema {
    let kinds: Vec<Value> = FAULTS.iter().map(kind_schema).collect();
    schemars::json_schema!({"anyOf": kinds})
}

fn kind_schema(kind: &FaultKind) -> Value {
    let mut properties = Map::new();
    for param in &kind.params {
        let mut schema = param.schema.clone();
        schema.insert("description".to_owned(), means(param).into());
        properties.insert(param.name.to_owned(), schema.into());
    }
    let required: Vec<&str> =
        kind.params.iter().filter(|p| p.need == Need::Required).map(|p| p.name).collect();
    json!({
        "type": "object",
        "title": kind.name,
        "description": format!("{}: {}", kind.layer, kind.help),
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}
