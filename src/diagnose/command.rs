//! Commands and lines by what they do: which open, close, reset, carry data, and what ends an answer.

use super::port::Asked;
use super::scenario::{Proposed, quoted};
use crate::at::ResultCode;
use crate::transcript::hole::HoleKind;
use crate::transcript::text::{Part, Pattern};

/// The rules that put a line into what a command is answered, at one of these places.
pub(super) fn interjections(asked: &Asked, line: &str, skips: &[usize], more: usize) -> Vec<Vec<Proposed>> {
    let text = quoted(&format!("\r\n{line}\r\n"));
    let at =
        |skip: &usize| vec![Proposed::of(asked, None, format!("interject = {text}, skip = {}", skip + more))];
    skips.iter().map(at).collect()
}

/// Whether a line ends the answer to a command.
pub(super) fn is_result(line: &str, command: &str) -> bool {
    let connect = line.starts_with("CONNECT") && !line.starts_with("CONNECT FAIL");
    let numeric = matches!(line, "0" | "1" | "3" | "4");
    ResultCode::is_final(line)
        || (connect
            && !command.to_ascii_uppercase().contains("CIPSTART")
            && !command.to_ascii_uppercase().contains("QIOPEN"))
        || numeric
        || matches!(line, "SHUT OK" | "CLOSE OK" | "DEACT OK" | "SEND OK" | "SEND FAIL" | "DOWNLOAD")
        || line.ends_with(", CLOSE OK")
        || line.ends_with(", SEND OK")
        || line.ends_with(", SEND FAIL")
        || line.starts_with("DATA ACCEPT:")
        || line.parse::<core::net::Ipv4Addr>().is_ok()
}

/// Whether a report belongs to a command that is open.
pub(super) fn outcome_of(line: &str, names: &[String]) -> bool {
    names.iter().any(|name| line.starts_with(name.as_str()))
}

/// Commands whose answer is a block of data behind its length.
pub(super) fn brings_data(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    let kept = upper.contains("+FTPEXTGET") && upper.contains('"');
    !(upper.ends_with('?') || kept || takes_payload(text))
}

/// Commands whose answer is data without a length.
pub(super) fn reads(name: &str) -> bool {
    matches!(name, "+FSREAD" | "+CFSRFILE" | "+QFREAD" | "+QFDWL")
}

/// Commands behind which registration or bearers may go.
pub(super) fn unsettles(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "+CFUN", "+CGATT", "+CGACT", "+CPIN", "+QIDEACT", "+CIPSHUT", "+COPS", "+CPOWD", "+QPOWD", "+CRESET",
        "+CREBOOT",
    ];
    NAMES.contains(&name)
}

/// Commands that change what is told unasked.
pub(super) fn changes(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "+CFUN", "+CGATT", "+SAPBR", "+CNACT", "+CGACT", "+CPIN", "+QIDEACT", "+QIACT", "+CIPSHUT",
        "+MIPCALL", "+COPS", "+CPOWD", "+QPOWD", "+CREG", "+CGREG", "+CEREG", "+CLTS", "+CNMI", "+CRESET",
    ];
    NAMES.contains(&name) || name.starts_with("+WIP") || name.starts_with("+CIP")
}

pub(super) fn resets(upper: &str) -> bool {
    const WORDS: &[&str] =
        &["+CFUN", "+CPOWD", "+QPOWD", "+CPOF", "+CPWROFF", "+CRESET", "+CREBOOT", "+TRB", "+MYRESET"];
    WORDS.iter().any(|word| upper.contains(word))
}

/// Commands to which the manuals give minutes.
pub(super) fn slow(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "+COPS", "+CFUN", "+CGATT", "+SAPBR", "+CNACT", "+CGACT", "+QIACT", "+MIPCALL", "+CIICR", "+WIPBR",
        "+CMGS", "D", "+CIPSHUT", "+QIDEACT", "+CUSD",
    ];
    NAMES.contains(&name)
}

/// Commands that are answered with an address and no OK.
pub(super) fn bare(name: &str) -> bool {
    matches!(name, "+CIFSR" | "+QILOCIP")
}

/// Commands whose payload the host types behind an announcement or a prompt.
pub(super) fn takes_payload(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    const BEGIN: &[&str] = &[
        "AT+FTPPUT=2",
        "AT+FTPPUT=\"",
        "AT+FTPSTOR",
        "AT+CIPSEND",
        "AT+QISEND",
        "AT+CASEND",
        "AT+MIPSEND",
        "AT+CMGS",
        "AT+CMGW",
        "AT+SMPUB",
    ];
    BEGIN.iter().any(|begin| upper.starts_with(begin)) && !upper.starts_with("AT+FTPPUT=2,0")
}

pub(super) fn opens_bearer(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    const PARTS: &[&str] = &["+SAPBR=1,", "+MIPCALL=1", "+WIPBR=4,", "+QIACT", "+CIICR", "+CGACT=1"];
    PARTS.iter().any(|part| upper.contains(part) && !upper.ends_with('?'))
        || (upper.contains("+CNACT=") && upper.ends_with(",1"))
}

pub(super) fn closes_bearer(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    const PARTS: &[&str] =
        &["+SAPBR=0,", "+MIPCALL=0", "+WIPBR=5,", "+QIDEACT", "+CIPSHUT", "+CGACT=0", "+CGATT=0"];
    PARTS.iter().any(|part| upper.contains(part)) || (upper.contains("+CNACT=") && upper.ends_with(",0"))
}

pub(super) fn opens_session(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    const BEGIN: &[&str] = &["AT+QFTPOPEN=", "AT+FTPOPEN=", "AT+WIPCREATE=4", "AT+HTTPINIT"];
    BEGIN.iter().any(|begin| upper.starts_with(begin)) && !upper.ends_with('?')
}

pub(super) fn closes_session(name: &str) -> bool {
    matches!(name, "+QFTPCLOSE" | "+FTPCLOSE" | "+WIPCLOSE" | "+HTTPTERM")
}

/// Data without its DLEs and its ETX (WIPsoft guide, section 5.2).
pub(super) fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        rest = match rest {
            [0x10, next @ (0x03 | 0x10), more @ ..] => {
                out.push(*next);
                more
            }
            [0x03, more @ ..] => more,
            [byte, more @ ..] => {
                out.push(*byte);
                more
            }
            [] => return out,
        };
    }
}

/// A pattern as text; what varies in it is gone.
pub(super) fn text(pattern: &Pattern) -> String {
    String::from_utf8_lossy(&bytes(pattern)).into_owned()
}

pub(super) fn bytes(pattern: &Pattern) -> Vec<u8> {
    let mut out = vec![];
    for part in &pattern.parts {
        match part {
            Part::Literal(bytes) => out.extend_from_slice(bytes),
            Part::Hole(hole) => match (hole.length, hole.kind) {
                (Some(length), _) => out.resize(out.len() + length, b'?'),
                (None, HoleKind::Ip) => out.extend(b"192.0.2.1"),
                (None, HoleKind::Int | HoleKind::Hex) => out.extend(b"1"),
                (None, HoleKind::Clock) => out.extend(b"26/01/01,00:00:00+00"),
                (None, HoleKind::Date) => out.extend(b"20260101000000"),
                (None, HoleKind::Any | HoleKind::Word | HoleKind::Listed) => {}
            },
        }
    }
    out
}
