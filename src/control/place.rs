//! Where the control socket of every run is: in a folder of this user's own, named by its process.

use super::address::{Address, Listener};
use crate::disk::named;
use rustix::process::geteuid;
use std::env;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// What its name ends with.
const END: &str = ".sock";

/// A control socket that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The process.
    pub pid: u32,
    /// The socket.
    pub path: PathBuf,
}

impl Listener {
    /// The socket of this process in the folder of this user. Those that killed runs have left there go.
    ///
    /// # Errors
    /// What the system refuses; `PermissionDenied` where the folder is not this user's alone.
    pub async fn own() -> io::Result<Listener> {
        let folder = folders().into_iter().next().unwrap_or_default();
        let pid = std::process::id();
        let mut number = 1;
        loop {
            prepare(&folder).map_err(named(format!("the folder of control sockets {}", folder.display())))?;
            sweep(&folder);
            let name = if number == 1 { format!("{pid}{END}") } else { format!("{pid}-{number}{END}") };
            match Listener::bind(&Address::Unix(folder.join(name)), false).await {
                // Several modems of one process.
                Err(e) if e.kind() == io::ErrorKind::AddrInUse => number += 1,
                // The last run in there has taken the folder with it.
                Err(e) if e.kind() == io::ErrorKind::NotFound && !folder.exists() => {}
                Err(e) => return Err(e),
                Ok(mut own) => {
                    own.folder = Some(folder);
                    return Ok(own);
                }
            }
        }
    }
}

/// The control sockets of this user's runs, by their processes.
pub fn found() -> Vec<Found> {
    let mut found: Vec<Found> = vec![];
    for folder in folders().iter().filter(|folder| check(folder).is_ok()) {
        for path in entries(folder) {
            let stem = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let pid = stem.strip_suffix(END).and_then(|stem| stem.split('-').next()?.parse().ok());
            found.extend(pid.map(|pid| Found { pid, path }));
        }
    }
    found.sort_by(|a, b| (a.pid, &a.path).cmp(&(b.pid, &b.path)));
    found
}

/// Where the folder may be; a run takes the first. Whoever looks for a run may have another environment than it.
fn folders() -> Vec<PathBuf> {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime = runtime.filter(|folder| folder.is_absolute() && folder.is_dir());
    let beside = env::temp_dir().join(format!("badline-{}", geteuid().as_raw()));
    runtime.map(|folder| folder.join("badline")).into_iter().chain([beside]).collect()
}

fn prepare(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
        _ => {}
    }
    check(folder)?;
    fs::set_permissions(folder, Permissions::from_mode(0o700))
}

/// Refuses a folder in which others could put a socket of theirs.
fn check(folder: &Path) -> io::Result<()> {
    let there = fs::symlink_metadata(folder)?;
    let refused = |what: &str| Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
    match () {
        () if !there.is_dir() => refused("it is no folder of its own"),
        () if there.uid() != geteuid().as_raw() => refused("it belongs to another user"),
        () => Ok(()),
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.as_os_str().to_string_lossy().ends_with(END)).collect()
}

/// Removes the sockets that nobody listens to.
fn sweep(folder: &Path) {
    for path in entries(folder) {
        if UnixStream::connect(&path).is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused) {
            // Another run may have removed it meanwhile.
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    #[test]
    fn a_folder_is_this_users_alone() {
        let here = tempfile::tempdir().unwrap();
        let folder = here.path().join("badline");
        prepare(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
        prepare(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        let link = here.path().join("link");
        symlink(&folder, &link).unwrap();
        assert_eq!(prepare(&link).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        let file = here.path().join("file");
        fs::write(&file, "").unwrap();
        assert_eq!(prepare(&file).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }

    #[test]
    fn only_sockets_that_nobody_listens_to_are_removed() {
        let here = tempfile::tempdir().unwrap();
        drop(UnixListener::bind(here.path().join("1.sock")).unwrap());
        let _lives = UnixListener::bind(here.path().join("2.sock")).unwrap();
        fs::write(here.path().join("notes"), "mine").unwrap();
        sweep(here.path());
        let mut left: Vec<_> = fs::read_dir(here.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["2.sock", "notes"]);
    }
}
