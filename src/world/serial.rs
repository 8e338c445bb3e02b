//! The serial ports behind the faults: what waits for the host, and what a fault holds back on its way.

use super::{Notice, World};
use crate::fault::ControlLine;
use crate::fault::{Piece, UartVerdict, Way};
use crate::modem::{BACKLOG, HostLine, Level, ModuleLine, PortId};
use crate::time::Now;
use crate::trace::{Circuit, Event};
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;
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

fn pop_due<T>(queue: &mut VecDeque<(Now, T)>, now: Now) -> Option<(Now, T)> {
    queue.front().filter(|(at, _)| *at <= now)?;
    queue.pop_front()
}

impl World {
    /// What the host typed reaches the module, after the faults have had their way with it.
    pub(super) fn arrive_up(&mut self, now: Now, port: PortId, bytes: &[u8]) {
        if self.faults.is_empty() {
            return self.dce.handle_uart(now, port, bytes);
        }
        if self.serial[port.0].gone.is_some() {
            return;
        }
        let verdict = self.faults.uart(now, port.0, Way::Up, bytes);
        let pieces = match verdict {
            UartVerdict::Pass if self.serial[port.0].up.is_empty() => {
                return self.dce.handle_uart(now, port, bytes);
            }
            UartVerdict::Pass => {
                vec![Piece { after: Duration::ZERO, bytes: Bytes::copy_from_slice(bytes) }]
            }
            UartVerdict::Deliver(pieces) => pieces,
        };
        for piece in pieces {
            let queue = &mut self.serial[port.0].up;
            let at = queue.back().map_or(Now::ZERO, |(at, _)| *at).max(now + piece.after);
            match at <= now && queue.is_empty() {
                true => self.dce.handle_uart(now, port, &piece.bytes),
                false => {
                    self.serial[port.0].held[0] += piece.bytes.len();
                    self.serial[port.0].up.push_back((at, piece.bytes));
                }
            }
        }
    }

    /// What the module sends reaches the host, after the faults have had their way with it.
    pub(super) fn arrive_down(&mut self, now: Now, port: PortId, bytes: Bytes, apart: bool) {
        if self.faults.is_empty() && !apart {
            return self.hand_down(now, port, Write { bytes, apart, stands_for: None });
        }
        let whole = bytes.len();
        if apart && self.is_unread(now, port, whole) {
            return self.dce.handle_sent(now, port, whole);
        }
        if self.serial[port.0].gone.is_some() {
            return self.dce.handle_sent(now, port, whole);
        }
        let pieces = match self.faults.uart(now, port.0, Way::Down, &bytes) {
            UartVerdict::Pass => {
                return self.send_down(now, port, now, Write { bytes, apart, stands_for: None });
            }
            UartVerdict::Deliver(pieces) => pieces,
        };
        let count = pieces.iter().filter(|piece| !piece.bytes.is_empty()).count();
        if count == 0 {
            return self.dce.handle_sent(now, port, whole);
        }
        for (i, piece) in pieces.into_iter().filter(|piece| !piece.bytes.is_empty()).enumerate() {
            let stands_for = Some(if i + 1 == count { whole } else { 0 });
            let write = Write { bytes: piece.bytes, apart: apart && i == 0, stands_for };
            self.send_down(now, port, now + piece.after, write);
        }
    }

    fn send_down(&mut self, now: Now, port: PortId, at: Now, write: Write) {
        let queue = &mut self.serial[port.0].down;
        let at = queue.back().map_or(Now::ZERO, |(at, _)| *at).max(at);
        match at <= now && queue.is_empty() {
            true => self.hand_down(now, port, write),
            false => {
                self.serial[port.0].held[1] += write.bytes.len();
                self.serial[port.0].down.push_back((at, write));
            }
        }
    }

    fn hand_down(&mut self, now: Now, port: PortId, write: Write) {
        if let Some(recorder) = &mut self.recorder {
            recorder.printed(now, port, &write.bytes);
        }
        self.serial[port.0].outgoing.push(write);
    }

    /// Bytes reach the host that the module never sent.
    pub(super) fn noise(&mut self, now: Now, port: PortId, bytes: Vec<u8>) {
        if !bytes.is_empty() && self.serial[port.0].gone.is_none() && !self.is_unread(now, port, bytes.len())
        {
            self.send_down(now, port, now, Write { bytes: bytes.into(), apart: false, stands_for: Some(0) });
        }
    }

