//! 6.2: `+WIPDATA`, a port mapped on a socket.

use super::args::{self, Refusal};
use super::socket::{self, Key, Protocol, State};
use super::{Timer, Use, Wavecom, bearer, code};
use crate::at::{Arguments, Int, ResultCode};
use crate::frame::Framing;
use crate::modem::{Cx, DataEnd, DataMode, Ends, Fin, Reply, Sink};
use std::time::Duration;

/// 6.2.2
pub fn write(m: &mut Wavecom, cx: &mut Cx, typed: Arguments) -> Reply {
    let result = map(m, cx, &typed);
    args::reply(cx, result)
}

fn map(m: &mut Wavecom, cx: &mut Cx, typed: &Arguments) -> Result<Reply, Refusal> {
    args::at_most(typed, 3)?;
    let protocol = match Protocol::typed(typed)? {
        protocol @ (Protocol::Udp | Protocol::Client) => protocol,
        Protocol::Server | Protocol::Ftp => return Err(code::BAD_PROTOCOL.into()),
    };
    m.stack.check()?;
    let key = socket::index(m, typed, protocol)?;
    let mode = args::number::<u8>(typed, 2, 0..=if m.settings.transparent { 2 } else { 1 }, code::OPTION)?;
    // It is not ready before the host is told so.
    let said_late =
        cx.endings().any(|line| line.starts_with("+WIPREADY") && line.ends_with(&key.to_string()));
    let socket = match m.services.get(&key).map(|service| &service.state) {
        Some(State::Open(socket)) if !said_late => *socket,
        _ => return Err(code::DATA_STATE.into()),
    };
    match (mode, cx.mapped(socket)) {
        (0, Some(port)) => {
            Wavecom::unmap(cx, port);
            return Ok(Reply::Ok);
        }
        (0, None) | (_, Some(_)) => return Err(code::DATA_STATE.into()),
        _ => {}
    }
    let over = |c: &crate::modem::Conn| c.shut && c.fin == Fin::Told;
    if cx.sockets.get(&socket).is_none_or(over) {
        return Err(code::DATA_STATE.into());
    }
    let sink = match protocol {
        Protocol::Udp => Sink::Datagrams { socket, most: m.settings.datagram.0.try_into().unwrap_or(1) },
        _ => Sink::Socket(socket),
    };
    let framing = if mode == 2 { Framing::Raw } else { framing(m) };
    if let Some(service) = m.services.get_mut(&key) {
        service.announced = false;
    }
    // 6.2.1.1: what ended data mode then ends it now.
    if m.settings.leaves_on_close && cx.sockets.get(&socket).is_some_and(|conn| conn.fin == Fin::Told) {
        m.timers.set(Timer::Closed(key), cx.now + Duration::ZERO);
    }
    m.used.insert(cx.port, Use::Socket(key));
    cx.intermediate(&ResultCode::Connect);
    Ok(Reply::Data(DataMode { framing, ends: Ends { escape: true, ..Ends::default() }, sink }))
}

/// 6.2.1.4
pub fn framing(m: &Wavecom) -> Framing {
    Framing::Escaped { etx: 0x03, dle: 0x10, escape_dle: m.settings.escape_dle }
}

/// 6.2.1.3: a port that was mapped is in AT mode again. `ATO` does not lead back (6.2.7).
pub fn left(m: &mut Wavecom, cx: &mut Cx, key: Key, end: DataEnd) -> Reply {
    let port = cx.port;
    cx.forget_suspended(port);
    let closed = match m.services.get(&key).map(|service| &service.state) {
        Some(State::Open(socket)) => cx.sockets.get(socket).is_none_or(|conn| conn.fin == Fin::Told),
        _ => true,
    };
    socket::arrived(m, &mut Cx { core: cx.core, port, name: "" }, key);
    match end {
        DataEnd::Left if closed && m.settings.leaves_on_close => Reply::Silent,
        _ => Reply::Ok,
    }
}

/// `ATO` (6.2.7)
pub fn online(m: &mut Wavecom, cx: &mut Cx) -> Reply {
    match () {
        () if cx.is_suspended(cx.port) => cx.go_online(),
        () if bearer::is_gsm(m) => Reply::Silent,
        () if m.online() => Reply::Cme(code::NOT_ALLOWED),
        () => Reply::NoCarrier,
    }
}

/// `ATO0`
pub fn online_n(m: &mut Wavecom, cx: &mut Cx, _: (Int<0, 0>,)) -> Reply {
    online(m, cx)
}
