//! The module's flash between two runs: one JSON file for each profile, in the folder of `--state`.

use crate::disk::{self, named, plain};
use crate::modem::Keeper;
use rustix::fs::{FlockOperation, flock};
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Texts by their key.
type Flash = BTreeMap<String, String>;

/// The file that holds a module's flash. One run has it at a time: two would each undo what the other stored.
#[derive(Debug)]
pub struct Store {
    file: PathBuf,
    /// Locked. A file of its own, as the flash's is replaced by each store.
    _lock: File,
    saved: Flash,
}

impl Store {
    /// Opens the store of the profile `name` in `folder`, which is made where it is missing.
    ///
    /// # Errors
    /// `WouldBlock` where another run has it; what the file system refuses, and a file that is none of ours. The text
    /// names it.
    pub fn open(folder: &Path, name: &str) -> io::Result<Store> {
        let file = folder.join(format!("{name}.json"));
        let of = |path: &Path| named(format!("--state {}", path.display()));
        if fs::metadata(folder).is_ok_and(|there| !there.is_dir()) {
            let what = "it is no folder; name one, or what is to become one";
            return Err(of(folder)(io::Error::new(io::ErrorKind::NotADirectory, what)));
        }
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|e| disk::at(folder, e)).map_err(of(folder))?;
        let own = file.with_extension("lock");
        let lock = plain(&own, OpenOptions::new().write(true).create(true).mode(PRIVATE));
        let lock = lock.map_err(|e| disk::at(&own, e)).map_err(of(&own))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|e| match e.into() {
            e if io::Error::kind(&e) == io::ErrorKind::WouldBlock => of(&file)(io::Error::new(
                e.kind(),
                "another run has it; give each run a --state folder of its own",
            )),
            e => of(&file)(e),
        })?;
        let saved = match read(&file) {
            Ok(text) => serde_json::from_slice(&text).map_err(|e| {
                let told = format!("{e}; without this file the module begins with an empty flash");
                of(&file)(io::Error::new(io::ErrorKind::InvalidData, told))
            })?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => Flash::new(),
            Err(e) => return Err(of(&file)(e)),
        };
        Ok(Store { file, _lock: lock, saved })
    }

    /// The files of a store.
    pub fn files(folder: &Path, name: &str) -> [PathBuf; 2] {
        ["json", "lock"].map(|extension| folder.join(format!("{name}.{extension}")))
    }

    /// Stores `flash` where it has changed, in one step: a cut leaves the old file or the new one.
    ///
    /// # Errors
    /// What the file system refuses; the text names the file.
    fn save(&mut self, flash: &Flash) -> io::Result<()> {
        if *flash == self.saved {
            return Ok(());
        }
        let text = serde_json::to_vec_pretty(flash)?;
        disk::replace(&self.file, &text, PRIVATE)
            .map_err(named(format!("--state {}", self.file.display())))?;
        self.saved.clone_from(flash);
        Ok(())
    }
}

impl Keeper for Store {
    fn kept(&self) -> &Flash {
        &self.saved
    }

    fn keep(&mut self, flash: &Flash) -> bool {
        let saved = self.save(flash);
        saved
            .inspect_err(|error| tracing::warn!("what the module has stored cannot be kept: {error}"))
            .is_ok()
    }
}

/// A flash holds passwords: its owner alone may look at it.
const PRIVATE: u32 = 0o600;

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = plain(path, OpenOptions::new().read(true))?;
    // One that an earlier version has written; somebody else's cannot be changed.
    let _ = file.set_permissions(Permissions::from_mode(PRIVATE));
    let mut text = vec![];
    file.read_to_end(&mut text).map(|_| text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn what_was_saved_is_there_the_next_time() {
        let dir = tempfile::tempdir().unwrap();
        let flash = Flash::from([("wip.0".into(), "10".into())]);
        let mut store = Store::open(dir.path(), "wipsoft").unwrap();
        assert!(store.kept().is_empty());
        store.save(&flash).unwrap();
        for file in Store::files(dir.path(), "wipsoft") {
            assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, PRIVATE, "{}", file.display());
        }
        drop(store);
        assert_eq!(*Store::open(dir.path(), "wipsoft").unwrap().kept(), flash);
        assert!(Store::open(dir.path(), "other").unwrap().kept().is_empty());
        fs::write(dir.path().join("other.json"), "{").unwrap();
        assert!(Store::open(dir.path(), "other").unwrap_err().to_string().contains("other.json"));
    }

    #[test]
    fn a_place_that_is_no_folder_is_told_with_what_would_be_right() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        for (folder, told) in [
            (file.clone(), "it is no folder; name one, or what is to become one"),
            (file.join("x"), "file is no folder"),
            (PathBuf::from("/dev/full"), "it is no folder"),
            (PathBuf::from("/proc"), "nothing can be made in the folder /proc"),
            (PathBuf::from("/proc/x"), "nothing can be made in the folder /proc"),
        ] {
            let error = Store::open(&folder, "m10").unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("--state {}", folder.display())) && error.contains(told),
                "{error}"
            );
        }
    }

    #[test]
    fn a_second_run_is_told_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let first = Store::open(dir.path(), "wipsoft").unwrap();
        let error = Store::open(dir.path(), "wipsoft").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        assert!(error.to_string().contains("wipsoft.json: another run has it"), "{error}");
        Store::open(dir.path(), "m10").unwrap();
        drop(first);
        Store::open(dir.path(), "wipsoft").unwrap();
    }

    #[test]
    fn a_folder_that_takes_nothing_keeps_what_it_has() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path(), "wipsoft").unwrap();
        fs::create_dir(dir.path().join("wipsoft.json.new")).unwrap();
        let mut flash = Flash::from([("wip.0".into(), "10".into())]);
        for _ in 0..2 {
            assert!(store.save(&flash).unwrap_err().to_string().contains("wipsoft.json"));
            assert!(!store.keep(&flash) && store.kept().is_empty());
        }
        fs::remove_dir(dir.path().join("wipsoft.json.new")).unwrap();
        flash.insert("wip.1".into(), "20".into());
        store.save(&flash).unwrap();
        drop(store);
        assert_eq!(*Store::open(dir.path(), "wipsoft").unwrap().kept(), flash);
    }
}
