//! The FTP gates: one relay per control connection, its data connection, its real sockets.

use super::connect::Order;
use super::faults::{Carries, LinkId};
use super::later::Then;
use super::link::Far;
use super::outside::{IoEvent, IoId, IoRequest};
use super::pipe::{End, WINDOW};
use super::relay::{Call, GateInput, GateOutput, Relay};
use super::tls::TlsEnd;
use super::{GateId, IoUse, Network};
use crate::driver::gate::Speech;
use crate::time::Now;
use std::collections::BTreeMap;
use std::net::{SocketAddr, SocketAddrV4};

/// The kernel's buffer for what the built-in server sends: with a large one, a small file would have
/// left the server before the module has read an octet, and a cut would come too late for its reply.
const DATA_BUFFER: u32 = 64 * 1024;

/// The port that data connections come from in active mode (RFC 959 section 3.2).
const FTP_DATA: u16 = 20;

/// Where a call to a gate's server leads.
pub(super) enum Door {
    Open(GateId),
    Silent,
    /// No gate waits at that port of a server.
    Closed,
    /// No gate has that address.
    None,
}

struct Slot {
    relay: Box<dyn Relay + Send>,
    server: SocketAddrV4,
    /// The server's name, for its certificate.
    name: String,
    upstream: SocketAddr,
    control: LinkId,
    data: Option<LinkId>,
    open: Option<u16>,
    silent: Option<u16>,
    upstream_io: Option<IoId>,
    leg: Option<Leg>,
    over: bool,
}

/// A data connection to the real server.
struct Leg {
    io: IoId,
    /// Octets have been sent on it.
    used: bool,
    shut: bool,
    ended: bool,
}

#[derive(Default)]
pub(super) struct Gates {
    slots: BTreeMap<GateId, Slot>,
    count: u32,
}

impl Gates {
    pub fn door(&self, to: SocketAddrV4) -> Door {
        let here = |slot: &&Slot| slot.server.ip() == to.ip();
        let mut found = Door::None;
        for (id, slot) in self.slots.iter().rev().filter(|(_, slot)| here(slot)) {
            if slot.open == Some(to.port()) {
                return Door::Open(*id);
            }
            if slot.silent == Some(to.port()) {
                return Door::Silent;
            }
            found = Door::Closed;
        }
        found
    }

    pub fn poll_timeout(&self) -> Option<Now> {
        self.slots.values().filter_map(|slot| slot.relay.poll_timeout()).min()
    }

    pub fn busy(&self) -> bool {
        self.slots.values().any(|slot| slot.relay.busy())
    }
}

impl Network {
    /// Opens a gate for a call. Where its server is a real host, the call waits for that host.
    pub(super) fn connect_gate(
        &mut self,
        now: Now,
        order: Order,
        local: SocketAddrV4,
        upstream: SocketAddr,
        tls: bool,
    ) {
        self.gates.count += 1;
        let id = GateId(self.gates.count);
        let server = order.to;
        let name = order.name.clone().unwrap_or_else(|| server.ip().to_string());
        let far_tls = if tls { self.tls.server(&name).ok().map(Box::new) } else { None };
        let Some(control) = self.dial(now, order, local, Carries::FtpControl, Far::Gate(id)) else { return };
        if let Some(link) = self.links.get_mut(&control) {
            link.far_tls = far_tls;
        }
        let relay = (self.make_relay)(Call { server, module: local, upstream, tls });
        let slot = Slot {
            relay,
            server,
            name,
            upstream,
            control,
            data: None,
            open: None,
            silent: None,
            upstream_io: None,
            leg: None,
            over: false,
        };
        self.gates.slots.insert(id, slot);
        self.drain_gate(now, id);
        let waits = upstream != self.config.server
            && self.gates.slots.get(&id).is_some_and(|slot| slot.upstream_io.is_some());
        if !waits {
            self.answer_later(now, control);
        }
    }

    /// The module has come to the announced port.
    pub(super) fn enter(&mut self, now: Now, gate: GateId, link: LinkId) {
        let tls = self.data_tls(gate);
        if let Some(link) = self.links.get_mut(&link) {
            link.far_tls = tls;
        }
        self.replace_data(now, gate, Some(link));
        if let Some(slot) = self.gates.slots.get_mut(&gate) {
            slot.open = None;
        }
    }

