//! A gate's connections to the real server: the control connection and one for data. Where the module
//! speaks TLS to a host that is mapped to a real server, TLS is spoken here as well (RFC 4217).

use super::super::faults::LinkId;
use super::super::link::Far;
use super::super::outside::{IoEvent, IoId, IoRequest};
use super::super::pipe::WINDOW;
use super::super::tls::{TlsEnd, Whose, check};
use super::super::{GateId, IoUse, Network};
use crate::fault::End;
use crate::gate::{GateInput, GateOutput};
use crate::modem::net::{Failure, NetEvent, Socket, Tls};
use crate::time::Now;
use bytes::Bytes;
use core::net::SocketAddr;

/// The kernel's buffer for what the built-in server sends: with a large one, a small file would have
/// left the server before the module has read an octet, and a cut would come too late for its reply.
const DATA_BUFFER: u32 = 64 * 1024;

/// A gate's control connection to its server.
pub(super) struct Upstream {
    to: SocketAddr,
    pub io: Option<IoId>,
    /// TLS as the module wants it, where a real server is to speak it.
    wanted: Option<Tls>,
    tls: Option<Box<TlsEnd>>,
    /// The module wants TLS on its connection once there is TLS here (RFC 4217 section 4).
    starting: Option<(Socket, Tls)>,
}

impl Upstream {
    pub fn new(to: SocketAddr, wanted: Option<Tls>) -> Upstream {
        Upstream { to, io: None, wanted, tls: None, starting: None }
    }

    /// Whether the TLS handshake with the server is still going on: the module's begins after it.
    pub fn is_starting(&self) -> bool {
        self.starting.is_some()
    }

    pub fn is_secure(&self) -> bool {
        self.wanted.is_some()
    }
}

/// A data connection to the server.
pub(super) struct UpstreamData {
    io: IoId,
    /// Octets have been sent on it.
    used: bool,
    shut: bool,
    ended: bool,
    tls: Option<Secure>,
    /// The module's data connection that it is for.
    near: Option<LinkId>,
}

/// TLS on an [`UpstreamData`].
struct Secure {
    end: Box<TlsEnd>,
    /// Plain octets that the gate takes now.
    credit: usize,
    /// Octets of records that were read, and for which the server was not given new credit yet.
    read: usize,
    /// The gate sends nothing more, once the handshake is over.
    closing: bool,
    /// The server's FIN has come.
    eof: bool,
}

