//! `badline show`: print what is in the binary, to be read, or to be changed in a file of one's own.

use super::{MISTAKE, complain, show};
use crate::fault::{self, FAULTS};
use crate::maker::PROFILES;
use crate::scenario::SCENARIOS;
use crate::words::suggest;
use clap::{Args, ValueEnum};
use std::process::ExitCode;

/// Print a profile, a scenario or a fault of the binary
#[derive(Args, Debug)]
pub struct Show {
    /// What it is
    what: What,
    /// Its name; `badline list` tells which there are
    name: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// A module's personality (TOML)
    Profile,
    /// What is on the network, and what goes wrong (TOML)
    Scenario,
    /// What a fault does, its parameters, and an example
    Fault,
}

impl Show {
    /// Runs it.
    pub fn main(self) -> ExitCode {
        let text = |all: &[(&str, &str)]| {
            all.iter().find(|(name, _)| *name == self.name).map(|(_, text)| (*text).to_owned())
        };
        let (kind, text, names): (_, _, Vec<&str>) = match self.what {
            What::Profile => ("profile", text(PROFILES), PROFILES.iter().map(|(name, _)| *name).collect()),
            What::Scenario => {
                ("scenario", text(SCENARIOS), SCENARIOS.iter().map(|(name, _)| *name).collect())
            }
            What::Fault => {
                ("fault", fault::describe(&self.name), FAULTS.iter().map(|kind| kind.name).collect())
            }
        };
        match text {
            Some(text) => show(text),
            None => {
                let right = suggest(&self.name, &names, &format!("{kind}s"));
                complain(format_args!(
                    "badline: there is no {kind} `{}` in the binary\n  = {right}",
                    self.name
                ));
                ExitCode::from(MISTAKE)
            }
        }
    }
}
