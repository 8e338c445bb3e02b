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
    assert_eq!(folders(here.path()).len(), 2);
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
