//! How the module stands.

use crate::driver::machine::Machine;
use crate::modem::{Modem, Service};
use crate::time::Now;
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// The state of a module that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The time on the modem's clock, in microseconds since power-on.
    pub t: u64,
    /// The profile's name.
    pub profile: String,
    /// How many times faster than real time the modem's clock runs.
    pub speed: u32,
    /// How often the module has booted.
    pub boots: u32,
    /// The status of `+CREG`: 0 off, 1 home, 2 searching, 3 denied, 4 unknown, 5 roaming.
    pub registration: u8,
    /// Signal strength as in `+CSQ`.
    pub signal: u8,
    /// What `+CPIN?` says; empty without a SIM.
    pub sim: String,
    /// The active PDP contexts and their addresses.
    pub contexts: BTreeMap<u8, Ipv4Addr>,
    /// For each serial port, `command` or `data`.
    pub ports: Vec<&'static str>,
    /// Whether an FTP session is open.
    pub ftp: bool,
    /// The faults that hold.
    pub faults: Vec<String>,
}

impl Status {
    /// Of the live modem; `None` where there is none behind the ports.
    pub(super) fn of(machine: &Machine, now: Now) -> Option<Status> {
        let speed = machine.clock().speed();
        let world = machine.world();
        let faults = world.faults().status().into_iter().filter(|f| f.active).map(|f| f.name).collect();
        Some(Status::with(world.modem()?, now, speed, faults))
    }

    fn with(modem: &Modem, now: Now, speed: u32, faults: Vec<String>) -> Status {
        let core = modem.core();
        let up = |cid: &u8| Some((*cid, core.bearers.address(*cid)?));
        let mode = |port| if core.in_data_mode(port) { "data" } else { "command" };
        Status {
            t: now.as_micros(),
            profile: core.profile.name.clone(),
            speed,
            boots: core.boots,
            registration: core.radio.status,
            signal: core.radio.rssi,
            sim: core.sim.status().unwrap_or_default().to_owned(),
            contexts: core.bearers.contexts.keys().filter_map(up).collect(),
            ports: core.port_ids().map(mode).collect(),
            ftp: core.clients.has(Service::Ftp),
            faults,
        }
    }
}
