//! The built program as its users meet it: started, opened, interrupted.

mod common;
#[path = "common/hang_up.rs"]
mod hang_up;

use common::{GUARD, Running, within};
use hang_up::hangs_up;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::tcdrain;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::mem::MaybeUninit;
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

/// A child that is being started holds what its parent has open for a moment: a port that is closed
/// meanwhile stays open. Who starts a program reads this lock, who closes a port for sure writes it.
static STARTING: RwLock<()> = RwLock::new(());

fn start(options: &[&str], folder: &Path) -> Running {
    let _starting = STARTING.read();
    Running::start(options, folder)
}

/// A host with the port open.
struct Host<S> {
    port: S,
    heard: Vec<u8>,
}

fn open(path: &str) -> Host<File> {
    let controlling = rustix::fs::OFlags::NOCTTY.bits() as i32;
    let port = OpenOptions::new().read(true).write(true).custom_flags(controlling).open(path);
    Host { port: port.expect("the port opens"), heard: vec![] }
}

/// Closes the port at `path` once the modem has all that was sent, and waits until the modem has
/// noticed: it then opens and closes the port itself, to drop what was not read.
fn leave(host: Host<File>, path: &str) {
    tcdrain(&host.port).expect("the port drains");
    let watch = inotify::init(CreateFlags::CLOEXEC).expect("inotify");
    inotify::add_watch(&watch, path, WatchFlags::CLOSE_WRITE | WatchFlags::OPEN).expect("a watch");
    drop(host);
    within(move || {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = inotify::Reader::new(watch, &mut buffer);
        let mut closes = 0;
        while closes < 2 {
            let event = events.next().expect("an event");
            closes += u32::from(event.events().contains(ReadFlags::CLOSE_WRITE));
        }
    });
}

impl<S: Read + Write + AsFd> Host<S> {
    fn send(&mut self, bytes: &[u8]) {
        self.port.write_all(bytes).expect("the port takes bytes");
    }

    /// Waits until there is something to read.
    fn await_bytes(&self) -> bool {
        let mut fds = [PollFd::new(&self.port, PollFlags::IN)];
        let guard = Timespec::try_from(GUARD).expect("a short time");
        poll(&mut fds, Some(&guard)).expect("poll") > 0
    }

    /// Reads until `end` has been heard, and gives all up to there.
    fn hear(&mut self, end: &str) -> String {
        loop {
            if let Some(at) = self.heard.windows(end.len()).position(|w| w == end.as_bytes()) {
                let rest = self.heard.split_off(at + end.len());
                let heard = std::mem::replace(&mut self.heard, rest);
                return String::from_utf8_lossy(&heard).into_owned();
            }
            assert!(self.await_bytes(), "no {end:?}; heard {:?}", String::from_utf8_lossy(&self.heard));
            let mut buffer = [0; 4096];
            let n = self.port.read(&mut buffer).expect("the port can be read");
            assert!(n > 0, "the port is gone; heard {:?}", String::from_utf8_lossy(&self.heard));
            self.heard.extend(&buffer[..n]);
        }
    }

