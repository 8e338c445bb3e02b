//! Wavecom WIPsoft, after "WIP AT Commands User Guide (WIPsoft V2.01)" revision 004 (2007-01-12), and
//! the WISMO228, after the application note "FTP client" 001 (2009-12-10), by its settings.
//!
//! The stack and its options are in [`config`], the bearers in [`bearer`], the sockets' life in
//! [`create`] and [`socket`], their options in [`option`], data mode in [`data`], FTP in [`file`].

mod args;
mod bearer;
mod code;
mod config;
mod create;
mod data;
mod file;
mod names;
mod option;
mod ping;
mod settings;
mod socket;
mod wind;

use crate::at::Int;
use crate::commands;
use crate::modem::outcome::Sorted;
use crate::modem::{Command, Cx, DataEnd, Event, Maker, PortId, Reply, Socket};
use crate::profile::Profile;
use crate::time::Timers;
use settings::Settings;
use socket::{Key, Service};
use std::collections::BTreeMap;

/// The behaviour of a Wavecom module.
pub struct Wavecom {
    settings: Settings,
    timers: Timers<Timer>,
    stack: config::Stack,
    bearers: BTreeMap<u8, bearer::Bearer>,
    services: BTreeMap<Key, Service>,
    ftp: Option<file::Ftp>,
    ping: Option<ping::Ping>,
    names: names::Names,
    /// What a port in data mode is used for.
    used: BTreeMap<PortId, Use>,
    /// Whether the network was there when `+WIND` indicated it last.
    registered: bool,
    /// Whether a TCP client was connected since the stack was started.
    connected: bool,
    /// Whether the application runs.
    wopen: Int<0, 1>,
}

/// What a port in data mode is used for.
enum Use {
    /// `+WIPDATA`
    Socket(Key),
    /// `+WIPFILE`
    File,
}

/// The maker's timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// A service takes too long to come up.
    Patience(Key),
    /// The result code of `AT+WIPCREATE` is due.
    Answer(Key),
    /// The channel that a port was mapped on is closed already.
    Closed(Key),
    /// The next echo request is due.
    PingNext,
    /// The echo request of this number is lost.
    PingLost(u16),
}

impl Maker for Wavecom {
    type Settings = Settings;
    type Timer = Timer;

