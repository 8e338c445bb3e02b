//! A transfer up to its verb: TYPE, the data connection, REST (RFC 959 section 3.2, RFC 3659 section 5).

use super::abort::Owed;
use super::line::Line;
use super::op::Needs;
use super::wire::{Turn, Wire};
use super::{Cause, Op, Output, Reply, Step, parse_passive};
use crate::time::Now;
use bytes::Bytes;
use core::net::SocketAddrV4;

#[derive(Debug)]
pub struct Transfer {
    pub op: Op,
    /// Octets of payload that were handed on (down) or taken by the link (up).
    pub moved: u64,
    pub(super) needs: Needs,
    verb: Line,
    pub(super) stage: Stage,
    pub(super) link: Link,
    pub(super) flow: Flow,
    /// Payload that came before the server was ready; `None` once the transfer has begun.
    pub(super) held: Option<Vec<Bytes>>,
    /// When the present wait began, or payload moved last.
    pub(super) since: Now,
}

/// How a data connection is let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// As at the end of a file.
    Fin,
    /// So that the server sees that the file is not whole.
    Rst,
}

#[derive(Debug)]
pub(super) enum Stage {
    Type,
    Passive,
    Connecting,
    Listening,
    Port,
    Rest,
    Verb,
    /// 125 or 150 was seen.
    Moving,
    /// This 2yz was seen; payload may still be under way.
    Closing(Reply),
    /// Given up before the verb: the reply to this step is still owed.
    Cancelled(Step),
    /// ABOR was sent.
    Aborting(Owed),
}

/// The data connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Link {
    None,
    Opening,
    Up,
    /// It never came up.
    Failed(Cause),
    /// Over, by the server's FIN or by the cause given. Nothing is left to be closed.
    Ended(Option<Cause>),
}

#[derive(Debug)]
pub(super) enum Flow {
    Down { paused: bool },
    Up { backlog: usize, finished: bool },
}

impl Transfer {
    pub fn start(wire: &mut Wire, now: Now, op: Op, needs: Needs, verb: Line) -> Transfer {
        let flow = match needs.upload {
            true => Flow::Up { backlog: 0, finished: false },
            false => Flow::Down { paused: false },
        };
        let (stage, link, held) = (Stage::Type, Link::None, Some(vec![]));
        let mut transfer = Transfer { op, moved: 0, needs, verb, stage, link, flow, held, since: now };
        if wire.told == Some(needs.kind) {
            transfer.open_data(wire, now);
        } else {
            wire.told = None;
            wire.command(needs.kind.line());
        }
        transfer
    }

    pub fn step(&self) -> Step {
        match self.stage {
            Stage::Type => Step::Type,
            Stage::Passive => Step::Passive,
            Stage::Connecting => Step::DataConnect,
            Stage::Listening | Stage::Port => Step::Active,
            Stage::Rest => Step::Rest,
            Stage::Verb => Step::Verb,
            Stage::Moving | Stage::Closing(_) => self.phase(),
            Stage::Cancelled(step) => step,
            Stage::Aborting(_) => Step::Transfer,
        }
    }

    pub fn reply(&mut self, wire: &mut Wire, now: Now, reply: Reply) -> Turn {
        match (&self.stage, reply.code) {
            (Stage::Moving | Stage::Closing(_), _) => return self.moving_reply(wire, now, reply),
            (Stage::Aborting(_), _) => return self.aborting_reply(now, reply),
            _ if wire.settles(&reply) => {}
            (Stage::Verb, 100..=299) => return self.verb_reply(wire, now, reply),
            (_, 100..=199) => self.since = now,
            (Stage::Type, 200..=299) => {
                wire.told = Some(self.needs.kind);
                self.open_data(wire, now);
            }
            (Stage::Passive, 227) => return self.connect(wire, now, &reply),
            (Stage::Port, 200..=299) => self.rest(wire, now),
            (Stage::Rest, 200..=399) => self.verb(wire, now),
            // Nothing was asked; only a server that is going away means us.
            (Stage::Connecting | Stage::Listening, code) if code != 421 => {}
            (Stage::Cancelled(step), _) => return Turn::failed(*step, Cause::Aborted),
            (stage, _) => {
                if let Stage::Verb = stage {
                    wire.owe_behind(&reply);
                }
                return match &self.link {
                    // The client knows better than the server why.
                    Link::Failed(cause) => Turn::failed(Step::DataConnect, cause.clone()),
                    _ => Turn::failed(self.step(), Cause::from_reply(reply)),
                };
            }
        }
        Turn::Wait
    }

