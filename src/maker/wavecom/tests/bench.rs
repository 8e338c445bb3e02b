//! The modem on the bench of these tests.

use crate::maker::PROFILES;
use crate::maker::wavecom::Wavecom;
use crate::modem::net::{NetEvent, NetRequest, Socket};
use crate::modem::{Dce, Modem, Output, PortId, make};
use crate::profile::load;
use crate::time::Now;
use bytes::Bytes;
use core::net::{Ipv4Addr, SocketAddrV4};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

pub(super) const FAR: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(192, 168, 0, 1), 7);

/// A modem with two ports, and a network that does nothing by itself.
pub(super) struct Bench {
    pub modem: Modem,
    pub now: Now,
    pub heard: [Vec<u8>; 2],
    pub asked: VecDeque<NetRequest>,
}

impl Bench {
    pub fn new(profile: &str) -> Bench {
        let find = |name: &str| {
            let text = PROFILES.iter().find(|(n, _)| *n == name)?.1;
            Some((format!("{name}.toml"), text.to_string()))
        };
        let (file, text) = find(profile).unwrap();
        let mut profile = load(&file, &text, &find).unwrap();
        profile.radio.round_trip = crate::time::units::Span::default();
        let profile = Arc::new(profile);
        let maker = make::<Wavecom>(&profile).unwrap();
        let mut modem = Modem::new(profile, maker, 2);
        modem.power_on(Now::ZERO);
        let mut bench = Bench { modem, now: Now::ZERO, heard: Default::default(), asked: VecDeque::new() };
        for port in 0..2 {
            bench.types(port, "ATE0\r");
        }
        bench.types(0, "AT+CMEE=1;+WIPCFG=1;+WIPBR=1,6;+WIPBR=4,6,0\r");
        assert!(bench.hears(0).ends_with("\r\nOK\r\n"));
        bench.hears(1);
        bench.asked.clear();
        bench
    }

    pub fn drain(&mut self) {
        while let Some(output) = self.modem.poll_output() {
            match output {
                Output::Uart { port, bytes, .. } => {
                    self.heard[port.0].extend_from_slice(&bytes);
                    self.modem.handle_sent(self.now, port, bytes.len());
                }
                Output::Net(request) => self.asked.push_back(request),
                _ => {}
            }
        }
    }

    pub fn sends(&mut self, port: usize, bytes: &[u8]) {
        self.modem.handle_uart(self.now, PortId(port), bytes);
        self.drain();
    }

    pub fn types(&mut self, port: usize, text: &str) {
        self.sends(port, text.as_bytes());
    }

    pub fn net(&mut self, event: NetEvent) {
        self.modem.handle_net(self.now, event);
        self.drain();
    }

    pub fn hears(&mut self, port: usize) -> String {
        String::from_utf8(std::mem::take(&mut self.heard[port])).unwrap()
    }

    pub fn turn(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        while let Some(at) = self.modem.poll_timeout().filter(|at| *at <= end) {
            self.now = at;
            self.modem.handle_timeout(at);
            self.drain();
        }
        self.now = end;
    }

    /// `+++` with its guard.
    pub fn escapes(&mut self, port: usize) -> String {
        self.turn(2);
        self.types(port, "+++");
        self.turn(2);
        self.hears(port)
    }

    pub fn opened(&mut self) -> Socket {
        let socket = match self.asked.pop_front() {
            Some(NetRequest::OpenUdp { socket, .. } | NetRequest::Connect { socket, .. }) => socket,
            other => panic!("{other:?}"),
        };
        let local = SocketAddrV4::new(Ipv4Addr::new(10, 94, 36, 44), 80);
        self.net(NetEvent::Connected { socket, local });
        socket
    }

    pub fn udp(&mut self) -> Socket {
        self.types(0, "AT+WIPCREATE=1,1,80,\"192.168.0.1\",7\r");
        let socket = self.opened();
        assert_eq!(self.hears(0), "\r\nOK\r\n\r\n+WIPREADY: 1,1\r\n");
        socket
    }

    pub fn tcp(&mut self) -> Socket {
        self.types(0, "AT+WIPCREATE=2,1,\"192.168.0.1\",7\r");
        let socket = self.opened();
        assert_eq!(self.hears(0), "\r\nOK\r\n\r\n+WIPREADY: 2,1\r\n");
        socket
    }

    pub fn maps(&mut self, port: usize, what: &str) {
        self.types(port, &format!("AT+WIPDATA={what}\r"));
        assert_eq!(self.hears(port), "\r\nCONNECT\r\n");
    }

    pub fn data(&mut self, socket: Socket, bytes: &[u8]) {
        self.net(NetEvent::Data { socket, bytes: Bytes::copy_from_slice(bytes) });
    }

    pub fn datagram(&mut self, socket: Socket, from: SocketAddrV4, bytes: &[u8]) {
        self.net(NetEvent::Datagram { socket, from, bytes: Bytes::copy_from_slice(bytes) });
    }

    pub fn datagrams(&mut self) -> Vec<(SocketAddrV4, Vec<u8>)> {
        let sent = |request| match request {
            NetRequest::SendTo { to, bytes, .. } => (to, bytes.to_vec()),
            other => panic!("{other:?}"),
        };
        self.asked.drain(..).map(sent).collect()
    }

    pub fn alive(&mut self) {
        for port in 0..2 {
            self.types(port, "AT\r");
            assert!(self.hears(port).ends_with("\r\nOK\r\n"));
        }
    }
}
