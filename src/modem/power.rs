//! Power: booting, resetting, and the time in which the module is dead.

use super::core::{Core, Timer};
use super::net::NetRequest;
use super::port::{Level, ModuleLine};
use super::{Event, Modem, Note};
use crate::fault::{ModuleState, Observation, PowerOn};
use crate::profile::PowerOnSim;

impl Modem {
    pub(super) fn boot(&mut self, start: PowerOn) {
        let core = &mut self.core;
        core.lasting.boots += 1;
        core.note(|| Note::State("booted".into(), Some(ModuleState::Powered)));
        let boots = u64::from(core.lasting.boots);
        core.observe(&|| Observation::Boot(boots));
        if start == PowerOn::Banner {
            for (i, line) in core.profile.power_on.iter().enumerate() {
                core.running.timers.set(Timer::PowerOn(i), core.now + line.after.0);
            }
        }
        core.bearers.context(1).apn = core.profile.bearer.apn.clone();
        core.search();
        for port in core.port_ids() {
            let always = core.running.ports[port.0].settings.dcd == 0;
            core.drive(port, ModuleLine::Dcd, Level::new(always));
        }
        core.happened(Event::Boot);
        self.expire_due();
    }

    pub(super) fn restart(&mut self, start: PowerOn) {
        let core = &mut self.core;
        let dead_for = core.dead_for.take().unwrap_or(core.profile.reset_takes.0);
        core.net(NetRequest::Address(None));
        core.running.reset(&core.profile);
        core.lasting.sim.restart();
        self.core.restore();
        self.maker.restart(&self.core.profile);
        if dead_for.is_zero() {
            return self.boot(start);
        }
        for port in self.core.port_ids() {
            self.core.drive(port, ModuleLine::Dcd, Level::Off);
            self.core.drive(port, ModuleLine::Ri, Level::Off);
        }
        self.core.dead = Some((start, vec![]));
        self.core.running.timers.set(Timer::Boot, self.core.now + dead_for);
    }

    /// The module comes back to life.
    pub(super) fn revive(&mut self) {
        if let Some((start, meanwhile)) = self.core.dead.take() {
            self.boot(start);
            meanwhile.into_iter().for_each(|event| self.core.net_event(event));
        }
    }
}

impl Core {
    /// Says one of the profile's power-on lines, where it is for a SIM such as this.
    pub(super) fn say_power_on(&mut self, i: usize) {
        let profile = self.profile.clone();
        let line = &profile.power_on[i];
        let wanted = match line.sim {
            PowerOnSim::Any => true,
            PowerOnSim::Ready => self.lasting.sim.ready(),
            PowerOnSim::Absent => !self.lasting.sim.present(),
        };
        if wanted {
            let cpin = self.lasting.sim.status().unwrap_or("NOT INSERTED");
            let cfun = self.radio.functionality.number().to_string();
            self.urc_all(&line.line.replace("{cpin}", cpin).replace("{cfun}", &cfun));
        }
    }

    /// Says the power-on lines that have waited for the SIM's PIN.
    pub(super) fn say_sim_ready(&mut self) {
        for i in 0..self.profile.power_on.len() {
            if self.profile.power_on[i].sim == PowerOnSim::Ready {
                self.running.timers.cancel(Timer::PowerOn(i));
                self.say_power_on(i);
            }
        }
    }
}
