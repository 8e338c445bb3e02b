//! Badline against a bare loop on a pseudo-terminal, in one run: what is printed are ratios.
//!
//! `cargo bench` runs everything; `cargo bench -- NAME` what contains NAME.

mod bare;
mod host;
mod many;

use host::{Host, Modem};
use std::io::Write;
use std::time::{Duration, Instant};

const FILE: u64 = 64 << 20;
const ROUNDS: usize = 5000;
const TURNS: usize = 3;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let benches: &[(&str, fn())] = &[
        ("ready", ready),
        ("round-trip", round_trip),
        ("watched", watched),
        ("ftpget", ftpget),
        ("qftpget", qftpget),
        ("qftpput", qftpput),
        ("ftpretr", ftpretr),
        ("wipfile", wipfile),
        ("wipdata", wipdata),
        ("modems", many::modems),
    ];
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

/// `AT` to `OK` with a client that takes the trace as the page does, turn by turn with a modem without.
fn watched() {
    let (with, without) = (Modem::start(&["--http", "127.0.0.1:0"]), Modem::start(&[]));
    with.watch();
    let mut hosts = [&with, &without].map(|modem| Host::open(&modem.port));
    for host in &mut hosts {
        host.exchange("ATE0", b"OK\r\n");
    }
    let mut times = [vec![], vec![]];
    for _ in 0..ROUNDS {
        for (host, times) in hosts.iter_mut().zip(&mut times) {
            let start = Instant::now();
            host.exchange("AT", b"OK\r\n");
            times.push(start.elapsed());
        }
    }
    let [a, b] = times.map(median);
    let detail = format!("{:.1} us to {:.1} us", a.as_secs_f64() * 1e6, b.as_secs_f64() * 1e6);
    report(
        "AT to OK with the page open / without",
        a.as_secs_f64() / b.as_secs_f64(),
        "at most 1.1",
        &detail,
    );
}

