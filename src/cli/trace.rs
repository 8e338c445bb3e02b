//! `badline trace`: print a trace for a person.

use super::{MISTAKE, complain, show_error, show_refusal};
use crate::disk::{named, why};
use crate::trace::{read, show};
use clap::Args;
use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Print a trace for a person
#[derive(Args, Debug)]
pub struct Trace {
    /// The trace, as `--trace` wrote it
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Trace {
    /// Runs it.
    pub fn main(self) -> ExitCode {
        let name = self.file.display().to_string();
        let file = match File::open(&self.file) {
            Ok(file) if file.metadata().is_ok_and(|there| there.is_dir()) => {
                return show_error(format_args!("{name}: it is a folder; name a trace in it"));
            }
            Ok(file) => file,
            Err(e) => return show_refusal(&named(name)(e)),
        };
        let mut out = io::BufWriter::new(io::stdout().lock());
        let mut status = ExitCode::SUCCESS;
        for record in read(BufReader::new(file)) {
            let shown = match record {
                Ok(record) => writeln!(out, "{}", show(&record)),
                Err(unreadable) => {
                    // Both go to one terminal: in their order.
                    let flushed = out.flush();
                    complain(format_args!("{name}: {unreadable}"));
                    status = ExitCode::from(MISTAKE);
                    flushed
                }
            };
            if let Err(e) = shown {
                return ended(&e);
            }
        }
        match out.flush() {
            Ok(()) => status,
            Err(e) => ended(&e),
        }
    }
}

/// A reader such as `head` that has seen enough is no error.
fn ended(error: &io::Error) -> ExitCode {
    match error.kind() {
        io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        _ => show_error(format_args!("standard output: {}", why(error))),
    }
}
