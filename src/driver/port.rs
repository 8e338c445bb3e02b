//! Serial ports: a pseudo-terminal, the same raw over TCP, or one in memory, under one vocabulary.
//!
//! The event loop owns a [`Port`] and polls it itself; between the kernel and the modem there is no
//! task and no channel. Nothing is written to a port that no host has open: a modem's output does
//! not wait for a host that comes later.

mod line;
mod link;
mod pace;
mod presence;
mod pty;
mod socket;
#[cfg(test)]
mod tests;

pub(super) use line::BAUD;
pub use link::Link;
pub use pace::Pace;
pub use pty::Pty;
pub use socket::Socket;

use crate::disk::why;
use std::future::poll_fn;
use std::io;
use std::path::{Path, PathBuf};
use std::task::{Context, Poll};
use tokio::net::{TcpListener, UnixStream};

/// What happened on a serial port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortEvent {
    /// The host sent so many bytes; they are at the start of the buffer.
    Bytes(usize),
    /// A host has opened the port, which no host had open before.
    HostOpened,
    /// The last host has closed the port. All that it had sent has been handed over, and what it had
    /// not read is gone.
    HostClosed,
    /// The host's baud rate, in bits per second; 115200 until told otherwise.
    Baud(u32),
    /// The host turned DTR on or off, where the port can tell (B0 on a pseudo-terminal).
    Dtr(crate::modem::Level),
    /// The flow control that the host has set; none until told otherwise.
    FlowControl {
        /// RTS and CTS.
        rtscts: bool,
        /// XON and XOFF, in either direction.
        xon: bool,
    },
    /// There may be room for output again. Only where it was asked for.
    Writable,
}

/// A serial port of the modem, with one or more ways in for the host.
#[derive(Debug, Default)]
pub struct Port {
    ends: Vec<End>,
    /// The end that output goes to: the one that was opened last or sent bytes last.
    speaker: usize,
    /// The end that is asked first, in turn, so that a busy one does not starve the others.
    first: usize,
    link: Option<Link>,
    /// Where the link was before the port was unplugged.
    unlinked: Option<PathBuf>,
}

#[derive(Debug)]
struct End {
    kind: Kind,
    open: bool,
}

#[derive(Debug)]
enum Kind {
    Pty(Box<Pty>),
    Socket(Box<Socket>),
    /// A pseudo-terminal that was unplugged.
    Gone,
}

impl Port {
    /// A port on a new pseudo-terminal.
    ///
    /// # Errors
    /// Where the system has no pseudo-terminal to give.
    pub fn pty() -> io::Result<Port> {
        let mut port = Port::default();
        port.add(Kind::Pty(Box::new(Pty::open()?)));
        Ok(port)
    }

    /// A port in memory, open, and the host's side of it. A host that is dropped has closed it.
    ///
    /// # Errors
    /// Where the system gives no socket pair.
    pub fn memory() -> io::Result<(Port, UnixStream)> {
        let (ours, theirs) = UnixStream::pair()?;
        let mut port = Port::default();
        port.add(Kind::Socket(Box::new(Socket::pair(ours))));
        Ok((port, theirs))
    }

    /// Serves the port raw over TCP as well. One caller at a time has it; the next waits.
    pub fn listen(&mut self, listener: TcpListener) {
        self.add(Kind::Socket(Box::new(Socket::listen(listener))));
    }

    /// Keeps a symbolic link at `path` to the pseudo-terminal as long as the port lives.
    ///
    /// # Errors
    /// As [`Link::create`]; `Unsupported` where the port has no pseudo-terminal.
    pub fn link(&mut self, path: &Path) -> io::Result<()> {
        let target = self.path().ok_or(io::ErrorKind::Unsupported)?;
        self.link = Some(Link::create(path, target)?);
        Ok(())
    }

    /// The pseudo-terminal vanishes, and the link to it; its host sees a hang-up, and so does a caller over TCP.
    pub fn unplug(&mut self) {
        // First the link: a host that hears the end and looks for the port at once must not find a dead one.
        self.unlinked = self.link.take().map(|link| link.path().to_owned()).or(self.unlinked.take());
        for end in &mut self.ends {
            match &mut end.kind {
                Kind::Pty(_) => (end.kind, end.open) = (Kind::Gone, false),
                Kind::Socket(socket) if socket.is_listener() => {
                    socket.unplug();
                    end.open = false;
                }
                Kind::Socket(_) | Kind::Gone => {}
            }
        }
    }

