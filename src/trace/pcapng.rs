//! The container of a capture: pcapng (draft-ietf-opsawg-pcapng), as far as packets on interfaces need it.
//!
//! What is written is little-endian, with times in nanoseconds; what is read may be of either order and of any
//! resolution.

use std::io::{self, Write};
use std::time::Duration;

/// Section Header Block.
const SECTION: u32 = 0x0a0d_0d0a;
/// The number in a Section Header Block by which its octet order is known.
const ORDER: u32 = 0x1a2b_3c4d;
/// Interface Description Block.
const INTERFACE: u32 = 1;
/// Enhanced Packet Block.
const PACKET: u32 = 6;
/// Options that any block may have.
const COMMENT: u16 = 1;
/// Options of an interface: its name, what it is, and the unit of its times as a negative power of ten.
const IF_NAME: u16 = 2;
const IF_DESCRIPTION: u16 = 3;
const IF_TSRESOL: u16 = 9;
/// Option of a packet: which way it went.
const EPB_FLAGS: u16 = 2;

/// An option: its code and its value.
type Setting<'a> = (u16, &'a [u8]);

/// A packet that is to be written.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Its interface, counted from 0 in the order in which they were described.
    pub interface: u32,
    /// Since 1970.
    pub at: Duration,
    /// The octets.
    pub data: &'a [u8],
    /// `epb_flags`: 1 inbound, 2 outbound.
    pub flags: u32,
    /// What a person is told of it.
    pub comment: Option<&'a str>,
}

/// Writes a section header, which begins a file.
///
/// # Errors
/// Those of `out`, here and below.
pub fn section(out: &mut impl Write) -> io::Result<()> {
    let mut body = ORDER.to_le_bytes().to_vec();
    body.extend([1, 0, 0, 0]);
    body.extend(u64::MAX.to_le_bytes());
    block(out, SECTION, body, &[])
}

/// Describes the next interface.
pub fn interface(out: &mut impl Write, link_type: u16, name: &str, description: &str) -> io::Result<()> {
    let mut body = link_type.to_le_bytes().to_vec();
    body.extend([0; 6]);
    let options =
        [(IF_NAME, name.as_bytes()), (IF_DESCRIPTION, description.as_bytes()), (IF_TSRESOL, &[9][..])];
    block(out, INTERFACE, body, &options)
}

/// Writes a packet.
pub fn packet(out: &mut impl Write, packet: &Packet) -> io::Result<()> {
    let at = u64::try_from(packet.at.as_nanos()).unwrap_or(u64::MAX);
    let length = u32::try_from(packet.data.len()).map_err(io::Error::other)?;
    let mut body = vec![];
    for word in [packet.interface, (at >> 32) as u32, at as u32, length, length] {
        body.extend(word.to_le_bytes());
    }
    body.extend(packet.data);
    let flags = packet.flags.to_le_bytes();
    let mut options: Vec<Setting> = vec![(EPB_FLAGS, &flags)];
    options.extend(packet.comment.map(|text| (COMMENT, text.as_bytes())));
    block(out, PACKET, body, &options)
}

fn block(out: &mut impl Write, kind: u32, mut body: Vec<u8>, options: &[Setting]) -> io::Result<()> {
    pad(&mut body);
    for (code, value) in options {
        let length = u16::try_from(value.len()).map_err(io::Error::other)?;
        body.extend(code.to_le_bytes());
        body.extend(length.to_le_bytes());
        body.extend(*value);
        pad(&mut body);
    }
    if !options.is_empty() {
        body.extend([0; 4]);
    }
    let length = u32::try_from(body.len() + 12).map_err(io::Error::other)?.to_le_bytes();
    for part in [&kind.to_le_bytes()[..], &length, &body, &length] {
        out.write_all(part)?;
    }
    Ok(())
}

fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

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
#[derive(Clone, Copy)]
struct Interface {
    link_type: u16,
    /// `if_tsresol`.
    resolution: u8,
}

/// Reads the packets of a capture, one by one. What is not understood is passed over; a block that does not fit
/// ends it with an error.
pub struct Reader<'a> {
    rest: &'a [u8],
    big_endian: bool,
    interfaces: Vec<Interface>,
}

/// The capture is broken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a block of the capture is cut off or has a length that cannot be")
    }
}

impl std::error::Error for Broken {}

