//! What cannot be kept up with is dropped and told: the built program stays small, answers, and ends.

mod common;

use common::{Running, within};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// The resident memory of a process, in octets.
fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

struct Client {
    socket: UnixStream,
    answers: Lines<BufReader<UnixStream>>,
}

impl Client {
    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.socket, "{request}").expect("it is read");
        let answer = self.answers.next().expect("an answer").expect("it can be read");
        serde_json::from_str(&answer).expect("it is JSON")
    }
}

/// Floods a modem at a speed, whose port is open and never read, and sees that all is well.
fn flood(speed: u32, what: &Value) {
    let here = tempfile::tempdir().expect("a temporary folder");
    let (control, trace) = (here.path().join("control"), here.path().join("trace.jsonl"));
    let (control_text, trace_text) = (control.display().to_string(), trace.display().to_string());
    let speed_text = speed.to_string();
    let arguments = ["--control", &control_text, "--trace", &trace_text, "--speed", &speed_text];
    let mut run = Running::start(&arguments, here.path());
    let port = fs::File::options().read(true).write(true).open(run.told("link")).expect("the port opens");
    let what = what.clone();
    let pid = run.child.id();
    let status = within(move || {
        let socket = UnixStream::connect(control).expect("it listens");
        let mut client =
            Client { answers: BufReader::new(socket.try_clone().expect("a handle")).lines(), socket };
        let fault = json!({ "name": "flood", "when": { "each": "1ms" }, "what": what });
        assert_eq!(client.ask(&json!({ "do": "inject", "fault": fault }))["ok"], true);
        let (start, mut asked, mut before) = (Instant::now(), 0, 0);
        // So long that a thousandth of what leaked before would show.
        while start.elapsed() < Duration::from_secs(3) || asked < 5 {
            let status = client.ask(&json!({ "do": "status" }));
            assert_eq!(status["ok"], true, "{status}");
            asked += 1;
            if before == 0 && start.elapsed() > Duration::from_secs(1) {
                before = resident(pid);
            }
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{asked} answers in {:?}", start.elapsed());
        let grown = resident(pid).saturating_sub(before);
        assert!(grown < 16 << 20, "{grown} bytes more in 2 s");
        let list = client.ask(&json!({ "do": "list" }));
        assert_eq!(client.ask(&json!({ "do": "lift", "name": "flood" }))["ok"], true);
        list["faults"][0].clone()
    });
    assert!(speed == 1 || status["missed"].as_u64() > Some(0), "{status}");
    let pid = Pid::from_raw(i32::try_from(pid).expect("a number")).expect("a process");
    let told = Instant::now();
    kill_process(pid, Signal::TERM).expect("it runs");
    let ended = run.child.wait().expect("it ends");
    assert!(ended.success() && told.elapsed() < Duration::from_secs(2), "{ended} after {:?}", told.elapsed());
    drop(port);
    let trace = fs::read_to_string(trace).expect("there is a trace");
    assert!(speed == 1 || trace.contains("\"fault_missed\""), "the trace does not tell it");
}

#[test]
fn a_line_each_millisecond_of_a_clock_that_runs_a_thousand_times_faster() {
    flood(1000, &json!({ "say": "+CREG: 2" }));
}

#[test]
fn noise_that_no_line_can_carry() {
    flood(1, &json!({ "noise": 65536 }));
    flood(1000, &json!({ "noise": 65536 }));
}

#[test]
fn a_port_that_vanishes_all_the_time() {
    for (speed, gone) in [(1, "0s"), (1000, "0s"), (1000, "10ms")] {
        flood(speed, &json!({ "unplug": gone }));
    }
}

#[test]
fn a_state_that_changes_all_the_time() {
    flood(1000, &json!({ "signal": 3 }));
}
