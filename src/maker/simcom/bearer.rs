//! 4.1: the bearers, and the SAPBR commands that SIM800 and SIM7000 hosts use for them.

use super::{Simcom, network, stack};
use crate::at::{ArgError, Int, Quoted, Text};
use crate::modem::{BearerState, Cx, EndedBy, PortId, Reply};
use crate::profile::Profile;
use std::collections::{BTreeMap, BTreeSet};

/// Bearers by their PDP context.
pub(super) struct Bearers {
    /// `AT+CNCFG`: what was set for each.
    configured: BTreeMap<u8, Configuration>,
    /// The access point name that the network gave.
    network_apn: String,
    /// Those that `AT+SAPBR=1` opens.
    profiles: BTreeMap<u8, Opened>,
    /// What `AT+SAPBR=3` has set, by its tag, where it is no part of the context.
    tags: BTreeMap<(u8, &'static str), String>,
    /// The contexts that `AT+CNACT` of a SIM7080 has brought up.
    activated: BTreeSet<u8>,
    /// Whether `AT+CNACT=1` of a SIM7000 has opened its own.
    pub(super) network: bool,
}

/// A bearer of `AT+SAPBR=1`.
enum Opened {
    /// The port waits for it.
    Opening(PortId),
    /// It is open, of which nobody else was told.
    Open,
    /// It was up already.
    Joined,
    /// The host closes it.
    Closing,
}

#[derive(Clone)]
struct Configuration {
    ip_type: i64,
    apn: String,
    user: String,
    password: String,
    authentication: i64,
}

impl Default for Configuration {
    fn default() -> Self {
        let empty = String::new();
        Configuration {
            ip_type: 0,
            apn: empty.clone(),
            user: empty.clone(),
            password: empty,
            authentication: 0,
        }
    }
}

impl Bearers {
    pub fn new(profile: &Profile) -> Bearers {
        let network_apn = profile.bearer.apn.clone();
        Bearers {
            configured: BTreeMap::new(),
            network_apn,
            profiles: BTreeMap::new(),
            tags: BTreeMap::new(),
            activated: BTreeSet::new(),
            network: false,
        }
    }
}

/// `AT+CGNAPN`: the access point name that the network gave at registration.
pub(super) fn network_apn(m: &mut Simcom, cx: &mut Cx) -> Reply {
    match cx.radio.registered() {
        true => cx.info(format_args!("1,{}", Quoted(&m.bearers.network_apn))),
        false => cx.info("0,\"\""),
    }
    Reply::Ok
}

type Configure =
    (Int<0, 3>, Int<0, 4>, Option<Text<150>>, Option<Text<127>>, Option<Text<127>>, Option<Int<0, 3>>);

/// `AT+CNCFG=<pdpidx>,<ip type>[,<APN>[,<user>[,<password>[,<authentication>]]]]`
pub(super) fn configure(m: &mut Simcom, cx: &mut Cx, args: Configure) -> Reply {
    let (id, ip_type, apn, user, password, authentication) = args;
    let context = id.get() as u8 + 1;
    let text = |t: Option<&str>| t.unwrap_or_default().to_string();
    let configuration = Configuration {
        ip_type: ip_type.get(),
        apn: text(apn.as_deref()),
        user: text(user.as_deref()),
        password: text(password.as_deref()),
        authentication: authentication.map_or(0, Int::get),
    };
    cx.bearers.context(context).apn = configuration.apn.clone();
    m.bearers.configured.insert(context, configuration);
    Reply::Ok
}

/// `AT+CNCFG?`
pub(super) fn configuration(m: &mut Simcom, cx: &mut Cx) -> Reply {
    for id in 0..4u8 {
        let c = m.bearers.configured.get(&(id + 1)).cloned().unwrap_or_default();
        cx.info(format_args!(
            "{id},{},{},{},{},{}",
            c.ip_type,
            Quoted(&c.apn),
            Quoted(&c.user),
            Quoted(&c.password),
            c.authentication
        ));
    }
    Reply::Ok
}

/// `AT+CNACT=<pdpidx>,<action>`: 0 deactivates, 1 activates, 2 activates by itself.
pub(super) fn activate(m: &mut Simcom, cx: &mut Cx, (id, action): (Int<0, 3>, Int<0, 2>)) -> Reply {
    let context = id.get() as u8 + 1;
    match (action.get(), cx.bearers.state(context)) {
        (0, BearerState::Down) => cx.refuse_state(),
        (0, _) => {
            cx.deactivate(context);
            said_with(cx, &m.settings.bearer_closed, context)
        }
        // What another port has asked for is waited for by both.
        (_, BearerState::Down | BearerState::Activating)
            if !m.bearers.activated.contains(&context) && cx.activate(context).is_ok() =>
        {
            m.bearers.activated.insert(context);
            said_with(cx, &m.settings.bearer_up, context)
        }
        // `AT+CGACT` has brought it up.
        (_, BearerState::Up(_)) if m.bearers.activated.insert(context) => {
            let reply = said_with(cx, &m.settings.bearer_up, context);
            print(cx, &m.settings.bearer_up, context, true);
            reply
        }
        _ => stays_down(cx),
    }
}

/// The answer to a command that cannot bring a bearer up: the SIM's reason, or else that it is not the time for it.
pub(super) fn stays_down(cx: &Cx) -> Reply {
    cx.lasting.sim.refusal().map_or_else(|| cx.refuse_state(), Reply::Cme)
}

/// `AT+CNACT?`
pub(super) fn active(m: &mut Simcom, cx: &mut Cx) -> Reply {
    for id in 0..4u8 {
        match cx.bearers.address(id + 1).filter(|_| m.bearers.activated.contains(&(id + 1))) {
            Some(address) => cx.info(format_args!("{id},1,\"{address}\"")),
            None => cx.info(format_args!("{id},0,\"0.0.0.0\"")),
        }
    }
    Reply::Ok
}

/// `AT+SAPBR=<command>,<cid>[,<tag>,<value>]`: 0 closes, 1 opens, 2 asks, 3 sets, 4 tells what is set, 5 saves.
pub(super) fn sapbr(
    m: &mut Simcom,
    cx: &mut Cx,
    args: (Int<0, 5>, Int<1, 3>, Option<Text<16>>, Option<Text<128>>),
) -> Reply {
    let (command, id, tag, value) = args;
    let context = id.get() as u8;
    match (command.get(), tag, value) {
        // `AT+CNACT=1` or the TCP commands go on with it.
        (0, None, None) if network::holds(m, context) || stack::holds(m, context) => {
            match m.bearers.profiles.remove(&context) {
                Some(_) => Reply::Ok,
                None => cx.refuse_state(),
            }
        }
        (0, None, None) if cx.deactivate(context) => {
            if let Some(opened @ Opened::Open) = m.bearers.profiles.get_mut(&context) {
                *opened = Opened::Closing;
            }
            cx.until_down(context)
        }
        (0, None, None) => cx.refuse_state(),
        (1, None, None) => match (cx.bearers.state(context), m.bearers.profiles.get(&context)) {
            // What another port has asked for is waited for by both.
            (BearerState::Down, _) | (BearerState::Activating, None) if cx.activate(context).is_ok() => {
                m.bearers.profiles.insert(context, Opened::Opening(cx.port));
                Reply::Pending
            }
            // `AT+CGACT` has brought the context up.
            (BearerState::Up(_), None) => {
                m.bearers.profiles.insert(context, Opened::Joined);
                Reply::Ok
            }
            _ => stays_down(cx),
        },
        (2, None, None) => {
            let status = match cx.bearers.state(context) {
                BearerState::Activating => 0,
                BearerState::Up(_) => 1,
                BearerState::Deactivating => 2,
                BearerState::Down => 3,
            };
            let address = cx.bearers.address(context).map_or("0.0.0.0".into(), |a| a.to_string());
            cx.info(format_args!("{id},{status},\"{address}\""));
            Reply::Ok
        }
        (3, Some(tag), Some(value)) => set(m, cx, context, &tag, &value),
        (4, None, None) => {
            let c = cx.bearers.contexts.get(&context).cloned().unwrap_or_default();
            cx.line("+SAPBR:");
            for tag in m.settings.bearer_tags.clone() {
                let kept = |tag: &'static str| m.bearers.tags.get(&(context, tag)).map(String::as_str);
                let value = match tag.as_str() {
                    "CONTYPE" => kept("CONTYPE").unwrap_or("GPRS"),
                    "APN" => &c.apn,
                    "USER" => &c.user,
                    "PWD" => &c.password,
                    "PHONENUM" => kept("PHONENUM").unwrap_or_default(),
                    "RATE" => kept("RATE").unwrap_or("2"),
                    _ => "",
                };
                let value = Quoted(value).to_string();
                cx.line(&format!("{tag}: {}", &value[1..value.len() - 1]));
            }
            Reply::Ok
        }
        (5, None, None) => Reply::Ok,
        _ => Reply::Error,
    }
}

fn set(m: &mut Simcom, cx: &mut Cx, context: u8, tag: &str, value: &str) -> Reply {
    let bearer = cx.bearers.context(context);
    let mut keep = |tag, value: &str| drop(m.bearers.tags.insert((context, tag), value.into()));
    match (tag.to_ascii_uppercase().as_str(), value.to_ascii_uppercase().as_str()) {
        ("CONTYPE", contype @ ("GPRS" | "CSD")) => keep("CONTYPE", contype),
        ("APN", _) => bearer.apn = value.into(),
        ("USER", _) => bearer.user = value.into(),
        ("PWD", _) => bearer.password = value.into(),
        ("PHONENUM", _) => keep("PHONENUM", value),
        // 2400, 4800, 9600 and 14400 bit/s
        ("RATE", "0" | "1" | "2" | "3") => keep("RATE", value),
        _ => return cx.refuse(ArgError::Range),
    }
    Reply::Ok
}

/// A profile's line about a bearer.
fn line(text: &str, context: u8) -> String {
    text.replace("{id}", &(context - 1).to_string()).replace("{cid}", &context.to_string())
}

/// OK, or OK beside the profile's line where it wants the two in one write.
fn said_with(cx: &mut Cx, text: &str, context: u8) -> Reply {
    let line = line(text, context);
    match line.split_once(": ") {
        Some((name, values)) => cx.reply_with(name, values),
        None => Reply::Ok,
    }
}

/// Tells of a bearer: what the host has asked for, or what the network has done.
fn print(cx: &mut Cx, text: &str, context: u8, asked: bool) {
    // `AT+CGACT` knows contexts that `AT+CNACT` and `AT+SAPBR` have no number for.
    match !text.is_empty() && (1..=4).contains(&context) {
        true if asked => cx.end_all(&line(text, context)),
        true => cx.urc_all(&line(text, context)),
        false => {}
    }
}

/// Whether `AT+SAPBR=1` or `AT+CNACT=1` keeps the context up.
pub(super) fn holds(m: &Simcom, context: u8) -> bool {
    is_open(m, context) || network::holds(m, context)
}

/// Whether `AT+SAPBR=1` has opened the context.
pub(super) fn is_open(m: &Simcom, context: u8) -> bool {
    matches!(m.bearers.profiles.get(&context), Some(Opened::Open | Opened::Joined))
}

/// A bearer is up.
pub(super) fn up(m: &mut Simcom, cx: &mut Cx, context: u8) {
    let held = network::holds(m, context);
    if held {
        network::up(cx);
    }
    let activated = m.bearers.activated.contains(&context);
    match m.bearers.profiles.get_mut(&context) {
        Some(opened @ &mut Opened::Opening(port)) => {
            *opened = Opened::Open;
            cx.port = port;
            cx.finish(Reply::Ok);
            if activated && !held {
                print(cx, &m.settings.bearer_up.clone(), context, true);
            }
        }
        Some(_) => {}
        None if activated && !held => print(cx, &m.settings.bearer_up.clone(), context, true),
        // What `AT+CGACT` has brought up is none of these until `AT+CNACT` takes it over.
        None => {}
    }
}

/// A bearer is down, or has not come up.
pub(super) fn down(m: &mut Simcom, cx: &mut Cx, context: u8, by: EndedBy) {
    let activated = m.bearers.activated.remove(&context);
    let up = line(&m.settings.bearer_up, context);
    cx.take_back(|line| line == up);
    let held = network::holds(m, context);
    if held {
        network::down(m, cx, by);
    }
    match m.bearers.profiles.remove(&context) {
        Some(Opened::Opening(port)) => {
            cx.port = port;
            cx.finish(Reply::Error);
        }
        // It came up in silence too.
        Some(Opened::Closing) if by == EndedBy::Host => {}
        None if held || stack::holds(m, context) => {}
        // Nobody was told that it was up, or waits to be.
        None if !activated => {}
        _ if by == EndedBy::Network => print(cx, &m.settings.bearer_lost, context, false),
        // Where `AT+CNACT=0` has not asked for it, nobody waits for this.
        _ => print(cx, &m.settings.bearer_closed, context, activated),
    }
}
