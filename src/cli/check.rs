//! `badline check`: are the files right?

use super::{show, show_mistakes, show_warnings};
use crate::play;
use crate::profile::mistake::Mistake;
use crate::scenario::Scenario;
use crate::setup::Setup;
use crate::setup::files::{self, Instead, is_profile};
use crate::transcript;
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Validate profiles, scenarios and transcripts
#[derive(Args, Debug)]
pub struct Check {
    /// The files: `.at` is a transcript, `.toml` a profile where it has an `extends`, else a scenario, which may be
    /// the name of one from `badline list scenarios`, too
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Check {
    /// Runs it.
    pub fn main(self) -> ExitCode {
        let mut status = ExitCode::SUCCESS;
        for file in &self.files {
            match check(file) {
                Ok((kind, warnings)) => {
                    show_warnings(&warnings);
                    let shown = show(format_args!("{}: a {kind} without a mistake\n", file.display()));
                    if shown != ExitCode::SUCCESS {
                        status = shown;
                    }
                }
                Err(mistakes) => status = show_mistakes(&mistakes),
            }
        }
        status
    }
}

/// What a file is, and what in it is likely not to say what was meant.
fn check(file: &Path) -> Result<(&'static str, Vec<Mistake>), Vec<Mistake>> {
    let name = file.display().to_string();
    // As for the other verbs, a name without a file is that of a scenario in the binary.
    if files::is_shipped(&name) || (!file.exists() && file.extension().is_none()) {
        return scenario(files::scenario(file, Instead::default()), file);
    }
    let text = files::read(file)?;
    match file.extension().and_then(|e| e.to_str()) {
        Some("at") => transcript::parse(&name, &text)
            .and_then(|transcript| play::check(&transcript))
            .map(|warnings| ("transcript", warnings)),
        Some("toml") if is_profile(&text) => {
            files::profile_from(&name, &text)?;
            match files::profile_mistakes(&name, &text) {
                mistakes if mistakes.is_empty() => Ok(("profile", files::profile_warnings(&name, &text))),
                mistakes => Err(mistakes),
            }
        }
        Some("toml") => scenario(files::scenario_from(&name, &text, Instead::default()), file),
        _ => Err(vec![Mistake::of_file(&name, "neither .at nor .toml: what is it?")]),
    }
}

fn scenario(
    read: Result<Scenario, Vec<Mistake>>,
    file: &Path,
) -> Result<(&'static str, Vec<Mistake>), Vec<Mistake>> {
    read.and_then(|scenario| Setup::from_scenario(&scenario, file.parent().unwrap_or(Path::new(""))))
        .map(|setup| ("scenario", setup.warnings))
}
