//! The modem at work: what happens is handed in, what follows is drained.

use super::bearer::EndedBy;
use super::client::Client;
use super::core::{Core, Task, Timer};
use super::maker::Personality;
use super::net::{NetEvent, Socket};
use super::port::{Answer, Due, KeptBack, Level, ModuleLine, PortId, PortSettings, PortState};
use super::{Cx, DataEnd, Dce, DceFault, Event, FaultHook, Keeper, Output, Reply, Serving, Sink};
use crate::fault::PowerOn;
use crate::modem::Notes;
use crate::profile::Profile;
use crate::time::Now;
use std::sync::Arc;

/// What a host does to the lines of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostLine {
    /// Circuit 108, data terminal ready. A pseudo-terminal that its host closes drops it.
    Dtr(Level),
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
        let vocabulary = modem.vocabulary();
        let (known, codes) = (vocabulary.rows().iter().map(|row| row.name).collect(), vocabulary.codes());
        (modem.core.known, modem.core.codes) = (known, codes);
        modem
    }

    /// Has this hook asked about what the module answers and says.
    pub fn hook_faults(&mut self, hook: Box<dyn FaultHook>) {
        self.core.hook = Some(hook);
    }

    /// What the radio gives before power is applied: `+CSQ` signal and bit error rate, `+CREG` status.
    pub fn preset_radio(&mut self, (rssi, ber): (u8, u8), status: u8, serving: Serving) {
        self.core.radio.serving = serving;
        (self.core.radio.rssi, self.core.radio.ber, self.core.radio.offered) = (rssi, ber, status);
    }

    /// Puts back what the module had stored when it was last switched off; before power is applied.
    pub fn load_flash(&mut self, flash: std::collections::BTreeMap<String, String>) {
        self.core.lasting.flash = flash.into();
        self.core.restore();
    }

    /// Begins with what `keeper` holds, and has it keep what the module stores; before power is applied.
    pub fn keep_in(&mut self, keeper: Box<dyn Keeper>) {
        self.load_flash(keeper.kept().clone());
        self.core.keeper = Some(keeper);
    }

    /// Has what was stored outside a command kept. Whoever keeps it tells where it cannot be.
    pub fn keep(&mut self) {
        self.core.keep_flash();
    }

    /// What the module has stored for the next time.
    pub fn flash(&self) -> &std::collections::BTreeMap<String, String> {
        &self.core.lasting.flash
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
    pub fn settings(&self, port: PortId) -> &PortSettings {
        self.core.settings(port)
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
        self.boot(PowerOn::Banner);
        self.settle();
    }

    fn handle_uart(&mut self, now: Now, port: PortId, bytes: &[u8]) {
        self.core.now = now;
        let running = &mut self.core.running;
        if let Some(port) = running.ports.get_mut(port.0).filter(|_| running.dead.is_none()) {
            port.receive(bytes);
        }
        self.settle();
    }

    fn handle_line(&mut self, now: Now, port: PortId, line: HostLine) {
        self.core.now = now;
        if self.core.dead.is_some() {
            return;
        }
        let HostLine::Dtr(level) = line;
        let dropped = level == Level::Off;
        if dropped {
            self.core.running.ports[port.0].stopped = false;
        }
        let dtr = self.core.running.ports[port.0].settings.dtr;
        if dropped && dtr > 0 {
            // V.250 section 6.2.1: 1 leaves for online command mode, 2 hangs up.
            let keeps = matches!(&self.core.running.ports[port.0].state, PortState::Data(r) if r.mode.ends.escape)
                && dtr == 1;
            if self.core.in_data_mode(port) {
                self.end_data(port, if keeps { DataEnd::Escape } else { DataEnd::Dtr });
            }
            self.core.running.ports[port.0].clear_line();
        }
        self.core.happened(Event::Dtr(port, level));
        self.settle();
    }

    fn handle_sent(&mut self, now: Now, port: PortId, n: usize) {
        self.core.now = now;
        let backlog = &mut self.core.running.ports[port.0].backlog;
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

    fn handle_fault(&mut self, now: Now, fault: DceFault) {
        let core = &mut self.core;
        core.now = now;
        match fault {
            DceFault::Reset { start, dead } => {
                core.dead_for = Some(dead).filter(|dead| !dead.is_zero());
                core.reset(start);
            }
            DceFault::Say { port, line } => core.say(port, &line),
            DceFault::Force(code) => {
                core.forced = Some(code);
                core.each_client(|client, core| client.force(core));
            }
        }
        self.settle();
    }

    fn handle_timeout(&mut self, now: Now) {
        self.core.now = now;
        self.expire_due();
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
        let data = self.core.running.ports.iter().filter_map(|p| match (&p.state, &p.suspended) {
            (PortState::Data(running), _) => running.deadline(),
            (_, Some(running)) => running.ends_at,
            _ => None,
        });
        let due = self.core.running.ports.iter().filter_map(|p| p.next_due());
        let clients = self.core.clients.poll_timeout();
        data.chain(due).chain(clients).chain(self.core.timers.next()).chain(self.maker.poll_timeout()).min()
    }

    fn uart_window(&self, port: PortId) -> usize {
        let port = &self.core.running.ports[port.0];
        let used = match &port.state {
            PortState::Data(running) => match running.mode.sink {
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
        self.core.running.ports[port.0].is_stopped()
    }

    fn poll_window(&self, socket: Socket) -> usize {
        self.core.window(socket)
    }

    fn take_notes(&mut self, notes: Notes) {
        self.core.noting = notes == Notes::Taken;
    }

    fn modem(&self) -> Option<&Modem> {
        Some(self)
    }

    fn modem_mut(&mut self) -> Option<&mut Modem> {
        Some(self)
    }
}

impl Modem {
    /// Does what is due by now, in the order of time. Of two timers due at once, the core's goes before the maker's.
    pub(super) fn expire_due(&mut self) {
        let now = self.core.now;
        loop {
            let due = |at: Option<Now>| at.filter(|at| *at <= now);
            let makers = due(self.maker.poll_timeout());
            let timers = &mut self.core.running.timers;
            let own = due(timers.next()).filter(|own| makers.is_none_or(|makers| *own <= makers));
            match own.and_then(|_| timers.pop(now)) {
                Some(timer) => self.expire(timer),
                None if makers.is_some() => {
                    self.maker.expire(now);
                    self.core.running.tasks.push_back(Task::Timer);
                }
                None => return,
            }
        }
    }

    fn expire(&mut self, timer: Timer) {
        let core = &mut self.core;
        match timer {
            Timer::PowerOn(i) => core.say_power_on(i),
            Timer::Register => core.register(),
            Timer::Attach => core.attachment_answered(),
            Timer::Activate(cid) => core.activation_answered(cid),
            Timer::Deactivate(cid) => core.lower(cid, EndedBy::Host),
            Timer::RingOff(port) => core.drive(port, ModuleLine::Ri, Level::Off),
            Timer::Plain(port) => self.finish(port, Reply::Ok),
            Timer::Late(port) => self.let_out(port),
            Timer::Boot => self.revive(),
        }
    }

    /// Carries out what follows from what has happened, until there is nothing left to do.
    pub(super) fn settle(&mut self) {
        loop {
            if let Some(start) = self.core.resetting.take() {
                self.restart(start);
            } else if let Some(task) = self.core.running.tasks.pop_front() {
                self.task(task);
            } else if self.core.answer_awaited() {
                continue;
            } else if !self.core.port_ids().any(|port| self.serve(port)) {
                return;
            }
        }
    }

    fn task(&mut self, task: Task) {
        match task {
            Task::Finish { port, reply } => self.finish(port, reply),
            Task::Leave(port) => self.leave(port),
            Task::Timer => {
                self.maker.on_timer(&mut Cx { core: &mut self.core, port: PortId(0), name: "" });
            }
            Task::Tell(Event::Ftp(event)) => {
                if let Some(event) = self.core.ftp().keep(event) {
                    self.tell(Event::Ftp(event));
                }
            }
            Task::Tell(Event::SimReady) => {
                self.tell(Event::SimReady);
                self.core.say_sim_ready();
            }
            Task::Tell(event) => self.tell(event),
        }
    }

    /// The module leaves data mode by itself, or gives up entering it.
    fn leave(&mut self, id: PortId) {
        let port = &mut self.core.running.ports[id.0];
        port.waiting.retain(|w| matches!(w.what, Due::Line(_) | Due::Code(_)));
        if matches!(port.answer, Answer::KeptBack(KeptBack::Reply(Reply::Data(_)))) {
            // The answer that is kept back becomes the one to the end of data mode.
            port.answer = Answer::Prompt;
            let mut cx = Cx { core: &mut self.core, port: id, name: "" };
            let reply = self.maker.on_data_end(&mut cx, DataEnd::Left, vec![], 0);
            self.core.running.ports[id.0].answer = Answer::KeptBack(KeptBack::Reply(reply));
        } else {
            self.end_data(id, DataEnd::Left);
        }
        // No port is about to enter data mode any more: the end of a transfer need not wait for one.
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
        let port = &mut core.running.ports[id.0];
        if port.waiting.len() > super::WAITING {
            port.shed(&mut core.out);
        }
        port.flush(&mut core.out);
        // After what was written: the rate changes behind the result code (V.250 section 6.2.10).
        port.set_rate(&mut core.out);
        // What follows a command that led to data mode is data, however soon it came.
        let enters = port.enters_data(core.now);
        enters && self.print_due(id) || self.listen(id) || self.print_due(id) || self.download(id)
    }
}
