//! Data under way, and how it ends. The closing reply to a download waits until the module has been
//! handed everything, the one to an upload until the server has given it.
//!
//! Where the modem's clock is turned by hand, the same run is the same trace: how the kernel divides what
//! the built-in server sends and takes, and whether its last word is quicker than its FIN, does not show.

use super::port::Data;
use super::transfers::{Ending, Kind, Pipe, Step, Timer, Transfers};
use super::{GateOutput, reply};
use crate::fault::{End, Stop};
use crate::ftp::Reply;
use crate::time::Now;
use bytes::{Bytes, BytesMut};

/// From the server to the module.
#[derive(Debug)]
pub struct Down {
    stage: DownStage,
    /// Octets that the server may still send.
    credit: usize,
    /// What has arrived of a window. It is handed on when the window is full, or at the end.
    gathered: BytesMut,
    /// Octets that the link has not taken yet.
    unsent: usize,
    /// Octets that it has taken, and that the server has not been allowed again.
    taken: usize,
    /// What is said when the module has everything.
    ending: Option<Ending>,
}

#[derive(Debug, PartialEq, Eq)]
enum DownStage {
    Flowing,
    /// The server has sent FIN, and its closing reply is awaited.
    Closing,
    /// A fault resets the connection, once the link has taken what is left.
    Cutting,
    /// FIN was sent to the module.
    Finished,
    /// The module has everything.
    Delivered,
}

/// From the module to the server.
#[derive(Debug)]
pub struct Up {
    stage: UpStage,
    /// Octets that the server has not been handed yet.
    backlog: usize,
    /// Octets that it has been handed, and that the module has not been allowed again.
    handed: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum UpStage {
    Flowing,
    /// The module has sent everything.
    Ended,
    /// The server takes no more. Its reply, which says why, is awaited.
    GivenUp,
}

impl Down {
    pub fn is_flowing(&self) -> bool {
        self.stage == DownStage::Flowing
    }

    pub fn has_room(&self) -> bool {
        self.credit > 0
    }
}

impl Up {
    pub fn is_flowing(&self) -> bool {
        self.stage == UpStage::Flowing
    }

    pub fn has_backlog(&self) -> bool {
        self.backlog > 0
    }
}

impl Transfers {
    fn down(&mut self) -> Option<&mut Down> {
        self.current.as_mut()?.down()
    }

    fn up(&mut self) -> Option<&mut Up> {
        self.current.as_mut()?.up()
    }

    /// Whether how the kernel divides the data must not show: with the built-in server it must not.
    fn is_in_order(&self) -> bool {
        self.config.in_order && self.server.builtin
    }

    /// Gives the sender its first credit.
    pub fn flow(&mut self, now: Now) {
        let window = self.config.window;
        let Some(transfer) = self.current.as_deref_mut() else { return };
        let kind = transfer.kind;
        let (step, allow) = match kind {
            Kind::Read | Kind::List => {
                let gathered = BytesMut::new();
                let (stage, credit) = (DownStage::Flowing, window);
                let down = Down { stage, credit, gathered, unsent: 0, taken: 0, ending: None };
                (Step::Down(down), GateOutput::AllowUpstreamData(window))
            }
            Kind::Write => {
                let up = Up { stage: UpStage::Flowing, backlog: 0, handed: 0 };
                (Step::Up(up), GateOutput::AllowModuleData(window))
            }
        };
        transfer.step = step;
        let stop = transfer.stop.take_if(|stop| stop.after == 0);
        self.moved(now);
        match (stop, &self.port.state, kind) {
            (_, Data::None, _) => self.fail(426, "Connection closed; transfer aborted."),
            (Some(stop), ..) => self.cut(now, stop),
            (None, Data::Ended, Kind::Write) => self.data_fin(now),
            // The server was quicker with closing the data connection than with its 150.
            (None, ..) if self.pipe == Pipe::None => self.pipe_reset(now),
            (None, ..) => self.acts.output(allow),
        }
    }

    /// Data has moved: the time-out begins anew.
    pub fn moved(&mut self, now: Now) {
        match self.config.stall {
            Some(stall) if !self.current.as_ref().is_some_and(|transfer| transfer.is_fed()) => {
                self.timers.set(Timer::Stall, now + stall)
            }
            // How long a host takes to type a file is between it and its module: the M10's may be 65535 s.
            _ => {
                self.timers.cancel(Timer::Stall);
            }
        }
    }

    /// The server has sent everything. The time that the host takes to read it does not count for the time-out.
    pub fn data_unread(&mut self, now: Now) {
        if let Some(Step::Down(_) | Step::Closing(_)) =
            self.current.as_deref_mut().map(|transfer| &transfer.step)
        {
            self.moved(now);
        }
    }

    /// Nothing has moved for too long: the transfer ends with 426. One that waited only for the module to see its end
    /// gets its closing reply.
    pub fn stalled(&mut self, now: Now) {
        self.settle(now);
        self.fail(426, "Data timeout.");
    }

