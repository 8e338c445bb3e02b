//! The options that the verbs share.

use super::is_coloured;
use crate::at::Visible;
use crate::control::Address;
use crate::disk::{Kind, Output, Outputs, STANDARD_OUTPUT};
use crate::driver::state::Store;
use crate::profile::mistake::Mistake;
use crate::replay::Script;
use crate::scenario::Scenario;
use crate::setup::Setup;
use crate::setup::files::{self, Instead};
use crate::trace::pcap::{Capture, is_capture};
use crate::trace::{self, Sink, is_trace};
use crate::transcript::{self, Transcript};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use std::fmt;
use std::io::{self, BufWriter, IsTerminal};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tracing::field::{Field, Visit};
use tracing::{Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// What kind of modem, and what it hangs on.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The module: a name from `badline list profiles`, or a TOML file
    #[arg(long, value_name = "NAME|FILE", value_parser = NonEmptyStringValueParser::new())]
    pub profile: Option<String>,
    /// The scenario: the verbs say how many they take
    #[arg(skip)]
    pub scenario: Option<PathBuf>,
    /// Serial ports of the module [default: 1, or as the scenario says]
    #[arg(long, value_name = "N", value_parser = ports)]
    pub ports: Option<u8>,
    /// A symbolic link to the first port, removed at exit; that to the second is PATH-2, and so on
    #[arg(long, value_name = "PATH")]
    pub link: Option<PathBuf>,
    /// Serve the (first) port raw over TCP as well
    #[arg(long, value_name = "ADDR", value_parser = address)]
    pub tcp: Option<SocketAddr>,
    /// The folder that the FTP server serves; a temporary one where it is not given
    #[arg(long, value_name = "DIR")]
    pub ftp_root: Option<PathBuf>,
    /// Where the FTP server listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", value_parser = address)]
    pub ftp_listen: SocketAddr,
    /// A login of the FTP server; without one every login is accepted
    #[arg(long, value_name = "NAME:PASSWORD", value_parser = login)]
    pub ftp_user: Vec<Login>,
    /// The seed of everything that is drawn
    #[arg(long, value_name = "N", value_parser = seed)]
    pub seed: Option<u64>,
    /// How many times faster than real time the module's clock runs [default: 1, or as the scenario says]
    #[arg(long, value_name = "N", value_parser = speed)]
    pub speed: Option<u32>,
    /// Limit the byte rate of the ports to their baud rate
    #[arg(long)]
    pub pace: bool,
    /// Take requests as JSON lines there, too: the path of a Unix socket, or a loopback IP:PORT (the ready line tells its key)
    #[arg(long, value_name = "ADDR")]
    pub control: Option<Address>,
    /// Let --control have an address that other machines reach; whoever reads the key on its way can do as he likes
    #[arg(long, requires = "control")]
    pub control_anywhere: bool,
    /// Serve a page that shows and steers the run at this loopback IP:PORT (the ready line tells its address with its key), or
    /// `off` [default: off; `run` on a terminal: 127.0.0.1:0]
    #[arg(long, value_name = "ADDR|off", value_parser = page)]
    pub http: Option<Page>,
    /// Let --http have an address that other machines reach; whoever reads the key on its way can do as he likes
    #[arg(long, requires = "http")]
    pub http_anywhere: bool,
    #[command(flatten)]
    pub files: TraceFiles,
    /// Keep what the module stores in its flash in this folder, for the next run
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// One JSON object per line on standard output, even on a terminal
    #[arg(long)]
    pub json: bool,
    /// Tell live on standard error what happens; twice: the bytes, too
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// The recording that answers the host, where the verb takes one
    #[arg(skip)]
    pub replay: Option<PathBuf>,
}

/// The one scenario of a verb that takes no more.
#[derive(Args, Debug)]
pub struct OneScenario {
    /// What is on the network, and what goes wrong: a name from `badline list scenarios`, or a TOML file; other
    /// options win over it
    #[arg(long, value_name = "NAME|FILE")]
    pub scenario: Option<PathBuf>,
}

/// Whether there is a page, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// There is none.
    Off,
    /// Here.
    At(SocketAddr),
}

/// What `--trace` may write over.
const TRACE: Kind = Kind { name: "trace", is_one: is_trace };
/// What `--pcap` may write over.
const CAPTURE: Kind = Kind { name: "capture (pcapng)", is_one: is_capture };

/// Where what happens is written down.
#[derive(Args, Clone, Debug)]
pub struct TraceFiles {
    /// Write all that happens to this file, as JSON Lines (`badline trace` prints it); `run` takes `-` for standard output
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Write what crosses network and serial line to this file, for Wireshark (pcapng); `run` takes `-` for standard output
    #[arg(long, value_name = "FILE")]
    pub pcap: Option<PathBuf>,
}

