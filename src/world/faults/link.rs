//! Links, names and connection attempts.

use super::Faults;
use crate::fault::{ConnectVerdict, Fate, Flip, Link, LinkKind, LookupVerdict, Observation, Segment, Way};
use crate::network::faults::{Called, Carries, Direction, LinkFaults, LinkInfo, Verdict};
use crate::network::hosts::LookUp;
use crate::scenario::Target;
use crate::time::Now;
use bytes::{Bytes, BytesMut};
use core::net::SocketAddrV4;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Links(pub Faults);

fn link(info: &LinkInfo) -> Link {
    let kind = match info.carries {
        Carries::FtpControl => LinkKind::Control,
        Carries::FtpData => LinkKind::Data,
        Carries::Tcp | Carries::Udp => LinkKind::Socket,
    };
    Link { kind, id: info.id.0 }
}

fn way(direction: Direction) -> Way {
    match direction {
        Direction::Up => Way::Up,
        Direction::Down => Way::Down,
    }
}

fn changed(bytes: &Bytes, flips: &[Flip]) -> Bytes {
    let mut bytes = BytesMut::from(&bytes[..]);
    for flip in flips {
        if let Some(byte) = bytes.get_mut(flip.at) {
            *byte ^= flip.with;
        }
    }
    bytes.freeze()
}

impl LinkFaults for Links {
    fn watches(&self, _: &LinkInfo) -> bool {
        !self.0.is_empty()
    }

    fn segment(&mut self, now: Now, info: &LinkInfo, direction: Direction, bytes: &Bytes) -> Verdict {
        let (link, way, len) = (link(info), way(direction), bytes.len());
        let hold = self.0.shared.hold.load(Ordering::Relaxed);
        let judged = self.0.ask(|engine| {
            if info.carries == Carries::Udp {
                return Ok(engine.datagram(now, link, way, len));
            }
            if hold || engine.is_acting() {
                return Ok(Segment { take: len, fate: Fate::Hold(None), delay: Duration::ZERO });
            }
            match engine.room(link, way, len) {
                room if room < len => Err(room),
                _ => Ok(engine.segment(now, link, way, len)),
            }
        });
        let Segment { fate, delay, .. } = match judged {
            None => return Verdict::Pass,
            Some(Err(room)) => return Verdict::Split(room),
            Some(Ok(segment)) => segment,
        };
        match fate {
            Fate::Pass if delay.is_zero() => Verdict::Pass,
            Fate::Pass => Verdict::Delay(delay),
            Fate::Hold(until) => Verdict::Stall(until),
            Fate::Drop => Verdict::Drop,
            Fate::Cut { reset } => Verdict::Cut { rst: reset },
            Fate::Corrupt(flips) => Verdict::Replace { with: changed(bytes, &flips), later: delay },
            Fate::Twice => Verdict::Duplicate { later: delay },
        }
    }

    fn held(&mut self, now: Now, info: &LinkInfo) -> Option<Option<Now>> {
        self.0.held(now, link(info))
    }

    fn opened(&mut self, now: Now, info: &LinkInfo) {
        self.0.observe(now, &Observation::Opened(link(info)));
    }

    fn closed(&mut self, now: Now, info: &LinkInfo) {
        self.0.observe(now, &Observation::Closed(link(info)));
    }

    fn look_up(&mut self, now: Now, name: &str) -> Option<LookUp> {
        match self.0.ask(|engine| engine.lookup(now, name))? {
            LookupVerdict::Pass => None,
            LookupVerdict::NoSuchName => Some(LookUp::NxDomain),
            LookupVerdict::Silence => Some(LookUp::Silence),
            LookupVerdict::Address(address) => Some(LookUp::Address(address)),
        }
    }

    fn connect(&mut self, now: Now, to: SocketAddrV4, name: Option<&str>, tls: bool) -> Option<Called> {
        let address = to.ip().to_string();
        let names: Vec<&str> = std::iter::once(address.as_str()).chain(name).collect();
        let target = match self.0.ask(|engine| engine.connect(now, &names, to.port(), tls))? {
            ConnectVerdict::Pass => return None,
            ConnectVerdict::TlsFails => return Some(Called::TlsFails),
            ConnectVerdict::Refused => Target::Refused,
            ConnectVerdict::Silence => Target::Blackhole,
            ConnectVerdict::Unreachable => Target::Unreachable,
        };
        Some(Called::Target(target))
    }
}
