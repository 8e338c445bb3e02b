//! A transfer from its verb on: payload, and the final reply, which come in any order.

use super::transfer::{Flow, Link, Stage, Transfer};
use super::wire::{Turn, Wire};
use super::{Cause, Event, Output, Reply, Settings, Step};
use crate::time::Now;
use bytes::Bytes;

impl Transfer {
    /// True while payload of a download may be handed over.
    pub fn accepts_data(&self) -> bool {
        self.is_begun() && !self.needs.upload && self.link == Link::Up
    }

    /// True from `Begun` on.
    pub fn is_begun(&self) -> bool {
        self.held.is_none()
    }

    /// Octets of an upload that the link has not taken.
    pub fn backlog(&self) -> usize {
        match self.flow {
            Flow::Up { backlog, .. } => backlog + self.held.iter().flatten().map(Bytes::len).sum::<usize>(),
            Flow::Down { .. } => 0,
        }
    }

    /// Whether the owner holds a download back: then its standing still is not the server's fault.
    pub fn pause(&mut self, now: Now, hold: bool) {
        if let Flow::Down { paused } = &mut self.flow
            && std::mem::replace(paused, hold) != hold
        {
            self.progress(now);
        }
    }

    /// Takes payload of an upload; it is dropped where the upload is finished or its connection gone.
    pub fn send(&mut self, wire: &mut Wire, now: Now, bytes: Bytes) {
        match (&mut self.held, &mut self.flow, &self.link) {
            (_, Flow::Up { finished: true, .. } | Flow::Down { .. }, _) => {}
            (Some(held), ..) => held.push(bytes),
            (None, Flow::Up { backlog, .. }, Link::Up) if !bytes.is_empty() => {
                if *backlog == 0 {
                    self.since = now;
                }
                *backlog += bytes.len();
                wire.push(Output::SendData(bytes));
            }
            _ => {}
        }
    }

    /// Ends an upload.
    pub fn finish(&mut self, wire: &mut Wire, now: Now) -> Turn {
        if let Flow::Up { finished, .. } = &mut self.flow
            && !std::mem::replace(finished, true)
            && self.is_begun()
        {
            self.shut_down(wire);
            self.progress(now);
        }
        self.settle()
    }

    /// The reply to the verb, 1yz or 2yz.
    pub(super) fn verb_reply(&mut self, wire: &mut Wire, now: Now, reply: Reply) -> Turn {
        self.stage = match reply.is_preliminary() {
            true => Stage::Moving,
            false => Stage::Closing(reply),
        };
        self.proceed(wire, now)
    }

    pub(super) fn moving_reply(&mut self, wire: &mut Wire, now: Now, reply: Reply) -> Turn {
        match &self.stage {
            _ if reply.is_preliminary() => Turn::Wait,
            // The server has said its last word on this transfer.
            Stage::Closing(_) => Turn::Wait,
            _ if reply.is_positive() => {
                self.stage = Stage::Closing(reply);
                self.proceed(wire, now)
            }
            _ => {
                wire.owe_behind(&reply);
                Turn::failed(self.phase(), Cause::from_reply(reply))
            }
        }
    }

    pub fn received(&mut self, wire: &mut Wire, now: Now, bytes: Bytes) {
        if self.needs.upload || self.link != Link::Up || bytes.is_empty() {
            return;
        }
        match &mut self.held {
            Some(held) => held.push(bytes),
            None => {
                self.since = now;
                self.moved += bytes.len() as u64;
                wire.event(Event::Data(bytes));
            }
        }
    }

    pub fn sent(&mut self, now: Now, n: usize) -> Turn {
        if let Flow::Up { backlog, .. } = &mut self.flow {
            let n = n.min(*backlog);
            *backlog -= n;
            self.moved += n as u64;
            self.progress(now);
        }
        self.settle()
    }

    /// The data connection is over: by FIN where `cause` is `None`.
    pub fn ended(&mut self, wire: &mut Wire, now: Now, cause: Option<Cause>) -> Turn {
        if !matches!(self.link, Link::Opening | Link::Up) {
            return Turn::Wait;
        }
        if cause.is_none() {
            wire.push(Output::CloseData);
        }
        self.link = match self.link {
            // Whatever has passed on it is worth nothing.
            Link::Up if cause == Some(Cause::Tls) => Link::Failed(Cause::Tls),
            Link::Up => Link::Ended(cause),
            _ => Link::Failed(cause.unwrap_or(Cause::Closed)),
        };
        match (&self.stage, &self.link) {
            (Stage::Connecting | Stage::Listening, Link::Failed(cause)) => {
                Turn::failed(self.step(), cause.clone())
            }
            _ => self.proceed(wire, now),
        }
    }