    /// The gate's TLS end of a data connection, where it is protected.
    pub(super) fn data_tls(&mut self, gate: GateId) -> Option<Box<TlsEnd>> {
        let slot = self.gates.slots.get(&gate).filter(|slot| slot.relay.data_protected())?;
        self.tls.server(&slot.name).ok().map(Box::new)
    }

    pub(super) fn feed(&mut self, now: Now, gate: GateId, input: GateInput) {
        if let Some(slot) = self.gates.slots.get_mut(&gate) {
            slot.relay.handle(now, input);
        }
    }

    /// The control connection is dead; the gate has its last word upstream.
    pub(super) fn lose_module(&mut self, now: Now, gate: GateId) {
        self.feed(now, gate, GateInput::ModuleReset);
        if let Some(slot) = self.gates.slots.get_mut(&gate) {
            slot.over = true;
        }
    }

    /// The link is no gate's data connection any more.
    pub(super) fn release_data(&mut self, gate: GateId, link: LinkId) {
        if let Some(slot) = self.gates.slots.get_mut(&gate) {
            slot.data = slot.data.filter(|data| *data != link);
        }
    }

    pub(super) fn refuse_dial(&mut self, now: Now, gate: GateId) {
        self.feed(now, gate, GateInput::DataRefused);
    }

    /// Has every gate say something unasked, as a server does that goes down (421).
    pub fn speak(&mut self, now: Now, speech: &Speech) {
        for slot in self.gates.slots.values_mut() {
            slot.relay.speak(now, speech.clone());
        }
        self.settle(now);
    }

    pub(super) fn gates_timeout(&mut self, now: Now) {
        for slot in self.gates.slots.values_mut() {
            if slot.relay.poll_timeout().is_some_and(|at| at <= now) {
                slot.relay.handle_timeout(now);
            }
        }
    }

    /// Does what the gates want; false where they want nothing.
    pub(super) fn drain_gates(&mut self, now: Now) -> bool {
        let mut moved = false;
        let mut next = self.gates.slots.keys().next().copied();
        while let Some(id) = next {
            moved |= self.drain_gate(now, id);
            if self.gates.slots.get(&id).is_some_and(|slot| slot.over) {
                self.remove_gate(now, id);
                moved = true;
            }
            next = self.gates.slots.range(GateId(id.0 + 1)..).next().map(|(id, _)| *id);
        }
        moved
    }

    fn drain_gate(&mut self, now: Now, id: GateId) -> bool {
        let mut moved = false;
        while let Some(output) = self.gates.slots.get_mut(&id).and_then(|slot| slot.relay.poll_output()) {
            moved = true;
            self.do_output(now, id, output);
        }
        moved
    }

    fn do_output(&mut self, now: Now, id: GateId, output: GateOutput) {
        let Some(slot) = self.gates.slots.get_mut(&id) else { return };
        let control = self.links.get_mut(&slot.control).filter(|link| link.far == Far::Gate(id));
        match output {
            GateOutput::ToModule(bytes) => {
                if let Some(link) = control {
                    link.answer(now, bytes, true);
                }
            }
            GateOutput::StartTls => {
                if let Some(link) = control {
                    link.far_tls = self.tls.server(&slot.name).ok().map(Box::new);
                }
            }
            GateOutput::FinModule | GateOutput::ResetModule => {
                let end = if output == GateOutput::FinModule { End::Fin } else { End::Rst };
                slot.over = true;
                if let Some(link) = control {
                    link.leave(now, end);
                }
            }
            GateOutput::ListenData { port } => slot.open = Some(port),
            GateOutput::SilenceData { port } => slot.silent = Some(port),
            GateOutput::StopListen => (slot.open, slot.silent) = (None, None),
            GateOutput::DialData(to) => self.dial_module(now, id, to),
            GateOutput::DataToModule(_)
            | GateOutput::DataFinModule
            | GateOutput::DataResetModule
            | GateOutput::AllowModuleData(_) => self.data_output(now, id, output),
            GateOutput::OpenUpstream => {
                let to = slot.upstream;
                let io = self.new_io(IoUse::Upstream(id));
                self.set_upstream(id, Some(io));
                self.io_out.push_back(IoRequest::Connect { io, to, receive_buffer: None });
                self.io_out.push_back(IoRequest::Allow { io, n: WINDOW });
            }
            GateOutput::ToUpstream(bytes) => {
                let request = slot.upstream_io.map(|io| IoRequest::Send { io, bytes });
                self.io_out.extend(request);
            }
            GateOutput::CloseUpstream => {
                let io = slot.upstream_io.take();
                self.drop_leg(id, false);
                io.into_iter().for_each(|io| self.close_io(io));
            }
            GateOutput::OpenUpstreamData(_)
            | GateOutput::DataToUpstream(_)
            | GateOutput::DataFinUpstream
            | GateOutput::DataAbortUpstream
            | GateOutput::AllowUpstreamData(_) => self.leg_output(now, id, output),
        }
    }