impl Network {
    /// A TLS end towards the gate's real server, where that is to speak TLS.
    fn upstream_tls(&mut self, id: GateId) -> Option<Result<Box<TlsEnd>, &'static str>> {
        let slot = self.gates.slots.get(&id)?;
        let wanted = slot.upstream.wanted.as_ref()?;
        Some(self.tls.client(Whose::Gate, wanted).map(Box::new))
    }

    pub(super) fn open_upstream(&mut self, id: GateId) {
        let tls = self.upstream_tls(id).and_then(Result::ok);
        let io = self.real.open(IoUse::Upstream(id));
        let Some(slot) = self.gates.slots.get_mut(&id) else { return };
        (slot.upstream.io, slot.upstream.tls) = (Some(io), tls);
        let to = slot.upstream.to;
        self.real.ask(IoRequest::Connect { io, to, receive_buffer: None });
        self.real.ask(IoRequest::Allow { io, n: WINDOW });
    }

    /// The module starts TLS on a connection that has begun without. Where a gate has a real server behind it, that
    /// has agreed to AUTH too, and comes first: what the module checks is its certificate.
    pub(in super::super) fn start_tls(&mut self, now: Now, socket: Socket, tls: Tls) {
        let far = self.sockets.link(socket).and_then(|id| self.links.get(&id)).map(|link| link.far);
        let gate = if let Some(Far::Gate(gate)) = far { Some(gate) } else { None };
        let real = self.config.server;
        let slot = gate.and_then(|gate| Some((gate, self.gates.slots.get_mut(&gate)?)));
        let Some((gate, slot)) = slot.filter(|(_, slot)| slot.upstream.to != real) else {
            return self.secure_near(now, socket, &tls);
        };
        slot.upstream.wanted = Some(tls.clone());
        slot.upstream.starting = Some((socket, super::unchecked(tls)));
        let io = slot.upstream.io;
        match self.upstream_tls(gate) {
            Some(Ok(mut end)) => {
                let hello = end.records();
                if let Some(slot) = self.gates.slots.get_mut(&gate) {
                    slot.upstream.tls = Some(end);
                }
                self.send_io(io, hello);
            }
            Some(Err(why)) => self.upstream_tls_fails(now, gate, why),
            None => {}
        }
    }

    /// TLS at the module's end of a connection.
    fn secure_near(&mut self, now: Now, socket: Socket, tls: &Tls) {
        let Some(id) = self.sockets.link(socket) else { return };
        let end = self.tls.client(Whose::Module, tls);
        let Some(link) = self.links.get_mut(&id) else { return };
        match end {
            Ok(end) => {
                link.near_tls = Some(Box::new(end));
                link.announce = Some(NetEvent::Secured { socket });
            }
            Err(why) => {
                let peer = link.info.peer;
                link.close(now);
                self.sockets.remove(socket);
                let why = self.tls_fails(peer, why);
                self.events.push_back(NetEvent::Failed { socket, why });
            }
        }
    }

    pub(super) fn send_upstream(&mut self, id: GateId, plain: Bytes) {
        let Some(upstream) = self.gates.slots.get_mut(&id).map(|slot| &mut slot.upstream) else { return };
        let bytes = match &mut upstream.tls {
            Some(tls) => tls.write(&plain),
            None => plain,
        };
        let io = upstream.io;
        self.send_io(io, bytes);
    }

    fn send_io(&mut self, io: Option<IoId>, bytes: Bytes) {
        if let Some(io) = io.filter(|_| !bytes.is_empty()) {
            self.real.ask(IoRequest::Send { io, bytes });
        }
    }

    pub(super) fn close_upstream(&mut self, id: GateId) {
        self.drop_leg(id, End::Fin);
        let Some(upstream) = self.gates.slots.get_mut(&id).map(|slot| &mut slot.upstream) else { return };
        let (io, tls) = (upstream.io.take(), upstream.tls.take());
        if let Some(mut tls) = tls.filter(|tls| !tls.handshaking()) {
            self.send_io(io, tls.close());
        }
        io.into_iter().for_each(|io| self.real.close(io));
    }

    /// Does what a gate asks for on its data connection to the server.
    pub(super) fn leg_output(&mut self, now: Now, id: GateId, output: GateOutput) {
        if let GateOutput::OpenUpstreamData(to) = output {
            return self.open_leg(now, id, to);
        }
        let Some(upstream_data) = self.gates.slots.get_mut(&id).and_then(|slot| slot.upstream_data.as_mut())
        else {
            return;
        };
        let io = upstream_data.io;
        match (output, &mut upstream_data.tls) {
            (GateOutput::DataToUpstream(bytes), tls) => {
                upstream_data.used = true;
                let bytes = tls.as_mut().map_or_else(|| bytes.clone(), |tls| tls.end.write(&bytes));
                self.send_io(Some(io), bytes);
            }
            (GateOutput::DataFinUpstream, Some(tls)) => {
                tls.closing = true;
                self.move_leg(now, id);
            }
            (GateOutput::DataFinUpstream, None) => {
                upstream_data.shut = true;
                self.real.ask(IoRequest::Shutdown { io });
                self.close_ended_leg(id);
            }
            (GateOutput::AllowUpstreamData(n), Some(tls)) => {
                tls.credit = tls.credit.saturating_add(n);
                self.move_leg(now, id);
            }
            (GateOutput::AllowUpstreamData(n), None) => self.real.ask(IoRequest::Allow { io, n }),
            _ => self.drop_leg(id, End::Rst),
        }
    }

    fn open_leg(&mut self, now: Now, id: GateId, to: SocketAddr) {
        self.drop_leg(id, End::Rst);
        let Some(slot) = self.gates.slots.get_mut(&id) else { return };
        // A real server may not send the relay to another host.
        if to.ip() != slot.upstream.to.ip() {
            slot.relay.handle(now, GateInput::UpstreamDataFailed);
            return;
        }
        let protected = slot.relay.data_protected();
        let tls = match self.upstream_tls(id).filter(|_| protected) {
            Some(Err(why)) => return self.leg_tls_fails(now, id, why),
            Some(Ok(end)) => Some(Secure { end, credit: 0, read: 0, closing: false, eof: false }),
            None => None,
        };
        let io = self.real.open(IoUse::UpstreamData(id));
        self.real.ask(IoRequest::Connect { io, to, receive_buffer: Some(DATA_BUFFER) });
        if tls.is_some() {
            self.real.ask(IoRequest::Allow { io, n: WINDOW });
        }
        if let Some(slot) = self.gates.slots.get_mut(&id) {
            slot.upstream_data =
                Some(UpstreamData { io, used: false, shut: false, ended: false, tls, near: slot.data });
        }
    }

    /// The TLS handshake on the data connection to the server has failed. Without a gate between them the module's
    /// own handshake would have failed: so its data connection does, with the same cause.
    fn leg_tls_fails(&mut self, now: Now, id: GateId, why: &'static str) {
        let Some(slot) = self.gates.slots.get_mut(&id) else { return };
        let (server, upstream_data) = (slot.server, slot.upstream_data.take());
        let near = upstream_data
            .as_ref()
            .map_or(slot.data, |upstream_data| upstream_data.near)
            .filter(|near| slot.data == Some(*near));
        if let Some(UpstreamData { io, tls: Some(mut tls), .. }) = upstream_data {
            let alert = tls.end.records();
            self.send_io(Some(io), alert);
            self.real.close(io);
        }
        let why = self.tls_fails(server, why);
        if let Some((near, mut link)) = near.and_then(|near| Some((near, self.links.remove(&near)?))) {
            self.fail_near(&mut link, why);
            self.links.insert(near, link);
        }
        self.feed(now, id, GateInput::UpstreamDataFailed);
    }

    /// Moves what can move on a data connection under TLS.
    fn move_leg(&mut self, now: Now, id: GateId) {
        let Some(slot) = self.gates.slots.get_mut(&id) else { return };
        let Some(UpstreamData { io, shut, ended, tls: Some(tls), .. }) = &mut slot.upstream_data else {
            return;
        };
        let io = *io;
        let records = tls.end.records();
        while let Some(plain) = tls.end.take(tls.credit) {
            tls.credit = tls.credit.saturating_sub(plain.len());
            slot.relay.handle(now, GateInput::UpstreamDataBytes(plain));
        }
        if !records.is_empty() {
            self.real.ask(IoRequest::Send { io, bytes: records });
        }
        if tls.read > 0 && !tls.end.full() {
            self.real.ask(IoRequest::Allow { io, n: std::mem::take(&mut tls.read) });
        }
        if tls.closing && !*shut && !tls.end.handshaking() {
            *shut = true;
            self.real.ask(IoRequest::Send { io, bytes: tls.end.close() });
            self.real.ask(IoRequest::Shutdown { io });
        }
        if !*ended && (tls.end.ended() || (tls.eof && !tls.end.readable())) {
            *ended = true;
            slot.relay.handle(now, GateInput::UpstreamDataFin);
        }
        self.close_ended_leg(id);
    }

    /// Gives up the data connection to the server: closes it where FIN was sent and no reset is wanted, resets it otherwise.
    pub(super) fn drop_leg(&mut self, id: GateId, end: End) {
        let upstream_data = self.gates.slots.get_mut(&id).and_then(|slot| slot.upstream_data.take());
        match upstream_data {
            Some(upstream_data) if end == End::Rst || !upstream_data.shut => {
                self.real.abort(upstream_data.io)
            }
            Some(upstream_data) => self.real.close(upstream_data.io),
            None => {}
        }
    }

    /// Closes the data connection to the server where both ends have sent FIN, or where the server has and nothing was sent to it.
    fn close_ended_leg(&mut self, id: GateId) {
        let Some(slot) = self.gates.slots.get_mut(&id) else { return };
        let silent = |upstream_data: &UpstreamData| {
            upstream_data.shut || (!upstream_data.used && upstream_data.tls.is_none())
        };
        if let Some(upstream_data) =
            slot.upstream_data.take_if(|upstream_data| upstream_data.ended && silent(upstream_data))
        {
            self.real.close(upstream_data.io);
        }
    }

    /// Whether the module's call waits for a real host to take it.
    fn call_waits(&self, id: GateId) -> bool {
        let real = |slot: &&super::Slot| slot.upstream.to != self.config.server;
        let slot = self.gates.slots.get(&id).filter(real);
        slot.and_then(|slot| self.links.get(&slot.control)).is_some_and(|link| !link.answered)
    }

    fn upstream_opened(&mut self, now: Now, id: GateId) {
        let starting = self.gates.slots.get_mut(&id).and_then(|slot| slot.upstream.starting.take());
        if let Some((socket, tls)) = starting {
            return self.secure_near(now, socket, &tls);
        }
        let waits = self.call_waits(id);
        self.feed(now, id, GateInput::UpstreamOpened);
        if let Some(slot) = self.gates.slots.get(&id).filter(|_| waits) {
            self.answer_later(now, slot.control);
        }
    }

    /// The server cannot be reached, or its TLS handshake has failed. `None`: it has not answered at all.
    fn upstream_failed(&mut self, now: Now, id: GateId, why: Option<Failure>) {
        let Some(slot) = self.gates.slots.get_mut(&id) else { return };
        (slot.upstream.io, slot.upstream.tls) = (None, None);
        let control = slot.control;
        let starting = slot.upstream.starting.take().is_some();
        let waits = starting || self.call_waits(id);
        self.feed(now, id, GateInput::UpstreamFailed);
        if let Some(why) = why.filter(|_| waits) {
            self.fail_link(control, why);
            self.remove_gate(now, id);
        }
    }

    fn upstream_tls_fails(&mut self, now: Now, id: GateId, why: &'static str) {
        let Some(server) = self.gates.slots.get(&id).map(|slot| slot.server) else { return };
        let why = self.tls_fails(server, why);
        self.upstream_failed(now, id, Some(why));
    }

    /// Something happened on the real socket of a gate's control connection to the server.
    pub(in super::super) fn upstream_io(&mut self, now: Now, id: GateId, event: IoEvent) {
        let Some(slot) = self.gates.slots.get_mut(&id) else { return };
        let upstream = &mut slot.upstream;
        let shaking = upstream.tls.as_ref().is_some_and(|tls| tls.handshaking());
        let secure = upstream.is_secure();
        match event {
            IoEvent::Connected { io, .. } => match &mut upstream.tls {
                Some(tls) => {
                    let hello = tls.records();
                    self.send_io(Some(io), hello);
                }
                // The server's name is none that a certificate can be for.
                None if secure => {
                    self.real.abort(io);
                    self.upstream_tls_fails(now, id, check::NAMELESS);
                }
                None => self.upstream_opened(now, id),
            },
            IoEvent::Failed { io, kind } => {
                self.real.forget(io);
                self.upstream_failed(now, id, Self::failure(kind));
            }
            IoEvent::Data { io, bytes } => {
                self.real.ask(IoRequest::Allow { io, n: bytes.len() });
                match upstream.tls.is_some() {
                    true => self.upstream_records(now, id, io, &bytes),
                    false => self.feed(now, id, GateInput::UpstreamBytes(bytes)),
                }
            }
            IoEvent::Eof { io } | IoEvent::Reset { io } if shaking => {
                self.real.abort(io);
                self.upstream_tls_fails(now, id, check::CLOSED);
            }
            IoEvent::Eof { .. } => self.feed(now, id, GateInput::UpstreamFin),
            IoEvent::Reset { io } => {
                upstream.io = None;
                self.real.forget(io);
                self.feed(now, id, GateInput::UpstreamReset);
            }
            _ => {}
        }
    }

    fn upstream_records(&mut self, now: Now, id: GateId, io: IoId, records: &[u8]) {
        let Some(tls) = self.gates.slots.get_mut(&id).and_then(|slot| slot.upstream.tls.as_mut()) else {
            return;
        };
        let shaking = tls.handshaking();
        let read = tls.read(records);
        let (answer, plain, opened) = (tls.records(), tls.take(usize::MAX), shaking && !tls.handshaking());
        let over = tls.ended();
        self.send_io(Some(io), answer);
        match read {
            Err(error) if shaking => {
                self.real.close(io);
                return self.upstream_tls_fails(now, id, check::words(&error));
            }
            Err(_) => return self.feed(now, id, GateInput::UpstreamReset),
            Ok(()) if opened => self.upstream_opened(now, id),
            Ok(()) => {}
        }
        if let Some(plain) = plain {
            self.feed(now, id, GateInput::UpstreamBytes(plain));
        }
        if over {
            self.feed(now, id, GateInput::UpstreamFin);
        }
    }

    /// Something happened on the real socket of a gate's data connection to the server.
    pub(in super::super) fn upstream_data_io(&mut self, now: Now, id: GateId, event: IoEvent) {
        let Some(slot) = self.gates.slots.get_mut(&id) else { return };
        let tls = slot.upstream_data.as_mut().and_then(|upstream_data| upstream_data.tls.as_mut());
        let input = match (event, tls) {
            (IoEvent::Connected { .. }, _) => GateInput::UpstreamDataOpened,
            (IoEvent::Data { bytes, .. }, Some(tls)) => {
                tls.read += bytes.len();
                let securing = tls.end.handshaking();
                if let Err(error) = tls.end.read(&bytes) {
                    return self.leg_tls_fails(now, id, check::words(&error));
                }
                if securing && !tls.end.handshaking() {
                    slot.relay.handle(now, GateInput::UpstreamDataSecured);
                }
                return self.move_leg(now, id);
            }
            (IoEvent::Data { bytes, .. }, None) => GateInput::UpstreamDataBytes(bytes),
            (IoEvent::Sent { n, .. }, Some(tls)) => match tls.end.confirm(n) {
                0 => return,
                n => GateInput::UpstreamDataSent(n),
            },
            (IoEvent::Sent { n, .. }, None) => GateInput::UpstreamDataSent(n),
            (IoEvent::Eof { .. } | IoEvent::Reset { .. }, Some(tls)) if tls.end.handshaking() => {
                return self.leg_tls_fails(now, id, check::CLOSED);
            }
            (IoEvent::Eof { .. }, Some(tls)) => {
                tls.eof = true;
                return self.move_leg(now, id);
            }
            (IoEvent::Eof { .. }, None) => {
                slot.upstream_data.iter_mut().for_each(|upstream_data| upstream_data.ended = true);
                GateInput::UpstreamDataFin
            }
            (IoEvent::Failed { io, .. }, _) => {
                slot.upstream_data = None;
                self.real.forget(io);
                GateInput::UpstreamDataFailed
            }
            (IoEvent::Reset { io }, _) => {
                slot.upstream_data = None;
                self.real.forget(io);
                GateInput::UpstreamDataReset
            }
            _ => return,
        };
        self.feed(now, id, input);
        self.move_leg(now, id);
        self.close_ended_leg(id);
    }
}
