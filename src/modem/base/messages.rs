//! 3GPP TS 27.005 sections 3.2 and 3.3.1: the message service, its stores, and the service centre. No message is sent or
//! received yet; the stores are empty.

use super::Base;
use crate::at::{ArgError, Int, Quoted, Text};
use crate::modem::{Cx, Reply};
use crate::profile;

/// What was chosen.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::modem) struct Messages {
    /// `+CSMS`, by its place in the profile's list.
    service: usize,
    /// `+CPMS`: the stores to read from, to write to, and to receive into, by their places in the profile's list.
    stores: [usize; 3],
}

/// `+CSMS=<service>` (3.2.1): what the module can do with it.
pub(super) fn service(_: &mut Base, cx: &mut Cx, (service,): (Int<0, 255>,)) -> Reply {
    let known = cx.profile.messages.services.iter().position(|known| i64::from(*known) == service.get());
    let Some(known) = known else { return cx.refuse(ArgError::Range) };
    cx.core.messages.service = known;
    cx.info(ABILITIES);
    Reply::Ok
}

/// Messages to the module, from it, and to all: each is supported.
const ABILITIES: &str = "1,1,1";

pub(super) fn service_read(_: &mut Base, cx: &mut Cx) -> Reply {
    let service = cx.profile.messages.services.get(cx.core.messages.service).copied().unwrap_or_default();
    cx.info(format_args!("{service},{ABILITIES}"));
    Reply::Ok
}

pub(super) fn service_test(_: &mut Base, cx: &mut Cx) -> Reply {
    let services: Vec<String> = cx.profile.messages.services.iter().map(u8::to_string).collect();
    cx.info(format_args!("({})", services.join(",")));
    Reply::Ok
}

type Stores = (Text<8>, Option<Text<8>>, Option<Text<8>>);

/// `+CPMS=<mem1>[,<mem2>[,<mem3>]]` (3.2.2): what is left out stays as it was.
pub(super) fn stores(_: &mut Base, cx: &mut Cx, (first, second, third): Stores) -> Reply {
    let mut chosen = cx.core.messages.stores;
    for (place, name) in chosen.iter_mut().zip([Some(first), second, third]) {
        let Some(name) = name else { continue };
        let known =
            cx.profile.messages.stores.iter().position(|known| known.name.eq_ignore_ascii_case(&name));
        let Some(known) = known else { return cx.refuse(ArgError::Range) };
        *place = known;
    }
    cx.core.messages.stores = chosen;
    let told = each(cx, |store| format!("0,{}", store.size));
    cx.info(told);
    Reply::Ok
}

pub(super) fn stores_read(_: &mut Base, cx: &mut Cx) -> Reply {
    let told = each(cx, |store| format!("\"{}\",0,{}", store.name, store.size));
    cx.info(told);
    Reply::Ok
}

pub(super) fn stores_test(_: &mut Base, cx: &mut Cx) -> Reply {
    let names: Vec<String> =
        cx.profile.messages.stores.iter().map(|store| format!("\"{}\"", store.name)).collect();
    let names = format!("({})", names.join(","));
    cx.info(format_args!("{names},{names},{names}"));
    Reply::Ok
}

/// Something of each store that was chosen.
fn each(cx: &Cx, tell: impl Fn(&profile::Store) -> String) -> String {
    let known = &cx.profile.messages.stores;
    let chosen = cx.core.messages.stores.iter().filter_map(|place| known.get(*place));
    chosen.map(tell).collect::<Vec<_>>().join(",")
}

/// Where the service centre is kept, which outlives a reset.
const CENTRE: &str = "messages.centre";

/// `<toda>` of a number in the international format, and of any other (3.1).
const INTERNATIONAL: u8 = 145;
const UNKNOWN: u8 = 129;

/// `+CSCA=<sca>[,<tosca>]` (3.3.1).
pub(super) fn centre(_: &mut Base, cx: &mut Cx, (number, kind): (Text<21>, Option<Int<128, 255>>)) -> Reply {
    let digits = number.strip_prefix('+').unwrap_or(&number);
    if !digits.bytes().all(|b| b.is_ascii_digit() || b"*#".contains(&b)) || digits.len() > 20 {
        return cx.refuse(ArgError::Range);
    }
    let usual = if number.starts_with('+') { INTERNATIONAL } else { UNKNOWN };
    let kind = kind.map_or(usual, |kind| kind.get() as u8);
    cx.lasting.flash.insert(CENTRE.into(), format!("{},{kind}", Quoted(&number)));
    Reply::Ok
}

pub(super) fn centre_read(_: &mut Base, cx: &mut Cx) -> Reply {
    let given = format!("{},{INTERNATIONAL}", Quoted(&cx.profile.messages.centre));
    let told = cx.lasting.flash.get(CENTRE).cloned().unwrap_or(given);
    cx.info(told);
    Reply::Ok
}
