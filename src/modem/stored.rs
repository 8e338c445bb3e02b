//! What `&W` stores of a port: a part of the flash, so that it outlives a reset, and with the flash the
//! process.

use super::core::Core;
use super::port::{PortId, PortSettings};

fn key(port: PortId) -> String {
    format!("port.{}", port.number())
}

impl Core {
    /// The settings that `&W` has stored for a port.
    pub(super) fn stored(&self, port: PortId) -> Option<PortSettings> {
        serde_json::from_str(self.lasting.flash.get(&key(port))?).ok()
    }

    /// Stores the settings of a port.
    pub(super) fn store(&mut self, port: PortId) {
        if let Ok(text) = serde_json::to_string(self.settings(port)) {
            self.lasting.flash.insert(key(port), text);
        }
    }

    /// Gives every port what was stored for it, as power does.
    pub(super) fn restore(&mut self) {
        for port in self.port_ids() {
            if let Some(stored) = self.stored(port) {
                *self.settings_mut(port) = stored;
            }
        }
    }
}
