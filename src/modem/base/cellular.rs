//! 3GPP TS 27.007 sections 5, 7 and 8: the SIM, registration, functionality, the clock.

use super::Base;
use crate::at::{Int, Text};
use crate::fault::PowerOn;
use crate::modem::{Cx, Denied, Event, Functionality, Reply};
use crate::time::{Calendar, Now};

/// `+CIMI` (5.6).
pub(super) fn imsi(_: &mut Base, cx: &mut Cx) -> Reply {
    if let Some(refusal) = cx.lasting.sim.refusal() {
        return Reply::Cme(refusal);
    }
    let text = cx.profile.sim.imsi.clone();
    cx.line(&text);
    Reply::Ok
}

/// `+CCID`: the card's number (TS 31.102 section 4.2.1), readable without its PIN.
pub(super) fn iccid(_: &mut Base, cx: &mut Cx) -> Reply {
    if !cx.lasting.sim.present() {
        return Reply::Cme(10);
    }
    let text = cx.profile.sim.ccid.replace("{iccid}", &cx.profile.sim.iccid);
    cx.line(&text);
    Reply::Ok
}

const CHARSETS: [&str; 4] = ["IRA", "GSM", "UCS2", "HEX"];

/// `+CSCS` (5.5).
pub(super) fn charset(_: &mut Base, cx: &mut Cx, (name,): (Option<Text<8>>,)) -> Reply {
    let port = cx.port;
    let Some(name) = name else { return Reply::Ok };
    match CHARSETS.iter().find(|c| c.eq_ignore_ascii_case(&name)) {
        Some(name) => {
            cx.settings_mut(port).charset = name.to_string();
            Reply::Ok
        }
        None => Reply::Error,
    }
}

pub(super) fn charset_read(_: &mut Base, cx: &mut Cx) -> Reply {
    let name = cx.settings(cx.port).charset.clone();
    cx.info(format_args!("\"{name}\""));
    Reply::Ok
}

pub(super) fn charset_test(_: &mut Base, cx: &mut Cx) -> Reply {
    cx.info(format_args!("({})", CHARSETS.map(|c| format!("\"{c}\"")).join(",")));
    Reply::Ok
}

fn report(cx: &mut Cx, which: usize, n: Option<Int<0, 2>>) -> Reply {
    let port = cx.port;
    if let Some(n) = n {
        cx.settings_mut(port).reports[which] = n.get() as u8;
    }
    Reply::Ok
}

fn report_read(cx: &mut Cx, which: usize) -> Reply {
    let text = cx.registration(cx.port, which);
    cx.info(text);
    Reply::Ok
}

/// `+CREG` (7.2).
pub(super) fn creg(_: &mut Base, cx: &mut Cx, (n,): (Option<Int<0, 2>>,)) -> Reply {
    report(cx, 0, n)
}

pub(super) fn creg_read(_: &mut Base, cx: &mut Cx) -> Reply {
    report_read(cx, 0)
}

/// `+CGREG` (10.1.20).
pub(super) fn cgreg(_: &mut Base, cx: &mut Cx, (n,): (Option<Int<0, 2>>,)) -> Reply {
    report(cx, 1, n)
}

pub(super) fn cgreg_read(_: &mut Base, cx: &mut Cx) -> Reply {
    report_read(cx, 1)
}

/// `+CEREG` (10.1.22).
pub(super) fn cereg(_: &mut Base, cx: &mut Cx, (n,): (Option<Int<0, 2>>,)) -> Reply {
    report(cx, 2, n)
}

pub(super) fn cereg_read(_: &mut Base, cx: &mut Cx) -> Reply {
    report_read(cx, 2)
}

type Selection = (Option<Int<0, 4>>, Option<Int<0, 2>>, Option<Text<32>>, Option<Int<0, 9>>);

/// Why the networks cannot be told or chosen from now.
fn no_choice(cx: &Cx) -> Option<u16> {
    let asleep = cx.radio.functionality != Functionality::Full;
    cx.lasting.sim.refusal().or(asleep.then_some(30))
}

/// `+COPS` (7.3): 0 automatic, 1 manual, 2 deregister, 3 set the format, 4 manual then automatic.
pub(super) fn operator(_: &mut Base, cx: &mut Cx, (mode, format, name, _): Selection) -> Reply {
    if let Some(refusal) = cx.lasting.sim.refusal() {
        return Reply::Cme(refusal);
    }
    if let Some(format) = format {
        cx.radio.format = format.get() as u8;
    }
    let radio = &cx.radio.serving;
    let known = name.as_ref().is_some_and(|n| **n == *radio.operator || **n == *radio.operator_number);
    match (mode.map_or(0, Int::get), no_choice(cx)) {
        (3, _) => return Reply::Ok,
        (1 | 4, _) if name.is_none() => return cx.refuse(crate::at::ArgError::Missing),
        (1 | 4, Some(code)) => return Reply::Cme(code),
        (1, _) if !known => return Reply::Cme(30),
        (4, _) => cx.radio.selection = 0,
        (mode, _) => cx.radio.selection = mode as u8,
    }
    if cx.radio.selection == 2 || !cx.radio.registered() {
        cx.search();
    }
    Reply::Ok
}

