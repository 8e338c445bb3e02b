//! The second pass: logs of one session, read side by side, into one recording for each device.

use super::event::{Counts, Event, Sink, What};
use super::format::{Format, Kind, Timing};
use super::lines::{Line, Lines};
use super::mask::Masker;
use super::module::{Candidate, Guess};
use super::session::Session;
use super::stamp::{Clock, Stamp};
use super::survey::Survey;
use crate::at::visible;
use crate::transcript::{Heading, Setting, Step};
use std::collections::VecDeque;
use std::io::{self, BufRead};

/// So many events are read ahead for the first stamp of a log.
const AHEAD: usize = 4096;
/// What is said at the end of a log that ends in the middle of a row.
const CUT: &str = "the log ends in the middle of a line: what it held may be missing from here on";
const HALF_A_DAY: u64 = 43_200_000_000;

/// One log.
pub struct Source<I> {
    /// Its file's name, for the recording.
    pub name: String,
    /// Its format.
    pub kind: &'static Kind,
    /// Whether characters of the line are lost in it.
    pub lossy: bool,
    lines: Lines<I>,
    reader: Box<dyn Format>,
    sink: Sink,
    clock: Clock,
    ahead: VecDeque<(Option<u64>, Event)>,
    first: Option<(u64, Stamp)>,
    /// Added to its times.
    offset: u64,
    over: bool,
    /// The last line did not end.
    cut: bool,
}

impl<I: BufRead> Source<I> {
    /// A log that has been surveyed.
    pub fn new(name: &str, input: I, survey: Survey, timing: Option<Timing>) -> Source<I> {
        let mut reader = survey.reader;
        if let Some(timing) = timing {
            reader.time_by(timing);
        }
        Source {
            name: name.to_owned(),
            kind: survey.kind,
            lossy: survey.lossy,
            lines: Lines::new(input),
            reader,
            sink: Sink::default(),
            clock: Clock::default(),
            ahead: VecDeque::new(),
            first: None,
            offset: 0,
            over: false,
            cut: false,
        }
    }

    /// What became of its lines.
    pub fn counts(&self) -> Counts {
        self.sink.counts
    }

    /// How often its clock went back, or leapt ahead.
    pub fn leaps(&self) -> u64 {
        self.clock.leaps
    }

    /// The next event, with its time in microseconds.
    fn read(&mut self, line: &mut Line) -> io::Result<Option<(Option<u64>, Event)>> {
        loop {
            if let Some(event) = self.sink.take() {
                let at = event.at.map(|stamp| {
                    let at = self.clock.read(stamp);
                    self.first.get_or_insert((at, stamp));
                    at
                });
                return Ok(Some((at, event)));
            }
            if self.over {
                return Ok(None);
            }
            if self.lines.next_into(line)? {
                self.reader.read(line, &mut self.sink);
                self.sink.end_line(line.text(), line.goes_on);
                self.cut = !line.ends() && !line.text().is_empty();
            } else {
                self.reader.end(&mut self.sink);
                self.over = true;
                let rows = self.kind.direction == "marked" && !self.kind.lossy && self.kind.name != "pcapng";
                if self.cut && rows {
                    self.sink.remark(CUT);
                }
            }
        }
    }

    /// Reads up to the first stamp.
    fn look_ahead(&mut self, line: &mut Line) -> io::Result<()> {
        while self.first.is_none() && self.ahead.len() < AHEAD {
            match self.read(line)? {
                Some(event) => self.ahead.push_back(event),
                None => break,
            }
        }
        Ok(())
    }

    fn peek(&mut self, line: &mut Line) -> io::Result<Option<&(Option<u64>, Event)>> {
        if self.ahead.is_empty()
            && let Some(event) = self.read(line)?
        {
            self.ahead.push_back(event);
        }
        Ok(self.ahead.front())
    }
}

/// What is wanted.
pub struct Options {
    /// What masks.
    pub masker: Masker,
    /// Only the device of this name.
    pub only: Option<String>,
}

/// Something for a recording: the device's number, and the step.
pub type Found = (usize, Step);

