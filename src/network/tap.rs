//! What a capture at the module's antenna would show, for the trace and the packet capture.

use super::faults::LinkInfo;
use crate::fault::Way;
use crate::time::Now;
use bytes::Bytes;
use std::collections::VecDeque;

/// Something that went through the antenna.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tapped {
    /// When.
    pub at: Now,
    /// On which link.
    pub link: LinkInfo,
    /// Which way.
    pub way: Way,
    /// What.
    pub what: TappedWhat,
}

/// What went through the antenna.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TappedWhat {
    /// A TCP connection is up; the way is that of its SYN.
    Open,
    /// One segment of a TCP connection.
    Segment(Bytes),
    /// FIN.
    Fin,
    /// RST.
    Rst,
    /// One datagram.
    Datagram(Bytes),
}

/// The tap: empty and free of cost unless it is on.
#[derive(Debug)]
pub(super) struct Tap {
    pub on: bool,
    queue: VecDeque<Tapped>,
}

impl Tap {
    pub fn new(on: bool) -> Tap {
        Tap { on, queue: VecDeque::new() }
    }

    pub fn push(&mut self, at: Now, link: &LinkInfo, way: Way, what: impl FnOnce() -> TappedWhat) {
        if self.on {
            self.queue.push_back(Tapped { at, link: *link, way, what: what() });
        }
    }

    pub fn pop(&mut self) -> Option<Tapped> {
        self.queue.pop_front()
    }
}
