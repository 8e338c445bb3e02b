//! Asked at the serial ports: about each write.

use crate::fault::engine::Engine;
use crate::fault::engine::live::Over;
use crate::fault::engine::rules::Rules;
use crate::fault::layer::Action;
use crate::fault::layer::kind::Layer;
use crate::fault::layer::uart::{Piece, UartFault, UartVerdict};
use crate::fault::text::link::{Link, Way};
use crate::time::Now;
use bytes::Bytes;
use std::time::Duration;

enum Effect {
    Lose,
    Garble,
    Twice,
    Hold(Duration),
    Insert(Vec<u8>),
    Pieces(usize, Duration),
}

impl Effect {
    /// When it is over.
    fn over(&self) -> Over {
        match self {
            Effect::Hold(by) => Over::After(*by),
            Effect::Pieces(n, gap) => {
                Over::After(gap.saturating_mul(u32::try_from(n.saturating_sub(1)).unwrap_or(u32::MAX)))
            }
            _ => Over::AtOnce,
        }
    }
}

impl Engine {
    /// Bytes are about to arrive on a port (from 1): up at the module, down at the host.
    pub fn uart(&mut self, now: Now, port: usize, way: Way, bytes: &[u8]) -> UartVerdict {
        if self.rules.is_empty() || bytes.is_empty() {
            return UartVerdict::Pass;
        }
        self.rules.handle_timeout(now);
        self.rules.rewind();
        let (mut pass, mut out, mut rest) = (true, Delivery::default(), bytes);
        let mut users = vec![];
        // Faults that trigger each other in a ring could insert octets without end.
        let mut inserts = self.rules.list.len();
        while !rest.is_empty() {
            let room = self.rules.room(Link::serial(port), way, rest.len());
            let (n, effect) = self.rules.effect(now, port, way, room, inserts);
            let (head, tail) = rest.split_at(n);
            pass &= effect.is_none();
            match effect {
                None => out.put(Duration::ZERO, head),
                Some((i, effect)) => {
                    self.rules.acted(now, i);
                    let over = effect.over();
                    if let Effect::Insert(_) = effect {
                        inserts -= 1;
                    }
                    if self.rules.put(&mut out, i, effect, head) {
                        users.push((i, over));
                    } else {
                        self.rules.spend(now, i);
                    }
                }
            }
            self.rules.moved(now, Link::serial(port), way, n);
            self.rules.carried(now, Link::serial(port), way, head);
            rest = tail;
        }
        users.dedup_by_key(|(i, _)| *i);
        for (i, over) in users {
            self.rules.used(now, i, over);
        }
        if pass { UartVerdict::Pass } else { UartVerdict::Deliver(out.0) }
    }
}

impl Rules {
    /// A fault that holds on counts its `skip` and its bytes anew in each write.
    fn rewind(&mut self) {
        for i in self.index.held(Layer::Uart) {
            let live = &mut self.list[i];
            if let (Some(active), Action::Uart(uart)) = (&mut live.active, &live.rule.what)
                && active.endless()
            {
                (active.skip, active.left) = (uart.skip, uart.harmed());
            }
        }
    }