/// Reads logs into recordings.
pub struct Import<I> {
    /// The logs.
    pub sources: Vec<Source<I>>,
    /// The dialogues that were found, a device each.
    pub sessions: Vec<Session>,
    masker: Masker,
    only: Option<String>,
    /// Devices that were met, by name, and the session of each.
    devices: Vec<(String, Option<usize>)>,
    /// Comments that came before any dialogue.
    early: Vec<(usize, What)>,
    last: Option<usize>,
    /// The logs' times can be compared.
    merged: bool,
    /// The log that is read, where they cannot.
    turn: usize,
    now: u64,
    line: Line,
}

impl<I: BufRead> Import<I> {
    /// Begins to read.
    ///
    /// # Errors
    /// Those of the inputs.
    pub fn new(mut sources: Vec<Source<I>>, options: Options) -> io::Result<Import<I>> {
        let mut line = Line::default();
        for source in &mut sources {
            source.look_ahead(&mut line)?;
        }
        let merged = sources.len() > 1 && are_comparable(&sources);
        if merged {
            over_midnight(&mut sources);
        }
        Ok(Import {
            sources,
            sessions: vec![],
            masker: options.masker,
            only: options.only,
            devices: vec![],
            early: vec![],
            last: None,
            merged,
            turn: 0,
            now: 0,
            line,
        })
    }

    /// The next steps; nothing at the end.
    ///
    /// # Errors
    /// Those of the inputs.
    pub fn next_steps(&mut self) -> io::Result<Option<Vec<Found>>> {
        let Some(turn) = self.next_source()? else { return Ok(None) };
        let source = &mut self.sources[turn];
        let Some((at, event)) = source.ahead.pop_front() else { return Ok(Some(vec![])) };
        let at = at.map(|at| at.saturating_add(source.offset));
        self.now = self.now.max(at.unwrap_or(0));
        let device = event.device.map(|device| source.sink.devices()[device].clone());
        Ok(Some(self.event(device, at, event.port, event.what)))
    }

    /// What is left, at the end.
    pub fn finish(&mut self) -> Vec<Found> {
        let mut found = vec![];
        for (number, session) in self.sessions.iter_mut().enumerate() {
            found.extend(session.finish(&mut self.masker).into_iter().map(|step| (number, step)));
        }
        found
    }

    /// How many values were masked.
    pub fn masked(&self) -> u64 {
        self.masker.masked
    }

    /// How many bytes have been read.
    pub fn bytes_read(&self) -> u64 {
        self.sources.iter().map(|source| source.lines.bytes_read()).sum()
    }

    /// The devices that were left out because another was asked for.
    pub fn left_out(&self) -> impl Iterator<Item = &str> {
        self.devices.iter().filter(|(_, session)| session.is_none()).map(|(name, _)| name.as_str())
    }

    /// The log whose event is next.
    fn next_source(&mut self) -> io::Result<Option<usize>> {
        if self.merged {
            let mut best: Option<(u64, usize)> = None;
            for (i, source) in self.sources.iter_mut().enumerate() {
                let offset = source.offset;
                let Some((at, _)) = source.peek(&mut self.line)? else { continue };
                // What has no time belongs to what stands before it.
                let at = at.map_or(0, |at| at.saturating_add(offset));
                if best.is_none_or(|(earliest, _)| at < earliest) {
                    best = Some((at, i));
                }
            }
            return Ok(best.map(|(_, i)| i));
        }
        while self.turn < self.sources.len() {
            if self.sources[self.turn].peek(&mut self.line)?.is_some() {
                return Ok(Some(self.turn));
            }
            self.turn += 1;
            // The next log begins where this one ends, whatever its clock says.
            if let Some(next) = self.sources.get_mut(self.turn)
                && let Some((first, _)) = next.first
            {
                next.offset = self.now.saturating_sub(first);
            }
        }
        Ok(None)
    }

    fn event(&mut self, device: Option<String>, at: Option<u64>, port: usize, what: What) -> Vec<Found> {
        let speaks = matches!(what, What::Bytes(..) | What::Line(..) | What::Control(_) | What::Profile(_));
        let session = match (device, speaks) {
            (None, false) | (Some(_), false) => self.last,
            (device, true) => match self.session(&device.unwrap_or_default()) {
                Some(session) => Some(session),
                // Another device was asked for.
                None => return vec![],
            },
        };
        let Some(number) = session else {
            if self.early.len() < AHEAD {
                self.early.push((port, what));
            }
            return vec![];
        };
        self.last = Some(number);
        let mut found = vec![];
        let early = std::mem::take(&mut self.early);
        let session = &mut self.sessions[number];
        for (port, what) in early {
            found.extend(session.take(at, port, what, &mut self.masker));
        }
        found.extend(session.take(at, port, what, &mut self.masker));
        found.into_iter().map(|step| (number, step)).collect()
    }

