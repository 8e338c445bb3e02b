//! 7: `+WIPPING`.

use super::args::{self, Refusal};
use super::names::{self, Found};
use super::{Timer, Wavecom, code};
use crate::at::{Int, Text};
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
    /// What was sent and not answered yet.
    open: BTreeMap<Query, u16>,
}

enum Target {
    /// Its name is looked up; the command is pending.
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
    let mut ping = Ping {
        port: cx.port,
        target: Target::Host(Ipv4Addr::UNSPECIFIED),
        count: count.map_or(1, Int::get) as u16,
        sent: 0,
        interval: millis(interval),
        patience: millis(patience),
        length: length.map_or(64, Int::get) as u16,
        ttl: ttl.map_or(m.stack.ttl(), |n| n.get() as u8),
        open: BTreeMap::new(),
    };
    Ok(match found {
        Found::Asked(query) => {
            ping.target = Target::Naming(query);
            m.ping = Some(ping);
            cx.timer(Timer::PingName.number(), m.settings.connect_timeout.0);
            Reply::Pending
        }
        Found::Address(address) => {
            ping.target = Target::Host(address);
            m.ping = Some(ping);
            next(m, cx);
            Reply::Ok
        }
    })
}

/// The host's name is found, or is not.
pub fn resolved(m: &mut Wavecom, cx: &mut Cx, address: Option<Ipv4Addr>) {
    let Some(ping) = &mut m.ping else { return };
    match address {
        None => failed(m, cx),
        Some(address) => {
            cx.cancel(Timer::PingName.number());
            ping.target = Target::Host(address);
            cx.port = ping.port;
            cx.finish(Reply::Ok);
            next(m, cx);
        }
    }
}

/// The host's name was not found, or not in time.
pub fn failed(m: &mut Wavecom, cx: &mut Cx) {
    let Some(ping) = m.ping.take() else { return };
    cx.cancel(Timer::PingName.number());
    if let Target::Naming(query) = ping.target {
        m.names.give_up(query);
        cx.port = ping.port;
        cx.finish(Reply::Cme(code::PING));
    }
}

/// The next echo request is due.
pub fn next(m: &mut Wavecom, cx: &mut Cx) {
    let Some(ping) = &mut m.ping else { return };
    let Target::Host(to) = ping.target else { return };
    let packet = ping.sent;
    let query = cx.new_query();
    if ping.ttl >= m.settings.hops {
        cx.net(NetRequest::Ping { query, to, length: ping.length, ttl: ping.ttl });
    }
    ping.open.insert(query, packet);
    ping.sent += 1;
    cx.timer(Timer::PingLost(packet).number(), ping.patience);
    if ping.sent < ping.count {
        cx.timer(Timer::PingNext.number(), ping.interval);
    }
}

/// An answer.
pub fn pong(m: &mut Wavecom, cx: &mut Cx, query: Query, after: Duration) {
    let Some(packet) = m.ping.as_mut().and_then(|ping| ping.open.remove(&query)) else { return };
    cx.cancel(Timer::PingLost(packet).number());
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
    cx.urc("+WIPPING", result);
    if ping.open.is_empty() && ping.sent == ping.count {
        m.ping = None;
    }
}

/// The stack stops.
pub fn stop(m: &mut Wavecom, cx: &mut Cx) {
    failed(m, cx);
    cx.cancel(Timer::PingNext.number());
}
