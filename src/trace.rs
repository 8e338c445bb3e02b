//! trace: the timeline: JSON Lines, pcapng.
//!
//! A trace is a [`Record`] for each thing that happened, on the modem's clock. The driver makes them and
//! hands them to each [`Sink`]: [`Writer`] writes one JSON object per line, [`pcap::Capture`] what crossed
//! the antenna and the serial line for Wireshark. [`read`] reads JSON Lines, [`show`] prints a record for
//! a person.

mod bytes;
pub mod follow;
mod history;
mod lines;
mod mask;
mod packet;
pub mod pcap;
pub mod pcapng;
mod show;
#[cfg(test)]
mod tests;

pub use bytes::Latin1;
pub use history::{History, Past};
pub use lines::{Unreadable, Writer, is_trace, read};
pub use mask::Mask;
pub use show::{Detail, KINDS, kind, show, show_wall};

use crate::fault::{Layer, LinkKind, ModuleState, Stage, Way};
use crate::modem::Origin;
use crate::time::Now;
use ::bytes::Bytes;
use core::net::{Ipv4Addr, SocketAddrV4};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::io;

/// One thing that happened, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Record {
    /// The time on the modem's clock, in microseconds since power-on; never less than that of the line before.
    pub t: u64,
    /// The time on the wall, in microseconds since 1970; it alone differs between two runs that are the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall: Option<u64>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// The payload of a segment or a datagram, for a capture; passwords are masked.
    #[serde(skip)]
    pub payload: Bytes,
    /// Its place among the records of the run, from 1; 0 where nobody has counted.
    #[serde(skip)]
    pub number: u64,
}

impl Record {
    /// What happened at `now` on the modem's clock.
    pub fn new(now: Now, event: Event) -> Record {
        Record { t: now.as_micros(), wall: None, event, payload: Bytes::new(), number: 0 }
    }
}

/// Where the records of a run go.
pub trait Sink: Send {
    /// Takes one.
    ///
    /// # Errors
    /// It cannot be kept; the sink is of no more use.
    fn take(&mut self, record: &Record) -> io::Result<()>;

    /// Lets others see what was taken.
    ///
    /// # Errors
    /// As [`take`](Sink::take).
    fn flush(&mut self) -> io::Result<()>;
}

/// The JSON Schema of a line of a trace.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Record)
}

/// The names of all events, as records bear them.
pub fn events() -> Vec<String> {
    let schema = schemars::schema_for!(Event).to_value();
    let variants = schema["oneOf"].as_array().into_iter().flatten();
    variants.filter_map(|v| Some(v["properties"]["event"]["const"].as_str()?.to_owned())).collect()
}

