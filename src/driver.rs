//! driver: tokio: serial ports, clock, network, FTP gate.

pub mod clock;
pub mod device;
pub mod faults;
pub mod files;
pub mod gate;
pub mod io;
pub mod machine;
pub mod network;
pub mod play;
pub mod port;
mod recorder;
pub mod setup;
pub mod sinks;
pub mod world;
