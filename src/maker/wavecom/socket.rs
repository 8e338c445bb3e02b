//! 3.1 and 5.2: the services by protocol and index, what their sockets tell, and `+WIPCLOSE`.

use super::args::{self, Refusal};
use super::option::Options;
use super::{Wavecom, code, create, file};
use crate::at::{Arguments, ResultCode};
use crate::modem::{Cx, Fin, PortId, Query, Reply, Socket, SocketEvent};

/// 3.1.1
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    Udp = 1,
    Client = 2,
    Server = 3,
    Ftp = 4,
}

impl Protocol {
    /// The protocol in the first parameter.
    ///
    /// # Errors
    /// 837 where it is none.
    pub fn typed(typed: &Arguments) -> Result<Protocol, Refusal> {
        Ok(match args::number::<u8>(typed, 0, 1..=4, code::BAD_PROTOCOL)? {
            1 => Protocol::Udp,
            2 => Protocol::Client,
            3 => Protocol::Server,
            _ => Protocol::Ftp,
        })
    }
}

/// 3.1: a protocol and an index name a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub protocol: Protocol,
    pub index: u8,
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{},{}", self.protocol as u8, self.index)
    }
}

/// A socket of the host's.
pub struct Service {
    /// Who created it and is told of it.
    pub port: PortId,
    pub options: Options,
    pub state: State,
    /// What is still owed to the command that created it.
    pub owed: Owed,
    /// The host knows that something waits to be read.
    pub announced: bool,
}

/// What is owed to the command that created a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Owed {
    /// Nothing.
    #[default]
    Nothing,
    /// Its result code.
    Result,
    /// Its result code and `+WIPREADY`, which stands before it where the server speaks first.
    Both,
}

/// Where a socket stands.
pub enum State {
    /// The name of its host is looked up.
    Naming { query: Query, ask: create::Ask },
    /// The network was asked for it.
    Opening(Socket),
    /// It is ready.
    Open(Socket),
    /// It listens, and numbers the connections that it accepts from `first` to `last`.
    Listening { socket: Socket, first: u8, last: u8 },
    /// It was reset, or its bearer is gone; its index is free once the host closes it.
    Dead,
}

impl State {
    pub fn socket(&self) -> Option<Socket> {
        match self {
            State::Naming { .. } | State::Dead => None,
            State::Opening(socket) | State::Open(socket) | State::Listening { socket, .. } => Some(*socket),
        }
    }
}

/// A socket tells something.
pub fn event(m: &mut Wavecom, cx: &mut Cx, socket: Socket, event: SocketEvent) {
    let Some(key) = m.key_of(socket) else { return };
    let Some(service) = m.services.get_mut(&key) else { return };
    cx.port = service.port;
    match event {
        SocketEvent::Open(_) => create::ready(m, cx, key),
        SocketEvent::Failed(why) => create::failed(m, cx, key, why),
        SocketEvent::Accepted(connection, _) => create::accepted(m, cx, key, connection),
        SocketEvent::Arrived => arrived(m, cx, key),
        SocketEvent::Sent(_) | SocketEvent::Secured => {}
        SocketEvent::PeerShutdown => peer_closed(m, cx, key, socket, Closure::Closed),
        SocketEvent::Reset => {
            service.state = State::Dead;
            let code = m.settings.codes.reset;
            peer_closed(m, cx, key, socket, Closure::Error(code));
        }
        SocketEvent::Lost if matches!(service.state, State::Opening(_)) => {
            create::fail(m, cx, key, code::UNREACHABLE);
        }
        SocketEvent::Lost => {
            service.state = State::Dead;
            peer_closed(m, cx, key, socket, Closure::Closed);
        }
    }
}

/// What the host is told of a connection that is over.
enum Closure {
    Closed,
    Error(u16),
}

/// 6.2.1.1: the far end's close is an end mark on a port that is mapped, and a line on the owner's.
fn peer_closed(m: &mut Wavecom, cx: &mut Cx, key: Key, socket: Socket, told: Closure) {
    let Some(service) = m.services.get_mut(&key) else { return };
    if service.owed != Owed::Nothing {
        m.timers.cancel(super::Timer::Answer(key));
        create::settle(service, cx, key);
    }
    match told {
        // Without its number it would pass for another command's result.
        Closure::Error(code) if cx.settings(cx.port).cmee > 0 => {
            cx.core.urc_code(cx.port, ResultCode::Cme(code));
        }
        Closure::Error(_) | Closure::Closed => {}
    }
    let mapped = cx.mapped(socket);
    match mapped {
        // It says that data mode has ended.
        Some(_) if m.settings.leaves_on_close => cx.urc("+WIPPEERCLOSE", key),
        _ => cx.end("+WIPPEERCLOSE", key),
    }
    if let Some(port) = mapped {
        cx.send_end(port);
        if m.settings.leaves_on_close {
            Wavecom::unmap(cx, port);
        }
    }
}

/// A port was mapped on what the far end has closed before.
pub fn closed_already(m: &mut Wavecom, cx: &mut Cx, key: Key) {
    let Some(service) = m.services.get(&key) else { return };
    if let State::Open(socket) = service.state
        && cx.mapped(socket).is_some()
    {
        cx.port = service.port;
        peer_closed(m, cx, key, socket, Closure::Closed);
    }
}

