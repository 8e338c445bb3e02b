//! Processes that outlive the one that started them, found through `/proc`.

use rustix::process::{self, Pid, Signal, WaitOptions};
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// The variable by which the processes of one run are known among those of others.
const MARK: &str = "BADLINE_RUN";

/// Watches over what descends from this process from here on.
#[derive(Debug)]
pub struct Orphans {
    /// Children from before, which are none of our business.
    others: Vec<Pid>,
}

/// The processes of one run: they have a variable of their own in their environment, or descend from one that has.
#[derive(Clone, Debug)]
pub struct Mark(String);

/// A process as the system tells of it.
struct Process {
    pid: Pid,
    parent: Pid,
    group: Option<Pid>,
}

impl Mark {
    /// One that no other run has.
    pub fn new() -> Mark {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Mark(format!("{}-{number}", process::getpid().as_raw_nonzero()))
    }

    /// What the environment of its first process gains.
    pub fn variable(&self) -> (&'static str, &str) {
        (MARK, &self.0)
    }

    fn is_on(&self, pid: Pid) -> bool {
        let environment = fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())).unwrap_or_default();
        let wanted = format!("{MARK}={}", self.0);
        environment.split(|octet| *octet == 0).any(|variable| variable == wanted.as_bytes())
    }
}

impl Default for Mark {
    fn default() -> Mark {
        Mark::new()
    }
}

impl Orphans {
    /// Has the processes whose parents end become children of this one, where the system can do that.
    pub fn adopt() -> Orphans {
        let own = process::getpid();
        if let Err(error) = process::set_child_subreaper(Some(own)) {
            tracing::warn!("a process that leaves its process group may be left behind: {error}");
        }
        let others = processes().into_iter().filter(|process| process.parent == own);
        Orphans { others: others.map(|process| process.pid).collect() }
    }

    /// Kills those of one run, whose first process leads `group`, and buries those that are children of this process.
    /// Whether there was one.
    pub fn kill_run(&self, mark: &Mark, group: Pid) -> bool {
        let below = self.below();
        let mut found: Vec<Pid> = vec![];
        for process in &below {
            let own =
                process.group == Some(group) || found.contains(&process.parent) || mark.is_on(process.pid);
            if own {
                found.push(process.pid);
            }
        }
        kill(&found)
    }

    /// Kills them all until there is none, as far as that can be done at once.
    pub fn kill_all(&self) {
        for _ in 0..100 {
            let all: Vec<Pid> = self.below().iter().map(|process| process.pid).collect();
            if !kill(&all) {
                return;
            }
            thread::yield_now();
        }
    }

    /// All that descend from this process, parents before their children.
    fn below(&self) -> Vec<Process> {
        let own = process::getpid();
        let (mut found, mut rest): (Vec<Process>, Vec<Process>) = processes()
            .into_iter()
            .filter(|process| !self.others.contains(&process.pid))
            .partition(|process| process.parent == own);
        let mut next = 0;
        while let Some(parent) = found.get(next).map(|process| process.pid) {
            let (children, others) = rest.into_iter().partition(|process| process.parent == parent);
            let children: Vec<Process> = children;
            found.extend(children);
            (rest, next) = (others, next + 1);
        }
        found
    }
}

/// Kills processes, and buries those that are children of this one. Whether there was one.
fn kill(pids: &[Pid]) -> bool {
    for pid in pids {
        // It may have ended by itself, and may be somebody else's to bury.
        let _ = process::kill_process(*pid, Signal::KILL);
        let _ = process::waitpid(Some(*pid), WaitOptions::NOHANG);
    }
    !pids.is_empty()
}

/// Buries those of a process group that are children of this process and have ended.
pub fn bury(group: Pid) {
    while let Ok(Some(_)) = process::waitpgid(group, WaitOptions::NOHANG) {}
}

/// Every process.
fn processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let pid = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            // proc_pid_stat(5): the name in parentheses may hold anything; state, parent and group follow.
            let mut words = stat.rsplit_once(')')?.1.split_whitespace().skip(1);
            let parent = Pid::from_raw(words.next()?.parse().ok()?)?;
            let group = words.next()?.parse().ok().and_then(Pid::from_raw);
            Some(Process { pid, parent, group })
        })
        .collect()
}
