//! The files in which the verdicts are written down.

use super::evidence::Evidence;
use crate::campaign::forge::Forge;
use crate::campaign::{Run, Summary, html, junit, quality};
use crate::disk::{Output, Outputs};
use clap::Args;
use std::io;
use std::path::PathBuf;

/// Where they are.
#[derive(Args, Clone, Debug)]
pub struct Files {
    /// Write the verdicts to this file, as JUnit XML: a suite for each scenario
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write them to this file, as a page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write what failed to this file, as GitLab's code quality report
    #[arg(long, value_name = "FILE")]
    pub code_quality: Option<PathBuf>,
}

/// The same, open.
pub struct Reports {
    junit: Option<Output>,
    html: Option<Output>,
    quality: Option<Output>,
    evidence: Option<Evidence>,
}

impl Files {
    /// Opens them.
    ///
    /// # Errors
    /// One cannot be written, or must not be; the error names it.
    pub fn open(&self, outputs: &mut Outputs) -> io::Result<Reports> {
        let mut open = |option, path: &Option<PathBuf>, kind| {
            path.as_ref().map(|path| outputs.open(option, path, kind)).transpose()
        };
        Ok(Reports {
            junit: open("--junit", &self.junit, junit::REPORT)?,
            html: open("--html", &self.html, html::PAGE)?,
            quality: open("--code-quality", &self.code_quality, quality::REPORT)?,
            evidence: None,
        })
    }
}

impl Reports {
    /// The same with a bundle.
    #[must_use]
    pub fn with(self, evidence: Option<Evidence>) -> Reports {
        Reports { evidence, ..self }
    }

    /// Writes them; gives what could not be written.
    pub fn write(self, runs: &[Run], summary: &Summary, forge: &Forge) -> Vec<io::Error> {
        let written = [
            self.junit.map(|out| junit::write(runs, summary, out)),
            self.html.map(|out| html::write(runs, summary, out)),
            self.quality.map(|out| quality::write(runs, |file| forge.place(file), out)),
            self.evidence.map(|evidence| evidence.write(runs, summary)),
        ];
        written.into_iter().flatten().filter_map(Result::err).collect()
    }
}
