//! The module's own FTP client: replies in, verbs out (RFC 959, 1123, 3659; PBSZ and PROT of RFC 4217).
//!
//! [`Client`] opens no socket and reads no clock. Its owner hands it every [`Input`] with the time,
//! then drains [`Client::poll_output`] and arms a timer for [`Client::poll_timeout`]. What a module
//! tells its host follows from the [`Event`]s, so each says at which [`Step`] and for which
//! [`Cause`] something failed.

mod abort;
mod address;
mod client;
mod event;
mod line;
mod login;
mod moving;
mod op;
mod reply;
mod settings;
mod transfer;
mod wire;

pub use address::{parse_passive, port_argument};
pub use client::Client;
pub use event::{Busy, Cause, Event, Failure, Input, Output, Step};
pub use op::{How, Op, Type};
pub use reply::{MAX_LINE, MAX_LINES, Malformed, Replies, Reply};
pub use settings::{Security, Settings};

#[cfg(test)]
mod tests;

/// The verbs that the client sends; `CONNECT` stands for the call that the greeting answers.
pub const VERBS: &[&str] = &[
    "CONNECT", "AUTH", "PBSZ", "PROT", "USER", "PASS", "ACCT", "TYPE", "PASV", "PORT", "CWD", "CDUP", "PWD",
    "MKD", "RMD", "DELE", "SIZE", "MDTM", "RNFR", "RNTO", "STAT", "SYST", "NOOP", "REST", "RETR", "STOR",
    "APPE", "STOU", "LIST", "NLST", "ABOR", "QUIT",
];
