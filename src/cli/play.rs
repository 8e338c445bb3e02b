//! `badline play`: be the host of a transcript.

mod compared;

use super::options::{self, TraceFiles, Written, by_option};
use super::signals::Signals;
use super::{UNMET, complain, last, show, show_error, show_mistakes, show_refusal};
use crate::disk::{self, Outputs, named};
use crate::play::compare::{Compared, compare};
use crate::play::device;
use crate::play::{self, PlayError};
use crate::profile::mistake::Mistake;
use crate::setup::files::{self, Instead};
use crate::trace::Sink;
use crate::transcript::{self, Transcript};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use rustix::process::Signal;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::runtime::Runtime;

/// Be the host: check a modem against transcripts
///
/// A transcript ends at the first line that is not as it is written. A recording of a real module is played to its end: each
/// line that the model says otherwise is told, with the sums by command.
#[derive(Args, Debug)]
pub struct Play {
    /// The transcripts
    #[arg(required = true, value_name = "FILE.at")]
    files: Vec<PathBuf>,
    /// Play against this serial device, in real time, in place of a modem in this process
    #[arg(long, value_name = "DEVICE")]
    port: Option<PathBuf>,
    /// The module, where it is not the one that the transcript names
    #[arg(long, value_name = "NAME|FILE", conflicts_with = "port", value_parser = NonEmptyStringValueParser::new())]
    profile: Option<String>,
    /// What is on the network, and what goes wrong, where it is not the scenario that the transcript names
    #[arg(long, value_name = "NAME|FILE", conflicts_with_all = ["port", "bless"])]
    scenario: Option<PathBuf>,
    /// Write what was heard into the files, in place of what was expected
    #[arg(long)]
    bless: bool,
    /// One JSON object per line on standard output: how the model differs from a recording
    #[arg(long, conflicts_with_all = ["port", "bless"])]
    json: bool,
    #[command(flatten)]
    trace: TraceFiles,
    /// Say more on standard error
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
}

impl Play {
    /// Runs it.
    pub fn main(self) -> ExitCode {
        options::log(self.verbose);
        if self.trace.asked() && (self.files.len() > 1 || self.port.is_some()) {
            return show_error("--trace and --pcap go with one transcript, played in this process");
        }
        if self.trace.take_standard_output() {
            return show_error(
                "what becomes of it is told on standard output: name a file or a FIFO for the trace",
            );
        }
        let runtime = match super::runtime() {
            Ok(runtime) => runtime,
            Err(e) => return show_refusal(&e),
        };
        // A device is played at without a runtime: a signal ends that by itself.
        let here = self.port.is_none().then(|| {
            last::resort(|| ())?;
            disk::sweep();
            runtime.block_on(async { Signals::new() })
        });
        let mut signals = match here.transpose() {
            Ok(signals) => signals,
            Err(e) => return show_refusal(&e),
        };
        let mut status = ExitCode::SUCCESS;
        for file in &self.files {
            match self.one(&runtime, file, signals.as_mut()) {
                Ok(done) => {
                    let name = file.display().to_string();
                    let shown = show(match &done {
                        Done::AsWritten => format!("{name}: as written\n"),
                        Done::Rewritten => format!("{name}: rewritten\n"),
                        Done::Compared(compared) if self.json => compared::json(&name, compared),
                        Done::Compared(compared) => compared::told(&name, compared),
                    });
                    if shown != ExitCode::SUCCESS {
                        return shown;
                    }
                    if done.differs() {
                        status = ExitCode::from(UNMET);
                    }
                }
                Err(PlayError::Mistakes(mistakes)) => return show_mistakes(&mistakes),
                Err(PlayError::Io(error)) => {
                    return show_refusal(&named(file.display())(error));
                }
                Err(PlayError::Interrupted(signal)) => return super::interrupted(signal),
                Err(PlayError::Failed(failure)) => {
                    // Its status tells more than that of printing it.
                    show(format_args!("{failure}\n"));
                    status = ExitCode::from(UNMET);
                }
            }
        }
        status
    }

