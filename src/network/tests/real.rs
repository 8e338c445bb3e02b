//! The whole way: a module that speaks FTP by hand, links, gate, real sockets, libunftp.

use super::super::*;
use super::FTP;
use crate::driver::io::Io;
use crate::ftpd::{Config, FtpServer};
use crate::gate::builtin;
use crate::gate::{Gate, GateConfig};
use crate::modem::net::*;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::time::Duration;

const MODULE: Ipv4Addr = Ipv4Addr::new(10, 1, 2, 3);
pub(super) const CONTROL: Socket = Socket(1);
pub(super) const DATA: Socket = Socket(2);

pub(super) struct Module {
    net: Network,
    io: Io,
    now: Now,
    replies: String,
    events: VecDeque<NetEvent>,
    tls: Option<Tls>,
    _server: FtpServer,
    root: tempfile::TempDir,
}

impl Module {
    async fn dial(tls: Option<Tls>) -> Module {
        Module::dial_to(tls, Hosts::default(), TlsSetup::new(&TlsFiles::default()).unwrap()).await
    }

    /// Logs in, and protects data connections where TLS is spoken.
    pub(super) async fn dial_to(tls: Option<Tls>, hosts: Hosts, setup: TlsSetup) -> Module {
        let protect = tls.is_some();
        let mut module = Module::new(tls, hosts, setup);
        module.open(CONTROL, module.server(), Purpose::FtpControl).await;
        module.reply("220").await;
        module.command("USER anonymous", "331").await;
        module.command("PASS x", "230").await;
        module.command("TYPE I", "200").await;
        if protect {
            module.command("PBSZ 0", "200").await;
            module.command("PROT P", "200").await;
        }
        module
    }

