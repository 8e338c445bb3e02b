//! `badline exec`: run a host, give a verdict.

mod evidence;
mod one;
pub mod reports;
mod scenarios;
mod told;

use super::options::{self, Options, Page};
use super::signals::Signals;
use super::{last, saved, show_error, show_mistakes, show_refusal, show_warnings};
use crate::campaign::bundle::ARCHIVE;
use crate::campaign::forge::Forge;
use crate::campaign::places::Places;
use crate::campaign::run::Subject;
use crate::campaign::{Plan, Pool, Seeds, Shard};
use crate::control::Address;
use crate::disk::{Outputs, sweep};
use crate::host::orphans::Orphans;
use crate::host::output::Live;
use crate::profile::mistake::Mistake;
use crate::setup::Setup;
use crate::time::units::Span;
use crate::trace::Sink;
use clap::Args;
use evidence::Evidence;
use one::Runner;
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::sync::watch;
use told::{Course, Told};

/// Run a host program at the modem and give a verdict
///
/// The host finds BADLINE_PORT (and BADLINE_PORT_2 and so on), BADLINE_FTP, BADLINE_FTP_ROOT, BADLINE_SEED, BADLINE_SPEED and
/// BADLINE_CONTROL in its environment. What it prints goes to standard error; with many runs that of those that failed. The
/// status is its own where that is not 0, 3 where an expectation of a scenario was
/// not met, the host never opened the port or had to be killed (with --strict also where a fault has tested nothing), 2 for a mistake in the files or the arguments, and else 0.
#[derive(Args, Debug)]
pub struct Exec {
    /// What is on the network, and what goes wrong: a name from `badline list scenarios`, a TOML file, a folder of them,
    /// or a pattern ('scenarios/**/late-*.toml'); again and again. Other options win over it
    #[arg(long, value_name = "NAME|FILE|FOLDER|PATTERN")]
    scenario: Vec<PathBuf>,
    #[command(flatten)]
    options: Options,
    /// Be the modem of this recording; with --strict the host must not leave it
    #[arg(long, value_name = "FILE.at")]
    replay: Option<PathBuf>,
    #[command(flatten)]
    pub reports: reports::Files,
    /// Write verdict, report, traces, captures, scenarios with their files, versions and what the module leaves out to this file, as a zip
    /// archive with the SHA-256 of each: `badline rerun` does it again
    #[arg(long, value_name = "FILE.zip")]
    bundle: Option<PathBuf>,
    /// What the scenarios are called in the reports, where that is not what their files are called
    #[arg(skip)]
    pub names: Vec<String>,
    /// Kill the host after this time, which is real time whatever the modem's speed
    #[arg(long, value_name = "DURATION", default_value = "10m")]
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
    /// So many runs at once, each with a modem, ports and a server of its own
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    jobs: u16,
    /// Do only this part of the runs: the second of eight is 2/8. The parts are the same every time; `badline report` puts
    /// together what they found
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// A summary for a person, also where standard output is no terminal
    #[arg(long, conflicts_with = "json")]
    plain: bool,
    /// The host program and its arguments; {port} in them is the path of the serial port, {port2} that of the second
    #[arg(last = true, required = true, value_name = "HOST-COMMAND")]
    host: Vec<OsString>,
}

/// A scenario, and what its runs are made of.
pub struct Case {
    /// The options, with this scenario in them.
    pub options: Options,
    /// The modem.
    pub setup: Setup,
    /// What its reports say of it.
    pub subject: Subject,
    /// The places that only one run has at a time.
    pub places: Vec<String>,
}

impl Case {
    /// What is run: the scenario, or a module without one.
    pub fn name(&self) -> &str {
        self.subject.scenario.as_deref().unwrap_or(&self.subject.modem)
    }
}

impl Exec {
    /// Runs it.
    pub fn main(self) -> ExitCode {
        self.run().map_or_else(|status| status, ExitCode::from)
    }

