//! A firmware's own log: `>>>` before what it sends to the module, `<<<` before what it hears, often behind RTT's `00> `.

use super::Format;
use crate::log::marked::{Marked, Pair};

const PAIRS: &[Pair] = &[(b">>>", b"<<<")];

pub fn make() -> Box<dyn Format> {
    Box::new(Marked::new(PAIRS, &[], &[]))
}
