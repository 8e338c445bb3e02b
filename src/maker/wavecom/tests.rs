//! What needs a network that says exactly what a test wants: datagrams, resets, lost bearers.

mod bench;
mod ends;

use crate::modem::net::{NetEvent, NetRequest, Radio, Socket};
use crate::modem::{Dce, PortId};
use bench::{Bench, FAR};
use bytes::Bytes;
use core::net::{Ipv4Addr, SocketAddrV4};
use proptest::prelude::*;

#[test]
fn an_etx_parts_datagrams_both_ways() {
    let mut b = Bench::new("wipsoft");
    let socket = b.udp();
    b.maps(0, "1,1,1");
    b.sends(0, b"one\x03t\x10");
    assert_eq!(b.datagrams(), [(FAR, b"one".to_vec())]);
    // The ETX of one write belongs to the DLE of the one before.
    b.sends(0, b"\x03wo");
    assert!(b.datagrams().is_empty());
    b.sends(0, b"\x03\x03\x03three\x03");
    assert_eq!(b.datagrams(), [(FAR, b"t\x03wo".to_vec()), (FAR, b"three".to_vec())]);
    b.datagram(socket, FAR, b"a\x03b");
    b.datagram(socket, FAR, b"c");
    assert_eq!(b.hears(0), "a\x10\x03b\x03c\x03");
    // 6.2.1.2: what was not sent yet goes as one datagram when the port leaves data mode.
    b.sends(0, b"rest\x10");
    assert_eq!(b.escapes(0), "\r\nOK\r\n");
    assert_eq!(b.datagrams(), [(FAR, b"rest\x10".to_vec())]);
}

#[test]
fn no_datagram_is_longer_than_5840() {
    let mut b = Bench::new("wipsoft");
    b.udp();
    b.maps(0, "1,1,1");
    b.sends(0, &[b'x'; 5840]);
    b.sends(0, b"\x03");
    assert_eq!(b.datagrams().iter().map(|(_, d)| d.len()).collect::<Vec<_>>(), [5840]);
    b.sends(0, &[&[b'y'; 5841][..], b"\x03"].concat());
    assert_eq!(b.datagrams().iter().map(|(_, d)| d.len()).collect::<Vec<_>>(), [5840, 1]);
    b.sends(0, b"z");
    b.types(1, "AT+WIPDATA=1,1,0\r");
    assert_eq!((b.hears(0), b.hears(1)), ("\r\nOK\r\n".into(), "\r\nOK\r\n".into()));
    assert_eq!(b.datagrams(), [(FAR, b"z".to_vec())]);
}

#[test]
fn a_datagram_is_announced_with_its_sender_who_gets_the_answer() {
    let mut b = Bench::new("wipsoft");
    b.types(0, "AT+WIPCREATE=1,2,80\r");
    let socket = b.opened();
    b.hears(0);
    b.maps(0, "1,2,1");
    b.sends(0, b"to nobody\x03");
    assert!(b.datagrams().is_empty());
    b.escapes(0);
    b.datagram(socket, FAR, b"hello");
    assert_eq!(b.hears(0), "\r\n+WIPDATA: 1,2,5,192.168.0.1,7\r\n");
    b.types(0, "AT+WIPOPT=1,2,1,6\r");
    assert_eq!(b.hears(0), "\r\n+WIPOPT: 1,2,6,5\r\n\r\nOK\r\n");
    b.types(0, "AT+WIPDATA=1,2,1\r");
    assert_eq!(b.hears(0), "\r\nCONNECT\r\nhello\x03");
    b.sends(0, b"you too\x03");
    assert_eq!(b.datagrams(), [(FAR, b"you too".to_vec())]);
}

#[test]
fn a_tcp_connection_closes_in_each_direction_by_etx() {
    let mut b = Bench::new("wipsoft");
    let socket = b.tcp();
    b.maps(0, "2,1,1");
    b.sends(0, b"a\x10\x03b\x03lost");
    let bytes = Bytes::from_static(b"a\x03b");
    assert_eq!(
        b.asked.drain(..).collect::<Vec<_>>(),
        [NetRequest::Send { socket, bytes }, NetRequest::Shutdown { socket }]
    );
    b.data(socket, b"still\x03here");
    assert_eq!(b.hears(0), "still\x10\x03here");
    b.net(NetEvent::PeerShutdown { socket });
    assert_eq!(b.hears(0), "\x03");
    assert_eq!(b.escapes(0), "\r\nOK\r\n\r\n+WIPPEERCLOSE: 2,1\r\n");
    b.types(0, "AT+WIPDATA=2,1,1\r");
    assert_eq!(b.hears(0), "\r\n+CME ERROR: 851\r\n");
    b.types(0, "AT+WIPCLOSE=2,1\r");
    assert_eq!(b.hears(0), "\r\nOK\r\n\r\n+WIPPEERCLOSE: 2,1\r\n");
    b.alive();
}

