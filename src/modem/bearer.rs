//! PDP contexts (3GPP TS 27.007 section 10.1): who has an address, and since when.

use super::core::{Core, Timer};
use super::net::NetRequest;
use super::{Event, Note};
use crate::fault::ModuleState;
use crate::profile;
use ::core::net::{IpAddr, Ipv4Addr};
use std::collections::BTreeMap;

/// Where a context stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BearerState {
    /// Not active.
    #[default]
    Down,
    /// The network was asked for it, or will be once the module is attached.
    Activating,
    /// Active, with its address.
    Up(Ipv4Addr),
    /// The network was asked to end it.
    Deactivating,
}

/// Who ended a PDP context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedBy {
    /// The host, by a command.
    Host,
    /// The network; the host asked for nothing of the kind.
    Network,
}

/// A PDP context.
#[derive(Clone, Debug)]
pub struct Context {
    /// `IP`, `IPV6`, `IPV4V6` or `PPP`.
    pub pdp_type: String,
    /// Access point name.
    pub apn: String,
    /// The address that the host asks for; the network gives one where there is none.
    pub wanted: Option<IpAddr>,
    /// Compression of data, 0 to 2, and of headers, 0 to 4 (section 10.1.1); kept, and of no consequence.
    pub compression: (u8, u8),
    /// What later releases have behind, from `<IPv4AddrAlloc>` on (section 10.1.1); kept, and of no consequence.
    pub later: [u8; 2],
    /// User name for the access point.
    pub user: String,
    /// Password for the access point.
    pub password: String,
    /// Where it stands.
    pub state: BearerState,
}

impl Default for Context {
    fn default() -> Self {
        Context {
            pdp_type: "IP".into(),
            apn: String::new(),
            wanted: None,
            compression: (0, 0),
            later: [0; 2],
            user: String::new(),
            password: String::new(),
            state: BearerState::Down,
        }
    }
}

/// The contexts of the module, by identifier.
#[derive(Clone, Debug)]
pub struct Bearers {
    /// Defined contexts.
    pub contexts: BTreeMap<u8, Context>,
    first: Ipv4Addr,
}

impl Bearers {
    /// None defined.
    pub fn new(from: &profile::Bearer) -> Bearers {
        Bearers { contexts: BTreeMap::new(), first: from.address }
    }

    /// The address of a context, where it is active.
    pub fn address(&self, cid: u8) -> Option<Ipv4Addr> {
        match self.contexts.get(&cid)?.state {
            BearerState::Up(address) => Some(address),
            _ => None,
        }
    }

    /// The first active context and its address: the one that the IP stack uses.
    pub fn active(&self) -> Option<(u8, Ipv4Addr)> {
        self.contexts.keys().find_map(|&cid| Some((cid, self.address(cid)?)))
    }

    /// Where a context stands.
    pub fn state(&self, cid: u8) -> BearerState {
        self.contexts.get(&cid).map_or(BearerState::Down, |c| c.state)
    }

    /// The context, defined if it was not.
    pub fn context(&mut self, cid: u8) -> &mut Context {
        self.contexts.entry(cid).or_default()
    }

    /// Makes a context active and gives it the address that it asks for, or else the next one.
    pub fn raise(&mut self, cid: u8) -> Ipv4Addr {
        let others =
            self.contexts.iter().filter(|(c, x)| **c != cid && matches!(x.state, BearerState::Up(_)));
        let next = Ipv4Addr::from(u32::from(self.first).wrapping_add(others.count() as u32));
        let context = self.context(cid);
        let address = match context.wanted {
            Some(IpAddr::V4(address)) => address,
            Some(IpAddr::V6(_)) | None => next,
        };
        context.state = BearerState::Up(address);
        address
    }
}

impl Core {
    /// Asks the network to activate a PDP context; [`Event::BearerUp`] or [`Event::BearerDown`] follows. A module that is
    /// about to be attached asks once it is.
    ///
    /// # Errors
    /// The `+CME ERROR`: of the SIM, 30 where the module is not going to be attached, 3 while the context goes down.
    pub fn activate(&mut self, cid: u8) -> Result<(), u16> {
        self.say_older_first();
        self.want(cid)
    }