/// What happened. Serial ports are counted from 1; passwords are masked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The run began.
    Start {
        /// The version of Badline.
        version: String,
        /// The profile's name.
        profile: String,
        /// The scenario's file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scenario: Option<String>,
        /// The seed.
        seed: u64,
    },
    /// Bytes crossed the serial line.
    Serial {
        /// The port.
        port: usize,
        /// Up is from the host.
        way: Way,
        /// The bytes.
        bytes: Latin1,
    },
    /// The module read a command line.
    CommandLine {
        /// The port.
        port: usize,
        /// The line, without its secrets.
        line: String,
        /// The line as the host sent it.
        #[serde(skip)]
        typed: Typed,
    },
    /// One command of a line.
    Command {
        /// The port.
        port: usize,
        /// Its name.
        name: String,
        /// exec, read, write or test.
        form: String,
        /// Whether the module knows it.
        known: bool,
    },
    /// The module gave a final result code, or CONNECT.
    Result {
        /// The port.
        port: usize,
        /// The code as it was printed, or the line that ends an answer in the place of one; empty where `ATQ1` kept it back.
        text: String,
        /// What it stands for, where another text was printed: `+CME ERROR: 3` behind the `ERROR` of
        /// `AT+CMEE=0` or the words of `AT+CMEE=2`, `OK` behind the `0` of `ATV0`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<String>,
        /// Where it comes from, in a replay.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Origin>,
    },
    /// The module said a line unasked.
    Urc {
        /// The port.
        port: usize,
        /// The line.
        line: String,
        /// Where it comes from, in a replay.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Origin>,
    },
    /// The module's state changed.
    State {
        /// To what.
        state: String,
        /// The state of `when` that was reached with it, for those who judge.
        #[serde(skip)]
        reached: Option<ModuleState>,
    },
    /// A line of the serial interface changed, as the host would see it.
    Line {
        /// The port.
        port: usize,
        /// Which.
        line: Circuit,
        /// Whether it is on now.
        on: bool,
    },
    /// The module set the rate of a port.
    Baud {
        /// The port.
        port: usize,
        /// bit/s; 0: it finds the rate out.
        rate: u32,
    },
    /// The host opened a port.
    PortOpened {
        /// Which.
        port: usize,
    },
    /// The host closed a port.
    PortClosed {
        /// Which.
        port: usize,
    },
    /// The module looks a name up; no [`Found`](Event::Found) need ever follow.
    LookUp {
        /// The number of the look-up.
        query: u32,
        /// The name.
        name: String,
    },
    /// A look-up was answered.
    Found {
        /// The number of the look-up.
        query: u32,
        /// The address; null where the name does not exist.
        address: Option<Ipv4Addr>,
    },
    /// The module calls; neither `link_opened` nor `connect_failed` need ever follow.
    Connecting {
        /// The module's number of the socket.
        socket: u32,
        /// What it is for.
        kind: LinkKind,
        /// Whom it calls.
        to: SocketAddrV4,
    },
    /// A connection, a listener or a UDP port of the module came to nothing.
    ConnectFailed {
        /// The module's number of the socket.
        socket: u32,
        /// Why, in words.
        why: String,
    },
    /// The module's FTP client sent a line.
    FtpVerb {
        /// The line.
        line: String,
    },
    /// The module's FTP client got a reply.
    FtpReply {
        /// Its code.
        code: u16,
        /// Its lines, codes included.
        lines: Vec<String>,
    },
    /// A TCP connection is up.
    LinkOpened {
        /// Its number.
        link: u32,
        /// What it carries.
        kind: LinkKind,
        /// The way of its SYN: down where the module was called.
        way: Way,
        /// The module's end.
        local: SocketAddrV4,
        /// The far end.
        peer: SocketAddrV4,
    },
    /// A segment passed.
    Segment {
        /// The connection.
        link: u32,
        /// Up is from the module.
        way: Way,
        /// Octets.
        len: usize,
    },
    /// A datagram passed.
    Datagram {
        /// The UDP port's number.
        link: u32,
        /// Up is from the module.
        way: Way,
        /// The module's end.
        local: SocketAddrV4,
        /// The far end.
        peer: SocketAddrV4,
        /// Octets.
        len: usize,
    },
    /// One end said that nothing more comes (FIN).
    Fin {
        /// The connection.
        link: u32,
        /// Up is from the module.
        way: Way,
    },
    /// One end reset the connection (RST).
    Rst {
        /// The connection.
        link: u32,
        /// Up is from the module.
        way: Way,
    },
    /// A fault was applied: its trigger has come, and it holds, or waits for what it acts on.
    FaultApplied {
        /// The rule's name.
        name: String,
        /// Where it acts.
        layer: Layer,
        /// What it does.
        what: String,
    },
    /// A fault that was applied has taken effect, for the first time since then.
    FaultActed {
        /// The rule's name.
        name: String,
        /// Where it acts.
        layer: Layer,
        /// What it does.
        what: String,
    },
    /// A fault is over.
    FaultLifted {
        /// The rule's name.
        name: String,
        /// Where it acted.
        layer: Layer,
        /// What it did.
        what: String,
    },
    /// A fault was due more often than can be kept up with. Told again as often as the number has doubled.
    FaultMissed {
        /// The rule's name.
        name: String,
        /// Where it acts.
        layer: Layer,
        /// What it does.
        what: String,
        /// How often by now it was due and not applied.
        times: u64,
    },
    /// How an expectation of the scenario fared.
    Expectation {
        /// The expectation in words.
        text: String,
        /// Whether it was met.
        met: bool,
        /// What was seen.
        why: String,
    },
    /// Something else, in words.
    Note {
        /// The words.
        text: String,
    },
    /// The run ended.
    End {
        /// Why, in words.
        reason: String,
    },
}

/// A command line with its secrets: for those who compare it, never to be shown. A trace that is read has none.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Typed(pub String);

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("...")
    }
}

/// A line of the serial interface (V.24).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Circuit {
    /// Circuit 108, data terminal ready: the host's.
    Dtr,
    /// Circuit 109, data carrier detected: the module's.
    Dcd,
    /// Circuit 125, ring indicator: the module's.
    Ri,
    /// Circuit 107, data set ready: the module's. It is on; only a fault changes it.
    Dsr,
    /// Circuit 106, ready for sending (CTS): the module's. It is on; only a fault changes it.
    Cts,
}

impl Event {
    /// The event that an event of the fault engine is.
    pub fn of_fault(event: &crate::fault::Event) -> Event {
        let (name, layer, what) = (event.name.clone(), event.layer, event.what.clone());
        match event.stage {
            Stage::Applied => Event::FaultApplied { name, layer, what },
            Stage::Acted => Event::FaultActed { name, layer, what },
            Stage::Lifted => Event::FaultLifted { name, layer, what },
            Stage::Missed(times) => Event::FaultMissed { name, layer, what, times },
        }
    }
}
