//! Plays a transcript as the host, in-process: the modem's clock is turned by hand, the network is real.

pub mod compare;
pub mod device;
pub mod reenact;

use crate::disk::{Temporary, plain, why};
use crate::driver::by_hand::{ByHand, Listener, Until};
use crate::driver::sinks::Sinks;
use crate::fault::{
    Files, Known, Never, Problem, Request, Rule, Trigger, Weight, doubts, never_acts, never_happens,
};
use crate::judge::on_server::places;
use crate::modem::{Level, ModuleLine, PortId, Vocabulary};
use crate::network::Forward;
use crate::profile::mistake::{Mistake, together};
use crate::setup::files::{self, Instead};
use crate::setup::{self, Server, Setup, inside};
use crate::trace::Sink;
use crate::transcript::content::{Content, Found, Judge, Want};
use crate::transcript::player::{Action, Failure, Options, Player};
use crate::transcript::{Heading, Kind, Setting, Signal, Transcript};
use rustix::process;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Why a transcript was not played to its end.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// Its header is wrong.
    #[error("{}", together(.0))]
    Mistakes(Vec<Mistake>),
    /// This machine refused something.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The modem did something else than it says.
    #[error(transparent)]
    Failed(Box<Failure>),
    /// This process is to end.
    #[error("interrupted by signal {}", .0.as_raw())]
    Interrupted(process::Signal),
}

/// Plays `transcript` against a modem of its profile, or of `profile`, and gives it back with what
/// was heard in the place of what was expected where `bless`.
///
/// # Errors
/// The first thing that did not go as the transcript says.
pub async fn play(
    transcript: Transcript,
    profile: Option<&str>,
    bless: bool,
) -> Result<Option<Transcript>, PlayError> {
    play_traced(transcript, profile, bless, vec![]).await
}

/// As [`play`]; the records of what happens go to `sinks`, to the very end where it fails, too.
///
/// # Errors
/// As [`play`].
pub async fn play_traced(
    transcript: Transcript,
    profile: Option<&str>,
    bless: bool,
    sinks: Vec<Box<dyn Sink>>,
) -> Result<Option<Transcript>, PlayError> {
    let dir = Temporary::new()?;
    play_at(transcript, profile, bless, sinks, &dir.folder("ftp")?).await
}

/// As [`play_traced`]; what the server holds is in the folder `root`, and stays there.
///
/// # Errors
/// As [`play`].
pub async fn play_at(
    transcript: Transcript,
    profile: Option<&str>,
    bless: bool,
    sinks: Vec<Box<dyn Sink>>,
    root: &Path,
) -> Result<Option<Transcript>, PlayError> {
    let mut setup = prepare(&transcript, profile).map_err(PlayError::Mistakes)?;
    setup.ftp_root = Some(root.to_path_buf());
    (setup.trace, setup.by_hand) = (!sinks.is_empty(), true);
    let (world, server) = setup::build(&setup)?;
    let name = transcript.name.clone();
    let player = Player::new(transcript, Options { bless, lines: true });
    let mut bench = Bench { hand: ByHand::new(world, setup.ports, Sinks::new(sinks), player), server };
    let played = bench.play().await;
    for text in bench.hand.world.faults().untested() {
        tracing::warn!("{name}: {text}");
    }
    bench.hand.drain();
    played.map(|()| bench.hand.listener.blessed())
}

