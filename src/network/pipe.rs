//! One direction of a link: store and forward, in segments, under a window.

use crate::fault::{End, Fate, Flip, Segment};
use crate::time::Now;
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;
use std::time::Duration;

/// The octets that one direction of a link takes before its sender must wait, as a TCP window.
pub const WINDOW: usize = 64 * 1024;

/// How good the radio link is. Latency and rate are on the modem's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkProfile {
    /// Octets in a full segment (the TCP maximum segment size); at least 1.
    pub segment: usize,
    /// How long octets of a download that fill no segment wait for more.
    pub flush: Duration,
    /// The time a segment takes, one way.
    pub latency: Duration,
    /// Bits per second from the module; `None` for no limit.
    pub rate_up: Option<u64>,
    /// Bits per second to the module; `None` for no limit.
    pub rate_down: Option<u64>,
}

impl Default for LinkProfile {
    fn default() -> Self {
        LinkProfile {
            segment: 1460,
            flush: Duration::from_millis(20),
            latency: Duration::ZERO,
            rate_up: None,
            rate_down: None,
        }
    }
}

/// What one direction needs of the [`LinkProfile`].
#[derive(Clone, Copy, Debug)]
pub(super) struct LineProfile {
    pub segment: usize,
    pub flush: Duration,
    pub latency: Duration,
    pub rate: Option<u64>,
    /// Faults or a tap look at each segment by itself; otherwise several pass together.
    pub separate: bool,
}

/// When octets leave that are written to a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaves {
    /// At once.
    AtOnce,
    /// With the next full segment, or when they have waited long enough.
    InFullSegments,
}

/// What travels.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Bytes(Bytes),
    End(End),
}

/// Looks at what enters and leaves the line.
pub(super) trait Watch {
    fn depart(&mut self, bytes: &Bytes) -> Segment;
    fn depart_end(&mut self, end: End) -> Segment;
    fn arrive(&mut self, at: Now, piece: &Piece);
}

#[derive(Clone, Copy, Debug, Default)]
enum Stall {
    #[default]
    None,
    Until(Now),
    Forever,
}

/// The octets as they arrive with some of them changed.
pub(super) fn changed(bytes: &Bytes, flips: &[Flip]) -> Bytes {
    let mut bytes = BytesMut::from(&bytes[..]);
    for flip in flips {
        if let Some(byte) = bytes.get_mut(flip.at) {
            *byte ^= flip.with;
        }
    }
    bytes.freeze()
}

/// The sender's backlog, the line, and the receiver's buffer.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    backlog: Queue,
    /// Octets at the front of `backlog` that need not wait for a full segment.
    pushed: usize,
    since: Now,
    touched: Now,
    end: Option<End>,
    departed: bool,
    /// A fault has cut the line.
    severed: bool,
    /// The segment that a fault holds.
    held: Option<Bytes>,
    stall: Stall,
    line_free: Now,
    last_arrival: Now,
    flight: VecDeque<(Now, Piece)>,
    flying: usize,
    ready: Queue,
    arrived: Option<End>,
    unconfirmed: usize,
}

impl Pipe {
    /// Takes octets from the sender.
    pub fn write(&mut self, now: Now, bytes: Bytes, leaves: Leaves) {
        if self.end.is_some() || bytes.is_empty() {
            return;
        }
        if self.backlog.len == 0 {
            self.since = now;
        }
        self.touched = now;
        self.unconfirmed += bytes.len();
        self.backlog.push(bytes);
        if leaves == Leaves::AtOnce {
            self.pushed = self.backlog.len;
        }
    }

    /// The sender ends the stream behind what it wrote; RST discards what has not left yet.
    pub fn finish(&mut self, end: End) {
        if end == End::Rst {
            self.backlog = Queue::default();
            self.pushed = 0;
            self.held = None;
            self.stall = Stall::None;
            // A RST may follow a FIN that has left already.
            self.departed &= self.end == Some(End::Rst);
            self.end = Some(End::Rst);
        }
        self.end = self.end.or(Some(end));
    }

    /// The line is cut: what has not left never will, and the receiver sees `end` at that time, behind
    /// what is under way.
    pub fn cut(&mut self, at: Now, end: End) {
        if std::mem::replace(&mut self.severed, true) {
            return;
        }
        self.finish(End::Rst);
        self.departed = true;
        // A FIN may have arrived, or be under way.
        self.flight.retain(|(_, piece)| matches!(piece, Piece::Bytes(_)));
        if self.arrived.is_none() || end == End::Rst {
            self.last_arrival = self.last_arrival.max(at);
            self.flight.push_back((self.last_arrival, Piece::End(end)));
        }
    }

