//! Faults of the server's storage.

use crate::fault::engine::Engine;
use crate::fault::layer::action::{Action, StorageOp};
use crate::fault::text::files::file_matches;
use crate::time::Now;

/// What becomes of an access to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageVerdict {
    /// It goes on.
    Pass,
    /// It fails, and the server replies with this code.
    Fail(u16),
    /// It fails once so many bytes of the file have been read or written in this access.
    FailAfter {
        /// How many.
        bytes: u64,
        /// The server's reply.
        code: u16,
        /// Whether the file is gone then.
        vanishes: bool,
    },
}

impl Engine {
    /// The server is about to do something to a file. A number of bytes is the answer to a read or a
    /// write only.
    pub fn storage(&mut self, now: Now, op: StorageOp, path: &str) -> StorageVerdict {
        if self.idle() {
            return StorageVerdict::Pass;
        }
        self.handle_timeout(now);
        let transfer = matches!(op, StorageOp::Read | StorageOp::Write);
        let verdict = self.first(now, |action| match action {
            Action::Storage(s) if s.op.cover(op) && file_matches(&s.file, path) => match s.after {
                Some(bytes) if transfer => {
                    Some(StorageVerdict::FailAfter { bytes, code: s.code, vanishes: s.vanishes })
                }
                Some(_) => None,
                None => Some(StorageVerdict::Fail(s.code)),
            },
            _ => None,
        });
        verdict.unwrap_or(StorageVerdict::Pass)
    }
}
