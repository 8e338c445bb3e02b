//! modem: one module: ports, sockets, bearer, SIM, base commands.
//!
//! [`Modem`] is the whole of it, and pure. Its owner knows it as a [`Dce`]: hands it what happens
//! ([`Dce::handle_uart`], [`Dce::handle_net`], [`Dce::handle_timeout`]), then drains [`Dce::poll_output`] and
//! arms a timer for [`Dce::poll_timeout`].

pub mod base;
mod bearer;
mod buffer;
mod client;
pub mod command;
mod core;
mod cx;
mod data;
mod dce;
mod files;
mod flash;
mod hook;
mod line;
mod maker;
pub mod net;
mod network;
mod online;
pub mod outcome;
mod packet;
mod port;
mod power;
mod radio;
mod run;
mod session;
mod sim;
mod socket;
mod stored;
mod text;
mod unsolicited;
mod vocabulary;

pub use self::core::{Core, Lasting, Running};
pub use bearer::{BearerState, Bearers, Context, EndedBy};
pub use buffer::Buffer;
pub use client::{Clients, Service};
pub use command::{Command, Reply, Support};
pub use cx::Cx;
pub use data::{DataEnd, DataMode, Ends, Sink};
pub use dce::{Dce, DceFault, Notes};
pub use files::Store;
pub use flash::{Flash, Keeper};
pub use hook::FaultHook;
pub use maker::{Maker, Personality, Row, make, names_of, secrets_of};
pub use net::{NetEvent, NetRequest, Query, Socket};
pub use port::{Level, ModuleLine, Opening, PortId, PortSettings};
pub use radio::{Functionality, Radio, Serving};
pub use run::{HostLine, Modem};
pub use session::{Ftp, Target};
pub use sim::{Denied, Sim};
pub use socket::{Conn, Fin, SocketEvent, Sockets};
pub use vocabulary::Vocabulary;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fault::ModuleState;
use crate::ftp;
use ::core::net::Ipv4Addr;
use bytes::Bytes;
use std::time::Duration;

/// How many octets may pile up in front of a port or a socket before the other side has to wait.
pub const BACKLOG: usize = 64 * 1024;

/// So many octets of answers wait for a host that types on without reading them, then it is held up. Much more than a
/// line of the longest sort comes back as echo: a host may write all of one before it reads.
const UNREAD: usize = 16 * 1024 * 1024;

/// So many unsolicited result codes wait for a port that is busy, or in data mode; more are dropped.
const WAITING: usize = 1000;

/// What the module does to the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Octets for the host, as one write. [`Dce::handle_sent`] confirms them.
    Uart {
        /// The port.
        port: PortId,
        /// The octets.
        bytes: Bytes,
        /// Nobody asked for it: the host is to be able to tell it from the answer before.
        apart: bool,
    },
    /// A line of the serial interface is driven.
    Line {
        /// The port.
        port: PortId,
        /// The line.
        line: ModuleLine,
        /// Its condition.
        level: Level,
    },
    /// Unsolicited result codes were dropped: too many waited for the port to be free for them.
    Dropped {
        /// The port.
        port: PortId,
        /// How many.
        lines: usize,
    },
    /// The rate of the serial line has changed (`+IPR`), in bit/s; 0, as at first, has the module find it out.
    Baud {
        /// The port.
        port: PortId,
        /// bit/s
        rate: u32,
    },
    /// A request to the network.
    Net(NetRequest),
    /// Something for the trace.
    Note(Note),
}

/// What the trace is told, where it wants to know ([`Dce::take_notes`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A command line as the host sent it, secrets included ([`maker::secrets`](crate::maker::secrets)).
    CommandLine {
        /// The port.
        port: PortId,
        /// The line.
        line: String,
    },
    /// One command of a line.
    Command {
        /// The port.
        port: PortId,
        /// Its name.
        name: String,
        /// `exec`, `read`, `write` or `test`.
        form: &'static str,
        /// Whether the module knows it.
        known: bool,
    },
    /// A final result code.
    Result {
        /// The port.
        port: PortId,
        /// As it was printed; empty under `Q1`.
        text: String,
        /// As it is called under `V1`, an extended one by its number, where that is not what was printed.
        cause: Option<String>,
    },
    /// A fault was applied or lifted.
    Fault(crate::fault::Event),
    /// An unsolicited result code was printed.
    Urc {
        /// The port.
        port: PortId,
        /// The line.
        line: String,
    },
    /// The module's FTP client sent a line; a password is masked.
    FtpSent(String),
    /// A reply of the FTP server arrived.
    FtpReplied(ftp::Reply),
    /// A state changed: `booted`, `registration 1`, `PDP context 1 active, ...`, `data mode`, ...; and the state of
    /// faults' `when` that was reached with it.
    State(String, Option<ModuleState>),
    /// The same of a recording that is replayed, or of the model behind it.
    From(Origin, Box<Note>),
}

/// Where an answer comes from, where a recording is replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The recording.
    Recording,
    /// The live model, since the host has left the recording.
    Model,
}

/// What happens to a maker's behaviour from outside a command.
#[derive(Debug)]
pub enum Event {
    /// Power was applied, or the module was reset.
    Boot,
    /// The FTP session speaks. Data is not among it: see [`Event::FtpData`].
    Ftp(ftp::Event),
    /// Payload of a download waits to be read ([`Ftp::read`]).
    FtpData,
    /// The network has taken all of an upload that it was fed so far.
    FtpDrained,
    /// A socket of the maker's own.
    Socket(Socket, SocketEvent),
    /// The answer to [`Core::resolve`]; `None` where the name does not exist.
    Resolved(Query, Option<Ipv4Addr>),
    /// An echo reply.
    Pong(Query, Duration),
    /// A PDP context is active.
    BearerUp(u8),
    /// A PDP context is not active any more, or did not come.
    BearerDown {
        /// The context.
        cid: u8,
        /// Who ended it.
        by: EndedBy,
    },
    /// The registration status changed.
    Registration(u8),
    /// The SIM was pulled out or pushed in.
    Sim(bool),
    /// The PIN was accepted.
    SimReady,
    /// The host dropped or raised DTR.
    Dtr(PortId, Level),
}
