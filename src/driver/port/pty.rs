//! A serial port on a pseudo-terminal, which hosts open and close as they like.
//!
//! A master whose host has gone is hung up for good in the eyes of the reactor, so it is registered
//! anew for each host. What the host had not read lies in the host's side, which only the host's side
//! can flush: it is opened for a moment to that end.

use super::PortEvent;
use super::line::{self, LineSettings};
use super::presence::{Change, Presence};
use crate::disk::{named, why};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::termios::{QueueSelector, tcflush};
use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::io::Interest;
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

/// How often the host's settings are looked at while nothing else happens; without inotify, its
/// coming too.
const LOOK: Duration = Duration::from_millis(50);
/// The settings are not looked at more often than this, which costs as much as reading does.
const SELDOM: Duration = Duration::from_millis(2);

/// A pseudo-terminal.
#[derive(Debug)]
pub struct Pty {
    master: OwnedFd,
    path: PathBuf,
    open: Option<Open>,
    /// The host has gone; what it sent is still being read.
    hung_up: bool,
    presence: Option<Presence>,
    look: Interval,
    line: LineSettings,
    looked: Instant,
    events: VecDeque<PortEvent>,
}

/// The master in the reactor, while a host has the port open. Pipes by name only: tokio's own wrapper
/// for any descriptor cannot be made without `unsafe`.
#[derive(Debug)]
struct Open {
    input: Receiver,
    /// Only while output waits for room: the reactor would else wake up at each answer that is read.
    output: Option<Sender>,
}

impl Open {
    fn new(master: &OwnedFd) -> io::Result<Open> {
        Ok(Open { input: Receiver::from_owned_fd_unchecked(master.try_clone()?)?, output: None })
    }

    fn poll_write_ready(&mut self, cx: &mut Context, master: &OwnedFd) -> Poll<io::Result<()>> {
        let output = match self.output.take() {
            Some(output) => output,
            None => Sender::from_owned_fd_unchecked(master.try_clone()?)?,
        };
        self.output.insert(output).poll_write_ready(cx)
    }

    /// There is no room for output, whatever the reactor holds to be true.
    fn full(&self) {
        if let Some(output) = &self.output {
            let _ = output.try_io(|| Err::<(), _>(io::ErrorKind::WouldBlock.into()));
        }
    }

    /// Whether the reactor has seen a hang-up, now that `input` is ready.
    fn hung_up(&self) -> bool {
        match pin!(self.input.ready(Interest::READABLE)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(ready)) => ready.is_read_closed(),
            _ => false,
        }
    }
}

