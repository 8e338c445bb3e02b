//! The serial ports behind the faults: what waits for the host, and what a fault holds back on its way.

use super::Notice;
use super::reports::Reports;
use crate::fault::ControlLine;
use crate::fault::{Piece, UartVerdict, Way};
use crate::modem::{BACKLOG, Dce, HostLine, Level, ModuleLine, PortId};
use crate::time::Now;
use crate::trace::Circuit;
use crate::world::faults::Faults;
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;
use std::ops::{Index, IndexMut};
use std::time::Duration;

/// One port between the module and its host.
#[derive(Debug, Default)]
pub(super) struct Serial {
    pub outgoing: Outgoing,
    /// What a fault holds back on its way up, and down.
    up: VecDeque<(Now, Bytes)>,
    down: VecDeque<(Now, Write)>,
    /// How many octets these are.
    held: [usize; 2],
    /// How many octets and lines were dropped that nobody asked for.
    dropped: [Dropped; 2],
    /// Until when the port is not there.
    gone: Option<Now>,
    /// What the module drives: DCD and RI.
    driven: [bool; 2],
    /// What a fault forces in their place.
    forced: [Option<bool>; 2],
}

/// How much was dropped, and how much it will be when that is told again: as often as it has doubled.
#[derive(Debug, Default)]
struct Dropped {
    sum: u64,
    tells_at: u64,
}

impl Dropped {
    /// Adds to the sum; gives it where it is to be told.
    fn more(&mut self, n: usize) -> Option<u64> {
        self.sum += n as u64;
        (self.sum >= self.tells_at).then(|| {
            self.tells_at = self.sum * 2;
            self.sum
        })
    }
}

/// What waits for the host of one port: writes, in their order.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    writes: VecDeque<Write>,
    /// How many octets these are.
    len: usize,
}

/// The most octets that wait for a host that does not read; beyond them, what nobody asked for is dropped.
const UNASKED: usize = 1024 * 1024;
/// The most octets that wait for a host that does not read; beyond them, no more is taken from the host.
const UNREAD: usize = 16 * 1024 * 1024;
/// The most writes that wait for their host. Beyond them, what follows is joined to the last: a write costs more memory
/// than its octets.
const WRITES: usize = 64;
/// The longest write that is made so.
const LONG: usize = 4096;

/// One write of the module's.
#[derive(Debug)]
pub struct Write {
    /// What is left of it.
    pub bytes: Bytes,
    /// None of it has left yet, and it must not be joined to the write before.
    pub apart: bool,
    /// How many octets of the module's this stands for, where a fault has changed their number.
    stands_for: Option<usize>,
}

impl Outgoing {
    /// The next write, or what is left of it.
    pub fn first(&self) -> Option<&Write> {
        self.writes.front()
    }

    /// One more write.
    fn push(&mut self, write: Write) {
        self.len += write.bytes.len();
        let long = self.writes.len() >= WRITES;
        match self.writes.back_mut().filter(|last| long && last.takes(&write)) {
            Some(last) => last.append(write),
            None => self.writes.push_back(write),
        }
    }

    /// Drops everything; gives how many octets of the module's that were.
    fn clear(&mut self) -> usize {
        self.len = 0;
        self.writes.drain(..).map(Write::credit).sum()
    }

    /// Takes away octets that have left; gives how many of the module's they stood for.
    pub(super) fn advance(&mut self, mut n: usize) -> usize {
        let mut credit = 0;
        while let Some(first) = self.writes.front_mut().filter(|_| n > 0) {
            let taken = n.min(first.bytes.len());
            n -= taken;
            self.len -= taken;
            let _ = first.bytes.split_to(taken);
            first.apart = false;
            if first.stands_for.is_none() {
                credit += taken;
            }
            if first.bytes.is_empty() {
                credit += first.stands_for.unwrap_or(0);
                self.writes.pop_front();
            }
        }
        credit
    }
}

impl Write {
    /// How many octets of the module's it stands for.
    fn credit(self) -> usize {
        self.stands_for.unwrap_or(self.bytes.len())
    }

    /// Whether another can be a part of it.
    fn takes(&self, other: &Write) -> bool {
        self.bytes.len() < LONG && self.stands_for.is_some() == other.stands_for.is_some()
    }

    fn append(&mut self, other: Write) {
        let mut bytes = BytesMut::from(std::mem::take(&mut self.bytes));
        bytes.extend_from_slice(&other.bytes);
        self.bytes = bytes.freeze();
        self.stands_for = self.stands_for.zip(other.stands_for).map(|(own, more)| own + more);
    }
}

impl Serial {
    /// How many octets wait for the host.
    fn unread(&self) -> usize {
        self.outgoing.len + self.held[1]
    }

    /// How much the faults on the way up leave room for, in octets.
    pub fn window(&self) -> usize {
        if self.unread() >= UNREAD { 0 } else { BACKLOG.saturating_sub(self.held[0]) }
    }

