//! What a host prints: read as it comes, passed on where somebody watches, and kept at both its ends, however much it is.

use super::lines::Lines;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// So much is kept of its beginning.
const HEAD: usize = 16 << 10;
/// So much is kept of its end.
const TAIL: usize = 48 << 10;
/// How long the rest may take, once no process of the host is left: its reader may not keep up, or a process may have
/// escaped with the other end.
const REST: Duration = Duration::from_millis(500);

/// Whether what a host prints is passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Live {
    /// To standard error, as it comes.
    Told,
    /// It is kept alone.
    Kept,
}

/// Who reads what a host prints.
#[derive(Debug)]
pub struct Reader {
    kept: Arc<Mutex<Kept>>,
    ended: Receiver<()>,
}

#[derive(Debug, Default)]
struct Kept {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    dropped: u64,
}

impl Reader {
    /// Starts to read; what is printed into the other end of the pipe is heard, also line by line where `lines` is given.
    ///
    /// # Errors
    /// Where no pipe and no thread can be had.
    pub fn start(live: Live, lines: Option<Sender<String>>) -> io::Result<(Reader, PipeWriter)> {
        let (from, to) = io::pipe()?;
        let kept = Arc::new(Mutex::new(Kept::default()));
        // Past the lock of standard error: where nobody reads that, only this thread waits.
        let mut told = match live {
            Live::Told => Some(File::from(io::stderr().as_fd().try_clone_to_owned()?)),
            Live::Kept => None,
        };
        let (tell, ended) = channel();
        let its = kept.clone();
        thread::Builder::new().name("host output".into()).spawn(move || {
            read(from, &its, &mut told, lines);
            // Who waits for it may have given up.
            let _ = tell.send(());
        })?;
        Ok((Reader { kept, ended }, to))
    }

    /// What was printed, as text, with a line in place of what was too much.
    pub fn finish(self) -> String {
        let _ = self.ended.recv_timeout(REST);
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).text()
    }
}

fn read(mut from: PipeReader, kept: &Mutex<Kept>, told: &mut Option<File>, lines: Option<Sender<String>>) {
    let mut begun = Lines::default();
    // Who heard them may be gone; all is kept all the same.
    let tell = |line: String| lines.iter().for_each(|lines| drop(lines.blocking_send(line.clone())));
    let mut chunk = vec![0; 64 << 10];
    while let Ok(n @ 1..) = from.read(&mut chunk) {
        kept.lock().unwrap_or_else(PoisonError::into_inner).take(&chunk[..n]);
        if told.as_mut().is_some_and(|told| told.write_all(&chunk[..n]).is_err()) {
            *told = None;
        }
        if lines.is_some() {
            begun.take(&chunk[..n], tell);
        }
    }
    begun.end(tell);
}

impl Kept {
    fn take(&mut self, bytes: &[u8]) {
        let (first, rest) = bytes.split_at(bytes.len().min(HEAD - self.head.len()));
        self.head.extend_from_slice(first);
        self.tail.extend(rest);
        let more = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..more);
        self.dropped += more as u64;
    }

    fn text(&self) -> String {
        let tail: Vec<u8> = self.tail.iter().copied().collect();
        if self.dropped == 0 {
            return String::from_utf8_lossy(&[&self.head[..], &tail].concat()).into_owned();
        }
        let (head, tail) = (String::from_utf8_lossy(&self.head), String::from_utf8_lossy(&tail));
        format!("{head}\n[{} bytes are left out]\n{tail}", self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_much_are_kept() {
        let mut kept = Kept::default();
        kept.take(b"first\n");
        assert_eq!(kept.text(), "first\n");
        for _ in 0..100 {
            kept.take(&[b'x'; 10_000]);
        }
        kept.take(b"last\n");
        let text = kept.text();
        assert!(text.starts_with("first\nxxx") && text.ends_with("xxxlast\n"));
        assert!(
            text.contains(&format!("[{} bytes are left out]", 1_000_011 - HEAD - TAIL)),
            "{}",
            text.len()
        );
        assert!(text.len() < HEAD + TAIL + 100);
    }

    #[test]
    fn what_comes_through_the_pipe_is_kept() {
        let (reader, mut to) = Reader::start(Live::Kept, None).unwrap();
        to.write_all(b"hello\n").unwrap();
        drop(to);
        assert_eq!(reader.finish(), "hello\n");
    }
}
