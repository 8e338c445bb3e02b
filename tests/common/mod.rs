//! The built program, running, for the tests that meet it as a user does.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long anything may take before a test gives up.
pub const GUARD: Duration = Duration::from_secs(30);

/// `badline run`, which ends with this value.
pub struct Running {
    pub child: Child,
    /// The ready line.
    pub ready: serde_json::Value,
}

impl Running {
    /// Starts it with `arguments`, its temporary files in `temporary`, and waits until it answers.
    pub fn start(arguments: &[&str], temporary: &Path) -> Running {
        let mut child = Command::new(env!("CARGO_BIN_EXE_badline"))
            .arg("run")
            .args(arguments)
            .env("TMPDIR", temporary)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
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

/// What `work` gives, unless it takes longer than [`GUARD`].
pub fn within<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(work()));
    told.recv_timeout(GUARD).expect("it happens in time")
}
