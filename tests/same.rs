//! The same transcript gives the same trace and the same capture, byte for byte: every one is played twice.

use badline::play;
use badline::trace::pcap::Capture;
use badline::trace::pcapng;
use badline::trace::{Record, Sink, Writer};
use badline::transcript;
use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut files = vec![];
    find(&root, &mut files);
    files.sort();
    let trials = files.into_iter().map(|file| {
        let name = file.strip_prefix(&root).unwrap_or(&file).display().to_string();
        Trial::test(name, move || twice(&file))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, files);
        } else if path.extension().is_some_and(|e| e == "at") {
            files.push(path);
        }
    }
}

fn twice(file: &Path) -> Result<(), Failed> {
    let (one, two) = within_a_minute(|| Ok((played(file)?, played(file)?)))?;
    let (first, second) = (String::from_utf8(one.trace)?, String::from_utf8(two.trace)?);
    if let Some((at, (a, b))) = first.lines().zip(second.lines()).enumerate().find(|(_, (a, b))| a != b) {
        return Err(format!("line {} of the trace differs:\n{a}\n{b}", at + 1).into());
    }
    match (first == second, one.capture == two.capture) {
        (true, true) => Ok(()),
        (false, _) => Err("one trace is longer".into()),
        (true, false) => same_but_for_keys(&packets(&one.capture)?, &packets(&two.capture)?),
    }
}

/// The server's lists show the minute in which a file was written: what is compared must have run in one.
fn within_a_minute<T>(run: impl Fn() -> Result<T, Failed>) -> Result<T, Failed> {
    let minute = || SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs() / 60);
    loop {
        let began = minute()?;
        let done = run()?;
        if minute()? == began {
            return Ok(done);
        }
    }
}

struct Packet {
    interface: u32,
    at: Duration,
    data: Vec<u8>,
}

fn packets(capture: &[u8]) -> Result<Vec<Packet>, Failed> {
    let read = pcapng::Reader::new(capture).ok_or("it does not begin as pcapng does")?;
    let packet = |found: pcapng::Found| Packet { interface: found.interface, at: found.at, data: found.data };
    read.map(|found| Ok(packet(found?))).collect()
}

/// An IPv4 header without options, and the TCP header behind it up to its checksum.
const HEADERS: usize = 20 + 16;
const PORTS: std::ops::Range<usize> = 20..24;
const PAYLOAD: usize = 40;

/// Two captures are the same, but for the payload of TLS, whose keys are never the same.
fn same_but_for_keys(one: &[Packet], two: &[Packet]) -> Result<(), Failed> {
    let mut secret = BTreeSet::new();
    for (at, (a, b)) in one.iter().zip(two).enumerate() {
        let ports = a.data.get(PORTS).map(|ports| {
            let (from, to) = ports.split_at(2);
            (from.min(to), from.max(to))
        });
        if a.data.get(PAYLOAD..).is_some_and(|payload| payload.starts_with(&[22, 3])) {
            secret.insert(ports);
        }
        let shown = if secret.contains(&ports) { HEADERS } else { a.data.len() };
        let same = a.data.len() == b.data.len() && a.data[..shown] == b.data[..shown];
        if !same || (a.interface, a.at) != (b.interface, b.at) {
            return Err(format!("packet {} of the capture differs", at + 1).into());
        }
    }
    if one.len() == two.len() { Ok(()) } else { Err("one capture is longer".into()) }
}

struct Played {
    trace: Vec<u8>,
    capture: Vec<u8>,
}

fn played(file: &Path) -> Result<Played, Failed> {
    let text = fs::read_to_string(file)?;
    let transcript = transcript::parse(&file.display().to_string(), &text)
        .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    let (trace, capture) = (Shared::default(), Shared::default());
    let sinks: Vec<Box<dyn Sink>> = vec![
        Box::new(Timeless(Writer::new(trace.clone()))),
        Box::new(Timeless(Capture::new(capture.clone())?)),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(play::play_traced(transcript, None, false, sinks)).map_err(|e| e.to_string())?;
    Ok(Played { trace: trace.take(), capture: capture.take() })
}

/// Hands records on as if the wall had no clock.
struct Timeless<S>(S);

impl<S: Sink> Sink for Timeless<S> {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        let mut record = record.clone();
        record.wall = Some(0);
        self.0.take(&record)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