impl TraceFiles {
    /// Whether there are any.
    pub fn asked(&self) -> bool {
        self.trace.is_some() || self.pcap.is_some()
    }

    /// Whether one goes to standard output.
    pub fn take_standard_output(&self) -> bool {
        [&self.trace, &self.pcap].into_iter().flatten().any(|path| path == Path::new(STANDARD_OUTPUT))
    }

    /// Creates them, beside the other files of the run.
    ///
    /// # Errors
    /// One cannot be created; the error names it.
    pub fn create(&self, outputs: &mut Outputs) -> io::Result<(Vec<Box<dyn Sink>>, Written)> {
        let trace = self.trace.as_deref().map(|path| outputs.open("--trace", path, TRACE)).transpose()?;
        let pcap = self.pcap.as_deref().map(|path| outputs.open("--pcap", path, CAPTURE)).transpose()?;
        let written = Written(trace.iter().chain(&pcap).cloned().collect());
        let mut sinks: Vec<Box<dyn Sink>> = vec![];
        if let Some(out) = trace {
            sinks.push(Box::new(trace::Writer::new(BufWriter::new(out))));
        }
        if let Some(out) = pcap {
            sinks.push(Box::new(Capture::new(BufWriter::new(out))?));
        }
        Ok((sinks, written))
    }
}

/// What `--trace` and `--pcap` have had written.
#[derive(Debug, Default)]
pub struct Written(Vec<Output>);

impl Written {
    /// Has all of it written to its end: a trace that is not whole must not be taken for one.
    ///
    /// # Errors
    /// What was not written, with the option and the file.
    pub fn finish(&self) -> io::Result<()> {
        self.0.iter().map(Output::finish).fold(Ok(()), io::Result::and)
    }
}

/// A name and its password.
#[derive(Clone)]
pub struct Login(pub String, pub String);

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{}:****", self.0)
    }
}

fn login(text: &str) -> Result<Login, String> {
    match text.split_once(':') {
        Some((name, password)) if !name.is_empty() => Ok(Login(name.into(), password.into())),
        _ => Err("write NAME:PASSWORD".into()),
    }
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("write a whole number from 0 to {}", u64::MAX))
}

fn ports(text: &str) -> Result<u8, String> {
    let ports = text.parse().ok().filter(|ports| (1..=16).contains(ports));
    ports.ok_or_else(|| "write a whole number from 1 to 16".into())
}

fn speed(text: &str) -> Result<u32, String> {
    let speed = text.parse().ok().filter(|speed| (1..=1000).contains(speed));
    speed.ok_or_else(|| "write a whole number from 1 to 1000".into())
}

impl Options {
    /// The modem that the options describe; they go before what the scenario says.
    ///
    /// # Errors
    /// The mistakes in its files.
    pub fn setup(&self) -> Result<Setup, Vec<Mistake>> {
        let recorded = self.replay.as_deref().map(read_recording).transpose()?;
        let module = recorded.as_ref().and_then(|recorded| recorded.profile());
        let mut setup = match self.read_scenario()? {
            Some((scenario, file)) => self.setup_of(&scenario, &file)?,
            None => {
                let name = self.profile.as_deref().or(module).unwrap_or("sim7080");
                let named = |mistakes| by_option("--profile", Path::new(name), mistakes);
                let mut setup = Setup::by_name(name).map_err(named)?;
                setup.warnings = files::warnings_of_profile(name);
                setup
            }
        };
        self.overrule(&mut setup);
        if let (Some(file), Some(recorded)) = (&self.replay, &recorded) {
            setup.replay(file, recorded);
        }
        Ok(setup)
    }

    /// The scenario, where one is named, and its file.
    ///
    /// # Errors
    /// The mistakes in it.
    pub fn read_scenario(&self) -> Result<Option<(Scenario, PathBuf)>, Vec<Mistake>> {
        let Some(file) = &self.scenario else { return Ok(None) };
        let instead = Instead { profile: self.profile.as_deref(), ports: self.ports.map(usize::from) };
        let scenario =
            files::scenario(file, instead).map_err(|mistakes| by_option("--scenario", file, mistakes))?;
        Ok(Some((scenario, file.clone())))
    }

    fn setup_of(&self, scenario: &Scenario, file: &Path) -> Result<Setup, Vec<Mistake>> {
        let folder = file.parent().unwrap_or(Path::new(""));
        let mut setup = Setup::from_scenario_with(scenario, folder, self.profile.as_deref())?;
        setup.scenario = Some(file.display().to_string());
        setup.reads.push(("the scenario of this run", file.to_path_buf()));
        Ok(setup)
    }

