//! The server's files: what rules have happen to them. On the FTP server's thread.

use super::Faults;
use crate::fault::StorageVerdict;
use crate::fault::action;
use crate::ftpd::{Refusal, StorageFault, StorageFaults, StorageOp};
use crate::time::Now;
use std::path::Path;
use std::sync::atomic::Ordering;

#[derive(Debug)]
pub(super) struct Disk {
    pub faults: Faults,
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
        let now = Now::from_micros(self.faults.shared.now.load(Ordering::Relaxed));
        let path = path.display().to_string();
        let verdict = self.faults.ask(|engine| engine.storage(now, kind(op), &path));
        match verdict {
            Some(StorageVerdict::Fail(code)) => Some(StorageFault::new(refusal(code), 0)),
            Some(StorageVerdict::FailAfter { bytes, code, vanishes }) => {
                Some(StorageFault { vanishes, ..StorageFault::new(refusal(code), bytes) })
            }
            None | Some(StorageVerdict::Pass) => None,
        }
    }
}
