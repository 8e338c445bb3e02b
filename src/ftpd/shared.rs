//! The thread that all servers of this process share, and how one of them stops.

use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use std::{io, thread};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// How long what is being written may take when a server stops; what the file system keeps waiting is left behind.
const GRACE: Duration = Duration::from_millis(400);

/// So many threads at most wait for the file system.
const WAITING: usize = 64;

/// The runtime of all servers, on a thread that begins with the first server and ends with the process.
pub fn runtime() -> io::Result<Handle> {
    static RUNNING: Mutex<Option<Handle>> = Mutex::new(None);
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*running {
        return Ok(handle.clone());
    }
    let (tell, told) = channel();
    // A runtime can be dropped on its own thread alone, also where it comes to nothing.
    let serve = move || match start() {
        Ok(runtime) => {
            let _ = tell.send(Ok(runtime.handle().clone()));
            runtime.block_on(std::future::pending::<()>());
        }
        Err(error) => drop(tell.send(Err(error))),
    };
    thread::Builder::new().name("ftpd".into()).spawn(serve)?;
    let handle = told.recv().unwrap_or_else(|_| Err(io::Error::other("its thread has ended")))?;
    Ok(running.insert(handle).clone())
}

/// A runtime that has its first thread for what may wait. tokio panics where it cannot have one; while it has one, it
/// makes do with that.
fn start() -> io::Result<Runtime> {
    let mut builder = Builder::new_current_thread();
    let builder = builder.enable_io().enable_time().thread_keep_alive(Duration::MAX);
    let runtime = builder.max_blocking_threads(WAITING).build()?;
    // Whether there is one to be had; that this one has ended is no error.
    let _ = thread::Builder::new().spawn(|| ())?.join();
    runtime.spawn_blocking(|| ());
    Ok(runtime)
}

/// What one server does on the shared thread, and its end.
#[derive(Clone, Debug)]
pub struct Stop {
    runtime: Handle,
    stopped: CancellationToken,
    tasks: TaskTracker,
}

impl Stop {
    /// Of a server that does nothing yet.
    pub fn new(runtime: Handle) -> Stop {
        Stop { runtime, stopped: CancellationToken::new(), tasks: TaskTracker::new() }
    }

    /// Does what needs the runtime.
    pub fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        let _inside = self.runtime.enter();
        work()
    }

    /// Has a task run until the server stops.
    pub fn spawn<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) {
        let task = self.stopped.clone().run_until_cancelled_owned(task);
        self.tasks.spawn_on(task, &self.runtime);
    }

    /// The same for what a task of libunftp's own does; `None` where the server has stopped.
    pub async fn unless<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let _held: TaskTrackerToken = self.tasks.token();
        self.stopped.run_until_cancelled(work).await
    }

    /// Stops the server, and waits for what it does, but not for long.
    pub fn now(&self) {
        self.stopped.cancel();
        self.tasks.close();
        let ((tell, told), tasks) = (channel(), self.tasks.clone());
        self.runtime.spawn(async move {
            let _ = timeout(GRACE, tasks.wait()).await;
            let _ = tell.send(());
        });
        // It errs where that thread has ended, and all tasks with it.
        let _ = told.recv();
    }
}
