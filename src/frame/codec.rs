//! The streaming decoder: what the host types in data mode becomes payload.

use super::{Framing, scan};
use bytes::BytesMut;

/// What one call of [`Decoder::decode`] made of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Bytes of the input that belonged to the payload or its framing. The rest is command text.
    pub used: usize,
    /// The payload is complete: the end mark was seen, or the fixed length reached.
    pub end: bool,
}

/// Host to module: removes the framing from a stream cut anywhere.
#[derive(Clone, Debug)]
pub struct Decoder {
    framing: Framing,
    /// The escape whose second byte is still to come.
    half: Option<u8>,
    /// Payload bytes still to come, where the length is fixed.
    left: Option<u64>,
    ended: bool,
}

/// What the byte after an escape means.
enum Pair {
    /// Both stand for this one.
    One(u8),
    /// The escape was payload; the byte is read again as if it stood alone.
    Lone,
}

impl Decoder {
    /// A decoder for a payload that only its end mark ends.
    pub fn new(framing: Framing) -> Decoder {
        Decoder { framing, half: None, left: None, ended: false }
    }

    /// Ends the payload after `length` bytes of it (counted without the framing) as well.
    pub fn take(self, length: u64) -> Decoder {
        Decoder { left: Some(length), ended: length == 0, ..self }
    }

    /// Whether the payload is complete; true from the start for a length of 0.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Goes on behind an end mark that only parts the payload (the edge of a datagram).
    pub fn resume(&mut self) {
        self.ended = self.left == Some(0);
    }

    /// Payload bytes still to come, where the length is fixed.
    pub fn left(&self) -> Option<u64> {
        self.left
    }

    /// Appends the payload in `input` to `out`, and stops behind the end of the payload.
    pub fn decode(&mut self, input: &[u8], out: &mut BytesMut) -> Taken {
        let mut used = 0;
        while !self.ended && used < input.len() {
            used += self.step(&input[used..], out);
        }
        Taken { used, end: self.ended }
    }

    /// Nothing more comes: half an escape that was left over, which the caller may keep as payload.
    pub fn finish(&mut self) -> Option<u8> {
        self.ended = true;
        self.half.take()
    }

    /// One run of plain bytes, one escape or the end mark. `input` is not empty.
    fn step(&mut self, input: &[u8], out: &mut BytesMut) -> usize {
        if let Some(lead) = self.half {
            self.half = None;
            return match self.pair(lead, input[0]) {
                Pair::One(byte) => self.push(&[byte], out),
                Pair::Lone => {
                    self.push(&[lead], out);
                    0
                }
            };
        }
        let run = match self.special() {
            None => input,
            Some(special) => &input[..scan::find(input, special).unwrap_or(input.len())],
        };
        if !run.is_empty() {
            return self.push(run, out);
        }
        match self.framing.end() {
            Some(etx) if etx == input[0] => self.ended = true,
            _ => self.half = Some(input[0]),
        }
        1
    }

    /// The bytes that are not payload by themselves.
    fn special(&self) -> Option<[u8; 3]> {
        match self.framing {
            Framing::Raw => None,
            Framing::Escaped { etx, dle, .. } => Some([etx, dle, dle]),
            Framing::EtxOnly { etx } => Some([etx; 3]),
            Framing::Complemented { lead, .. } => Some([lead; 3]),
        }
    }

    fn pair(&self, lead: u8, byte: u8) -> Pair {
        match self.framing {
            Framing::Escaped { etx, escape_dle: false, .. } if byte != etx => Pair::Lone,
            Framing::Complemented { .. } => Pair::One(!byte),
            Framing::Escaped { etx, .. } if byte == etx || byte == lead => Pair::One(byte),
            // An escape that escapes nothing: the host meant both bytes.
            _ => Pair::Lone,
        }
    }

