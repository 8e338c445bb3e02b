//! A relay: what the network puts between the module and a server whose dialogue faults are to reach. The network knows
//! no more of it than this trait, so that a service of another kind has a relay of its own. The FTP [`Gate`](super::Gate) is one.

use super::{GateInput, GateOutput};
use crate::fault::Scripted;
use crate::time::Now;
use core::net::{SocketAddr, SocketAddrV4};

/// The relay of one connection of the module, as the network drives it. A service without data connections gives none of the
/// outputs that are about them.
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
    fn data_protected(&self) -> bool {
        false
    }
    /// Has it say something unasked, where its service has such a thing.
    fn speak(&mut self, _now: Now, _scripted: &Scripted) {}
}

/// Makes the relay of a new connection.
pub type MakeRelay = Box<dyn FnMut(Call) -> Box<dyn Relay + Send> + Send>;

/// A new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The server's address as the module dialled it.
    pub server: SocketAddrV4,
    /// The module's own end.
    pub module: SocketAddrV4,
    /// The real server behind the relay.
    pub upstream: SocketAddr,
    /// The connection speaks TLS from its start.
    pub tls: bool,
    /// So does the one to the real server.
    pub upstream_tls: bool,
}
