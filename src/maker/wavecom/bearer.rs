//! 4.2: `+WIPBR`, the bearers.

mod options;

use super::args::{self, Refusal};
use super::{Wavecom, code, config, ping};
use crate::at::Arguments;
use crate::modem::{Cx, Functionality, PortId, Reply};
use ::core::net::Ipv4Addr;
use options::{ADDRESS, APN, CID, DESTINATION, DNS, Kind, LOGIN, NAME, Options, PASSWORD, PHONE};

/// A bearer that is open.
pub struct Bearer {
    options: Options,
    state: State,
}

/// Where it stands; `cid` is the PDP context that carries it, `port` who is told.
enum State {
    Stopped,
    /// The command that starts it is pending.
    Starting {
        cid: u8,
        port: PortId,
    },
    /// A server waits for its caller (4.2.7.1).
    Serving {
        cid: u8,
        port: PortId,
        caller: Option<String>,
    },
    Started {
        cid: u8,
        port: PortId,
    },
    /// The command that stops it, and closes it where `close`, is pending.
    Stopping {
        cid: u8,
        port: PortId,
        close: bool,
    },
}

impl Bearer {
    /// Whether it carries traffic.
    pub fn is_started(&self) -> bool {
        matches!(self.state, State::Started { .. })
    }

    /// Whether another may not be started beside it.
    fn is_busy(&self) -> bool {
        !matches!(self.state, State::Stopped)
    }

    fn cid(&self) -> Option<u8> {
        match self.state {
            State::Stopped => None,
            State::Starting { cid, .. }
            | State::Serving { cid, .. }
            | State::Started { cid, .. }
            | State::Stopping { cid, .. } => Some(cid),
        }
    }

    fn option(&self, number: u8) -> &str {
        self.options.get(number)
    }
}

const GSM: u8 = 5;
const GPRS: u8 = 6;

/// UARTs, GSM, GPRS, and the CMUX ports over the UARTs (4.2.3).
const BEARERS: [u8; 12] = [1, 2, GSM, GPRS, 11, 12, 13, 14, 21, 22, 23, 24];

/// The context of a GSM data call, which is no PDP context: none that the host can name.
const GSM_CID: u8 = 0;

/// 4.2.2
pub fn write(m: &mut Wavecom, cx: &mut Cx, typed: Arguments) -> Reply {
    let result = command(m, cx, &typed);
    args::reply(cx, result)
}

fn command(m: &mut Wavecom, cx: &mut Cx, typed: &Arguments) -> Result<Reply, Refusal> {
    let count = [2, 2, 4, 3, 6, 2, 3];
    let kind: usize = args::number(typed, 0, 0..=6, code::OPTION)?;
    let bid: u8 = args::number(typed, 1, 0..=255, code::OPTION)?;
    args::at_most(typed, count[kind])?;
    m.stack.check()?;
    if !BEARERS.contains(&bid) {
        return Err(code::OPTION.into());
    }
    match (kind, m.bearers.get_mut(&bid)) {
        (1, Some(_)) => Err(m.settings.codes.open.into()),
        (1, None) => {
            m.bearers.insert(bid, Bearer { options: Options::stored(cx, bid), state: State::Stopped });
            Ok(Reply::Ok)
        }
        (_, None) => Err(code::STATE.into()),
        (0, Some(_)) => Ok(stop(m, cx, bid, true)),
        (2, Some(bearer)) => bearer.options.set(bid, typed),
        (3, Some(bearer)) => get(bearer, cx, bid, m.settings.remote, typed),
        (4, Some(_)) => start(m, cx, bid, typed),
        (5, Some(bearer)) if !bearer.is_busy() => Err(code::STATE.into()),
        (5, Some(_)) => Ok(stop(m, cx, bid, false)),
        (_, Some(bearer)) => {
            match args::number::<u8>(typed, 2, 0..=1, code::OPTION)? {
                0 => {
                    options::forget(cx, bid);
                    config::kept(cx, code::FLASH_FREE)?;
                }
                _ => {
                    bearer.options.store(cx, bid);
                    config::kept(cx, code::FLASH_WRITE)?;
                }
            }
            Ok(Reply::Ok)
        }
    }
}

