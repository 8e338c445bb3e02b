//! A port that vanishes and comes back, for a host at the built program.

mod common;

use common::{Running, within};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::thread;

const SCENARIO: &str = "\
profile = \"sim7080\"
[[fault]]
when = { command = \"AT+CSQ\" }
what = { unplug = \"300ms\" }
";

/// Types a line and reads until `wanted` was heard.
fn ask(host: &mut (impl Read + Write), line: &str, wanted: &str) {
    host.write_all(format!("{line}\r").as_bytes()).expect("it takes a line");
    let mut heard = vec![];
    while !String::from_utf8_lossy(&heard).contains(wanted) {
        let mut some = [0; 256];
        match host.read(&mut some) {
            Ok(n @ 1..) => heard.extend_from_slice(&some[..n]),
            end => panic!("{end:?} after {:?}", String::from_utf8_lossy(&heard)),
        }
    }
}

/// Reads until the port is gone: the end of the stream, or an error.
fn hear_the_end(host: &mut impl Read) {
    let mut some = [0; 256];
    while matches!(host.read(&mut some), Ok(1..)) {}
}

/// Opens a terminal without making it this process's own, raw as a host would.
fn open(path: &Path) -> File {
    loop {
        match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => {
                let mut line = rustix::termios::tcgetattr(&file).expect("it is a terminal");
                line.make_raw();
                rustix::termios::tcsetattr(&file, rustix::termios::OptionalActions::Now, &line)
                    .expect("it can be set");
                return file;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => thread::yield_now(),
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }
}

#[test]
fn a_terminal_is_unplugged_and_its_link_comes_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let (scenario, link) = (dir.path().join("unplug.toml"), dir.path().join("modem"));
    std::fs::write(&scenario, SCENARIO).expect("a file");
    let words = [scenario.display().to_string(), link.display().to_string()];
    let _running = Running::start(&["--scenario", &words[0], "--link", &words[1]], dir.path());
    within(move || {
        let mut host = open(&link);
        ask(&mut host, "AT", "OK");
        host.write_all(b"AT+CSQ\r").expect("it takes a line");
        hear_the_end(&mut host);
        drop(host);
        ask(&mut open(&link), "AT", "OK");
    });
}

#[test]
fn a_run_ends_with_its_host_however_often_the_port_vanishes() {
    for (speed, gone) in [("1", "1ms"), ("1000", "1ms"), ("1000", "10ms")] {
        let dir = tempfile::tempdir().expect("a folder");
        let scenario = dir.path().join("unplug.toml");
        let fault = format!("[[fault]]\nwhen = {{ each = \"1ms\" }}\nwhat = {{ unplug = \"{gone}\" }}\n");
        std::fs::write(&scenario, format!("profile = \"sim7080\"\n{fault}")).expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_badline"));
        command.args(["exec", "--speed", speed, "--scenario"]).arg(&scenario).env("TMPDIR", dir.path());
        command.args(["--timeout", "1h", "--", "sh", "-c", HOST]);
        let out = within(move || command.output().expect("it starts"));
        let told = String::from_utf8_lossy(&out.stderr);
        let verdict = String::from_utf8_lossy(&out.stdout);
        assert!(verdict.contains("\"host_status\":0,\"timed_out\":false"), "{speed} {gone}: {verdict}");
        assert!(!told.contains("does not come back"), "{speed} {gone}: {told}");
    }
}

/// Opens the port again and again, and types. The shell makes a plain file where there is no port.
const HOST: &str =
    "for i in 1 2 3 4 5 6 7 8 9; do printf 'AT\\r' 2>&- >$BADLINE_PORT; sleep 0.05; done 2>&-; true";

#[test]
fn a_caller_over_tcp_is_hung_up_on_and_the_next_waits() {
    let dir = tempfile::tempdir().expect("a folder");
    let scenario = dir.path().join("unplug.toml");
    std::fs::write(&scenario, SCENARIO).expect("a file");
    let scenario = scenario.display().to_string();
    let running = Running::start(&["--scenario", &scenario, "--tcp", "127.0.0.1:0"], dir.path());
    let address = running.told("tcp").to_owned();
    within(move || {
        let mut host = TcpStream::connect(&address).expect("it listens");
        ask(&mut host, "AT", "OK");
        host.write_all(b"AT+CSQ\r").expect("it takes a line");
        hear_the_end(&mut host);
        let mut next = TcpStream::connect(&address).expect("it still listens");
        ask(&mut next, "AT", "OK");
    });
}

#[test]
fn every_port_has_a_link_that_outlives_its_terminal() {
    let dir = tempfile::tempdir().expect("a folder");
    let (scenario, link) = (dir.path().join("unplug.toml"), dir.path().join("modem"));
    std::fs::write(&scenario, SCENARIO).expect("a file");
    let words = [scenario.display().to_string(), link.display().to_string()];
    let options = ["--scenario", &words[0], "--link", &words[1], "--ports", "3"];
    let running = Running::start(&options, dir.path());
    let links: Vec<String> = running.ready["links"]
        .as_array()
        .expect("links")
        .iter()
        .map(|l| l.as_str().expect("a path").into())
        .collect();
    assert_eq!(links, [words[1].clone(), format!("{}-2", words[1]), format!("{}-3", words[1])]);
    for (link, port) in links.iter().zip(running.ready["ports"].as_array().expect("ports")) {
        assert_eq!(std::fs::read_link(link).expect("a link"), Path::new(port.as_str().expect("a path")));
    }
    within(move || {
        let mut hosts: Vec<File> = links.iter().map(|link| open(Path::new(link))).collect();
        hosts.iter_mut().for_each(|host| ask(host, "AT", "OK"));
        hosts[1].write_all(b"AT+CSQ\r").expect("it takes a line");
        hosts.iter_mut().for_each(hear_the_end);
        // Strangers get the numbers that are free now.
        let strangers: Vec<_> = (0..3).map(|_| pty_process::blocking::open().expect("a terminal")).collect();
        drop(hosts);
        for link in &links {
            ask(&mut open(Path::new(link)), "AT", "OK");
        }
        let mut third = open(Path::new(&links[2]));
        ask(&mut third, "AT+CFUN=1,1", "OK");
        // What is typed during a reset is lost; the banner ends it.
        ask(&mut third, "", "SMS Ready");
        drop(third);
        for link in &links {
            ask(&mut open(Path::new(link)), "AT", "OK");
        }
        drop(strangers);
    });
}
