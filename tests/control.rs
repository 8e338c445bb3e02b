//! The control socket of the built program: the sessions of its document come about.

mod common;

use common::{Running, within};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;

/// Whether an answer holds all that is expected of it; "..." is anything.
fn holds(expected: &Value, got: &Value) -> bool {
    match (expected, got) {
        (Value::String(any), _) if any == "..." => true,
        (Value::Object(expected), Value::Object(got)) => {
            expected.len() == got.len()
                && expected.iter().all(|(key, value)| got.get(key).is_some_and(|got| holds(value, got)))
        }
        (Value::Array(expected), Value::Array(got)) => {
            expected.len() == got.len() && expected.iter().zip(got).all(|(a, b)| holds(a, b))
        }
        _ => expected == got,
    }
}

#[test]
fn the_sessions_of_the_document_come_about() {
    let text = include_str!("../docs/control.md");
    let sessions: Vec<&str> =
        text.split("```session\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(sessions.len() > 5, "the document is not what it was");
    for session in sessions {
        let here = tempfile::tempdir().expect("a temporary folder");
        let path = here.path().join("control");
        let run = Running::start(&["--control", &path.display().to_string()], here.path());
        assert_eq!(Path::new(run.told("control")), path);
        let session = session.to_owned();
        within(move || play(&session, UnixStream::connect(&path).expect("it listens")));
    }
}

fn play(session: &str, mut socket: UnixStream) {
    let mut answers = BufReader::new(socket.try_clone().expect("a second handle")).lines();
    // An answer and the record of what it did may come in either order.
    let mut expected: Vec<Value> = vec![];
    for line in session.lines().chain(["> {\"do\": \"status\", \"id\": \"end\"}"]) {
        if let Some(line) = line.strip_prefix("< ") {
            expected.push(serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}")));
            continue;
        }
        while !expected.is_empty() {
            let got = answers.next().expect("an answer").expect("it can be read");
            let got: Value = serde_json::from_str(&got).expect("it is JSON");
            let at = expected.iter().position(|e| holds(e, &got));
            expected.remove(at.unwrap_or_else(|| panic!("{got} in place of {expected:?}")));
        }
        let request = line.strip_prefix("> ").expect("a request");
        writeln!(socket, "{request}").expect("it is read");
    }
}

#[test]
fn tcp_is_for_this_machine_unless_told() {
    let here = tempfile::tempdir().expect("a temporary folder");
    let run = Running::start(&["--control", "127.0.0.1:0"], here.path());
    let address = run.told("control").to_owned();
    let answer = within(move || {
        let mut socket = TcpStream::connect(address).expect("it listens");
        socket.write_all(b"{\"do\":\"list\"}\n").expect("it is read");
        let mut line = String::new();
        BufReader::new(socket).read_line(&mut line).map(|_| line)
    });
    assert_eq!(answer.expect("an answer"), "{\"ok\":true,\"faults\":[]}\n");
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_badline"))
        .args(["run", "--control", "0.0.0.0:0"])
        .env("TMPDIR", here.path())
        .output()
        .expect("the program starts");
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("--control-anywhere"));
}
