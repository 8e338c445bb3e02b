//! The server's files, for whoever has the key. All is opened relative to the folder's descriptor, as the FTP server does it:
//! no `..` and no symbolic link leads out.

use super::super::answer::Wrong;
use super::super::key::Key;
use super::body::{PATIENCE, too_long, too_slow};
use super::reply::Reply;
use super::{reply, stream};
use crate::disk::why;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata, OpenOptions, OpenOptionsExt};
use http_body_util::BodyExt;
use hyper::StatusCode;
use hyper::body::{Body, Incoming};
use rustix::fs::OFlags;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};
use tokio::io::AsyncWriteExt;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// The largest file that is taken, in octets.
pub const LARGEST: u64 = 256 * 1024 * 1024;
/// So many things of a folder are listed.
const LISTED: usize = 10_000;

/// What is wrong, and the status that says so.
type Refused = (StatusCode, Wrong);

fn wrong(status: StatusCode, what: impl Into<String>) -> Refused {
    (status, Wrong::new(what, ""))
}

/// What the system refuses about a path.
fn refused(path: &Path, error: &io::Error) -> Refused {
    let status = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => StatusCode::NOT_FOUND,
        io::ErrorKind::PermissionDenied => StatusCode::FORBIDDEN,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StatusCode::INSUFFICIENT_STORAGE,
        _ => StatusCode::CONFLICT,
    };
    wrong(status, format!("{}: {}", path.display(), why(error)))
}

/// The path that stands behind `/api/files/`.
fn path(encoded: &str) -> Result<PathBuf, Refused> {
    let decoded =
        decode(encoded).ok_or_else(|| wrong(StatusCode::BAD_REQUEST, "a % of the path is no octet"))?;
    let path = PathBuf::from(OsString::from_vec(decoded));
    let names = path.components().all(|one| matches!(one, Component::Normal(_)));
    match names && !path.as_os_str().as_bytes().contains(&0) {
        true => Ok(path),
        false => Err(wrong(StatusCode::FORBIDDEN, "the path leads out of the server's root")),
    }
}

/// A segment of a path that is a text.
pub fn text(encoded: &str) -> Result<String, Refused> {
    let decoded = decode(encoded).and_then(|octets| String::from_utf8(octets).ok());
    decoded.ok_or_else(|| wrong(StatusCode::BAD_REQUEST, "this is no text"))
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut rest) = (vec![], text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            out.push(*first);
            continue;
        }
        let digit = |at: usize| char::from(*rest.get(at)?).to_digit(16);
        out.push(u8::try_from(digit(0)? * 16 + digit(1)?).ok()?);
        rest = &rest[2..];
    }
    Some(out)
}

/// A name as a segment of a path in an address.
fn encode(name: &[u8]) -> String {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
    let one = |octet: &u8| if plain(*octet) { char::from(*octet).into() } else { format!("%{octet:02X}") };
    name.iter().map(one).collect()
}

/// Does what takes the disk's time.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    let done = spawn_blocking(work).await;
    done.unwrap_or_else(|e| Err(wrong(StatusCode::INTERNAL_SERVER_ERROR, e.to_string())))
}

fn open(root: &Path) -> Result<Dir, Refused> {
    Dir::open_ambient_dir(root, ambient_authority()).map_err(|e| refused(root, &e))
}

/// Opens what is a plain file, and waits for nothing.
fn plain(dir: &Dir, path: &Path, options: &mut OpenOptions) -> io::Result<(std::fs::File, Metadata)> {
    let at_once = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    let file = dir.open_with(path, options.custom_flags(i32::try_from(at_once).unwrap_or_default()))?;
    let there = file.metadata()?;
    match there.is_file() {
        true => Ok((file.into_std(), there)),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file")),
    }
}

/// A folder's list, or a file's content.
pub async fn get(root: PathBuf, encoded: &str) -> Result<Reply, Refused> {
    enum Found {
        Folder(Value),
        File(std::fs::File, u64),
    }
    let path = path(encoded)?;
    let found = blocking(move || {
        let dir = open(&root)?;
        let of = |e: io::Error| refused(&path, &e);
        let folder = path.as_os_str().is_empty() || dir.metadata(&path).map_err(of)?.is_dir();
        if folder {
            let path = if path.as_os_str().is_empty() { Path::new(".") } else { &path };
            return Ok(Found::Folder(list(&dir, path).map_err(of)?));
        }
        let (file, there) = plain(&dir, &path, OpenOptions::new().read(true)).map_err(of)?;
        Ok(Found::File(file, there.len()))
    });
    Ok(match found.await? {
        Found::Folder(list) => reply::json(&list),
        Found::File(file, len) => reply::file(stream::content(file, len), len),
    })
}