    /// How many of the next bytes have the same fate, and which: the first rule that holds decides.
    fn effect(
        &mut self,
        now: Now,
        port: usize,
        way: Way,
        room: usize,
        inserts: usize,
    ) -> (usize, Option<(usize, Effect)>) {
        let (mut n, mut found, mut skipping) = (room, None, vec![]);
        let at_most = |n: usize, left: u64| usize::try_from(left).map_or(n, |left| left.min(n));
        for i in self.index.held(Layer::Uart) {
            let live = &mut self.list[i];
            let (Some(active), Action::Uart(uart)) = (&mut live.active, &live.rule.what) else { continue };
            if !active.may_act() || !uart.direction.covers(way) || uart.port.is_some_and(|p| p != port) {
                continue;
            }
            if active.skip > 0 {
                n = at_most(n, active.skip);
                skipping.push(i);
                continue;
            }
            if let UartFault::Overrun { octets, buffer } = uart.what {
                let nano = 1_000_000_000 / octets.max(1);
                let free = live.lines.entry((Link::serial(port), way)).or_insert(now);
                *free = (*free).max(now);
                let waiting =
                    u64::try_from((*free - now).as_nanos()).unwrap_or(u64::MAX).div_ceil(nano.max(1));
                match buffer.saturating_sub(waiting) {
                    0 => found = Some((i, Effect::Lose)),
                    fits => {
                        n = at_most(n, fits);
                        *free += Duration::from_nanos(nano.saturating_mul(n as u64));
                        continue;
                    }
                }
                break;
            }
            let effect = match &uart.what {
                UartFault::Lose(_) if active.left > 0 => Effect::Lose,
                UartFault::Garble(_) if active.left > 0 => Effect::Garble,
                UartFault::Duplicate(_) if active.left > 0 => Effect::Twice,
                UartFault::Interject(text) if active.left > 0 && inserts > 0 => Effect::Insert(text.clone()),
                UartFault::Hold(delay) => Effect::Hold(live.dice.delay(delay)),
                UartFault::Deaf => Effect::Lose,
                UartFault::Pieces { n, gap } => {
                    Effect::Pieces(usize::try_from(*n).unwrap_or(usize::MAX), *gap)
                }
                _ => continue,
            };
            n = match effect {
                Effect::Insert(_) => 0,
                _ if uart.harmed() > 0 => at_most(n, active.left),
                _ => n,
            };
            active.left = active.left.saturating_sub((n as u64).max(1));
            found = Some((i, effect));
            break;
        }
        for i in skipping {
            if let Some(active) = &mut self.list[i].active {
                active.skip -= n as u64;
            }
        }
        (n, found)
    }

    /// Delivers `head` with the effect applied to it; true where the effect is on the whole write.
    fn put(&mut self, out: &mut Delivery, i: usize, effect: Effect, head: &[u8]) -> bool {
        match effect {
            Effect::Lose => return matches!(&self.list[i].rule.what, Action::Uart(u) if u.harmed() == 0),
            Effect::Garble => {
                let dice = &mut self.list[i].dice;
                let garbled: Vec<u8> = head.iter().map(|b| b ^ dice.flip()).collect();
                out.put(Duration::ZERO, &garbled);
            }
            Effect::Twice => {
                out.put(Duration::ZERO, head);
                out.put(Duration::ZERO, head);
            }
            Effect::Insert(text) => out.put(Duration::ZERO, &text),
            Effect::Hold(by) => {
                out.put(by, head);
                return true;
            }
            Effect::Pieces(of, gap) => {
                for piece in head.chunks(head.len().div_ceil(of).max(1)) {
                    out.piece(gap, piece);
                }
                return true;
            }
        }
        false
    }

    /// Ends one act of a rule, once it has changed all the bytes that it was to change.
    fn spend(&mut self, now: Now, i: usize) {
        if self.list[i].active.is_none_or(|a| a.left > 0 || a.endless()) {
            return;
        }
        self.used(now, i, Over::AtOnce);
        let live = &mut self.list[i];
        if let (Some(active), Action::Uart(uart)) = (&mut live.active, &live.rule.what) {
            (active.skip, active.left) = (uart.skip, uart.harmed());
        }
    }
}

#[derive(Default)]
struct Delivery(Vec<Piece>);

impl Delivery {
    /// Adds bytes that come so much later, or right behind what comes later still.
    fn put(&mut self, after: Duration, bytes: &[u8]) {
        let last = self.0.last().map_or(Duration::ZERO, |p| p.after);
        match self.0.last_mut() {
            Some(piece) if piece.after >= after => {
                piece.bytes = [&piece.bytes, bytes].concat().into();
            }
            _ => self.0.push(Piece { after: after.max(last), bytes: Bytes::copy_from_slice(bytes) }),
        }
    }

    /// Adds a piece of its own, so much later than the piece before.
    fn piece(&mut self, gap: Duration, bytes: &[u8]) {
        let after = self.0.last().map_or(Duration::ZERO, |p| p.after + gap);
        self.0.push(Piece { after, bytes: Bytes::copy_from_slice(bytes) });
    }
}
