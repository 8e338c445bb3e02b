//! PDP contexts (3GPP TS 27.007 section 10.1): who has an address, and since when.

use crate::profile;
use ::core::net::Ipv4Addr;
use std::collections::BTreeMap;

/// Where a context stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Not active.
    #[default]
    Down,
    /// The network was asked for it.
    Activating,
    /// Active, with its address.
    Up(Ipv4Addr),
    /// The network was asked to end it.
    Deactivating,
}

/// A PDP context.
#[derive(Clone, Debug)]
pub struct Context {
    /// `IP`, `IPV6`, `IPV4V6` or `PPP`.
    pub pdp_type: String,
    /// Access point name.
    pub apn: String,
    /// User name for the access point.
    pub user: String,
    /// Password for the access point.
    pub password: String,
    /// Where it stands.
    pub state: State,
}

impl Default for Context {
    fn default() -> Self {
        Context {
            pdp_type: "IP".into(),
            apn: String::new(),
            user: String::new(),
            password: String::new(),
            state: State::Down,
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
            State::Up(address) => Some(address),
            _ => None,
        }
    }

    /// The first active context and its address: the one that the IP stack uses.
    pub fn active(&self) -> Option<(u8, Ipv4Addr)> {
        self.contexts.keys().find_map(|&cid| Some((cid, self.address(cid)?)))
    }

    /// Where a context stands.
    pub fn state(&self, cid: u8) -> State {
        self.contexts.get(&cid).map_or(State::Down, |c| c.state)
    }

    /// The context, defined if it was not.
    pub fn context(&mut self, cid: u8) -> &mut Context {
        self.contexts.entry(cid).or_default()
    }

    /// Makes a context active and gives it the next address.
    pub fn raise(&mut self, cid: u8) -> Ipv4Addr {
        let others = self.contexts.iter().filter(|(c, x)| **c != cid && matches!(x.state, State::Up(_)));
        let address = Ipv4Addr::from(u32::from(self.first).wrapping_add(others.count() as u32));
        self.context(cid).state = State::Up(address);
        address
    }
}
