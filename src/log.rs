//! log: other programs' logs of a serial line -> recordings.
//!
//! A log is read twice. In the first pass every format of [`FORMATS`] looks at each line ([`survey`]), and the one that
//! knows most of them is taken; in the second its reader finds [`Event`](event::Event)s, which a
//! [`Session`](session::Session) makes into the steps of a transcript. Both passes keep a line at a time: a log may be
//! longer than memory.
//!
//! Nothing of a log is lost: each of its lines is a step, a comment, or an `# unplaced:` line.

mod echo;
pub mod event;
pub mod format;
mod hex;
pub mod import;
pub mod lines;
mod marked;
pub mod mask;
pub mod module;
pub mod pcapng;
mod peel;
mod said;
pub mod session;
pub mod shape;
mod sides;
mod spelled;
pub mod stamp;
pub mod survey;
mod tag;
#[cfg(test)]
mod tests;

pub use format::{FORMATS, Format, Kind};
