//! The codec of data mode: what one side encodes the other decodes, however the line cuts it; and octets that
//! nobody encoded do no harm.
#![no_main]

use badline::frame::{Decoder, Framing};
use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;

const FRAMINGS: [Framing; 4] = [Framing::Raw, Framing::ETX_DLE, Framing::ETX_DLE_BARE, Framing::XON_XOFF];

fn decode(framing: Framing, octets: &[u8], piece: usize) -> (Vec<u8>, usize) {
    let (mut decoder, mut out, mut used) = (Decoder::new(framing), BytesMut::new(), 0);
    for part in octets.chunks(piece) {
        let taken = decoder.decode(part, &mut out);
        used += taken.used;
        if taken.end {
            break;
        }
    }
    out.extend(decoder.finish());
    (out.to_vec(), used)
}

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (which, piece, octets) = input;
    let (framing, piece) = (FRAMINGS[usize::from(which) % FRAMINGS.len()], usize::from(piece).max(1));
    let line = framing.encode(Bytes::copy_from_slice(octets));
    assert_eq!(decode(framing, &line, piece), (octets.to_vec(), line.len()));
    assert_eq!(decode(framing, octets, piece), decode(framing, octets, octets.len().max(1)));
});
