//! Lines that bear a mark of their direction, at their start or behind the tags that a logger puts there.

use super::event::{Side, Sink};
use super::format::Format;
use super::lines::Line;
use super::peel::{self, plain};
use super::said::{Part, Said, said};
use super::shape;
use super::tag::{Devices, places};

/// The mark of the host's lines, and that of the module's.
pub type Pair = (&'static [u8], &'static [u8]);

/// Reads such lines. What a mark means is held against what stands behind it: the side that types commands is the host.
pub struct Marked {
    marks: Vec<Mark>,
    /// For a byte, whether a mark begins with it.
    begins: [bool; 256],
    host: Option<usize>,
    module: Option<usize>,
    devices: Devices,
    /// Lines of the Arduino monitor, which puts an arrow behind each stamp, whoever speaks.
    monitor: u64,
    /// Lines without a mark that go on with an answer.
    continued: u64,
    /// The line before was the module's.
    heard: bool,
    /// The mark of the line before.
    last: usize,
    /// The last command, for its echo.
    typed: Vec<u8>,
}

/// A mark, and how often it was seen.
struct Mark {
    text: &'static [u8],
    /// It is a word: of words, any two may be a pair.
    word: bool,
    /// What it says by itself.
    side: Side,
    lines: u64,
    /// Lines that a modem's dialogue may well hold.
    fits: u64,
    commands: u64,
    answers: u64,
}

/// A mark that was found, and what stands behind it.
struct Hit<'a> {
    mark: usize,
    said: Said<'a>,
}

impl Marked {
    /// A reader that knows these pairs of signs, and these words of the host and of the module.
    pub fn new(pairs: &[Pair], hosts: &[&'static [u8]], modules: &[&'static [u8]]) -> Marked {
        let mark = |text, word, side| Mark { text, word, side, lines: 0, fits: 0, commands: 0, answers: 0 };
        let pairs = pairs
            .iter()
            .flat_map(|(host, module)| [mark(*host, false, Side::Host), mark(*module, false, Side::Module)]);
        let hosts = hosts.iter().map(|word| mark(*word, true, Side::Host));
        let modules = modules.iter().map(|word| mark(*word, true, Side::Module));
        let marks: Vec<Mark> = pairs.chain(hosts).chain(modules).collect();
        let mut begins = [false; 256];
        for mark in &marks {
            begins[usize::from(mark.text[0])] = true;
            begins[usize::from(mark.text[0].to_ascii_uppercase())] = true;
            begins[usize::from(mark.text[0].to_ascii_lowercase())] = true;
        }
        Marked {
            marks,
            begins,
            host: None,
            module: None,
            devices: Devices::default(),
            monitor: 0,
            continued: 0,
            heard: false,
            last: 0,
            typed: vec![],
        }
    }

    /// The mark at the start of a text: the longest that stands there.
    fn mark<'a>(&self, text: &'a [u8]) -> Option<Hit<'a>> {
        if !self.begins[usize::from(*text.first()?)] {
            return None;
        }
        let fits = self.marks.iter().enumerate().filter(|(_, mark)| {
            let Some((start, rest)) = text.split_at_checked(mark.text.len()) else { return false };
            start.eq_ignore_ascii_case(mark.text)
                && match rest.first() {
                    None | Some(b' ' | b'\t' | b':' | b'[' | b'(' | b']' | b'"' | b'\'') => true,
                    Some(b'>' | b'<' | b'-' | b'=') => mark.word,
                    Some(_) => !mark.word && (mark.text.len() > 1 || shape::is_command(rest)),
                }
        });
        let (place, mark) = fits.max_by_key(|(_, mark)| mark.text.len())?;
        let said = said(&text[mark.text.len()..]);
        let first = said.first();
        // A word may also be the first of a sentence, or stand before one about somebody.
        let modems = || first.is_empty() || shape::is_command(first) || shape::is_modules(first);
        let about = || first.starts_with(b"[") && first.contains(&b']');
        let sentence = mark.word && (!said.divided || about()) && !modems();
        (!sentence).then_some(Hit { mark: place, said })
    }

    /// The hosts' mark, or the module's.
    fn side(&self, mark: usize) -> Option<Side> {
        match Some(mark) {
            mark if mark == self.host => Some(Side::Host),
            mark if mark == self.module => Some(Side::Module),
            _ => None,
        }
    }

    /// The mark of the other side that belongs to this one.
    fn partner(&self, mark: usize) -> Option<usize> {
        if !self.marks[mark].word {
            return Some(mark ^ 1);
        }
        let others = self.marks.iter().enumerate().rev();
        let others = others.filter(|(_, m)| m.word && m.side != self.marks[mark].side && m.lines > 0);
        others.max_by_key(|(_, m)| (m.answers, m.lines)).map(|(place, _)| place)
    }

    /// An answer of several lines under one mark, or one of a log that marks only what the host says.
    fn unmarked<'a>(&self, rest: &'a [u8], stamped: bool) -> Option<&'a [u8]> {
        if stamped || !(self.heard || self.module.is_none()) {
            return None;
        }
        let whole = rest.trim_ascii();
        let echo = !whole.is_empty() && whole == self.typed;
        if echo || shape::is_modules(whole) {
            return Some(whole);
        }
        let last = places(rest).last().map(|(_, rest)| rest.trim_ascii())?;
        (self.module.is_none() && shape::is_modules(last)).then_some(last)
    }
}

