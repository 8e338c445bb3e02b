//! Traces and captures, written and read back.

use super::*;
use bytes::Bytes;
use pcap_file::pcapng::{Block, PcapNgReader};
use std::io::Write as _;
use std::process::Command;

fn link(id: u32, carries: Use) -> Link {
    let local = SocketAddrV4::new([10, 0, 0, 2].into(), 50_000 + id as u16);
    Link { id, carries, local, peer: SocketAddrV4::new([192, 0, 2, 1].into(), 21) }
}

fn at(millis: u64, event: Event, raw: Raw) -> Record {
    Record { raw, ..Record::new(Now::from_millis(millis), event) }
}

fn opened(id: u32) -> Record {
    let link = link(id, Use::FtpControl);
    let (carries, local, peer) = (link.carries, link.local, link.peer);
    let event = Event::LinkOpened { link: id, carries, way: Way::Up, local, peer };
    at(10, event, Raw::Link(link, Bytes::new()))
}

fn segment(id: u32, way: Way, bytes: &'static [u8]) -> Record {
    let event = Event::Segment { link: id, carries: Use::FtpControl, way, length: bytes.len() };
    at(20, event, Raw::Link(link(id, Use::FtpControl), Bytes::from_static(bytes)))
}

fn session() -> Vec<Record> {
    let carries = Use::FtpControl;
    let raw = |id| Raw::Link(link(id, carries), Bytes::new());
    let datagram = Link { id: 3, ..link(3, Use::Udp) };
    let (local, peer) = (datagram.local, datagram.peer);
    vec![
        at(0, Event::Typed { port: 1, text: r"AT\r".into() }, Raw::Serial(Bytes::from_static(b"AT\r"))),
        at(
            5,
            Event::Printed { port: 2, text: "ä<ETX>".into() },
            Raw::Serial(Bytes::from_static(b"\xc3\xa4\x03")),
        ),
        opened(1),
        segment(1, Way::Down, b"220 ready\r\n"),
        segment(1, Way::Up, b"USER me\r\n"),
        at(30, Event::Fin { link: 1, carries, way: Way::Down }, raw(1)),
        at(31, Event::Fin { link: 1, carries, way: Way::Up }, raw(1)),
        // Without its beginning, and cut off.
        segment(2, Way::Up, b"NOOP\r\n"),
        at(40, Event::Rst { link: 2, carries, way: Way::Down }, raw(2)),
        at(41, Event::Fin { link: 2, carries, way: Way::Up }, raw(2)),
        at(
            50,
            Event::Datagram { link: 3, way: Way::Down, local, peer, length: 2 },
            Raw::Link(datagram, Bytes::from_static(b"hi")),
        ),
    ]
}

fn captured(records: &[Record]) -> Vec<u8> {
    let mut capture = Capture::new(vec![]).unwrap();
    records.iter().for_each(|record| capture.take(record).unwrap());
    capture.into_inner()
}

#[test]
fn a_trace_reads_back() {
    let mut records = session();
    records.push(at(60, Event::FtpReply { code: 226, lines: vec!["226 done".into()] }, Raw::None));
    records.push(at(61, Event::Found { query: 1, address: None }, Raw::None));
    let mut writer = Writer::new(vec![]);
    records.iter().for_each(|record| writer.take(record).unwrap());
    let text = writer.into_inner();
    let read: Vec<Record> = Reader::new("t", &text[..]).map(Result::unwrap).collect();
    assert!(read.iter().all(|record| record.wall.is_some()));
    let bare = |r: &Record| Record { wall: None, raw: Raw::None, ..r.clone() };
    assert!(read.iter().map(bare).eq(records.iter().map(bare)));
}

#[test]
fn a_wrong_line_is_named_and_passed_over() {
    let text =
        "{\"t\":1,\"event\":\"state\",\"state\":\"booted\"}\n\n{\"t\":2,\"event\":\"stat\"}\n{\"t\":3,\"ev";
    let read: Vec<_> = Reader::new("x.jsonl", text.as_bytes()).collect();
    assert!(read[0].is_ok());
    let wrong: Vec<(usize, &str)> =
        read.iter().filter_map(|r| r.as_ref().err()).map(|m| (m.line, m.what.as_str())).collect();
    assert_eq!(wrong[0].0, 3);
    assert!(wrong[0].1.contains("unknown variant `stat`"), "{}", wrong[0].1);
    assert_eq!(wrong[1].0, 4);
    assert_eq!(read.len(), 3);
}

#[test]
fn a_person_reads_columns() {
    let lines: Vec<String> = session().iter().map(person).collect();
    assert_eq!(lines[0], r"     0.000000  1>  AT\r");
    assert_eq!(lines[2], "     0.010000  ->  link 1 (ftp.control) open, 10.0.0.2:50001 - 192.0.2.1:21");
    let escape = Record::new(Now::ZERO, Event::Urc { port: 1, line: "\x1b[2J".into() });
    assert_eq!(person(&escape), r"     0.000000  *   unsolicited on port 1: \u{1b}[2J");
}

#[test]
fn the_schema_describes_each_event() {
    let schema = schema().to_value().to_string();
    for word in ["command_line", "link_opened", "fault_applied", "ftp.control", "\"t\""] {
        assert!(schema.contains(word), "{word}");
    }
}

#[test]
fn a_capture_holds_each_packet_and_both_serial_ports() {
    let capture = captured(&session());
    let mut reader = PcapNgReader::new(&capture[..]).unwrap();
    let (mut interfaces, mut packets) = (0, vec![]);
    while let Some(block) = reader.next_block() {
        match block.unwrap() {
            Block::InterfaceDescription(_) => interfaces += 1,
            Block::EnhancedPacket(packet) => {
                packets.push((packet.interface_id, packet.timestamp.as_millis(), packet.data.len()));
            }
            _ => {}
        }
    }
    assert_eq!(interfaces, 3);
    let flow = |ms, lengths: &[usize]| lengths.iter().map(|n| (0, ms, 40 + n)).collect::<Vec<_>>();
    let mut expected = vec![(1, 0, 3), (2, 5, 3)];
    expected.extend(flow(10, &[0, 0, 0]));
    expected.extend(flow(20, &[11, 0, 9, 0]));
    expected.extend([flow(30, &[0, 0]), flow(31, &[0, 0])].concat());
    expected.extend(flow(20, &[0, 0, 0, 6, 0]));
    expected.extend(flow(40, &[0]));
    expected.push((0, 50, 30));
    assert_eq!(packets, expected);
}

/// Where tshark is installed, it has the last word.
#[test]
fn tshark_finds_nothing_wrong() {
    if Command::new("tshark").arg("-v").output().is_err() {
        return;
    }
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&captured(&session())).unwrap();
    let tshark = |arguments: &[&str]| {
        let output = Command::new("tshark").arg("-r").arg(file.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let ftp = tshark(&["-Y", "ftp", "-T", "fields", "-e", "ftp.response.arg", "-e", "ftp.request.arg"]);
    assert_eq!(ftp, ["ready\t", "\tme", "\t"]);
    let checks =
        ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"];
    let wrong = "_ws.malformed || tcp.analysis.flags || ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0";
    assert_eq!(tshark(&[&checks[..], &["-Y", wrong]].concat()), Vec::<String>::new());
}
