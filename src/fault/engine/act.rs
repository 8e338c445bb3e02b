//! What rules do by themselves, and what is told about them.

use crate::fault::engine::rules::Rules;
use crate::fault::layer::Action;
use crate::fault::layer::bearer::{Bearer, SimFault};
use crate::fault::layer::ftp::{Ftp, FtpFault, Scripted};
use crate::fault::layer::kind::Layer;
use crate::fault::layer::link::LinkFault;
use crate::fault::layer::module::{ModuleFault, PowerOn};
use crate::fault::layer::param::End;
use crate::fault::layer::uart::{ControlLine, UartFault};
use crate::fault::text::link::{Link, Links};
use crate::time::Now;
use schemars::JsonSchema;
use serde::Serialize;
use std::mem::discriminant;
use std::time::Duration;

/// What a rule does by itself: the owner of the engine carries it out.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// The module sends these bytes on the port (every port where it is `None`).
    Noise {
        /// The port, from 1.
        port: Option<usize>,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The serial port vanishes for so long.
    Unplug {
        /// The port, from 1.
        port: Option<usize>,
        /// How long.
        gone: Duration,
    },
    /// A control line is forced; let go again where `on` is `None`.
    Line {
        /// The port, from 1.
        port: Option<usize>,
        /// Which line.
        line: ControlLine,
        /// On or off.
        on: Option<bool>,
    },
    /// The module resets.
    Reset {
        /// How it starts again.
        start: PowerOn,
        /// How long it is dead first.
        dead: Duration,
    },
    /// The module says a line unasked.
    Say {
        /// The port, from 1; the one where URCs go where it is `None`.
        port: Option<usize>,
        /// The line.
        text: String,
    },
    /// The FTP operation under way, or the next one, ends with this code of the module.
    Force(i32),
    /// Signal strength and bit error rate; what the radio would give without the fault where it is `None`.
    Signal(Option<(u8, u8)>),
    /// The `+CREG` status; what the radio would give without the fault where it is `None`.
    Registration(Option<u8>),
    /// The network drops a PDP context, or all.
    PdpDrop(Option<u8>),
    /// The SIM cannot be used, or is as it is without a fault.
    Sim(Option<SimFault>),
    /// Connections end. What [`Engine::segment`](crate::fault::Engine::segment) let pass before still arrives; asked about more, it says
    /// [`Fate::Cut`](crate::fault::Fate::Cut).
    Cut {
        /// Which.
        links: Links,
        /// Only this one of them, where it is given.
        only: Option<Link>,
        /// How.
        end: End,
    },
    /// The FTP server says something unasked, on every control connection.
    Speak(Scripted),
}

/// Where in its life a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// Its trigger has come: it holds, or waits for what it acts on.
    Applied,
    /// It has taken effect, for the first time since it was applied.
    Acted,
    /// It is over.
    Lifted,
    /// It was due more often than can be kept up with: so many times by now it was not applied.
    Missed(u64),
}

/// A fault has come to another stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Now,
    /// The rule: its name, or that of its fault with a number where that is taken.
    pub name: String,
    /// Where it acts.
    pub layer: Layer,
    /// What it does, as written.
    pub what: String,
    /// What became of it.
    pub stage: Stage,
}

/// How a rule stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "FaultStatus")]
#[non_exhaustive]
pub struct Status {
    /// Its name.
    pub name: String,
    /// Where it acts.
    pub layer: Layer,
    /// What it does, as written.
    pub what: String,
    /// Whether it holds now.
    pub active: bool,
    /// Since when, in microseconds of modem time.
    pub since: Option<u64>,
    /// Until when, in microseconds of modem time, where that is known.
    pub until: Option<u64>,
    /// How often it was applied.
    pub fired: u64,
    /// How often it was due and not applied: that often cannot be kept up with.
    pub missed: u64,
}

impl Act {
    /// Whether connections are lost by it without a word to either end.
    pub fn loses_connections(&self) -> bool {
        matches!(self, Act::Reset { .. } | Act::PdpDrop(_) | Act::Sim(Some(_)) | Act::Registration(Some(_)))
    }

