//! From a profile and a network's description to a world that is ready to be switched on.

mod content;
pub mod files;
mod from_scenario;
mod storage;

pub use content::Content;
pub(crate) use content::inside;

use crate::at::octets::octets_of;
use crate::diagnose;
use crate::disk::{Outputs, Temporary, named};
use crate::fault::Rule;
use crate::ftpd::{self, FtpServer};
use crate::gate::{self, Gate, GateConfig};
use crate::modem::Modem;
use crate::network::{Call, Forward, Hosts, LinkProfile, Network, NetworkConfig, TlsFiles, TlsSetup};
use crate::profile::Profile;
use crate::profile::mistake::Mistake;
use crate::replay::{Recording, Replay};
use crate::scenario::{Expectation, Radio};
use crate::time::Now;
use crate::trace::Event;
use crate::transcript::Transcript;
use crate::world::World;
use crate::world::faults::Faults;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What a modem is made of.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The module's personality.
    pub profile: Arc<Profile>,
    /// Serial ports.
    pub ports: usize,
    /// Where names lead.
    pub hosts: Hosts,
    /// What the outside can reach.
    pub forward: Vec<Forward>,
    /// The FTP server's logins; none: everybody.
    pub users: Vec<(String, String)>,
    /// The FTP server's root; a temporary folder where there is none.
    pub ftp_root: Option<PathBuf>,
    /// Where the FTP server listens for the outside.
    pub ftp_listen: SocketAddr,
    /// The link.
    pub link: LinkProfile,
    /// How long an FTP session may lie idle on the modem's clock.
    pub ftp_idle: Option<Duration>,
    /// How the lines of the server's lists look.
    pub listing: ftpd::Listing,
    /// The server's greeting, behind its 220.
    pub greeting: Option<String>,
    /// What lies on the server from the start, on top of what its root holds.
    pub files: Vec<(String, Content)>,
    /// How many octets the server's files may hold together.
    pub quota: Option<u64>,
    /// Signal and registration over time.
    pub radio: Vec<Radio>,
    /// What goes wrong.
    pub rules: Vec<Rule>,
    /// What must come of it.
    pub expectations: Vec<Expectation>,
    /// The recording that answers the host, as long as the host follows it.
    pub recording: Option<Recording>,
    /// What in the files is likely not to say what was meant.
    pub warnings: Vec<Mistake>,
    /// The file of the scenario, for the trace.
    pub scenario: Option<String>,
    /// The files that it was read from, and what each is.
    pub reads: Vec<(&'static str, PathBuf)>,
    /// How many times faster than real time the module's clock runs, where the scenario says.
    pub speed: Option<u32>,
    /// The certificates of FTPS.
    pub tls: TlsFiles,
    /// Whether the module trusts the certificate that is made at start.
    pub trust_made: bool,
    /// The seed of everything that is drawn.
    pub seed: u64,
    /// Whether the world records what happens ([`World::poll_record`]) from its power-on.
    pub trace: bool,
    /// Whether the modem's clock is turned by hand, so that the same run is the same trace.
    pub by_hand: bool,
}

impl Setup {
    /// A modem with one port, whose every name leads to a built-in server of its own.
    pub fn new(profile: impl Into<Arc<Profile>>) -> Setup {
        let profile = profile.into();
        let link =
            LinkProfile { segment: usize::from(profile.bearer.segment.max(1)), ..LinkProfile::default() };
        Setup {
            profile,
            ports: 1,
            hosts: Hosts::default(),
            forward: vec![],
            users: vec![],
            ftp_root: None,
            ftp_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            link,
            ftp_idle: GateConfig::default().idle,
            greeting: None,
            listing: ftpd::Listing::default(),
            files: vec![],
            quota: None,
            radio: vec![],
            rules: vec![],
            expectations: vec![],
            recording: None,
            warnings: vec![],
            scenario: None,
            reads: vec![],
            speed: None,
            tls: TlsFiles::default(),
            trust_made: false,
            seed: 0,
            trace: false,
            by_hand: false,
        }
    }
}

/// Whether a path is another, or leads through it.
fn within(path: &str, other: &str) -> bool {
    let parts =
        |path: &str| path.split('/').filter(|part| !part.is_empty()).map(String::from).collect::<Vec<_>>();
    parts(path).starts_with(&parts(other))
}

/// What a profile is called among [`Setup::reads`].
const PROFILE: &str = "the profile of this run";

impl Setup {
    /// As [`Setup::new`], with the profile of that name or in that file.
    ///
    /// # Errors
    /// The mistakes in it.
    pub fn by_name(profile: &str) -> Result<Setup, Vec<Mistake>> {
        let reads = files::profile_files(profile, None).into_iter().map(|file| (PROFILE, file)).collect();
        Ok(Setup { reads, ..Setup::new(files::profile(profile)?) })
    }

    /// Has a recording answer the host; what it shows of its server's files is laid there.
    pub fn replay(&mut self, file: &Path, recording: &Transcript) {
        self.recording = Some(Recording::new(&file.display().to_string(), recording));
        self.reads.push(("the recording of this run", file.to_owned()));
        // What lies in a folder of the user's own, only the user knows.
        if self.ftp_root.is_none() {
            self.lay_files_of(recording);
        }
    }

