//! Name look-ups: as many at once, and as many remembered, as `+WIPCFG` options 10 and 11 say (4.1.3).

use super::Wavecom;
use super::args::Refusal;
use super::code;
use crate::modem::{Cx, Query};
use ::core::net::Ipv4Addr;
use std::collections::{BTreeMap, VecDeque};

/// What is being looked up, and what was found, the latest last.
#[derive(Default)]
pub struct Names {
    asked: BTreeMap<Query, String>,
    known: VecDeque<(String, Ipv4Addr)>,
}

/// What a look-up gives at once.
pub enum Found {
    /// The address.
    Address(Ipv4Addr),
    /// The question, which was put to the network.
    Asked(Query),
}

impl Names {
    /// A question is answered; at most `room` answers are remembered. Gives the name that was asked for.
    pub fn found(&mut self, query: Query, address: Option<Ipv4Addr>, room: usize) -> Option<String> {
        let name = self.asked.remove(&query)?;
        if let Some(address) = address {
            self.known.push_back((name.clone(), address));
        }
        while self.known.len() > room {
            self.known.pop_front();
        }
        Some(name)
    }

    fn known(&self, host: &str) -> Option<Ipv4Addr> {
        let found = self.known.iter().find(|(name, _)| name.eq_ignore_ascii_case(host));
        found.map(|(_, address)| *address)
    }

    /// Nobody waits for the answer any more.
    pub fn give_up(&mut self, query: Query) {
        self.asked.remove(&query);
    }
}

/// Whether a host can be looked up.
///
/// # Errors
/// 800 where it is no name, 836 where as many are being looked up as may be.
pub fn check(m: &Wavecom, host: &str) -> Result<(), Refusal> {
    let free = m.names.asked.len() < m.stack.name_queries();
    match host.trim() {
        "" => Err(code::OPTION.into()),
        host if free || m.names.known(host).is_some() || host.parse::<Ipv4Addr>().is_ok() => Ok(()),
        _ => Err(code::MEMORY.into()),
    }
}

/// Looks a host up.
///
/// # Errors
/// Those of [`check`].
pub fn look_up(m: &mut Wavecom, cx: &mut Cx, host: &str) -> Result<Found, Refusal> {
    check(m, host)?;
    if let Some(address) = m.names.known(host) {
        return Ok(Found::Address(address));
    }
    Ok(match cx.resolve(host) {
        Ok(address) => Found::Address(address),
        Err(query) => {
            m.names.asked.insert(query, host.to_string());
            Found::Asked(query)
        }
    })
}
