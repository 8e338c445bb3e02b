//! What the module asks of the network, and what the network tells the module.
//!
//! The module addresses everything by its own [`Socket`] and [`Query`] numbers. Bytes flow under
//! credit in both directions: the network hands over no more than [`Dce::poll_window`] allows,
//! and confirms what it has taken with [`NetEvent::Sent`].
//!
//! [`Dce::poll_window`]: super::Dce::poll_window

use super::Serving;
use crate::fault::{PowerOn, SimFault};
use ::core::net::{Ipv4Addr, SocketAddrV4};
use bytes::Bytes;
use std::time::Duration;

/// A socket of the module: a TCP connection, a TCP listener or a UDP port. The module picks the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Socket(pub u32);

/// A name look-up or an echo request of the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Query(pub u32);

/// What a connection is for: faults name connections by it (`ftp.control`, `ftp.data`, `socket`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// The control connection of the module's own FTP client.
    FtpControl,
    /// A data connection of the module's own FTP client.
    FtpData,
    /// A socket that the host opened itself.
    Socket,
}

/// TLS as the module's client side wants it (FTPS).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Whose certificate the server is to have: a name or a dotted address. A data connection's is that of
    /// its control connection (RFC 4217 section 10).
    pub name: String,
    /// What is asked of its certificate.
    pub verify: Verify,
    /// What the client offers.
    pub offer: Offer,
}

/// What a client of TLS offers.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offer {
    /// The version.
    pub version: Version,
    /// The cipher suites in the order of its liking, by their numbers in IANA's registry; all it has where there are none.
    pub suites: Vec<u16>,
}

/// The versions of TLS that a client offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 1.2 and 1.3.
    #[default]
    Any,
    /// 1.0 alone (RFC 2246).
    Tls10,
    /// 1.1 alone (RFC 4346).
    Tls11,
    /// 1.2 alone (RFC 5246).
    Tls12,
    /// TLS for datagrams (RFC 6347), which no server takes on a TCP connection.
    Datagram,
}

/// What is asked of a server's certificate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verify {
    /// Nothing.
    Nothing,
    /// It is for the name, of today, and signed by what the user of Badline trusts.
    Trusted,
    /// The same, signed by these certificates of the module's own (PEM or DER).
    Signed(Bytes),
}

/// A request of the module to the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetRequest {
    /// Look a name up; answered by [`NetEvent::Resolved`], or never.
    Resolve {
        /// The module's number for the look-up.
        query: Query,
        /// The host name, as the host typed it.
        name: String,
    },
    /// Open a TCP connection; answered by `Connected` or `Failed`, or never.
    Connect {
        /// The module's number for the connection.
        socket: Socket,
        /// The far end.
        to: SocketAddrV4,
        /// The name that resolved to `to`.
        name: Option<String>,
        /// The port to bind on the module's side; the network picks one where it is `None`.
        from_port: Option<u16>,
        /// What the connection is for.
        purpose: Purpose,
        /// Start TLS at once, as its client (implicit FTPS).
        tls: Option<Tls>,
    },
    /// Listen for TCP; answered by `Listening` or `Failed`, then by `Accepted` for each caller.
    Listen {
        /// The module's number for the listener.
        socket: Socket,
        /// The port; 0 has the network pick one.
        port: u16,
        /// What its connections are for.
        purpose: Purpose,
        /// TLS, as its client, on each accepted connection (FTPS in active mode).
        tls: Option<Tls>,
    },
    /// Start TLS on a connection that is up, as its client (RFC 4217 section 4, after AUTH); answered by `Secured`
    /// or `Failed`.
    StartTls {
        /// The connection.
        socket: Socket,
        /// TLS.
        tls: Tls,
    },
    /// Open a UDP port; answered by `Connected` or `Failed`.
    OpenUdp {
        /// The module's number for it.
        socket: Socket,
        /// The local port; 0 has the network pick one.
        port: u16,
        /// The peer, where there is one.
        to: Option<SocketAddrV4>,
    },
    /// Send on a TCP connection; confirmed by `Sent`.
    Send {
        /// The connection.
        socket: Socket,
        /// The payload.
        bytes: Bytes,
    },
    /// Send one datagram; confirmed by `Sent`.
    SendTo {
        /// The UDP port.
        socket: Socket,
        /// The receiver.
        to: SocketAddrV4,
        /// The payload.
        bytes: Bytes,
    },
    /// Nothing more will be sent (FIN) after what was sent so far.
    Shutdown {
        /// The connection.
        socket: Socket,
    },
    /// Close in good order (FIN both ways); the number is free at once and no event for it follows.
    Close {
        /// The connection, listener or UDP port.
        socket: Socket,
    },
    /// Close with a reset (RST); the number is free at once and no event for it follows.
    Abort {
        /// The connection.
        socket: Socket,
    },
    /// Send one ICMP echo request; answered by `Pong`, or never.
    Ping {
        /// The module's number for it.
        query: Query,
        /// The receiver.
        to: Ipv4Addr,
        /// Payload octets.
        length: u16,
        /// IP time to live.
        ttl: u8,
    },
    /// The module's own address has changed (`None`: the bearer is down). Every socket of the module
    /// is dead to the network from here on, without an event.
    Address(Option<Ipv4Addr>),
}

