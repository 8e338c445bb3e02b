//! The trace as JSON Lines.

use super::{Event, Record};
use crate::time::Now;
use std::fmt;
use std::io::{self, BufRead, Write};

/// Writes a trace, one JSON object per line.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
}

impl<W: Write> Writer<W> {
    /// A trace into `out`, which should be buffered.
    pub fn new(out: W) -> Writer<W> {
        Writer { out }
    }

    /// Writes what happened at `now` on the modem's clock and `wall` (microseconds since 1970) on the other.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&mut self, now: Now, wall: Option<u64>, event: Event) -> io::Result<()> {
        self.record(&Record { t: now.as_micros(), wall, event })
    }

    /// Writes a record.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn record(&mut self, record: &Record) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, record)?;
        self.out.write_all(b"\n")
    }

    /// Has everything reach the file.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// What was written to.
    pub fn into_inner(self) -> W {
        self.out
    }
}

/// A line that is no record.
#[derive(Debug)]
pub struct Unreadable {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1; 0 where the file itself cannot be read.
    pub column: usize,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for Unreadable {}

/// Reads a trace. Empty lines are passed over.
pub fn read(input: impl BufRead) -> impl Iterator<Item = Result<Record, Unreadable>> {
    input.split(b'\n').enumerate().filter_map(|(i, line)| {
        let wrong = |column, what| Unreadable { line: i + 1, column, what };
        match line {
            Err(e) => Some(Err(wrong(0, e.to_string()))),
            Ok(line) if line.trim_ascii().is_empty() => None,
            Ok(line) => {
                Some(serde_json::from_slice(&line).map_err(|e| wrong(e.column().max(1), e.to_string())))
            }
        }
    })
}
