//! Temporary folders, which go with the run that made them, or with the next one where that was killed.

use super::{named, plain};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tempfile::{Builder, TempDir};

/// What their names begin with.
const PREFIX: &str = "badline-";
/// The file in each that its run has locked, as long as that lives.
const LOCK: &str = ".badline-lock";

/// A folder of this user's alone, which goes when this is dropped.
#[derive(Debug)]
pub struct Temporary {
    folder: TempDir,
    _lock: File,
}

impl Temporary {
    /// A new one.
    ///
    /// # Errors
    /// What the file system refuses; the text names the folder that it was to be in.
    pub fn new() -> io::Result<Temporary> {
        let place = std::env::temp_dir();
        Temporary::in_folder(&place).map_err(named(format!("a temporary folder in {}", place.display())))
    }

    fn in_folder(place: &Path) -> io::Result<Temporary> {
        loop {
            let private = Permissions::from_mode(0o700);
            let folder = Builder::new().prefix(PREFIX).permissions(private).tempdir_in(place)?;
            // A run that removes what others left may have taken this one for left, until the lock was there.
            match lock(&folder.path().join(LOCK), OpenOptions::new().write(true).create_new(true).mode(0o600))
            {
                Ok(Some(lock)) => return Ok(Temporary { folder, _lock: lock }),
                Ok(None) => {}
                Err(e) if e.kind() == io::ErrorKind::NotFound && !folder.path().exists() => {}
                Err(e) => return Err(e),
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes a folder in it, for what others may see whole.
    ///
    /// # Errors
    /// What the file system refuses.
    pub fn folder(&self, name: &str) -> io::Result<PathBuf> {
        let folder = self.path().join(name);
        fs::create_dir(&folder).map_err(named(folder.display())).map(|()| folder)
    }
}

/// Removes the temporary folders that runs of this user have left who live no more. What cannot be removed stays.
pub fn sweep() {
    sweep_in(&std::env::temp_dir());
}

fn sweep_in(place: &Path) {
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            // It may go by itself meanwhile, or belong to a user who keeps us out.
            let _ = remove_if_left(&entry.path());
        }
    }
}

fn remove_if_left(folder: &Path) -> io::Result<()> {
    let there = fs::symlink_metadata(folder)?;
    if !there.is_dir() || there.uid() != rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    let own = folder.join(LOCK);
    // A folder without this file is none of ours, whatever its name.
    if !fs::symlink_metadata(&own)?.is_file() {
        return Ok(());
    }
    match lock(&own, OpenOptions::new().write(true))? {
        Some(_lock) => fs::remove_dir_all(folder),
        None => Ok(()),
    }
}

/// Locks a file; none where another run has it, or has removed it.
fn lock(path: &Path, options: &mut OpenOptions) -> io::Result<Option<File>> {
    let file = plain(path, options)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Err(e) if io::Error::from(e).kind() == io::ErrorKind::WouldBlock => return Ok(None),
        locked => locked?,
    }
    let (ours, there) = (file.metadata()?, fs::symlink_metadata(path));
    Ok(there.is_ok_and(|there| (there.dev(), there.ino()) == (ours.dev(), ours.ino())).then_some(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(place: &Path) -> Vec<String> {
        let names =
            fs::read_dir(place).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn only_what_a_dead_run_left_is_removed() {
        let here = tempfile::tempdir().unwrap();
        let lives = Temporary::in_folder(here.path()).unwrap();
        let left = Temporary::in_folder(here.path()).unwrap();
        fs::write(left.folder("ftp").unwrap().join("a"), "x").unwrap();
        let Temporary { folder, _lock } = left;
        let left = folder.keep();
        drop(_lock);
        fs::create_dir(here.path().join("badline-mine")).unwrap();
        fs::write(here.path().join("badline-notes"), "mine").unwrap();
        fs::create_dir(here.path().join("elsewhere")).unwrap();
        fs::write(here.path().join("elsewhere").join(LOCK), "").unwrap();
        std::os::unix::fs::symlink("elsewhere", here.path().join("badline-link")).unwrap();
        sweep_in(here.path());
        assert!(lives.path().exists() && !left.exists());
        let name = lives.path().file_name().unwrap().to_str().unwrap();
        let mut rest = ["badline-link", "badline-mine", "badline-notes", "elsewhere", name];
        rest.sort();
        assert_eq!(entries(here.path()), rest);
        assert_eq!(fs::metadata(lives.path()).unwrap().mode() & 0o777, 0o700);
        drop(lives);
        assert_eq!(entries(here.path()).len(), 4);
    }
}
