//! A host script and what `badline exec` says of it.

use crate::guard::within;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What hosts of the tests have in common: `say` sends a line, `hear` waits for one that begins so.
pub const TOOLS: &str = r#"
exec 3<>"$BADLINE_PORT"
say() { printf '%s\r' "$1" >&3; }
hear() { while read -r line <&3; do case "$line" in "$1"*) return 0;; esac; done; return 1; }
"#;

pub struct Bench {
    pub here: TempDir,
}

pub struct Ran {
    pub status: Option<i32>,
    pub lines: Vec<Value>,
    pub told: String,
}

impl Bench {
    pub fn new() -> Bench {
        Bench { here: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.here.path().join(name)
    }

    pub fn file(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).expect("a file");
        self.path(name).display().to_string()
    }

    pub fn command(&self, options: &[&str], host: &str) -> Command {
        let script = self.file("host.sh", host);
        let mut command = Command::new(env!("CARGO_BIN_EXE_badline"));
        command.arg("exec").args(options).args(["--", "sh", &script]);
        command.env("HERE", self.here.path()).stdin(Stdio::null());
        // The forge that runs this test is to be told nothing.
        command.env_remove("GITHUB_ACTIONS").env_remove("GITLAB_CI");
        command
    }

    pub fn exec(&self, options: &[&str], host: &str) -> Ran {
        ran(self.command(options, host))
    }

    /// Runs a host under a scenario.
    pub fn scenario(&self, scenario: &str, host: &str) -> Ran {
        let scenario = self.file("scenario.toml", scenario);
        self.exec(&["--scenario", &scenario], host)
    }
}

pub fn ran(mut command: Command) -> Ran {
    let out = within(move || command.output().expect("the program starts"));
    let stdout = String::from_utf8(out.stdout).expect("JSON is UTF-8");
    let lines =
        stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")));
    let lines = lines.collect();
    Ran { status: out.status.code(), lines, told: String::from_utf8_lossy(&out.stderr).into_owned() }
}

impl Ran {
    pub fn verdict(&self) -> &Value {
        let verdict = self.lines.iter().find(|line| line["event"] == "verdict");
        verdict.unwrap_or_else(|| panic!("no verdict in {:?}; told: {}", self.lines, self.told))
    }

    /// The last line.
    pub fn summary(&self) -> &Value {
        let last = self.lines.last().filter(|line| line["event"] == "summary");
        last.unwrap_or_else(|| panic!("no summary in {:?}; told: {}", self.lines, self.told))
    }

    /// What became of each run.
    pub fn verdicts(&self) -> Vec<&Value> {
        self.lines.iter().filter(|line| line["event"] == "verdict").collect()
    }

    #[track_caller]
    pub fn tells(&self, text: &str) {
        assert!(self.told.contains(text), "no {text:?} in {}", self.told);
    }
}

pub fn talk(script: &str) -> String {
    format!("{TOOLS}{script}")
}
