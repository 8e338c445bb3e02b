//! One TCP connection of the module: two pipes, an end at the module, an end beyond the antenna.

use super::faults::{LinkFaults, LinkInfo};
use super::outside::{IoId, IoRequest};
use super::pipe::{Leaves, LineProfile, LinkProfile, Piece, Pipe, WINDOW, Watch};
use super::tap::{Tap, TappedWhat};
use super::tls::{TlsEnd, check};
use super::{GateId, Network};
use crate::fault::{End, Fate, Segment, Way};
use crate::gate::GateInput;
use crate::modem::net::{NetEvent, Socket};
use crate::time::Now;
use bytes::Bytes;

/// Who is at the far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Far {
    /// A gate's control connection.
    Gate(GateId),
    /// A gate's data connection, which takes `credit` more octets.
    Data { gate: GateId, credit: usize },
    /// A real socket, which `ahead` octets have been sent to and not yet gone out.
    Io { io: IoId, ahead: usize },
    /// Nobody any more: what the module still sends is lost.
    Gone,
}

/// What the far end knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FarKnows {
    Nothing,
    Opened,
    Ended(End),
}

pub(super) struct Link {
    pub info: LinkInfo,
    /// The module's socket, until it lets go of it.
    pub socket: Option<Socket>,
    /// How the module learns that the link is up, until it has.
    pub announce: Option<NetEvent>,
    /// The far end has taken the call.
    pub answered: bool,
    pub far: Far,
    pub told: FarKnows,
    pub up: Pipe,
    pub down: Pipe,
    /// TLS at the module.
    pub near_tls: Option<Box<TlsEnd>>,
    /// TLS at the gate.
    pub far_tls: Option<Box<TlsEnd>>,
    /// The far end has been told that the module has everything.
    pub delivered: bool,
}

impl Link {
    pub fn new(info: LinkInfo, socket: Socket, announce: NetEvent, far: Far) -> Link {
        Link {
            info,
            socket: Some(socket),
            announce: Some(announce),
            answered: false,
            far,
            told: FarKnows::Nothing,
            up: Pipe::default(),
            down: Pipe::default(),
            near_tls: None,
            far_tls: None,
            delivered: false,
        }
    }

    /// The module sends.
    pub fn send(&mut self, now: Now, bytes: Bytes) {
        match &mut self.near_tls {
            Some(tls) => {
                let records = tls.write(&bytes);
                self.up.write(now, records, Leaves::AtOnce);
            }
            None => self.up.write(now, bytes, Leaves::AtOnce),
        }
    }

    /// The module sends nothing more.
    pub fn shutdown(&mut self, now: Now) {
        if let Some(tls) = &mut self.near_tls {
            let records = tls.close();
            self.up.write(now, records, Leaves::AtOnce);
        }
        self.up.finish(End::Fin);
    }

    /// Whether octets have arrived that the module has not taken.
    pub fn is_unread(&self) -> bool {
        self.down.readable() || self.near_tls.as_ref().is_some_and(|tls| tls.readable())
    }

    /// The module closes the socket. Where octets are still unread, it sends RST in place of FIN, as TCP does (RFC 2525
    /// section 2.17).
    pub fn close(&mut self, now: Now) {
        let unread = self.is_unread();
        self.socket = None;
        match self.announce.is_some() || unread {
            true => self.up.finish(End::Rst),
            false => self.shutdown(now),
        }
    }

    /// The far end sends.
    pub fn answer(&mut self, now: Now, bytes: Bytes, leaves: Leaves) {
        match &mut self.far_tls {
            Some(tls) => {
                let records = tls.write(&bytes);
                self.down.write(now, records, leaves);
            }
            None => self.down.write(now, bytes, leaves),
        }
    }

    /// The far end sends nothing more.
    pub fn answer_end(&mut self, now: Now, end: End) {
        if let Some(tls) = self.far_tls.as_mut().filter(|_| end == End::Fin) {
            let records = tls.close();
            self.down.write(now, records, Leaves::AtOnce);
        }
        self.down.finish(end);
    }

