//! Asked by the network: about each look-up and each connection attempt.

use crate::fault::engine::Engine;
use crate::fault::engine::fact::Fact;
use crate::fault::layer::Action;
use crate::fault::layer::kind::Layer;
use crate::fault::layer::name::{ConnectVerdict, Handshake, LookupVerdict};
use crate::time::Now;

impl Engine {
    /// The module looks a host name up.
    pub fn lookup(&mut self, now: Now, host: &str) -> LookupVerdict {
        if self.rules.is_empty() {
            return LookupVerdict::Pass;
        }
        self.rules.happen(now, Fact::Lookup(host));
        let verdict = self.rules.first(now, Layer::Name, |action| match action {
            Action::Name(fault) => fault.on_lookup(host),
            _ => None,
        });
        verdict.unwrap_or(LookupVerdict::Pass)
    }

    /// The module opens a connection to a port of a host that is known by these names: its address, and
    /// the name that led there.
    pub fn connect(&mut self, now: Now, names: &[&str], port: u16, handshake: Handshake) -> ConnectVerdict {
        if self.rules.is_empty() {
            return ConnectVerdict::Pass;
        }
        self.rules.happen(now, Fact::Connect(names));
        let verdict = self.rules.first(now, Layer::Name, |action| match action {
            Action::Name(fault) => fault.on_connect(names, port, handshake),
            _ => None,
        });
        verdict.unwrap_or(ConnectVerdict::Pass)
    }
}
