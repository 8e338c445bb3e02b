//! profile: profiles/*.toml -> typed values, all validation.
//!
//! A profile is one module's personality: identity, power-on lines, plain commands, timings, limits,
//! error numbers and the timing of unsolicited result codes. What needs an `if` is Rust, in `maker`.

pub mod keys;
mod load;
pub mod mistake;
mod or_none;
pub mod place;
mod plain;
mod usable;

pub use load::{Find, Library, load, wrong_in};
pub use plain::{ByForm, Forms, Outcome, Plain, Results};

use crate::at::Form;
use crate::time::Calendar;
use crate::time::units::Span;
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

/// One module's personality, whole: `extends` resolved, every default filled in.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The profile's own name: its file name without `.toml`.
    #[serde(skip)]
    pub name: String,
    /// The profile that this one changes.
    #[serde(default)]
    pub extends: Option<String>,
    /// The behaviour in Rust: `simcom`, `quectel`, `fibocom` or `wavecom`.
    pub vendor: String,
    /// One line for `badline list profiles`.
    #[serde(default)]
    pub summary: String,
    /// The document that the profile follows, with its version.
    #[serde(default)]
    pub document: String,
    /// Who the module says it is.
    pub identity: Identity,
    /// The serial line.
    #[serde(default)]
    pub serial: Serial,
    /// Which error a wrong command gets.
    #[serde(default)]
    pub errors: Errors,
    /// Texts of `+CME ERROR` numbers for `+CMEE=2`, beside those of 3GPP TS 27.007.
    #[serde(default, deserialize_with = "numbered")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub cme: BTreeMap<u16, String>,
    /// Texts of `+CMS ERROR` numbers for `+CMEE=2`.
    #[serde(default, deserialize_with = "numbered")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub cms: BTreeMap<u16, String>,
    /// How long a reset takes, from the result code of the command that asks for it: what the host sends meanwhile is
    /// lost, and the module says nothing.
    #[serde(default = "default_reset")]
    pub reset_takes: Span,
    /// The lines printed at power-on.
    #[serde(default)]
    pub power_on: Vec<PowerOn>,
    /// Commands that this module lacks, though others of its maker, or most modules, have them.
    #[serde(default)]
    pub absent: Vec<String>,
    /// The SIM in the slot.
    #[serde(default)]
    pub sim: Sim,
    /// Short messages.
    #[serde(default)]
    pub messages: Messages,
    /// The radio network as it is at power-on.
    #[serde(default)]
    pub radio: Radio,
    /// PDP contexts.
    #[serde(default)]
    pub bearer: Bearer,
    /// When unsolicited result codes are printed, by the name they begin with.
    #[serde(default)]
    pub urc: BTreeMap<String, Urc>,
    /// Plain commands: what is asked and what is answered.
    #[serde(default)]
    pub commands: BTreeMap<String, Plain>,
    /// The maker's own values; each maker's file declares their names and types.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub settings: toml::Table,
}

/// TOML's keys are text.
fn numbered<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<u16, String>, D::Error> {
    let number = |(key, text): (String, String)| match key.parse() {
        Ok(number) => Ok((number, text)),
        Err(_) => Err(D::Error::custom(format!("`{key}` is no error number (0 to 65535)"))),
    };
    BTreeMap::<String, String>::deserialize(from)?.into_iter().map(number).collect()
}

/// Who the module says it is (3GPP TS 27.007 section 5).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// `+CGMI`.
    pub manufacturer: String,
    /// `+CGMM`.
    pub model: String,
    /// `+CGMR`.
    pub revision: String,
    /// What stands before the revision where it is asked for.
    #[serde(default)]
    pub revision_label: String,
    /// `+CGSN`: the IMEI.
    pub imei: String,
    /// The lines that `ATI` prints; manufacturer, model and revision where it is empty.
    #[serde(default)]
    pub information: Vec<String>,
    /// What `AT+GCAP` lists after its colon.
    #[serde(default = "default_gcap")]
    pub capabilities: String,
}

fn default_reset() -> Span {
    Span(Duration::from_secs(3))
}

fn default_gcap() -> String {
    "+CGSM".into()
}

