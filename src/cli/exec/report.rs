//! The verdict as it is told: one JSON object per line, or a few lines for a person.

use crate::at::{Visible, visible_json};
use crate::cli::{MISTAKE, UNMET};
use crate::host::process::End;
use crate::judge::campaign::Campaign;
use crate::judge::findings::Findings;
use serde::Serialize;
use serde_json::json;
use std::io::{self, Write};
use std::time::Duration;

/// How a run went.
pub struct Verdict {
    /// The module.
    pub profile: String,
    /// The scenario's file.
    pub scenario: Option<String>,
    /// The seed that makes it go the same way again.
    pub seed: u64,
    /// How the host came to its end.
    pub end: End,
    /// How long it took in real time.
    pub took: Duration,
    /// What it has shown.
    pub findings: Findings,
    /// Whether a fault that has tested nothing fails the run.
    pub strict: bool,
    /// The lines of the trace that explain it.
    pub explanation: Vec<String>,
}

impl Verdict {
    /// What was run: the scenario, or a module without one.
    pub fn name(&self) -> &str {
        self.scenario.as_deref().unwrap_or(&self.profile)
    }

    /// The status of `badline` for it.
    pub fn status(&self) -> u8 {
        match &self.end {
            End::Interrupted(signal) => u8::try_from(128 + signal.as_raw()).unwrap_or(u8::MAX),
            End::NotStarted(_) => MISTAKE,
            _ => match self.own() {
                Some(0) if self.findings.met() && !(self.strict && self.findings.untested()) => 0,
                Some(0) | None => UNMET,
                Some(status) => status,
            },
        }
    }

    /// The host's own status, or 0 where it is the one that is expected; none where the host was stopped.
    pub fn own(&self) -> Option<u8> {
        let status = self.end.status()?;
        Some(if self.findings.host_status == Some(status) { 0 } else { status })
    }

    /// How the host came to its end, and whether it did what it is there for.
    pub fn reason(&self) -> String {
        match (self.findings.port_opened, &self.end) {
            (true, end) | (false, end @ End::NotStarted(_)) => end.to_string(),
            (false, end) => format!("{end}; it never opened the port"),
        }
    }

    /// Tells it, on standard output; what explains a failure, on standard error.
    ///
    /// # Errors
    /// Where standard output is closed.
    pub fn tell(&self, json: bool) -> io::Result<()> {
        if self.status() != 0 {
            // A terminal that is gone reads nothing more; the verdict goes elsewhere, too.
            let _ = self.explain(&mut io::stderr().lock());
        }
        let mut out = io::stdout().lock();
        match json {
            true => writeln!(out, "{}", self.json())?,
            false => self.plain(&mut out)?,
        }
        out.flush()
    }

    fn explain(&self, to: &mut impl Write) -> io::Result<()> {
        writeln!(to, "badline: the last of the trace (seed {}):", self.seed)?;
        self.explanation.iter().try_for_each(|line| writeln!(to, "{line}"))?;
        for outcome in self.findings.expectations.iter().filter(|o| o.fails()) {
            writeln!(to, "badline: not met: {}: {}", Visible(&outcome.text), Visible(&outcome.why))?;
        }
        writeln!(to, "badline: {}", Visible(self.reason()))
    }

