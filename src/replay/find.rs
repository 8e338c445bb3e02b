//! Where in a recording a host is.

use super::key::{Key, Match};
use super::script::{Ask, Script};

/// So many commands ahead and back a host may be, and is still where the recording is: it has left one out, or has sent one
/// again.
const NEAR: usize = 4;

/// The exchange that a host's command line belongs to, where `next` is to come: that one, or another near it with the same
/// command. A whole match goes before one with other texts, and what is to come before what was.
pub fn find(script: &Script, next: usize, port: usize, host: &Key) -> Option<usize> {
    let matched = |at: usize| {
        let exchange = script.exchanges.get(at)?;
        match &exchange.ask {
            Ask::Command { key, .. } if exchange.port == port => key.matches(host).map(|how| (how, at)),
            _ => None,
        }
    };
    if let Some((_, at)) = matched(next) {
        return Some(at);
    }
    let ahead = next + 1..=next + NEAR;
    // One that was answered already and comes again is answered as it was.
    let back = (next.saturating_sub(NEAR)..next).rev();
    let near: Vec<(Match, usize)> = ahead.chain(back).filter_map(matched).collect();
    [Match::Whole, Match::Texts]
        .into_iter()
        .find_map(|how| near.iter().find(|(found, _)| *found == how))
        .map(|(_, at)| *at)
}
