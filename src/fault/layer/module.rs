//! Faults of the module itself: its commands, its answers, its URCs.

use super::Action;
use super::kind::{Declared, FaultKind, Layer, Nature};
use super::param::{Commands, Delay, Jitter, Lines, Port, Results, Spreads, Urcs, Within};
use super::symptom::Symptom;
use crate::fault::rule::count::Dice;
use crate::fault::text::octets::Octets;
use crate::fault::text::pattern::Pattern;
use crate::time::units::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A fault of the module.
#[derive(Clone, Debug, PartialEq)]
pub struct Module {
    /// The command lines it is about.
    pub command: Pattern,
    /// The URCs it is about, in place of commands.
    pub urc: Option<Pattern>,
    /// The final result codes it is about, in place of commands.
    pub result: Option<Pattern>,
    /// The port, from 1; every port where it is `None`.
    pub port: Option<usize>,
    /// What happens.
    pub what: ModuleFault,
}

/// What the module does wrongly.
#[derive(Clone, Debug, PartialEq)]
pub enum ModuleFault {
    /// It resets.
    Reset {
        /// How it starts again.
        start: PowerOn,
        /// How long it is dead first.
        dead: Duration,
    },
    /// These lines come in place of the answer (or of the URC).
    Answer {
        /// The lines, without line ends.
        lines: Vec<String>,
        /// Whether the command is carried out all the same.
        carried_out: bool,
    },
    /// The command is not carried out; the answer is this error, in the form that `+CMEE` asks for.
    Error(u16),
    /// The answer (or the URC) comes later.
    Late(Delay),
    /// No answer comes.
    Swallow {
        /// Whether the command is carried out all the same.
        carried_out: bool,
    },
    /// It says this unasked.
    Say(String),
    /// The FTP operation under way, or the next one, ends with this code of the module.
    Force(i32),
}

/// What becomes of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandVerdict {
    /// It is carried out and answered.
    Pass,
    /// These lines are the answer, the final result code among them.
    Answer {
        /// The lines, without line ends.
        lines: Vec<String>,
        /// Whether it is carried out all the same, unheard.
        carried_out: bool,
    },
    /// It is not carried out; the answer is this `+CME ERROR` (or `ERROR`, as `+CMEE` says).
    Error(u16),
    /// It is carried out, and its answer comes so much later.
    Late(Duration),
    /// It is never answered.
    Swallow {
        /// Whether it is carried out.
        carried_out: bool,
    },
}

/// What becomes of a final result code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResultVerdict {
    /// It is printed.
    Pass,
    /// These lines come instead.
    Replace(Vec<String>),
    /// It is this error instead.
    Error(u16),
    /// It comes so much later.
    Late(Duration),
    /// It is never printed.
    Swallow,
}

/// What becomes of a URC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UrcVerdict {
    /// It is said.
    Pass,
    /// These lines are said instead.
    Replace(Vec<String>),
    /// It is said so much later.
    Late(Duration),
    /// It is never said.
    Swallow,
}

impl Module {
    /// What becomes of a command line on a port (from 1), where the fault is about it.
    pub(in crate::fault) fn on_command(
        &self,
        port: usize,
        line: &str,
        dice: &mut Dice,
    ) -> Option<CommandVerdict> {
        let other = self.urc.is_some() || self.result.is_some();
        if other || self.port.is_some_and(|p| p != port) || !self.command.matches(line.trim()) {
            return None;
        }
        match &self.what {
            ModuleFault::Answer { lines, carried_out } => {
                Some(CommandVerdict::Answer { lines: lines.clone(), carried_out: *carried_out })
            }
            ModuleFault::Error(number) => Some(CommandVerdict::Error(*number)),
            ModuleFault::Late(by) => Some(CommandVerdict::Late(dice.delay(by))),
            ModuleFault::Swallow { carried_out } => {
                Some(CommandVerdict::Swallow { carried_out: *carried_out })
            }
            ModuleFault::Reset { .. } | ModuleFault::Say(_) | ModuleFault::Force(_) => None,
        }
    }