/// A file in a loop of `AT+FTPGET=2,1460`.
fn ftpget() {
    let modem = Modem::at_once("sim7080", &[]);
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

/// [`FILE`] over a bare pseudo-terminal, from the loop to the host.
fn bare_down() -> Duration {
    let mut host = Host::open(&bare::sending(FILE));
    host.file.write_all(b"\r").expect("the port takes a line");
    let start = Instant::now();
    host.check(FILE, 0);
    start.elapsed()
}

/// The same from the host to the loop.
fn bare_up() -> Duration {
    let mut host = Host::open(&bare::taking(FILE));
    let start = Instant::now();
    host.send(FILE);
    host.expect(b"OK\r\n");
    start.elapsed()
}

/// Times a transfer of [`FILE`] and the bare terminal's turn by turn, so that both meet the same noise.
fn rates(what: &str, goal: &str, modem: &Modem, mut ours: impl FnMut() -> Duration, bare: fn() -> Duration) {
    let (mut a, mut b) = (vec![], vec![]);
    for _ in 0..TURNS {
        a.push(ours());
        b.push(bare());
    }
    let rate = |times| FILE as f64 / median(times).as_secs_f64() / 1e6;
    let (a, b) = (rate(a), rate(b));
    let resident = modem.resident() as f64 / 1048576.0;
    let detail = format!("{a:.1} to {b:.1} MB/s, byte-exact, {resident:.1} MiB resident after");
    report(what, a / b, goal, &detail);
}

/// An M10 with an open FTP service.
fn m10() -> (Modem, Host) {
    let modem = Modem::at_once("m10", &[]);
    let mut host = Host::open(&modem.port);
    host.exchange("ATE0", b"OK\r\n");
    host.exchange("AT+QFTPOPEN=\"h\",21", b"+QFTPOPEN:0\r\n");
    (modem, host)
}

fn qftpget() {
    let (modem, mut host) = m10();
    modem.file("big.bin", FILE);
    let transfer = || {
        host.exchange("AT+QFTPGET=\"big.bin\"", b"CONNECT\r\n");
        let start = Instant::now();
        host.check(FILE, 0);
        let time = start.elapsed();
        host.expect(format!("+QFTPGET:{FILE}\r\n").as_bytes());
        time
    };
    rates("64 MiB by AT+QFTPGET: rate / bare terminal", "at least 0.6", &modem, transfer, bare_down);
}

fn qftpput() {
    let (modem, mut host) = m10();
    let transfer = || {
        host.exchange(&format!("AT+QFTPPUT=\"up.bin\",{FILE}"), b"CONNECT\r\n");
        let start = Instant::now();
        host.send(FILE);
        host.expect(format!("+QFTPPUT:{FILE}\r\n").as_bytes());
        let time = start.elapsed();
        assert!(modem.holds("up.bin", FILE), "the server has another file");
        time
    };
    rates("64 MiB by AT+QFTPPUT: rate / bare terminal", "at least 0.6", &modem, transfer, bare_up);
}

/// A download of [`FILE`] that ETX ends.
fn escaped(host: &mut Host, line: &str, begun: &str, over: &str) -> Duration {
    host.exchange(line, begun.as_bytes());
    let start = Instant::now();
    host.check_escaped(FILE, 0x10);
    let time = start.elapsed();
    host.expect(over.as_bytes());
    time
}

fn ftpretr() {
    let modem = Modem::at_once("nl668", &[]);
    modem.file("big.bin", FILE);
    let mut host = Host::open(&modem.port);
    host.exchange("ATE0", b"OK\r\n");
    host.exchange("AT+MIPCALL=1,\"CTNET\"", b"+MIPCALL: ");
    host.exchange("AT+FTPOPEN=\"h\",\"u\",\"p\"", b"+FTPOPEN: 1\r\n");
    let transfer = || escaped(&mut host, "AT+FTPRETR=\"big.bin\"", "+FTPRETR: 2\r\n", "+FTPRETR: 1\r\n");
    rates("64 MiB by AT+FTPRETR, escaped: rate / bare terminal", "at least 0.4", &modem, transfer, bare_down);
}

/// A WIPsoft module with its GPRS bearer up.
fn wipsoft(arguments: &[&str]) -> (Modem, Host) {
    let modem = Modem::at_once("wipsoft", arguments);
    let mut host = Host::open(&modem.port);
    for line in ["ATE0", "AT+WIPCFG=1", "AT+WIPBR=1,6", "AT+WIPBR=2,6,11,\"apn\"", "AT+WIPBR=4,6,0"] {
        host.exchange(line, b"OK\r\n");
    }
    (modem, host)
}

fn wipfile() {
    let (modem, mut host) = wipsoft(&[]);
    modem.file("big.bin", FILE);
    host.exchange("AT+WIPCREATE=4,1,\"h\",\"u\",\"p\"", b"OK\r\n");
    let transfer = || escaped(&mut host, "AT+WIPFILE=4,1,1,\"big.bin\"", "CONNECT\r\n", "OK\r\n");
    rates("64 MiB by AT+WIPFILE: rate / bare terminal", "none set", &modem, transfer, bare_down);
}

/// Small exchanges over a TCP socket in data mode with an echo server, against a bare loop that echoes.
fn wipdata() {
    let scenario = std::env::temp_dir().join(format!("badline-bench-{}.toml", std::process::id()));
    let hosts = format!("profile = \"wipsoft\"\n[hosts]\n\"echo.example\" = \"{}\"\n", bare::echo());
    std::fs::write(&scenario, hosts).expect("a file");
    let (_modem, mut ours) = wipsoft(&["--scenario", &scenario.display().to_string()]);
    std::fs::remove_file(&scenario).expect("it is there");
    ours.exchange("AT+WIPCREATE=2,1,\"echo.example\",7", b"+WIPREADY: 2,1\r\n");
    ours.exchange("AT+WIPDATA=2,1,1", b"CONNECT\r\n");
    let mut theirs = Host::open(&bare::answering(|line| [line, b"\r"].concat()));
    let time = |host: &mut Host| {
        let start = Instant::now();
        for _ in 0..1000 {
            host.exchange("ping", b"ping\r");
        }
        start.elapsed()
    };
    let (mut a, mut b) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..100 {
        a += time(&mut ours);
        b += time(&mut theirs);
    }
    let (a, b) = (a.as_secs_f64(), b.as_secs_f64());
    let detail = format!("{:.1} us to {:.1} us each", a * 10.0, b * 10.0);
    report("100 000 exchanges by AT+WIPDATA: time / bare loop", a / b, "none set", &detail);
}
