//! Faults of the server's files.

use super::{FILE, must, or};
use crate::fault::layer::action;
use crate::fault::layer::build;
use crate::fault::layer::kind::{FaultKind, Layer, Nature, Param, Type};

const OP: Param = or("op", Type::Word(action::OPS), "\"any\"", "the operations it is about");

pub(super) const FAULTS: &[FaultKind] = &[
    FaultKind {
        layer: Layer::Storage,
        name: "full",
        nature: Nature::Next,
        help: "The server's disk is full.",
        params: &[
            must("full", Type::Bytes, "bytes of the file that still fit"),
            or("code", Type::Number(&[452, 552]), "552", "the reply's code"),
            FILE,
        ],
        example: "when = { verb = \"STOR\" }\nwhat = { full = \"64KiB\" }",
        build: build::full,
    },
    FaultKind {
        layer: Layer::Storage,
        name: "denied",
        nature: Nature::Next,
        help: "The server refuses a file.",
        params: &[
            must("denied", Type::Pattern, "the file"),
            or("code", Type::Number(&[450, 451, 452, 550, 551, 552, 553]), "550", "the reply's code"),
            OP,
        ],
        example: "what = { denied = \"*.cfg\", code = 553, op = \"write\" }",
        build: build::denied,
    },
    FaultKind {
        layer: Layer::Storage,
        name: "vanish",
        nature: Nature::Next,
        help: "A file vanishes in the middle of a transfer: it is on the server no more.",
        params: &[
            must("vanish", Type::Bytes, "bytes that are still moved"),
            or("code", Type::Number(&[450, 451, 550, 551]), "451", "the reply's code"),
            FILE,
            OP,
        ],
        example: "when = { verb = \"RETR\", file = \"*.bin\" }\nwhat = { vanish = 600 }",
        build: build::vanish,
    },
];
