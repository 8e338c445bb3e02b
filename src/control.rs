//! control: the control socket.
//!
//! A program that wants something of a running modem connects to it, over a Unix socket or loopback TCP
//! ([`Address`]), and writes one JSON object per line ([`Request`]); it reads one per line ([`Answer`]). It can
//! inject and lift faults, see how they and the module stand, follow the trace, turn the clock and ask for the verdict.
//! Whoever comes over TCP shows the [`Key`] first. [`serve()`] has one task for each connection; none of them ever holds the
//! modem up; [`http`] is the same over HTTP, with a page. [`Control`] is what carries requests out, whoever brings them.

mod address;
mod answer;
mod carried;
pub mod client;
mod hand;
pub mod http;
mod key;
mod place;
mod recording;
mod request;
mod serve;
mod steer;
#[cfg(test)]
mod tests;
pub mod typed;

pub use address::{Address, Listener};
pub use answer::{Answer, PortMode, Status, Verdict, Wrong};
pub use hand::with_key;
pub use key::Key;
pub use place::{Found, found};
pub use request::{Request, Saved, help, schema, words};
pub use serve::{LONGEST, MOST, serve};
pub use steer::{About, Control, Followed};
