//! Every scenario under `scenarios/`: it checks without a mistake, a good host passes it, a bad one fails.

use badline::judge::on_server::OnDisk;
use badline::judge::seen;
use badline::play;
use badline::profile::mistake::Mistake;
use badline::scenario::{Outcome, Scenario, Verdict};
use badline::setup::files;
use badline::time::Now;
use badline::trace::{Record, Sink};
use badline::transcript;
use libtest_mimic::{Arguments, Failed, Trial};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::{fs, io};
use tempfile::TempDir;

/// The scenarios whose failure is the network's or the server's alone: no host can do better.
const NO_BAD_HOST: &[&str] = &[];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut trials = vec![];
    for file in all(&root.join("scenarios"), "toml") {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let host = |kind: &str| root.join(format!("tests/transcripts/scenarios/{name}.{kind}.at"));
        let (good, bad) = (host("good"), host("bad"));
        let scenario = file.clone();
        trials.push(Trial::test(format!("{name} checks"), move || check(&scenario).map(drop)));
        let scenario = file.clone();
        trials.push(Trial::test(format!("{name} good host"), move || good_host(&scenario, &good)));
        if !NO_BAD_HOST.contains(&name.as_str()) {
            trials.push(Trial::test(format!("{name} bad host"), move || bad_host(&file, &bad)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn all(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> = entries.filter(|p| p.extension().is_some_and(|e| e == extension)).collect();
    files.sort();
    files
}

fn lines(mistakes: Vec<Mistake>) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn check(file: &Path) -> Result<Scenario, Failed> {
    if !fs::read_to_string(file)?.starts_with('#') {
        return Err("it does not say where it comes from".into());
    }
    let scenario = files::scenario(file, files::Instead::default()).map_err(lines)?;
    if !scenario.warnings.is_empty() {
        return Err(lines(scenario.warnings).into());
    }
    match scenario.expectations.is_empty() {
        true => Err("it expects nothing".into()),
        false => Ok(scenario),
    }
}

fn good_host(scenario: &Path, host: &Path) -> Result<(), Failed> {
    let missed: Vec<String> = judge(scenario, host)?
        .into_iter()
        .filter(|outcome| !outcome.met)
        .map(|outcome| format!("{}: {}", outcome.text, outcome.why))
        .collect();
    if missed.is_empty() { Ok(()) } else { Err(missed.join("\n").into()) }
}

fn bad_host(scenario: &Path, host: &Path) -> Result<(), Failed> {
    match judge(scenario, host)?.iter().all(|outcome| outcome.met) {
        true => Err("it meets every expectation".into()),
        false => Ok(()),
    }
}

/// Plays the host's side of the transcript `host`, and judges it.
fn judge(scenario: &Path, host: &Path) -> Result<Vec<Outcome>, Failed> {
    let scenario = check(scenario)?;
    let text = fs::read_to_string(host).map_err(|e| format!("{}: {e}", host.display()))?;
    let transcript = transcript::parse(&host.display().to_string(), &text).map_err(lines)?;
    let root = TempDir::with_prefix("badline-")?;
    let judge = Judge { verdict: Verdict::new(&scenario.expectations), now: Now::ZERO };
    let judge = Arc::new(Mutex::new(judge));
    let sinks: Vec<Box<dyn Sink>> = vec![Box::new(Watch(judge.clone()))];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime
        .block_on(play::play_at(transcript, None, false, sinks, root.path()))
        .map_err(|e| e.to_string())?;
    let judge = judge.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(judge.verdict.finish(judge.now, &mut OnDisk(root.path())))
}

struct Judge {
    verdict: Verdict,
    now: Now,
}

/// Tells the judge what the trace tells.
struct Watch(Arc<Mutex<Judge>>);

impl Sink for Watch {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        let mut judge = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        judge.now = Now::from_micros(record.t);
        let now = judge.now;
        seen(&record.event).into_iter().for_each(|seen| judge.verdict.observe(now, seen));
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
