//! What a host prints, line by line, for whoever expects something of it.

use tokio::sync::mpsc::{self, Receiver, Sender};

/// More of one line is none that a person has written.
const LONGEST: usize = 8 << 10;
/// So many lines wait to be heard before the host has to wait, too.
const WAITING: usize = 256;

/// What tells lines, and what they are heard by.
pub fn channel() -> (Sender<String>, Receiver<String>) {
    mpsc::channel(WAITING)
}

/// Divides octets into lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    pub(super) fn take(&mut self, bytes: &[u8], mut each: impl FnMut(String)) {
        for part in bytes.split_inclusive(|octet| *octet == b'\n') {
            let room = LONGEST - self.begun.len().min(LONGEST);
            self.begun.extend_from_slice(&part[..part.len().min(room)]);
            if part.ends_with(b"\n") {
                self.end(&mut each);
            }
        }
    }

    /// The line ends here, where one has begun.
    pub(super) fn end(&mut self, mut each: impl FnMut(String)) {
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
