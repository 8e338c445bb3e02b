//! Traces and captures, written and read again.

use super::packet::{Ends, udp};
use super::pcap::Capture;
use super::*;
use crate::time::Now;
use core::net::{Ipv4Addr, SocketAddrV4};
use proptest::prelude::*;
use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

fn ms(n: u64) -> Now {
    Now::from_millis(n)
}

const MODULE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 1, 2, 3), 40001);
const SERVER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(198, 18, 0, 1), 21);

#[test]
fn what_is_written_is_what_is_read() {
    let events = [
        Event::Start { version: "0.1".into(), profile: "sim7080".into(), scenario: None, seed: 7 },
        Event::Serial { port: 1, way: Way::Up, bytes: Latin1((0..=255).collect()) },
        opened(3, LinkKind::Data, Way::Up, MODULE, SERVER),
        Event::Found { query: 1, address: None },
        Event::FaultApplied { name: "tunnel".into(), layer: Layer::Link, what: "stall = \"down\"".into() },
        Event::FtpReply { code: 220, lines: vec!["220 Hello".into()] },
    ];
    let mut writer = Writer::new(vec![]);
    for (i, event) in events.iter().enumerate() {
        let record = Record { wall: Some(5), ..Record::new(ms(i as u64), event.clone()) };
        writer.take(&record).unwrap();
    }
    let text = writer.into_inner();
    let first = r#"{"t":0,"wall":5,"event":"start","version":"0.1","profile":"sim7080","seed":7}"#;
    assert!(text.starts_with(first.as_bytes()), "{}", text.escape_ascii());
    let records: Vec<Record> = read(&text[..]).map(Result::unwrap).collect();
    assert_eq!(records.iter().map(|r| &r.event).collect::<Vec<_>>(), events.iter().collect::<Vec<_>>());
    assert_eq!((records[4].t, records[4].wall), (4000, Some(5)));
    assert_eq!(show(&records[4]), "     0.004000  fault    tunnel applied, layer link: stall = \"down\"");
}

#[test]
fn a_line_that_is_no_record_is_named() {
    let text = b"{\"t\":1,\"event\":\"note\",\"text\":\"x\"}\n\n{\"t\":1}\n\xff\n";
    let wrong: Vec<usize> = read(&text[..]).filter_map(Result::err).map(|e| e.line).collect();
    assert_eq!(wrong, [3, 4]);
    let first = read(&text[..]).find_map(Result::err).map(|e| e.to_string());
    assert_eq!(first.as_deref(), Some("line 3, column 7: missing field `event`"));
}

#[test]
fn the_schema_names_every_event() {
    let schema = serde_json::to_string(&schemars::schema_for!(Record)).unwrap();
    for name in ["serial", "command_line", "fault_applied", "link_opened", "wall"] {
        assert!(schema.contains(&format!("\"{name}\"")), "{name}");
    }
}

fn opened(link: u32, kind: LinkKind, way: Way, local: SocketAddrV4, peer: SocketAddrV4) -> Event {
    Event::LinkOpened { link, kind, way, local, peer }
}

/// A capture of a short session, as the driver would tell it.
fn session() -> Vec<u8> {
    let serial = |way, bytes: &[u8]| (Event::Serial { port: 1, way, bytes: Latin1(bytes.to_vec()) }, vec![]);
    let segment = |link, way, bytes: &[u8]| (Event::Segment { link, way, len: bytes.len() }, bytes.to_vec());
    let bare = |event| (event, vec![]);
    let data = SocketAddrV4::new(*MODULE.ip(), 40002);
    let server_data = SocketAddrV4::new(*SERVER.ip(), 20);
    let datagram = Event::Datagram { link: 3, way: Way::Up, local: MODULE, peer: SERVER, len: 3 };
    let told = [
        serial(Way::Up, b"AT+FTPGET=1\r"),
        bare(opened(1, LinkKind::Control, Way::Up, MODULE, SERVER)),
        segment(1, Way::Down, b"220 Welcome\r\n"),
        segment(1, Way::Up, b"USER anna\r\n"),
        segment(1, Way::Down, b"331 Password please\r\n"),
        bare(opened(2, LinkKind::Data, Way::Down, data, server_data)),
        segment(2, Way::Down, &[7; 3001]),
        bare(Event::Rst { link: 2, way: Way::Down }),
        segment(2, Way::Down, b"behind the reset"),
        bare(Event::Fin { link: 1, way: Way::Up }),
        bare(Event::Fin { link: 1, way: Way::Down }),
        (datagram, b"odd".to_vec()),
        serial(Way::Down, b"\r\nOK\r\n"),
        serial(Way::Down, b"\x00\x01\xff"),
    ];
    let mut capture = Capture::new(vec![]).unwrap();
    for (i, (event, payload)) in told.into_iter().enumerate() {
        let record = Record { payload: payload.into(), ..Record::new(ms(10 * i as u64), event) };
        capture.take(&record).unwrap();
    }
    capture.into_inner()
}

fn packets(capture: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let read = pcapng::Reader::new(capture).unwrap().map(Result::unwrap);
    read.map(|packet| (packet.interface, packet.data)).collect()
}

