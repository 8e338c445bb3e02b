//! The seam through which storage errors are injected.

use std::fmt::Debug;
use std::path::Path;
use unftp_core::storage::ErrorKind;

/// What is about to be done to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StorageOp {
    /// A file is read (RETR).
    Read,
    /// A file is written (STOR, APPE, STOU).
    Write,
    /// A directory, or the entry of one file, is listed (LIST, NLST, MLSD, STAT).
    List,
    /// Length and time are asked for (SIZE, MDTM, MLST, RNFR).
    Metadata,
    /// A directory is entered (CWD).
    Enter,
    /// A file is deleted (DELE).
    Delete,
    /// A directory is made (MKD).
    MakeDir,
    /// A directory is removed (RMD).
    RemoveDir,
    /// A file is renamed (RNTO); the path is the old one.
    Rename,
}

/// How the storage refuses, by the reply that follows (RFC 959 section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// 450: the file is busy.
    Busy,
    /// 451: a local error.
    Local,
    /// 452: the disk is full.
    Full,
    /// 550: no access.
    Denied,
    /// 551: page type unknown.
    PageType,
    /// 552: the quota is used up.
    Quota,
    /// 553: the name is not allowed.
    Name,
}

impl Refusal {
    pub(super) fn kind(self) -> ErrorKind {
        match self {
            Refusal::Busy => ErrorKind::TransientFileNotAvailable,
            Refusal::Local => ErrorKind::LocalError,
            Refusal::Full => ErrorKind::InsufficientStorageSpaceError,
            Refusal::Denied => ErrorKind::PermissionDenied,
            Refusal::PageType => ErrorKind::PageTypeUnknown,
            Refusal::Quota => ErrorKind::ExceededStorageAllocationError,
            Refusal::Name => ErrorKind::FileNameNotAllowedError,
        }
    }
}

/// One injected error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageFault {
    /// What the storage says.
    pub refusal: Refusal,
    /// Octets of a [`Read`](StorageOp::Read) or [`Write`](StorageOp::Write) that still succeed, from
    /// where the transfer starts. 0 refuses before anything is touched, as every other operation does,
    /// unless the file vanishes.
    pub after: u64,
    /// Whether the file of a [`Read`](StorageOp::Read) or [`Write`](StorageOp::Write) is removed then.
    pub vanishes: bool,
}

impl StorageFault {
    /// This refusal after so many octets; the file stays.
    pub fn new(refusal: Refusal, after: u64) -> StorageFault {
        StorageFault { refusal, after, vanishes: false }
    }
}

/// Decides which operations fail. Called on the server's thread, once for each operation.
pub trait StorageFaults: Debug + Send + Sync {
    /// Asked before `op` is done to `path`, which is absolute and begins at the server's root.
    fn before(&self, op: StorageOp, path: &Path) -> Option<StorageFault>;

    /// Whether [`StorageFaults::prepare`] does anything.
    fn prepares(&self) -> bool {
        false
    }

    /// Called before a file is read or looked at, or a folder entered, on a thread that may wait: what is asked for
    /// may be made now.
    fn prepare(&self, _op: StorageOp, _path: &Path) {}
}

/// Nothing fails.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFaults;

impl StorageFaults for NoFaults {
    fn before(&self, _: StorageOp, _: &Path) -> Option<StorageFault> {
        None
    }
}
