//! Badline: a cellular modem that fails on cue.

pub mod at;
pub mod cli;
pub mod control;
pub mod driver;
pub mod fault;
pub mod frame;
pub mod ftp;
pub mod ftpd;
pub mod modem;
pub mod profile;
pub mod scenario;
pub mod time;
pub mod trace;
pub mod transcript;
pub mod vendor;

pub use driver::bench::{Bench, Hand, Live, Mistakes};
