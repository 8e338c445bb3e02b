//! `badline run`: a modem until interrupted.

use super::console::Console;
use super::options::{self, OneScenario, Options, Page, warn_of_strangers};
use super::signals::Signals;
use super::until::Until;
use super::{last, saved, show_mistakes, show_refusal, show_warnings};
use crate::at::{Visible, visible_json};
use crate::control::http::{self, Subject};
use crate::control::{self, About, Control, Listener};
use crate::disk::{Claim, Temporary, at, named, sweep};
use crate::driver::machine::Machine;
use crate::driver::port::Port;
use crate::driver::state::Store;
use crate::judge::coverage::Coverage;
use crate::judge::{Judge, Watch};
use crate::setup::{self, Server, Setup};
use crate::trace::{Event, Sink};
use clap::Args;
use serde::Serialize;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Run a modem until interrupted
#[derive(Args, Debug)]
pub struct Run {
    #[command(flatten)]
    scenario: OneScenario,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    until: Until,
}

/// The ready line.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "ready")]
pub struct Ready {
    modem: String,
    /// The first serial port.
    pub port: String,
    /// All serial ports.
    pub ports: Vec<String>,
    /// The link to the first.
    pub link: PathBuf,
    /// A link to each, which stays the same when a port vanishes and comes back.
    pub links: Vec<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tcp: Option<SocketAddr>,
    /// The control socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<String>,
    /// What a client of it shows first, where it is on TCP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_key: Option<String>,
    /// The page, with its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<String>,
    /// Where the FTP server listens.
    pub ftp: SocketAddr,
    /// Its folder.
    pub ftp_root: PathBuf,
    /// The seed.
    pub seed: u64,
    pid: u32,
    /// What a person is told beside it.
    #[serde(skip)]
    scenario: Option<String>,
    #[serde(skip)]
    speed: u32,
    /// Whether the user has asked for the control socket that is told.
    #[serde(skip)]
    named_control: bool,
}

/// A modem on real ports, ready to be switched on.
pub struct Bench {
    /// The modem.
    pub machine: Machine,
    /// What is told when it is ready.
    pub ready: Ready,
    /// Who judges the run.
    pub watch: Watch,
    /// Who serves the control socket, until this is dropped.
    control: JoinSet<()>,
    /// Who serves the page.
    _page: Option<http::Server>,
    _server: Server,
    _claims: Vec<Claim>,
    _dir: Option<Temporary>,
}

impl Bench {
    /// Gives up all places at once, so that another can have them.
    pub async fn close(mut self) {
        self.control.shutdown().await;
    }
}

/// What a newcomer finds on the server.
pub const SAMPLE: (&str, &str) = ("hello.txt", "Hello from the other side of the modem.\n");

impl Run {
    /// Runs it.
    pub fn main(mut self) -> ExitCode {
        self.options.scenario = self.scenario.scenario.take();
        if self.options.tells_a_person() {
            let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            self.options.http.get_or_insert(Page::At(any));
        }
        options::log(self.options.verbose);
        if let Err(error) = last::resort(|| ()) {
            return show_refusal(&error);
        }
        sweep();
        let setup = match self.options.setup() {
            Ok(setup) => setup,
            Err(mistakes) => return show_mistakes(&mistakes),
        };
        show_warnings(&setup.warnings);
        let (watched, runtime) = match self.until.watch().and_then(|watched| Ok((watched, super::runtime()?)))
        {
            Ok(both) => both,
            Err(e) => return show_refusal(&e),
        };
        match runtime.block_on(until_interrupted(&self.options, setup, watched.end())) {
            Ok(()) => ExitCode::SUCCESS,
            Err(e) => show_refusal(&e),
        }
    }
}

