//! Faults of the serial line.

use super::{DOWN, PORT, WAY, must, or};
use crate::fault::layer::action;
use crate::fault::layer::build;
use crate::fault::layer::kind::{FaultKind, Layer, Nature, Param, Type};

const COUNT: Type = Type::Int(1, 1 << 30);
const SKIP: Param = or("skip", Type::Bytes, "0", "bytes that pass unharmed first");

pub(super) const FAULTS: &[FaultKind] = &[
    FaultKind {
        layer: Layer::Uart,
        name: "lose",
        nature: Nature::Next,
        help: "Bytes on the serial line are lost.",
        params: &[must("lose", COUNT, "how many bytes"), DOWN, SKIP, PORT],
        example: "when = { command = \"AT+FTPGET=2*\" }\nwhat = { lose = 3, skip = 20 }",
        build: build::lose,
    },
    FaultKind {
        layer: Layer::Uart,
        name: "garble",
        nature: Nature::Next,
        help: "Bytes on the serial line are changed.",
        params: &[must("garble", COUNT, "how many bytes"), DOWN, SKIP, PORT],
        example: "when = { link = \"serial\", after_bytes = 600, direction = \"up\" }\nwhat = { garble = 2 }",
        build: build::garble,
    },
    FaultKind {
        layer: Layer::Uart,
        name: "duplicate",
        nature: Nature::Next,
        help: "Bytes on the serial line come twice.",
        params: &[must("duplicate", COUNT, "how many bytes"), DOWN, SKIP, PORT],
        example: "when = { command = \"AT+FTPGET=2,1024\" }\nwhat = { duplicate = 128, skip = 100 }",
        build: build::duplicate,
    },
    FaultKind {
        layer: Layer::Uart,
        name: "hold",
        nature: Nature::Next,
        help: "Bytes on the serial line come later.",
        params: &[must("hold", Type::Span, "how much later"), DOWN, SKIP, PORT],
        example: "when = { command = \"AT+CSQ\" }\nwhat = { hold = \"3s\" }",
        build: build::hold,
    },
    FaultKind {
        layer: Layer::Uart,
        name: "deaf",
        nature: Nature::State,
        help: "Everything on the serial line is lost.",
        params: &[must("deaf", WAY, "up: the module hears nothing; down: the host"), PORT],
        example: "when = { at = \"30s\" }\nwhat = { deaf = \"up\" }\nfor = \"5s\"",
        build: build::deaf,
    },
    FaultKind {
        layer: Layer::Uart,
        name: "interject",
        nature: Nature::Next,
        help: "Text comes in the middle of what the module writes next (a URC in the middle of a reply).",
        params: &[must("interject", Type::Text, "the text, line ends included"), SKIP, PORT],
        example: "when = { command = \"AT+FTPGET=2*\" }\n\
                  what = { interject = \"\\r\\n+PDP: DEACT\\r\\n\", skip = 30 }",
        build: build::interject,
    },
    FaultKind {
        layer: Layer::Uart,
        name: "pieces",
        nature: Nature::Next,
        help: "What the module writes comes in pieces.",
        params: &[
            must("pieces", Type::Int(2, 4096), "how many pieces"),
            or("gap", Type::Span, "\"20ms\"", "the time between two"),
            DOWN,
            PORT,
        ],
        example: "what = { pieces = 3, gap = \"50ms\" }",
        build: build::pieces,
    },
    FaultKind {
        layer: Layer::Uart,
        name: "noise",
        nature: Nature::Instant,
        help: "The module sends random bytes.",
        params: &[must("noise", Type::Int(1, 65536), "how many bytes"), PORT],
        example: "when = { state = \"powered\" }\nwhat = { noise = 12 }",
        build: build::noise,
    },
    FaultKind {
        layer: Layer::Uart,
        name: "unplug",
        nature: Nature::Instant,
        help: "The serial port vanishes and comes back.",
        params: &[must("unplug", Type::Span, "how long it is gone"), PORT],
        example: "when = { boot = 2 }\nwhat = { unplug = \"2s\" }",
        build: build::unplug,
    },
    FaultKind {
        layer: Layer::Uart,
        name: "line",
        nature: Nature::State,
        help: "A control line of the port is forced. The trace shows it; a pseudo-terminal has no such lines.",
        params: &[
            must("line", Type::Word(action::CONTROL_LINES), "which"),
            must("on", Type::Bool, "whether it is on"),
            PORT,
        ],
        example: "when = { state = \"data_mode\" }\nwhat = { line = \"dcd\", on = false }",
        build: build::line,
    },
];
