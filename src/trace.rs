//! trace: the timeline: JSON Lines, pcapng.
//!
//! The driver makes a [`Record`] of everything that happens and hands it to each [`Sink`]: a [`Writer`]
//! for JSON Lines, a [`Capture`] for Wireshark. A [`Reader`] gives the records of a file back, and
//! [`person`] prints one for a person.

mod capture;
mod event;
mod lines;
mod mask;
mod packet;
mod person;
#[cfg(test)]
mod tests;

pub use capture::Capture;
pub use event::{Circuit, Event, Form, Use, Way};
pub use lines::{Reader, Writer};
pub use mask::Mask;
pub use person::person;

use crate::time::Now;
use ::core::net::SocketAddrV4;
use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

/// Something that happened: one line of a trace file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// When, on the modem's clock: microseconds since power-on. Never less than that of the line before.
    #[serde(with = "micros")]
    #[schemars(with = "u64")]
    pub t: Now,
    /// When it was written down: microseconds since 1970-01-01 00:00 UTC. The only field in which two runs
    /// with the same seed, profile, scenario and host differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall: Option<u64>,
    /// What.
    #[serde(flatten)]
    pub event: Event,
    /// The octets behind it, for a packet capture.
    #[serde(skip)]
    pub raw: Raw,
}

/// The octets behind an event; secrets among them are masked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Raw {
    /// There are none.
    #[default]
    None,
    /// What crossed the serial line.
    Serial(Bytes),
    /// What went through the antenna: the payload of a segment or a datagram.
    Link(Link, Bytes),
}

/// A connection or UDP port of the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number, in the order of opening.
    pub id: u32,
    /// What it carries.
    pub carries: Use,
    /// The module's end.
    pub local: SocketAddrV4,
    /// The far end as the module sees it.
    pub peer: SocketAddrV4,
}

impl Record {
    /// An event without octets.
    pub fn new(t: Now, event: Event) -> Record {
        Record { t, wall: None, event, raw: Raw::None }
    }
}

/// Where records go.
pub trait Sink {
    /// Takes one.
    ///
    /// # Errors
    /// It cannot be written; the sink is of no more use.
    fn take(&mut self, record: &Record) -> io::Result<()>;

    /// Lets others see what was taken.
    ///
    /// # Errors
    /// As [`take`](Sink::take).
    fn flush(&mut self) -> io::Result<()>;
}

/// Creates the files that a user asked for: a trace, a packet capture.
///
/// # Errors
/// One cannot be created; the error names it.
pub fn create(trace: Option<&Path>, pcap: Option<&Path>) -> io::Result<Vec<Box<dyn Sink>>> {
    let open = |path: &Path| match File::create(path) {
        Ok(file) => Ok(BufWriter::new(file)),
        Err(e) => Err(io::Error::new(e.kind(), format!("{}: {e}", path.display()))),
    };
    let mut sinks: Vec<Box<dyn Sink>> = vec![];
    if let Some(path) = trace {
        sinks.push(Box::new(Writer::new(open(path)?)));
    }
    if let Some(path) = pcap {
        sinks.push(Box::new(Capture::new(open(path)?)?));
    }
    Ok(sinks)
}

/// The JSON Schema of a line of a trace file.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Record)
}

mod micros {
    use crate::time::Now;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(t: &Now, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(t.as_micros())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Now, D::Error> {
        u64::deserialize(deserializer).map(Now::from_micros)
    }
}
