//! Patterns against bytes: every way in which the placeholders can share them out.

use super::text::{Part, Pattern};

/// How far a pattern is met by what has come so far.
pub(super) enum Reach {
    /// The pattern is met by so many bytes, the fewest that will do.
    Yes(usize),
    /// More bytes could meet it.
    More,
    /// It is not, from this byte on.
    No(usize),
}

/// All the ends that the pattern can have in `bytes`; whether more bytes could add one; how far it came.
fn ends(pattern: &Pattern, bytes: &[u8]) -> (Vec<usize>, bool, usize) {
    let (mut at, mut more, mut far) = (vec![0], false, 0);
    for part in &pattern.parts {
        let mut next = Vec::new();
        for &from in &at {
            match part {
                Part::Literal(literal) => {
                    let same = literal.iter().zip(&bytes[from..]).take_while(|(a, b)| a == b).count();
                    far = far.max(from + same);
                    if same == literal.len() {
                        next.push(from + same);
                    }
                    more |= same < literal.len() && from + same == bytes.len();
                }
                Part::Hole(hole) => {
                    let (ends, open) = hole.ends(bytes, from);
                    more |= open;
                    far = far.max(ends.last().copied().unwrap_or(from));
                    let done = ends.last() == Some(&bytes.len()) && ends.len() == bytes.len() + 1 - from;
                    next.extend(ends);
                    // This hole can end anywhere, so what begins later adds nothing.
                    if done {
                        break;
                    }
                }
            }
        }
        next.sort_unstable();
        next.dedup();
        at = next;
    }
    (at, more, far)
}

/// Whether the pattern is met by the head of these bytes.
pub(super) fn progress(pattern: &Pattern, bytes: &[u8]) -> Reach {
    match ends(pattern, bytes) {
        (ends, ..) if !ends.is_empty() => Reach::Yes(ends[0]),
        (_, true, _) => Reach::More,
        (_, false, far) => Reach::No(far),
    }
}

/// Whether the pattern is met by exactly these bytes.
pub(super) fn fits(pattern: &Pattern, bytes: &[u8]) -> bool {
    ends(pattern, bytes).0.last() == Some(&bytes.len())
}