    fn ask(&mut self, line: &str) -> String {
        self.send(format!("{line}\r").as_bytes());
        self.hear("OK\r\n")
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of letters")
}

fn entries(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).expect("a folder").flatten();
    names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn the_ready_line_tells_what_a_program_needs() {
    let here = folder();
    let run = start(&["--seed", "7"], here.path());
    assert_eq!(run.told("event"), "ready");
    assert_eq!(run.told("modem"), "sim7080");
    assert_eq!(run.ready["ports"][0], run.ready["port"]);
    assert_eq!(run.ready["seed"], 7);
    assert_eq!(fs::read_link(run.told("link")).expect("a link"), Path::new(run.told("port")));
    assert!(TcpStream::connect(run.told("ftp")).is_ok());
    assert_eq!(entries(Path::new(run.told("ftp_root"))), ["hello.txt"]);
}

#[test]
fn it_answers_with_the_framing_of_v_250() {
    let here = folder();
    let run = start(&[], here.path());
    let mut host = open(run.told("link"));
    assert_eq!(host.ask("AT"), "AT\r\r\nOK\r\n");
    assert_eq!(host.ask("ATE0"), "ATE0\r\r\nOK\r\n");
    assert_eq!(host.ask("AT"), "\r\nOK\r\n");
}

#[test]
fn every_signal_that_ends_it_ends_it_cleanly() {
    let signals = [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT];
    for signal in signals.into_iter().filter(|signal| *signal != Signal::HUP || hangs_up()) {
        let here = folder();
        let link = here.path().join("modem");
        let temporary = here.path().join("tmp");
        fs::create_dir(&temporary).expect("a folder");
        let mut run = start(&["--link", text(&link)], &temporary);
        let mut host = open(text(&link));
        host.ask("AT");
        kill_process(Pid::from_child(&run.child), signal).expect("it runs");
        let ended = std::mem::replace(&mut run.child, bystander());
        let status = within(move || wait(ended));
        assert_eq!(status, Some(0), "after {signal:?}");
        assert!(fs::symlink_metadata(&link).is_err(), "the link is still there");
        assert_eq!(entries(&temporary), [""; 0]);
    }
}

/// A child that has nothing to do with the matter.
fn bystander() -> std::process::Child {
    Command::new("true").spawn().expect("true starts")
}

fn wait(mut child: std::process::Child) -> Option<i32> {
    child.wait().ok()?.code()
}

/// Ends a run, and waits until it is gone.
fn end(mut run: Running, signal: Signal) {
    kill_process(Pid::from_child(&run.child), signal).expect("it runs");
    let ended = std::mem::replace(&mut run.child, bystander());
    within(move || wait(ended));
}

#[test]
fn what_the_module_stores_outlives_the_process() {
    let here = folder();
    let state = here.path().join("state");
    let options = ["--profile", "wipsoft", "--state", text(&state)];
    // What OK was said to is stored: a kill takes nothing of it.
    for (signal, ttl) in [(Signal::TERM, 10), (Signal::KILL, 20)] {
        let run = start(&options, here.path());
        let mut host = open(run.told("port"));
        host.ask("ATE0+CMEE=1");
        host.ask(&format!("AT+WIPCFG=2,0,{ttl};+WIPCFG=4,1;&W"));
        end(run, signal);
        let run = start(&options, here.path());
        let mut host = open(run.told("port"));
        assert!(!host.ask("AT").contains("AT"), "it has forgotten E0");
        assert!(host.ask("AT+CMEE?").contains("+CMEE: 1\r\n"));
        host.ask("AT+WIPCFG=1");
        assert!(host.ask("AT+WIPCFG?").contains(&format!("+WIPCFG: 0,{ttl}\r\n")));
    }
    let run = start(&["--profile", "wismo228", "--state", text(&state)], here.path());
    let mut host = open(run.told("port"));
    assert!(host.ask("AT").contains("AT"), "one module has the flash of another");
    assert!(!entries(&state).contains(&"wismo228.json".to_owned()), "nothing was stored");
}

#[test]
fn a_flash_that_cannot_be_read_is_a_mistake() {
    let here = folder();
    let (file, folder) = (here.path().join("wipsoft.json"), here.path());
    for (content, place) in [("{", folder), ("[1]", folder), ("{}", &file)] {
        fs::write(&file, content).expect("a file");
        let out = badline(&["run", "--profile", "wipsoft", "--state", text(place)]);
        assert_eq!(out.status.code(), Some(2));
        let told = String::from_utf8_lossy(&out.stderr);
        assert!(told.contains("wipsoft.json"), "{told}");
        assert_eq!(fs::read_to_string(&file).expect("it is there"), content);
    }
}

#[test]
fn a_link_is_replaced_in_one_step() {
    let here = folder();
    let link = here.path().join("modem");
    symlink("/nowhere", &link).expect("a link");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut gaps = 0;
            while !done.load(Ordering::Relaxed) {
                gaps += u32::from(fs::read_link(&link).is_err());
            }
            gaps
        });
        let run = start(&["--link", text(&link)], here.path());
        done.store(true, Ordering::Relaxed);
        assert_eq!(watch.join().expect("it watches"), 0, "there was a moment without a link");
        assert_eq!(fs::read_link(&link).expect("a link"), Path::new(run.told("port")));
    });
}

#[test]
fn a_file_in_the_links_place_is_left_alone() {
    let here = folder();
    let path = here.path().join("modem");
    fs::write(&path, "mine").expect("a file");
    let out = badline(&["run", "--link", text(&path)]);
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("is no symbolic link"));
    assert_eq!(fs::read_to_string(&path).expect("it is there"), "mine");
}

