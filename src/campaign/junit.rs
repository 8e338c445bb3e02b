//! The verdicts as JUnit XML: a suite for each scenario, in it a case for each expectation and one for the host itself.

use super::{How, Run, Summary};
use crate::at::{visible, visible_lines};
use crate::disk::{Kind, Output};
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use std::io::{self, Write};
use std::time::Duration;

/// What `--junit` may write over.
pub const REPORT: Kind = Kind { name: "JUnit report", is_one: is_report };

fn is_report(begin: &[u8], _whole: bool) -> bool {
    const SUITE: &[u8] = b"<testsuite";
    let begin = begin.strip_prefix(b"\xef\xbb\xbf").unwrap_or(begin).trim_ascii_start();
    begin.starts_with(b"<") && begin.windows(SUITE.len()).any(|window| window == SUITE)
}

/// Writes the report of these runs, which are in the order of their plan.
///
/// # Errors
/// The file cannot be written.
pub fn write(runs: &[Run], summary: &Summary, mut out: Output) -> io::Result<()> {
    out.write_all(&text(runs, summary)?)?;
    out.finish()
}

/// The report of these runs.
///
/// # Errors
/// None is known: every text in it is one that XML can hold.
pub fn text(runs: &[Run], summary: &Summary) -> io::Result<Vec<u8>> {
    let mut report = Report::new("badline exec");
    report.set_time(seconds(summary.seconds));
    report.add_test_suites(runs.chunk_by(|a, b| a.name() == b.name()).map(suite));
    if !summary.expectations.is_empty() {
        report.add_test_suite(over_all(summary));
    }
    if let Some(why) = &summary.stopped {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        let told = format!("{} runs were not begun: {why}", summary.not_run);
        status.set_message(visible_lines(&told)).set_type("badline");
        let mut rest = TestSuite::new("the rest");
        let mut case = TestCase::new("every run is begun", status);
        case.set_classname("the rest");
        rest.add_test_case(case);
        report.add_test_suite(rest);
    }
    // Its own errors do not tell what the system refused.
    let mut text = vec![];
    report.serialize(&mut text).map_err(io::Error::other)?;
    Ok(text)
}

/// All runs of one scenario.
fn suite(runs: &[Run]) -> TestSuite {
    let first = &runs[0];
    let mut suite = TestSuite::new(visible(first.name()).to_string());
    suite.set_time(seconds(runs.iter().map(|run| run.seconds).sum()));
    suite.add_property(Property::new("profile", visible(&first.modem)));
    if let [only] = runs {
        suite.add_property(Property::new("seed", only.seed.to_string()));
    }
    for run in runs {
        let turn = if runs.len() > 1 { format!(" {}", run.turn()) } else { String::new() };
        suite.add_test_cases(cases(run, &turn));
    }
    suite
}

/// What one run has shown. What explains a failure stands at the first.
fn cases(run: &Run, turn: &str) -> Vec<TestCase> {
    let mut explanation = Some(run.explanation.join("\n")).filter(|text| !text.is_empty());
    let mut failed = |kind, why: &str| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_message(visible_lines(why)).set_type("badline");
        // Each line of the explanation is as a terminal may print it, and XML hold it, already.
        status.set_description(explanation.take().unwrap_or_else(|| visible_lines(why)));
        status
    };
    let case = |name: String, status, line: Option<usize>| {
        let mut case = TestCase::new(name + turn, status);
        case.set_classname(visible(run.name()).to_string());
        if let Some(file) = run.scenario.as_ref().filter(|_| line.is_some()) {
            case.extra.insert("file".into(), visible(file).to_string().into());
            case.extra.extend(line.map(|line| ("line".into(), line.to_string().into())));
        }
        case
    };
    let mut cases = vec![];
    let status = match run.own_status() {
        Some(0) => TestCaseStatus::success(),
        Some(_) => failed(NonSuccessKind::Failure, &run.reason),
        None => failed(NonSuccessKind::Error, &run.reason),
    };
    let name = if run.end == How::Broken { "the modem is there" } else { "the host ends with status 0" };
    let mut host = case(name.to_owned(), status, None);
    host.set_time(seconds(run.seconds)).set_system_out(output(run));
    if run.end == How::Interrupted {
        host.set_system_err("the run was interrupted");
    }
    cases.push(host);
    let applied = run.never_applied.iter().map(|fault| (fault, "is applied", "it was never applied"));
    let acted = run.never_acted.iter().map(|fault| (fault, "acts", "it found nothing to act on"));
    for (fault, does, why) in applied.chain(acted) {
        let status = match run.strict {
            true => failed(NonSuccessKind::Failure, why),
            false => {
                let mut skipped = TestCaseStatus::skipped();
                skipped.set_message(why);
                skipped
            }
        };
        cases.push(case(format!("the fault {} {does}", visible(fault)), status, None));
    }
    for expected in &run.expectations {
        let status = match expected.met {
            true => TestCaseStatus::success(),
            false if expected.fails() => failed(NonSuccessKind::Failure, &expected.why),
            false => {
                let mut skipped = TestCaseStatus::skipped();
                skipped.set_message(format!("not in this run: {}", visible_lines(&expected.why)));
                skipped
            }
        };
        let mut told = case(visible_lines(&expected.text).to_string(), status, expected.line);
        told.set_system_out(visible_lines(&expected.why));
        cases.push(told);
    }
    cases
}

/// What was to be so over all runs of a scenario.
fn over_all(summary: &Summary) -> TestSuite {
    let mut suite = TestSuite::new("over all runs");
    for expected in &summary.expectations {
        let why = visible_lines(&expected.overall.why);
        let status = match expected.overall.met {
            true => TestCaseStatus::success(),
            false => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(why.clone()).set_type("badline");
                status
            }
        };
        let mut case = TestCase::new(visible_lines(&expected.overall.text), status);
        case.set_classname(visible(&expected.name).to_string()).set_system_out(why);
        suite.add_test_case(case);
    }
    suite
}

/// What the host printed, and how it ended.
fn output(run: &Run) -> String {
    let mut text = visible_lines(&run.output).to_string();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text + &visible_lines(&run.reason)
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
