//! What lies on the server before anything happens.

use crate::at::octets::text_of;
use crate::disk::{named, plain};
use crate::transcript::content as transcript;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// One thing on the server.
#[derive(Clone, Debug)]
pub enum Content {
    /// An empty folder.
    Folder,
    /// A file.
    File(transcript::Content),
    /// What this file or folder of the disk holds.
    Copy(PathBuf),
}

/// Lays what the server begins with into its root.
///
/// # Errors
/// What the disk refuses, or a path that leads out of the root.
pub(super) fn lay(root: &Path, files: &[(String, Content)]) -> io::Result<()> {
    for (path, content) in files {
        let to = inside(root, path).map_err(io::Error::other)?;
        match content {
            Content::Folder => fs::create_dir_all(&to).map_err(named(to.display()))?,
            Content::File(file) => {
                to.parent().map_or(Ok(()), fs::create_dir_all).map_err(named(to.display()))?;
                write(&to, file).map_err(named(to.display()))?;
            }
            Content::Copy(from) => {
                to.parent().map_or(Ok(()), fs::create_dir_all).map_err(named(to.display()))?;
                copy(from, &to, root)?;
            }
        }
    }
    Ok(())
}

/// The paths of all files below a folder, from there on; what cannot be read has none, and a link to a folder is passed over.
pub(super) fn paths(folder: &Path, before: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = format!("{before}{}", text_of(entry.file_name().as_bytes()));
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => paths(&entry.path(), &format!("{path}/"), found),
            _ => found.push(path),
        }
    }
}

/// Where a path of the server lies on the disk.
///
/// # Errors
/// Says so where it would lie outside the server's root.
pub(crate) fn inside(root: &Path, path: &str) -> Result<PathBuf, String> {
    let relative = Path::new(path.trim_start_matches('/'));
    match relative.components().all(|c| matches!(c, Component::Normal(_))) {
        true => Ok(root.join(relative)),
        false => Err(format!("`{path}` leads out of the server's root")),
    }
}

fn write(to: &Path, file: &transcript::Content) -> io::Result<()> {
    let new = plain(to, OpenOptions::new().write(true).create(true).truncate(true))?;
    let mut out = io::BufWriter::new(new);
    let mut stream = file.stream();
    loop {
        let chunk = stream.take_chunk(64 * 1024);
        if chunk.is_empty() {
            return out.flush();
        }
        out.write_all(&chunk)?;
    }
}

/// Copies what is at `from`, but not the server's own `root`, which may lie in it.
fn copy(from: &Path, to: &Path, root: &Path) -> io::Result<()> {
    let read = || named(from.display());
    if !fs::metadata(from).map_err(read())?.is_dir() {
        let mut source = plain(from, OpenOptions::new().read(true)).map_err(read())?;
        let its = source.metadata().map_err(read())?;
        let written = || named(to.display());
        let mut target =
            plain(to, OpenOptions::new().write(true).create(true).truncate(false)).map_err(written())?;
        let there = target.metadata().map_err(written())?;
        // A root that holds the scenario's own files has them already.
        if (its.dev(), its.ino()) == (there.dev(), there.ino()) {
            return Ok(());
        }
        target.set_len(0).map_err(written())?;
        io::copy(&mut source, &mut target).map_err(written())?;
        return target.set_permissions(its.permissions()).map_err(written());
    }
    fs::create_dir_all(to).map_err(named(to.display()))?;
    for entry in fs::read_dir(from).map_err(read())? {
        let entry = entry.map_err(read())?;
        if !fs::canonicalize(entry.path()).is_ok_and(|path| path == root) {
            copy(&entry.path(), &to.join(entry.file_name()), root)?;
        }
    }
    Ok(())
}
