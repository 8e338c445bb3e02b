//! Runs a host program at a machine's port: from its start to the verdict.

use super::lines;
use super::orphans::{self, Mark, Orphans};
use super::output::{Live, Reader};
use crate::driver::machine::Machine;
use crate::time::Now;
use crate::time::units::Span;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use std::ffi::OsString;
use std::future::Future;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::time::{Instant, sleep, timeout};

/// How long a host that is told to end may take before it is killed.
const GRACE: Duration = Duration::from_secs(2);
/// The same where this process is told to end: that takes no more than two seconds together.
const HASTE: Duration = Duration::from_millis(600);
/// How often it is looked whether the last process of a group is gone: no event tells it.
const LOOK: Duration = Duration::from_millis(10);
/// How long the last line that it printed may take.
const REST: Duration = Duration::from_millis(500);
/// How long the modem may take for what a host sent last.
const SETTLE: Duration = Duration::from_secs(2);

/// A host program and what it is told.
#[derive(Clone, Debug)]
pub struct Host {
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// What is added to its environment.
    pub environment: Vec<(String, OsString)>,
    /// Whether what it prints is passed on.
    pub output: Live,
}

/// How a host came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It never began; why, in words.
    NotStarted(String),
    /// By itself.
    Ended(ExitStatus),
    /// It was stopped: it took longer than it was given.
    TimedOut(Duration),
    /// It was stopped: the scenario's `ends_within` had passed on the modem's clock.
    TooLate(Duration),
    /// It was stopped: this process got a signal.
    Interrupted(Signal),
}

impl End {
    /// The host's own status, as a shell gives it; none where it was stopped.
    pub fn status(&self) -> Option<u8> {
        match self {
            End::Ended(status) => {
                let signal = status.signal().map(|signal| 128 + signal);
                Some(status.code().or(signal).and_then(|n| u8::try_from(n).ok()).unwrap_or(u8::MAX))
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            End::NotStarted(why) => write!(f, "the host cannot be started: {why}"),
            End::Ended(status) => match (status.code(), status.signal()) {
                (Some(code), _) => write!(f, "the host ended with status {code}"),
                (None, Some(signal)) => write!(f, "the host was killed by signal {signal}"),
                (None, None) => write!(f, "the host ended: {status}"),
            },
            End::TimedOut(limit) => {
                write!(f, "the host did not end within {} (--timeout) and was killed", Span(*limit))
            }
            End::TooLate(limit) => {
                write!(
                    f,
                    "the run did not end within {} (ends_within), and the host was killed",
                    Span(*limit)
                )
            }
            End::Interrupted(signal) => write!(f, "interrupted by signal {}", signal.as_raw()),
        }
    }
}

/// How long a run may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// In real time.
    pub timeout: Duration,
    /// On the modem's clock.
    pub ends_within: Option<Duration>,
}

/// How a run went.
#[derive(Clone, Debug)]
pub struct Ran {
    /// How the host came to its end.
    pub end: End,
    /// When, on the modem's clock.
    pub at: Now,
    /// How long it took, in real time.
    pub took: Duration,
    /// What it printed, on either stream; of much, both ends.
    pub output: String,
}

/// Who is told each line that a host prints.
pub type Heard<'a> = &'a mut (dyn FnMut(Now, &str) + Send);

