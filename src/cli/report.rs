//! `badline report`: put together what several machines found.

use super::exec::reports;
use super::{complain, show_error, show_refusal};
use crate::at::Visible;
use crate::campaign::forge::Forge;
use crate::campaign::merge::{self, Merged};
use crate::campaign::text::{self, Detail};
use crate::disk::{Outputs, named};
use clap::Args;
use std::fs::File;
use std::io::{self, BufReader, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Put together what several machines found: the JSON lines that `badline exec` prints
///
/// The status is the one that `exec` would have given for all runs together, and 2 where a run of the plan is in no report. What
/// is there twice is told.
#[derive(Args, Debug)]
pub struct ReportVerb {
    /// The reports: what `badline exec --json` has printed, one file for each shard
    #[arg(required = true, value_name = "FILE.json")]
    parts: Vec<PathBuf>,
    #[command(flatten)]
    files: reports::Files,
    /// One JSON object per line on standard output, even on a terminal: it can be put together with others again
    #[arg(long)]
    json: bool,
    /// A summary for a person, also where standard output is no terminal
    #[arg(long, conflicts_with = "json")]
    plain: bool,
}

impl ReportVerb {
    /// Runs it.
    pub fn main(self) -> ExitCode {
        match self.merge() {
            Ok(status) => ExitCode::from(status),
            Err(error) => show_refusal(&error),
        }
    }

    fn merge(&self) -> io::Result<u8> {
        let mut outputs = Outputs::default();
        self.parts.iter().for_each(|part| outputs.needs("a report that is read", part));
        let reports = self.files.open(&mut outputs)?;
        let parts = self.parts.iter().map(|path| {
            let name = path.display().to_string();
            let file = File::open(path).map_err(named(&name))?;
            merge::read(&name, BufReader::new(file))
        });
        let Merged { runs, mut summary, doubts } = merge::merge(parts.collect::<io::Result<_>>()?);
        doubts.iter().for_each(|doubt| complain(format_args!("badline: {}", Visible(doubt))));
        let forge = Forge::detected();
        let mut errors = reports.write(&runs, &summary, &forge);
        errors.extend(forge.conclude(&runs, &summary, &mut io::stderr().lock()).err());
        for error in &errors {
            show_error(crate::disk::why(error));
            if summary.status == 0 {
                summary.status = super::MISTAKE;
            }
        }
        let json = !self.plain && (self.json || !io::stdout().is_terminal());
        let mut out = io::stdout().lock();
        let told = match json {
            true => runs
                .iter()
                .try_for_each(|run| writeln!(out, "{}", run.json()))
                .and_then(|()| writeln!(out, "{}", summary.json())),
            false => runs
                .iter()
                .filter(|run| !run.passed)
                .try_for_each(|run| text::run(run, Detail::Line, &mut out))
                .and_then(|()| text::summary(&summary, &mut out)),
        };
        told.and_then(|()| out.flush()).map_err(named("standard output"))?;
        Ok(summary.status)
    }
}