/// What the header asks for; `profile` stands in the place of the transcript's own.
///
/// # Errors
/// Every mistake in it.
pub fn prepare(transcript: &Transcript, profile: Option<&str>) -> Result<Setup, Vec<Mistake>> {
    let mut setup = match transcript.scenario() {
        Some(file) => from_scenario(transcript, file, profile)?,
        None => {
            let named = transcript.profile();
            let mut found = files::profile_from(&transcript.name, &as_profile(transcript, profile)).map_err(
                |mistakes| mistakes.into_iter().map(|m| in_header(transcript, m)).collect::<Vec<_>>(),
            )?;
            found.name = profile.or(named).unwrap_or(DEFAULT).to_owned();
            Setup::new(found)
        }
    };
    setup.ports = setup.ports.max(transcript.ports());
    setup.seed = transcript.seed().unwrap_or(setup.seed);
    for heading in &transcript.header {
        let wrong = |what: String| vec![heading.mistake(&transcript.name, what)];
        match &heading.setting {
            Setting::Host { name, target } => {
                setup.hosts.set(name, target.parse().map_err(wrong)?).map_err(wrong)?;
            }
            Setting::Forward { port, target } => {
                let at = target.parse().map_err(|_| wrong(format!("`{target}` is no ADDRESS:PORT")))?;
                let port = port.parse().map_err(|_| wrong(format!("`{port}` is no port")))?;
                setup.forward.push(Forward { port, at });
            }
            Setting::User { name, password } => setup.users.push((name.clone(), password.clone())),
            Setting::Dir(path) => {
                inside(Path::new(""), path).map_err(wrong)?;
                setup.files.push((path.clone(), setup::Content::Folder));
            }
            Setting::File { path, content } => {
                inside(Path::new(""), path).map_err(wrong)?;
                setup.files.push((path.clone(), setup::Content::File(content.clone())));
            }
            _ => {}
        }
    }
    Ok(setup)
}

/// Reads a transcript's header and its faults; gives what is likely not to say what was meant.
///
/// # Errors
/// Every mistake in them.
pub fn check(transcript: &Transcript) -> Result<Vec<Mistake>, Vec<Mistake>> {
    let setup = prepare(transcript, None)?;
    let unusable = |(_, what)| vec![Mistake::of_file(&transcript.name, what)];
    let behaviour = files::behaviour(&setup.profile).map_err(unusable)?;
    let module = Vocabulary::new(behaviour.as_ref(), &setup.profile);
    let problems = files::with_known(module, |known| {
        let known = Known { ports: Some(setup.ports), ..*known };
        faults(transcript, &setup.rules, &known)
    });
    let (wrong, odd): (Vec<_>, Vec<_>) =
        problems.into_iter().partition(|(weight, _)| *weight == Weight::Mistake);
    match wrong.is_empty() {
        true => Ok(setup.warnings.into_iter().chain(odd.into_iter().map(|(_, m)| m)).collect()),
        false => Err(wrong.into_iter().map(|(_, m)| m).collect()),
    }
}

/// What is wrong with the faults of a transcript, after those of its scenario.
fn faults(transcript: &Transcript, rules: &[Rule], known: &Known) -> Vec<(Weight, Mistake)> {
    let mut names = Names::default();
    rules.iter().for_each(|rule| names.add(rule));
    let mut found = vec![];
    for step in &transcript.steps {
        let Kind::Fault(text) = &step.kind else { continue };
        let begin = step.source.find(text.as_str()).unwrap_or(0);
        let mut tell = |problem: Problem| {
            let span = begin + problem.span.start..begin + problem.span.end;
            // What it is held against may stand in another line.
            let problem = Problem { span, other: None, ..problem };
            let weight = problem.weight;
            let mistake = Mistake::of_problem(&transcript.name, &step.source, problem);
            found.push((weight, Mistake { line: step.line, ..mistake }));
        };
        match Request::parse(text) {
            Err(problem) => tell(problem),
            Ok(Request::Rule(rule)) => {
                never(&rule, &names, known).into_iter().for_each(&mut tell);
                names.add(&rule);
            }
            Ok(Request::Inject(name) | Request::Lift(name)) if !names.given.contains(&name) => {
                tell(no_fault(0..text.len(), &name, &names));
            }
            Ok(_) => {}
        }
    }
    found
}

/// Why a fault that comes into force at a step can never be applied, lifted, or act.
fn never(rule: &Rule, names: &Names, known: &Known) -> Vec<Problem> {
    let span = || rule.span.clone();
    let until = rule.until.as_ref().map(|(trigger, _)| trigger);
    for trigger in [Some(&rule.when), until].into_iter().flatten() {
        let never = match trigger {
            Trigger::After(name) | Trigger::Lifted(name) if !names.given.contains(name) => {
                return vec![no_fault(span(), name, names)];
            }
            _ => never_happens(trigger, known),
        };
        if let Some(Never { what, right, .. }) = never {
            return vec![Problem::new(span(), format!("the fault can never fire: {what}"), right)];
        }
    }
    if let Some(Never { what, right, .. }) = never_acts(&rule.what, known) {
        return vec![Problem::new(span(), format!("the fault can never act: {what}"), right)];
    }
    doubts(std::slice::from_ref(rule), known, None)
}