    /// Runs it, and gives the status of the runs.
    ///
    /// # Errors
    /// The status of what has kept them from being made, which is told.
    pub fn run(mut self) -> Result<u8, ExitCode> {
        self.options.replay = self.replay.take();
        options::log(self.options.verbose);
        let orphans = Arc::new(Orphans::adopt());
        let its = orphans.clone();
        if let Err(error) = last::resort(move || its.kill_all()) {
            return Err(show_refusal(&error));
        }
        sweep();
        let cases = match self.cases() {
            Ok(cases) => cases,
            Err(mistakes) => return Err(show_mistakes(&mistakes)),
        };
        cases.iter().for_each(|case| show_warnings(&case.setup.warnings));
        let plan = self.plan(&cases);
        if let Some(wrong) = self.contradiction(&plan) {
            return Err(show_error(wrong));
        }
        self.tell_of_places(&cases);
        let runtime = match super::runtime() {
            Ok(runtime) => runtime,
            Err(e) => return Err(show_refusal(&e)),
        };
        let done = runtime.block_on(self.all(cases, plan, &orphans));
        // What has left its group, its parents and its environment is none of a run, and still of this process.
        orphans.kill_all();
        done.map_err(|error| show_refusal(&error))
    }

    /// The scenarios, read.
    fn cases(&self) -> Result<Vec<Case>, Vec<Mistake>> {
        let files = scenarios::named(&self.scenario)?;
        let files: Vec<Option<PathBuf>> =
            if files.is_empty() { vec![None] } else { files.into_iter().map(Some).collect() };
        let (mut cases, mut mistakes) = (vec![], vec![]);
        for (number, scenario) in files.into_iter().enumerate() {
            let options = Options { scenario, ..self.options.clone() };
            match options.setup() {
                Ok(mut setup) => {
                    setup.scenario = self.names.get(number).cloned().or(setup.scenario);
                    cases.push(self.case(options, setup));
                }
                Err(wrong) => mistakes.extend(wrong),
            }
        }
        if mistakes.is_empty() { Ok(cases) } else { Err(mistakes) }
    }

    fn case(&self, options: Options, setup: Setup) -> Case {
        let subject = Subject {
            modem: setup.profile.name.clone(),
            scenario: setup.scenario.clone(),
            text: options.scenario.as_deref().map(saved::written).unwrap_or_default(),
            repeat: self.repeat,
            strict: self.strict,
        };
        let fixed = setup.forward.iter().filter(|forward| forward.at.port() != 0);
        let places = fixed.map(|forward| format!("[forward] {}", forward.at)).collect();
        Case { options, setup, subject, places }
    }

    fn plan(&self, cases: &[Case]) -> Plan {
        let seeds = cases.iter().map(|case| self.seeds.unwrap_or(Seeds::one(case.setup.seed)));
        Plan::new(seeds.collect(), self.repeat)
    }

    fn part(&self) -> Shard {
        self.shard.unwrap_or(Shard::WHOLE)
    }

    /// Why these options cannot be done together.
    fn contradiction(&self, plan: &Plan) -> Option<String> {
        let many = plan.points() > 1;
        if many && self.options.files.asked() {
            return Some(
                "--trace and --pcap hold one run: give one --scenario and the --seed of the one that is wanted, without --seeds and --repeat"
                    .into(),
            );
        }
        if self.options.files.take_standard_output() {
            return Some(
                "what becomes of it is told on standard output: name a file or a FIFO for the trace".into(),
            );
        }
        let options = &self.options;
        let fixed = |at: SocketAddr| at.port() != 0;
        let one = [
            ("--link", options.link.is_some()),
            ("--tcp", options.tcp.is_some_and(fixed)),
            ("--ftp-root", options.ftp_root.is_some()),
            ("--ftp-listen", fixed(options.ftp_listen)),
            ("--state", options.state.is_some()),
            ("--http", matches!(options.http, Some(Page::At(at)) if fixed(at))),
            (
                "--control",
                match &options.control {
                    Some(Address::Unix(_)) => true,
                    Some(Address::Tcp(at)) => fixed(*at),
                    None => false,
                },
            ),
        ];
        let (option, _) = one.into_iter().find(|(_, given)| *given && many && self.jobs > 1)?;
        Some(format!(
            "{option} names one place, and of {} runs at once only one can have it: leave it out, or -j",
            self.jobs
        ))
    }

