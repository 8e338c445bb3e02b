//! unftp-sbe-fs behind a wrapper that injects errors and mends what a server is expected to do.

use super::faults::{StorageFault, StorageFaults, StorageOp};
use super::jail::absolute;
use super::upload::{Ended, Ending, Upload};
use super::{Names, listing};
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

/// The storage of one session.
#[derive(Debug)]
pub struct Storage {
    files: Arc<Filesystem>,
    root: Arc<OwnedFd>,
    faults: Arc<dyn StorageFaults>,
    names: Names,
    cleared: Mutex<Option<Cleared>>,
}

impl Storage {
    /// Of the folder `root`, which `files` serves.
    pub fn new(
        files: Arc<Filesystem>,
        root: Arc<OwnedFd>,
        faults: Arc<dyn StorageFaults>,
        names: Names,
    ) -> Storage {
        Storage { files, root, faults, names, cleared: Mutex::default() }
    }

    /// A path as the file system knows it.
    fn real(&self, path: &Path) -> PathBuf {
        match path.to_str() {
            Some(text) => PathBuf::from(OsString::from_vec((self.names)(text))),
            None => path.to_owned(),
        }
    }

    /// Asks the faults about `op` now, so that the operation itself, when it comes, does not ask again.
    pub fn clear(&self, op: StorageOp, path: &Path) -> Result<()> {
        let fault = self.before(op, path)?;
        let cleared = Cleared { op, path: path.to_owned(), fault };
        *self.cleared.lock().unwrap_or_else(PoisonError::into_inner) = Some(cleared);
        Ok(())
    }

    /// The fault to be injected later in `op`; one to be injected at once is the error.
    fn before(&self, op: StorageOp, path: &Path) -> Result<Option<StorageFault>> {
        let mut slot = self.cleared.lock().unwrap_or_else(PoisonError::into_inner);
        let cleared = slot.as_ref().filter(|cleared| cleared.path == path);
        let fault = match (cleared, op) {
            (Some(cleared), _) if cleared.op == op => slot.take().and_then(|cleared| cleared.fault),
            // APPE looks for the end first, and libunftp takes an error there for an empty file.
            (Some(Cleared { op: StorageOp::Write, .. }), StorageOp::Metadata) => None,
            _ => self.faults.before(op, path),
        };
        match fault {
            Some(StorageFault { refusal, after: 0, vanishes: false }) => Err(refusal.kind().into()),
            fault => Ok(fault),
        }
    }

    /// Lets a fault strike that has let pass what it lets pass.
    async fn strike(&self, user: &DefaultUser, path: &Path, fault: StorageFault) -> Error {
        if fault.vanishes {
            // Somebody else may have removed it.
            let _ = self.files.del(user, self.real(path)).await;
        }
        fault.refusal.kind().into()
    }

