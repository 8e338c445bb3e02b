//! An upload that ends early: what came so far is kept, as a server keeps it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};
use unftp_core::storage::Error;

use super::{Failing, StorageFault};

/// Why an upload ended before its sender closed.
#[derive(Debug)]
pub enum Ending {
    /// Its connection broke.
    Broken(Error),
    /// A fault was injected.
    Struck(Failing),
}

/// The [`Ending`] of an upload, shared between the reader and the storage.
#[derive(Clone, Debug, Default)]
pub struct Ended(Arc<Mutex<Option<Ending>>>);

impl Ended {
    fn set(&self, ending: Ending) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(ending);
    }

    pub fn take(&self) -> Option<Ending> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// How much of what is not kept is taken at once.
const SPARE: usize = 4096;

/// Reads an upload and turns a reset, or an injected fault, into an end of file: unftp-sbe-fs drops
/// what it has buffered on any error of its reader.
#[derive(Debug)]
pub struct Upload<R> {
    input: R,
    left: u64,
    fault: Option<StorageFault>,
    ended: Ended,
}

impl<R> Upload<R> {
    pub fn new(input: R, fault: Option<StorageFault>, ended: Ended) -> Upload<R> {
        let left = match fault {
            Some(StorageFault::Fails(fault)) => fault.after,
            Some(StorageFault::Keeps(octets)) => octets,
            _ => u64::MAX,
        };
        Upload { input, left, fault, ended }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Upload<R> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let limit = usize::try_from(this.left).unwrap_or(usize::MAX).min(buf.remaining());
        loop {
            // At the limit more is awaited: a file that fits exactly is no fault.
            let mut spare = [0u8; SPARE];
            let mut part = ReadBuf::new(match this.left {
                0 => &mut spare,
                _ => buf.initialize_unfilled_to(limit),
            });
            let read = ready!(Pin::new(&mut this.input).poll_read(cx, &mut part));
            let n = part.filled().len();
            match (read, this.fault) {
                (Err(error), _) => this.ended.set(Ending::Broken(error.into())),
                (Ok(()), Some(StorageFault::Fails(fault))) if this.left == 0 && n > 0 => {
                    this.ended.set(Ending::Struck(fault));
                }
                // The rest is taken and dropped.
                (Ok(()), Some(StorageFault::Keeps(_))) if this.left == 0 && n > 0 => continue,
                (Ok(()), _) if this.left > 0 => {
                    this.left -= n as u64;
                    buf.advance(n);
                }
                (Ok(()), _) => {}
            }
            return Poll::Ready(Ok(()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ftpd::Refusal;
    use tokio::io::AsyncReadExt;
    use unftp_core::storage::ErrorKind;

    /// Data, then a reset.
    struct Reset(&'static [u8]);

    impl AsyncRead for Reset {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            if self.0.is_empty() {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            let n = self.0.len().min(buf.remaining());
            buf.put_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Poll::Ready(Ok(()))
        }
    }

    fn read(input: impl AsyncRead + Unpin, fault: Option<StorageFault>) -> (Vec<u8>, Option<ErrorKind>) {
        let ended = Ended::default();
        let mut upload = Upload::new(input, fault, ended.clone());
        let mut bytes = vec![];
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(upload.read_to_end(&mut bytes)).unwrap();
        let kind = |ending| match ending {
            Ending::Broken(error) => error.kind(),
            Ending::Struck(fault) => fault.refusal.kind(),
        };
        (bytes, ended.take().map(kind))
    }

    #[test]
    fn what_came_before_a_reset_is_kept() {
        assert_eq!(
            read(Reset(b"0123456789"), None),
            (b"0123456789".to_vec(), Some(ErrorKind::ConnectionClosed))
        );
    }

    #[test]
    fn a_fault_leaves_so_many_octets_and_spares_what_fits() {
        let fault = Some(StorageFault::new(Refusal::Full, 4));
        let full = Some(ErrorKind::InsufficientStorageSpaceError);
        assert_eq!(read(&b"0123456789"[..], fault), (b"0123".to_vec(), full));
        assert_eq!(read(&b"0123"[..], fault), (b"0123".to_vec(), None));
        assert_eq!(read(&b"01"[..], None), (b"01".to_vec(), None));
    }

    #[test]
    fn what_is_not_kept_is_taken_all_the_same() {
        let long = vec![b'x'; 3 * SPARE];
        for kept in [0, 4, SPARE] {
            let fault = Some(StorageFault::Keeps(kept as u64));
            assert_eq!(read(&long[..], fault), (vec![b'x'; kept], None));
        }
        assert_eq!(read(&b"01"[..], Some(StorageFault::Keeps(4))), (b"01".to_vec(), None));
    }
}
