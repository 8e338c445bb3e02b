//! Registration, attachment and what the radio network does to the module (3GPP TS 27.007 sections 7.2, 10.1).

use super::bearer::EndedBy;
use super::core::{Core, Timer};
use super::net::Radio as Change;
use super::port::PortId;
use super::radio::Functionality;
use super::{Event, Note};
use crate::fault::ModuleState;

pub(super) const REPORTS: [&str; 3] = ["+CREG", "+CGREG", "+CEREG"];

impl Core {
    /// What `+CREG?` and its like print after the name: `n,stat[,area,cell[,technology]]`.
    pub(super) fn registration(&self, port: PortId, which: usize) -> String {
        let n = self.settings(port).reports[which];
        format!("{n},{}", self.report(which, n))
    }

    fn report(&self, which: usize, n: u8) -> String {
        let radio = &self.radio.serving;
        let status = self.radio.statuses()[which];
        match (n, status) {
            (2.., 1 | 5) => {
                let technology = radio.technology.map(|t| format!(",{t}")).unwrap_or_default();
                format!("{status},\"{}\",\"{}\"{technology}", radio.area, radio.cell)
            }
            _ => status.to_string(),
        }
    }

    /// Begins to look for the network, where the module may.
    pub(super) fn search(&mut self) {
        let may = self.radio.functionality == Functionality::Full
            && self.lasting.sim.ready()
            && self.radio.selection != 2;
        if !may {
            return self.set_status(0);
        }
        self.set_status(2);
        let after = self.profile.radio.registers_after.0;
        match after.is_zero() {
            true => self.register(),
            false => self.running.timers.set(Timer::Register, self.now + after),
        }
    }

    /// The network takes the module in, and attaches it to the packet domain.
    pub(super) fn register(&mut self) {
        self.stand(self.radio.offered, true);
    }

    /// Attached to the packet domain or detached from it, where registered.
    pub(super) fn attach(&mut self, on: bool) {
        self.stand(self.radio.status, on);
    }

    pub(super) fn set_status(&mut self, status: u8) {
        self.stand(status, self.radio.attached);
    }

    /// Where the module stands with the network now; each report that this changes is printed where asked for.
    fn stand(&mut self, status: u8, attached: bool) {
        let (old, was, before) = (self.radio.status, self.radio.registered(), self.radio.statuses());
        self.radio.status = status;
        self.radio.attached = attached && self.radio.registered();
        if !self.radio.registered() {
            self.running.timers.cancel(Timer::Register);
        }
        // Registration has attached the module, or the network is lost: what was asked for is settled.
        let lost = !self.radio.registered() && (was || status != 2);
        if lost || self.radio.attaching == Some(self.radio.attached) {
            self.radio.attaching = None;
            self.running.timers.cancel(Timer::Attach);
        }
        if !self.radio.attached {
            self.lower_all(EndedBy::Network);
        }
        match (was, self.radio.registered()) {
            (false, true) => self.reach(ModuleState::Registered),
            (true, false) => self.reach(ModuleState::Unregistered),
            _ => {}
        }
        if status != old {
            let reached = match (was, self.radio.registered()) {
                (false, true) => Some(ModuleState::Registered),
                (true, false) => Some(ModuleState::Unregistered),
                _ => None,
            };
            self.note(|| Note::State(format!("registration {status}"), reached));
        }
        for port in self.port_ids() {
            for (which, name) in REPORTS.iter().enumerate() {
                let n = self.settings(port).reports[which];
                if n > 0 && before[which] != self.radio.statuses()[which] {
                    let report = self.report(which, n);
                    self.urc_to(port, name, report);
                }
            }
        }
        if status != old {
            self.happened(Event::Registration(status));
        }
    }

    /// Another cell: reports that bear it are printed again (27.007 section 7.2, n = 2).
    fn report_cell(&mut self) {
        if !self.radio.registered() {
            return;
        }
        for port in self.port_ids() {
            for (which, name) in REPORTS.iter().enumerate() {
                let n = self.settings(port).reports[which];
                if n >= 2 {
                    let report = self.report(which, n);
                    self.urc_to(port, name, report);
                }
            }
        }
    }

    /// `+CFUN`.
    pub(super) fn set_functionality(&mut self, functionality: Functionality) {
        self.radio.functionality = functionality;
        self.search();
    }

    pub(super) fn radio_changed(&mut self, change: Change) {
        match change {
            Change::Signal { rssi, ber } => (self.radio.rssi, self.radio.ber) = (rssi, ber),
            Change::Registration(status) => {
                self.radio.offered = status;
                match status {
                    1 | 5 if self.radio.registered() => self.set_status(status),
                    1 | 5 => self.search(),
                    _ => self.set_status(status),
                }
            }
            Change::PdpDeactivated(Some(cid)) => self.lower(cid, EndedBy::Network),
            Change::PdpDeactivated(None) => self.lower_all(EndedBy::Network),
            Change::Sim(fault) => {
                let present = self.lasting.sim.present();
                self.lasting.sim.impose(fault);
                if self.lasting.sim.present() != present {
                    self.happened(Event::Sim(!present));
                }
                // A card that is busy, and one that was, keeps the network.
                if !(self.lasting.sim.ready() && self.radio.registered()) {
                    self.search();
                }
            }
            Change::Serving(serving) => {
                let before = (self.radio.serving.area.clone(), self.radio.serving.cell.clone());
                self.radio.serving = serving;
                if before != (self.radio.serving.area.clone(), self.radio.serving.cell.clone()) {
                    self.report_cell();
                }
            }
            Change::Reset { start } => self.reset(start),
        }
    }
}
