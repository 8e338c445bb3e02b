//! The modem at work: what happens is handed in, what follows is drained.

use super::client::Client;
use super::core::{Core, Timer};
use super::maker::{Personality, Row};
use super::net::{NetEvent, Socket};
use super::network::REPORTS;
use super::port::{Due, KeptBack, Line, PortId, Settings, State};
use super::{Cx, DataEnd, Dce, Event, Meddler, ModuleFault, Output, Reply, Sink, base};
use crate::at::Secrets;
use crate::fault::Pattern;
use crate::profile::Profile;
use crate::time::Now;
use std::sync::Arc;

/// What a host does to the lines of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostLine {
    /// Circuit 108, data terminal ready. A pseudo-terminal that its host closes drops it.
    Dtr(bool),
}

/// One module.
pub struct Modem {
    pub(super) core: Core,
    pub(super) maker: Box<dyn Personality>,
}

impl Modem {
    /// A module without power: [`Dce::power_on`] follows.
    pub fn new(profile: Arc<Profile>, maker: Box<dyn Personality>, ports: usize) -> Modem {
        let mut modem = Modem { core: Core::new(profile, ports), maker };
        modem.core.known = modem.rows().iter().map(|row| row.name).collect();
        let profile = &modem.core.profile;
        let absent = |name: &str| profile.absent.iter().any(|absent| absent == name);
        let own =
            modem.maker.codes().iter().filter(|(name, _)| !absent(name)).map(|(_, code)| (*code).to_owned());
        modem.core.codes = own.chain(profile.codes()).map(|code| Pattern::from(code.as_str())).collect();
        modem
    }

    /// Gives somebody a say in what the module answers and says.
    pub fn meddle(&mut self, meddler: Box<dyn Meddler>) {
        self.core.meddler = Some(meddler);
    }

    /// What the radio gives before power is applied: `+CSQ` signal and bit error rate, `+CREG` status.
    pub fn preset_radio(&mut self, (rssi, ber): (u8, u8), status: u8) {
        (self.core.radio.rssi, self.core.radio.ber, self.core.radio.offered) = (rssi, ber, status);
    }

    /// Puts back what the module had stored when it was last switched off; before power is applied.
    pub fn load_flash(&mut self, flash: std::collections::BTreeMap<String, String>) {
        self.core.flash = flash;
        self.core.restore();
    }

    /// What the module has stored for the next time.
    pub fn flash(&self) -> &std::collections::BTreeMap<String, String> {
        &self.core.flash
    }

    /// The module's personality.
    pub fn profile(&self) -> &Profile {
        &self.core.profile
    }

    /// What every module has: SIM, radio, contexts, ports.
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// The settings of a port.
    pub fn settings(&self, port: PortId) -> &Settings {
        self.core.settings(port)
    }

    /// The commands of the maker, then those that every module has, without those that the profile
    /// says are absent.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = self.maker.rows();
        for row in base::rows() {
            if rows.iter().all(|r| r.name != row.name) {
                rows.push(row);
            }
        }
        rows.retain(|row| !self.core.profile.absent.iter().any(|name| name == row.name));
        rows
    }

    /// What it says unasked: lines, with `*` for what differs.
    pub fn urcs(&self) -> Vec<Pattern> {
        let profile = &self.core.profile;
        let lines = self.maker.urcs().into_iter().chain(profile.urcs());
        let reports = REPORTS.iter().map(|name| format!("{name}:*"));
        lines.chain(reports).map(|line| Pattern::from(line.as_str())).collect()
    }

    /// The result codes that it gives beside OK, ERROR, NO CARRIER and the extended ones, and the lines that end an answer
    /// in the place of one: with `*` for what differs.
    pub fn codes(&self) -> &[Pattern] {
        &self.core.codes
    }

    /// The lines that say that data mode begins.
    pub fn openings(&self) -> &'static [&'static str] {
        self.maker.openings()
    }

    /// The FTP verbs that its client sends; none where a host can speak FTP itself.
    pub fn sent(&self) -> &'static [&'static str] {
        self.maker.sent()
    }

    /// What is kept out of traces, also of commands that the profile says are absent: a host may send them.
    pub fn secrets(&self) -> Secrets {
        let list = self.maker.secrets().into_iter().chain(base::secrets()).collect();
        Secrets { list, plain: self.rows().iter().map(|row| row.name).collect() }
    }
}