    fn cut(&mut self, now: Now, stop: Stop) {
        self.release_pipe();
        let Some(transfer) = self.current.as_deref_mut() else { return };
        match &mut transfer.step {
            Step::Down(down) if stop.end == End::Rst && down.unsent > 0 => {
                down.stage = DownStage::Cutting;
                down.ending = Some(Ending::Scripted(stop.reply));
            }
            Step::Down(_) if stop.end == End::Fin => self.close_data(now, Ending::Scripted(stop.reply)),
            _ => self.conclude(Ending::Scripted(stop.reply)),
        }
    }

    pub fn pipe_bytes(&mut self, now: Now, bytes: Bytes) {
        let length = bytes.len();
        if self.pipe == Pipe::Leaving {
            return self.acts.output(GateOutput::AllowUpstreamData(length));
        }
        if !self.down().is_some_and(|down| down.is_flowing()) {
            return;
        }
        self.moved(now);
        let in_order = self.is_in_order();
        let Some(down) = self.down() else { return };
        down.credit = down.credit.saturating_sub(length);
        if !in_order {
            return self.pass_down(now, bytes);
        }
        down.gathered.extend_from_slice(&bytes);
        if down.credit == 0 {
            let whole = down.gathered.split().freeze();
            self.pass_down(now, whole);
        }
    }

    fn pass_down(&mut self, now: Now, bytes: Bytes) {
        let Some(transfer) = &mut self.current else { return };
        let (n, stop) = transfer.count(bytes.len());
        if let Some(down) = transfer.down() {
            down.unsent += n;
        }
        self.acts.output(GateOutput::DataToModule(bytes.slice(..n)));
        if let Some(stop) = stop {
            self.cut(now, stop);
        }
    }

    /// The server sends no more.
    fn end_down(&mut self, now: Now) {
        self.moved(now);
        let awaits = self.is_in_order() && self.server.owed > 0;
        match self.current.as_deref_mut().map(|transfer| &mut transfer.step) {
            Some(Step::Down(down)) if awaits => down.stage = DownStage::Closing,
            _ => self.finish_down(now),
        }
    }

    fn finish_down(&mut self, now: Now) {
        let Some(down) = self.down() else { return };
        let rest = down.gathered.split().freeze();
        if !rest.is_empty() {
            self.pass_down(now, rest);
        }
        let Some(down) = self.down() else { return };
        if matches!(down.stage, DownStage::Flowing | DownStage::Closing) {
            down.stage = DownStage::Finished;
            self.acts.output(GateOutput::DataFinModule);
        }
    }

    pub fn data_sent(&mut self, now: Now, n: usize) {
        self.moved(now);
        let (open, in_order) = (self.pipe == Pipe::Open, self.is_in_order());
        let Some(down) = self.down() else { return };
        down.unsent = down.unsent.saturating_sub(n);
        down.taken += n;
        match down.stage {
            DownStage::Flowing if open && (down.unsent == 0 || !in_order) => {
                let taken = std::mem::take(&mut down.taken);
                down.credit += taken;
                self.acts.output(GateOutput::AllowUpstreamData(taken));
            }
            DownStage::Cutting if down.unsent == 0 => self.settle(now),
            _ => {}
        }
    }

    pub fn pipe_fin(&mut self, now: Now) {
        let pipe = std::mem::replace(&mut self.pipe, Pipe::None);
        match (pipe, self.current.as_deref_mut().map(|transfer| &mut transfer.step)) {
            (Pipe::None, _) => {}
            (Pipe::Open, Some(Step::Down(down))) if down.is_flowing() => {
                self.acts.output(GateOutput::DataFinUpstream);
                self.end_down(now);
            }
            (Pipe::Open, Some(Step::Up(up))) => match up.stage {
                UpStage::Ended => {}
                UpStage::Flowing | UpStage::GivenUp => {
                    up.stage = UpStage::GivenUp;
                    self.pipe = Pipe::Open;
                }
            },
            _ => self.acts.output(GateOutput::DataAbortUpstream),
        }
    }

    pub fn pipe_reset(&mut self, now: Now) {
        self.pipe = Pipe::None;
        match self.current.as_deref_mut().map(|transfer| &mut transfer.step) {
            Some(Step::Down(down)) if down.is_flowing() => self.end_down(now),
            Some(Step::Up(up)) if up.is_flowing() => up.stage = UpStage::GivenUp,
            _ => {}
        }
    }

    pub fn data_bytes(&mut self, now: Now, bytes: Bytes) {
        let Some(transfer) = &mut self.current else { return };
        if !transfer.up().is_some_and(|up| up.is_flowing()) {
            return;
        }
        let (n, stop) = transfer.count(bytes.len());
        if let Some(up) = transfer.up() {
            up.backlog += n;
        }
        self.moved(now);
        self.acts.output(GateOutput::DataToUpstream(bytes.slice(..n)));
        if let Some(stop) = stop {
            self.cut(now, stop);
        }
    }

