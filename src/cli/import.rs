//! `badline import`: another program's log as a recording.

use super::progress::Progress;
use super::{complain, list, show_error, show_refusal};
use crate::disk::{Kind, Outputs, named};
use crate::log::format::{self, Timing};
use crate::log::import::{Header, Import, Options, Source, guess};
use crate::log::mask::Masker;
use crate::log::module::{Candidate, Guess};
use crate::log::session::Session;
use crate::log::survey::{Survey, survey};
use crate::maker::{self, PROFILES};
use crate::setup::files;
use crate::transcript;
use clap::Args;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Make a recording of another program's log of a serial line
///
/// Several logs of one session are joined by their times; `script -T` takes both its files. What format it is, is guessed
/// from all its lines, and told on standard error with what could not be placed.
#[derive(Args, Debug)]
pub struct ImportLogs {
    /// The logs; `-` is standard input
    #[arg(required = true, value_name = "LOG")]
    logs: Vec<PathBuf>,
    /// Write the recording to this file, in place of standard output; where the log holds several modems, the second
    /// goes to FILE-2.at, and so on
    #[arg(short, long, value_name = "FILE.at")]
    output: Option<PathBuf>,
    /// The format: a name from `badline list formats`
    #[arg(long, value_name = "NAME", value_parser = format::named)]
    format: Option<&'static crate::log::Kind>,
    /// The module, where it is not the one that the log tells of
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,
    /// Of several modems in the log, only the one on this device
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// Keep numbers, PINs, passwords and the texts of messages as they are
    #[arg(long)]
    unmasked: bool,
}

/// What `-o` may write over.
pub const RECORDING: Kind = Kind { name: "recording (.at)", is_one: is_recording };

fn is_recording(begin: &[u8], _whole: bool) -> bool {
    let text = String::from_utf8_lossy(begin);
    text.lines().take(20).any(|line| line == "recorded" || line.starts_with("recorded "))
}

type Input = BufReader<Box<dyn Read>>;

impl ImportLogs {
    /// Runs it.
    pub fn main(self) -> ExitCode {
        match self.import() {
            Ok(status) => status,
            Err(Failure::Io(error)) => show_refusal(&error),
            Err(Failure::Said(what)) => show_error(what),
        }
    }

