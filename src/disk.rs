//! disk: this machine's files, opened so that nothing waits and nothing of the user's is lost.
//!
//! [`plain`] opens a file and refuses what could keep its reader waiting. [`Outputs`] opens what a run writes beside
//! what it reads, [`Temporary`] makes a folder that is left to nobody, and a [`Claim`] has one run at a time have a link.
//! [`why`] says in words what the system refused.

mod claim;
mod output;
mod pipe;
mod temporary;

pub use claim::Claim;
pub use output::{Kind, Output, Outputs, STANDARD_OUTPUT};
pub use temporary::{Temporary, sweep};

use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use std::fmt::Display;
use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// Opens a plain file, and never waits: a FIFO or a device would have its reader wait for others.
///
/// # Errors
/// What the system refuses; `InvalidInput` for what is no plain file.
pub fn plain(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let at_once = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or_default();
    let file = options.custom_flags(at_once).open(path).map_err(|e| match e.raw_os_error() {
        // A FIFO that nobody reads, or a socket.
        Some(ENXIO) => {
            other_than_plain(fs::metadata(path).map_or("special", |there| name(there.file_type())))
        }
        _ => e,
    })?;
    let kind = file.metadata()?.file_type();
    if kind.is_file() { Ok(file) } else { Err(other_than_plain(name(kind))) }
}

/// The most that a file which a person wrote may hold. A device may have no end.
const WRITTEN_BY_HAND: u64 = 64 << 20;

/// Reads a file that a person wrote: a plain one, or a pipe of the shell.
///
/// # Errors
/// What the system refuses; `InvalidData` beyond 64 MiB.
pub fn written(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = vec![];
    File::open(path)?.take(WRITTEN_BY_HAND + 1).read_to_end(&mut content)?;
    match content.len() as u64 > WRITTEN_BY_HAND {
        true => Err(io::Error::new(io::ErrorKind::InvalidData, "it is longer than 64 MiB")),
        false => Ok(content),
    }
}

/// Puts `content` in the place of what is in the plain file `path`, in one step: a cut, or a disk that is full, leaves
/// the old file. The new one has the permissions `mode`.
///
/// # Errors
/// What the system refuses; there is no new file then.
pub fn replace(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    // A run that was killed may have left one.
    match fs::remove_file(&new) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let written =
        OpenOptions::new().write(true).create_new(true).mode(mode).open(&new).and_then(|mut file| {
            file.write_all(content)?;
            file.sync_all()
        });
    written.and_then(|()| fs::rename(&new, path)).inspect_err(|_| {
        let _ = fs::remove_file(&new);
    })
}

const ENXIO: i32 = Errno::NXIO.raw_os_error();

fn other_than_plain(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}, and no plain file"))
}

/// What a thing in a folder is, in words.
fn name(kind: FileType) -> &'static str {
    match kind {
        kind if kind.is_dir() => "a folder",
        kind if kind.is_fifo() => "a FIFO",
        kind if kind.is_socket() => "a socket",
        kind if kind.is_file() => "a plain file",
        _ => "a device",
    }
}

/// What the system refused, in words: as it says it, without its number and without a capital; where a limit of this
/// process is the cause, with that limit.
pub fn why(error: &io::Error) -> String {
    let text = error.to_string();
    let Some(number) = error.raw_os_error() else { return text };
    let text = text.strip_suffix(&format!(" (os error {number})")).unwrap_or(&text);
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_lowercase().to_string());
    let text = first.unwrap_or_default() + letters.as_str();
    match limit(number) {
        Some(limit) => format!("{text}: {limit}"),
        None => text,
    }
}

/// The limit of this process that has the system refuse something, and what would be right.
fn limit(number: i32) -> Option<String> {
    let current = |resource| getrlimit(resource).current;
    match Errno::from_raw_os_error(number) {
        Errno::MFILE => {
            let most = current(Resource::Nofile)?;
            Some(format!(
                "`ulimit -n` allows {most}; a modem needs 64, and 8 for each host and server more (`ulimit -n 256`)"
            ))
        }
        Errno::FBIG => {
            let most = current(Resource::Fsize)?;
            Some(format!("`ulimit -f` allows {most} octets a file; allow more (`ulimit -f unlimited`)"))
        }
        _ => None,
    }
}

/// The error of a path at which something was to be made, with what is wrong about the folder where that is the cause.
pub fn at(path: &Path, error: io::Error) -> io::Error {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let shown = folder.display();
    let told = |text: String| io::Error::new(error.kind(), text);
    match (error.kind(), fs::metadata(folder)) {
        (io::ErrorKind::NotFound, Ok(there)) if there.is_dir() => {
            told(format!("nothing can be made in the folder {shown}"))
        }
        (io::ErrorKind::NotFound, _) => told(format!("there is no folder {shown}; make it first")),
        (io::ErrorKind::NotADirectory, _) => told(format!("{shown} is no folder")),
        _ => error,
    }
}

/// The same error, with what it is about before it.
pub fn named(what: impl Display) -> impl FnOnce(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{what}: {}", why(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_no_plain_file_is_refused_at_once() {
        let here = tempfile::tempdir().unwrap();
        let fifo = here.path().join("fifo");
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        for path in [&fifo, here.path(), Path::new("/dev/zero")] {
            let error = plain(path, OpenOptions::new().read(true)).unwrap_err();
            assert!(error.to_string().ends_with(", and no plain file"), "{}: {error}", path.display());
            assert!(plain(path, OpenOptions::new().write(true)).is_err());
        }
        let file = here.path().join("file");
        assert!(plain(&file, OpenOptions::new().write(true).create(true)).is_ok());
        assert!(plain(&file, OpenOptions::new().read(true)).is_ok());
    }

    #[test]
    fn what_cannot_be_made_is_told_with_its_folder() {
        let here = tempfile::tempdir().unwrap();
        fs::write(here.path().join("file"), "").unwrap();
        for (path, told) in [("none/x", "; make it first"), ("file/x", "file is no folder")] {
            let path = here.path().join(path);
            let error = at(&path, fs::write(&path, "").unwrap_err());
            assert!(error.to_string().ends_with(told), "{}: {error}", path.display());
        }
        let path = Path::new("/proc/x");
        let error = at(path, fs::write(path, "").unwrap_err());
        assert_eq!(error.to_string(), "nothing can be made in the folder /proc");
    }

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let here = tempfile::tempdir().unwrap();
        let file = here.path().join("file");
        replace(&file, b"old", 0o600).unwrap();
        fs::create_dir(here.path().join("file.new")).unwrap();
        assert!(replace(&file, b"new", 0o600).is_err());
        assert_eq!(fs::read(&file).unwrap(), b"old");
        fs::remove_dir(here.path().join("file.new")).unwrap();
        fs::write(here.path().join("file.new"), "left").unwrap();
        replace(&file, b"new", 0o640).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(here.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_systems_words_are_a_part_of_a_sentence() {
        let error = std::fs::read("/no/such/file").unwrap_err();
        assert_eq!(named("--trace x")(error).to_string(), "--trace x: no such file or directory");
        assert_eq!(named("a")(named("b")(io::Error::other("c"))).to_string(), "a: b: c");
    }
}
