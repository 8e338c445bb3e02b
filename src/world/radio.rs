//! The radio over time: what a timeline gives, and what faults impose.

use crate::modem::net::{NetEvent, Radio as Change};
use crate::modem::{Dce, Serving};
use crate::scenario::Radio;
use crate::time::Now;

/// What the radio gives over time without faults, and what a fault imposes.
#[derive(Debug, Default)]
pub(super) struct RadioTimeline {
    timeline: Vec<Radio>,
    done: usize,
    signal: Option<(u8, u8)>,
    status: Option<u8>,
    serving: Option<Serving>,
    forced_signal: bool,
    forced_status: bool,
}

impl RadioTimeline {
    pub fn poll_timeout(&self) -> Option<Now> {
        self.timeline.get(self.done).map(|entry| Now::ZERO + entry.at.0)
    }

    /// Gives the radio a timeline, and what it gives in front of it, before power is applied.
    pub fn set(&mut self, dce: &dyn Dce, timeline: &[Radio]) {
        if let Some(modem) = dce.modem() {
            let radio = &modem.profile().radio;
            (self.signal, self.status) = (Some((radio.rssi, radio.ber)), Some(radio.status));
            self.serving = Some(Serving::new(radio));
        }
        self.timeline = timeline.to_vec();
        self.timeline.sort_by_key(|entry| entry.at.0);
    }

    /// Has the radio begin as its timeline says.
    pub fn begin(&mut self, dce: &mut dyn Dce, now: Now) {
        while self.poll_timeout().is_some_and(|at| at <= now) {
            self.step();
        }
        if let (Some(signal), Some(status), Some(serving)) = (self.signal, self.status, self.serving.clone())
            && let Some(modem) = dce.modem_mut()
        {
            modem.preset_radio(signal, status, serving);
        }
    }

    /// Lets the radio change as its timeline says.
    pub fn handle_timeout(&mut self, dce: &mut dyn Dce, now: Now) {
        while self.poll_timeout().is_some_and(|at| at <= now) {
            let before = (self.signal, self.status);
            let served = self.serving.clone();
            self.step();
            // Another cell is told of before the registration that it gives.
            if let Some(serving) = self.serving.clone().filter(|_| served != self.serving) {
                dce.handle_net(now, NetEvent::Radio(Change::Serving(serving)));
            }
            if let Some(signal) = self.signal.filter(|_| before.0 != self.signal && !self.forced_signal) {
                tell_signal(dce, now, signal);
            }
            if let Some(status) = self.status.filter(|_| before.1 != self.status && !self.forced_status) {
                dce.handle_net(now, NetEvent::Radio(Change::Registration(status)));
            }
        }
    }

    /// A fault forces signal and bit error rate, or lets them go.
    pub fn force_signal(&mut self, dce: &mut dyn Dce, now: Now, forced: Option<(u8, u8)>) {
        self.forced_signal = forced.is_some();
        if let Some(signal) = forced.or(self.signal) {
            tell_signal(dce, now, signal);
        }
    }

    /// The same for the registration.
    pub fn force_status(&mut self, dce: &mut dyn Dce, now: Now, forced: Option<u8>) {
        self.forced_status = forced.is_some();
        if let Some(status) = forced.or(self.status) {
            dce.handle_net(now, NetEvent::Radio(Change::Registration(status)));
        }
    }

    /// The next entry of the timeline.
    fn step(&mut self) {
        let Some(entry) = self.timeline.get(self.done) else { return };
        let (rssi, ber) = self.signal.unwrap_or((99, 99));
        self.signal = Some((entry.signal.map_or(rssi, |s| s.0), entry.ber.map_or(ber, |b| b.0)));
        self.status = entry.registration.map(|r| r.number()).or(self.status);
        if let Some(Serving { operator, operator_number, technology, area, cell }) = &mut self.serving {
            for (is, new) in [
                (operator, &entry.operator),
                (operator_number, &entry.operator_number),
                (area, &entry.area),
                (cell, &entry.cell),
            ] {
                new.iter().for_each(|new| is.clone_from(new));
            }
            *technology = entry.technology.map(|t| t.0).or(*technology);
        }
        self.done += 1;
    }
}

fn tell_signal(dce: &mut dyn Dce, now: Now, (rssi, ber): (u8, u8)) {
    dce.handle_net(now, NetEvent::Radio(Change::Signal { rssi, ber }));
}
