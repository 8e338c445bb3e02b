//! Lines that bear a mark of their direction at their start.

use super::event::{Side, Sink};
use super::format::Format;
use super::lines::Line;
use super::peel::{self, plain};
use super::shape;
use super::spelled::{Spelling, decode};

/// The mark of the host's lines, and that of the module's.
pub type Pair = (&'static [u8], &'static [u8]);

/// Reads such lines. What a mark means is held against what stands behind it: the side that types commands is the host.
pub struct Marked {
    pairs: &'static [Pair],
    /// For each pair: lines of the first and of the second mark, and how many of each are commands.
    seen: Vec<[[u64; 2]; 2]>,
    pair: usize,
    /// The second mark is the host's.
    turned: bool,
    /// The line before was the module's.
    heard: bool,
}

impl Marked {
    /// A reader that knows these pairs.
    pub fn new(pairs: &'static [Pair]) -> Marked {
        Marked { pairs, seen: vec![[[0; 2]; 2]; pairs.len()], pair: 0, turned: false, heard: false }
    }
}

impl Format for Marked {
    fn look(&mut self, line: &Line) -> bool {
        let text = plain(line.text());
        let (stamp, rest) = peel::stamped(&text);
        let Some((pair, second, said)) = self.mark(tagged(rest)) else { return false };
        // The Arduino monitor puts an arrow behind each stamp, whoever speaks.
        if stamp.is_some() && rest.starts_with(b"->") && self.seen[pair][0][0] == 0 {
            return false;
        }
        let row = &mut self.seen[pair][usize::from(second)];
        row[0] += 1;
        row[1] += u64::from(shape::is_command(content(said).trim_ascii()));
        row[1] > 0 || shape::is_modules(said) || said.trim_ascii().is_empty()
    }

    fn begin(&mut self) {
        let most = |(_, [a, b]): &(usize, &[[u64; 2]; 2])| (a[1] + b[1], a[0].min(b[0]), a[0] + b[0]);
        let best = self.seen.iter().enumerate().rev().max_by_key(most).map_or(0, |(pair, _)| pair);
        self.pair = best;
        self.turned = self.seen.get(best).is_some_and(|[a, b]| b[1] > a[1]);
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let text = plain(line.text());
        let (stamp, rest) = peel::stamped(&text);
        stamp.into_iter().for_each(|stamp| to.at(stamp));
        match self.mark(tagged(rest)).filter(|(pair, ..)| *pair == self.pair) {
            Some((_, second, said)) => {
                let side = if second == self.turned { Side::Host } else { Side::Module };
                self.heard = side == Side::Module;
                say(side, said, to);
            }
            // An answer of several lines under one mark.
            None if self.heard && stamp.is_none() && shape::is_modules(rest) => {
                to.line(Side::Module, rest.trim_ascii())
            }
            None => {
                self.heard &= rest.trim_ascii().is_empty();
                to.told(&text);
            }
        }
    }
}

impl Marked {
    /// The pair of a line's mark, whether it is the second of it, and what stands behind it.
    fn mark<'a>(&self, text: &'a [u8]) -> Option<(usize, bool, &'a [u8])> {
        let text = text.trim_ascii_start();
        let marks = self.pairs.iter().enumerate().flat_map(|(i, (a, b))| [(i, false, *a), (i, true, *b)]);
        let fits = marks.filter_map(|(pair, second, mark)| {
            let (start, rest) = text.split_at_checked(mark.len())?;
            let word = mark.iter().any(u8::is_ascii_alphabetic);
            let ends = match rest.first() {
                None | Some(b' ' | b'\t' | b':' | b'[' | b'(' | b']') => true,
                Some(b'>' | b'<' | b'-' | b'=') => false,
                Some(_) => !word && (mark.len() > 1 || shape::is_command(rest)),
            };
            (ends && start.eq_ignore_ascii_case(mark)).then_some((pair, second, rest))
        });
        fits.max_by_key(|(_, _, rest)| text.len() - rest.len())
    }
}

/// What follows the tags that a logger puts before a message: `<inf> modem: `, `[INFO] `, `I (5781) tag: `.
fn tagged(text: &[u8]) -> &[u8] {
    let rest = text.trim_ascii_start();
    match rest {
        [b'I' | b'D' | b'W' | b'E' | b'V', b' ', b'(', ..] => after_tag(rest),
        [b'<', b'a'..=b'z', b'a'..=b'z', b'a'..=b'z', b'>', b' ', ..] => after_tag(rest),
        [b'[', letter, ..] if letter.is_ascii_alphabetic() => {
            let mut rest = rest;
            while let Some(end) =
                rest.strip_prefix(b"[").and_then(|inside| inside.iter().take(24).position(|b| *b == b']'))
            {
                rest = rest[end + 2..].trim_ascii_start();
            }
            rest.strip_prefix(b":").unwrap_or(rest)
        }
        _ => text,
    }
}

fn after_tag(text: &[u8]) -> &[u8] {
    peel::find(&text[..text.len().min(64)], b": ").map_or(text, |at| &text[at + 2..])
}

/// What was said, without a colon, a length and quotation marks around it.
fn content(said: &[u8]) -> &[u8] {
    let said = said.strip_prefix(b":").unwrap_or(said);
    let said = said.strip_prefix(b" ").unwrap_or(said);
    let bare = said.trim_ascii();
    let start = bare.iter().take_while(|b| b.is_ascii_digit() || b" +*()[]:".contains(b)).count();
    let quoted = |mark: u8| {
        let (front, rest) = bare.split_at(start);
        let numbered = front.iter().any(u8::is_ascii_digit) || front.is_empty();
        rest.strip_prefix(&[mark]).and_then(|rest| rest.strip_suffix(&[mark])).filter(|_| numbered)
    };
    quoted(b'"').or_else(|| quoted(b'\'')).unwrap_or(said)
}

/// What one side said, whose CR and LF are spelled, or lost.
pub fn say(side: Side, said: &[u8], to: &mut Sink) {
    let text = content(said);
    match spelled(text) {
        Some(bytes) => to.bytes(side, bytes),
        None => to.line(side, text.trim_ascii_end()),
    }
}

/// The bytes of a text that spells a CR or an LF, however it does.
fn spelled(text: &[u8]) -> Option<Vec<u8>> {
    let has = |word: &[u8]| peel::find(text, word).is_some();
    let lower = text.to_ascii_lowercase();
    let spelling = match () {
        () if has(b"\\r") || has(b"\\n") => Spelling::Backslashes,
        () if peel::find(&lower, b"<cr>").is_some() || peel::find(&lower, b"<lf>").is_some() => {
            Spelling::Names
        }
        () if has(b"^M") || has(b"^J") => Spelling::Carets,
        () => return None,
    };
    Some(decode(text, spelling))
}
