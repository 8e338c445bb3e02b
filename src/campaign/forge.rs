//! The forges whose jobs run this: what they read in what a job prints.

use super::{Run, Summary, markdown};
use crate::at::{visible, visible_lines};
use crate::disk::named;
use std::env;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// GitHub shows ten annotations of a step, and no more.
const ANNOTATIONS: usize = 10;

/// A forge that is detected by its environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forge {
    /// None of those that are known.
    None,
    /// GitHub Actions, or what is made like it: where its repository is, and the file for the summary of the step.
    GitHub {
        /// The root of the repository.
        workspace: Option<PathBuf>,
        /// The file to which the summary is appended.
        summary: Option<PathBuf>,
    },
    /// GitLab: where its repository is.
    GitLab {
        /// The root of the repository.
        workspace: Option<PathBuf>,
    },
}

impl Forge {
    /// The one that runs this job.
    pub fn detected() -> Forge {
        let is = |name: &str| env::var_os(name).is_some_and(|value| value == "true");
        let path = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if is("GITHUB_ACTIONS") {
            return Forge::GitHub {
                workspace: path("GITHUB_WORKSPACE"),
                summary: path("GITHUB_STEP_SUMMARY"),
            };
        }
        if is("GITLAB_CI") {
            return Forge::GitLab { workspace: path("CI_PROJECT_DIR") };
        }
        Forge::None
    }

    /// The path of a file from the root of the repository, where it lies there.
    pub fn place(&self, file: &str) -> String {
        let workspace = match self {
            Forge::None => return file.to_owned(),
            Forge::GitHub { workspace, .. } | Forge::GitLab { workspace } => workspace,
        };
        let whole = std::fs::canonicalize(file).unwrap_or_else(|_| file.into());
        let root = workspace.as_ref().and_then(|root| std::fs::canonicalize(root).ok());
        let inside = root.and_then(|root| whole.strip_prefix(root).map(Path::to_owned).ok());
        inside.map_or_else(|| file.to_owned(), |inside| inside.display().to_string())
    }

    /// Begins a part of the log that can be folded. GitLab wants a number for each.
    ///
    /// # Errors
    /// What the writer refuses.
    pub fn open(&self, title: &str, number: u64, out: &mut impl Write) -> io::Result<()> {
        match self {
            Forge::None => Ok(()),
            Forge::GitHub { .. } => writeln!(out, "::group::{}", data(title)),
            Forge::GitLab { .. } => writeln!(
                out,
                "\x1b[0Ksection_start:{}:badline_{number}[collapsed=true]\r\x1b[0K{}",
                seconds(),
                visible(title)
            ),
        }
    }

    /// Ends it.
    ///
    /// # Errors
    /// What the writer refuses.
    pub fn close(&self, number: u64, out: &mut impl Write) -> io::Result<()> {
        match self {
            Forge::None => Ok(()),
            Forge::GitHub { .. } => writeln!(out, "::endgroup::"),
            Forge::GitLab { .. } => {
                writeln!(out, "\x1b[0Ksection_end:{}:badline_{number}\r\x1b[0K", seconds())
            }
        }
    }

    /// Says what failed where the forge shows that: at the lines of the scenarios, and in the summary of the step.
    ///
    /// # Errors
    /// What the writer, or the file of the summary, refuses.
    pub fn conclude(&self, runs: &[Run], summary: &Summary, out: &mut impl Write) -> io::Result<()> {
        let Forge::GitHub { summary: file, .. } = self else { return Ok(()) };
        let failures = runs
            .iter()
            .filter(|run| !run.passed)
            .flat_map(|run| run.failures().into_iter().map(move |(line, why)| (run, line, why)));
        for (run, line, why) in failures.take(ANNOTATIONS) {
            let mut properties = String::new();
            if let Some(scenario) = run.scenario.as_deref().filter(|scenario| Path::new(scenario).is_file()) {
                let (file, line) = (self.place(scenario), line.unwrap_or(1));
                properties = format!("file={},line={line},", property(&file));
            }
            let title = property(&format!("{} {}", run.name(), run.turn()));
            writeln!(out, "::error {properties}title={title}::{}", data(&why))?;
        }
        let Some(file) = file else { return Ok(()) };
        let name = || named(format!("GITHUB_STEP_SUMMARY {}", file.display()));
        let mut to = OpenOptions::new().append(true).create(true).open(file).map_err(name())?;
        to.write_all(markdown::text(runs, summary).as_bytes()).map_err(name())
    }
}

/// The message of a workflow command.
fn data(text: &str) -> String {
    visible_lines(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value among its properties.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_workflow_command_is_escaped() {
        assert_eq!(data("100 %: a,b\nc"), "100 %25: a,b%0Ac");
        assert_eq!(property("a:b,c\n%"), "a%3Ab%2Cc%0A%25");
    }

    #[test]
    fn a_file_is_named_from_the_root_of_the_repository() {
        let here = tempfile::tempdir().unwrap();
        let file = here.path().join("a.toml");
        std::fs::write(&file, "").unwrap();
        let forge = Forge::GitLab { workspace: Some(here.path().to_owned()) };
        assert_eq!(forge.place(file.to_str().unwrap()), "a.toml");
        assert_eq!(forge.place("/no/such"), "/no/such");
        assert_eq!(Forge::None.place("x/../y"), "x/../y");
    }
}