fn get(bearer: &Bearer, cx: &mut Cx, bid: u8, remote: Ipv4Addr, typed: &Arguments) -> Result<Reply, Refusal> {
    let (number, kind) = options::typed(typed)?;
    let from_network = match (&bearer.state, number) {
        (State::Started { cid, .. }, ADDRESS) => cx.bearers.address(*cid),
        (State::Started { .. }, DESTINATION) => Some(remote),
        (State::Started { .. }, n) if DNS.contains(&n) => {
            Some(cx.profile.bearer.dns[usize::from(n == DNS[1])])
        }
        _ => None,
    };
    let value = from_network.map_or(bearer.option(number).to_string(), |address| address.to_string());
    match kind {
        Kind::Number(..) => cx.info(format_args!("{bid},{number},{value}")),
        Kind::Text(_) | Kind::Address => cx.info(format_args!("{bid},{number},\"{value}\"")),
    }
    Ok(Reply::Ok)
}

/// The number that may call, where one is named; the guide gives it no length.
const CALLER: usize = 64;

/// 4.2.7.1: what each bearer needs and forbids.
fn start(m: &mut Wavecom, cx: &mut Cx, bid: u8, typed: &Arguments) -> Result<Reply, Refusal> {
    let serves = match args::given(typed, 2) {
        true => args::number::<u8>(typed, 2, 0..=1, code::OPTION)? == 1,
        false => false,
    };
    match (bid, serves) {
        (GPRS, true) => return Err(code::WRONG_BEARER.into()),
        (_, false) => args::at_most(typed, 3).map_err(|_| code::OPTION)?,
        (_, true) if !args::given(typed, 3) || !args::given(typed, 4) => return Err(code::OPTION.into()),
        (GSM, true) => {}
        (_, true) => args::at_most(typed, 5).map_err(|_| code::OPTION)?,
    }
    if serves {
        // They are what options 0 and 1 are to a client.
        args::text::<NAME>(typed, 3, code::VALUE)?;
        args::text::<NAME>(typed, 4, code::VALUE)?;
    }
    let caller = args::given(typed, 5).then(|| args::text::<CALLER>(typed, 5, code::VALUE)).transpose()?;
    if bid != GSM && bid != GPRS {
        return Err(code::WRONG_BEARER.into());
    }
    if m.bearers.values().any(Bearer::is_busy) {
        return Err(code::STATE.into());
    }
    let Some(bearer) = m.bearers.get_mut(&bid) else { return Err(code::STATE.into()) };
    if bid == GSM && !serves && bearer.option(PHONE).is_empty() {
        return Err(code::VALUE.into());
    }
    let cid = if bid == GSM { GSM_CID } else { bearer.option(CID).parse().unwrap_or(1) };
    check(cx, bid, m.settings.codes.detached)?;
    let context = cx.bearers.context(cid);
    context.user = bearer.option(LOGIN).into();
    context.password = bearer.option(PASSWORD).into();
    if bid == GPRS && !bearer.option(APN).is_empty() {
        context.apn = bearer.option(APN).into();
    }
    cx.activate(cid).map_err(|_| if bid == GSM { code::NO_CARRIER } else { code::GPRS_FAILED })?;
    let port = cx.port;
    if serves {
        bearer.state = State::Serving { cid, port, caller };
        return Ok(Reply::Ok);
    }
    bearer.state = State::Starting { cid, port };
    Ok(Reply::Pending)
}

/// Whether the radio can carry a bearer.
fn check(cx: &Cx, bid: u8, detached: u16) -> Result<(), Refusal> {
    Err(match cx.lasting.sim.refusal() {
        Some(10) => code::NO_SIM,
        Some(_) => code::SIM_NOT_READY,
        None if cx.radio.functionality != Functionality::Full => code::NO_INTERFACE,
        None if cx.can_attach() => return Ok(()),
        None if bid == GSM && !cx.radio.registered() => code::NO_CARRIER,
        None if bid == GPRS => detached,
        None => return Ok(()),
    }
    .into())
}

