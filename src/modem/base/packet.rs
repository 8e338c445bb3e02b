//! 3GPP TS 27.007 section 10: the packet domain.

use super::Base;
use crate::at::args::Arg;
use crate::at::{ArgError, Arguments, FromArg, FromArgs, Int, Quoted, Text};
use crate::modem::packet::Wanted;
use crate::modem::{BearerState, Cx, Reply};
use core::net::{IpAddr, Ipv4Addr};
use std::fmt;

fn known(cx: &Cx, cid: i64) -> Option<u8> {
    u8::try_from(cid).ok().filter(|cid| (1..=cx.profile.bearer.contexts).contains(cid))
}

const TYPES: [&str; 4] = ["IP", "IPV6", "IPV4V6", "PPP"];

/// `<PDP_addr>`: none where it is empty or all zero.
struct Address(Option<IpAddr>);

impl FromArg for Address {
    fn from_arg(arg: Option<&Arg>) -> Result<Self, ArgError> {
        match arg.map(|arg| arg.text.as_str()) {
            None | Some("") => Ok(Address(None)),
            Some(text) => {
                let address = text.parse().ok().or_else(|| sixteen(text)).ok_or(ArgError::Range)?;
                Ok(Address(Some(address).filter(|a: &IpAddr| !a.is_unspecified())))
            }
        }
    }
    fn grammar(_: &mut fmt::Formatter) -> fmt::Result {
        Ok(())
    }
}

/// An IPv6 address as 27.007 writes it, in 16 decimal numbers.
fn sixteen(text: &str) -> Option<IpAddr> {
    let octets: Option<Vec<u8>> = text.split('.').map(|octet| octet.parse().ok()).collect();
    <[u8; 16]>::try_from(octets?).ok().map(IpAddr::from)
}

type Definition =
    (Int<0, 255>, Option<Text<8>>, Option<Text<100>>, Address, Option<Int<0, 2>>, Option<Int<0, 4>>);
/// From `<IPv4AddrAlloc>` on: what later releases have behind.
type Later = (Option<Int<0, 4>>, Option<Int<0, 4>>, Option<Int<0, 4>>, Option<Int<0, 4>>, Option<Int<0, 4>>);

/// `+CGDCONT` (10.1.1). The context's number alone takes its definition away; a type that is left out stays as it
/// was, anything else left out is what the network gives.
pub(super) fn define_context(_: &mut Base, cx: &mut Cx, args: Arguments) -> Reply {
    let (head, tail) = args.0.split_at(args.0.len().min(6));
    let read = |part: &[Arg]| Arguments(part.to_vec());
    let definition = Definition::from_args(&read(head))
        .and_then(|d| Later::from_args(&read(tail)).map(|later| (d, later)));
    let ((cid, pdp_type, apn, address, data, headers), (allocation, emergency, ..)) = match definition {
        Ok(definition) => definition,
        Err(error) => return cx.refuse(error),
    };
    let Some(cid) = known(cx, cid.get()) else { return cx.refuse(ArgError::Range) };
    let pdp_type = match pdp_type.map(|wanted| TYPES.iter().find(|t| t.eq_ignore_ascii_case(&wanted))) {
        Some(None) => return cx.refuse(ArgError::Range),
        found => found.flatten(),
    };
    if cx.bearers.state(cid) != BearerState::Down {
        return Reply::Cme(3);
    }
    if args.0.len() == 1 {
        cx.bearers.contexts.remove(&cid);
        return Reply::Ok;
    }
    let context = cx.bearers.context(cid);
    if let Some(pdp_type) = pdp_type {
        context.pdp_type = pdp_type.to_string();
    }
    context.apn = apn.map(Text::into_string).unwrap_or_default();
    context.wanted = address.0;
    context.compression = (data.map_or(0, |n| n.get() as u8), headers.map_or(0, |n| n.get() as u8));
    context.later = [allocation, emergency].map(|n| n.map_or(0, |n| n.get() as u8));
    Reply::Ok
}

pub(super) fn contexts_read(_: &mut Base, cx: &mut Cx) -> Reply {
    let contexts: Vec<_> =
        cx.bearers.contexts.iter().filter(|(cid, _)| **cid > 0).map(|(c, x)| (*c, x.clone())).collect();
    for (cid, context) in contexts {
        let given = cx.bearers.address(cid).map(IpAddr::from);
        let address = given.or(context.wanted).unwrap_or(Ipv4Addr::UNSPECIFIED.into());
        let (data, headers) = context.compression;
        let later: String = context.later.iter().take(later_fields(cx)).map(|n| format!(",{n}")).collect();
        cx.info(format_args!(
            "{cid},\"{}\",{},\"{address}\",{data},{headers}{later}",
            context.pdp_type,
            Quoted(&context.apn)
        ));
    }
    Reply::Ok
}

/// How many fields the module has behind the six that all have.
fn later_fields(cx: &Cx) -> usize {
    usize::from(cx.profile.bearer.context_fields.saturating_sub(6))
}

