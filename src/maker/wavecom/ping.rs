//! 7: `+WIPPING`.

use super::args::{self, Refusal};
use super::names::{self, Found};
use super::{Timer, Wavecom, code};
use crate::at::{Int, ResultCode, Text};
use crate::modem::net::NetRequest;
use crate::modem::{Cx, PortId, Query, Reply};
use ::core::net::Ipv4Addr;
use std::collections::BTreeMap;
use std::time::Duration;

/// Echo requests on their way.
pub struct Ping {
    port: PortId,
    target: Target,
    /// How many are to be sent in all, and how many were.
    count: u16,
    sent: u16,
    interval: Duration,
    patience: Duration,
    length: u16,
    ttl: u8,
    /// What was sent, or waits for the host's address, and was not answered yet.
    open: BTreeMap<Query, u16>,
}

enum Target {
    /// Its name is looked up.
    Naming(Query),
    Host(Ipv4Addr),
}

impl Ping {
    /// Whether this look-up is its own.
    pub fn asks(&self, query: Query) -> bool {
        matches!(self.target, Target::Naming(asked) if asked == query)
    }
}

type Count = Option<Int<1, 65535>>;

/// 7.1.2
pub fn write(
    m: &mut Wavecom,
    cx: &mut Cx,
    typed: (Text<255>, Count, Count, Count, Option<Int<1, 1500>>, Option<Int<1, 255>>),
) -> Reply {
    let result = begin(m, cx, typed);
    args::reply(cx, result)
}

fn begin(
    m: &mut Wavecom,
    cx: &mut Cx,
    (host, count, interval, patience, length, ttl): (
        Text<255>,
        Count,
        Count,
        Count,
        Option<Int<1, 1500>>,
        Option<Int<1, 255>>,
    ),
) -> Result<Reply, Refusal> {
    m.stack.check()?;
    if m.ping.is_some() || !m.online() {
        return Err(code::PING.into());
    }
    let millis = |n: Count| Duration::from_millis(n.map_or(2000, Int::get) as u64);
    let found = names::look_up(m, cx, &host)?;
    m.ping = Some(Ping {
        port: cx.port,
        target: match found {
            Found::Asked(query) => Target::Naming(query),
            Found::Address(address) => Target::Host(address),
        },
        count: count.map_or(1, Int::get) as u16,
        sent: 0,
        interval: millis(interval),
        patience: millis(patience),
        length: length.map_or(64, Int::get) as u16,
        ttl: ttl.map_or(m.stack.ttl(), |n| n.get() as u8),
        open: BTreeMap::new(),
    });
    next(m, cx);
    Ok(Reply::Ok)
}

/// The host's name is found, or is not.
pub fn resolved(m: &mut Wavecom, cx: &mut Cx, address: Option<Ipv4Addr>) {
    let Some(ping) = &mut m.ping else { return };
    match address {
        None => {
            let port = ping.port;
            stop(m);
            cx.core.urc_code(port, ResultCode::Cme(code::PING));
        }
        Some(address) => {
            ping.target = Target::Host(address);
            for (query, packet) in &ping.open {
                send(ping, cx, m.settings.hops, *query);
                m.timers.set(Timer::PingLost(*packet), cx.now + ping.patience);
            }
        }
    }
}

/// The next echo request is due. 7.1.3: what has no answer in time is lost, also where the look-up of the name has none.
pub fn next(m: &mut Wavecom, cx: &mut Cx) {
    let Some(ping) = &mut m.ping else { return };
    let (query, packet) = (cx.new_query(), ping.sent);
    ping.open.insert(query, packet);
    ping.sent += 1;
    send(ping, cx, m.settings.hops, query);
    m.timers.set(Timer::PingLost(packet), cx.now + ping.patience);
    if ping.sent < ping.count {
        m.timers.set(Timer::PingNext, cx.now + ping.interval);
    }
}

/// The request itself goes where there is an address, and lives long enough.
fn send(ping: &Ping, cx: &mut Cx, hops: u8, query: Query) {
    if let Target::Host(to) = ping.target
        && ping.ttl >= hops
    {
        cx.net(NetRequest::Ping { query, to, length: ping.length, ttl: ping.ttl });
    }
}

/// An answer.
pub fn pong(m: &mut Wavecom, cx: &mut Cx, query: Query, after: Duration) {
    let Some(packet) = m.ping.as_mut().and_then(|ping| ping.open.remove(&query)) else { return };
    m.timers.cancel(Timer::PingLost(packet));
    tell(m, cx, format_args!("0,{packet},{}", after.as_millis()));
}

/// No answer in time.
pub fn lost(m: &mut Wavecom, cx: &mut Cx, packet: u16) {
    if let Some(ping) = &mut m.ping {
        ping.open.retain(|_, open| *open != packet);
    }
    tell(m, cx, format_args!("1,{packet},0"));
}

fn tell(m: &mut Wavecom, cx: &mut Cx, result: std::fmt::Arguments) {
    let Some(ping) = &m.ping else { return };
    cx.port = ping.port;
    cx.end("+WIPPING", result);
    if ping.open.is_empty() && ping.sent == ping.count {
        stop(m);
    }
}

/// It is over, or the stack stops.
pub fn stop(m: &mut Wavecom) {
    let Some(ping) = m.ping.take() else { return };
    m.timers.cancel(Timer::PingNext);
    for packet in ping.open.into_values() {
        m.timers.cancel(Timer::PingLost(packet));
    }
    if let Target::Naming(query) = ping.target {
        m.names.give_up(query);
    }
}
