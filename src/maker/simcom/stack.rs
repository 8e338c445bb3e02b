//! The context of the TCP commands, from CSTT to CIPSHUT ("SIM800 Series_AT Command Manual" V1.11, sections 8.2.7 to
//! 8.2.12; "SIM800 Series_TCPIP_Application Note" V1.00, chapter 8).
//!
//! AT+CIPSTATUS names where it stands; each command is taken in some of its states only.

use super::{Simcom, bearer};
use crate::at::{Int, Quoted, Text};
use crate::modem::{BearerState, Cx, PortId, Reply};
use crate::profile::Profile;

/// The PDP context of the stack, which is that of the first bearer of AT+SAPBR.
const CONTEXT: u8 = 1;
/// How many connections AT+CIPMUX=1 has.
const CONNECTIONS: usize = 6;

/// The states of AT+CIPSTATUS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Initial,
    /// AT+CSTT was taken.
    Start,
    /// AT+CIICR waits on a port for the context.
    Config(PortId),
    Active,
    /// Active, and AT+CIFSR has told the address.
    Status,
    /// AT+CIPSHUT waits on a port for the context to be down.
    Closing(PortId),
    /// The context went down, and nobody here had asked for that.
    Lost,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Initial => "IP INITIAL",
            State::Start => "IP START",
            State::Config(_) => "IP CONFIG",
            State::Active | State::Closing(_) => "IP GPRSACT",
            State::Status => "IP STATUS",
            State::Lost => "PDP DEACT",
        }
    }
}

/// The stack.
pub(super) struct Stack {
    state: State,
    /// AT+CSTT: access point, user and password.
    apn: String,
    user: String,
    password: String,
    /// AT+CIPMUX.
    multiplex: Int<0, 1>,
}

impl Stack {
    pub fn new(profile: &Profile) -> Stack {
        Stack {
            state: State::Initial,
            apn: profile.bearer.apn.clone(),
            user: String::new(),
            password: String::new(),
            multiplex: Int::new(0),
        }
    }
}

/// Whether the stack wants the context up.
pub(super) fn holds(m: &Simcom, context: u8) -> bool {
    context == CONTEXT && matches!(m.stack.state, State::Config(_) | State::Active | State::Status)
}

/// 8.2.9: `AT+CSTT=<apn>[,<user>[,<password>]]`, in IP INITIAL only.
pub(super) fn start(
    m: &mut Simcom,
    cx: &mut Cx,
    (apn, user, password): (Text<50>, Option<Text<50>>, Option<Text<50>>),
) -> Reply {
    if m.stack.state != State::Initial {
        return cx.refuse_state();
    }
    let text = |text: Option<Text<50>>| text.map(Text::into_string).unwrap_or_default();
    (m.stack.apn, m.stack.user, m.stack.password) = (apn.into_string(), text(user), text(password));
    begin(m, cx)
}

/// `AT+CSTT`: with what is set.
pub(super) fn begin(m: &mut Simcom, cx: &mut Cx) -> Reply {
    if m.stack.state != State::Initial {
        return cx.refuse_state();
    }
    m.stack.state = State::Start;
    Reply::Ok
}

/// `AT+CSTT?`
pub(super) fn started(m: &mut Simcom, cx: &mut Cx) -> Reply {
    let Stack { apn, user, password, .. } = &m.stack;
    cx.info(format_args!("{},{},{}", Quoted(apn), Quoted(user), Quoted(password)));
    Reply::Ok
}

/// 8.2.10: `AT+CIICR`, in IP START only; it answers once the context is up. Where the network cannot be asked, the state
/// is what it was.
pub(super) fn bring_up(m: &mut Simcom, cx: &mut Cx) -> Reply {
    if m.stack.state != State::Start {
        return cx.refuse_state();
    }
    match cx.bearers.state(CONTEXT) {
        BearerState::Up(_) => {
            m.stack.state = State::Active;
            return Reply::Ok;
        }
        // Another command has asked for it.
        BearerState::Activating => {}
        BearerState::Down | BearerState::Deactivating => {
            let (apn, user, password) = (m.stack.apn.clone(), m.stack.user.clone(), m.stack.password.clone());
            let context = cx.bearers.context(CONTEXT);
            (context.apn, context.user, context.password) = (apn, user, password);
            if cx.activate(CONTEXT).is_err() {
                return bearer::stays_down(cx);
            }
        }
    }
    m.stack.state = State::Config(cx.port);
    Reply::Pending
}

