//! A modem that runs beside a test.

use super::guard::FaultGuard;
use super::mistakes::Mistakes;
use super::waiting::{self, Waiting};
use crate::disk::Temporary;
use crate::driver::handle::{Gone, Handle};
use crate::driver::machine::Machine;
use crate::fault::{Fault, Status};
use crate::judge::Watch;
use crate::modem::PortId;
use crate::scenario::Outcome;
use crate::setup::Server;
use crate::time::Now;
use crate::trace::Record;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::net::UnixStream;
use tokio::task::JoinHandle;

/// A modem that runs as a task, until this is dropped.
///
/// [`Bench::start`](super::Bench::start) makes one. Ports are counted from 1.
pub struct Live {
    handle: Handle,
    task: JoinHandle<()>,
    hosts: Vec<HostEnd>,
    /// Holds the links to the pseudo-terminals.
    _links: Option<Temporary>,
    records: Waiting,
    watch: Watch,
    server: Server,
}

/// The host's end of a port.
#[derive(Debug)]
pub(super) enum HostEnd {
    /// In memory, until it is taken.
    Stream(Option<UnixStream>),
    /// A pseudo-terminal, by the link to it.
    Path(PathBuf),
}

impl Live {
    pub(super) fn start(
        mut machine: Machine,
        server: Server,
        hosts: Vec<HostEnd>,
        links: Option<Temporary>,
        watch: Watch,
    ) -> Live {
        let (to, records) = waiting::queue();
        machine.trace_to(Box::new(to));
        machine.trace_to(Box::new(watch.clone()));
        machine.power_on();
        let handle = machine.handle();
        let task = tokio::spawn(async move { machine.run().await });
        Live { handle, task, hosts, _links: links, records, watch, server }
    }

    /// The host's end of a port, once; `None` where it was taken, or is a [pseudo-terminal](Live::path).
    /// The host has the port open until it drops the stream.
    pub fn port(&mut self, port: usize) -> Option<UnixStream> {
        match self.hosts.get_mut(PortId::numbered(port)?.0)? {
            HostEnd::Stream(stream) => stream.take(),
            HostEnd::Path(_) => None,
        }
    }

    /// The path of a port that is a pseudo-terminal: a link, which stays the same when the port is unplugged and
    /// comes back.
    pub fn path(&self, port: usize) -> Option<&Path> {
        match self.hosts.get(PortId::numbered(port)?.0)? {
            HostEnd::Path(path) => Some(path),
            HostEnd::Stream(_) => None,
        }
    }

    /// The folder that the modem's FTP server serves.
    pub fn root(&self) -> &Path {
        self.server.root()
    }

    /// Where an FTP client of this machine reaches that server.
    pub fn ftp(&self) -> SocketAddr {
        self.server.address()
    }

    /// The way to the modem for tasks of a test of ours.
    #[cfg(test)]
    pub(crate) fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Who judges the run.
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Applies a fault (a [`Fault`], or the lines of a `[[fault]]`), or has it wait for its trigger. Gives its name.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn inject(&self, fault: impl Into<Fault>) -> Result<String, Mistakes> {
        let rule = Mistakes::rule(fault)?;
        let name = self.ask(|machine, now| {
            let name = machine.world().faults().add(now, rule);
            machine.world_mut().act(now);
            name
        });
        Ok(name.await)
    }

    /// The same, until the guard is dropped.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn fault(&self, fault: impl Into<Fault>) -> Result<FaultGuard, Mistakes> {
        let name = self.inject(fault).await?;
        Ok(FaultGuard::new(self.handle.clone(), name))
    }

    /// Applies the fault with this name now, whatever its trigger; false where there is none.
    pub async fn inject_named(&self, name: &str) -> bool {
        let name = name.to_owned();
        self.ask(move |machine, now| {
            let there = machine.world().faults().inject(now, &name);
            machine.world_mut().act(now);
            there
        })
        .await
    }

    /// Lifts the fault with this name: it ends, and waits for nothing any more. False where it neither holds nor waits.
    pub async fn lift(&self, name: &str) -> bool {
        let name = name.to_owned();
        self.ask(move |machine, now| {
            let held = machine.world().faults().lift(now, &name);
            machine.world_mut().act(now);
            held
        })
        .await
    }

    /// Lifts all faults, those that wait among them.
    pub async fn lift_all(&self) {
        self.ask(|machine, now| {
            machine.world().faults().lift_all(now);
            machine.world_mut().act(now);
        })
        .await;
    }

    /// The lines of the trace that explain how things stand: the faults, then what happened last.
    pub fn explanation(&self) -> Vec<String> {
        self.watch.judge().explanation()
    }

    /// How each fault stands.
    pub async fn faults(&self) -> Vec<Status> {
        self.ask(|machine, _| machine.world().faults().status()).await
    }

    /// Has the modem's clock run so many times faster than real time from now on.
    pub async fn set_speed(&self, speed: u32) {
        self.ask(move |machine, _| machine.set_speed(speed)).await;
    }

    /// The time on the modem's clock.
    pub async fn now(&self) -> Now {
        self.ask(|_, now| now).await
    }

    /// The next record of the trace that was not taken yet, from power-on; waits for it. The last 4096 are kept:
    /// where older ones are lost, a [note](crate::trace::Event::Note) in their place tells how many.
    pub async fn record(&mut self) -> Record {
        self.records.next().await.unwrap_or_else(|| gone())
    }

    /// The next record of the trace that is as wanted; those before it are passed over.
    pub async fn wait_for(&mut self, mut wanted: impl FnMut(&Record) -> bool) -> Record {
        loop {
            let record = self.record().await;
            if wanted(&record) {
                return record;
            }
        }
    }

    /// How the expectations of the scenario have fared so far.
    pub async fn verdict(&self) -> Vec<Outcome> {
        let now = self.now().await;
        self.watch.judge().finish(now, self.server.root())
    }

    async fn ask<T: Send + 'static>(&self, job: impl FnOnce(&mut Machine, Now) -> T + Send + 'static) -> T {
        match self.handle.ask(job).await {
            Ok(done) => done,
            Err(Gone) => gone(),
        }
    }
}

/// The modem's task runs until it is dropped: it has ended by a mistake of ours, which a test must not wait out.
fn gone() -> ! {
    panic!("the modem runs no more")
}

impl Drop for Live {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Live").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}