    /// What the run writes, beside what it reads.
    pub fn outputs(&self, setup: &Setup) -> Outputs {
        let mut outputs = Outputs::default();
        self.needs(setup, &mut outputs);
        outputs
    }

    /// Has the files that a run needs known.
    pub fn needs(&self, setup: &Setup, outputs: &mut Outputs) {
        setup.needs(outputs);
        for file in self.state.iter().flat_map(|folder| Store::files(folder, &setup.profile.name)) {
            outputs.needs("what the module stores (--state)", &file);
        }
    }

    fn overrule(&self, setup: &mut Setup) {
        setup.ports = self.ports.map_or(setup.ports, usize::from);
        setup
            .users
            .extend(self.ftp_user.iter().map(|Login(name, password)| (name.clone(), password.clone())));
        setup.ftp_root = self.ftp_root.clone();
        setup.ftp_listen = self.ftp_listen;
        setup.seed = self.seed.unwrap_or(setup.seed);
        setup.trace = self.files.asked();
    }

    /// Whether a person reads standard output.
    pub fn tells_a_person(&self) -> bool {
        !self.json && io::stdout().is_terminal() && !self.files.take_standard_output()
    }

    /// How many times faster than real time the module's clock runs.
    pub fn speed(&self, setup: &Setup) -> u32 {
        self.speed.or(setup.speed).unwrap_or(1)
    }
}

/// The recording in a file.
fn read_recording(file: &Path) -> Result<Transcript, Vec<Mistake>> {
    let text = files::read(file)?;
    let name = file.display().to_string();
    let recorded = transcript::parse(&name, &text)?;
    if Script::of(&recorded).exchanges.len() < 2 {
        let what = "the recording has nothing that a host sends".to_owned();
        let right =
            "a recording has lines such as `> AT` and `< OK`; `badline import` makes one of a log".to_owned();
        return Err(vec![Mistake::of_file(&name, what).right(right)]);
    }
    Ok(recorded)
}

/// What is wrong with a file as a whole is wrong with the option that names it.
pub fn by_option(option: &str, file: &Path, mut mistakes: Vec<Mistake>) -> Vec<Mistake> {
    let file = file.display().to_string();
    for mistake in mistakes.iter_mut().filter(|mistake| mistake.line == 0 && mistake.file == file) {
        mistake.file = format!("{option} {file}");
    }
    mistakes
}

/// Reads IP:PORT.
///
/// # Errors
/// What would be right.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write IP:PORT, such as 127.0.0.1:5555; port 0 has the system pick one".into())
}

fn page(text: &str) -> Result<Page, String> {
    if text == "off" { Ok(Page::Off) } else { address(text).map(Page::At) }
}

/// Says so where an address is one that other machines reach: whoever connects can do as he likes.
pub fn warn_of_strangers(option: &str, address: SocketAddr) {
    if !address.ip().is_loopback() {
        tracing::warn!("{option} {address}: other machines can reach it");
    }
}

/// Sends logs to standard error.
pub fn log(verbose: u8) {
    let level = match verbose {
        0 => tracing::Level::WARN,
        1 => tracing::Level::INFO,
        2 => tracing::Level::DEBUG,
        _ => tracing::Level::TRACE,
    };
    let to = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(is_coloured())
        .log_internal_errors(false);
    // A second call in one process changes nothing.
    let _ = to.with_max_level(level).event_format(House).try_init();
}

/// How a line of the log looks: as all that Badline says to its user.
struct House;

impl<S: Subscriber + for<'a> LookupSpan<'a>, N: for<'a> FormatFields<'a> + 'static> FormatEvent<S, N>
    for House
{
    fn format_event(&self, _: &FmtContext<S, N>, mut to: Writer, event: &tracing::Event) -> fmt::Result {
        let (kind, colour) = match *event.metadata().level() {
            Level::ERROR => ("", 31),
            Level::WARN => ("warning: ", 33),
            Level::INFO => ("info: ", 32),
            _ => ("debug: ", 34),
        };
        match to.has_ansi_escapes() && !kind.is_empty() {
            true => write!(to, "badline: \x1b[{colour}m{kind}\x1b[0m")?,
            false => write!(to, "badline: {kind}")?,
        }
        let mut words = Words::default();
        event.record(&mut words);
        writeln!(to, "{}{}", Visible(words.message), Visible(words.others))
    }
}

/// A message, and what else an event says, behind it.
#[derive(Default)]
struct Words {
    message: String,
    others: String,
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            "error" => self.others += &format!(": {value:?}"),
            name => self.others += &format!(" {name}={value:?}"),
        }
    }
}
