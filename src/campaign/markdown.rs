//! The verdicts in Markdown, as the page of a job shows it.

use super::{Run, Summary};
use crate::at::visible;
use std::fmt::Write;

/// So many failures are told whole.
const FAILURES: usize = 50;
/// So many scenarios have a row.
const ROWS: usize = 200;
/// GitHub takes 1 MiB from a step.
const ENOUGH: usize = 900 << 10;
/// So much of one failure.
const EXPLAINED: usize = 16 << 10;

/// The summary of these runs, which are in the order of their plan.
pub fn text(runs: &[Run], summary: &Summary) -> String {
    let mut text = String::new();
    let _ = write_all(runs, summary, &mut text);
    text
}

fn write_all(runs: &[Run], summary: &Summary, out: &mut String) -> std::fmt::Result {
    let mark = if summary.status == 0 { "✅" } else { "❌" };
    let part = if summary.shard.of > 1 { format!(", shard {}", summary.shard) } else { String::new() };
    writeln!(out, "## {mark} Badline: {} runs, {} failed{part}\n", summary.runs, summary.failures)?;
    if let Some(why) = &summary.stopped {
        writeln!(out, "**{} were not run**: {}\n", summary.not_run, cell(why))?;
    }
    writeln!(
        out,
        "| | scenario | runs | failed | seconds | slowest |\n| --- | --- | ---: | ---: | ---: | ---: |"
    )?;
    let mut rows: Vec<Row> = runs.chunk_by(|a, b| a.name() == b.name()).map(Row::of).collect();
    rows.sort_by(|a, b| b.slowest.total_cmp(&a.slowest));
    for row in rows.iter().take(ROWS) {
        let mark = if row.failed == 0 { "✅" } else { "❌" };
        let Row { runs, failed, seconds, slowest, .. } = row;
        writeln!(out, "| {mark} | {} | {runs} | {failed} | {seconds:.2} | {slowest:.2} |", cell(row.name))?;
    }
    if rows.len() > ROWS {
        writeln!(out, "\n{} more scenarios.", rows.len() - ROWS)?;
    }
    let failed: Vec<&Run> = runs.iter().filter(|run| !run.passed).collect();
    for (told, run) in failed.iter().enumerate() {
        if told == FAILURES || out.len() > ENOUGH - 2 * EXPLAINED {
            return writeln!(out, "\n{} more failures.", failed.len() - told);
        }
        failure(run, out)?;
    }
    Ok(())
}

fn failure(run: &Run, out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "\n<details><summary>{} {}: status {}</summary>\n",
        html(run.name()),
        run.turn(),
        run.status
    )?;
    for (line, why) in run.failures() {
        let line = line.map_or(String::new(), |line| format!("line {line}: "));
        writeln!(out, "- {line}{}", cell(&why))?;
    }
    writeln!(out, "- again: `badline exec {} -- ...`", visible(&run.reproduce()).replace('`', "'"))?;
    if !run.explanation.is_empty() {
        // Indented, it is code whatever is in it.
        let lines = run.explanation.join("\n");
        let begin =
            lines.char_indices().rev().map(|(at, _)| at).take_while(|at| lines.len() - at < EXPLAINED);
        let lines = &lines[begin.last().unwrap_or(lines.len())..];
        writeln!(out, "\n<pre>{}</pre>", html(lines))?;
    }
    writeln!(out, "\n</details>")
}

/// All runs of one scenario.
struct Row<'a> {
    name: &'a str,
    runs: usize,
    failed: usize,
    seconds: f64,
    slowest: f64,
}

impl Row<'_> {
    fn of(runs: &[Run]) -> Row<'_> {
        Row {
            name: runs[0].name(),
            runs: runs.len(),
            failed: runs.iter().filter(|run| !run.passed).count(),
            seconds: runs.iter().map(|run| run.seconds).sum(),
            slowest: runs.iter().map(|run| run.seconds).fold(0.0, f64::max),
        }
    }
}

/// A text that stands in a line, or in a cell of a table, as it is.
fn cell(text: &str) -> String {
    let mut shown = String::new();
    for c in visible(text).chars() {
        if "\\`*_{}[]<>#|~&!".contains(c) {
            shown.push('\\');
        }
        shown.push(c);
    }
    shown
}

/// A text in HTML.
pub fn html(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in crate::at::visible_lines(text).chars() {
        match c {
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            '"' => shown.push_str("&quot;"),
            '\'' => shown.push_str("&#39;"),
            c => shown.push(c),
        }
    }
    shown
}
