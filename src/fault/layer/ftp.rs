//! Faults of the FTP dialogue.

use super::{FILE, may, must, or, scope};
use crate::fault::layer::build;
use crate::fault::layer::kind::{FaultKind, Layer, Nature, Param, Type};

const CODE: Type = Type::Int(100, 599);
const VERB: Param = scope("verb", Type::Pattern, "\"*\"", "the FTP verbs it is about");
const REPLY_TEXT: Param = may("text", Type::Text, "the reply's text");
const LATE: Param = or("late", Type::Span, "\"0s\"", "how much later it comes");
const THEN: Param =
    or("then", Type::Word(&["stay", "close", "reset"]), "\"stay\"", "what becomes of the session after it");

pub(super) const FAULTS: &[FaultKind] = &[
    FaultKind {
        layer: Layer::Ftp,
        name: "reply",
        nature: Nature::Next,
        help: "The server answers a verb with this, and does nothing else.",
        params: &[must("reply", CODE, "the code"), REPLY_TEXT, LATE, THEN, VERB, FILE],
        example: "when = { verb = \"STOR\", nth = 2 }\nwhat = { reply = 425, text = \"Can't open data connection.\" }",
        build: build::reply,
    },
    FaultKind {
        layer: Layer::Ftp,
        name: "relabel",
        nature: Nature::Next,
        help: "The server does as it was told, but its reply has another code.",
        params: &[must("relabel", CODE, "the code"), REPLY_TEXT, LATE, THEN, VERB, FILE],
        example: "when = { verb = \"RETR\", reply = \"150\", every = 1 }\nwhat = { relabel = 125 }",
        build: build::relabel,
    },
    FaultKind {
        layer: Layer::Ftp,
        name: "malformed",
        nature: Nature::Next,
        help: "The server's reply is this line instead.",
        params: &[must("malformed", Type::Text, "the line"), VERB, FILE],
        example: "when = { verb = \"PASV\" }\nwhat = { malformed = \"227 Entering\" }",
        build: build::malformed,
    },
    FaultKind {
        layer: Layer::Ftp,
        name: "late_reply",
        nature: Nature::Next,
        help: "The server's reply comes later.",
        params: &[must("late_reply", Type::Span, "how much later"), VERB, FILE],
        example: "when = { verb = \"RETR\", reply = \"226\" }\nwhat = { late_reply = \"30s\" }",
        build: build::late_reply,
    },
    FaultKind {
        layer: Layer::Ftp,
        name: "no_reply",
        nature: Nature::Next,
        help: "The server never answers.",
        params: &[
            must("no_reply", Type::Flag, "true"),
            or("carried_out", Type::Bool, "false", "whether it does as it was told all the same"),
            VERB,
            FILE,
        ],
        example: "when = { verb = \"ABOR\" }\nwhat = { no_reply = true }",
        build: build::no_reply,
    },
    FaultKind {
        layer: Layer::Ftp,
        name: "stop",
        nature: Nature::Next,
        help: "The server stops a transfer in the middle.",
        params: &[
            must("stop", Type::Bytes, "bytes that are moved before"),
            or("code", CODE, "426", "the reply's code"),
            REPLY_TEXT,
            or("cut", Type::Word(&["fin", "rst"]), "\"fin\"", "how the data connection ends"),
            THEN,
            VERB,
            FILE,
        ],
        example: "when = { verb = \"STOR\" }\nwhat = { stop = 600, code = 451 }",
        build: build::stop,
    },
    FaultKind {
        layer: Layer::Ftp,
        name: "hang_up",
        nature: Nature::Instant,
        help: "The server says this unasked, and ends the session.",
        params: &[
            must("hang_up", CODE, "the code"),
            REPLY_TEXT,
            or("then", Type::Word(&["close", "reset"]), "\"close\"", "how it ends"),
        ],
        example: "when = { link = \"ftp.control\", quiet = \"30s\" }\nwhat = { hang_up = 421 }",
        build: build::hang_up,
    },
    FaultKind {
        layer: Layer::Ftp,
        name: "speak",
        nature: Nature::Instant,
        help: "The server says this unasked, and the session goes on.",
        params: &[must("speak", CODE, "the code"), REPLY_TEXT],
        example: "when = { state = \"transfer_begun\" }\nwhat = { speak = 226, text = \"Too early.\" }",
        build: build::speak,
    },
    FaultKind {
        layer: Layer::Ftp,
        name: "pasv_address",
        nature: Nature::Next,
        help: "The answer to PASV or EPSV names a wrong address.",
        params: &[
            must("pasv_address", Type::Address, "the address"),
            may("pasv_port", Type::Int(1, 65535), "the port; else the real one"),
        ],
        example: "what = { pasv_address = \"192.168.1.10\" }",
        build: build::pasv_address,
    },
    FaultKind {
        layer: Layer::Ftp,
        name: "pasv_unserved",
        nature: Nature::Next,
        help: "The address that PASV or EPSV gave is not served.",
        params: &[must(
            "pasv_unserved",
            Type::Word(&["silent", "refused", "stalled"]),
            "what the connection attempt meets; stalled: it is accepted, and nothing moves",
        )],
        example: "when = { verb = \"PASV\" }\nwhat = { pasv_unserved = \"silent\" }",
        build: build::pasv_unserved,
    },
];