pub(super) fn operator_read(_: &mut Base, cx: &mut Cx) -> Reply {
    let radio = &cx.radio.serving;
    let mode = cx.radio.selection;
    let name = if cx.radio.format == 2 { &radio.operator_number } else { &radio.operator };
    let technology = radio.technology.map(|t| format!(",{t}")).unwrap_or_default();
    let text = match cx.radio.registered() {
        true => format!("{mode},{},\"{name}\"{technology}", cx.radio.format),
        false => mode.to_string(),
    };
    cx.info(text);
    Reply::Ok
}

pub(super) fn operator_test(_: &mut Base, cx: &mut Cx) -> Reply {
    if let Some(code) = no_choice(cx) {
        return Reply::Cme(code);
    }
    let radio = cx.radio.serving.clone();
    let status = if cx.radio.registered() { 2 } else { 1 };
    let technology = radio.technology.map(|t| format!(",{t}")).unwrap_or_default();
    let (long, number) = (&radio.operator, &radio.operator_number);
    cx.info(format_args!("({status},\"{long}\",\"{long}\",\"{number}\"{technology}),,(0-4),(0-2)"));
    Reply::Ok
}

/// `+CFUN` (8.2): 0 minimum, 1 full, 4 radio off; `,1` resets the module first, and so does 1 alone
/// where the profile has it so.
pub(super) fn functionality(
    _: &mut Base,
    cx: &mut Cx,
    (fun, reset): (Int<0, 4>, Option<Int<0, 1>>),
) -> Reply {
    let functionality = match fun.get() {
        0 => Functionality::Minimum,
        1 => Functionality::Full,
        4 => Functionality::Flight,
        _ => return cx.refuse(crate::at::ArgError::Range),
    };
    let resets = functionality == Functionality::Full && cx.profile.radio.full_resets;
    if reset.map_or(resets, |r| r.get() == 1) {
        cx.wakes_with = functionality;
        cx.reset(PowerOn::Banner);
    } else if functionality != cx.radio.functionality {
        cx.set_functionality(functionality);
    }
    Reply::Ok
}

pub(super) fn functionality_read(_: &mut Base, cx: &mut Cx) -> Reply {
    let n = cx.radio.functionality.number();
    cx.info(n);
    Reply::Ok
}

/// `+CPIN` (8.3).
pub(super) fn pin(_: &mut Base, cx: &mut Cx, (code, new): (Text<8>, Option<Text<8>>)) -> Reply {
    match cx.lasting.sim.enter(&code, new.as_deref()) {
        Ok(()) => {
            cx.core.happened(Event::SimReady);
            cx.search();
            Reply::Ok
        }
        Err(Denied::Cme(code)) => Reply::Cme(code),
        Err(Denied::Argument(error)) => cx.refuse(error),
    }
}

pub(super) fn pin_read(_: &mut Base, cx: &mut Cx) -> Reply {
    match cx.lasting.sim.status() {
        Ok(status) => {
            if !cx.profile.sim.cpin_ok {
                return cx.last(status);
            }
            cx.info(status);
            Reply::Ok
        }
        Err(code) => Reply::Cme(code),
    }
}

/// `+CSQ` (8.5).
pub(super) fn signal(_: &mut Base, cx: &mut Cx) -> Reply {
    let awake = cx.radio.functionality == Functionality::Full;
    let (rssi, ber) = if awake { (cx.radio.rssi, cx.radio.ber) } else { (99, 99) };
    cx.info(format_args!("{rssi},{ber}"));
    Reply::Ok
}

/// `+CCLK` (8.15).
pub(super) fn clock(_: &mut Base, cx: &mut Cx, (text,): (Text<22>,)) -> Reply {
    match text.parse::<Calendar>() {
        Ok(calendar) => {
            cx.calendar = calendar - cx.now.since(Now::ZERO);
            Reply::Ok
        }
        Err(_) => cx.refuse(crate::at::ArgError::Range),
    }
}

pub(super) fn clock_read(_: &mut Base, cx: &mut Cx) -> Reply {
    let now = cx.clock();
    cx.info(format_args!("\"{now}\""));
    Reply::Ok
}

/// `+CMEE` (9.1).
pub(super) fn cmee(_: &mut Base, cx: &mut Cx, (n,): (Option<Int<0, 2>>,)) -> Reply {
    let port = cx.port;
    if let Some(n) = n {
        cx.settings_mut(port).cmee = n.get() as u8;
    }
    Reply::Ok
}

pub(super) fn cmee_read(_: &mut Base, cx: &mut Cx) -> Reply {
    let n = cx.settings(cx.port).cmee;
    cx.info(n);
    Reply::Ok
}