#[test]
fn data_waits_for_its_reader_and_closes_the_window() {
    let mut b = Bench::new("wipsoft");
    let socket = b.tcp();
    b.types(0, "AT+WIPOPT=2,1,2,5,100\r");
    b.hears(0);
    b.data(socket, &[b'x'; 99]);
    assert_eq!(b.hears(0), "");
    b.data(socket, &[b'x'; 2]);
    assert_eq!(b.hears(0), "\r\n+WIPDATA: 2,1,101\r\n");
    let room = b.modem.poll_window(socket);
    assert_eq!(room, 32 * 1460 - 101);
    b.data(socket, &vec![b'x'; room]);
    assert_eq!((b.modem.poll_window(socket), b.hears(0).as_str()), (0, ""));
    b.net(NetEvent::PeerShutdown { socket });
    assert_eq!(b.hears(0), "");
    b.types(0, "AT+WIPDATA=2,1,1\r");
    assert_eq!(b.hears(0).len(), "\r\nCONNECT\r\n".len() + 32 * 1460 + 1);
    assert_eq!(b.modem.poll_window(socket), 32 * 1460);
}

#[test]
fn a_short_last_piece_is_announced_with_the_peers_close() {
    let mut b = Bench::new("wipsoft");
    let socket = b.tcp();
    b.types(0, "AT+WIPOPT=2,1,2,5,100\r");
    b.hears(0);
    b.data(socket, b"few");
    b.net(NetEvent::PeerShutdown { socket });
    assert_eq!(b.hears(0), "\r\n+WIPDATA: 2,1,3\r\n");
}

#[test]
fn a_reset_has_a_number_and_keeps_the_index_until_it_is_closed() {
    let mut b = Bench::new("wipsoft");
    let socket = b.tcp();
    b.maps(1, "2,1,1");
    b.net(NetEvent::Reset { socket });
    assert_eq!(
        (b.hears(0), b.hears(1)),
        ("\r\n+CME ERROR: 841\r\n\r\n+WIPPEERCLOSE: 2,1\r\n".into(), "\x03".into())
    );
    b.sends(1, b"nobody takes this\x03");
    assert_eq!(b.escapes(1), "\r\nOK\r\n");
    for (command, code) in [
        ("AT+WIPDATA=2,1,1\r", "\r\n+CME ERROR: 851\r\n"),
        ("AT+WIPCREATE=2,1,\"192.168.0.1\",7\r", "\r\n+CME ERROR: 830\r\n"),
        ("AT+WIPCLOSE=2,1\r", "\r\nOK\r\n\r\n+WIPPEERCLOSE: 2,1\r\n"),
    ] {
        b.types(0, command);
        assert_eq!(b.hears(0), code, "{command}");
    }
    b.tcp();
    b.alive();
}

#[test]
fn a_later_stack_numbers_a_reset_otherwise() {
    let mut b = Bench::new("wismo228");
    b.types(0, "AT+WIPCREATE=2,1,\"192.168.0.1\",7\r");
    let socket = b.opened();
    assert_eq!(b.hears(0), "");
    b.data(socket, b"220 hello\r\n");
    b.turn(1);
    assert_eq!(b.hears(0), "\r\n+WIPREADY: 2,1\r\n\r\n+WIPDATA: 2,1,11\r\n\r\nOK\r\n");
    b.net(NetEvent::Reset { socket });
    assert_eq!(b.hears(0), "\r\n+CME ERROR: 843\r\n\r\n+WIPPEERCLOSE: 2,1\r\n");
    b.types(0, "AT+WIPCFG=1\r");
    assert_eq!(b.hears(0), "\r\n+CME ERROR: 844\r\n");
}

