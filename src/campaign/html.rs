//! The verdicts as a page, which loads nothing from elsewhere.

use super::markdown::html;
use super::{Run, Summary};
use crate::disk::{Kind, Output};
use std::io::{self, Write};

/// What `--html` may write over.
pub const PAGE: Kind = Kind { name: "report of badline (HTML)", is_one: is_page };

const BEGIN: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Badline report</title>";
const STYLE: &str = "<meta name=\"viewport\" content=\"width=device-width\"><style>\
    body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}\
    table{border-collapse:collapse}td,th{padding:.2rem .8rem;text-align:left;border-bottom:1px solid #8884}\
    td.n{text-align:right;font-variant-numeric:tabular-nums}pre{overflow:auto;background:#8882;padding:.6rem}\
    .f{color:#c22}.p{color:#282}@media(prefers-color-scheme:dark){body{background:#161616;color:#ddd}}</style>";

fn is_page(begin: &[u8], _whole: bool) -> bool {
    begin.starts_with(BEGIN.as_bytes())
}

/// Writes the page of these runs, which are in the order of their plan.
///
/// # Errors
/// The file cannot be written.
pub fn write(runs: &[Run], summary: &Summary, out: Output) -> io::Result<()> {
    let mut to = io::BufWriter::new(out.clone());
    page(runs, summary, &mut to)?;
    to.flush()?;
    out.finish()
}

fn page(runs: &[Run], summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{BEGIN}{STYLE}")?;
    writeln!(out, "<h1>{} runs, {} failed</h1>", summary.runs, summary.failures)?;
    if let Some(why) = &summary.stopped {
        writeln!(out, "<p class=f>{} were not run: {}</p>", summary.not_run, html(why))?;
    }
    writeln!(out, "<table><tr><th><th>scenario<th>seed<th>run<th>status<th>seconds<th>how it ended</tr>")?;
    let mut order: Vec<&Run> = runs.iter().collect();
    order.sort_by(|a, b| a.passed.cmp(&b.passed).then(b.seconds.total_cmp(&a.seconds)));
    for run in &order {
        let (class, word) = if run.passed { ("p", "passed") } else { ("f", "FAILED") };
        let (name, reason) = (html(run.name()), html(&run.reason));
        writeln!(
            out,
            "<tr><td class={class}>{word}<td>{name}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{:.3}<td>{reason}</tr>",
            run.seed, run.run, run.status, run.seconds
        )?;
    }
    writeln!(out, "</table>")?;
    for run in order.iter().filter(|run| !run.passed) {
        writeln!(out, "<h2>{} {}</h2><ul>", html(run.name()), run.turn())?;
        for (line, why) in run.failures() {
            let line = line.map_or(String::new(), |line| format!("line {line}: "));
            writeln!(out, "<li>{line}{}</li>", html(&why))?;
        }
        writeln!(out, "</ul><p>Again: <code>badline exec {} -- ...</code></p>", html(&run.reproduce()))?;
        if !run.explanation.is_empty() {
            writeln!(out, "<h3>The last of the trace</h3><pre>{}</pre>", html(&run.explanation.join("\n")))?;
        }
        if !run.output.is_empty() {
            writeln!(out, "<h3>What the host printed</h3><pre>{}</pre>", html(&run.output))?;
        }
    }
    writeln!(out, "</html>")
}
