//! The gate's question before a transfer (`SITE <word> <verb> <path>`): would the storage refuse it?

use super::faults::StorageOp;
use super::jail::absolute;
use super::storage::Storage;
use async_trait::async_trait;
use libunftp::options::{Reply, ReplyCode, SiteCommandContext, SiteCommandHandler};
use std::path::{Path, PathBuf};
use unftp_core::auth::DefaultUser;
use unftp_core::storage::{Error, ErrorKind, Metadata, StorageBackend};

/// The name that STOU begins with where the client gave none.
const UNNAMED: &str = "/STOU";

#[derive(Debug)]
pub struct Check;

#[async_trait]
impl SiteCommandHandler<Storage, DefaultUser> for Check {
    async fn handle(&self, cx: &SiteCommandContext<Storage, DefaultUser>) -> Reply {
        let (verb, path) = cx.arguments.split_once(' ').unwrap_or((&cx.arguments, ""));
        let path = absolute(Path::new(path));
        let answer = match verb {
            "SIZE" => size(&cx.storage, &path).await.map(|size| (ReplyCode::FileStatus, size.to_string())),
            verb => check(&cx.storage, verb, path)
                .await
                .map(|path| (ReplyCode::CommandOkay, path.display().to_string())),
        };
        match answer {
            Ok((code, text)) => Reply::new(code, &text),
            Err((code, text)) => Reply::new(code, text),
        }
    }
}

/// How long a file is; nothing else has a size.
async fn size(storage: &Storage, path: &Path) -> Result<u64, Refused> {
    match storage.metadata(&DefaultUser, path).await {
        Ok(meta) if !meta.is_file() => Err((ReplyCode::FileError, "Not a plain file.")),
        Ok(meta) => Ok(meta.len()),
        Err(error) => Err(refused(error)),
    }
}

type Refused = (ReplyCode, &'static str);

/// The path that the transfer would use.
async fn check(storage: &Storage, verb: &str, path: PathBuf) -> Result<PathBuf, Refused> {
    let user = DefaultUser;
    let found = storage.look(&user, &path).await.ok();
    let (op, path) = match (verb, found) {
        ("RETR", Some(meta)) if meta.is_file() => (StorageOp::Read, path),
        ("RETR", Some(_)) => return Err((ReplyCode::FileError, "Not a plain file.")),
        ("RETR", None) => return Err((ReplyCode::FileError, "No such file.")),
        ("STOR" | "APPE", Some(meta)) if meta.is_dir() => {
            return Err((ReplyCode::FileError, "Is a directory."));
        }
        ("STOR" | "APPE", Some(meta)) if !meta.is_file() => {
            return Err((ReplyCode::FileError, "Not a plain file."));
        }
        ("STOR" | "APPE", Some(_)) => (StorageOp::Write, path),
        ("STOR" | "APPE", None) => (StorageOp::Write, in_a_directory(storage, path).await?),
        ("STOU", _) => (StorageOp::Write, free(storage, in_a_directory(storage, path).await?).await),
        ("LIST" | "NLST" | "MLSD", Some(_)) => (StorageOp::List, path),
        ("LIST" | "NLST" | "MLSD", None) => {
            return Err((ReplyCode::TransientFileError, "No such file or directory."));
        }
        _ => return Err((ReplyCode::CommandNotImplementedForParameter, "Nothing to check.")),
    };
    storage.clear(op, &path).await.map_err(refused)?;
    Ok(path)
}

async fn in_a_directory(storage: &Storage, path: PathBuf) -> Result<PathBuf, Refused> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    match storage.look(&DefaultUser, directory).await {
        Ok(meta) if meta.is_dir() => Ok(path),
        _ => Err((ReplyCode::FileError, "No such directory.")),
    }
}

/// The first of `path`, `path.1`, `path.2` that is not there yet.
async fn free(storage: &Storage, path: PathBuf) -> PathBuf {
    let base = match path == Path::new("/") {
        true => UNNAMED.to_owned(),
        false => path.display().to_string(),
    };
    let mut path = PathBuf::from(&base);
    let mut n = 0u32;
    while storage.look(&DefaultUser, &path).await.is_ok() {
        n += 1;
        path = PathBuf::from(format!("{base}.{n}"));
    }
    path
}

fn refused(error: Error) -> Refused {
    match error.kind() {
        ErrorKind::TransientFileNotAvailable => (ReplyCode::TransientFileError, "File busy."),
        ErrorKind::InsufficientStorageSpaceError => (ReplyCode::OutOfSpace, "Insufficient storage space."),
        ErrorKind::PageTypeUnknown => (ReplyCode::PageTypeUnknown, "Page type unknown."),
        ErrorKind::ExceededStorageAllocationError => {
            (ReplyCode::ExceededStorageAllocation, "Exceeded storage allocation.")
        }
        ErrorKind::FileNameNotAllowedError => (ReplyCode::BadFileName, "File name not allowed."),
        ErrorKind::LocalError => (ReplyCode::LocalError, "Local error."),
        _ => (ReplyCode::FileError, "Permission denied."),
    }
}