    /// Lays what a recording shows of its server's files, below what is laid by others.
    pub fn lay_files_of(&mut self, recording: &Transcript) {
        let stock = diagnose::stock(recording, &self.profile);
        let folders = stock.folders().map(|path| (path.to_owned(), Content::Folder));
        let files = stock.files().map(|(path, content)| (path.to_owned(), Content::File(content)));
        let mut laid: Vec<(String, Content)> = vec![];
        for (path, content) in folders.chain(files) {
            let folder = matches!(content, Content::Folder);
            // A folder cannot lie where a file does.
            let taken = |(other, what): &(String, Content)| {
                within(other, &path) && !matches!(what, Content::Folder) || within(&path, other) && !folder
            };
            if !self.files.iter().chain(&laid).any(taken) {
                laid.push((path, content));
            }
        }
        self.files.splice(0..0, laid);
    }

    /// Has the files known that it was read from, which no run of it must write over.
    pub fn needs(&self, outputs: &mut Outputs) {
        self.reads.iter().for_each(|(what, file)| outputs.needs(what, file));
    }
}

/// The FTP server and its folder, which go when this is dropped.
#[derive(Debug)]
pub struct Server {
    server: FtpServer,
    root: PathBuf,
    _dir: Option<Temporary>,
}

impl Server {
    /// Where the outside reaches it.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The folder that its clients see as `/`.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

/// Builds the world and starts its FTP server.
///
/// # Errors
/// What the file system or the network of this machine refuse, in words for the user.
pub fn build(setup: &Setup) -> io::Result<(World, Server)> {
    let (root, dir) = match &setup.ftp_root {
        Some(root) => (root.clone(), None),
        None => {
            let dir = Temporary::new()?;
            (dir.folder("ftp")?, Some(dir))
        }
    };
    let of = || named(format!("--ftp-root {}", root.display()));
    let whole = fs::canonicalize(&root).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => of()(io::Error::new(e.kind(), "no such folder")),
        _ => of()(e),
    })?;
    fs::read_dir(&whole).map_err(|e| match e.kind() {
        io::ErrorKind::NotADirectory => of()(io::Error::new(e.kind(), "it is no folder")),
        _ => of()(e),
    })?;
    let root = whole;
    let (mut asked, there): (Vec<_>, Vec<_>) =
        setup.files.iter().cloned().partition(|(path, _)| path.contains('*'));
    // `a*.bin` before `*`.
    asked.sort_by_key(|(pattern, _)| Reverse(pattern.chars().filter(|c| *c != '*').count()));
    content::lay(&root, &there)?;
    let faults = Faults::new(setup.rules.clone(), setup.seed);
    let config = ftpd::Config {
        root: root.clone(),
        users: setup.users.clone(),
        listen: setup.ftp_listen,
        faults: storage::seam(faults.clone(), root.clone(), asked),
        quota: setup.quota,
        listing: setup.listing,
        greeting: gate::builtin::GREETING,
        check: gate::builtin::CHECK,
        names: |path| octets_of(path).into_owned(),
    };
    let server = FtpServer::start(config).map_err(named(format!("--ftp-listen {}", setup.ftp_listen)))?;
    let mut gates = GateConfig::default();
    gates.idle = setup.ftp_idle;
    gates.in_order = setup.by_hand;
    gates.greeting = setup.greeting.clone().unwrap_or(gates.greeting);
    let gates = Arc::new(gates);
    let seams = faults.clone();
    let make_gate = move |call: Call| -> Box<dyn super::network::Relay + Send> {
        let gate = Gate::new(gates.clone(), call.server, call.module, call.upstream, call.tls);
        Box::new(gate.with_upstream_tls(call.upstream_tls).with_faults(seams.gate()))
    };
    let config = NetworkConfig {
        hosts: setup.hosts.clone(),
        forward: setup.forward.clone(),
        server: server.local_address(),
        services: BTreeMap::new(),
        link: setup.link,
        tap: false,
    };
    let mut tls = TlsSetup::new(&setup.tls).map_err(io::Error::other)?;
    if setup.trust_made {
        tls.trust_authority().map_err(io::Error::other)?;
    }
    let network = Network::new(config, tls, Box::new(make_gate), faults.links());
    let behaviour = files::behaviour(&setup.profile).map_err(|(_, what)| io::Error::other(what))?;
    let mut modem = Modem::new(setup.profile.clone(), behaviour, setup.ports);
    modem.hook_faults(faults.module());
    let mut world = World::new(Box::new(modem), network, setup.ports).with_faults(faults.clone());
    if let Some(recording) = &setup.recording {
        world = world.behind(|modem| Box::new(Replay::new(modem, recording, || faults.module())));
    }
    world.set_radio(&setup.radio);
    if setup.trace {
        world.trace();
        world.record(Now::ZERO, || Event::Start {
            version: env!("CARGO_PKG_VERSION").into(),
            profile: setup.profile.name.clone(),
            scenario: setup.scenario.clone(),
            seed: setup.seed,
        });
    }
    Ok((world, Server { server, root, _dir: dir }))
}