impl Marked {
    /// Whether a mark can be one of a direction.
    fn is_usable(&self, place: usize) -> bool {
        self.marks[place].text != b"->" || self.monitor == 0 || self.marks[place ^ 1].lines > 0
    }

    /// The marks of the host and of the module, by what stands behind them.
    fn choose(&mut self) {
        let best = |by: fn(&Mark) -> u64| {
            let marks = self.marks.iter().enumerate().rev();
            let marks = marks.filter(|(place, mark)| by(mark) > 0 && self.is_usable(*place));
            let partner = |place| self.partner(place).map_or(0, |other: usize| self.marks[other].lines);
            marks.max_by_key(|(place, mark)| (by(mark), partner(*place)))
        };
        let of_host = |(place, _): (usize, &Mark)| (Some(place), self.partner(place));
        // The module's mark has commands, too, where they are echoed; a tag of both sides has as many of each.
        let typed = || best(|mark| mark.commands.saturating_sub(mark.answers)).map(of_host);
        let signs = || best(|mark| if mark.word { 0 } else { mark.commands }).map(of_host);
        let said = || best(|mark| if mark.commands > 0 { 0 } else { mark.answers });
        let said = || said().map(|(place, _)| (self.partner(place), Some(place)));
        let named = || {
            let (place, mark) = best(|mark| if mark.commands > 0 { 0 } else { mark.lines })?;
            let other = self.partner(place);
            Some(if mark.side == Side::Host { (Some(place), other) } else { (other, Some(place)) })
        };
        (self.host, self.module) = typed().or_else(signs).or_else(said).or_else(named).unwrap_or_default();
    }
}

impl Format for Marked {
    fn look(&mut self, line: &Line) -> bool {
        let text = plain(line.text());
        let (stamp, rest) = peel::stamped(&text);
        let (mut known, mut marked) = (false, false);
        for (depth, (_, place)) in places(rest).enumerate() {
            let Some(Hit { mark, said }) = self.mark(place) else { continue };
            self.monitor += u64::from(stamp.is_some() && depth == 0 && rest.starts_with(b"->"));
            let first = said.first();
            let command = shape::is_command(first);
            let answer = !command && shape::is_modules(first);
            let seen = &mut self.marks[mark];
            seen.lines += 1;
            seen.commands += u64::from(command);
            seen.answers += u64::from(answer);
            let fits = command || answer || first.is_empty() || seen.commands > 0;
            seen.fits += u64::from(fits && !line.goes_on);
            (known, marked) = (known || fits, true);
            (self.heard, self.last) = (!command, mark);
            if command || answer {
                let tags = places(rest).take(depth + 1).map(|(tag, _)| tag).chain([said.name]);
                let result = answer && shape::is_final(first);
                self.devices.look(tags, command, result);
            }
        }
        if !marked && self.heard && stamp.is_none() && shape::is_modules(rest) {
            self.continued += 1;
            self.marks[self.last].answers += 1;
            return true;
        }
        self.heard &= marked || rest.trim_ascii().is_empty();
        known
    }

    fn fits(&mut self, _seen: u64) -> u64 {
        self.choose();
        let of = |mark: Option<usize>| mark.map_or(0, |mark| self.marks[mark].fits);
        match of(self.host) + of(self.module) {
            0 => 0,
            fits => fits + self.continued,
        }
    }

    fn begin(&mut self) {
        self.choose();
        self.devices.begin();
        self.heard = false;
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let text = plain(line.text());
        let (stamp, rest) = peel::stamped(&text);
        stamp.into_iter().for_each(|stamp| to.at(stamp));
        for (depth, (_, place)) in places(rest).enumerate() {
            let Some(hit) = self.mark(place) else { continue };
            let Some(side) = self.side(hit.mark) else { continue };
            self.heard = side == Side::Module;
            let tags = places(rest).take(depth + 1).map(|(tag, _)| tag).chain([hit.said.name]);
            if let Some(device) = self.devices.of(tags) {
                to.device(&String::from_utf8_lossy(device));
            }
            if side == Side::Host {
                self.typed.clear();
                self.typed.extend_from_slice(hit.said.first());
            }
            say(side, &hit.said, to);
            return;
        }
        match self.unmarked(rest, stamp.is_some()) {
            Some(said) => to.line(Side::Module, said),
            None => {
                self.heard &= rest.trim_ascii().is_empty();
                to.told(&text);
            }
        }
    }
}

/// What one side said.
pub fn say(side: Side, said: &Said, to: &mut Sink) {
    for part in &said.parts {
        match part {
            Part::Line(text) => to.line(side, text.trim_ascii_end()),
            Part::Bytes(bytes) => to.bytes(side, bytes.as_slice()),
        }
    }
}
