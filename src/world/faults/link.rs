//! Asked by the network: what becomes of each segment, look-up and connection attempt.

use super::Faults;
use crate::fault::Handshake;
use crate::fault::{ConnectVerdict, Fate, LookupVerdict, Observation, Segment, Way};
use crate::network::LinkFaults;
use crate::network::faults::LinkInfo;
use crate::time::Now;
use core::net::SocketAddrV4;
use std::sync::atomic::Ordering;
use std::time::Duration;

impl LinkFaults for Faults {
    fn watches(&self, _: &LinkInfo) -> bool {
        !self.is_empty()
    }

    fn segment(&mut self, now: Now, info: &LinkInfo, way: Way, len: usize) -> Segment {
        let hold = self.shared.hold.load(Ordering::Relaxed);
        let judged = self.ask(|engine| match hold || engine.is_acting() {
            true => Segment { take: len, fate: Fate::Hold(None), delay: Duration::ZERO },
            false => engine.segment(now, info.link(), way, len),
        });
        judged.unwrap_or(Segment::pass(len))
    }

    fn datagram(&mut self, now: Now, info: &LinkInfo, way: Way, len: usize) -> Segment {
        self.ask(|engine| engine.datagram(now, info.link(), way, len)).unwrap_or(Segment::pass(len))
    }

    fn carried(&mut self, now: Now, info: &LinkInfo, way: Way, bytes: &[u8]) {
        self.ask(|engine| engine.carried(now, info.link(), way, bytes));
    }

    fn held(&mut self, now: Now, info: &LinkInfo) -> Option<Option<Now>> {
        let link = info.link();
        self.ask(|engine| engine.held(now, link, Way::Up).or_else(|| engine.held(now, link, Way::Down)))
            .flatten()
    }

    fn opened(&mut self, now: Now, info: &LinkInfo) {
        self.observe(now, &Observation::Opened(info.link()));
    }

    fn closed(&mut self, now: Now, info: &LinkInfo) {
        self.observe(now, &Observation::Closed(info.link()));
    }

    fn look_up(&mut self, now: Now, name: &str) -> LookupVerdict {
        self.ask(|engine| engine.lookup(now, name)).unwrap_or(LookupVerdict::Pass)
    }

    fn connect(
        &mut self,
        now: Now,
        to: SocketAddrV4,
        name: Option<&str>,
        handshake: Handshake,
    ) -> ConnectVerdict {
        let address = to.ip().to_string();
        let names: Vec<&str> = std::iter::once(address.as_str()).chain(name).collect();
        self.ask(|engine| engine.connect(now, &names, to.port(), handshake)).unwrap_or(ConnectVerdict::Pass)
    }
}