    fn json(&self) -> String {
        #[derive(Serialize)]
        #[serde(tag = "event", rename = "verdict")]
        struct Line<'a> {
            modem: &'a str,
            scenario: Option<&'a str>,
            seed: u64,
            status: u8,
            passed: bool,
            host_status: Option<u8>,
            timed_out: bool,
            reason: String,
            seconds: f64,
            #[serde(flatten)]
            findings: &'a Findings,
        }
        let line = Line {
            modem: &self.profile,
            scenario: self.scenario.as_deref(),
            seed: self.seed,
            status: self.status(),
            passed: self.status() == 0,
            host_status: self.end.status(),
            timed_out: matches!(self.end, End::TimedOut(_) | End::TooLate(_)),
            reason: self.reason(),
            seconds: self.took.as_secs_f64(),
            findings: &self.findings,
        };
        // Nothing in it can fail to be written as JSON.
        visible_json(&serde_json::to_string(&line).unwrap_or_default())
    }

    fn plain(&self, out: &mut impl Write) -> io::Result<()> {
        let passed = if self.status() == 0 { "passed" } else { "FAILED" };
        writeln!(out, "{passed} (seed {}): {}", self.seed, Visible(self.reason()))?;
        for outcome in &self.findings.expectations {
            let met = match outcome.met {
                true => "met",
                false if outcome.fails() => "NOT MET",
                false => "not in this run",
            };
            writeln!(out, "  {met}: {}: {}", Visible(&outcome.text), Visible(&outcome.why))?;
        }
        for name in &self.findings.never_applied {
            writeln!(out, "  NEVER APPLIED: the fault {}", name.escape_debug())?;
        }
        for name in &self.findings.never_acted {
            writeln!(out, "  NEVER ACTED: the fault {}", name.escape_debug())?;
        }
        let (used, forms) = (self.findings.coverage.used.0.len(), self.findings.coverage.forms);
        writeln!(out, "  of the module's {forms} forms of commands the host used {used}")?;
        for (what, times) in &self.findings.coverage.unknown.0 {
            let name = Visible(&what.name);
            writeln!(out, "  the module does not know AT{name} ({}), sent {times} times", what.form)?;
        }
        for (what, times) in &self.findings.coverage.errors.0 {
            let cause = what.cause.as_ref().map_or(String::new(), |cause| format!(" ({cause})"));
            let met = format!("AT{} met {}{cause}", what.command, what.result);
            writeln!(out, "  {} {times} times", Visible(met))?;
        }
        for (what, times) in &self.findings.coverage.ftp_errors.0 {
            writeln!(out, "  the server said {} {times} times", what.code)?;
        }
        Ok(())
    }
}

/// How many runs went.
#[derive(Debug, Default)]
pub struct Summary {
    runs: u64,
    failed: Vec<Failed>,
    campaign: Campaign,
    /// The status of `badline`: that of the first run that failed.
    pub status: u8,
}

#[derive(Debug, Serialize)]
struct Failed {
    seed: u64,
    status: u8,
    reproduce: String,
}

impl Summary {
    /// Takes a run into account.
    pub fn count(&mut self, verdict: &Verdict) {
        self.campaign.add(verdict.seed, &verdict.findings.expectations);
        self.ended(verdict.seed, verdict.status());
    }

    /// Takes a run into account that came to nothing before its host was started.
    pub fn broke(&mut self, seed: u64) {
        self.ended(seed, MISTAKE);
    }

    fn ended(&mut self, seed: u64, status: u8) {
        self.runs += 1;
        if status != 0 {
            self.failed.push(Failed { seed, status, reproduce: format!("--seed {seed}") });
            if self.status == 0 {
                self.status = status;
            }
        }
    }

    /// Counts what was to be so over all runs; what was not is told on standard error.
    pub fn conclude(&mut self) {
        for overall in self.campaign.overall().iter().filter(|overall| !overall.met) {
            // A terminal that is gone reads nothing more.
            let _ = writeln!(
                io::stderr(),
                "badline: not met: {}: {}",
                Visible(&overall.text),
                Visible(&overall.why)
            );
            if self.status == 0 {
                self.status = UNMET;
            }
        }
    }

    /// Tells it, on standard output.
    ///
    /// # Errors
    /// Where standard output is closed.
    pub fn tell(&self, json: bool) -> io::Result<()> {
        let mut out = io::stdout().lock();
        let failed = self.failed.len();
        if json {
            let line = json!({
                "event": "summary", "runs": self.runs, "failures": failed, "status": self.status,
                "failed": self.failed, "expectations": self.campaign.overall(),
            });
            writeln!(out, "{}", visible_json(&line.to_string()))?;
        } else {
            writeln!(out, "{} runs, {failed} failed", self.runs)?;
            for overall in self.campaign.overall() {
                let met = if overall.met { "met" } else { "NOT MET" };
                writeln!(out, "  {met}: {}: {}", Visible(&overall.text), Visible(&overall.why))?;
            }
            for run in &self.failed {
                writeln!(out, "  {} happens again with {}", run.status, run.reproduce)?;
            }
        }
        out.flush()
    }
}