    /// What becomes of a final result code on a port (from 1), where the fault is about it; `cause` is what it stands for.
    pub(in crate::fault) fn on_result(
        &self,
        port: usize,
        text: &str,
        cause: &str,
        dice: &mut Dice,
    ) -> Option<ResultVerdict> {
        let result = self.result.as_ref()?;
        if self.port.is_some_and(|p| p != port) || !(result.matches(text) || result.matches(cause)) {
            return None;
        }
        match &self.what {
            ModuleFault::Answer { lines, .. } => Some(ResultVerdict::Replace(lines.clone())),
            ModuleFault::Error(number) => Some(ResultVerdict::Error(*number)),
            ModuleFault::Late(by) => Some(ResultVerdict::Late(dice.delay(by))),
            ModuleFault::Swallow { .. } => Some(ResultVerdict::Swallow),
            ModuleFault::Reset { .. } | ModuleFault::Say(_) | ModuleFault::Force(_) => None,
        }
    }

    /// What becomes of a URC on a port (from 1), where the fault is about it.
    pub(in crate::fault) fn on_urc(&self, port: usize, text: &str, dice: &mut Dice) -> Option<UrcVerdict> {
        if self.port.is_some_and(|p| p != port) || !self.urc.as_ref()?.matches(text) {
            return None;
        }
        match &self.what {
            ModuleFault::Answer { lines, .. } => Some(UrcVerdict::Replace(lines.clone())),
            ModuleFault::Late(by) => Some(UrcVerdict::Late(dice.delay(by))),
            ModuleFault::Swallow { .. } => Some(UrcVerdict::Swallow),
            _ => None,
        }
    }
}

pub(super) fn faults() -> Vec<FaultKind> {
    const HERE: Layer = Layer::Module;
    vec![
        FaultKind::of::<Reset>(HERE),
        FaultKind::of::<Answer>(HERE),
        FaultKind::of::<Error>(HERE),
        FaultKind::of::<Late>(HERE),
        FaultKind::of::<Swallow>(HERE),
        FaultKind::of::<Say>(HERE),
        FaultKind::of::<Force>(HERE),
    ]
}

/// What a fault is about: commands, or something in their place.
struct About(Commands, Option<Urcs>, Option<Results>);

impl About {
    /// What the module does by itself.
    fn nothing() -> About {
        About(Commands::default(), None, None)
    }
}

fn module(About(command, urc, result): About, port: Option<Port>, what: ModuleFault) -> Action {
    let (urc, result) = (urc.map(|Urcs(urc)| urc), result.map(|Results(result)| result));
    Action::Module(Module { command: command.0, urc, result, port: port.map(Port::number), what })
}

/// The module resets: connections, echo and settings are lost.
#[derive(Deserialize, JsonSchema)]
struct Reset {
    /// whether its power-on lines are printed
    reset: PowerOn,
    /// how long it is dead before it starts; `"0s"` as long as a reset of the module takes
    #[serde(default)]
    dead: Span,
}

/// How a module starts again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum PowerOn {
    /// Its power-on lines are printed.
    Banner,
    /// They are not.
    Bare,
}

impl Declared for Reset {
    const NATURE: Nature = Nature::Instant;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Resets];
    const EXAMPLE: &'static str =
        "when = { link = \"ftp.data\", after_bytes = 600 }\nwhat = { reset = \"banner\", dead = \"2s\" }";

    fn action(self) -> Action {
        let what = ModuleFault::Reset { start: self.reset, dead: self.dead.0 };
        module(About::nothing(), None, what)
    }
}

/// Other lines come in place of a command's answer, of a final result code, or of a URC.
#[derive(Deserialize, JsonSchema)]
struct Answer {
    /// the lines, final result code included
    answer: Lines,
    /// whether the command is carried out all the same
    #[serde(default)]
    carried_out: bool,
    #[serde(default)]
    command: Commands,
    urc: Option<Urcs>,
    result: Option<Results>,
    port: Option<Port>,
}

