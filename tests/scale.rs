//! A file with thousands of faults and expectations is read and run as a small one is, only longer; another modem in a
//! process costs little.

mod common;

use badline::Bench;
use common::{Running, within};
use std::fmt::Write;
use std::fs;
use std::process::Command;

/// Ten times as long as these take where time grows with their number, and less than they take where it grows with its square.
const MANY: usize = 8_000;

/// A scenario in which each fault is `fault(n)`, and each expectation `expect(n)`.
fn scenario(fault: impl Fn(usize) -> String, expect: impl Fn(usize) -> String) -> String {
    let mut text = "profile = \"sim7080\"\n".to_owned();
    for n in 0..MANY {
        writeln!(text, "[[fault]]\n{}", fault(n)).expect("a string takes it");
    }
    for n in 0..MANY {
        writeln!(text, "[[expect]]\n{}", expect(n)).expect("a string takes it");
    }
    text
}

/// What each rule or expectation was once held against all others for.
fn scenarios() -> Vec<String> {
    vec![
        scenario(
            |n| format!("when = {{ command = \"AT+CSQ\" }}\nwhat = {{ say = \"+X: {n}\" }}"),
            |n| format!("module_says = \"+X: {n}\""),
        ),
        scenario(
            |n| match n {
                0 => "name = \"f0\"\nwhen = { command = \"AT+CSQ\" }\nwhat = { say = \"+X\" }".to_owned(),
                _ => {
                    format!("name = \"f{n}\"\nwhen = {{ after = \"f{}\" }}\nwhat = {{ say = \"+X\" }}", n - 1)
                }
            },
            |n| format!("fault_applied = \"f{n}\""),
        ),
        scenario(
            |n| match n % 3 {
                0 => format!("what = {{ say = \"+X: {n}\" }}"),
                1 => format!("when = {{ at = \"0s\" }}\nwhat = {{ say = \"+X: {n}\" }}"),
                _ => "what = { line = \"dcd\", on = false }".to_owned(),
            },
            |n| format!("module_says = \"+X: {}\"", n / 3 * 3),
        ),
        scenario(
            |n| format!("what = {{ nxdomain = \"*.h{n}.example\" }}"),
            |n| format!("host_never_sends = \"AT+CSQ={n}*\""),
        ),
    ]
}

#[test]
fn thousands_of_faults_and_expectations_are_checked_and_run() {
    let here = tempfile::tempdir().expect("a folder");
    let path = here.path().join("many.toml");
    let file = path.display().to_string();
    for text in scenarios() {
        fs::write(&path, text).expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_badline"));
        command.args(["check", &file]);
        let out = within(move || command.output().expect("it starts"));
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let run = Running::start(&["--scenario", &file], here.path());
        assert_eq!(run.told("event"), "ready");
    }
}

/// Its ports (two ends each), the server's root (twice) and listener, and the lock of its folder: no thread, no runtime and
/// no server of its own.
#[tokio::test]
async fn another_modem_costs_few_descriptors_and_no_thread() {
    const MODEMS: usize = 64;
    let count = |what: &str| fs::read_dir(format!("/proc/self/{what}")).expect("Linux").count();
    let bench = Bench::profile("sim7080").expect("it is in the binary");
    let first = bench.start().await.expect("it starts");
    let before = (count("fd"), count("task"));
    let mut modems = vec![];
    for _ in 0..MODEMS {
        modems.push(bench.start().await.expect("it starts"));
    }
    let (descriptors, threads) = (count("fd") - before.0, count("task").saturating_sub(before.1));
    // Another test of this process may have opened a few.
    assert!(descriptors < MODEMS * 7, "{descriptors} descriptors for {MODEMS} modems");
    assert!(threads < MODEMS / 2, "{threads} threads for {MODEMS} modems");
    drop(modems);
    let root = fs::read_dir(first.root()).expect("it is there still").count();
    assert_eq!(root, 0);
}