    pub fn poll_timeout(&self) -> Option<Now> {
        let up = self.up.front().map(|(at, _)| *at);
        let down = self.down.front().map(|(at, _)| *at);
        [up, down, self.gone].into_iter().flatten().min()
    }
}

/// All ports.
#[derive(Debug)]
pub(super) struct Ports(Vec<Serial>);

/// What is beside the ports: what stands behind them, the faults, and who is told.
pub(super) struct Around<'a> {
    pub dce: &'a mut dyn Dce,
    pub faults: &'a Faults,
    pub reports: &'a mut Reports,
}

impl Index<PortId> for Ports {
    type Output = Serial;

    fn index(&self, port: PortId) -> &Serial {
        &self.0[port.0]
    }
}

impl IndexMut<PortId> for Ports {
    fn index_mut(&mut self, port: PortId) -> &mut Serial {
        &mut self.0[port.0]
    }
}

fn pop_due<T>(queue: &mut VecDeque<(Now, T)>, now: Now) -> Option<(Now, T)> {
    queue.front().filter(|(at, _)| *at <= now)?;
    queue.pop_front()
}

impl Ports {
    pub fn new(ports: usize) -> Ports {
        Ports((0..ports).map(|_| Serial::default()).collect())
    }

    /// One more; gives which.
    pub fn add(&mut self) -> PortId {
        self.0.push(Serial::default());
        PortId(self.0.len() - 1)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Those that are meant by a number from 1, or all.
    pub fn meant(&self, port: Option<usize>) -> Vec<PortId> {
        let all = (0..self.0.len()).map(PortId);
        all.filter(|at| port.is_none_or(|wanted| wanted == at.number())).collect()
    }

    pub fn poll_timeout(&self) -> Option<Now> {
        self.0.iter().filter_map(Serial::poll_timeout).min()
    }

    /// What the host typed reaches the module, after the faults have had their way with it.
    pub(super) fn arrive_up(&mut self, cx: &mut Around<'_>, now: Now, port: PortId, bytes: &[u8]) {
        if cx.faults.is_empty() {
            return cx.dce.handle_uart(now, port, bytes);
        }
        if self[port].gone.is_some() {
            return;
        }
        let verdict = cx.faults.uart(now, port.0, Way::Up, bytes);
        let pieces = match verdict {
            UartVerdict::Pass if self[port].up.is_empty() => {
                return cx.dce.handle_uart(now, port, bytes);
            }
            UartVerdict::Pass => {
                vec![Piece { after: Duration::ZERO, bytes: Bytes::copy_from_slice(bytes) }]
            }
            UartVerdict::Deliver(pieces) => pieces,
        };
        for piece in pieces {
            let queue = &mut self[port].up;
            let at = queue.back().map_or(Now::ZERO, |(at, _)| *at).max(now + piece.after);
            match at <= now && queue.is_empty() {
                true => cx.dce.handle_uart(now, port, &piece.bytes),
                false => {
                    self[port].held[0] += piece.bytes.len();
                    self[port].up.push_back((at, piece.bytes));
                }
            }
        }
    }

    /// What the module sends reaches the host, after the faults have had their way with it.
    pub(super) fn arrive_down(
        &mut self,
        cx: &mut Around<'_>,
        now: Now,
        port: PortId,
        bytes: Bytes,
        apart: bool,
    ) {
        if cx.faults.is_empty() && !apart {
            return self.hand_down(cx, now, port, Write { bytes, apart, stands_for: None });
        }
        let whole = bytes.len();
        if apart && self.is_unread(cx, now, port, whole) {
            return cx.dce.handle_sent(now, port, whole);
        }
        if self[port].gone.is_some() {
            return cx.dce.handle_sent(now, port, whole);
        }
        let pieces = match cx.faults.uart(now, port.0, Way::Down, &bytes) {
            UartVerdict::Pass => {
                return self.send_down(cx, now, port, now, Write { bytes, apart, stands_for: None });
            }
            UartVerdict::Deliver(pieces) => pieces,
        };
        let count = pieces.iter().filter(|piece| !piece.bytes.is_empty()).count();
        if count == 0 {
            return cx.dce.handle_sent(now, port, whole);
        }
        for (i, piece) in pieces.into_iter().filter(|piece| !piece.bytes.is_empty()).enumerate() {
            let stands_for = Some(if i + 1 == count { whole } else { 0 });
            let write = Write { bytes: piece.bytes, apart: apart && i == 0, stands_for };
            self.send_down(cx, now, port, now + piece.after, write);
        }
    }

    fn send_down(&mut self, cx: &mut Around<'_>, now: Now, port: PortId, at: Now, write: Write) {
        let queue = &mut self[port].down;
        let at = queue.back().map_or(Now::ZERO, |(at, _)| *at).max(at);
        match at <= now && queue.is_empty() {
            true => self.hand_down(cx, now, port, write),
            false => {
                self[port].held[1] += write.bytes.len();
                self[port].down.push_back((at, write));
            }
        }
    }

    fn hand_down(&mut self, cx: &mut Around<'_>, now: Now, port: PortId, write: Write) {
        if let Some(recorder) = &mut cx.reports.recorder {
            recorder.printed(now, port, &write.bytes);
        }
        self[port].outgoing.push(write);
    }

    /// Bytes reach the host that the module never sent.
    pub(super) fn noise(&mut self, cx: &mut Around<'_>, now: Now, port: PortId, bytes: Vec<u8>) {
        if !bytes.is_empty() && self[port].gone.is_none() && !self.is_unread(cx, now, port, bytes.len()) {
            self.send_down(
                cx,
                now,
                port,
                now,
                Write { bytes: bytes.into(), apart: false, stands_for: Some(0) },
            );
        }
    }

    /// Whether the host of a port has left so much unread that so many octets more, which nobody asked for, are
    /// dropped. That is told as often as the number has doubled.
    fn is_unread(&mut self, cx: &mut Around<'_>, now: Now, port: PortId, more: usize) -> bool {
        let serial = &mut self[port];
        if serial.unread() < UNASKED {
            return false;
        }
        if let Some(sum) = serial.dropped[0].more(more) {
            let what =
                format!("the host does not read; {sum} bytes that it did not ask for were dropped so far");
            cx.reports.warn(now, port, &what);
        }
        true
    }

    /// The module has dropped unsolicited lines: too many waited for the port to be free.
    pub(super) fn not_said(&mut self, cx: &mut Around<'_>, now: Now, port: PortId, lines: usize) {
        if let Some(sum) = self[port].dropped[1].more(lines) {
            let what = format!("no unasked line can be said; {sum} of them were dropped so far");
            cx.reports.warn(now, port, &what);
        }
    }

    /// Delivers what was held back long enough, and brings ports back.
    pub(super) fn deliver_due(&mut self, cx: &mut Around<'_>, now: Now) {
        for port in (0..self.0.len()).map(PortId) {
            while let Some((_, bytes)) = pop_due(&mut self[port].up, now) {
                self[port].held[0] -= bytes.len();
                cx.dce.handle_uart(now, port, &bytes);
            }
            while let Some((at, write)) = pop_due(&mut self[port].down, now) {
                self[port].held[1] -= write.bytes.len();
                self.hand_down(cx, at, port, write);
            }
            if self[port].gone.take_if(|until| *until <= now).is_some() {
                cx.reports.notice(Notice::Plugged { port, there: true });
            }
        }
    }

    /// A port vanishes for its host; what was on its way is lost.
    pub(super) fn unplug(&mut self, cx: &mut Around<'_>, now: Now, port: PortId, gone: Duration) {
        let serial = &mut self[port];
        let was_there = serial.gone.is_none();
        serial.gone = Some(now + gone);
        serial.up.clear();
        serial.held = [0; 2];
        let lost = serial.down.drain(..).map(|(_, write)| write.credit()).sum::<usize>();
        let lost = lost + serial.outgoing.clear();
        cx.dce.handle_sent(now, port, lost);
        if was_there {
            cx.reports.notice(Notice::Plugged { port, there: false });
            cx.dce.handle_line(now, port, HostLine::Dtr(Level::Off));
        }
    }

    /// The module drives a line, which a fault may hold elsewhere.
    pub(super) fn drive(&mut self, cx: &mut Around<'_>, now: Now, port: PortId, line: ModuleLine, on: bool) {
        let (serial, which) = (&mut self[port], usize::from(line == ModuleLine::Ri));
        serial.driven[which] = on;
        if serial.forced[which].is_none() {
            self.show_line(cx, now, port, line, on);
        }
    }

    /// A fault forces a line, or lets it go. DSR and CTS, which the module leaves on, are seen in the trace alone.
    pub(super) fn force(
        &mut self,
        cx: &mut Around<'_>,
        now: Now,
        port: PortId,
        line: ControlLine,
        on: Option<bool>,
    ) {
        let line = match line {
            ControlLine::Dcd => ModuleLine::Dcd,
            ControlLine::Ri => ModuleLine::Ri,
            ControlLine::Dsr => return cx.reports.line(now, port, Circuit::Dsr, on.unwrap_or(true)),
            ControlLine::Cts => return cx.reports.line(now, port, Circuit::Cts, on.unwrap_or(true)),
        };
        let (serial, which) = (&mut self[port], usize::from(line == ModuleLine::Ri));
        serial.forced[which] = on;
        let on = on.unwrap_or(serial.driven[which]);
        self.show_line(cx, now, port, line, on);
    }

    fn show_line(&mut self, cx: &mut Around<'_>, now: Now, port: PortId, line: ModuleLine, on: bool) {
        let circuit = match line {
            ModuleLine::Dcd => Circuit::Dcd,
            ModuleLine::Ri => Circuit::Ri,
        };
        cx.reports.line(now, port, circuit, on);
        cx.reports.notice(Notice::Line { port, line, on });
    }
}
