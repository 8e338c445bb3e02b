//! ITU-T V.250: control, the serial line, and calls.

use super::Base;
use crate::at::Int;
use crate::modem::port::{Level, ModuleLine, PortSettings};
use crate::modem::{Cx, Reply};
use crate::profile::Identity;

/// `Z` (6.1.1): what `&W` stored, or the factory's.
pub(super) fn reset_to_stored(_: &mut Base, cx: &mut Cx, _: (Int<0, 1>,)) -> Reply {
    let port = cx.port;
    let settings = cx.stored(port).unwrap_or_else(|| PortSettings::factory(&cx.profile));
    apply(cx, settings);
    Reply::Ok
}

/// `&F` (6.1.2).
pub(super) fn factory(_: &mut Base, cx: &mut Cx, _: (Int<0, 0>,)) -> Reply {
    let settings = PortSettings::factory(&cx.profile);
    apply(cx, settings);
    Reply::Ok
}

fn settings<'a>(cx: &'a mut Cx) -> &'a mut PortSettings {
    let port = cx.port;
    cx.settings_mut(port)
}

fn apply(cx: &mut Cx, settings: PortSettings) {
    let port = cx.port;
    *cx.settings_mut(port) = settings;
    set_carrier(cx);
}

/// `&W`.
pub(super) fn store(_: &mut Base, cx: &mut Cx, _: (Int<0, 1>,)) -> Reply {
    cx.core.store(cx.port);
    Reply::Ok
}

/// `I` (6.1.3): 3 is the revision, 5 the IMEI's place in most modules; the rest says who made what.
pub(super) fn information(b: &mut Base, cx: &mut Cx, (n,): (Int<0, 9>,)) -> Reply {
    match n.get() {
        3 => return revision(b, cx),
        5 => return imei(b, cx),
        _ => {}
    }
    let identity = cx.profile.identity.clone();
    match identity.information.as_slice() {
        [] => {
            for line in product(&identity) {
                cx.line(&line);
            }
        }
        lines => lines.iter().for_each(|line| cx.line(line)),
    }
    Reply::Ok
}

/// Who made what: the lines of `I`, and of the `+GSV` of some makers.
pub(crate) fn product(identity: &Identity) -> [String; 3] {
    [identity.manufacturer.clone(), identity.model.clone(), format!("Revision: {}", identity.revision)]
}

/// A line of what the profile says that the module is.
fn told(cx: &mut Cx, what: fn(&Identity) -> &str) -> Reply {
    let profile = cx.profile.clone();
    cx.line(what(&profile.identity));
    Reply::Ok
}

/// `+GMI` (6.1.4), `+CGMI` (27.007 section 5.1).
pub(super) fn manufacturer(_: &mut Base, cx: &mut Cx) -> Reply {
    told(cx, |identity| &identity.manufacturer)
}

/// `+GMM` (6.1.5), `+CGMM` (27.007 section 5.2).
pub(super) fn model(_: &mut Base, cx: &mut Cx) -> Reply {
    told(cx, |identity| &identity.model)
}

/// `+GMR` (6.1.6), `+CGMR` (27.007 section 5.3).
pub(super) fn revision(_: &mut Base, cx: &mut Cx) -> Reply {
    let identity = &cx.profile.identity;
    let line = format!("{}{}", identity.revision_label, identity.revision);
    cx.line(&line);
    Reply::Ok
}

/// `+GSN` (6.1.7), `+CGSN` (27.007 section 5.4).
pub(super) fn imei(_: &mut Base, cx: &mut Cx) -> Reply {
    told(cx, |identity| &identity.imei)
}

/// `+GCAP` (6.1.9).
pub(super) fn capabilities(_: &mut Base, cx: &mut Cx) -> Reply {
    let text = cx.profile.identity.capabilities.clone();
    cx.info(text);
    Reply::Ok
}

/// `+CLAC` (27.007 section 8.37).
pub(super) fn list_commands(_: &mut Base, cx: &mut Cx) -> Reply {
    let mut names: Vec<String> = cx.known.iter().map(|name| format!("AT{name}")).collect();
    names.extend(cx.profile.commands.keys().map(|name| format!("AT{name}")));
    names.sort();
    names.dedup();
    for name in names {
        cx.line(&name);
    }
    Reply::Ok
}

/// `E` (6.2.4).
pub(super) fn echo(_: &mut Base, cx: &mut Cx, (on,): (Int<0, 1>,)) -> Reply {
    settings(cx).echo = on.get() == 1;
    Reply::Ok
}

/// `V` (6.2.6).
pub(super) fn verbose(_: &mut Base, cx: &mut Cx, (on,): (Int<0, 1>,)) -> Reply {
    settings(cx).verbose = on.get() == 1;
    Reply::Ok
}

/// `Q` (6.2.5).
pub(super) fn quiet(_: &mut Base, cx: &mut Cx, (on,): (Int<0, 1>,)) -> Reply {
    settings(cx).quiet = on.get() == 1;
    Reply::Ok
}

/// `X` (6.2.7).
pub(super) fn x(_: &mut Base, cx: &mut Cx, (n,): (Int<0, 4>,)) -> Reply {
    settings(cx).x = n.get() as u8;
    Reply::Ok
}

fn register(cx: &Cx) -> usize {
    cx.name[1..].parse().unwrap_or(0)
}

