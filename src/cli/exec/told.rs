//! What becomes of the runs is told: each as it ends, and all of them at the end.

use super::reports::Reports;
use crate::at::Visible;
use crate::campaign::forge::Forge;
use crate::campaign::run::MISTAKE;
use crate::campaign::text::{self, Detail};
use crate::campaign::{How, Run, Shard, Summary};
use crate::cli::progress::Progress;
use crate::cli::{complain, show_refusal};
use crate::disk::{named, why};
use rustix::process::Signal;
use std::io::{self, Write};
use std::time::Duration;

/// A passing run has no more of its host's output in the reports.
const OF_A_PASS: usize = 4 << 10;
/// So many failures have all of theirs that was kept.
const WHOLE: usize = 500;

/// Which runs there are to be, and how they are told.
#[derive(Clone, Debug)]
pub struct Course {
    /// What tells the plan from another.
    pub plan: String,
    /// How many points it has.
    pub points: u64,
    /// Which part of it is run.
    pub shard: Shard,
    /// How many points that has.
    pub own: u64,
    /// Whether JSON is told, and no text for a person.
    pub json: bool,
    /// Whether what hosts print is seen only here.
    pub many: bool,
    /// Who runs the job.
    pub forge: Forge,
}

/// What has become of the runs so far.
pub struct Told {
    course: Course,
    runs: Vec<Run>,
    failures: usize,
    progress: Option<Progress>,
    /// Why no more of them is begun.
    over: Option<String>,
    /// Why standard output takes nothing more.
    closed: Option<io::Error>,
}

impl Told {
    /// Of runs that have not begun.
    pub fn new(course: Course) -> Told {
        let progress = course.many.then(|| Progress::runs(course.own));
        Told { course, runs: vec![], failures: 0, progress, over: None, closed: None }
    }

    /// Tells of a run. Whether none should be begun any more.
    pub fn take(&mut self, mut run: Run) -> bool {
        self.failures += usize::from(!run.passed);
        shorten(&mut run.output, if run.passed || self.failures > WHOLE { OF_A_PASS } else { usize::MAX });
        match run.end {
            How::Broken | How::NotStarted => self.over = Some(run.reason.clone()),
            How::Interrupted => self.over = Some("interrupted".into()),
            How::Ended | How::TimedOut => {}
        }
        let Told { course, .. } = self;
        let print = || course.tell(&run);
        let told = match &self.progress {
            Some(progress) => progress.aside(print),
            None => print(),
        };
        if let Some(progress) = &self.progress {
            progress.more(if self.failures > 0 {
                format!("{} failed", self.failures)
            } else {
                String::new()
            });
        }
        self.closed = told.map_err(named("standard output")).err();
        self.runs.push(run);
        self.over.is_some() || self.closed.is_some()
    }

    /// Writes the reports, tells of all runs, and gives the status. `lost` is what could not be written before.
    ///
    /// # Errors
    /// Where nothing else says that something could not be written.
    pub fn conclude(
        self,
        reports: Reports,
        took: Duration,
        signal: Option<Signal>,
        lost: Vec<io::Error>,
    ) -> io::Result<u8> {
        let Told { course, mut runs, progress, mut over, closed, .. } = self;
        drop(progress);
        runs.sort_by_key(|run| run.point);
        let mut summary =
            Summary::of(&runs, took.as_secs_f64(), course.plan.clone(), course.points, course.shard);
        if let Some(signal) = signal {
            summary.status = u8::try_from(128 + signal.as_raw()).unwrap_or(u8::MAX);
            over = Some(format!("interrupted by signal {}", signal.as_raw()));
        }
        if let Some(closed) = &closed {
            over = Some(why(closed));
        }
        for unmet in summary.expectations.iter().filter(|expected| !expected.overall.met) {
            let (text, why) = (&unmet.overall.text, &unmet.overall.why);
            complain(format_args!("badline: not met: {}: {}", Visible(text), Visible(why)));
        }
        let not_run = course.own.saturating_sub(runs.len() as u64);
        summary.stopped(not_run, over.as_deref().unwrap_or("their threads have ended"));
        let mut errors = lost;
        errors.extend(reports.write(&runs, &summary, &course.forge));
        errors.extend(course.forge.conclude(&runs, &summary, &mut io::stderr().lock()).err());
        for error in &errors {
            // Who reads the report alone must not take its absence for a pass.
            show_refusal(error);
        }
        if !errors.is_empty() && summary.status == 0 {
            summary.status = MISTAKE;
        }
        match closed {
            Some(error) => {
                if summary.status == 0 {
                    Err(error)
                } else {
                    show_refusal(&error);
                    Ok(summary.status)
                }
            }
            None => course.conclude(&summary).map(|()| summary.status),
        }
    }
}

impl Course {
    /// Tells one run on standard output; what explains a failure, on standard error.
    fn tell(&self, run: &Run) -> io::Result<()> {
        if !run.passed {
            // A terminal that is gone reads nothing more; the verdict goes elsewhere, too.
            let _ = self.explain(run, &mut io::stderr().lock());
        } else if self.many {
            run.untested().for_each(|text| {
                complain(format_args!("badline: warning: {} {}: {text}", run.name(), run.turn()))
            });
        }
        let mut out = io::stdout().lock();
        match (self.json, self.many) {
            (true, _) => writeln!(out, "{}", run.json())?,
            (false, false) => text::run(run, Detail::Whole, &mut out)?,
            (false, true) => text::run(run, Detail::Line, &mut out)?,
        }
        out.flush()
    }

    fn explain(&self, run: &Run, to: &mut impl Write) -> io::Result<()> {
        if self.many {
            self.forge.open(
                &format!("{} {}: status {}", run.name(), run.turn(), run.status),
                run.point,
                to,
            )?;
        }
        text::explanation(run, self.many, to)?;
        if self.many { self.forge.close(run.point, to) } else { Ok(()) }
    }

    /// Tells all runs.
    fn conclude(&self, summary: &Summary) -> io::Result<()> {
        let mut out = io::stdout().lock();
        let told = match (self.json, self.many) {
            (true, _) => writeln!(out, "{}", summary.json()),
            (false, true) => text::summary(summary, &mut out),
            (false, false) => Ok(()),
        };
        told.and_then(|()| out.flush()).map_err(named("standard output"))
    }
}

/// Leaves so many octets of the end of a text, at the beginning of a line where there is one.
fn shorten(text: &mut String, to: usize) {
    if text.len() <= to {
        return;
    }
    let from = (text.len() - to..).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let from = text[from..].find('\n').map_or(from, |at| from + at + 1);
    *text = format!("[{from} bytes are left out]\n{}", &text[from..]);
}