    const REPORTS: &'static [&'static str] = &["+WIP"];

    const REASONS: &'static [Sorted] = code::REASONS;

    const URCS: &'static [&'static str] =
        &["+WIPREADY:*", "+WIPPEERCLOSE:*", "+WIPACCEPT:*", "+WIPERROR:*", "+WIND: *", "+CME ERROR: *"];

    const CODES: &'static [(&'static str, &'static str)] = &[("+WIPDATA", "CONNECT")];

    const SENT: &'static [&'static str] = &[];

    const COMMANDS: &'static [Command<Self>] = commands! { Wavecom;
        // 1.3
        "+WIND" { write: (wind::set), read: (wind::show), test: ok },
        "+WOPEN" [wopen; answered],
        // 4
        "+WIPCFG" { write: (config::write), read: (config::read), test: ok },
        // 4.2.3: option 1 is the password, and 0 for those who read the WISMO228 note; 4.2.2: a server's login.
        "+WIPBR" { write: (bearer::write), read: (bearer::read), test: ok, secret: (
            4 unless 1 in ["0", "1", "3", "4", "5", "6"]
              unless 3 in ["2", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20"],
            5 unless 1 in ["0", "1", "2", "3", "5", "6"]
        ) },
        // 5
        // 5.1.3: password and account of FTP; the server's port may be left out together with its comma.
        "+WIPCREATE" { write: (create::write), read: none, test: ok, secret: (
            5 unless 1 in ["1", "2", "3"] unless 4 in ["#"],
            6 unless 1 in ["1", "2", "3"],
            7 unless 1 in ["1", "2", "3"]
        ) },
        "+WIPCLOSE" { write: (socket::close), read: none, test: ok },
        "+WIPOPT" { write: (option::write), read: none, test: ok },
        // 6
        "+WIPFILE" { write: (file::write), read: ok, test: ok },
        "+WIPDATA" { write: (data::write), read: none, test: ok },
        // 6.2.7
        "O" { exec: (data::online), write: (data::online_n), test: none },
        // 7
        "+WIPPING" { write: (ping::write), read: ok, test: ok },
    };

    fn new(settings: &Settings, _: &Profile) -> Self {
        Wavecom {
            timers: Timers::default(),
            settings: settings.clone(),
            stack: config::Stack::default(),
            bearers: BTreeMap::new(),
            services: BTreeMap::new(),
            ftp: None,
            ping: None,
            names: names::Names::default(),
            used: BTreeMap::new(),
            registered: false,
            connected: false,
            wopen: Int::new(1),
        }
    }

    fn timers(&self) -> &Timers<Timer> {
        &self.timers
    }

    fn timers_mut(&mut self) -> &mut Timers<Timer> {
        &mut self.timers
    }

    fn on_timer(&mut self, cx: &mut Cx, timer: Timer) {
        match timer {
            Timer::Patience(key) => create::expired(self, cx, key),
            Timer::Answer(key) => create::answer(self, cx, key),
            Timer::Closed(key) => socket::closed_already(self, cx, key),
            Timer::PingNext => ping::next(self, cx),
            Timer::PingLost(packet) => ping::lost(self, cx, packet),
        }
    }

    fn on_event(&mut self, cx: &mut Cx, event: Event) {
        match event {
            Event::Boot => wind::boot(self, cx),
            Event::Sim(present) => wind::sim(self, cx, present),
            Event::SimReady => wind::sim_ready(self, cx),
            Event::Registration(status) => wind::registration(self, cx, status),
            Event::BearerUp(cid) => bearer::up(self, cx, cid),
            Event::BearerDown { cid, .. } => bearer::down(self, cx, cid),
            Event::Socket(socket, event) => socket::event(self, cx, socket, event),
            Event::Resolved(query, address) => {
                let name = self.names.found(query, address, self.stack.name_cache());
                match &self.ping {
                    Some(ping) if ping.asks(query) => ping::resolved(self, cx, address),
                    _ => create::resolved(self, cx, query, name, address),
                }
            }
            Event::Pong(query, after) => ping::pong(self, cx, query, after),
            Event::Ftp(event) => file::event(self, cx, event),
            Event::FtpData | Event::FtpDrained | Event::Dtr(..) => {}
        }
    }

    fn on_data_end(&mut self, cx: &mut Cx, end: DataEnd, _held: Vec<u8>, _moved: u64) -> Reply {
        match self.used.remove(&cx.port) {
            Some(Use::Socket(key)) => data::left(self, cx, key, end),
            Some(Use::File) => file::data_end(self, cx, end),
            None => Reply::Ok,
        }
    }
}

impl Wavecom {
    /// The service that a socket belongs to.
    fn key_of(&self, socket: Socket) -> Option<Key> {
        self.services.iter().find(|(_, s)| s.state.socket() == Some(socket)).map(|(key, _)| *key)
    }

    /// Whether there is a network to talk to: a bearer is started.
    fn online(&self) -> bool {
        self.bearers.values().any(bearer::Bearer::is_started)
    }

    /// Takes a port that is in data mode out of it.
    fn unmap(cx: &mut Cx, port: PortId) {
        Cx { core: cx.core, port, name: "" }.leave_data();
    }
}

/// The read form that the guide gives as NONE.
fn none(_: &mut Wavecom, cx: &mut Cx) -> Reply {
    cx.line("NONE");
    Reply::Ok
}

/// The read form that the guide gives as OK.
fn ok(_: &mut Wavecom, _: &mut Cx) -> Reply {
    Reply::Ok
}

#[cfg(test)]
mod tests;
