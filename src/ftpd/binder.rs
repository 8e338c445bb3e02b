//! Data sockets with small buffers, on ports that the system picks.

use async_trait::async_trait;
use libunftp::options::Binder;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use tokio::net::TcpSocket;

/// Octets in each direction. With the system's buffers a small file is sent, and 226 said, before
/// the client has read a byte, and a cut would not match its reply.
const BUFFER: u32 = 8 * 1024;

#[derive(Debug)]
pub struct SmallBuffers;

#[async_trait]
impl Binder for SmallBuffers {
    async fn bind(&mut self, local: IpAddr, _: RangeInclusive<u16>) -> io::Result<TcpSocket> {
        let socket = match local {
            IpAddr::V4(_) => TcpSocket::new_v4()?,
            IpAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.set_send_buffer_size(BUFFER)?;
        socket.set_recv_buffer_size(BUFFER)?;
        socket.bind(SocketAddr::new(local, 0))?;
        Ok(socket)
    }
}
