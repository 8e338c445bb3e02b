//! What this machine refuses while a modem runs: the module says what a module says, and the program what would be right.

mod common;

use common::{Running, within};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;

/// Types a line and gives what is heard up to a final result code.
fn ask(host: &mut File, line: &str) -> String {
    host.write_all(format!("{line}\r").as_bytes()).expect("it takes a line");
    let mut heard = String::new();
    while !["OK\r\n", "ERROR\r\n"].iter().any(|end| heard.ends_with(end)) && !heard.contains("+CME ERROR: 8")
    {
        let mut some = [0; 256];
        let n = host.read(&mut some).expect("it can be read");
        heard.push_str(&String::from_utf8_lossy(&some[..n]));
    }
    heard
}

fn open(path: &str) -> File {
    let file = OpenOptions::new().read(true).write(true).open(path).expect("it is there");
    let mut line = rustix::termios::tcgetattr(&file).expect("it is a terminal");
    line.make_raw();
    rustix::termios::tcsetattr(&file, rustix::termios::OptionalActions::Now, &line).expect("it can be set");
    file
}

#[test]
fn a_flash_that_cannot_be_written_is_no_ok() {
    // On each module: what stores something, and what it says where it cannot.
    let cases: [(&str, &[(&str, &str)]); 7] = [
        ("sim7080", &[("AT&W", "ERROR")]),
        ("sim800", &[("AT&W", "ERROR"), ("AT+FTPSCONT", "ERROR"), ("AT+FSCREATE=a", "ERROR")]),
        ("m10", &[("AT&W", "ERROR")]),
        ("m95", &[("AT&W", "ERROR"), ("AT+CSCA=\"+49\"", "ERROR")]),
        ("nl668", &[("AT&W", "ERROR")]),
        ("wismo228", &[("AT&W", "ERROR")]),
        (
            "wipsoft",
            &[("AT&W", "ERROR"), ("AT+WIPCFG=4,1", "+CME ERROR: 820"), ("AT+WIPBR=6,6,1", "+CME ERROR: 820")],
        ),
    ];
    for (profile, commands) in cases {
        let here = tempfile::tempdir().expect("a folder");
        let state = here.path().join("state");
        // What a store writes first cannot be made.
        let blocked = state.join(format!("{profile}.json.new"));
        fs::create_dir_all(&blocked).expect("a folder");
        let words = state.display().to_string();
        let run = Running::start(&["--profile", profile, "--state", &words, "--speed", "100"], here.path());
        let port = run.told("port").to_owned();
        within(move || {
            let mut host = open(&port);
            ask(&mut host, "ATE0");
            if profile == "wipsoft" {
                ask(&mut host, "AT+CMEE=1;+WIPCFG=1;+WIPBR=1,6;+WIPBR=2,6,11,internet");
            }
            for (command, wanted) in commands {
                for _ in 0..2 {
                    let said = ask(&mut host, command);
                    assert!(said.contains(wanted), "{profile} {command}: {said:?}");
                }
            }
            fs::remove_dir(&blocked).expect("it is there");
            for (command, _) in commands {
                let said = ask(&mut host, command);
                assert!(said.contains("OK"), "{profile} {command}: {said:?}");
            }
        });
        let kept = fs::read_to_string(state.join(format!("{profile}.json"))).expect("it was stored");
        assert!(kept.contains("port.1"), "{profile}: {kept}");
    }
}

/// Runs the program under a limit of its shell, and gives what it says.
fn under(limit: &str, arguments: &str, here: &Path) -> String {
    let script = format!("ulimit {limit}; exec {} {arguments}", env!("CARGO_BIN_EXE_badline"));
    let mut command = Command::new("sh");
    command.args(["-c", &script]).current_dir(here).env("TMPDIR", here).env("XDG_RUNTIME_DIR", here);
    let out = within(move || command.output().expect("it starts"));
    String::from_utf8_lossy(&out.stderr).into_owned()
}

#[test]
fn a_limit_of_the_shell_is_named_with_what_would_be_right() {
    let here = tempfile::tempdir().expect("a folder");
    fs::write(here.path().join("a.log"), "AT\r\r\nOK\r\n").expect("a file");
    fs::write(here.path().join("a.at"), "profile sim7080\n> AT\n< OK\n").expect("a file");
    let run = "run --profile sim7080 --state st --trace t.json --pcap p.pcap";
    let exec = "exec --junit j.xml -- true";
    let verbs = [run, exec, "play a.at", "import a.log -o o.at"];
    for verb in verbs {
        for limit in ["-n 6", "-n 12", "-n 18"] {
            let told = under(limit, verb, here.path());
            assert!(
                told.is_empty() || !told.contains("open files") || told.contains("`ulimit -n` allows"),
                "{limit} {verb}: {told}"
            );
            assert!(
                !told.contains("os error") && !told.contains("badline: too many"),
                "{limit} {verb}: {told}"
            );
        }
    }
    assert!(under("-n 12", run, here.path()).contains("`ulimit -n` allows 12; a modem needs "));
    for (verb, file) in [
        ("run --profile sim7080", "hello.txt: "),
        ("exec --ftp-root . --junit j.xml -- true", "--junit j.xml: "),
        ("exec --ftp-root . --trace t.json -- true", "--trace t.json: "),
        ("import a.log -o o.at", "o.at: "),
    ] {
        let told = under("-f 0", verb, here.path());
        let wanted = format!("{file}file too large: `ulimit -f` allows 0 octets a file");
        assert!(told.contains(&wanted) && !told.contains("os error"), "{verb}: {told}");
    }
}
