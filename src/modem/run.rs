//! The modem at work: what happens is handed in, what follows is drained.

use super::core::{Core, Timer};
use super::data::Running;
use super::net::{NetEvent, NetRequest, Socket};
use super::port::{Due, Line, PortId, Settings, State, Typed};
use super::vendor::{Personality, Row};
use super::{Conn, Cx, DataEnd, DataMode, Event, Meddler, Note, Output, Reply, Sink, base};
use crate::at::{self, Call, Form, ResultCode, Secrets};
use crate::fault::{Observation, UrcVerdict};
use crate::frame::{Expired, SkipLf};
use crate::profile::{PowerOnSim, Profile, UrcWhen};
use crate::time::Now;
use bytes::{Bytes, BytesMut};
use std::sync::Arc;
use std::time::Duration;

/// What a host does to the lines of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostLine {
    /// Circuit 108, data terminal ready. A pseudo-terminal that its host closes drops it.
    Dtr(bool),
}

/// One module.
pub struct Modem {
    pub(super) core: Core,
    vendor: Box<dyn Personality>,
}

impl Modem {
    /// A module without power: [`Modem::power_on`] follows.
    pub fn new(profile: Arc<Profile>, vendor: Box<dyn Personality>, ports: usize) -> Modem {
        let mut modem = Modem { core: Core::new(profile, ports), vendor };
        modem.core.known = modem.rows().iter().map(|row| row.name).collect();
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

    /// Has the module tell the trace what it does ([`Output::Note`]).
    pub fn take_notes(&mut self) {
        self.core.noting = true;
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

    /// Applies power.
    pub fn power_on(&mut self, now: Now) {
        self.core.now = now;
        self.boot(true);
        self.settle();
    }

    /// The module's personality.
    pub fn profile(&self) -> &Profile {
        &self.core.profile
    }

    /// The module resets by itself, and is dead for so long before it starts.
    pub fn crash(&mut self, now: Now, banner: bool, dead: Duration) {
        self.core.now = now;
        self.core.dead_for = dead;
        self.core.reset(banner);
        self.settle();
    }

    /// The module says a line unasked.
    pub fn say(&mut self, now: Now, port: PortId, line: &str) {
        self.core.now = now;
        self.core.say(port, line);
        self.settle();
    }

    /// The FTP operation under way, or the next one, ends with this code of the module.
    pub fn force(&mut self, now: Now, code: i32) {
        self.core.now = now;
        self.core.forced = Some(code);
        self.core.ftp_force();
        self.settle();
    }

    /// The host typed.
    pub fn handle_uart(&mut self, now: Now, port: PortId, bytes: &[u8]) {
        self.core.now = now;
        if let Some(port) = self.core.ports.get_mut(port.0).filter(|_| self.core.dead.is_none()) {
            port.stash(Bytes::copy_from_slice(bytes));
        }
        self.settle();
    }

    /// The host moved a line.
    pub fn handle_line(&mut self, now: Now, port: PortId, line: HostLine) {
        self.core.now = now;
        if self.core.dead.is_some() {
            return;
        }
        let HostLine::Dtr(on) = line;
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

    /// So many octets have left for the host.
    pub fn handle_sent(&mut self, now: Now, port: PortId, n: usize) {
        self.core.now = now;
        let backlog = &mut self.core.ports[port.0].backlog;
        *backlog = backlog.saturating_sub(n);
        self.settle();
    }

    /// The network speaks.
    pub fn handle_net(&mut self, now: Now, event: NetEvent) {
        self.core.now = now;
        if let Some((_, meanwhile)) = &mut self.core.dead {
            meanwhile.extend(Some(event).filter(|event| matches!(event, NetEvent::Radio(_))));
            return;
        }
        self.core.net_event(event);
        self.settle();
    }

    /// The time of [`Modem::poll_timeout`] has come.
    pub fn handle_timeout(&mut self, now: Now) {
        self.core.now = now;
        while let Some(timer) = self.core.timers.pop(now) {
            self.expire(timer);
        }
        for port in self.core.port_ids() {
            self.data_timeout(port);
        }
        if self.core.ftp.as_ref().and_then(|s| s.client.poll_timeout()).is_some_and(|at| at <= now) {
            self.core.ftp_timeout();
        }
        self.settle();
    }

    /// What the module does next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.core.out.pop_front()
    }

    /// When [`Modem::handle_timeout`] wants to be called.
    pub fn poll_timeout(&self) -> Option<Now> {
        let data = self.core.ports.iter().filter_map(|p| match (&p.state, &p.suspended) {
            (State::Data(running), _) => running.deadline(),
            (_, Some(running)) => running.ends_at,
            _ => None,
        });
        let due = self.core.ports.iter().filter_map(|p| p.next_due());
        let ftp = self.core.ftp.as_ref().and_then(|s| s.client.poll_timeout());
        data.chain(due).chain(ftp).chain(self.core.timers.next()).min()
    }

    /// How much the network may hand over on a connection, in octets.
    pub fn poll_window(&self, socket: Socket) -> usize {
        self.core.window(socket)
    }

    /// How much the module can take from the host now, in octets. A host that obeys flow control waits at 0.
    pub fn uart_window(&self, port: PortId) -> usize {
        let port = &self.core.ports[port.0];
        let used = match &port.state {
            State::Data(running) => match running.mode.sink {
                Sink::Ftp => self.core.ftp_backlog(),
                Sink::Socket(socket) | Sink::Datagrams { socket, .. } => {
                    self.core.sockets.get(&socket).map_or(0, |c| c.unsent)
                }
                Sink::Hold | Sink::None => 0,
            },
            _ => 0,
        };
        super::BACKLOG.saturating_sub(used.max(port.pending_len))
    }

    /// What every module has: SIM, radio, contexts, ports.
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// The settings of a port.
    pub fn settings(&self, port: PortId) -> &Settings {
        self.core.settings(port)
    }

    /// The commands of the vendor, then those that every module has, without those that the profile
    /// says are absent.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = self.vendor.rows();
        for row in base::rows() {
            if rows.iter().all(|r| r.name != row.name) {
                rows.push(row);
            }
        }
        rows.retain(|row| !self.core.profile.absent.iter().any(|name| name == row.name));
        rows
    }

    /// What is kept out of traces, also of commands that the profile says are absent: a host may send them.
    pub fn secrets(&self) -> Secrets {
        Secrets(self.vendor.secrets().into_iter().chain(base::secrets()).collect())
    }

    fn boot(&mut self, banner: bool) {
        let core = &mut self.core;
        core.boots += 1;
        core.note(|| Note::State("booted".into()));
        let boots = u64::from(core.boots);
        core.observe(&|| Observation::Boot(boots));
        if banner {
            for (i, line) in core.profile.clone().power_on.iter().enumerate() {
                core.timers.set(Timer::PowerOn(i), core.now + line.after.0);
            }
        }
        let apn = core.profile.bearer.apn.clone();
        core.bearers.context(1).apn = apn;
        core.search();
        for port in core.port_ids() {
            let on = core.ports[port.0].settings.dcd == 0;
            core.drive(port, Line::Dcd, on);
        }
        core.events.push_back(Event::Boot);
        while let Some(timer) = self.core.timers.pop(self.core.now) {
            self.expire(timer);
        }
    }

    fn restart(&mut self, banner: bool) {
        let core = &mut self.core;
        let dead_for = std::mem::take(&mut core.dead_for);
        core.ftp = None;
        core.net(NetRequest::Address(None));
        core.sockets.clear();
        core.events.clear();
        let old = std::mem::replace(core, Core::new(core.profile.clone(), core.ports.len()));
        core.now = old.now;
        core.flash = old.flash;
        core.boots = old.boots;
        core.numbers = old.numbers;
        core.noting = old.noting;
        core.meddler = old.meddler;
        core.known = old.known;
        core.out = old.out;
        core.sim = old.sim;
        core.sim.restart();
        core.radio.offered = old.radio.offered;
        (core.radio.rssi, core.radio.ber) = (old.radio.rssi, old.radio.ber);
        for (port, old) in core.ports.iter_mut().zip(old.ports) {
            port.backlog = old.backlog;
            port.lines = old.lines;
        }
        self.core.restore();
        self.vendor.restart(&self.core.profile.clone());
        if dead_for.is_zero() {
            return self.boot(banner);
        }
        self.core.dead = Some((banner, vec![]));
        self.core.timers.set(Timer::Boot, self.core.now + dead_for);
    }

    /// The module comes back to life.
    fn revive(&mut self) {
        if let Some((banner, meanwhile)) = self.core.dead.take() {
            self.boot(banner);
            meanwhile.into_iter().for_each(|event| self.core.net_event(event));
        }
    }

    fn expire(&mut self, timer: Timer) {
        let core = &mut self.core;
        match timer {
            Timer::PowerOn(i) => {
                let profile = core.profile.clone();
                let cpin = core.sim.status().unwrap_or("NOT INSERTED");
                let wanted = match profile.power_on[i].sim {
                    PowerOnSim::Any => true,
                    PowerOnSim::Ready => core.sim.ready(),
                    PowerOnSim::Absent => !core.sim.present(),
                };
                if wanted {
                    core.urc_all(&profile.power_on[i].line.replace("{cpin}", cpin));
                }
            }
            Timer::Register => core.register(),
            Timer::Activate(cid) => core.raise(cid),
            Timer::Deactivate(cid) => core.lower(cid, false),
            Timer::RingOff(port) => core.drive(port, Line::Ri, false),
            Timer::Plain(port) => self.finish(port, Reply::Ok),
            Timer::Late(port) => self.let_out(port),
            Timer::Boot => self.revive(),
            Timer::Vendor(key) => core.events.push_back(Event::Timer(key)),
        }
    }

    /// Carries out what follows from what happened, until nothing follows any more.
    fn settle(&mut self) {
        loop {
            if let Some(banner) = self.core.resetting.take() {
                self.restart(banner);
            } else if let Some(event) = self.core.events.pop_front() {
                self.event(event);
            } else if !self.core.port_ids().any(|port| self.serve(port)) {
                return;
            }
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Finished { port, reply } => self.finish(port, reply),
            Event::Leave { port } => {
                self.core.ports[port.0].waiting.retain(|w| matches!(w.what, Due::Line(_) | Due::Code(_)));
                self.end_data(port, DataEnd::Left);
            }
            Event::Ftp(event) => {
                if let Some(event) = self.core.ftp_keep(event) {
                    self.tell(Event::Ftp(event));
                }
            }
            event => self.tell(event),
        }
    }

    fn tell(&mut self, event: Event) {
        let port = match event {
            Event::Dtr(port, _) => port,
            _ => PortId(0),
        };
        self.vendor.on_event(&mut Cx { core: &mut self.core, port, name: "" }, event);
    }

    /// Does the next thing on a port; false where there is none.
    fn serve(&mut self, id: PortId) -> bool {
        let core = &mut self.core;
        core.ports[id.0].flush(&mut core.out);
        self.listen(id) || self.print_due(id) || self.download(id)
    }

    /// Takes what the host typed, as far as the port can listen.
    fn listen(&mut self, id: PortId) -> bool {
        let line_end = self.core.profile.serial.line_end;
        let max = self.core.profile.serial.line_max;
        let port = &mut self.core.ports[id.0];
        if matches!(port.state, State::Busy { .. }) {
            return false;
        }
        let Some(bytes) = port.unstash() else { return false };
        if matches!(port.state, State::Data(_)) {
            self.upload(id, bytes);
            return true;
        }
        port.typed_at = self.core.now;
        let (taken, typed) = port.type_command(&bytes, line_end, max);
        port.restash(bytes.slice(taken..));
        match typed {
            Typed::More => {}
            Typed::Overlong => self.finish(id, Reply::Error),
            Typed::Line(line) => self.run_line(id, line),
        }
        true
    }

    fn run_line(&mut self, id: PortId, line: Vec<u8>) {
        let Some(body) = at::line::body(&line) else { return };
        let rest = at::args::text_of(body);
        let typed = at::args::text_of(&line[line.len() - body.len() - 2..]);
        self.core.note(|| Note::CommandLine { port: id, line: typed.trim().to_owned() });
        let runs = self.may_run(id, typed.trim());
        self.core.ports[id.0].last_line = line;
        if runs {
            self.run(id, rest);
        }
    }

    /// Runs the commands of a line one after the other, until one fails or has to wait.
    fn run(&mut self, id: PortId, mut rest: String) {
        loop {
            let reply = match at::line::next(&rest) {
                Ok(None) => return self.conclude(id, Reply::Ok),
                Err(at::SyntaxError) => Reply::Error,
                Ok(Some((call, tail))) => {
                    self.core.ports[id.0].state = State::Busy { rest: tail.to_string() };
                    self.dispatch(id, &call)
                }
            };
            match (reply, &mut self.core.ports[id.0].state) {
                (Reply::Ok, State::Busy { rest: tail }) => rest = std::mem::take(tail),
                (Reply::Ok, _) => return,
                // What has no result code of its own leaves it to the next command (`AT+CIFSR;E0`).
                (Reply::Silent, State::Busy { rest: tail }) if !tail.trim_matches([' ', ';']).is_empty() => {
                    rest = std::mem::take(tail);
                }
                (reply, _) => return self.conclude(id, reply),
            }
        }
    }

    fn dispatch(&mut self, id: PortId, call: &Call) -> Reply {
        let profile = self.core.profile.clone();
        let refusal = self.core.sim.refusal();
        let cx = &mut Cx { core: &mut self.core, port: id, name: &call.name };
        let reply = match refusal {
            _ if profile.absent.contains(&call.name) => None,
            Some(code) if profile.sim.guards.iter().any(|g| call.name.starts_with(g.as_str())) => {
                Some(Reply::Cme(code))
            }
            _ => base::plain(cx, call).or_else(|| self.vendor.run(cx, call)).or_else(|| base::run(cx, call)),
        };
        let known = reply.is_some();
        self.core.note(|| Note::Command {
            port: id,
            name: call.name.clone(),
            form: form_name(&call.form),
            known,
        });
        reply.unwrap_or_else(|| self.core.error(profile.errors.unknown))
    }

    /// The command of a busy port is over.
    fn finish(&mut self, id: PortId, reply: Reply) {
        let rest = match &mut self.core.ports[id.0].state {
            State::Busy { rest } => std::mem::take(rest),
            _ => String::new(),
        };
        match reply {
            Reply::Ok => self.run(id, rest),
            reply => self.conclude(id, reply),
        }
    }

    pub(super) fn conclude(&mut self, id: PortId, mut reply: Reply) {
        if self.keep_back(id, &mut reply) {
            return;
        }
        match reply {
            Reply::Pending => {}
            Reply::Ok => self.finish_line(id, &ResultCode::Ok),
            Reply::Error => self.finish_line(id, &ResultCode::Error),
            Reply::Cme(n) => self.finish_line(id, &ResultCode::Cme(n)),
            Reply::Cms(n) => self.finish_line(id, &ResultCode::Cms(n)),
            Reply::NoCarrier => self.finish_line(id, &ResultCode::NoCarrier),
            Reply::Silent => {
                self.core.ports[id.0].muted = false;
                self.core.ports[id.0].state = State::Command;
            }
            Reply::Data(mode) => self.begin_data(id, mode),
            Reply::Resume => {
                if let Some(mut running) = self.core.ports[id.0].suspended.take() {
                    // V.250 section 6.3.7
                    Cx { core: &mut self.core, port: id, name: "" }.intermediate(&ResultCode::Connect);
                    let core = &mut self.core;
                    let port = &mut core.ports[id.0];
                    port.flush(&mut core.out);
                    running.skip_lf = port.owes_lf().then(SkipLf::default);
                    port.state = State::Data(running);
                    core.drive(id, Line::Dcd, true);
                }
            }
        }
    }

    /// Prints the final result code of a line, with what its profile wants beside it.
    fn finish_line(&mut self, id: PortId, code: &ResultCode) {
        self.print_beside(id, UrcWhen::BeforeResult);
        let profile = self.core.profile.clone();
        let port = &mut self.core.ports[id.0];
        port.state = State::Command;
        port.writing.result(port.style(), code, &profile);
        if port.muted {
            port.flush(&mut self.core.out);
            port.muted = false;
        } else {
            self.core.observe(&|| Observation::Result { port: id.0 + 1, text: code.to_string() });
            self.core.note(|| Note::Result { port: id, text: code.to_string() });
        }
        self.print_beside(id, UrcWhen::WithResult);
        let core = &mut self.core;
        core.ports[id.0].flush(&mut core.out);
    }

    fn print_beside(&mut self, id: PortId, when: UrcWhen) {
        let now = self.core.now;
        let due = |w: &super::port::Waiting| w.when == when && w.at <= now && matches!(w.what, Due::Line(_));
        while let Some(i) = self.core.ports[id.0].waiting.iter().position(due) {
            let waiting = self.core.ports[id.0].waiting.remove(i);
            if let Some((Due::Line(line), verdict)) = self.judge(id, waiting) {
                self.print_judged(id, line, verdict);
            }
        }
    }

    fn print_code(&mut self, id: PortId, code: &ResultCode) {
        let profile = self.core.profile.clone();
        let port = &mut self.core.ports[id.0];
        port.writing.result(port.style(), code, &profile);
        self.core.note(|| Note::Urc { port: id, line: code.to_string() });
    }

    pub(super) fn print_urc(&mut self, id: PortId, line: String) {
        let port = &mut self.core.ports[id.0];
        port.writing.urc(port.style(), &line);
        self.core.note(|| Note::Urc { port: id, line });
    }

    /// Prints the first unsolicited result code that is due, where the port is free for it.
    fn print_due(&mut self, id: PortId) -> bool {
        let port = &self.core.ports[id.0];
        if port.next_due().is_none_or(|at| at > self.core.now) {
            return false;
        }
        let Some(i) = port.waiting.iter().position(|w| w.at <= self.core.now) else { return false };
        let waiting = self.core.ports[id.0].waiting.remove(i);
        let Some((due, verdict)) = self.judge(id, waiting) else { return true };
        match due {
            Due::Line(line) => {
                self.print_judged(id, line, verdict);
                self.core.drive(id, Line::Ri, true);
                self.core.timers.set(Timer::RingOff(id), self.core.now + RING);
            }
            Due::Code(code) if verdict == UrcVerdict::Pass => self.print_code(id, &code),
            Due::Code(code) => self.print_judged(id, code.to_string(), verdict),
            Due::Data(line, mode) => {
                if let Some(line) = line {
                    self.print_judged(id, line, verdict);
                }
                self.begin_data(id, mode);
            }
        }
        let core = &mut self.core;
        core.ports[id.0].flush(&mut core.out);
        true
    }

    fn begin_data(&mut self, id: PortId, mode: DataMode) {
        let now = self.core.now;
        let empty = mode.ends.length == Some(0);
        let sink = mode.sink;
        let core = &mut self.core;
        let port = &mut core.ports[id.0];
        port.flush(&mut core.out);
        port.muted = false;
        let guard = Duration::from_millis(20) * u32::from(port.settings.s[12]);
        let skip_lf = port.owes_lf();
        let running = Running::new(mode, now, port.settings.s[2], guard, skip_lf);
        port.state = State::Data(Box::new(running));
        if port.settings.dcd == 1 {
            core.drive(id, Line::Dcd, true);
        }
        core.reach("data_mode");
        core.note(|| Note::State(format!("data mode on port {}", id.0 + 1)));
        if sink == Sink::Ftp {
            core.ftp_release();
        }
        if empty {
            self.end_data(id, DataEnd::Length);
        }
        self.core.ftp_release();
    }

    /// Data mode is over, or suspended where `+++` was typed.
    fn end_data(&mut self, id: PortId, end: DataEnd) {
        self.let_go(id, end);
        let port = &mut self.core.ports[id.0];
        let state = std::mem::replace(&mut port.state, State::Busy { rest: String::new() });
        let (held, moved) = match state {
            State::Data(running) if end == DataEnd::Escape => {
                let moved = running.moved;
                port.suspended = Some(running);
                (vec![], moved)
            }
            State::Data(running) => (running.held, running.moved),
            state => match port.suspended.take() {
                Some(running) => {
                    port.state = state;
                    let mut cx = Cx { core: &mut self.core, port: id, name: "" };
                    // The port is in command mode already: whatever is to be said, is said unasked.
                    let _ = self.vendor.on_data_end(&mut cx, end, running.held, running.moved);
                    return;
                }
                None => {
                    port.state = state;
                    return;
                }
            },
        };
        if self.core.ports[id.0].settings.dcd == 1 {
            self.core.drive(id, Line::Dcd, false);
        }
        self.core.reach("command_mode");
        self.core.note(|| Note::State(format!("command mode on port {}", id.0 + 1)));
        let mut cx = Cx { core: &mut self.core, port: id, name: "" };
        let reply = self.vendor.on_data_end(&mut cx, end, held, moved);
        self.conclude(id, reply);
    }

    /// Data mode on a socket is about to end: what was held back to be told from an escape or an end mark is payload
    /// after all, and the datagram that was begun is sent.
    fn let_go(&mut self, id: PortId, end: DataEnd) {
        let State::Data(running) = &mut self.core.ports[id.0].state else { return };
        let sink = running.mode.sink;
        let mut payload = BytesMut::new();
        match (end, sink.socket()) {
            // The payload goes on with ATO.
            (DataEnd::Escape, None) => return,
            (DataEnd::Escape, Some(_)) => {
                payload.extend(running.decoder.finish());
                running.decoder.resume();
            }
            _ => {
                if let Some(guard) = &mut running.guard {
                    running.decoder.decode(guard.finish(), &mut payload);
                }
                payload.extend(running.decoder.finish());
            }
        }
        self.pass_up(id, payload.freeze(), false);
        if let Sink::Datagrams { socket, .. } = sink {
            self.send_held(id, socket, 0);
        }
    }

    /// Sends what the host typed since the last edge as one datagram, where it is longer than `above` octets.
    fn send_held(&mut self, id: PortId, socket: Socket, above: usize) {
        let State::Data(running) = &mut self.core.ports[id.0].state else { return };
        if running.held.len() > above {
            let datagram = std::mem::take(&mut running.held);
            self.core.send_datagram(socket, datagram.into());
        }
    }

    /// What the host typed in data mode, on its way up.
    fn upload(&mut self, id: PortId, bytes: Bytes) {
        let now = self.core.now;
        let State::Data(running) = &mut self.core.ports[id.0].state else { return };
        running.last = now;
        let mut typed = &bytes[..];
        if let Some(skip) = &mut running.skip_lf {
            typed = skip.strip(typed);
        }
        let mut payload = BytesMut::with_capacity(typed.len());
        let (mut used, mut ended) = (typed.len(), false);
        match &mut running.guard {
            None => {
                let taken = running.decoder.decode(typed, &mut payload);
                (used, ended) = (taken.used, taken.end);
            }
            Some(guard) => {
                let passed = guard.feed(now, typed);
                running.decoder.decode(passed.held, &mut payload);
                if !passed.data.is_empty() {
                    let taken = running.decoder.decode(passed.data, &mut payload);
                    (used, ended) = (taken.used, taken.end);
                }
            }
        }
        let rest = bytes.slice(bytes.len() - typed.len() + used..);
        self.core.ports[id.0].restash(rest);
        self.pass_up(id, payload.freeze(), ended);
    }

    fn pass_up(&mut self, id: PortId, payload: Bytes, ended: bool) {
        let State::Data(running) = &mut self.core.ports[id.0].state else { return };
        running.moved += payload.len() as u64;
        let full = running.mode.ends.length == Some(running.moved);
        let marked = ended && !full;
        let socket = running.mode.sink.socket();
        if marked && socket.is_some() {
            running.decoder.resume();
        }
        match running.mode.sink {
            Sink::Hold => running.held.extend_from_slice(&payload),
            Sink::Ftp => self.core.ftp_send(payload),
            Sink::Socket(socket) => {
                self.core.send(socket, payload);
                if marked {
                    self.core.shutdown(socket);
                }
            }
            Sink::Datagrams { socket, most } => self.collect(id, socket, most, payload, marked),
            Sink::None => {}
        }
        match (ended, full) {
            (true, true) => self.end_data(id, DataEnd::Length),
            (true, false) if socket.is_none() => self.end_data(id, DataEnd::Etx),
            _ => {}
        }
    }

    /// Puts a datagram together, up to its edge or the longest that there is.
    fn collect(&mut self, id: PortId, socket: Socket, most: usize, mut payload: Bytes, edge: bool) {
        loop {
            let State::Data(running) = &mut self.core.ports[id.0].state else { return };
            let room = most.saturating_sub(running.held.len()).max(1);
            running.held.extend_from_slice(&payload.split_to(room.min(payload.len())));
            self.send_held(id, socket, most - 1);
            if payload.is_empty() {
                break;
            }
        }
        if edge {
            self.send_held(id, socket, 0);
        }
    }

    fn data_timeout(&mut self, id: PortId) {
        let now = self.core.now;
        let port = &mut self.core.ports[id.0];
        let (running, suspended) = match (&mut port.state, &mut port.suspended) {
            (State::Data(running), _) => (running, false),
            (_, Some(running)) => (running, true),
            _ => return,
        };
        let idle = running.mode.ends.idle.map(|idle| running.last + idle);
        if [running.ends_at, idle.filter(|_| !suspended)].into_iter().flatten().any(|at| at <= now) {
            return self.end_data(id, DataEnd::Time);
        }
        let Running { guard, decoder, .. } = &mut **running;
        match guard.as_mut().filter(|_| !suspended).and_then(|guard| guard.handle_timeout(now)) {
            Some(Expired::Escaped) => self.end_data(id, DataEnd::Escape),
            Some(Expired::Payload(held)) => {
                let mut payload = BytesMut::new();
                let taken = decoder.decode(held, &mut payload);
                self.pass_up(id, payload.freeze(), taken.end);
            }
            None => {}
        }
    }

    /// What waits for the host in data mode, on its way down; false where nothing does.
    fn download(&mut self, id: PortId) -> bool {
        let State::Data(running) = &self.core.ports[id.0].state else { return false };
        let sink = running.mode.sink;
        let room = self.core.room(id);
        if let Sink::Datagrams { socket, .. } = sink {
            let conn = self.core.sockets.get_mut(&socket).filter(|_| room > 0);
            let Some(datagram) = conn.and_then(Conn::pop_datagram) else { return false };
            self.core.send_data(id, datagram);
            self.core.send_end(id);
            return true;
        }
        let bytes = match sink {
            Sink::Ftp => self.core.ftp.as_mut().and_then(|s| s.inbox.pop(room)),
            Sink::Socket(socket) => self.core.sockets.get_mut(&socket).and_then(|c| c.inbox.pop(room)),
            Sink::Datagrams { .. } | Sink::Hold | Sink::None => None,
        };
        let Some(bytes) = bytes else { return false };
        self.core.send_data(id, bytes);
        match sink {
            Sink::Ftp => self.core.ftp_release(),
            Sink::Socket(socket) => self.core.tell_fin(socket),
            Sink::Datagrams { .. } | Sink::Hold | Sink::None => {}
        }
        true
    }
}

/// How long RI stays on for an unsolicited result code.
const RING: Duration = Duration::from_millis(120);

fn form_name(form: &Form) -> &'static str {
    match form {
        Form::Exec => "exec",
        Form::Read => "read",
        Form::Test => "test",
        Form::Write(_) => "write",
    }
}
