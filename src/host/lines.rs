//! What a host prints, line by line: passed on as it comes, and heard by whoever expects something of it.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::thread;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// More of one line is none that a person has written.
const LONGEST: usize = 8 << 10;
/// So many lines wait to be heard before the host has to wait, too.
const WAITING: usize = 256;

/// Starts to read what is printed into the other end of the pipe: each line is heard, and all goes to standard error.
///
/// # Errors
/// Where no pipe and no thread can be had.
pub fn listen() -> io::Result<(Receiver<String>, PipeWriter)> {
    let (from, to) = io::pipe()?;
    let (tell, heard) = channel(WAITING);
    let told = File::from(io::stderr().as_fd().try_clone_to_owned()?);
    thread::Builder::new().name("host output".into()).spawn(move || read(from, told, &tell))?;
    Ok((heard, to))
}

fn read(mut from: PipeReader, told: File, tell: &Sender<String>) {
    let (mut told, mut lines) = (Some(told), Lines::default());
    let mut chunk = vec![0; 16 << 10];
    while let Ok(n @ 1..) = from.read(&mut chunk) {
        if told.as_mut().is_some_and(|told| told.write_all(&chunk[..n]).is_err()) {
            told = None;
        }
        // Who heard them may be gone; the host's output is passed on all the same.
        lines.take(&chunk[..n], |line| drop(tell.blocking_send(line)));
    }
    lines.end(|line| drop(tell.blocking_send(line)));
}

/// Divides octets into lines.
#[derive(Debug, Default)]
struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    fn take(&mut self, bytes: &[u8], mut each: impl FnMut(String)) {
        for part in bytes.split_inclusive(|octet| *octet == b'\n') {
            let room = LONGEST - self.begun.len().min(LONGEST);
            self.begun.extend_from_slice(&part[..part.len().min(room)]);
            if part.ends_with(b"\n") {
                self.end(&mut each);
            }
        }
    }

    /// The line ends here, where one has begun.
    fn end(&mut self, mut each: impl FnMut(String)) {
        let line = std::mem::take(&mut self.begun);
        if !line.is_empty() {
            each(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_however_they_come() {
        let mut lines = Lines::default();
        let mut told = vec![];
        for piece in [&b"one\ntw"[..], b"o\r\n\nthr", b"ee"] {
            lines.take(piece, |line| told.push(line));
        }
        lines.end(|line| told.push(line));
        assert_eq!(told, ["one", "two", "", "three"]);
        told.clear();
        for _ in 0..1000 {
            lines.take(&[b'x'; 1000], |line| told.push(line));
        }
        lines.take(b"\n\xff\n", |line| told.push(line));
        assert_eq!(told.iter().map(String::len).collect::<Vec<_>>(), [LONGEST, 3]);
    }
}
