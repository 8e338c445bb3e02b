//! The gates' common settings.

use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

const FIRST_PORT: u16 = 50_000;

/// The settings that the gates of one network share, and the counter of their passive ports.
#[derive(Debug)]
pub struct GateConfig {
    /// The text of the built-in server's 220.
    pub greeting: String,
    /// How long a session may lie without a command before 421; `None`: for ever.
    pub idle: Option<Duration>,
    /// How long a transfer waits for the module's data connection before 425.
    pub data_wait: Duration,
    /// How long a transfer may stand still before 426; `None`: for ever.
    pub stall: Option<Duration>,
    /// Octets of a transfer that are under way at most, in each direction.
    pub window: usize,
    /// Whether the built-in server's data is moved a window at a time, so that how the kernel divides it
    /// does not show.
    pub in_order: bool,
    /// Ports are counted, not drawn, so that two runs announce the same.
    port: AtomicU16,
}

impl Default for GateConfig {
    fn default() -> Self {
        GateConfig {
            greeting: "FTP server ready.".into(),
            idle: Some(Duration::from_secs(300)),
            data_wait: Duration::from_secs(60),
            stall: Some(Duration::from_secs(300)),
            window: 64 * 1024,
            in_order: false,
            port: AtomicU16::new(FIRST_PORT),
        }
    }
}

impl GateConfig {
    /// The next passive port, from 50000 upward and round again.
    pub(super) fn next_port(&self) -> u16 {
        let port = self.port.load(Ordering::Relaxed);
        self.port.store(port.checked_add(1).unwrap_or(FIRST_PORT), Ordering::Relaxed);
        port
    }
}