/// `S<n>?` (5.3.2): three digits.
pub(super) fn s_read(_: &mut Base, cx: &mut Cx) -> Reply {
    let value = cx.settings(cx.port).s[register(cx)];
    cx.line(&format!("{value:03}"));
    Reply::Ok
}

/// `S<n>=` (5.3.2): without a value it is an error, and the register keeps what it has. S3, S4 and S5 are
/// characters of the alphabet (6.2.1 to 6.2.3).
pub(super) fn s_write(_: &mut Base, cx: &mut Cx, (value,): (Int<0, 255>,)) -> Reply {
    let register = register(cx);
    if matches!(register, 3..=5) && value.get() > 127 {
        return Reply::Error;
    }
    settings(cx).s[register] = value.get() as u8;
    Reply::Ok
}

/// `&C` (6.2.8): 0 DCD always on, 1 DCD follows the connection.
pub(super) fn dcd(_: &mut Base, cx: &mut Cx, (n,): (Int<0, 1>,)) -> Reply {
    settings(cx).dcd = n.get() as u8;
    set_carrier(cx);
    Reply::Ok
}

fn set_carrier(cx: &mut Cx) {
    let port = cx.port;
    let on = cx.settings(port).dcd == 0 || cx.in_data_mode(port);
    cx.drive(port, ModuleLine::Dcd, Level::new(on));
}

/// `&D` (6.2.9): what a drop of DTR does: 0 nothing, 1 online command mode, 2 hang up.
pub(super) fn dtr(_: &mut Base, cx: &mut Cx, (n,): (Int<0, 2>,)) -> Reply {
    settings(cx).dtr = n.get() as u8;
    Reply::Ok
}

/// `&K`: flow control.
pub(super) fn flow(_: &mut Base, cx: &mut Cx, (n,): (Int<0, 6>,)) -> Reply {
    settings(cx).flow = n.get() as u8;
    Reply::Ok
}

const RATES: [u32; 13] =
    [0, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115_200, 230_400, 460_800, 921_600, 3_000_000];

/// `+IPR` (6.2.10): the rate of the serial line; 0 has the module find it out.
pub(super) fn ipr(_: &mut Base, cx: &mut Cx, (rate,): (Option<u32>,)) -> Reply {
    let Some(rate) = rate else { return Reply::Ok };
    if !RATES.contains(&rate) {
        return cx.refuse(crate::at::ArgError::Range);
    }
    settings(cx).ipr = rate;
    Reply::Ok
}

pub(super) fn ipr_read(_: &mut Base, cx: &mut Cx) -> Reply {
    let rate = cx.settings(cx.port).ipr;
    cx.info(rate);
    Reply::Ok
}

pub(super) fn ipr_test(_: &mut Base, cx: &mut Cx) -> Reply {
    let list = |rates: &[u32]| rates.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    cx.info(format_args!("({}),({})", list(&RATES), list(&RATES[1..])));
    Reply::Ok
}

/// `+ICF` (6.2.11).
pub(super) fn icf(
    _: &mut Base,
    cx: &mut Cx,
    (format, parity): (Option<Int<0, 6>>, Option<Int<0, 3>>),
) -> Reply {
    let icf = &mut settings(cx).icf;
    *icf = (format.map_or(icf.0, |f| f.get() as u8), parity.map_or(icf.1, |p| p.get() as u8));
    Reply::Ok
}

pub(super) fn icf_read(_: &mut Base, cx: &mut Cx) -> Reply {
    let (format, parity) = cx.settings(cx.port).icf;
    cx.info(format_args!("{format},{parity}"));
    Reply::Ok
}

/// `+IFC` (6.2.12): 0 none, 1 XON/XOFF, 2 RTS/CTS; from the module, then to it, as from it where that is left out.
pub(super) fn ifc(
    _: &mut Base,
    cx: &mut Cx,
    (by_te, by_ta): (Option<Int<0, 2>>, Option<Int<0, 2>>),
) -> Reply {
    let ifc = &mut settings(cx).ifc;
    let number = |n: Int<0, 2>| n.get() as u8;
    *ifc = match (by_te.map(number), by_ta.map(number)) {
        (Some(by_te), by_ta) => (by_te, by_ta.unwrap_or(by_te)),
        (None, by_ta) => (ifc.0, by_ta.unwrap_or(ifc.1)),
    };
    Reply::Ok
}

pub(super) fn ifc_read(_: &mut Base, cx: &mut Cx) -> Reply {
    let (by_te, by_ta) = cx.settings(cx.port).ifc;
    cx.info(format_args!("{by_te},{by_ta}"));
    Reply::Ok
}

/// `O` (6.3.7): back to data mode.
pub(super) fn online(_: &mut Base, cx: &mut Cx, _: (Int<0, 0>,)) -> Reply {
    if cx.is_suspended(cx.port) { cx.go_online() } else { Reply::NoCarrier }
}

/// `H` (6.3.6): ends what `+++` left.
pub(super) fn hang_up(_: &mut Base, cx: &mut Cx, _: (Int<0, 0>,)) -> Reply {
    if cx.is_suspended(cx.port) {
        cx.leave_data();
    }
    Reply::Ok
}

/// `L` and `M` (6.3.13, 6.3.14): loudness and mode of a speaker that a module does not have; terminal
/// programs set them all the same.
pub(super) fn speaker(_: &mut Base, _: &mut Cx, _: (Int<0, 3>,)) -> Reply {
    Reply::Ok
}
