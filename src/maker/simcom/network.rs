//! `AT+CNACT`: a bearer by its number, as the SIM7080 has it, or the one of the applications by its
//! access point, as the SIM7000 has it ("SIM7000 Series_AT Command Manual" V1.06).

use super::{Simcom, bearer, stack};
use crate::at::{Arguments, Int, Text};
use crate::modem::{BearerState, Cx, EndedBy, Reply, command};
use serde::Deserialize;

/// What `AT+CNACT` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Names {
    /// A context, then what to do with it.
    Context,
    /// What to do, then an access point.
    Apn,
}

/// The PDP context of the applications.
const CONTEXT: u8 = 1;

/// `AT+CNACT=`
pub(super) fn write(m: &mut Simcom, cx: &mut Cx, args: Arguments) -> Reply {
    match m.settings.cnact {
        Names::Context => command::call(bearer::activate, m, cx, &args),
        Names::Apn => command::call(activate, m, cx, &args),
    }
}

/// `AT+CNACT?`
pub(super) fn read(m: &mut Simcom, cx: &mut Cx) -> Reply {
    match (m.settings.cnact, cx.bearers.address(CONTEXT)) {
        (Names::Context, _) => return bearer::active(m, cx),
        (Names::Apn, Some(address)) if m.bearers.network => cx.info(format_args!("1,\"{address}\"")),
        (Names::Apn, _) => cx.info("0,\"0.0.0.0\""),
    }
    Reply::Ok
}

/// `AT+CNACT=?`
pub(super) fn test(m: &mut Simcom, cx: &mut Cx) -> Reply {
    cx.info(match m.settings.cnact {
        Names::Context => "(0-3),(0-2)",
        Names::Apn => "(0-2),(0-150)",
    });
    Reply::Ok
}

/// `AT+CNACT=<mode>[,<apn>]`: 0 deactivates, 1 activates, 2 activates by itself.
fn activate(m: &mut Simcom, cx: &mut Cx, (mode, apn): (Int<0, 2>, Option<Text<150>>)) -> Reply {
    match (mode.get(), m.bearers.network, cx.bearers.state(CONTEXT)) {
        (0, true, BearerState::Up(_)) if bearer::is_open(m, CONTEXT) || stack::holds(m, CONTEXT) => {
            m.bearers.network = false;
            tell(cx, "DEACTIVE")
        }
        (0, true, _) => match cx.deactivate(CONTEXT) {
            true => cx.reply_with("+APP PDP", "DEACTIVE"),
            false => cx.refuse_state(),
        },
        // What another port has asked for is waited for by both.
        (1 | 2, false, state @ (BearerState::Down | BearerState::Activating)) => {
            if let Some(apn) = apn.filter(|_| state == BearerState::Down) {
                cx.bearers.context(CONTEXT).apn = apn.into_string();
            }
            match cx.activate(CONTEXT) {
                Ok(()) => {
                    m.bearers.network = true;
                    cx.reply_with("+APP PDP", "ACTIVE")
                }
                Err(_) => bearer::stays_down(cx),
            }
        }
        // Another command has brought the context up.
        (1 | 2, false, BearerState::Up(_)) => {
            m.bearers.network = true;
            tell(cx, "ACTIVE")
        }
        _ => cx.refuse_state(),
    }
}

/// OK, and what became of it at once.
fn tell(cx: &mut Cx, what: &str) -> Reply {
    let reply = cx.reply_with("+APP PDP", what);
    cx.end_all(&format!("+APP PDP: {what}"));
    reply
}

/// Whether `AT+CNACT=1` holds the context up.
pub(super) fn holds(m: &Simcom, context: u8) -> bool {
    m.bearers.network && context == CONTEXT
}

/// The context is up.
pub(super) fn up(cx: &mut Cx) {
    cx.end_all("+APP PDP: ACTIVE");
}

/// The context is down.
pub(super) fn down(m: &mut Simcom, cx: &mut Cx, by: EndedBy) {
    m.bearers.network = false;
    cx.take_back(|line| line == "+APP PDP: ACTIVE");
    match by {
        EndedBy::Network => cx.urc_all("+APP PDP: DEACTIVE"),
        EndedBy::Host => cx.end_all("+APP PDP: DEACTIVE"),
    }
}
