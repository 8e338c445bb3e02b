//! The control socket of the built program: the sessions of its document come about.

mod common;

use common::{Running, within};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
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

#[test]
fn the_sessions_over_tcp_come_about() {
    let text = include_str!("../docs/control.md");
    let sessions: Vec<&str> =
        text.split("```tcp\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(sessions.len() > 1, "the document is not what it was");
    let here = tempfile::tempdir().expect("a temporary folder");
    let run = Running::start(&["--control", "127.0.0.1:0"], here.path());
    for session in sessions {
        let said: String =
            session.lines().filter_map(|line| line.strip_prefix("> ")).map(|l| l.to_owned() + "\n").collect();
        let heard = heard(run.told("control"), said.replace("KEY", run.told("control_key")));
        let expected: Vec<&str> = session.lines().filter_map(|line| line.strip_prefix("< ")).collect();
        assert_eq!(heard.lines().count(), expected.len(), "{session}: {heard}");
        for (expected, heard) in expected.into_iter().zip(heard.lines()) {
            let json = |text: &str| serde_json::from_str(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert!(holds(&json(expected), &json(heard)), "{heard} in place of {expected}");
        }
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

/// What one connection hears that says `request`, to its end.
fn heard(address: &str, request: String) -> String {
    let address = address.to_owned();
    within(move || {
        let mut socket = TcpStream::connect(address).expect("it listens");
        socket.write_all(request.as_bytes()).expect("it is read");
        socket.shutdown(Shutdown::Write).expect("it is open");
        let mut heard = String::new();
        socket.read_to_string(&mut heard).expect("an answer");
        heard
    })
}

#[test]
fn tcp_is_for_this_machine_unless_told_and_for_whoever_has_the_key() {
    let here = tempfile::tempdir().expect("a temporary folder");
    let run = Running::start(&["--control", "127.0.0.1:0"], here.path());
    let (address, key) = (run.told("control"), run.told("control_key"));
    let with_key = format!("{{\"do\":\"list\",\"key\":\"{key}\"}}\n{{\"do\":\"list\"}}\n");
    assert_eq!(heard(address, with_key), "{\"ok\":true,\"faults\":[]}\n".repeat(2));
    let page = "POST / HTTP/1.1\r\nHost: x\r\n\r\n{\"do\":\"inject\",\"fault\":{\"what\":{\"signal\":2}}}\n";
    for stranger in [page.to_owned(), "{\"do\":\"list\"}\n".to_owned() + page] {
        let heard = heard(address, stranger);
        assert!(heard.starts_with("{\"ok\":false,") && heard.lines().count() == 1, "{heard}");
    }
    let path = here.path().join("control");
    let owner = Running::start(&["--control", &path.display().to_string()], here.path());
    assert_eq!(owner.ready.get("control_key"), None, "the file system guards a path");
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_badline"))
        .args(["run", "--control", "0.0.0.0:0"])
        .env("TMPDIR", here.path())
        .output()
        .expect("the program starts");
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("--control-anywhere"));
}
