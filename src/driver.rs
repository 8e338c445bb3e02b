//! driver: tokio: serial ports, the real clock, real sockets.

pub mod accept;
pub(crate) mod by_hand;
pub mod clock;
pub mod course;
pub mod handle;
pub mod io;
pub mod machine;
pub mod port;
pub mod sinks;
pub mod state;
