//! No test waits for ever.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long anything may take before a test gives up.
pub const GUARD: Duration = Duration::from_secs(30);

/// What `work` gives, unless it takes longer than [`GUARD`].
pub fn within<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(work()));
    told.recv_timeout(GUARD).expect("it happens in time")
}
