//! Where in a recording a host is.

use super::key::{Key, Match};
use super::masked::Meant;
use super::script::{Ask, Exchange, Script};

/// So many different commands ahead a host may be, and so many back, and is still where the recording is: it has left some
/// out, or has sent one again. A command that is polled counts once.
const NEAR: usize = 4;
/// A host that was lost is looked for so many exchanges ahead.
const FAR: usize = 2000;

/// Looks for the host in a recording.
pub struct Finder<'a> {
    /// The recording.
    pub script: &'a Script,
    /// What is to come.
    pub next: usize,
    /// The port on which the host has sent a line.
    pub port: usize,
    /// What the host's values are that are masked.
    pub meant: &'a Meant,
}

impl Finder<'_> {
    /// The exchange that a host's command line belongs to: the one that is to come, or another near it with the same
    /// command. A whole match goes before one with masked values, and what is to come before what was. Where the command
    /// before, `strayed`, was nowhere near either, both together are looked for in all that is to come.
    pub fn find(&self, host: &Key, strayed: Option<&Key>) -> Option<usize> {
        if self.matched(self.next, host).is_some() {
            return Some(self.next);
        }
        // One that was answered already and comes again is answered as it was.
        let back = (self.next.saturating_sub(NEAR)..self.next).rev();
        let near: Vec<(Match, usize)> =
            self.ahead().chain(back).filter_map(|at| self.matched(at, host)).collect();
        let best = |how| near.iter().find(|(found, _)| *found == how).map(|(_, at)| *at);
        best(Match::Whole).or_else(|| best(Match::Masked)).or_else(|| self.after(strayed?, host))
    }

    fn matched(&self, at: usize, host: &Key) -> Option<(Match, usize)> {
        self.key(at)?.matches(host, self.meant).map(|how| (how, at))
    }

    /// The command of an exchange, where it is one of this port.
    fn key(&self, at: usize) -> Option<&Key> {
        match self.script.exchanges.get(at)? {
            Exchange { ask: Ask::Command { key, .. }, port, .. } if *port == self.port => Some(key),
            _ => None,
        }
    }

    /// What comes behind the next exchange, as far as the host may have left something out.
    fn ahead(&self) -> impl Iterator<Item = usize> {
        let mut passed: Vec<&Key> = vec![];
        (self.next + 1..self.script.exchanges.len()).take_while(move |at| {
            let before = self.key(at - 1).filter(|key| !passed.contains(key));
            passed.extend(before);
            passed.len() <= NEAR
        })
    }

    /// Where `first` and then `second` come, and are not the same command: the way back of a host that was lost.
    fn after(&self, first: &Key, second: &Key) -> Option<usize> {
        let whole = |at, key| self.matched(at, key).filter(|(how, _)| *how == Match::Whole);
        let to_come = self.next..self.script.exchanges.len().min(self.next + FAR);
        let mut pairs = to_come.clone().zip(to_come.skip(1)).filter(|_| first != second);
        pairs
            .find(|(at, next)| whole(*at, first).is_some() && whole(*next, second).is_some())
            .map(|(_, next)| next)
    }
}