fn list(dir: &Dir, path: &Path) -> io::Result<Value> {
    let mut found: Vec<(bool, OsString, u64)> = vec![];
    let mut more = false;
    for entry in dir.read_dir(path)?.flatten() {
        more = found.len() == LISTED;
        if more {
            break;
        }
        // What leads out of the root, or has gone meanwhile, is not there.
        let Ok(there) = dir.metadata(path.join(entry.file_name())) else { continue };
        if there.is_dir() || there.is_file() {
            found.push((there.is_file(), entry.file_name(), there.len()));
        }
    }
    found.sort();
    let one = |(file, name, size): &(bool, OsString, u64)| {
        let (shown, path) = (name.to_string_lossy(), encode(name.as_bytes()));
        match file {
            true => json!({"name": shown, "path": path, "size": size}),
            false => json!({"name": shown, "path": path, "folder": true}),
        }
    };
    Ok(json!({"ok": true, "files": found.iter().map(one).collect::<Vec<_>>(), "more": more}))
}

/// A file that is being written, which goes where it is not finished.
struct Begun {
    dir: Dir,
    name: PathBuf,
    finished: bool,
}

impl Begun {
    /// Beside what it is to become.
    fn new(root: &Path, path: &Path) -> Result<(Begun, std::fs::File), Refused> {
        let dir = open(root)?;
        let own = Key::new().map_err(|e| refused(path, &e))?;
        let name = path.with_file_name(format!(".badline-{}", own.text()));
        let (file, _) = plain(&dir, &name, OpenOptions::new().write(true).create_new(true))
            .map_err(|e| refused(path, &e))?;
        Ok((Begun { dir, name, finished: false }, file))
    }

    fn finish(mut self, path: &Path) -> Result<(), Refused> {
        let taken = self.dir.symlink_metadata(path).is_ok_and(|there| !there.is_file());
        if taken {
            return Err(wrong(
                StatusCode::CONFLICT,
                format!("{}: it is there, and no plain file", path.display()),
            ));
        }
        self.dir.rename(&self.name, &self.dir, path).map_err(|e| refused(path, &e))?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if !self.finished {
            // Whoever has removed it before has done the same.
            let _ = self.dir.remove_file(&self.name);
        }
    }
}

/// Puts a file there, in the place of one of that name. It is seen once it is whole.
pub async fn put(root: PathBuf, encoded: &str, mut body: Incoming) -> Result<Reply, Refused> {
    let path = path(encoded)?;
    if path.file_name().is_none() || encoded.ends_with('/') {
        return Err(wrong(StatusCode::BAD_REQUEST, "which file?"));
    }
    if body.size_hint().lower() > LARGEST {
        return Err(too_long(LARGEST));
    }
    let of = path.clone();
    let (begun, file) = blocking(move || Begun::new(&root, &of)).await?;
    let mut file = tokio::fs::File::from_std(file);
    let mut size = 0;
    while let Some(frame) = timeout(PATIENCE, body.frame()).await.map_err(|_| too_slow())? {
        let frame =
            frame.map_err(|e| wrong(StatusCode::BAD_REQUEST, format!("the file did not come whole: {e}")))?;
        let Ok(data) = frame.into_data() else { continue };
        size += data.len() as u64;
        if size > LARGEST {
            return Err(too_long(LARGEST));
        }
        file.write_all(&data).await.map_err(|e| refused(&path, &e))?;
    }
    file.flush().await.map_err(|e| refused(&path, &e))?;
    blocking(move || begun.finish(&path)).await?;
    Ok(reply::json(&json!({"ok": true, "size": size})))
}

/// Removes a file, or a folder that is empty.
pub async fn delete(root: PathBuf, encoded: &str) -> Result<Reply, Refused> {
    let path = path(encoded)?;
    if path.as_os_str().is_empty() {
        return Err(wrong(StatusCode::FORBIDDEN, "the server's root stays"));
    }
    blocking(move || {
        let dir = open(&root)?;
        let folder = dir.symlink_metadata(&path).is_ok_and(|there| there.is_dir());
        let removed = if folder { dir.remove_dir(&path) } else { dir.remove_file(&path) };
        removed.map_err(|e| refused(&path, &e))
    })
    .await?;
    Ok(reply::json(&json!({"ok": true})))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_path_stays_inside() {
        for out in ["..", "a/../b", "/etc/passwd", "%2e%2e/x", "a/%2E%2E", "%2Fetc", "a%00b", "./a/.."] {
            assert_eq!(path(out).unwrap_err().0, StatusCode::FORBIDDEN, "{out}");
        }
        for broken in ["%", "%4", "%zz", "%+1"] {
            assert_eq!(path(broken).unwrap_err().0, StatusCode::BAD_REQUEST, "{broken}");
        }
        assert_eq!(path("a/b%20c").unwrap(), Path::new("a/b c"));
    }

    proptest! {
        #[test]
        fn every_name_has_an_address(name in prop::collection::vec(any::<u8>(), 1..20)) {
            prop_assert_eq!(decode(&encode(&name)).unwrap(), name);
        }
    }
}
