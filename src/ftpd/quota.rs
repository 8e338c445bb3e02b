//! How much the server's files may hold together.

use super::faults::{Refusal, StorageFault};
use std::fs;
use std::path::{Path, PathBuf};

/// A limit on what lies in a folder.
#[derive(Clone, Debug)]
pub struct Quota {
    /// The server's root, as the file system knows it.
    pub root: PathBuf,
    /// Octets.
    pub limit: u64,
}

impl Quota {
    /// How far a file may be written now that lies at `path` below the root. It reads every folder, so it is for a
    /// thread that may wait.
    pub fn left(&self, path: &Path) -> StorageFault {
        // What is written over does not count.
        let old = fs::metadata(self.root.join(path.strip_prefix("/").unwrap_or(path))).map_or(0, |m| m.len());
        let after = self.limit.saturating_sub(size(&self.root).saturating_sub(old));
        StorageFault::new(Refusal::Quota, after)
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