impl Dce for Modem {
    fn behind(&self) -> Option<&dyn Dce> {
        None
    }

    fn behind_mut(&mut self) -> Option<&mut dyn Dce> {
        None
    }

    fn add_port(&mut self) -> bool {
        self.core.add_port();
        true
    }

    fn power_on(&mut self, now: Now) {
        self.core.now = now;
        self.boot(true);
        self.settle();
    }

    fn handle_uart(&mut self, now: Now, port: PortId, bytes: &[u8]) {
        self.core.now = now;
        if let Some(port) = self.core.ports.get_mut(port.0).filter(|_| self.core.dead.is_none()) {
            port.receive(bytes);
        }
        self.settle();
    }

    fn handle_line(&mut self, now: Now, port: PortId, line: HostLine) {
        self.core.now = now;
        if self.core.dead.is_some() {
            return;
        }
        let HostLine::Dtr(on) = line;
        if !on {
            self.core.ports[port.0].stopped = false;
        }
        let dtr = self.core.ports[port.0].settings.dtr;
        if !on && dtr > 0 {
            // V.250 section 6.2.1: 1 leaves for online command mode, 2 hangs up.
            let keeps =
                matches!(&self.core.ports[port.0].state, State::Data(r) if r.mode.ends.escape) && dtr == 1;
            if self.core.in_data_mode(port) {
                self.end_data(port, if keeps { DataEnd::Escape } else { DataEnd::Dtr });
            }
            self.core.ports[port.0].clear_line();
        }
        self.core.events.push_back(Event::Dtr(port, on));
        self.settle();
    }

    fn handle_sent(&mut self, now: Now, port: PortId, n: usize) {
        self.core.now = now;
        let backlog = &mut self.core.ports[port.0].backlog;
        *backlog = backlog.saturating_sub(n);
        self.settle();
    }

    fn handle_net(&mut self, now: Now, event: NetEvent) {
        self.core.now = now;
        if let Some((_, meanwhile)) = &mut self.core.dead {
            meanwhile.extend(Some(event).filter(|event| matches!(event, NetEvent::Radio(_))));
            return;
        }
        self.core.net_event(event);
        self.settle();
    }

    fn handle_fault(&mut self, now: Now, fault: ModuleFault) {
        let core = &mut self.core;
        core.now = now;
        match fault {
            ModuleFault::Reset { banner, dead } => {
                core.dead_for = Some(dead).filter(|dead| !dead.is_zero());
                core.reset(banner);
            }
            ModuleFault::Say { port, line } => core.say(port, &line),
            ModuleFault::Force(code) => {
                core.forced = Some(code);
                core.each_client(|client, core| client.force(core));
            }
        }
        self.settle();
    }

    fn handle_timeout(&mut self, now: Now) {
        self.core.now = now;
        while let Some(timer) = self.core.timers.pop(now) {
            self.expire(timer);
        }
        for port in self.core.port_ids() {
            self.data_timeout(port);
        }
        self.core.clients_timeout();
        self.settle();
    }

    fn poll_output(&mut self) -> Option<Output> {
        self.core.out.pop_front()
    }

    fn poll_timeout(&self) -> Option<Now> {
        let data = self.core.ports.iter().filter_map(|p| match (&p.state, &p.suspended) {
            (State::Data(running), _) => running.deadline(),
            (_, Some(running)) => running.ends_at,
            _ => None,
        });
        let due = self.core.ports.iter().filter_map(|p| p.next_due());
        let clients = self.core.clients.poll_timeout();
        data.chain(due).chain(clients).chain(self.core.timers.next()).min()
    }