    pub fn listening(&mut self, wire: &mut Wire, now: Now, port: u16) {
        if let Stage::Listening = self.stage {
            let address = SocketAddrV4::new(wire.settings.local, port);
            self.ask(wire, now, Stage::Port, Line::port(address));
        }
    }

    pub fn connected(&mut self, wire: &mut Wire, now: Now) -> Turn {
        if self.link == Link::Opening {
            self.link = Link::Up;
            match self.stage {
                Stage::Connecting => self.rest(wire, now),
                _ => return self.proceed(wire, now),
            }
        }
        Turn::Wait
    }

    pub fn deadline(&self, wire: &Wire) -> Option<Now> {
        let settings = &wire.settings;
        match &self.stage {
            Stage::Connecting => Some(self.since + settings.connect_timeout),
            Stage::Moving | Stage::Closing(_) => self.moving_deadline(settings),
            Stage::Aborting(owed) => Some(self.since + owed.patience(settings)),
            _ => Some(self.since + settings.reply_timeout),
        }
    }

    pub fn expired(&mut self, wire: &mut Wire) -> Turn {
        match &self.stage {
            Stage::Connecting | Stage::Listening => Turn::failed(self.step(), Cause::Silence),
            Stage::Moving | Stage::Closing(_) => self.moving_expired(wire),
            Stage::Aborting(owed) => owed.expired(wire),
            _ => Turn::lost(self.step(), Cause::Silence),
        }
    }

    /// Lets go of the data connection.
    pub fn release(&mut self, wire: &mut Wire, how: Release) {
        match (&self.link, how) {
            (Link::Opening, _) | (Link::Up, Release::Fin) => wire.push(Output::CloseData),
            (Link::Up, Release::Rst) => wire.push(Output::AbortData),
            (Link::None | Link::Failed(_) | Link::Ended(_), _) => {}
        }
        self.link = Link::Ended(None);
    }

    fn open_data(&mut self, wire: &mut Wire, now: Now) {
        if wire.settings.passive {
            self.stage = Stage::Passive;
            wire.command(Line::bare("PASV"));
        } else {
            self.stage = Stage::Listening;
            self.link = Link::Opening;
            wire.push(Output::ListenData { port: wire.settings.source_data_port.unwrap_or(0) });
        }
        self.since = now;
    }

    fn connect(&mut self, wire: &mut Wire, now: Now, reply: &Reply) -> Turn {
        match reply.lines.iter().find_map(|line| parse_passive(line.get(3..)?)) {
            Some(address) => {
                self.stage = Stage::Connecting;
                self.link = Link::Opening;
                self.since = now;
                wire.push(Output::ConnectData(address));
                Turn::Wait
            }
            None => Turn::failed(Step::Passive, Cause::Malformed(reply.lines.concat())),
        }
    }

    /// RFC 3659 section 5.3: REST must be the last command before the one that it is for. A REST
    /// that an aborted transfer left behind is undone.
    fn rest(&mut self, wire: &mut Wire, now: Now) {
        if self.needs.offset == 0 && !wire.armed {
            return self.verb(wire, now);
        }
        wire.armed = true;
        self.ask(wire, now, Stage::Rest, Line::number("REST", self.needs.offset));
    }

    fn verb(&mut self, wire: &mut Wire, now: Now) {
        wire.armed = false;
        self.ask(wire, now, Stage::Verb, self.verb.clone());
    }

    fn ask(&mut self, wire: &mut Wire, now: Now, stage: Stage, line: Line) {
        self.stage = stage;
        self.since = now;
        wire.command(line);
    }
}
