//! The M10 against a server that says what a test wants: chapter 3 and what breaks in the middle.

use crate::maker;
use crate::modem::Maker;
use crate::modem::net::{Failure, Purpose, Radio};
use crate::modem::{Dce, Modem, NetEvent, NetRequest, Output, PortId, Socket};
use crate::time::Now;
use ::core::net::{Ipv4Addr, SocketAddrV4};
use bytes::Bytes;
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

const LOCAL: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 1, 83, 188), 4000);

/// A module on a bench: a serial port, and a server that answers from a list.
struct Bench {
    modem: Modem,
    now: Now,
    /// What the module wrote, one entry a write.
    writes: Vec<String>,
    /// The server's answers beside the usual ones, by verb; an empty one is silence.
    says: HashMap<&'static str, &'static str>,
    refuses_data: bool,
    control: Option<Socket>,
    data: Option<Socket>,
    uploaded: Vec<u8>,
}

impl Bench {
    fn new() -> Bench {
        Bench::named("m10")
    }

    fn named(profile: &str) -> Bench {
        let find = |name: &str| {
            maker::PROFILES
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(n, t)| (format!("{n}.toml"), t.to_string()))
        };
        let (file, text) = find(profile).unwrap();
        let mut profile = crate::profile::load(&file, &text, &find).unwrap();
        profile.radio.round_trip = crate::time::units::Span::default();
        let profile = Arc::new(profile);
        let modem = Modem::new(profile.clone(), crate::modem::make::<super::Quectel>(&profile).unwrap(), 1);
        let mut bench = Bench {
            modem,
            now: Now::ZERO,
            writes: vec![],
            says: HashMap::new(),
            refuses_data: false,
            control: None,
            data: None,
            uploaded: vec![],
        };
        bench.modem.power_on(Now::ZERO);
        bench.host("ATE0\r");
        bench.writes.clear();
        bench
    }

    /// One with a session.
    fn opened() -> Bench {
        let mut bench = Bench::new();
        assert_eq!(bench.host("AT+QFTPOPEN=\"10.0.0.1\",21\r"), ["\r\nOK\r\n", "\r\n+QFTPOPEN:0\r\n"]);
        bench
    }

    /// The host types; what the module writes then.
    fn host(&mut self, text: &str) -> Vec<String> {
        self.modem.handle_uart(self.now, PortId(0), text.as_bytes());
        self.drain()
    }

    fn net(&mut self, event: NetEvent) -> Vec<String> {
        self.modem.handle_net(self.now, event);
        self.drain()
    }

    /// The server speaks on the control connection.
    fn server(&mut self, line: &str) -> Vec<String> {
        let socket = self.control.unwrap();
        self.net(NetEvent::Data { socket, bytes: Bytes::from(format!("{line}\r\n")) })
    }

    fn payload(&mut self, bytes: &[u8]) -> Vec<String> {
        let socket = self.data.unwrap();
        self.net(NetEvent::Data { socket, bytes: Bytes::copy_from_slice(bytes) })
    }

    fn turn(&mut self, seconds: u64) -> Vec<String> {
        let until = self.now + Duration::from_secs(seconds);
        let mut writes = vec![];
        while let Some(at) = self.modem.poll_timeout().filter(|at| *at <= until) {
            self.now = at.max(self.now);
            self.modem.handle_timeout(self.now);
            writes.extend(self.drain());
        }
        self.now = until;
        writes
    }

    fn drain(&mut self) -> Vec<String> {
        while let Some(output) = self.modem.poll_output() {
            match output {
                Output::Uart { bytes, port, .. } => {
                    self.writes.push(bytes.iter().map(|&b| char::from(b)).collect());
                    self.modem.handle_sent(self.now, port, bytes.len());
                }
                Output::Net(request) => self.network(request),
                _ => {}
            }
        }
        std::mem::take(&mut self.writes)
    }

    fn network(&mut self, request: NetRequest) {
        let mut events = vec![];
        match request {
            NetRequest::Connect { socket, purpose: Purpose::FtpControl, .. } => {
                self.control = Some(socket);
                events.push(NetEvent::Connected { socket, local: LOCAL });
                events.push(NetEvent::Data { socket, bytes: Bytes::from_static(b"220 ready\r\n") });
            }
            NetRequest::Connect { socket, .. } if self.refuses_data => {
                events.push(NetEvent::Failed { socket, why: Failure::Refused });
            }
            NetRequest::Connect { socket, .. } => {
                self.data = Some(socket);
                events.push(NetEvent::Connected { socket, local: LOCAL });
            }
            NetRequest::Send { socket, bytes } if Some(socket) == self.control => {
                events.push(NetEvent::Sent { socket, n: bytes.len() });
                let line = String::from_utf8_lossy(&bytes).trim_end().to_string();
                let verb = line.split(' ').next().unwrap();
                let answer = self.says.get(verb).copied().unwrap_or(usual(verb));
                if !answer.is_empty() {
                    events.push(NetEvent::Data { socket, bytes: Bytes::from(format!("{answer}\r\n")) });
                }
            }
            NetRequest::Send { socket, bytes } => {
                events.push(NetEvent::Sent { socket, n: bytes.len() });
                self.uploaded.extend_from_slice(&bytes);
            }
            NetRequest::Shutdown { .. } => {
                let socket = self.control.unwrap();
                events.push(NetEvent::Data { socket, bytes: Bytes::from_static(b"226 done\r\n") });
            }
            _ => {}
        }
        for event in events {
            self.modem.handle_net(self.now, event);
        }
    }
}

