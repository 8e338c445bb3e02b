//! The first pass: which format a log has.

use super::format::{FORMATS, Format, Kind};
use super::lines::{Line, Lines};
use std::io::{self, BufRead};

/// What was found out about a log.
pub struct Survey {
    /// The format that knows most of its lines, with a reader that has seen them.
    pub kind: &'static Kind,
    /// The reader.
    pub reader: Box<dyn Format>,
    /// Whether characters of the line are lost.
    pub lossy: bool,
    /// So many lines it knows.
    pub fits: u64,
    /// Of so many.
    pub lines: u64,
    /// Other formats that know lines of it, the best first.
    pub others: Vec<(&'static str, u64)>,
}

/// Looks at a log, all of it. With `only`, no other format is asked.
///
/// `progress` is told the bytes that have been read.
///
/// # Errors
/// Those of the input.
pub fn survey(
    input: impl BufRead,
    only: Option<&'static Kind>,
    progress: &mut dyn FnMut(u64),
) -> io::Result<Survey> {
    let kinds: Vec<&'static Kind> = match only {
        Some(kind) => vec![kind],
        None => FORMATS.iter().collect(),
    };
    let mut readers: Vec<(Box<dyn Format>, u64)> = kinds.iter().map(|kind| ((kind.make)(), 0)).collect();
    let mut lines = Lines::new(input);
    let mut line = Line::default();
    let mut count = 0;
    while lines.next_into(&mut line)? {
        count += u64::from(!line.goes_on);
        for (reader, fits) in &mut readers {
            *fits += u64::from(reader.look(&line) && !line.goes_on);
        }
        progress(lines.bytes_read());
    }
    let mut others: Vec<(&'static str, u64)> = kinds
        .iter()
        .zip(&readers)
        .map(|(kind, (_, fits))| (kind.name, *fits))
        .filter(|(_, fits)| *fits > 0)
        .collect();
    others.sort_by_key(|(_, fits)| std::cmp::Reverse(*fits));
    let best = readers.iter().map(|(_, fits)| *fits).max().unwrap_or(0);
    // Of a log that none knows, the last one says it best: plain lines.
    let place = match best {
        0 => readers.len() - 1,
        best => readers.iter().position(|(_, fits)| *fits == best).unwrap_or(0),
    };
    let (mut reader, fits) = readers.swap_remove(place);
    reader.begin();
    let kind = kinds[place];
    others.retain(|(name, _)| *name != kind.name);
    let lossy = reader.is_lossy(kind.lossy);
    Ok(Survey { kind, reader, lossy, fits, lines: count, others })
}
