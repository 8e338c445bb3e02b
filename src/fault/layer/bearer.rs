//! Faults of the radio, the SIM and the PDP contexts.

use super::{must, or};
use crate::fault::layer::action;
use crate::fault::layer::build;
use crate::fault::layer::kind::{FaultKind, Layer, Nature, Type};

pub(super) const FAULTS: &[FaultKind] = &[
    FaultKind {
        layer: Layer::Bearer,
        name: "signal",
        nature: Nature::State,
        help: "The signal falls or rises to this strength.",
        params: &[
            must("signal", Type::Int(0, 99), "0..31 as in +CSQ, 99 unknown"),
            or("ber", Type::Int(0, 99), "99", "the bit error rate, 0..7, 99 unknown"),
        ],
        example: "when = { at = \"20s\" }\nwhat = { signal = 2 }\nfor = \"30s\"",
        build: build::signal,
    },
    FaultKind {
        layer: Layer::Bearer,
        name: "registration",
        nature: Nature::State,
        help: "The network changes the registration (+CREG).",
        params: &[must("registration", Type::Word(action::REGISTRATION), "the state")],
        example: "when = { verb = \"RETR\" }\nwhat = { registration = \"searching\" }\nfor = \"10s\"",
        build: build::registration,
    },
    FaultKind {
        layer: Layer::Bearer,
        name: "pdp_drop",
        nature: Nature::Instant,
        help: "The network drops a PDP context.",
        params: &[must("pdp_drop", Type::Context, "which, by its number in AT+CGDCONT")],
        example: "when = { link = \"ftp.data\", after_bytes = \"2KiB\" }\nwhat = { pdp_drop = \"all\" }",
        build: build::pdp_drop,
    },
    FaultKind {
        layer: Layer::Bearer,
        name: "sim",
        nature: Nature::State,
        help: "The SIM is gone.",
        params: &[must("sim", Type::Word(&["out"]), "out")],
        example: "when = { at = \"1m\" }\nwhat = { sim = \"out\" }\nfor = \"20s\"",
        build: build::sim,
    },
];
