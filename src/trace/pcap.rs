//! The capture: what crossed the antenna and the serial line, as pcapng for Wireshark and tshark.
//!
//! The network is interface 0 (LINKTYPE_RAW): packets that a capture at the module's antenna could have
//! shown, made up around the payload that really passed. The serial line is interface 1
//! (LINKTYPE_WIRESHARK_UPPER_PDU): one record for each write, with its text as the comment; Wireshark's dissector of AT
//! commands is named in it. Handshakes and acknowledgements come at once, whatever became of what they answer. All times
//! are the wall's; where records have none (a clock that is turned by hand) the modem's own, counted from 1970, so
//! that equal runs give equal files.

use super::packet::{self, ACK, Ends, FIN, Header, PSH, RST, SYN};
use super::pcapng;
use super::{Event, Record, Sink};
use crate::fault::Way;
use crate::time::Now;
use core::net::SocketAddrV4;
use std::collections::BTreeMap;
use std::io::{self, Write};

const NETWORK: u32 = 0;
const SERIAL: u32 = 1;
const LINKTYPE_RAW: u16 = 101;
const LINKTYPE_UPPER_PDU: u16 = 252;
/// What names the dissector of such a packet (Wireshark's `EXP_PDU_TAG_DISSECTOR_NAME`), padded to four octets, and what
/// ends these words.
const DISSECTOR: u16 = 12;
const END: [u8; 4] = [0; 4];
/// Octets of payload in a made-up packet: what fits an Ethernet frame.
const SEGMENT: usize = 1460;
/// epb_flags: inbound, outbound. The network is captured at the module, the serial line at the host, as Wireshark's
/// dissector of AT commands takes it.
const INBOUND: u32 = 1;
const OUTBOUND: u32 = 2;

/// Whether what a file begins with is a capture: a section header, in either order of octets.
pub fn is_capture(begin: &[u8], _whole: bool) -> bool {
    const SECTION_HEADER: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
    const ORDER: [[u8; 4]; 2] = [[0x4d, 0x3c, 0x2b, 0x1a], [0x1a, 0x2b, 0x3c, 0x4d]];
    begin.starts_with(&SECTION_HEADER)
        && begin.get(8..12).is_some_and(|order| ORDER.iter().any(|o| o == order))
}

/// A capture that is being written.
pub struct Capture<W: Write> {
    out: W,
    links: BTreeMap<u32, Tcp>,
    packets: u16,
}

/// A connection: its ends, and how far each way is.
struct Tcp {
    local: SocketAddrV4,
    peer: SocketAddrV4,
    /// The next sequence number, up and down.
    next: [u32; 2],
}

impl<W: Write> std::fmt::Debug for Capture<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "Capture({} links)", self.links.len())
    }
}

impl Tcp {
    fn ends(&self, way: Way) -> Ends {
        match way {
            Way::Up => Ends { from: self.local, to: self.peer },
            Way::Down => Ends { from: self.peer, to: self.local },
        }
    }

    /// The header of the next packet that way; it takes up so many sequence numbers.
    fn header(&mut self, way: Way, flags: u8, takes: u32) -> Header {
        let (own, other) = (side(way), side(back(way)));
        let acknowledge = if flags & ACK != 0 { self.next[other] } else { 0 };
        let header = Header { sequence: self.next[own], acknowledge, flags };
        self.next[own] = self.next[own].wrapping_add(takes);
        header
    }
}

fn side(way: Way) -> usize {
    usize::from(way == Way::Down)
}

fn back(way: Way) -> Way {
    match way {
        Way::Up => Way::Down,
        Way::Down => Way::Up,
    }
}

