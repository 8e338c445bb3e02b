//! How much has moved on each connection, for the triggers that count bytes or wait for silence.

use crate::fault::engine::fact::{Fact, Topic};
use crate::fault::engine::rules::Rules;
use crate::fault::layer::param::End;
use crate::fault::rule::trigger::{PAYLOAD, Trigger};
use crate::fault::text::link::{Link, LinkKind, Way};
use crate::time::Now;
use std::collections::BTreeMap;

const KINDS: [LinkKind; 4] = [LinkKind::Control, LinkKind::Data, LinkKind::Socket, LinkKind::Serial];

/// Octets that had moved at one point in time, up and down.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moved {
    /// On the connection.
    pub one: [u64; 2],
    /// On all connections of the kinds control, data, socket, serial.
    pub all: [[u64; 2]; 4],
}

impl Moved {
    pub fn of(&self, trigger: &Trigger) -> u64 {
        let Trigger::Bytes { links, direction, total, .. } = trigger else { return 0 };
        let sum = |both: &[u64; 2]| {
            let up = if direction.covers(Way::Up) { both[0] } else { 0 };
            up + if direction.covers(Way::Down) { both[1] } else { 0 }
        };
        match total {
            false => sum(&self.one),
            true => KINDS.iter().zip(&self.all).filter(|(k, _)| links.cover(**k)).map(|(_, b)| sum(b)).sum(),
        }
    }
}

/// What has moved on each connection that is open, and on all.
#[derive(Clone, Debug, Default)]
pub(super) struct Traffic {
    moved: BTreeMap<Link, [u64; 2]>,
    /// Octets up and down on all connections of a kind.
    totals: [[u64; 2]; 4],
    /// The last octets that moved one way, where a rule waits for some.
    last: BTreeMap<(Link, Way), Vec<u8>>,
    /// The connections that a rule has ended, and how.
    cut: BTreeMap<Link, End>,
}

impl Traffic {
    pub fn open(&mut self, link: Link) {
        self.moved.entry(link).or_default();
    }

    pub fn close(&mut self, link: &Link) {
        self.moved.remove(link);
        self.cut.remove(link);
        self.last.retain(|(of, _), _| of != link);
    }

    pub fn links(&self) -> impl Iterator<Item = &Link> {
        self.moved.keys()
    }

    /// The connections for which this is so have been ended by a rule.
    pub fn cut(&mut self, meant: impl Fn(&Link) -> bool, end: End) {
        self.cut.extend(self.moved.keys().filter(|link| meant(link)).map(|link| (*link, end)));
    }

    /// How a connection was ended, where a rule has ended it.
    pub fn end(&self, link: Link) -> Option<End> {
        self.cut.get(&link).copied()
    }

    fn so_far(&self, link: Link) -> Moved {
        Moved { one: self.moved.get(&link).copied().unwrap_or_default(), all: self.totals }
    }

    fn count(&mut self, link: Link, way: Way, n: u64) {
        let side = usize::from(way == Way::Down);
        self.moved.entry(link).or_default()[side] += n;
        for (kind, total) in KINDS.iter().zip(&mut self.totals) {
            if *kind == link.kind {
                total[side] += n;
            }
        }
    }
}

impl Rules {
    /// How many of `len` bytes may move on a link before a rule's number of bytes is reached: at least 1,
    /// `len` where none is near.
    pub fn room(&self, link: Link, way: Way, len: usize) -> usize {
        let so_far = self.traffic.so_far(link);
        let left = |trigger: &Trigger| match trigger {
            Trigger::Bytes { links, direction, n, .. } if links.cover(link.kind) && direction.covers(way) => {
                n.checked_sub(so_far.of(trigger)).filter(|left| *left > 0)
            }
            _ => None,
        };
        let concerned = self.index.about(Topic::Bytes).map(|i| &self.list[i]);
        let triggers = concerned.flat_map(|r| std::iter::once(&r.rule.when).chain(r.until_trigger()));
        let room = triggers.filter_map(left).min().and_then(|n| usize::try_from(n).ok());
        room.map_or(len, |room| room.min(len))
    }

    /// Counts bytes that moved on a link.
    pub fn moved(&mut self, now: Now, link: Link, way: Way, n: usize) {
        if n == 0 {
            return;
        }
        let before = self.traffic.so_far(link);
        self.traffic.count(link, way, n as u64);
        let moved = [before, self.traffic.so_far(link)];
        self.stir(now, link);
        self.see(now, Fact::Moved { link, way, moved: &moved });
    }

    /// Looks at what moved on a link, where a rule waits for some of it.
    pub fn carried(&mut self, now: Now, link: Link, way: Way, bytes: &[u8]) {
        if bytes.is_empty() || self.index.about(Topic::Payload).next().is_none() {
            return;
        }
        let mut last = self.traffic.last.remove(&(link, way)).unwrap_or_default();
        let old = last.len();
        last.extend_from_slice(bytes);
        self.see(now, Fact::Payload { link, way, bytes: &last, old });
        last.drain(..last.len().saturating_sub(PAYLOAD - 1));
        self.traffic.last.insert((link, way), last);
    }

    /// Starts anew the time for which a link has been quiet.
    pub fn stir(&mut self, now: Now, link: Link) {
        for i in self.index.about(Topic::Quiet) {
            let live = &mut self.list[i];
            if let Trigger::Quiet(links, span) = &live.rule.when
                && links.cover(link.kind)
            {
                live.quiet.insert(link, now + *span);
            }
            if live.active.is_some() {
                let until = live.rule.until.as_ref().map(|(trigger, _)| trigger);
                live.until.stir(until, now, link);
            }
        }
        self.redate_quiet();
    }
}
