//! Faults of names and connection attempts.

use super::{may, must, scope};
use crate::fault::layer::build;
use crate::fault::layer::kind::{FaultKind, Layer, Nature, Param, Type};

const HOST: Param = scope("host", Type::Pattern, "\"*\"", "the name it is about");
const TO_PORT: Param = may("to_port", Type::Int(1, 65535), "only connections to this port");

pub(super) const FAULTS: &[FaultKind] = &[
    FaultKind {
        layer: Layer::Name,
        name: "nxdomain",
        nature: Nature::Next,
        help: "A host name does not exist.",
        params: &[must("nxdomain", Type::Pattern, "the name")],
        example: "when = { lookup = \"*\", first = 2 }\nwhat = { nxdomain = \"*\" }",
        build: build::nxdomain,
    },
    FaultKind {
        layer: Layer::Name,
        name: "dns_silence",
        nature: Nature::Next,
        help: "The name server does not answer.",
        params: &[must("dns_silence", Type::Pattern, "the name")],
        example: "what = { dns_silence = \"ftp.example\" }",
        build: build::dns_silence,
    },
    FaultKind {
        layer: Layer::Name,
        name: "resolve",
        nature: Nature::Next,
        help: "A host name leads to another address.",
        params: &[must("resolve", Type::Address, "the address"), HOST],
        example: "what = { resolve = \"192.0.2.1\", host = \"ftp.example\" }",
        build: build::resolve,
    },
    FaultKind {
        layer: Layer::Name,
        name: "refused",
        nature: Nature::Next,
        help: "A connection attempt is refused.",
        params: &[must("refused", Type::Pattern, "the name or address"), TO_PORT],
        example: "when = { connect = \"*\" }\nwhat = { refused = \"*\" }",
        build: build::refused,
    },
    FaultKind {
        layer: Layer::Name,
        name: "connect_silence",
        nature: Nature::Next,
        help: "A connection attempt gets no answer.",
        params: &[must("connect_silence", Type::Pattern, "the name or address"), TO_PORT],
        example: "what = { connect_silence = \"*\", to_port = 21 }",
        build: build::connect_silence,
    },
    FaultKind {
        layer: Layer::Name,
        name: "unreachable",
        nature: Nature::Next,
        help: "A connection attempt finds no route.",
        params: &[must("unreachable", Type::Pattern, "the name or address"), TO_PORT],
        example: "when = { connect = \"*\", nth = 2 }\nwhat = { unreachable = \"*\" }",
        build: build::unreachable,
    },
    FaultKind {
        layer: Layer::Name,
        name: "tls_fails",
        nature: Nature::Next,
        help: "A connection's TLS handshake fails.",
        params: &[must("tls_fails", Type::Pattern, "the name or address"), TO_PORT],
        example: "what = { tls_fails = \"*\", to_port = 990 }",
        build: build::tls_fails,
    },
];
