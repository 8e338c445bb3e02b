//! The SIM7080 against a server that says what a test wants, and a host that stops reading.

use super::Simcom;
use crate::maker;
use crate::modem::net::Purpose;
use crate::modem::{BACKLOG, Dce, Modem, NetEvent, NetRequest, Output, PortId, Socket, make};
use crate::time::Now;
use ::core::net::{Ipv4Addr, SocketAddrV4};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;

const LOCAL: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 94, 36, 44), 4000);
const PORT: PortId = PortId(0);

/// A module on a bench: a serial port, and a server that answers from a list.
struct Bench {
    modem: Modem,
    /// What the module wrote and the host has not taken.
    written: Vec<u8>,
    /// Whether the host takes what the module writes.
    reads: bool,
    /// The server's answers beside the usual ones, by verb.
    says: BTreeMap<&'static str, &'static str>,
    control: Option<Socket>,
    data: Option<Socket>,
}

impl Bench {
    /// One with a bearer, and everything set for a session.
    fn new() -> Bench {
        let find = |name: &str| {
            let profile = maker::PROFILES.iter().find(|(n, _)| *n == name);
            profile.map(|(n, text)| (format!("{n}.toml"), text.to_string()))
        };
        let (file, text) = find("sim7080").unwrap();
        let mut profile = crate::profile::load(&file, &text, &find).unwrap();
        profile.radio.round_trip = crate::time::units::Span::default();
        let profile = Arc::new(profile);
        let modem = Modem::new(profile.clone(), make::<Simcom>(&profile).unwrap(), 1);
        let mut bench =
            Bench { modem, written: vec![], reads: true, says: BTreeMap::new(), control: None, data: None };
        bench.modem.power_on(Now::ZERO);
        bench.host("ATE0\r");
        for set in ["+CNACT=0,1", "+FTPSERV=10.0.0.1", "+FTPGETNAME=a", "+FTPPUTNAME=b", "+FTPGETPATH=/"] {
            bench.host(&format!("AT{set}\r"));
        }
        bench
    }

    /// The host types; what the module writes then, as lines.
    fn host(&mut self, text: &str) -> Vec<String> {
        self.modem.handle_uart(Now::ZERO, PORT, text.as_bytes());
        self.drain();
        let written = String::from_utf8(std::mem::take(&mut self.written)).unwrap();
        written.split("\r\n").filter(|line| !line.is_empty()).map(str::to_string).collect()
    }

    fn net(&mut self, event: NetEvent) {
        self.modem.handle_net(Now::ZERO, event);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.modem.poll_output() {
            match output {
                Output::Uart { bytes, port, .. } => {
                    self.written.extend_from_slice(&bytes);
                    if self.reads {
                        self.modem.handle_sent(Now::ZERO, port, bytes.len());
                    }
                }
                Output::Net(request) => self.network(request),
                _ => {}
            }
        }
    }

    fn network(&mut self, request: NetRequest) {
        let mut events = vec![];
        match request {
            NetRequest::Connect { socket, purpose: Purpose::FtpControl, .. } => {
                self.control = Some(socket);
                events.push(NetEvent::Connected { socket, local: LOCAL });
                let greeting = self.says.get("").copied().unwrap_or("220 ready");
                events.push(NetEvent::Data { socket, bytes: Bytes::from(format!("{greeting}\r\n")) });
            }
            NetRequest::Connect { socket, .. } => {
                self.data = Some(socket);
                events.push(NetEvent::Connected { socket, local: LOCAL });
            }
            NetRequest::Listen { socket, .. } => {
                events.push(NetEvent::Listening { socket, local: LOCAL });
            }
            NetRequest::Send { socket, bytes } if Some(socket) == self.control => {
                events.push(NetEvent::Sent { socket, n: bytes.len() });
                let line = String::from_utf8_lossy(&bytes).trim_end().to_string();
                let verb = line.split(' ').next().unwrap();
                let answer = self.says.get(verb).copied().unwrap_or(usual(verb));
                events.push(NetEvent::Data { socket, bytes: Bytes::from(format!("{answer}\r\n")) });
            }
            _ => {}
        }
        for event in events {
            self.modem.handle_net(Now::ZERO, event);
        }
    }
}

