//! The module's flash between two runs: one JSON file for each profile, in the folder of `--state`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What a module has stored, by its vendor's own keys.
type Flash = BTreeMap<String, String>;

/// The file that holds a module's flash.
#[derive(Debug)]
pub struct Store {
    file: PathBuf,
    saved: Flash,
}

impl Store {
    /// Opens the store of the profile `name` in `folder`, which is made where it is missing.
    ///
    /// # Errors
    /// What the file system refuses, and a file that is none of ours; the text names it.
    pub fn open(folder: &Path, name: &str) -> io::Result<Store> {
        let file = folder.join(format!("{name}.json"));
        let named = |e: io::Error| io::Error::new(e.kind(), format!("{}: {e}", file.display()));
        fs::create_dir_all(folder).map_err(named)?;
        let saved = match fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text).map_err(|e| {
                let told = format!("{e}; without this file the module begins with an empty flash");
                named(io::Error::new(io::ErrorKind::InvalidData, told))
            })?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => Flash::new(),
            Err(e) => return Err(named(e)),
        };
        Ok(Store { file, saved })
    }

    /// What was stored last.
    pub fn flash(&self) -> &Flash {
        &self.saved
    }

    /// Stores `flash` where it has changed, in one step: a cut leaves the old file or the new one.
    ///
    /// # Errors
    /// What the file system refuses, once for each change; the text names the file.
    pub fn save(&mut self, flash: &Flash) -> io::Result<()> {
        if *flash == self.saved {
            return Ok(());
        }
        self.saved.clone_from(flash);
        let new = self.file.with_extension("json.new");
        let written = fs::write(&new, serde_json::to_vec_pretty(flash)?);
        let stored = written.and_then(|()| fs::rename(&new, &self.file));
        stored.map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", self.file.display())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_is_there_the_next_time() {
        let dir = tempfile::tempdir().unwrap();
        let flash = Flash::from([("wip.0".into(), "10".into())]);
        let mut store = Store::open(dir.path(), "wipsoft").unwrap();
        assert!(store.flash().is_empty());
        store.save(&flash).unwrap();
        assert_eq!(*Store::open(dir.path(), "wipsoft").unwrap().flash(), flash);
        assert!(Store::open(dir.path(), "other").unwrap().flash().is_empty());
        fs::write(dir.path().join("other.json"), "{").unwrap();
        assert!(Store::open(dir.path(), "other").unwrap_err().to_string().contains("other.json"));
    }

    #[test]
    fn a_folder_that_takes_nothing_is_told_of_once_for_each_change() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path(), "wipsoft").unwrap();
        fs::create_dir(dir.path().join("wipsoft.json.new")).unwrap();
        let mut flash = Flash::from([("wip.0".into(), "10".into())]);
        assert!(store.save(&flash).unwrap_err().to_string().contains("wipsoft.json"));
        store.save(&flash).unwrap();
        fs::remove_dir(dir.path().join("wipsoft.json.new")).unwrap();
        flash.insert("wip.1".into(), "20".into());
        store.save(&flash).unwrap();
        assert_eq!(*Store::open(dir.path(), "wipsoft").unwrap().flash(), flash);
    }
}