    /// The far end is gone at once: what it sent before still arrives, nothing reaches it any more.
    pub fn leave(&mut self, now: Now, end: End) {
        self.answer_end(now, end);
        self.far = Far::Gone;
    }

    /// What the module may be handed next.
    pub fn take_near(&mut self, max: usize) -> Option<Bytes> {
        match &mut self.near_tls {
            Some(tls) => tls.take(max),
            None => self.down.take(max),
        }
    }

    /// The end that the module has reached, all octets before it taken.
    pub fn near_end(&self) -> Option<End> {
        self.down.ended().filter(|_| !self.near_tls.as_ref().is_some_and(|tls| tls.readable()))
    }

    fn take_far(&mut self, max: usize) -> Option<Bytes> {
        match &mut self.far_tls {
            Some(tls) => tls.take(max),
            None => self.up.take(max),
        }
    }

    fn far_end(&self) -> Option<End> {
        self.up.ended().filter(|_| !self.far_tls.as_ref().is_some_and(|tls| tls.readable()))
    }

    fn handshaking(&self) -> bool {
        self.near_tls.as_ref().is_some_and(|tls| tls.handshaking())
    }

    /// Whether the kernel still has to take what was sent.
    pub fn busy(&self) -> bool {
        matches!(self.far, Far::Io { ahead, .. } if ahead > 0)
    }

    pub fn is_done(&self) -> bool {
        self.socket.is_none() && self.far == Far::Gone
    }

    pub fn poll_timeout(&self, lines: &LineProfiles) -> Option<Now> {
        let up = self.up.poll_timeout(&lines.up);
        up.into_iter().chain(self.down.poll_timeout(&lines.down)).min()
    }
}

/// The link profile of each direction.
pub(super) struct LineProfiles {
    up: LineProfile,
    down: LineProfile,
}

impl LineProfiles {
    pub fn new(profile: &LinkProfile, separate: bool) -> LineProfiles {
        let LinkProfile { segment, flush, latency, .. } = *profile;
        let line = |rate| LineProfile { segment: segment.max(1), flush, latency, rate, separate };
        LineProfiles { up: line(profile.rate_up), down: line(profile.rate_down) }
    }
}

/// Shows what passes to the faults and to the tap.
struct Watcher<'a> {
    now: Now,
    info: &'a LinkInfo,
    way: Way,
    faults: &'a mut (dyn LinkFaults + Send),
    /// Whether the faults want to see this link.
    watched: bool,
    tap: &'a mut Tap,
}

impl Watch for Watcher<'_> {
    fn depart(&mut self, bytes: &Bytes) -> Segment {
        let judged = match self.watched {
            true => self.faults.segment(self.now, self.info, self.way, bytes.len()),
            false => Segment::pass(bytes.len()),
        };
        if self.watched && !matches!(judged.fate, Fate::Hold(_) | Fate::Cut { .. }) {
            let passed = &bytes[..judged.take.min(bytes.len())];
            self.faults.carried(self.now, self.info, self.way, passed);
        }
        if self.way == Way::Up && !matches!(judged.fate, Fate::Hold(_)) {
            let sent = bytes.slice(..judged.take.min(bytes.len()));
            self.tap.push(self.now, self.info, Way::Up, || TappedWhat::Segment(sent));
        }
        judged
    }

    fn depart_end(&mut self, end: End) -> Segment {
        // A RST cannot be kept back: its sender has forgotten the connection.
        let judged = match self.watched && end == End::Fin {
            true => self.faults.segment(self.now, self.info, self.way, 0),
            false => Segment::pass(0),
        };
        let sent = !matches!(judged.fate, Fate::Hold(_) | Fate::Cut { .. });
        if self.way == Way::Up && sent {
            self.tap.push(self.now, self.info, Way::Up, || tapped_end(end));
        }
        judged
    }

    fn arrive(&mut self, at: Now, piece: &Piece) {
        if self.way == Way::Down {
            self.tap.push(at, self.info, Way::Down, || match piece {
                Piece::Bytes(bytes) => TappedWhat::Segment(bytes.clone()),
                Piece::End(end) => tapped_end(*end),
            });
        }
    }
}

