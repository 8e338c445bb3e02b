//! `badline trace`: print a trace for a person.

use super::options::address;
use super::signals::Signals;
use super::{MISTAKE, complain, ctl, show_error, show_refusal};
use crate::at::Visible;
use crate::control::http::{self, Subject};
use crate::control::{Request, Wrong};
use crate::disk::{named, plain, why};
use crate::trace::{KINDS, Record, Unreadable, kind, read, show, show_wall};
use crate::words::suggest;
use clap::Args;
use rustix::event::{Timespec, poll};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// How often a file is looked at for what was added to it.
const LOOKS: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// Print a trace for a person
#[derive(Args, Debug)]
pub struct Trace {
    /// The trace, as `--trace` wrote it; `-` for standard input; or a modem that runs, as `badline ctl --modem` takes it
    #[arg(value_name = "FILE|-|ADDR")]
    from: String,
    /// Go on with what is added, until interrupted
    #[arg(long)]
    follow: bool,
    /// Only these: the words of the second column (command, result, urc, fault ...)
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    only: Vec<String>,
    /// The time on the wall (UTC) in place of the modem's
    #[arg(long)]
    wall: bool,
    /// Serve it as a page at this loopback IP:PORT, until interrupted
    #[arg(long, value_name = "ADDR", value_parser = address, conflicts_with_all = ["follow", "only", "wall"])]
    http: Option<SocketAddr>,
}

impl Trace {
    /// Runs it.
    pub fn main(self) -> ExitCode {
        if let Some(wrong) = self.only.iter().find(|word| !KINDS.contains(&word.as_str())) {
            let right = suggest(wrong, KINDS, "kinds");
            complain(format_args!("badline: a trace has nothing of the kind `{wrong}`\n  = {right}"));
            return ExitCode::from(MISTAKE);
        }
        let path = Path::new(&self.from);
        if let Some(address) = self.http {
            return match serve(path, address) {
                Ok(()) => ExitCode::SUCCESS,
                Err(e) => show_refusal(&e),
            };
        }
        let there = fs::metadata(path);
        match there {
            _ if self.from == "-" => self.print(BufReader::new(io::stdin().lock())),
            Ok(there) if there.is_dir() => {
                show_error(format_args!("{}: it is a folder; name a trace in it", self.from))
            }
            Ok(there) if !there.file_type().is_socket() && !is_pty(&there) => {
                match (File::open(path), self.follow && there.is_file()) {
                    (Ok(file), false) => self.print(BufReader::new(file)),
                    (Ok(file), true) => self.print(BufReader::new(Growing { file, path: path.to_owned() })),
                    (Err(e), _) => show_refusal(&named(path.display())(e)),
                }
            }
            _ => match self.modem() {
                Ok(input) => self.print(input),
                // It looks like a file that is not there.
                Err(wrong) => match there {
                    Err(e) if path.extension().is_some() => show_refusal(&named(path.display())(e)),
                    _ => show_error(wrong.error),
                },
            },
        }
    }

    /// What a modem that runs has kept, and what is to come where that is wanted.
    fn modem(&self) -> Result<Box<dyn BufRead>, Wrong> {
        let mut client = ctl::connect(Some(&self.from))?;
        client.ask(&Request::Follow { events: vec![], since: Some(0) })?;
        if self.follow {
            return Ok(client.into_input());
        }
        // What has been ends where another request is answered.
        client.send(&Request::Faults {})?;
        let mut past = vec![];
        while let Ok(Some(line)) = client.line()
            && !line.starts_with("{\"ok\"")
        {
            past.extend(line.into_bytes());
        }
        Ok(Box::new(io::Cursor::new(past)))
    }

    fn print(&self, input: impl BufRead) -> ExitCode {
        let mut out = io::BufWriter::new(io::stdout().lock());
        let (mut status, mut any) = (ExitCode::SUCCESS, false);
        for record in read(input) {
            let shown = match record {
                Ok(record) => {
                    any = true;
                    self.line(&mut out, &record)
                }
                Err(unreadable) => {
                    // Both go to one terminal: in their order.
                    let flushed = out.flush();
                    self.pass_over(&unreadable);
                    status = ExitCode::from(MISTAKE);
                    flushed
                }
            };
            if let Err(e) = shown {
                return ended(&e);
            }
        }
        match out.flush() {
            Ok(()) if !any => {
                let right = "a trace is what `--trace FILE` of a run has written";
                complain(format_args!("badline: {}: there is no record in it\n  = {right}", self.name()));
                ExitCode::from(MISTAKE)
            }
            Ok(()) => status,
            Err(e) => ended(&e),
        }
    }

    fn line(&self, out: &mut impl Write, record: &Record) -> io::Result<()> {
        if !self.only.is_empty() && !self.only.iter().any(|word| word == kind(&record.event)) {
            return Ok(());
        }
        let line = if self.wall { show_wall(record) } else { show(record) };
        writeln!(out, "{line}")?;
        if self.follow { out.flush() } else { Ok(()) }
    }

    fn pass_over(&self, unreadable: &Unreadable) {
        complain(format_args!("{}: {unreadable}", self.name()));
    }

    /// What is read, for a person.
    fn name(&self) -> &str {
        if self.from == "-" { "standard input" } else { &self.from }
    }
}

/// Serves a trace that is over as a page, until interrupted.
fn serve(path: &Path, address: SocketAddr) -> io::Result<()> {
    plain(path, OpenOptions::new().read(true)).map_err(named(path.display()))?;
    let place = http::Place::bind(address, false)?;
    let told = format!("{}: see it at {}", path.display(), place.url());
    super::runtime()?.block_on(async {
        let mut signals = Signals::new()?;
        let mut out = io::stdout().lock();
        writeln!(out, "{}", Visible(told)).and_then(|()| out.flush()).map_err(named("standard output"))?;
        tokio::select! {
            () = http::serve(place, Subject::Over(path.to_owned())) => {}
            _ = signals.next() => {}
        }
        Ok(())
    })
}

/// A file to which is added: its end is waited at. One that was begun anew is read anew.
struct Growing {
    file: File,
    path: PathBuf,
}

impl Read for Growing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.file.read(buffer)?;
            if read > 0 {
                return Ok(read);
            }
            // It waits for nothing but the time.
            poll(&mut [], Some(&LOOKS))?;
            let at = io::Seek::stream_position(&mut self.file)?;
            let own = self.file.metadata()?;
            if own.len() < at {
                io::Seek::rewind(&mut self.file)?;
            } else if let Ok(there) = fs::metadata(&self.path)
                && (there.dev(), there.ino()) != (own.dev(), own.ino())
            {
                self.file = File::open(&self.path)?;
            }
        }
    }
}

/// A reader such as `head` that has seen enough is no error.
fn ended(error: &io::Error) -> ExitCode {
    match error.kind() {
        io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        _ => show_error(format_args!("standard output: {}", why(error))),
    }
}

/// Whether it is a pseudo-terminal, which is the port of a modem that runs (devices.txt of Linux: majors 136 to 143).
fn is_pty(there: &Metadata) -> bool {
    there.file_type().is_char_device() && (136..=143).contains(&rustix::fs::major(there.rdev()))
}
