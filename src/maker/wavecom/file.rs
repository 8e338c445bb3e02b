//! 5.1 and 6.1: the FTP session, `+WIPCREATE=4` and `+WIPFILE`.

use super::args::{self, Refusal};
use super::socket::{self, Protocol};
use super::{Use, Wavecom, code, create, data, names};
use crate::at::{Arguments, ResultCode};
use crate::fault::Way;
use crate::ftp::{self, Cause, Failure, How, Op, Type};
use crate::modem::{Cx, DataEnd, DataMode, Ends, PortId, Reply, Sink, Target};

/// The FTP session.
pub struct Ftp {
    /// Who created it and is told of it.
    owner: PortId,
    /// Whose command runs.
    port: PortId,
    /// 5.3.7, option 40
    pub binary: bool,
    /// 5.3.7, option 41
    pub passive: bool,
    state: State,
}

/// Where the session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// `AT+WIPCREATE` is pending.
    Opening,
    Idle,
    /// `AT+WIPFILE` is pending.
    Asked(Way),
    /// The file is on the serial line.
    Moving(Way),
    /// The file was read, to its end or to an error.
    Read(Option<u16>),
    /// The file cannot be sent; what the host still types is swallowed.
    Refused(u16),
    /// The host has sent all.
    Sent,
    /// QUIT was sent.
    Closing,
    /// The server is gone; the host has not closed the session yet.
    Gone,
}

const INDEX: &str = "4,1";

/// 5.1.2, mode 4. The port may be left out together with its comma (5.1.6): what is a number is the port,
/// but for one in quotation marks with no login and password behind it, which is the login. A second
/// session is one too many under any index.
pub fn create(m: &mut Wavecom, cx: &mut Cx, typed: &Arguments) -> Result<Reply, Refusal> {
    let active = m.ftp.as_ref().is_some_and(|ftp| ftp.state != State::Gone);
    if !active {
        socket::index(m, typed, Protocol::Ftp)?;
    }
    let has_port = match args::given(typed, 5) {
        true => args::is_number(typed, 3) || !args::given(typed, 3),
        false => args::is_bare_number(typed, 3) || !args::given(typed, 3),
    };
    let login = if has_port { 4 } else { 3 };
    args::at_most(typed, login + 3)?;
    let host = args::text::<255>(typed, 2, code::OPTION)?;
    let port = match args::given(typed, 3) && has_port {
        true => args::number(typed, 3, 1..=65535, code::BAD_PORT)?,
        false => 21,
    };
    let user = args::text::<64>(typed, login, code::OPTION)?;
    let password = args::text::<64>(typed, login + 1, code::OPTION)?;
    let account = match args::given(typed, login + 2) {
        true => Some(args::text::<64>(typed, login + 2, code::OPTION)?),
        false => None,
    };
    if active {
        return Err(code::FTP_ACTIVE.into());
    }
    if !m.online() || m.stack.ttl() < m.settings.hops {
        return Err(code::UNREACHABLE.into());
    }
    if m.ftp.is_none() && create::is_full(m) {
        return Err(code::NO_SOCKET.into());
    }
    names::check(m, &host)?;
    let patience = m.settings.connect_timeout.0;
    let settings = ftp::Settings {
        user,
        password,
        account,
        reply_timeout: patience,
        connect_timeout: patience,
        data_timeout: patience,
        ..ftp::Settings::default()
    };
    m.ftp = Some(Ftp { owner: cx.port, port: cx.port, binary: false, passive: true, state: State::Opening });
    cx.ftp().open(Target { host, port, from_port: None, tls: None }, settings);
    Ok(Reply::Pending)
}

/// 5.2.2, protocol 4
pub fn close(m: &mut Wavecom, cx: &mut Cx) -> Result<Reply, Refusal> {
    let Some(ftp) = &mut m.ftp else { return Err(code::BAD_STATE.into()) };
    match ftp.state {
        State::Gone => {
            let owner = ftp.owner;
            m.ftp = None;
            if m.settings.close_told {
                tell_closed(cx, owner);
            }
        }
        State::Idle => {
            ftp.state = State::Closing;
            cx.ftp().start(Op::Quit);
        }
        _ => return Err(code::STATE.into()),
    }
    Ok(Reply::Ok)
}

fn tell_closed(cx: &mut Cx, owner: PortId) {
    // Once is enough.
    cx.take_back(|line| line.starts_with("+WIPPEERCLOSE") && line.ends_with(INDEX));
    cx.core.end_to(owner, "+WIPPEERCLOSE", INDEX);
}

/// The stack stops.
pub fn drop_session(m: &mut Wavecom, cx: &mut Cx) {
    cx.ftp().discard();
    let Some(ftp) = m.ftp.take() else { return };
    let mut own = Cx { core: cx.core, port: ftp.port, name: "" };
    match ftp.state {
        State::Opening | State::Asked(_) | State::Sent => own.finish(Reply::Cme(code::BAD_STATE)),
        State::Moving(_) | State::Read(_) | State::Refused(_) => own.leave_data(),
        State::Idle | State::Closing | State::Gone => {}
    }
}

/// 6.1.2
pub fn write(m: &mut Wavecom, cx: &mut Cx, typed: Arguments) -> Reply {
    let result = transfer(m, cx, &typed);
    args::reply(cx, result)
}

