//! Who the module is beyond 27.007, and its pins ("SIM7080 Series_AT Command Manual" V1.02, sections 5.2.9 and 5.2.10;
//! AT+SIMCOMATI and AT+CSUB as public host code reads them).

use super::Simcom;
use crate::at::Int;
use crate::modem::base::product;
use crate::modem::{Cx, Reply};

/// `AT+GSV`: manufacturer, model and revision.
pub(super) fn product_lines(_: &mut Simcom, cx: &mut Cx) -> Reply {
    for line in product(&cx.profile.identity) {
        cx.line(&line);
    }
    Reply::Ok
}

/// `AT+SIMCOMATI`: the revision, that of the customisation, and the IMEI.
pub(super) fn all(m: &mut Simcom, cx: &mut Cx) -> Reply {
    let identity = cx.profile.identity.clone();
    cx.line(&format!("{}{}", identity.revision_label, identity.revision));
    cx.line(&format!("CSUB:{}", m.settings.sub_version));
    cx.line(&format!("IMEI:{}", identity.imei));
    Reply::Ok
}

/// `AT+CSUB`
pub(super) fn sub_version(m: &mut Simcom, cx: &mut Cx) -> Reply {
    cx.info(&m.settings.sub_version);
    Reply::Ok
}

/// What a pin is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pin {
    Input,
    Output,
}

type Control = (Int<0, 1>, Int<0, 63>, Option<Int<0, 1>>, Option<Int<0, 1>>);

/// `AT+SGPIO=<operation>,<pin>[,<function>,<level>]`: 0 makes a pin an input or an output, 1 reads one that is an input;
/// nothing is wired to it, so that it is low.
pub(super) fn pin(m: &mut Simcom, cx: &mut Cx, (operation, pin, function, level): Control) -> Reply {
    let pin = pin.get() as u8;
    if !m.settings.pins.contains(&pin) {
        return cx.refuse(crate::at::ArgError::Range);
    }
    match (operation.get(), function.map(Int::get), level) {
        (0, Some(0), Some(_)) => drop(m.pins.insert(pin, Pin::Input)),
        (0, Some(_), Some(_)) => drop(m.pins.insert(pin, Pin::Output)),
        (0, ..) => return cx.refuse(crate::at::ArgError::Missing),
        _ if m.pins.get(&pin) == Some(&Pin::Input) => cx.line("+SGPIO Value: 0"),
        _ => return Reply::Error,
    }
    Reply::Ok
}

/// `AT+SGPIO=?`
pub(super) fn pins(m: &mut Simcom, cx: &mut Cx) -> Reply {
    let pins: Vec<String> = m.settings.pins.iter().map(u8::to_string).collect();
    cx.info(format_args!("(0-1),({}),(0-1),(0-1)", pins.join(",")));
    Reply::Ok
}
