//! Traces and captures, written and read again.

use super::mask::{Secret, SerialMask, ftp_bytes, ftp_line};
use super::packet::{Ends, udp};
use super::pcap::Capture;
use super::*;
use crate::time::Now;
use core::net::{Ipv4Addr, SocketAddrV4};
use pcap_file::pcapng::{Block, PcapNgReader};
use proptest::prelude::*;
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
        Event::LinkOpened { link: 3, kind: LinkKind::Data, local: MODULE, peer: SERVER },
        Event::FaultApplied { name: "tunnel".into(), layer: Layer::Link, what: "stall = \"down\"".into() },
        Event::FtpReply { code: 220, lines: vec!["220 Hello".into()] },
    ];
    let mut writer = Writer::new(vec![]);
    for (i, event) in events.iter().enumerate() {
        writer.write(ms(i as u64), (i > 1).then_some(5), event.clone()).unwrap();
    }
    let text = writer.into_inner();
    let first = r#"{"t":0,"event":"start","version":"0.1","profile":"sim7080","seed":7}"#;
    assert!(text.starts_with(first.as_bytes()), "{}", text.escape_ascii());
    let records: Vec<Record> = read(&text[..]).map(Result::unwrap).collect();
    assert_eq!(records.iter().map(|r| &r.event).collect::<Vec<_>>(), events.iter().collect::<Vec<_>>());
    assert_eq!((records[3].t, records[3].wall), (3000, Some(5)));
    assert_eq!(show(&records[3]), "     0.003000  fault    tunnel applied, layer link: stall = \"down\"");
}

#[test]
fn a_line_that_is_no_record_is_named() {
    let text = b"{\"t\":1,\"event\":\"note\",\"text\":\"x\"}\n\n{\"t\":1}\n\xff\n";
    let wrong: Vec<usize> = read(&text[..]).filter_map(Result::err).map(|e| e.line).collect();
    assert_eq!(wrong, [3, 4]);
}

#[test]
fn the_schema_names_every_event() {
    let schema = serde_json::to_string(&schemars::schema_for!(Record)).unwrap();
    for name in ["serial", "command_line", "fault_applied", "link_opened", "wall"] {
        assert!(schema.contains(&format!("\"{name}\"")), "{name}");
    }
}

#[test]
fn passwords_are_masked() {
    assert_eq!(ftp_line("PASS geheim x"), "PASS ***");
    assert_eq!(ftp_line("pass"), "pass");
    assert_eq!(ftp_line("PASV"), "PASV");
    assert_eq!(&ftp_bytes(b"USER a\r\nPass ab\r\nQUIT\r\n")[..], b"USER a\r\nPass **\r\nQUIT\r\n");
    let secret = |command: &str, parameter| Secret { command: command.to_owned(), parameter };
    let mut mask = SerialMask::new(vec![secret("+FTPPW", 0), secret("+WIPCREATE", 4)]);
    let typed = b"AT+FTPPW=\"a,b;c\"\r\nAT+CSQ;+ftppw=xy;+FTPUN=xy\r";
    let masked: Vec<u8> = typed.iter().flat_map(|b| mask.mask(&[*b])).collect();
    assert_eq!(masked, b"AT+FTPPW=\"*****\"\r\nAT+CSQ;+ftppw=**;+FTPUN=xy\r");
    assert_eq!(mask.mask(b"AT+WIPCREATE=4,1,\"h\",21,\"pw\",5\r"), b"AT+WIPCREATE=4,1,\"h\",21,\"**\",5\r");
    assert_eq!(mask.mask(b"AATAT+FTPPW?\rx"), b"AATAT+FTPPW?\rx");
}

/// A capture of a short session, as the ports and the network would tell it.
fn session() -> Vec<u8> {
    let mut capture = Capture::new(vec![], Duration::from_secs(1_700_000_000)).unwrap();
    capture.serial(ms(1), 1, Way::Up, b"AT+FTPGET=1\r").unwrap();
    capture.open(ms(10), 1, LinkKind::Control, Way::Up, (MODULE, SERVER)).unwrap();
    capture.segment(ms(20), 1, Way::Down, b"220 Welcome\r\n").unwrap();
    capture.segment(ms(30), 1, Way::Up, b"USER anna\r\n").unwrap();
    capture.segment(ms(40), 1, Way::Down, b"331 Password please\r\n").unwrap();
    capture.segment(ms(50), 1, Way::Up, b"PASS secret\r\n").unwrap();
    let data = (SocketAddrV4::new(*MODULE.ip(), 40002), SocketAddrV4::new(*SERVER.ip(), 20));
    capture.open(ms(60), 2, LinkKind::Data, Way::Down, data).unwrap();
    capture.segment(ms(70), 2, Way::Down, &[7; 3001]).unwrap();
    capture.rst(ms(80), 2, Way::Down).unwrap();
    capture.segment(ms(85), 2, Way::Down, b"behind the reset").unwrap();
    capture.fin(ms(90), 1, Way::Up).unwrap();
    capture.fin(ms(90), 1, Way::Down).unwrap();
    capture.datagram(ms(95), Way::Up, (MODULE, SERVER), b"odd").unwrap();
    capture.serial(ms(99), 1, Way::Down, b"\r\nOK\r\n").unwrap();
    capture.into_inner()
}

fn packets(capture: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let mut reader = PcapNgReader::new(capture).unwrap();
    let mut out = vec![];
    while let Some(block) = reader.next_block() {
        if let Block::EnhancedPacket(packet) = block.unwrap() {
            out.push((packet.interface_id, packet.data.to_vec()));
        }
    }
    out
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
    assert_eq!(all.iter().filter(|(interface, _)| *interface == 1).count(), 2);
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
    let bytes: Vec<u8> = session();
    assert!(!bytes.windows(6).any(|w| w == b"secret"));
}

proptest! {
    #[test]
    fn serial_bytes_survive(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut writer = Writer::new(vec![]);
        let event = Event::Serial { port: 1, way: Way::Down, bytes: Latin1(bytes) };
        writer.write(ms(1), None, event.clone()).unwrap();
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
    fn a_mask_keeps_every_length(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let mut mask = SerialMask::new(vec![Secret { command: "+A".to_owned(), parameter: 0 }]);
        prop_assert_eq!(mask.mask(&bytes).len(), bytes.len());
        prop_assert_eq!(ftp_bytes(&bytes).len(), bytes.len());
    }

    #[test]
    fn datagrams_have_right_checksums(payload in prop::collection::vec(any::<u8>(), 0..50)) {
        let p = udp(Ends { from: MODULE, to: SERVER }, 1, &payload);
        let pseudo = [&p[12..20], &[0, 17], &((p.len() - 20) as u16).to_be_bytes(), &p[20..]].concat();
        prop_assert_eq!(sum(&pseudo) % 0xffff, 0);
    }
}