#[test]
fn the_same_port_over_tcp() {
    let here = folder();
    let run = start(&["--tcp", "127.0.0.1:0"], here.path());
    let stream = TcpStream::connect(run.told("tcp")).expect("it listens");
    let mut host = Host { port: stream, heard: vec![] };
    assert_eq!(host.ask("AT"), "AT\r\r\nOK\r\n");
}

#[test]
fn two_ports_of_one_modem() {
    let here = folder();
    let run = start(&["--ports", "2"], here.path());
    let path = |i: usize| run.ready["ports"][i].as_str().expect("a port");
    let (mut first, mut second) = (open(path(0)), open(path(1)));
    first.ask("ATE0");
    assert_eq!(first.ask("AT"), "\r\nOK\r\n");
    assert_eq!(second.ask("AT"), "AT\r\r\nOK\r\n");
}

#[test]
fn the_next_host_sees_nothing_stale() {
    let here = folder();
    let run = start(&[], here.path());
    let mut first = open(run.told("link"));
    first.ask("ATE0");
    first.send(b"ATI\r");
    assert!(first.await_bytes());
    leave(first, run.told("port"));
    let mut second = open(run.told("link"));
    assert_eq!(second.ask("AT+CGMM"), "\r\nSIMCOM_SIM7080\r\n\r\nOK\r\n");
}

#[test]
fn a_file_sent_up_lies_on_the_server() {
    let here = folder();
    let run = start(&[], here.path());
    let mut host = open(run.told("link"));
    begin_upload(&mut host);
    host.send(b"AT+FTPPUT=2,5\r");
    host.hear("+FTPPUT: 2,5\r\n");
    host.send(b"hello");
    host.hear("OK\r\n");
    host.hear("+FTPPUT: 1,1,1360\r\n");
    host.ask("AT+FTPPUT=2,0");
    host.hear("+FTPPUT: 1,0\r\n");
    let file = Path::new(run.told("ftp_root")).join("up.txt");
    assert_eq!(fs::read_to_string(file).expect("it arrived"), "hello");
}

fn begin_upload(host: &mut Host<File>) {
    for line in [
        "ATE0",
        "AT+CNACT=0,1",
        "AT+FTPSERV=\"ftp.example.com\"",
        "AT+FTPPUTNAME=\"up.txt\"",
        "AT+FTPPUTPATH=\"/\"",
        "AT+FTPPUT=1",
    ] {
        host.ask(line);
    }
    host.hear("+FTPPUT: 1,1,1360\r\n");
}

/// Announces more than it sends.
fn send_half(host: &mut Host<File>) {
    host.send(b"AT+FTPPUT=2,100\r");
    host.hear("+FTPPUT: 2,100\r\n");
    host.send(b"half of it");
}

#[test]
fn an_upload_cut_short_by_the_hosts_close() {
    let here = folder();
    let run = start(&[], here.path());
    let mut host = open(run.told("link"));
    begin_upload(&mut host);
    send_half(&mut host);
    leave(host, run.told("port"));
    let mut host = open(run.told("link"));
    assert!(host.ask("AT").ends_with("\r\nOK\r\n"));
}

#[test]
fn a_host_that_comes_back_at_once() {
    let here = folder();
    let run = start(&[], here.path());
    let mut host = open(run.told("link"));
    begin_upload(&mut host);
    let _nobody_starts = STARTING.write();
    for _ in 0..50 {
        send_half(&mut host);
        tcdrain(&host.port).expect("the port drains");
        drop(host);
        host = open(run.told("link"));
        host.ask("AT");
    }
}

#[test]
fn what_no_host_should_send() {
    let here = folder();
    let run = start(&[], here.path());
    let mut host = open(run.told("link"));
    host.ask("ATE0");
    let line = vec![b'A'; 1 << 20];
    host.send(&line);
    host.send(b"\r");
    host.hear("ERROR\r\n");
    let all: Vec<u8> = (0..=255).collect();
    host.send(&all);
    host.send(b"\r");
    host.ask("AT");
}

fn badline(arguments: &[&str]) -> std::process::Output {
    let child = {
        let _starting = STARTING.read();
        let mut command = Command::new(env!("CARGO_BIN_EXE_badline"));
        command
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts")
    };
    child.wait_with_output().expect("the program starts")
}

