//! 4.2.3 and 4.2.4: the options of a bearer.

use super::{GPRS, GSM};
use crate::at::Arguments;
use crate::at::octets::octets_of;
use crate::maker::wavecom::args::{self, Refusal};
use crate::maker::wavecom::code;
use crate::modem::{Cx, Reply};
use ::core::net::Ipv4Addr;
use std::collections::BTreeMap;

/// The options that differ from their default.
pub struct Options(BTreeMap<u8, String>);

/// What an option holds.
pub enum Kind {
    Text(usize),
    Number(i64, i64),
    Address,
}

impl Kind {
    fn holds(&self, value: &str) -> bool {
        match *self {
            Kind::Text(max) => octets_of(value).len() <= max,
            Kind::Number(least, most) => value.parse().is_ok_and(|n: i64| (least..=most).contains(&n)),
            Kind::Address => value.parse::<Ipv4Addr>().is_ok(),
        }
    }
}

pub const LOGIN: u8 = 0;
pub const PASSWORD: u8 = 1;
pub const PHONE: u8 = 2;
pub const APN: u8 = 11;
pub const CID: u8 = 12;
pub const ADDRESS: u8 = 15;
pub const DESTINATION: u8 = 16;
pub const DNS: [u8; 2] = [17, 18];

/// The longest login, and the longest password.
pub const NAME: usize = 64;

/// The options (4.2.3); 3 and 4 are reserved (4.2.7.1). The guide gives no defaults.
const OPTIONS: [(u8, Kind, &str); 19] = [
    (LOGIN, Kind::Text(NAME), ""),
    (PASSWORD, Kind::Text(NAME), ""),
    (PHONE, Kind::Text(32), ""),
    (5, Kind::Number(0, 65535), "0"),
    (6, Kind::Number(0, 1), "0"),
    (7, Kind::Number(0, 1), "1"),
    (8, Kind::Number(0, 1), "1"),
    (9, Kind::Number(0, 1), "1"),
    (10, Kind::Number(0, 1), "1"),
    (APN, Kind::Text(96), ""),
    (CID, Kind::Number(1, 4), "1"),
    (13, Kind::Number(0, 1), "0"),
    (14, Kind::Number(0, 1), "0"),
    (ADDRESS, Kind::Address, "0.0.0.0"),
    (DESTINATION, Kind::Address, "0.0.0.0"),
    (DNS[0], Kind::Address, "0.0.0.0"),
    (DNS[1], Kind::Address, "0.0.0.0"),
    (19, Kind::Number(0, 1), "1"),
    (20, Kind::Number(0, 1), "1"),
];

/// Where the options of a bearer are in the flash.
fn key_of(bid: u8) -> String {
    format!("wip.br.{bid}.")
}

/// The option in the third parameter.
///
/// # Errors
/// 800 where it is none.
pub fn typed(typed: &Arguments) -> Result<(u8, &'static Kind), Refusal> {
    let number: u8 = args::number(typed, 2, 0..=255, code::OPTION)?;
    let found = OPTIONS.iter().find(|(n, ..)| *n == number);
    found.map(|(n, kind, _)| (*n, kind)).ok_or(code::OPTION.into())
}

/// Keeps nothing for a bearer any more.
pub fn forget(cx: &mut Cx, bid: u8) {
    cx.lasting.flash.retain(|key, _| !key.starts_with(&key_of(bid)));
}

impl Options {
    /// 4.2.4: opening a bearer takes the options that were kept. A flash that somebody has written by hand
    /// may hold what is none.
    pub fn stored(cx: &Cx, bid: u8) -> Options {
        let kept = |(number, kind, _): &(u8, Kind, &str)| {
            let value = cx.lasting.flash.get(&format!("{}{number}", key_of(bid)))?;
            kind.holds(value).then(|| (*number, value.clone()))
        };
        Options(OPTIONS.iter().filter_map(kept).collect())
    }

    /// Keeps these in the place of what was kept.
    pub fn store(&self, cx: &mut Cx, bid: u8) {
        forget(cx, bid);
        for (option, value) in &self.0 {
            cx.lasting.flash.insert(format!("{}{option}", key_of(bid)), value.clone());
        }
    }

    /// The value of an option.
    pub fn get(&self, number: u8) -> &str {
        let default = OPTIONS.iter().find(|(n, ..)| *n == number).map_or("", |(_, _, default)| *default);
        self.0.get(&number).map_or(default, String::as_str)
    }

    /// 4.2.3: what the network gives cannot be set over GSM and GPRS.
    pub fn set(&mut self, bid: u8, arguments: &Arguments) -> Result<Reply, Refusal> {
        let (number, kind) = typed(arguments)?;
        let given = number == DESTINATION || DNS.contains(&number);
        if given && (bid == GSM || bid == GPRS) {
            return Err(code::WRONG_BEARER.into());
        }
        let value = match *kind {
            Kind::Text(max) => args::text::<4096>(arguments, 3, code::VALUE).and_then(|text| {
                if octets_of(&text).len() <= max { Ok(text) } else { Err(code::VALUE.into()) }
            })?,
            Kind::Number(least, most) => {
                args::number::<i64>(arguments, 3, least..=most, code::VALUE)?.to_string()
            }
            Kind::Address => {
                let text = args::text::<15>(arguments, 3, code::VALUE)?;
                text.parse::<Ipv4Addr>().map_err(|_| code::VALUE)?.to_string()
            }
        };
        self.0.insert(number, value);
        Ok(Reply::Ok)
    }
}
