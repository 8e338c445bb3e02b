//! The vendors' documents, line by line: every transcript under `transcripts/` is a trial of its own.

use badline::at::ResultCode;
use badline::fault::Rule;
use badline::modem::Vocabulary;
use badline::play;
use badline::setup::{Setup, files};
use badline::trace::{Event, Record, Sink};
use badline::transcript;
use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::{fs, io};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut files = vec![];
    find(&root, &mut files);
    files.sort();
    let trials = files.into_iter().map(|file| {
        let name = file.strip_prefix(&root).unwrap_or(&file).display().to_string();
        Trial::test(name, move || one(&file))
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

fn one(file: &Path) -> Result<(), Failed> {
    let text = fs::read_to_string(file)?;
    let lines = |mistakes: Vec<badline::profile::mistake::Mistake>| {
        mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let transcript = transcript::parse(&file.display().to_string(), &text).map_err(lines)?;
    let warnings = play::check(&transcript).map_err(lines)?;
    if !warnings.is_empty() {
        return Err(lines(warnings).into());
    }
    let known = play::prepare(&transcript, None).map_err(lines)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let said = Said::default();
    let sinks: Vec<Box<dyn Sink>> = vec![Box::new(said.clone())];
    runtime.block_on(play::play_traced(transcript, None, false, sinks)).map_err(|e| e.to_string())?;
    match said.unknown(&known, &text) {
        unknown if unknown.is_empty() => Ok(()),
        unknown => Err(format!(
            "`check` holds that the module never says {unknown:?}: add them to URCS or REPORTS of its maker"
        )
        .into()),
    }
}

/// The lines that came unasked, which `check` must know, or it takes an expectation about them for void.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<BTreeSet<String>>>);

impl Said {
    fn unknown(&self, setup: &Setup, text: &str) -> Vec<String> {
        // What a fault says may be anything.
        if ["say =", "answer =", "interject =", "noise ="].iter().any(|fault| text.contains(fault)) {
            return vec![];
        }
        let Ok(behaviour) = files::behaviour(&setup.profile) else { return vec![] };
        let known = Vocabulary::new(behaviour.as_ref(), &setup.profile).urcs();
        let known = known.into_iter().chain(setup.rules.iter().flat_map(Rule::says)).collect::<Vec<_>>();
        let said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.iter()
            .filter(|line| !line.is_empty() && !ResultCode::looks_like(line) && line.parse::<u8>().is_err())
            .filter(|line| !known.iter().any(|urc| urc.matches(line)))
            .cloned()
            .collect()
    }
}

impl Sink for Said {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        if let Event::Urc { line, .. } = &record.event {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(line.clone());
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
