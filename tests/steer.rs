//! The built program as a person at the bench meets it: what it tells live, and how it is steered.

mod common;

use common::{Running, within};
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{ChildStderr, Command, Output, Stdio};

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
        // In one piece: a line whose end comes by itself is two records of what crossed the serial line.
        port.write_all(format!("{line}\r").as_bytes()).expect("it is open");
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

/// `badline` with these arguments beside the modems of a temporary folder.
fn badline(arguments: &[&str], temporary: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_badline"));
    command.args(arguments).env("TMPDIR", temporary).stdin(Stdio::null());
    command.env_remove("XDG_RUNTIME_DIR").env_remove("BADLINE_CONTROL");
    command
}

fn done(arguments: &[&str], temporary: &Path) -> Output {
    let mut command = badline(arguments, temporary);
    within(move || command.output().expect("the program starts"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[test]
fn a_modem_is_found_and_steered() {
    let here = tempfile::tempdir().expect("a temporary folder");
    let ctl = |arguments: &[&str]| done(&[&["ctl"], arguments].concat(), here.path());
    let none = ctl(&["status"]);
    assert!(none.status.code() == Some(2) && said(&none).contains("no modem runs"), "{}", said(&none));
    let run = Running::start(&["--seed", "7"], here.path());
    for (arguments, status, words) in [
        (&["status"][..], 0, &["signal        27", "paused        false", "seed          7"][..]),
        (&["inject", "signal=2", "for=20s", "name=weak"], 0, &["weak"]),
        (&["faults"], 0, &["weak", "bearer", "signal = 2: holds until"]),
        (&["lift", "weak"], 0, &[]),
        (&["lift", "weak"], 2, &["no fault `weak`"]),
        (&["inject", "pdp_drop=all"], 0, &["no PDP context is active: nothing was dropped"]),
        (&["inject", "stal=up"], 2, &["`stal` is no fault", "did you mean `stall`"]),
        (&["pause"], 0, &[" s"]),
        (&["step", "10s"], 0, &["1"]),
        (&["speed", "0"], 2, &["write 1 to 1000"]),
        (&["speed"], 0, &[]),
        (&["verdict"], 3, &["FAILED so far (seed 7)", "NOT MET: the host opens the serial port"]),
        (&["--json", "verdict"], 3, &["\"passed\":false", "\"coverage\":{"]),
        (&["--modem", "sim7080", "faults"], 0, &[]),
        (&["--modem", "m10", "faults"], 2, &["no modem `m10` runs"]),
        (&["list"], 0, &["sim7080", run.told("link")]),
    ] {
        let out = ctl(arguments);
        assert_eq!(out.status.code(), Some(status), "{arguments:?}: {}", said(&out));
        for word in words {
            assert!(said(&out).contains(word), "{arguments:?}: {word}:\n{}", said(&out));
        }
    }
    let other = Running::start(&["--profile", "m10"], here.path());
    let several = ctl(&["status"]);
    let text = said(&several);
    assert!(several.status.code() == Some(2) && text.contains(&other.child.id().to_string()), "{text}");
    let pid = other.child.id().to_string();
    for name in [&pid, "m10", other.told("control"), other.told("link")] {
        assert!(said(&ctl(&["--modem", name, "status"])).contains("m10"), "{name}");
    }
}

#[test]
fn a_modem_over_tcp_is_steered_with_its_key() {
    let here = tempfile::tempdir().expect("a temporary folder");
    let run = Running::start(&["--control", "127.0.0.1:0"], here.path());
    let ask = |key: &str| {
        let mut command = badline(&["ctl", "--modem", run.told("control"), "status"], here.path());
        command.env("BADLINE_CONTROL_KEY", key).output().expect("the program starts")
    };
    assert!(said(&ask(run.told("control_key"))).contains("sim7080"));
    let refused = ask("0");
    assert!(refused.status.code() == Some(2) && said(&refused).contains("this is not the key"));
}

#[test]
fn a_trace_is_followed_wherever_it_comes_from() {
    let here = tempfile::tempdir().expect("a temporary folder");
    let file = here.path().join("run.jsonl").display().to_string();
    let run = Running::start(&["--trace", &file], here.path());
    let follow = |arguments: &[&str]| {
        let all = [&["trace", "--follow", "--only", "command,result"], arguments].concat();
        let mut command = badline(&all, here.path());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let lines = BufReader::new(child.stdout.take().expect("it is piped"));
        (child, lines)
    };
    let pid = run.child.id().to_string();
    let sources = [&file, "sim7080", &pid, run.told("control")].map(|from| follow(&[from]));
    let _port = typed(&run, &["ATE0", "AT+CSQ"]);
    for (mut child, mut lines) in sources {
        let read = within(move || {
            let mut read = String::new();
            while !read.contains("command    +CSQ (exec)") {
                assert!(lines.read_line(&mut read).expect("it can be read") > 0, "{read}");
            }
            read
        });
        assert!(!read.contains("serial") && read.contains("result   OK"), "{read}");
        child.kill().expect("it follows");
        child.wait().expect("it ends");
    }
    let mut command = badline(&["ctl", "--json", "follow", "--since", "0"], here.path());
    let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped"));
    let records = within(move || {
        let mut next = || {
            let mut line = String::new();
            lines.read_line(&mut line).expect("it can be read");
            serde_json::from_str::<serde_json::Value>(&line).expect("a line is one record")
        };
        [next(), next()]
    });
    assert_eq!(records.map(|record| record["n"].clone()), [1, 2]);
    child.kill().expect("it follows");
    child.wait().expect("it ends");
    // What has been, and no more; with the time on the wall.
    let past = done(&["trace", "--wall", "--only", "command", "sim7080"], here.path());
    assert!(said(&past).contains("Z  command  AT+CSQ") && past.status.success(), "{}", said(&past));
    let wrong = done(&["trace", "--only", "comand", &file], here.path());
    assert!(wrong.status.code() == Some(2) && said(&wrong).contains("did you mean `command`"));
}

#[test]
fn what_is_no_record_is_passed_over_with_a_word() {
    let here = tempfile::tempdir().expect("a temporary folder");
    let note = |text: &str| format!("{{\"t\":1,\"event\":\"note\",\"text\":\"{text}\"}}\n");
    let mut command = badline(&["trace", "--follow", "-"], here.path());
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("it is piped");
    let text = note("one") + "nonsense\n" + &note("two");
    input.write_all(text.as_bytes()).expect("it reads");
    drop(input);
    let out = within(move || child.wait_with_output().expect("it ends"));
    assert_eq!(out.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&out.stdout).lines().count(), 2, "{}", said(&out));
    assert!(
        String::from_utf8_lossy(&out.stderr).contains("standard input: line 2, column 2"),
        "{}",
        said(&out)
    );
}

#[test]
fn the_manual_and_what_is_built_in_are_printed() {
    let here = tempfile::tempdir().expect("a temporary folder");
    for (arguments, word) in [
        (&["man"][..], "badline\\-ctl"),
        (&["completions", "bash"], "complete -F _badline"),
        (&["show", "profile", "sim7080"], "vendor = \"simcom\""),
        (&["show", "scenario", "842-after-75s"], "[[fault]]"),
        (&["show", "fault", "stall"], "what = {"),
        (&["schema", "control"], "\"pause\""),
    ] {
        let out = done(arguments, here.path());
        assert!(said(&out).contains(word), "{arguments:?}: {}", said(&out));
    }
    let wrong = done(&["show", "fault", "stal"], here.path());
    assert!(
        wrong.status.code() == Some(2) && said(&wrong).contains("did you mean `stall`"),
        "{}",
        said(&wrong)
    );
    let folder = here.path().join("man");
    assert!(done(&["man", &folder.display().to_string()], here.path()).status.success());
    assert!(folder.join("badline-ctl-inject.1").exists() && folder.join("badline-run.1").exists());
    let script = said(&done(&["completions", "bash"], here.path()));
    let program = env!("CARGO_BIN_EXE_badline");
    for (words, right) in [("sta", "stall="), ("stall=d", "down"), ("stall=", "up down both")] {
        let line = format!("{program} ctl inject {words}");
        let typed = format!(
            "COMP_LINE='{line}'\nCOMP_POINT={}\nCOMP_WORDS=({program} ctl inject {words})\nCOMP_CWORD=3",
            line.len()
        );
        let ask = format!("{script}\n{typed}\n_badline 2>/dev/null\necho \"[${{COMPREPLY[@]}}]\"");
        // Where there is no bash, nothing is to be completed.
        if let Ok(out) = Command::new("bash").args(["-c", &ask]).output() {
            assert!(said(&out).contains(&format!("[{right}")), "{words}: {}", said(&out));
        }
    }
}

#[test]
fn a_capture_is_read_while_it_is_written() {
    let here = tempfile::tempdir().expect("a temporary folder");
    let mut command = Running::command(&["--pcap", "-"], here.path());
    let mut child = command.stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut capture = child.stdout.take().expect("it is piped");
    let mut told = BufReader::new(child.stderr.take().expect("it is piped"));
    let ready = within(move || line(&mut told, &["\"event\":\"ready\""]));
    let run = Running { ready: serde_json::from_str(&ready).expect("the ready line is JSON"), child };
    let _port = typed(&run, &["AT+CSQ"]);
    let seen = within(move || {
        let (mut seen, mut buffer) = (vec![], [0; 4096]);
        let has = |seen: &[u8], word: &[u8]| seen.windows(word.len()).any(|part| part == word);
        while !has(&seen, b"AT+CSQ\r") || !has(&seen, b"\r\n+CSQ: 27,99\r\n") {
            let n = capture.read(&mut buffer).expect("it can be read");
            assert!(n > 0, "{}", seen.escape_ascii());
            seen.extend_from_slice(&buffer[..n]);
        }
        seen
    });
    assert!(seen.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]), "nothing else is on standard output");
}

#[test]
fn every_request_has_a_method_in_python() {
    let out = Command::new(env!("CARGO_BIN_EXE_badline")).args(["schema", "control"]).output();
    let schema: serde_json::Value =
        serde_json::from_slice(&out.expect("the program starts").stdout).expect("it is JSON");
    let requests = schema["properties"]["request"]["oneOf"].as_array().expect("a list");
    let words: Vec<&str> =
        requests.iter().filter_map(|one| one["properties"]["do"]["const"].as_str()).collect();
    assert!(words.len() > 10, "{words:?}");
    for file in ["python/badline/_control.py", "python/badline/aio.py"] {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("a file");
        for word in &words {
            // Records are what `trace` gives.
            let method = if *word == "follow" { "trace" } else { word };
            assert!(text.contains(&format!("def {method}(")), "{file} has no method {method}");
        }
    }
}
