//! `badline replay`: be the modem of a recording.

use super::options::{self, OneScenario, Options};
use super::run::until_interrupted;
use super::until::Until;
use super::{UNMET, complain, last, show_mistakes, show_refusal, show_warnings};
use crate::disk::sweep;
use crate::replay::Report;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::time::interval;

/// How often it is looked whether the host has left the recording.
const LOOK: Duration = Duration::from_millis(20);

/// Be the modem of a recording, until interrupted
///
/// As long as the host does what the recording's host did, it is answered from the recording, with its times. Where it leaves
/// the recording, a live model of the module answers, until the host comes back. The trace tells which answer is which.
#[derive(Args, Debug)]
pub struct ReplayVerb {
    /// The recording: a transcript, as `badline import` and `badline record` write it
    #[arg(value_name = "FILE.at")]
    recording: PathBuf,
    #[command(flatten)]
    scenario: OneScenario,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    until: Until,
    /// End at the first difference, with status 3, and show it
    #[arg(long)]
    strict: bool,
}

impl ReplayVerb {
    /// Runs it.
    pub fn main(mut self) -> ExitCode {
        self.options.scenario = self.scenario.scenario.take();
        options::log(self.options.verbose);
        if let Err(error) = last::resort(|| ()) {
            return show_refusal(&error);
        }
        sweep();
        self.options.replay = Some(self.recording.clone());
        let setup = match self.options.setup() {
            Ok(setup) => setup,
            Err(mistakes) => return show_mistakes(&mistakes),
        };
        show_warnings(&setup.warnings);
        let report = setup.recording.as_ref().map(|recording| recording.report.clone()).unwrap_or_default();
        let (watched, runtime) = match self.until.watch().and_then(|watched| Ok((watched, super::runtime()?)))
        {
            Ok(both) => both,
            Err(e) => return show_refusal(&e),
        };
        let (differs, strict) = (report.clone(), self.strict);
        let over = async move {
            tokio::select! {
                () = difference(differs, strict) => {}
                () = watched.end() => {}
            }
        };
        let ended = runtime.block_on(until_interrupted(&self.options, setup, over));
        let status = tell(&report, &self.recording.display().to_string(), self.strict);
        match ended {
            Ok(()) => ExitCode::from(status),
            Err(e) => show_refusal(&e),
        }
    }
}

/// Waits until the host leaves the recording, where that is the end.
async fn difference(report: Report, strict: bool) {
    let mut looks = interval(LOOK);
    while !strict || report.sums().differed == 0 {
        looks.tick().await;
    }
}

/// Tells how the host has followed the recording, and gives the status for it.
pub fn tell(report: &Report, file: &str, strict: bool) -> u8 {
    let sums = report.sums();
    match sums.differences.first().filter(|_| strict) {
        Some(difference) => {
            complain(format_args!("badline: {}", difference.shown(file)));
            UNMET
        }
        None => {
            complain(format_args!("badline: {}", sums.shown(file)));
            0
        }
    }
}
