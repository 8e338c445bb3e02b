//! What hosts do before FTP: the data call (`AT+MIPCALL`, in the example of 3.1), the SIM's
//! announcements, and the few values that bear on FTP (`AT+GTSET`, `AT+GTSSLMODE`).

use super::Fibocom;
use crate::at::{ArgError, Int, Text};
use crate::modem::{BearerState, Cx, EndedBy, PortId, Reply};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The PDP context of the call.
const CONTEXT: u8 = 1;

/// The data call, and what was set.
pub(super) struct Call {
    /// `AT+GTSSLMODE`: 1 checks the server's certificate.
    pub verify: Int<0, 1>,
    values: BTreeMap<String, Value>,
    state: State,
}

enum State {
    None,
    /// The host has asked for it.
    Asked(PortId),
}

/// A value of `AT+GTSET`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Value {
    most: u32,
    value: u32,
}

impl Call {
    pub fn new(verify: bool, values: BTreeMap<String, Value>) -> Call {
        Call { verify: Int::new(i64::from(verify)), values, state: State::None }
    }
}

type CallArgs = (Int<0, 1>, Option<Text<100>>, Option<Text<64>>, Option<Text<64>>, Option<Int<0, 3>>);

/// `AT+MIPCALL=1[,<apn>[,<user>,<password>[,<authentication>]]]` calls, `AT+MIPCALL=0` hangs up.
pub(super) fn call(m: &mut Fibocom, cx: &mut Cx, args: CallArgs) -> Reply {
    let (on, apn, user, password, _) = args;
    match (on.get(), cx.bearers.state(CONTEXT)) {
        // `AT+CGACT` may have brought the context up.
        (1, BearerState::Up(_) | BearerState::Activating | BearerState::Down)
            if matches!(m.call.state, State::None) =>
        {
            let context = cx.bearers.context(CONTEXT);
            if let Some(apn) = apn {
                context.apn = apn.into_string();
            }
            context.user = user.map(Text::into_string).unwrap_or_default();
            context.password = password.map(Text::into_string).unwrap_or_default();
            match cx.activate(CONTEXT) {
                Ok(()) => {
                    m.call.state = State::Asked(cx.port);
                    cx.reply_with("+MIPCALL", "")
                }
                Err(code) => Reply::Cme(code),
            }
        }
        (0, BearerState::Up(_) | BearerState::Activating) => {
            m.call.state = State::Asked(cx.port);
            // It is no more what the host was to be told.
            cx.take_back(|line| line.starts_with("+MIPCALL"));
            match cx.deactivate(CONTEXT) {
                true => cx.reply_with("+MIPCALL", &m.settings.call_down),
                false => Reply::Ok,
            }
        }
        _ => cx.refuse_state(),
    }
}

/// `AT+MIPCALL?`
pub(super) fn read(m: &mut Fibocom, cx: &mut Cx) -> Reply {
    match cx.bearers.address(CONTEXT) {
        Some(address) => cx.info(m.settings.call_is_up.replace("{ip}", &address.to_string())),
        None => cx.info(&m.settings.call_down),
    }
    Reply::Ok
}

/// The network has activated a context.
pub(super) fn up(m: &mut Fibocom, cx: &mut Cx, context: u8) {
    if let (State::Asked(port), Some(address), CONTEXT) =
        (&m.call.state, cx.bearers.address(CONTEXT), context)
    {
        cx.end_to(*port, "+MIPCALL", m.settings.call_up.replace("{ip}", &address.to_string()));
    }
}

/// A context is gone, by the host or the network.
pub(super) fn down(m: &mut Fibocom, cx: &mut Cx, context: u8, by: EndedBy) {
    if let (State::Asked(port), CONTEXT) = (&m.call.state, context) {
        cx.take_back(|line| line.starts_with("+MIPCALL"));
        match by {
            EndedBy::Network => cx.urc_to(*port, "+MIPCALL", &m.settings.call_down),
            EndedBy::Host => cx.end_to(*port, "+MIPCALL", &m.settings.call_down),
        }
        m.call.state = State::None;
    }
}

/// The SIM came or went.
pub(super) fn sim(cx: &mut Cx) {
    match (cx.lasting.sim.ready(), cx.lasting.sim.present()) {
        (true, _) => ["+SIM READY", "PB DONE"].iter().for_each(|line| cx.urc_all(line)),
        (false, false) => cx.urc_all("+SIM DROP"),
        (false, true) => {}
    }
}

/// `AT+GTSET=<name>,<value>`. 1.2.16: `FTPLIMIT` paces a download on the USB port, and no serial one.
pub(super) fn set(m: &mut Fibocom, cx: &mut Cx, (name, value): (Text<32>, u32)) -> Reply {
    match m.call.values.get_mut(&name.to_ascii_uppercase()) {
        Some(known) if value <= known.most => {
            known.value = value;
            Reply::Ok
        }
        _ => cx.refuse(ArgError::Range),
    }
}

pub(super) fn set_read(m: &mut Fibocom, cx: &mut Cx) -> Reply {
    for (name, known) in &m.call.values {
        cx.info(format_args!("\"{name}\",{}", known.value));
    }
    Reply::Ok
}