#[test]
fn mode_2_knows_no_etx_and_no_dle() {
    let mut b = Bench::new("wismo228");
    b.types(0, "AT+WIPCREATE=2,1,\"192.168.0.1\",7\r");
    let socket = b.opened();
    b.turn(1);
    b.hears(0);
    b.maps(0, "2,1,2");
    b.sends(0, b"\x03\x10\x03");
    let bytes = Bytes::from_static(b"\x03\x10\x03");
    assert_eq!(b.asked.drain(..).collect::<Vec<_>>(), [NetRequest::Send { socket, bytes }]);
    b.data(socket, b"\x03\x10");
    assert_eq!(b.hears(0), "\x03\x10");
    assert_eq!(b.escapes(0), "\r\nOK\r\n");
    // The far end's close leaves data mode by itself, without an end mark in this mode.
    b.maps(0, "2,1,2");
    b.net(NetEvent::PeerShutdown { socket });
    assert_eq!(b.hears(0), "\r\n+WIPPEERCLOSE: 2,1\r\n");
    b.alive();
}

#[test]
fn a_connection_that_fails_is_the_result_where_the_result_waits_for_it() {
    let mut b = Bench::new("wismo228");
    b.types(0, "AT+WIPCREATE=2,1,\"192.168.0.1\",7\r");
    b.turn(74);
    assert_eq!(b.hears(0), "");
    b.turn(1);
    assert_eq!(b.hears(0), "\r\n+CME ERROR: 842\r\n");
    b.alive();
}

#[test]
fn a_bearer_that_drops_takes_what_is_open_with_it() {
    let mut b = Bench::new("wipsoft");
    b.tcp();
    b.types(0, "AT+WIPCREATE=1,1,80\r");
    b.opened();
    b.types(0, "AT+WIPCREATE=3,1,81,5,6\r");
    b.hears(0);
    b.maps(1, "2,1,1");
    b.net(NetEvent::Radio(Radio::PdpDeactivated(None)));
    assert_eq!(
        b.hears(0),
        "\r\n+WIPBR: 6,812,0.0.0.0,0.0.0.0,0.0.0.0,0.0.0.0\r\n\
         \r\n+WIPPEERCLOSE: 2,1\r\n\r\n+WIPPEERCLOSE: 1,1\r\n\r\n+WIPPEERCLOSE: 3,1\r\n"
    );
    assert_eq!(b.hears(1), "\x03");
    assert_eq!(b.escapes(1), "\r\nOK\r\n");
    b.types(0, "AT+WIPBR?\r");
    assert_eq!(b.hears(0), "\r\n6,0\r\n\r\nOK\r\n");
    b.types(0, "AT+WIPCREATE=2,2,\"192.168.0.1\",7\r");
    assert_eq!(b.hears(0), "\r\n+CME ERROR: 842\r\n");
    b.alive();
}

#[test]
fn a_server_spawns_as_far_as_its_indexes_reach() {
    let mut b = Bench::new("wipsoft");
    b.types(0, "AT+WIPCREATE=3,1,80,5,6\r");
    let Some(NetRequest::Listen { socket: listener, .. }) = b.asked.pop_front() else { panic!() };
    let call = |n: u32| NetEvent::Accepted { listener, socket: Socket(0x8000_0000 + n), from: FAR };
    b.net(call(0));
    b.net(call(1));
    assert_eq!(b.hears(0), "\r\nOK\r\n\r\n+WIPACCEPT: 1,5\r\n\r\n+WIPACCEPT: 1,6\r\n");
    b.net(call(2));
    assert_eq!(b.asked.pop_front(), Some(NetRequest::Abort { socket: Socket(0x8000_0002) }));
    b.types(0, "AT+WIPCLOSE=2,5\r");
    b.net(call(3));
    assert!(b.hears(0).ends_with("\r\n+WIPACCEPT: 1,5\r\n"));
    b.types(0, "AT+WIPOPT=2,5,1,1\r");
    assert_eq!(b.hears(0), "\r\n+WIPOPT: 2,5,1,7\r\n\r\nOK\r\n");
}

#[test]
fn what_was_left_unread_is_announced_again() {
    let mut b = Bench::new("wipsoft");
    let socket = b.tcp();
    b.data(socket, b"abc");
    assert_eq!(b.hears(0), "\r\n+WIPDATA: 2,1,3\r\n");
    b.data(socket, b"def");
    assert_eq!(b.hears(0), "");
    b.types(0, "AT+WIPDATA=2,1,1\r");
    assert_eq!(b.hears(0), "\r\nCONNECT\r\nabcdef");
    assert_eq!(b.escapes(0), "\r\nOK\r\n");
    b.data(socket, b"ghi");
    assert_eq!(b.hears(0), "\r\n+WIPDATA: 2,1,3\r\n");
}

