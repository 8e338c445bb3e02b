//! What a reader of a format finds in a log: who sent what, and what its lines were.

use super::peel;
use super::stamp::Stamp;
use crate::transcript::Kind;
use std::collections::VecDeque;

/// Who sent something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The program that types commands (DTE).
    Host,
    /// The module (DCE).
    Module,
}

/// What a log tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Exactly these bytes crossed the line.
    Bytes(Side, Vec<u8>),
    /// A line of text whose CR and LF the log has lost.
    Line(Side, Vec<u8>),
    /// A control line, the port opened or closed, a rate.
    Control(Kind),
    /// The log names the module, by a profile of ours.
    Profile(String),
    /// A line of the application that holds what a message says.
    Private(Vec<u8>),
    /// A line of the application, or of the program that wrote the log.
    Told(Vec<u8>),
    /// A line that could not be placed.
    Unplaced(Vec<u8>),
    /// Something that the importer has to say at this place.
    Remark(&'static str),
}

/// What a log tells, when, and of which device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// As the log says it; nothing where it does not.
    pub at: Option<Stamp>,
    /// The device's number in [`Sink::devices`]; nothing for what belongs to none.
    pub device: Option<usize>,
    /// The module's serial port, from 1.
    pub port: usize,
    /// What it is.
    pub what: What,
}

/// What became of a line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Unplaced,
    Told,
    Placed,
}

/// How many lines became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All lines that were read.
    pub lines: u64,
    /// Those that belong to the format and say what crossed the line, or when.
    pub placed: u64,
    /// Those of the application.
    pub told: u64,
    /// Those that could not be placed.
    pub unplaced: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.lines += other.lines;
        self.placed += other.placed;
        self.told += other.told;
        self.unplaced += other.unplaced;
    }
}

/// Where a reader puts what it finds.
#[derive(Debug, Default)]
pub struct Sink {
    events: VecDeque<Event>,
    at: Option<Stamp>,
    /// Counted from 0 here.
    port: usize,
    device: Option<usize>,
    devices: Vec<String>,
    fate: Option<Fate>,
    /// How many lines became what.
    pub counts: Counts,
}

impl Sink {
    /// What follows happened then.
    pub fn at(&mut self, at: Stamp) {
        // Pauses in which nothing was found add up.
        self.at = Some(match (self.at, at) {
            (Some(Stamp::After(before)), Stamp::After(pause)) => Stamp::After(before.saturating_add(pause)),
            _ => at,
        });
    }

    /// What follows belongs to the device of this name.
    pub fn device(&mut self, name: &str) {
        let known = self.devices.iter().position(|known| known == name);
        self.device = Some(known.unwrap_or_else(|| {
            self.devices.push(name.to_owned());
            self.devices.len() - 1
        }));
    }

    /// What follows belongs to this port, from 1.
    pub fn port(&mut self, port: usize) {
        self.port = port.saturating_sub(1);
    }

    /// The devices by name, in the order in which they were met.
    pub fn devices(&self) -> &[String] {
        &self.devices
    }

    /// These bytes crossed the line.
    pub fn bytes(&mut self, side: Side, bytes: impl Into<Vec<u8>>) {
        self.placed();
        let bytes = bytes.into();
        if !bytes.is_empty() {
            self.push(self.device, What::Bytes(side, bytes));
        }
    }

    /// This line of text crossed it, with a CR and LF that the log does not show.
    pub fn line(&mut self, side: Side, text: impl Into<Vec<u8>>) {
        self.placed();
        self.push(self.device, What::Line(side, text.into()));
    }

    /// A line of the port changed, or its like.
    pub fn control(&mut self, kind: Kind) {
        self.placed();
        self.push(self.device, What::Control(kind));
    }

    /// The log says which profile of ours the module has.
    pub fn profile(&mut self, name: &str) {
        self.placed();
        self.push(self.device, What::Profile(name.to_owned()));
    }

    /// The application said what a message says.
    pub fn private(&mut self, text: &[u8]) {
        self.fate = self.fate.max(Some(Fate::Told));
        self.push(None, What::Private(text.to_vec()));
    }

    /// The line belongs to the format: a header, a stamp, a copy of what is there already.
    pub fn placed(&mut self) {
        self.fate = Some(Fate::Placed);
    }

    /// The application said this.
    pub fn told(&mut self, text: &[u8]) {
        self.fate = self.fate.max(Some(Fate::Told));
        if !text.trim_ascii().is_empty() {
            self.push(None, What::Told(peel::decoded(text).into_owned()));
        }
    }

    /// This could not be placed.
    pub fn unplaced(&mut self, text: &[u8]) {
        self.fate = self.fate.max(Some(Fate::Unplaced));
        self.push(None, What::Unplaced(text.to_vec()));
    }

    /// The importer has something to say here.
    pub fn remark(&mut self, text: &'static str) {
        self.push(self.device, What::Remark(text));
    }

    fn push(&mut self, device: Option<usize>, what: What) {
        self.events.push_back(Event { at: self.at, device, port: self.port + 1, what });
        if matches!(self.at, Some(Stamp::After(_))) {
            self.at = Some(Stamp::After(0));
        }
    }

    /// A line has been read, or a piece of one that `goes_on`; where its reader said nothing of it, it could not be placed.
    pub(super) fn end_line(&mut self, text: &[u8], goes_on: bool) {
        if self.fate.is_none() && text.trim_ascii().is_empty() {
            self.fate = Some(Fate::Told);
        }
        if self.fate.is_none() {
            self.unplaced(text);
        }
        let fate = self.fate.take();
        if goes_on {
            return;
        }
        self.counts.lines += 1;
        match fate {
            Some(Fate::Placed) => self.counts.placed += 1,
            Some(Fate::Told) => self.counts.told += 1,
            Some(Fate::Unplaced) | None => self.counts.unplaced += 1,
        }
    }

    /// The next thing that was found.
    pub fn take(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}
