//! A block of data whose length was announced: what comes is counted and kept, and compared at its end.

use super::port::Asked;

/// More than this of a block is counted and not kept.
const KEPT: usize = 64 * 1024;

/// A block that is coming.
#[derive(Debug)]
pub(super) struct Block {
    /// Where it was announced.
    pub line: usize,
    /// The command that it answers.
    pub asked: Option<Asked>,
    pub announced: u64,
    /// Octets that came, at least.
    pub got: u64,
    /// Octets that a transcript does not tell: a CR LF before each line.
    slack: u64,
    /// How long the line was that announced it.
    pub header: usize,
    data: Vec<u8>,
    unasked: Vec<Unasked>,
    ends_with_line: bool,
}

/// A line in the block that looks as if nobody had asked for it.
#[derive(Clone, Debug)]
pub(super) struct Unasked {
    pub line: usize,
    pub text: String,
    pub offset: u64,
}

/// How a block ended.
#[derive(Debug)]
pub(super) enum End {
    Whole,
    Short(u64),
    Mixed(Unasked),
    Doubled { extra: u64, offset: u64 },
    Over(u64),
}

impl Block {
    pub fn new(line: usize, asked: Option<Asked>, announced: u64, header: usize) -> Block {
        Block {
            line,
            asked,
            announced,
            got: 0,
            slack: 0,
            header,
            data: vec![],
            unasked: vec![],
            ends_with_line: false,
        }
    }

    /// A line came, its CR LF with it.
    pub fn line(&mut self, line: usize, text: &str, unasked: bool) {
        if unasked && self.unasked.len() < 8 {
            self.unasked.push(Unasked { line, text: text.to_owned(), offset: self.got });
        }
        self.raw(text.as_bytes());
        self.raw(b"\r\n");
        self.slack += 2;
        self.ends_with_line = true;
    }

    /// Octets came.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.got += bytes.len() as u64;
        let room = KEPT - self.data.len().min(KEPT);
        self.data.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.ends_with_line = false;
    }

    /// Whether all that was announced is there.
    pub fn is_whole(&self) -> bool {
        self.got >= self.announced
    }

    /// What the block was, now that the result is there.
    pub fn end(&self) -> End {
        if self.got + self.slack < self.announced {
            return End::Short(self.announced - self.got);
        }
        // The last line's CR LF may be the result's.
        let over = self.got.saturating_sub(self.announced);
        if over == 0 || (self.ends_with_line && over <= 2) {
            return End::Whole;
        }
        let mixed = self.unasked.iter().find(|u| (u.text.len() as u64 + 4).abs_diff(over) <= 4);
        if let Some(mixed) = mixed {
            return End::Mixed(mixed.clone());
        }
        match self.doubled(over) {
            Some(offset) => End::Doubled { extra: over, offset },
            None => End::Over(over),
        }
    }

    /// The octets of the file, without what does not belong to it, as far as they were kept.
    pub fn clean(&self, end: &End) -> Vec<u8> {
        let without = |from: u64, length: usize| {
            let from = usize::try_from(from).unwrap_or(usize::MAX).min(self.data.len());
            let to = (from + length).min(self.data.len());
            [&self.data[..from], &self.data[to..]].concat()
        };
        let mut data = match end {
            End::Mixed(line) => without(line.offset, line.text.len() + 2),
            End::Doubled { extra, offset } => without(*offset, usize::try_from(*extra).unwrap_or(usize::MAX)),
            End::Whole | End::Short(_) | End::Over(_) => self.data.clone(),
        };
        data.truncate(usize::try_from(self.announced).unwrap_or(usize::MAX));
        data
    }

    /// Where a run of `extra` octets is the one before it once more.
    fn doubled(&self, extra: u64) -> Option<u64> {
        let extra = usize::try_from(extra).ok()?;
        let last = self.data.len().checked_sub(extra.checked_mul(2)?)?;
        // Runs of equal octets are counted, so that each place is looked at once.
        let (mut run, mut at) = (0, 0);
        while at + extra < self.data.len() {
            run = if self.data[at] == self.data[at + extra] { run + 1 } else { 0 };
            at += 1;
            if run == extra {
                return Some((at - extra) as u64).filter(|offset| *offset <= last as u64);
            }
        }
        None
    }
}

/// The length that a line announces, of data that follows it at once.
pub(super) fn announced(line: &str) -> Option<u64> {
    let (name, rest) = line.split_once(':')?;
    let fields: Vec<&str> = rest.trim().trim_end_matches(':').split(',').map(str::trim).collect();
    let place = match (name, fields.as_slice()) {
        ("+FTPGET" | "+FTPEXTGET" | "+FTPLIST" | "+FTPETGET", ["2", _]) => 1,
        ("+FTPRECV" | "+HTTPREAD" | "+SHREAD", [_]) => 0,
        ("+CIPRXGET", ["2", _, _]) => 1,
        ("+CIPRXGET", ["2", _, _, _]) => 2,
        ("+RECEIVE", [_, _]) => 1,
        ("+QIRD", [_, "TCP" | "UDP", _]) => 2,
        ("+CFSRFILE", [_]) => 0,
        _ => return None,
    };
    fields[place].parse().ok().filter(|n| *n > 0)
}
