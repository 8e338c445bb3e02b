//! The files of a run: what it writes, what it must not write over, what it leaves behind.

mod common;

use common::{Running, within};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of letters")
}

fn badline(here: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_badline"));
    command.args(arguments).current_dir(here).env("TMPDIR", here).stdin(Stdio::null());
    within(move || command.output().expect("the program starts"))
}

fn told(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

const HOST: [&str; 4] = ["--", "sh", "-c", ": <>\"$BADLINE_PORT\""];

fn exec(here: &Path, options: &[&str]) -> Output {
    badline(here, &[&["exec"], options, &HOST].concat())
}

/// A scenario, what it names, and a profile that extends another, all in one folder.
fn scenario(here: &Path) {
    fs::write(here.join("base.toml"), "extends = \"sim7080\"\n").expect("a file");
    fs::write(here.join("mine.toml"), "extends = \"base.toml\"\n").expect("a file");
    fs::write(here.join("data.bin"), "").expect("a file");
    let scenario = "profile = \"mine.toml\"\n[server.files]\n\"/a\" = { from = \"data.bin\" }\n";
    fs::write(here.join("s.toml"), scenario).expect("a file");
    fs::write(here.join("a.at"), "profile mine.toml\n> AT\n< OK\n").expect("a file");
}

#[test]
fn nothing_that_the_run_needs_is_written_over() {
    let here = folder();
    let here = here.path();
    scenario(here);
    for link in ["soft", "hard"] {
        match link {
            "soft" => symlink("s.toml", here.join(link)).expect("a link"),
            _ => fs::hard_link(here.join("s.toml"), here.join(link)).expect("a link"),
        }
    }
    let before = |name: &str| fs::read(here.join(name)).expect("it is there");
    for option in ["--trace", "--pcap", "--junit"] {
        for name in ["s.toml", "soft", "hard", "mine.toml", "base.toml", "data.bin"] {
            let content = before(name);
            let out = exec(here, &["--scenario", "s.toml", option, name]);
            assert_eq!(out.status.code(), Some(2), "{option} {name}: {}", told(&out));
            assert!(told(&out).starts_with(&format!("badline: {option} {name}: that is ")), "{}", told(&out));
            assert_eq!(before(name), content, "{option} {name}");
        }
    }
    for (option, name) in [("--trace", "a.at"), ("--pcap", "a.at"), ("--trace", "mine.toml")] {
        let content = before(name);
        let out = badline(here, &["play", "a.at", option, name]);
        assert_eq!(out.status.code(), Some(2), "{option} {name}: {}", told(&out));
        assert_eq!(before(name), content, "{option} {name}");
    }
    for (one, other) in [("--trace", "--pcap"), ("--trace", "--junit"), ("--pcap", "--junit")] {
        let out = exec(here, &[one, "out", other, "./out"]);
        assert_eq!(out.status.code(), Some(2), "{one} {other}: {}", told(&out));
        assert!(told(&out).contains("out: that is what "), "{}", told(&out));
        fs::remove_file(here.join("out")).expect("it was made");
    }
}

#[test]
fn only_an_earlier_output_of_the_same_kind_is_replaced() {
    let here = folder();
    let here = here.path();
    fs::write(here.join("notes.txt"), "mine").expect("a file");
    fs::create_dir(here.join("folder")).expect("a folder");
    let outputs = [("--trace", "t.jsonl"), ("--pcap", "c.pcapng"), ("--junit", "r.xml")];
    for (option, name) in outputs {
        fs::write(here.join(name), "").expect("a file");
        for _ in 0..2 {
            let out = exec(here, &[option, name]);
            assert_eq!(out.status.code(), Some(0), "{option} {name}: {}", told(&out));
            assert!(fs::metadata(here.join(name)).expect("it is there").len() > 0);
        }
    }
    for (option, own) in outputs {
        let others = outputs.map(|(_, name)| name).into_iter().filter(|name| *name != own);
        for name in others.chain(["notes.txt", "folder", "/dev/zero", "/dev/ptmx", "/dev/tty"]) {
            let content = (!name.starts_with("/dev")).then(|| fs::read(here.join(name)).ok()).flatten();
            let out = exec(here, &[option, name]);
            assert_eq!(out.status.code(), Some(2), "{option} {name}: {}", told(&out));
            let begin = format!("badline: {option} {name}: ");
            assert!(told(&out).starts_with(&begin), "{}", told(&out));
            if let Some(content) = content {
                assert_eq!(fs::read(here.join(name)).expect("it is there"), content, "{option} {name}");
            }
        }
        assert_eq!(exec(here, &[option, "/dev/null"]).status.code(), Some(0));
    }
}

#[test]
fn a_report_that_could_not_be_written_is_no_pass() {
    let here = folder();
    let out = exec(here.path(), &["--junit", "/dev/full"]);
    assert_eq!(out.status.code(), Some(2), "{}", told(&out));
    assert!(told(&out).contains("badline: --junit /dev/full: no space left on device\n"), "{}", told(&out));
    let failing = ["--junit", "/dev/full", "--", "sh", "-c", ": <>\"$BADLINE_PORT\"; exit 5"];
    let out = badline(here.path(), &[&["exec"], &failing[..]].concat());
    assert_eq!(out.status.code(), Some(5), "{}", told(&out));
    assert!(told(&out).contains("--junit /dev/full: no space left"), "{}", told(&out));
    for option in ["--trace", "--pcap"] {
        let out = exec(here.path(), &[option, "/dev/full"]);
        assert!(told(&out).contains(&format!("{option} /dev/full: no space left")), "{}", told(&out));
    }
}

/// The folders in `place`, which are all that a run has there.
fn folders(place: &Path) -> Vec<PathBuf> {
    fs::read_dir(place).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
}

#[test]
fn what_a_killed_run_left_goes_with_the_next_start() {
    let here = folder();
    let mut killed = Running::start(&[], here.path());
    let lives = Running::start(&[], here.path());
    let left = Path::new(killed.told("link")).parent().expect("a folder").to_owned();
    for folder in folders(here.path()) {
        assert_eq!(fs::metadata(&folder).expect("it is there").mode() & 0o777, 0o700, "{}", folder.display());
    }
    kill_process(Pid::from_child(&killed.child), Signal::KILL).expect("it runs");
    killed.child.wait().expect("it ends");
    assert!(left.exists());
    let next = Running::start(&[], here.path());
    assert!(!left.exists(), "it is still there");
    assert!(Path::new(lives.told("ftp_root")).exists() && Path::new(next.told("ftp_root")).exists());
    // Those of both, and the one of all control sockets.
    assert_eq!(folders(here.path()).len(), 3);
}

#[test]
fn a_link_belongs_to_one_run_at_a_time() {
    let here = folder();
    let link = here.path().join("modem");
    let run = Running::start(&["--link", text(&link), "--ports", "2"], here.path());
    let target = fs::read_link(&link).expect("a link");
    symlink(here.path(), here.path().join("way")).expect("a link");
    for same in ["modem", "way/modem", "modem-2"] {
        let out = badline(here.path(), &["run", "--link", same]);
        assert_eq!(out.status.code(), Some(2));
        assert!(told(&out).contains(&format!("--link {same}: another run has that link")), "{}", told(&out));
    }
    assert_eq!(fs::read_link(&link).expect("a link"), target);
    drop(run);
    // One that was killed left its link, and has it no more.
    Running::start(&["--link", text(&link)], here.path());
}

/// Runs `badline` in a shell, which has limited it before, and gives what it told and its status.
fn limited(here: &Path, limit: &str, arguments: &str) -> (Option<i32>, String) {
    let mut command = Command::new("sh");
    let script = format!("{limit}; exec \"$0\" {arguments}");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_badline")]).current_dir(here).env("TMPDIR", here);
    let out = within(move || command.output().expect("the shell starts"));
    (out.status.code(), told(&out))
}

#[test]
fn what_the_system_refuses_is_told_and_is_no_end_by_force() {
    let here = folder();
    for descriptors in 8..24 {
        let (status, told) = limited(here.path(), &format!("ulimit -n {descriptors}"), "exec -- true");
        // It comes to its host or to nothing.
        assert!([Some(2), Some(3)].contains(&status), "{descriptors}: {told}");
        assert!(told.contains("badline: ") && !told.contains("panicked"), "{descriptors}: {told}");
    }
    let (status, told) = limited(here.path(), "ulimit -f 0", "schema scenario > schema.json");
    let right = "badline: standard output: file too large: `ulimit -f` allows 0 octets a file; allow more (`ulimit -f unlimited`)\n";
    assert_eq!((status, told.as_str()), (Some(2), right));
    let (status, told) = limited(here.path(), "ulimit -f 0", "exec --junit r.xml -- true");
    assert!(status != Some(0) && told.contains("r.xml: file too large"), "{status:?} {told}");
    let (status, told) = limited(here.path(), ":", "check no.toml 2>&- >&-");
    assert_eq!((status, told.as_str()), (Some(2), ""));
    for full in ["list profiles", "schema trace", "run"] {
        let (status, told) = limited(here.path(), ":", &format!("{full} > /dev/full"));
        assert_eq!((status, told.as_str()), (Some(2), "badline: standard output: no space left on device\n"));
    }
}

#[test]
fn messages_name_the_option_and_the_file() {
    let here = folder();
    for (arguments, message) in [
        ("run --ftp-root /no/such", "badline: --ftp-root /no/such: no such folder\n"),
        ("run --ftp-root /dev/null", "badline: --ftp-root /dev/null: it is no folder\n"),
        ("run --scenario no.toml", "--scenario no.toml: there is no such scenario, and no such file"),
        ("run --profile no.toml", "--profile no.toml: there is no such profile"),
        ("run --state /dev/null", "badline: --state /dev/null: "),
        (
            "run --link /no/such/link",
            "badline: --link /no/such/link: there is no folder /no/such; make it first\n",
        ),
        (
            "run --trace /no/such/x",
            "badline: --trace /no/such/x: there is no folder /no/such; make it first\n",
        ),
        (
            "run --control /no/such/x",
            "badline: --control /no/such/x: there is no folder /no/such; make it first\n",
        ),
        ("run --control /proc", "badline: --control /proc: it is there, and is no socket; "),
        (
            "run --state /proc",
            "badline: --state /proc/sim7080.lock: nothing can be made in the folder /proc\n",
        ),
        ("run --state /dev/full", "badline: --state /dev/full: it is no folder; name one"),
        ("list commands --profile /", "--profile /: it cannot be read: is a directory"),
        ("trace /", "badline: /: it is a folder; name a trace in it\n"),
        (
            "exec --trace /dev/full -- sh -c 'exec 3<>$BADLINE_PORT'",
            "badline: --trace /dev/full: no space left",
        ),
        (
            "exec --pcap /dev/full -- sh -c 'exec 3<>$BADLINE_PORT'",
            "badline: --pcap /dev/full: no space left",
        ),
        ("run --seed x", "badline: --seed x: write a whole number"),
        ("run --ports 17", "badline: --ports 17: write a whole number from 1 to 16"),
        ("run --scenario no", "badline: --scenario no: there is no such scenario"),
        ("run --bogus", "badline: unexpected argument '--bogus' found"),
        ("run --ftp-listen 203.0.113.9:1", "badline: --ftp-listen 203.0.113.9:1: "),
        ("trace no.jsonl", "badline: no.jsonl: no such file or directory\n"),
    ] {
        let (status, told) = limited(here.path(), ":", arguments);
        assert!(status == Some(2) && told.contains(message), "{arguments}: {told}");
    }
    let warned = limited(here.path(), ":", "exec --ftp-listen 0.0.0.0:0 -- true").1;
    let warning = "badline: warning: --ftp-listen 0.0.0.0:0: other machines can reach it\n";
    assert!(warned.starts_with(warning), "{warned}");
}
