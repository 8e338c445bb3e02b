//! `badline diagnose`: each shipped scenario is played, its line recorded, the recording diagnosed, and a scenario made
//! of that, against which the same host gets the same answers.

use badline::diagnose::{Diagnosis, Finding, Known, Stock, Trust};
use badline::fault::Way;
use badline::play::compare::compare;
use badline::play::reenact::{Reenacted, reenact};
use badline::play::{self, PlayError};
use badline::scenario::Scenario;
use badline::setup::files::{self, Instead};
use badline::time::Now;
use badline::trace::{Event, Record, Sink};
use badline::transcript::record::Recorder;
use badline::transcript::{self, Kind, Transcript};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{fs, io};
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn all(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> = entries.filter(|p| p.extension().is_some_and(|e| e == extension)).collect();
    files.sort();
    files
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Octets that crossed the serial line: when, on which port, which way.
type Crossed = (u64, usize, Way, Vec<u8>);

/// Keeps what crosses the serial line.
#[derive(Clone, Default)]
struct Line(Arc<Mutex<Vec<Crossed>>>);

impl Sink for Line {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &record.event {
            // What the module said before, nobody heard.
            Event::PortOpened { .. } if line.iter().all(|(.., way, _)| *way == Way::Down) => line.clear(),
            Event::Serial { port, way, bytes } => line.push((record.t, *port, *way, bytes.0.clone())),
            _ => {}
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Plays the host's side of `host`, and records the line.
fn recorded(host: &Path, scenario: &Scenario) -> Transcript {
    let text = fs::read_to_string(host).expect("a transcript");
    let host = transcript::parse(&host.display().to_string(), &text).expect("it can be read");
    // The trace masks secrets, octet by octet; a host that types them again needs them.
    let mut typed: Vec<u8> = vec![];
    for step in &host.steps {
        match &step.kind {
            Kind::Type(text) => typed.extend(text.iter().chain(b"\r")),
            Kind::Send(content) => typed.extend(content.stream()),
            _ => {}
        }
    }
    let here = TempDir::with_prefix("badline-").expect("a folder");
    let line = Line::default();
    let played =
        runtime().block_on(play::play_at(host, None, false, vec![Box::new(line.clone())], here.path()));
    assert!(!matches!(played, Err(PlayError::Mistakes(_) | PlayError::Io(_))), "{played:?}");
    let mut recorder = Recorder::new(1, Duration::from_millis(10));
    let (mut at, mut masked) = (0, Vec::<[Vec<u8>; 2]>::new());
    for (t, port, way, bytes) in line.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        let now = Now::from_micros(*t);
        match way {
            Way::Up => {
                let real = &typed[at..at + bytes.len()];
                at += bytes.len();
                if real != bytes {
                    masked.push([bytes.clone(), real.to_vec()]);
                }
                recorder.typed(now, *port, real);
            }
            Way::Down => {
                let echo = masked.iter().find(|[masked, _]| bytes.starts_with(masked));
                let bytes = match echo {
                    Some([masked, real]) => [real, &bytes[masked.len()..]].concat(),
                    None => bytes.clone(),
                };
                recorder.heard(now, *port, &bytes);
            }
        }
    }
    let profile = files::scenario_profile_name(scenario, None);
    let mut text = format!("recorded\nprofile {profile}\n\n");
    for step in recorder.finish() {
        let _ = writeln!(text, "{step}");
    }
    transcript::parse("recording.at", &text).unwrap_or_else(|mistakes| panic!("{mistakes:?}\n{text}"))
}

fn diagnosed(recording: &Transcript) -> (Vec<Finding>, Stock) {
    let profile = play::prepare(recording, None).expect("a header").profile;
    let mut diagnosis = Diagnosis::new(Known::of(Some(&profile)), recording.ports(), Trust::of(recording));
    recording.steps.iter().for_each(|step| diagnosis.step(step));
    diagnosis.finish();
    let mut findings = vec![];
    findings.extend(std::iter::from_fn(|| diagnosis.poll()));
    findings.sort_by_key(|finding| finding.line);
    (findings, diagnosis.stock().clone())
}

/// The kinds of finding that name a fault: what it is, or what it looks like from the serial line.
fn names(fault: &str) -> &'static [&'static str] {
    match fault {
        "reset" => &["reset-banner", "reset-bare", "echo-back"],
        "error" => &[
            "refused",
            "plain-error",
            "bearer-failed",
            "sim-locked",
            "sim-missing",
            "unknown-command",
            "no-memory",
            "storage-failed",
            "not-registered",
            "wrong-order",
            "operation-failed",
            "no-bearer",
        ],
        "late" => &["late-answer", "late-report"],
        "swallow" => &["no-answer", "module-silent", "missing-report"],
        "force" => &["operation-failed"],
        "say" => &["bearer-lost"],
        "pdp_drop" => &["bearer-lost", "no-bearer"],
        "sim" => &["sim-missing"],
        "signal" => &["weak-signal", "reset-bare"],
        "registration" => &["registration-lost", "not-registered", "reset-bare"],
        "noise" => &["garbage", "parity-damage", "damaged-answer"],
        "interject" => &["urc-in-answer", "urc-before-echo", "urc-in-data"],
        "duplicate" => &["data-doubled"],
        "stall" => &["server-silent", "server-closed", "late-report", "missing-report"],
        "cut" => &["server-closed", "transfer-broken", "connect-failed"],
        "nxdomain" | "dns_silence" => &["name-failed"],
        "refused" | "connect_silence" | "unreachable" => {
            &["connect-failed", "server-silent", "operation-failed"]
        }
        "reply" | "stop" | "full" => {
            &["request-refused", "login-refused", "transfer-broken", "operation-failed"]
        }
        "hang_up" => &["server-closed"],
        "no_reply" => &[
            "server-silent",
            "missing-report",
            "operation-failed",
            "late-report",
            "wrong-order",
            "plain-error",
        ],
        "late_reply" => &["late-report"],
        "pasv_address" | "pasv_unserved" => &["server-silent", "connect-failed"],
        _ => &[],
    }
}

#[test]
fn every_scenario_is_named_from_its_line_and_found_again() {
    let (mut of, mut named, mut same) = (0, 0, 0);
    let (mut unnamed, mut other, mut contradictions) = (String::new(), String::new(), String::new());
    let only = std::env::var("ONLY").unwrap_or_default();
    for file in all(&root().join("scenarios"), "toml") {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !name.contains(&only) {
            continue;
        }
        of += 1;
        let scenario = files::scenario(&file, Instead::default()).expect("a scenario");
        let written = fs::read_to_string(&file).expect("a scenario");
        let table: toml::Table = toml::from_str(&written).expect("TOML");
        let faults = table.get("fault").and_then(|f| f.as_array()).cloned().unwrap_or_default();
        let faults: Vec<String> = faults
            .iter()
            .filter_map(|fault| fault.get("what")?.as_table()?.keys().find(|k| !names(k).is_empty()).cloned())
            .collect();
        // Where nothing is set to go wrong, it is the bad host that does.
        let kind = if faults.is_empty() { "bad" } else { "good" };
        let host = root().join(format!("tests/transcripts/scenarios/{name}.{kind}.at"));
        let recording = recorded(&host, &scenario);
        let (findings, stock) = diagnosed(&recording);
        let codes: Vec<&str> = findings.iter().map(|f| f.code.kind().code).collect();
        let is_named = match faults.is_empty() {
            true => !codes.is_empty(),
            false => faults.iter().any(|fault| names(fault).iter().any(|code| codes.contains(code))),
        };
        match is_named {
            true => named += 1,
            false => {
                let _ = writeln!(unnamed, "{name}: {faults:?} among {codes:?}\n{}", excerpt(&recording));
            }
        }
        let made: Reenacted =
            runtime().block_on(reenact(&recording, None, &findings, &stock)).expect("it can be played");
        let checked = files::scenario_from("again.toml", &made.scenario, Instead::default());
        assert!(checked.is_ok(), "{name}: {checked:?}\n{}", made.scenario);
        match made.differ.is_empty() {
            true => {
                same += 1;
                if let Some(why) = contradicted(&recording, &made.scenario) {
                    let _ = writeln!(contradictions, "{name}: {why}");
                }
            }
            false => {
                let _ = writeln!(other, "{name}: {} of {} steps, not", made.same, made.steps);
                for d in &made.differ {
                    let (recorded, said) = (short(&d.recorded), short(&d.said));
                    let _ = writeln!(other, "    {}: {recorded} : {said}", d.line);
                }
                if !only.is_empty() {
                    let _ = writeln!(other, "{}\n{}", excerpt(&recording), made.scenario);
                }
            }
        }
    }
    eprintln!("named {named} of {of}\n{unnamed}\nthe same answers {same} of {of}\n{other}");
    if only.is_empty() {
        assert!(named >= NAMED, "{unnamed}");
        assert!(same >= SAME, "{other}");
    }
    assert!(contradictions.is_empty(), "`play` says otherwise:\n{contradictions}");
}

/// What `badline play --scenario` tells where the host is said to get the same answers throughout.
fn contradicted(recording: &Transcript, scenario: &str) -> Option<String> {
    let here = TempDir::with_prefix("badline-").expect("a folder");
    let file = here.path().join("again.toml");
    fs::write(&file, scenario).expect("a file");
    let mut recording = recording.clone();
    recording.set_scenario(&file.display().to_string());
    let compared = runtime().block_on(compare(&recording, None, vec![])).expect("it can be played");
    let counts = compared.counts();
    let differs: Vec<_> = compared.lines.iter().filter(|line| line.recorded != line.said).take(4).collect();
    (counts.same < counts.lines || counts.more > 0).then(|| format!("{counts:?} {differs:?}"))
}

/// What damages the line or the data, or is a haste of the host: in the transcripts of the documents there is hardly any.
const DAMAGE: &[&str] = &[
    "no-answer",
    "module-silent",
    "typed-early",
    "urc-in-answer",
    "urc-before-echo",
    "urc-in-data",
    "reset-banner",
    "reset-bare",
    "power-off",
    "echo-back",
    "data-short",
    "data-doubled",
    "data-overrun",
    "data-incomplete",
    "payload-short",
    "payload-early",
    "data-mode-stuck",
    "prompt-unanswered",
    "carrier-lost",
    "garbage",
    "parity-damage",
    "damaged-answer",
];

/// Where it is: each was looked at, and is so.
const THERE: &[(&str, &[&str])] = &[
    ("base/half-line", &["urc-in-answer"]),
    ("base/lines", &["damaged-answer"]),
    ("base/octets", &["parity-damage"]),
    ("base/packet-faults", &["no-answer", "no-answer", "no-answer"]),
    ("sim7080/noise", &["garbage"]),
    ("sim7080/urc-behind-answer", &["urc-in-answer"]),
    ("sim800/urc-amid-command", &["urc-in-answer"]),
    ("wipsoft/8.1.2.2-client-gsm", &["typed-early"]),
];

#[test]
fn the_transcripts_of_the_documents_are_whole() {
    let mut wrong = String::new();
    for folder in ["base", "m10", "m95", "nl668", "sim7080", "sim800", "wipsoft", "wismo228"] {
        for file in all(&root().join("tests/transcripts").join(folder), "at") {
            let text = fs::read_to_string(&file).expect("a transcript");
            let transcript = transcript::parse(&file.display().to_string(), &text).expect("it can be read");
            let name = format!("{folder}/{}", file.file_stem().unwrap_or_default().to_string_lossy());
            let found = diagnosed(&transcript).0;
            let codes: Vec<&str> =
                found.iter().map(|f| f.code.kind().code).filter(|code| DAMAGE.contains(code)).collect();
            let there = THERE.iter().find(|(at, _)| *at == name).map_or(&[][..], |(_, codes)| codes);
            if codes != there {
                let _ = writeln!(wrong, "{name}: {codes:?} and not {there:?}");
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// What was reached; more is welcome, fewer is a fault.
const NAMED: usize = 100;
const SAME: usize = 89;

fn short(bytes: &[u8]) -> String {
    let text = transcript::text::quote(bytes);
    match text.len() > 160 {
        true => format!("{}...({})", text.chars().take(160).collect::<String>(), bytes.len()),
        false => text,
    }
}

fn excerpt(recording: &Transcript) -> String {
    let text = recording.to_string();
    text.lines().map(|line| format!("    {}\n", line.chars().take(120).collect::<String>())).collect()
}
