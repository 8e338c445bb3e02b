//! The trace for a person.

use super::{Circuit, Event, Record};
use crate::at::visible;
use crate::fault::Way;
use crate::modem::Origin;

/// How much a person wants to know to be told of an event; each holds those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// What nobody should miss: commands that the module does not know, faults that are applied.
    Alarm,
    /// Commands, results, unsolicited result codes, the FTP dialogue, names and calls, states, faults.
    Dialogue,
    /// The octets of the serial line, its circuits, and what moves on connections.
    Bytes,
}

impl Event {
    /// From which detail on it is told.
    pub fn detail(&self) -> Detail {
        match self {
            Event::Command { known: false, .. } | Event::FaultApplied { .. } => Detail::Alarm,
            Event::Serial { .. }
            | Event::Line { .. }
            | Event::Baud { .. }
            | Event::LinkOpened { .. }
            | Event::Segment { .. }
            | Event::Datagram { .. }
            | Event::Fin { .. }
            | Event::Rst { .. } => Detail::Bytes,
            _ => Detail::Dialogue,
        }
    }
}

/// The words that tell where something happened.
pub const KINDS: &[&str] = &[
    "run", "serial", "command", "result", "urc", "state", "line", "port", "fault", "expect", "note", "name",
    "call", "ftp", "link",
];

/// Where something happened, one of [`KINDS`].
pub fn kind(what: &Event) -> &'static str {
    event(what).0
}

/// A record as one line: the modem's time in seconds, where it happened, what happened.
pub fn show(record: &Record) -> String {
    let (seconds, micros) = (record.t / 1_000_000, record.t % 1_000_000);
    line(&format!("{seconds:>6}.{micros:06}"), record)
}

/// The same with the time on the wall (UTC) in place of the modem's; with neither where it has none.
pub fn show_wall(record: &Record) -> String {
    line(&record.wall.map_or_else(|| format!("{:27}", "-"), utc), record)
}

/// Microseconds since 1970 as ISO 8601 has it.
fn utc(wall: u64) -> String {
    let (seconds, micros) = (wall / 1_000_000, wall % 1_000_000);
    let (mut day, second) = (seconds / 86_400, seconds % 86_400);
    let mut year = 1970;
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = |year| if leap(year) { 366 } else { 365 };
    // Not beyond what a file can say by mistake.
    while day >= days(year) && year < 9999 {
        day -= days(year);
        year += 1;
    }
    let months = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while month < 11 && day >= months[month] {
        day -= months[month];
        month += 1;
    }
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z", month + 1, day + 1)
}

fn line(time: &str, record: &Record) -> String {
    let (place, what) = event(&record.event);
    let mut line = format!("{time}  {place:<8} ");
    // What a server or a host said must not move the reader's cursor.
    line.push_str(&visible(&what));
    line
}

