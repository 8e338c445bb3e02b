//! What a run writes: a trace, a capture, a report.

use super::pipe::Pipe;
use super::{at, name, named, plain, why};
use rustix::fs::makedev;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// As much of a file is looked at to know what it is.
const LOOKED_AT: u64 = 64 * 1024;
/// `/dev/null` and `/dev/full` (devices.txt of Linux): one takes everything, the other nothing.
const HARMLESS: [(u32, u32); 2] = [(1, 3), (1, 7)];

/// What stands for standard output, and its place among files.
pub const STANDARD_OUTPUT: &str = "-";
const ITS_IDENTITY: (u64, u64) = (u64::MAX, u64::MAX);

/// What is written, which tells what may be written over.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What it is called.
    pub name: &'static str,
    /// Whether a file that begins so is one; `true` behind it where that is the whole file.
    pub is_one: fn(&[u8], bool) -> bool,
}

/// Opens what a run writes, and refuses what would cost the user another file: one that the run reads, or writes
/// otherwise; one that is no earlier output of the same kind; a device.
#[derive(Debug, Default)]
pub struct Outputs {
    /// The files of the run by device and inode, which links share, and what each is.
    taken: Vec<((u64, u64), String)>,
}

/// An open output. Its errors name it. Clones are the same output.
#[derive(Clone, Debug)]
pub struct Output {
    name: String,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    to: To,
    /// Why something was not written.
    lost: Option<(io::ErrorKind, String)>,
}

#[derive(Debug)]
enum To {
    File(File),
    Fifo(Pipe),
}

impl Outputs {
    /// Knows that the run needs a file, if it is there: `what` it is.
    pub fn needs(&mut self, what: &str, path: &Path) {
        if let Ok(there) = fs::metadata(path) {
            self.taken.push((identity(&there), what.to_owned()));
        }
    }

    /// Opens an output of the kind `kind` that an option names.
    ///
    /// # Errors
    /// It cannot be written, or must not be; the text names option and file.
    pub fn open(&mut self, option: &str, path: &Path, kind: Kind) -> io::Result<Output> {
        let told = format!("{option} {}", path.display());
        if path == Path::new(STANDARD_OUTPUT) {
            let known = |(id, _): &&((u64, u64), String)| *id == ITS_IDENTITY;
            if let Some((_, what)) = self.taken.iter().find(known) {
                return Err(named(&told)(refused(format!("that is {what}; write to a file"))));
            }
            self.taken.push((ITS_IDENTITY, format!("what {option} writes")));
            let to = Pipe::standard_output().map(To::Fifo).map_err(named(&told))?;
            return Ok(Output { name: told, shared: Arc::new(Mutex::new(Shared { to, lost: None })) });
        }
        let to = self.choose(path, kind).map_err(|e| at(path, e)).map_err(named(&told))?;
        if let Ok(there) = fs::metadata(path) {
            // Any number of outputs may vanish in one device.
            if !there.file_type().is_char_device() {
                self.taken.push((identity(&there), format!("what {option} writes")));
            }
        }
        Ok(Output { name: told, shared: Arc::new(Mutex::new(Shared { to, lost: None })) })
    }

    fn choose(&self, path: &Path, kind: Kind) -> io::Result<To> {
        let there = match fs::metadata(path) {
            Ok(there) => Some(there),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(e),
        };
        if let Some(there) = &there {
            if let Some((_, what)) = self.taken.iter().find(|(id, _)| *id == identity(there)) {
                return Err(refused(format!("that is {what}; write to another file")));
            }
            let its = there.file_type();
            if its.is_fifo() {
                return Pipe::open(path).map(To::Fifo);
            }
            if its.is_char_device() && (harmless(there) || our_own(there)) {
                return OpenOptions::new().write(true).open(path).map(To::File);
            }
            if !its.is_file() {
                return Err(refused(format!("it is {}; write to a plain file", name(its))));
            }
            if our_own(there) {
                return Err(refused(
                    "that is where this run's own output goes; write to another file".into(),
                ));
            }
        }
        let file = plain(path, OpenOptions::new().read(true).write(true).create(true).truncate(false))?;
        let mut begin = vec![];
        (&file).take(LOOKED_AT).read_to_end(&mut begin)?;
        let whole = file.metadata()?.len() <= LOOKED_AT;
        if !begin.is_empty() && !(kind.is_one)(&begin, whole) {
            let what = format!("it is there, and is no {}; remove it, or write to another file", kind.name);
            return Err(refused(what));
        }
        file.set_len(0)?;
        io::Seek::rewind(&mut (&file))?;
        Ok(To::File(file))
    }
}

fn refused(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, what)
}

fn identity(there: &Metadata) -> (u64, u64) {
    (there.dev(), there.ino())
}

fn harmless(there: &Metadata) -> bool {
    HARMLESS.iter().any(|&(one, two)| there.rdev() == makedev(one, two))
}

/// Whether it is what this process was given as its standard output or standard error.
fn our_own(there: &Metadata) -> bool {
    let same = |ours: std::os::fd::BorrowedFd| {
        rustix::fs::fstat(ours).is_ok_and(|ours| (ours.st_dev, ours.st_ino) == identity(there))
    };
    same(io::stdout().as_fd()) || same(io::stderr().as_fd())
}

impl Output {
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has it written to its end.
    ///
    /// # Errors
    /// What was not written, at any time, with the option and the file.
    pub fn finish(&self) -> io::Result<()> {
        let mut shared = self.shared();
        let done = match (shared.lost.take(), &mut shared.to) {
            (Some((kind, lost)), _) => Err(io::Error::new(kind, lost)),
            (None, To::File(file)) => file.sync_all().or_else(|e| match e.kind() {
                // What is no file has nothing to be kept.
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => Ok(()),
                _ => Err(e),
            }),
            (None, To::Fifo(pipe)) => pipe.finish(),
        };
        done.map_err(named(&self.name))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut shared = self.shared();
        let written = match &mut shared.to {
            To::File(file) => file.write(bytes),
            To::Fifo(pipe) => pipe.write(bytes),
        };
        match &written {
            // Who reads it has seen enough.
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {}
            Err(e) => shared.lost = Some((e.kind(), why(e))),
            Ok(_) => {}
        }
        written.map_err(named(&self.name))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
