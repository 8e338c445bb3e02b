//! Faults of the module itself.

use super::{PORT, must, or, scope};
use crate::fault::layer::build;
use crate::fault::layer::kind::{FaultKind, Layer, Nature, Param, Type};

const COMMAND: Param = scope("command", Type::Pattern, "\"*\"", "the command lines it is about");
const URC: Param = scope("urc", Type::Pattern, "", "the URCs it is about, in place of commands");
const RESULT: Param = scope(
    "result",
    Type::Pattern,
    "",
    "the final result codes it is about, in place of commands: the command has been carried out",
);
const CARRIED: Param =
    or("carried_out", Type::Bool, "false", "whether the command is carried out all the same");

pub(super) const FAULTS: &[FaultKind] = &[
    FaultKind {
        layer: Layer::Module,
        name: "reset",
        nature: Nature::Instant,
        help: "The module resets: connections, echo and settings are lost.",
        params: &[
            must("reset", Type::Word(&["banner", "bare"]), "whether its power-on lines are printed"),
            or(
                "dead",
                Type::Span,
                "\"0s\"",
                "how long it is dead before it starts; `\"0s\"` as long as a reset of the module takes",
            ),
        ],
        example: "when = { link = \"ftp.data\", after_bytes = 600 }\nwhat = { reset = \"banner\", dead = \"2s\" }",
        build: build::reset,
    },
    FaultKind {
        layer: Layer::Module,
        name: "answer",
        nature: Nature::Next,
        help: "Other lines come in place of a command's answer, of a final result code, or of a URC.",
        params: &[
            must("answer", Type::Lines, "the lines, final result code included"),
            CARRIED,
            COMMAND,
            URC,
            RESULT,
            PORT,
        ],
        example: "when = { command = \"AT+FTPPUT=1\" }\nwhat = { answer = [\"OK\", \"\", \"+FTPPUT: 1,66\"] }",
        build: build::answer,
    },
    FaultKind {
        layer: Layer::Module,
        name: "error",
        nature: Nature::Next,
        help: "A command is not carried out; its answer is this error, in the form that AT+CMEE asked for. Or a final result code is this error.",
        params: &[must("error", Type::Int(0, 65535), "the error's number"), COMMAND, RESULT, PORT],
        example: "when = { state = \"powered\", every = 2 }\n\
                  what = { error = 10, command = \"AT+CPIN?\" }\nuntil = { state = \"powered\" }",
        build: build::error,
    },
    FaultKind {
        layer: Layer::Module,
        name: "late",
        nature: Nature::Next,
        help: "A command's answer, a final result code, or a URC comes later.",
        params: &[must("late", Type::Span, "how much later"), COMMAND, URC, RESULT, PORT],
        example: "when = { urc = \"+FTPGET: 1,1\" }\nwhat = { late = \"3s\" }",
        build: build::late,
    },
    FaultKind {
        layer: Layer::Module,
        name: "swallow",
        nature: Nature::Next,
        help: "A command is never answered, or a final result code or a URC never said.",
        params: &[
            must("swallow", Type::Word(&["answer", "command"]), "command: it is not carried out either"),
            COMMAND,
            URC,
            RESULT,
            PORT,
        ],
        example: "when = { command = \"AT+FTPGET=2*\", nth = 2 }\nwhat = { swallow = \"command\" }",
        build: build::swallow,
    },
    FaultKind {
        layer: Layer::Module,
        name: "say",
        nature: Nature::Instant,
        help: "The module says a line unasked.",
        params: &[must("say", Type::Text, "the line"), PORT],
        example: "when = { command = \"AT+FTPQUIT\" }\nwhat = { say = \"+APP PDP: 0,DEACTIVE\" }",
        build: build::say,
    },
    FaultKind {
        layer: Layer::Module,
        name: "force",
        nature: Nature::Instant,
        help: "The FTP operation under way, or the next one, ends with this code of the module.",
        params: &[must("force", Type::Int(-65535, 65535), "the code")],
        example: "when = { command = \"AT+FTPGET=1\" }\nwhat = { force = 77 }",
        build: build::force,
    },
];
