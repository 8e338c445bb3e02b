//! The command line: one file per verb; `main.rs` only calls it.

mod check;
mod complete;
mod completions;
mod console;
mod ctl;
mod diagnose;
mod exec;
mod import;
mod last;
mod list;
mod man;
mod options;
mod play;
mod progress;
mod record;
mod replay;
mod report;
mod rerun;
mod run;
mod saved;
mod schema;
mod show;
mod signals;
mod trace;
mod until;

use crate::at::Visible;
use crate::disk::{named, why};
use crate::profile::mistake::{Look, Mistake};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};
use rustix::process::Signal;
use std::error::Error as _;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

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
    Exec(Box<exec::Exec>),
    Report(report::ReportVerb),
    Rerun(rerun::Rerun),
    Play(play::Play),
    Record(record::Record),
    Replay(replay::ReplayVerb),
    Diagnose(diagnose::Diagnose),
    Ctl(ctl::Ctl),
    Import(import::ImportLogs),
    Check(check::Check),
    List(list::List),
    Schema(schema::Print),
    Trace(trace::Trace),
    Show(show::Show),
    Completions(completions::Completions),
    #[command(hide = true)]
    Complete(complete::Complete),
    #[command(name = "man")]
    Manual(man::Manual),
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    // A file that grows beyond what is allowed (`ulimit -f`) is an error where it is written, and no end.
    let _ = signal_hook::flag::register(Signal::XFSZ.as_raw(), Arc::default());
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(mistake) if mistake.use_stderr() => {
            // It repeats what was typed, which may hold what moves a terminal's letters about.
            complain(told(&mistake));
            return ExitCode::from(MISTAKE);
        }
        // Help, or the version.
        Err(asked) => asked.exit(),
    };
    match cli.verb {
        Verb::Run(verb) => verb.main(),
        Verb::Exec(verb) => verb.main(),
        Verb::Report(verb) => verb.main(),
        Verb::Rerun(verb) => verb.main(),
        Verb::Play(verb) => verb.main(),
        Verb::Record(verb) => verb.main(),
        Verb::Replay(verb) => verb.main(),
        Verb::Diagnose(verb) => verb.main(),
        Verb::Ctl(verb) => verb.main(),
        Verb::Import(verb) => verb.main(),
        Verb::Check(verb) => verb.main(),
        Verb::List(verb) => verb.main(),
        Verb::Schema(verb) => verb.main(),
        Verb::Trace(verb) => verb.main(),
        Verb::Show(verb) => verb.main(),
        Verb::Completions(verb) => verb.main(),
        Verb::Complete(verb) => verb.main(),
        Verb::Manual(verb) => verb.main(),
    }
}

/// A mistake in the arguments, as all others are told: the option, what it was given, and what would be right.
fn told(mistake: &clap::Error) -> String {
    let text = |kind| match mistake.get(kind) {
        Some(ContextValue::String(text)) => Some(text),
        _ => None,
    };
    let of_value = (mistake.kind() == ErrorKind::ValueValidation)
        .then(|| Some((text(ContextKind::InvalidArg)?, text(ContextKind::InvalidValue)?, mistake.source()?)));
    match of_value.flatten() {
        // It is called as in the help: `--seed <N>`.
        Some((argument, value, why)) => {
            let option = argument.split_once(' ').map_or(argument.as_str(), |(option, _)| option);
            format!("badline: {option} {value}: {why}")
        }
        None => {
            let text = mistake.to_string();
            format!("badline: {}", text.strip_prefix("error: ").unwrap_or(&text).trim_end())
        }
    }
}

/// Shows mistakes and gives the status for them.
fn show_mistakes(mistakes: &[Mistake]) -> ExitCode {
    mistakes.iter().for_each(show_mistake);
    ExitCode::from(MISTAKE)
}

/// Shows what is likely not to say what was meant.
fn show_warnings(warnings: &[Mistake]) {
    for warning in warnings {
        show_mistake(&warning.clone().warning());
    }
}

/// Shows one on standard error, with colours where that is a terminal that has them.
fn show_mistake(mistake: &Mistake) {
    let look = match is_coloured() {
        true => Look::Terminal(columns()),
        false => Look::Plain,
    };
    // What is not to be seen in it is escaped already; the colours are not to be.
    let option = mistake.line == 0 && mistake.file.starts_with("--");
    let begin = if option { "badline: " } else { "" };
    let _ = writeln!(io::stderr().lock(), "{begin}{}", mistake.shown(look));
}

/// Whether standard error takes colours. no-color.org: any value but an empty one.
fn is_coloured() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty())
}

/// How wide the terminal at standard error is.
fn columns() -> usize {
    match rustix::termios::tcgetwinsize(io::stderr()) {
        Ok(size) if size.ws_col > 0 => size.ws_col.into(),
        _ => 80,
    }
}

/// Shows an error of the machine and gives the status for it.
fn show_error(what: impl std::fmt::Display) -> ExitCode {
    complain(format_args!("badline: {what}"));
    ExitCode::from(MISTAKE)
}

/// The same for what the system refused, in words.
fn show_refusal(error: &io::Error) -> ExitCode {
    show_error(why(error))
}

/// Says something on standard error, where somebody may read it.
fn complain(what: impl std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{}", Visible(what));
}

/// Prints, and gives the status; a reader such as `head` that has seen enough is no error.
fn show(text: impl std::fmt::Display) -> ExitCode {
    let mut out = io::stdout().lock();
    match write!(out, "{}", Visible(text)).and_then(|()| out.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => show_refusal(&named("standard output")(e)),
        _ => ExitCode::SUCCESS,
    }
}

/// A runtime for one thread.
///
/// # Errors
/// What the system refuses. tokio panics where it cannot have a few descriptors, so those are looked for before.
fn runtime() -> io::Result<Runtime> {
    const DESCRIPTORS: usize = 16;
    let stderr = io::stderr();
    let spare = (0..DESCRIPTORS).map(|_| stderr.as_fd().try_clone_to_owned());
    let refused = "the event loop";
    drop(spare.collect::<io::Result<Vec<_>>>().map_err(named(refused))?);
    Builder::new_current_thread().enable_all().build().map_err(named(refused))
}

/// The status of a process that a signal has ended.
fn interrupted(signal: Signal) -> ExitCode {
    ExitCode::from(u8::try_from(128 + signal.as_raw()).unwrap_or(u8::MAX))
}
