//! Data mode at work: how a port enters it, what passes up and down, and how it ends.

use super::data::Running;
use super::net::Socket;
use super::port::{Answer, Level, ModuleLine, PortId, PortState, Rest};
use super::{Conn, Cx, DataEnd, DataMode, Modem, Note, Sink};
use crate::at::ResultCode;
use crate::fault::ModuleState;
use crate::frame::{Expired, Guard, SkipLf};
use bytes::{Bytes, BytesMut};

impl Modem {
    pub(super) fn begin_data(&mut self, id: PortId, mode: DataMode, rest: Rest) {
        let now = self.core.now;
        let empty = mode.ends.length == Some(0);
        let sink = mode.sink;
        let core = &mut self.core;
        let port = &mut core.running.ports[id.0];
        port.flush(&mut core.out);
        port.answer = Answer::Prompt;
        let guard = Guard::s12(port.settings.s[12]);
        let mut running = Running::new(mode, now, port.settings.s[2], guard, rest);
        running.skip_lf = port.owes_lf().then(SkipLf::default);
        port.state = PortState::Data(Box::new(running));
        if port.settings.dcd == 1 {
            core.drive(id, ModuleLine::Dcd, Level::On);
        }
        core.reach(ModuleState::DataMode);
        core.note_data_mode(id);
        if let Sink::Client(service) = sink {
            core.with_client(service, |client, core| client.release(core));
        }
        if empty {
            self.end_data(id, DataEnd::Length);
        }
        self.core.release_clients();
    }

    /// Goes back to the data mode that `+++` left, where there is one (V.250 section 6.3.7).
    pub(super) fn resume_data(&mut self, id: PortId) {
        // It may have ended while a fault kept the answer back.
        let Some(mut running) = self.core.running.ports[id.0].suspended.take() else {
            return self.finish_line(id, &ResultCode::NoCarrier);
        };
        let core = &mut self.core;
        let port = &mut core.running.ports[id.0];
        port.flush(&mut core.out);
        running.rest = port.rest_of_answer();
        port.answer = Answer::Prompt;
        running.skip_lf = port.owes_lf().then(SkipLf::default);
        port.state = PortState::Data(running);
        core.drive(id, ModuleLine::Dcd, Level::On);
        core.note_data_mode(id);
    }

    /// Data mode is over, or suspended where `+++` was typed.
    pub(super) fn end_data(&mut self, id: PortId, end: DataEnd) {
        self.let_go(id, end);
        let port = &mut self.core.running.ports[id.0];
        let state = std::mem::replace(&mut port.state, PortState::Busy { rest: String::new() });
        let (held, moved) = match state {
            PortState::Data(running) if end == DataEnd::Escape && !running.mode.sink.holds() => {
                let moved = running.moved;
                port.suspended = Some(running);
                (vec![], moved)
            }
            PortState::Data(running) => {
                // What answers `+++` is no part of it.
                if running.rest == Rest::Muted && end != DataEnd::Escape {
                    port.answer = Answer::Muted;
                }
                (running.held, running.moved)
            }
            state => match port.suspended.take() {
                Some(running) => {
                    port.state = state;
                    let mut cx = Cx { core: &mut self.core, port: id, name: "" };
                    // The port is in command mode already, so the reply is no command's and is not printed.
                    let _ = self.maker.on_data_end(&mut cx, end, running.held, running.moved);
                    return;
                }
                None => {
                    port.state = state;
                    return;
                }
            },
        };
        if self.core.running.ports[id.0].settings.dcd == 1 {
            self.core.drive(id, ModuleLine::Dcd, Level::Off);
        }
        self.core.reach(ModuleState::CommandMode);
        let text = || format!("command mode on port {}", id.number());
        self.core.note(|| Note::State(text(), Some(ModuleState::CommandMode)));
        let mut cx = Cx { core: &mut self.core, port: id, name: "" };
        let reply = self.maker.on_data_end(&mut cx, end, held, moved);
        let reply = self.kept(reply);
        self.conclude(id, reply);
    }

