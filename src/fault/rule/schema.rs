//! The vocabulary as a listing, as Markdown, and as JSON Schema.

use crate::fault::layer::FAULTS;
use crate::fault::layer::kind::{FaultKind, Nature, Need, Param, Type};
use crate::time::units::{Rate, Size, Span};
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// The listing of `badline list faults`: each fault with its layer, its parameters and one line each.
pub fn list() -> String {
    let mut out = String::new();
    let mut layer = None;
    for kind in FAULTS {
        if layer.replace(kind.layer) != Some(kind.layer) {
            let gap = if out.is_empty() { "" } else { "\n" };
            put(&mut out, format_args!("{gap}{}", kind.layer));
        }
        put(&mut out, format_args!("  {:<16} {} {}", kind.name, kind.help, nature(kind)));
        for param in kind.params {
            put(&mut out, format_args!("    {} = {}: {}", param.name, param.kind.describe(), means(param)));
        }
    }
    out
}

/// The same as Markdown: a section for each layer, a table row for each parameter, an example for each fault.
pub fn markdown() -> String {
    let mut out = String::new();
    let mut layer = None;
    for kind in FAULTS {
        if layer.replace(kind.layer) != Some(kind.layer) {
            put(&mut out, format_args!("### Layer `{}`\n", kind.layer));
        }
        put(&mut out, format_args!("#### `{}`\n\n{} {}\n", kind.name, kind.help, nature(kind)));
        for param in kind.params {
            let kind = param.kind.describe();
            put(&mut out, format_args!("- `{} = {kind}`: {}", param.name, means(param)));
        }
        put(&mut out, format_args!("\n```toml\n[[fault]]\n{}\n```\n", kind.example));
    }
    out
}

/// The vocabulary for programs: what [`list`] prints, as JSON.
pub fn json() -> Value {
    let param = |p: &Param| {
        let default = match p.need {
            Need::Default(literal) | Need::Trigger(literal) if !literal.is_empty() => Value::from(literal),
            _ => Value::Null,
        };
        let required = p.need == Need::Required;
        json!({"name": p.name, "type": p.kind.describe(), "required": required, "default": default, "help": p.help})
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

fn means(param: &Param) -> String {
    match param.need {
        Need::Required => param.help.to_owned(),
        Need::Default(literal) => format!("{} (default {literal})", param.help),
        Need::Optional => format!("{} (optional)", param.help),
        Need::Trigger("") => format!("{} (default as in `when`)", param.help),
        Need::Trigger(literal) => format!("{} (default as in `when`, else {literal})", param.help),
    }
}

pub(super) fn what_schema(_: &mut SchemaGenerator) -> Schema {
    let kinds: Vec<Value> = FAULTS.iter().map(kind_schema).collect();
    schemars::json_schema!({"anyOf": kinds})
}

fn kind_schema(kind: &FaultKind) -> Value {
    let mut properties = Map::new();
    for param in kind.params {
        let mut schema = type_schema(param.kind);
        schema["description"] = means(param).into();
        properties.insert(param.name.to_owned(), schema);
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

fn type_schema(kind: Type) -> Value {
    match kind {
        Type::Flag => json!({"const": true}),
        Type::Bool => json!({"type": "boolean"}),
        Type::Int(low, high) => json!({"type": "integer", "minimum": low, "maximum": high}),
        Type::Number(numbers) => json!({"enum": numbers}),
        Type::Probability => json!({"type": "number", "minimum": 0, "maximum": 1}),
        Type::Bytes => {
            json!({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": Size::pattern()}]})
        }
        Type::Span => json!({"type": "string", "pattern": Span::pattern()}),
        Type::Rate => json!({"type": "string", "pattern": Rate::pattern()}),
        Type::Lines => json!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
        Type::Word(words) => json!({"enum": words}),
        Type::Context => {
            json!({"anyOf": [{"type": "integer", "minimum": 0, "maximum": 16}, {"const": "all"}]})
        }
        Type::Address => json!({"type": "string", "format": "ipv4"}),
        Type::Text | Type::Pattern => json!({"type": "string"}),
    }
}
