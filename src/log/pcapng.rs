//! Reads captures: pcapng (draft-ietf-opsawg-pcapng), of either octet order and any resolution, and the older pcap.

use std::time::Duration;

/// Section Header Block.
pub(crate) const SECTION: u32 = 0x0a0d_0d0a;
/// The number in a Section Header Block by which its octet order is known.
pub(crate) const ORDER: u32 = 0x1a2b_3c4d;
/// Interface Description Block.
pub(crate) const INTERFACE: u32 = 1;
/// Enhanced Packet Block.
pub(crate) const PACKET: u32 = 6;
/// Option of an interface: the unit of its times as a negative power of ten.
pub(crate) const IF_TSRESOL: u16 = 9;
/// Option of a packet: which way it went.
pub(crate) const EPB_FLAGS: u16 = 2;
/// The numbers that begin a pcap, with times in microseconds and in nanoseconds.
const MICROSECONDS: u32 = 0xa1b2_c3d4;
const NANOSECONDS: u32 = 0xa1b2_3c4d;
/// The longest block that is believed: where more is announced, the file is damaged or something else.
const LONGEST: usize = 64 << 20;

/// A packet that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The link type of its interface.
    pub link_type: u16,
    /// Its interface, counted from 0 within its section.
    pub interface: u32,
    /// Since 1970.
    pub at: Duration,
    /// The octets that were captured.
    pub data: Vec<u8>,
    /// `epb_flags`; 0 where there are none.
    pub flags: u32,
}

/// An interface, as it was described.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link_type: u16,
    /// `if_tsresol`.
    resolution: u8,
}

/// A capture that is read block by block, as it comes.
#[derive(Clone, Debug, Default)]
pub struct Capture {
    big_endian: bool,
    interfaces: Vec<Interface>,
    container: Container,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Container {
    /// Nothing has been read yet.
    #[default]
    Unknown,
    Pcapng,
    Pcap,
}

/// What stands at the front of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Front {
    /// A block of so many octets, and the packet in it.
    Block(usize, Option<Found>),
    /// More octets are needed to tell.
    Cut,
    /// Nothing that can be.
    Broken,
}

/// Reads the packets of a capture in memory, one by one. What is not understood is passed over; a block that does not fit
/// ends it with an error.
pub struct Reader<'a> {
    rest: &'a [u8],
    capture: Capture,
}

/// The capture is broken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a block of the capture is cut off or has a length that cannot be")]
pub struct Broken;

/// Whether a file begins as a capture does, pcapng or pcap.
pub fn is_capture(begin: &[u8]) -> bool {
    let Some(first) = begin.first_chunk() else { return false };
    let (little, big) = (u32::from_le_bytes(*first), u32::from_be_bytes(*first));
    little == SECTION || [little, big].iter().any(|number| [MICROSECONDS, NANOSECONDS].contains(number))
}

impl Capture {
    fn u16(&self, at: &[u8]) -> Option<u16> {
        let octets = at.first_chunk()?;
        Some(if self.big_endian { u16::from_be_bytes(*octets) } else { u16::from_le_bytes(*octets) })
    }

    fn u32(&self, at: &[u8]) -> Option<u32> {
        let octets = at.first_chunk()?;
        Some(if self.big_endian { u32::from_be_bytes(*octets) } else { u32::from_le_bytes(*octets) })
    }

    /// Reads what stands at the front of `octets`.
    pub fn front(&mut self, octets: &[u8]) -> Front {
        let Some(first) = octets.first_chunk() else { return Front::Cut };
        match self.container {
            Container::Unknown if u32::from_le_bytes(*first) != SECTION => self.header(octets),
            Container::Unknown | Container::Pcapng => self.block(octets),
            Container::Pcap => self.record(octets),
        }
    }

    /// The header of a pcap.
    fn header(&mut self, octets: &[u8]) -> Front {
        let Some(header) = octets.first_chunk::<24>() else { return Front::Cut };
        self.big_endian = [MICROSECONDS, NANOSECONDS]
            .contains(&u32::from_be_bytes([header[0], header[1], header[2], header[3]]));
        let resolution = match self.u32(header) {
            Some(MICROSECONDS) => 6,
            Some(NANOSECONDS) => 9,
            _ => return Front::Broken,
        };
        let link_type = self.u32(&header[20..]).map_or(0, |kind| kind as u16);
        self.interfaces = vec![Interface { link_type, resolution }];
        self.container = Container::Pcap;
        Front::Block(24, None)
    }

