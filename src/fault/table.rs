//! The vocabulary of faults: the one table that is parsed by, listed, and made into documentation and schema.

use super::kind::{FaultKind, Layer, Nature, Need, Param, Type};
use super::link::{CONNECTIONS, DIRECTIONS};
use super::{action, build};

const fn must(name: &'static str, kind: Type, help: &'static str) -> Param {
    Param { name, kind, need: Need::Required, help }
}

const fn or(name: &'static str, kind: Type, literal: &'static str, help: &'static str) -> Param {
    Param { name, kind, need: Need::Default(literal), help }
}

const fn may(name: &'static str, kind: Type, help: &'static str) -> Param {
    Param { name, kind, need: Need::Optional, help }
}

const fn scope(name: &'static str, kind: Type, literal: &'static str, help: &'static str) -> Param {
    Param { name, kind, need: Need::Trigger(literal), help }
}

const COUNT: Type = Type::Int(1, 1 << 30);
const CODE: Type = Type::Int(100, 599);
const WAY: Type = Type::Word(DIRECTIONS);
const PORT: Param = scope("port", Type::Int(1, 16), "", "the serial port, from 1; else every port");
const DOWN: Param = scope("direction", WAY, "\"down\"", "down is towards the host");
const BOTH: Param = scope("direction", WAY, "\"both\"", "down is towards the host");
const SKIP: Param = or("skip", Type::Bytes, "0", "bytes that pass unharmed first");
const COMMAND: Param = scope("command", Type::Pattern, "\"*\"", "the command lines it is about");
const URC: Param = scope("urc", Type::Pattern, "", "the URCs it is about, in place of commands");
const CARRIED: Param =
    or("carried_out", Type::Bool, "false", "whether the command is carried out all the same");
const LINK: Param = scope("link", Type::Word(CONNECTIONS), "\"all\"", "the connections it is about");
const HOST: Param = scope("host", Type::Pattern, "\"*\"", "the name it is about");
const TO_PORT: Param = may("to_port", Type::Int(1, 65535), "only connections to this port");
const VERB: Param = scope("verb", Type::Pattern, "\"*\"", "the FTP verbs it is about");
const FILE: Param = scope("file", Type::Pattern, "\"*\"", "the files (arguments of the verb) it is about");
const REPLY_TEXT: Param = may("text", Type::Text, "the reply's text");
const LATE: Param = or("late", Type::Span, "\"0s\"", "how much later it comes");
const THEN: Param =
    or("then", Type::Word(&["stay", "close", "reset"]), "\"stay\"", "what becomes of the session after it");
const OP: Param = or("op", Type::Word(action::OPS), "\"any\"", "the operations it is about");

/// Every fault there is, by layer.
pub const FAULTS: &[FaultKind] = &[
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
    FaultKind {
        layer: Layer::Module,
        name: "reset",
        nature: Nature::Instant,
        help: "The module resets: connections, echo and settings are lost.",
        params: &[
            must("reset", Type::Word(&["banner", "bare"]), "whether its power-on lines are printed"),
            or("dead", Type::Span, "\"0s\"", "how long it is dead before it starts"),
        ],
        example: "when = { link = \"ftp.data\", after_bytes = 600 }\nwhat = { reset = \"banner\", dead = \"2s\" }",
        build: build::reset,
    },
    FaultKind {
        layer: Layer::Module,
        name: "answer",
        nature: Nature::Next,
        help: "Other lines come in place of a command's answer, or of a URC.",
        params: &[
            must("answer", Type::Lines, "the lines, final result code included"),
            CARRIED,
            COMMAND,
            URC,
            PORT,
        ],
        example: "when = { command = \"AT+FTPPUT=1\" }\nwhat = { answer = [\"OK\", \"\", \"+FTPPUT: 1,66\"] }",
        build: build::answer,
    },
    FaultKind {
        layer: Layer::Module,
        name: "error",
        nature: Nature::Next,
        help: "A command is not carried out; its answer is this error, in the form that AT+CMEE asked for.",
        params: &[must("error", Type::Int(0, 65535), "the error's number"), COMMAND, PORT],
        example: "when = { state = \"powered\", every = 2 }\n\
                  what = { error = 10, command = \"AT+CPIN?\" }\nuntil = { state = \"powered\" }",
        build: build::error,
    },
    FaultKind {
        layer: Layer::Module,
        name: "late",
        nature: Nature::Next,
        help: "A command's answer, or a URC, comes later.",
        params: &[must("late", Type::Span, "how much later"), COMMAND, URC, PORT],
        example: "when = { urc = \"+FTPGET: 1,1\" }\nwhat = { late = \"3s\" }",
        build: build::late,
    },
    FaultKind {
        layer: Layer::Module,
        name: "swallow",
        nature: Nature::Next,
        help: "A command is never answered, or a URC never said.",
        params: &[
            must("swallow", Type::Word(&["answer", "command"]), "command: it is not carried out either"),
            COMMAND,
            URC,
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
        help: "A connection ends.",
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
        help: "A file vanishes in the middle of a transfer.",
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
