//! Asked by the server: about each access to a file.

use crate::fault::engine::Engine;
use crate::fault::layer::Action;
use crate::fault::layer::kind::Layer;
use crate::fault::layer::storage::{StorageOp, StorageVerdict};
use crate::time::Now;

impl Engine {
    /// The server is about to do something to a file. A number of bytes is the answer to a read or a
    /// write only.
    pub fn storage(&mut self, now: Now, op: StorageOp, path: &str) -> StorageVerdict {
        if self.rules.is_empty() {
            return StorageVerdict::Pass;
        }
        self.rules.handle_timeout(now);
        let verdict = self.rules.first(now, Layer::Storage, |action| match action {
            Action::Storage(fault) => fault.on_access(op, path),
            _ => None,
        });
        verdict.unwrap_or(StorageVerdict::Pass)
    }
}