/// A modem until it is interrupted, or `over`.
///
/// # Errors
/// What this machine refuses, in words for the user.
pub async fn until_interrupted(
    options: &Options,
    setup: Setup,
    over: impl Future<Output = ()>,
) -> io::Result<()> {
    let mut signals = Signals::new().map_err(named("the signals that end a run"))?;
    let (sinks, written) = options.files.create(&mut options.outputs(&setup))?;
    let mut bench = open(options, setup, sinks, None).await?;
    bench.machine.power_on();
    match options.files.take_standard_output() {
        true => tell(&bench.ready, &mut io::stderr().lock()).map_err(named("standard error"))?,
        false => announce(&bench.ready, options.json).map_err(named("standard output"))?,
    }
    tokio::select! {
        () = bench.machine.run() => {}
        _ = signals.next() => {}
        () = over => {}
    }
    for text in bench.machine.world().faults().untested() {
        tracing::warn!("{text}");
        bench.machine.record(Event::Note { text });
    }
    drop(bench);
    written.finish()
}

/// Opens the ports and starts the server; what happens is told to `sinks`. Of several runs, each has a label on what is
/// told of it on standard error, which is only what the user has asked for, then.
///
/// # Errors
/// What this machine refuses, in words for the user.
pub async fn open(
    options: &Options,
    mut setup: Setup,
    sinks: Vec<Box<dyn Sink>>,
    label: Option<String>,
) -> io::Result<Bench> {
    warn_of_strangers("--ftp-listen", setup.ftp_listen);
    options.tcp.iter().for_each(|address| warn_of_strangers("--tcp", *address));
    setup.forward.iter().for_each(|forward| warn_of_strangers("[forward]", forward.at));
    let given = options.link.is_some() && options.ftp_root.is_some();
    let dir = if given { None } else { Some(Temporary::new()?) };
    if let (None, Some(dir)) = (&setup.ftp_root, &dir) {
        let root = dir.folder("ftp")?;
        if setup.scenario.is_none() {
            let sample = root.join(SAMPLE.0);
            fs::write(&sample, SAMPLE.1).map_err(named(format!("the server's {}", sample.display())))?;
        }
        setup.ftp_root = Some(root);
    }
    let ports = (0..setup.ports).map(|_| Port::pty()).collect::<io::Result<Vec<Port>>>();
    let mut ports = ports.map_err(named("a pseudo-terminal for a port"))?;
    let paths: Vec<String> = ports.iter().filter_map(|p| p.path()).map(|p| p.display().to_string()).collect();
    let links = links(options.link.clone(), dir.as_ref(), ports.len());
    let of = |link: &Path| {
        let link = link.to_owned();
        move |e| named(format!("--link {}", link.display()))(at(&link, e))
    };
    let claims = match &options.link {
        Some(_) => links.iter().map(|link| Claim::take(link).map_err(of(link))).collect::<io::Result<_>>()?,
        None => vec![],
    };
    for (port, link) in ports.iter_mut().zip(&links) {
        port.link(link).map_err(of(link))?;
    }
    let tcp = match options.tcp {
        Some(address) => {
            let listener = TcpListener::bind(address).await.map_err(named(format!("--tcp {address}")))?;
            let address = listener.local_addr()?;
            ports[0].listen(listener);
            Some(address)
        }
        None => None,
    };
    let named_control = match &options.control {
        Some(address) => Some(Listener::bind(address, options.control_anywhere).await?),
        None => None,
    };
    let page = match options.http {
        Some(Page::At(address)) => Some(http::Place::bind(address, options.http_anywhere)?),
        Some(Page::Off) | None => None,
    };
    // A modem is of use without it, too.
    let own_control = Listener::own().await.inspect_err(|error| tracing::warn!("{error}")).ok();
    let control = named_control.as_ref().or(own_control.as_ref());
    // Whoever steers the modem may look back.
    setup.trace = true;
    let (world, server) = setup::build(&setup)?;
    let ready = Ready {
        modem: setup.profile.name.clone(),
        port: paths[0].clone(),
        ports: paths,
        link: links[0].clone(),
        links,
        tcp,
        control: control.map(|control| control.address().to_string()),
        control_key: control.and_then(|control| Some(control.key()?.text().to_owned())),
        http: page.as_ref().map(http::Place::url),
        ftp: server.address(),
        ftp_root: server.root().to_path_buf(),
        seed: setup.seed,
        pid: std::process::id(),
        scenario: setup.scenario.clone(),
        speed: options.speed(&setup),
        named_control: options.control.is_some(),
    };
    let mut machine = Machine::new(world, ports, options.speed(&setup), options.pace);
    if let Some(folder) = &options.state {
        machine.keep_in(Store::open(folder, &setup.profile.name)?);
    }
    for sink in sinks {
        machine.trace_to(sink);
    }
    if label.is_none() || options.verbose > 0 {
        machine.trace_to(Box::new(Console::new(options.verbose, &setup.profile.name, label)?));
    }
    let modem = machine.world().modem();
    let coverage = modem.map(|modem| Coverage::new(modem, &setup.profile)).unwrap_or_default();
    let watch = Watch::new(Judge::new(&setup.expectations, coverage));
    machine.trace_to(Box::new(watch.clone()));
    let about = About {
        profile: ready.modem.clone(),
        scenario: ready.scenario.clone(),
        seed: ready.seed,
        links: ready.links.clone(),
        root: ready.ftp_root.clone(),
        base: saved::base(options, &setup),
        head: saved::head(options, &setup),
    };
    let control = Control::new(&mut machine, watch.clone(), about);
    let mut serving = JoinSet::new();
    for listener in [named_control, own_control].into_iter().flatten() {
        serving.spawn(control::serve(listener, control.clone()));
    }
    let page = page.map(|place| http::Server::start(place, Subject::Live(control), super::runtime()?));
    Ok(Bench {
        machine,
        ready,
        watch,
        control: serving,
        _page: page.transpose()?,
        _server: server,
        _claims: claims,
        _dir: dir,
    })
}

