//! How the module stands: followed through the states that it reaches.

use crate::fault::rule::trigger::ModuleState;

/// What the module has at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether it is registered.
    pub registered: bool,
    /// How many PDP contexts are active.
    bearers: u32,
    /// Whether its FTP session is open.
    pub session: bool,
    /// Whether a transfer is under way.
    pub transfer: bool,
    /// How many ports are in data mode.
    data: u32,
    /// How many ports the host has open.
    open: u32,
}

impl Standing {
    /// It reaches a state.
    pub fn reach(&mut self, state: ModuleState) {
        match state {
            // What it had is gone with the start.
            ModuleState::Powered => *self = Standing { open: self.open, ..Standing::default() },
            ModuleState::Registered => self.registered = true,
            ModuleState::Unregistered => self.registered = false,
            ModuleState::BearerUp => self.bearers += 1,
            ModuleState::BearerDown => self.bearers = self.bearers.saturating_sub(1),
            ModuleState::SessionOpen => self.session = true,
            ModuleState::SessionClosed => self.session = false,
            ModuleState::TransferBegun => self.transfer = true,
            ModuleState::TransferOver => self.transfer = false,
            ModuleState::DataMode => self.data += 1,
            ModuleState::CommandMode => self.data = self.data.saturating_sub(1),
            ModuleState::PortOpen => self.open += 1,
            ModuleState::PortClosed => self.open = self.open.saturating_sub(1),
        }
    }

    /// Whether a PDP context is active.
    pub fn bearer(&self) -> bool {
        self.bearers > 0
    }

    /// What another has not, of what this one has; a transfer is wanted to be over.
    pub fn without(&self, other: &Standing) -> Standing {
        Standing {
            registered: self.registered && !other.registered,
            bearers: if other.bearer() { 0 } else { self.bearers },
            session: self.session && !other.session,
            transfer: self.transfer && other.transfer,
            data: 0,
            open: 0,
        }
    }

    /// Whether it is in such a state.
    pub fn is(&self, state: ModuleState) -> bool {
        match state {
            ModuleState::Registered => self.registered,
            ModuleState::Unregistered => !self.registered,
            ModuleState::BearerUp => self.bearer(),
            ModuleState::BearerDown => !self.bearer(),
            ModuleState::SessionOpen => self.session,
            ModuleState::SessionClosed => !self.session,
            ModuleState::TransferBegun => self.transfer,
            ModuleState::TransferOver => !self.transfer,
            ModuleState::DataMode => self.data > 0,
            ModuleState::CommandMode => self.data == 0,
            ModuleState::PortOpen => self.open > 0,
            ModuleState::PortClosed => self.open == 0,
            ModuleState::Powered => true,
        }
    }
}
