//! The built program as a person at the bench meets it: what it tells live, and how it is steered.

mod common;

use common::{Running, within};
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{ChildStderr, Stdio};

/// The next line that holds all of these words; those before it are passed over.
fn line(lines: &mut BufReader<ChildStderr>, words: &[&str]) -> String {
    let mut read = String::new();
    loop {
        let mut line = String::new();
        assert!(lines.read_line(&mut line).expect("it can be read") > 0, "no {words:?} in:\n{read}");
        if words.iter().all(|word| line.contains(word)) {
            return line;
        }
        read += &line;
    }
}

/// A modem whose standard error can be read.
fn start_piped(arguments: &[&str], temporary: &Path) -> Running {
    let mut command = Running::command(arguments, temporary);
    Running::wait(command.stderr(Stdio::piped()).spawn().expect("the program starts"))
}

/// A host types.
fn typed(run: &Running, lines: &[&str]) -> std::fs::File {
    let controlling = rustix::fs::OFlags::NOCTTY.bits() as i32;
    let port = OpenOptions::new().read(true).write(true).custom_flags(controlling).open(run.told("link"));
    let mut port = port.expect("the port opens");
    for line in lines {
        write!(port, "{line}\r").expect("it is open");
    }
    port
}

#[test]
fn what_happens_is_told_live_as_often_as_v_is_given() {
    let here = tempfile::tempdir().expect("a temporary folder");
    let told = |verbose: &[&str]| {
        let mut run = start_piped(verbose, here.path());
        let mut lines = BufReader::new(run.child.stderr.take().expect("it is piped"));
        let _port = typed(&run, &["ATE0", "AT+CSQ", "AT+NOSUCH"]);
        within(move || {
            let mut read = String::new();
            while !read.contains("AT+NOSUCH (exec)") {
                assert!(lines.read_line(&mut read).expect("it can be read") > 0, "{read}");
            }
            read
        })
    };
    let quiet = told(&[]);
    assert!(quiet.contains("badline list commands --profile sim7080") && quiet.contains("docs/sim7080.md"));
    assert!(!quiet.contains("AT+CSQ"), "{quiet}");
    let verbose = told(&["-v"]);
    for words in ["command  AT+CSQ", "result   OK", "command    +CSQ (exec)", "state    "] {
        assert!(verbose.contains(words), "{words}:\n{verbose}");
    }
    assert!(!verbose.contains("serial"), "{verbose}");
    assert!(told(&["-vv"]).contains("serial   > ATE0\\r"));
}

#[test]
fn a_fault_is_told_without_being_asked_for() {
    let here = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(here.path().join("weak.toml"), "[[fault]]\nname = \"weak\"\nwhat = { signal = 2 }\n")
        .expect("a file");
    let scenario = here.path().join("weak.toml").display().to_string();
    let mut run = start_piped(&["--scenario", &scenario], here.path());
    let mut lines = BufReader::new(run.child.stderr.take().expect("it is piped"));
    within(move || line(&mut lines, &["fault weak is applied", "signal = 2"]));
}

#[test]
fn a_terminal_that_takes_nothing_does_not_stop_the_modem() {
    let here = tempfile::tempdir().expect("a temporary folder");
    // Standard error is a pipe that nobody reads.
    let run = start_piped(&["-vv"], here.path());
    let mut port = typed(&run, &["ATE0"]);
    within(move || {
        let mut heard = BufReader::new(port.try_clone().expect("a second handle"));
        // Each exchange is told in more than 200 octets, and a pipe holds 64 KiB.
        for _ in 0..1000 {
            write!(port, "AT+CSQ\r").expect("it is open");
            let mut line = String::new();
            while !line.starts_with("+CSQ") {
                line.clear();
                heard.read_line(&mut line).expect("the modem answers");
            }
        }
    });
}

#[test]
fn the_folder_of_the_sockets_holds_those_of_runs_that_live() {
    let here = tempfile::tempdir().expect("a temporary folder");
    let mut killed = Running::start(&[], here.path());
    let left = killed.told("control").to_owned();
    assert!(Path::new(&left).exists() && left.contains(&killed.child.id().to_string()), "{left}");
    killed.child.kill().expect("it runs");
    killed.child.wait().expect("it ends");
    assert!(Path::new(&left).exists());
    let run = Running::start(&[], here.path());
    assert!(!Path::new(&left).exists(), "what a killed run has left is removed");
    assert!(Path::new(run.told("control")).exists());
}