    /// Plays a transcript.
    fn one(&self, runtime: &Runtime, file: &Path, signals: Option<&mut Signals>) -> Result<Done, PlayError> {
        let text = files::read(file).map_err(PlayError::Mistakes)?;
        let mut transcript =
            transcript::parse(&file.display().to_string(), &text).map_err(PlayError::Mistakes)?;
        if let Some(profile) = &self.profile {
            files::profile(profile)
                .map_err(|m| PlayError::Mistakes(by_option("--profile", Path::new(profile), m)))?;
        }
        if let Some(scenario) = &self.scenario {
            if let Err(mistakes) = files::scenario(scenario, Instead::default()) {
                // What is wrong with the file as a whole; the rest depends on the transcript.
                let whole: Vec<Mistake> = mistakes.into_iter().filter(|mistake| mistake.line == 0).collect();
                if !whole.is_empty() {
                    return Err(PlayError::Mistakes(by_option("--scenario", scenario, whole)));
                }
            }
            let name = scenario.display().to_string();
            transcript.set_scenario(&match files::is_shipped(&name) {
                true => name,
                false => std::path::absolute(scenario)?.display().to_string(),
            });
        }
        let recorded = transcript.recorded().is_some();
        if self.json && !recorded {
            let what = "--json tells how the model differs from a recording, and this is none".to_owned();
            let right = "the header of a recording says `recorded`".to_owned();
            return Err(PlayError::Mistakes(vec![Mistake::of_file(&transcript.name, what).right(right)]));
        }
        let blessed = match &self.port {
            None if recorded && !self.bless => {
                let compared = self.here(runtime, file, &transcript, signals, async |sinks| {
                    compare(&transcript, self.profile.as_deref(), sinks).await
                })?;
                return Ok(Done::Compared(compared));
            }
            Some(device) => {
                let unmet = transcript.header.iter().any(|heading| heading.setting.concerns_the_module());
                if unmet {
                    complain(format_args!(
                        "badline: warning: {}: its header is for a modem in this process; {} is played at as it is",
                        file.display(),
                        device.display()
                    ));
                }
                device::play(transcript, device, self.bless)?
            }
            None => self.here(runtime, file, &transcript, signals, async |sinks| {
                play::play_traced(transcript.clone(), self.profile.as_deref(), self.bless, sinks).await
            })?,
        };
        match blessed.filter(|_| self.bless).map(|blessed| blessed.to_string()) {
            Some(new) if new != text => {
                // Where a link leads, and with the permissions that are there.
                let file = fs::canonicalize(file)?;
                let mode = fs::metadata(&file)?.permissions().mode();
                Ok(disk::replace(&file, new.as_bytes(), mode).map(|()| Done::Rewritten)?)
            }
            _ => Ok(Done::AsWritten),
        }
    }

    /// Plays at a model in this process, until a signal ends it.
    fn here<T>(
        &self,
        runtime: &Runtime,
        file: &Path,
        transcript: &Transcript,
        signals: Option<&mut Signals>,
        play: impl AsyncFnOnce(Vec<Box<dyn Sink>>) -> Result<T, PlayError>,
    ) -> Result<T, PlayError> {
        let (sinks, written) = match self.trace.asked() {
            true => {
                let setup =
                    play::prepare(transcript, self.profile.as_deref()).map_err(PlayError::Mistakes)?;
                let mut outputs = Outputs::default();
                setup.needs(&mut outputs);
                outputs.needs("the transcript", file);
                self.trace.create(&mut outputs)?
            }
            false => (vec![], Written::default()),
        };
        let played = runtime.block_on(async {
            tokio::select! {
                played = play(sinks) => played,
                signal = interrupted(signals) => Err(PlayError::Interrupted(signal)),
            }
        })?;
        written.finish()?;
        Ok(played)
    }
}

/// What came of a file.
enum Done {
    AsWritten,
    Rewritten,
    Compared(Compared),
}

impl Done {
    fn differs(&self) -> bool {
        let Done::Compared(compared) = self else { return false };
        let counts = compared.counts();
        counts.same < counts.lines || counts.more > 0
    }
}

/// The signal that ends the play.
async fn interrupted(signals: Option<&mut Signals>) -> Signal {
    match signals {
        Some(signals) => signals.next().await,
        None => std::future::pending().await,
    }
}