impl<'a> Reader<'a> {
    /// A reader of a whole file; `None` where it does not begin as pcapng does.
    pub fn new(file: &'a [u8]) -> Option<Reader<'a>> {
        file.starts_with(&SECTION.to_le_bytes()).then_some(Reader {
            rest: file,
            big_endian: false,
            interfaces: vec![],
        })
    }

    fn u16(&self, at: &[u8]) -> Option<u16> {
        let octets = at.first_chunk()?;
        Some(if self.big_endian { u16::from_be_bytes(*octets) } else { u16::from_le_bytes(*octets) })
    }

    fn u32(&self, at: &[u8]) -> Option<u32> {
        let octets = at.first_chunk()?;
        Some(if self.big_endian { u32::from_be_bytes(*octets) } else { u32::from_le_bytes(*octets) })
    }

    /// The next block's kind and body, without its lengths.
    fn block(&mut self) -> Option<(u32, &'a [u8])> {
        if self.rest.starts_with(&SECTION.to_le_bytes()) {
            self.big_endian = *self.rest.get(8..12)? == ORDER.to_be_bytes();
            self.interfaces.clear();
        }
        let kind = self.u32(self.rest)?;
        let length = usize::try_from(self.u32(self.rest.get(4..)?)?).ok()?;
        let body = self.rest.get(8..length.checked_sub(4)?)?;
        self.rest = self.rest.get(length..)?;
        Some((kind, body))
    }

    fn option(&self, mut options: &'a [u8], wanted: u16) -> Option<&'a [u8]> {
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

    fn describe(&mut self, body: &'a [u8]) -> Option<()> {
        let link_type = self.u16(body)?;
        let resolution = self.option(body.get(8..)?, IF_TSRESOL).and_then(|value| value.first().copied());
        self.interfaces.push(Interface { link_type, resolution: resolution.unwrap_or(6) });
        Some(())
    }

    fn found(&self, body: &'a [u8]) -> Option<Found> {
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

impl Iterator for Reader<'_> {
    type Item = Result<Found, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let read = match self.block() {
                Some((INTERFACE, body)) => self.describe(body).map(|()| None),
                Some((PACKET, body)) => self.found(body).map(Some),
                Some(_) => Some(None),
                None => None,
            };
            match read {
                Some(None) => {}
                Some(Some(found)) => return Some(Ok(found)),
                None => {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(packets: &[Packet]) -> Vec<u8> {
        let mut out = vec![];
        section(&mut out).unwrap();
        interface(&mut out, 101, "antenna", "What crossed it").unwrap();
        packets.iter().for_each(|one| packet(&mut out, one).unwrap());
        out
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let at = Duration::from_nanos(1_234_567_890_123);
        let one = Packet { interface: 0, at, data: b"AT\r", flags: 2, comment: Some("port 1") };
        let file = written(&[one, Packet { data: b"", comment: None, ..one }]);
        let read: Vec<_> = Reader::new(&file).unwrap().map(Result::unwrap).collect();
        assert_eq!(read.len(), 2);
        let first = Found { link_type: 101, interface: 0, at, data: b"AT\r".to_vec(), flags: 2 };
        assert_eq!(read[0], first);
        assert_eq!(Reader::new(&file[..file.len() - 3]).unwrap().last(), Some(Err(Broken)));
    }

    #[test]
    fn big_endian_captures_in_microseconds_are_read() {
        let words = |words: &[u32]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
        let mut file = words(&[SECTION, 28, ORDER, 0x0001_0000, u32::MAX, u32::MAX, 28]);
        file.extend(words(&[INTERFACE, 20, 101 << 16, 0, 20]));
        file.extend(words(&[PACKET, 36, 0, 0, 1_500_000, 2, 2, 0x4154_0000, 36]));
        let read: Vec<_> = Reader::new(&file).unwrap().map(Result::unwrap).collect();
        assert_eq!((read[0].at, &read[0].data[..]), (Duration::from_millis(1500), &b"AT"[..]));
    }

    #[test]
    fn other_files_are_none() {
        assert!(Reader::new(b"AT\r").is_none());
        assert!(Reader::new(b"").is_none());
    }

    proptest! {
        #[test]
        fn no_file_breaks_the_reader(noise in prop::collection::vec(any::<u8>(), 0..200), at in 0usize..200) {
            let one = Packet { interface: 0, at: Duration::MAX, data: b"x", flags: 1, comment: None };
            let mut file = written(&[one]);
            let at = at.min(file.len());
            file.splice(at.., noise);
            if let Some(reader) = Reader::new(&file) {
                prop_assert!(reader.count() <= file.len());
            }
        }
    }
}