#[test]
fn stopping_the_stack_ends_data_mode() {
    let mut b = Bench::new("wipsoft");
    b.tcp();
    b.maps(1, "2,1,1");
    b.types(0, "AT+WIPCFG=0\r");
    assert_eq!((b.hears(0), b.hears(1)), ("\r\nOK\r\n".into(), "\r\nOK\r\n".into()));
    b.alive();
}

#[test]
fn dropping_dtr_leaves_data_mode() {
    let mut b = Bench::new("wipsoft");
    let socket = b.tcp();
    b.maps(0, "2,1,1");
    b.modem.handle_line(b.now, PortId(0), crate::modem::HostLine::Dtr(crate::modem::Level::Off));
    b.drain();
    assert_eq!(b.hears(0), "\r\nOK\r\n");
    b.data(socket, b"later");
    assert_eq!(b.hears(0), "\r\n+WIPDATA: 2,1,5\r\n");
}

#[test]
fn what_no_command_has_stored_is_not_taken_from_the_flash() {
    let mut b = Bench::new("wipsoft");
    let stored = [("11", "kept"), ("12", "9"), ("15", "10.0.0"), ("99", "1")];
    let flash = stored.map(|(option, value)| (format!("wip.br.5.{option}"), value.to_string()));
    b.modem.load_flash(flash.into());
    b.types(0, "AT+WIPBR=1,5;+WIPBR=3,5,11;+WIPBR=3,5,12;+WIPBR=3,5,15\r");
    let options =
        ["\r\n+WIPBR: 5,11,\"kept\"\r\n", "\r\n+WIPBR: 5,12,1\r\n", "\r\n+WIPBR: 5,15,\"0.0.0.0\"\r\n"];
    assert_eq!(b.hears(0), options.concat() + "\r\nOK\r\n");
}

fn lines() -> impl Strategy<Value = String> {
    let name = prop::sample::select(
        &["+WIPCFG", "+WIPBR", "+WIPCREATE", "+WIPCLOSE", "+WIPOPT", "+WIPFILE", "+WIPDATA", "+WIPPING"][..],
    );
    let value = prop_oneof![
        (0u32..10).prop_map(|n| n.to_string()),
        Just("\"192.168.0.1\"".into()),
        Just("\"host.example\"".into()),
        Just(String::new()),
        Just("70000".into()),
    ];
    (name, prop::collection::vec(value, 0..7))
        .prop_map(|(name, values)| format!("AT{name}={}\r", values.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn whatever_the_host_does_at_answers_in_the_end(
        profile in prop::sample::select(&["wipsoft", "wismo228"][..]),
        typed in prop::collection::vec((0usize..2, lines(), 0u8..6), 1..30),
    ) {
        let mut b = Bench::new(profile);
        for (port, line, then) in typed {
            b.types(port, &line);
            match then {
                0 => b.turn(100),
                1 => b.sends(port, b"x\x10\x03\x03+++"),
                2 => b.net(NetEvent::Radio(Radio::PdpDeactivated(None))),
                _ => {}
            }
            while let Some(request) = b.asked.pop_front() {
                let local = SocketAddrV4::new(Ipv4Addr::new(10, 94, 36, 44), 80);
                match request {
                    NetRequest::Connect { socket, .. } | NetRequest::OpenUdp { socket, .. } if then > 2 => {
                        b.net(NetEvent::Connected { socket, local });
                        b.net(NetEvent::PeerShutdown { socket });
                    }
                    NetRequest::Listen { socket, .. } if then > 3 => {
                        b.net(NetEvent::Listening { socket, local });
                        b.net(NetEvent::Accepted { listener: socket, socket: Socket(0x8000_0000), from: FAR });
                    }
                    NetRequest::Resolve { query, .. } => {
                        b.net(NetEvent::Resolved { query, address: (then > 3).then_some(*FAR.ip()) });
                    }
                    _ => {}
                }
            }
        }
        for port in 0..2 {
            b.turn(200);
            b.escapes(port);
        }
        b.alive();
    }
}