/// Where the link to each of so many ports is: the first as the user named it, the others beside it.
fn links(first: Option<PathBuf>, dir: Option<&Temporary>, ports: usize) -> Vec<PathBuf> {
    let folder = dir.map_or(PathBuf::new(), |dir| dir.path().to_owned());
    let first = first.unwrap_or_else(|| folder.join("modem"));
    let beside = (2..=ports).map(|n| {
        let mut name = first.as_os_str().to_owned();
        name.push(format!("-{n}"));
        name.into()
    });
    std::iter::once(first.clone()).chain(beside).collect()
}

/// Tells the program that started this one, as one line.
fn tell(ready: &Ready, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", visible_json(&serde_json::to_string(ready)?))?;
    out.flush()
}

/// Tells the user, or the program that started this one, that everything answers.
///
/// # Errors
/// Where standard output is closed.
pub fn announce(ready: &Ready, json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if json || !out.is_terminal() {
        return tell(ready, &mut out);
    }
    let port = Visible(ready.link.display());
    writeln!(out, "{} on {port} ({})", Visible(&ready.modem), ready.port)?;
    for (i, (link, path)) in ready.links.iter().zip(&ready.ports).enumerate().skip(1) {
        writeln!(out, "port {} on {} ({path})", i + 1, Visible(link.display()))?;
    }
    let scenario = ready.scenario.as_deref().map_or("no scenario".into(), |name| format!("scenario {name}"));
    writeln!(out, "{}, seed {}, speed {}", Visible(scenario), ready.seed, ready.speed)?;
    if let Some(tcp) = ready.tcp {
        writeln!(out, "the same port over TCP at {tcp}")?;
    }
    if let Some(page) = &ready.http {
        writeln!(out, "see and steer it at {page}")?;
    }
    if let (Some(control), true) = (&ready.control, ready.named_control) {
        let key = ready.control_key.as_ref().map_or(String::new(), |key| format!(", its key {key}"));
        writeln!(out, "control socket at {}{key}", Visible(control))?;
    }
    writeln!(out, "FTP server at {}, its files in {}", ready.ftp, Visible(ready.ftp_root.display()))?;
    writeln!(
        out,
        "Next, in another terminal:  picocom {port}  then type AT and Enter. Ctrl-C ends the modem.",
    )?;
    out.flush()
}