    fn uart_window(&self, port: PortId) -> usize {
        let port = &self.core.ports[port.0];
        let used = match &port.state {
            State::Data(running) => match running.mode.sink {
                Sink::Client(service) => self.core.clients.get(service).map_or(0, Client::unsent),
                Sink::Socket(socket) | Sink::Datagrams { socket, .. } => {
                    self.core.sockets.get(&socket).map_or(0, |c| c.unsent)
                }
                Sink::Hold | Sink::Acknowledged { .. } | Sink::None => 0,
            },
            _ if port.backlog >= super::UNREAD => return 0,
            _ => 0,
        };
        super::BACKLOG.saturating_sub(used.max(port.pending_len))
    }

    fn is_stopped(&self, port: PortId) -> bool {
        self.core.ports[port.0].is_stopped()
    }

    fn poll_window(&self, socket: Socket) -> usize {
        self.core.window(socket)
    }

    fn take_notes(&mut self, take: bool) {
        self.core.noting = take;
    }

    fn modem(&self) -> Option<&Modem> {
        Some(self)
    }

    fn modem_mut(&mut self) -> Option<&mut Modem> {
        Some(self)
    }
}

impl Modem {
    pub(super) fn expire(&mut self, timer: Timer) {
        let core = &mut self.core;
        match timer {
            Timer::PowerOn(i) => core.say_power_on(i),
            Timer::Register => core.register(),
            Timer::Attach => core.attachment_answered(),
            Timer::Activate(cid) => core.activation_answered(cid),
            Timer::Deactivate(cid) => core.lower(cid, false),
            Timer::RingOff(port) => core.drive(port, Line::Ri, false),
            Timer::Plain(port) => self.finish(port, Reply::Ok),
            Timer::Late(port) => self.let_out(port),
            Timer::Boot => self.revive(),
            Timer::Maker(key) => core.events.push_back(Event::Timer(key)),
        }
    }

    /// Carries out what follows from what happened, until nothing follows any more.
    pub(super) fn settle(&mut self) {
        loop {
            if let Some(banner) = self.core.resetting.take() {
                self.restart(banner);
            } else if let Some(event) = self.core.events.pop_front() {
                self.event(event);
            } else if self.core.answer_awaited() {
                continue;
            } else if !self.core.port_ids().any(|port| self.serve(port)) {
                return;
            }
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Finished { port, reply } => self.finish(port, reply),
            Event::Leave { port } => self.leave(port),
            Event::Ftp(event) => {
                if let Some(event) = self.core.ftp().keep(event) {
                    self.tell(Event::Ftp(event));
                }
            }
            Event::SimReady => {
                self.tell(Event::SimReady);
                self.core.say_sim_ready();
            }
            event => self.tell(event),
        }
    }

    /// The module leaves data mode by itself, or gives up entering it.
    fn leave(&mut self, id: PortId) {
        let port = &mut self.core.ports[id.0];
        port.waiting.retain(|w| matches!(w.what, Due::Line(_) | Due::Code(_)));
        match port.kept_back.take_if(|kept| matches!(kept, KeptBack::Reply(Reply::Data(_)))) {
            // What is answered once its time has come is how it ended.
            Some(_) => {
                let mut cx = Cx { core: &mut self.core, port: id, name: "" };
                let reply = self.maker.on_data_end(&mut cx, DataEnd::Left, vec![], 0);
                self.core.ports[id.0].kept_back = Some(KeptBack::Reply(reply));
            }
            None => self.end_data(id, DataEnd::Left),
        }
        // Nobody enters data mode any more for whom the end of a transfer would wait.
        self.core.release_clients();
    }

    fn tell(&mut self, event: Event) {
        let port = match event {
            Event::Dtr(port, _) => port,
            _ => PortId(0),
        };
        self.maker.on_event(&mut Cx { core: &mut self.core, port, name: "" }, event);
    }

    /// Does the next thing on a port; false where there is none.
    fn serve(&mut self, id: PortId) -> bool {
        let core = &mut self.core;
        let port = &mut core.ports[id.0];
        if port.waiting.len() > super::WAITING {
            port.shed(&mut core.out);
        }
        port.flush(&mut core.out);
        // Behind what was written: the line changes after the result code (V.250 section 6.2.10).
        port.set_rate(&mut core.out);
        // What follows a command that led to data mode is data, however soon it came.
        let enters = port.enters_data(core.now);
        enters && self.print_due(id) || self.listen(id) || self.print_due(id) || self.download(id)
    }
}