    /// When all that is under way will have arrived; `None` where nothing is.
    pub fn lands(&self) -> Option<Now> {
        self.flight.back().map(|(at, _)| *at)
    }

    /// Whether the sender has ended the stream.
    pub fn finished(&self) -> bool {
        self.end.is_some()
    }

    /// A stalled segment is judged again.
    pub fn wake(&mut self) {
        self.stall = Stall::None;
    }

    /// Takes up to `max` octets that have arrived.
    pub fn take(&mut self, max: usize) -> Option<Bytes> {
        self.ready.take(max)
    }

    /// Whether octets have arrived that nobody took.
    pub fn readable(&self) -> bool {
        self.ready.len > 0
    }

    /// The end of the stream, once all before it has been taken.
    pub fn ended(&self) -> Option<End> {
        self.arrived.filter(|_| self.ready.len == 0)
    }

    /// Octets that the link has taken since this was asked last: the sender may write so many more.
    pub fn confirm(&mut self) -> usize {
        let held = self.held.as_ref().map_or(0, Bytes::len);
        let inside =
            (self.backlog.len + held + self.flying + self.ready.len).saturating_sub(self.unconfirmed);
        let n = WINDOW.saturating_sub(inside).min(self.unconfirmed);
        self.unconfirmed -= n;
        n
    }

    /// Moves what may move by `now`. `Some` says that a fault cuts the connection, with that end.
    pub fn pump(&mut self, now: Now, line: &LineProfile, watch: &mut dyn Watch) -> Option<End> {
        while let Some(due) = self.departs_at(line).filter(|due| *due <= now) {
            if let Stall::Until(_) = self.stall {
                self.stall = Stall::None;
            }
            // This may be called late. A line with a rate must not lose that time: the segment began when it could.
            let start = if line.rate.is_some() { due.max(self.since) } else { now };
            let Some(bytes) = self.held.take().or_else(|| self.next_piece(now, line)) else {
                match self.depart_end(start, line, watch) {
                    Fate::Hold(until) => {
                        self.stall(now, until);
                        continue;
                    }
                    Fate::Cut { end } => return Some(end),
                    _ => break,
                }
            };
            let judged = if line.separate { watch.depart(&bytes) } else { Segment::pass(bytes.len()) };
            let Segment { take, fate, delay } = judged;
            let bytes = self.first(bytes, take);
            match fate {
                Fate::Pass => self.fly(start, bytes, line, delay),
                Fate::Corrupt(flips) => self.fly(start, changed(&bytes, &flips), line, delay),
                Fate::Twice => {
                    self.fly(start, bytes.clone(), line, delay);
                    self.fly(start, bytes, line, delay);
                }
                Fate::Drop => self.line_free = start + line.time_of(bytes.len()),
                Fate::Hold(until) => {
                    self.stall(now, until);
                    self.held = Some(bytes);
                }
                Fate::Cut { end } => return Some(end),
            }
        }
        while self.flight.front().is_some_and(|(at, _)| *at <= now) {
            let Some((at, piece)) = self.flight.pop_front() else { break };
            watch.arrive(at, &piece);
            match piece {
                Piece::Bytes(bytes) => {
                    self.flying -= bytes.len();
                    self.ready.push(bytes);
                }
                Piece::End(end) => self.arrived = Some(end),
            }
        }
        None
    }

    /// When [`pump`](Pipe::pump) has something to do.
    pub fn poll_timeout(&self, line: &LineProfile) -> Option<Now> {
        let arrival = self.flight.front().map(|(at, _)| *at);
        arrival.into_iter().chain(self.departs_at(line)).min()
    }

    fn departs_at(&self, line: &LineProfile) -> Option<Now> {
        let full = self.held.is_some() || self.pushed > 0 || self.backlog.len >= line.segment;
        let ready = match () {
            () if full => Now::ZERO,
            () if self.end.is_some() => (!self.departed).then_some(Now::ZERO)?,
            () if self.backlog.len > 0 => self.touched + line.flush,
            () => return None,
        };
        match self.stall {
            Stall::None => Some(ready.max(self.line_free)),
            Stall::Until(at) => Some(ready.max(self.line_free).max(at)),
            Stall::Forever => None,
        }
    }

