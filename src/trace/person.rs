//! A trace for a person to read.

use super::{Circuit, Event, Form, Record, Use, Way};
use std::fmt::Write;

/// A record as one line: the time in seconds, who or which way, and what.
///
/// `1>` is what the host sent on port 1 and `1<` what the module sent there; `->` went through the antenna
/// and `<-` came from it; `!` marks a fault, `?` an expectation, `*` everything else.
pub fn person(record: &Record) -> String {
    let micros = record.t.as_micros();
    let (who, what) = columns(&record.event);
    let mut line = format!("{:>6}.{:06}  {who:<3} ", micros / 1_000_000, micros % 1_000_000);
    for c in what.chars() {
        // What a server or a host said must not move the reader's cursor.
        match c.is_control() {
            true => line.extend(c.escape_default()),
            false => line.push(c),
        }
    }
    line
}

fn columns(event: &Event) -> (String, String) {
    let own = |text: String| ("*".to_owned(), text);
    match event {
        Event::Started { version, modem, seed } => own(format!("badline {version}: {modem}, seed {seed}")),
        Event::HostOpened { port } => own(format!("a host opened port {port}")),
        Event::HostClosed { port } => own(format!("the host closed port {port}")),
        Event::Typed { port, text } => (format!("{port}>"), text.clone()),
        Event::Printed { port, text } => (format!("{port}<"), text.clone()),
        Event::Line { port, line, on } => {
            let side = if *line == Circuit::Dtr { '>' } else { '<' };
            (format!("{port}{side}"), format!("[{} {}]", circuit(*line), if *on { "on" } else { "off" }))
        }
        Event::Baud { port, rate: 0 } => own(format!("port {port} finds its rate out")),
        Event::Baud { port, rate } => own(format!("port {port} at {rate} bit/s")),
        Event::CommandLine { port, line } => own(format!("line on port {port}: {line}")),
        Event::Command { name, form, known, .. } => {
            let unknown = if *known { "" } else { ", which the module does not know" };
            own(format!("command {name}{}{unknown}", suffix(*form)))
        }
        Event::Result { port, text } => own(format!("result on port {port}: {text}")),
        Event::Urc { port, line } => own(format!("unsolicited on port {port}: {line}")),
        Event::State { state } => own(state.clone()),
        Event::FaultApplied { name, layer, what } => {
            ("!".into(), format!("{name} applied ({layer}): {what}"))
        }
        Event::FaultLifted { name, layer, what } => ("!".into(), format!("{name} lifted ({layer}): {what}")),
        Event::Expectation { text, met, why } => {
            ("?".into(), format!("{}: {text}: {why}", if *met { "met" } else { "NOT MET" }))
        }
        Event::HostEnded { status: Some(status) } => own(format!("the host ended with status {status}")),
        Event::HostEnded { status: None } => own("the host was ended by a signal".into()),
        event => antenna(event),
    }
}

fn antenna(event: &Event) -> (String, String) {
    let up = Way::Up;
    let link = |link: &u32, carries: &Use| format!("link {link} ({})", carries.name());
    let (way, what) = match event {
        Event::Lookup { query, name } => (up, format!("look-up {query}: {name}")),
        Event::Found { query, address: Some(address) } => (Way::Down, format!("look-up {query}: {address}")),
        Event::Found { query, address: None } => (Way::Down, format!("look-up {query}: no such name")),
        Event::Connecting { socket, to, carries } => {
            (up, format!("socket {socket} ({}) calls {to}", carries.name()))
        }
        Event::ConnectFailed { socket, why } => (Way::Down, format!("socket {socket} failed: {why}")),
        Event::LinkOpened { link: id, carries, way, local, peer } => {
            (*way, format!("{} open, {local} - {peer}", link(id, carries)))
        }
        Event::Segment { link: id, carries, way, length } => {
            (*way, format!("{} {length} octets", link(id, carries)))
        }
        Event::Fin { link: id, carries, way } => (*way, format!("{} FIN", link(id, carries))),
        Event::Rst { link: id, carries, way } => (*way, format!("{} RST", link(id, carries))),
        Event::Datagram { link: id, way, local, peer, length } => {
            (*way, format!("{} {length} octets, {local} - {peer}", link(id, &Use::Udp)))
        }
        Event::FtpVerb { line } => (up, format!("FTP {line}")),
        Event::FtpReply { lines, .. } => (Way::Down, format!("FTP {}", joined(lines))),
        _ => (up, String::new()),
    };
    (if way == up { "->" } else { "<-" }.to_owned(), what)
}

fn joined(lines: &[String]) -> String {
    let mut text = String::new();
    for (i, line) in lines.iter().enumerate() {
        let _ = write!(text, "{}{line}", if i == 0 { "" } else { " | " });
    }
    text
}

fn circuit(line: Circuit) -> &'static str {
    match line {
        Circuit::Dtr => "DTR",
        Circuit::Dcd => "DCD",
        Circuit::Ri => "RI",
    }
}

fn suffix(form: Form) -> &'static str {
    match form {
        Form::Exec => "",
        Form::Read => "?",
        Form::Write => "=",
        Form::Test => "=?",
    }
}