    /// A packet of a pcap.
    fn record(&mut self, octets: &[u8]) -> Front {
        let word = |n: usize| octets.get(4 * n..).and_then(|at| self.u32(at));
        let (Some(seconds), Some(part), Some(captured)) = (word(0), word(1), word(2)) else {
            return Front::Cut;
        };
        let captured = usize::try_from(captured).unwrap_or(usize::MAX);
        if captured > LONGEST {
            return Front::Broken;
        }
        let Some(data) = octets.get(16..16 + captured) else { return Front::Cut };
        let own = self.interfaces[0];
        let part = Duration::from_nanos(u64::from(part) * if own.resolution == 9 { 1 } else { 1000 });
        let at = Duration::from_secs(seconds.into()) + part;
        let found = Found { link_type: own.link_type, interface: 0, at, data: data.to_vec(), flags: 0 };
        Front::Block(16 + captured, Some(found))
    }

    /// A block of a pcapng.
    fn block(&mut self, octets: &[u8]) -> Front {
        if octets.starts_with(&SECTION.to_le_bytes()) {
            let Some(order) = octets.get(8..12) else { return Front::Cut };
            self.big_endian = *order == ORDER.to_be_bytes();
            self.interfaces.clear();
            self.container = Container::Pcapng;
        }
        let (Some(kind), Some(length)) = (self.u32(octets), octets.get(4..).and_then(|at| self.u32(at)))
        else {
            return Front::Cut;
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if !(12..=LONGEST).contains(&length) {
            return Front::Broken;
        }
        let Some(body) = octets.get(8..length - 4).filter(|_| octets.len() >= length) else {
            return Front::Cut;
        };
        let read = match kind {
            INTERFACE => self.describe(body).map(|()| None),
            PACKET => self.found(body).map(Some),
            _ => Some(None),
        };
        read.map_or(Front::Broken, |found| Front::Block(length, found))
    }

    fn option<'a>(&self, mut options: &'a [u8], wanted: u16) -> Option<&'a [u8]> {
        loop {
            let (code, length) = (self.u16(options)?, usize::from(self.u16(options.get(2..)?)?));
            let value = options.get(4..4 + length)?;
            match code {
                0 => return None,
                code if code == wanted => return Some(value),
                _ => options = options.get((4 + length).next_multiple_of(4)..)?,
            }
        }
    }

    fn describe(&mut self, body: &[u8]) -> Option<()> {
        let link_type = self.u16(body)?;
        let resolution = self.option(body.get(8..)?, IF_TSRESOL).and_then(|value| value.first().copied());
        self.interfaces.push(Interface { link_type, resolution: resolution.unwrap_or(6) });
        Some(())
    }

    fn found(&self, body: &[u8]) -> Option<Found> {
        let word = |n: usize| self.u32(body.get(4 * n..)?);
        let (interface, captured) = (word(0)?, usize::try_from(word(3)?).ok()?);
        let ticks = u64::from(word(1)?) << 32 | u64::from(word(2)?);
        let own = self.interfaces.get(usize::try_from(interface).ok()?)?;
        let data = body.get(20..)?.get(..captured)?;
        let options = body.get((20 + captured).next_multiple_of(4)..).unwrap_or_default();
        let flags = self.option(options, EPB_FLAGS).and_then(|value| self.u32(value)).unwrap_or(0);
        let (link_type, at) = (own.link_type, time(ticks, own.resolution));
        Some(Found { link_type, interface, at, data: data.to_vec(), flags })
    }
}

impl<'a> Reader<'a> {
    /// A reader of a whole file; `None` where it does not begin as pcapng does.
    pub fn new(file: &'a [u8]) -> Option<Reader<'a>> {
        let begins = file.starts_with(&SECTION.to_le_bytes());
        begins.then(|| Reader { rest: file, capture: Capture::default() })
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<Found, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            match self.capture.front(self.rest) {
                Front::Block(length, found) => {
                    self.rest = &self.rest[length..];
                    if let Some(found) = found {
                        return Some(Ok(found));
                    }
                }
                Front::Cut | Front::Broken => {
                    self.rest = &[];
                    return Some(Err(Broken));
                }
            }
        }
        None
    }
}

/// The time that a number of ticks means: of 10 to the minus `resolution`, or of 2 where its highest bit is set.
fn time(ticks: u64, resolution: u8) -> Duration {
    let per_second = match resolution & 0x7f {
        power if resolution & 0x80 != 0 => 1u128.checked_shl(power.into()),
        power => 10u128.checked_pow(power.into()),
    };
    let per_second = per_second.unwrap_or(u128::MAX);
    let nanoseconds = u128::from(ticks).saturating_mul(1_000_000_000) / per_second;
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}
