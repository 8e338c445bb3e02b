//! Finding the first byte that is special, at the speed of vector instructions.

/// Bytes looked at together; the compiler turns the fold below into vector instructions.
const BLOCK: usize = 32;

/// The index of the first byte of `hay` that is one of `set`.
pub(super) fn find(hay: &[u8], set: [u8; 3]) -> Option<usize> {
    let is = |b: &u8| (*b == set[0]) | (*b == set[1]) | (*b == set[2]);
    let mut blocks = hay.chunks_exact(BLOCK);
    let mut at = 0;
    for block in &mut blocks {
        if block.iter().fold(false, |hit, b| hit | is(b)) {
            return block.iter().position(is).map(|i| at + i);
        }
        at += BLOCK;
    }
    blocks.remainder().iter().position(is).map(|i| at + i)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_finds_what_a_plain_search_finds(hay in prop::collection::vec(0u8..40, 0..200), set: [u8; 3]) {
            let set = set.map(|b| b % 64);
            prop_assert_eq!(find(&hay, set), hay.iter().position(|b| set.contains(b)));
        }
    }
}
