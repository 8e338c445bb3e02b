//! What no transcript can say: failures in the middle of a transfer, with the network played by hand.

use crate::modem::net::{NetEvent, NetRequest, Purpose, Socket};
use crate::modem::{Dce, HostLine, Level, Modem, Output, PortId, make};
use crate::profile::load;
use crate::time::Now;
use ::core::net::{Ipv4Addr, SocketAddrV4};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

const PORT: PortId = PortId(0);

/// A module with its host, and the server's end of its connections.
struct Rig {
    modem: Modem,
    now: Now,
    control: Option<Socket>,
    data: Option<Socket>,
    heard: String,
    /// What the module said to the server.
    said: String,
}

impl Rig {
    fn new(settings: &str) -> Rig {
        let text = format!(
            "extends = \"nl668\"\n[serial]\necho = false\n[radio]\nround_trip = \"0s\"\n[settings]\n{settings}\n"
        );
        let shipped = include_str!("../../../profiles/nl668.toml");
        let profile = load("t.toml", &text, &|name| Some((name.into(), shipped.into()))).unwrap();
        let behaviour = make::<super::Fibocom>(&profile).ok().unwrap();
        let modem = Modem::new(Arc::new(profile), behaviour, 1);
        let (heard, said) = (String::new(), String::new());
        let mut rig = Rig { modem, now: Now::ZERO, control: None, data: None, heard, said };
        rig.modem.power_on(rig.now);
        rig.drain();
        rig.types("AT+MIPCALL=1\r");
        rig.types("AT+FTPOPEN=\"10.0.0.1\",u,p\r");
        rig.replies(&["220 x", "230 x"]);
        assert!(rig.hears().ends_with("+FTPOPEN: 1\r\n"));
        rig
    }

    fn drain(&mut self) {
        while let Some(output) = self.modem.poll_output() {
            match output {
                Output::Uart { bytes, .. } => {
                    self.heard.push_str(&String::from_utf8_lossy(&bytes));
                    self.modem.handle_sent(self.now, PORT, bytes.len());
                }
                Output::Net(NetRequest::Connect { socket, purpose, .. }) => {
                    match purpose {
                        Purpose::FtpControl => self.control = Some(socket),
                        _ => self.data = Some(socket),
                    }
                    let local = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 2), 1025);
                    self.modem.handle_net(self.now, NetEvent::Connected { socket, local });
                }
                Output::Net(NetRequest::Send { socket, bytes }) if Some(socket) == self.control => {
                    self.said.push_str(&String::from_utf8_lossy(&bytes));
                }
                _ => {}
            }
        }
    }

    fn types(&mut self, text: &str) {
        self.modem.handle_uart(self.now, PORT, text.as_bytes());
        self.drain();
    }

    fn replies(&mut self, replies: &[&str]) {
        for reply in replies {
            let (socket, bytes) = (self.control.unwrap(), Bytes::from(format!("{reply}\r\n")));
            self.modem.handle_net(self.now, NetEvent::Data { socket, bytes });
            self.drain();
        }
    }

    /// TYPE, PASV and the verb are answered.
    fn begins(&mut self) {
        self.replies(&["200 x", "227 x (10,0,0,1,4,1)", "150 x"]);
    }

    fn happens(&mut self, event: impl FnOnce(Socket) -> NetEvent) {
        let event = event(self.data.unwrap());
        self.modem.handle_net(self.now, event);
        self.drain();
    }

    fn waits(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.modem.handle_timeout(self.now);
        self.drain();
    }

    fn hears(&mut self) -> String {
        std::mem::take(&mut self.heard)
    }

    /// The module is back in command mode, and the connection is open or not.
    fn ends_up(&mut self, open: u8) {
        self.types("AT+FTPOPEN?\r");
        assert_eq!(self.hears(), format!("\r\n+FTPOPEN: {open}\r\n\r\nOK\r\n"));
    }
}

#[test]
fn the_host_ends_a_download() {
    let mut rig = Rig::new("");
    rig.types("AT+FTPRETR=a\r");
    rig.begins();
    rig.happens(|socket| NetEvent::Data { socket, bytes: Bytes::from_static(b"abc") });
    rig.types("\x03");
    assert!(rig.said.ends_with("ABOR\r\n"));
    rig.replies(&["426 x", "226 x"]);
    assert_eq!(rig.hears(), "\r\nOK\r\n\r\n+FTPRETR: 2\r\nabc\r\n+FTPRETR: 0\r\n");
    rig.ends_up(1);
}

#[test]
fn the_server_ends_a_stream() {
    for (command, name) in [("AT+FTPRETR=a\r", "+FTPRETR"), ("AT+FTPSTOR=a\r", "+FTPSTOR")] {
        let mut rig = Rig::new("");
        rig.types(command);
        rig.begins();
        rig.happens(|socket| NetEvent::Reset { socket });
        rig.replies(&["426 x"]);
        assert_eq!(rig.hears(), format!("\r\nOK\r\n\r\n{name}: 2\r\n\r\n{name}: 0\r\n"));
        rig.ends_up(1);
    }
}