fn tapped_end(end: End) -> TappedWhat {
    match end {
        End::Fin => TappedWhat::Fin,
        End::Rst => TappedWhat::Rst,
    }
}

impl Network {
    pub(super) fn lines(&self, link: &Link) -> LineProfiles {
        LineProfiles::new(&self.config.link, self.tap.on || self.faults.watches(&link.info))
    }

    /// Moves on one link whatever can move; false where nothing could.
    pub(super) fn advance(&mut self, now: Now, link: &mut Link) -> bool {
        let lines = self.lines(link);
        let watched = self.faults.watches(&link.info);
        while let Some(end) = self.pump(now, link, &lines, watched) {
            let arrives = now + self.config.link.latency;
            link.up.cut(arrives, end);
            link.down.cut(arrives, end);
        }
        let far = self.advance_far(now, link);
        let near = self.advance_near(now, link);
        let confirmed = self.confirm(now, link);
        far || near || confirmed
    }

    fn pump(&mut self, now: Now, link: &mut Link, lines: &LineProfiles, watched: bool) -> Option<End> {
        let mut cut = None;
        for (way, pipe, line) in
            [(Way::Up, &mut link.up, &lines.up), (Way::Down, &mut link.down, &lines.down)]
        {
            let (faults, tap) = (self.faults.as_mut(), &mut self.tap);
            let mut watcher = Watcher { now, info: &link.info, way, faults, watched, tap };
            cut = cut.or(pipe.pump(now, line, &mut watcher));
        }
        cut
    }

    /// What arrived from the module goes to the far end.
    fn advance_far(&mut self, now: Now, link: &mut Link) -> bool {
        let mut moved = false;
        if !link.answered {
            // The module has given up the call before it was answered.
            if let (Some(end), true) = (link.far_end(), link.far != Far::Gone) {
                self.end_far(now, link, end);
                return true;
            }
            return false;
        }
        let mut broken = false;
        if let Some(tls) = link.far_tls.as_mut().filter(|_| link.far != Far::Gone) {
            while let Some(records) = if tls.full() { None } else { link.up.take(usize::MAX) } {
                moved = true;
                broken |= tls.read(&records).is_err();
            }
            link.down.write(now, tls.records(), Leaves::AtOnce);
        }
        if broken {
            if link.near_tls.is_none() {
                self.tls_fails(link.info.peer, check::PLAIN);
            }
            self.end_far(now, link, End::Rst);
            link.leave(now, End::Fin);
            return true;
        }
        if link.told == FarKnows::Nothing && !link.far_tls.as_ref().is_some_and(|tls| tls.handshaking()) {
            link.told = FarKnows::Opened;
            if let Far::Data { gate, .. } = link.far {
                self.feed(now, gate, GateInput::DataOpened);
            }
            moved = true;
        }
        while let Some(bytes) = link.take_far(self.far_room(link)) {
            moved = true;
            match &mut link.far {
                Far::Gate(gate) => self.feed(now, *gate, GateInput::ModuleBytes(bytes)),
                Far::Data { gate, credit } => {
                    *credit = credit.saturating_sub(bytes.len());
                    self.feed(now, *gate, GateInput::DataBytes(bytes));
                }
                Far::Io { io, ahead } => {
                    *ahead += bytes.len();
                    self.real.ask(IoRequest::Send { io: *io, bytes });
                }
                Far::Gone => {}
            }
        }
        if let Some(end) = link.far_end().filter(|end| link.told != FarKnows::Ended(*end)) {
            self.end_far(now, link, end);
            moved = true;
        }
        // The module has closed the socket, and the real host knows of it: the real socket goes too.
        if let (Far::Io { io, .. }, None, FarKnows::Ended(_)) = (link.far, link.socket, link.told) {
            self.real.close(io);
            link.far = Far::Gone;
            moved = true;
        }
        moved
    }

    fn far_room(&self, link: &Link) -> usize {
        match link.far {
            Far::Gate(_) | Far::Gone => usize::MAX,
            Far::Data { .. } if link.told == FarKnows::Nothing => 0,
            Far::Data { credit, .. } => credit,
            Far::Io { ahead, .. } => (2 * WINDOW).saturating_sub(ahead),
        }
    }