fn usual(verb: &str) -> &'static str {
    match verb {
        "USER" => "331 password",
        "PASS" => "230 in",
        "PASV" => "227 (10,0,0,1,200,1)",
        "REST" => "350 go on",
        "RETR" | "STOR" => "150 here it comes",
        "QUIT" => "221 bye",
        _ => "200 fine",
    }
}

/// Every line in `writes`.
fn lines(writes: &[String]) -> Vec<&str> {
    writes.iter().flat_map(|w| w.split("\r\n")).filter(|line| !line.is_empty()).collect()
}

#[test]
fn every_reply_of_chapter_3_is_its_number() {
    let replies = [
        ("421 no", -421),
        ("425 no", -425),
        ("426 no", -426),
        ("450 no", -450),
        ("452 no", -452),
        ("500 no", -500),
        ("501 no", -501),
        ("502 no", -502),
        ("530 no", -530),
        ("532 no", -532),
        ("550 no", -550),
        ("551 no", -551),
        ("552 no", -552),
        ("553 no", -553),
        ("451 no", -1),
        ("504 no", -1),
        ("nonsense", -1),
    ];
    for (reply, number) in replies {
        for (verb, command, name) in [
            ("RETR", "AT+QFTPGET=\"a\"\r", "+QFTPGET"),
            ("STOR", "AT+QFTPPUT=\"a\",5\r", "+QFTPPUT"),
            ("PASV", "AT+QFTPGET=\"a\"\r", "+QFTPGET"),
        ] {
            let mut bench = Bench::opened();
            bench.says.insert(verb, reply);
            let expected = format!("\r\n{name}:{number}\r\n");
            assert_eq!(bench.host(command), ["\r\nOK\r\n".into(), expected], "{reply} to {verb}");
            assert_eq!(lines(&bench.host("AT\r")), ["OK"]);
        }
        let mut bench = Bench::new();
        bench.says.insert("USER", reply);
        let heard = bench.host("AT+QFTPOPEN=\"10.0.0.1\",21\r");
        assert_eq!(lines(&heard), ["OK", &format!("+QFTPOPEN:{number}")]);
    }
}

#[test]
fn a_silent_server_is_9_and_a_refused_data_connection_5() {
    let mut bench = Bench::opened();
    bench.says.insert("RETR", "");
    assert_eq!(lines(&bench.host("AT+QFTPGET=\"a\"\r")), ["OK"]);
    assert!(bench.turn(74).is_empty());
    assert_eq!(lines(&bench.turn(1)), ["+QFTPGET:-9"]);

    let mut bench = Bench::opened();
    bench.refuses_data = true;
    assert_eq!(lines(&bench.host("AT+QFTPGET=\"a\"\r")), ["OK", "+QFTPGET:-5"]);
}

/// 4.5: first 421, then the server closes.
#[test]
fn an_idle_server_says_421_and_goes() {
    let mut bench = Bench::opened();
    assert_eq!(bench.server("421 idle"), ["\r\n+QFTPERROR:-421\r\n"]);
    let socket = bench.control.unwrap();
    assert_eq!(bench.net(NetEvent::PeerShutdown { socket }), ["\r\n+QFTPERROR:-6\r\n"]);
    assert_eq!(lines(&bench.host("AT+QFTPSTAT\r")), ["+QFTPSTAT: CLOSED", "OK"]);
    assert_eq!(lines(&bench.host("AT+QFTPCLOSE\r")), ["OK", "+QFTPCLOSE:0"]);
}

