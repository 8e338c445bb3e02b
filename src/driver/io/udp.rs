//! Real UDP sockets: one that speaks with one peer, one that hears everybody.

use super::{News, Order};
use crate::network::{IoEvent, IoId};
use bytes::Bytes;
use std::io::Result;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::net::UdpSocket;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

/// The largest datagram that IP carries.
const LARGEST: usize = 65535;

/// Speaks with one peer.
pub(super) async fn speak(
    io: IoId,
    to: SocketAddr,
    orders: UnboundedReceiver<Order>,
    tell: UnboundedSender<News>,
) {
    let opened = async {
        let socket = UdpSocket::bind(any(to)).await?;
        socket.connect(to).await?;
        Ok((socket.local_addr()?, socket))
    };
    match opened.await {
        Ok((local, socket)) => {
            let _ = tell.send(News::Event(IoEvent::Connected { io, local }));
            run(io, socket, orders, tell).await;
        }
        Err(e) => fail(io, e, &tell),
    }
}

/// Hears everybody.
pub(super) async fn listen(
    io: IoId,
    at: SocketAddr,
    orders: UnboundedReceiver<Order>,
    tell: UnboundedSender<News>,
) {
    match UdpSocket::bind(at).await.and_then(|s| Ok((s.local_addr()?, s))) {
        Ok((local, socket)) => {
            let _ = tell.send(News::Event(IoEvent::Listening { io, local }));
            run(io, socket, orders, tell).await;
        }
        Err(e) => fail(io, e, &tell),
    }
}

fn any(to: SocketAddr) -> SocketAddr {
    match to {
        SocketAddr::V4(v4) if v4.ip().is_loopback() => (Ipv4Addr::LOCALHOST, 0).into(),
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(v6) if v6.ip().is_loopback() => (Ipv6Addr::LOCALHOST, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}

fn fail(io: IoId, error: std::io::Error, tell: &UnboundedSender<News>) {
    let _ = tell.send(News::Event(IoEvent::Failed { io, kind: error.kind() }));
}

async fn run(io: IoId, socket: UdpSocket, mut orders: UnboundedReceiver<Order>, tell: UnboundedSender<News>) {
    let mut buffer = vec![0; LARGEST];
    loop {
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                None | Some(Order::Close | Order::Abort) => return,
                Some(order) => send(io, &socket, order, &tell).await,
            },
            // An error here is the echo of an earlier send (ICMP): UDP does not mind.
            received = socket.recv_from(&mut buffer) => if let Ok((n, from)) = received {
                let bytes = Bytes::copy_from_slice(&buffer[..n]);
                let _ = tell.send(News::Event(IoEvent::Datagram { io, from, bytes }));
            },
        }
    }
}

async fn send(io: IoId, socket: &UdpSocket, order: Order, tell: &UnboundedSender<News>) {
    let sent: Result<usize> = match order {
        Order::Send(bytes) => socket.send(&bytes).await,
        Order::SendTo(to, bytes) => socket.send_to(&bytes, to).await,
        Order::Allow(_) | Order::Shutdown | Order::Close | Order::Abort => return,
    };
    // What cannot be sent is lost, as a datagram may be.
    if let Ok(n) = sent {
        let _ = tell.send(News::Event(IoEvent::Sent { io, n }));
    }
}
