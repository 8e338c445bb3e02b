//! control: the control socket.
//!
//! A program that wants something of a running modem connects to it, over a Unix socket or loopback TCP
//! ([`Address`]), and writes one JSON object per line ([`Ask`]); it reads one per line ([`Answer`]). It can
//! inject and lift faults, see how they and the module stand, follow the trace and turn the clock's speed.
//! Whoever comes over TCP shows the [`Key`] first. [`serve()`] has one task for each connection; none of them ever holds the modem up.

mod address;
mod answer;
mod ask;
mod key;
mod serve;
mod status;
#[cfg(test)]
mod tests;

pub use address::{Address, Listener};
pub use answer::{Answer, Wrong};
pub use ask::Ask;
pub use key::Key;
pub use serve::{LONGEST, MOST, serve};
pub use status::Status;
