//! A real TCP listener of `[forward]`.

use super::{News, Order};
use crate::driver::accept;
use crate::network::{IoEvent, IoId};
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

pub(super) async fn listen(
    io: IoId,
    at: SocketAddr,
    mut orders: UnboundedReceiver<Order>,
    tell: UnboundedSender<News>,
) {
    let bound = TcpListener::bind(at).await.and_then(|l| Ok((l.local_addr()?, l)));
    let listener = match bound {
        Ok((local, listener)) => {
            let _ = tell.send(News::Event(IoEvent::Listening { io, local }));
            listener
        }
        Err(e) => {
            let _ = tell.send(News::Event(IoEvent::Failed { io, kind: e.kind() }));
            return;
        }
    };
    loop {
        tokio::select! {
            biased;
            order = orders.recv() => if matches!(order, None | Some(Order::Close | Order::Abort)) {
                return;
            },
            caller = listener.accept() => match caller {
                Ok((stream, from)) => {
                    let _ = tell.send(News::Caller { listener: io, stream, from });
                }
                Err(error) => accept::failed("[forward]", &error).await,
            },
        }
    }
}
