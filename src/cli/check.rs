//! `badline check`: are the files right?

use super::{MISTAKE, show_mistakes};
use crate::driver::files;
use crate::driver::setup::Setup;
use crate::profile::mistake::Mistake;
use crate::transcript;
use clap::Args;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Validate profiles, scenarios and transcripts
#[derive(Args, Debug)]
pub struct Check {
    /// The files: `.at` is a transcript, `.toml` a profile where it has a `vendor` or an `extends`, else a scenario
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Check {
    /// Runs it.
    pub fn main(self) -> ExitCode {
        let mut status = ExitCode::SUCCESS;
        for file in &self.files {
            match check(file) {
                Ok(kind) => println!("{}: a {kind} without a mistake", file.display()),
                Err(Wrong::Mistakes(mistakes)) => status = show_mistakes(&mistakes),
                Err(Wrong::Unreadable(why)) => {
                    eprintln!("{}: {why}", file.display());
                    status = ExitCode::from(MISTAKE);
                }
            }
        }
        status
    }
}

enum Wrong {
    Mistakes(Vec<Mistake>),
    Unreadable(String),
}

fn check(file: &Path) -> Result<&'static str, Wrong> {
    let text = fs::read_to_string(file).map_err(|e| Wrong::Unreadable(e.to_string()))?;
    let name = file.display().to_string();
    match file.extension().and_then(|e| e.to_str()) {
        Some("at") => transcript::parse(&name, &text).map(|_| "transcript").map_err(Wrong::Mistakes),
        Some("toml") if is_profile(&text) => {
            files::profile_from(&name, &text).map(|_| "profile").map_err(Wrong::Mistakes)
        }
        Some("toml") => files::scenario_from(&name, &text, None)
            .and_then(|scenario| Setup::from_scenario(&scenario, file.parent().unwrap_or(Path::new(""))))
            .map(|_| "scenario")
            .map_err(Wrong::Mistakes),
        _ => Err(Wrong::Unreadable("neither .at nor .toml: what is it?".into())),
    }
}

/// Whether a TOML file is a profile: only those name a vendor, or another profile that they extend.
fn is_profile(text: &str) -> bool {
    let key = |line: &str| line.split(['=', '[', ' ']).next().unwrap_or_default().to_owned();
    match text.parse::<toml::Table>() {
        Ok(table) => table.contains_key("vendor") || table.contains_key("extends"),
        Err(_) => text.lines().any(|line| matches!(key(line.trim()).as_str(), "vendor" | "extends")),
    }
}
