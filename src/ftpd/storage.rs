//! unftp-sbe-fs behind a wrapper that injects errors and mends what a server is expected to do.

use super::faults::{StorageFault, StorageFaults, StorageOp};
use super::jail::absolute;
use super::quota::Quota;
use super::shared::Stop;
use super::upload::{Ended, Ending, Upload};
use super::{Listing, Names, listing};
use async_trait::async_trait;
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fmt::Debug;
use std::io::{Cursor, SeekFrom};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt, AsyncWrite, AsyncWriteExt};
use tokio::task::spawn_blocking;
use unftp_core::auth::DefaultUser;
use unftp_core::storage::{Error, ErrorKind, FEATURE_RESTART, Fileinfo, Metadata, Result, StorageBackend};
use unftp_sbe_fs::{Filesystem, Meta};

/// As many links as Linux follows.
const MAX_LINKS: usize = 40;

/// What a check before a transfer has already asked the faults.
#[derive(Debug)]
struct Cleared {
    op: StorageOp,
    path: PathBuf,
    fault: Option<StorageFault>,
}

/// What all sessions have in common.
#[derive(Clone, Debug)]
pub struct Disk {
    /// The server's root.
    pub files: Arc<Filesystem>,
    /// The same folder.
    pub root: Arc<OwnedFd>,
    /// What goes wrong.
    pub faults: Arc<dyn StorageFaults>,
    /// How much it holds.
    pub quota: Option<Arc<Quota>>,
    /// What clients' paths stand for.
    pub names: Names,
    /// How lists look.
    pub listing: Listing,
    /// Ends transfers with the server.
    pub stop: Stop,
}

/// The storage of one session. All sessions share a thread: whatever the file system may keep waiting is done on
/// another.
#[derive(Debug)]
pub struct Storage {
    disk: Disk,
    cleared: Mutex<Option<Cleared>>,
}

impl Storage {
    /// Of a session that has asked for nothing yet.
    pub fn new(disk: Disk) -> Storage {
        Storage { disk, cleared: Mutex::default() }
    }

    /// A path as the file system knows it.
    fn real(&self, path: &Path) -> PathBuf {
        match path.to_str() {
            Some(text) => PathBuf::from(OsString::from_vec((self.disk.names)(text))),
            None => path.to_owned(),
        }
    }

    /// Asks the faults about `op` now, so that the operation itself, when it comes, does not ask again.
    pub async fn clear(&self, op: StorageOp, path: &Path) -> Result<()> {
        let fault = self.before(op, path).await?;
        let cleared = Cleared { op, path: path.to_owned(), fault };
        *self.cleared.lock().unwrap_or_else(PoisonError::into_inner) = Some(cleared);
        Ok(())
    }

    /// The fault to be injected later in `op`; one to be injected at once is the error.
    async fn before(&self, op: StorageOp, path: &Path) -> Result<Option<StorageFault>> {
        let fault = match self.cleared(op, path) {
            Some(found) => found,
            None => match self.disk.faults.before(op, path) {
                None if matches!(op, StorageOp::Read | StorageOp::Metadata | StorageOp::Enter) => {
                    self.prepare(op, path).await?;
                    None
                }
                None if op == StorageOp::Write => self.quota(path).await?,
                fault => fault,
            },
        };
        match fault {
            Some(StorageFault { refusal, after: 0, vanishes: false }) => Err(refusal.kind().into()),
            fault => Ok(fault),
        }
    }

    /// Has what is asked for made, where it is made only then.
    async fn prepare(&self, op: StorageOp, path: &Path) -> Result<()> {
        if !self.disk.faults.prepares() {
            return Ok(());
        }
        let (faults, path) = (self.disk.faults.clone(), self.real(path));
        let make = move || {
            faults.prepare(op, &path);
            Ok(())
        };
        aside(make).await
    }

    /// What a check has found out about this operation, where there was one.
    fn cleared(&self, op: StorageOp, path: &Path) -> Option<Option<StorageFault>> {
        let mut slot = self.cleared.lock().unwrap_or_else(PoisonError::into_inner);
        match (slot.as_ref().filter(|cleared| cleared.path == path)?, op) {
            (cleared, _) if cleared.op == op => slot.take().map(|cleared| cleared.fault),
            // APPE looks for the end first, and libunftp takes an error there for an empty file.
            (Cleared { op: StorageOp::Write, .. }, StorageOp::Metadata) => Some(None),
            _ => None,
        }
    }

    async fn quota(&self, path: &Path) -> Result<Option<StorageFault>> {
        let Some(quota) = self.disk.quota.clone() else { return Ok(None) };
        let path = self.real(path);
        aside(move || Ok(quota.left(&path))).await.map(Some)
    }

