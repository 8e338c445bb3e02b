//! A fault that is lifted when its guard is dropped.

use crate::driver::handle::Handle;
use std::fmt;

/// A fault of a [`Live`](super::Live) modem, which ends when this is dropped.
///
/// [`Live::fault`](super::Live::fault) gives one. What the host sends after the drop meets the fault no more.
#[must_use = "the fault is lifted when this is dropped"]
pub struct FaultGuard {
    handle: Handle,
    name: String,
}

impl FaultGuard {
    pub(super) fn new(handle: Handle, name: String) -> FaultGuard {
        FaultGuard { handle, name }
    }

    /// The fault's name in the trace.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for FaultGuard {
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.name);
        // Where the modem runs no more, nothing holds any more.
        self.handle.tell(move |machine, now| {
            machine.world().faults().lift(now, &name);
            machine.world_mut().act(now);
        });
    }
}

impl fmt::Debug for FaultGuard {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("FaultGuard").field("name", &self.name).finish_non_exhaustive()
    }
}