/// Runs `host` at the ports of a machine that is switched on, until it ends or has to; no process of it is left
/// afterwards, but one that has left its process group, its parents and its environment, which is killed with the rest of
/// `orphans`. `interrupted` says when to stop before; `heard` is told each line that the host
/// prints, where anybody wants to know.
///
/// # Errors
/// What the system refuses while the host is watched.
pub async fn run(
    machine: &mut Machine,
    host: &Host,
    limits: Limits,
    orphans: &Orphans,
    mut heard: Option<Heard<'_>>,
    interrupted: impl Future<Output = Signal>,
) -> io::Result<Ran> {
    let (start, mark) = (Instant::now(), Mark::new());
    let (tell, mut lines) = heard.as_ref().map(|_| lines::channel()).unzip();
    let (mut child, output) = match spawn(host, &mark, tell) {
        Ok(started) => started,
        Err(why) => {
            let end = End::NotStarted(why.to_string());
            return Ok(Ran { end, at: machine.now(), took: start.elapsed(), output: String::new() });
        }
    };
    // Its group has the number of its first process.
    let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let late = limits.ends_within.map(|limit| Now::ZERO + limit + Duration::from_micros(1));
    let mut told = |now: Now, line: &str| heard.iter_mut().for_each(|heard| heard(now, line));
    let (time_is_up, interrupted) = (sleep(limits.timeout), interrupted);
    tokio::pin!(time_is_up, interrupted);
    let end = loop {
        let line = tokio::select! {
            status = child.wait() => break End::Ended(status?),
            () = machine.run_until(late) => break End::TooLate(limits.ends_within.unwrap_or_default()),
            () = &mut time_is_up => break End::TimedOut(limits.timeout),
            signal = &mut interrupted => break End::Interrupted(signal),
            Some(line) = next_line(&mut lines) => line,
        };
        told(machine.now(), &line);
    };
    let (at, took) = (machine.now(), start.elapsed());
    let interrupted = matches!(end, End::Interrupted(_));
    tokio::select! {
        () = stop(&mut child, group, orphans, &mark, if interrupted { HASTE } else { GRACE }) => {}
        () = machine.run() => {}
    }
    // What it printed last. A process that has escaped may hold the other end for ever.
    if let Some(lines) = &mut lines {
        while let Ok(Some(line)) = timeout(REST, lines.recv()).await {
            told(at, &line);
        }
    }
    // Who reads what is printed must not wait for a listener that has gone.
    drop(lines);
    if !interrupted {
        // What cannot be settled by now never will be: a stalled link, or a host of another process.
        let _ = timeout(SETTLE, machine.settle()).await;
    }
    Ok(Ran { end, at, took, output: output.finish() })
}

/// The next line that the host prints; never where nobody listens.
async fn next_line(lines: &mut Option<Receiver<String>>) -> Option<String> {
    match lines {
        Some(lines) => lines.recv().await,
        None => std::future::pending().await,
    }
}

/// Starts the host, and who reads what it prints.
fn spawn(host: &Host, mark: &Mark, lines: Option<Sender<String>>) -> io::Result<(Child, Reader)> {
    let Some((program, arguments)) = host.command.split_first() else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let (reader, printed) = Reader::start(host.output, lines)?;
    let child = Command::new(program)
        .args(arguments)
        .envs(host.environment.iter().map(|(name, value)| (name, value)))
        .envs([mark.variable()])
        // Of several at once, each would take what is meant for another.
        .stdin(Stdio::null())
        .stdout(printed.try_clone()?)
        .stderr(printed)
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", program.display())))?;
    Ok((child, reader))
}

/// Ends the host and all that it started, also where it has ended itself.
async fn stop(child: &mut Child, group: Option<Pid>, orphans: &Orphans, mark: &Mark, grace: Duration) {
    let Some(group) = group else { return };
    // Errors say that nobody is there any more.
    let _ = kill_process_group(group, Signal::TERM);
    // One that is stopped hears nothing but this.
    let _ = kill_process_group(group, Signal::CONT);
    if timeout(grace, gone(child, group)).await.is_err() {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let killed = async {
        gone(child, group).await;
        while orphans.kill_run(mark, group) {
            sleep(LOOK).await;
        }
    };
    if timeout(grace / 2, killed).await.is_err() {
        tracing::warn!("a process that the host started cannot be killed");
    }
}

/// Waits until no process of the host's group is left.
async fn gone(child: &mut Child, group: Pid) {
    // Its own `Child` buries the host, which must not be missed there; the others are buried after it.
    while matches!(child.try_wait(), Ok(None)) || still_there(group) {
        sleep(LOOK).await;
    }
}

fn still_there(group: Pid) -> bool {
    orphans::bury(group);
    test_kill_process_group(group).is_ok()
}