fn usual(verb: &str) -> &'static str {
    match verb {
        "USER" => "331 password",
        "PASS" => "230 in",
        "PASV" => "227 (10,0,0,1,200,1)",
        "REST" => "350 go on",
        "RETR" | "STOR" | "LIST" => "150 here it comes",
        "QUIT" => "221 bye",
        _ => "200 fine",
    }
}

#[test]
fn every_refusal_is_its_number() {
    for (verb, reply, command, number) in [
        ("", "421 full", "AT+FTPGET=1", 65),
        ("", "554 no", "AT+FTPGET=1", 65),
        ("", "what", "AT+FTPGET=1", 70),
        ("USER", "530 no", "AT+FTPGET=1", 71),
        ("PASS", "530 no", "AT+FTPGET=1", 72),
        ("PASS", "332 account", "AT+FTPGET=1", 72),
        ("TYPE", "504 no", "AT+FTPGET=1", 73),
        ("TYPE", "504 no", "AT+FTPPUT=1", 73),
        ("REST", "502 no", "AT+FTPREST=5;+FTPGET=1", 74),
        ("PASV", "502 no", "AT+FTPGET=1", 75),
        ("PASV", "227 nothing", "AT+FTPGET=1", 70),
        ("PORT", "500 no", "AT+FTPMODE=0;+FTPGET=1", 76),
        ("CWD", "550 no", "AT+FTPGET=1", 77),
        ("CWD", "421 bye", "AT+FTPGET=1", 65),
        ("RETR", "550 no", "AT+FTPGET=1", 79),
        ("RETR", "550 no", "AT+FTPEXTGET=1", 79),
        ("RETR", "550 no", "AT+FTPETGET=1", 79),
        ("LIST", "550 no", "AT+FTPLIST=1", 77),
        ("LIST", "450 no", "AT+FTPLIST=1", 77),
        ("LIST", "451 no", "AT+FTPLIST=1", 79),
        ("STOR", "553 no", "AT+FTPPUT=1", 78),
        ("STOR", "452 full", "AT+FTPETPUT=1", 78),
        ("STOU", "550 no", "AT+FTPPUTOPT=STOU;+FTPPUT=1", 78),
        ("APPE", "550 no", "AT+FTPPUTOPT=APPE;+FTPPUT=1", 78),
        ("DELE", "550 no", "AT+FTPDELE=1", 77),
        ("MKD", "550 no", "AT+FTPMKD", 77),
        ("RMD", "550 no", "AT+FTPRMD", 77),
        ("RNFR", "550 no", "AT+FTPRENAME", 77),
        ("RNTO", "553 no", "AT+FTPRENAME", 77),
        ("MDTM", "550 no", "AT+FTPMDTM", 77),
    ] {
        let mut bench = Bench::new();
        bench.says.insert(verb, reply);
        let lines = bench.host(&format!("{command}\r"));
        assert_eq!(lines.len(), 2, "{verb} {reply} {command}: {lines:?}");
        let values = lines[1].split_once(':').unwrap().1.trim();
        assert_eq!(values, format!("1,{number}"), "{verb} {reply} {command}");
        assert_eq!(bench.host("AT+FTPSTATE\r"), ["+FTPSTATE: 0", "OK"]);
    }
}

