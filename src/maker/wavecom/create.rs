//! 5.1: `+WIPCREATE`, from the command to a service that is ready.

use super::args::{self, Refusal};
use super::names::{self, Found};
use super::option::Options;
use super::settings::ReadyFirst;
use super::socket::{self, Key, Owed, Protocol, Service, State};
use super::{Timer, Wavecom, code, file};
use crate::at::{Arguments, ResultCode};
use crate::modem::net::{Failure, NetRequest, Purpose};
use crate::modem::{Cx, Query, Reply, Socket};
use ::core::net::{Ipv4Addr, SocketAddrV4};

/// What the network is asked for once the host's address is known.
#[derive(Clone, Copy)]
pub enum Ask {
    Udp { local: u16, port: u16 },
    Tcp { port: u16 },
}

/// 5.1.2
pub fn write(m: &mut Wavecom, cx: &mut Cx, typed: Arguments) -> Reply {
    let result = create(m, cx, &typed);
    args::reply(cx, result)
}

fn create(m: &mut Wavecom, cx: &mut Cx, typed: &Arguments) -> Result<Reply, Refusal> {
    let protocol = Protocol::typed(typed)?;
    m.stack.check()?;
    if protocol == Protocol::Ftp {
        return file::create(m, cx, typed);
    }
    let key = socket::index(m, typed, protocol)?;
    if taken(m, key) {
        return Err(code::BAD_INDEX.into());
    }
    match protocol {
        Protocol::Udp => udp(m, cx, key, typed),
        Protocol::Client => {
            args::at_most(typed, 4)?;
            let host = args::text::<255>(typed, 2, code::OPTION)?;
            let ask = Ask::Tcp { port: port(typed, 3)? };
            if m.stack.ttl() < m.settings.hops {
                return Err(code::UNREACHABLE.into());
            }
            room(m, code::UNREACHABLE)?;
            connect(m, cx, key, &host, ask)
        }
        _ => listen(m, cx, key, typed),
    }
}

/// 5.1.3: an index that is used, or that a server keeps for what it spawns.
fn taken(m: &Wavecom, key: Key) -> bool {
    let kept = |service: &Service| match service.state {
        State::Listening { first, last, .. } => (first..=last).contains(&key.index),
        _ => false,
    };
    let reachable = key.protocol != Protocol::Client || key.index <= m.settings.indexes.client;
    m.services.contains_key(&key)
        || !reachable
        || key.protocol == Protocol::Client && m.services.values().any(kept)
}

fn port(typed: &Arguments, place: usize) -> Result<u16, Refusal> {
    args::number(typed, place, 1..=65535, code::BAD_PORT)
}

/// Whether there is a network, else `offline`, and one more socket (3.1.2 and 4.1.3, option 6).
fn room(m: &Wavecom, offline: u16) -> Result<(), Refusal> {
    match () {
        () if !m.online() => Err(offline.into()),
        () if is_full(m) => Err(code::NO_SOCKET.into()),
        () => Ok(()),
    }
}

pub fn is_full(m: &Wavecom) -> bool {
    m.services.len() + usize::from(m.ftp.is_some()) >= m.stack.sockets()
}

/// The local port may be left out, in front of the peer together with its comma (5.1.2, 5.1.6).
fn udp(m: &mut Wavecom, cx: &mut Cx, key: Key, typed: &Arguments) -> Result<Reply, Refusal> {
    let (local, peer) = match (args::is_number(typed, 2), args::given(typed, 2)) {
        (true, _) => (port(typed, 2)?, 3),
        (false, true) => (0, 2),
        (false, false) => (0, 3),
    };
    args::at_most(typed, peer + 2)?;
    let target = match args::given(typed, peer) {
        true => Some((args::text::<255>(typed, peer, code::OPTION)?, port(typed, peer + 1)?)),
        false => None,
    };
    room(m, code::STATE)?;
    match target {
        Some((host, port)) => connect(m, cx, key, &host, Ask::Udp { local, port }),
        None => {
            let socket = open(m, cx, |socket| NetRequest::OpenUdp { socket, port: local, to: None });
            Ok(insert(m, cx, key, State::Opening(socket)))
        }
    }
}