    /// What a gate wants of the module's data connection.
    fn data_output(&mut self, now: Now, id: GateId, output: GateOutput) {
        let data = self.gates.slots.get(&id).and_then(|slot| slot.data);
        let link = data.and_then(|data| self.links.get_mut(&data));
        match (output, link) {
            (GateOutput::DataToModule(bytes), Some(link)) => link.answer(now, bytes, false),
            (GateOutput::DataFinModule, Some(link)) => link.answer_end(now, End::Fin),
            (GateOutput::DataResetModule, _) => {
                self.laters.forget_gate(id);
                self.replace_data(now, id, None);
            }
            (GateOutput::AllowModuleData(n), Some(link)) => {
                if let Far::Data { credit, .. } = &mut link.far {
                    *credit = credit.saturating_add(n);
                }
            }
            _ => {}
        }
    }

    /// What a gate wants of its data connection to the real server.
    fn leg_output(&mut self, now: Now, id: GateId, output: GateOutput) {
        if let GateOutput::OpenUpstreamData(to) = output {
            return self.open_leg(now, id, to);
        }
        let Some(leg) = self.gates.slots.get_mut(&id).and_then(|slot| slot.leg.as_mut()) else { return };
        let io = leg.io;
        match output {
            GateOutput::DataToUpstream(bytes) => {
                leg.used = true;
                self.io_out.push_back(IoRequest::Send { io, bytes });
            }
            GateOutput::DataFinUpstream => {
                leg.shut = true;
                self.io_out.push_back(IoRequest::Shutdown { io });
                self.close_ended_leg(id);
            }
            GateOutput::AllowUpstreamData(n) => self.io_out.push_back(IoRequest::Allow { io, n }),
            _ => self.drop_leg(id, true),
        }
    }

    fn open_leg(&mut self, now: Now, id: GateId, to: SocketAddr) {
        self.drop_leg(id, true);
        let Some(slot) = self.gates.slots.get_mut(&id) else { return };
        // A real server may not send the relay to another host.
        if to.ip() != slot.upstream.ip() {
            slot.relay.handle(now, GateInput::UpstreamDataFailed);
            return;
        }
        let io = self.new_io(IoUse::UpstreamData(id));
        if let Some(slot) = self.gates.slots.get_mut(&id) {
            slot.leg = Some(Leg { io, used: false, shut: false, ended: false });
        }
        self.io_out.push_back(IoRequest::Connect { io, to, receive_buffer: Some(DATA_BUFFER) });
    }

    /// A gate dials the module. What is no listener of this module refuses, as an ALG would.
    fn dial_module(&mut self, now: Now, id: GateId, to: SocketAddrV4) {
        let Some(slot) = self.gates.slots.get(&id) else { return };
        let from = SocketAddrV4::new(*slot.server.ip(), FTP_DATA);
        match self.sockets.listener(to.port()).filter(|_| self.address == Some(*to.ip())) {
            Some(listener) => {
                let far = Far::Data { gate: id, credit: 0 };
                if let Some(link) = self.call(now, listener, from, Carries::FtpData, far) {
                    self.replace_data(now, id, Some(link));
                }
            }
            None => self.after_round_trip(now, Then::RefuseDial(id)),
        }
    }

    /// Sets a gate's data connection; an earlier one is reset, and tells the gate nothing more.
    fn replace_data(&mut self, now: Now, id: GateId, link: Option<LinkId>) {
        let Some(slot) = self.gates.slots.get_mut(&id) else { return };
        let earlier = std::mem::replace(&mut slot.data, link);
        if let Some(link) = earlier.and_then(|link| self.links.get_mut(&link)) {
            link.leave(now, End::Rst);
        }
    }

    fn set_upstream(&mut self, id: GateId, io: Option<IoId>) {
        if let Some(slot) = self.gates.slots.get_mut(&id) {
            slot.upstream_io = io;
        }
    }

