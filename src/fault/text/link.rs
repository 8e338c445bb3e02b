//! The lines that bytes move on, and the ways they move.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub enum LinkKind {
    /// The FTP control connection.
    #[serde(rename = "ftp.control")]
    Control,
    /// An FTP data connection.
    #[serde(rename = "ftp.data")]
    Data,
    /// A socket that the host opened itself, TCP or UDP.
    #[serde(rename = "socket")]
    Socket,
    /// A serial port.
    #[serde(rename = "serial")]
    Serial,
}

impl LinkKind {
    /// The word for it in files and traces.
    pub fn name(self) -> &'static str {
        match self {
            LinkKind::Control => "ftp.control",
            LinkKind::Data => "ftp.data",
            LinkKind::Socket => "socket",
            LinkKind::Serial => "serial",
        }
    }
}

/// One line that bytes move on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Link {
    /// What it is for.
    pub kind: LinkKind,
    /// Which: the network's number of the connection, or the number of the serial port (from 1).
    pub id: u32,
}

impl Link {
    /// The serial port with this number, from 1.
    pub fn serial(port: usize) -> Link {
        Link { kind: LinkKind::Serial, id: u32::try_from(port).unwrap_or(u32::MAX) }
    }
}

/// Which links a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub enum Links {
    /// The FTP control connection.
    #[serde(rename = "ftp.control")]
    Control,
    /// FTP data connections.
    #[serde(rename = "ftp.data")]
    Data,
    /// Control and data.
    #[serde(rename = "ftp")]
    Ftp,
    /// Sockets that the host opened itself.
    #[serde(rename = "socket")]
    Socket,
    /// Serial ports.
    #[serde(rename = "serial")]
    Serial,
    /// Every connection of the module; serial ports are none.
    #[serde(rename = "all")]
    All,
}

/// The words for [`Links`] that name connections.
pub const CONNECTIONS: &[&str] = &["ftp.control", "ftp.data", "ftp", "socket", "all"];

impl Links {
    /// Whether a link of this kind is meant.
    pub fn cover(self, kind: LinkKind) -> bool {
        match self {
            Links::Control => kind == LinkKind::Control,
            Links::Data => kind == LinkKind::Data,
            Links::Ftp => matches!(kind, LinkKind::Control | LinkKind::Data),
            Links::Socket => kind == LinkKind::Socket,
            Links::Serial => kind == LinkKind::Serial,
            Links::All => kind != LinkKind::Serial,
        }
    }

    /// The word for it in files.
    pub fn name(self) -> &'static str {
        match self {
            Links::Control => "ftp.control",
            Links::Data => "ftp.data",
            Links::Ftp => "ftp",
            Links::Socket => "socket",
            Links::Serial => "serial",
            Links::All => "all",
        }
    }
}

/// Which way a byte moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// Away from the host: to the module, and from the module to the network.
    Up,
    /// Towards the host.
    Down,
}

/// Which ways a rule is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Away from the host.
    Up,
    /// Towards the host.
    Down,
    /// Both ways.
    #[default]
    Both,
}

impl Direction {
    /// Whether that way is meant.
    pub fn covers(self, way: Way) -> bool {
        match self {
            Direction::Up => way == Way::Up,
            Direction::Down => way == Way::Down,
            Direction::Both => true,
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}#{}", self.kind.name(), self.id)
    }
}
