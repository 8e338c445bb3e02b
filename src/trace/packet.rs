//! Octets of IPv4 packets with TCP (RFC 9293) and UDP (RFC 768) inside.

use ::core::net::SocketAddrV4;

/// The end of the sender's stream.
pub const FIN: u8 = 0x01;
/// The sender's first sequence number.
pub const SYN: u8 = 0x02;
/// The connection is given up.
pub const RST: u8 = 0x04;
/// The receiver should not wait for more.
pub const PSH: u8 = 0x08;
/// The acknowledgement counts.
pub const ACK: u8 = 0x10;

/// The most payload that one packet holds under its 16-bit length, in octets.
pub const MAX: usize = 65_535 - IP - TCP;

const IP: usize = 20;
const TCP: usize = 20;
const UDP: usize = 8;

/// The header of a TCP segment.
#[derive(Clone, Copy, Debug)]
pub struct Tcp {
    pub from: SocketAddrV4,
    pub to: SocketAddrV4,
    pub seq: u32,
    pub ack: u32,
    pub flags: u8,
}

impl Tcp {
    /// The packet with this payload, of at most [`MAX`] octets.
    pub fn packet(&self, payload: &[u8]) -> Vec<u8> {
        let mut segment = Vec::with_capacity(TCP + payload.len());
        segment.extend(self.from.port().to_be_bytes());
        segment.extend(self.to.port().to_be_bytes());
        segment.extend(self.seq.to_be_bytes());
        segment.extend(self.ack.to_be_bytes());
        // Five words of header, then the flags; the window is wide open; no urgent data.
        segment.extend([5 << 4, self.flags, 0xff, 0xff, 0, 0, 0, 0]);
        segment.extend(payload);
        ip(self.from, self.to, 6, segment, 16)
    }
}

/// The packet of a datagram; its payload is cut at [`MAX`] octets.
pub fn udp(from: SocketAddrV4, to: SocketAddrV4, payload: &[u8]) -> Vec<u8> {
    let payload = &payload[..payload.len().min(MAX)];
    let mut datagram = Vec::with_capacity(UDP + payload.len());
    datagram.extend(from.port().to_be_bytes());
    datagram.extend(to.port().to_be_bytes());
    datagram.extend(length(UDP + payload.len()));
    datagram.extend([0, 0]);
    datagram.extend(payload);
    ip(from, to, 17, datagram, 6)
}

/// Puts the IPv4 header (RFC 791 section 3.1) before `inner`, whose checksum belongs at `checksum_at`.
fn ip(from: SocketAddrV4, to: SocketAddrV4, protocol: u8, mut inner: Vec<u8>, checksum_at: usize) -> Vec<u8> {
    let mut pseudo = vec![];
    pseudo.extend(from.ip().octets());
    pseudo.extend(to.ip().octets());
    pseudo.extend([0, protocol]);
    pseudo.extend(length(inner.len()));
    // A UDP checksum of 0 would say that there is none.
    let sum = match checksum(&[&pseudo, &inner]) {
        0 if protocol == 17 => 0xffff,
        sum => sum,
    };
    inner[checksum_at..checksum_at + 2].copy_from_slice(&sum.to_be_bytes());

    let mut packet = Vec::with_capacity(IP + inner.len());
    packet.extend([0x45, 0]);
    packet.extend(length(IP + inner.len()));
    // No identification, for nothing is fragmented; 64 hops to live.
    packet.extend([0, 0, 0x40, 0, 64, protocol, 0, 0]);
    packet.extend(from.ip().octets());
    packet.extend(to.ip().octets());
    let sum = checksum(&[&packet]);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet.extend(inner);
    packet
}

fn length(octets: usize) -> [u8; 2] {
    u16::try_from(octets).unwrap_or(u16::MAX).to_be_bytes()
}

/// The Internet checksum (RFC 1071) of parts, all but the last of an even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let mut sum: u64 = words.map(|w| u64::from(w[0]) << 8 | w.get(1).map_or(0, |b| u64::from(*b))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A packet whose checksums are right sums up to nothing.
    fn sums_up(packet: &[u8]) -> bool {
        let inner = &packet[IP..];
        let mut pseudo = packet[12..20].to_vec();
        pseudo.extend([0, packet[9]]);
        pseudo.extend(length(inner.len()));
        checksum(&[&packet[..IP]]) == 0 && checksum(&[&pseudo, inner]) == 0
    }

    proptest! {
        #[test]
        fn checksums_are_right(
            payload in prop::collection::vec(any::<u8>(), 0..300),
            ports in any::<(u16, u16)>(),
            addresses in any::<(u32, u32)>(),
            seq in any::<u32>(),
        ) {
            let from = SocketAddrV4::new(addresses.0.into(), ports.0);
            let to = SocketAddrV4::new(addresses.1.into(), ports.1);
            let header = Tcp { from, to, seq, ack: 7, flags: ACK };
            prop_assert!(sums_up(&header.packet(&payload)));
            prop_assert!(sums_up(&udp(from, to, &payload)));
        }
    }
}
