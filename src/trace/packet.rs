//! IPv4 packets with TCP segments and UDP datagrams in them (RFC 791, 9293, 768), checksums included.

use core::net::SocketAddrV4;

/// FIN, SYN, RST, PSH and ACK of a TCP header.
pub const FIN: u8 = 0x01;
pub const SYN: u8 = 0x02;
pub const RST: u8 = 0x04;
pub const PSH: u8 = 0x08;
pub const ACK: u8 = 0x10;

const TCP: u8 = 6;
const UDP: u8 = 17;
const WINDOW: u16 = 0xffff;

/// The ends of a packet.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    pub from: SocketAddrV4,
    pub to: SocketAddrV4,
}

/// What is in a TCP header beside its ports.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    pub sequence: u32,
    pub acknowledge: u32,
    pub flags: u8,
}

/// An IPv4 packet with a TCP segment. The payload must fit (65495 octets).
pub fn tcp(ends: Ends, header: Header, id: u16, payload: &[u8]) -> Vec<u8> {
    let mut segment = Vec::with_capacity(20 + payload.len());
    segment.extend(ends.from.port().to_be_bytes());
    segment.extend(ends.to.port().to_be_bytes());
    segment.extend(header.sequence.to_be_bytes());
    segment.extend(header.acknowledge.to_be_bytes());
    segment.extend([5 << 4, header.flags]);
    segment.extend(WINDOW.to_be_bytes());
    segment.extend([0; 4]);
    segment.extend(payload);
    let sum = sum_of(ends, TCP, &segment);
    segment[16..18].copy_from_slice(&sum.to_be_bytes());
    ip(ends, TCP, id, &segment)
}

/// An IPv4 packet with a UDP datagram. The payload must fit (65507 octets).
pub fn udp(ends: Ends, id: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).unwrap_or(u16::MAX);
    let mut datagram = Vec::with_capacity(8 + payload.len());
    datagram.extend(ends.from.port().to_be_bytes());
    datagram.extend(ends.to.port().to_be_bytes());
    datagram.extend(length.to_be_bytes());
    datagram.extend([0; 2]);
    datagram.extend(payload);
    // A sum of 0 would mean that there is none.
    let sum = match sum_of(ends, UDP, &datagram) {
        0 => u16::MAX,
        sum => sum,
    };
    datagram[6..8].copy_from_slice(&sum.to_be_bytes());
    ip(ends, UDP, id, &datagram)
}

fn ip(ends: Ends, protocol: u8, id: u16, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + body.len()).unwrap_or(u16::MAX);
    let mut packet = Vec::with_capacity(20 + body.len());
    packet.extend([0x45, 0]);
    packet.extend(length.to_be_bytes());
    packet.extend(id.to_be_bytes());
    packet.extend([0x40, 0, 64, protocol, 0, 0]);
    packet.extend(ends.from.ip().octets());
    packet.extend(ends.to.ip().octets());
    let sum = fold(add(0, &packet));
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet.extend(body);
    packet
}

fn sum_of(ends: Ends, protocol: u8, body: &[u8]) -> u16 {
    let mut sum = add(0, &ends.from.ip().octets());
    sum = add(sum, &ends.to.ip().octets());
    sum += u64::from(protocol) + body.len() as u64;
    fold(add(sum, body))
}

fn add(sum: u64, bytes: &[u8]) -> u64 {
    let word = |pair: &[u8]| u64::from(pair[0]) << 8 | u64::from(pair.get(1).copied().unwrap_or(0));
    bytes.chunks(2).map(word).fold(sum, |sum, word| sum + word)
}

fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