#[test]
fn a_connection_that_breaks_is_the_number_of_its_cause() {
    let broken = |event: fn(&Bench) -> NetEvent| {
        let mut bench = Bench::new();
        assert_eq!(bench.host("AT+FTPGET=1\r"), ["OK"]);
        bench.net(event(&bench));
        // What the control connection says of it comes behind.
        let socket = bench.control.unwrap();
        bench.net(NetEvent::Data { socket, bytes: Bytes::from_static(b"426 gone\r\n") });
        bench.host("\r")
    };
    assert_eq!(broken(|b| NetEvent::Reset { socket: b.data.unwrap() }), ["+FTPGET: 1,79"]);
    assert_eq!(broken(|b| NetEvent::Reset { socket: b.control.unwrap() }), ["+FTPGET: 1,61"]);
    let bye =
        |b: &Bench| NetEvent::Data { socket: b.control.unwrap(), bytes: Bytes::from_static(b"421 bye\r\n") };
    assert_eq!(broken(bye), ["+FTPGET: 1,65"]);
    assert_eq!(broken(|b| NetEvent::PeerShutdown { socket: b.control.unwrap() }), ["+FTPGET: 1,65"]);
}

#[test]
fn a_host_that_stops_reading_holds_the_server_back_and_loses_nothing() {
    const SIZE: usize = 10 * 1024 * 1024;
    let byte = |n: usize| b"0123456789abcdef-"[n % 17];
    let mut bench = Bench::new();
    assert_eq!(bench.host("AT+FTPETGET=1\r"), ["OK", "+FTPETGET: 1,1"]);
    let socket = bench.data.unwrap();
    let (mut sent, mut read) = (0, 0);
    bench.reads = false;
    while read < SIZE {
        // The server sends as much as it may.
        loop {
            let most = bench.modem.poll_window(socket).min(SIZE - sent).min(1460);
            if most == 0 {
                break;
            }
            let bytes: Bytes = (sent..sent + most).map(byte).collect();
            sent += most;
            bench.net(NetEvent::Data { socket, bytes });
        }
        assert!(bench.written.len() <= BACKLOG, "{} octets wait for the host", bench.written.len());
        assert!(sent - read <= 2 * BACKLOG + 1460, "{} octets are in the module", sent - read);
        // Then the host reads a little, or all there is.
        let all = bench.written.len();
        let n = if read % 3 == 0 { all } else { all.min(5000) };
        for octet in bench.written.drain(..n) {
            assert_eq!(octet, byte(read));
            read += 1;
        }
        bench.modem.handle_sent(Now::ZERO, PORT, n);
        bench.drain();
    }
    bench.net(NetEvent::PeerShutdown { socket });
    bench.reads = true;
    let socket = bench.control.unwrap();
    bench.net(NetEvent::Data { socket, bytes: Bytes::from_static(b"226 done\r\n") });
    assert_eq!(bench.host("AT\r"), ["\u{3}", "+FTPETGET:1,0", "OK"]);
}

#[test]
fn a_session_ends_before_its_data_mode_began() {
    // The half-typed line keeps `+FTPETGET: 1,1` back while the whole of an empty file comes.
    let mut bench = Bench::new();
    assert_eq!(bench.host("AT+FTPETGET=1\rAT"), ["OK"]);
    let (socket, control) = (bench.data.unwrap(), bench.control.unwrap());
    bench.net(NetEvent::PeerShutdown { socket });
    bench.net(NetEvent::Data { socket: control, bytes: Bytes::from_static(b"226 done\r\n") });
    assert_eq!(bench.host("\r"), ["OK", "+FTPETGET: 1,1", "\u{3}", "+FTPETGET:1,0"]);
    assert_eq!(bench.host("AT\r"), ["OK"]);
    // The host quits before it is asked for data.
    let mut bench = Bench::new();
    assert_eq!(bench.host("AT+FTPETPUT=1\r"), ["OK", "+FTPETPUT: 1,1"]);
    assert_eq!(bench.host("AT+FTPETPUT=2;+FTPQUIT\r"), ["OK", "+FTPETPUT: 1,80"]);
    assert_eq!(bench.host("AT\r"), ["OK"]);
}
