//! Every scenario under `scenarios/`: it checks without a mistake, a good host passes it, a bad one fails.

use badline::fault::Known;
use badline::profile::mistake::Mistake;
use badline::scenario;
use libtest_mimic::{Arguments, Failed, Trial};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut trials = vec![];
    for file in files(&root.join("scenarios"), "toml") {
        trials.push(Trial::test(format!("check {}", name(&file)), move || check(&file)));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> = entries.filter(|p| p.extension().is_some_and(|e| e == extension)).collect();
    files.sort();
    files
}

fn name(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn lines(mistakes: Vec<Mistake>) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn check(file: &Path) -> Result<(), Failed> {
    let text = fs::read_to_string(file)?;
    if !text.starts_with('#') {
        return Err("it does not say where it comes from".into());
    }
    let scenario =
        scenario::parse(&file.display().to_string(), &text, &Known::default()).map_err(lines)?;
    match scenario.expectations.is_empty() {
        true => Err("it expects nothing".into()),
        false => Ok(()),
    }
}