#[test]
fn what_breaks_in_the_middle_leaves_data_mode() {
    type Break = fn(&mut Bench) -> Vec<String>;
    let breaks: [(Break, &[&str]); 5] = [
        (|b| b.server("552 full"), &["+QFTPPUT:-552"]),
        (
            |b| {
                let socket = b.data.unwrap();
                b.net(NetEvent::Reset { socket });
                b.turn(75)
            },
            &["+QFTPPUT:-7"],
        ),
        (
            |b| {
                let socket = b.control.unwrap();
                b.net(NetEvent::PeerShutdown { socket })
            },
            &["+QFTPPUT:-6"],
        ),
        (
            |b| {
                let socket = b.control.unwrap();
                b.net(NetEvent::Reset { socket })
            },
            &["+QFTPPUT:-6"],
        ),
        (|b| b.net(NetEvent::Radio(Radio::PdpDeactivated(None))), &["+PDP DEACT", "+QFTPPUT:-8"]),
    ];
    for (i, (event, expected)) in breaks.into_iter().enumerate() {
        let mut bench = Bench::opened();
        assert_eq!(lines(&bench.host("AT+QFTPPUT=\"a\",9\r")), ["OK", "CONNECT"]);
        assert!(bench.host("AT\r").is_empty());
        assert_eq!(lines(&event(&mut bench)), expected, "{i}");
        assert_eq!(bench.uploaded, b"AT\r");
        assert_eq!(lines(&bench.host("AT\r")), ["OK"]);
    }
}

#[test]
fn connect_and_results_stand_in_writes_of_their_own() {
    let mut bench = Bench::opened();
    assert_eq!(bench.host("AT+QFTPPATH=\"/\"\r"), ["\r\nOK\r\n\r\n+QFTPPATH:0\r\n"]);
    assert_eq!(bench.host("AT+QFTPCFG=3,2\r"), ["\r\nOK\r\n\r\n+QFTPCFG:0\r\n"]);
    for (command, result) in [
        ("+QFTPGET=\"\"", "+QFTPGET:-10"),
        ("+QFTPPUT=\"\",2", "+QFTPPUT:-10"),
        ("+QFTPOPEN=\"10.0.0.1\",21", "+QFTPOPEN:-3"),
    ] {
        let writes = bench.host(&format!("AT{command}\r"));
        assert_eq!(writes, ["\r\nOK\r\n".into(), format!("\r\n{result}\r\n")]);
    }
    assert_eq!(bench.host("AT+QFTPPUT=\"a\",2\r\n"), ["\r\nOK\r\n", "\r\nCONNECT\r\n"]);
    assert_eq!(bench.host("\n.AT\r"), ["\r\nOK\r\n", "\r\n+QFTPPUT:2\r\n"]);
    assert_eq!(bench.uploaded, b"\n.");
    bench.says.insert("QUIT", "");
    assert_eq!(bench.host("AT+QFTPCLOSE\r"), ["\r\nOK\r\n"]);
    for (command, name) in
        [("+QFTPCLOSE", "+QFTPCLOSE"), ("+QFTPGET=\"a\"", "+QFTPGET"), ("+QFTPPUT=\"a\",2", "+QFTPPUT")]
    {
        let writes = bench.host(&format!("AT{command}\r"));
        assert_eq!(writes, ["\r\nOK\r\n".into(), format!("\r\n{name}:-3\r\n")]);
    }
    let mut bench = Bench::new();
    assert_eq!(bench.host("AT+QFTPCLOSE\r"), ["\r\nOK\r\n", "\r\n+QFTPCLOSE:0\r\n"]);
    assert_eq!(bench.host("AT+QFTPOPEN=\"\",21\r"), ["\r\nOK\r\n", "\r\n+QFTPOPEN:-10\r\n"]);
    assert_eq!(bench.host("AT+QFTPGET=\"a\"\r"), ["\r\nOK\r\n", "\r\n+QFTPGET:-5\r\n"]);
}

