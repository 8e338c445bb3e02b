//! `badline exec`: run a host, give a verdict.

mod junit;
mod report;
mod seeds;

use super::options::{self, Options};
use super::run::{self, Bench};
use super::signals::Signals;
use super::{complain, last, show_error, show_mistakes, show_refusal, show_warnings};
use crate::disk::{named, sweep};
use crate::host::orphans::Orphans;
use crate::host::process::{self, End, Host, Limits};
use crate::judge::findings::Findings;
use crate::replay::{Recording, Report};
use crate::scenario::Expectation;
use crate::scenario::Outcome;
use crate::scenario::expect::Subject;
use crate::setup::Setup;
use crate::time::units::Span;
use crate::trace::{Event, Sink};
use clap::Args;
use report::{Summary, Verdict};
use seeds::Seeds;
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Run a host program at the modem and give a verdict
///
/// The host finds BADLINE_PORT (and BADLINE_PORT_2 and so on), BADLINE_FTP, BADLINE_FTP_ROOT and BADLINE_CONTROL in its
/// environment. What it prints goes to
/// standard error. The status is its own where that is not 0, 3 where an expectation of the scenario was
/// not met, the host never opened the port or had to be killed (with --strict also where a fault has tested nothing), 2 for a mistake in the files or the arguments, and else 0.
#[derive(Args, Debug)]
pub struct Exec {
    #[command(flatten)]
    options: Options,
    /// Be the modem of this recording; with --strict the host must not leave it
    #[arg(long, value_name = "FILE.at")]
    replay: Option<PathBuf>,
    /// Write the verdict to this file, as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Kill the host after this time, which is real time whatever the modem's speed
    #[arg(long, value_name = "DURATION", default_value = "60s")]
    timeout: Span,
    /// Fail, with status 3, where a fault of the scenario was never applied or found nothing to act on
    #[arg(long)]
    strict: bool,
    /// Run the host under each of these seeds, both ends included, each time with a modem of its own
    #[arg(long, value_name = "A..B", conflicts_with = "seed")]
    seeds: Option<Seeds>,
    /// Run the host so many times under each seed
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// The host program and its arguments; {port} in them is the path of the serial port, {port2} that of the second
    #[arg(last = true, required = true, value_name = "HOST-COMMAND")]
    host: Vec<OsString>,
}

impl Exec {
    /// Runs it.
    pub fn main(mut self) -> ExitCode {
        self.options.replay = self.replay.take();
        options::log(self.options.verbose);
        let orphans = Orphans::adopt();
        if let Err(error) = last::resort(move || orphans.kill_all()) {
            return show_refusal(&error);
        }
        sweep();
        let setup = match self.options.setup() {
            Ok(setup) => setup,
            Err(mistakes) => return show_mistakes(&mistakes),
        };
        show_warnings(&setup.warnings);
        if self.runs(&setup).nth(1).is_some() && self.options.files.asked() {
            return show_error(
                "--trace and --pcap hold one run: give the --seed of the one that is wanted, without --seeds and --repeat",
            );
        }
        if self.options.files.take_standard_output() {
            return show_error(
                "what becomes of it is told on standard output: name a file or a FIFO for the trace",
            );
        }
        let runtime = match super::runtime() {
            Ok(runtime) => runtime,
            Err(e) => return show_refusal(&e),
        };
        let done = runtime.block_on(self.all(&setup));
        match done {
            Ok(status) => ExitCode::from(status),
            Err(e) => show_refusal(&e),
        }
    }

    /// The seed of each run.
    fn runs(&self, setup: &Setup) -> impl Iterator<Item = u64> + use<> {
        let (seeds, repeat) = (self.seeds.unwrap_or(Seeds::one(setup.seed)), self.repeat);
        seeds.iter().flat_map(move |seed| (0..repeat).map(move |_| seed))
    }

    fn json(&self) -> bool {
        self.options.json || !io::stdout().is_terminal()
    }

    async fn all(&self, setup: &Setup) -> io::Result<u8> {
        let mut signals = Signals::new()?;
        // A file that cannot be written is told before anything is started.
        let mut outputs = self.options.outputs(setup);
        let junit =
            self.junit.as_ref().map(|path| outputs.open("--junit", path, junit::REPORT)).transpose()?;
        // They are there for one run, and there is one then.
        let (mut sinks, written) = self.options.files.create(&mut outputs)?;
        let mut summary = Summary::default();
        let mut suites = vec![];
        let mut broken = None;
        for seed in self.runs(setup) {
            let verdict = match self
                .one(
                    Setup {
                        seed,
                        recording: setup.recording.as_ref().map(Recording::afresh),
                        ..setup.clone()
                    },
                    std::mem::take(&mut sinks),
                    &mut signals,
                )
                .await
            {
                Ok(verdict) => verdict,
                Err(error) => {
                    summary.broke(seed);
                    let name = setup.scenario.as_ref().unwrap_or(&setup.profile.name);
                    suites.push(junit::broken(name, seed, &error));
                    broken = Some(error);
                    break;
                }
            };
            summary.count(&verdict);
            if junit.is_some() {
                suites.push(junit::suite(&verdict));
            }
            broken = verdict.tell(self.json()).map_err(named("standard output")).err();
            if broken.is_some() || matches!(verdict.end, End::Interrupted(_) | End::NotStarted(_)) {
                break;
            }
        }
        summary.conclude();
        if self.seeds.is_some() || self.repeat > 1 {
            broken = broken.or(summary.tell(self.json()).err());
        }
        let reported = junit.map_or(Ok(()), |out| junit::write(suites, out));
        for error in [reported.err(), written.finish().err()].into_iter().flatten() {
            // Who reads the report alone must not take its absence for a pass; the host's own status goes before.
            if summary.status != 0 {
                show_refusal(&error);
            }
            broken = match (broken, summary.status) {
                (None, 0) => Some(error),
                (broken, _) => broken,
            };
        }
        broken.map_or(Ok(summary.status), Err)
    }