/// What ends a command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LineEnd {
    /// The character in S3 (CR).
    #[default]
    S3,
    /// The character in S3, or LF.
    S3OrLf,
}

/// The serial line.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Serial {
    /// `+IPR` at power-on, in bit/s; 0 has the module find out the host's.
    pub baud: u32,
    /// What ends a command line.
    pub line_end: LineEnd,
    /// The longest command line, in octets; a longer one is an ERROR.
    pub line_max: usize,
    /// Whether the module echoes at power-on (`ATE`).
    pub echo: bool,
    /// `+CMEE` at power-on.
    pub cmee: u8,
    /// What stands between a command's name and its values: `": "` or `":"`.
    pub separator: String,
    /// `&C` at power-on: 0 DCD always on, 1 DCD follows the connection.
    pub dcd: u8,
    /// `&D` at power-on.
    pub dtr: u8,
    /// Whether `+++` leaves data mode: the guard time in S12 (1/50 s) at power-on.
    pub guard: u8,
}

impl Default for Serial {
    fn default() -> Self {
        Serial {
            baud: 0,
            line_end: LineEnd::S3,
            line_max: 4096,
            echo: true,
            cmee: 0,
            separator: ": ".into(),
            dcd: 1,
            dtr: 1,
            guard: 50,
        }
    }
}

/// The answer to a wrong command: the plain result code, or a `+CME ERROR` number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub enum ErrorCode {
    /// `ERROR`.
    #[default]
    #[schemars(skip)]
    Plain,
    /// `+CME ERROR: n`, or `ERROR` under `+CMEE=0`.
    Cme(u16),
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        u16::deserialize(from).map(ErrorCode::Cme)
    }
}

/// Which error a wrong command gets; plain `ERROR` where nothing is said.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Errors {
    /// A command that the module does not know.
    pub unknown: ErrorCode,
    /// A form that the command does not have (`AT+X?` where it cannot be read); as `syntax` where
    /// nothing is said.
    pub form: Option<ErrorCode>,
    /// Arguments that cannot be read, or have the wrong type.
    pub syntax: ErrorCode,
    /// A mandatory argument is missing.
    pub missing: ErrorCode,
    /// Too many arguments.
    pub extra: ErrorCode,
    /// A number outside its range.
    pub range: ErrorCode,
    /// A string over its length.
    pub too_long: ErrorCode,
    /// A command that is right, and that the module cannot carry out in the state it is in.
    pub state: ErrorCode,
    /// A command that stores something, where the module's flash cannot be written.
    pub store: ErrorCode,
}

impl Errors {
    /// The error for a form that the command does not have.
    pub fn form(&self) -> ErrorCode {
        self.form.unwrap_or(self.syntax)
    }
}

/// Which SIM a line printed at power-on asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PowerOnSim {
    /// Any, or none.
    #[default]
    Any,
    /// One that asks for no PIN any more: said once the PIN was entered.
    Ready,
    /// An empty slot.
    Absent,
}

/// A line printed at power-on.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PowerOn {
    /// The line; `{cpin}` is the SIM's state as `+CPIN?` tells it, `{cfun}` the number that `+CFUN?` tells.
    pub line: String,
    /// Time since power-on.
    #[serde(default)]
    pub after: Span,
    /// The SIM that it takes.
    #[serde(default)]
    pub sim: PowerOnSim,
}

/// The SIM in the slot.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sim {
    /// Whether a SIM is in the slot.
    pub present: bool,
    /// `+CIMI`.
    pub imsi: String,
    /// The card's number.
    pub iccid: String,
    /// What `+CCID` prints; `{iccid}` is the card's number.
    pub ccid: String,
    /// The PIN, where one is asked for.
    pub pin: Option<String>,
    /// The PUK that unblocks it.
    pub puk: String,
    /// Whether `+CPIN?` is followed by OK.
    pub cpin_ok: bool,
    /// Commands refused until the PIN is entered, by the beginning of their names.
    pub guards: Vec<String>,
}

