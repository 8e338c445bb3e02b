//! Real sockets on loopback.

use super::*;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

const IO: IoId = IoId(7);
const HERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

async fn connected(io: &mut Io, receive_buffer: Option<u32>) -> TcpStream {
    let listener = TcpListener::bind(HERE).await.unwrap();
    let to = listener.local_addr().unwrap();
    io.execute(IoRequest::Connect { io: IO, to, receive_buffer });
    let stream = listener.accept().await.unwrap().0;
    assert!(matches!(io.next().await, IoEvent::Connected { io: IO, .. }));
    stream
}

#[tokio::test]
async fn credit_limits_what_is_read() {
    let mut io = Io::new();
    let mut far = connected(&mut io, None).await;
    far.write_all(b"0123456789").await.unwrap();
    io.execute(IoRequest::Allow { io: IO, n: 4 });
    assert_eq!(io.next().await, IoEvent::Data { io: IO, bytes: "0123".into() });
    drop(far);
    io.execute(IoRequest::Allow { io: IO, n: 100 });
    assert_eq!(io.next().await, IoEvent::Data { io: IO, bytes: "456789".into() });
    assert_eq!(io.next().await, IoEvent::Eof { io: IO });
}

#[tokio::test]
async fn a_shutdown_follows_what_was_sent_and_reading_goes_on() {
    let mut io = Io::new();
    let mut far = connected(&mut io, None).await;
    io.execute(IoRequest::Send { io: IO, bytes: "up".into() });
    io.execute(IoRequest::Shutdown { io: IO });
    io.execute(IoRequest::Allow { io: IO, n: 100 });
    let mut got = vec![];
    far.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"up");
    far.write_all(b"down").await.unwrap();
    assert_eq!(io.next().await, IoEvent::Sent { io: IO, n: 2 });
    assert_eq!(io.next().await, IoEvent::Data { io: IO, bytes: "down".into() });
}

