//! The network between a scripted module, a scripted gate and a scripted world.

mod bridge;
mod gate;
mod names;
mod outside_tls;
mod real;
mod secure;
mod udp;

use super::faults::LinkInfo;
use super::*;
use crate::fault::{Fate, Scripted, Segment, Way};
use crate::gate::GateOutput;
use crate::modem::net::*;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::net::SocketAddrV4;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const MODULE: Ipv4Addr = Ipv4Addr::new(10, 1, 2, 3);
const SERVER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 2121);
const FTP: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 21);

/// What the test says in the gate's place, and what the gate heard.
#[derive(Default)]
struct Script {
    calls: Vec<Call>,
    heard: Vec<GateInput>,
    say: VecDeque<GateOutput>,
    protected: bool,
}

struct Double(Arc<Mutex<Script>>);

impl Relay for Double {
    fn handle(&mut self, _: Now, input: GateInput) {
        self.0.lock().unwrap().heard.push(input);
    }
    fn handle_timeout(&mut self, _: Now) {}
    fn poll_output(&mut self) -> Option<GateOutput> {
        self.0.lock().unwrap().say.pop_front()
    }
    fn poll_timeout(&self) -> Option<Now> {
        None
    }
    fn busy(&self) -> bool {
        false
    }
    fn is_closed(&self) -> bool {
        true
    }
    fn data_protected(&self) -> bool {
        self.0.lock().unwrap().protected
    }
    fn speak(&mut self, _: Now, _: &Scripted) {}
}

/// Shares its verdicts with the test: what becomes of the next segments that go one way, each with so many octets
/// that it is about; 0 for all.
struct Verdicts(Arc<Mutex<VecDeque<(Way, usize, Fate)>>>);

impl LinkFaults for Verdicts {
    fn segment(&mut self, _: Now, _: &LinkInfo, way: Way, len: usize) -> Segment {
        let mut verdicts = self.0.lock().unwrap();
        match verdicts.front() {
            Some((wanted, ..)) if *wanted == way => {
                verdicts.pop_front().map_or(Segment::pass(len), |(_, n, fate)| Segment {
                    fate,
                    ..Segment::pass(if n == 0 { len } else { n })
                })
            }
            _ => Segment::pass(len),
        }
    }
}

struct Rig {
    net: Network,
    now: Now,
    script: Arc<Mutex<Script>>,
    window: usize,
}

impl Rig {
    fn new() -> Rig {
        Rig::with(|_| (), Box::new(NoFaults))
    }

    fn with(change: impl FnOnce(&mut NetworkConfig), faults: Box<dyn LinkFaults + Send>) -> Rig {
        let tls = TlsSetup::new(&TlsFiles::default()).unwrap();
        Rig::with_tls(change, faults, tls)
    }

    fn with_tls(
        change: impl FnOnce(&mut NetworkConfig),
        faults: Box<dyn LinkFaults + Send>,
        tls: TlsSetup,
    ) -> Rig {
        let mut config = NetworkConfig {
            hosts: Hosts::default(),
            forward: vec![],
            server: SERVER,
            services: BTreeMap::new(),
            link: LinkProfile::default(),
            tap: false,
        };
        change(&mut config);
        let script = Arc::new(Mutex::new(Script::default()));
        let shared = script.clone();
        let make: MakeRelay = Box::new(move |call| {
            shared.lock().unwrap().calls.push(call);
            Box::new(Double(shared.clone()))
        });
        let mut rig =
            Rig { net: Network::new(config, tls, make, faults), now: Now::ZERO, script, window: usize::MAX };
        rig.ask(NetRequest::Address(Some(MODULE)));
        rig
    }

    fn ask(&mut self, request: NetRequest) {
        self.net.handle_request(self.now, request);
    }

    /// The world answers.
    fn io(&mut self, event: IoEvent) {
        self.net.handle_io(self.now, event);
    }

    /// The gate says something.
    fn say(&mut self, output: GateOutput) {
        self.script.lock().unwrap().say.push_back(output);
        self.net.handle_timeout(self.now);
    }

    /// What the gate has heard since the last call.
    fn heard(&mut self) -> Vec<GateInput> {
        std::mem::take(&mut self.script.lock().unwrap().heard)
    }

    fn event(&mut self) -> Option<NetEvent> {
        let window = self.window;
        self.net.poll_event(self.now, |_| window)
    }

    fn events(&mut self) -> Vec<NetEvent> {
        std::iter::from_fn(|| self.event()).collect()
    }

    fn wishes(&mut self) -> Vec<IoRequest> {
        std::iter::from_fn(|| self.net.poll_io()).collect()
    }

    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.net.poll_timeout().filter(|at| *at <= end) {
            assert!(at > self.now || at == Now::ZERO, "{at:?} is due and nothing becomes of it");
            self.now = at;
            self.net.handle_timeout(at);
        }
        self.now = end;
    }

    fn connect(&mut self, socket: u32, to: SocketAddrV4, purpose: Purpose) {
        self.ask(connect(socket, to, purpose));
    }

    /// Opens an FTP control connection on socket 1.
    fn control(&mut self) {
        self.connect(1, FTP, Purpose::FtpControl);
        assert!(matches!(self.events()[..], [NetEvent::Connected { socket: Socket(1), .. }]));
    }
}

fn connect(socket: u32, to: SocketAddrV4, purpose: Purpose) -> NetRequest {
    NetRequest::Connect { socket: Socket(socket), to, name: None, from_port: None, purpose, tls: None }
}

fn send(socket: u32, bytes: impl Into<Bytes>) -> NetRequest {
    NetRequest::Send { socket: Socket(socket), bytes: bytes.into() }
}

fn data(socket: u32, bytes: &'static str) -> NetEvent {
    NetEvent::Data { socket: Socket(socket), bytes: bytes.into() }
}

fn sent(socket: u32, n: usize) -> NetEvent {
    NetEvent::Sent { socket: Socket(socket), n }
}

fn failed(socket: u32, why: Failure) -> NetEvent {
    NetEvent::Failed { socket: Socket(socket), why }
}

fn total(events: &[NetEvent]) -> usize {
    events.iter().map(|event| if let NetEvent::Data { bytes, .. } = event { bytes.len() } else { 0 }).sum()
}

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}