    /// As [`Core::activate`], for a command that has let what is older go first.
    pub(super) fn want(&mut self, cid: u8) -> Result<(), u16> {
        if let Some(refusal) = self.lasting.sim.refusal() {
            return Err(refusal);
        }
        if !self.can_attach() {
            return Err(30);
        }
        match self.bearers.state(cid) {
            BearerState::Up(_) => self.happened(Event::BearerUp(cid)),
            // Whoever asked first, all are told.
            BearerState::Activating => {}
            BearerState::Deactivating => return Err(3),
            BearerState::Down => {
                self.bearers.context(cid).state = BearerState::Activating;
                match self.radio.attached {
                    true => self.ask_for(cid),
                    // Where it is not registered either: how long it waits for that.
                    false => self.ask_attachment(true),
                }
            }
        }
        Ok(())
    }

    fn ask_for(&mut self, cid: u8) {
        let bearer = &self.profile.bearer;
        let after = bearer.activates_after.0.min(bearer.activates_within.0);
        match after.is_zero() {
            true => self.activation_answered(cid),
            false => self.running.timers.set(Timer::Activate(cid), self.now + after),
        }
    }

    /// Whether a context is asked for once the module is attached.
    fn waits_for_attachment(&self, cid: u8) -> bool {
        self.bearers.state(cid) == BearerState::Activating
            && self.running.timers.deadline(Timer::Activate(cid)).is_none()
    }

    /// Asks for the contexts that waited for the attachment, or gives them up.
    pub(super) fn follow_attachment(&mut self) {
        if self.radio.attaching == Some(true) {
            return;
        }
        let waiting = |cid: &u8| self.waits_for_attachment(*cid);
        let cids: Vec<u8> = self.bearers.contexts.keys().copied().filter(waiting).collect();
        for cid in cids {
            match self.radio.attached {
                true => self.ask_for(cid),
                false => self.lower(cid, EndedBy::Network),
            }
        }
    }

    /// Asks the network to deactivate a PDP context; [`Event::BearerDown`] follows. False where it is not active.
    pub fn deactivate(&mut self, cid: u8) -> bool {
        let after = self.profile.bearer.deactivates_after.0;
        match self.bearers.state(cid) {
            BearerState::Down => return false,
            BearerState::Deactivating => {}
            _ if after.is_zero() => self.lower(cid, EndedBy::Host),
            _ => {
                self.running.timers.cancel(Timer::Activate(cid));
                self.bearers.context(cid).state = BearerState::Deactivating;
                self.running.timers.set(Timer::Deactivate(cid), self.now + after);
            }
        }
        true
    }

    /// The network has answered, or will not any more.
    pub(super) fn activation_answered(&mut self, cid: u8) {
        match self.profile.bearer.is_silent() {
            true => self.lower(cid, EndedBy::Network),
            false => self.raise(cid),
        }
    }

    fn raise(&mut self, cid: u8) {
        let first = self.bearers.active().is_none();
        let address = self.bearers.raise(cid);
        if first {
            self.net(NetRequest::Address(Some(address)));
        }
        self.note(|| {
            Note::State(format!("PDP context {cid} active, {address}"), Some(ModuleState::BearerUp))
        });
        self.reach(ModuleState::BearerUp);
        self.happened(Event::BearerUp(cid));
    }

    /// A context goes down.
    pub(super) fn lower(&mut self, cid: u8, by: EndedBy) {
        self.running.timers.cancel(Timer::Activate(cid));
        self.running.timers.cancel(Timer::Deactivate(cid));
        if self.bearers.state(cid) == BearerState::Down {
            return;
        }
        self.bearers.context(cid).state = BearerState::Down;
        self.note(|| Note::State(format!("PDP context {cid} down"), Some(ModuleState::BearerDown)));
        self.reach(ModuleState::BearerDown);
        self.happened(Event::BearerDown { cid, by });
        if self.bearers.active().is_none() {
            self.net(NetRequest::Address(None));
            self.sockets_lost();
            self.each_client(|client, core| client.lost(core));
        }
    }

    /// Brings every context down of which the network knows.
    pub(super) fn lower_all(&mut self, by: EndedBy) {
        let known = |cid: &u8| !self.waits_for_attachment(*cid);
        let cids: Vec<u8> = self.bearers.contexts.keys().copied().filter(known).collect();
        for cid in cids {
            self.lower(cid, by);
        }
    }
}
