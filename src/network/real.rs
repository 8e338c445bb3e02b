//! The real sockets that the network has asked for: whom each serves, and what is to be done with it.

use super::GateId;
use super::faults::LinkId;
use super::outside::{IoId, IoRequest};
use crate::modem::net::Socket;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Whom a real socket serves.
#[derive(Clone, Copy, Debug)]
pub(super) enum IoUse {
    /// A link that is bridged to a real host.
    Link(LinkId),
    /// A gate's control connection to the real server.
    Upstream(GateId),
    /// A gate's data connection to the real server.
    UpstreamData(GateId),
    /// What one UDP port of the module sends to one mapped host.
    Datagrams(Socket),
    /// A `[forward]` entry.
    Forward,
}

/// The real sockets, and the requests about them that nobody has taken yet.
#[derive(Default)]
pub(super) struct RealSockets {
    uses: BTreeMap<IoId, IoUse>,
    /// Those that have not answered yet.
    connecting: BTreeSet<IoId>,
    requests: VecDeque<IoRequest>,
    next: u32,
}

impl RealSockets {
    /// The number of a new socket, whose request follows.
    pub fn open(&mut self, used: IoUse) -> IoId {
        let io = IoId(self.next);
        self.next += 1;
        self.uses.insert(io, used);
        self.connecting.insert(io);
        io
    }

    /// Says whom a socket serves: one that a listener has accepted, or one that was opened for another use.
    pub fn serve(&mut self, io: IoId, used: IoUse) {
        self.uses.insert(io, used);
    }

    /// Whom a socket serves; `None` for one that was given up.
    pub fn user(&self, io: IoId) -> Option<IoUse> {
        self.uses.get(&io).copied()
    }

    /// Asks the real world for something.
    pub fn ask(&mut self, request: IoRequest) {
        self.requests.push_back(request);
    }

    /// A socket is open, or could not be opened.
    pub fn answered(&mut self, io: IoId) {
        self.connecting.remove(&io);
    }

    /// A socket is gone without a request, or was never asked for.
    pub fn forget(&mut self, io: IoId) {
        self.connecting.remove(&io);
        self.uses.remove(&io);
    }

    /// Closes a socket in good order.
    pub fn close(&mut self, io: IoId) {
        self.end(io, IoRequest::Close { io });
    }

    /// Closes a socket with RST.
    pub fn abort(&mut self, io: IoId) {
        self.end(io, IoRequest::Abort { io });
    }

    fn end(&mut self, io: IoId, request: IoRequest) {
        self.connecting.remove(&io);
        if self.uses.remove(&io).is_some() {
            self.requests.push_back(request);
        }
    }

    /// The next request.
    pub fn poll(&mut self) -> Option<IoRequest> {
        self.requests.pop_front()
    }

    /// Whether an answer is owed to one of them.
    pub fn busy(&self) -> bool {
        !self.connecting.is_empty() || !self.requests.is_empty()
    }

    /// Whether one leads to a real host beyond the module's own server.
    pub fn reaches_out(&self) -> bool {
        let outside = |used: &IoUse| matches!(used, IoUse::Link(_) | IoUse::Datagrams(_) | IoUse::Forward);
        self.uses.values().any(outside)
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.uses.is_empty()
    }
}
