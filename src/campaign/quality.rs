//! What failed, as GitLab shows it beside the changed lines: its code quality report, a part of Code Climate's format.

use super::Run;
use crate::at::visible_json;
use crate::disk::{Kind, Output};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::io::{self, Write};

/// What `--code-quality` may write over.
pub const REPORT: Kind = Kind { name: "code quality report", is_one: is_report };

fn is_report(begin: &[u8], _whole: bool) -> bool {
    let begin = begin.trim_ascii();
    begin == b"[]"
        || (begin.starts_with(b"[") && begin.windows(NAME.len()).any(|window| window == NAME.as_bytes()))
}

/// What each of its lines is from.
const NAME: &str = "badline";

/// Writes the report of these runs; the paths are as `place` gives them.
///
/// # Errors
/// The file cannot be written.
pub fn write(runs: &[Run], place: impl Fn(&str) -> String, mut out: Output) -> io::Result<()> {
    let mut issues = vec![];
    for run in runs.iter().filter(|run| !run.passed) {
        for (line, why) in run.failures() {
            let path = run.scenario.as_deref().map_or_else(|| run.modem.clone(), &place);
            // The same in the next job is the same issue.
            let mut hash = Sha256::new();
            for part in [path.as_str(), &run.turn(), &why] {
                hash.update(part);
                hash.update([0]);
            }
            let fingerprint: String =
                hash.finalize().iter().take(16).map(|octet| format!("{octet:02x}")).collect();
            issues.push(json!({
                "description": format!("{}: {why}", run.turn()),
                "check_name": NAME,
                "fingerprint": fingerprint,
                "severity": "major",
                "location": { "path": path, "lines": { "begin": line.unwrap_or(1) } },
            }));
        }
    }
    writeln!(out, "{}", visible_json(&serde_json::Value::Array(issues).to_string()))?;
    out.finish()
}