fn event(event: &Event) -> (&'static str, String) {
    let port = |port: &usize| if *port == 1 { String::new() } else { format!(" (port {port})") };
    match event {
        Event::Start { version, profile, scenario, seed } => {
            let scenario = scenario.as_ref().map_or(String::new(), |s| format!(", scenario {s}"));
            ("run", format!("badline {version}, profile {profile}{scenario}, seed {seed}"))
        }
        Event::Serial { port: p, way, bytes } => {
            ("serial", format!("{} {}{}", arrow(way), bytes.0.escape_ascii(), port(p)))
        }
        Event::CommandLine { port: p, line, .. } => ("command", format!("{line}{}", port(p))),
        Event::Command { port: p, name, form, known } => {
            let unknown = if *known { "" } else { ", which the module does not know" };
            ("command", format!("  {name} ({form}){unknown}{}", port(p)))
        }
        Event::Result { port: p, text, cause: None, from } => {
            ("result", format!("{text}{}{}", port(p), origin(*from)))
        }
        Event::Result { port: p, text, cause: Some(cause), from } => {
            let text = if text.is_empty() { "nothing" } else { text };
            ("result", format!("{text}, which stands for {cause}{}{}", port(p), origin(*from)))
        }
        Event::Urc { port: p, line, from } => ("urc", format!("{line}{}{}", port(p), origin(*from))),
        Event::State { state, .. } => ("state", state.clone()),
        Event::Line { port: p, line, on } => {
            let name = match line {
                Circuit::Dtr => "DTR",
                Circuit::Dcd => "DCD",
                Circuit::Ri => "RI",
                Circuit::Dsr => "DSR",
                Circuit::Cts => "CTS",
            };
            ("line", format!("{name} {}{}", if *on { "on" } else { "off" }, port(p)))
        }
        Event::Baud { port: p, rate: 0 } => ("line", format!("the rate is found out{}", port(p))),
        Event::Baud { port: p, rate } => ("line", format!("{rate} bit/s{}", port(p))),
        Event::PortOpened { port } => ("port", format!("{port} opened by the host")),
        Event::PortClosed { port } => ("port", format!("{port} closed by the host")),
        Event::FaultApplied { name, layer, what } => {
            ("fault", format!("{name} applied, layer {layer}: {what}"))
        }
        Event::FaultActed { name, layer, what } => {
            ("fault", format!("{name} takes effect, layer {layer}: {what}"))
        }
        Event::FaultMissed { name, layer, what, times } => (
            "fault",
            format!("{name} not applied {times} times so far, too often to keep up, layer {layer}: {what}"),
        ),
        Event::FaultLifted { name, layer, what } => {
            ("fault", format!("{name} lifted, layer {layer}: {what}"))
        }
        Event::Expectation { text, met, why } => {
            ("expect", format!("{}: {text}: {why}", if *met { "met" } else { "NOT MET" }))
        }
        Event::Note { text } => ("note", text.clone()),
        Event::End { reason } => ("run", format!("end: {reason}")),
        event => network(event),
    }
}

fn arrow(way: &Way) -> &'static str {
    if *way == Way::Up { ">" } else { "<" }
}

fn network(event: &Event) -> (&'static str, String) {
    match event {
        Event::LookUp { query, name } => ("name", format!("#{query} > {name}")),
        Event::Found { query, address: Some(address) } => ("name", format!("#{query} < {address}")),
        Event::Found { query, address: None } => ("name", format!("#{query} < there is no such name")),
        Event::Connecting { socket, kind, to } => ("call", format!("socket {socket} {} > {to}", kind.name())),
        Event::ConnectFailed { socket, why } => ("call", format!("socket {socket} < {why}")),
        Event::FtpVerb { line } => ("ftp", format!("> {line}")),
        Event::FtpReply { lines, .. } => ("ftp", format!("< {}", lines.join(" / "))),
        Event::LinkOpened { link, kind, way, local, peer } => {
            ("link", format!("#{link} {} {} {local} - {peer} opened", arrow(way), kind.name()))
        }
        Event::Segment { link, way, len } => ("link", format!("#{link} {} {len} bytes", arrow(way))),
        Event::Datagram { link, way, local, peer, len } => {
            ("link", format!("#{link} {} datagram of {len} bytes, {local} - {peer}", arrow(way)))
        }
        Event::Fin { link, way } => ("link", format!("#{link} {} FIN", arrow(way))),
        Event::Rst { link, way } => ("link", format!("#{link} {} RST", arrow(way))),
        _ => ("", String::new()),
    }
}

/// Where an answer comes from, in a replay.
fn origin(from: Option<Origin>) -> &'static str {
    match from {
        None => "",
        Some(Origin::Recording) => "  (recording)",
        Some(Origin::Model) => "  (model)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_walls_time_is_that_of_the_calendar() {
        assert_eq!(utc(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(utc(951_782_399_999_999), "2000-02-28T23:59:59.999999Z");
        assert_eq!(utc(951_782_400_000_000), "2000-02-29T00:00:00.000000Z");
        assert_eq!(utc(1_795_835_547_000_001), "2026-11-28T03:12:27.000001Z");
        assert!(utc(u64::MAX).starts_with("9999-"));
    }
}
