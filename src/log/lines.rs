//! The lines of a log, none longer than fits in memory.

use std::io::{self, BufRead};

/// A longer line comes in pieces.
const LONGEST: usize = 64 * 1024;
/// A piece ends at a blank where there is one so near its end.
const NEAR: usize = 4096;

/// A line, or a piece of one that is too long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// With its end, as it stands in the log.
    pub raw: Vec<u8>,
    /// It is the rest of a line that was too long.
    pub goes_on: bool,
}

impl Line {
    /// Without its end.
    pub fn text(&self) -> &[u8] {
        let text = self.raw.strip_suffix(b"\n").unwrap_or(&self.raw);
        let end = text.iter().rposition(|b| *b != b'\r').map_or(0, |last| last + 1);
        &text[..end]
    }

    /// Whether it ends, and is not merely where the log was cut off, or too long.
    pub fn ends(&self) -> bool {
        self.raw.ends_with(b"\n") || self.raw.ends_with(b"\r")
    }
}

/// Reads a log line by line.
#[derive(Debug)]
pub struct Lines<I> {
    input: I,
    goes_on: bool,
    /// What was read beyond the end of a piece.
    kept: Vec<u8>,
    read: u64,
    /// What ends a line; unknown before the first.
    end: Option<End>,
}

/// What ends the lines of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Lf,
    /// CR alone, and LF should there be one after all.
    Cr,
}

impl End {
    /// How it looks: where there is no LF near the start but a CR, each CR is the end of a line.
    fn of(begin: &[u8]) -> End {
        let cr = begin.iter().filter(|b| **b == b'\r').count();
        if cr > 1 && !begin.contains(&b'\n') { End::Cr } else { End::Lf }
    }

    /// How many bytes there are up to the end of the line, with it.
    fn find(self, bytes: &[u8]) -> Option<usize> {
        match self {
            End::Lf => memchr::memchr(b'\n', bytes).map(|end| end + 1),
            End::Cr => {
                let end = memchr::memchr2(b'\r', b'\n', bytes)?;
                let both = bytes[end] == b'\r' && bytes.get(end + 1) == Some(&b'\n');
                Some(end + 1 + usize::from(both))
            }
        }
    }
}

impl<I: BufRead> Lines<I> {
    /// The lines of `input`.
    pub fn new(input: I) -> Lines<I> {
        Lines { input, goes_on: false, kept: vec![], read: 0, end: None }
    }

    /// How many bytes have been read.
    pub fn bytes_read(&self) -> u64 {
        self.read
    }

    /// The next line into `line`; false at the end.
    ///
    /// # Errors
    /// Those of the input.
    pub fn next_into(&mut self, line: &mut Line) -> io::Result<bool> {
        line.raw.clear();
        line.raw.append(&mut self.kept);
        line.goes_on = self.goes_on;
        while line.raw.len() < LONGEST {
            let buffer = match self.input.fill_buf() {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                buffer => buffer?,
            };
            if buffer.is_empty() {
                break;
            }
            let ends = *self.end.get_or_insert_with(|| End::of(buffer));
            let room = buffer.len().min(LONGEST - line.raw.len());
            let end = ends.find(&buffer[..room]);
            let taken = end.unwrap_or(room);
            line.raw.extend_from_slice(&buffer[..taken]);
            self.input.consume(taken);
            self.read += taken as u64;
            if end.is_some() {
                self.goes_on = false;
                return Ok(true);
            }
        }
        if line.raw.len() >= LONGEST {
            let near = &line.raw[LONGEST - NEAR..];
            if let Some(blank) = near.iter().rposition(|b| *b == b' ') {
                self.kept = line.raw.split_off(LONGEST - NEAR + blank + 1);
            }
        }
        self.goes_on = line.raw.len() + self.kept.len() >= LONGEST;
        Ok(!line.raw.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Vec<Line> {
        let mut lines = Lines::new(text);
        let mut found = vec![];
        let mut line = Line::default();
        while lines.next_into(&mut line).unwrap() {
            found.push(line.clone());
        }
        assert_eq!(lines.bytes_read(), text.len() as u64);
        found
    }

    #[test]
    fn lines_keep_their_ends() {
        let lines = all(b"AT\r\r\n\nOK");
        assert_eq!(lines.iter().map(|l| &l.raw[..]).collect::<Vec<_>>(), [&b"AT\r\r\n"[..], b"\n", b"OK"]);
        assert_eq!(lines.iter().map(Line::text).collect::<Vec<_>>(), [&b"AT"[..], b"", b"OK"]);
        assert!(lines[0].ends() && !lines[2].ends());
    }

    #[test]
    fn cr_alone_ends_lines_where_there_is_no_lf() {
        let lines = all(b"AT\r+CSQ: 20,0\rOK\r");
        assert_eq!(lines.iter().map(Line::text).collect::<Vec<_>>(), [&b"AT"[..], b"+CSQ: 20,0", b"OK"]);
        assert!(lines.iter().all(Line::ends));
        assert_eq!(all(b"AT\r\r\nOK\r").len(), 2);
    }

    #[test]
    fn a_line_without_end_comes_in_pieces_at_blanks() {
        let text = [b"41 54 ".repeat(40_000), b"\nOK\n".to_vec()].concat();
        let lines = all(&text);
        assert_eq!(lines.iter().flat_map(|l| l.raw.clone()).collect::<Vec<_>>(), text);
        assert!(lines.iter().all(|l| l.raw.len() <= LONGEST));
        assert!(lines[0].raw.ends_with(b" ") && !lines[0].goes_on && lines[1].goes_on);
        assert!(!lines.last().unwrap().goes_on);
    }
}
