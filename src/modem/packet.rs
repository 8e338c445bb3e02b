//! The packet domain (3GPP TS 27.007 sections 10.1.9, 10.1.10): being attached to it, and the commands that answer
//! once it is as they ask, or once it cannot be.

use super::bearer::BearerState;
use super::core::{Core, Task, Timer};
use super::port::PortId;
use super::{Cx, Note, Reply};

/// What a command has asked for, and waits for.
#[derive(Debug)]
pub(super) enum Wanted {
    /// To be attached.
    Attached,
    /// Not to be attached any more.
    Detached,
    /// These contexts active.
    Active(Vec<u8>),
    /// None of these contexts active.
    Inactive(Vec<u8>),
}

impl Cx<'_> {
    /// Has the command answer once the packet domain is as it wants it, or once it cannot be.
    pub(super) fn await_packet(&mut self, wanted: Wanted) -> Reply {
        self.core.awaited.insert(self.port, wanted);
        Reply::Pending
    }

    /// Has the command answer once a context that goes down is so.
    pub fn until_down(&mut self, cid: u8) -> Reply {
        self.await_packet(Wanted::Inactive(vec![cid]))
    }
}

impl Core {
    /// Asks the network to attach the module, or to detach it, which takes its contexts down first.
    pub(super) fn ask_attachment(&mut self, on: bool) {
        if self.radio.attaching == Some(on) || on && !self.radio.registered() && !self.is_searching() {
            return;
        }
        let (radio, bearer) = (&self.profile.radio, &self.profile.bearer);
        let active =
            self.bearers.contexts.values().any(|context| matches!(context.state, BearerState::Up(_)));
        let after = match on {
            // Registration attaches.
            true if !self.radio.registered() => radio.attaches_within.0,
            true => radio.attaches_after.0.min(radio.attaches_within.0),
            false if active => radio.detaches_after.0.max(bearer.deactivates_after.0),
            false => radio.detaches_after.0,
        };
        self.radio.attaching = (self.radio.attached != on).then_some(on);
        match self.radio.attaching {
            None => _ = self.running.timers.cancel(Timer::Attach),
            Some(_) if after.is_zero() => self.attachment_answered(),
            Some(_) => self.running.timers.set(Timer::Attach, self.now + after),
        }
    }

    /// Whether the module is about to find its network.
    pub(super) fn is_searching(&self) -> bool {
        self.running.timers.deadline(Timer::Register).is_some()
    }

    /// Whether the module is attached, or is about to be: it registers, which attaches it, or the host has asked for it.
    pub fn can_attach(&self) -> bool {
        self.radio.attached || self.is_searching() || self.radio.attaching == Some(true)
    }

    /// The network has answered, or will not any more.
    pub(super) fn attachment_answered(&mut self) {
        match self.radio.attaching.take() {
            Some(true) if self.profile.radio.is_silent() || !self.radio.registered() => {
                self.note(|| Note::State("attachment unanswered".into(), None));
            }
            Some(on) => self.attach(on),
            None => {}
        }
    }

    /// Looks at the commands that wait; true where something follows from that.
    pub(super) fn answer_awaited(&mut self) -> bool {
        self.follow_attachment();
        if !self.running.tasks.is_empty() {
            return true;
        }
        let ports: Vec<PortId> = self.awaited.keys().copied().collect();
        for port in ports {
            let Some(wanted) = self.awaited.remove(&port) else { continue };
            match self.look_at(wanted) {
                Ok(reply) => self.running.tasks.push_back(Task::Finish { port, reply }),
                Err(wanted) => _ = self.awaited.insert(port, wanted),
            }
        }
        !self.running.tasks.is_empty()
    }

    /// The answer to a command that waits, or what it waits for still.
    fn look_at(&mut self, wanted: Wanted) -> Result<Reply, Wanted> {
        let (attached, attaching) = (self.radio.attached, self.radio.attaching);
        match wanted {
            Wanted::Attached => match (attached, attaching) {
                (true, _) => Ok(Reply::Ok),
                (false, Some(true)) => Err(wanted),
                (false, _) => Ok(self.why_not()),
            },
            Wanted::Detached => match (attached, attaching) {
                (false, _) => Ok(Reply::Ok),
                (true, Some(false)) => Err(wanted),
                (true, _) => Ok(self.refuse_state()),
            },
            Wanted::Active(cids) => {
                let states = self.states(&cids);
                if states.iter().any(|state| matches!(state, BearerState::Down | BearerState::Deactivating)) {
                    Ok(self.why_not())
                } else if states.contains(&BearerState::Activating) {
                    Err(Wanted::Active(cids))
                } else {
                    Ok(Reply::Ok)
                }
            }
            Wanted::Inactive(cids) => {
                let states = self.states(&cids);
                if states.iter().any(|state| matches!(state, BearerState::Up(_) | BearerState::Activating)) {
                    Ok(self.refuse_state())
                } else if states.iter().any(|state| matches!(state, BearerState::Deactivating)) {
                    Err(Wanted::Inactive(cids))
                } else {
                    Ok(Reply::Ok)
                }
            }
        }
    }

    fn states(&self, cids: &[u8]) -> Vec<BearerState> {
        cids.iter().map(|cid| self.bearers.state(*cid)).collect()
    }

    /// Why the packet domain is not as it was asked for: the SIM, the registration, a network that has not
    /// answered in time, or 148, "unspecified GPRS error".
    fn why_not(&self) -> Reply {
        let silent = match self.radio.attached {
            true => self.profile.bearer.is_silent(),
            false => self.profile.radio.is_silent(),
        };
        Reply::Cme(match self.lasting.sim.refusal() {
            Some(refusal) => refusal,
            None if !self.radio.registered() => 30,
            None if silent => 31,
            None => 148,
        })
    }
}
