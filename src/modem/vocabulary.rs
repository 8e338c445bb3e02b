//! What a module has and says, as its maker's tables and its profile have it: for whoever checks, lists or masks.

use super::maker::{Personality, Row};
use super::network::REPORTS;
use super::{Modem, base};
use crate::at::Secrets;
use crate::fault::Pattern;
use crate::profile::Profile;

/// The tables of a module.
#[derive(Clone, Copy)]
pub struct Vocabulary<'a> {
    maker: &'a dyn Personality,
    profile: &'a Profile,
}

impl<'a> Vocabulary<'a> {
    /// Of a maker's behaviour with a profile.
    pub fn new(maker: &'a dyn Personality, profile: &'a Profile) -> Vocabulary<'a> {
        Vocabulary { maker, profile }
    }

    /// The module's personality.
    pub fn profile(&self) -> &'a Profile {
        self.profile
    }

    /// The commands of the maker, then those that every module has, without those that the profile
    /// says are absent.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = self.maker.rows();
        for row in base::rows() {
            if rows.iter().all(|r| r.name != row.name) {
                rows.push(row);
            }
        }
        rows.retain(|row| !self.profile.absent.iter().any(|name| name == row.name));
        rows
    }

    /// What it says unasked: lines, with `*` for what differs.
    pub fn urcs(&self) -> Vec<Pattern> {
        let lines = self.maker.urcs().into_iter().chain(self.profile.urcs());
        let reports = REPORTS.iter().map(|name| format!("{name}:*"));
        lines.chain(reports).map(|line| Pattern::from(line.as_str())).collect()
    }

    /// The result codes that it gives beside OK, ERROR, NO CARRIER and the extended ones, and the lines that end an answer
    /// in the place of one: with `*` for what differs.
    pub fn codes(&self) -> Vec<Pattern> {
        let absent = |name: &str| self.profile.absent.iter().any(|absent| absent == name);
        let own =
            self.maker.codes().iter().filter(|(name, _)| !absent(name)).map(|(_, code)| (*code).to_owned());
        own.chain(self.profile.codes()).map(|code| Pattern::from(code.as_str())).collect()
    }

    /// The lines that say that data mode begins.
    pub fn openings(&self) -> &'static [&'static str] {
        self.maker.openings()
    }

    /// The FTP verbs that its client sends; none where a host can speak FTP itself.
    pub fn sent(&self) -> &'static [&'static str] {
        self.maker.sent()
    }

    /// What is kept out of traces, also of commands that the profile says are absent: a host may send them.
    pub fn secrets(&self) -> Secrets {
        let list = self.maker.secrets().into_iter().chain(base::secrets()).collect();
        Secrets { list, plain: self.rows().iter().map(|row| row.name).collect() }
    }
}

impl Modem {
    /// What it has and says.
    pub fn vocabulary(&self) -> Vocabulary<'_> {
        Vocabulary::new(self.maker.as_ref(), &self.core.profile)
    }
}
