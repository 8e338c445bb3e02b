//! driver: tokio: serial ports, clock, network, FTP gate.

pub mod port;
