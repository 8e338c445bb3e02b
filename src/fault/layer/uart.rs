//! Faults of the serial line.

use super::Action;
use super::kind::{Declared, FaultKind, Layer, Nature};
use super::param::{Delay, Jitter, Port, Spreads, Towards, Within, both, down};
use super::symptom::Symptom;
use crate::fault::rule::amount::Amount;
use crate::fault::text::link::Direction;
use crate::fault::text::octets::Octets;
use crate::time::units::{Rate, Span};
use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A fault of the serial line.
#[derive(Clone, Debug, PartialEq)]
pub struct Uart {
    /// The port, from 1; every port where it is `None`.
    pub port: Option<usize>,
    /// Which way.
    pub direction: Direction,
    /// Bytes that pass unharmed first.
    pub skip: u64,
    /// What happens.
    pub what: UartFault,
}

impl Uart {
    /// How many bytes (texts, for `Interject`) are harmed, for the faults that count them.
    pub fn harmed(&self) -> u64 {
        match self.what {
            UartFault::Lose(n) | UartFault::Garble(n) | UartFault::Duplicate(n) => n,
            UartFault::Interject(_) => 1,
            _ => 0,
        }
    }
}

/// What happens to the bytes on the serial line.
#[derive(Clone, Debug, PartialEq)]
pub enum UartFault {
    /// So many bytes are lost.
    Lose(u64),
    /// So many bytes are changed.
    Garble(u64),
    /// So many bytes come twice.
    Duplicate(u64),
    /// The bytes come later.
    Hold(Delay),
    /// Everything is lost.
    Deaf,
    /// What comes faster than it is taken up is lost.
    Overrun {
        /// How many octets are taken up in a second.
        octets: u64,
        /// How many wait meanwhile.
        buffer: u64,
    },
    /// These bytes come in between.
    Interject(Vec<u8>),
    /// A write comes in pieces.
    Pieces {
        /// How many.
        n: u64,
        /// The time between two.
        gap: Duration,
    },
    /// So many random bytes come from the module.
    Noise(u64),
    /// The port vanishes for so long.
    Unplug(Duration),
    /// A control line is forced.
    Line {
        /// Which.
        line: ControlLine,
        /// Whether it is on.
        on: bool,
    },
}

/// A control line that the module drives (ITU-T V.24).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ControlLine {
    /// Data carrier detect (109).
    Dcd,
    /// Data set ready (107).
    Dsr,
    /// Clear to send (106).
    Cts,
    /// Ring indicator (125).
    Ri,
}

/// What becomes of bytes that are written on a serial port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UartVerdict {
    /// They arrive.
    Pass,
    /// This arrives instead, in this order; nothing where it is empty.
    Deliver(Vec<Piece>),
}

/// Bytes that arrive together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// So much later. Never less than the piece before; later writes may not overtake.
    pub after: Duration,
    /// The bytes.
    pub bytes: Bytes,
}

pub(super) fn faults() -> Vec<FaultKind> {
    const HERE: Layer = Layer::Uart;
    vec![
        FaultKind::of::<Lose>(HERE),
        FaultKind::of::<Garble>(HERE),
        FaultKind::of::<Duplicate>(HERE),
        FaultKind::of::<Hold>(HERE),
        FaultKind::of::<Deaf>(HERE),
        FaultKind::of::<Overrun>(HERE),
        FaultKind::of::<Interject>(HERE),
        FaultKind::of::<Pieces>(HERE),
        FaultKind::of::<Noise>(HERE),
        FaultKind::of::<Unplug>(HERE),
        FaultKind::of::<Line>(HERE),
    ]
}

fn uart(port: Option<Port>, direction: Direction, skip: Skip, what: UartFault) -> Action {
    Action::Uart(Uart { port: port.map(Port::number), direction, skip: skip.0.0, what })
}

type Count = Within<u64, 1, { 1 << 30 }>;

/// bytes that pass unharmed first
#[derive(Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
struct Skip(Amount);

/// Bytes on the serial line are lost.
#[derive(Deserialize, JsonSchema)]
struct Lose {
    /// how many bytes
    lose: Count,
    #[serde(default = "down")]
    direction: Towards,
    #[serde(default)]
    skip: Skip,
    port: Option<Port>,
}

impl Declared for Lose {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::BytesLost, Symptom::Damaged];
    const EXAMPLE: &'static str = "when = { command = \"AT+FTPGET=2*\" }\nwhat = { lose = 3, skip = 20 }";

    fn action(self) -> Action {
        uart(self.port, self.direction.0, self.skip, UartFault::Lose(self.lose.0))
    }
}

/// Bytes on the serial line are changed.
#[derive(Deserialize, JsonSchema)]
struct Garble {
    /// how many bytes
    garble: Count,
    #[serde(default = "down")]
    direction: Towards,
    #[serde(default)]
    skip: Skip,
    port: Option<Port>,
}

impl Declared for Garble {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::BytesLost, Symptom::Garbage];
    const EXAMPLE: &'static str =
        "when = { link = \"serial\", after_bytes = 600, direction = \"up\" }\nwhat = { garble = 2 }";

    fn action(self) -> Action {
        uart(self.port, self.direction.0, self.skip, UartFault::Garble(self.garble.0))
    }
}

/// Bytes on the serial line come twice.
#[derive(Deserialize, JsonSchema)]
struct Duplicate {
    /// how many bytes
    duplicate: Count,
    #[serde(default = "down")]
    direction: Towards,
    #[serde(default)]
    skip: Skip,
    port: Option<Port>,
}

impl Declared for Duplicate {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::BytesLost];
    const EXAMPLE: &'static str =
        "when = { command = \"AT+FTPGET=2,1024\" }\nwhat = { duplicate = 128, skip = 100 }";

    fn action(self) -> Action {
        uart(self.port, self.direction.0, self.skip, UartFault::Duplicate(self.duplicate.0))
    }
}

