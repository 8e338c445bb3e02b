//! driver: tokio: serial ports, clock, network, FTP gate.

pub mod gate;
pub mod io;
pub mod network;
