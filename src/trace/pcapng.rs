//! Writes the container of a capture, pcapng (draft-ietf-opsawg-pcapng), as far as packets on interfaces need it:
//! little-endian, with times in nanoseconds. `log` reads it.

use crate::log::pcapng::{EPB_FLAGS, IF_TSRESOL, INTERFACE, ORDER, PACKET, SECTION};
use std::io::{self, Write};
use std::time::Duration;

pub use crate::log::pcapng::{Broken, Found, Reader};

/// Options that any block may have.
const COMMENT: u16 = 1;
/// Options of an interface: its name, and what it is.
const IF_NAME: u16 = 2;
const IF_DESCRIPTION: u16 = 3;

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