    /// Gives the data connection to the real server up; in good order where its FIN is under way.
    fn drop_leg(&mut self, id: GateId, abort: bool) {
        let leg = self.gates.slots.get_mut(&id).and_then(|slot| slot.leg.take());
        match leg {
            Some(leg) if abort || !leg.shut => self.abort_io(leg.io),
            Some(leg) => self.close_io(leg.io),
            None => {}
        }
    }

    /// Both sides are through, or the server is and nothing was to be sent.
    fn close_ended_leg(&mut self, id: GateId) {
        let Some(slot) = self.gates.slots.get_mut(&id) else { return };
        if let Some(leg) = slot.leg.take_if(|leg| leg.ended && (leg.shut || !leg.used)) {
            self.close_io(leg.io);
        }
    }

    fn remove_gate(&mut self, now: Now, id: GateId) {
        let Some(slot) = self.gates.slots.get(&id) else { return };
        let (data, upstream) = (slot.data, slot.upstream_io);
        if let Some(link) = data.and_then(|data| self.links.get_mut(&data)) {
            let end = if link.down.finished() { End::Fin } else { End::Rst };
            link.leave(now, end);
        }
        self.drop_leg(id, false);
        upstream.into_iter().for_each(|io| self.abort_io(io));
        self.laters.forget_gate(id);
        self.gates.slots.remove(&id);
    }

    /// News of a gate's control connection to the real server.
    pub(super) fn upstream_io(&mut self, now: Now, id: GateId, event: IoEvent) {
        let Some(slot) = self.gates.slots.get(&id) else { return };
        let control = slot.control;
        let waits = self.links.get(&control).is_some_and(|link| !link.answered);
        match event {
            IoEvent::Connected { .. } => {
                self.feed(now, id, GateInput::UpstreamOpened);
                if waits && slot_waits(&self.config.server, self.gates.slots.get(&id)) {
                    self.answer_later(now, control);
                }
            }
            IoEvent::Failed { io, kind } => {
                self.ios.remove(&io);
                self.set_upstream(id, None);
                self.feed(now, id, GateInput::UpstreamFailed);
                if waits && slot_waits(&self.config.server, self.gates.slots.get(&id)) {
                    match Self::failure(kind) {
                        Some(why) => self.fail_link(control, why),
                        None => return,
                    }
                    self.remove_gate(now, id);
                }
            }
            IoEvent::Data { io, bytes } => {
                self.io_out.push_back(IoRequest::Allow { io, n: bytes.len() });
                self.feed(now, id, GateInput::UpstreamBytes(bytes));
            }
            IoEvent::Eof { .. } => self.feed(now, id, GateInput::UpstreamFin),
            IoEvent::Reset { io } => {
                self.ios.remove(&io);
                self.set_upstream(id, None);
                self.feed(now, id, GateInput::UpstreamReset);
            }
            _ => {}
        }
    }

    /// News of a gate's data connection to the real server.
    pub(super) fn upstream_data_io(&mut self, now: Now, id: GateId, event: IoEvent) {
        let Some(slot) = self.gates.slots.get_mut(&id) else { return };
        let input = match event {
            IoEvent::Connected { .. } => GateInput::UpstreamDataOpened,
            IoEvent::Data { bytes, .. } => GateInput::UpstreamDataBytes(bytes),
            IoEvent::Sent { n, .. } => GateInput::UpstreamDataSent(n),
            IoEvent::Eof { .. } => {
                slot.leg.iter_mut().for_each(|leg| leg.ended = true);
                GateInput::UpstreamDataFin
            }
            IoEvent::Failed { io, .. } | IoEvent::Reset { io } => {
                slot.leg = None;
                self.ios.remove(&io);
                let failed = matches!(event, IoEvent::Failed { .. });
                if failed { GateInput::UpstreamDataFailed } else { GateInput::UpstreamDataReset }
            }
            IoEvent::Listening { .. } | IoEvent::Accepted { .. } | IoEvent::Datagram { .. } => return,
        };
        self.feed(now, id, input);
        self.close_ended_leg(id);
    }
}

/// The module's call to a mapped host waits until that host has answered.
fn slot_waits(builtin: &SocketAddr, slot: Option<&Slot>) -> bool {
    slot.is_some_and(|slot| slot.upstream != *builtin)
}
