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

/// A format that is asked about each line.
struct Asked {
    kind: &'static Kind,
    reader: Box<dyn Format>,
    fits: u64,
}

/// So many lines, well behind any banner, tell which formats a log cannot have.
const ENOUGH: u64 = 16 * 1024;

/// Asks no more the formats that know few of the lines that another knows.
fn give_up(asked: &mut Vec<Asked>) {
    let best = asked.iter().map(|one| one.fits).max().unwrap_or(0);
    if best >= ENOUGH / 16 {
        asked.retain(|one| one.fits * 16 >= best);
    }
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
    let mut asked: Vec<Asked> =
        kinds.into_iter().map(|kind| Asked { kind, reader: (kind.make)(), fits: 0 }).collect();
    let mut lines = Lines::new(input);
    let mut line = Line::default();
    let mut count: u64 = 0;
    while lines.next_into(&mut line)? {
        count += u64::from(!line.goes_on);
        for one in &mut asked {
            one.fits += u64::from(one.reader.look(&line) && !line.goes_on);
        }
        if count.is_multiple_of(ENOUGH) {
            give_up(&mut asked);
        }
        progress(lines.bytes_read());
    }
    asked.iter_mut().for_each(|one| one.fits = one.reader.fits(one.fits));
    let best = asked.iter().map(|one| one.fits).max().unwrap_or(0);
    // Of a log that none knows, the last one says it best: plain lines.
    let place = match best {
        0 => asked.len() - 1,
        best => asked.iter().position(|one| one.fits == best).unwrap_or(0),
    };
    let Asked { kind, mut reader, fits } = asked.remove(place);
    let mut others: Vec<(&'static str, u64)> =
        asked.iter().filter(|one| one.fits > 0).map(|one| (one.kind.name, one.fits)).collect();
    others.sort_by_key(|(_, fits)| std::cmp::Reverse(*fits));
    reader.begin();
    let lossy = reader.is_lossy(kind.lossy);
    Ok(Survey { kind, reader, lossy, fits, lines: count, others })
}
