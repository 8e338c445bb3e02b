//! IPv4 packets with TCP segments and UDP datagrams in them (RFC 791, 9293, 768), checksums included.

use core::net::SocketAddrV4;
use etherparse::{IpHeaders, Ipv4Header, PacketBuilder, PacketBuilderStep, TcpHeader, ip_number};
use std::io;

/// FIN, SYN, RST, PSH and ACK of a TCP header.
pub const FIN: u8 = 0x01;
pub const SYN: u8 = 0x02;
pub const RST: u8 = 0x04;
pub const PSH: u8 = 0x08;
pub const ACK: u8 = 0x10;

const WINDOW: u16 = 0xffff;
const TIME_TO_LIVE: u8 = 64;

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

/// An IPv4 packet with a TCP segment.
///
/// # Errors
/// The payload does not fit (65495 octets).
pub fn tcp(ends: Ends, header: Header, id: u16, payload: &[u8]) -> io::Result<Vec<u8>> {
    let has = |flag| header.flags & flag != 0;
    let mut tcp = TcpHeader::new(ends.from.port(), ends.to.port(), header.sequence, WINDOW);
    tcp.acknowledgment_number = header.acknowledge;
    (tcp.fin, tcp.syn, tcp.rst, tcp.psh, tcp.ack) = (has(FIN), has(SYN), has(RST), has(PSH), has(ACK));
    let mut packet = vec![];
    ip(ends, id, ip_number::TCP)
        .tcp_header(tcp)
        .write_to_vec(&mut packet, payload)
        .map_err(io::Error::other)?;
    Ok(packet)
}

/// An IPv4 packet with a UDP datagram.
///
/// # Errors
/// The payload does not fit (65507 octets).
pub fn udp(ends: Ends, id: u16, payload: &[u8]) -> io::Result<Vec<u8>> {
    let mut packet = vec![];
    let step = ip(ends, id, ip_number::UDP).udp(ends.from.port(), ends.to.port());
    step.write_to_vec(&mut packet, payload).map_err(io::Error::other)?;
    Ok(packet)
}

fn ip(ends: Ends, id: u16, protocol: etherparse::IpNumber) -> PacketBuilderStep<IpHeaders> {
    let mut header = Ipv4Header {
        identification: id,
        dont_fragment: true,
        time_to_live: TIME_TO_LIVE,
        protocol,
        ..Ipv4Header::default()
    };
    (header.source, header.destination) = (ends.from.ip().octets(), ends.to.ip().octets());
    PacketBuilder::ip(IpHeaders::Ipv4(header, Default::default()))
}
