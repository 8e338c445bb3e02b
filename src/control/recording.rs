//! The session so far, as a recording: a transcript with times.

use crate::fault::Way;
use crate::time::Now;
use crate::trace::{Event, Past};
use crate::transcript::Kind;
use crate::transcript::record::Recorder;
use std::collections::BTreeSet;
use std::time::Duration;

/// Pauses shorter than this are left out.
const PAUSE: Duration = Duration::from_millis(10);

/// A transcript that begins with the header `head`.
pub fn recording(head: &str, ports: usize, past: &Past) -> String {
    let mut recorder = Recorder::new(ports, PAUSE);
    let mut opened = BTreeSet::new();
    for record in &past.records {
        let now = Now::from_micros(record.t);
        match &record.event {
            Event::Serial { port, way: Way::Up, bytes } => recorder.typed(now, *port, &bytes.0),
            Event::Serial { port, way: Way::Down, bytes } => recorder.heard(now, *port, &bytes.0),
            // A port is open where a transcript begins.
            Event::PortOpened { port } if opened.insert(*port) => {}
            Event::PortOpened { port } => recorder.note(now, *port, Kind::Open),
            Event::PortClosed { port } => recorder.note(now, *port, Kind::Close),
            _ => {}
        }
    }
    let mut text = head.to_owned();
    if past.missing > 0 {
        text += &format!("# {} records are missing before this: they are too long ago.\n", past.missing);
    }
    for step in recorder.finish() {
        text += &format!("{step}\n");
    }
    text
}
