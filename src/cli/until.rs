//! What else than a signal ends a run: the end of another process.

use crate::disk::named;
use clap::Args;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open, test_kill_process};
use std::future::pending;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;
use tokio::net::unix::pipe::Receiver;
use tokio::time::sleep;

/// How often a process is looked for where the system does not tell of its end.
const LOOK: Duration = Duration::from_millis(100);

/// What else ends a run.
#[derive(Args, Debug)]
pub struct Until {
    /// End when this process does, however it ends: a test that is killed leaves no modem behind
    #[arg(long, value_name = "PID", value_parser = process)]
    until_exit: Option<Pid>,
}

/// A process whose end is waited for.
#[derive(Debug)]
pub enum Watched {
    /// There is none.
    Nobody,
    /// The system tells of its end, also where nobody reaps it.
    Held(OwnedFd),
    /// It has to be looked for: a kernel before 5.3, or the rules of a container.
    Seen(Pid),
}

impl Until {
    /// Takes hold of the process.
    ///
    /// # Errors
    /// It is not there.
    pub fn watch(&self) -> io::Result<Watched> {
        let Some(pid) = self.until_exit else { return Ok(Watched::Nobody) };
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(held) => Ok(Watched::Held(held)),
            Err(_) if is_there(pid) => Ok(Watched::Seen(pid)),
            Err(_) => {
                let gone = io::Error::new(io::ErrorKind::NotFound, "there is no such process");
                Err(named(format!("--until-exit {}", pid.as_raw_nonzero()))(gone))
            }
        }
    }
}

impl Watched {
    /// Waits until it has ended; for ever where there is none.
    pub async fn end(self) {
        match self {
            Watched::Nobody => pending().await,
            Watched::Held(held) => {
                // A pipe by name only: tokio's own wrapper for any descriptor cannot be made without `unsafe`. What is to
                // be read of a process is that it has ended.
                if let Ok(held) = Receiver::from_owned_fd_unchecked(held) {
                    let _ = held.readable().await;
                }
            }
            Watched::Seen(pid) => {
                while is_there(pid) {
                    sleep(LOOK).await;
                }
            }
        }
    }
}

fn is_there(pid: Pid) -> bool {
    test_kill_process(pid) != Err(Errno::SRCH)
}

fn process(text: &str) -> Result<Pid, String> {
    let pid = text.parse().ok().filter(|pid| *pid > 0).and_then(Pid::from_raw);
    pid.ok_or_else(|| "write the number of a process, such as $$ in a shell".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[tokio::test]
    async fn a_process_that_has_to_be_looked_for_is_seen_to_end() {
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        let seen = tokio::spawn(Watched::Seen(Pid::from_child(&child)).end());
        tokio::task::yield_now().await;
        assert!(!seen.is_finished());
        child.kill().unwrap();
        child.wait().unwrap();
        seen.await.unwrap();
    }
}
