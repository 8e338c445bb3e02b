//! What the host sets before a session or a transfer.

use core::net::Ipv4Addr;
use std::time::Duration;

/// Settings of a session. A change holds from the next command that needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// USER.
    pub user: String,
    /// PASS, sent if the server asks for it (331).
    pub password: String,
    /// ACCT, sent if the server asks for it (332).
    pub account: Option<String>,
    /// PASV where true, else PORT.
    pub passive: bool,
    /// The port to listen on for an active transfer; any where it is `None`.
    pub source_data_port: Option<u16>,
    /// The module's own address, for PORT.
    pub local: Ipv4Addr,
    /// How long a reply may take, a greeting or a completion (226) included.
    pub reply_timeout: Duration,
    /// How long a connection may take: the control connection with its name look-up, or a data connection.
    pub connect_timeout: Duration,
    /// How long a transfer may make no progress.
    pub data_timeout: Duration,
    /// After ABOR and one reply, how long the second may take: some servers send only one.
    pub abort_grace: Duration,
    /// Whether the session speaks TLS.
    pub security: Security,
}

/// Whether a session speaks TLS (RFC 4217). Where it does, PBSZ 0 and PROT P follow the login (section 9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// It does not.
    #[default]
    Clear,
    /// From its first octet on.
    Implicit,
    /// From AUTH TLS on (section 4).
    Explicit,
}

impl Default for Settings {
    /// An empty login, passive, no TLS, 75 s for every wait and 5 s after the first reply to ABOR.
    fn default() -> Self {
        let patience = Duration::from_secs(75);
        Settings {
            user: String::new(),
            password: String::new(),
            account: None,
            passive: true,
            source_data_port: None,
            local: Ipv4Addr::UNSPECIFIED,
            reply_timeout: patience,
            connect_timeout: patience,
            data_timeout: patience,
            abort_grace: Duration::from_secs(5),
            security: Security::Clear,
        }
    }
}