    /// Whether the host of a port has left so much unread that so many octets more, which nobody asked for, are
    /// dropped. That is told as often as the number has doubled.
    fn is_unread(&mut self, now: Now, port: PortId, more: usize) -> bool {
        let serial = &mut self.serial[port.0];
        if serial.unread() < UNASKED {
            return false;
        }
        if let Some(sum) = serial.dropped[0].more(more) {
            let what =
                format!("the host does not read; {sum} bytes that it did not ask for were dropped so far");
            self.warn(now, port, &what);
        }
        true
    }

    /// The module has dropped unsolicited lines: too many waited for the port to be free.
    pub(super) fn not_said(&mut self, now: Now, port: PortId, lines: usize) {
        if let Some(sum) = self.serial[port.0].dropped[1].more(lines) {
            let what = format!("no unasked line can be said; {sum} of them were dropped so far");
            self.warn(now, port, &what);
        }
    }

    fn warn(&mut self, now: Now, port: PortId, what: &str) {
        let text = format!("port {}: {what}", port.number());
        self.record(now, || Event::Note { text: text.clone() });
        self.notices.push_back(Notice::Warning(text));
    }

    /// Delivers what was held back long enough, and brings ports back.
    pub(super) fn deliver_due(&mut self, now: Now) {
        for port in (0..self.serial.len()).map(PortId) {
            while let Some((_, bytes)) = pop_due(&mut self.serial[port.0].up, now) {
                self.serial[port.0].held[0] -= bytes.len();
                self.dce.handle_uart(now, port, &bytes);
            }
            while let Some((at, write)) = pop_due(&mut self.serial[port.0].down, now) {
                self.serial[port.0].held[1] -= write.bytes.len();
                self.hand_down(at, port, write);
            }
            if self.serial[port.0].gone.take_if(|until| *until <= now).is_some() {
                self.notices.push_back(Notice::Plugged { port, there: true });
            }
        }
    }

    /// A port vanishes for its host; what was on its way is lost.
    pub(super) fn unplug(&mut self, now: Now, port: PortId, gone: Duration) {
        let serial = &mut self.serial[port.0];
        let was_there = serial.gone.is_none();
        serial.gone = Some(now + gone);
        serial.up.clear();
        serial.held = [0; 2];
        let lost = serial.down.drain(..).map(|(_, write)| write.credit()).sum::<usize>();
        let lost = lost + serial.outgoing.clear();
        self.dce.handle_sent(now, port, lost);
        if was_there {
            self.notices.push_back(Notice::Plugged { port, there: false });
            self.dce.handle_line(now, port, HostLine::Dtr(Level::Off));
        }
    }

    /// The module drives a line, which a fault may hold elsewhere.
    pub(super) fn drive(&mut self, now: Now, port: PortId, line: ModuleLine, on: bool) {
        let (serial, which) = (&mut self.serial[port.0], usize::from(line == ModuleLine::Ri));
        serial.driven[which] = on;
        if serial.forced[which].is_none() {
            self.show_line(now, port, line, on);
        }
    }

    /// A fault forces a line, or lets it go. DSR and CTS, which the module leaves on, are seen in the trace alone.
    pub(super) fn force(&mut self, now: Now, port: PortId, line: ControlLine, on: Option<bool>) {
        let line = match line {
            ControlLine::Dcd => ModuleLine::Dcd,
            ControlLine::Ri => ModuleLine::Ri,
            ControlLine::Dsr => return self.record_line(now, port, Circuit::Dsr, on.unwrap_or(true)),
            ControlLine::Cts => return self.record_line(now, port, Circuit::Cts, on.unwrap_or(true)),
        };
        let (serial, which) = (&mut self.serial[port.0], usize::from(line == ModuleLine::Ri));
        serial.forced[which] = on;
        let on = on.unwrap_or(serial.driven[which]);
        self.show_line(now, port, line, on);
    }

    fn show_line(&mut self, now: Now, port: PortId, line: ModuleLine, on: bool) {
        let circuit = match line {
            ModuleLine::Dcd => Circuit::Dcd,
            ModuleLine::Ri => Circuit::Ri,
        };
        self.record_line(now, port, circuit, on);
        self.notices.push_back(Notice::Line { port, line, on });
    }

    fn record_line(&mut self, now: Now, port: PortId, line: Circuit, on: bool) {
        if let Some(recorder) = &mut self.recorder {
            recorder.line(now, port, line, on);
        }
    }
}
