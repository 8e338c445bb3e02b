//! 5.3: `+WIPOPT`, the options of sockets and of the FTP session.

use super::args::{self, Refusal};
use super::config::Stack;
use super::socket::{self, Key, Protocol, Service, State};
use super::{Wavecom, code, create, file};
use crate::at::Arguments;
use crate::modem::{Cx, Reply};

/// The options that a socket keeps (5.3.7).
#[derive(Clone, Debug)]
pub struct Options {
    /// 4
    pub send_low: u16,
    /// 5
    pub receive_low: u16,
    /// 7
    pub no_delay: u8,
    /// 8
    pub ttl: u8,
    /// 9
    pub tos: u8,
}

impl Options {
    /// As the stack has them for a new socket (4.1.3).
    pub fn new(stack: &Stack) -> Options {
        Options { send_low: 1, receive_low: 1, no_delay: 0, ttl: stack.ttl(), tos: stack.tos() }
    }
}

/// What may be done with an option.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    None,
    Read,
    Write,
}

/// The options by number: the highest value, and what may be done over UDP, TCP client, TCP server,
/// FTP (5.3.7).
const TABLE: [(u8, i64, [Access; 4]); 12] = {
    use Access::{None as N, Read as R, Write as W};
    [
        (PORT, 65535, [R, R, R, N]),
        (PEER_PORT, 65535, [R, R, N, N]),
        (PEER, 0, [R, R, N, N]),
        (BOUND, 1, [R, N, N, N]),
        (4, 5839, [N, W, W, N]),
        (5, 5839, [N, W, W, N]),
        (READABLE, 65535, [R, R, N, N]),
        (7, 1, [N, W, W, N]),
        (TTL, 255, [W, W, W, N]),
        (9, 255, [W, W, W, N]),
        (BINARY, 1, [N, N, N, W]),
        (PASSIVE, 1, [N, N, N, W]),
    ]
};

const PORT: u8 = 0;
const PEER_PORT: u8 = 1;
const PEER: u8 = 2;
const BOUND: u8 = 3;
const READABLE: u8 = 6;
const TTL: u8 = 8;
const BINARY: u8 = 40;
const PASSIVE: u8 = 41;

/// 5.3.2
pub fn write(m: &mut Wavecom, cx: &mut Cx, typed: Arguments) -> Reply {
    let result = option(m, cx, &typed);
    args::reply(cx, result)
}

fn option(m: &mut Wavecom, cx: &mut Cx, typed: &Arguments) -> Result<Reply, Refusal> {
    let protocol = Protocol::typed(typed)?;
    m.stack.check()?;
    let key = socket::index(m, typed, protocol)?;
    let writes = args::number::<u8>(typed, 2, 1..=2, code::OPTION)? == 2;
    let number: u8 = args::number(typed, 3, 0..=255, code::OPTION)?;
    args::at_most(typed, if writes { 5 } else { 4 })?;
    let Some((_, most, access)) = TABLE.iter().find(|(n, ..)| *n == number) else {
        return Err(code::OPTION.into());
    };
    match (access[protocol as usize - 1], writes) {
        (Access::None, _) | (Access::Read, true) => return Err(code::NOT_SUPPORTED.into()),
        _ => {}
    }
    let value = match writes {
        true => Some(args::number::<u16>(typed, 4, 0..=*most, code::VALUE)?),
        false => None,
    };
    if protocol == Protocol::Ftp && file::is_gone(m) {
        return Err(code::STATE.into());
    }
    match (value, protocol) {
        (Some(value), Protocol::Ftp) => set_ftp(m, number, value)?,
        (Some(value), _) => {
            let service = service(m, key)?;
            set(&mut service.options, number, value);
            if let (TTL, Some(socket)) = (number, service.state.socket()) {
                create::live(m, cx, socket, value as u8);
            }
        }
        (None, Protocol::Ftp) => {
            let value = get_ftp(m, number)?;
            cx.info(format_args!("{key},{number},{value}"));
        }
        (None, _) => {
            let value = get(service(m, key)?, cx, number);
            cx.info(format_args!("{key},{number},{value}"));
        }
    }
    Ok(Reply::Ok)
}

fn service(m: &mut Wavecom, key: Key) -> Result<&mut Service, Refusal> {
    match m.services.get_mut(&key) {
        None => Err(code::BAD_INDEX.into()),
        Some(Service { state: State::Dead, .. }) => Err(code::STATE.into()),
        Some(service) => Ok(service),
    }
}

fn set(options: &mut Options, number: u8, value: u16) {
    match number {
        4 => options.send_low = value,
        5 => options.receive_low = value,
        7 => options.no_delay = value as u8,
        TTL => options.ttl = value as u8,
        _ => options.tos = value as u8,
    }
}

fn get(service: &Service, cx: &Cx, number: u8) -> String {
    let options = &service.options;
    let conn = service.state.socket().and_then(|socket| cx.sockets.get(&socket));
    let peer = conn.and_then(|c| c.peer);
    match number {
        PORT => conn.and_then(|c| c.local).map_or(0, |local| local.port()).to_string(),
        PEER_PORT => peer.map_or(0, |peer| peer.port()).to_string(),
        PEER => format!("\"{}\"", peer.map_or("0.0.0.0".into(), |peer| peer.ip().to_string())),
        BOUND => u8::from(matches!(service.state, State::Open(_))).to_string(),
        READABLE => conn.map_or(0, crate::modem::Conn::readable).to_string(),
        4 => options.send_low.to_string(),
        5 => options.receive_low.to_string(),
        7 => options.no_delay.to_string(),
        TTL => options.ttl.to_string(),
        _ => options.tos.to_string(),
    }
}

fn set_ftp(m: &mut Wavecom, number: u8, value: u16) -> Result<(), Refusal> {
    let ftp = m.ftp.as_mut().ok_or(code::BAD_INDEX)?;
    match number {
        BINARY => ftp.binary = value == 1,
        _ => ftp.passive = value == 1,
    }
    Ok(())
}

fn get_ftp(m: &Wavecom, number: u8) -> Result<u8, Refusal> {
    let ftp = m.ftp.as_ref().ok_or(code::BAD_INDEX)?;
    Ok(u8::from(if number == BINARY { ftp.binary } else { ftp.passive }))
}
