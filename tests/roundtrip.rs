//! Round trip: each shipped scenario is played with its host, the run's own trace imported as a recording, and the recording's host
//! played at the modem of that recording: it gets the same answers.

use badline::play::compare::compare_replay;
use badline::play::{self, PlayError};
use badline::setup::files::{self, Instead};
use badline::trace::{Sink, Writer};
use badline::transcript::{self, Transcript};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// What was reached; more is welcome, fewer is a fault.
const SAME: usize = 104;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn scenarios() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("scenarios")).expect("scenarios").flatten().map(|e| e.path());
    let mut files: Vec<PathBuf> = entries.filter(|p| p.extension().is_some_and(|e| e == "toml")).collect();
    files.sort();
    files
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn read(file: &Path) -> Transcript {
    let text = fs::read_to_string(file).expect("a transcript");
    transcript::parse(&file.display().to_string(), &text).expect("it can be read")
}

/// Plays a host, and imports the trace of it.
fn imported(host: &Path, profile: &str, here: &Path) -> Result<Transcript, String> {
    let trace = here.join("run.jsonl");
    let sinks: Vec<Box<dyn Sink>> = vec![Box::new(Writer::new(File::create(&trace).expect("a file")))];
    let folder = here.join("ftp");
    fs::create_dir_all(&folder).expect("a folder");
    // A host that the scenario defeats ends early: what it heard until then is the recording.
    match runtime().block_on(play::play_at(read(host), None, false, sinks, &folder)) {
        Ok(_) | Err(PlayError::Failed(_)) => {}
        Err(error) => return Err(error.to_string()),
    }
    let out = Command::new(env!("CARGO_BIN_EXE_badline"))
        .args(["import", "run.jsonl", "--profile", profile, "-o", "run.at"])
        .current_dir(here)
        .output()
        .expect("the program starts");
    match out.status.success() {
        true => Ok(read(&here.join("run.at"))),
        false => Err(String::from_utf8_lossy(&out.stderr).into_owned()),
    }
}

#[test]
fn the_trace_of_each_scenario_is_a_recording_that_says_the_same_again() {
    let only = std::env::var("ONLY").unwrap_or_default();
    let (mut of, mut same, mut other) = (0, 0, String::new());
    for file in scenarios() {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !name.contains(&only) {
            continue;
        }
        of += 1;
        let here = TempDir::with_prefix("badline-").expect("a folder");
        let scenario = files::scenario(&file, Instead::default()).expect("a scenario");
        let profile = files::scenario_profile_name(&scenario, None);
        let host = root().join(format!("tests/transcripts/scenarios/{name}.good.at"));
        let recording = match imported(&host, profile, here.path()) {
            Ok(recording) => recording,
            Err(why) => {
                let _ = writeln!(other, "{name}: {why}");
                continue;
            }
        };
        let compared = runtime().block_on(compare_replay(&recording, vec![])).expect("it can be played");
        let counts = compared.counts();
        match counts.same == counts.lines && counts.more == 0 && counts.lines > 0 {
            true => same += 1,
            false => {
                let _ = writeln!(
                    other,
                    "{name}: {} of {} lines, and {} more",
                    counts.same, counts.lines, counts.more
                );
                for line in compared.lines.iter().filter(|line| line.recorded != line.said).take(6) {
                    let _ = writeln!(other, "    {line:?}");
                }
                if !only.is_empty() {
                    let _ = writeln!(other, "{recording}");
                }
            }
        }
    }
    eprintln!("trace, import, replay: the same answers {same} of {of}\n{other}");
    assert!(!only.is_empty() || same >= SAME, "{same} of {of}\n{other}");
}
