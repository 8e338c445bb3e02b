//! The server's files: what rules have happen to them, and those that are there once they are asked for.

use super::content::{Content, lay};
use crate::disk::why;
use crate::fault::{self, Files, StorageVerdict};
use crate::ftpd::{Refusal, StorageFault, StorageFaults, StorageOp};
use crate::world::faults::Faults;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Debug)]
struct Disk {
    faults: Faults,
    /// The server's root, as the system calls it.
    root: PathBuf,
    /// By the pattern that a scenario has for their names: the files that are made once one of them is asked for.
    asked: Vec<(String, Content)>,
}

/// The seam of the server's files.
pub(super) fn seam(faults: Faults, root: PathBuf, asked: Vec<(String, Content)>) -> Arc<dyn StorageFaults> {
    Arc::new(Disk { faults, root, asked })
}

impl Disk {
    /// Makes the file at a path, where there is none and a pattern holds it, and the folder where one holds what is in
    /// it. Nothing is made through a link that leads out of the root.
    fn make(&self, op: StorageOp, path: &str) -> io::Result<()> {
        let place = self.root.join(path.trim_start_matches('/'));
        let inside = place.ancestors().skip(1).find_map(|folder| fs::canonicalize(folder).ok());
        if fs::symlink_metadata(&place).is_ok() || !inside.is_some_and(|there| there.starts_with(&self.root))
        {
            return Ok(());
        }
        let enters = op == StorageOp::Enter;
        let held = |(pattern, _): &&(String, Content)| {
            let name = pattern.rsplit('/').next().unwrap_or(pattern);
            let path = if enters { format!("{path}/{name}") } else { path.to_owned() };
            Files::from(pattern.as_str()).hold(&path)
        };
        match self.asked.iter().find(held) {
            None => Ok(()),
            Some(_) if enters => lay(&self.root, &[(path.to_owned(), Content::Folder)]),
            Some((_, content)) => lay(&self.root, &[(path.to_owned(), content.clone())]),
        }
    }
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

    fn prepares(&self) -> bool {
        !self.asked.is_empty()
    }

    fn prepare(&self, op: StorageOp, path: &Path) {
        let path = path.display().to_string();
        if let Err(error) = self.make(op, &path) {
            tracing::warn!("the server's {path} cannot be made: {}", why(&error));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::content::Content as Text;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_a_pattern_holds_is_made_once_it_is_asked_for() {
        let (here, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = fs::canonicalize(here.path()).unwrap();
        let text = |text: &str| Content::File(Text::Literal(text.as_bytes().to_vec()));
        let asked = vec![("*.txt".to_owned(), text("a text")), ("fw/*".to_owned(), text("a firmware"))];
        let disk = Disk { faults: Faults::new(vec![], 0), root: root.clone(), asked };
        fs::write(root.join("there.txt"), "mine").unwrap();
        symlink(other.path(), root.join("out")).unwrap();
        for path in
            ["/a.txt", "/deep/er/b.TXT", "/fw/v2.bin", "/there.txt", "/out/c.txt", "/x.bin", "/../d.txt"]
        {
            disk.prepare(StorageOp::Read, Path::new(path));
        }
        let read = |path: &str| fs::read_to_string(root.join(path)).ok();
        assert_eq!(read("a.txt").as_deref(), Some("a text"));
        assert_eq!(read("deep/er/b.TXT").as_deref(), Some("a text"));
        assert_eq!(read("fw/v2.bin").as_deref(), Some("a firmware"));
        assert_eq!(read("there.txt").as_deref(), Some("mine"));
        assert_eq!(read("x.bin"), None);
        assert_eq!(fs::read_dir(other.path()).unwrap().count(), 0, "nothing is made outside the root");
        assert!(!root.join("../d.txt").exists());
        disk.prepare(StorageOp::Enter, Path::new("/new"));
        assert!(root.join("new").is_dir());
    }
}
