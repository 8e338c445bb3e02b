//! What rules do by themselves. A rule that a number of bytes has triggered acts when these bytes
//! have arrived, and nothing passes behind them before.

use super::{Notice, World};
use crate::fault::{self, Act, Action, Bearer, Ftp, FtpFault, LinkFault, LinkKind, OnLink, Stage};
use crate::modem::net::{NetEvent, Radio as Change};
use crate::modem::{Context, DceFault};
use crate::network::faults::{LinkId, LinkInfo};
use crate::time::Now;
use crate::trace::Event;

impl World {
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
            self.reports.notice(Notice::Warning(text));
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

    fn carry_out(&mut self, now: Now, landed: Now, act: Act) {
        match act {
            Act::Noise { port, bytes } => {
                let (ports, mut around) = self.serial();
                for port in ports.meant(port) {
                    ports.noise(&mut around, now, port, bytes.clone());
                }
            }
            Act::Unplug { port, gone } => {
                let (ports, mut around) = self.serial();
                for port in ports.meant(port) {
                    ports.unplug(&mut around, now, port, gone);
                }
            }
            Act::Line { port, line, on } => {
                let (ports, mut around) = self.serial();
                for port in ports.meant(port) {
                    ports.force(&mut around, now, port, line, on);
                }
            }
            Act::Reset { start, dead } => self.dce.handle_fault(now, DceFault::Reset { start, dead }),
            Act::Say { port, text } => {
                for port in self.ports.meant(port) {
                    self.dce.handle_fault(now, DceFault::Say { port, line: text.clone() });
                }
            }
            Act::Force(code) => self.dce.handle_fault(now, DceFault::Force(code)),
            Act::Signal(forced) => self.radio.force_signal(&mut *self.dce, now, forced),
            Act::Registration(forced) => self.radio.force_status(&mut *self.dce, now, forced),
            Act::PdpDrop(which) => self.dce.handle_net(now, NetEvent::Radio(Change::PdpDeactivated(which))),
            Act::Sim(there) => self.dce.handle_net(now, NetEvent::Radio(Change::Sim(there))),
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
