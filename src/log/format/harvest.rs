//! A harvest of answers: `### AT+CGMR   [803 ms]`, the answer's lines, `---`.

use super::Format;
use crate::log::event::{Side, Sink};
use crate::log::lines::Line;
use crate::log::peel;
use crate::log::shape;
use crate::log::stamp::Stamp;

#[derive(Default)]
struct Harvest {
    /// Within a block.
    inside: bool,
    /// The answer's first line is still to come, so much later.
    late: Option<u64>,
}

pub fn make() -> Box<dyn Format> {
    Box::new(Harvest::default())
}

/// The command of a block's first line, and how long its answer took, in microseconds.
fn header(text: &[u8]) -> Option<(&[u8], u64)> {
    let rest = text.strip_prefix(b"###")?.trim_ascii();
    let Some(open) = rest.iter().rposition(|b| *b == b'[').filter(|_| rest.ends_with(b"]")) else {
        return shape::is_command(rest).then_some((rest, 0));
    };
    let span = rest[open + 1..rest.len() - 1].trim_ascii();
    let digits = span.iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    let number: f64 = std::str::from_utf8(&span[..digits]).ok()?.parse().ok()?;
    let unit = match span[digits..].trim_ascii() {
        b"us" => 1.0,
        b"s" => 1e6,
        _ => 1e3,
    };
    let command = rest[..open].trim_ascii();
    shape::is_command(command).then_some((command, (number * unit).min(1e15) as u64))
}

impl Format for Harvest {
    fn look(&mut self, line: &Line) -> bool {
        let text = line.text();
        let header = header(text).is_some();
        self.inside = header || self.inside && text != b"---";
        header || self.inside || text == b"---"
    }

    fn begin(&mut self) {
        self.inside = false;
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let text = line.text();
        if let Some((command, took)) = header(text) {
            // The blocks do not say how long the host waited between them.
            to.at(Stamp::After(0));
            to.line(Side::Host, command);
            (self.inside, self.late) = (true, Some(took));
        } else if text == b"---" {
            self.inside = false;
            to.placed();
        } else if self.inside {
            to.at(Stamp::After(self.late.take().unwrap_or(0)));
            to.line(Side::Module, peel::plain(text).trim_ascii_end());
        } else {
            to.told(text);
        }
    }
}