impl Declared for Answer {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] =
        &[Symptom::WrongAnswer, Symptom::Clock, Symptom::UrcMissing, Symptom::Sim];
    const EXAMPLE: &'static str =
        "when = { command = \"AT+FTPPUT=1\" }\nwhat = { answer = [\"OK\", \"\", \"+FTPPUT: 1,66\"] }";

    fn action(self) -> Action {
        let what = ModuleFault::Answer { lines: self.answer.into(), carried_out: self.carried_out };
        module(About(self.command, self.urc, self.result), self.port, what)
    }
}

/// A command is not carried out; its answer is this error, in the form that AT+CMEE asked for. Or a final result code
/// is this error.
#[derive(Deserialize, JsonSchema)]
struct Error {
    /// the error's number
    error: Within<u16, 0, 65535>,
    #[serde(default)]
    command: Commands,
    result: Option<Results>,
    port: Option<Port>,
}

impl Declared for Error {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Refuses, Symptom::Sim];
    const EXAMPLE: &'static str = "when = { state = \"powered\", every = 2 }\n\
                                   what = { error = 10, command = \"AT+CPIN?\" }\n\
                                   until = { state = \"powered\" }";

    fn action(self) -> Action {
        module(About(self.command, None, self.result), self.port, ModuleFault::Error(self.error.0))
    }
}

/// A command's answer, a final result code, or a URC comes later.
#[derive(Deserialize, JsonSchema)]
struct Late {
    /// how much later
    late: Span,
    #[serde(default)]
    jitter: Jitter,
    #[serde(default)]
    spread: Spreads,
    #[serde(default)]
    command: Commands,
    urc: Option<Urcs>,
    result: Option<Results>,
    port: Option<Port>,
}

impl Declared for Late {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Slow, Symptom::UrcMissing];
    const EXAMPLE: &'static str = "when = { urc = \"+FTPGET: 1,1\" }\nwhat = { late = \"3s\" }";

    fn action(self) -> Action {
        let delay = Delay::new(self.late, self.jitter, self.spread);
        module(About(self.command, self.urc, self.result), self.port, ModuleFault::Late(delay))
    }
}

/// A command is never answered, or a final result code or a URC never said.
#[derive(Deserialize, JsonSchema)]
struct Swallow {
    /// command: it is not carried out either
    swallow: Swallowed,
    #[serde(default)]
    command: Commands,
    urc: Option<Urcs>,
    result: Option<Results>,
    port: Option<Port>,
}

/// What of a command is swallowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Swallowed {
    /// Its answer: it is carried out.
    Answer,
    /// All of it.
    Command,
}

impl Declared for Swallow {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Hangs, Symptom::NoAnswer, Symptom::UrcMissing];
    const EXAMPLE: &'static str =
        "when = { command = \"AT+FTPGET=2*\", nth = 2 }\nwhat = { swallow = \"command\" }";

    fn action(self) -> Action {
        let what = ModuleFault::Swallow { carried_out: self.swallow == Swallowed::Answer };
        module(About(self.command, self.urc, self.result), self.port, what)
    }
}

/// The module says a line unasked.
#[derive(Deserialize, JsonSchema)]
struct Say {
    /// the line
    say: Octets,
    port: Option<Port>,
}

impl Declared for Say {
    const NATURE: Nature = Nature::Instant;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::UrcStorm, Symptom::Sim];
    const EXAMPLE: &'static str =
        "when = { command = \"AT+FTPQUIT\" }\nwhat = { say = \"+APP PDP: 0,DEACTIVE\" }";

    fn action(self) -> Action {
        module(About::nothing(), self.port, ModuleFault::Say(self.say.into()))
    }
}

/// The FTP operation under way, or the next one, ends with this code of the module.
#[derive(Deserialize, JsonSchema)]
struct Force {
    /// the code
    force: Within<i32, -65535, 65535>,
}

impl Declared for Force {
    const NATURE: Nature = Nature::Instant;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Refuses];
    const EXAMPLE: &'static str = "when = { command = \"AT+FTPGET=1\" }\nwhat = { force = 77 }";

    fn action(self) -> Action {
        module(About::nothing(), None, ModuleFault::Force(self.force.0))
    }
}