pub(super) fn contexts_test(_: &mut Base, cx: &mut Cx) -> Reply {
    let last = cx.profile.bearer.contexts;
    let later = ",(0,1)".repeat(later_fields(cx));
    for pdp_type in TYPES {
        cx.info(format_args!("(1-{last}),\"{pdp_type}\",,,(0-2),(0-4){later}"));
    }
    Reply::Ok
}

/// `+CGATT` (10.1.9).
pub(super) fn attach(_: &mut Base, cx: &mut Cx, (on,): (Int<0, 1>,)) -> Reply {
    if let Some(refusal) = cx.lasting.sim.refusal() {
        return Reply::Cme(refusal);
    }
    let on = on.get() == 1;
    if on && !cx.radio.registered() && !cx.is_searching() {
        return Reply::Cme(30);
    }
    cx.ask_attachment(on);
    // What is told of the contexts that this has taken down may come before the result.
    cx.await_packet(if on { Wanted::Attached } else { Wanted::Detached })
}

pub(super) fn attach_read(_: &mut Base, cx: &mut Cx) -> Reply {
    let attached = u8::from(cx.radio.attached);
    cx.info(attached);
    Reply::Ok
}

/// `+CGACT` (10.1.10): activates or deactivates contexts, all defined ones where none is named. A module that
/// is not attached attaches first; what is active already stays so. It answers once all is as it asks.
pub(super) fn activation(_: &mut Base, cx: &mut Cx, args: Arguments) -> Reply {
    let on = match <Int<0, 1>>::from_arg(args.0.first()) {
        Ok(on) => on.get() == 1,
        Err(error) => return cx.refuse(error),
    };
    let mut cids = vec![];
    for arg in &args.0[1..] {
        match <Int<0, 255>>::from_arg(Some(arg)).map(|cid| known(cx, cid.get())) {
            Ok(Some(cid)) if cx.bearers.contexts.contains_key(&cid) => cids.push(cid),
            Ok(_) => return cx.refuse(ArgError::Range),
            Err(error) => return cx.refuse(error),
        }
    }
    if cids.is_empty() {
        cids = cx.bearers.contexts.keys().copied().filter(|cid| *cid > 0).collect();
    }
    if !on {
        for &cid in &cids {
            cx.deactivate(cid);
        }
        return cx.await_packet(Wanted::Inactive(cids));
    }
    if let Some(refusal) = cx.lasting.sim.refusal() {
        return Reply::Cme(refusal);
    }
    if !cx.radio.registered() && !cx.is_searching() {
        return Reply::Cme(30);
    }
    cx.say_older_first();
    cx.ask_attachment(true);
    cids.retain(|cid| !matches!(cx.bearers.state(*cid), BearerState::Up(_)));
    match cids.iter().try_for_each(|&cid| cx.want(cid)) {
        Ok(()) if cids.is_empty() => cx.await_packet(Wanted::Attached),
        Ok(()) => cx.await_packet(Wanted::Active(cids)),
        Err(code) => Reply::Cme(code),
    }
}

pub(super) fn activation_read(_: &mut Base, cx: &mut Cx) -> Reply {
    let cids: Vec<u8> = cx.bearers.contexts.keys().copied().filter(|cid| *cid > 0).collect();
    for cid in cids {
        let on = u8::from(cx.bearers.address(cid).is_some());
        cx.info(format_args!("{cid},{on}"));
    }
    Reply::Ok
}

fn print_address(cx: &mut Cx, cid: u8) {
    let address = cx.bearers.address(cid).map_or("0.0.0.0".into(), |a| a.to_string());
    cx.info(format_args!("{cid},\"{address}\""));
}

/// `+CGPADDR` (10.1.14).
pub(super) fn addresses(_: &mut Base, cx: &mut Cx, args: Arguments) -> Reply {
    for arg in &args.0 {
        match <Int<0, 255>>::from_arg(Some(arg)).map(|cid| known(cx, cid.get())) {
            Ok(Some(cid)) if cx.bearers.contexts.contains_key(&cid) => print_address(cx, cid),
            Ok(_) => return cx.refuse(ArgError::Range),
            Err(error) => return cx.refuse(error),
        }
    }
    Reply::Ok
}

pub(super) fn all_addresses(_: &mut Base, cx: &mut Cx) -> Reply {
    let cids: Vec<u8> = cx.bearers.contexts.keys().copied().filter(|cid| *cid > 0).collect();
    cids.into_iter().for_each(|cid| print_address(cx, cid));
    Reply::Ok
}

pub(super) fn addresses_test(_: &mut Base, cx: &mut Cx) -> Reply {
    let cids: Vec<String> = cx.bearers.contexts.keys().filter(|cid| **cid > 0).map(u8::to_string).collect();
    cx.info(format_args!("({})", cids.join(",")));
    Reply::Ok
}