fn no_fault(span: std::ops::Range<usize>, name: &str, names: &Names) -> Problem {
    const SHOWN: usize = 20;
    let shown: Vec<&str> = names.given.iter().take(SHOWN).map(String::as_str).collect();
    let right = match shown.as_slice() {
        [] => "there is none before this line".to_owned(),
        shown => format!("the names are {}", shown.join(", ")),
    };
    Problem::new(span, format!("no fault is named `{name}`"), right)
}

/// The names of faults, as the engine gives them: one that is taken, or that of a fault without one, is numbered.
#[derive(Default)]
struct Names {
    given: BTreeSet<String>,
    /// How often each was asked for.
    asked: BTreeMap<String, u32>,
}

impl Names {
    fn add(&mut self, rule: &Rule) {
        let base = rule.name.clone().unwrap_or_else(|| rule.kind.name.to_owned());
        let asked = self.asked.entry(base.clone()).or_default();
        loop {
            *asked += 1;
            let name = if *asked == 1 { base.clone() } else { format!("{base}-{asked}") };
            if self.given.insert(name) {
                return;
            }
        }
    }
}

/// The module where nothing names one.
const DEFAULT: &str = "sim7080";

fn from_scenario(transcript: &Transcript, file: &str, profile: Option<&str>) -> Result<Setup, Vec<Mistake>> {
    let names = |heading: &&Heading| matches!(heading.setting, Setting::Scenario(_));
    let file = match files::is_shipped(file) {
        true => PathBuf::from(file),
        false => Path::new(&transcript.name).parent().unwrap_or(Path::new("")).join(file),
    };
    let instead = profile.or(transcript.profile());
    let mut scenario = files::scenario(&file, Instead::profile(instead)).map_err(|mistakes| {
        let heading = transcript.header.iter().find(names);
        let there = |m: Mistake| match (m.line, heading) {
            (0, Some(heading)) => heading.mistake(&transcript.name, format!("{}: {}", m.file, m.what)),
            _ => m,
        };
        mistakes.into_iter().map(there).collect::<Vec<_>>()
    })?;
    for heading in &transcript.header {
        if let Setting::Set { key, value } = &heading.setting {
            scenario.set(key, value).map_err(|what| vec![heading.mistake(&transcript.name, what)])?;
        }
    }
    let folder = file.parent().unwrap_or(Path::new("")).to_owned();
    let mut setup = Setup::from_scenario_with(&scenario, &folder, instead)?;
    setup.scenario = Some(file.display().to_string());
    setup.reads.push(("the scenario of this run", file));
    Ok(setup)
}

/// The header as a profile: its lines stand where the header has them, and so do the keys of `set`.
fn as_profile(transcript: &Transcript, instead: Option<&str>) -> String {
    let line = |heading: &Heading| match &heading.setting {
        Setting::Profile(name) if instead.is_none() => format!("extends = {name:?}\n"),
        Setting::Set { .. } => format!("    {}\n", &heading.source["set ".len()..]),
        _ => "\n".to_owned(),
    };
    let text: String = transcript.header.iter().map(line).collect();
    match (instead, transcript.profile()) {
        (None, Some(_)) => text,
        (instead, _) => format!("{text}extends = {:?}\n", instead.unwrap_or(DEFAULT)),
    }
}

/// A mistake in what [`as_profile`] gave, in the transcript.
fn in_header(transcript: &Transcript, mistake: Mistake) -> Mistake {
    let line = |heading: &&Heading| mistake.file == transcript.name && heading.line == mistake.line;
    match transcript.header.iter().find(line) {
        Some(heading) if matches!(heading.setting, Setting::Set { .. }) => {
            Mistake { source: heading.source.clone(), ..mistake }
        }
        Some(heading) => Mistake { right: mistake.right, ..heading.mistake(&transcript.name, mistake.what) },
        None if mistake.file == transcript.name => Mistake { file: "--profile".into(), line: 0, ..mistake },
        None => mistake,
    }
}

impl Listener for Player {
    fn heard(&mut self, port: PortId, bytes: &[u8]) {
        Player::heard(self, port.number(), bytes);
    }

