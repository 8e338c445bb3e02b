//! `badline diagnose`: name what went wrong in a recording.

use super::progress::Progress;
use super::{MISTAKE, complain, show, show_error, show_mistake, show_mistakes, show_refusal};
use crate::at::visible_json;
use crate::diagnose::{Diagnosis, Finding, Known, Stock, Trust};
use crate::disk::named;
use crate::play::reenact::{Reenacted, reenact};
use crate::play::{self, PlayError};
use crate::profile::mistake::Mistake;
use crate::setup::files;
use crate::transcript::{self, Reader, Transcript};
use clap::Args;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Name what went wrong in recordings: 0 where nothing did, 1 where something did
#[derive(Args, Debug)]
pub struct Diagnose {
    /// The recordings; `-` is standard input
    #[arg(required = true, value_name = "FILE.at")]
    files: Vec<PathBuf>,
    /// The module, where it is not the one that the recording names
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,
    /// Write the faults that show the same, as a scenario
    #[arg(long, value_name = "OUT.toml")]
    scenario: Option<PathBuf>,
    /// One JSON object per line on standard output
    #[arg(long)]
    json: bool,
}

/// A line that is longer than this is passed over.
const LONGEST: u64 = 4 << 20;
/// Of a recording that is longer than this no scenario is made.
const LARGEST: u64 = 64 << 20;
/// Something was found.
const FOUND: u8 = 1;

impl Diagnose {
    /// Runs it.
    pub fn main(self) -> ExitCode {
        if self.scenario.is_some() && self.files.len() > 1 {
            return show_error("--scenario goes with one recording");
        }
        let mut counts = Counts::default();
        for file in &self.files {
            let done = match &self.scenario {
                Some(out) => self.reenact(file, out, &mut counts),
                None => self.read(file, &mut counts, |_| ()).map(drop),
            };
            if let Err(status) = done {
                return status;
            }
        }
        if !self.json {
            show(self.summary(&counts));
        }
        match (counts.unread + counts.empty, counts.found) {
            (0, 0) => ExitCode::SUCCESS,
            (0, _) => ExitCode::from(FOUND),
            _ => ExitCode::from(MISTAKE),
        }
    }

    /// Reads a recording, shows what is found, and hands it on.
    fn read(
        &self,
        file: &Path,
        counts: &mut Counts,
        mut keep: impl FnMut(Finding),
    ) -> Result<Stock, ExitCode> {
        let name = file.display().to_string();
        let refused = |e: io::Error| show_refusal(&named(&name)(e));
        let (input, size): (Box<dyn Read>, u64) = match name.as_str() {
            "-" => (Box::new(io::stdin()), 0),
            _ => {
                let opened = File::open(file).map_err(refused)?;
                let size = opened.metadata().map(|m| m.len()).unwrap_or(0);
                (Box::new(opened), size)
            }
        };
        let mut lines = Lines { input: BufReader::with_capacity(1 << 16, input), read: 0 };
        let mut reader = Reader::new(&name);
        let mut diagnosis: Option<Diagnosis> = None;
        let progress = Progress::bytes(name.clone(), size);
        let mut line = vec![];
        loop {
            match lines.next(&mut line).map_err(refused)? {
                Next::End => break,
                Next::TooLong => {
                    reader.skip();
                    counts.unread += 1;
                    complain(format_args!(
                        "{name}:{}: this line is too long to be one of a transcript",
                        reader.lines()
                    ));
                    continue;
                }
                Next::Line => {}
            }
            progress.at(lines.read);
            let text = match std::str::from_utf8(&line) {
                Ok(text) => text,
                Err(_) => {
                    reader.skip();
                    counts.mistake(&Mistake {
                        line: reader.lines(),
                        ..Mistake::of_file(&name, "this is no UTF-8")
                    });
                    continue;
                }
            };
            let text = if reader.lines() == 0 { text.trim_start_matches('\u{feff}') } else { text };
            match reader.line(text) {
                Ok(None) => {}
                Ok(Some(step)) => {
                    let diagnosis = match &mut diagnosis {
                        Some(diagnosis) => diagnosis,
                        none => none.insert(self.begin(reader.head())?),
                    };
                    diagnosis.step(&step);
                    while let Some(finding) = diagnosis.poll() {
                        self.show(&name, &finding, counts, &progress)?;
                        keep(finding);
                    }
                }
                Err(mistake) => counts.mistake(&mistake),
            }
        }
        let Some(mut diagnosis) = diagnosis else {
            complain(format_args!("badline: {name}: there is nothing in it to be diagnosed"));
            counts.empty += 1;
            return Ok(Stock::default());
        };
        diagnosis.finish();
        while let Some(finding) = diagnosis.poll() {
            self.show(&name, &finding, counts, &progress)?;
            keep(finding);
        }
        Ok(diagnosis.stock().clone())
    }

    fn begin(&self, head: &Transcript) -> Result<Diagnosis, ExitCode> {
        let named = self.profile.is_some() || head.profile().is_some() || head.scenario().is_some();
        let setup = named.then(|| play::prepare(head, self.profile.as_deref()));
        let setup = setup.transpose().map_err(|mistakes| show_mistakes(&mistakes))?;
        let profile = setup.as_ref().map(|setup| &*setup.profile);
        Ok(Diagnosis::new(Known::of(profile), head.ports(), Trust::of(head)))
    }