/// 6.2.2: something waits to be read, and no port is mapped to read it.
pub fn arrived(m: &mut Wavecom, cx: &mut Cx, key: Key) {
    let Some(service) = m.services.get_mut(&key) else { return };
    let State::Open(socket) = service.state else { return };
    let Some(conn) = cx.core.sockets.get(&socket).filter(|_| cx.core.mapped(socket).is_none()) else {
        return;
    };
    cx.port = service.port;
    if service.owed == Owed::Both && conn.readable() > 0 {
        service.owed = Owed::Result;
        cx.core.urc_to(service.port, "+WIPREADY", key);
    }
    let Some(conn) = cx.core.sockets.get(&socket) else { return };
    let line = match (key.protocol, conn.datagrams.back()) {
        (Protocol::Udp, Some((from, datagram))) => {
            format!("{key},{},{},{}", datagram.len(), from.ip(), from.port())
        }
        (Protocol::Client, _) if !service.announced && readable(conn, &service.options) => {
            service.announced = true;
            format!("{key},{}", conn.readable())
        }
        _ => return,
    };
    cx.urc("+WIPDATA", line);
}

/// 5.3.7, option 5: how much must wait before the host is told; less, where nothing follows.
fn readable(conn: &crate::modem::Conn, options: &Options) -> bool {
    let enough = conn.readable() >= usize::from(options.receive_low) || conn.fin != Fin::Open;
    conn.readable() > 0 && enough
}

/// 5.2.2
pub fn close(m: &mut Wavecom, cx: &mut Cx, typed: Arguments) -> Reply {
    let result = close_one(m, cx, &typed);
    args::reply(cx, result)
}

fn close_one(m: &mut Wavecom, cx: &mut Cx, typed: &Arguments) -> Result<Reply, Refusal> {
    args::at_most(typed, 2)?;
    let protocol = Protocol::typed(typed)?;
    m.stack.check()?;
    let key = index(m, typed, protocol)?;
    if protocol == Protocol::Ftp {
        return file::close(m, cx);
    }
    let Some(service) = m.services.remove(&key) else { return Err(code::BAD_STATE.into()) };
    let owner = service.port;
    release(m, cx, key, service);
    if !m.settings.close_told {
        return Ok(Reply::Ok);
    }
    let reply = if owner == cx.port { cx.reply_with("+WIPPEERCLOSE", key) } else { Reply::Ok };
    cx.core.end_to(owner, "+WIPPEERCLOSE", key);
    Ok(reply)
}

/// The index in the second parameter.
///
/// # Errors
/// 830 where the protocol has none of that number, 834 where the module lacks the protocol.
pub fn index(m: &Wavecom, typed: &Arguments, protocol: Protocol) -> Result<Key, Refusal> {
    let indexes = &m.settings.indexes;
    let most = match protocol {
        Protocol::Udp => indexes.udp,
        Protocol::Client => indexes.client.max(indexes.spawned),
        Protocol::Server => indexes.server,
        Protocol::Ftp => indexes.ftp,
    };
    if most == 0 {
        return Err(code::NOT_IMPLEMENTED.into());
    }
    let index = args::number(typed, 1, 1..=most.into(), code::BAD_INDEX)?;
    Ok(Key { protocol, index })
}

/// Lets go of what a service holds, once it is out of the table.
pub fn release(m: &mut Wavecom, cx: &mut Cx, key: Key, service: Service) {
    m.timers.cancel(super::Timer::Patience(key));
    m.timers.cancel(super::Timer::Answer(key));
    m.timers.cancel(super::Timer::Closed(key));
    let unready = matches!(service.state, State::Naming { .. } | State::Opening(_))
        || cx.endings().any(|line| line.strip_prefix("+WIPREADY:").is_some_and(|v| is_about(v, key)));
    let accepted = format!(",{}", key.index);
    cx.take_back(|line| match line.split_once(':') {
        Some(("+WIPREADY" | "+WIPPEERCLOSE" | "+WIPDATA", values)) => is_about(values, key),
        Some(("+WIPACCEPT", values)) => key.protocol == Protocol::Client && values.ends_with(&accepted),
        _ => false,
    });
    if unready {
        cx.core.give_up(service.port, "+WIPREADY", Reply::Cme(code::BAD_STATE));
    }
    if service.owed != Owed::Nothing {
        Cx { core: cx.core, port: service.port, name: "" }.finish(Reply::Cme(code::BAD_STATE));
    }
    match service.state {
        State::Naming { query, .. } => m.names.give_up(query),
        State::Opening(socket) | State::Open(socket) | State::Listening { socket, .. } => {
            cx.close(socket);
            if let Some(port) = cx.mapped(socket) {
                Wavecom::unmap(cx, port);
            }
        }
        State::Dead => {}
    }
}

/// Whether the values of a line begin with a service's key.
fn is_about(values: &str, key: Key) -> bool {
    let rest = values.trim_start().strip_prefix(&key.to_string());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(','))
}

/// The stack stops.
pub fn close_all(m: &mut Wavecom, cx: &mut Cx) {
    for (key, service) in std::mem::take(&mut m.services) {
        release(m, cx, key, service);
    }
}
