//! One run, with a modem and a server of its own.

use super::Case;
use super::evidence::Evidence;
use crate::campaign::places::Places;
use crate::campaign::{How, Point, Run};
use crate::cli::run::{self, Bench};
use crate::cli::{complain, replay, runtime};
use crate::disk::{named, why};
use crate::host::orphans::Orphans;
use crate::host::output::Live;
use crate::host::process::{self, Host, Limits};
use crate::judge::findings::Findings;
use crate::replay::{Recording, Report};
use crate::scenario::expect::Subject;
use crate::scenario::{Expectation, Outcome};
use crate::setup::Setup;
use crate::trace::{Event, Sink};
use rustix::process::Signal;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// What all runs share.
pub struct Runner {
    /// The scenarios.
    pub cases: Arc<Vec<Case>>,
    /// The host and its arguments.
    pub host: Vec<OsString>,
    /// How long one may take, in real time.
    pub timeout: Duration,
    /// Whether a host must not leave its recording.
    pub strict: bool,
    /// Whether the ready lines are told.
    pub ready: bool,
    /// How much is seen while they go on.
    pub output: Live,
    /// Who finds what hosts leave behind.
    pub orphans: Arc<Orphans>,
    /// What the only run is told to.
    pub sinks: Mutex<Vec<Box<dyn Sink>>>,
    /// What is gathered of each run.
    pub evidence: Option<Arc<Evidence>>,
    /// What only one has at a time.
    pub places: Places,
    /// The signal that has come.
    pub stop: watch::Receiver<Option<Signal>>,
    /// Whether one could not even begin: others would fare no better.
    pub over: AtomicBool,
    /// What could not be written of what the runs write.
    pub lost: Mutex<Vec<io::Error>>,
}

impl Runner {
    /// One run; none where it is too late to begin it.
    pub fn run(&self, point: Point) -> Option<Run> {
        let case = &self.cases[point.scenario];
        let _held = self.places.take(&case.places);
        if self.stop.borrow().is_some() || self.over.load(Ordering::SeqCst) {
            return None;
        }
        let ran = runtime().and_then(|runtime| runtime.block_on(self.begin(case, point)));
        let ran = ran.unwrap_or_else(|error| case.subject.broken(point, &why(&error)));
        if matches!(ran.end, How::Broken | How::NotStarted) {
            self.over.store(true, Ordering::SeqCst);
        }
        Some(ran)
    }

    async fn begin(&self, case: &Case, point: Point) -> io::Result<Run> {
        let (options, single) = (&case.options, self.output == Live::Told);
        let recording = case.setup.recording.as_ref().map(Recording::afresh);
        let setup = Setup { seed: point.seed, recording: recording.clone(), ..case.setup.clone() };
        let expectations = setup.expectations.clone();
        let mut sinks = std::mem::take(&mut *self.sinks.lock().unwrap_or_else(PoisonError::into_inner));
        let gathered = self.evidence.as_ref().map(|evidence| evidence.sinks(&point)).transpose()?;
        let (its, written) = gathered.unwrap_or_default();
        sinks.extend(its);
        let label = (!single).then(|| format!("{} (seed {}, run {})", case.name(), point.seed, point.run));
        let mut bench = run::open(options, setup, sinks, label).await?;
        let watch = bench.watch.clone();
        let host = self.host(&bench, options.speed(&case.setup), point);
        let limits = Limits { timeout: self.timeout, ends_within: ends_within(&expectations) };
        bench.machine.power_on();
        if let (Some(page), false) = (&bench.ready.http, self.ready) {
            complain(format_args!("badline: see and steer it at {page}"));
        }
        if self.ready {
            run::announce(&bench.ready, true).map_err(named("standard output"))?;
        }
        let listener = watch.clone();
        let mut heard = move |now, line: &str| listener.judge().printed(now, line);
        let heard = watch.judge().listens().then_some(&mut heard as process::Heard);
        let stop = signal(self.stop.clone());
        let ran = process::run(&mut bench.machine, &host, limits, &self.orphans, heard, stop).await?;
        watch.judge().ended(ran.at, ran.end.status());
        let faults = bench.machine.world().faults();
        let mut findings = Findings::of(&watch.judge(), faults, ran.at, &bench.ready.ftp_root);
        if let Some(Recording { file, report, .. }) = &recording {
            replay::tell(report, file, false);
            findings.expectations.extend(self.strict.then(|| followed(report)));
        }
        let untested = faults.untested();
        for outcome in &findings.expectations {
            let (text, why) = (outcome.text.clone(), outcome.why.clone());
            bench.machine.record(Event::Expectation { text, met: outcome.met, why });
        }
        for text in untested {
            if single {
                tracing::warn!("{text}");
            }
            bench.machine.record(Event::Note { text });
        }
        bench.machine.record(Event::End { reason: ran.end.to_string() });
        bench.close().await;
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).extend(written.finish().err());
        let mut run = case.subject.ended(point, &ran.end, ran.took, findings);
        run.output = ran.output;
        if !run.passed {
            run.explanation = watch.judge().explanation();
        }
        Ok(run)
    }

    fn host(&self, bench: &Bench, speed: u32, point: Point) -> Host {
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
            ("BADLINE_SPEED".into(), speed.to_string().into()),
            ("BADLINE_TURN".into(), point.run.to_string().into()),
            ("BADLINE_PORT_1".into(), ready.link.clone().into()),
        ];
        environment.extend(ports.iter().map(|(_, name, link)| (name.clone(), (*link).into())));
        let scenario = self.cases[point.scenario].subject.scenario.as_ref();
        environment.extend(scenario.map(|scenario| ("BADLINE_SCENARIO".into(), scenario.into())));
        let control = [("BADLINE_CONTROL", &ready.control), ("BADLINE_CONTROL_KEY", &ready.control_key)];
        environment.extend(
            control.into_iter().filter_map(|(name, told)| Some((name.into(), told.as_ref()?.into()))),
        );
        Host { command: self.host.iter().map(fill).collect(), environment, output: self.output }
    }

    /// A run in which this program had a defect.
    pub fn panicked(&self, point: Point) -> Option<Run> {
        let told = "badline has a defect: standard error tells which";
        Some(self.cases[point.scenario].subject.broken(point, told))
    }

    /// What could not be written of what the runs write.
    pub fn lost(&self) -> Vec<io::Error> {
        std::mem::take(&mut self.lost.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Waits for the signal that ends all.
async fn signal(mut stop: watch::Receiver<Option<Signal>>) -> Signal {
    loop {
        let signal = *stop.borrow_and_update();
        if let Some(signal) = signal {
            return signal;
        }
        if stop.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
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
