//! `badline record`: between a host and a real modem.

use super::import::{RECORDING, known};
use super::signals::Signals;
use super::{complain, last, options, show_refusal};
use crate::at::{Visible, visible_json};
use crate::disk::{Claim, Output, Outputs, Temporary, named, sweep};
use crate::driver::port::Port;
use crate::log::mask::Masker;
use crate::log::module::Candidate;
use crate::record::{Tape, Target, record};
use clap::Args;
use serde::Serialize;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Sit between a host and a real modem, and write down what crosses the line
///
/// The host opens the port that is told, in place of the modem's own. What it sends goes to the device at once, and back;
/// the device is set up as the host sets up its port. A device that vanishes is looked for until it comes back. Ctrl-C ends
/// it, and leaves a whole recording.
#[derive(Args, Debug)]
pub struct Record {
    /// The modem: a serial device, with the rate that it keeps where it does not take the host's, or a TCP port that
    /// passes bytes
    #[arg(long, value_name = "TTY[@BAUD]|HOST:PORT")]
    device: Target,
    /// Where the recording goes
    #[arg(short, long, value_name = "FILE.at")]
    output: PathBuf,
    /// A symbolic link to the port for the host, removed at exit
    #[arg(long, value_name = "PATH")]
    link: Option<PathBuf>,
    /// The module, where it is not the one that it says it is
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,
    /// Keep numbers, PINs, passwords and the texts of messages as they are
    #[arg(long)]
    unmasked: bool,
    /// Print the ready line as JSON also on a terminal
    #[arg(long)]
    json: bool,
}

/// The ready line.
#[derive(Serialize)]
#[serde(tag = "event", rename = "ready")]
struct Ready<'a> {
    /// The port for the host.
    port: String,
    link: PathBuf,
    device: String,
    output: &'a PathBuf,
    pid: u32,
}

impl Record {
    /// Runs it.
    pub fn main(self) -> ExitCode {
        options::log(0);
        match self.run() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => show_refusal(&error),
        }
    }

    fn run(&self) -> io::Result<()> {
        last::resort(|| ())?;
        sweep();
        if let Some(profile) = &self.profile {
            crate::setup::files::profile(profile).map_err(|mistakes| io::Error::other(texts(&mistakes)))?;
        }
        let (candidates, secrets) = known().map_err(io::Error::from)?;
        let masker = if self.unmasked { Masker::off() } else { Masker::new(secrets) };
        super::runtime()?.block_on(self.sit_between(masker, &candidates))
    }

    async fn sit_between(&self, masker: Masker, candidates: &[Candidate]) -> io::Result<()> {
        let mut signals = Signals::new()?;
        let mut outputs = Outputs::default();
        if let Target::Tty { path, .. } = &self.device {
            outputs.needs("the device", path);
        }
        let file = outputs.open("-o", &self.output, RECORDING)?;
        let mut port = Port::pty()?;
        let folder = match &self.link {
            Some(_) => None,
            None => Some(Temporary::new()?),
        };
        let link =
            self.link.clone().or_else(|| Some(folder.as_ref()?.path().join("modem"))).unwrap_or_default();
        let of = || named(format!("--link {}", link.display()));
        let _claim = self.link.is_some().then(|| Claim::take(&link).map_err(of())).transpose()?;
        port.link(&link).map_err(of())?;
        let mut tape = Tape::begin(file, self.header(), masker)?;
        self.announce(&port, link)?;
        let of = || named(format!("-o {}", self.output.display()));
        tokio::select! {
            ended = record(&mut port, &self.device, &mut tape) => ended.map_err(of())?,
            _ = signals.next() => {}
        }
        let guess = tape.guess(candidates);
        let file: Output = tape.finish().map_err(of())?;
        file.finish()?;
        if self.profile.is_none() {
            complain(format_args!("badline: the module is {guess}"));
            if let Some(profile) = guess.profile().filter(|_| self.output.is_file()) {
                put_before(&self.output, &format!("profile {profile}\n")).map_err(of())?;
            }
        }
        Ok(())
    }

    fn header(&self) -> String {
        let mut header = format!("recorded badline record\n# {}\n", Visible(&self.device));
        if let Some(profile) = &self.profile {
            header = format!("profile {profile}\n{header}");
        }
        if !self.unmasked {
            header.push_str("# masked: numbers, PINs, passwords, logins and the texts of messages\n");
        }
        header + "\n"
    }

    fn announce(&self, port: &Port, link: PathBuf) -> io::Result<()> {
        let port = port.path().map(|path| path.display().to_string()).unwrap_or_default();
        let mut out = io::stdout().lock();
        let ready = Ready {
            port,
            link,
            device: self.device.to_string(),
            output: &self.output,
            pid: std::process::id(),
        };
        if self.json || !out.is_terminal() {
            writeln!(out, "{}", visible_json(&serde_json::to_string(&ready)?))?;
        } else {
            let link = Visible(ready.link.display());
            writeln!(
                out,
                "{} on {link} ({}), recorded in {}",
                Visible(&ready.device),
                ready.port,
                Visible(self.output.display())
            )?;
            writeln!(out, "Start the host on that port. Ctrl-C ends the recording.")?;
        }
        out.flush()
    }
}

fn texts(mistakes: &[crate::profile::mistake::Mistake]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Puts a line before all others of a file, which may be longer than memory.
fn put_before(path: &Path, line: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    let mut old = File::open(path)?;
    new.as_file().set_permissions(old.metadata()?.permissions())?;
    new.write_all(line.as_bytes())?;
    io::copy(&mut old, &mut new)?;
    new.persist(path).map(drop).map_err(|error| error.error)
}