#[test]
fn the_connection_is_lost_in_a_stream() {
    let mut rig = Rig::new("");
    rig.types("AT+FTPRETR=a\r");
    rig.begins();
    rig.happens(|socket| NetEvent::Data { socket, bytes: Bytes::from_static(b"abc") });
    let socket = rig.control.unwrap();
    rig.modem.handle_net(rig.now, NetEvent::Reset { socket });
    rig.drain();
    assert_eq!(rig.hears(), "\r\nOK\r\n\r\n+FTPRETR: 2\r\nabc\r\n+FTPRETR: 0\r\n");
    rig.ends_up(0);
}

#[test]
fn a_chunk_is_taken_before_its_failure_is_told() {
    let mut rig = Rig::new("");
    rig.types("AT+FTPPUT=a,5,0\r");
    rig.begins();
    rig.types("ab");
    rig.replies(&["552 x"]);
    assert_eq!(rig.hears(), "\r\n+FTPPUT: 2,5\r\n");
    rig.types("cde");
    assert_eq!(rig.hears(), "\r\n+FTPPUT: 0\r\n\r\nOK\r\n");
    rig.ends_up(1);
}

#[test]
fn an_upload_fails_between_chunks_and_before_the_first() {
    let mut rig = Rig::new("");
    rig.types("AT+FTPPUT=a,1,0\r");
    rig.begins();
    rig.types("a");
    rig.hears();
    rig.replies(&["552 x"]);
    assert_eq!(rig.hears(), "\r\n+FTPPUT: 0\r\n");
    rig.types("AT+FTPPUT=a,1,0\r");
    rig.replies(&["425 x"]);
    assert_eq!(rig.hears(), "\r\n+FTPPUT: 0\r\n\r\nOK\r\n");
    rig.ends_up(1);
}

#[test]
fn announced_octets_do_not_come() {
    let mut rig = Rig::new("put_input = \"5s\"");
    rig.types("AT+FTPPUT=a,5,0\r");
    rig.begins();
    rig.types("ab");
    rig.waits(5);
    assert_eq!(rig.hears(), "\r\n+FTPPUT: 2,5\r\n\r\nERROR\r\n");
    rig.replies(&["426 x", "226 x"]);
    assert_eq!(rig.hears(), "\r\n+FTPPUT: 0\r\n");
    rig.ends_up(1);
}

#[test]
fn dtr_drops_while_a_command_waits() {
    let mut rig = Rig::new("");
    rig.types("AT+FTPPUT=a,5,0\r");
    rig.modem.handle_line(rig.now, PORT, HostLine::Dtr(Level::Off));
    rig.drain();
    assert_eq!(rig.hears(), "\r\nERROR\r\n\r\n+FTPCLOSE: 1\r\n");
    rig.ends_up(0);
}

#[test]
fn a_download_is_closed_in_its_middle() {
    let mut rig = Rig::new("");
    rig.types("AT+FTPGET=a\r");
    rig.begins();
    rig.happens(|socket| NetEvent::Data { socket, bytes: Bytes::from_static(b"abc") });
    rig.types("AT+FTPCLOSE\r");
    rig.replies(&["426 x", "226 x", "221 x"]);
    assert_eq!(rig.hears(), "\r\nOK\r\n\r\n+FTPGET: 2\r\n\r\nOK\r\n\r\n+FTPCLOSE: 1\r\n");
    rig.ends_up(0);
}

#[test]
fn the_network_gives_no_more_than_the_buffer_takes() {
    let mut rig = Rig::new("");
    rig.types("AT+FTPGET=a\r");
    rig.begins();
    let socket = rig.data.unwrap();
    assert_eq!(rig.modem.poll_window(socket), 512_000);
    rig.happens(|socket| NetEvent::Data { socket, bytes: Bytes::from(vec![7; 12_000]) });
    assert_eq!(rig.modem.poll_window(socket), 500_000);
    rig.types("AT+FTPRECV=3000\r");
    assert_eq!(rig.modem.poll_window(socket), 503_000);
}

#[test]
fn the_error_tables_are_whole() {
    let shipped = include_str!("../../../profiles/nl668.toml");
    let profile = load("nl668.toml", shipped, &|_| None).unwrap();
    assert_eq!((profile.cme.len(), profile.cms.len()), (112 + 34, 106));
    assert_eq!(profile.cme[&48], "hidden key required");
    assert_eq!(profile.cme[&1283], "CCBS possible");
    assert_eq!(profile.cme[&2000], "TCPIP Param wrong ");
    assert_eq!(profile.cms[&543], "SMS rejected By SMS CONTROL");
}