    /// The same with TLS from AUTH on.
    pub(super) async fn dial_explicitly(tls: Tls, hosts: Hosts, setup: TlsSetup) -> Result<Module, Failure> {
        let mut module = Module::new(None, hosts, setup);
        module.open(CONTROL, module.server(), Purpose::FtpControl).await;
        module.reply("220").await;
        module.command("AUTH TLS", "234").await;
        module.ask(NetRequest::StartTls { socket: CONTROL, tls: tls.clone() });
        module.tls = Some(tls);
        loop {
            match module.event().await {
                NetEvent::Secured { socket: CONTROL } => break,
                NetEvent::Failed { socket: CONTROL, why } => return Err(why),
                NetEvent::Sent { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        module.command("USER anonymous", "331").await;
        module.command("PASS x", "230").await;
        module.command("PBSZ 0", "200").await;
        module.command("PROT P", "200").await;
        Ok(module)
    }

    /// Why a call comes to nothing.
    pub(super) async fn refused(tls: Tls, hosts: Hosts, setup: TlsSetup) -> Failure {
        let mut module = Module::new(Some(tls), hosts, setup);
        module.call(CONTROL, module.server(), Purpose::FtpControl);
        match module.event().await {
            NetEvent::Failed { socket: CONTROL, why } => why,
            other => panic!("{other:?}"),
        }
    }

    fn new(tls: Option<Tls>, hosts: Hosts, setup: TlsSetup) -> Module {
        let root = tempfile::tempdir().unwrap();
        let (greeting, check) = (builtin::GREETING, builtin::CHECK);
        let server = FtpServer::start(Config { greeting, check, ..Config::new(root.path()) }).unwrap();
        let gates = Arc::new(GateConfig::default());
        let make: MakeRelay = Box::new(move |c| {
            let gate = Gate::new(gates.clone(), c.server, c.module, c.upstream, c.tls);
            Box::new(gate.with_upstream_tls(c.upstream_tls))
        });
        let config = NetworkConfig {
            hosts,
            forward: vec![],
            server: server.local_address(),
            services: BTreeMap::new(),
            link: LinkProfile::default(),
            tap: false,
        };
        let net = Network::new(config, setup, make, Box::new(NoFaults));
        let (io, now) = (Io::new(), Now::ZERO);
        let (replies, events) = (String::new(), VecDeque::new());
        let mut module = Module { net, io, now, replies, events, tls, _server: server, root };
        module.ask(NetRequest::Address(Some(MODULE)));
        module
    }

    fn server(&self) -> SocketAddrV4 {
        SocketAddrV4::new(*FTP.ip(), if self.tls.is_some() { 990 } else { 21 })
    }

    /// Hands to the real world what is left for it.
    pub(super) fn flush(&mut self) {
        while let Some(request) = self.net.poll_io() {
            self.io.execute(request);
        }
    }

    pub(super) fn ask(&mut self, request: NetRequest) {
        self.net.handle_request(self.now, request);
    }

    /// The next event that is not control text. The modem's clock stands still all the time.
    async fn event(&mut self) -> NetEvent {
        loop {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            self.step().await;
        }
    }

    /// Moves until something may have happened; control text is put aside.
    async fn step(&mut self) {
        match self.net.poll_event(self.now, |_| 1 << 16) {
            Some(NetEvent::Data { socket: CONTROL, bytes }) => {
                return self.replies.push_str(std::str::from_utf8(&bytes).unwrap());
            }
            Some(event) => return self.events.push_back(event),
            None => {}
        }
        self.flush();
        // A clock that is frozen while the network is busy would be let go too soon.
        assert!(self.net.busy(), "waits for the world, and does not say so");
        let event = tokio::time::timeout(Duration::from_secs(10), self.io.next()).await;
        self.net.handle_io(self.now, event.expect("the world is silent"));
    }

    /// Waits for a reply with this code.
    pub(super) async fn reply(&mut self, code: &str) -> String {
        loop {
            if let Some((line, rest)) = self.replies.split_once("\r\n") {
                let (line, rest) = (line.to_owned(), rest.to_owned());
                self.replies = rest;
                assert!(line.starts_with(code), "{line} in place of {code}");
                return line;
            }
            self.step().await;
        }
    }

    pub(super) async fn command(&mut self, command: &str, code: &str) -> String {
        self.ask(NetRequest::Send { socket: CONTROL, bytes: format!("{command}\r\n").into() });
        self.reply(code).await
    }

    fn call(&mut self, socket: Socket, to: SocketAddrV4, purpose: Purpose) {
        let (name, tls) = (None, self.tls.clone());
        self.ask(NetRequest::Connect { socket, to, name, from_port: None, purpose, tls });
    }

    async fn open(&mut self, socket: Socket, to: SocketAddrV4, purpose: Purpose) {
        self.call(socket, to, purpose);
        loop {
            match self.event().await {
                NetEvent::Connected { socket: up, .. } if up == socket => return,
                NetEvent::Sent { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub(super) async fn passive(&mut self) {
        let line = self.command("PASV", "227").await;
        let (_, numbers) = line.split_once('(').unwrap();
        let n: Vec<u8> =
            numbers.split([',', ')']).filter_map(|n| n.trim_end_matches('.').parse().ok()).collect();
        let ip = Ipv4Addr::new(n[0], n[1], n[2], n[3]);
        assert_eq!(ip, *FTP.ip());
        let to = SocketAddrV4::new(ip, u16::from_be_bytes([n[4], n[5]]));
        self.open(DATA, to, Purpose::FtpData).await;
    }

    pub(super) async fn active(&mut self) {
        let tls = self.tls.clone();
        self.ask(NetRequest::Listen { socket: DATA, port: 2861, purpose: Purpose::FtpData, tls });
        self.command("PORT 10,1,2,3,11,45", "200").await;
    }

    /// Why the data connection has come to nothing.
    pub(super) async fn failure(&mut self) -> Failure {
        let mut data = DATA;
        loop {
            match self.event().await {
                NetEvent::Accepted { socket, .. } => data = socket,
                NetEvent::Failed { socket, why } if socket == data => return why,
                NetEvent::Listening { .. } | NetEvent::Sent { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub(super) async fn store(&mut self, name: &str, file: &[u8]) {
        self.passive().await;
        self.command(&format!("STOR {name}"), "150").await;
        for chunk in file.chunks(8192) {
            self.ask(NetRequest::Send { socket: DATA, bytes: Bytes::copy_from_slice(chunk) });
            let mut left = chunk.len();
            while left > 0 {
                if let NetEvent::Sent { socket: DATA, n } = self.event().await {
                    left -= n;
                }
            }
        }
        self.ask(NetRequest::Close { socket: DATA });
        self.reply("226").await;
    }

    pub(super) async fn read_to_end(&mut self, socket: Socket) -> Vec<u8> {
        let mut got = vec![];
        loop {
            match self.event().await {
                NetEvent::Data { bytes, .. } => got.extend_from_slice(&bytes),
                NetEvent::PeerShutdown { .. } => break,
                NetEvent::Sent { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        assert!(self.replies.is_empty(), "{} came before the end of the data", self.replies);
        self.ask(NetRequest::Close { socket });
        self.reply("226").await;
        got
    }
}

pub(super) fn tls_to(verify: bool) -> Tls {
    let verify = if verify { Verify::Trusted } else { Verify::Nothing };
    Tls { name: FTP.ip().to_string(), verify, offer: Offer::default() }
}

pub(super) fn file(len: usize) -> Vec<u8> {
    (0..=255).cycle().take(len).collect()
}

#[tokio::test]
async fn a_file_goes_there_and_back() {
    let mut module = Module::dial(None).await;
    for len in [0, 1, 1460, 3_000_001] {
        let sent = file(len);
        module.store("a.bin", &sent).await;
        assert!(std::fs::read(module.root.path().join("a.bin")).unwrap() == sent);
        module.passive().await;
        module.command("RETR a.bin", "150").await;
        assert!(module.read_to_end(DATA).await == sent);
    }
    module.flush();
    assert!(!module.net.busy(), "idle, and does not say so");
    module.command("QUIT", "221").await;
    while module.event().await != (NetEvent::PeerShutdown { socket: CONTROL }) {}
    module.ask(NetRequest::Close { socket: CONTROL });
    assert!(module.net.links.is_empty() && !module.net.gates.busy());
}

#[tokio::test]
async fn active_mode_reaches_the_module() {
    let mut module = Module::dial(None).await;
    std::fs::write(module.root.path().join("b.txt"), file(5000)).unwrap();
    module.active().await;
    module.command("RETR b.txt", "150").await;
    let caller = loop {
        if let NetEvent::Accepted { socket, .. } = module.event().await {
            break socket;
        }
    };
    assert!(module.read_to_end(caller).await == file(5000));
}

#[tokio::test]
async fn the_same_under_tls() {
    let mut module = Module::dial(Some(tls_to(false))).await;
    let sent = file(1_000_001);
    module.store("s.bin", &sent).await;
    module.passive().await;
    module.command("RETR s.bin", "150").await;
    assert!(module.read_to_end(DATA).await == sent);
}

#[tokio::test]
async fn a_dead_bearer_leaves_nothing_open() {
    let mut module = Module::dial(None).await;
    std::fs::write(module.root.path().join("c.bin"), file(1_000_000)).unwrap();
    module.passive().await;
    module.command("RETR c.bin", "150").await;
    module.ask(NetRequest::Address(None));
    assert!(module.net.links.is_empty() && module.net.real.is_empty());
    assert_eq!(module.net.poll_timeout(), None);
}