    pub fn pipe_sent(&mut self, now: Now, n: usize) {
        let in_order = self.is_in_order();
        let Some(up) = self.up() else { return };
        up.backlog = up.backlog.saturating_sub(n);
        up.handed += n;
        if up.is_flowing() && (up.backlog == 0 || !in_order) {
            let handed = std::mem::take(&mut up.handed);
            self.acts.output(GateOutput::AllowModuleData(handed));
        }
        self.moved(now);
    }

    pub fn data_fin(&mut self, now: Now) {
        if self.port.state != Data::Open && self.port.state != Data::Ended {
            return;
        }
        self.port.state = Data::Ended;
        match self.current.as_deref_mut().map(|transfer| &mut transfer.step) {
            Some(Step::Up(up)) if up.is_flowing() => {
                up.stage = UpStage::Ended;
                self.acts.output(GateOutput::DataFinUpstream);
                self.moved(now);
            }
            Some(Step::Down(down)) => match down.stage {
                DownStage::Flowing => self.fail(426, "Connection closed; transfer aborted."),
                DownStage::Cutting => self.settle(now),
                DownStage::Closing | DownStage::Finished | DownStage::Delivered => {}
            },
            Some(Step::Stalled) => self.fail(426, "Connection closed; transfer aborted."),
            _ => {}
        }
    }

    pub fn data_reset(&mut self, now: Now) {
        if matches!(self.port.state, Data::Listening | Data::Port(_)) {
            return;
        }
        self.port.state = Data::None;
        match self.current.as_deref_mut().map(|transfer| &mut transfer.step) {
            Some(Step::Up(up)) if up.stage == UpStage::Ended => {}
            Some(Step::Down(Down { stage: DownStage::Cutting, .. }) | Step::Closing(_)) => self.settle(now),
            Some(Step::Up(_) | Step::Down(_) | Step::Stalled) => {
                self.fail(426, "Connection closed; transfer aborted.");
            }
            _ => {}
        }
    }

    pub fn data_delivered(&mut self, now: Now) {
        match self.current.as_deref_mut().map(|transfer| &mut transfer.step) {
            Some(Step::Closing(_)) => {}
            Some(Step::Down(down)) if down.stage == DownStage::Finished => down.stage = DownStage::Delivered,
            // The data connection ended in the middle of the upload: the closing reply has nothing to wait for.
            Some(Step::Up(up)) if up.stage == UpStage::Ended => {}
            _ => return,
        }
        self.port.state = Data::None;
        self.settle(now);
    }

    /// The closing reply of the server.
    pub fn transferred(&mut self, now: Now, reply: Reply) {
        self.moved(now);
        let good = reply.is_positive();
        let Some(transfer) = self.current.as_deref_mut() else { return };
        let up = match &mut transfer.step {
            Step::Down(down) => {
                down.ending.get_or_insert(Ending::Reply(reply));
                None
            }
            Step::Up(up) => Some((up.stage == UpStage::Ended, reply)),
            _ => return,
        };
        if good && transfer.kind != Kind::List {
            self.restart_upstream = false;
        }
        match up {
            None => self.settle(now),
            Some((ended, reply)) if ended || good => {
                self.release_pipe();
                self.close_data(now, Ending::Reply(reply));
            }
            // What the module still sends is not read any more.
            Some((_, reply)) => self.conclude(Ending::Reply(reply)),
        }
    }

    /// Ends the transfer, where nothing is left to wait for.
    fn settle(&mut self, now: Now) {
        let Some(transfer) = self.current.as_deref_mut() else { return };
        let ending = match &mut transfer.step {
            Step::Down(down) if down.stage == DownStage::Closing && down.ending.is_some() => {
                return self.finish_down(now);
            }
            Step::Closing(ending) => {
                Some(std::mem::replace(ending, Ending::Reply(reply::line(226, "Closed."))))
            }
            Step::Down(down) if matches!(down.stage, DownStage::Delivered | DownStage::Cutting) => {
                down.ending.take()
            }
            _ => None,
        };
        if let Some(ending) = ending {
            self.conclude(ending);
        }
    }

    /// The server's data connection is not wanted any more. An upload's is closed, not reset, so that
    /// the file keeps what has come.
    pub fn release_pipe(&mut self) {
        let owed = self.server.owed > 0;
        let step = self.current.as_ref().map(|transfer| (&transfer.step, transfer.kind));
        self.pipe = match (&self.pipe, step) {
            (Pipe::None, _) => return,
            (Pipe::Open, Some((Step::Up(up), _))) if owed => {
                if up.stage != UpStage::Ended {
                    self.acts.output(GateOutput::DataFinUpstream);
                }
                Pipe::Leaving
            }
            (Pipe::Open, Some((Step::Down(_), Kind::List))) if owed => {
                self.acts.output(GateOutput::AllowUpstreamData(self.config.window));
                Pipe::Leaving
            }
            (Pipe::Leaving, _) if owed => Pipe::Leaving,
            _ => {
                self.acts.output(GateOutput::DataAbortUpstream);
                Pipe::None
            }
        };
    }
}
