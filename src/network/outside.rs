//! What the network asks of the real world, and what the real world tells it.
//!
//! The network itself opens no socket: [`io`](crate::driver::io) executes these requests. Reading is
//! under credit ([`IoRequest::Allow`]), so that a module that stops reading stops the server too.

use bytes::Bytes;
use core::net::SocketAddr;
use std::io::ErrorKind;

/// A real socket. The network numbers those it opens from 0; callers of a listener are numbered by
/// the executor from `0x8000_0000` upward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IoId(pub u32);

/// A request of the network to the real world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IoRequest {
    /// Open a TCP connection; answered by `Connected` or `Failed`.
    Connect {
        /// The number of the new socket.
        io: IoId,
        /// The real far end.
        to: SocketAddr,
        /// The kernel's receive buffer in octets, where it must be small; `None` leaves the default.
        receive_buffer: Option<u32>,
    },
    /// Open a UDP socket that speaks with one peer; answered by `Connected` or `Failed`.
    OpenUdp {
        /// The number of the new socket.
        io: IoId,
        /// The real peer.
        to: SocketAddr,
    },
    /// Listen; answered by `Listening` or `Failed`, then by `Accepted` (TCP) or `Datagram` (UDP).
    Listen {
        /// The number of the new socket.
        io: IoId,
        /// The real address.
        at: SocketAddr,
        /// UDP in place of TCP.
        udp: bool,
    },
    /// Send on a TCP connection or to the peer of a UDP socket; confirmed by `Sent`.
    Send {
        /// The socket.
        io: IoId,
        /// The payload.
        bytes: Bytes,
    },
    /// Send one datagram from a UDP listener.
    SendTo {
        /// The listener.
        io: IoId,
        /// The receiver.
        to: SocketAddr,
        /// The payload.
        bytes: Bytes,
    },
    /// So many more octets may be read from a TCP connection.
    Allow {
        /// The connection.
        io: IoId,
        /// Octets.
        n: usize,
    },
    /// Send FIN behind what was sent so far.
    Shutdown {
        /// The connection.
        io: IoId,
    },
    /// Close in good order behind what was sent so far; no event follows.
    Close {
        /// The socket.
        io: IoId,
    },
    /// Close with RST; no event follows.
    Abort {
        /// The socket.
        io: IoId,
    },
}

/// An event of the real world for the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IoEvent {
    /// A connection is up, or a UDP socket open.
    Connected {
        /// The socket.
        io: IoId,
        /// Our own end.
        local: SocketAddr,
    },
    /// A listener is ready.
    Listening {
        /// The listener.
        io: IoId,
        /// Our own end, with the port that was picked.
        local: SocketAddr,
    },
    /// A connection or a listener came to nothing.
    Failed {
        /// The socket; its number is free.
        io: IoId,
        /// Why.
        kind: ErrorKind,
    },
    /// A TCP listener has a caller.
    Accepted {
        /// The listener.
        listener: IoId,
        /// The new connection.
        io: IoId,
        /// The caller.
        from: SocketAddr,
    },
    /// TCP payload, never more than was allowed.
    Data {
        /// The connection.
        io: IoId,
        /// The payload.
        bytes: Bytes,
    },
    /// One datagram.
    Datagram {
        /// The UDP socket.
        io: IoId,
        /// The sender.
        from: SocketAddr,
        /// The payload.
        bytes: Bytes,
    },
    /// So many octets have gone to the kernel.
    Sent {
        /// The socket.
        io: IoId,
        /// Octets.
        n: usize,
    },
    /// The far end sends nothing more (FIN).
    Eof {
        /// The connection.
        io: IoId,
    },
    /// The connection is dead (RST); its number is free.
    Reset {
        /// The connection.
        io: IoId,
    },
}
