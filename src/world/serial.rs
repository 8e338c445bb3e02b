//! The serial ports as faults leave them: what waits for the host, and what is held back on its way.

use super::{Told, World};
use crate::fault::action::ControlLine;
use crate::fault::{Piece, UartVerdict, Way};
use crate::modem::{HostLine, Line, PortId};
use crate::time::Now;
use crate::trace::Circuit;
use bytes::Bytes;
use std::collections::VecDeque;
use std::time::Duration;

/// One port between the module and its host.
#[derive(Debug, Default)]
pub(super) struct Serial {
    pub outgoing: Outgoing,
    /// What a fault holds back on its way up, and down.
    up: VecDeque<(Now, Bytes)>,
    down: VecDeque<(Now, Write)>,
    /// Until when the port is not there.
    gone: Option<Now>,
    /// What the module drives: DCD and RI.
    driven: [bool; 2],
    /// What a fault forces in their place.
    forced: [Option<bool>; 2],
}

/// What waits for the host of one port: writes, in their order.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    writes: VecDeque<Write>,
}

/// One write of the module's.
#[derive(Debug)]
pub struct Write {
    /// What is left of it.
    pub bytes: Bytes,
    /// It has not begun, and the host is to be able to tell it from the answer before.
    pub apart: bool,
    /// How many octets of the module's are gone when this has left, where not these ones are.
    stands_for: Option<usize>,
}

impl Outgoing {
    /// The next write, or what is left of it.
    pub fn first(&self) -> Option<&Write> {
        self.writes.front()
    }

    /// So many octets have left; gives how many of the module's they were.
    pub(super) fn advance(&mut self, mut n: usize) -> usize {
        let mut credit = 0;
        while let Some(first) = self.writes.front_mut().filter(|_| n > 0) {
            let taken = n.min(first.bytes.len());
            n -= taken;
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

impl Serial {
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
    /// What the host typed reaches the module, as faults have it.
    pub(super) fn arrive_up(&mut self, now: Now, port: PortId, bytes: &[u8]) {
        if self.faults.is_empty() {
            return self.modem.handle_uart(now, port, bytes);
        }
        if self.serial[port.0].gone.is_some() {
            return;
        }
        let verdict = self.faults.uart(now, port.0, Way::Up, bytes);
        let pieces = match verdict {
            UartVerdict::Pass if self.serial[port.0].up.is_empty() => {
                return self.modem.handle_uart(now, port, bytes);
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
                true => self.modem.handle_uart(now, port, &piece.bytes),
                false => queue.push_back((at, piece.bytes)),
            }
        }
    }

    /// What the module sends reaches the host, as faults have it.
    pub(super) fn arrive_down(&mut self, now: Now, port: PortId, bytes: Bytes, apart: bool) {
        if self.faults.is_empty() {
            return self.hand_down(now, port, Write { bytes, apart, stands_for: None });
        }
        let whole = bytes.len();
        if self.serial[port.0].gone.is_some() {
            return self.modem.handle_sent(now, port, whole);
        }
        let pieces = match self.faults.uart(now, port.0, Way::Down, &bytes) {
            UartVerdict::Pass => {
                return self.send_down(now, port, now, Write { bytes, apart, stands_for: None });
            }
            UartVerdict::Deliver(pieces) => pieces,
        };
        let count = pieces.iter().filter(|piece| !piece.bytes.is_empty()).count();
        if count == 0 {
            return self.modem.handle_sent(now, port, whole);
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
            false => queue.push_back((at, write)),
        }
    }

    fn hand_down(&mut self, now: Now, port: PortId, write: Write) {
        if let Some(recorder) = &mut self.recorder {
            recorder.printed(now, port, &write.bytes);
        }
        self.serial[port.0].outgoing.writes.push_back(write);
    }

    /// Bytes reach the host that the module never sent.
    pub(super) fn noise(&mut self, now: Now, port: PortId, bytes: Vec<u8>) {
        if !bytes.is_empty() && self.serial[port.0].gone.is_none() {
            self.send_down(now, port, now, Write { bytes: bytes.into(), apart: false, stands_for: Some(0) });
        }
    }

    /// Delivers what was held back long enough, and brings ports back.
    pub(super) fn deliver_due(&mut self, now: Now) {
        for port in (0..self.serial.len()).map(PortId) {
            while let Some((_, bytes)) = pop_due(&mut self.serial[port.0].up, now) {
                self.modem.handle_uart(now, port, &bytes);
            }
            while let Some((at, write)) = pop_due(&mut self.serial[port.0].down, now) {
                self.hand_down(at, port, write);
            }
            if self.serial[port.0].gone.take_if(|until| *until <= now).is_some() {
                self.told.push_back(Told::Plugged { port, there: true });
            }
        }
    }

    /// A port vanishes for its host; what was on its way is lost.
    pub(super) fn unplug(&mut self, now: Now, port: PortId, gone: Duration) {
        let serial = &mut self.serial[port.0];
        let was_there = serial.gone.is_none();
        serial.gone = Some(now + gone);
        serial.up.clear();
        let lost = serial.down.drain(..).map(|(_, write)| write).chain(serial.outgoing.writes.drain(..));
        let lost = lost.map(|write| write.stands_for.unwrap_or(write.bytes.len())).sum();
        self.modem.handle_sent(now, port, lost);
        if was_there {
            self.told.push_back(Told::Plugged { port, there: false });
            self.modem.handle_line(now, port, HostLine::Dtr(false));
        }
    }

    /// The module drives a line, which a fault may hold elsewhere.
    pub(super) fn drive(&mut self, now: Now, port: PortId, line: Line, on: bool) {
        let (serial, which) = (&mut self.serial[port.0], usize::from(line == Line::Ri));
        serial.driven[which] = on;
        if serial.forced[which].is_none() {
            self.show_line(now, port, line, on);
        }
    }

    /// A fault forces a line, or lets it go. DSR and CTS, which the module leaves on, are seen in the trace alone.
    pub(super) fn force(&mut self, now: Now, port: PortId, line: ControlLine, on: Option<bool>) {
        let line = match line {
            ControlLine::Dcd => Line::Dcd,
            ControlLine::Ri => Line::Ri,
            ControlLine::Dsr => return self.record_line(now, port, Circuit::Dsr, on.unwrap_or(true)),
            ControlLine::Cts => return self.record_line(now, port, Circuit::Cts, on.unwrap_or(true)),
        };
        let (serial, which) = (&mut self.serial[port.0], usize::from(line == Line::Ri));
        serial.forced[which] = on;
        let on = on.unwrap_or(serial.driven[which]);
        self.show_line(now, port, line, on);
    }

    fn show_line(&mut self, now: Now, port: PortId, line: Line, on: bool) {
        let circuit = match line {
            Line::Dcd => Circuit::Dcd,
            Line::Ri => Circuit::Ri,
        };
        self.record_line(now, port, circuit, on);
        self.told.push_back(Told::Line { port, line, on });
    }

    fn record_line(&mut self, now: Now, port: PortId, line: Circuit, on: bool) {
        if let Some(recorder) = &mut self.recorder {
            recorder.line(now, port, line, on);
        }
    }
}