    /// The port is there again, on another pseudo-terminal with the same link.
    ///
    /// # Errors
    /// Where the system has no pseudo-terminal to give, or the link cannot be made.
    pub fn replug(&mut self) -> io::Result<()> {
        for end in &mut self.ends {
            match &mut end.kind {
                Kind::Gone => end.kind = Kind::Pty(Box::new(Pty::open()?)),
                Kind::Socket(socket) => socket.replug(),
                Kind::Pty(_) => {}
            }
        }
        if let Some((path, target)) = self.unlinked.as_deref().zip(self.path()) {
            let (link, aside) = Link::create_again(path, target)?;
            if let Some(aside) = aside {
                let (path, aside) = (path.display(), aside.display());
                tracing::warn!(
                    "{path} was written as a plain file while the port was gone: it is {aside} now"
                );
            }
            (self.link, self.unlinked) = (Some(link), None);
        }
        Ok(())
    }

    /// The path of the pseudo-terminal, where there is one.
    pub fn path(&self) -> Option<&Path> {
        self.ends.iter().find_map(|end| match &end.kind {
            Kind::Pty(pty) => Some(pty.path()),
            Kind::Socket(_) | Kind::Gone => None,
        })
    }

    /// Whether a host has the port open.
    pub fn is_open(&self) -> bool {
        self.ends.iter().any(|end| end.open)
    }

    /// Waits for the next event. Bytes are read only as far as `buf` goes; with an empty `buf` none
    /// are, and closing is still noticed. `blocked` asks for [`PortEvent::Writable`].
    ///
    /// Cancel-safe: an event that was not handed over comes again.
    pub async fn event(&mut self, buf: &mut [u8], blocked: bool) -> PortEvent {
        poll_fn(|cx| self.poll_event(cx, buf, blocked)).await
    }

    /// [`Port::event`] for a loop that polls several ports at once.
    pub fn poll_event(&mut self, cx: &mut Context, buf: &mut [u8], blocked: bool) -> Poll<PortEvent> {
        let count = self.ends.len();
        for turn in 0..count {
            let at = (self.first + turn) % count;
            let blocked = blocked && at == self.speaker;
            while let Poll::Ready(event) = self.ends[at].kind.poll_event(cx, buf, blocked) {
                if let Some(event) = self.note(at, event) {
                    return Poll::Ready(event);
                }
            }
        }
        Poll::Pending
    }

    /// Writes what fits, and says how much that was: all of it where no host would get it.
    ///
    /// # Errors
    /// `WouldBlock` where the host does not read; ask for [`PortEvent::Writable`].
    pub fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.ends.get_mut(self.speaker) {
            None => Ok(bytes.len()),
            Some(End { kind: Kind::Gone, .. }) => Ok(bytes.len()),
            Some(End { kind: Kind::Pty(pty), .. }) => pty.try_write(bytes),
            Some(End { kind: Kind::Socket(socket), .. }) => socket.try_write(bytes),
        }
    }

    fn add(&mut self, kind: Kind) {
        self.ends.push(End { kind, open: false });
    }

    /// Keeps the books of which end is open; `None` for what is no event of the port as a whole.
    fn note(&mut self, at: usize, event: PortEvent) -> Option<PortEvent> {
        let was_open = self.is_open();
        match event {
            PortEvent::HostOpened => {
                self.ends[at].open = true;
                self.speaker = at;
                (!was_open).then_some(event)
            }
            PortEvent::HostClosed => {
                self.ends[at].open = false;
                self.speaker = self.ends.iter().position(|end| end.open).unwrap_or(at);
                self.follow_link();
                (!self.is_open()).then_some(event)
            }
            PortEvent::Bytes(_) => {
                self.speaker = at;
                self.first = (at + 1) % self.ends.len();
                Some(event)
            }
            _ => Some(event),
        }
    }

    /// A pseudo-terminal may have had to be replaced when its host closed it.
    fn follow_link(&mut self) {
        let Some(mut link) = self.link.take() else { return };
        if let Some(target) = self.path()
            && let Err(error) = link.point_to(target)
        {
            tracing::warn!("the link to {} cannot be renewed: {}", target.display(), why(&error));
        }
        self.link = Some(link);
    }
}

impl Kind {
    fn poll_event(&mut self, cx: &mut Context, buf: &mut [u8], blocked: bool) -> Poll<PortEvent> {
        match self {
            Kind::Pty(pty) => pty.poll_event(cx, buf, blocked),
            Kind::Socket(socket) => socket.poll_event(cx, buf, blocked),
            Kind::Gone => Poll::Pending,
        }
    }
}
