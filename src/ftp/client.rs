//! The session: what its owner calls, and how the stages follow each other.

use super::line::Line;
use super::login::Login;
use super::transfer::Transfer;
use super::wire::{Turn, Wire};
use super::{Busy, Cause, Event, Failure, Input, Malformed, Op, Output, Replies, Reply, Settings, Step};
use crate::ftp::transfer::Release;
use crate::time::Now;
use bytes::Bytes;

/// An FTP client with one session at most, and one operation at a time in it.
#[derive(Debug, Default)]
pub struct Client {
    wire: Wire,
    replies: Replies,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Closed,
    Connecting {
        since: Now,
    },
    Opening {
        login: Login,
        since: Now,
    },
    Ready,
    Simple {
        op: Op,
        /// RNTO, until RNFR is answered.
        then: Option<Line>,
        since: Now,
    },
    Transfer(Box<Transfer>),
}

/// The control connection as a session ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Control {
    /// It is still to be closed.
    Open,
    /// It is gone.
    Dead,
}

impl Client {
    /// A client without a session.
    pub fn new(settings: Settings) -> Client {
        Client { wire: Wire { settings, ..Wire::default() }, ..Client::default() }
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.wire.settings
    }

    /// The settings, to be changed; time-outs hold at once, the rest from the next command that needs it.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.wire.settings
    }

    /// Opens a session: ends in [`Event::Opened`] or [`Event::Lost`]. Nothing happens where there is one.
    pub fn open(&mut self, now: Now) {
        if let State::Closed = self.state {
            self.replies = Replies::default();
            self.wire.renew();
            self.wire.push(Output::Connect);
            self.state = State::Connecting { since: now };
        }
    }

    /// Starts an operation: ends in [`Event::Done`], [`Event::Failed`], [`Event::Lost`], or [`Event::Closed`] for QUIT.
    ///
    /// An argument with a line end or a NUL in it is never sent; the operation fails at once, at
    /// [`Step::Verb`] with [`Cause::Malformed`].
    ///
    /// # Errors
    ///
    /// [`Busy`] where no session is open, or an operation is going on.
    pub fn start(&mut self, now: Now, op: Op) -> Result<(), Busy> {
        let State::Ready = self.state else { return Err(Busy) };
        match (op.lines(), op.needs()) {
            (Err(cause), _) => {
                self.wire.event(Event::Failed { op, failure: Failure { step: Step::Verb, cause }, moved: 0 });
            }
            (Ok((verb, _)), Some(needs)) => {
                let transfer = Transfer::start(&mut self.wire, now, op, needs, verb);
                self.state = State::Transfer(Box::new(transfer));
            }
            (Ok((line, then)), None) => {
                self.wire.command(line);
                self.state = State::Simple { op, then, since: now };
            }
        }
        Ok(())
    }

    /// Feeds an upload. Before [`Event::Begun`] it is kept; it is dropped where no upload takes it.
    pub fn send(&mut self, now: Now, bytes: Bytes) {
        if let State::Transfer(transfer) = &mut self.state {
            transfer.send(&mut self.wire, now, bytes);
        }
    }

    /// Ends an upload behind all that was sent.
    pub fn finish(&mut self, now: Now) {
        self.with_transfer(|transfer, wire| transfer.finish(wire, now));
    }

    /// Gives a transfer up: it ends in [`Event::Failed`] with [`Cause::Aborted`], after ABOR and its
    /// replies where the server knows of it already. Other operations are not touched.
    pub fn abort(&mut self, now: Now) {
        self.with_transfer(|transfer, wire| transfer.abort(wire, now));
    }

    /// Closes the session without QUIT, whatever goes on. No event follows.
    pub fn drop_session(&mut self, _now: Now) {
        let state = std::mem::take(&mut self.state);
        if let State::Closed = state {
            return;
        }
        if let State::Transfer(mut transfer) = state {
            transfer.release(&mut self.wire, Release::Rst);
        }
        self.wire.push(Output::CloseControl);
    }

    /// Tells whether the owner holds a download back (its buffer is full). While it does, no
    /// progress is no time-out. A new transfer is not held back.
    pub fn set_paused(&mut self, now: Now, paused: bool) {
        if let State::Transfer(transfer) = &mut self.state {
            transfer.pause(now, paused);
        }
    }

    /// The network did something.
    pub fn handle(&mut self, now: Now, input: Input) {
        match input {
            Input::ControlConnected => {
                if let State::Connecting { .. } = self.state {
                    self.state = State::Opening { login: Login::Greeting, since: now };
                }
            }
            Input::ControlSecured => {
                if let State::Opening { login, since } = &mut self.state {
                    *since = now;
                    let turn = login.secured(&mut self.wire);
                    self.apply(turn);
                }
            }
            Input::ControlFailed(cause) => self.lose(cause),
            Input::ControlBytes(bytes) => self.control_bytes(now, &bytes),
            Input::ControlClosed => self.control_closed(),
            Input::ControlReset => self.lose(Cause::Reset),
            Input::DataListening { port } => self.with_transfer(|transfer, wire| {
                transfer.listening(wire, now, port);
                Turn::Wait
            }),
            Input::DataConnected => self.with_transfer(|transfer, wire| transfer.connected(wire, now)),
            Input::DataFailed(cause) => self.data_ended(now, Some(cause)),
            Input::DataBytes(bytes) => self.with_transfer(|transfer, wire| {
                transfer.received(wire, now, bytes);
                Turn::Wait
            }),
            Input::DataClosed => self.data_ended(now, None),
            Input::DataReset => self.data_ended(now, Some(Cause::Reset)),
            Input::DataSent(n) => self.with_transfer(|transfer, _| transfer.sent(now, n)),
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.poll_timeout().is_none_or(|at| at > now) {
            return;
        }
        let turn = match &mut self.state {
            State::Transfer(transfer) => transfer.expired(&mut self.wire),
            _ => Turn::lost(self.step(), Cause::Silence),
        };
        self.apply(turn);
    }

    /// The next thing to be done, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.wire.out.pop_front()
    }

    /// When [`Client::handle_timeout`] wants to be called.
    pub fn poll_timeout(&self) -> Option<Now> {
        let settings = &self.wire.settings;
        match &self.state {
            State::Closed | State::Ready => None,
            State::Connecting { since } => Some(*since + settings.connect_timeout),
            State::Opening { since, .. } | State::Simple { since, .. } => {
                Some(*since + settings.reply_timeout)
            }
            State::Transfer(transfer) => transfer.deadline(&self.wire),
        }
    }

    /// True while the session is being opened or an operation is going on.
    pub fn busy(&self) -> bool {
        !matches!(self.state, State::Closed | State::Ready)
    }

    /// True from [`Event::Opened`] to the end of the session.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Ready | State::Simple { .. } | State::Transfer(_))
    }

    /// True from [`Event::Begun`] to the end of the transfer.
    pub fn is_transferring(&self) -> bool {
        matches!(&self.state, State::Transfer(transfer) if transfer.is_begun())
    }

    /// True while a download takes [`Input::DataBytes`]. What comes earlier is kept, without a limit.
    pub fn accepts_data(&self) -> bool {
        matches!(&self.state, State::Transfer(transfer) if transfer.accepts_data())
    }

    /// Octets of the upload that the link has not taken yet ([`Input::DataSent`]).
    pub fn upload_backlog(&self) -> usize {
        match &self.state {
            State::Transfer(transfer) => transfer.backlog(),
            _ => 0,
        }
    }

    /// Where the session stands.
    pub fn step(&self) -> Step {
        match &self.state {
            State::Connecting { .. } => Step::Connect,
            State::Opening { login, .. } => login.step(),
            State::Closed | State::Ready => Step::Idle,
            State::Simple { .. } => Step::Verb,
            State::Transfer(transfer) => transfer.step(),
        }
    }

    fn with_transfer(&mut self, feed: impl FnOnce(&mut Transfer, &mut Wire) -> Turn) {
        if let State::Transfer(transfer) = &mut self.state {
            let turn = feed(transfer, &mut self.wire);
            self.apply(turn);
        }
    }

    fn data_ended(&mut self, now: Now, cause: Option<Cause>) {
        self.with_transfer(|transfer, wire| transfer.ended(wire, now, cause));
    }

    fn control_bytes(&mut self, now: Now, mut bytes: &[u8]) {
        while !matches!(self.state, State::Closed | State::Connecting { .. }) {
            let reply = match self.replies.next(&mut bytes) {
                None => return,
                Some(Ok(reply)) => reply,
                Some(Err(Malformed::Line(line))) => Reply::nonsense(line),
                Some(Err(limit)) => {
                    return self.apply(Turn::lost(self.step(), Cause::Malformed(limit.to_string())));
                }
            };
            self.wire.event(Event::Replied(reply.clone()));
            self.reply(now, reply);
        }
    }

    fn reply(&mut self, now: Now, reply: Reply) {
        let turn = match &mut self.state {
            State::Opening { login, since } => {
                *since = now;
                login.reply(&mut self.wire, reply)
            }
            State::Transfer(transfer) => transfer.reply(&mut self.wire, now, reply),
            State::Closed | State::Connecting { .. } => Turn::Wait,
            _ if self.wire.settles(&reply) => Turn::Wait,
            State::Ready => {
                self.wire.event(Event::Unasked(reply));
                Turn::Wait
            }
            State::Simple { then, since, .. } => {
                *since = now;
                match then.take_if(|_| reply.is_intermediate() || reply.is_positive()) {
                    Some(line) => {
                        self.wire.command(line);
                        Turn::Wait
                    }
                    None if reply.is_preliminary() => Turn::Wait,
                    None if reply.is_positive() => Turn::Done(reply),
                    None => Turn::failed(Step::Verb, Cause::from_reply(reply)),
                }
            }
        };
        self.apply(turn);
    }

    fn control_closed(&mut self) {
        match self.state {
            State::Simple { op: Op::Quit, .. } => self.close(),
            _ => self.apply(Turn::lost(self.step(), Cause::Closed)),
        }
    }

    fn close(&mut self) {
        self.state = State::Closed;
        self.wire.push(Output::CloseControl);
        self.wire.event(Event::Closed);
    }

    fn apply(&mut self, turn: Turn) {
        match turn {
            Turn::Wait => {}
            Turn::Lost(failure) => self.end_session(failure, Control::Open),
            Turn::Done(reply) => match std::mem::replace(&mut self.state, State::Ready) {
                State::Opening { .. } => self.wire.event(Event::Opened),
                State::Simple { op: Op::Quit, .. } => self.close(),
                State::Simple { op, .. } => self.wire.event(Event::Done { op, reply, moved: 0 }),
                State::Transfer(mut transfer) => {
                    transfer.release(&mut self.wire, Release::Fin);
                    let Transfer { op, moved, .. } = *transfer;
                    self.wire.event(Event::Done { op, reply, moved });
                }
                idle => self.state = idle,
            },
            Turn::Failed(failure) => match std::mem::replace(&mut self.state, State::Ready) {
                State::Simple { op, .. } => self.wire.event(Event::Failed { op, failure, moved: 0 }),
                State::Transfer(mut transfer) => {
                    // What the server has refused it will not take for whole.
                    let how = if failure.cause.code().is_some() { Release::Fin } else { Release::Rst };
                    transfer.release(&mut self.wire, how);
                    let Transfer { op, moved, .. } = *transfer;
                    self.wire.event(Event::Failed { op, failure, moved });
                }
                other => self.state = other,
            },
        }
    }

    /// The control connection is dead: there is nothing to close.
    fn lose(&mut self, cause: Cause) {
        self.end_session(Failure { step: self.step(), cause }, Control::Dead);
    }

    fn end_session(&mut self, failure: Failure, control: Control) {
        let (op, moved) = match std::mem::take(&mut self.state) {
            State::Closed => return,
            State::Connecting { .. } | State::Opening { .. } | State::Ready => (None, 0),
            State::Simple { op, .. } => (Some(op), 0),
            State::Transfer(mut transfer) => {
                transfer.release(&mut self.wire, Release::Rst);
                (Some(transfer.op), transfer.moved)
            }
        };
        if control == Control::Open {
            self.wire.push(Output::CloseControl);
        }
        self.wire.event(Event::Lost { op, failure, moved });
    }
}