    /// Refuses what is no plain file, if there is anything: a FIFO or a device may keep its reader waiting for ever.
    async fn plain(&self, user: &DefaultUser, path: &Path) -> Result<()> {
        match self.look(user, path).await {
            Ok(meta) if !meta.is_file() => Err(ErrorKind::PermissionDenied.into()),
            _ => Ok(()),
        }
    }

    /// Lets a fault strike that has let pass what it lets pass.
    async fn strike(&self, user: &DefaultUser, path: &Path, fault: StorageFault) -> Error {
        if fault.vanishes {
            // Somebody else may have removed it.
            let _ = self.disk.files.del(user, self.real(path)).await;
        }
        fault.refusal.kind().into()
    }

    /// The metadata of what `path` leads to: unftp-sbe-fs gives a link's own, whose length is the
    /// length of its target's name.
    pub async fn look(&self, user: &DefaultUser, path: &Path) -> Result<Meta> {
        let mut path = path.to_owned();
        for _ in 0..MAX_LINKS {
            let meta = self.disk.files.metadata(user, self.real(&path)).await?;
            match meta.readlink() {
                None => return Ok(meta),
                // As in the jail itself, an absolute target leads nowhere.
                Some(target) if target.is_absolute() => break,
                Some(target) => path = absolute(&path.parent().unwrap_or(&path).join(target)),
            }
        }
        Err(ErrorKind::PermanentFileNotAvailable.into())
    }

    /// Stores from an offset on and leaves what lies behind, as other servers do: unftp-sbe-fs cuts it off there.
    async fn write_over(
        &self,
        user: &DefaultUser,
        mut upload: impl AsyncRead + Send + Sync + Unpin + 'static,
        real: &Path,
        start: u64,
    ) -> Result<u64> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC;
        let inside = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        let path = real.strip_prefix("/").unwrap_or(real);
        let (root, path) = (self.disk.root.clone(), path.to_owned());
        let open = move || match openat2(&root, path, flags, Mode::from_raw_mode(0o666), inside) {
            Ok(file) => Ok(Some(file)),
            // Linux before 5.6, and some sandboxes.
            Err(Errno::NOSYS) => Ok(None),
            Err(error) => Err(std::io::Error::from(error).into()),
        };
        let Some(file) = aside(open).await? else {
            return self.disk.files.put(user, upload, real, start).await;
        };
        let mut file = tokio::fs::File::from_std(file.into());
        file.seek(SeekFrom::Start(start)).await?;
        let stored = tokio::io::copy(&mut upload, &mut file).await?;
        file.flush().await?;
        Ok(stored)
    }

    async fn entries(&self, user: &DefaultUser, path: &Path) -> Result<Vec<Fileinfo<PathBuf, Meta>>> {
        let metadata = self.look(user, path).await?;
        if !metadata.is_dir() {
            return Ok(vec![Fileinfo {
                path: self.real(path).file_name().map(PathBuf::from).unwrap_or_default(),
                metadata,
            }]);
        }
        let mut entries = self.disk.files.list(user, self.real(path)).await?;
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(entries)
    }
}

/// Does what may wait for the file system on a thread that waits for nothing else.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    spawn_blocking(work).await.unwrap_or_else(|_| Err(ErrorKind::LocalError.into()))
}

/// A transfer ends with its server.
fn stopped<T>() -> Result<T> {
    Err(ErrorKind::ConnectionClosed.into())
}

/// A change of the root itself, which no client may make.
fn not_root(path: PathBuf) -> Result<PathBuf> {
    match path == Path::new("/") {
        true => Err(ErrorKind::PermissionDenied.into()),
        false => Ok(path),
    }
}

#[async_trait]
impl StorageBackend<DefaultUser> for Storage {
    type Metadata = Meta;

    fn name(&self) -> &str {
        "files"
    }

    fn supported_features(&self) -> u32 {
        FEATURE_RESTART
    }

