//! The built program, running, for the tests that meet it as a user does.

mod guard;

pub use guard::*;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// `badline run`, which ends with this value.
pub struct Running {
    pub child: Child,
    /// The ready line.
    pub ready: serde_json::Value,
}

impl Running {
    /// Starts it with `arguments`, its temporary files in `temporary`, and waits until it answers.
    pub fn start(arguments: &[&str], temporary: &Path) -> Running {
        let mut command = Running::command(arguments, temporary);
        Running::wait(command.spawn().expect("the program starts"))
    }

    /// What starts it.
    pub fn command(arguments: &[&str], temporary: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_badline"));
        command
            .arg("run")
            .args(arguments)
            .env("TMPDIR", temporary)
            .env_remove("XDG_RUNTIME_DIR")
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        command
    }

    /// Waits until it answers.
    pub fn wait(mut child: Child) -> Running {
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let line = within(move || {
            let mut line = String::new();
            stdout.read_line(&mut line).map(|_| line)
        });
        let line = line.expect("standard output can be read");
        Running { ready: serde_json::from_str(&line).expect("the ready line is JSON"), child }
    }

    /// A word of the ready line.
    pub fn told(&self, key: &str) -> &str {
        self.ready[key].as_str().unwrap_or_else(|| panic!("no {key} in {}", self.ready))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
