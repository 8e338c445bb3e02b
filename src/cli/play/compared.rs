//! How what came of a comparison is told.

use crate::at::visible_json;
use crate::play::compare::{Compared, Counts, Line, Verdict};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Each line that differs, and the sums by command, for a person.
pub fn told(file: &str, compared: &Compared) -> String {
    let mut out = String::new();
    for line in compared.lines.iter().filter(|line| line.verdict != Verdict::Same) {
        out += &difference(file, line);
    }
    let commands = compared.by_command();
    let width = commands.keys().map(|name| name.chars().count()).max().unwrap_or(0).max("command".len());
    let _ = writeln!(out, "{:width$}  lines   same values  other missing  more", "command");
    for (command, counts) in commands {
        let Counts { lines, same, values, other, missing, more } = counts;
        let _ = writeln!(
            out,
            "{command:width$}  {lines:5}  {same:5}  {values:5}  {other:5}   {missing:5} {more:5}"
        );
    }
    let Counts { lines, same, values, other, missing, more } = compared.counts();
    let _ = writeln!(
        out,
        "{file} at {}: {same} of {lines} lines same, {values} with other values, {other} other, {missing} missing; {more} more of the model",
        compared.profile
    );
    out
}

fn difference(file: &str, line: &Line) -> String {
    let Line { line: number, command, recorded, said, verdict } = line;
    let quoted = |text: &Option<String>| {
        text.as_ref().map_or_else(|| "nothing".to_owned(), |text| format!("`{text}`"))
    };
    let (module, model) = (quoted(recorded), quoted(said));
    format!("{file}:{number}: {}: {command}: the module says {module}, the model {model}\n", word(*verdict))
}

/// The same as JSON, an object per line; the last has the sums.
pub fn json(file: &str, compared: &Compared) -> String {
    let mut out = String::new();
    let mut put = |object: Value| {
        let _ = writeln!(out, "{}", visible_json(&object.to_string()));
    };
    for line in compared.lines.iter().filter(|line| line.verdict != Verdict::Same) {
        put(json!({
            "file": file, "line": line.line, "is": word(line.verdict), "command": line.command,
            "module": line.recorded, "model": line.said,
        }));
    }
    let sums = |counts: &Counts| {
        json!({
            "lines": counts.lines, "same": counts.same, "values": counts.values, "other": counts.other,
            "missing": counts.missing, "more": counts.more,
        })
    };
    let commands: serde_json::Map<String, Value> =
        compared.by_command().iter().map(|(name, counts)| ((*name).to_owned(), sums(counts))).collect();
    put(json!({
        "file": file, "profile": compared.profile, "sums": sums(&compared.counts()), "commands": commands,
    }));
    out
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Same => "same",
        Verdict::Values => "values",
        Verdict::Other => "other",
        Verdict::Missing => "missing",
        Verdict::More => "more",
    }
}
