//! Badline's own trace: JSON Lines. The bytes of the serial line and its signals are taken; what the module did besides
//! stands as comments.

use super::Format;
use crate::log::event::{Side, Sink};
use crate::log::lines::Line;
use crate::log::stamp::Stamp;
use crate::transcript::{Kind, Signal};
use serde_json::Value;

#[derive(Default)]
struct Trace;

pub fn make() -> Box<dyn Format> {
    Box::new(Trace)
}

const SIGNALS: [(&str, Signal); 6] = [
    ("dtr", Signal::Dtr),
    ("rts", Signal::Rts),
    ("cts", Signal::Cts),
    ("dsr", Signal::Dsr),
    ("ri", Signal::Ri),
    ("dcd", Signal::Dcd),
];

fn record(text: &[u8]) -> Option<Value> {
    text.starts_with(b"{\"t\":").then(|| serde_json::from_slice(text).ok()).flatten()
}

/// A text whose characters are one byte each.
fn bytes(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(c).ok()).collect()
}

/// What a record is for a reader of the recording; nothing where the recording shows it anyway.
fn comment(event: &str, record: &Value) -> Option<String> {
    let word = |key: &str| record[key].as_str().unwrap_or_default();
    match event {
        "fault_applied" | "fault_acted" | "fault_lifted" => {
            let what = event.trim_start_matches("fault_");
            Some(format!("fault {} {what}: {}", word("name"), word("what")))
        }
        "state" => Some(word("state").to_owned()),
        "note" => Some(word("text").to_owned()),
        "end" => Some(format!("end: {}", word("reason"))),
        _ => None,
    }
}

impl Trace {
    fn event(record: &Value, to: &mut Sink) -> Option<()> {
        let event = record["event"].as_str()?;
        to.at(Stamp::Since(record["t"].as_u64()?));
        to.placed();
        if let Some(port) = record["port"].as_u64().and_then(|port| usize::try_from(port).ok()) {
            to.port(port);
        }
        match event {
            "start" => to.profile(record["profile"].as_str().unwrap_or_default()),
            "serial" => {
                let side = if record["way"] == "up" { Side::Host } else { Side::Module };
                to.bytes(side, bytes(record["bytes"].as_str()?)?);
            }
            "line" => {
                let name = record["line"].as_str()?;
                let (_, signal) = SIGNALS.iter().find(|(known, _)| *known == name)?;
                to.control(Kind::Line { signal: *signal, on: record["on"].as_bool()? });
            }
            "port_opened" => to.control(Kind::Open),
            "port_closed" => to.control(Kind::Close),
            "baud" => {
                if let Some(rate) =
                    record["rate"].as_u64().and_then(|rate| u32::try_from(rate).ok()).filter(|r| *r > 0)
                {
                    to.control(Kind::Baud(rate));
                }
            }
            event => {
                if let Some(comment) = comment(event, record) {
                    to.told(comment.as_bytes());
                }
            }
        }
        Some(())
    }
}

impl Format for Trace {
    fn look(&mut self, line: &Line) -> bool {
        record(line.text()).is_some_and(|record| record["event"].is_string())
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let understood = record(line.text()).and_then(|record| Trace::event(&record, to));
        if understood.is_none() {
            to.unplaced(line.text());
        }
    }
}
