//! trace: the timeline: JSON Lines, pcapng.
//!
//! A trace is a [`Record`] for each thing that happened, on the modem's clock. [`Writer`] writes it as
//! one JSON object per line, [`read`] reads that, [`show`] prints it for a person, and
//! [`pcap::Capture`] writes what crossed the antenna and the serial line for Wireshark.

mod bytes;
mod lines;
pub mod mask;
mod packet;
pub mod pcap;
mod show;
#[cfg(test)]
mod tests;

pub use bytes::Latin1;
pub use lines::{Unreadable, Writer, read};
pub use show::show;

use crate::fault::{Layer, LinkKind, Way};
use core::net::SocketAddrV4;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that happened, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// The time on the modem's clock, in microseconds since power-on.
    pub t: u64,
    /// The time on the wall, in microseconds since 1970; it alone differs between two runs that are the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall: Option<u64>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened. Serial ports are counted from 1; passwords are masked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
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
        /// The line.
        line: String,
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
    /// The module gave a final result code.
    Result {
        /// The port.
        port: usize,
        /// The code.
        text: String,
    },
    /// The module said a line unasked.
    Urc {
        /// The port.
        port: usize,
        /// The line.
        line: String,
    },
    /// The module's state changed.
    State {
        /// To what.
        state: String,
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
    /// The module looked a name up.
    LookUp {
        /// The name.
        name: String,
        /// Where it leads, in words.
        answer: String,
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
    /// A connection is up, or a UDP port is open.
    LinkOpened {
        /// Its number.
        link: u32,
        /// What it is for.
        kind: LinkKind,
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
    /// A fault was applied.
    FaultApplied {
        /// The rule's name.
        name: String,
        /// Where it acts.
        layer: Layer,
        /// What it does.
        what: String,
    },
    /// A fault was lifted.
    FaultLifted {
        /// The rule's name.
        name: String,
        /// Where it acted.
        layer: Layer,
        /// What it did.
        what: String,
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

impl Event {
    /// The event that an event of the fault engine is.
    pub fn of_fault(event: &crate::fault::Event) -> Event {
        let (name, layer, what) = (event.name.clone(), event.layer, event.what.clone());
        match event.applied {
            true => Event::FaultApplied { name, layer, what },
            false => Event::FaultLifted { name, layer, what },
        }
    }
}
