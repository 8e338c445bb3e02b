//! Data mode as a value: how octets are framed, what ends it, and where they go.

use super::client::Service;
use super::net::Socket;
use super::port::Rest;
use crate::frame::{Decoder, Framing, Guard, SkipLf};
use crate::time::Now;
use std::time::Duration;

/// What a handler returns to put its port into data mode.
#[derive(Clone, Debug)]
pub struct DataMode {
    /// How octets stand on the serial line.
    pub framing: Framing,
    /// What ends it.
    pub ends: Ends,
    /// Where what the host types goes, and where what the host reads comes from.
    pub sink: Sink,
}

/// What ends data mode, beside an ETX that the framing knows and a port that is unmapped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// So many octets of payload from the host.
    pub length: Option<u64>,
    /// So long after it began.
    pub after: Option<Duration>,
    /// So long without an octet from the host.
    pub idle: Option<Duration>,
    /// `+++` between two guard times (V.250 section 5.2.7 leaves it to the maker; S12).
    pub escape: bool,
    /// The end mark of the framing is the module's alone: the host's ends nothing.
    pub unmarked: bool,
}

/// Where the octets go and come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sink {
    /// Up into what a client of a service sends, down from what it gets.
    Client(Service),
    /// Up into a TCP connection, down from it. The host's end mark shuts the sending side down and ends nothing.
    Socket(Socket),
    /// Up into a UDP port, down from it. The end mark parts datagrams, both ways, and ends nothing.
    Datagrams {
        /// The UDP port.
        socket: Socket,
        /// The longest datagram in octets; a longer one is cut into such.
        most: usize,
    },
    /// Kept, and handed over whole when it ends.
    Hold,
    /// Kept as in [`Sink::Hold`], and the host is told so: it reads `with` behind every so many octets.
    Acknowledged {
        /// How many.
        every: u64,
        /// What it reads.
        with: u8,
    },
    /// Nowhere: the maker writes what the host reads.
    None,
}

impl Sink {
    /// The FTP transfer.
    pub const FTP: Sink = Sink::Client(Service::Ftp);

    /// The socket, where it is one.
    pub fn socket(self) -> Option<Socket> {
        match self {
            Sink::Socket(socket) | Sink::Datagrams { socket, .. } => Some(socket),
            Sink::Client(_) | Sink::Hold | Sink::Acknowledged { .. } | Sink::None => None,
        }
    }

    /// Whether what the host typed is handed over whole at the end: `+++` ends it for good then.
    pub(super) fn holds(self) -> bool {
        matches!(self, Sink::Hold | Sink::Acknowledged { .. })
    }
}

/// Why data mode ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataEnd {
    /// All octets that were announced have come.
    Length,
    /// The host sent the end mark of the framing.
    Etx,
    /// Its time was up.
    Time,
    /// The host typed `+++`. The mode is kept, for `ATO`, but where its sink holds what was typed.
    Escape,
    /// The module left it by itself.
    Left,
    /// DTR dropped (V.250 section 6.2.1, `&D2`).
    Dtr,
}

/// Data mode as it runs.
#[derive(Debug)]
pub(super) struct Running {
    pub mode: DataMode,
    pub decoder: Decoder,
    pub guard: Option<Guard>,
    pub moved: u64,
    pub held: Vec<u8>,
    pub ends_at: Option<Now>,
    pub last: Now,
    /// The LF behind the CR of the command that led here is not payload.
    pub skip_lf: Option<SkipLf>,
    /// What the host gets of what is still to come of the answer to the command that led here.
    pub rest: Rest,
}

impl Running {
    pub fn new(mode: DataMode, now: Now, escape: u8, guard: Duration, rest: Rest) -> Running {
        let decoder = Decoder::new(mode.framing);
        Running {
            decoder: match mode.ends.length {
                Some(length) => decoder.take(length),
                None => decoder,
            },
            guard: mode.ends.escape.then(|| Guard::new(now, escape, guard)),
            moved: 0,
            held: vec![],
            ends_at: mode.ends.after.map(|after| now + after),
            last: now,
            skip_lf: None,
            rest,
            mode,
        }
    }

    /// When something happens without the host.
    pub fn deadline(&self) -> Option<Now> {
        let idle = self.mode.ends.idle.map(|idle| self.last + idle);
        let guard = self.guard.as_ref().and_then(Guard::poll_timeout);
        [self.ends_at, idle, guard].into_iter().flatten().min()
    }
}