fn transfer(m: &mut Wavecom, cx: &mut Cx, typed: &Arguments) -> Result<Reply, Refusal> {
    args::at_most(typed, 4)?;
    if Protocol::typed(typed)? != Protocol::Ftp {
        return Err(code::BAD_PROTOCOL.into());
    }
    m.stack.check()?;
    socket::index(m, typed, Protocol::Ftp)?;
    let mode = args::number::<u8>(typed, 2, 1..=2, code::OPTION)?;
    let path = args::text::<128>(typed, 3, code::OPTION)?;
    let ftp = match &mut m.ftp {
        None | Some(Ftp { state: State::Gone, .. }) => return Err(code::BAD_STATE.into()),
        Some(ftp) if ftp.state == State::Idle => ftp,
        Some(_) => return Err(code::STATE.into()),
    };
    if path.is_empty() {
        return Err(code::OPTION.into());
    }
    let kind = if ftp.binary { Type::Image } else { Type::Ascii };
    let (way, op) = match mode {
        1 => (Way::Down, Op::Retrieve { path, kind, offset: 0 }),
        _ => (Way::Up, Op::Store { path, kind, offset: 0, how: How::Stor }),
    };
    ftp.state = State::Asked(way);
    ftp.port = cx.port;
    cx.ftp().set_passive(ftp.passive);
    cx.ftp().start(op);
    Ok(Reply::Pending)
}

/// The session speaks.
pub fn event(m: &mut Wavecom, cx: &mut Cx, event: ftp::Event) {
    let framing = data::framing(m);
    let Some(ftp) = &mut m.ftp else { return };
    cx.port = ftp.port;
    match (ftp.state, &event) {
        (_, ftp::Event::Sent(_) | ftp::Event::Replied(_) | ftp::Event::Unasked(_) | ftp::Event::Data(_)) => {}
        (State::Opening, ftp::Event::Opened) => {
            ftp.state = State::Idle;
            cx.finish(Reply::Ok);
        }
        (State::Asked(way), ftp::Event::Begun) => {
            ftp.state = State::Moving(way);
            m.used.insert(cx.port, Use::File);
            cx.intermediate(&ResultCode::Connect);
            // 6.1.3: the end mark of the host ends what it sends.
            let ends = Ends { unmarked: way == Way::Down, ..Ends::default() };
            cx.finish(Reply::Data(DataMode { framing, ends, sink: Sink::FTP }));
        }
        (_, ftp::Event::Done { .. }) => over(m, cx, None),
        (_, ftp::Event::Failed { failure, .. }) => over(m, cx, Some(number(m, failure))),
        (State::Closing, _) => {
            let owner = ftp.owner;
            m.ftp = None;
            cx.ftp().discard();
            if m.settings.close_told {
                tell_closed(cx, owner);
            }
        }
        (State::Idle, ftp::Event::Lost { .. }) => {
            ftp.state = State::Gone;
            tell_closed(cx, ftp.owner);
        }
        (State::Opening, ftp::Event::Lost { failure, .. }) => {
            let code = number(m, failure);
            m.ftp = None;
            cx.finish(Reply::Cme(code));
        }
        (state, ftp::Event::Lost { failure, .. }) => {
            let owner = ftp.owner;
            let code = number(m, failure);
            over(m, cx, Some(code));
            if state != State::Gone {
                tell_closed(cx, owner);
            }
        }
        _ => {}
    }
}

/// An operation is over, with an error where there is one.
fn over(m: &mut Wavecom, cx: &mut Cx, error: Option<u16>) {
    let Some(ftp) = &mut m.ftp else { return };
    let result = error.map_or(Reply::Ok, Reply::Cme);
    match (ftp.state, error) {
        (State::Asked(_) | State::Sent, _) => {
            ftp.state = rest(cx);
            cx.finish(result);
        }
        (State::Moving(Way::Down), _) => {
            ftp.state = State::Read(error);
            let port = cx.port;
            cx.send_end(port);
            cx.leave_data();
        }
        (State::Moving(Way::Up), Some(code)) => ftp.state = State::Refused(code),
        _ => {}
    }
}

/// What is left of the session after an operation.
fn rest(cx: &mut Cx) -> State {
    if cx.ftp().is_open() { State::Idle } else { State::Gone }
}

/// Whether the session is lost, and waits for the host to close it.
pub fn is_gone(m: &Wavecom) -> bool {
    m.ftp.as_ref().is_some_and(|ftp| ftp.state == State::Gone)
}

/// The port leaves data mode.
pub fn data_end(m: &mut Wavecom, cx: &mut Cx, end: DataEnd) -> Reply {
    let Some(ftp) = &mut m.ftp else { return Reply::Cme(code::BAD_STATE) };
    match (ftp.state, end) {
        (State::Moving(Way::Up), DataEnd::Etx) => {
            ftp.state = State::Sent;
            cx.ftp().finish();
            Reply::Pending
        }
        (State::Refused(code), _) => {
            ftp.state = rest(cx);
            Reply::Cme(code)
        }
        (State::Read(error), _) => {
            ftp.state = rest(cx);
            error.map_or(Reply::Ok, Reply::Cme)
        }
        // The host hung up in the middle of a file.
        _ => {
            ftp.state = State::Gone;
            cx.ftp().discard();
            tell_closed(cx, ftp.owner);
            Reply::NoCarrier
        }
    }
}

/// The code for what went wrong (5.1.5, 6.1.5).
fn number(m: &Wavecom, failure: &Failure) -> u16 {
    match &failure.cause {
        Cause::NoName => m.settings.codes.no_name,
        Cause::Refused => m.settings.codes.refused,
        Cause::Reset => m.settings.codes.reset,
        Cause::Forced(number) => u16::try_from(*number).unwrap_or(code::CHANNEL),
        Cause::Malformed(_) => m.settings.codes.unknown,
        Cause::NameSilence | Cause::Silence | Cause::Unreachable | Cause::NoBearer => code::UNREACHABLE,
        _ => code::CHANNEL,
    }
}