/// Bytes on the serial line come later.
#[derive(Deserialize, JsonSchema)]
struct Hold {
    /// how much later
    hold: Span,
    #[serde(default)]
    jitter: Jitter,
    #[serde(default)]
    spread: Spreads,
    #[serde(default = "down")]
    direction: Towards,
    #[serde(default)]
    skip: Skip,
    port: Option<Port>,
}

impl Declared for Hold {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Slow];
    const EXAMPLE: &'static str = "when = { command = \"AT+CSQ\" }\nwhat = { hold = \"3s\" }";

    fn action(self) -> Action {
        let delay = Delay::new(self.hold, self.jitter, self.spread);
        uart(self.port, self.direction.0, self.skip, UartFault::Hold(delay))
    }
}

/// Everything on the serial line is lost.
#[derive(Deserialize, JsonSchema)]
struct Deaf {
    /// up: the module hears nothing; down: the host
    deaf: Direction,
    port: Option<Port>,
}

impl Declared for Deaf {
    const NATURE: Nature = Nature::State;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Hangs, Symptom::NoAnswer];
    const EXAMPLE: &'static str = "when = { at = \"30s\" }\nwhat = { deaf = \"up\" }\nfor = \"5s\"";

    fn action(self) -> Action {
        uart(self.port, self.deaf, Skip::default(), UartFault::Deaf)
    }
}

/// What is written faster than the other end takes it up is lost (an overrun, without flow control).
#[derive(Deserialize, JsonSchema)]
struct Overrun {
    /// the rate at which it is taken up, ten bits an octet
    overrun: Rate,
    /// how many octets wait meanwhile
    #[serde(default = "a_fifo")]
    buffer: Within<u64, 1, 65536>,
    #[serde(default = "both")]
    direction: Towards,
    port: Option<Port>,
}

/// What a UART 16550 holds.
fn a_fifo() -> Within<u64, 1, 65536> {
    Within(16)
}

impl Declared for Overrun {
    const NATURE: Nature = Nature::State;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::BytesLost];
    const EXAMPLE: &'static str = "when = { state = \"data_mode\" }\n\
                                   what = { overrun = \"9600bit/s\", buffer = 64 }\n\
                                   until = { state = \"command_mode\" }";

    fn action(self) -> Action {
        let what = UartFault::Overrun { octets: (self.overrun.0 / 10).max(1), buffer: self.buffer.0 };
        uart(self.port, self.direction.0, Skip::default(), what)
    }
}

/// Text comes in the middle of what the module writes next (a URC in the middle of a reply).
#[derive(Deserialize, JsonSchema)]
struct Interject {
    /// the text, line ends included
    interject: Octets,
    #[serde(default)]
    skip: Skip,
    port: Option<Port>,
}

impl Declared for Interject {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::UrcInAnswer];
    const EXAMPLE: &'static str = "when = { command = \"AT+FTPGET=2*\" }\n\
                                   what = { interject = \"\\r\\n+PDP: DEACT\\r\\n\", skip = 30 }";

    fn action(self) -> Action {
        uart(self.port, Direction::Down, self.skip, UartFault::Interject(self.interject.0))
    }
}

/// What the module writes comes in pieces.
#[derive(Deserialize, JsonSchema)]
struct Pieces {
    /// how many pieces
    pieces: Within<u64, 2, 4096>,
    /// the time between two
    #[serde(default = "a_moment")]
    gap: Span,
    #[serde(default = "down")]
    direction: Towards,
    port: Option<Port>,
}

fn a_moment() -> Span {
    Span(Duration::from_millis(20))
}

impl Declared for Pieces {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Pieces];
    const EXAMPLE: &'static str = "what = { pieces = 3, gap = \"50ms\" }";

    fn action(self) -> Action {
        let what = UartFault::Pieces { n: self.pieces.0, gap: self.gap.0 };
        uart(self.port, self.direction.0, Skip::default(), what)
    }
}

/// The module sends random bytes.
#[derive(Deserialize, JsonSchema)]
struct Noise {
    /// how many bytes
    noise: Within<u64, 1, 65536>,
    port: Option<Port>,
}

impl Declared for Noise {
    const NATURE: Nature = Nature::Instant;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Garbage];
    const EXAMPLE: &'static str = "when = { state = \"powered\" }\nwhat = { noise = 12 }";

    fn action(self) -> Action {
        uart(self.port, Direction::Down, Skip::default(), UartFault::Noise(self.noise.0))
    }
}

/// The serial port vanishes and comes back.
#[derive(Deserialize, JsonSchema)]
struct Unplug {
    /// how long it is gone
    unplug: Span,
    port: Option<Port>,
}

impl Declared for Unplug {
    const NATURE: Nature = Nature::Instant;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::PortGone];
    const EXAMPLE: &'static str = "when = { boot = 2 }\nwhat = { unplug = \"2s\" }";

    fn action(self) -> Action {
        uart(self.port, Direction::Both, Skip::default(), UartFault::Unplug(self.unplug.0))
    }
}

/// A control line of the port is forced. The trace shows it; a pseudo-terminal has no such lines.
#[derive(Deserialize, JsonSchema)]
struct Line {
    /// which
    line: ControlLine,
    /// whether it is on
    on: bool,
    port: Option<Port>,
}

impl Declared for Line {
    const NATURE: Nature = Nature::State;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Carrier];
    const EXAMPLE: &'static str = "when = { state = \"data_mode\" }\nwhat = { line = \"dcd\", on = false }";

    fn action(self) -> Action {
        let what = UartFault::Line { line: self.line, on: self.on };
        uart(self.port, Direction::Down, Skip::default(), what)
    }
}