    /// The metadata of what `path` leads to: unftp-sbe-fs gives a link's own, whose length is the
    /// length of its target's name.
    pub async fn look(&self, user: &DefaultUser, path: &Path) -> Result<Meta> {
        let mut path = path.to_owned();
        for _ in 0..MAX_LINKS {
            let meta = self.files.metadata(user, self.real(&path)).await?;
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
        let file = match openat2(&self.root, path, flags, Mode::from_raw_mode(0o666), inside) {
            Ok(file) => file,
            // Linux before 5.6, and some sandboxes.
            Err(Errno::NOSYS) => return self.files.put(user, upload, real, start).await,
            Err(error) => return Err(std::io::Error::from(error).into()),
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
        let mut entries = self.files.list(user, self.real(path)).await?;
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(entries)
    }
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
        self.before(StorageOp::Metadata, &path)?;
        self.look(user, &path).await
    }

    async fn list<P: AsRef<Path> + Send + Debug>(
        &self,
        user: &DefaultUser,
        path: P,
    ) -> Result<Vec<Fileinfo<PathBuf, Meta>>> {
        let path = absolute(path.as_ref());
        self.before(StorageOp::List, &path)?;
        self.entries(user, &path).await
    }

    async fn list_fmt<P: AsRef<Path> + Send + Debug>(
        &self,
        user: &DefaultUser,
        path: P,
    ) -> Result<Cursor<Vec<u8>>> {
        let entries = self.list(user, path).await?;
        let lines: Vec<_> = entries.iter().map(|entry| listing::line(entry).into_vec()).collect();
        Ok(Cursor::new(lines.into_iter().flat_map(|line| [line, b"\r\n".to_vec()].concat()).collect()))
    }

    async fn list_vec<P: AsRef<Path> + Send + Debug>(
        &self,
        user: &DefaultUser,
        path: P,
    ) -> Result<Vec<String>> {
        let entries = self.list(user, path).await?;
        Ok(entries.iter().map(|entry| listing::line(entry).to_string_lossy().into_owned()).collect())
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
        let fault = self.before(StorageOp::Read, &path)?;
        let mut reader = self.files.get(user, self.real(&path), start).await?;
        let Some(fault) = fault else { return Ok(tokio::io::copy(&mut reader, output).await?) };
        let sent = tokio::io::copy(&mut (&mut reader).take(fault.after), output).await?;
        match reader.read(&mut [0]).await? {
            0 => Ok(sent),
            _ => Err(self.strike(user, &path, fault).await),
        }
    }

    async fn get<P: AsRef<Path> + Send + Debug>(
        &self,
        user: &DefaultUser,
        path: P,
        start: u64,
    ) -> Result<Box<dyn AsyncRead + Send + Sync + Unpin>> {
        let path = absolute(path.as_ref());
        self.before(StorageOp::Read, &path)?;
        self.files.get(user, self.real(&path), start).await
    }

    async fn put<P: AsRef<Path> + Send + Debug, R: AsyncRead + Send + Sync + Unpin + 'static>(
        &self,
        user: &DefaultUser,
        input: R,
        path: P,
        start: u64,
    ) -> Result<u64> {
        let path = absolute(path.as_ref());
        let fault = self.before(StorageOp::Write, &path)?;
        let ended = Ended::default();
        let real = self.real(&path);
        let upload = Upload::new(input, fault, ended.clone());
        let stored = match start {
            0 => self.files.put(user, upload, &real, start).await?,
            _ => self.write_over(user, upload, &real, start).await?,
        };
        match ended.take() {
            None => Ok(stored),
            Some(Ending::Broken(error)) => Err(error),
            Some(Ending::Struck(fault)) => Err(self.strike(user, &path, fault).await),
        }
    }

    async fn del<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, path: P) -> Result<()> {
        let path = not_root(absolute(path.as_ref()))?;
        self.before(StorageOp::Delete, &path)?;
        self.files.del(user, self.real(&path)).await
    }

    async fn mkd<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, path: P) -> Result<()> {
        let path = not_root(absolute(path.as_ref()))?;
        self.before(StorageOp::MakeDir, &path)?;
        self.files.mkd(user, self.real(&path)).await
    }

    async fn rename<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, from: P, to: P) -> Result<()> {
        let from = not_root(absolute(from.as_ref()))?;
        let to = not_root(absolute(to.as_ref()))?;
        self.before(StorageOp::Rename, &from)?;
        self.files.rename(user, self.real(&from), self.real(&to)).await
    }

    async fn rmd<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, path: P) -> Result<()> {
        let path = not_root(absolute(path.as_ref()))?;
        self.before(StorageOp::RemoveDir, &path)?;
        self.files.rmd(user, self.real(&path)).await
    }

    async fn cwd<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, path: P) -> Result<()> {
        let path = absolute(path.as_ref());
        self.before(StorageOp::Enter, &path)?;
        match self.look(user, &path).await?.is_dir() {
            true => Ok(()),
            false => Err(Error::from(ErrorKind::PermanentDirectoryNotAvailable)),
        }
    }
}