#[test]
fn a_download_is_left_and_taken_up_again() {
    let mut bench = Bench::opened();
    assert_eq!(lines(&bench.host("AT+QFTPGET=\"a\"\r")), ["OK", "CONNECT"]);
    assert_eq!(bench.payload(b"one"), ["one"]);
    bench.turn(1);
    bench.host("+++");
    assert_eq!(bench.turn(1), ["\r\nOK\r\n"]);
    let socket = bench.data.unwrap();
    assert!(bench.payload(b"two").is_empty());
    assert!(bench.net(NetEvent::PeerShutdown { socket }).is_empty());
    assert!(bench.server("226 done").is_empty());
    assert!(bench.turn(1000).is_empty());
    assert_eq!(lines(&bench.host("AT+QFTPSTAT\r")), ["+QFTPSTAT: TRANSFER", "OK"]);
    assert_eq!(bench.host("ATO\r"), ["\r\nCONNECT\r\n", "two", "\r\n+QFTPGET:6\r\n"]);
    assert_eq!(lines(&bench.host("ATO\r")), ["NO CARRIER"]);
}

#[test]
fn a_download_that_was_left_can_be_closed() {
    for over in [false, true] {
        let mut bench = Bench::opened();
        bench.says.insert("ABOR", "426 aborted\r\n226 fine");
        bench.host("AT+QFTPGET=\"a\"\r");
        bench.turn(1);
        bench.host("+++");
        bench.turn(1);
        bench.payload(b"two");
        if over {
            let socket = bench.data.unwrap();
            bench.net(NetEvent::PeerShutdown { socket });
            bench.server("226 done");
        }
        assert_eq!(lines(&bench.host("AT+QFTPCLOSE\r")), ["OK", "+QFTPCLOSE:0"], "{over}");
        assert_eq!(lines(&bench.host("AT+QFTPSTAT;O\r")), ["+QFTPSTAT: CLOSED", "NO CARRIER"]);
    }
}

#[test]
fn what_nobody_asked_for_is_told_apart_from_the_answer() {
    let mut bench = Bench::new();
    let mut writes = vec![];
    for line in ["AT+CSQ\r", "AT+QFTPOPEN=\"10.0.0.1\",21\r"] {
        bench.modem.handle_uart(bench.now, PortId(0), line.as_bytes());
        while let Some(output) = bench.modem.poll_output() {
            match output {
                Output::Uart { bytes, apart, .. } => writes.push((bytes, apart)),
                Output::Net(request) => bench.network(request),
                _ => {}
            }
        }
    }
    let writes: Vec<_> = writes.iter().map(|(bytes, apart)| (&bytes[..], *apart)).collect();
    let wanted: [(&[u8], bool); 3] =
        [(b"\r\n+CSQ: 27,99\r\n\r\nOK\r\n", false), (b"\r\nOK\r\n", false), (b"\r\n+QFTPOPEN:0\r\n", true)];
    assert_eq!(writes, wanted);
}

#[test]
fn a_host_that_reads_no_answer_is_held_up() {
    let mut bench = Bench::new();
    let mut unread = 0;
    while bench.modem.uart_window(PortId(0)) > 0 {
        bench.modem.handle_uart(bench.now, PortId(0), b"AT+CLAC\r");
        while let Some(output) = bench.modem.poll_output() {
            if let Output::Uart { bytes, .. } = output {
                unread += bytes.len();
            }
        }
        assert!(unread < 64 << 20);
    }
    assert!(unread > 1 << 20);
    bench.modem.handle_sent(bench.now, PortId(0), unread / 2);
    assert!(bench.modem.uart_window(PortId(0)) > 0);
}

#[test]
fn an_empty_file_still_connects() {
    let mut bench = Bench::opened();
    bench.says.insert("RETR", "150 here\r\n226 done");
    assert_eq!(lines(&bench.host("AT+QFTPGET=\"a\"\r")), ["OK", "CONNECT"]);
    let socket = bench.data.unwrap();
    assert_eq!(bench.net(NetEvent::PeerShutdown { socket }), ["\r\n+QFTPGET:0\r\n"]);
}

proptest! {
    /// Whatever stands behind a command's name, the module answers or waits for the server, and lives.
    #[test]
    fn any_arguments_are_answered(
        rows in prop::collection::vec((0..super::Quectel::COMMANDS.len(), "(=|\\?|=\\?|)[\"a0-9,:/*+ -]{0,12}"), 1..6),
    ) {
        let mut bench = Bench::named("m95");
        for (row, tail) in rows {
            let name = super::Quectel::COMMANDS[row].name;
            bench.host(&format!("AT{name}{tail}\r"));
            bench.turn(1);
        }
    }
}
