//! A serial port raw over a stream socket: a TCP listener that serves one caller after the other, or
//! one end of a pair in memory.

use super::PortEvent;
use crate::driver::accept;
use std::io;
use std::task::{Context, Poll, ready};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// Read ahead only to learn whether the host is still there; more would defeat back-pressure.
const AHEAD: usize = 64;

/// A port over a stream socket.
#[derive(Debug)]
pub struct Socket {
    listener: Option<TcpListener>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nobody is there.
    Waiting,
    /// The port is not there.
    Unplugged,
    /// Connected, and not yet told.
    New(Stream),
    Open {
        stream: Stream,
        ahead: Vec<u8>,
        /// A write has failed: only what the host had sent is still of use.
        broken: bool,
    },
}

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    /// Serves the callers of `listener`, one at a time; the others wait in its backlog.
    pub fn listen(listener: TcpListener) -> Socket {
        Socket { listener: Some(listener), state: State::Waiting }
    }

    /// Serves the other end of `stream`, once.
    pub fn pair(stream: UnixStream) -> Socket {
        Socket { listener: None, state: State::New(Stream::Unix(stream)) }
    }

    /// Whether it has callers. The other end of a pair could not call again.
    pub fn is_listener(&self) -> bool {
        self.listener.is_some()
    }

    /// Hangs up on the caller; the next ones wait until the port is there again.
    pub fn unplug(&mut self) {
        self.state = State::Unplugged;
    }

    /// The port is there again.
    pub fn replug(&mut self) {
        if let State::Unplugged = self.state {
            self.state = State::Waiting;
        }
    }

    /// As [`Port::poll_event`](super::Port::poll_event).
    pub fn poll_event(&mut self, cx: &mut Context, buf: &mut [u8], blocked: bool) -> Poll<PortEvent> {
        match std::mem::replace(&mut self.state, State::Waiting) {
            State::Unplugged => {
                self.state = State::Unplugged;
                Poll::Pending
            }
            State::Waiting => {
                self.state = State::New(ready!(self.poll_accept(cx)));
                self.poll_event(cx, buf, blocked)
            }
            State::New(stream) => {
                self.state = State::Open { stream, ahead: vec![], broken: false };
                Poll::Ready(PortEvent::HostOpened)
            }
            State::Open { stream, mut ahead, broken } => {
                let event = stream.poll_event(cx, buf, &mut ahead, broken, blocked);
                if event != Poll::Ready(PortEvent::HostClosed) {
                    self.state = State::Open { stream, ahead, broken };
                }
                event
            }
        }
    }

    /// As [`Port::try_write`](super::Port::try_write).
    ///
    /// # Errors
    /// `WouldBlock`, and no other.
    pub fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let State::Open { stream, broken: broken @ false, .. } = &mut self.state else {
            return Ok(bytes.len());
        };
        let done = match stream {
            Stream::Tcp(tcp) => tcp.try_write(bytes),
            Stream::Unix(unix) => unix.try_write(bytes),
        };
        match done {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                *broken = true;
                Ok(bytes.len())
            }
            done => done,
        }
    }

    fn poll_accept(&self, cx: &mut Context) -> Poll<Stream> {
        let Some(listener) = &self.listener else { return Poll::Pending };
        loop {
            match ready!(listener.poll_accept(cx)) {
                Ok((stream, from)) => {
                    tracing::debug!("{from} opens the serial port");
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!("no TCP_NODELAY: {error}");
                    }
                    return Poll::Ready(Stream::Tcp(stream));
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => (),
                Err(error) => {
                    let waker = cx.waker().clone();
                    tokio::spawn(async move {
                        accept::failed("the serial port", &error).await;
                        waker.wake();
                    });
                    return Poll::Pending;
                }
            }
        }
    }
}

impl Stream {
    fn poll_event(
        &self,
        cx: &mut Context,
        buf: &mut [u8],
        ahead: &mut Vec<u8>,
        broken: bool,
        blocked: bool,
    ) -> Poll<PortEvent> {
        if !buf.is_empty() && !ahead.is_empty() {
            let n = ahead.len().min(buf.len());
            buf[..n].copy_from_slice(&ahead[..n]);
            ahead.drain(..n);
            return Poll::Ready(PortEvent::Bytes(n));
        }
        if buf.is_empty() && broken {
            return Poll::Ready(PortEvent::HostClosed);
        }
        if !buf.is_empty() {
            match self.poll_read(cx, buf) {
                Poll::Ready(Ok(n @ 1..)) => return Poll::Ready(PortEvent::Bytes(n)),
                Poll::Ready(_) => return Poll::Ready(PortEvent::HostClosed),
                Poll::Pending => (),
            }
        } else if ahead.is_empty() {
            let mut some = [0; AHEAD];
            match self.poll_read(cx, &mut some) {
                Poll::Ready(Ok(n @ 1..)) => ahead.extend_from_slice(&some[..n]),
                Poll::Ready(_) => return Poll::Ready(PortEvent::HostClosed),
                Poll::Pending => (),
            }
        }
        if blocked && self.poll_write_ready(cx).is_ready() {
            return Poll::Ready(PortEvent::Writable);
        }
        Poll::Pending
    }

    fn poll_read(&self, cx: &mut Context, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            let read = match self {
                Stream::Tcp(tcp) => {
                    ready!(tcp.poll_read_ready(cx))?;
                    tcp.try_read(buf)
                }
                Stream::Unix(unix) => {
                    ready!(unix.poll_read_ready(cx))?;
                    unix.try_read(buf)
                }
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => (),
                read => return Poll::Ready(read),
            }
        }
    }

    fn poll_write_ready(&self, cx: &mut Context) -> Poll<io::Result<()>> {
        match self {
            Stream::Tcp(tcp) => tcp.poll_write_ready(cx),
            Stream::Unix(unix) => unix.poll_write_ready(cx),
        }
    }
}
