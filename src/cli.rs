//! The command line: one file per verb; `main.rs` only calls it.

mod check;
mod exec;
mod last;
mod list;
mod options;
mod play;
mod run;
mod schema;
mod signals;
mod trace;

use crate::at::Visible;
use crate::profile::mistake::Mistake;
use clap::{Parser, Subcommand};
use rustix::process::Signal;
use std::process::ExitCode;

/// A mistake in the files or the arguments.
const MISTAKE: u8 = 2;
/// Something did not happen as it should.
const UNMET: u8 = 3;

/// A cellular modem that fails on cue.
#[derive(Debug, Parser)]
#[command(name = "badline", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Run(run::Run),
    Exec(exec::Exec),
    Play(play::Play),
    Check(check::Check),
    List(list::List),
    Schema(schema::Print),
    Trace(trace::Trace),
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    match Cli::parse().verb {
        Verb::Run(verb) => verb.main(),
        Verb::Exec(verb) => verb.main(),
        Verb::Play(verb) => verb.main(),
        Verb::Check(verb) => verb.main(),
        Verb::List(verb) => verb.main(),
        Verb::Schema(verb) => verb.main(),
        Verb::Trace(verb) => verb.main(),
    }
}

/// Shows mistakes and gives the status for them.
fn show_mistakes(mistakes: &[Mistake]) -> ExitCode {
    for mistake in mistakes {
        eprintln!("{mistake}");
    }
    ExitCode::from(MISTAKE)
}

/// Shows what is likely not to say what was meant.
fn show_warnings(warnings: &[Mistake]) {
    for warning in warnings {
        eprintln!("badline: warning: {warning}");
    }
}

/// Shows an error of the machine and gives the status for it.
fn show_error(what: impl std::fmt::Display) -> ExitCode {
    eprintln!("badline: {}", Visible(what));
    ExitCode::from(MISTAKE)
}

/// The status of a process that a signal has ended.
fn interrupted(signal: Signal) -> ExitCode {
    ExitCode::from(u8::try_from(128 + signal.as_raw()).unwrap_or(u8::MAX))
}