impl<W: Write> Capture<W> {
    /// A capture into `out`, which should be buffered.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(mut out: W) -> io::Result<Capture<W>> {
        pcapng::section(&mut out)?;
        for (link_type, name, text) in [
            (LINKTYPE_RAW, "antenna", "What crossed the module's antenna"),
            (LINKTYPE_UPPER_PDU, "serial", "What crossed the serial line; one record for each write"),
        ] {
            pcapng::interface(&mut out, link_type, name, text)?;
        }
        Ok(Capture { out, links: BTreeMap::new(), packets: 0 })
    }

    /// A connection came up; `way` is that of its SYN.
    fn open(
        &mut self,
        now: Now,
        link: u32,
        way: Way,
        (local, peer): (SocketAddrV4, SocketAddrV4),
    ) -> io::Result<()> {
        // What the sequence numbers begin with is told by the link, so that a run's twin has the same.
        let first = link.wrapping_mul(0x9e37_79b1);
        let next = [first, first.rotate_left(16) ^ 0x5bd1_e995];
        self.links.insert(link, Tcp { local, peer, next });
        self.tcp(now, link, way, SYN, 1, &[])?;
        self.tcp(now, link, back(way), SYN | ACK, 1, &[])?;
        self.tcp(now, link, way, ACK, 0, &[])
    }

    /// A segment passed. Nothing is written of a connection that was never [opened](Capture::open).
    fn segment(&mut self, now: Now, link: u32, way: Way, bytes: &[u8]) -> io::Result<()> {
        for part in bytes.chunks(SEGMENT) {
            self.tcp(now, link, way, PSH | ACK, part.len() as u32, part)?;
            self.tcp(now, link, back(way), ACK, 0, &[])?;
        }
        Ok(())
    }

    /// One end sends nothing more.
    fn fin(&mut self, now: Now, link: u32, way: Way) -> io::Result<()> {
        self.tcp(now, link, way, FIN | ACK, 1, &[])?;
        self.tcp(now, link, back(way), ACK, 0, &[])
    }

    /// One end resets the connection.
    fn rst(&mut self, now: Now, link: u32, way: Way) -> io::Result<()> {
        self.tcp(now, link, way, RST | ACK, 0, &[])?;
        self.links.remove(&link);
        Ok(())
    }

    /// A datagram passed between the module's end and the far one.
    fn datagram(
        &mut self,
        now: Now,
        way: Way,
        (local, peer): (SocketAddrV4, SocketAddrV4),
        bytes: &[u8],
    ) -> io::Result<()> {
        let ends = match way {
            Way::Up => Ends { from: local, to: peer },
            Way::Down => Ends { from: peer, to: local },
        };
        let fits = &bytes[..bytes.len().min(65507)];
        let packet = packet::udp(ends, self.number(), fits)?;
        self.write(now, NETWORK, way, &packet, None)
    }

    /// Bytes crossed the serial line of a port (from 1).
    fn serial(&mut self, now: Now, port: usize, way: Way, bytes: &[u8]) -> io::Result<()> {
        let arrow = if way == Way::Up { "host >" } else { "host <" };
        let text = format!("port {port}: {arrow} {}", bytes.escape_ascii());
        // An option's length is 16 bits.
        let cut = (0..=text.len().min(4096)).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        let readable = |b: &u8| b.is_ascii_graphic() || b" \r\n\t".contains(b);
        let name: &[u8; 4] = if bytes.iter().all(readable) { b"at\0\0" } else { b"data" };
        let words = [&DISSECTOR.to_be_bytes()[..], &4u16.to_be_bytes(), name, &END].concat();
        self.write(now, SERIAL, way, &[&words, bytes].concat(), Some(text[..cut].to_owned()))
    }

    /// What was written to; the capture is complete.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn tcp(&mut self, now: Now, link: u32, way: Way, flags: u8, takes: u32, part: &[u8]) -> io::Result<()> {
        let number = self.number();
        let Some(tcp) = self.links.get_mut(&link) else { return Ok(()) };
        let header = tcp.header(way, flags, takes);
        let packet = packet::tcp(tcp.ends(way), header, number, part)?;
        self.write(now, NETWORK, way, &packet, None)
    }

    fn number(&mut self) -> u16 {
        self.packets = self.packets.wrapping_add(1);
        self.packets
    }

    fn write(
        &mut self,
        now: Now,
        interface: u32,
        way: Way,
        data: &[u8],
        comment: Option<String>,
    ) -> io::Result<()> {
        let inbound = way == Way::Down;
        let flags = if inbound { INBOUND } else { OUTBOUND };
        let (at, comment) = (now.since(Now::ZERO), comment.as_deref());
        pcapng::packet(&mut self.out, &pcapng::Packet { interface, at, data, flags, comment })
    }
}

impl<W: Write + Send> Sink for Capture<W> {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        let now = Now::from_micros(record.wall.unwrap_or(record.t));
        match &record.event {
            Event::Serial { port, way, bytes } => self.serial(now, *port, *way, &bytes.0),
            Event::LinkOpened { link, way, local, peer, .. } => self.open(now, *link, *way, (*local, *peer)),
            Event::Segment { link, way, .. } => self.segment(now, *link, *way, &record.payload),
            Event::Datagram { way, local, peer, .. } => {
                self.datagram(now, *way, (*local, *peer), &record.payload)
            }
            Event::Fin { link, way } => self.fin(now, *link, *way),
            Event::Rst { link, way } => self.rst(now, *link, *way),
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
