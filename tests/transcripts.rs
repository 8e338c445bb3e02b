//! The vendors' documents, line by line: every transcript under `transcripts/` is a trial of its own.

use badline::play;
use badline::transcript;
use libtest_mimic::{Arguments, Failed, Trial};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(play::play(transcript, None, false)).map(drop).map_err(|e| e.to_string().into())
}