    /// Hands on as much of `run` as the length allows, and says how much that was.
    fn push(&mut self, run: &[u8], out: &mut BytesMut) -> usize {
        let n =
            self.left.map_or(run.len(), |left| run.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
        out.extend_from_slice(&run[..n]);
        if let Some(left) = &mut self.left {
            *left -= n as u64;
            self.ended = *left == 0;
        }
        n
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    /// Feeds `line` in pieces of the sizes in `cuts`, in turn.
    fn decode(decoder: &mut Decoder, line: &[u8], cuts: &[usize]) -> (Vec<u8>, usize) {
        let (mut out, mut used) = (BytesMut::new(), 0);
        let mut cuts = cuts.iter().copied().cycle();
        while used < line.len() {
            let size = cuts.next().unwrap_or(line.len()).clamp(1, line.len() - used);
            let taken = decoder.decode(&line[used..used + size], &mut out);
            used += taken.used;
            if taken.end {
                break;
            }
            assert_eq!(taken.used, size, "only the end leaves bytes over");
        }
        (out.to_vec(), used)
    }

    fn line(framing: Framing, payload: &[u8]) -> Vec<u8> {
        framing.encode(Bytes::copy_from_slice(payload)).to_vec()
    }

    #[test]
    fn what_follows_the_end_mark_is_command_text() {
        let mut d = Decoder::new(Framing::ETX_DLE);
        assert_eq!(decode(&mut d, b"ab\x10\x03c\x03AT\r", &[99]), (b"ab\x03c".to_vec(), 6));
        assert!(d.ended());
        assert_eq!(d.decode(b"AT\r", &mut BytesMut::new()), Taken { used: 0, end: true });
    }

    #[test]
    fn a_lone_dle_is_payload_where_dle_is_not_escaped() {
        let mut d = Decoder::new(Framing::ETX_DLE_BARE);
        assert_eq!(decode(&mut d, b"\x10a\x10\x10b\x10\x10\x03\x03", &[1]).0, b"\x10a\x10\x10b\x10\x03");
        assert!(d.ended());
        let mut d = Decoder::new(Framing::ETX_DLE);
        assert_eq!(decode(&mut d, b"\x10a\x10\x10\x03", &[1]).0, b"\x10a\x10");
    }

    #[test]
    fn without_an_escape_every_etx_ends() {
        let mut d = Decoder::new(Framing::ETX);
        assert_eq!(decode(&mut d, b"a\x10\x03b", &[2]), (b"a\x10".to_vec(), 3));
    }

    #[test]
    fn a_length_counts_payload_and_leaves_the_rest() {
        let mut d = Decoder::new(Framing::Raw).take(5);
        assert_eq!(decode(&mut d, b"helloAT\r", &[3]), (b"hello".to_vec(), 5));
        let mut d = Decoder::new(Framing::XON_XOFF).take(2);
        assert_eq!(decode(&mut d, b"\x77\xEE\x77\x88AT", &[1]), (b"\x11\x77".to_vec(), 4));
        let mut d = Decoder::new(Framing::Raw).take(0);
        assert_eq!(d.decode(b"AT", &mut BytesMut::new()), Taken { used: 0, end: true });
        let mut d = Decoder::new(Framing::ETX_DLE_BARE).take(1);
        assert_eq!(decode(&mut d, b"\x10AT", &[1]), (b"\x10".to_vec(), 1), "the A may be a command");
    }

    #[test]
    fn half_an_escape_is_given_back_at_the_end() {
        let mut d = Decoder::new(Framing::ETX_DLE);
        assert_eq!(decode(&mut d, b"a\x10", &[9]).0, b"a");
        assert_eq!(d.finish(), Some(0x10));
        assert_eq!(d.finish(), None);
    }

    fn reversible() -> impl Strategy<Value = Framing> {
        prop::sample::select(vec![Framing::Raw, Framing::ETX_DLE, Framing::ETX_DLE_BARE, Framing::XON_XOFF])
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(
            framing in reversible(),
            payload in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&[3u8, 0x10, 0x11, 0x13, 0x77][..])], 0..300),
            cuts in prop::collection::vec(1usize..20, 1..9),
        ) {
            let mut d = Decoder::new(framing);
            let coded = line(framing, &payload);
            let (mut out, used) = decode(&mut d, &coded, &cuts);
            out.extend(d.finish());
            prop_assert_eq!(used, coded.len());
            prop_assert_eq!(out, payload);
        }

        #[test]
        fn the_end_mark_is_found_and_no_more(
            payload: Vec<u8>, rest: Vec<u8>, cuts in prop::collection::vec(1usize..20, 1..9),
        ) {
            let mut coded = line(Framing::ETX_DLE, &payload);
            coded.push(3);
            let end = coded.len();
            coded.extend(rest);
            let mut d = Decoder::new(Framing::ETX_DLE);
            prop_assert_eq!(decode(&mut d, &coded, &cuts), (payload, end));
        }

        #[test]
        fn a_fixed_length_is_exact(
            framing in reversible(), payload: Vec<u8>, cuts in prop::collection::vec(1usize..20, 1..9),
        ) {
            let coded = line(framing, &payload);
            let mut all = coded.clone();
            all.extend(b"AT\r");
            let mut d = Decoder::new(framing).take(payload.len() as u64);
            let (out, used) = if payload.is_empty() { (vec![], 0) } else { decode(&mut d, &all, &cuts) };
            prop_assert_eq!((out, used), (payload, coded.len()));
            prop_assert!(d.ended());
        }

        #[test]
        fn cutting_changes_nothing(
            etx: u8, dle: u8, escape_dle: bool, input: Vec<u8>, cuts in prop::collection::vec(1usize..9, 1..9),
        ) {
            let framing = Framing::Escaped { etx, dle, escape_dle };
            let whole = decode(&mut Decoder::new(framing), &input, &[usize::MAX]);
            prop_assert_eq!(decode(&mut Decoder::new(framing), &input, &cuts), whole);
        }
    }
}
