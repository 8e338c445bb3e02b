//! Data-mode codecs: ETX with DLE, complemented XON/XOFF, fixed length, the line feed that is no
//! payload, and the `+++` escape with its guard time.
//!
//! All of them stream: a payload may arrive in pieces of any size, cut anywhere.

mod codec;
mod guard;
mod scan;

pub use codec::{Decoder, Taken};
pub use guard::{Expired, Guard, Passed};

use bytes::{Bytes, BytesMut};

/// How payload is written on the serial line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// As it is; every byte value is payload.
    #[default]
    Raw,
    /// `etx` ends the payload; a payload `etx` is preceded by `dle`.
    Escaped {
        /// The end mark.
        etx: u8,
        /// The escape.
        dle: u8,
        /// Whether a payload `dle` is preceded by `dle` too. Where it is not, a `dle` that no `etx`
        /// follows is itself payload.
        escape_dle: bool,
    },
    /// `etx` ends the payload and cannot be payload.
    EtxOnly {
        /// The end mark.
        etx: u8,
    },
    /// `lead` and the bytes of `also` travel as `lead` and their complement (software flow control).
    Complemented {
        /// The escape.
        lead: u8,
        /// What else must not appear on the line.
        also: [u8; 2],
    },
}

impl Framing {
    /// ETX ends, DLE escapes ETX and itself.
    pub const ETX_DLE: Framing = Framing::Escaped { etx: 0x03, dle: 0x10, escape_dle: true };
    /// ETX ends, DLE escapes ETX only.
    pub const ETX_DLE_BARE: Framing = Framing::Escaped { etx: 0x03, dle: 0x10, escape_dle: false };
    /// ETX ends, without an escape.
    pub const ETX: Framing = Framing::EtxOnly { etx: 0x03 };
    /// XON, XOFF and 0x77 as 0x77 and their complement.
    pub const XON_XOFF: Framing = Framing::Complemented { lead: 0x77, also: [0x11, 0x13] };

    /// The byte that ends a payload in this framing, if it has one.
    pub fn end(self) -> Option<u8> {
        match self {
            Framing::Escaped { etx, .. } | Framing::EtxOnly { etx } => Some(etx),
            Framing::Raw | Framing::Complemented { .. } => None,
        }
    }

    /// Payload as it goes over the line, without the end mark. No state is needed between pieces;
    /// a piece with nothing to escape is handed back as it is.
    pub fn encode(self, payload: Bytes) -> Bytes {
        let (lead, special, flip) = match self {
            Framing::Raw | Framing::EtxOnly { .. } => return payload,
            Framing::Escaped { etx, dle, escape_dle: true } => (dle, [etx, dle, dle], 0),
            Framing::Escaped { etx, dle, escape_dle: false } => (dle, [etx; 3], 0),
            Framing::Complemented { lead, also: [a, b] } => (lead, [lead, a, b], 0xFF),
        };
        let Some(mut at) = scan::find(&payload, special) else { return payload };
        let mut out = BytesMut::with_capacity(payload.len() + payload.len() / 16 + 16);
        let mut rest = &payload[..];
        loop {
            out.extend_from_slice(&rest[..at]);
            out.extend_from_slice(&[lead, rest[at] ^ flip]);
            rest = &rest[at + 1..];
            match scan::find(rest, special) {
                Some(next) => at = next,
                None => break,
            }
        }
        out.extend_from_slice(rest);
        out.freeze()
    }
}

/// Drops the line feed that follows the carriage return of the command that entered data mode; a
/// later one is payload.
#[derive(Clone, Copy, Debug)]
pub struct SkipLf {
    armed: bool,
}

impl Default for SkipLf {
    fn default() -> Self {
        SkipLf { armed: true }
    }
}

impl SkipLf {
    /// What is left of `input`.
    pub fn strip<'a>(&mut self, input: &'a [u8]) -> &'a [u8] {
        match input {
            [] => input,
            [b'\n', rest @ ..] if std::mem::take(&mut self.armed) => rest,
            _ => {
                self.armed = false;
                input
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_line_feed_is_dropped() {
        let mut skip = SkipLf::default();
        assert_eq!(skip.strip(b""), b"");
        assert_eq!(skip.strip(b"\n"), b"");
        assert_eq!(skip.strip(b"\n\n"), b"\n\n");
        assert_eq!(SkipLf::default().strip(b"\n\na"), b"\na");
        let mut skip = SkipLf::default();
        assert_eq!(skip.strip(b"a\n"), b"a\n");
        assert_eq!(skip.strip(b"\n"), b"\n");
    }

    #[test]
    fn a_piece_without_special_bytes_is_not_copied() {
        let piece = Bytes::from_static(b"nothing here");
        assert_eq!(Framing::ETX_DLE.encode(piece.clone()).as_ptr(), piece.as_ptr());
    }

    #[test]
    fn the_bytes_on_the_line() {
        let all = Bytes::from_static(&[0x03, 0x10, 0x11, 0x13, 0x77]);
        let line = |f: Framing| f.encode(all.clone()).to_vec();
        assert_eq!(line(Framing::ETX_DLE), [0x10, 3, 0x10, 0x10, 0x11, 0x13, 0x77]);
        assert_eq!(line(Framing::ETX_DLE_BARE), [0x10, 3, 0x10, 0x11, 0x13, 0x77]);
        assert_eq!(line(Framing::XON_XOFF), [3, 0x10, 0x77, 0xEE, 0x77, 0xEC, 0x77, 0x88]);
        assert_eq!(line(Framing::ETX), all);
    }
}
