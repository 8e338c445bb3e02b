//! Processes that outlive the one that started them, found through `/proc`.

use rustix::process::{self, Pid, Signal, WaitOptions};
use std::fs;
use std::thread;

/// Watches over what descends from this process from here on.
#[derive(Debug)]
pub struct Orphans {
    /// Children from before, which are none of our business.
    others: Vec<Pid>,
}

impl Orphans {
    /// Has the processes whose parents end become children of this one, where the system can do that.
    pub fn adopt() -> Orphans {
        let own = process::getpid();
        if let Err(error) = process::set_child_subreaper(Some(own)) {
            tracing::warn!("a process that leaves its process group may be left behind: {error}");
        }
        let others = parents().into_iter().filter(|(_, parent)| *parent == own).map(|(child, _)| child);
        Orphans { others: others.collect() }
    }

    /// Kills them all, and buries those that are children of this process. Whether there was one.
    pub fn kill(&self) -> bool {
        let all = parents();
        let mut below = vec![process::getpid()];
        let mut next = 0;
        while let Some(parent) = below.get(next).copied() {
            let children = all.iter().filter(|(child, p)| *p == parent && !self.others.contains(child));
            below.extend(children.map(|(child, _)| *child));
            next += 1;
        }
        for pid in &below[1..] {
            // It may have ended by itself, and may be somebody else's to bury.
            let _ = process::kill_process(*pid, Signal::KILL);
            let _ = process::waitpid(Some(*pid), WaitOptions::NOHANG);
        }
        below.len() > 1
    }

    /// Kills them all until there is none, as far as that can be done at once.
    pub fn kill_all(&self) {
        for _ in 0..100 {
            if !self.kill() {
                return;
            }
            thread::yield_now();
        }
    }
}

/// Buries those of a process group that are children of this process and have ended.
pub fn bury(group: Pid) {
    while let Ok(Some(_)) = process::waitpgid(group, WaitOptions::NOHANG) {}
}

/// Every process and its parent.
fn parents() -> Vec<(Pid, Pid)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let pid = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            // proc_pid_stat(5): the name in parentheses may hold anything; state and parent follow.
            let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?;
            Some((pid, Pid::from_raw(parent.parse().ok()?)?))
        })
        .collect()
}