    fn session(&mut self, name: &str) -> Option<usize> {
        if let Some((_, session)) = self.devices.iter().find(|(known, _)| known == name) {
            return *session;
        }
        let wanted = self.only.as_ref().is_none_or(|only| is_meant(only, name));
        let session = wanted.then(|| {
            self.sessions.push(Session::new(name));
            self.sessions.len() - 1
        });
        self.devices.push((name.to_owned(), session));
        session
    }
}

/// Whether a device is the one that was asked for: by its name, or the end of its path.
fn is_meant(only: &str, name: &str) -> bool {
    name == only || name.rsplit('/').next() == Some(only)
}

fn are_comparable<I>(sources: &[Source<I>]) -> bool {
    let kind = |stamp: &Stamp| match stamp {
        Stamp::Date(_) => Some(0),
        Stamp::Day(_) => Some(1),
        Stamp::Clock(_) => Some(2),
        Stamp::Since(_) | Stamp::After(_) => None,
    };
    let mut kinds = sources.iter().map(|source| source.first.as_ref().and_then(|(_, stamp)| kind(stamp)));
    let first = kinds.next().flatten();
    first.is_some() && kinds.all(|kind| kind == first)
}

/// Of logs that have no date, those that begin half a day before another begin on the next.
fn over_midnight<I>(sources: &mut [Source<I>]) {
    let clocks = sources.iter().all(|source| matches!(source.first, Some((_, Stamp::Clock(_)))));
    let latest = sources.iter().filter_map(|source| source.first.map(|(at, _)| at)).max().unwrap_or(0);
    for source in sources.iter_mut().filter(|_| clocks) {
        if source.first.is_some_and(|(at, _)| latest - at > HALF_A_DAY) {
            source.offset = 2 * HALF_A_DAY;
        }
    }
}

/// The header of a recording.
pub struct Header<'a> {
    /// Where it comes from.
    pub source: &'a str,
    /// Its format.
    pub kind: &'static Kind,
    /// Whether characters of the line are lost.
    pub lossy: bool,
    /// What became of the lines.
    pub counts: Counts,
    /// Which module it is.
    pub guess: Option<&'a Guess>,
    /// The profile, where it was said.
    pub profile: Option<&'a str>,
    /// Whether it is masked.
    pub masked: bool,
}

impl Header<'_> {
    /// The lines for a dialogue, without the steps.
    pub fn lines(&self, session: &Session) -> Vec<Heading> {
        let comment = |text: String| Setting::Comment(format!(" {}", visible(&text)));
        let device = match session.name.is_empty() {
            true => String::new(),
            false => format!(", device {}", session.name),
        };
        let Counts { lines, placed, told, unplaced } = self.counts;
        let mut settings = vec![
            comment(format!(
                "Imported from {}{device}: {lines} lines, {placed} placed, {told} comments, {unplaced} unplaced.",
                self.source
            )),
            Setting::Recorded(self.kind.name.to_owned()),
        ];
        if self.lossy {
            settings.push(Setting::Lossy);
        }
        if !session.timed {
            settings.push(Setting::TimesInvented);
        }
        if let Some(guess) = self.guess {
            settings.push(comment(format!("The module: {guess}.")));
        }
        if let Some(profile) = self.profile.or(self.guess.and_then(Guess::profile)) {
            settings.push(Setting::Profile(profile.to_owned()));
        }
        if session.ports > 1 {
            settings.push(Setting::Ports(session.ports));
        }
        if !self.masked {
            settings.push(comment("Nothing is masked.".into()));
        }
        settings.push(Setting::Blank);
        settings.into_iter().map(Heading::new).collect()
    }
}

/// Which module a dialogue is with.
pub fn guess(session: &Session, candidates: &[Candidate]) -> Guess {
    session.evidence.guess(candidates)
}