#[tokio::test]
async fn a_close_loses_nothing_and_an_abort_resets() {
    let mut io = Io::new();
    let mut far = connected(&mut io, None).await;
    far.write_all(b"never read").await.unwrap();
    let big = Bytes::from(vec![9; 1 << 20]);
    io.execute(IoRequest::Send { io: IO, bytes: big.clone() });
    io.execute(IoRequest::Close { io: IO });
    let mut got = vec![];
    far.read_to_end(&mut got).await.unwrap();
    assert_eq!(got.len(), big.len());

    let mut io = Io::new();
    let mut far = connected(&mut io, None).await;
    io.execute(IoRequest::Abort { io: IO });
    assert_eq!(far.read(&mut [0; 8]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_reset_and_a_refusal_are_told() {
    let mut io = Io::new();
    let far = connected(&mut io, None).await;
    io.execute(IoRequest::Allow { io: IO, n: 100 });
    far.set_zero_linger().unwrap();
    drop(far);
    assert_eq!(io.next().await, IoEvent::Reset { io: IO });

    let listener = TcpListener::bind(HERE).await.unwrap();
    let to = listener.local_addr().unwrap();
    drop(listener);
    io.execute(IoRequest::Connect { io: IoId(8), to, receive_buffer: None });
    assert_eq!(io.next().await, IoEvent::Failed { io: IoId(8), kind: ErrorKind::ConnectionRefused });
}

#[tokio::test]
async fn listeners_have_callers() {
    let mut io = Io::new();
    io.execute(IoRequest::Listen { io: IO, at: HERE, udp: false });
    let IoEvent::Listening { local, .. } = io.next().await else { panic!("not listening") };
    let mut far = TcpStream::connect(local).await.unwrap();
    let IoEvent::Accepted { listener: IO, io: caller, from } = io.next().await else { panic!("no caller") };
    assert_eq!(from, far.local_addr().unwrap());
    io.execute(IoRequest::Send { io: caller, bytes: "hello".into() });
    io.execute(IoRequest::Close { io: caller });
    let mut got = String::new();
    far.read_to_string(&mut got).await.unwrap();
    assert_eq!(got, "hello");
}

#[tokio::test]
async fn datagrams_go_both_ways() {
    let mut io = Io::new();
    let echo = UdpSocket::bind(HERE).await.unwrap();
    io.execute(IoRequest::OpenUdp { io: IO, to: echo.local_addr().unwrap() });
    assert!(matches!(io.next().await, IoEvent::Connected { .. }));
    io.execute(IoRequest::Send { io: IO, bytes: "ping".into() });
    let mut buffer = [0; 16];
    let (n, from) = echo.recv_from(&mut buffer).await.unwrap();
    echo.send_to(&buffer[..n], from).await.unwrap();
    assert_eq!(io.next().await, IoEvent::Sent { io: IO, n: 4 });
    let from = echo.local_addr().unwrap();
    assert_eq!(io.next().await, IoEvent::Datagram { io: IO, from, bytes: "ping".into() });

    io.execute(IoRequest::Listen { io: IoId(8), at: HERE, udp: true });
    let IoEvent::Listening { local, .. } = io.next().await else { panic!("not listening") };
    echo.send_to(b"call", local).await.unwrap();
    assert_eq!(io.next().await, IoEvent::Datagram { io: IoId(8), from, bytes: "call".into() });
    io.execute(IoRequest::SendTo { io: IoId(8), to: from, bytes: "back".into() });
    assert_eq!(echo.recv_from(&mut buffer).await.unwrap(), (4, local));
}

#[tokio::test]
async fn sixteen_mebibytes_arrive_whole_through_a_small_buffer() {
    let mut io = Io::new();
    let mut far = connected(&mut io, Some(64 * 1024)).await;
    let total = 16 << 20;
    let sender = tokio::spawn(async move {
        let chunk: Vec<u8> = (0..=255).cycle().take(1 << 16).collect();
        for _ in 0..total >> 16 {
            far.write_all(&chunk).await.unwrap();
        }
    });
    io.execute(IoRequest::Allow { io: IO, n: 1 << 16 });
    let mut got = 0;
    loop {
        match io.next().await {
            IoEvent::Data { bytes, .. } => {
                assert!(bytes.iter().zip(got..).all(|(b, i)| *b == i as u8));
                got += bytes.len();
                io.execute(IoRequest::Allow { io: IO, n: bytes.len() });
            }
            other => {
                assert_eq!(other, IoEvent::Eof { io: IO });
                break;
            }
        }
    }
    assert_eq!(got, total);
    sender.await.unwrap();
}

/// A module, the network and real sockets, as the driver's loop joins them.
#[tokio::test]
async fn a_module_reads_what_a_real_host_sends() {
    use crate::modem::net::{NetEvent, NetRequest, Purpose, Socket};
    use crate::network::{Call, Hosts, LinkProfile, Network, NetworkConfig, NoFaults, Relay, TlsSetup};
    use crate::time::Now;

    let listener = TcpListener::bind(HERE).await.unwrap();
    let server = listener.local_addr().unwrap();
    let total = 16 << 20;
    tokio::spawn(async move {
        let mut far = listener.accept().await.unwrap().0;
        let chunk: Vec<u8> = (0..=255).cycle().take(1 << 16).collect();
        for _ in 0..total >> 16 {
            far.write_all(&chunk).await.unwrap();
        }
    });
    let hosts = Hosts::parse([("10.0.0.1", server.to_string())]).unwrap();
    let config = NetworkConfig {
        hosts,
        forward: vec![],
        server,
        services: BTreeMap::new(),
        link: LinkProfile::default(),
        tap: false,
    };
    let no_gate = Box::new(|_: Call| -> Box<dyn Relay + Send> { panic!("a bridge needs no gate") });
    let tls = TlsSetup::new(&Default::default()).unwrap();
    let mut net = Network::new(config, tls, no_gate, Box::new(NoFaults));
    let (mut io, now) = (Io::new(), Now::ZERO);
    net.handle_request(now, NetRequest::Address(Some(Ipv4Addr::new(10, 9, 9, 9))));
    let (to, purpose) = ("10.0.0.1:80".parse().unwrap(), Purpose::Socket);
    let socket = Socket(1);
    net.handle_request(
        now,
        NetRequest::Connect { socket, to, name: None, from_port: None, purpose, tls: None },
    );
    let mut got = 0;
    loop {
        while let Some(event) = net.poll_event(now, |_| 1 << 16) {
            match event {
                NetEvent::Data { bytes, .. } => got += bytes.len(),
                NetEvent::PeerShutdown { .. } => {
                    assert_eq!(got, total);
                    return;
                }
                _ => {}
            }
        }
        while let Some(request) = net.poll_io() {
            io.execute(request);
        }
        net.handle_io(now, io.next().await);
    }
}