impl Default for Sim {
    fn default() -> Self {
        Sim {
            present: true,
            imsi: "001010123456789".into(),
            iccid: "8988211000000000001".into(),
            ccid: "{iccid}".into(),
            pin: None,
            puk: "12345678".into(),
            cpin_ok: true,
            guards: vec![],
        }
    }
}

/// Short messages (3GPP TS 27.005).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Messages {
    /// `+CSMS`: the services to choose from; the first is chosen at power-on.
    pub services: Vec<u8>,
    /// `+CPMS`: the stores to choose from; the first is chosen at power-on.
    pub stores: Vec<Store>,
    /// `+CSCA`: the number of the service centre that the SIM knows.
    pub centre: String,
}

/// A store of messages.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// `SM` on the SIM, `ME` in the module, `MT` both.
    pub name: String,
    /// How many messages it holds.
    pub size: u16,
}

impl Default for Messages {
    fn default() -> Self {
        let store = |name: &str, size| Store { name: name.into(), size };
        Messages {
            services: vec![0, 1],
            stores: vec![store("SM", 30), store("ME", 30)],
            centre: "+15555550100".into(),
        }
    }
}

/// The radio network as it is at power-on.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Radio {
    /// `+CSQ`: signal strength.
    pub rssi: u8,
    /// `+CSQ`: bit error rate.
    pub ber: u8,
    /// `+COPS`: the operator's long name.
    pub operator: String,
    /// `+COPS`: the operator's number.
    pub operator_number: String,
    /// `+COPS`: access technology (3GPP TS 27.007 section 7.3); none is printed where it is absent or `"none"`.
    #[serde(deserialize_with = "or_none::number")]
    #[schemars(with = "or_none::OrNone")]
    pub technology: Option<u8>,
    /// Location area and cell, as `+CREG=2` prints them.
    pub area: String,
    /// See `area`.
    pub cell: String,
    /// Registration status once registered: 1 home, 5 roaming.
    pub status: u8,
    /// Whether `+CFUN=1` resets the module where the host does not say (`+CFUN=1,0`).
    pub full_resets: bool,
    /// From power-on, or `+CFUN=1`, to registration.
    pub registers_after: Span,
    /// From `+CGATT=1` to the attachment to the packet domain.
    pub attaches_after: Span,
    /// How long the module waits for that.
    pub attaches_within: Span,
    /// From `+CGATT=0` to the detachment.
    pub detaches_after: Span,
    /// From the end of an operation to the unsolicited result code that tells of it: the way over the radio and
    /// back, and the module's own time.
    pub round_trip: Span,
    /// `+CCLK` at power-on: `yy/MM/dd,hh:mm:ss±zz`.
    pub clock: Calendar,
}

impl Default for Radio {
    fn default() -> Self {
        Radio {
            rssi: 27,
            ber: 99,
            operator: "Badline".into(),
            operator_number: "00101".into(),
            technology: None,
            area: "00C3".into(),
            cell: "1A2D".into(),
            status: 1,
            full_resets: false,
            registers_after: Span::default(),
            attaches_after: Span::default(),
            attaches_within: Span(Duration::from_secs(75)),
            detaches_after: Span::default(),
            round_trip: Span(Duration::from_millis(450)),
            clock: Calendar::default(),
        }
    }
}

impl Radio {
    /// Whether the network does not answer in time to a module that wants to be attached.
    pub fn is_silent(&self) -> bool {
        self.attaches_after.0 > self.attaches_within.0
    }
}

/// PDP contexts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bearer {
    /// The address that the first context gets.
    pub address: core::net::Ipv4Addr,
    /// The access point name that the network gives on its own.
    pub apn: String,
    /// From the request to the activation.
    pub activates_after: Span,
    /// How long the module waits for that.
    pub activates_within: Span,
    /// From the request to the deactivation.
    pub deactivates_after: Span,
    /// The highest context identifier.
    pub contexts: u8,
    /// How many fields `+CGDCONT?` prints of each: 6, 7 with the way to its IPv4 address, 8 with whether it is for
    /// emergency calls, too (3GPP TS 27.007 section 10.1.1).
    pub context_fields: u8,
    /// The first and second name server, as the module tells them.
    pub dns: [core::net::Ipv4Addr; 2],
    /// Payload octets of one TCP segment on the link.
    pub segment: u16,
}

