//! The context of the TCP/IP stack (QIFGCNT to QISTAT), as the M10's hosts use it and section 4.1 begins.
//!
//! AT+QISTAT names where it stands; each command is taken in some of its states only.

use super::error::Code;
use super::{Quectel, Service};
use crate::at::{ArgError, Int, Text};
use crate::modem::{Cx, EndedBy, PortId, Reply};
use crate::profile::Profile;
use core::net::Ipv4Addr;

/// The states of AT+QISTAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Initial,
    /// AT+QIREGAPP was taken.
    Start,
    /// The network is asked for the context.
    Config(Asker),
    Active,
    /// Active, and AT+QILOCIP has told the address.
    Status,
    /// The host takes the context down.
    Leaving(PortId),
    /// The network took the context down.
    Lost,
}

/// Who waits for the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asker {
    /// AT+QIACT on a port.
    Port(PortId),
    /// AT+QFTPOPEN.
    Ftp,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Initial => "IP INITIAL",
            State::Start => "IP START",
            State::Config(_) => "IP CONFIG",
            State::Active | State::Leaving(_) => "IP GPRSACT",
            State::Status => "IP STATUS",
            State::Lost => "PDP DEACT",
        }
    }
}

/// How a context is reached (AT+QICSGP).
#[derive(Clone)]
enum Access {
    Csd { number: String, user: String, password: String, rate: i64 },
    Gprs { apn: String, user: String, password: String },
}

/// The stack.
pub struct Stack {
    state: State,
    /// AT+QIFGCNT: 0 or 1.
    selected: u8,
    accesses: [Access; 2],
    multiplex: Int<0, 1>,
    /// AT+QIMODE.
    pub(super) mode: Int<0, 1>,
    /// AT+QINDI.
    pub(super) indication: Int<0, 2>,
    /// AT+QIDNSCFG, where the host has set them.
    servers: Option<[Ipv4Addr; 2]>,
    /// AT+QIDNSIP.
    pub(super) by_name: Int<0, 1>,
}

impl Stack {
    pub(super) fn new(profile: &Profile) -> Stack {
        let apn = profile.bearer.apn.clone();
        let way = Access::Gprs { apn, user: String::new(), password: String::new() };
        Stack {
            state: State::Initial,
            selected: 0,
            accesses: [way.clone(), way],
            multiplex: Int::new(0),
            mode: Int::new(0),
            indication: Int::new(0),
            servers: None,
            by_name: Int::new(0),
        }
    }

    /// The PDP context behind the selected one.
    fn cid(&self) -> u8 {
        self.selected + 1
    }

    fn way(&mut self) -> &mut Access {
        &mut self.accesses[usize::from(self.selected)]
    }

    /// Asks the network for the context; false where it cannot be asked.
    fn ask(&mut self, cx: &mut Cx, asker: Asker) -> bool {
        let cid = self.cid();
        if let Access::Gprs { apn, user, password } = self.way().clone() {
            let context = cx.bearers.context(cid);
            (context.apn, context.user, context.password) = (apn, user, password);
        }
        self.state = State::Config(asker);
        cx.activate(cid).is_ok()
    }
}

/// AT+QFTPOPEN activates the context where the host has not (4.1).
pub(super) fn open_for_ftp(m: &mut Quectel, cx: &mut Cx) {
    match m.context.state {
        State::Active | State::Status => m.dial(cx),
        State::Initial | State::Start | State::Lost => {
            if !m.context.ask(cx, Asker::Ftp) {
                m.context.state = State::Initial;
                m.open_failed(cx, Code::NETWORK);
            }
        }
        State::Config(_) | State::Leaving(_) => m.open_failed(cx, Code::NETWORK),
    }
}

/// A PDP context is up.
pub(super) fn up(m: &mut Quectel, cx: &mut Cx, cid: u8) {
    if cid != m.context.cid() {
        return;
    }
    if let State::Config(asker) = m.context.state {
        m.context.state = State::Active;
        match asker {
            Asker::Ftp => m.dial(cx),
            Asker::Port(port) => {
                cx.port = port;
                cx.finish(Reply::Ok);
            }
        }
    }
}

