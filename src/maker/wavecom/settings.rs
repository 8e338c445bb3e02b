//! `[settings]` of a Wavecom profile.

use crate::time::units::{Size, Span};
use serde::Deserialize;

/// `[settings]` of a Wavecom profile.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What `AT+WIPCFG=3` prints (4.1.6).
    pub version: String,
    /// The highest indexes (3.1.2).
    pub indexes: Indexes,
    /// How long a connection may take, the look-up of its name included.
    pub connect_timeout: Span,
    /// `AT+WIPCREATE` for UDP and TCP clients answers so long after the service is ready; at once
    /// where this is absent (5.1.6).
    pub result_after_ready: Option<Span>,
    /// For which of them, where it is not absent.
    #[serde(default)]
    pub ready_first: ReadyFirst,
    /// What is printed for an accepted connection; `{server}` and `{index}` are its indexes (5.1.2).
    pub accepted: String,
    /// Whether `AT+WIPCLOSE` is followed by `+WIPPEERCLOSE` (5.2.6).
    pub close_told: bool,
    /// Whether data mode ends when the far end closes.
    pub leaves_on_close: bool,
    /// Whether `+WIPDATA` has mode 2: no end mark and no escape.
    pub transparent: bool,
    /// Whether DLE is escaped by DLE too (6.2.1.4 tells of ETX alone).
    pub escape_dle: bool,
    /// The longest datagram (6.2.1.2).
    pub datagram: Size,
    /// Routers on the way to any host: what has fewer to live does not arrive (4.1.3, option 0).
    pub hops: u8,
    /// The far end of a bearer, as `+WIPBR` tells it.
    pub remote: core::net::Ipv4Addr,
    /// Who calls a GSM bearer that is started as a server.
    pub caller: String,
    /// `+WIND` at power-on: the sum of the indications that are printed.
    pub wind: u32,
    /// Error codes that the versions of the stack number differently.
    pub codes: Codes,
}

/// Which `AT+WIPCREATE` answers behind `+WIPREADY`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadyFirst {
    /// Every one for UDP and TCP clients.
    #[default]
    Always,
    /// The first TCP client, where its server speaks first; any other is answered OK first.
    Greeted,
}

/// The highest indexes (3.1.2).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indexes {
    /// UDP sockets.
    pub udp: u8,
    /// TCP clients.
    pub client: u8,
    /// TCP clients that a server spawns; the example in 5.1.6 has more than there are clients.
    pub spawned: u8,
    /// TCP servers.
    pub server: u8,
    /// FTP sessions; 0 where the module has no FTP of its own.
    pub ftp: u8,
}

/// Error codes that the versions of the stack number differently.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Codes {
    /// The stack is started already.
    pub started: u16,
    /// The bearer is open already.
    pub open: u16,
    /// GPRS is not attached.
    pub detached: u16,
    /// The connection was refused.
    pub refused: u16,
    /// The connection was reset by the peer.
    pub reset: u16,
    /// The name does not exist.
    pub no_name: u16,
    /// The FTP server's reply is none: nobody knows why.
    pub unknown: u16,
}