fn stop(m: &mut Wavecom, cx: &mut Cx, bid: u8, close: bool) -> Reply {
    let port = cx.port;
    let Some(bearer) = m.bearers.get_mut(&bid) else { return Reply::Ok };
    let cid = bearer.cid();
    if let State::Starting { port, .. } | State::Stopping { port, .. } = bearer.state {
        Cx { core: cx.core, port, name: "" }.finish(Reply::Cme(code::GPRS_FAILED));
    }
    match cid {
        Some(cid) if cx.deactivate(cid) => {
            bearer.state = State::Stopping { cid, port, close };
            return Reply::Pending;
        }
        _ if close => {
            m.bearers.remove(&bid);
        }
        _ => bearer.state = State::Stopped,
    }
    Reply::Ok
}

/// The stack stops: over once the context is down that carries a bearer; no more than one does.
pub fn close_all(m: &mut Wavecom, cx: &mut Cx) -> Reply {
    let open: Vec<u8> = m.bearers.keys().copied().collect();
    let replies = open.into_iter().map(|bid| stop(m, cx, bid, true));
    replies.fold(Reply::Ok, |all, one| if matches!(one, Reply::Pending) { one } else { all })
}

fn with_cid(m: &mut Wavecom, cid: u8) -> Option<(u8, &mut Bearer)> {
    m.bearers.iter_mut().find(|(_, bearer)| bearer.cid() == Some(cid)).map(|(bid, bearer)| (*bid, bearer))
}

/// A context is active.
pub fn up(m: &mut Wavecom, cx: &mut Cx, cid: u8) {
    let calling = m.settings.caller.clone();
    let remote = m.settings.remote;
    let Some((bid, bearer)) = with_cid(m, cid) else { return };
    match &bearer.state {
        State::Starting { port, .. } => {
            cx.port = *port;
            cx.finish(Reply::Ok);
        }
        State::Serving { port, caller, .. } => {
            cx.port = *port;
            if caller.as_ref().is_some_and(|wanted| *wanted != calling) {
                tell(cx, bid, code::CALL_REFUSED, [Ipv4Addr::UNSPECIFIED; 4]);
                cx.deactivate(cid);
                bearer.state = State::Stopped;
                return;
            }
            let local = cx.bearers.address(cid).unwrap_or(Ipv4Addr::UNSPECIFIED);
            let [first, second] = cx.profile.bearer.dns;
            tell(cx, bid, 0, [local, remote, first, second]);
        }
        _ => return,
    }
    bearer.state = State::Started { cid, port: cx.port };
}

/// The unsolicited `+WIPBR` (4.2.2).
fn tell(cx: &mut Cx, bid: u8, status: u16, [local, remote, first, second]: [Ipv4Addr; 4]) {
    cx.urc("+WIPBR", format_args!("{bid},{status},{local},{remote},{first},{second}"));
}

/// A context is not active any more. Where no `+WIPBR` has asked for it the host is told, also of what it
/// has done itself (`+CGACT`).
pub fn down(m: &mut Wavecom, cx: &mut Cx, cid: u8) {
    let Some((bid, bearer)) = with_cid(m, cid) else { return };
    let cause = if bid == GSM { code::PEER_TERMINATED } else { code::GPRS_FAILED };
    match std::mem::replace(&mut bearer.state, State::Stopped) {
        State::Stopping { port, close, .. } => {
            if close {
                m.bearers.remove(&bid);
            }
            cx.port = port;
            cx.finish(Reply::Ok);
        }
        State::Starting { port, .. } => {
            cx.port = port;
            cx.finish(Reply::Cme(match bid {
                GSM => code::NO_CARRIER,
                _ if cx.radio.attached => code::GPRS_FAILED,
                _ => m.settings.codes.detached,
            }));
        }
        State::Started { port, .. } | State::Serving { port, .. } => {
            cx.port = port;
            tell(cx, bid, cause, [Ipv4Addr::UNSPECIFIED; 4]);
        }
        State::Stopped => {}
    }
    // The packets of a ping had no other way.
    if !m.bearers.values().any(Bearer::is_started) {
        ping::stop(m);
    }
}

/// Whether a GSM call carries the traffic (6.2.7).
pub fn is_gsm(m: &Wavecom) -> bool {
    m.bearers.get(&GSM).is_some_and(Bearer::is_started)
}

/// `AT+WIPBR?`: without the command's name (4.2.2, 4.2.6).
pub fn read(m: &mut Wavecom, cx: &mut Cx) -> Reply {
    for (bid, bearer) in &m.bearers {
        cx.line(&format!("{bid},{}", u8::from(bearer.is_started())));
    }
    Reply::Ok
}