    /// Begins the transfer once both the server and the data connection are ready, and ends it once both are through.
    pub(super) fn proceed(&mut self, wire: &mut Wire, now: Now) -> Turn {
        if !self.is_moving() {
            return Turn::Wait;
        }
        self.since = now;
        // A short download can be over before the server's 150 is here.
        let ready = match self.link {
            Link::Up => true,
            Link::Ended(_) => !self.needs.upload,
            Link::None | Link::Opening => false,
            Link::Failed(ref cause) => {
                self.owe(wire);
                return Turn::failed(Step::DataConnect, cause.clone());
            }
        };
        if ready && let Some(held) = self.held.take() {
            wire.event(Event::Begun);
            for bytes in held {
                self.flush(wire, bytes);
            }
            if let Flow::Up { finished: true, .. } = self.flow {
                self.shut_down(wire);
            }
        }
        self.settle()
    }

    fn is_moving(&self) -> bool {
        matches!(self.stage, Stage::Moving | Stage::Closing(_))
    }

    /// Payload moved: the wait for more begins anew. Other waits are for replies.
    fn progress(&mut self, now: Now) {
        if self.is_moving() {
            self.since = now;
        }
    }

    fn flush(&mut self, wire: &mut Wire, bytes: Bytes) {
        match &mut self.flow {
            Flow::Up { backlog, .. } => {
                *backlog += bytes.len();
                wire.push(Output::SendData(bytes));
            }
            Flow::Down { .. } => {
                self.moved += bytes.len() as u64;
                wire.event(Event::Data(bytes));
            }
        }
    }

    fn shut_down(&self, wire: &mut Wire) {
        if self.link == Link::Up {
            wire.push(Output::ShutdownData);
        }
    }

    /// Done only when both the final reply is here and the payload is over.
    fn settle(&mut self) -> Turn {
        let Stage::Closing(reply) = &self.stage else { return Turn::Wait };
        match (&self.flow, &self.link) {
            (_, Link::None | Link::Opening | Link::Failed(_)) => Turn::Wait,
            (Flow::Down { .. }, Link::Ended(None)) => Turn::Done(reply.clone()),
            (Flow::Down { .. }, Link::Up) => Turn::Wait,
            (Flow::Up { finished: true, backlog }, _) => {
                // The server has said that it holds the whole file, whatever the link has confirmed.
                self.moved += *backlog as u64;
                Turn::Done(reply.clone())
            }
            (Flow::Up { .. }, Link::Up) => Turn::Wait,
            (_, Link::Ended(cause)) => Turn::failed(Step::Transfer, cause.clone().unwrap_or(Cause::Closed)),
        }
    }

    /// Where a begun transfer stands.
    pub(super) fn phase(&self) -> Step {
        match (&self.link, &self.flow) {
            (Link::None | Link::Opening | Link::Failed(_), _) => Step::DataConnect,
            (Link::Ended(None), Flow::Down { .. }) => Step::Completion,
            (Link::Up | Link::Ended(None), Flow::Up { finished: true, .. }) => Step::Completion,
            _ => Step::Transfer,
        }
    }

    pub(super) fn moving_deadline(&self, settings: &Settings) -> Option<Now> {
        let patience = match (&self.link, &self.flow) {
            (Link::None | Link::Opening | Link::Failed(_), _) => settings.connect_timeout,
            (Link::Up, Flow::Down { paused: true }) => return None,
            (Link::Up, Flow::Down { paused: false }) => settings.data_timeout,
            (Link::Up, Flow::Up { backlog: 1.., .. }) => settings.data_timeout,
            // The host is slow to feed: no fault of the server's.
            (Link::Up, Flow::Up { finished: false, .. }) => return None,
            (Link::Up, Flow::Up { finished: true, .. }) | (Link::Ended(_), _) => settings.reply_timeout,
        };
        Some(self.since + patience)
    }

    pub(super) fn moving_expired(&mut self, wire: &mut Wire) -> Turn {
        self.owe(wire);
        match (&self.link, &self.flow) {
            (Link::Ended(Some(cause)), _) => Turn::failed(Step::Transfer, cause.clone()),
            (Link::Ended(None), Flow::Up { finished: false, .. }) => {
                Turn::failed(Step::Transfer, Cause::Closed)
            }
            (Link::Up, Flow::Up { backlog: 1.., .. }) => Turn::failed(Step::Transfer, Cause::Silence),
            _ => Turn::failed(self.phase(), Cause::Silence),
        }
    }

    fn owe(&self, wire: &mut Wire) {
        if let Stage::Moving = self.stage {
            wire.owe();
        }
    }
}