    fn show(
        &self,
        name: &str,
        finding: &Finding,
        counts: &mut Counts,
        progress: &Progress,
    ) -> Result<(), ExitCode> {
        counts.found += 1;
        *counts.by_code.entry(finding.code.kind().code).or_default() += 1;
        let shown = match self.json {
            true => {
                let rule = |rule: &crate::diagnose::Proposed| {
                    let span = rule.lasts.map(|span| format!("{}ms", span.as_millis()));
                    json!({ "when": rule.when, "what": rule.what, "for": span })
                };
                let faults: Vec<Vec<_>> =
                    finding.faults.iter().map(|set| set.iter().map(rule).collect()).collect();
                let kind = finding.code.kind();
                let object = json!({
                    "file": name,
                    "line": finding.line,
                    "code": kind.code,
                    "sentence": finding.sentence,
                    "at_ms": u64::try_from(finding.at.as_millis()).unwrap_or(u64::MAX),
                    "port": finding.port,
                    "kind": kind.what,
                    "host": kind.host,
                    "faults": faults,
                });
                format!("{}\n", visible_json(&object.to_string()))
            }
            false => format!("{name}:{}: {}: {}\n", finding.line, finding.code, finding.sentence),
        };
        let shown = progress.aside(|| show(shown));
        match shown == ExitCode::SUCCESS {
            true => Ok(()),
            false => Err(shown),
        }
    }

    /// What was found, by kind.
    fn summary(&self, counts: &Counts) -> String {
        let mut out = String::new();
        let files = match self.files.as_slice() {
            [file] => file.display().to_string(),
            files => format!("{} files", files.len()),
        };
        let found = match counts.found {
            0 => "nothing found".to_owned(),
            1 => "1 finding".to_owned(),
            n => format!("{n} findings"),
        };
        let _ = write!(out, "{files}: {found}");
        for (n, (code, count)) in counts.by_code.iter().enumerate() {
            let _ = write!(out, "{}{count} {code}", if n == 0 { ": " } else { ", " });
        }
        if counts.unread > 0 {
            let lines = if counts.unread == 1 { "line" } else { "lines" };
            let _ = write!(out, "; {} {lines} could not be read", counts.unread);
        }
        out + "\n"
    }

    /// Reads a recording and writes the scenario of it.
    fn reenact(&self, file: &Path, out: &Path, counts: &mut Counts) -> Result<(), ExitCode> {
        if file.as_os_str() == "-" {
            return Err(show_error("--scenario reads its recording twice, so it has to be a file"));
        }
        if fs::metadata(file).is_ok_and(|m| m.len() > LARGEST) {
            return Err(show_error(format_args!(
                "{}: no scenario is made of more than 64 MiB",
                file.display()
            )));
        }
        let mut findings = vec![];
        let stock = self.read(file, counts, |finding| findings.push(finding))?;
        let text = files::read(file).map_err(|mistakes| show_mistakes(&mistakes))?;
        let recording = transcript::parse(&file.display().to_string(), &text)
            .map_err(|mistakes| show_mistakes(&mistakes))?;
        findings.sort_by_key(|finding| finding.line);
        let runtime = super::runtime().map_err(|e| show_refusal(&e))?;
        let made = runtime.block_on(reenact(&recording, self.profile.as_deref(), &findings, &stock));
        let Reenacted { scenario, same, steps, differ } = made.map_err(|error| match error {
            PlayError::Mistakes(mistakes) => show_mistakes(&mistakes),
            PlayError::Io(error) => show_refusal(&named("the modem that plays it")(error)),
            other => show_error(other),
        })?;
        fs::write(out, scenario).map_err(|e| show_refusal(&named(out.display())(e)))?;
        let told = match differ.as_slice() {
            [] => "the host gets the same answers throughout".to_owned(),
            lines => {
                let lines: Vec<String> = lines.iter().take(8).map(|d| d.line.to_string()).collect();
                format!(
                    "the host gets the same answers in {same} of {steps} steps; others in lines {}{}",
                    lines.join(", "),
                    if differ.len() > 8 { ", ..." } else { "" }
                )
            }
        };
        complain(format_args!("badline: {}: {told}; its expectation is to be filled in", out.display()));
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Counts {
    found: u64,
    by_code: BTreeMap<&'static str, u64>,
    unread: u64,
    /// Files without a step.
    empty: u64,
}

impl Counts {
    /// More mistakes than this are counted and not shown.
    const SHOWN: u64 = 20;

    fn mistake(&mut self, mistake: &Mistake) {
        self.unread += 1;
        if self.unread <= Counts::SHOWN {
            show_mistake(mistake);
        }
    }
}

struct Lines {
    input: BufReader<Box<dyn Read>>,
    read: u64,
}

enum Next {
    Line,
    TooLong,
    End,
}

impl Lines {
    fn next(&mut self, line: &mut Vec<u8>) -> io::Result<Next> {
        line.clear();
        let n = (&mut self.input).take(LONGEST).read_until(b'\n', line)? as u64;
        self.read += n;
        if n == 0 {
            return Ok(Next::End);
        }
        if n < LONGEST || line.ends_with(b"\n") {
            return Ok(Next::Line);
        }
        loop {
            line.clear();
            let n = (&mut self.input).take(LONGEST).read_until(b'\n', line)? as u64;
            self.read += n;
            if n == 0 || line.ends_with(b"\n") {
                return Ok(Next::TooLong);
            }
        }
    }
}
