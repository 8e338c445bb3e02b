//! The FTP gates: one relay per control connection, and its connections to the module. Those to the
//! real server are in [`server`].

mod server;

use super::connect::Order;
use super::faults::{Carries, LinkId};
use super::link::{Far, Link};
use super::pipe::Leaves;
use super::schedule::Planned;
use super::tls::TlsEnd;
use super::{GateId, Network};
use crate::fault::{End, Scripted};
use crate::gate::{Call, GateInput, GateOutput, Relay};
use crate::modem::net::{Offer, Tls, Verify};
use crate::time::Now;
use core::net::{SocketAddr, SocketAddrV4};
use server::{Upstream, UpstreamData};
use std::collections::BTreeMap;

/// The port that data connections come from in active mode (RFC 959 section 3.2).
const FTP_DATA: u16 = 20;

/// Where a call to a gate's server leads.
pub(super) enum DataPort {
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
    control: LinkId,
    data: Option<LinkId>,
    open: Option<u16>,
    silent: Option<u16>,
    upstream: Upstream,
    upstream_data: Option<UpstreamData>,
    over: bool,
}

/// TLS between the module and a gate that speaks to a real server as the module wants it to.
fn unchecked(tls: Tls) -> Tls {
    Tls { verify: Verify::Nothing, offer: Offer::default(), ..tls }
}

#[derive(Default)]
pub(super) struct Gates {
    slots: BTreeMap<GateId, Slot>,
    count: u32,
}

impl Gates {
    pub fn data_port(&self, to: SocketAddrV4) -> DataPort {
        let here = |slot: &&Slot| slot.server.ip() == to.ip();
        let mut found = DataPort::None;
        for (id, slot) in self.slots.iter().rev().filter(|(_, slot)| here(slot)) {
            if slot.open == Some(to.port()) {
                return DataPort::Open(*id);
            }
            if slot.silent == Some(to.port()) {
                return DataPort::Silent;
            }
            found = DataPort::Closed;
        }
        found
    }

    pub fn poll_timeout(&self) -> Option<Now> {
        self.slots.values().filter_map(|slot| slot.relay.poll_timeout()).min()
    }

    pub fn busy(&self) -> bool {
        self.slots.values().any(|slot| slot.relay.busy() || slot.upstream.is_starting())
    }
}

impl Network {
    /// Opens a gate for a call. Where its server is a real host, the call waits for that host, and
    /// with it for the TLS that the module wants: what the module checks is that host's certificate.
    pub(super) fn connect_gate(
        &mut self,
        now: Now,
        mut order: Order,
        local: SocketAddrV4,
        to: SocketAddr,
        tls: bool,
    ) {
        self.gates.count += 1;
        let id = GateId(self.gates.count);
        let server = order.to;
        let name = order.name.clone().unwrap_or_else(|| server.ip().to_string());
        let real = to != self.config.server;
        // Where there can be no TLS like that, the call comes to nothing at the module's end.
        let wanted = order.tls.clone().filter(|wanted| real && tls && self.tls.can(wanted));
        let upstream = Upstream::new(to, wanted);
        if upstream.is_secure() {
            order.tls = order.tls.map(unchecked);
        }
        let far_tls = if tls { self.tls.server(&name).ok().map(Box::new) } else { None };
        let Some(control) = self.dial(now, order, local, Carries::FtpControl, Far::Gate(id)) else { return };
        if let Some(link) = self.links.get_mut(&control) {
            link.far_tls = far_tls;
        }
        let relay =
            (self.make_relay)(Call { server, module: local, upstream: to, tls, upstream_tls: real && tls });
        let slot = Slot {
            relay,
            server,
            name,
            control,
            data: None,
            open: None,
            silent: None,
            upstream,
            upstream_data: None,
            over: false,
        };
        self.gates.slots.insert(id, slot);
        self.drain_gate(now, id);
        let waits = real && self.gates.slots.get(&id).is_some_and(|slot| slot.upstream.io.is_some());
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

    /// What the module checks of a gate's certificate: nothing where the real server's was checked.
    pub(super) fn near(&self, gate: GateId, tls: Option<Tls>) -> Option<Tls> {
        let secure = self.gates.slots.get(&gate).is_some_and(|slot| slot.upstream.is_secure());
        tls.map(|tls| if secure { unchecked(tls) } else { tls })
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

    /// The control connection is gone. The gate may still have something to say to the server.
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

    /// Has every gate say something unasked to its module, such as the 421 of a server that goes down.
    pub fn speak(&mut self, now: Now, scripted: &Scripted) {
        for slot in self.gates.slots.values_mut() {
            slot.relay.speak(now, scripted);
        }
        self.settle(now);
    }

    pub(super) fn gates_timeout(&mut self, now: Now) {
        for slot in self.gates.slots.values_mut() {
            if slot.relay.poll_timeout().is_some_and(|at| at <= now) {
                let data = slot.data.and_then(|data| self.links.get(&data));
                if data.is_some_and(Link::is_unread) {
                    slot.relay.handle(now, GateInput::DataUnread);
                }
                slot.relay.handle_timeout(now);
            }
        }
    }

    /// Does what the gates ask for; false where they ask for nothing.
    pub(super) fn drain_gates(&mut self, now: Now) -> bool {
        let mut moved = false;
        let mut next = self.gates.slots.keys().next().copied();
        while let Some(id) = next {
            moved |= self.drain_gate(now, id);
            if self.gates.slots.get(&id).is_some_and(|slot| slot.over && slot.relay.is_closed()) {
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
                    link.answer(now, bytes, Leaves::AtOnce);
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
            GateOutput::OpenUpstream => self.open_upstream(id),
            GateOutput::ToUpstream(bytes) => self.send_upstream(id, bytes),
            GateOutput::CloseUpstream => self.close_upstream(id),
            GateOutput::OpenUpstreamData(_)
            | GateOutput::DataToUpstream(_)
            | GateOutput::DataFinUpstream
            | GateOutput::DataAbortUpstream
            | GateOutput::AllowUpstreamData(_) => self.leg_output(now, id, output),
        }
    }

    /// Does what a gate asks for on the module's data connection.
    fn data_output(&mut self, now: Now, id: GateId, output: GateOutput) {
        let data = self.gates.slots.get(&id).and_then(|slot| slot.data);
        let link = data.and_then(|data| self.links.get_mut(&data));
        match (output, link) {
            (GateOutput::DataToModule(bytes), Some(link)) => link.answer(now, bytes, Leaves::InFullSegments),
            (GateOutput::DataFinModule, Some(link)) => link.answer_end(now, End::Fin),
            (GateOutput::DataResetModule, _) => {
                self.schedule.forget_gate(id);
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

    /// A gate connects to the module, to one of its listeners. Any other address is refused, as a carrier's FTP ALG does.
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
            None => self.after_round_trip(now, Planned::RefuseDial(id)),
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

    fn remove_gate(&mut self, now: Now, id: GateId) {
        let Some(slot) = self.gates.slots.get(&id) else { return };
        let (data, upstream) = (slot.data, slot.upstream.io);
        if let Some(link) = data.and_then(|data| self.links.get_mut(&data)) {
            let end = if link.down.finished() { End::Fin } else { End::Rst };
            link.leave(now, end);
        }
        self.drop_leg(id, End::Fin);
        upstream.into_iter().for_each(|io| self.real.abort(io));
        self.schedule.forget_gate(id);
        self.gates.slots.remove(&id);
    }
}