fn listen(m: &mut Wavecom, cx: &mut Cx, key: Key, typed: &Arguments) -> Result<Reply, Refusal> {
    args::at_most(typed, 5)?;
    let port = port(typed, 2)?;
    let most = i64::from(m.settings.indexes.spawned);
    let first: u8 = args::number(typed, 3, 1..=most, code::BAD_INDEX)?;
    let last: u8 = args::number(typed, 4, first.into()..=most, code::BAD_INDEX)?;
    let spawned = |index| Key { protocol: Protocol::Client, index };
    if (first..=last).any(|index| m.services.contains_key(&spawned(index))) || kept(m, first, last) {
        return Err(code::BAD_INDEX.into());
    }
    room(m, code::STATE)?;
    let socket =
        open(m, cx, |socket| NetRequest::Listen { socket, port, purpose: Purpose::Socket, tls: None });
    insert(m, cx, key, State::Listening { socket, first, last });
    // The guide's +WIPACCEPT comes with the first caller, not with the listener.
    if let Some(service) = m.services.get_mut(&key) {
        service.owed = Owed::Nothing;
    }
    Ok(Reply::Ok)
}

/// Whether another server keeps one of the indexes.
fn kept(m: &Wavecom, low: u8, high: u8) -> bool {
    m.services.values().any(|service| match service.state {
        State::Listening { first, last, .. } => first <= high && low <= last,
        _ => false,
    })
}

/// Looks the host up and connects.
fn connect(m: &mut Wavecom, cx: &mut Cx, key: Key, host: &str, ask: Ask) -> Result<Reply, Refusal> {
    match names::look_up(m, cx, host)? {
        Found::Asked(query) => Ok(insert(m, cx, key, State::Naming { query, ask })),
        Found::Address(address) => {
            let state = request(m, cx, address, None, ask);
            Ok(insert(m, cx, key, state))
        }
    }
}

fn request(m: &mut Wavecom, cx: &mut Cx, address: Ipv4Addr, name: Option<String>, ask: Ask) -> State {
    State::Opening(open(m, cx, |socket| match ask {
        Ask::Udp { local, port } => {
            NetRequest::OpenUdp { socket, port: local, to: Some(SocketAddrV4::new(address, port)) }
        }
        Ask::Tcp { port } => NetRequest::Connect {
            socket,
            to: SocketAddrV4::new(address, port),
            name,
            from_port: None,
            purpose: Purpose::Socket,
            tls: None,
        },
    }))
}

/// A socket may hold as much as the stack has buffers (4.1.3, option 7).
fn open(m: &Wavecom, cx: &mut Cx, ask: impl FnOnce(Socket) -> NetRequest) -> Socket {
    let socket = cx.open_socket(ask);
    hold(m, cx, socket);
    live(m, cx, socket, m.stack.ttl());
    socket
}

fn hold(m: &Wavecom, cx: &mut Cx, socket: Socket) {
    let capacity = m.stack.buffers() * usize::from(cx.profile.bearer.segment);
    if let Some(conn) = cx.core.sockets.get_mut(&socket) {
        conn.capacity = capacity;
    }
}

/// Datagrams die on the way where they have fewer routers to live than there are.
pub fn live(m: &Wavecom, cx: &mut Cx, socket: Socket, ttl: u8) {
    if let Some(conn) = cx.core.sockets.get_mut(&socket) {
        conn.reaches = ttl >= m.settings.hops;
    }
}

fn insert(m: &mut Wavecom, cx: &mut Cx, key: Key, state: State) -> Reply {
    let owed = match (m.settings.result_after_ready, m.settings.ready_first) {
        (None, _) => Owed::Nothing,
        (Some(_), ReadyFirst::Always) => Owed::Result,
        (Some(_), ReadyFirst::Greeted) if key.protocol == Protocol::Client && !m.connected => Owed::Both,
        (Some(_), ReadyFirst::Greeted) => Owed::Nothing,
    };
    let options = Options::new(&m.stack);
    m.services.insert(key, Service { port: cx.port, options, state, owed, announced: false });
    m.timers.set(Timer::Patience(key), cx.now + m.settings.connect_timeout.0);
    match owed {
        // Where it is no matter of `ready_first`.
        Owed::Nothing if m.settings.result_after_ready.is_none() => cx.reply_with("+WIPREADY", key),
        Owed::Nothing => Reply::Ok,
        Owed::Result | Owed::Both => Reply::Pending,
    }
}