/// A PDP context is down.
pub(super) fn down(m: &mut Quectel, cx: &mut Cx, cid: u8, by: EndedBy) {
    if cid != m.context.cid() || matches!(m.context.state, State::Initial | State::Start | State::Lost) {
        return;
    }
    let was = std::mem::replace(&mut m.context.state, State::Initial);
    match was {
        State::Leaving(port) => {
            cx.port = port;
            cx.finish(DEACTIVATED);
        }
        State::Config(Asker::Port(port)) => {
            cx.port = port;
            cx.finish(Reply::Error);
        }
        State::Config(Asker::Ftp) if matches!(m.service, Service::Opening) => {
            m.open_failed(cx, Code::NETWORK);
        }
        State::Active | State::Status if by == EndedBy::Network && !cx.radio.left_by_host() => {
            m.context.state = State::Lost;
            cx.urc_all("+PDP DEACT");
        }
        _ => {}
    }
}

/// AT+QIFGCNT: which context the commands that follow are about.
pub(super) fn select(m: &mut Quectel, cx: &mut Cx, (context,): (Int<0, 1>,)) -> Reply {
    match m.context.state {
        State::Initial => m.context.selected = context.get() as u8,
        _ if context.get() as u8 == m.context.selected => {}
        _ => return cx.refuse_state(),
    }
    Reply::Ok
}

pub(super) fn selected(m: &mut Quectel, cx: &mut Cx) -> Reply {
    // 255: no port controls the context.
    let channel = if m.context.state == State::Initial { 255 } else { 0 };
    cx.info(format_args!("{},{channel}", m.context.selected));
    Reply::Ok
}

type Words = (Int<0, 1>, Option<Text<100>>, Option<Text<32>>, Option<Text<32>>, Option<Int<0, 3>>);

/// AT+QICSGP: 0 by a call and its number, 1 by GPRS and its access point.
pub(super) fn bearer(m: &mut Quectel, cx: &mut Cx, (mode, to, user, password, rate): Words) -> Reply {
    if m.context.state != State::Initial {
        return cx.refuse_state();
    }
    let text = |text: Option<Text<32>>| text.map(Text::into_string).unwrap_or_default();
    let (user, password) = (text(user), text(password));
    *m.context.way() = match (mode.get(), to.map(Text::into_string), rate) {
        (0, Some(number), rate) => Access::Csd { number, user, password, rate: rate.map_or(0, Int::get) },
        (1, Some(apn), None) => Access::Gprs { apn, user, password },
        _ => return Reply::Error,
    };
    Reply::Ok
}

/// AT+QICSGP=?, after M95 AT V3.2, 11.19.
pub(super) fn bearer_test(_: &mut Quectel, cx: &mut Cx) -> Reply {
    cx.line("+QICSGP: 0-CSD,DIAL NUMBER,USER NAME,PASSWORD,RATE(0-3)");
    cx.line("+QICSGP: 1-GPRS,APN,USER NAME,PASSWORD");
    Reply::Ok
}

pub(super) fn bearer_read(m: &mut Quectel, cx: &mut Cx) -> Reply {
    match m.context.way().clone() {
        Access::Csd { number, user, password, rate } => {
            cx.info(format_args!("0,\"{number}\",\"{user}\",\"{password}\",{rate}"));
        }
        Access::Gprs { apn, user, password } => {
            cx.info(format_args!("1,\"{apn}\",\"{user}\",\"{password}\""));
        }
    }
    Reply::Ok
}

/// AT+QIREGAPP: begins with what AT+QICSGP said.
pub(super) fn register(m: &mut Quectel, cx: &mut Cx) -> Reply {
    if m.context.state != State::Initial {
        return cx.refuse_state();
    }
    m.context.state = State::Start;
    Reply::Ok
}

type Gprs = (Text<100>, Option<Text<32>>, Option<Text<32>>);