    /// Says which scenarios cannot run at once.
    fn tell_of_places(&self, cases: &[Case]) {
        let mut told = BTreeSet::new();
        for (n, case) in cases.iter().enumerate().filter(|_| self.jobs > 1) {
            for place in &case.places {
                let others: Vec<&str> =
                    cases[n + 1..].iter().filter(|c| c.places.contains(place)).map(Case::name).collect();
                let repeated = self.seeds.is_some() || self.repeat > 1;
                if (others.is_empty() && !repeated) || !told.insert(place.clone()) {
                    continue;
                }
                let names = [&[case.name()], &others[..]].concat().join(", ");
                tracing::warn!("one run at a time can have {place}: those of {names} do not run at once");
            }
        }
    }

    fn json(&self) -> bool {
        !self.plain && (self.options.json || !io::stdout().is_terminal())
    }

    /// Which runs there are, and how they are told.
    fn course(&self, plan: &Plan, cases: &[Case]) -> Course {
        let texts = cases.iter().map(|case| (case.name().to_owned(), case.subject.text.clone()));
        Course {
            plan: plan.digest(texts),
            points: plan.points(),
            shard: self.part(),
            own: plan.points_in(self.part()),
            json: self.json(),
            many: plan.points() > 1,
            forge: Forge::detected(),
        }
    }

    async fn all(&self, cases: Vec<Case>, plan: Plan, orphans: &Arc<Orphans>) -> io::Result<u8> {
        let mut signals = Signals::new()?;
        let begun = Instant::now();
        // A file that cannot be written is told before anything is started.
        let mut outputs = Outputs::default();
        cases.iter().for_each(|case| case.options.needs(&case.setup, &mut outputs));
        let reports = self.reports.open(&mut outputs)?;
        // They are there for one run, and there is one then.
        let (sinks, written) = self.options.files.create(&mut outputs)?;
        let bundle = self.bundle.as_ref().map(|path| outputs.open("--bundle", path, ARCHIVE)).transpose()?;
        let evidence = bundle.map(|out| Evidence::new(self, &cases, out)).transpose()?.map(Arc::new);
        let (tell, stop) = watch::channel(None);
        let course = self.course(&plan, &cases);
        let runner = Arc::new(self.runner(cases, course.many, sinks, orphans, stop, evidence.clone()));
        let mut told = Told::new(course);
        let (work, again) = (runner.clone(), runner.clone());
        let points = plan.shard(self.part());
        let work = move |point| work.run(point);
        let mut pool = Pool::start(self.jobs.into(), points, work, move |point| again.panicked(point))?;
        let mut signal = None;
        loop {
            tokio::select! {
                done = pool.next() => match done {
                    None => break,
                    Some(run) => if run.is_some_and(|run| told.take(run)) {
                        pool.stop();
                    }
                },
                came = signals.next(), if signal.is_none() => {
                    signal = Some(came);
                    pool.stop();
                    tell.send_replace(signal);
                }
            }
        }
        let lost = written.finish().err().into_iter().chain(runner.lost()).collect();
        drop((runner, pool));
        let evidence = evidence.and_then(Arc::into_inner);
        told.conclude(reports.with(evidence), begun.elapsed(), signal, lost)
    }

    fn runner(
        &self,
        cases: Vec<Case>,
        many: bool,
        sinks: Vec<Box<dyn Sink>>,
        orphans: &Arc<Orphans>,
        stop: watch::Receiver<Option<Signal>>,
        evidence: Option<Arc<Evidence>>,
    ) -> Runner {
        Runner {
            cases: Arc::new(cases),
            host: self.host.clone(),
            timeout: self.timeout.0,
            strict: self.strict,
            ready: self.json(),
            output: if many { Live::Kept } else { Live::Told },
            orphans: orphans.clone(),
            sinks: Mutex::new(sinks),
            evidence,
            places: Places::default(),
            stop,
            over: AtomicBool::new(false),
            lost: Mutex::new(vec![]),
        }
    }
}
