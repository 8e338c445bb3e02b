//! One serial port of a recording: commands and their answers, data, silence, and what stands where it should not.

mod data;
mod host;
mod module;
mod power;

use super::block::{Block, End, announced};
use super::command::*;
use super::echo::Echo;
use super::kind::Code;
use super::known::{Known, Outcome};
use super::line::{State, answer, bearer_down, glued, power_off};
use super::pending::{Pending, names, of_reason, quoted_span};
use super::raw;
use super::scenario::{Proposed, quoted};
use super::storm::Storm;
use super::{Times, World, spoken};
use crate::modem::outcome::Reason;
use crate::transcript::content::Content;
use crate::transcript::{Kind, Signal};
use std::collections::BTreeMap;
use std::time::Duration;

/// More than so many different commands are not counted.
const COMMANDS: usize = 8192;
/// A command that comes sooner than this did not wait for the answer.
const HASTE: Duration = Duration::from_secs(1);
const LATE: Duration = Duration::from_secs(10);
/// For commands to which the manuals give minutes.
const SLOW: Duration = Duration::from_secs(60);
const IDLE: Duration = Duration::from_secs(20);
/// How long after a command that resets or switches off what follows is its doing.
const ASKED: Duration = Duration::from_secs(120);

/// A command that the host typed.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub text: String,
    pub line: usize,
    /// The how manieth of its text it is.
    pub nth: Option<u32>,
    pub at: Duration,
}

/// A command whose result is still to come.
#[derive(Debug)]
struct Open {
    asked: Asked,
    names: Vec<String>,
    /// Whether a line came that belongs to it.
    informed: bool,
    prompted: bool,
    /// When something of it last crossed the line, either way.
    active: Duration,
}

/// Octets that the host has announced.
#[derive(Debug)]
struct Payload {
    line: usize,
    announced: u64,
    sent: u64,
    told: bool,
}

/// Data mode.
#[derive(Debug)]
struct Data {
    asked: Asked,
    commands: u32,
    first: usize,
    got: u64,
    /// Whether the host has left it meanwhile: what came then was not counted.
    left: bool,
    /// A line that the host has just sent which may be an FTP command.
    verb: Option<String>,
}

/// Commands that got no octet back.
#[derive(Debug, Default)]
struct Silence {
    first: Option<Asked>,
    count: u32,
}

/// The module went off by itself.
#[derive(Debug)]
struct Off {
    line: usize,
    text: String,
    at: Duration,
    asked: Option<Asked>,
}

/// A port.
#[derive(Debug, Default)]
pub(super) struct Port {
    open: Option<Open>,
    last: Option<Asked>,
    block: Option<Block>,
    payload: Option<Payload>,
    data: Option<Data>,
    counts: BTreeMap<String, u32>,
    silence: Silence,
    /// Where an answer was missing, for a while.
    suspect: Option<Asked>,
    off: Option<Off>,
    pending: Pending,
    storm: Storm,
    state: State,
    echo: Echo,
    /// Until when a reset or a power-down was asked for.
    reset_asked: Option<Duration>,
    booted_at: Option<Duration>,
    answered: bool,
    /// `ATQ1`: no result codes.
    quiet: bool,
    /// The line that is heard has placeholders: its numbers are none.
    vague: bool,
    /// `AT+IFC=1,1`: XON, XOFF and what stands for them are in the data.
    soft_flow: bool,
    /// A bearer that is being opened; a line tells when it is.
    opening: Option<Asked>,
    /// Data mode that the host has left for a while.
    paused: Option<Data>,
    /// The bearer is up, as the host has opened it.
    bearer: bool,
    prompt: Option<(usize, Duration)>,
    /// The sign of raw data to come, without a length.
    stream: bool,
    stopped: Option<(usize, Duration, &'static str)>,
    /// The session that is open: the command that opened it.
    session: Option<Asked>,
}

impl Port {
    /// The next step on this port.
    pub fn step(&mut self, world: &mut World, kind: &Kind) {
        match kind {
            Kind::Type(bytes) => self.typed(world, bytes),
            Kind::Send(content) => self.sent(world, content),
            Kind::Hear(pattern) => {
                let text = text(pattern);
                self.vague = pattern.has_holes();
                self.heard(world, &text);
            }
            Kind::Receive(pattern) => self.received(world, &bytes(pattern)),
            Kind::ReceiveGenerated(generated) => {
                let content = Content::Generated(generated.clone());
                let mut stream = content.stream();
                loop {
                    let chunk = stream.take_chunk(64 * 1024);
                    if chunk.is_empty() {
                        break;
                    }
                    self.data_octets(world, &chunk);
                }
            }
            Kind::Line { signal, on } => self.signal(world, *signal, *on),
            Kind::Comment(text) if text.trim().starts_with("echo on again") => self.echoed(world),
            Kind::Close => {
                self.abandon(world);
            }
            _ => {}
        }
    }

    /// The recording is over.
    pub fn finish(&mut self, world: &mut World) {
        if let Some(open) = &self.open
            && world.now.saturating_sub(open.asked.at) >= Duration::from_secs(5)
        {
            let stuck = self.payload.as_ref().filter(|p| p.sent < p.announced && !p.told);
            if let Some(payload) = stuck {
                let sentence = format!(
                    "{} of {} announced octets were sent, and nothing more",
                    payload.sent, payload.announced
                );
                world.find(payload.line, Code::PayloadShort, sentence, vec![]);
            }
            if self.payload.is_none() && self.prompt.is_none() {
                self.unanswered(world);
            }
        }
        if let Some((line, since)) = self.prompt.take() {
            self.prompted_late(world, line, since);
        }
        self.end_silence(world);
        self.pending.give_up(world, None);
        self.leave_data(world);
        self.storm.end(world);
        if let Some(off) = self.off.take() {
            self.tell_off(world, &off);
        }
        if let Some((line, _, what)) = self.stopped.take() {
            world.find(line, Code::FlowStopped, format!("{what}, and the line was never let go"), vec![]);
        }
    }
}
