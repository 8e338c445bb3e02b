//! What waits for others (a FIFO, a reader who reads nothing) keeps neither the modem nor its end waiting.

mod common;

use common::{GUARD, Running, within};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

fn fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a FIFO");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of letters")
}

/// Ends a run by a signal, and gives its status.
fn end(mut child: Child, signal: Signal) -> Option<i32> {
    kill_process(Pid::from_child(&child), signal).expect("it runs");
    within(move || child.wait().expect("it can be waited for").code())
}

fn end_run(mut run: Running, signal: Signal) -> Option<i32> {
    end(std::mem::replace(&mut run.child, Command::new("true").spawn().expect("true starts")), signal)
}

#[test]
fn a_fifo_that_nobody_reads_keeps_nobody_waiting() {
    for signal in [Signal::TERM, Signal::INT] {
        let here = tempfile::tempdir().expect("a folder");
        let (trace, pcap) = (here.path().join("trace"), here.path().join("pcap"));
        fifo(&trace);
        fifo(&pcap);
        let run = Running::start(&["--trace", text(&trace), "--pcap", text(&pcap)], here.path());
        // What nobody has read was not written, and a report that was not written is no pass.
        assert_eq!(end_run(run, signal), Some(2));
    }
}

#[test]
fn a_reader_of_a_fifo_gets_the_whole_trace() {
    let here = tempfile::tempdir().expect("a folder");
    let trace = here.path().join("trace");
    fifo(&trace);
    let path = trace.clone();
    let reader = thread::spawn(move || fs::read_to_string(path).expect("it can be read"));
    let run = Running::start(&["--trace", text(&trace)], here.path());
    assert_eq!(end_run(run, Signal::TERM), Some(0));
    let trace = within(move || reader.join().expect("it reads"));
    let first = trace.lines().next().expect("a record");
    assert!(first.contains(r#""event":"start""#) && trace.ends_with('\n'), "{trace}");
}

#[test]
fn no_file_of_the_state_keeps_its_run_waiting() {
    for name in ["sim7080.json", "sim7080.lock"] {
        let here = tempfile::tempdir().expect("a folder");
        fifo(&here.path().join(name));
        let mut command = Command::new(env!("CARGO_BIN_EXE_badline"));
        command.args(["run", "--state", text(here.path())]).env("TMPDIR", here.path());
        let out = within(move || command.output().expect("it starts"));
        let told = String::from_utf8_lossy(&out.stderr);
        assert!(
            out.status.code() == Some(2) && told.contains(name) && told.contains("no plain file"),
            "{told}"
        );
    }
}

/// The end of a pipe that takes nothing more.
fn full() -> (OwnedFd, OwnedFd) {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC).expect("a pipe");
    rustix::io::ioctl_fionbio(&write, true).expect("it can be set");
    while rustix::io::write(&write, &[0; 4096]).is_ok() {}
    rustix::io::ioctl_fionbio(&write, false).expect("it can be set");
    (read, write)
}

/// Waits until the process listens for signals: until then it ends by them as every process does.
fn listens(child: &Child) {
    let status = format!("/proc/{}/status", child.id());
    let started = Instant::now();
    let caught = || {
        let status = fs::read_to_string(&status).unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or("0");
        u64::from_str_radix(mask.trim(), 16).unwrap_or(0) >> (Signal::TERM.as_raw() - 1) & 1 == 1
    };
    while !caught() {
        assert!(started.elapsed() < GUARD, "it listens to no signal");
        thread::yield_now();
    }
}

#[test]
fn a_reader_of_standard_output_who_reads_nothing_keeps_no_end_waiting() {
    let here = tempfile::tempdir().expect("a folder");
    let script = here.path().join("a.at");
    fs::write(&script, "profile sim7080\n> AT\n< OK\n").expect("a file");
    let verbs: [&[&str]; 3] = [&["run"], &["exec", "--", "sleep", "1000"], &["play", text(&script)]];
    for (verb, signal) in verbs.into_iter().flat_map(|verb| [(verb, Signal::TERM), (verb, Signal::INT)]) {
        let (_read, write) = full();
        let mut command = Command::new(env!("CARGO_BIN_EXE_badline"));
        let child = command.args(verb).env("TMPDIR", here.path()).stdin(Stdio::null()).stdout(write).spawn();
        let child = child.expect("it starts");
        listens(&child);
        let began = Instant::now();
        assert_eq!(end(child, signal), Some(128 + signal.as_raw()), "{verb:?}");
        assert!(began.elapsed() < Duration::from_secs(10), "{verb:?}: {:?}", began.elapsed());
    }
}

/// The control connection of an FTP session.
fn session(address: &str) -> std::io::BufReader<std::net::TcpStream> {
    let stream = std::net::TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(GUARD)).expect("it can be set");
    std::io::BufReader::new(stream)
}

#[test]
fn a_file_that_was_laid_down_as_a_fifo_is_a_mistake() {
    let here = tempfile::tempdir().expect("a folder");
    let (root, scenario): (PathBuf, PathBuf) = (here.path().join("root"), here.path().join("s.toml"));
    fs::create_dir(&root).expect("a folder");
    fifo(&root.join("a.txt"));
    fifo(&here.path().join("b.txt"));
    for files in ["\"/a.txt\" = { text = \"x\" }", "\"/b.txt\" = { from = \"b.txt\" }"] {
        File::create(&scenario)
            .and_then(|mut file| write!(file, "profile = \"sim7080\"\n[server.files]\n{files}\n"))
            .expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_badline"));
        command.args(["run", "--scenario", text(&scenario), "--ftp-root", text(&root)]);
        let out = within(move || command.output().expect("it starts"));
        let told = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.code() == Some(2) && told.contains(".txt: it is a FIFO"), "{told}");
    }
}

#[test]
fn a_fifo_on_the_server_costs_no_session_but_its_own() {
    let here = tempfile::tempdir().expect("a folder");
    let root = here.path().join("root");
    fs::create_dir(&root).expect("a folder");
    fifo(&root.join("fifo"));
    let run = Running::start(&["--ftp-root", text(&root)], here.path());
    let mut first = session(run.told("ftp"));
    for line in ["USER a", "PASS b", "REST 1", "PASV", "STOR fifo"] {
        first.get_mut().write_all(format!("{line}\r\n").as_bytes()).expect("it is sent");
    }
    let mut second = session(run.told("ftp"));
    let mut greeting = [0; 4];
    second.read_exact(&mut greeting).expect("a greeting");
    assert_eq!(&greeting, b"220 ");
    assert_eq!(end_run(run, Signal::TERM), Some(0));
}
