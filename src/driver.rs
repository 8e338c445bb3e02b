//! driver: tokio: serial ports, clock, network, FTP gate.

pub mod accept;
pub mod bench;
mod by_hand;
pub mod clock;
pub mod coverage;
pub mod desk;
pub mod device;
pub mod exec;
pub mod faults;
pub mod files;
pub mod follow;
pub mod gate;
pub mod io;
pub mod judge;
pub mod machine;
pub mod network;
pub mod on_server;
mod orphans;
pub mod play;
pub mod port;
mod recorder;
pub mod setup;
pub mod sinks;
pub mod state;
pub mod world;
