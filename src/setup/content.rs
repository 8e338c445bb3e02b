//! What lies on the server before anything happens.

use crate::transcript::content as transcript;
use std::fs;
use std::io::{self, Write};
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
            Content::Folder => fs::create_dir_all(&to)?,
            Content::File(file) => {
                to.parent().map_or(Ok(()), fs::create_dir_all)?;
                write(&to, file)?;
            }
            Content::Copy(from) => {
                to.parent().map_or(Ok(()), fs::create_dir_all)?;
                copy(from, &to)?;
            }
        }
    }
    Ok(())
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
    let mut out = io::BufWriter::new(fs::File::create(to)?);
    let mut stream = file.stream();
    loop {
        let chunk = stream.take_chunk(64 * 1024);
        if chunk.is_empty() {
            return out.flush();
        }
        out.write_all(&chunk)?;
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let named = |e: io::Error| io::Error::new(e.kind(), format!("{}: {e}", from.display()));
    if !fs::metadata(from).map_err(named)?.is_dir() {
        return fs::copy(from, to).map(drop).map_err(named);
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).map_err(named)? {
        let entry = entry.map_err(named)?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}
