//! Traces as JSON Lines.

use super::{Record, Sink};
use crate::profile::mistake::Mistake;
use std::io::{self, BufRead, Write};
use std::time::{SystemTime, UNIX_EPOCH};

/// Writes records as JSON, one per line, each with the time of the wall clock.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
}

impl<W: Write> Writer<W> {
    /// A writer; wrap what is slow in a [`BufWriter`](io::BufWriter).
    pub fn new(out: W) -> Writer<W> {
        Writer { out }
    }

    /// Where it wrote to.
    pub fn into_inner(self) -> W {
        self.out
    }
}

impl<W: Write> Sink for Writer<W> {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        let wall = record.wall.or_else(wall);
        let record = Record { t: record.t, wall, event: record.event.clone(), raw: super::Raw::None };
        serde_json::to_writer(&mut self.out, &record)?;
        self.out.write_all(b"\n")
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn wall() -> Option<u64> {
    SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|d| u64::try_from(d.as_micros()).ok())
}

/// Reads the records of a trace file; a line that is none is a [`Mistake`], and reading goes on behind it.
#[derive(Debug)]
pub struct Reader<R> {
    file: String,
    input: R,
    line: usize,
    failed: bool,
}

impl<R: BufRead> Reader<R> {
    /// A reader of `input`, the contents of `file`.
    pub fn new(file: &str, input: R) -> Reader<R> {
        Reader { file: file.to_owned(), input, line: 0, failed: false }
    }

    fn mistake(&self, column: usize, source: &str, what: String) -> Mistake {
        let source = source.chars().take(200).collect();
        Mistake { file: self.file.clone(), line: self.line, column, source, width: 1, what, right: None }
    }

    fn record(&self, line: &str) -> Result<Record, Mistake> {
        serde_json::from_str(line).map_err(|e| {
            let what = e.to_string();
            let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what);
            let mistake =
                self.mistake(e.column().max(1), line, format!("this is no line of a trace: {what}"));
            mistake.right("`badline schema trace` describes the lines")
        })
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Record, Mistake>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            let mut line = vec![];
            self.line += 1;
            match self.input.read_until(b'\n', &mut line) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(e) => {
                    self.failed = true;
                    return Some(Err(self.mistake(1, "", format!("it cannot be read further: {e}"))));
                }
            }
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end();
            if !line.is_empty() {
                return Some(self.record(line));
            }
        }
        None
    }
}
