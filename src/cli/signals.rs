//! The signals that end a run, in one place.

use rustix::process::Signal;
use std::fs;
use std::io;
use tokio::signal::unix::{self, SignalKind};

/// SIGINT, SIGTERM, and what a terminal that is closed (SIGHUP) or a person at it (SIGQUIT) sends.
pub struct Signals {
    interrupt: unix::Signal,
    terminate: unix::Signal,
    quit: unix::Signal,
    /// None where nohup(1) has it ignored.
    hangup: Option<unix::Signal>,
}

impl Signals {
    /// Listens for them from here on.
    ///
    /// # Errors
    /// What the system refuses.
    pub fn new() -> io::Result<Signals> {
        let hangup = (!is_ignored(Signal::HUP)).then(|| unix::signal(SignalKind::hangup()));
        Ok(Signals {
            interrupt: unix::signal(SignalKind::interrupt())?,
            terminate: unix::signal(SignalKind::terminate())?,
            quit: unix::signal(SignalKind::quit())?,
            hangup: hangup.transpose()?,
        })
    }

    /// The next of them.
    pub async fn next(&mut self) -> Signal {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Signal::INT,
            _ = self.terminate.recv() => Signal::TERM,
            _ = self.quit.recv() => Signal::QUIT,
            _ = hangup => Signal::HUP,
        }
    }
}

/// The signals that end this process when they come.
pub fn heard() -> Vec<Signal> {
    let signals = [Signal::INT, Signal::TERM, Signal::QUIT, Signal::HUP];
    signals.into_iter().filter(|signal| *signal != Signal::HUP || !is_ignored(*signal)).collect()
}

/// Whether whoever started this process has it ignore a signal (proc_pid_status(5)).
fn is_ignored(signal: Signal) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal.as_raw() - 1) & 1 == 1
}
