//! Faults of connections.

use super::{DOWN, WAY, must, or, scope};
use crate::fault::layer::build;
use crate::fault::layer::kind::{FaultKind, Layer, Nature, Param, Type};
use crate::fault::text::link::CONNECTIONS;

const BOTH: Param = scope("direction", WAY, "\"both\"", "down is towards the host");
const LINK: Param = scope("link", Type::Word(CONNECTIONS), "\"all\"", "the connections it is about");

pub(super) const FAULTS: &[FaultKind] = &[
    FaultKind {
        layer: Layer::Link,
        name: "stall",
        nature: Nature::State,
        help: "Nothing moves on a connection.",
        params: &[must("stall", WAY, "which way; down is towards the host"), LINK],
        example: "when = { link = \"ftp.data\", after_bytes = 600 }\nwhat = { stall = \"down\" }\nfor = \"20s\"",
        build: build::stall,
    },
    FaultKind {
        layer: Layer::Link,
        name: "cut",
        nature: Nature::Instant,
        help: "A connection ends; with `ftp` both of the session, with `all` every one.",
        params: &[must("cut", Type::Word(&["fin", "rst"]), "in good order, or with a reset"), LINK],
        example: "when = { link = \"ftp.data\", after_bytes = 600 }\nwhat = { cut = \"rst\" }",
        build: build::cut,
    },
    FaultKind {
        layer: Layer::Link,
        name: "latency",
        nature: Nature::State,
        help: "Everything on a connection takes longer.",
        params: &[
            must("latency", Type::Span, "how much longer, one way"),
            or("jitter", Type::Span, "\"0s\"", "at random up to so much more"),
            BOTH,
            LINK,
        ],
        example: "when = { at = \"10s\" }\nwhat = { latency = \"2s\", jitter = \"500ms\" }\nfor = \"1m\"",
        build: build::latency,
    },
    FaultKind {
        layer: Layer::Link,
        name: "rate",
        nature: Nature::State,
        help: "A connection is no faster than this.",
        params: &[must("rate", Type::Rate, "the rate"), BOTH, LINK],
        example: "when = { verb = \"RETR\" }\nwhat = { rate = \"2kbit/s\" }",
        build: build::rate,
    },
    FaultKind {
        layer: Layer::Link,
        name: "corrupt",
        nature: Nature::Next,
        help: "Bytes of a segment are changed.",
        params: &[must("corrupt", Type::Int(1, 65536), "how many bytes"), DOWN, LINK],
        example: "when = { link = \"ftp.data\", after_bytes = 600, direction = \"down\" }\nwhat = { corrupt = 1 }",
        build: build::corrupt,
    },
    FaultKind {
        layer: Layer::Link,
        name: "loss",
        nature: Nature::State,
        help: "Segments are lost: TCP sends them again, datagrams are gone.",
        params: &[
            must("loss", Type::Probability, "of each"),
            or("retransmit", Type::Span, "\"1s\"", "how much later a lost TCP segment comes"),
            BOTH,
            LINK,
        ],
        example: "what = { loss = 0.1 }",
        build: build::loss,
    },
    FaultKind {
        layer: Layer::Link,
        name: "datagram",
        nature: Nature::Next,
        help: "A UDP datagram is lost, or comes twice.",
        params: &[must("datagram", Type::Word(&["lost", "twice"]), "which"), BOTH],
        example: "when = { opened = \"socket\" }\nwhat = { datagram = \"lost\", direction = \"up\" }",
        build: build::datagram,
    },
];