#[test]
fn a_mistake_in_a_file_is_shown_where_it_stands() {
    let here = folder();
    let path = here.path().join("mine.toml");
    fs::write(&path, "extends = \"sim7080\"\n\n[radio]\n  rsi = 12\n").expect("a file");
    for verb in [&["run", "--profile"][..], &["check"]] {
        let out = badline(&[verb, &[text(&path)]].concat());
        assert_eq!(out.status.code(), Some(2));
        let told = String::from_utf8_lossy(&out.stderr).into_owned() + &String::from_utf8_lossy(&out.stdout);
        assert!(told.contains("mine.toml:4:3: unknown key `rsi`"), "{told}");
        assert!(told.contains("did you mean `rssi`?"), "{told}");
    }
    fs::write(&path, "extends = \"sim7080\"\n[radio]\nclock = \"noon\"\n").expect("a file");
    let told = String::from_utf8_lossy(&badline(&["check", text(&path)]).stderr).into_owned();
    assert!(told.contains("write it like 26/01/01,00:00:00+00"), "{told}");
    assert!(told.contains("mine.toml:3:9: `noon` is no time\n"), "{told}");
}

#[test]
fn a_mistake_is_shown_in_the_line_that_has_it() {
    let here = folder();
    let cases = [
        (
            "a.at",
            "profile sim7080\n# c\n\nset radio.rssi = 4\nset serial.bauds = 9\n",
            "a.at:5:12: unknown key `bauds`",
        ),
        ("b.at", "set radio.rssi = \"x\"\n", "b.at:1:18: invalid type: string \"x\""),
        ("c.at", "profile nope\n", "c.at:1:9: there is no profile `nope`"),
        ("d.at", "\nhost a = nonsense\n", "d.at:2:6: `nonsense` is no target"),
        ("e.at", "file /../x = a\n", "e.at:1:6: `/../x` leads out of the server's root"),
        ("f.at", "scenario nope.toml\n", "f.at:1:10: "),
        (
            "g.toml",
            "extends = \"m10\"\n[[power_on]]\nline = \"a\"\n[[power_on]]\nlinee = \"b\"\n",
            "g.toml:5:1: ",
        ),
        ("h.toml", "extends = \"m10\"\n[commands.\"+X\"]\nread = \"x\"\n", "h.toml:3:8: "),
        ("k.toml", "extends = \"m10\"\n[radio]\nrssi = 200\n", "k.toml:3:8: `AT+CSQ` has no such value"),
        (
            "l.toml",
            "extends = \"m10\"\n[commands]\nCBC = \"+CBC: 0\"\n",
            "l.toml:3:7: no command line can name this",
        ),
        ("i.toml", "[identity]\nmodel = \"x\"\n", "i.toml:1:1: a profile says which one it changes"),
    ];
    for (name, content, place) in cases {
        let path = here.path().join(name);
        fs::write(&path, content).expect("a file");
        let out = badline(&["check", text(&path)]);
        let told = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.code() == Some(2) && told.contains(place), "{told}");
    }
    fs::write(here.path().join("j.at"), b"> AT\n< \xff\n").expect("a file");
    let told =
        String::from_utf8_lossy(&badline(&["check", text(&here.path().join("j.at"))]).stderr).into_owned();
    assert!(told.contains("j.at:2:3: this is no UTF-8"), "{told}");
}

#[test]
fn a_run_ends_with_the_process_that_it_was_told() {
    let here = folder();
    let mut other = Command::new("sleep").arg("1000").spawn().expect("sleep starts");
    let mut run = start(&["--until-exit", &other.id().to_string()], here.path());
    let link = Path::new(run.told("link")).to_owned();
    assert!(run.child.try_wait().expect("a child").is_none() && link.is_symlink());
    other.kill().expect("it runs");
    // It is not reaped: nobody may ever do so.
    let status = within(move || run.child.wait().expect("a child"));
    assert!(status.success() && !link.is_symlink(), "{status}");
    other.wait().expect("a child");
    let out = badline(&["run", "--until-exit", &other.id().to_string()]);
    let told = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.code() == Some(2) && told.contains("there is no such process"), "{told}");
    assert_eq!(badline(&["run", "--until-exit", "0"]).status.code(), Some(2));
}

#[test]
fn a_mistake_in_the_arguments_is_status_2() {
    assert_eq!(badline(&["run", "--porst", "2"]).status.code(), Some(2));
    assert_eq!(badline(&["run", "--profile", "sim9999"]).status.code(), Some(2));
    assert_eq!(badline(&["run", "--ports", "0"]).status.code(), Some(2));
}
