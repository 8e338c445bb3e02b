//! The host's side: a modem under test, and a program on its port.

use rustix::fs::{Mode, OFlags};
use rustix::termios::{self, OptionalActions};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;

/// Byte `n` of every file, so that a lost or doubled octet shows.
pub fn pattern(from: u64) -> impl Iterator<Item = u8> {
    (from..).map(|n| (n.wrapping_add(n / 256) % 251) as u8)
}

/// `length` octets of the pattern from `from` on.
pub fn block(from: u64, length: usize) -> Vec<u8> {
    pattern(from).take(length).collect()
}

/// A running `badline run`.
pub struct Modem {
    child: Child,
    pub port: String,
    pub root: String,
    /// The address of the page, where it is served.
    pub http: Option<String>,
}

impl Modem {
    /// A modem of this profile on a radio that takes no time: what is measured is Badline.
    pub fn at_once(profile: &str, arguments: &[&str]) -> Modem {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("bench.toml");
        let text = format!("extends = \"{profile}\"\n[radio]\nround_trip = \"0s\"\n");
        fs::write(&file, text).expect("a file");
        let file = file.display().to_string();
        Modem::start(&[&["--profile", &file], arguments].concat())
    }

    pub fn start(arguments: &[&str]) -> Modem {
        let mut child = Command::new(env!("CARGO_BIN_EXE_badline"))
            .arg("run")
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("badline starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output is ours");
        BufReader::new(stdout).read_line(&mut line).expect("a ready line");
        let ready: serde_json::Value = serde_json::from_str(&line).expect("the ready line is JSON");
        let text = |key: &str| ready[key].as_str().expect("a string").to_string();
        let http = ready["http"].as_str().map(str::to_string);
        Modem { child, port: text("port"), root: text("ftp_root"), http }
    }

    /// Puts a file of the pattern on the server.
    pub fn file(&self, name: &str, size: u64) {
        let file =
            fs::File::create(format!("{}/{name}", self.root)).expect("the server's folder takes a file");
        let mut file = std::io::BufWriter::new(file);
        let mut bytes = pattern(0);
        let mut left = size as usize;
        while left > 0 {
            let chunk: Vec<u8> = bytes.by_ref().take(left.min(65536)).collect();
            file.write_all(&chunk).expect("the disk has room");
            left -= chunk.len();
        }
    }

    /// Whether a file of the server is `size` octets of the pattern.
    pub fn holds(&self, name: &str, size: u64) -> bool {
        let content = fs::read(format!("{}/{name}", self.root)).expect("the file is there");
        content.len() as u64 == size && content == block(0, content.len())
    }

    /// Has a client take the trace as the page does, until the modem ends.
    pub fn watch(&self) {
        let http = self.http.as_ref().expect("the page is served");
        let (address, key) = http
            .strip_prefix("http://")
            .and_then(|rest| rest.split_once("/?key="))
            .expect("an address with its key");
        let mut stream = TcpStream::connect(address).expect("the page's server listens");
        let head =
            format!("GET /api/trace HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("it takes a request");
        let mut answer = [0; 65536];
        let n = stream.read(&mut answer).expect("it answers");
        assert!(answer[..n].starts_with(b"HTTP/1.1 200"), "{}", answer[..n].escape_ascii());
        thread::spawn(move || while matches!(stream.read(&mut answer), Ok(1..)) {});
    }

    /// Resident memory, in octets.
    pub fn resident(&self) -> u64 {
        resident(self.child.id())
    }
}

/// Resident memory of a process, in octets.
pub fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).expect("the kernel tells");
    line.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok()).expect("a number") * 1024
}

impl Drop for Modem {
    fn drop(&mut self) {
        if let Some(pid) = rustix::process::Pid::from_raw(self.child.id() as i32) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

/// A program that has a port open.
pub struct Host {
    pub file: fs::File,
    buffer: Vec<u8>,
    start: usize,
}

impl Host {
    pub fn open(path: &str) -> Host {
        let fd =
            rustix::fs::open(path, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("the port opens");
        let mut settings = termios::tcgetattr(&fd).expect("a terminal");
        settings.make_raw();
        termios::tcsetattr(&fd, OptionalActions::Now, &settings).expect("a terminal");
        Host { file: fd.into(), buffer: vec![], start: 0 }
    }

    /// Reads more into the buffer.
    fn fill(&mut self) {
        if self.start > 1 << 16 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        let end = self.buffer.len();
        self.buffer.resize(end + 65536, 0);
        let n = self.file.read(&mut self.buffer[end..]).expect("the port can be read");
        self.buffer.truncate(end + n);
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Reads up to and including `until`.
    pub fn expect(&mut self, until: &[u8]) {
        loop {
            let tail = self.rest().windows(until.len()).position(|w| w == until);
            match tail {
                Some(at) => {
                    self.start += at + until.len();
                    return;
                }
                None => self.fill(),
            }
        }
    }

    /// Types a line and reads until its answer.
    pub fn exchange(&mut self, line: &str, until: &[u8]) {
        self.file.write_all(format!("{line}\r").as_bytes()).expect("the port takes a line");
        self.expect(until);
    }

    /// Asks for a block, checks it against the pattern from `at` on, and gives its length.
    pub fn block(&mut self, line: &str, head: &str, at: u64) -> u64 {
        self.exchange(line, head.as_bytes());
        let length = loop {
            match self.rest().windows(2).position(|w| w == b"\r\n") {
                Some(end) => {
                    let text = std::str::from_utf8(&self.rest()[..end]).expect("a number");
                    let length: usize = text.parse().expect("a number");
                    self.start += end + 2;
                    break length;
                }
                None => self.fill(),
            }
        };
        self.check(length as u64, at);
        self.expect(b"OK\r\n");
        length as u64
    }

    /// Sends `length` octets of the pattern.
    pub fn send(&mut self, length: u64) {
        let mut at = 0;
        while at < length {
            let n = (length - at).min(65536);
            self.file.write_all(&block(at, n as usize)).expect("the port takes octets");
            at += n;
        }
    }

    /// Reads `length` octets with an escape before each that needs one, up to the end mark behind them.
    pub fn check_escaped(&mut self, length: u64, escape: u8) {
        let mut expected = pattern(0);
        let (mut left, mut escaped) = (length, false);
        loop {
            if self.rest().is_empty() {
                self.fill();
            }
            let mut used = 0;
            for &byte in &self.buffer[self.start..] {
                used += 1;
                match (escaped, byte) {
                    (false, b) if b == escape => {
                        escaped = true;
                        continue;
                    }
                    (false, 3) => {
                        assert_eq!(left, 0, "the end mark is early");
                        self.start += used;
                        return;
                    }
                    // An escape that is not escaped itself stands for itself before any other octet.
                    (true, b) if b != 3 && b != escape => {
                        assert_eq!(expected.next(), Some(escape), "the octets are not those of the file");
                        left -= 1;
                    }
                    _ => {}
                }
                escaped = false;
                assert_eq!(expected.next(), Some(byte), "the octets are not those of the file");
                left -= 1;
            }
            self.start += used;
        }
    }

    /// Reads `length` octets and checks them against the pattern from `at` on.
    pub fn check(&mut self, length: u64, at: u64) {
        let mut expected = pattern(at);
        let mut left = length as usize;
        while left > 0 {
            if self.rest().is_empty() {
                self.fill();
            }
            let n = left.min(self.rest().len());
            assert!(
                self.rest()[..n].iter().all(|b| Some(*b) == expected.next()),
                "the octets are not those of the file"
            );
            self.start += n;
            left -= n;
        }
    }
}
