//! What the network knows of the FTP gate: what it hands to it, and what the gate asks of it.

use crate::fault::Scripted;
use crate::gate::Gate;
use crate::time::Now;
use core::net::{SocketAddr, SocketAddrV4};

pub use crate::gate::{GateInput, GateOutput};

/// The relay of one FTP control connection, as the network drives it.
pub trait Relay {
    /// Hands it one event.
    fn handle(&mut self, now: Now, input: GateInput);
    /// Lets it act on its timers that have expired by `now`.
    fn handle_timeout(&mut self, now: Now);
    /// The next thing it wants done.
    fn poll_output(&mut self) -> Option<GateOutput>;
    /// When it wants [`handle_timeout`](Relay::handle_timeout).
    fn poll_timeout(&self) -> Option<Now>;
    /// Whether it awaits something of the real server.
    fn busy(&self) -> bool;
    /// Whether everything has been closed and it will do nothing more.
    fn is_closed(&self) -> bool;
    /// Whether data connections speak TLS (PROT P, RFC 4217 section 9).
    fn data_protected(&self) -> bool;
    /// Has it say something unasked.
    fn speak(&mut self, now: Now, scripted: &Scripted);
}

/// Makes the relay of a new control connection.
pub type MakeRelay = Box<dyn FnMut(Call) -> Box<dyn Relay + Send> + Send>;

/// A new control connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The server's address as the module dialled it.
    pub server: SocketAddrV4,
    /// The module's own end.
    pub module: SocketAddrV4,
    /// The real server behind the relay.
    pub upstream: SocketAddr,
    /// The control connection speaks TLS from its start.
    pub tls: bool,
    /// So does the one to the real server.
    pub upstream_tls: bool,
}

impl Relay for Gate {
    fn handle(&mut self, now: Now, input: GateInput) {
        Gate::handle(self, now, input);
    }
    fn handle_timeout(&mut self, now: Now) {
        Gate::handle_timeout(self, now);
    }
    fn poll_output(&mut self) -> Option<GateOutput> {
        Gate::poll_output(self)
    }
    fn poll_timeout(&self) -> Option<Now> {
        Gate::poll_timeout(self)
    }
    fn busy(&self) -> bool {
        Gate::busy(self)
    }
    fn is_closed(&self) -> bool {
        Gate::is_closed(self)
    }
    fn data_protected(&self) -> bool {
        Gate::data_protected(self)
    }
    fn speak(&mut self, now: Now, scripted: &Scripted) {
        Gate::speak(self, now, scripted);
    }
}
