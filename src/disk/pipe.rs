//! Writing to a FIFO or to standard output, whose reader may come late, or not at all, or not keep up.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// How many octets wait for the reader.
const WAITING: usize = 16 << 20;
/// How long the reader may take at the end.
const END: Duration = Duration::from_secs(5);

/// A FIFO, which a thread of its own opens and writes to: only that one ever waits for the reader.
#[derive(Debug)]
pub struct Pipe {
    to: Option<Sender<Vec<u8>>>,
    shared: Arc<Shared>,
    ended: Receiver<io::Result<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Whether a reader has come.
    open: AtomicBool,
    waiting: AtomicUsize,
}

impl Pipe {
    /// Has the FIFO at `path` opened as soon as somebody reads it.
    ///
    /// # Errors
    /// Where no thread can be had.
    pub fn open(path: &Path) -> io::Result<Pipe> {
        let path = path.to_owned();
        Pipe::served(move || OpenOptions::new().write(true).open(path))
    }

    /// The same for standard output, whose reader is there.
    ///
    /// # Errors
    /// Where it is closed, or no thread can be had.
    pub fn standard_output() -> io::Result<Pipe> {
        let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let pipe = Pipe::served(move || Ok(file))?;
        pipe.shared.open.store(true, SeqCst);
        Ok(pipe)
    }

    fn served(open: impl FnOnce() -> io::Result<File> + Send + 'static) -> io::Result<Pipe> {
        let (to, chunks) = channel();
        let (tell, ended) = channel();
        let shared = Arc::new(Shared::default());
        let its = shared.clone();
        thread::Builder::new().name("fifo".into()).spawn(move || tell.send(serve(open, &its, &chunks)))?;
        Ok(Pipe { to: Some(to), shared, ended })
    }

    /// Waits until all was written, and not for a reader who never came.
    ///
    /// # Errors
    /// What was not written.
    pub fn finish(&mut self) -> io::Result<()> {
        if self.to.take().is_none() {
            return Ok(());
        }
        if !self.shared.open.load(SeqCst) {
            return Err(io::Error::other("nobody reads it"));
        }
        self.ended.recv_timeout(END).unwrap_or_else(|_| Err(slow()))
    }
}

fn slow() -> io::Error {
    io::Error::other("its reader does not keep up")
}

fn serve(
    open: impl FnOnce() -> io::Result<File>,
    shared: &Shared,
    chunks: &Receiver<Vec<u8>>,
) -> io::Result<()> {
    let mut file = open()?;
    shared.open.store(true, SeqCst);
    for chunk in chunks {
        file.write_all(&chunk)?;
        shared.waiting.fetch_sub(chunk.len(), SeqCst);
    }
    Ok(())
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.shared.waiting.fetch_add(bytes.len(), SeqCst) + bytes.len() > WAITING {
            return Err(slow());
        }
        match self.to.as_ref().map(|to| to.send(bytes.to_vec())) {
            Some(Ok(())) => Ok(bytes.len()),
            _ => Err(self
                .ended
                .try_recv()
                .ok()
                .and_then(Result::err)
                .unwrap_or_else(|| io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        // Who reads a trace sees where it ends.
        let _ = self.finish();
    }
}
