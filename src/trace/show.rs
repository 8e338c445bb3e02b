//! The trace for a person.

use super::{Event, Record};
use crate::fault::Way;

/// A record as one line: the modem's time in seconds, where it happened, what happened.
pub fn show(record: &Record) -> String {
    let (seconds, micros) = (record.t / 1_000_000, record.t % 1_000_000);
    let (place, what) = event(&record.event);
    format!("{seconds:>6}.{micros:06}  {place:<8} {what}")
}

fn event(event: &Event) -> (&'static str, String) {
    let port = |port: &usize| if *port == 1 { String::new() } else { format!(" (port {port})") };
    let arrow = |way: &Way| if *way == Way::Up { ">" } else { "<" };
    match event {
        Event::Start { version, profile, scenario, seed } => {
            let scenario = scenario.as_ref().map_or(String::new(), |s| format!(", scenario {s}"));
            ("run", format!("badline {version}, profile {profile}{scenario}, seed {seed}"))
        }
        Event::Serial { port: p, way, bytes } => {
            ("serial", format!("{} {}{}", arrow(way), bytes.0.escape_ascii(), port(p)))
        }
        Event::CommandLine { port: p, line } => ("command", format!("{line}{}", port(p))),
        Event::Command { port: p, name, form, known } => {
            let unknown = if *known { "" } else { ", which the module does not know" };
            ("command", format!("  {name} ({form}){unknown}{}", port(p)))
        }
        Event::Result { port: p, text } => ("result", format!("{text}{}", port(p))),
        Event::Urc { port: p, line } => ("urc", format!("{line}{}", port(p))),
        Event::State { state } => ("state", state.clone()),
        Event::PortOpened { port } => ("port", format!("{port} opened by the host")),
        Event::PortClosed { port } => ("port", format!("{port} closed by the host")),
        Event::LookUp { name, answer } => ("name", format!("{name}: {answer}")),
        Event::FtpVerb { line } => ("ftp", format!("> {line}")),
        Event::FtpReply { lines, .. } => ("ftp", format!("< {}", lines.join(" / "))),
        Event::LinkOpened { link, kind, local, peer } => {
            ("link", format!("#{link} {} {local} - {peer} opened", kind.name()))
        }
        Event::Segment { link, way, len } => ("link", format!("#{link} {} {len} bytes", arrow(way))),
        Event::Datagram { link, way, len } => {
            ("link", format!("#{link} {} datagram of {len} bytes", arrow(way)))
        }
        Event::Fin { link, way } => ("link", format!("#{link} {} FIN", arrow(way))),
        Event::Rst { link, way } => ("link", format!("#{link} {} RST", arrow(way))),
        Event::FaultApplied { name, layer, what } => {
            ("fault", format!("{name} applied, layer {layer}: {what}"))
        }
        Event::FaultLifted { name, layer, what } => {
            ("fault", format!("{name} lifted, layer {layer}: {what}"))
        }
        Event::Note { text } => ("note", text.clone()),
        Event::End { reason } => ("run", format!("end: {reason}")),
    }
}