/// A name is found, or is not.
pub fn resolved(m: &mut Wavecom, cx: &mut Cx, query: Query, name: Option<String>, address: Option<Ipv4Addr>) {
    let waits = |s: &Service| match s.state {
        State::Naming { query: asked, ask } if asked == query => Some(ask),
        _ => None,
    };
    let Some((key, ask)) = m.services.iter().find_map(|(key, s)| Some((*key, waits(s)?))) else { return };
    match address {
        None => fail(m, cx, key, m.settings.codes.no_name),
        Some(address) => {
            let state = request(m, cx, address, name, ask);
            if let Some(service) = m.services.get_mut(&key) {
                service.state = state;
            }
        }
    }
}

/// 5.1.2: the service is ready.
pub fn ready(m: &mut Wavecom, cx: &mut Cx, key: Key) {
    m.timers.cancel(Timer::Patience(key));
    let Some(service) = m.services.get_mut(&key) else { return };
    let State::Opening(socket) = service.state else { return };
    service.state = State::Open(socket);
    m.connected |= key.protocol == Protocol::Client;
    match service.owed {
        Owed::Nothing => cx.end("+WIPREADY", key),
        // The result code follows it.
        Owed::Result => cx.urc("+WIPREADY", key),
        Owed::Both => {}
    }
    if let Some(after) = m.settings.result_after_ready.filter(|_| service.owed != Owed::Nothing) {
        m.timers.set(Timer::Answer(key), cx.now + after.0);
    }
}

/// The result code that was owed.
pub fn answer(m: &mut Wavecom, cx: &mut Cx, key: Key) {
    if let Some(service) = m.services.get_mut(&key) {
        cx.port = service.port;
        settle(service, cx, key);
    }
}

/// Says what is owed of a service that is up: the result code, and `+WIPREADY` where nothing has come before it.
pub fn settle(service: &mut Service, cx: &mut Cx, key: Key) {
    let owed = std::mem::take(&mut service.owed);
    if owed != Owed::Nothing {
        cx.finish(Reply::Ok);
    }
    if owed == Owed::Both {
        cx.core.end_behind(service.port, "+WIPREADY", key);
    }
}

/// The service did not come up in time.
pub fn expired(m: &mut Wavecom, cx: &mut Cx, key: Key) {
    fail(m, cx, key, code::UNREACHABLE);
}

/// The network says why a service cannot be.
pub fn failed(m: &mut Wavecom, cx: &mut Cx, key: Key, why: Failure) {
    let code = match why {
        Failure::Refused => m.settings.codes.refused,
        Failure::Unreachable => code::UNREACHABLE,
        Failure::PortInUse => code::PORT_STATE,
        Failure::Tls(_) => code::CHANNEL,
    };
    fail(m, cx, key, code);
}

/// A service came to nothing: its index is free again, and the host is told.
pub fn fail(m: &mut Wavecom, cx: &mut Cx, key: Key, code: u16) {
    let Some(mut service) = m.services.remove(&key) else { return };
    cx.port = service.port;
    match std::mem::take(&mut service.owed) {
        Owed::Result | Owed::Both => cx.finish(Reply::Cme(code)),
        Owed::Nothing if cx.core.give_up(service.port, "+WIPREADY", Reply::Cme(code)) => {}
        Owed::Nothing => cx.core.urc_code(service.port, ResultCode::Cme(code)),
    }
    socket::release(m, cx, key, service);
}

/// 5.1.1: a server spawns a client for each caller, as long as it has indexes and sockets for them.
pub fn accepted(m: &mut Wavecom, cx: &mut Cx, server: Key, socket: Socket) {
    let Some(Service { state: State::Listening { first, last, .. }, options, .. }) = m.services.get(&server)
    else {
        return;
    };
    let options = options.clone();
    let client = |index| Key { protocol: Protocol::Client, index };
    let free = (*first..=*last).map(client).find(|key| !m.services.contains_key(key));
    let clients = m.services.keys().filter(|key| key.protocol == Protocol::Client).count();
    let room = clients < m.settings.indexes.client.into() && !is_full(m);
    let Some(key) = free.filter(|_| room) else { return cx.abort(socket) };
    hold(m, cx, socket);
    let state = State::Open(socket);
    m.services.insert(key, Service { port: cx.port, options, state, owed: Owed::Nothing, announced: false });
    let line = m.settings.accepted.replace("{server}", &server.index.to_string());
    let line = line.replace("{index}", &key.index.to_string());
    match line.split_once(": ") {
        Some((name, values)) => cx.urc(name, values),
        None => cx.core.urc_line(cx.port, &line),
    }
}
