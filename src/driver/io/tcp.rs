//! One real TCP connection.

use super::{News, Order};
use crate::network::{IoEvent, IoId};
use bytes::{BufMut, Bytes, BytesMut};
use std::collections::VecDeque;
use std::io::{ErrorKind, IoSlice, Result};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

/// One read takes no more.
const READ: usize = 64 * 1024;
/// So many pieces go out in one write.
const SLICES: usize = 64;
/// A far end that neither takes, sends nor closes is left to itself after this (real time).
const LINGER: Duration = Duration::from_secs(5);

/// Connects, then serves the connection.
pub(super) async fn connect(
    io: IoId,
    to: SocketAddr,
    receive_buffer: Option<u32>,
    mut orders: UnboundedReceiver<Order>,
    tell: UnboundedSender<News>,
) {
    let mut early = VecDeque::new();
    let opening = open(to, receive_buffer);
    tokio::pin!(opening);
    let opened = loop {
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                None | Some(Order::Close | Order::Abort) => return,
                Some(order) => early.push_back(order),
            },
            opened = &mut opening => break opened,
        }
    };
    let event = match opened.and_then(|stream| Ok((stream.local_addr()?, stream))) {
        Ok((local, stream)) => {
            let _ = tell.send(News::Event(IoEvent::Connected { io, local }));
            return run(io, stream, early, orders, tell).await;
        }
        Err(e) => IoEvent::Failed { io, kind: e.kind() },
    };
    let _ = tell.send(News::Event(event));
}

/// Serves an accepted connection.
pub(super) async fn serve(
    io: IoId,
    stream: TcpStream,
    orders: UnboundedReceiver<Order>,
    tell: UnboundedSender<News>,
) {
    run(io, stream, VecDeque::new(), orders, tell).await;
}

async fn open(to: SocketAddr, receive_buffer: Option<u32>) -> Result<TcpStream> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(size) = receive_buffer {
        socket.set_recv_buffer_size(size)?;
    }
    socket.connect(to).await
}

async fn run(
    io: IoId,
    stream: TcpStream,
    early: VecDeque<Order>,
    orders: UnboundedReceiver<Order>,
    tell: UnboundedSender<News>,
) {
    // Small writes are the module's own segments: they go out as they come.
    let _ = stream.set_nodelay(true);
    let mut tcp = Tcp {
        io,
        stream,
        tell,
        credit: 0,
        buffer: BytesMut::new(),
        out: VecDeque::new(),
        eof: false,
        finish: Finish::Open,
    };
    let ended = tcp.serve(early, orders).await;
    if ended.is_err() {
        let _ = tcp.tell.send(News::Event(IoEvent::Reset { io }));
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finish {
    Open,
    /// FIN follows what is still to be sent.
    Shutdown,
    Shut,
    /// FIN follows what is still to be sent, and nobody wants to hear more.
    Close,
}

struct Tcp {
    io: IoId,
    stream: TcpStream,
    tell: UnboundedSender<News>,
    credit: usize,
    buffer: BytesMut,
    out: VecDeque<Bytes>,
    eof: bool,
    finish: Finish,
}

impl Tcp {
    async fn serve(&mut self, early: VecDeque<Order>, mut orders: UnboundedReceiver<Order>) -> Result<()> {
        for order in early {
            self.obey(order)?;
        }
        loop {
            match self.finish {
                Finish::Shutdown if self.out.is_empty() => {
                    self.stream.shutdown().await?;
                    self.finish = Finish::Shut;
                }
                Finish::Close => {
                    self.leave().await;
                    return Ok(());
                }
                Finish::Open | Finish::Shutdown | Finish::Shut => {}
            }
            let read = self.credit > 0 && !self.eof;
            let interest = match (read, !self.out.is_empty()) {
                (true, true) => Some(Interest::READABLE | Interest::WRITABLE),
                (true, false) => Some(Interest::READABLE),
                (false, true) => Some(Interest::WRITABLE),
                (false, false) => None,
            };
            tokio::select! {
                biased;
                order = orders.recv() => {
                    let mut order = order.or(Some(Order::Abort));
                    while let Some(next) = order {
                        if !self.obey(next)? {
                            return Ok(());
                        }
                        order = orders.try_recv().ok();
                    }
                }
                ready = self.stream.ready(interest.unwrap_or(Interest::READABLE)), if interest.is_some() => {
                    let ready = ready?;
                    if ready.is_writable() || ready.is_error() {
                        self.write()?;
                    }
                    if read && ready.is_readable() {
                        self.read()?;
                    }
                }
            }
        }
    }

    /// False where that was the end of it.
    fn obey(&mut self, order: Order) -> Result<bool> {
        match order {
            Order::Send(bytes) | Order::SendTo(_, bytes) => self.out.push_back(bytes),
            Order::Allow(n) => self.credit = self.credit.saturating_add(n),
            Order::Shutdown if self.finish == Finish::Open => self.finish = Finish::Shutdown,
            Order::Shutdown => {}
            Order::Close => self.finish = Finish::Close,
            Order::Abort => {
                self.stream.set_zero_linger()?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn read(&mut self) -> Result<()> {
        if self.buffer.capacity() < READ / 4 {
            self.buffer.reserve(READ);
        }
        match self.stream.try_read_buf(&mut (&mut self.buffer).limit(self.credit)) {
            Ok(0) => {
                self.eof = true;
                self.tell(IoEvent::Eof { io: self.io });
            }
            Ok(n) => {
                self.credit -= n;
                let bytes = self.buffer.split().freeze();
                self.tell(IoEvent::Data { io: self.io, bytes });
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => {}
            Err(e) => return Err(e),
        }
        Ok(())
    }

    fn write(&mut self) -> Result<()> {
        while !self.out.is_empty() {
            let slices: Vec<IoSlice<'_>> = self.out.iter().take(SLICES).map(|b| IoSlice::new(b)).collect();
            match self.stream.try_write_vectored(&slices) {
                Ok(n) => self.sent(n),
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    fn sent(&mut self, n: usize) {
        let mut left = n;
        while let Some(front) = self.out.front_mut().filter(|_| left > 0) {
            let part = front.len().min(left);
            left -= part;
            if part == front.len() {
                self.out.pop_front();
            } else {
                *front = front.slice(part..);
            }
        }
        self.tell(IoEvent::Sent { io: self.io, n });
    }

    fn tell(&self, event: IoEvent) {
        let _ = self.tell.send(News::Event(event));
    }

    /// Closes so that what was sent arrives: unread octets at the close would turn it into a reset.
    async fn leave(&mut self) {
        let mut sink = BytesMut::with_capacity(READ);
        let mut shut = false;
        loop {
            let interest = match (shut, self.eof) {
                (true, true) => return,
                (true, false) => Interest::READABLE,
                (false, true) => Interest::WRITABLE,
                (false, false) => Interest::READABLE | Interest::WRITABLE,
            };
            let Ok(Ok(ready)) = tokio::time::timeout(LINGER, self.stream.ready(interest)).await else {
                return;
            };
            if !shut && (ready.is_writable() || ready.is_error()) {
                if self.write().is_err() {
                    return;
                }
                if self.out.is_empty() {
                    shut = true;
                    if self.stream.shutdown().await.is_err() {
                        return;
                    }
                }
            }
            if !self.eof && ready.is_readable() {
                sink.clear();
                match self.stream.try_read_buf(&mut sink) {
                    Ok(0) => self.eof = true,
                    Ok(_) => {}
                    Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                    Err(_) => return,
                }
            }
        }
    }
}
