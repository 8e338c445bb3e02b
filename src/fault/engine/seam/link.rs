//! Asked by the network: about each segment and each datagram.

use crate::fault::engine::Engine;
use crate::fault::engine::live::Over;
use crate::fault::engine::rules::Rules;
use crate::fault::layer::Action;
use crate::fault::layer::kind::Layer;
use crate::fault::layer::link::{Fate, Flip, LinkFault, Segment};
use crate::fault::text::link::{Link, Way};
use crate::time::Now;
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Segment,
    Datagram,
}

impl Engine {
    /// TCP payload is about to leave its sender on a link. `len` 0 is the FIN.
    pub fn segment(&mut self, now: Now, link: Link, way: Way, len: usize) -> Segment {
        self.rules.on_link(now, link, way, len, Unit::Segment)
    }

    /// What a segment or a datagram holds that has left its sender.
    pub fn carried(&mut self, now: Now, link: Link, way: Way, bytes: &[u8]) {
        self.rules.carried(now, link, way, bytes);
    }

    /// A datagram is about to leave its sender. It is never split: a rule's number of bytes is reached
    /// behind the datagram that holds it.
    pub fn datagram(&mut self, now: Now, link: Link, way: Way, len: usize) -> Segment {
        self.rules.on_link(now, link, way, len, Unit::Datagram)
    }

    /// Whether bytes may not move on a link now, and until when that is known.
    pub fn held(&self, now: Now, link: Link, way: Way) -> Option<Option<Now>> {
        self.rules.index.held(Layer::Link).map(|i| &self.rules.list[i]).find_map(|live| {
            match (&live.rule.what, live.active) {
                (Action::Link(on), Some(active))
                    if on.what == LinkFault::Stall
                        && on.links.cover(link.kind)
                        && on.direction.covers(way)
                        && active.ends.is_none_or(|ends| ends > now) =>
                {
                    Some(active.ends)
                }
                _ => None,
            }
        })
    }
}

impl Rules {
    fn on_link(&mut self, now: Now, link: Link, way: Way, len: usize, unit: Unit) -> Segment {
        if self.is_empty() {
            return Segment::pass(len);
        }
        self.handle_timeout(now);
        let take = match unit {
            Unit::Segment => self.room(link, way, len),
            Unit::Datagram => len,
        };
        let mut segment = Segment::pass(take);
        if let Some(end) = self.traffic.end(link) {
            segment.fate = Fate::Cut { end };
            return segment;
        }
        let (mut user, mut acted, mut stalled) = (None, vec![], None);
        for i in self.index.held(Layer::Link) {
            let live = &mut self.list[i];
            let (Some(active), Action::Link(on)) = (&live.active, &live.rule.what) else { continue };
            if !on.links.cover(link.kind) || !on.direction.covers(way) {
                continue;
            }
            let open = segment.fate == Fate::Pass;
            let (before, first) = (segment.delay, !active.acted);
            match on.what {
                LinkFault::Stall if open => {
                    segment.fate = Fate::Hold(active.ends);
                    stalled = Some(i);
                    break;
                }
                LinkFault::Latency { by, jitter } => segment.delay += by + live.dice.span(jitter),
                LinkFault::Rate(rate) => {
                    let free = live.lines.entry((link, way)).or_insert(now);
                    let micros = (take as u64).saturating_mul(8_000_000) / rate.max(1);
                    *free = (*free).max(now) + Duration::from_micros(micros);
                    segment.delay += *free - now;
                }
                LinkFault::Loss { probability, retransmit } if live.dice.falls(probability) => match unit {
                    Unit::Segment => segment.delay += retransmit,
                    Unit::Datagram if open => segment.fate = Fate::Drop,
                    Unit::Datagram => {}
                },
                LinkFault::Bursts { begins, ends, lost, retransmit } => {
                    let turns = live.dice.falls(if live.burst { ends } else { begins });
                    live.burst ^= turns;
                    match (live.burst && live.dice.falls(lost), unit) {
                        (true, Unit::Segment) => segment.delay += retransmit,
                        (true, Unit::Datagram) if open => segment.fate = Fate::Drop,
                        _ => {}
                    }
                }
                LinkFault::Corrupt(n) if open && take > 0 => {
                    let flip = |_| Flip { at: live.dice.below(take as u64) as usize, with: live.dice.flip() };
                    let mut flips: Vec<Flip> = (0..n.min(take as u64)).map(flip).collect();
                    flips.sort_by_key(|f| f.at);
                    flips.dedup_by_key(|f| f.at);
                    segment.fate = Fate::Corrupt(flips);
                    user = Some(i);
                }
                LinkFault::DatagramLost if unit == Unit::Datagram && open => {
                    segment.fate = Fate::Drop;
                    user = Some(i);
                }
                LinkFault::DatagramTwice if unit == Unit::Datagram && open => {
                    segment.fate = Fate::Twice;
                    user = Some(i);
                }
                _ => {}
            }
            if first && (segment.delay > before || open && segment.fate != Fate::Pass) {
                acted.push(i);
            }
        }
        if let Some(i) = stalled {
            self.acted(now, i);
            return segment;
        }
        acted.into_iter().for_each(|i| self.acted(now, i));
        if let Some(i) = user {
            self.used(now, i, Over::AtOnce);
        }
        self.moved(now, link, way, take);
        segment
    }
}
