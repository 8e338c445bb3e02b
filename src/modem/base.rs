//! The commands that every module has: ITU-T V.250 and 3GPP TS 27.007. The table is in their order.

mod cellular;
mod messages;
mod packet;
mod v250;

use super::command::Command;
use super::maker::{self, Row};
use super::{Cx, Reply};
use crate::at::{Call, Form, Secret, ranges};
use crate::commands;
use crate::profile::Outcome;
use cellular::*;
use messages::*;
use packet::*;
use std::collections::BTreeMap;
use v250::*;

pub(super) use messages::Messages;
pub(crate) use v250::product;

/// The base commands keep their state in the core.
pub struct Base;

const COMMANDS: &[Command<Base>] = commands! { Base;
    // V.250 section 6.1: control
    "Z" { number: reset_to_stored, test: none },
    "&F" { number: factory, test: none },
    "&W" { number: store, test: none },
    "I" { number: information, test: none },
    "+GMI" { exec: manufacturer, test: ok },
    "+GMM" { exec: model, test: ok },
    "+GMR" { exec: revision, test: ok },
    "+GSN" { exec: imei, test: ok },
    "+GCAP" { exec: capabilities, test: ok },
    "+CLAC" { exec: list_commands, test: ok },
    // V.250 section 6.2: the serial line
    "E" { number: echo, test: none },
    "V" { number: verbose, test: none },
    "Q" { number: quiet, test: none },
    "X" { number: x, test: none },
    "S0" { read: s_read, write: s_write, test: none },
    "S2" { read: s_read, write: s_write, test: none },
    "S3" { read: s_read, write: s_write, test: none },
    "S4" { read: s_read, write: s_write, test: none },
    "S5" { read: s_read, write: s_write, test: none },
    "S6" { read: s_read, write: s_write, test: none, support: Answered },
    "S7" { read: s_read, write: s_write, test: none, support: Answered },
    "S8" { read: s_read, write: s_write, test: none, support: Answered },
    "S10" { read: s_read, write: s_write, test: none, support: Answered },
    "S12" { read: s_read, write: s_write, test: none },
    "&C" { number: dcd, test: none },
    "&D" { number: dtr, test: none },
    "&K" { number: flow, test: none, support: Answered },
    "+IPR" { read: ipr_read, write: ipr, test: ipr_test },
    "+ICF" { read: icf_read, write: icf, test: "+ICF: (0-6),(0-3)", support: Answered },
    "+IFC" { read: ifc_read, write: ifc, test: "+IFC: (0-2),(0-2)" },
    // V.250 section 6.3: calls
    "O" { number: online, test: none },
    "H" { number: hang_up, test: none },
    "L" { number: speaker, test: none, support: Answered },
    "M" { number: speaker, test: none, support: Answered },
    // 3GPP TS 27.007 section 5: general
    "+CGMI" { exec: manufacturer, test: ok },
    "+CGMM" { exec: model, test: ok },
    "+CGMR" { exec: revision, test: ok },
    "+CGSN" { exec: imei, test: ok },
    "+CSCS" { read: charset_read, write: charset, test: charset_test, support: Answered },
    "+CIMI" { exec: imsi, test: ok },
    "+CCID" { exec: iccid, read: iccid, test: ok },
    // section 7: network services
    "+CREG" { read: creg_read, write: creg, test: "+CREG: (0-2)" },
    "+COPS" { read: operator_read, write: operator, test: operator_test },
    // section 8: mobile termination control
    "+CFUN" { read: functionality_read, write: functionality, test: "+CFUN: (0,1,4),(0,1)" },
    "+CPIN" { read: pin_read, write: pin, test: ok, secret: (1, 2) },
    "+CSQ" { exec: signal, test: "+CSQ: (0-31,99),(0-7,99)" },
    "+CCLK" { read: clock_read, write: clock, test: ok },
    "+CMEE" { read: cmee_read, write: cmee, test: "+CMEE: (0-2)" },
    // section 10: packet domain
    "+CGDCONT" { read: contexts_read, write: define_context, test: contexts_test },
    "+CGATT" { read: attach_read, write: attach, test: "+CGATT: (0,1)" },
    "+CGACT" { read: activation_read, write: activation, test: "+CGACT: (0,1)" },
    "+CGPADDR" { exec: all_addresses, write: addresses, test: addresses_test },
    "+CGREG" { read: cgreg_read, write: cgreg, test: "+CGREG: (0-2)" },
    "+CEREG" { read: cereg_read, write: cereg, test: "+CEREG: (0-2)" },
    // 3GPP TS 27.005 section 3: short messages
    "+CSMS" { read: service_read, write: service, test: service_test, support: Answered },
    "+CPMS" { read: stores_read, write: stores, test: stores_test, support: Answered },
    "+CSCA" { read: centre_read, write: centre, test: ok, support: Answered },
};

