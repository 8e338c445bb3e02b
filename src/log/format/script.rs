//! `script`: what a terminal showed, between `Script started on ...` and `Script done on ...`. Its second file (`-T`, `-t`)
//! says when: `0.197609 28`, a pause and a number of bytes; or, of `--log-io`, the same behind a letter.

use super::Format;
use super::terminal::body;
use crate::log::echo::Echo;
use crate::log::event::Sink;
use crate::log::lines::Line;
use crate::log::stamp::{self, Stamp};

/// The pauses, in microseconds, each with the bytes behind it.
pub type Timing = Box<dyn Iterator<Item = (u64, u64)>>;

#[derive(Default)]
struct Script {
    echo: Echo,
    begun: bool,
    timing: Option<Timing>,
    /// Bytes of the log, its first line left out, and those that the time is known of.
    at: u64,
    known: u64,
}

pub fn make() -> Box<dyn Format> {
    Box::new(Script::default())
}

/// A line of the second file; 0 bytes where it tells of no output.
pub fn timing(text: &[u8]) -> Option<(u64, u64)> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    let first = words.next()?;
    let (kind, pause) = match first {
        "O" | "I" | "H" | "S" => (first, words.next()?),
        _ => ("O", first),
    };
    let pause = stamp::seconds(pause.as_bytes()).filter(|_| pause.contains('.'))?;
    let bytes = if kind == "O" { words.next()?.parse().ok()? } else { 0 };
    (kind != "O" || words.next().is_none()).then_some((pause, bytes))
}

/// Whether a file is the second one: what it begins with.
pub fn is_timing(begin: &[u8]) -> bool {
    let mut lines = begin.split(|b| *b == b'\n').filter(|line| !line.trim_ascii().is_empty()).peekable();
    // The last one may be cut off.
    let whole = begin.iter().filter(|b| **b == b'\n').count().max(1);
    lines.peek().is_some() && lines.take(whole.min(20)).all(|line| timing(line).is_some())
}

fn is_header(line: &Line) -> bool {
    line.raw.starts_with(b"Script started")
}

fn is_end(line: &Line) -> bool {
    line.raw.starts_with(b"Script done")
}

impl Script {
    /// The pauses up to the byte where the line begins.
    fn pauses(&mut self) -> Option<u64> {
        let timing = self.timing.as_mut()?;
        let mut sum = 0;
        while self.known <= self.at {
            let (pause, bytes) = timing.next()?;
            sum += pause;
            self.known += bytes;
        }
        Some(sum)
    }
}

impl Format for Script {
    fn look(&mut self, line: &Line) -> bool {
        self.begun |= is_header(line);
        is_header(line) || is_end(line) || self.echo.look(body(line)) && self.begun
    }

    fn begin(&mut self) {
        self.echo.begin();
    }

    fn time_by(&mut self, timing: Timing) {
        self.timing = Some(timing);
    }

    fn is_lossy(&self, _usually: bool) -> bool {
        !self.echo.is_exact()
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        if is_header(line) && !line.goes_on {
            if let Some(stamp) = line.text().get(18..).and_then(stamp::take).map(|(stamp, _)| stamp) {
                to.at(stamp);
            }
            to.told(line.text());
            to.placed();
            return;
        }
        if let Some(pause) = self.pauses() {
            to.at(Stamp::After(pause));
        }
        self.at += line.raw.len() as u64;
        if is_end(line) {
            to.told(line.text());
            to.placed();
        } else {
            self.echo.read(body(line), line.ends(), to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_file_is_known() {
        assert!(is_timing(b"0.197609 28\n0.814653 1\n"));
        assert!(is_timing(b"H 0.000000 START_TIME 2026-11-27 21:15:49+00:00\nI 0.1 1\nO 0.197609 28\n0."));
        assert!(!is_timing(b"AT+CSQ\r\r\n+CSQ: 27,99\r\n"));
        assert!(!is_timing(b"") && !is_timing(b"12 13\n"));
        assert_eq!(timing(b"O 0.25 7"), Some((250_000, 7)));
    }
}