    /// The far end learns that the module's stream has ended.
    pub(super) fn end_far(&mut self, now: Now, link: &mut Link, end: End) {
        let opened = link.told != FarKnows::Nothing;
        link.told = FarKnows::Ended(end);
        match (link.far, end) {
            (Far::Gate(gate), End::Fin) => self.feed(now, gate, GateInput::ModuleFin),
            (Far::Gate(gate), End::Rst) => {
                link.far = Far::Gone;
                self.lose_module(now, gate);
            }
            (Far::Data { gate, .. }, End::Fin) if opened => self.feed(now, gate, GateInput::DataFin),
            (Far::Data { gate, .. }, _) => {
                link.far = Far::Gone;
                self.release_data(gate, link.info.id);
                self.feed(now, gate, if opened { GateInput::DataReset } else { GateInput::DataRefused });
            }
            (Far::Io { io, .. }, End::Fin) => self.real.ask(IoRequest::Shutdown { io }),
            (Far::Io { io, .. }, End::Rst) => {
                link.far = Far::Gone;
                self.real.abort(io);
            }
            (Far::Gone, _) => {}
        }
    }

    /// Handles what arrived for the module: TLS records go to its TLS end, the call is announced, and what comes after the
    /// socket was closed is dropped.
    fn advance_near(&mut self, now: Now, link: &mut Link) -> bool {
        if !link.answered {
            return false;
        }
        let mut moved = false;
        let mut broken = None;
        if let Some(tls) = &mut link.near_tls {
            while let Some(records) = if tls.full() { None } else { link.down.take(usize::MAX) } {
                moved = true;
                broken = broken.or(tls.read(&records).err());
            }
            let records = tls.records();
            moved |= !records.is_empty();
            link.up.write(now, records, Leaves::AtOnce);
        }
        let ended = link.announce.is_some() && link.near_end().is_some() && link.handshaking();
        if let Some(socket) = link.socket.filter(|_| broken.is_some() || ended) {
            let why = self.tls_fails(link.info.peer, broken.as_ref().map_or(check::CLOSED, check::words));
            match link.announce {
                Some(_) => self.fail_near(link, why),
                None => {
                    self.let_go(link);
                    self.events.push_back(NetEvent::Reset { socket });
                }
            }
            link.up.finish(End::Fin);
            return true;
        }
        if !link.handshaking()
            && let Some(event) = link.announce.take()
        {
            self.events.push_back(event);
            moved = true;
        }
        if link.socket.is_none() {
            let mut lost = false;
            while link.take_near(usize::MAX).is_some() {
                lost = true;
            }
            if lost {
                link.up.finish(End::Rst);
            } else if link.near_end() == Some(End::Fin)
                && let Some(gate) = self.delivered(link)
            {
                self.feed(now, gate, GateInput::DataDelivered);
            }
            moved |= lost;
        }
        moved
    }

    /// The module has all that the far end sent, and the FIN behind it; the gate is to be told so.
    pub(super) fn delivered(&mut self, link: &mut Link) -> Option<GateId> {
        let first = !std::mem::replace(&mut link.delivered, true);
        if let (Far::Data { gate, .. }, true) = (link.far, first) {
            link.far = Far::Gone;
            self.release_data(gate, link.info.id);
            return Some(gate);
        }
        None
    }

    /// Tells both senders what the link has taken.
    fn confirm(&mut self, now: Now, link: &mut Link) -> bool {
        let up = link.up.confirm();
        let n = link.near_tls.as_mut().map_or(up, |tls| tls.confirm(up));
        if let Some(socket) = link.socket.filter(|_| n > 0 && link.announce.is_none()) {
            self.events.push_back(NetEvent::Sent { socket, n });
        }
        let down = link.down.confirm();
        let n = link.far_tls.as_mut().map_or(down, |tls| tls.confirm(down));
        match link.far {
            Far::Data { gate, .. } if n > 0 => self.feed(now, gate, GateInput::DataSent(n)),
            Far::Io { io, .. } if n > 0 => self.real.ask(IoRequest::Allow { io, n }),
            _ => {}
        }
        up > 0 || down > 0
    }
}
