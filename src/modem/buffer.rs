//! A queue of octets that keeps the pieces it was handed.

use bytes::Bytes;
use std::collections::VecDeque;

/// A first-in first-out queue of octets.
#[derive(Clone, Debug, Default)]
pub struct Buffer {
    pieces: VecDeque<Bytes>,
    len: usize,
}

impl Buffer {
    /// Octets in the queue.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a piece at the end.
    pub fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.len += bytes.len();
            self.pieces.push_back(bytes);
        }
    }

    /// Takes the first piece, or at most `most` octets of it.
    pub fn pop(&mut self, most: usize) -> Option<Bytes> {
        let front = self.pieces.front_mut().filter(|_| most > 0)?;
        let piece = if front.len() > most { front.split_to(most) } else { self.pieces.pop_front()? };
        self.len -= piece.len();
        Some(piece)
    }

    /// Takes up to `most` octets.
    pub fn take(&mut self, most: usize) -> Bytes {
        match self.pop(most) {
            None => Bytes::new(),
            Some(first) if first.len() == most || self.is_empty() => first,
            Some(first) => {
                let mut all = first.to_vec();
                while let Some(piece) = self.pop(most - all.len()) {
                    all.extend_from_slice(&piece);
                }
                all.into()
            }
        }
    }

    /// Throws everything away.
    pub fn clear(&mut self) {
        *self = Buffer::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_out_as_they_went_in() {
        let mut b = Buffer::default();
        b.push(Bytes::from_static(b"abc"));
        b.push(Bytes::from_static(b"defg"));
        assert_eq!((b.take(2), b.len()), (Bytes::from_static(b"ab"), 5));
        assert_eq!(b.take(4), Bytes::from_static(b"cdef"));
        assert_eq!(b.take(9), Bytes::from_static(b"g"));
        assert!(b.is_empty() && b.take(1).is_empty());
    }
}
