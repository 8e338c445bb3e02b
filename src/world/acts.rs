//! What rules do by themselves, and the radio over time. A rule that a number of bytes has triggered acts when these bytes
//! have arrived, and nothing passes behind them before.

use super::{Notice, World};
use crate::fault::{self, Act, Action, Bearer, Ftp, FtpFault, LinkFault, LinkKind, OnLink, Stage};
use crate::modem::net::{NetEvent, Radio as Change};
use crate::modem::{Context, DceFault, PortId};
use crate::network::faults::{LinkId, LinkInfo};
use crate::scenario::Radio;
use crate::time::Now;
use crate::trace::Event;

/// What the radio gives over time without faults, and what a fault imposes.
#[derive(Debug, Default)]
pub(super) struct RadioTimeline {
    timeline: Vec<Radio>,
    done: usize,
    signal: Option<(u8, u8)>,
    status: Option<u8>,
    forced_signal: bool,
    forced_status: bool,
}

impl RadioTimeline {
    pub fn poll_timeout(&self) -> Option<Now> {
        self.timeline.get(self.done).map(|entry| Now::ZERO + entry.at.0)
    }

    /// The next entry of the timeline.
    fn step(&mut self) {
        let Some(entry) = self.timeline.get(self.done) else { return };
        let (rssi, ber) = self.signal.unwrap_or((99, 99));
        self.signal = Some((entry.signal.map_or(rssi, |s| s.0), entry.ber.map_or(ber, |b| b.0)));
        self.status = entry.registration.map(|r| r.number()).or(self.status);
        self.done += 1;
    }
}

impl World {
    /// Gives the radio a timeline, before power is applied.
    pub(crate) fn set_radio(&mut self, timeline: &[Radio]) {
        if let Some(modem) = self.dce.modem() {
            let radio = &modem.profile().radio;
            (self.radio.signal, self.radio.status) = (Some((radio.rssi, radio.ber)), Some(radio.status));
        }
        self.radio.timeline = timeline.to_vec();
        self.radio.timeline.sort_by_key(|entry| entry.at.0);
    }

    /// Has the radio begin as its timeline says.
    pub(super) fn begin_radio(&mut self, now: Now) {
        while self.radio.poll_timeout().is_some_and(|at| at <= now) {
            self.radio.step();
        }
        if let (Some(signal), Some(status)) = (self.radio.signal, self.radio.status)
            && let Some(modem) = self.dce.modem_mut()
        {
            modem.preset_radio(signal, status);
        }
    }

    /// Lets the radio change as its timeline says.
    pub(super) fn change_radio(&mut self, now: Now) {
        while self.radio.poll_timeout().is_some_and(|at| at <= now) {
            let before = (self.radio.signal, self.radio.status);
            self.radio.step();
            if let Some(signal) =
                self.radio.signal.filter(|_| before.0 != self.radio.signal && !self.radio.forced_signal)
            {
                self.tell_signal(now, signal);
            }
            if let Some(status) =
                self.radio.status.filter(|_| before.1 != self.radio.status && !self.radio.forced_status)
            {
                self.tell(now, Change::Registration(status));
            }
        }
    }

    fn tell(&mut self, now: Now, change: Change) {
        self.dce.handle_net(now, NetEvent::Radio(change));
    }

    fn tell_signal(&mut self, now: Now, (rssi, ber): (u8, u8)) {
        self.tell(now, Change::Signal { rssi, ber });
    }

    /// Carries out what the fault engine wants done; to be called after it was told to do something.
    pub fn act(&mut self, now: Now) {
        self.faults.set_now(now);
        self.drain(now);
    }

    /// Does what rules do by themselves; false where they do nothing.
    pub(super) fn obey(&mut self, now: Now) -> bool {
        if self.faults.is_empty() {
            return false;
        }
        let acts = self.faults.poll(now);
        let told = self.hear_faults();
        let landed = self.land(now);
        let any = !acts.is_empty() || told || landed;
        self.resumes |= landed;
        for (act, link) in acts {
            self.resumes = true;
            let lands = link.and_then(|link| self.network.lands(LinkId(link.id))).filter(|at| *at > now);
            match lands {
                Some(at) if act.loses_connections() => {
                    self.faults.hold(true);
                    self.landing.push((at, act));
                }
                lands => self.carry_out(now, lands.unwrap_or(now), act),
            }
        }
        any
    }