/// Runs a base command; `None` where there is none of that name.
pub(super) fn run(cx: &mut Cx, call: &Call) -> Option<Reply> {
    maker::run(COMMANDS, &mut Base, cx, call)
}

/// The rows of the base table.
pub fn rows() -> Vec<Row> {
    maker::rows(COMMANDS)
}

/// The secrets of the base table.
pub fn secrets() -> impl Iterator<Item = (&'static str, &'static [Secret])> {
    maker::secrets(COMMANDS)
}

/// What is written, with what was there `before` in the place of a parameter that is left out (27.007 section 3.2),
/// and of those behind the last one, where the value is no `list`.
fn kept(written: &str, before: &str, list: bool) -> String {
    if written.trim().is_empty() {
        return before.to_owned();
    }
    let (before, mut value) = (ranges::split(before), ranges::split(written));
    for (i, part) in value.iter_mut().enumerate().filter(|(_, part)| part.is_empty()) {
        *part = before.get(i).copied().unwrap_or_default();
    }
    if !list {
        value.extend(before.into_iter().skip(value.len()));
    }
    value.join(",")
}

/// The values of plain commands: those of the port, which `&F` sets back, or those of the module.
fn values<'a>(cx: &'a mut Cx, of_the_port: bool) -> &'a mut BTreeMap<String, String> {
    let port = cx.port;
    if of_the_port { &mut cx.core.settings_mut(port).plain } else { &mut cx.core.plain }
}

/// Runs a plain command of the profile.
pub(super) fn plain(cx: &mut Cx, call: &Call) -> Option<Reply> {
    let profile = cx.profile.clone();
    let forms = profile.commands.get(&call.name)?.forms();
    let Some(lines) = forms.lines(&call.form) else { return Some(cx.error(profile.errors.form())) };
    if let Form::Write(value) = &call.form {
        // `=?` in one line tells what there is to write.
        let read = match forms.test.as_deref() {
            Some([told]) => ranges::read(told, value),
            _ => Ok((*value).to_owned()),
        };
        let value = match read {
            Ok(value) => value,
            Err(error) => return Some(cx.refuse(error)),
        };
        let before = values(cx, forms.resets).get(&call.name).or(forms.value.as_ref());
        let value = kept(&value, before.map_or("", String::as_str), forms.list);
        values(cx, forms.resets).insert(call.name.clone(), value);
    }
    let value =
        values(cx, forms.resets).get(&call.name).or(forms.value.as_ref()).cloned().unwrap_or_default();
    let filled = |line: &String, cx: &Cx| match line.contains("{time}") {
        true => line.replace("{time}", &cx.clock().utc()).replace("{value}", &value),
        false => line.replace("{value}", &value),
    };
    let outcome = forms.result.of(&call.form);
    // The last line ends an answer that has no result code.
    let (lines, last) = match (outcome, lines.split_last()) {
        (Outcome::None, Some((last, lines))) => (lines, Some(filled(last, cx))),
        _ => (lines, None),
    };
    for line in lines {
        let line = filled(line, cx);
        cx.line(&line);
    }
    for line in forms.then.of(&call.form) {
        let line = filled(line, cx);
        cx.core.urc_line(cx.port, &line);
    }
    Some(match outcome {
        Outcome::Ok if forms.delay.0.is_zero() => Reply::Ok,
        Outcome::Ok => {
            let at = cx.now + forms.delay.0;
            let port = cx.port;
            cx.timers.set(super::core::Timer::Plain(port), at);
            Reply::Pending
        }
        Outcome::Error => Reply::Error,
        Outcome::NoCarrier => Reply::NoCarrier,
        Outcome::Cme(n) => Reply::Cme(n),
        Outcome::Cms(n) => Reply::Cms(n),
        Outcome::None => last.map_or(Reply::Silent, Reply::Line),
    })
}
