//! The way out that nothing blocks: what waits for the file system, or for a reader of standard output, hears no signal.

use super::signals::heard;
use crate::disk::named;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;
use std::process;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

/// How long an orderly end may take.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Ends the process a while after a signal that is to end it, whatever it waits for then; `before` is done first.
///
/// # Errors
/// Where no thread can be had.
pub fn resort(before: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new(heard().iter().map(|signal| signal.as_raw()))
        .map_err(named("the signals that end a run"))?;
    let (keep, never) = channel::<()>();
    let wait = move || {
        let _keep = keep;
        let Some(number) = signals.forever().next() else { return };
        // Nobody sends anything: an orderly end takes this thread with it.
        let _ = never.recv_timeout(PATIENCE);
        before();
        tell(number);
        process::exit(128 + number);
    };
    let spawned = thread::Builder::new().name("last resort".into()).spawn(wait);
    spawned.map(drop).map_err(named("no thread can be had"))
}

/// Says so on standard error, past its lock, which may be held by who waits there.
fn tell(number: i32) {
    let stderr = io::stderr();
    let mut fds = [PollFd::new(&stderr, PollFlags::OUT)];
    if poll(&mut fds, Some(&Timespec::default())).is_ok_and(|ready| ready > 0) {
        let text = format!(
            "badline: signal {number}: what still waits for a file, or for its reader, is left behind\n"
        );
        // Nobody may read it.
        let _ = rustix::io::write(&stderr, text.as_bytes());
    }
}