/// 8.2.11: `AT+CIFSR`: the bare address, without OK.
pub(super) fn address(m: &mut Simcom, cx: &mut Cx) -> Reply {
    match (m.stack.state, cx.bearers.address(CONTEXT)) {
        (State::Active | State::Status, Some(address)) => {
            m.stack.state = State::Status;
            Reply::Line(address.to_string())
        }
        _ => cx.refuse_state(),
    }
}

/// A connection that was never opened, as `AT+CIPSTATUS` tells it.
fn connection(n: usize) -> String {
    format!("{n},,\"\",\"\",\"\",\"INITIAL\"")
}

/// 8.2.12: `AT+CIPSTATUS`: OK, then the state, and with AT+CIPMUX=1 the connections.
pub(super) fn status(m: &mut Simcom, cx: &mut Cx) -> Reply {
    let mut text = format!("STATE: {}", m.stack.state.name());
    if m.stack.multiplex.get() == 1 {
        text.push('\n');
        (0..CONNECTIONS).for_each(|n| text.push_str(&format!("\nC: {}", connection(n))));
    }
    cx.core.urc_line(cx.port, &text);
    Reply::Ok
}

/// `AT+CIPSTATUS=<n>`: one connection of AT+CIPMUX=1.
pub(super) fn status_of(m: &mut Simcom, cx: &mut Cx, (n,): (Int<0, 5>,)) -> Reply {
    if m.stack.multiplex.get() == 0 {
        return cx.refuse_state();
    }
    cx.info(connection(n.size()));
    Reply::Ok
}

/// 8.2.7: `AT+CIPSHUT`: `SHUT OK` instead of OK, once the context is down. A bearer of another command stays up.
pub(super) fn shut(m: &mut Simcom, cx: &mut Cx) -> Reply {
    let asked = cx.port;
    match std::mem::replace(&mut m.stack.state, State::Initial) {
        State::Closing(port) => {
            m.stack.state = State::Closing(port);
            return cx.refuse_state();
        }
        State::Config(port) => {
            cx.port = port;
            cx.finish(Reply::Error);
            cx.port = asked;
        }
        State::Active | State::Status if bearer::holds(m, CONTEXT) => return SHUT,
        State::Active | State::Status => {}
        State::Initial | State::Start | State::Lost => return SHUT,
    }
    match !bearer::holds(m, CONTEXT) && cx.deactivate(CONTEXT) {
        true => {
            m.stack.state = State::Closing(asked);
            Reply::Pending
        }
        false => SHUT,
    }
}

/// The result code of AT+CIPSHUT.
const SHUT: Reply = Reply::Own("SHUT OK");

/// 8.2.1: `AT+CIPMUX`, in IP INITIAL only, but for what is set already.
pub(super) fn multiplex(m: &mut Simcom, cx: &mut Cx, (on,): (Int<0, 1>,)) -> Reply {
    if m.stack.state != State::Initial && m.stack.multiplex != on {
        return cx.refuse_state();
    }
    m.stack.multiplex = on;
    Reply::Ok
}

/// `AT+CIPMUX?`
pub(super) fn multiplexed(m: &mut Simcom, cx: &mut Cx) -> Reply {
    cx.info(m.stack.multiplex);
    Reply::Ok
}

/// A PDP context is up.
pub(super) fn up(m: &mut Simcom, cx: &mut Cx, context: u8) {
    if context == CONTEXT
        && let State::Config(port) = m.stack.state
    {
        m.stack.state = State::Active;
        cx.port = port;
        cx.finish(Reply::Ok);
    }
}

/// A PDP context is down.
pub(super) fn down(m: &mut Simcom, cx: &mut Cx, context: u8) {
    if context != CONTEXT {
        return;
    }
    match m.stack.state {
        State::Config(port) => {
            m.stack.state = State::Lost;
            cx.port = port;
            cx.finish(Reply::Error);
        }
        State::Closing(port) => {
            m.stack.state = State::Initial;
            cx.port = port;
            cx.finish(SHUT);
        }
        State::Active | State::Status => {
            m.stack.state = State::Lost;
            cx.urc_all("+PDP: DEACT");
        }
        State::Initial | State::Start | State::Lost => {}
    }
}