    async fn metadata<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, path: P) -> Result<Meta> {
        let path = absolute(path.as_ref());
        self.before(StorageOp::Metadata, &path).await?;
        self.look(user, &path).await
    }

    async fn list<P: AsRef<Path> + Send + Debug>(
        &self,
        user: &DefaultUser,
        path: P,
    ) -> Result<Vec<Fileinfo<PathBuf, Meta>>> {
        let path = absolute(path.as_ref());
        self.before(StorageOp::List, &path).await?;
        self.entries(user, &path).await
    }

    async fn list_fmt<P: AsRef<Path> + Send + Debug>(
        &self,
        user: &DefaultUser,
        path: P,
    ) -> Result<Cursor<Vec<u8>>> {
        let entries = self.list(user, path).await?;
        let lines: Vec<_> =
            entries.iter().map(|entry| listing::line(entry, self.disk.listing).into_vec()).collect();
        Ok(Cursor::new(lines.into_iter().flat_map(|line| [line, b"\r\n".to_vec()].concat()).collect()))
    }

    async fn list_vec<P: AsRef<Path> + Send + Debug>(
        &self,
        user: &DefaultUser,
        path: P,
    ) -> Result<Vec<String>> {
        let entries = self.list(user, path).await?;
        Ok(entries
            .iter()
            .map(|entry| listing::line(entry, self.disk.listing).to_string_lossy().into_owned())
            .collect())
    }

    async fn get_into<'a, P, W: ?Sized>(
        &self,
        user: &DefaultUser,
        path: P,
        start: u64,
        output: &'a mut W,
    ) -> Result<u64>
    where
        W: AsyncWrite + Unpin + Sync + Send,
        P: AsRef<Path> + Send + Debug,
    {
        let path = absolute(path.as_ref());
        let fault = self.before(StorageOp::Read, &path).await?;
        self.plain(user, &path).await?;
        let mut reader = self.disk.files.get(user, self.real(&path), start).await?;
        let send = async {
            let Some(fault) = fault else { return Ok(tokio::io::copy(&mut reader, output).await?) };
            let sent = tokio::io::copy(&mut (&mut reader).take(fault.after), output).await?;
            match reader.read(&mut [0]).await? {
                0 => Ok(sent),
                _ => Err(self.strike(user, &path, fault).await),
            }
        };
        self.disk.stop.unless(send).await.unwrap_or_else(stopped)
    }

    async fn get<P: AsRef<Path> + Send + Debug>(
        &self,
        user: &DefaultUser,
        path: P,
        start: u64,
    ) -> Result<Box<dyn AsyncRead + Send + Sync + Unpin>> {
        let path = absolute(path.as_ref());
        self.before(StorageOp::Read, &path).await?;
        self.plain(user, &path).await?;
        self.disk.files.get(user, self.real(&path), start).await
    }

    async fn put<P: AsRef<Path> + Send + Debug, R: AsyncRead + Send + Sync + Unpin + 'static>(
        &self,
        user: &DefaultUser,
        input: R,
        path: P,
        start: u64,
    ) -> Result<u64> {
        let path = absolute(path.as_ref());
        let fault = self.before(StorageOp::Write, &path).await?;
        self.plain(user, &path).await?;
        let ended = Ended::default();
        let real = self.real(&path);
        let upload = Upload::new(input, fault, ended.clone());
        let store = async {
            match start {
                0 => self.disk.files.put(user, upload, &real, start).await,
                _ => self.write_over(user, upload, &real, start).await,
            }
        };
        let stored = self.disk.stop.unless(store).await.unwrap_or_else(stopped)?;
        match ended.take() {
            None => Ok(stored),
            Some(Ending::Broken(error)) => Err(error),
            Some(Ending::Struck(fault)) => Err(self.strike(user, &path, fault).await),
        }
    }

    async fn del<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, path: P) -> Result<()> {
        let path = not_root(absolute(path.as_ref()))?;
        self.before(StorageOp::Delete, &path).await?;
        self.disk.files.del(user, self.real(&path)).await
    }

    async fn mkd<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, path: P) -> Result<()> {
        let path = not_root(absolute(path.as_ref()))?;
        self.before(StorageOp::MakeDir, &path).await?;
        self.disk.files.mkd(user, self.real(&path)).await
    }

    async fn rename<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, from: P, to: P) -> Result<()> {
        let from = not_root(absolute(from.as_ref()))?;
        let to = not_root(absolute(to.as_ref()))?;
        self.before(StorageOp::Rename, &from).await?;
        self.disk.files.rename(user, self.real(&from), self.real(&to)).await
    }

    async fn rmd<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, path: P) -> Result<()> {
        let path = not_root(absolute(path.as_ref()))?;
        self.before(StorageOp::RemoveDir, &path).await?;
        self.disk.files.rmd(user, self.real(&path)).await
    }

    async fn cwd<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, path: P) -> Result<()> {
        let path = absolute(path.as_ref());
        self.before(StorageOp::Enter, &path).await?;
        match self.look(user, &path).await?.is_dir() {
            true => Ok(()),
            false => Err(Error::from(ErrorKind::PermanentDirectoryNotAvailable)),
        }
    }
}