/// Why a connection, a listener or a UDP port came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// The far end answered with RST.
    Refused,
    /// No route (ICMP unreachable).
    Unreachable,
    /// The local port is taken.
    PortInUse,
    /// The TLS handshake failed, or the certificate was not to be trusted: why, in words.
    Tls(&'static str),
}

/// An event of the network for the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetEvent {
    /// The answer to a look-up; `None` where the name does not exist (NXDOMAIN).
    Resolved {
        /// The look-up.
        query: Query,
        /// The address.
        address: Option<Ipv4Addr>,
    },
    /// A connection is up (TLS included), or a UDP port is open.
    Connected {
        /// Which.
        socket: Socket,
        /// The module's own end.
        local: SocketAddrV4,
    },
    /// TLS is up on a connection that has begun without.
    Secured {
        /// Which.
        socket: Socket,
    },
    /// A listener is ready.
    Listening {
        /// Which.
        socket: Socket,
        /// The module's own end, with the port that was picked.
        local: SocketAddrV4,
    },
    /// A listener has a caller. The network numbers the new connection from `0x8000_0000` upward.
    Accepted {
        /// The listener.
        listener: Socket,
        /// The new connection.
        socket: Socket,
        /// The caller.
        from: SocketAddrV4,
    },
    /// It came to nothing; the number is free.
    Failed {
        /// Which.
        socket: Socket,
        /// Why.
        why: Failure,
    },
    /// TCP payload. Never empty, never more than `poll_window` allowed.
    Data {
        /// The connection.
        socket: Socket,
        /// The payload.
        bytes: Bytes,
    },
    /// One datagram.
    Datagram {
        /// The UDP port.
        socket: Socket,
        /// The sender.
        from: SocketAddrV4,
        /// The payload.
        bytes: Bytes,
    },
    /// So many octets of what was sent have been taken by the link.
    Sent {
        /// The connection or UDP port.
        socket: Socket,
        /// Octets.
        n: usize,
    },
    /// The far end sends nothing more (FIN), after all its data was handed over.
    PeerShutdown {
        /// The connection.
        socket: Socket,
    },
    /// The far end reset the connection (RST); the number is free.
    Reset {
        /// The connection.
        socket: Socket,
    },
    /// An echo reply.
    Pong {
        /// The request.
        query: Query,
        /// The round trip on the modem's clock.
        after: Duration,
    },
    /// The radio changed under the module.
    Radio(Radio),
}

/// What the radio network, the SIM slot and the battery do to the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Radio {
    /// `+CSQ` signal strength (0-31, 99 unknown) and bit error rate (0-7, 99 unknown), 3GPP TS 27.007 section 8.5.
    Signal {
        /// Signal strength.
        rssi: u8,
        /// Bit error rate.
        ber: u8,
    },
    /// `+CREG` status, 3GPP TS 27.007 section 7.2: 0 not registered, 1 home, 2 searching, 3 denied, 5 roaming.
    Registration(u8),
    /// Another network, or another cell, serves the module.
    Serving(Serving),
    /// The network deactivates PDP contexts: the one with this identifier, or all.
    PdpDeactivated(Option<u8>),
    /// The SIM cannot be used any more, or can again.
    Sim(Option<SimFault>),
    /// The module resets, as by its reset pin.
    Reset {
        /// How it starts again.
        start: PowerOn,
    },
}
