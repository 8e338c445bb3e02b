//! The trace as JSON Lines.

use super::{Record, Sink};
use crate::at::visible_json;
use std::io::{self, BufRead, Read, Write};
use std::time::{SystemTime, UNIX_EPOCH};

/// Writes a trace, one JSON object per line.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    /// The line that is written.
    line: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// A trace into `out`, which should be buffered.
    pub fn new(out: W) -> Writer<W> {
        Writer { out, line: vec![] }
    }

    /// What was written to.
    pub fn into_inner(self) -> W {
        self.out
    }
}

impl<W: Write + Send> Sink for Writer<W> {
    /// Writes a record, with the wall's time where it has none.
    fn take(&mut self, record: &Record) -> io::Result<()> {
        self.line.clear();
        match record.wall {
            Some(_) => serde_json::to_writer(&mut self.line, record)?,
            None => serde_json::to_writer(&mut self.line, &record.clone().now())?,
        }
        // A trace is also looked at as it is: what moves a terminal's letters about is written as JSON's escapes.
        let plain = self.line.iter().all(|octet| (b' '..=b'~').contains(octet));
        match std::str::from_utf8(&self.line) {
            Ok(line) if !plain => self.out.write_all(visible_json(line).as_bytes())?,
            _ => self.out.write_all(&self.line)?,
        }
        self.out.write_all(b"\n")
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Record {
    /// The same with the wall's time, where it has none yet.
    #[must_use]
    pub fn now(self) -> Record {
        let wall = || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
            u64::try_from(since.as_micros()).ok()
        };
        Record { wall: self.wall.or_else(wall), ..self }
    }
}

/// Whether what a file begins with is a trace: its first line is a record. One that was cut off there may be the `whole`
/// file.
pub fn is_trace(begin: &[u8], whole: bool) -> bool {
    match begin.iter().position(|b| *b == b'\n') {
        Some(end) => serde_json::from_slice::<Record>(&begin[..end]).is_ok(),
        None => whole && begin.starts_with(b"{\"t\":"),
    }
}

/// A line that is no record.
#[derive(Debug, thiserror::Error)]
#[error("{}{what}", placed(*line, *column))]
pub struct Unreadable {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1; 0 where the file itself cannot be read.
    pub column: usize,
    /// What is wrong.
    pub what: String,
}

fn placed(line: usize, column: usize) -> String {
    match column {
        0 => format!("it cannot be read from line {line} on: "),
        column => format!("line {line}, column {column}: "),
    }
}

/// Reads a trace. Empty lines are passed over; where the file itself cannot be read, that is the end.
pub fn read(input: impl BufRead) -> impl Iterator<Item = Result<Record, Unreadable>> {
    let mut broken = false;
    let lines = Lines(input).take_while(move |line| !std::mem::replace(&mut broken, line.is_err()));
    lines.enumerate().filter_map(|(i, line)| {
        let wrong = |column, what| Unreadable { line: i + 1, column, what };
        match line {
            Err(e) => Some(Err(wrong(0, e.to_string()))),
            Ok(line) if line.trim_ascii().is_empty() => None,
            Ok(line) => {
                Some(serde_json::from_slice(&line).map_err(|e| {
                    let what = e.to_string();
                    // serde_json counts lines too, and knows of one only.
                    let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what);
                    wrong(e.column().max(1), what.to_owned())
                }))
            }
        }
    })
}

/// The longest line of a trace that is read: a record holds no more than some writes and their text.
const LINE: u64 = 16 << 20;

/// The lines of an input; one that is too long is an error.
struct Lines<I>(I);

impl<I: BufRead> Iterator for Lines<I> {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = vec![];
        match self.0.by_ref().take(LINE + 1).read_until(b'\n', &mut line) {
            Ok(0) => return None,
            Ok(read) if read as u64 > LINE => {
                let what = "it is longer than 16 MiB, which no record is";
                return Some(Err(io::Error::new(io::ErrorKind::InvalidData, what)));
            }
            Ok(_) => {}
            Err(error) => return Some(Err(error)),
        }
        line.pop_if(|last| *last == b'\n');
        Some(Ok(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Now;
    use crate::trace::Event;
    use std::io::BufReader;

    struct Broken;

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::IsADirectory.into())
        }
    }

    #[test]
    fn what_moves_letters_about_is_written_as_escapes_and_read_as_it_was() {
        let text = "a\u{202e}b\u{9b}31m\u{7f}c".to_owned();
        let record = Record { wall: Some(1), ..Record::new(Now::ZERO, Event::Note { text }) };
        let mut writer = Writer::new(vec![]);
        writer.take(&record).unwrap();
        let written = writer.into_inner();
        assert!(written.iter().all(|octet| *octet == b'\n' || (b' '..=b'~').contains(octet)));
        let back: Vec<Record> = read(written.as_slice()).map(Result::unwrap).collect();
        assert_eq!(back, [record]);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told_of_once() {
        let text = b"{}\n\n".chain(Broken);
        let places: Vec<_> = read(BufReader::new(text)).map(|record| record.unwrap_err()).collect();
        assert_eq!(
            places.iter().map(|wrong| (wrong.line, wrong.column)).collect::<Vec<_>>(),
            [(1, 2), (3, 0)]
        );
    }
}