    /// The next segment, or a burst of whole ones, or what is left where that need not wait.
    fn next_piece(&mut self, now: Now, line: &LineProfile) -> Option<Bytes> {
        let front = self.backlog.front_len();
        let piece = if self.backlog.len < line.segment {
            let due = self.pushed > 0 || self.end.is_some() || self.touched + line.flush <= now;
            self.backlog.gather(if due { self.backlog.len } else { 0 })
        } else if line.separate || line.rate.is_some() || front < line.segment {
            self.backlog.gather(line.segment)
        } else {
            self.backlog.take(front.min(WINDOW) / line.segment * line.segment)
        };
        self.pushed = self.pushed.saturating_sub(piece.as_ref().map_or(0, Bytes::len));
        piece
    }

    /// Cuts the first octets off a segment. The faults are asked about the rest once these have left.
    fn first(&mut self, mut bytes: Bytes, take: usize) -> Bytes {
        if take < bytes.len() {
            let rest = bytes.split_off(take.max(1));
            self.pushed += rest.len();
            self.backlog.unread(rest);
        }
        bytes
    }

    fn fly(&mut self, start: Now, bytes: Bytes, line: &LineProfile, extra: Duration) {
        if bytes.is_empty() {
            return;
        }
        self.flying += bytes.len();
        let sent = start + line.time_of(bytes.len());
        self.line_free = if line.rate.is_some() { sent } else { self.line_free };
        self.last_arrival = self.last_arrival.max(sent + line.latency + extra);
        self.flight.push_back((self.last_arrival, Piece::Bytes(bytes)));
    }

    fn depart_end(&mut self, start: Now, line: &LineProfile, watch: &mut dyn Watch) -> Fate {
        let Some(end) = self.end else { return Fate::Pass };
        let judged = if line.separate { watch.depart_end(end) } else { Segment::pass(0) };
        if let Fate::Hold(_) | Fate::Cut { .. } = judged.fate {
            return judged.fate;
        }
        self.departed = true;
        self.last_arrival = self.last_arrival.max(start + line.latency + judged.delay);
        self.flight.push_back((self.last_arrival, Piece::End(end)));
        judged.fate
    }

    fn stall(&mut self, now: Now, until: Option<Now>) {
        // A fault that holds until a time that has passed would be asked again and again without end.
        self.stall = until.map_or(Stall::Forever, |t| Stall::Until(t.max(now + Duration::from_micros(1))));
    }
}

impl LineProfile {
    fn time_of(&self, octets: usize) -> Duration {
        let micros = |rate: u64| (octets as u64 * 8_000_000).div_ceil(rate.max(1));
        self.rate.map_or(Duration::ZERO, |rate| Duration::from_micros(micros(rate)))
    }
}

/// Octets in the chunks they came in.
#[derive(Debug, Default)]
pub(super) struct Queue {
    chunks: VecDeque<Bytes>,
    pub len: usize,
}

impl Queue {
    pub fn push(&mut self, bytes: Bytes) {
        self.len += bytes.len();
        if !bytes.is_empty() {
            self.chunks.push_back(bytes);
        }
    }

    fn unread(&mut self, bytes: Bytes) {
        self.len += bytes.len();
        if !bytes.is_empty() {
            self.chunks.push_front(bytes);
        }
    }

    fn front_len(&self) -> usize {
        self.chunks.front().map_or(0, Bytes::len)
    }

    /// Up to `max` octets of the first chunk.
    pub fn take(&mut self, max: usize) -> Option<Bytes> {
        let front = self.chunks.front_mut().filter(|_| max > 0)?;
        let bytes = if front.len() <= max { self.chunks.pop_front()? } else { front.split_to(max) };
        self.len -= bytes.len();
        Some(bytes)
    }

    /// Exactly `n` octets (or all, where there are fewer) in one piece; copied only across chunks.
    fn gather(&mut self, n: usize) -> Option<Bytes> {
        if self.front_len() >= n {
            return self.take(n);
        }
        let mut whole = BytesMut::with_capacity(n);
        while let Some(bytes) = self.take(n - whole.len()) {
            whole.extend_from_slice(&bytes);
        }
        Some(whole.freeze())
    }
}

#[cfg(test)]
mod tests;
