//! The verdicts for a person.

use super::summary::OverAll;
use super::{Run, Summary};
use crate::at::Visible;
use std::io::{self, Write};

/// How much is told of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// It is the only one: all.
    Whole,
    /// It is one of many: where it passed, that alone.
    Line,
}

/// Tells of one run.
///
/// # Errors
/// What the writer refuses.
pub fn run(run: &Run, detail: Detail, out: &mut impl Write) -> io::Result<()> {
    let passed = if run.passed { "passed" } else { "FAILED" };
    let (turn, reason) = (run.turn(), Visible(&run.reason));
    match detail {
        Detail::Whole => writeln!(out, "{passed} {turn}: {reason}")?,
        Detail::Line => {
            writeln!(out, "{passed} {:8.3} s  {} {turn}: {reason}", run.seconds, Visible(run.name()))?;
        }
    }
    let whole = detail == Detail::Whole;
    for expected in run.expectations.iter().filter(|expected| whole || expected.fails()) {
        let met = match expected.met {
            true => "met",
            false if expected.fails() => "NOT MET",
            false => "not in this run",
        };
        writeln!(out, "  {met}: {}: {}", Visible(&expected.text), Visible(&expected.why))?;
    }
    for name in &run.never_applied {
        writeln!(out, "  NEVER APPLIED: the fault {}", name.escape_debug())?;
    }
    for name in &run.never_acted {
        writeln!(out, "  NEVER ACTED: the fault {}", name.escape_debug())?;
    }
    if whole { coverage(run, out) } else { Ok(()) }
}

/// What the host used, and what it met.
fn coverage(run: &Run, out: &mut impl Write) -> io::Result<()> {
    let coverage = &run.coverage;
    let (used, forms) = (coverage.used.0.len(), coverage.forms);
    writeln!(out, "  of the module's {forms} forms of commands the host used {used}")?;
    for (what, times) in &coverage.unknown.0 {
        let name = Visible(&what.name);
        writeln!(out, "  the module does not know AT{name} ({}), sent {times} times", what.form)?;
    }
    for (what, times) in &coverage.errors.0 {
        let cause = what.cause.as_ref().map_or(String::new(), |cause| format!(" ({cause})"));
        let met = format!("AT{} met {}{cause}", what.command, what.result);
        writeln!(out, "  {} {times} times", Visible(met))?;
    }
    for (what, times) in &coverage.ftp_errors.0 {
        writeln!(out, "  the server said {} {times} times", what.code)?;
    }
    Ok(())
}

/// Tells why a run failed: what the host printed where nobody has seen that, the end of the trace, what was not met.
///
/// # Errors
/// What the writer refuses.
pub fn explanation(run: &Run, unseen: bool, out: &mut impl Write) -> io::Result<()> {
    let about = if run.scenario.is_some() { format!("{} ", run.name()) } else { String::new() };
    if unseen && !run.output.is_empty() {
        writeln!(out, "badline: what the host printed ({}{}):", Visible(&about), run.turn())?;
        writeln!(out, "{}", Visible(run.output.trim_end_matches('\n')))?;
    }
    if !run.explanation.is_empty() {
        writeln!(out, "badline: the last of the trace {}:", run.turn())?;
        run.explanation.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    }
    for expected in run.expectations.iter().filter(|expected| expected.fails()) {
        writeln!(out, "badline: not met: {}: {}", Visible(&expected.text), Visible(&expected.why))?;
    }
    writeln!(out, "badline: {}", Visible(&run.reason))
}

/// Tells of all runs: how many failed, which, and which were the slowest.
///
/// # Errors
/// What the writer refuses.
pub fn summary(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    let part = match summary.shard.of {
        1 => String::new(),
        _ => format!(" (shard {} of {} runs)", summary.shard, summary.points),
    };
    writeln!(out, "{} runs, {} failed, in {:.1} s{part}", summary.runs, summary.failures, summary.seconds)?;
    for OverAll { name, overall } in &summary.expectations {
        let met = if overall.met { "met" } else { "NOT MET" };
        writeln!(out, "  {met}: {}: {} ({})", Visible(&overall.text), Visible(&overall.why), Visible(name))?;
    }
    for run in &summary.failed {
        writeln!(out, "  {} happens again with {}", run.status, Visible(&run.reproduce))?;
    }
    if let Some(why) = &summary.stopped {
        writeln!(out, "  {} were not run: {}", summary.not_run, Visible(why))?;
    }
    if summary.runs > 1 {
        writeln!(out, "the slowest:")?;
    }
    for slow in summary.slowest.iter().filter(|_| summary.runs > 1) {
        writeln!(
            out,
            "{:8.3} s  {} (seed {}, run {})",
            slow.seconds,
            Visible(&slow.name),
            slow.seed,
            slow.run
        )?;
    }
    Ok(())
}
