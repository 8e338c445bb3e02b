//! Traces as pcapng, for Wireshark and tshark.
//!
//! What goes through the antenna becomes IPv4 packets on the first interface. Their TCP headers are made
//! up: the handshake and every acknowledgement come at once, whatever becomes of a segment. Each serial
//! port is an interface of its own (`USER0`), a packet for each write; inbound is what the host sent. All
//! times are the modem's own, counted from 1970, so that equal runs give equal files.

use super::packet::{ACK, FIN, MAX, PSH, RST, SYN, Tcp, udp};
use super::{Event, Link, Raw, Record, Sink, Way};
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::{DataLink, Endianness, PcapError};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

/// The interface of the antenna.
const ANTENNA: u32 = 0;
/// The time stamps count nanoseconds (`if_tsresol` 9): the only resolution that pcap-file writes.
const NANOSECONDS: u8 = 9;
/// So many characters of what crossed the serial line are its packet's comment.
const COMMENT: usize = 200;

/// Writes a packet capture.
pub struct Capture<W: Write> {
    out: PcapNgWriter<W>,
    /// The interface of each serial port.
    ports: BTreeMap<usize, u32>,
    /// The TCP connections that are up.
    flows: BTreeMap<u32, Flow>,
}

/// The next sequence number of each end of a TCP connection.
#[derive(Clone, Copy, Debug)]
struct Flow {
    up: u32,
    down: u32,
}

impl<W: Write> Capture<W> {
    /// Begins a capture file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn new(out: W) -> io::Result<Capture<W>> {
        let out = PcapNgWriter::with_endianness(out, Endianness::Little).map_err(error)?;
        let mut capture = Capture { out, ports: BTreeMap::new(), flows: BTreeMap::new() };
        capture.interface(DataLink::RAW, "antenna".into())?;
        Ok(capture)
    }

    /// Where it wrote to.
    pub fn into_inner(self) -> W {
        self.out.into_inner()
    }

    fn interface(&mut self, linktype: DataLink, name: String) -> io::Result<()> {
        let options = vec![
            InterfaceDescriptionOption::IfName(Cow::Owned(name)),
            InterfaceDescriptionOption::IfTsResol(NANOSECONDS),
        ];
        let block = InterfaceDescriptionBlock { linktype, snaplen: 0, options };
        self.out.write_pcapng_block(block).map_err(error)?;
        Ok(())
    }

    fn packet(
        &mut self,
        at: Duration,
        interface: u32,
        way: Way,
        data: &[u8],
        comment: Option<&str>,
    ) -> io::Result<()> {
        // The flags word: inbound is to the module.
        let direction = if way == Way::Down { 1 } else { 2 };
        let mut options = vec![EnhancedPacketOption::Flags(direction)];
        options.extend(comment.map(|text| EnhancedPacketOption::Comment(Cow::Borrowed(text))));
        let block = EnhancedPacketBlock {
            interface_id: interface,
            timestamp: at,
            original_len: u32::try_from(data.len()).unwrap_or(u32::MAX),
            data: Cow::Borrowed(data),
            options,
        };
        self.out.write_pcapng_block(block).map_err(error)?;
        Ok(())
    }

    /// The host is to the module what the far end is: what it sends comes in.
    fn serial(&mut self, at: Duration, port: usize, way: Way, bytes: &[u8], text: &str) -> io::Result<()> {
        let interface = match self.ports.get(&port) {
            Some(interface) => *interface,
            None => {
                let interface = self.ports.len() as u32 + 1;
                self.ports.insert(port, interface);
                self.interface(DataLink::USER0, format!("serial port {port}"))?;
                interface
            }
        };
        let arrow = if way == Way::Down { '>' } else { '<' };
        let comment: String = [arrow, ' '].into_iter().chain(text.chars().take(COMMENT)).collect();
        self.packet(at, interface, way, bytes, Some(&comment))
    }

    /// One segment, whose sender's sequence number moves on.
    fn segment(&mut self, at: Duration, link: &Link, way: Way, flags: u8, payload: &[u8]) -> io::Result<()> {
        let Some(flow) = self.flows.get_mut(&link.id) else { return Ok(()) };
        let (from, to, seq, ack) = match way {
            Way::Up => (link.local, link.peer, &mut flow.up, flow.down),
            Way::Down => (link.peer, link.local, &mut flow.down, flow.up),
        };
        let ack = if flags & ACK == 0 { 0 } else { ack };
        let header = Tcp { from, to, seq: *seq, ack, flags };
        let phantom = u32::from(flags & (SYN | FIN) != 0);
        *seq = seq.wrapping_add(payload.len() as u32).wrapping_add(phantom);
        self.packet(at, ANTENNA, way, &header.packet(payload), None)
    }

    fn open(&mut self, at: Duration, link: &Link, way: Way) -> io::Result<()> {
        // Any first sequence numbers will do; these differ from connection to connection.
        let first = link.id.wrapping_mul(0x0001_0000);
        self.flows.insert(
            link.id,
            Flow { up: first.wrapping_add(0x1000_0000), down: first.wrapping_add(0x8000_0000) },
        );
        self.segment(at, link, way, SYN, &[])?;
        self.segment(at, link, way.back(), SYN | ACK, &[])?;
        self.segment(at, link, way, ACK, &[])
    }

    fn tcp(&mut self, at: Duration, link: &Link, event: &Event, payload: &[u8]) -> io::Result<()> {
        match event {
            Event::LinkOpened { way, .. } => self.open(at, link, *way),
            Event::Segment { way, .. } => {
                if !self.flows.contains_key(&link.id) {
                    // The capture began in the middle of it.
                    self.open(at, link, Way::Up)?;
                }
                for chunk in payload.chunks(MAX) {
                    self.segment(at, link, *way, PSH | ACK, chunk)?;
                    self.segment(at, link, way.back(), ACK, &[])?;
                }
                Ok(())
            }
            Event::Fin { way, .. } => {
                self.segment(at, link, *way, FIN | ACK, &[])?;
                self.segment(at, link, way.back(), ACK, &[])
            }
            Event::Rst { way, .. } => {
                self.segment(at, link, *way, RST | ACK, &[])?;
                self.flows.remove(&link.id);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl<W: Write> Sink for Capture<W> {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        let at = Duration::from_micros(record.t.as_micros());
        match (&record.raw, &record.event) {
            (Raw::Serial(bytes), Event::Typed { port, text }) => {
                self.serial(at, *port, Way::Down, bytes, text)
            }
            (Raw::Serial(bytes), Event::Printed { port, text }) => {
                self.serial(at, *port, Way::Up, bytes, text)
            }
            (Raw::Link(link, bytes), Event::Datagram { way, .. }) => {
                let (from, to) = match way {
                    Way::Up => (link.local, link.peer),
                    Way::Down => (link.peer, link.local),
                };
                self.packet(at, ANTENNA, *way, &udp(from, to, bytes), None)
            }
            (Raw::Link(link, bytes), event) => self.tcp(at, link, event, bytes),
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.get_mut().flush()
    }
}

fn error(error: PcapError) -> io::Error {
    match error {
        PcapError::IoError(error) => error,
        error => io::Error::other(error),
    }
}
