//! The way to a machine that runs: whoever has its handle has it do something between two events.

use super::machine::Machine;
use crate::time::Now;
use std::fmt;
use tokio::sync::{mpsc, oneshot};

/// What is to be done, at the modem's time when it is done.
pub(super) type Job = Box<dyn FnOnce(&mut Machine, Now) + Send>;

/// Hands jobs to a machine. The machine never waits for whoever asked.
#[derive(Clone)]
pub struct Handle {
    jobs: mpsc::UnboundedSender<Job>,
}

/// The machine runs no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the modem runs no more")]
pub struct Gone;

impl Handle {
    pub(super) fn new() -> (Handle, mpsc::UnboundedReceiver<Job>) {
        let (jobs, todo) = mpsc::unbounded_channel();
        (Handle { jobs }, todo)
    }

    /// Has the machine do a job, and gives what came of it.
    ///
    /// # Errors
    /// The machine runs no more.
    pub async fn ask<T, F>(&self, job: F) -> Result<T, Gone>
    where
        T: Send + 'static,
        F: FnOnce(&mut Machine, Now) -> T + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move |machine, now| {
            // Whoever asked may have stopped waiting.
            let _ = tell.send(job(machine, now));
        });
        self.jobs.send(job).map_err(|_| Gone)?;
        told.await.map_err(|_| Gone)
    }
}

impl Handle {
    /// The same, where nobody waits for it, and nobody cares whether the machine still runs.
    pub fn tell(&self, job: impl FnOnce(&mut Machine, Now) + Send + 'static) {
        let _ = self.jobs.send(Box::new(job));
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Handle")
    }
}