    fn line(&mut self, port: PortId, line: ModuleLine, on: bool) {
        let signal = match line {
            ModuleLine::Dcd => Signal::Dcd,
            ModuleLine::Ri => Signal::Ri,
        };
        Player::line(self, port.number(), signal, on);
    }
}

/// The port with this number in the transcript, which has no port 0.
fn place(port: usize) -> PortId {
    PortId::numbered(port).unwrap_or_default()
}

struct Bench {
    hand: ByHand<Player>,
    server: Server,
}

impl Bench {
    async fn play(&mut self) -> Result<(), PlayError> {
        self.hand.power_on().await?;
        loop {
            match self.hand.listener.next_action() {
                Action::Settle => self.hand.settle().await?,
                Action::Wait { .. } => {
                    if !self.hand.wait_outside().await? {
                        self.hand.listener.gave_up();
                    }
                }
                Action::Turn(span) => {
                    self.hand.turn(span, Until::Over).await?;
                }
                Action::TurnUntilHeard(span) => {
                    let turned = self.hand.turn(span, Until::Heard).await?;
                    self.hand.listener.turned(turned);
                }
                Action::Send { port, content } => self.send(place(port), &content).await?,
                Action::Fault { line: _, text } => self.fault(&text),
                Action::CheckFile { path, want } => {
                    self.hand.settle().await?;
                    if let Err(why) = self.check(&path, &want) {
                        self.hand.listener.refuse(why);
                    }
                }
                Action::SetLine { port, signal: Signal::Dtr, on } => {
                    self.hand.dtr(place(port), Level::new(on))
                }
                Action::SetLine { .. } | Action::SetBaud { .. } => {}
                Action::Open { port } => self.hand.open(place(port)),
                Action::Close { port } => self.hand.close(place(port)),
                Action::Done => return Ok(()),
                Action::Failed(failure) => return Err(PlayError::Failed(failure)),
            }
        }
    }

    /// Does what a `!` line says.
    fn fault(&mut self, text: &str) {
        let done = match Request::parse(text) {
            Ok(request) => self.hand.world.faults().request(self.hand.now, request),
            Err(problem) => Err(format!("`{text}`: {problem}")),
        };
        match done {
            Ok(_) => self.hand.act(),
            Err(why) => self.hand.listener.refuse(why),
        }
    }

    async fn send(&mut self, port: PortId, content: &Content) -> Result<(), PlayError> {
        let mut stream = content.stream();
        loop {
            let window = self.hand.window(port).await?;
            if window == 0 {
                self.hand.listener.refuse("the module takes nothing more from the host");
                return Ok(());
            }
            let chunk = stream.take_chunk(window.min(16 * 1024));
            if chunk.is_empty() {
                return Ok(());
            }
            self.hand.typed(port, &chunk);
        }
    }

    /// Whether what a `?` line says of a file, or of each that its pattern matches, is true.
    fn check(&self, path: &str, want: &Want) -> Result<(), String> {
        let (root, files) = (self.server.root(), Files::from(path));
        inside(root, path)?;
        let mut found = places(root, &files);
        if files.are_many() && *want != Want::Absent {
            found.retain(|(_, place)| place.is_dir() == (*want == Want::Directory));
        }
        if found.is_empty() {
            let none = |why| if files.are_many() { "none is there".to_owned() } else { why };
            return Judge::new(want).verdict(Found::Absent).map_err(none);
        }
        found.iter().try_for_each(|(name, place)| {
            let why = |why: String| if files.are_many() { format!("{name}: {why}") } else { why };
            check_one(place, want).map_err(why)
        })
    }
}

fn check_one(path: &Path, want: &Want) -> Result<(), String> {
    let mut judge = Judge::new(want);
    let found = match fs::metadata(path) {
        Err(_) => Found::Absent,
        Ok(meta) if meta.is_dir() => Found::Directory,
        Ok(_) => {
            let mut file = plain(path, OpenOptions::new().read(true)).map_err(|e| why(&e))?;
            let mut chunk = vec![0; 64 * 1024];
            loop {
                match file.read(&mut chunk).map_err(|e| e.to_string())? {
                    0 => break Found::File,
                    n => judge.chunk(&chunk[..n]),
                }
            }
        }
    };
    judge.verdict(found)
}