    /// Tells which faults have come and gone; false where none has.
    pub(super) fn hear_faults(&mut self) -> bool {
        let mut any = false;
        while let Some(event) = self.faults.poll_event() {
            any = true;
            self.hear_fault(&event);
        }
        any
    }

    pub(super) fn hear_fault(&mut self, event: &fault::Event) {
        self.resumes |= event.stage == Stage::Lifted;
        if let Stage::Missed(times) = event.stage {
            let name = &event.name;
            let text = format!(
                "the fault {name} is due too often to keep up: {times} times it was not applied so far"
            );
            self.notices.push_back(Notice::Warning(text));
        }
        self.record(event.at, || Event::of_fault(event));
    }

    /// Lets move on what faults have kept back, after the module has acted on what they did to it.
    pub(super) fn resume(&mut self, now: Now) {
        if std::mem::take(&mut self.resumes) {
            self.faults.hold(!self.landing.is_empty());
            self.network.faults_changed(now);
        }
    }

    /// Carries out what has waited for bytes, where these have arrived; false where there is nothing.
    fn land(&mut self, now: Now) -> bool {
        let landed: Vec<_> = self.landing.extract_if(.., |(at, _)| *at <= now).collect();
        let any = !landed.is_empty();
        for (_, act) in landed {
            self.carry_out(now, now, act);
        }
        any
    }

    /// Says in words where a fault would find nothing to act on, if it were applied now.
    pub fn idle(&self, what: &Action) -> Option<String> {
        let modem = self.modem()?;
        let bearers = &modem.core().bearers;
        let active = |context: &Context| context.state != Default::default();
        match what {
            Action::Bearer(Bearer::PdpDrop(Some(cid))) => {
                let there = bearers.contexts.get(cid).is_some_and(active);
                (!there).then(|| format!("PDP context {cid} is not active: nothing was dropped"))
            }
            Action::Bearer(Bearer::PdpDrop(None)) => {
                let there = bearers.contexts.values().any(active);
                (!there).then(|| "no PDP context is active: nothing was dropped".to_owned())
            }
            Action::Link(OnLink { what: LinkFault::Cut { .. }, links, .. }) => {
                let there = self.network.is_linked(|info| links.cover(info.carries.kind()));
                (!there).then(|| "no such connection is open: nothing was cut".to_owned())
            }
            Action::Ftp(Ftp { what: FtpFault::Speak(_), .. }) => {
                let there = self.network.is_linked(|info| info.carries.kind() == LinkKind::Control);
                (!there).then(|| "no FTP session is open: nothing was said".to_owned())
            }
            _ => None,
        }
    }

    fn ports(&self, port: Option<usize>) -> Vec<PortId> {
        let all = (0..self.serial.len()).map(PortId);
        all.filter(|at| port.is_none_or(|wanted| wanted == at.number())).collect()
    }

    fn carry_out(&mut self, now: Now, landed: Now, act: Act) {
        match act {
            Act::Noise { port, bytes } => {
                for port in self.ports(port) {
                    self.noise(now, port, bytes.clone());
                }
            }
            Act::Unplug { port, gone } => {
                for port in self.ports(port) {
                    self.unplug(now, port, gone);
                }
            }
            Act::Line { port, line, on } => {
                for port in self.ports(port) {
                    self.force(now, port, line, on);
                }
            }
            Act::Reset { start, dead } => self.dce.handle_fault(now, DceFault::Reset { start, dead }),
            Act::Say { port, text } => {
                for port in self.ports(port) {
                    self.dce.handle_fault(now, DceFault::Say { port, line: text.clone() });
                }
            }
            Act::Force(code) => self.dce.handle_fault(now, DceFault::Force(code)),
            Act::Signal(forced) => {
                self.radio.forced_signal = forced.is_some();
                if let Some(signal) = forced.or(self.radio.signal) {
                    self.tell_signal(now, signal);
                }
            }
            Act::Registration(forced) => {
                self.radio.forced_status = forced.is_some();
                if let Some(status) = forced.or(self.radio.status) {
                    self.tell(now, Change::Registration(status));
                }
            }
            Act::PdpDrop(which) => self.tell(now, Change::PdpDeactivated(which)),
            Act::Sim(there) => self.tell(now, Change::Sim(there)),
            Act::Cut { links, only, end } => {
                let meant = |info: &LinkInfo| {
                    links.cover(info.carries.kind()) && only.is_none_or(|l| l.id == info.id.0)
                };
                self.network.cut(now, landed, meant, end);
            }
            Act::Speak(scripted) => self.network.speak(now, &scripted),
        }
    }
}
