//! Badline against a bare loop on a pseudo-terminal, in one run: what is printed are ratios.
//!
//! `cargo bench` runs everything; `cargo bench -- NAME` what contains NAME.

mod bare;
mod host;

use host::{Host, Modem};
use std::time::{Duration, Instant};

const FILE: u64 = 64 << 20;
const ROUNDS: usize = 5000;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let benches: &[(&str, fn())] = &[("ready", ready), ("round-trip", round_trip), ("ftpget", ftpget)];
    for (name, bench) in benches {
        if wanted.is_empty() || wanted.iter().any(|w| name.contains(w.as_str())) {
            bench();
        }
    }
}

/// One line of the report.
fn report(what: &str, ratio: f64, goal: &str, detail: &str) {
    println!("{what:<44} {ratio:>6.2}   (goal: {goal}; {detail})");
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// From start to the ready line, and the memory of an idle modem.
fn ready() {
    let times = (0..11).map(|_| {
        let start = Instant::now();
        let modem = Modem::start(&[]);
        let time = start.elapsed();
        drop(modem);
        time
    });
    let time = median(times.collect());
    let modem = Modem::start(&[]);
    Host::open(&modem.port).exchange("AT", b"OK\r\n");
    let resident = modem.resident();
    let detail = format!("{:.1} ms", time.as_secs_f64() * 1e3);
    report("start to ready / 50 ms", time.as_secs_f64() / 0.050, "at most 1", &detail);
    let detail = format!("{:.2} MiB", resident as f64 / 1048576.0);
    report("resident when idle / 8 MiB", resident as f64 / (8 << 20) as f64, "under 1", &detail);
}

/// `AT` to `OK`, turn by turn with the bare loop so that both meet the same noise.
fn round_trip() {
    let modem = Modem::start(&[]);
    let mut ours = Host::open(&modem.port);
    ours.exchange("ATE0", b"OK\r\n");
    let bare = bare::answering(|line| match line {
        b"AT" => b"\r\nOK\r\n".to_vec(),
        _ => vec![],
    });
    let mut theirs = Host::open(&bare);
    let time = |host: &mut Host| {
        let start = Instant::now();
        host.exchange("AT", b"OK\r\n");
        start.elapsed()
    };
    let (mut a, mut b) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        a.push(time(&mut ours));
        b.push(time(&mut theirs));
    }
    let (a, b) = (median(a), median(b));
    let detail = format!("{:.1} us to {:.1} us", a.as_secs_f64() * 1e6, b.as_secs_f64() * 1e6);
    report("AT to OK: median / bare loop", a.as_secs_f64() / b.as_secs_f64(), "at most 1.3", &detail);
}

/// A file in a loop of `AT+FTPGET=2,1460`.
fn ftpget() {
    let modem = Modem::start(&[]);
    modem.file("big.bin", FILE);
    let mut host = Host::open(&modem.port);
    for line in
        ["ATE0", "AT+CNACT=0,1", "AT+FTPSERV=\"h\"", "AT+FTPGETNAME=\"big.bin\"", "AT+FTPGETPATH=\"/\""]
    {
        host.exchange(line, b"OK\r\n");
    }
    host.exchange("AT+FTPGET=1", b"+FTPGET: 1,1\r\n");
    let start = Instant::now();
    let mut got = 0;
    while got < FILE {
        got += host.block("AT+FTPGET=2,1460", "+FTPGET: 2,", got);
    }
    let ours = start.elapsed();
    let resident = modem.resident();
    let bare = bare::answering(|line| match line {
        b"AT+FTPGET=2,1460" => {
            let mut reply = b"\r\n+FTPGET: 2,1460\r\n".to_vec();
            reply.extend(host::pattern(0).take(1460));
            reply.extend(b"\r\nOK\r\n");
            reply
        }
        _ => b"\r\nOK\r\n".to_vec(),
    });
    let mut host = Host::open(&bare);
    let blocks = FILE / 8 / 1460;
    let start = Instant::now();
    for _ in 0..blocks {
        host.block("AT+FTPGET=2,1460", "+FTPGET: 2,", 0);
    }
    let theirs = start.elapsed();
    let (a, b) = (FILE as f64 / ours.as_secs_f64(), (blocks * 1460) as f64 / theirs.as_secs_f64());
    let detail = format!(
        "{:.1} to {:.1} MB/s, byte-exact, {:.1} MiB resident after",
        a / 1e6,
        b / 1e6,
        resident as f64 / 1048576.0
    );
    report("64 MiB by AT+FTPGET=2,1460: rate / bare loop", a / b, "at least 0.5", &detail);
}
