//! Result codes: ITU-T V.250 table 1, with the extended ones of 3GPP TS 27.007 section 9 and 27.005, and what makers have
//! in their place.

use std::borrow::Cow;

/// A final, intermediate or unsolicited result code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResultCode {
    /// The command line was carried out.
    Ok,
    /// The data mode begins.
    Connect,
    /// `CONNECT` with what the maker writes behind it. Under `V0` it is the digit of CONNECT.
    ConnectText(String),
    /// A call comes in.
    Ring,
    /// The connection has ended, or could not be made.
    NoCarrier,
    /// The command line was not carried out.
    Error,
    /// `+CME ERROR`, 3GPP TS 27.007 section 9.2.
    Cme(u16),
    /// `+CMS ERROR`, 3GPP TS 27.005 section 3.2.5.
    Cms(u16),
    /// A code of the maker's in the place of OK: `SHUT OK`. V.250 has no number for it, so that `V0` leaves it its words, as
    /// it does the extended codes (section 5.7.3); `Q1` keeps it back.
    Own(&'static str),
    /// The last line of an answer that no result code ends, such as a bare address. It is information text, whatever `V` and
    /// `Q` say of result codes, and ends the answer all the same.
    Line(String),
}

impl ResultCode {
    /// The digits that `V0` prints; the extended codes have none and keep their text.
    pub fn digits(&self) -> Option<u8> {
        match self {
            ResultCode::Ok => Some(0),
            ResultCode::Connect | ResultCode::ConnectText(_) => Some(1),
            ResultCode::Ring => Some(2),
            ResultCode::NoCarrier => Some(3),
            ResultCode::Error => Some(4),
            ResultCode::Cme(_) | ResultCode::Cms(_) | ResultCode::Own(_) | ResultCode::Line(_) => None,
        }
    }

    /// Whether a line, as it is called under `V1`, ends an answer.
    pub fn is_final(line: &str) -> bool {
        matches!(line, "OK" | "ERROR" | "NO CARRIER" | "CONNECT" | "BUSY" | "NO ANSWER" | "NO DIALTONE")
            || line.starts_with("+CME ERROR:")
            || line.starts_with("+CMS ERROR:")
    }

    /// Whether a line can be taken for a result code: one of V.250 table 1, CONNECT with its text, or an extended one, in
    /// capitals or not.
    pub fn looks_like(line: &str) -> bool {
        let line = line.trim().to_ascii_uppercase();
        let line = line.as_str();
        let with_text =
            line.strip_prefix("CONNECT ").is_some_and(|text| text.starts_with(|c: char| c.is_ascii_digit()));
        ResultCode::is_final(line)
            || with_text
            || matches!(line, "RING" | "NO DIAL TONE")
            || ["+CME ERROR", "+CMS ERROR"].iter().any(|name| line.starts_with(name))
    }

    /// Whether a line is the digit of a result code, as `V0` prints them.
    pub fn is_digit(line: &str) -> bool {
        matches!(line.trim(), "0" | "1" | "2" | "3" | "4" | "6" | "7" | "8")
    }

    /// The words that `V1` prints, where the code has no number of its own.
    pub fn words(&self) -> Option<Cow<'static, str>> {
        let words = match self {
            ResultCode::Ok => "OK",
            ResultCode::Connect => "CONNECT",
            ResultCode::ConnectText(text) => return Some(format!("CONNECT {text}").into()),
            ResultCode::Ring => "RING",
            ResultCode::NoCarrier => "NO CARRIER",
            ResultCode::Error => "ERROR",
            ResultCode::Own(words) => words,
            ResultCode::Cme(_) | ResultCode::Cms(_) | ResultCode::Line(_) => return None,
        };
        Some(words.into())
    }
}

impl std::fmt::Display for ResultCode {
    /// As it is called under `V1`, an extended one by its number.
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            ResultCode::Cme(n) => write!(f, "+CME ERROR: {n}"),
            ResultCode::Cms(n) => write!(f, "+CMS ERROR: {n}"),
            ResultCode::Line(line) => f.write_str(line),
            code => f.write_str(&code.words().unwrap_or_default()),
        }
    }
}

/// The texts that `+CMEE=2` prints, from 3GPP TS 27.007 section 9.2; a profile adds its own.
pub const CME_TEXTS: &[(u16, &str)] = &[
    (0, "phone failure"),
    (1, "no connection to phone"),
    (2, "phone-adaptor link reserved"),
    (3, "operation not allowed"),
    (4, "operation not supported"),
    (5, "PH-SIM PIN required"),
    (10, "SIM not inserted"),
    (11, "SIM PIN required"),
    (12, "SIM PUK required"),
    (13, "SIM failure"),
    (14, "SIM busy"),
    (15, "SIM wrong"),
    (16, "incorrect password"),
    (17, "SIM PIN2 required"),
    (18, "SIM PUK2 required"),
    (20, "memory full"),
    (21, "invalid index"),
    (22, "not found"),
    (23, "memory failure"),
    (24, "text string too long"),
    (25, "invalid characters in text string"),
    (26, "dial string too long"),
    (27, "invalid characters in dial string"),
    (30, "no network service"),
    (31, "network timeout"),
    (32, "network not allowed - emergency calls only"),
    (50, "incorrect parameters"),
    (100, "unknown"),
    (103, "illegal MS"),
    (106, "illegal ME"),
    (107, "GPRS services not allowed"),
    (111, "PLMN not allowed"),
    (112, "location area not allowed"),
    (113, "roaming not allowed in this location area"),
    (132, "service option not supported"),
    (133, "requested service option not subscribed"),
    (134, "service option temporarily out of order"),
    (148, "unspecified GPRS error"),
    (149, "PDP authentication failure"),
    (150, "invalid mobile class"),
];
