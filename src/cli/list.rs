//! `badline list`: what there is.

use super::options::by_option;
use super::{show, show_error, show_mistakes};
use crate::fault;
use crate::log::FORMATS;
use crate::maker::PROFILES;
use crate::modem::{Support, Vocabulary};
use crate::profile::Profile;
use crate::scenario::{SCENARIOS, expect};
use crate::setup::files;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use std::path::Path;
use std::process::ExitCode;

/// List what there is
#[derive(Args, Debug)]
pub struct List {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The modules in the binary
    Profiles,
    /// The faults, with their parameters
    Faults {
        /// As one JSON array
        #[arg(long)]
        json: bool,
        /// By what is seen to go wrong: all of it, or that in which these words occur, such as "server full"
        #[arg(long, value_name = "WORDS", num_args = 0..=1, default_missing_value = "", conflicts_with = "json")]
        symptom: Option<String>,
    },
    /// What a scenario can expect: each subject, when it is met, what may stand beside it, and an example
    Expectations,
    /// The scenarios in the binary
    Scenarios,
    /// The formats of logs that `badline import` reads
    Formats,
    /// The commands of a module: their forms, and whether they act or are only answered
    Commands {
        /// The module
        #[arg(long, value_name = "NAME|FILE", default_value = "sim7080", value_parser = NonEmptyStringValueParser::new())]
        profile: String,
    },
}

impl List {
    /// Runs it.
    pub fn main(self) -> ExitCode {
        match self.what {
            What::Profiles => {
                let line = |(name, _): &(&str, &str)| {
                    files::profile(name).map(|profile| format!("{name:<10} {}\n", profile.summary))
                };
                match PROFILES.iter().map(line).collect::<Result<String, _>>() {
                    Ok(lines) => show(lines),
                    Err(mistakes) => show_mistakes(&mistakes),
                }
            }
            What::Faults { symptom: Some(words), .. } => match fault::index(&words) {
                none if none.is_empty() => show_error(format_args!(
                    "no fault is known to show `{words}`; `badline list faults --symptom` has them all"
                )),
                index => show(index),
            },
            What::Faults { json: false, .. } => show(fault::list()),
            What::Faults { json: true, .. } => show(format_args!("{:#}\n", fault::json())),
            What::Expectations => show(expect::list()),
            What::Scenarios => {
                let line = |(name, text): &(&str, &str)| format!("{name:<24} {}\n", summary(text));
                show(SCENARIOS.iter().map(line).collect::<String>())
            }
            What::Formats => {
                let line = |kind: &crate::log::Kind| {
                    let lossy = if kind.lossy { "; lossy" } else { "" };
                    format!("{:<14} {}{lossy}\n", kind.name, kind.about.replace('`', ""))
                };
                show(FORMATS.iter().map(line).collect::<String>())
            }
            What::Commands { profile } => match table(&profile) {
                Ok(rows) => {
                    let line =
                        |[name, forms, support]: [String; 3]| format!("{name:<14} {forms:<22} {support}\n");
                    show(rows.into_iter().map(line).collect::<String>())
                }
                Err(mistakes) => show_mistakes(&by_option("--profile", Path::new(&profile), mistakes)),
            },
        }
    }
}

/// A scenario's first comment says what it is.
fn summary(text: &str) -> &str {
    let first = text.lines().next().unwrap_or_default();
    first.strip_prefix('#').unwrap_or_default().trim()
}

/// The commands of a profile: name, forms, and what is behind them.
///
/// # Errors
/// The mistakes in the profile.
pub fn table(profile: &str) -> Result<Vec<[String; 3]>, Vec<crate::profile::mistake::Mistake>> {
    Ok(rows(&*files::profile(profile)?))
}

/// What stands behind a command that does what the module's does.
pub const IMPLEMENTED: &str = "implemented";

/// The same of one that was read.
pub fn rows(profile: &Profile) -> Vec<[String; 3]> {
    // One that was read has a behaviour.
    let Ok(behaviour) = files::behaviour(profile) else { return vec![] };
    let mut rows: Vec<[String; 3]> = Vocabulary::new(behaviour.as_ref(), profile)
        .rows()
        .into_iter()
        .filter(|row| !profile.commands.contains_key(row.name))
        .map(|row| {
            let support = match row.support {
                Support::Acted => IMPLEMENTED,
                Support::Partly => "implemented in part",
                Support::Answered => "answered only",
            };
            [format!("AT{}", row.name), row.forms.join(" "), support.to_string()]
        })
        .collect();
    for (name, plain) in profile.commands.iter().filter(|(name, _)| !profile.absent.contains(name)) {
        let forms = plain.forms();
        let forms = [
            (forms.exec.is_some(), "exec"),
            (forms.read.is_some(), "read"),
            (forms.write.is_some(), "write"),
            (forms.test.is_some(), "test"),
        ];
        let forms: Vec<&str> = forms.into_iter().filter(|(there, _)| *there).map(|(_, form)| form).collect();
        rows.push([format!("AT{name}"), forms.join(" "), "answered only".into()]);
    }
    rows
}