impl Bearer {
    /// Whether the network does not answer in time to a request for a context.
    pub fn is_silent(&self) -> bool {
        self.activates_after.0 > self.activates_within.0
    }
}

impl Default for Bearer {
    fn default() -> Self {
        Bearer {
            address: core::net::Ipv4Addr::new(10, 94, 36, 44),
            apn: "badline".into(),
            activates_after: Span::default(),
            activates_within: Span(Duration::from_secs(150)),
            deactivates_after: Span::default(),
            contexts: 16,
            context_fields: 6,
            dns: [core::net::Ipv4Addr::new(10, 94, 0, 1), core::net::Ipv4Addr::new(10, 94, 0, 2)],
            segment: 1460,
        }
    }
}

/// When an unsolicited result code is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UrcWhen {
    /// In a write of its own, after the final result code.
    #[default]
    After,
    /// In a write of its own, as soon as it is due: also while a command waits for its answer.
    AtOnce,
    /// In the write of the final result code, behind it.
    WithResult,
    /// In the write of the final result code, before it.
    BeforeResult,
    /// Never.
    Never,
}

/// The timing of an unsolicited result code.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Urc {
    /// Its place beside a result code that is due.
    pub when: UrcWhen,
    /// How long after its cause; where nothing is said, `radio.round_trip` for one that ends an operation,
    /// and no time for any other.
    pub delay: Option<Span>,
    /// What stands between its name and its values, where that differs from `serial.separator`; in information
    /// text of that name, too.
    pub separator: Option<String>,
}

impl Urc {
    /// A line as `[urc]` knows it: one blank behind the colon of its name, whatever is printed there.
    pub fn line(line: &str) -> Cow<'_, str> {
        match line.split_once(':') {
            Some((name, values)) => {
                let (name, values) = (name.trim_end(), values.trim_start());
                Cow::Owned(if values.is_empty() { format!("{name}:") } else { format!("{name}: {values}") })
            }
            None => Cow::Borrowed(line),
        }
    }
}

impl Profile {
    /// The lines that end an answer which has no result code, with `*` for what differs.
    pub fn codes(&self) -> Vec<String> {
        let pin = (!self.sim.cpin_ok).then(|| "+CPIN: *".to_owned());
        let plain = self.commands.values().map(Plain::forms).flat_map(|forms| {
            let silent = |(outcome, lines): (Outcome, Option<Vec<String>>)| {
                lines.filter(|_| outcome == Outcome::None).and_then(|mut lines| lines.pop())
            };
            let of_form = [
                (forms.result.of(&Form::Exec), forms.exec),
                (forms.result.of(&Form::Read), forms.read),
                (forms.result.of(&Form::Test), forms.test),
                (forms.result.of(&Form::Write("")), forms.write),
            ];
            of_form.into_iter().filter_map(silent)
        });
        plain.chain(pin).map(|line| open(&line)).collect()
    }

    /// The lines that the profile has the module say unasked, with `*` for what differs: those of power-on, those
    /// behind results, and those that its settings word.
    pub fn urcs(&self) -> Vec<String> {
        let power_on = self.power_on.iter().map(|line| line.line.clone());
        let behind = self.commands.values().flat_map(|plain| {
            let then = plain.forms().then;
            [then.exec, then.read, then.test, then.write].concat()
        });
        let mut lines: Vec<String> = power_on.chain(behind).collect();
        texts(&toml::Value::Table(self.settings.clone()), &mut lines);
        // What could be anything says nothing of what can be.
        lines.iter().map(|line| open(line)).filter(|line| !line.trim_matches('*').is_empty()).collect()
    }
}

/// Every text in a value.
fn texts(value: &toml::Value, found: &mut Vec<String>) {
    match value {
        toml::Value::String(text) => found.push(text.clone()),
        toml::Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        toml::Value::Table(table) => table.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

/// A line with `*` in the place of each `{...}`.
fn open(line: &str) -> String {
    let mut parts = line.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |line, part| format!("{line}*{}", part.split_once('}').map_or("", |(_, rest)| rest)))
}
