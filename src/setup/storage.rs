//! The server's files: what rules have happen to them. On the FTP server's thread.

use crate::fault::{self, StorageVerdict};
use crate::ftpd::{Refusal, StorageFault, StorageFaults, StorageOp};
use crate::world::faults::Faults;
use std::path::Path;
use std::sync::Arc;

#[derive(Debug)]
struct Disk {
    faults: Faults,
}

/// The seam of the server's files.
pub(super) fn seam(faults: Faults) -> Arc<dyn StorageFaults> {
    Arc::new(Disk { faults })
}

fn kind(op: StorageOp) -> fault::StorageOp {
    match op {
        StorageOp::Read => fault::StorageOp::Read,
        StorageOp::Write => fault::StorageOp::Write,
        StorageOp::List | StorageOp::Metadata | StorageOp::Enter => fault::StorageOp::Look,
        StorageOp::Delete | StorageOp::MakeDir | StorageOp::RemoveDir | StorageOp::Rename => {
            fault::StorageOp::Change
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
            StorageVerdict::Pass => None,
        }
    }
}
