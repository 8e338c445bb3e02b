//! Real sockets: executes what the [`network`](crate::network) asks, one task per socket.
//!
//! The channels have no bound of their own: what they hold is bounded by read credit one way and by
//! what the network lets run ahead the other way.

mod listener;
mod tcp;
mod udp;

use crate::network::{IoEvent, IoId, IoRequest};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// The numbers of accepted connections, apart from those that the network gives.
const ACCEPTED: u32 = 0x8000_0000;

/// What a socket's task is told.
#[derive(Debug)]
enum Order {
    Send(Bytes),
    SendTo(SocketAddr, Bytes),
    Allow(usize),
    Shutdown,
    Close,
    Abort,
}

/// What a socket's task tells.
#[derive(Debug)]
enum News {
    Event(IoEvent),
    Caller { listener: IoId, stream: TcpStream, from: SocketAddr },
}

/// The real sockets of one network. Dropping it resets them all.
pub struct Io {
    tasks: BTreeMap<IoId, UnboundedSender<Order>>,
    news: UnboundedReceiver<News>,
    tell: UnboundedSender<News>,
    accepted: u32,
}

impl Default for Io {
    fn default() -> Self {
        Io::new()
    }
}

impl Io {
    /// No socket yet.
    pub fn new() -> Io {
        let (tell, news) = mpsc::unbounded_channel();
        Io { tasks: BTreeMap::new(), news, tell, accepted: 0 }
    }

    /// Carries one request out, within a tokio runtime.
    pub fn execute(&mut self, request: IoRequest) {
        match request {
            IoRequest::Connect { io, to, receive_buffer } => {
                let orders = self.register(io);
                tokio::spawn(tcp::connect(io, to, receive_buffer, orders, self.tell.clone()));
            }
            IoRequest::OpenUdp { io, to } => {
                let orders = self.register(io);
                tokio::spawn(udp::speak(io, to, orders, self.tell.clone()));
            }
            IoRequest::Listen { io, at, udp: false } => {
                let orders = self.register(io);
                tokio::spawn(listener::listen(io, at, orders, self.tell.clone()));
            }
            IoRequest::Listen { io, at, udp: true } => {
                let orders = self.register(io);
                tokio::spawn(udp::listen(io, at, orders, self.tell.clone()));
            }
            IoRequest::Send { io, bytes } => self.order(io, Order::Send(bytes)),
            IoRequest::SendTo { io, to, bytes } => self.order(io, Order::SendTo(to, bytes)),
            IoRequest::Allow { io, n } => self.order(io, Order::Allow(n)),
            IoRequest::Shutdown { io } => self.order(io, Order::Shutdown),
            IoRequest::Close { io } => self.last_order(io, Order::Close),
            IoRequest::Abort { io } => self.last_order(io, Order::Abort),
        }
    }

    /// The next event. Cancelling it loses none.
    pub async fn next(&mut self) -> IoEvent {
        loop {
            // The channel cannot end: a sender of it is ours.
            if let Some(news) = self.news.recv().await {
                return self.take(news);
            }
        }
    }

    /// The next event, if it is there already.
    pub fn try_next(&mut self) -> Option<IoEvent> {
        let news = self.news.try_recv().ok()?;
        Some(self.take(news))
    }

    fn take(&mut self, news: News) -> IoEvent {
        match news {
            News::Event(event) => {
                if let IoEvent::Failed { io, .. } | IoEvent::Reset { io } = event {
                    self.tasks.remove(&io);
                }
                event
            }
            News::Caller { listener, stream, from } => {
                let io = IoId(ACCEPTED | self.accepted);
                self.accepted = (self.accepted + 1) % ACCEPTED;
                let orders = self.register(io);
                tokio::spawn(tcp::serve(io, stream, orders, self.tell.clone()));
                IoEvent::Accepted { listener, io, from }
            }
        }
    }

    fn register(&mut self, io: IoId) -> UnboundedReceiver<Order> {
        let (orders, task) = mpsc::unbounded_channel();
        self.tasks.insert(io, orders);
        task
    }

    fn order(&mut self, io: IoId, order: Order) {
        if let Some(task) = self.tasks.get(&io) {
            // A task that has ended has told why, or will be found to have.
            let _ = task.send(order);
        }
    }

    fn last_order(&mut self, io: IoId, order: Order) {
        self.order(io, order);
        self.tasks.remove(&io);
    }
}

#[cfg(test)]
mod tests;