impl Pty {
    /// A new pseudo-terminal, raw, at 115200 baud. Needs a tokio runtime.
    ///
    /// # Errors
    /// Where the system has no pseudo-terminal to give.
    pub fn open() -> io::Result<Pty> {
        let (master, path) = allocate()?;
        line::make_raw(&master)?;
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Pty {
            presence: watch(&path),
            master,
            path,
            open: None,
            hung_up: false,
            look,
            line: LineSettings::default(),
            looked: Instant::now(),
            events: VecDeque::new(),
        })
    }

    /// What the host opens. It changes only where a host has claimed the port for itself for ever
    /// (`TIOCEXCL`) and the system has given its name away meanwhile.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// As [`Port::poll_event`](super::Port::poll_event).
    pub fn poll_event(&mut self, cx: &mut Context, buf: &mut [u8], blocked: bool) -> Poll<PortEvent> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Poll::Ready(event);
            }
            if self.open.is_none() {
                ready!(self.poll_host(cx));
            } else if let Some(event) = ready!(self.poll_open(cx, buf, blocked)) {
                return Poll::Ready(event);
            }
        }
    }

    /// As [`Port::try_write`](super::Port::try_write).
    ///
    /// # Errors
    /// `WouldBlock`, and no other.
    pub fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(open) = self.open.as_ref().filter(|_| !self.hung_up) else { return Ok(bytes.len()) };
        // Past the reactor, which does not yet know a host that has only just come.
        match rustix::io::write(&self.master, bytes) {
            Err(Errno::AGAIN) => {
                open.full();
                Err(io::ErrorKind::WouldBlock.into())
            }
            Err(_) => Ok(bytes.len()),
            Ok(n) => {
                // A write at once into the little room that comes next would leave ever less of it.
                if n < bytes.len() {
                    open.full();
                }
                Ok(n)
            }
        }
    }

    /// Waits for a host.
    fn poll_host(&mut self, cx: &mut Context) -> Poll<()> {
        let mut came = false;
        loop {
            if let Some(presence) = &mut self.presence {
                came |= presence.look() == Some(Change::New);
            }
            let state = self.state();
            // A host that has come, sent and gone since the last look left its bytes.
            if !state.contains(PollFlags::HUP) || state.contains(PollFlags::IN) {
                if self.opened() {
                    return Poll::Ready(());
                }
                ready!(self.look.poll_tick(cx));
                continue;
            }
            if came {
                // It has gone again, and has sent nothing.
                self.forget();
                self.events.extend([PortEvent::HostOpened, PortEvent::HostClosed]);
                return Poll::Ready(());
            }
            match &mut self.presence {
                Some(presence) => {
                    presence.correct(false);
                    came = ready!(presence.poll_change(cx)) == Change::New;
                }
                None => {
                    ready!(self.look.poll_tick(cx));
                }
            }
        }
    }

    /// `None`: look at `events`, or again.
    fn poll_open(&mut self, cx: &mut Context, buf: &mut [u8], blocked: bool) -> Poll<Option<PortEvent>> {
        if let Some(Poll::Ready(change)) = self.presence.as_mut().map(|p| p.poll_change(cx)) {
            self.presence_changed(change);
            return Poll::Ready(None);
        }
        if self.look.poll_tick(cx).is_ready() {
            self.follow_line();
            return Poll::Ready(None);
        }
        if buf.is_empty() {
            if self.hung_up && !self.state().contains(PollFlags::IN) {
                self.gone();
                return Poll::Ready(None);
            }
        } else if let Poll::Ready(event) = self.poll_read(cx, buf) {
            return Poll::Ready(event);
        }
        let Some(open) = &mut self.open else { return Poll::Ready(None) };
        if !blocked {
            open.output = None;
        } else if self.hung_up || open.poll_write_ready(cx, &self.master).is_ready() {
            return Poll::Ready(Some(PortEvent::Writable));
        }
        Poll::Pending
    }

    fn poll_read(&mut self, cx: &mut Context, buf: &mut [u8]) -> Poll<Option<PortEvent>> {
        let Some(open) = &self.open else { return Poll::Ready(None) };
        loop {
            if ready!(open.input.poll_read_ready(cx)).is_err() {
                return Poll::Pending;
            }
            self.hung_up |= open.hung_up();
            // What is there now is this host's, if it turns out below that no other has come.
            let state = self.state();
            if self.hung_up && !state.contains(PollFlags::HUP) {
                self.reopened();
                return Poll::Ready(None);
            }
            self.hung_up |= state.contains(PollFlags::HUP);
            if self.hung_up && !state.contains(PollFlags::IN) {
                self.gone();
                return Poll::Ready(None);
            }
            if let Some(change) = self.presence.as_mut().and_then(Presence::look) {
                self.presence_changed(change);
                return Poll::Ready(None);
            }
            // The settings first: they are older than the bytes.
            if self.looked.elapsed() >= SELDOM {
                self.follow_line();
                return Poll::Ready(None);
            }
            let read = match state.contains(PollFlags::IN) {
                true => open.input.try_read(buf),
                false => open.input.try_io(|| Err(io::ErrorKind::WouldBlock.into())),
            };
            match read {
                Ok(n @ 1..) => return Poll::Ready(Some(PortEvent::Bytes(n))),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => (),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
                Ok(0) | Err(_) => {
                    self.gone();
                    return Poll::Ready(None);
                }
            }
        }
    }

    /// Whether the host's side is closed everywhere (`HUP`), and whether there is something to read.
    fn state(&self) -> PollFlags {
        let mut fds = [PollFd::new(&self.master, PollFlags::IN)];
        match poll(&mut fds, Some(&Timespec::default())) {
            Ok(_) => fds[0].revents(),
            Err(_) => PollFlags::empty(),
        }
    }

    fn presence_changed(&mut self, change: Change) {
        let hung_up = self.state().contains(PollFlags::HUP);
        self.hung_up |= hung_up;
        if hung_up {
            return;
        }
        if change == Change::New {
            self.reopened();
        }
    }

    /// A host has come; false where there is no room for it in the reactor now.
    fn opened(&mut self) -> bool {
        match Open::new(&self.master) {
            Ok(open) => self.open = Some(open),
            Err(error) => {
                tracing::error!("{} cannot be served: {}", self.path.display(), why(&error));
                return false;
            }
        }
        self.hung_up = false;
        if let Some(presence) = &mut self.presence {
            presence.correct(true);
        }
        self.events.push_back(PortEvent::HostOpened);
        self.follow_line();
        true
    }

    fn follow_line(&mut self) {
        self.looked = Instant::now();
        self.events.extend(self.line.update(self.master.as_fd()));
    }

    /// As [`Pty::closed`], and no other has come that might be setting up the line now.
    fn gone(&mut self) {
        self.forget();
        self.closed();
    }

    fn forget(&self) {
        if let Err(error) = line::forget(&self.master) {
            tracing::debug!("{} keeps its settings: {error}", self.path.display());
        }
    }

    /// The last host has gone, and all that it sent has been read.
    fn closed(&mut self) {
        self.open = None;
        self.hung_up = false;
        self.line.hang_up();
        self.events.push_back(PortEvent::HostClosed);
        self.flush();
    }

    /// The last host has gone and another has come. Bytes that are there may be from either.
    fn reopened(&mut self) {
        self.closed();
        self.opened();
    }

    /// Drops what the host has not read; what it has sent stays.
    fn flush(&mut self) {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        match rustix::fs::open(&self.path, flags, Mode::empty()) {
            Ok(host_side) => {
                let _ = tcflush(host_side, QueueSelector::IFlush);
            }
            Err(Errno::BUSY) if self.state().contains(PollFlags::HUP) => self.replace(),
            Err(error) => tracing::debug!("{} is not flushed: {error}", self.path.display()),
        }
        if let Some(presence) = &mut self.presence {
            // Our own coming and going.
            presence.look();
        }
    }

    /// A host has claimed the port for itself (`TIOCEXCL`), and on a pseudo-terminal that outlives
    /// it: nobody could open the port again. Another takes its place.
    fn replace(&mut self) {
        if let Err(error) = self.try_replace() {
            tracing::error!("{} stays locked: {error}", self.path.display());
        }
    }

    fn try_replace(&mut self) -> io::Result<()> {
        let (master, path) = allocate()?;
        line::copy(&self.master, &master)?;
        // Dropping the old one frees its name, which the next one mostly gets.
        (self.master, self.path) = (master, path);
        let (master, path) = allocate()?;
        line::copy(&self.master, &master)?;
        (self.master, self.path) = (master, path);
        self.presence = watch(&self.path);
        Ok(())
    }
}

fn watch(path: &Path) -> Option<Presence> {
    Presence::watch(path)
        .inspect_err(|error| {
            tracing::warn!("{} is polled, for want of inotify: {}", path.display(), why(error));
        })
        .ok()
}

/// A master that does not block, and the path of its host's side, which is closed.
fn allocate() -> io::Result<(OwnedFd, PathBuf)> {
    let (pty, _) = pty_process::blocking::open().map_err(|e| {
        let error = match e {
            pty_process::Error::Io(error) => error,
            pty_process::Error::Rustix(error) => error.into(),
        };
        named("/dev/ptmx")(error)
    })?;
    let path = PathBuf::from(OsStr::from_bytes(rustix::pty::ptsname(&pty, vec![])?.as_bytes()));
    let master = OwnedFd::from(pty);
    rustix::io::ioctl_fionbio(&master, true)?;
    Ok((master, path))
}