    fn import(&self) -> Result<ExitCode, Failure> {
        if let Some(profile) = &self.profile {
            files::profile(profile).map_err(|mistakes| {
                Failure::Said(mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
            })?;
        }
        let (candidates, secrets) = known()?;
        let masker = if self.unmasked { Masker::off() } else { Masker::new(secrets) };
        let sources = self.sources()?;
        let (names, kinds): (Vec<String>, Vec<_>) =
            sources.iter().map(|source| (source.name.clone(), source.kind)).unzip();
        let total: u64 = self.logs.iter().filter_map(|log| Some(log.metadata().ok()?.len())).sum();
        let progress = Progress::bytes("reading", total);
        let mut import = Import::new(sources, Options { masker, only: self.device.clone() })?;
        let mut bodies: Vec<BufWriter<File>> = vec![];
        while let Some(found) = import.next_steps()? {
            write_steps(&mut bodies, &import, found)?;
            progress.at(import.bytes_read());
        }
        let rest = import.finish();
        write_steps(&mut bodies, &import, rest)?;
        drop(progress);
        self.tell(&import, &names);
        let dialogues: Vec<usize> =
            (0..import.sessions.len()).filter(|i| import.sessions[*i].is_dialogue()).collect();
        if dialogues.is_empty() {
            return Err(self.nothing(&import));
        }
        if dialogues.len() > 1 && self.output.is_none() {
            let devices: Vec<&str> = dialogues.iter().map(|i| import.sessions[*i].name.as_str()).collect();
            return Err(Failure::Said(format!(
                "the log holds {} modems: {}; write them to files with -o, or choose one with --device",
                devices.len(),
                devices.join(", ")
            )));
        }
        let mut outputs = Outputs::default();
        self.logs.iter().for_each(|log| outputs.needs("a log that is read", log));
        let mut counts = crate::log::event::Counts::default();
        import.sources.iter().for_each(|source| counts += source.counts());
        for (place, number) in dialogues.into_iter().enumerate() {
            let session = &import.sessions[number];
            let guess = guess(session, &candidates);
            let header = Header {
                source: &names.join(", "),
                kind: kinds[0],
                lossy: import.sources.iter().any(|source| source.lossy),
                counts,
                guess: Some(&guess),
                profile: self.profile.as_deref(),
                masked: !self.unmasked,
            };
            let body = bodies.get_mut(number);
            self.write(&mut outputs, place, &header, session, body)?;
            self.tell_module(session, &guess);
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The logs, surveyed and ready to be read.
    fn sources(&self) -> Result<Vec<Source<Input>>, Failure> {
        let mut logs: Vec<(String, File)> = vec![];
        for path in &self.logs {
            logs.push((name_of(path), open(path)?));
        }
        let mut timings: Vec<(String, Timing)> = vec![];
        let mut sources = vec![];
        let mut surveyed = vec![];
        for (name, mut file) in logs {
            if is_timing(&mut file)? {
                timings.push((name, timing(file)));
                continue;
            }
            let progress = Progress::bytes("looking at", file.metadata()?.len());
            let survey = survey(BufReader::new(&file), self.format, &mut |bytes| progress.at(bytes))?;
            drop(progress);
            file.rewind()?;
            surveyed.push((name, file, survey));
        }
        timings.reverse();
        for (name, file, survey) in surveyed {
            self.tell_format(&name, &survey);
            let timing =
                if survey.kind.name == "script" { timings.pop().map(|(_, timing)| timing) } else { None };
            let input: Box<dyn Read> = Box::new(file);
            sources.push(Source::new(&name, BufReader::new(input), survey, timing));
        }
        for (name, _) in timings {
            complain(format_args!(
                "badline: {name}: these are the times of a log of `script`, which is not there"
            ));
        }
        if sources.is_empty() {
            return Err(Failure::Said("there is no log to read".into()));
        }
        Ok(sources)
    }

    fn tell_format(&self, name: &str, survey: &Survey) {
        let Survey { kind, fits, lines, others, lossy, .. } = survey;
        let how = match self.format {
            Some(_) => "read as",
            None => "looks like",
        };
        let others: Vec<String> = others
            .iter()
            .filter(|(_, n)| n * 4 > *fits)
            .take(3)
            .map(|(name, n)| format!("{name} {n}"))
            .collect();
        let besides =
            if others.is_empty() { String::new() } else { format!(" (others: {})", others.join(", ")) };
        complain(format_args!(
            "badline: {name}: {how} {} ({}): {fits} of {lines} lines fit{besides}",
            kind.name, kind.about
        ));
        if *lossy {
            complain(format_args!(
                "badline: {name}: lossy: the format loses CR and LF or more, so the recording is compared as text"
            ));
        }
    }

    fn tell(&self, import: &Import<Input>, names: &[String]) {
        for (source, name) in import.sources.iter().zip(names) {
            let counts = source.counts();
            complain(format_args!(
                "badline: {name}: {} lines: {} placed, {} comments, {} unplaced",
                counts.lines, counts.placed, counts.told, counts.unplaced
            ));
            if source.leaps() > 0 {
                complain(format_args!(
                    "badline: {name}: its clock goes back or is set {} times; the recording's goes on from there",
                    source.leaps()
                ));
            }
        }
        match (self.unmasked, import.masked()) {
            (true, _) => complain("badline: nothing is masked: keep the recording to yourself"),
            (false, 0) => complain("badline: nothing personal was found to be masked"),
            (false, n) => complain(format_args!(
                "badline: masked {n} times a number, a secret or the text of a message"
            )),
        }
        for device in import.left_out() {
            complain(format_args!("badline: left out: device {device}"));
        }
    }

    fn tell_module(&self, session: &Session, guess: &Guess) {
        let device = if session.name.is_empty() { String::new() } else { format!("{}: ", session.name) };
        match &self.profile {
            Some(profile) => {
                complain(format_args!("badline: {device}the module is taken for {profile}, as you say"))
            }
            None => complain(format_args!("badline: {device}the module is {guess}")),
        }
        if !session.timed {
            complain(format_args!(
                "badline: {device}the log has no times; usual ones were put in their place"
            ));
        }
    }

    fn nothing(&self, import: &Import<Input>) -> Failure {
        if let Some(device) = &self.device {
            let others: Vec<&str> = import.left_out().collect();
            if !others.is_empty() {
                return Failure::Said(format!(
                    "there is no device {device} in the log, but {}",
                    others.join(", ")
                ));
            }
        }
        let lines: u64 = import.sources.iter().map(|source| source.counts().lines).sum();
        Failure::Said(match lines {
            0 => "the log is empty".to_owned(),
            n => format!("nothing in the log's {n} lines is said to a modem or by one"),
        })
    }

    fn write(
        &self,
        outputs: &mut Outputs,
        place: usize,
        header: &Header,
        session: &Session,
        body: Option<&mut BufWriter<File>>,
    ) -> Result<(), Failure> {
        let mut out: Box<dyn Write> = match &self.output {
            Some(path) => Box::new(BufWriter::new(outputs.open("-o", &numbered(path, place), RECORDING)?)),
            None => Box::new(io::stdout().lock()),
        };
        let text: String =
            header.lines(session).iter().map(|heading| format!("{}\n", heading.source)).collect();
        let wrote = (|| {
            out.write_all(text.as_bytes())?;
            if let Some(body) = body {
                body.flush()?;
                body.get_mut().rewind()?;
                io::copy(body.get_mut(), &mut out)?;
            }
            out.flush()
        })();
        match wrote {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            wrote => {
                // A file that is written has its name in the error already.
                let told = match &self.output {
                    Some(path) => named(format!("-o {}", numbered(path, place).display())),
                    None => named("standard output".to_owned()),
                };
                wrote.map_err(|e| Failure::Io(if e.raw_os_error().is_some() { told(e) } else { e }))
            }
        }
    }
}

/// What a recording is put together in.
const SPILLED: &str = "a temporary file";

/// Why there is no recording.
pub enum Failure {
    /// What the system refused.
    Io(io::Error),
    /// In words for the user.
    Said(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Io(error)
    }
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> io::Error {
        match failure {
            Failure::Io(error) => error,
            Failure::Said(what) => io::Error::other(what),
        }
    }
}

/// The modules that are known, and what is secret in their commands.
pub fn known() -> Result<(Vec<Candidate>, crate::at::Secrets), Failure> {
    let wrong = |_| Failure::Said("a profile in the binary is broken".into());
    let mut candidates = vec![];
    for (name, _) in PROFILES {
        let profile = files::profile(name).map_err(wrong)?;
        let rows = list::table(name).map_err(wrong)?;
        let commands =
            rows.into_iter().filter_map(|[command, ..]| command.strip_prefix("AT").map(str::to_owned));
        let identity = &profile.identity;
        candidates.push(Candidate {
            name: (*name).to_owned(),
            says: [&identity.model, &identity.revision]
                .into_iter()
                .chain(&identity.information)
                .cloned()
                .collect(),
            commands: commands.collect(),
        });
    }
    Ok((candidates, maker::secrets(None)))
}

fn name_of(path: &Path) -> String {
    match path.file_name() {
        Some(name) if path != Path::new("-") => name.to_string_lossy().into_owned(),
        _ => "standard input".to_owned(),
    }
}

/// A log is read twice: what comes from a pipe is kept in a file meanwhile.
fn open(path: &Path) -> Result<File, Failure> {
    let told = named(path.display());
    if path == Path::new("-") {
        return spooled(io::stdin().lock()).map_err(Failure::Io);
    }
    let file = File::open(path).map_err(named(path.display()))?;
    let kind = file.metadata().map_err(named(path.display()))?;
    if kind.is_dir() {
        return Err(Failure::Said(format!("{}: it is a folder, and no log", path.display())));
    }
    if kind.is_file() { Ok(file) } else { spooled(file).map_err(told).map_err(Failure::Io) }
}

fn spooled(mut input: impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile().map_err(named(SPILLED))?;
    io::copy(&mut input, &mut file)?;
    file.rewind()?;
    Ok(file)
}

fn is_timing(file: &mut File) -> io::Result<bool> {
    let mut begin = vec![];
    (&*file).take(4096).read_to_end(&mut begin)?;
    file.rewind()?;
    Ok(format::is_timing(&begin))
}

fn timing(file: File) -> Timing {
    let lines = BufReader::new(file).split(b'\n').map_while(Result::ok);
    Box::new(lines.filter_map(|line| format::timing(&line)))
}

fn write_steps(
    bodies: &mut Vec<BufWriter<File>>,
    import: &Import<Input>,
    found: Vec<crate::log::import::Found>,
) -> io::Result<()> {
    while bodies.len() < import.sessions.len() {
        bodies.push(BufWriter::new(tempfile::tempfile().map_err(named(SPILLED))?));
    }
    for (number, step) in found {
        let step: transcript::Step = step;
        writeln!(bodies[number], "{step}")?;
    }
    Ok(())
}

/// `FILE.at`, `FILE-2.at`, and so on.
fn numbered(path: &Path, place: usize) -> PathBuf {
    if place == 0 {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let end = path.extension().map_or(String::new(), |end| format!(".{}", end.to_string_lossy()));
    path.with_file_name(format!("{stem}-{}{end}", place + 1))
}