    /// One run, with a modem and a server of its own.
    async fn one(
        &self,
        setup: Setup,
        sinks: Vec<Box<dyn Sink>>,
        signals: &mut Signals,
    ) -> io::Result<Verdict> {
        let (seed, profile) = (setup.seed, setup.profile.clone());
        let recording = setup.recording.clone();
        let (expectations, scenario) = (setup.expectations.clone(), setup.scenario.clone());
        let mut bench = run::open(&self.options, setup, sinks).await?;
        let watch = bench.watch.clone();
        let host = self.host(&bench);
        let limits = Limits { timeout: self.timeout.0, ends_within: ends_within(&expectations) };
        bench.machine.power_on();
        if let (Some(page), false) = (&bench.ready.http, self.json()) {
            complain(format_args!("badline: see and steer it at {page}"));
        }
        if self.json() {
            run::announce(&bench.ready, true).map_err(named("standard output"))?;
        }
        let listener = watch.clone();
        let mut heard = move |now, line: &str| listener.judge().printed(now, line);
        let heard = watch.judge().listens().then_some(&mut heard as process::Heard);
        let ran = process::run(&mut bench.machine, &host, limits, heard, signals.next()).await?;
        watch.judge().ended(ran.at, ran.end.status());
        let faults = bench.machine.world().faults();
        let mut findings = Findings::of(&watch.judge(), faults, ran.at, &bench.ready.ftp_root);
        if let Some(Recording { file, report, .. }) = &recording {
            super::replay::tell(report, file, false);
            findings.expectations.extend(self.strict.then(|| followed(report)));
        }
        let untested = faults.untested();
        for outcome in &findings.expectations {
            let (text, why) = (outcome.text.clone(), outcome.why.clone());
            bench.machine.record(Event::Expectation { text, met: outcome.met, why });
        }
        for text in untested {
            tracing::warn!("{text}");
            bench.machine.record(Event::Note { text });
        }
        bench.machine.record(Event::End { reason: ran.end.to_string() });
        bench.close().await;
        let explanation = watch.judge().explanation();
        Ok(Verdict {
            profile: profile.name.clone(),
            scenario,
            seed,
            end: ran.end,
            took: ran.took,
            findings,
            strict: self.strict,
            explanation,
        })
    }

    fn host(&self, bench: &Bench) -> Host {
        let ready = &bench.ready;
        // What it is called in the arguments, in the environment, and where it is.
        let ports: Vec<(String, String, &Path)> = (1..)
            .zip(&ready.links)
            .map(|(n, link)| match n {
                1 => ("{port}".into(), "BADLINE_PORT".into(), link.as_path()),
                n => (format!("{{port{n}}}"), format!("BADLINE_PORT_{n}"), link.as_path()),
            })
            .collect();
        let fill = |argument: &OsString| match argument.to_str() {
            Some(text) => {
                let fill = |text: String, (hole, _, link): &(String, String, &Path)| {
                    text.replace(hole, &link.display().to_string())
                };
                ports.iter().fold(text.to_owned(), fill).into()
            }
            None => argument.clone(),
        };
        let mut environment: Vec<(String, OsString)> = vec![
            ("BADLINE_FTP".into(), ready.ftp.to_string().into()),
            ("BADLINE_FTP_ROOT".into(), ready.ftp_root.clone().into()),
            ("BADLINE_SEED".into(), ready.seed.to_string().into()),
        ];
        environment.extend(ports.iter().map(|(_, name, link)| (name.clone(), (*link).into())));
        let control = [("BADLINE_CONTROL", &ready.control), ("BADLINE_CONTROL_KEY", &ready.control_key)];
        environment.extend(
            control.into_iter().filter_map(|(name, told)| Some((name.into(), told.as_ref()?.into()))),
        );
        Host { command: self.host.iter().map(fill).collect(), environment }
    }
}

/// What is expected of a host that replays a recording strictly.
fn followed(report: &Report) -> Outcome {
    let sums = report.sums();
    let why = match sums.differences.first() {
        Some(first) => format!("it sent {} in place of {}", first.host, first.recorded),
        None => format!("{} answers", sums.recorded),
    };
    Outcome::new("the host follows the recording", sums.differed == 0, why)
}

/// When there is no more to be hoped for, on the modem's clock.
fn ends_within(expectations: &[Expectation]) -> Option<Duration> {
    let limits = expectations.iter().filter_map(|e| match e.subject {
        Subject::EndsWithin(limit) => Some(limit),
        _ => None,
    });
    limits.min()
}
