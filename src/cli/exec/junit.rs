//! The verdict as JUnit XML: a suite for each run, a case for each expectation and one for the host itself.

use super::report::Verdict;
use crate::at::{visible, visible_lines};
use crate::disk::{Kind, Output};
use crate::host::process::End;
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use std::io::{self, Write};

/// What `--junit` may write over.
pub const REPORT: Kind = Kind { name: "JUnit report", is_one: is_report };

fn is_report(begin: &[u8], _whole: bool) -> bool {
    const SUITE: &[u8] = b"<testsuite";
    let begin = begin.strip_prefix(b"\xef\xbb\xbf").unwrap_or(begin).trim_ascii_start();
    begin.starts_with(b"<") && begin.windows(SUITE.len()).any(|window| window == SUITE)
}

/// A run.
pub fn suite(verdict: &Verdict) -> TestSuite {
    let name = name(verdict.name(), verdict.seed);
    let mut suite = TestSuite::new(name.clone());
    suite.set_time(verdict.took);
    suite.add_property(Property::new("profile", visible(&verdict.profile)));
    suite.add_property(Property::new("seed", verdict.seed.to_string()));
    let status = match verdict.own() {
        Some(0) => TestCaseStatus::success(),
        Some(_) => failed(verdict, NonSuccessKind::Failure, &verdict.reason()),
        None => failed(verdict, NonSuccessKind::Error, &verdict.reason()),
    };
    let mut host = TestCase::new("the host ends with status 0", status);
    host.set_classname(name.clone()).set_time(verdict.took).set_system_out(visible_lines(&verdict.reason()));
    if matches!(verdict.end, End::Interrupted(_)) {
        host.set_system_err("the run was interrupted");
    }
    suite.add_test_case(host);
    let applied =
        verdict.findings.never_applied.iter().map(|fault| (fault, "is applied", "it was never applied"));
    let acted =
        verdict.findings.never_acted.iter().map(|fault| (fault, "acts", "it found nothing to act on"));
    for (fault, does, why) in applied.chain(acted) {
        let mut status = match verdict.strict {
            true => failed(verdict, NonSuccessKind::Failure, why),
            false => TestCaseStatus::skipped(),
        };
        if !verdict.strict {
            status.set_message(why);
        }
        let mut case = TestCase::new(format!("the fault {} {does}", visible(fault)), status);
        case.set_classname(name.clone());
        suite.add_test_case(case);
    }
    for outcome in &verdict.findings.expectations {
        let status = match outcome.met {
            true => TestCaseStatus::success(),
            false if outcome.fails() => failed(verdict, NonSuccessKind::Failure, &outcome.why),
            false => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(format!("not in this run: {}", visible_lines(&outcome.why)));
                status
            }
        };
        let mut case = TestCase::new(visible_lines(&outcome.text), status);
        case.set_classname(name.clone()).set_system_out(visible_lines(&outcome.why));
        suite.add_test_case(case);
    }
    suite
}

/// A run that came to nothing before its host was started.
pub fn broken(what: &str, seed: u64, error: &io::Error) -> TestSuite {
    let name = name(what, seed);
    let mut suite = TestSuite::new(name.clone());
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(visible_lines(&error.to_string())).set_type("badline");
    let mut case = TestCase::new("the modem is there", status);
    case.set_classname(name);
    suite.add_test_case(case);
    suite
}

fn name(what: &str, seed: u64) -> String {
    format!("{} (seed {seed})", visible(what))
}

fn failed(verdict: &Verdict, kind: NonSuccessKind, why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    // Each line of the explanation is as a terminal may print it, and XML hold it, already.
    let explanation = verdict.explanation.join("\n");
    status.set_message(visible_lines(why)).set_type("badline").set_description(explanation);
    status
}

/// Writes all runs.
///
/// # Errors
/// The file cannot be written.
pub fn write(suites: Vec<TestSuite>, mut out: Output) -> io::Result<()> {
    let mut report = Report::new("badline exec");
    report.add_test_suites(suites);
    // Its own errors do not tell what the system refused.
    let mut text = vec![];
    report.serialize(&mut text).map_err(io::Error::other)?;
    out.write_all(&text)?;
    out.finish()
}
