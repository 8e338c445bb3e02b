//! ASCII mode: lines that end in LF on the server end in CRLF on the network (RFC 959 section 3.1.1.1).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};

/// Which way a file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// LF becomes CRLF.
    Sent,
    /// CRLF becomes LF.
    Stored,
}

/// How much is read at once.
const CHUNK: usize = 4096;

/// Reads what another reader gives, with other line ends; as it is where there are none to change.
#[derive(Debug)]
pub struct LineEnds<R> {
    input: R,
    ends: Option<Ends>,
    /// Whether the last octet that was read is CR; one that is to be stored waits for what follows.
    cr: bool,
    /// What is changed and not read yet, last octet first.
    out: Vec<u8>,
}

impl<R> LineEnds<R> {
    pub fn new(input: R, ends: Option<Ends>) -> LineEnds<R> {
        LineEnds { input, ends, cr: false, out: vec![] }
    }

    fn change(&mut self, ends: Ends, read: &[u8]) {
        for &byte in read {
            match ends {
                Ends::Sent if byte == b'\n' && !self.cr => self.out.extend(b"\r\n"),
                Ends::Sent => self.out.push(byte),
                Ends::Stored => {
                    if self.cr && byte != b'\n' {
                        self.out.push(b'\r');
                    }
                    if byte != b'\r' {
                        self.out.push(byte);
                    }
                }
            }
            self.cr = byte == b'\r';
        }
        // A CR at the very end is one.
        if read.is_empty() && self.cr && ends == Ends::Stored {
            self.cr = false;
            self.out.push(b'\r');
        }
        self.out.reverse();
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for LineEnds<R> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let Some(ends) = this.ends else { return Pin::new(&mut this.input).poll_read(cx, buf) };
        while this.out.is_empty() {
            let mut chunk = [0u8; CHUNK];
            let mut part = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut this.input).poll_read(cx, &mut part))?;
            let end = part.filled().is_empty();
            this.change(ends, part.filled());
            if end {
                break;
            }
        }
        while let Some(byte) = this.out.pop_if(|_| buf.remaining() > 0) {
            buf.put_slice(&[byte]);
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    fn read(ends: Option<Ends>, text: &[u8], at_once: usize) -> Vec<u8> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        // A line end may lie across two reads.
        let (head, tail) = text.split_at(at_once.min(text.len()));
        let mut reader = LineEnds::new(head.chain(tail), ends);
        let mut bytes = vec![];
        runtime.block_on(reader.read_to_end(&mut bytes)).unwrap();
        bytes
    }

    #[test]
    fn line_ends_are_changed_wherever_a_read_ends() {
        let long = "0123456789\n".repeat(1000).into_bytes();
        for at_once in 0..8 {
            assert_eq!(read(Some(Ends::Sent), b"a\nb\r\n\n\r", at_once), b"a\r\nb\r\n\r\n\r");
            assert_eq!(read(Some(Ends::Stored), b"a\r\nb\n\r\rc\r", at_once), b"a\nb\n\r\rc\r");
            assert_eq!(read(Some(Ends::Stored), b"\r\r\n", at_once), b"\r\n");
            assert_eq!(read(None, b"a\nb\r\n", at_once), b"a\nb\r\n");
            let sent = read(Some(Ends::Sent), &long, at_once);
            assert_eq!(sent.len(), long.len() + 1000);
            assert_eq!(read(Some(Ends::Stored), &sent, at_once), long);
        }
    }
}
