//! Octets that are no line, and lines of services beside FTP.

use super::World;
use super::kind::Code;
use super::line::answer;
use super::port::Asked;
use super::scenario::Proposed;
use std::time::Duration;

/// Whether octets are text.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_ok_and(|t| t.chars().all(|c| !c.is_control() || matches!(c, '\r' | '\n' | '\t')))
}

/// Octets came in command mode where a line was due.
pub(super) fn judge(world: &mut World, bytes: &[u8], asked: Option<&Asked>) {
    let body: Vec<u8> = bytes.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
    if body.is_empty() {
        return;
    }
    let printable = |b: &u8| (b' '..=b'~').contains(b);
    let plain = body.iter().filter(|b| printable(b)).count();
    let stripped: Vec<u8> = body.iter().map(|b| b & 0x7f).collect();
    let high = body.iter().any(|b| *b >= 0x80);
    let count = body.len();
    if high && stripped.iter().all(printable) && count >= 2 {
        let text = String::from_utf8_lossy(&stripped).into_owned();
        let sentence = format!("{count} octets are text with bit 7 set: `{text}`");
        return world.find(world.line, Code::ParityDamage, sentence, vec![]);
    }
    let faults = |what: String| {
        let wait = |a: &Asked| Some(world.now.saturating_sub(a.at));
        asked.map(|a| vec![vec![Proposed::of(a, wait(a), what)]]).unwrap_or_default()
    };
    if plain * 3 < count * 2 {
        let faults = faults(format!("noise = {count}"));
        let sentence = format!("{count} octets that are no text");
        return world.find(world.line, Code::Garbage, sentence, faults);
    }
    if !is_text(bytes) || nearly_a_result(&String::from_utf8_lossy(&body)) {
        let text = String::from_utf8_lossy(&body).into_owned();
        let sentence = format!("`{}` is no whole line", text.escape_debug());
        world.find(world.line, Code::DamagedAnswer, sentence, vec![]);
    }
}

/// Whether text is a result code but for one octet: another, one more or one less.
pub(super) fn nearly_a_result(text: &str) -> bool {
    ["OK", "ERROR"].iter().any(|result| text.len() <= 6 && strsim::levenshtein(text, result) == 1)
}

/// What sockets, HTTP and MQTT tell unasked.
pub(super) fn service(world: &mut World, line: &str, asked: Option<&Asked>) {
    let line_number = world.line;
    let value = line.split_once(':').map(|(_, v)| v.trim()).unwrap_or_default();
    let fields: Vec<&str> = value.split(',').map(str::trim).collect();
    let number = |place: usize| fields.get(place).and_then(|n| n.parse::<u32>().ok());
    let told = match line.split(':').next().unwrap_or_default() {
        "+HTTPACTION" => number(1).filter(|n| *n >= 400).map(|n| (Code::HttpFailed, status(n))),
        "+SHREQ" => number(1).filter(|n| *n >= 400).map(|n| (Code::HttpFailed, status(n))),
        "+QMTSTAT" => Some((Code::MqttLost, "the session is closed".to_owned())),
        "+QMTOPEN" | "+QMTCONN" => number(1)
            .filter(|n| *n != 0)
            .or_else(|| number(2).filter(|n| *n != 0))
            .map(|n| (Code::MqttLost, format!("result {n}"))),
        "+CAOPEN" => number(1).filter(|n| *n != 0).map(|n| {
            let words = match n {
                20 => "the name cannot be resolved",
                21 => "the network is not active",
                23 => "the connection was refused",
                27 => "the connection failed",
                _ => "the socket failed",
            };
            (if n == 20 { Code::NameFailed } else { Code::ConnectFailed }, words.to_owned())
        }),
        "+MIPOPEN" => {
            number(1).filter(|n| *n == 0).map(|_| (Code::ConnectFailed, "the socket was not opened".into()))
        }
        "+CDNSGIP" => {
            number(0).filter(|n| *n == 0).map(|_| (Code::NameFailed, "the name was not found".into()))
        }
        _ if line == "CONNECT FAIL" || line.ends_with(", CONNECT FAIL") => {
            Some((Code::ConnectFailed, "the connection failed".to_owned()))
        }
        _ if line.ends_with("ALREADY CONNECT") => {
            Some((Code::SessionLeftOpen, "the connection of before was never closed".to_owned()))
        }
        _ if line == "CLOSED" || line.ends_with(", CLOSED") => {
            Some((Code::ServerClosed, "the far end closed the connection".to_owned()))
        }
        _ if line == "SEND FAIL" || line.ends_with(", SEND FAIL") => {
            Some((Code::TransferBroken, "what was sent did not arrive".to_owned()))
        }
        _ => None,
    };
    if let Some((code, words)) = told {
        let late = asked.map(|a| world.now.saturating_sub(a.at)).unwrap_or(Duration::ZERO);
        let say = asked
            .map(|a| vec![Proposed::of(a, Some(late), format!("say = {}", super::scenario::quoted(line)))]);
        let faults = say.into_iter().chain(asked.map(|a| answer(a, &["OK", line]))).collect();
        world.find(line_number, code, format!("`{line}`: {words}"), faults);
    }
}

fn status(n: u32) -> String {
    match n {
        601 => "network error".into(),
        603 => "the name was not found".into(),
        604 => "the stack is busy".into(),
        600.. => format!("the module's own {n}"),
        500.. => format!("the server's fault, {n}"),
        _ => format!("the request was refused, {n}"),
    }
}