    /// Data mode on a socket is about to end: what was held back to be told from an escape or an end mark is payload
    /// after all, and the datagram that was begun is sent.
    fn let_go(&mut self, id: PortId, end: DataEnd) {
        let PortState::Data(running) = &mut self.core.running.ports[id.0].state else { return };
        let sink = running.mode.sink;
        let mut payload = BytesMut::new();
        match (end, sink.socket()) {
            // ATO goes on with the same payload.
            (DataEnd::Escape, None) if !sink.holds() => return,
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

    /// What the host typed in data mode, on its way up.
    pub(super) fn upload(&mut self, id: PortId, bytes: Bytes) {
        let now = self.core.now;
        let PortState::Data(running) = &mut self.core.running.ports[id.0].state else { return };
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
        self.core.running.ports[id.0].restash(rest);
        self.pass_up(id, payload.freeze(), ended);
    }

    fn pass_up(&mut self, id: PortId, payload: Bytes, ended: bool) {
        let PortState::Data(running) = &mut self.core.running.ports[id.0].state else { return };
        running.moved += payload.len() as u64;
        let full = running.mode.ends.length == Some(running.moved);
        let marked = ended && !full;
        let socket = running.mode.sink.socket();
        let goes_on = socket.is_some() || running.mode.ends.unmarked;
        if marked && goes_on {
            running.decoder.resume();
        }
        match running.mode.sink {
            Sink::Hold => running.held.extend_from_slice(&payload),
            Sink::Acknowledged { every, with } => {
                let before = (running.moved - payload.len() as u64) / every;
                let blocks = running.moved / every - before;
                running.held.extend_from_slice(&payload);
                let port = &mut self.core.running.ports[id.0];
                port.emit(vec![with; blocks as usize].into(), &mut self.core.out);
            }
            Sink::Client(service) => {
                self.core.with_client(service, |client, core| client.upload(core, payload));
            }
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
            (true, false) if !goes_on => self.end_data(id, DataEnd::Etx),
            _ => {}
        }
    }

    /// Puts a datagram together, up to its edge or the longest that there is.
    fn collect(&mut self, id: PortId, socket: Socket, most: usize, mut payload: Bytes, edge: bool) {
        loop {
            let PortState::Data(running) = &mut self.core.running.ports[id.0].state else { return };
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

    /// Sends what the host typed since the last edge as one datagram, where it is longer than `above` octets.
    fn send_held(&mut self, id: PortId, socket: Socket, above: usize) {
        let PortState::Data(running) = &mut self.core.running.ports[id.0].state else { return };
        if running.held.len() > above {
            let datagram = std::mem::take(&mut running.held);
            self.core.send_datagram(socket, datagram.into());
        }
    }

    /// What waits for the host in data mode, on its way down; false where nothing does.
    pub(super) fn download(&mut self, id: PortId) -> bool {
        let PortState::Data(running) = &self.core.running.ports[id.0].state else { return false };
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
            Sink::Client(service) => {
                self.core.with_client(service, |client, _| client.download(room)).flatten()
            }
            Sink::Socket(socket) => self.core.sockets.get_mut(&socket).and_then(|c| c.inbox.pop(room)),
            Sink::Datagrams { .. } | Sink::Hold | Sink::Acknowledged { .. } | Sink::None => None,
        };
        let Some(bytes) = bytes else { return false };
        self.core.send_data(id, bytes);
        match sink {
            Sink::Client(service) => {
                self.core.with_client(service, |client, core| client.release(core));
            }
            Sink::Socket(socket) => self.core.tell_fin(socket),
            Sink::Datagrams { .. } | Sink::Hold | Sink::Acknowledged { .. } | Sink::None => {}
        }
        true
    }

    pub(super) fn data_timeout(&mut self, id: PortId) {
        let now = self.core.now;
        let port = &mut self.core.running.ports[id.0];
        let (running, suspended) = match (&mut port.state, &mut port.suspended) {
            (PortState::Data(running), _) => (running, false),
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
}
