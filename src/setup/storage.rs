//! The server's files: what rules have happen to them, and the quota. On the FTP server's thread.

use crate::fault::StorageVerdict;
use crate::fault::action;
use crate::ftpd::{Refusal, StorageFault, StorageFaults, StorageOp};
use crate::world::faults::Faults;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Debug)]
struct Disk {
    faults: Faults,
    root: PathBuf,
    quota: Option<u64>,
}

/// The seam of the server's files in the folder `root`, which together may hold `quota` octets.
pub(super) fn seam(faults: Faults, root: PathBuf, quota: Option<u64>) -> Arc<dyn StorageFaults> {
    Arc::new(Disk { faults, root, quota })
}

fn kind(op: StorageOp) -> action::StorageOp {
    match op {
        StorageOp::Read => action::StorageOp::Read,
        StorageOp::Write => action::StorageOp::Write,
        StorageOp::List | StorageOp::Metadata | StorageOp::Enter => action::StorageOp::Look,
        StorageOp::Delete | StorageOp::MakeDir | StorageOp::RemoveDir | StorageOp::Rename => {
            action::StorageOp::Change
        }
    }
}

fn refusal(code: u16) -> Refusal {
    match code {
        450 => Refusal::Busy,
        452 => Refusal::Full,
        550 => Refusal::Denied,
        551 => Refusal::PageType,
        552 => Refusal::Quota,
        553 => Refusal::Name,
        _ => Refusal::Local,
    }
}

impl StorageFaults for Disk {
    fn before(&self, op: StorageOp, path: &Path) -> Option<StorageFault> {
        let path = path.display().to_string();
        match self.faults.storage(kind(op), &path) {
            StorageVerdict::Fail(code) => Some(StorageFault::new(refusal(code), 0)),
            StorageVerdict::FailAfter { bytes, code, vanishes } => {
                Some(StorageFault { vanishes, ..StorageFault::new(refusal(code), bytes) })
            }
            StorageVerdict::Pass => self.quota(op, &path),
        }
    }
}

impl Disk {
    fn quota(&self, op: StorageOp, path: &str) -> Option<StorageFault> {
        let quota = self.quota.filter(|_| op == StorageOp::Write)?;
        // What is written over does not count.
        let old = fs::metadata(self.root.join(path.trim_start_matches('/'))).map_or(0, |m| m.len());
        let after = quota.saturating_sub(size(&self.root).saturating_sub(old));
        Some(StorageFault::new(Refusal::Quota, after))
    }
}

/// Octets in the files of a folder.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let each = entries.map(|entry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => size(&entry.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    });
    each.sum()
}