    /// What undoes an action that is a state outside the engine.
    pub(super) fn back(what: &Action) -> Option<Act> {
        match what {
            Action::Bearer(Bearer::Signal { .. }) => Some(Act::Signal(None)),
            Action::Bearer(Bearer::Registration(_)) => Some(Act::Registration(None)),
            Action::Bearer(Bearer::Sim(_)) => Some(Act::Sim(None)),
            Action::Uart(u) => match u.what {
                UartFault::Line { line, .. } => Some(Act::Line { port: u.port, line, on: None }),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Whether `winner` decides on the whole of the state outside the engine that `loser` is about.
fn overrules(winner: &Action, loser: &Action) -> bool {
    match (winner, loser) {
        (Action::Bearer(winner), Action::Bearer(loser)) => discriminant(winner) == discriminant(loser),
        (Action::Uart(winner), Action::Uart(loser)) => match (&winner.what, &loser.what) {
            (UartFault::Line { line, .. }, UartFault::Line { line: other, .. }) => {
                line == other && (winner.port.is_none() || winner.port == loser.port)
            }
            _ => false,
        },
        _ => false,
    }
}

impl Rules {
    /// The rules that hold and decide on what rule `i` is about, in file order: the first one counts.
    fn overruling(&self, i: usize) -> impl Iterator<Item = usize> {
        let loser = &self.list[i].rule.what;
        // Only such faults can overrule each other. Of the others there may be thousands: they are not looked through.
        let concerned = if overrules(loser, loser) { usize::MAX } else { 0 };
        let held = self.index.held(loser.layer()).take(concerned);
        held.filter(|at| overrules(&self.list[*at].rule.what, loser))
    }

    /// Queues what follows from the end of a rule: another that holds decides now, or the state goes back to what it is without faults.
    pub fn undo(&mut self, i: usize) {
        let heir = self.overruling(i).next();
        match heir {
            Some(heir) if heir > i => self.act(heir, None),
            Some(_) => {}
            None => self.acts.extend(Act::back(&self.list[i].rule.what).map(|act| (act, None))),
        }
    }

    /// Queues what a rule does by itself as it is applied.
    pub fn act(&mut self, i: usize, link: Option<Link>) {
        if self.overruling(i).next().is_some_and(|winner| winner < i) {
            return;
        }
        let live = &mut self.list[i];
        let act = match &live.rule.what {
            Action::Uart(u) => match u.what {
                UartFault::Noise(n) => Act::Noise { port: u.port, bytes: live.dice.bytes(n) },
                UartFault::Unplug(gone) => Act::Unplug { port: u.port, gone },
                UartFault::Line { line, on } => Act::Line { port: u.port, line, on: Some(on) },
                _ => return,
            },
            Action::Module(m) => match &m.what {
                ModuleFault::Reset { start, dead } => Act::Reset { start: *start, dead: *dead },
                ModuleFault::Say(text) => Act::Say { port: m.port, text: text.clone() },
                ModuleFault::Force(code) => Act::Force(*code),
                _ => return,
            },
            Action::Bearer(Bearer::Signal { rssi, ber }) => Act::Signal(Some((*rssi, *ber))),
            Action::Bearer(Bearer::Registration(status)) => Act::Registration(Some(*status)),
            Action::Bearer(Bearer::PdpDrop(which)) => Act::PdpDrop(*which),
            Action::Bearer(Bearer::Sim(fault)) => Act::Sim(Some(*fault)),
            Action::Link(l) => match l.what {
                LinkFault::Cut { end } => {
                    // A session has two connections; and all are all, unless each is meant by itself.
                    let together = match l.links {
                        Links::Ftp => true,
                        links => links == Links::All && live.rule.when.links() != Some(Links::All),
                    };
                    let only = link.filter(|link| l.links.cover(link.kind) && !together);
                    let meant = |link: &Link| l.links.cover(link.kind) && only.is_none_or(|o| o == *link);
                    self.traffic.cut(meant, end);
                    Act::Cut { links: l.links, only, end }
                }
                _ => return,
            },
            Action::Ftp(Ftp { what: FtpFault::Speak(scripted), .. }) => Act::Speak(scripted.clone()),
            Action::Name(_) | Action::Ftp(_) | Action::Storage(_) => return,
        };
        self.acts.push_back((act, link));
    }
}