/// AT+QIREGAPP with an access point.
pub(super) fn register_as(m: &mut Quectel, cx: &mut Cx, (apn, user, password): Gprs) -> Reply {
    let text = |text: Option<Text<32>>| text.map(Text::into_string).unwrap_or_default();
    if m.context.state == State::Initial {
        *m.context.way() =
            Access::Gprs { apn: apn.into_string(), user: text(user), password: text(password) };
    }
    register(m, cx)
}

/// AT+QIREGAPP?
pub(super) fn registered(m: &mut Quectel, cx: &mut Cx) -> Reply {
    match m.context.way().clone() {
        Access::Gprs { apn, user, password } => {
            cx.info(format_args!("\"{apn}\",\"{user}\",\"{password}\""));
        }
        // A call has no access point.
        Access::Csd { user, password, .. } => cx.info(format_args!("\"\",\"{user}\",\"{password}\"")),
    }
    Reply::Ok
}

/// AT+QIACT: behind AT+QIREGAPP only.
pub(super) fn activate(m: &mut Quectel, cx: &mut Cx) -> Reply {
    let port = cx.port;
    if m.context.state != State::Start {
        return cx.refuse_state();
    }
    if m.context.ask(cx, Asker::Port(port)) {
        return Reply::Pending;
    }
    m.context.state = State::Start;
    Reply::Error
}

/// The result code of AT+QIDEACT.
const DEACTIVATED: Reply = Reply::Own("DEACT OK");

/// AT+QIDEACT: `DEACT OK` instead of OK.
pub(super) fn deactivate(m: &mut Quectel, cx: &mut Cx) -> Reply {
    let cid = m.context.cid();
    let was = std::mem::replace(&mut m.context.state, State::Leaving(cx.port));
    match was {
        State::Leaving(_) | State::Config(_) => {
            m.context.state = was;
            cx.refuse_state()
        }
        _ if cx.deactivate(cid) => Reply::Pending,
        _ => {
            m.context.state = State::Initial;
            DEACTIVATED
        }
    }
}

/// AT+QILOCIP: the bare address, without OK.
pub(super) fn address(m: &mut Quectel, cx: &mut Cx) -> Reply {
    match (m.context.state, cx.bearers.address(m.context.cid())) {
        (State::Active | State::Status, Some(address)) => {
            m.context.state = State::Status;
            Reply::Line(address.to_string())
        }
        _ => cx.refuse_state(),
    }
}

/// AT+QISTAT, AT+QISTATE: OK, then the state.
pub(super) fn status(m: &mut Quectel, cx: &mut Cx) -> Reply {
    cx.urc("STATE", m.context.state.name());
    Reply::Ok
}

/// AT+QIDNSCFG: a name server, and a second one.
pub(super) fn set_servers(
    m: &mut Quectel,
    cx: &mut Cx,
    (first, second): (Text<15>, Option<Text<15>>),
) -> Reply {
    let second = second.map(Text::into_string).unwrap_or("0.0.0.0".into());
    match (first.parse(), second.parse()) {
        (Ok(first), Ok(second)) => {
            m.context.servers = Some([first, second]);
            Reply::Ok
        }
        _ => cx.refuse(ArgError::Range),
    }
}

/// AT+QIDNSCFG?: those that the network gave where the host has set none.
pub(super) fn servers(m: &mut Quectel, cx: &mut Cx) -> Reply {
    let given = match m.context.state {
        State::Active | State::Status => cx.profile.bearer.dns,
        _ => [Ipv4Addr::UNSPECIFIED; 2],
    };
    let [first, second] = m.context.servers.unwrap_or(given);
    cx.line(&format!("PrimaryDns: {first}"));
    cx.line(&format!("SecondaryDns: {second}"));
    Reply::Ok
}

/// AT+QIMUX: before the context is begun only.
pub(super) fn multiplex(m: &mut Quectel, cx: &mut Cx, (on,): (Int<0, 1>,)) -> Reply {
    match m.context.state {
        State::Initial => m.context.multiplex = on,
        _ if m.context.multiplex == on => {}
        _ => return cx.refuse_state(),
    }
    Reply::Ok
}

pub(super) fn multiplex_read(m: &mut Quectel, cx: &mut Cx) -> Reply {
    cx.info(m.context.multiplex);
    Reply::Ok
}
