//! What a trace tells.

use ::core::net::{Ipv4Addr, SocketAddrV4};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happened. Ports and commands are counted as the user counts them: the first port is 1.
///
/// Text from the serial line is escaped as in a transcript (`\r`, `\x10`, `<ETX>`). Secrets are masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A run begins.
    Started {
        /// The version of Badline.
        version: String,
        /// The name of the profile.
        modem: String,
        /// The seed of everything that is drawn.
        seed: u64,
    },
    /// A host opened a port.
    HostOpened {
        /// The port.
        port: usize,
    },
    /// The host closed a port.
    HostClosed {
        /// The port.
        port: usize,
    },
    /// The host sent this, as one read.
    Typed {
        /// The port.
        port: usize,
        /// The octets, escaped.
        text: String,
    },
    /// The module sent this, as one write.
    Printed {
        /// The port.
        port: usize,
        /// The octets, escaped.
        text: String,
    },
    /// A line of the serial interface changed.
    Line {
        /// The port.
        port: usize,
        /// Which line.
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
    /// The module runs a command line.
    CommandLine {
        /// The port.
        port: usize,
        /// The line, without its end.
        line: String,
    },
    /// One command of the line was run.
    Command {
        /// The port.
        port: usize,
        /// Its name, without `AT`.
        name: String,
        /// Its form.
        form: Form,
        /// Whether the module knows it.
        known: bool,
    },
    /// The command line is over.
    Result {
        /// The port.
        port: usize,
        /// The final result code, as it is called under `V1`.
        text: String,
    },
    /// The module printed an unsolicited result code.
    Urc {
        /// The port.
        port: usize,
        /// The line.
        line: String,
    },
    /// Something about the module is different now: `booted`, `registration 1`, `data mode on port 1`, ...
    State {
        /// How it is now.
        state: String,
    },
    /// The module looks a name up.
    Lookup {
        /// The number of the look-up.
        query: u32,
        /// The name.
        name: String,
    },
    /// The name server answers.
    Found {
        /// The number of the look-up.
        query: u32,
        /// The address; null where the name does not exist.
        address: Option<Ipv4Addr>,
    },
    /// The module calls: the SYN of a connection. No `link_opened`, `connect_failed` or `found` need ever follow.
    Connecting {
        /// The module's number of the socket.
        socket: u32,
        /// Whom it calls.
        to: SocketAddrV4,
        /// What for.
        carries: Use,
    },
    /// A call, a listener or a UDP port of the module came to nothing.
    ConnectFailed {
        /// The module's number of the socket.
        socket: u32,
        /// `refused`, `unreachable`, `port in use` or `TLS`.
        why: String,
    },
    /// A TCP connection is up.
    LinkOpened {
        /// The number of the link.
        link: u32,
        /// What it carries.
        carries: Use,
        /// The way of its SYN: down where the module was called.
        way: Way,
        /// The module's end.
        local: SocketAddrV4,
        /// The far end as the module sees it.
        peer: SocketAddrV4,
    },
    /// A segment left the module, or reached it.
    Segment {
        /// The number of the link.
        link: u32,
        /// What it carries.
        carries: Use,
        /// Its way.
        way: Way,
        /// Octets of payload.
        length: usize,
    },
    /// One end sends nothing more.
    Fin {
        /// The number of the link.
        link: u32,
        /// What it carries.
        carries: Use,
        /// Its way.
        way: Way,
    },
    /// One end gave the connection up.
    Rst {
        /// The number of the link.
        link: u32,
        /// What it carries.
        carries: Use,
        /// Its way.
        way: Way,
    },
    /// A datagram left the module, or reached it.
    Datagram {
        /// The number of the UDP port.
        link: u32,
        /// Its way.
        way: Way,
        /// The module's end.
        local: SocketAddrV4,
        /// The far end as the module sees it.
        peer: SocketAddrV4,
        /// Octets of payload.
        length: usize,
    },
    /// The module's FTP client sent a line.
    FtpVerb {
        /// The line.
        line: String,
    },
    /// The module's FTP client got a reply.
    FtpReply {
        /// The code; 0 for a line that is no reply.
        code: u16,
        /// The lines as they came, codes included.
        lines: Vec<String>,
    },
    /// A fault began.
    FaultApplied {
        /// Its name.
        name: String,
        /// Its layer.
        layer: String,
        /// What it does.
        what: String,
    },
    /// A fault ended.
    FaultLifted {
        /// Its name.
        name: String,
        /// Its layer.
        layer: String,
        /// What it did.
        what: String,
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
    /// The host program ended.
    HostEnded {
        /// Its status; null where it was ended by a signal.
        status: Option<i32>,
    },
}

/// A line of the serial interface (V.24).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Circuit {
    /// Circuit 108, data terminal ready: the host's.
    Dtr,
    /// Circuit 109, data carrier detected: the module's.
    Dcd,
    /// Circuit 125, ring indicator: the module's.
    Ri,
}

/// The form of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// `AT+X`
    Exec,
    /// `AT+X?`
    Read,
    /// `AT+X=...`
    Write,
    /// `AT+X=?`
    Test,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Use {
    /// An FTP control connection.
    #[serde(rename = "ftp.control")]
    FtpControl,
    /// An FTP data connection.
    #[serde(rename = "ftp.data")]
    FtpData,
    /// Another TCP connection.
    #[serde(rename = "socket")]
    Socket,
    /// Datagrams.
    #[serde(rename = "udp")]
    Udp,
}

/// Which way something goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// From the module.
    Up,
    /// To the module.
    Down,
}

impl Use {
    /// As scenarios and traces call it.
    pub fn name(self) -> &'static str {
        match self {
            Use::FtpControl => "ftp.control",
            Use::FtpData => "ftp.data",
            Use::Socket => "socket",
            Use::Udp => "udp",
        }
    }
}

impl Way {
    /// The other way.
    pub fn back(self) -> Way {
        match self {
            Way::Up => Way::Down,
            Way::Down => Way::Up,
        }
    }
}