/// The one's complement sum of 16-bit words, which is 0xffff over what holds its own checksum.
fn sum(bytes: &[u8]) -> u64 {
    let word = |pair: &[u8]| u64::from(pair[0]) * 256 + u64::from(*pair.get(1).unwrap_or(&0));
    let sum: u64 = bytes.chunks(2).map(word).sum();
    (sum & 0xffff) + (sum >> 16)
}

#[test]
fn checksums_and_sequence_numbers_are_right() {
    let all = packets(&session());
    assert_eq!(all.iter().filter(|(interface, _)| *interface == 1).count(), 3);
    let mut next = std::collections::BTreeMap::new();
    for (_, p) in all.iter().filter(|(interface, _)| *interface == 0) {
        assert_eq!(sum(&p[..20]), 0xffff);
        let pseudo = [&p[12..20], &[0, p[9]], &((p.len() - 20) as u16).to_be_bytes(), &p[20..]].concat();
        assert_eq!(sum(&pseudo) % 0xffff, 0, "{p:?}");
        if p[9] != 6 {
            continue;
        }
        let number = |at: usize| u32::from_be_bytes(p[at..at + 4].try_into().unwrap());
        let (ports, reverse) = (p[20..24].to_vec(), [&p[22..24], &p[20..22]].concat());
        let flags = p[33];
        if flags & 2 == 0 {
            assert_eq!(next[&ports], number(24));
        }
        if flags & 16 != 0 {
            assert_eq!(next[&reverse], number(28));
        }
        let takes = (p.len() - 40) as u32 + u32::from(flags & 3 != 0);
        next.insert(ports, number(24).wrapping_add(takes));
    }
}

#[test]
fn the_times_of_a_capture_are_the_walls_where_there_are_any() {
    let mut capture = Capture::new(vec![]).unwrap();
    let event = Event::Serial { port: 1, way: Way::Up, bytes: Latin1(b"AT\r".to_vec()) };
    let wall = Some(1_795_835_547_000_001);
    capture.take(&Record { wall, ..Record::new(ms(7), event.clone()) }).unwrap();
    capture.take(&Record::new(ms(7), event)).unwrap();
    let file = capture.into_inner();
    let times: Vec<_> = pcapng::Reader::new(&file).unwrap().map(|packet| packet.unwrap().at).collect();
    assert_eq!(times, [Duration::from_micros(1_795_835_547_000_001), Duration::from_millis(7)]);
}

/// Where tshark is installed, it has the last word.
#[test]
fn tshark_finds_nothing_wrong() {
    if Command::new("tshark").arg("-v").output().is_err() {
        return;
    }
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&session()).unwrap();
    let tshark = |arguments: &[&str]| {
        let output = Command::new("tshark").arg("-r").arg(file.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let ftp = ["-Y", "ftp", "-T", "fields", "-e", "ftp.response.arg", "-e", "ftp.request.arg"];
    assert_eq!(tshark(&ftp), ["Welcome\t", "\tanna", "Password please\t"]);
    let check = ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"];
    let at = ["-Y", "at", "-T", "fields", "-e", "at.role", "-e", "at.cmd"];
    assert_eq!(tshark(&at), ["2\t+FTPGET", "1\tOK"]);
    let payload = ["-Y", "exported_pdu && data", "-T", "fields", "-e", "data.data"];
    assert_eq!(tshark(&payload), ["0001ff"]);
    let wrong = "_ws.malformed || tcp.analysis.flags || ip.checksum.status == 0 || tcp.checksum.status == 0";
    assert_eq!(tshark(&[&check[..], &["-Y", wrong]].concat()), Vec::<String>::new());
}

#[test]
fn what_a_server_says_cannot_move_the_cursor() {
    let reply = Event::FtpReply { code: 220, lines: vec!["220 \x1b[2J".into()] };
    assert_eq!(show(&Record::new(ms(1), reply)), r"     0.001000  ftp      < 220 \u{1b}[2J");
}

proptest! {
    #[test]
    fn serial_bytes_survive(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut writer = Writer::new(vec![]);
        let event = Event::Serial { port: 1, way: Way::Down, bytes: Latin1(bytes) };
        writer.take(&Record::new(ms(1), event.clone())).unwrap();
        let text = writer.into_inner();
        prop_assert_eq!(text.iter().filter(|b| **b == b'\n').count(), 1);
        prop_assert_eq!(read(&text[..]).next().unwrap().unwrap().event, event);
    }

    #[test]
    fn no_line_makes_the_reader_panic(text in prop::collection::vec(any::<u8>(), 0..100)) {
        for record in read(&text[..]).flatten() {
            show(&record);
        }
    }

    #[test]
    fn datagrams_have_right_checksums(payload in prop::collection::vec(any::<u8>(), 0..50)) {
        let p = udp(Ends { from: MODULE, to: SERVER }, 1, &payload).unwrap();
        let pseudo = [&p[12..20], &[0, 17], &((p.len() - 20) as u16).to_be_bytes(), &p[20..]].concat();
        prop_assert_eq!(sum(&pseudo) % 0xffff, 0);
    }
}
