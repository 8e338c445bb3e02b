//! Faults of the FTP dialogue.

use super::Action;
use super::kind::{Declared, FaultKind, Layer, Nature};
use super::param::{Delay, End, Jitter, Paths, Spreads, True, Verbs, Within};
use super::symptom::Symptom;
use crate::fault::rule::amount::Amount;
use crate::fault::rule::count::Dice;
use crate::fault::text::files::file_matches;
use crate::fault::text::pattern::Pattern;
use crate::time::units::Span;
use core::net::Ipv4Addr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A fault of the FTP dialogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Ftp {
    /// The verbs it is about.
    pub verb: Pattern,
    /// Their arguments.
    pub file: Pattern,
    /// What happens.
    pub what: FtpFault,
}

/// What happens in the FTP dialogue.
#[derive(Clone, Debug, PartialEq)]
pub enum FtpFault {
    /// This reply, and the verb does not reach the server.
    Reply(Scripted),
    /// This reply in place of the server's.
    Relabel(Scripted),
    /// This line in place of the server's reply.
    Malformed(String),
    /// The server's reply comes later.
    Late(Delay),
    /// No reply comes.
    Silent {
        /// Whether the verb reaches the server.
        carried_out: bool,
    },
    /// The server stops the transfer after so many bytes.
    Stop(Stop),
    /// This reply comes unasked.
    Speak(Scripted),
    /// The answer to PASV or EPSV names another address.
    PassiveAddress {
        /// The address.
        address: Ipv4Addr,
        /// The port; the real one where it is `None`.
        port: Option<u16>,
    },
    /// The address that PASV or EPSV gave is not served.
    PassiveUnserved(Unserved),
}

/// A transfer that the server stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Bytes that are moved before.
    pub after: u64,
    /// How the data connection ends. An upload, of which something is always left unread, is reset in any case.
    pub end: End,
    /// What is said in place of the closing reply.
    pub reply: Scripted,
}

/// A reply that a server is made to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scripted {
    /// The code.
    pub code: u16,
    /// The text; the server's own, or a usual one, where it is `None`.
    pub text: Option<String>,
    /// How much later it comes.
    pub late: Duration,
    /// What becomes of the session.
    pub then: Then,
}

impl Scripted {
    /// This reply at once, and the session goes on.
    pub fn new(code: u16, text: &str) -> Scripted {
        Scripted { code, text: Some(text.to_owned()), late: Duration::ZERO, then: Then::Stay }
    }
}

/// What becomes of the FTP session after a scripted reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Then {
    /// It goes on.
    #[default]
    Stay,
    /// The server closes it (FIN), and any transfer with it.
    Close,
    /// The server resets it (RST), and any transfer with it.
    Reset,
}

/// How a passive address is announced and not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Unserved {
    /// The connection attempt gets no answer.
    Silent,
    /// The connection attempt is refused.
    Refused,
    /// The connection is accepted, and nothing moves.
    Stalled,
}

/// What becomes of an FTP verb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerbVerdict {
    /// It goes to the server.
    Pass,
    /// It does not; this is the reply.
    Reply(Scripted),
    /// It does not, and no reply comes.
    Swallow,
    /// It does, and its transfer is stopped in the middle.
    Stop(Stop),
}

/// What becomes of a reply of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyVerdict {
    /// The module gets it.
    Pass,
    /// This comes instead; with the server's own text where that of the script is `None`.
    Instead(Scripted),
    /// This line comes instead.
    Malformed(String),
    /// It comes so much later.
    Late(Duration),
    /// It never comes.
    Swallow,
}

/// What becomes of a passive address, as the module asks for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassiveVerdict {
    /// The right one is given, and served.
    Pass,
    /// Another one is given.
    Address {
        /// The address.
        address: Ipv4Addr,
        /// The port; the right one where it is `None`.
        port: Option<u16>,
    },
    /// The right one is given, and not served.
    Unserved(Unserved),
}

impl Ftp {
    fn is_about(&self, verb: &str, file: &str) -> bool {
        self.verb.matches(verb) && file_matches(&self.file, file)
    }

    /// What becomes of a verb, where the fault is about it.
    pub fn on_verb(&self, verb: &str, file: &str) -> Option<VerbVerdict> {
        match &self.what {
            _ if !self.is_about(verb, file) => None,
            FtpFault::Reply(scripted) => Some(VerbVerdict::Reply(scripted.clone())),
            FtpFault::Silent { carried_out: false } => Some(VerbVerdict::Swallow),
            FtpFault::Stop(stop) if transfers(verb) => Some(VerbVerdict::Stop(stop.clone())),
            _ => None,
        }
    }

    /// What becomes of the reply to a verb, where the fault is about it.
    pub(in crate::fault) fn on_reply(&self, verb: &str, file: &str, dice: &mut Dice) -> Option<ReplyVerdict> {
        match &self.what {
            _ if !self.is_about(verb, file) => None,
            FtpFault::Relabel(scripted) => Some(ReplyVerdict::Instead(scripted.clone())),
            FtpFault::Malformed(line) => Some(ReplyVerdict::Malformed(line.clone())),
            FtpFault::Late(by) => Some(ReplyVerdict::Late(dice.delay(by))),
            FtpFault::Silent { carried_out: true } => Some(ReplyVerdict::Swallow),
            _ => None,
        }
    }

    /// What becomes of a passive address, where the fault is about it.
    pub fn on_passive(&self) -> Option<PassiveVerdict> {
        match self.what {
            FtpFault::PassiveAddress { address, port } => Some(PassiveVerdict::Address { address, port }),
            FtpFault::PassiveUnserved(how) => Some(PassiveVerdict::Unserved(how)),
            _ => None,
        }
    }
}

/// Whether a verb moves bytes on a data connection.
fn transfers(verb: &str) -> bool {
    ["RETR", "STOR", "STOU", "APPE", "LIST", "NLST", "MLSD"].iter().any(|v| v.eq_ignore_ascii_case(verb))
}

pub(super) fn faults() -> Vec<FaultKind> {
    const HERE: Layer = Layer::Ftp;
    vec![
        FaultKind::of::<Reply>(HERE),
        FaultKind::of::<Relabel>(HERE),
        FaultKind::of::<Malformed>(HERE),
        FaultKind::of::<LateReply>(HERE),
        FaultKind::of::<NoReply>(HERE),
        FaultKind::of::<Stopped>(HERE),
        FaultKind::of::<HangUp>(HERE),
        FaultKind::of::<Speak>(HERE),
        FaultKind::of::<PasvAddress>(HERE),
        FaultKind::of::<PasvUnserved>(HERE),
    ]
}

type Code = Within<u16, 100, 599>;

/// the reply's text
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
struct Text(String);

/// how much later it comes
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
struct Late(Span);

/// what becomes of the session after it
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
struct After(Then);

fn ftp(verb: Verbs, file: Paths, what: FtpFault) -> Action {
    Action::Ftp(Ftp { verb: verb.0, file: file.0, what })
}

fn scripted(code: Code, text: Option<Text>, late: Late, then: Then) -> Scripted {
    Scripted { code: code.0, text: text.map(|Text(text)| text), late: late.0.0, then }
}

/// The server answers a verb with this, and does nothing else.
#[derive(Deserialize, JsonSchema)]
struct Reply {
    /// the code
    reply: Code,
    text: Option<Text>,
    #[serde(default)]
    late: Late,
    #[serde(default)]
    then: After,
    #[serde(default)]
    verb: Verbs,
    #[serde(default)]
    file: Paths,
}

impl Declared for Reply {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Login, Symptom::ServerRefuses, Symptom::ServerFull];
    const EXAMPLE: &'static str = "when = { verb = \"STOR\", nth = 2 }\n\
                                   what = { reply = 425, text = \"Can't open data connection.\" }";

    fn action(self) -> Action {
        let what = FtpFault::Reply(scripted(self.reply, self.text, self.late, self.then.0));
        ftp(self.verb, self.file, what)
    }
}

/// The server does as it was told, but its reply has another code.
#[derive(Deserialize, JsonSchema)]
struct Relabel {
    /// the code
    relabel: Code,
    text: Option<Text>,
    #[serde(default)]
    late: Late,
    #[serde(default)]
    then: After,
    #[serde(default)]
    verb: Verbs,
    #[serde(default)]
    file: Paths,
}

impl Declared for Relabel {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::ServerNonsense];
    const EXAMPLE: &'static str =
        "when = { verb = \"RETR\", reply = \"150\", every = 1 }\nwhat = { relabel = 125 }";

    fn action(self) -> Action {
        let what = FtpFault::Relabel(scripted(self.relabel, self.text, self.late, self.then.0));
        ftp(self.verb, self.file, what)
    }
}

/// The server's reply is this line instead.
#[derive(Deserialize, JsonSchema)]
struct Malformed {
    /// the line
    malformed: String,
    #[serde(default)]
    verb: Verbs,
    #[serde(default)]
    file: Paths,
}

impl Declared for Malformed {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::ServerNonsense];
    const EXAMPLE: &'static str = "when = { verb = \"PASV\" }\nwhat = { malformed = \"227 Entering\" }";

    fn action(self) -> Action {
        ftp(self.verb, self.file, FtpFault::Malformed(self.malformed))
    }
}

/// The server's reply comes later.
#[derive(Deserialize, JsonSchema)]
struct LateReply {
    /// how much later
    late_reply: Span,
    #[serde(default)]
    jitter: Jitter,
    #[serde(default)]
    spread: Spreads,
    #[serde(default)]
    verb: Verbs,
    #[serde(default)]
    file: Paths,
}

impl Declared for LateReply {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::ServerSlow];
    const EXAMPLE: &'static str =
        "when = { verb = \"RETR\", reply = \"226\" }\nwhat = { late_reply = \"30s\" }";

    fn action(self) -> Action {
        let delay = Delay::new(self.late_reply, self.jitter, self.spread);
        ftp(self.verb, self.file, FtpFault::Late(delay))
    }
}

/// The server never answers.
#[derive(Deserialize, JsonSchema)]
struct NoReply {
    /// true
    no_reply: True,
    /// whether it does as it was told all the same
    #[serde(default)]
    carried_out: bool,
    #[serde(default)]
    verb: Verbs,
    #[serde(default)]
    file: Paths,
}

impl Declared for NoReply {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::ServerSilent];
    const EXAMPLE: &'static str = "when = { verb = \"ABOR\" }\nwhat = { no_reply = true }";

    fn action(self) -> Action {
        let True = self.no_reply;
        ftp(self.verb, self.file, FtpFault::Silent { carried_out: self.carried_out })
    }
}

/// The server stops a transfer in the middle.
#[derive(Deserialize, JsonSchema)]
struct Stopped {
    /// bytes that are moved before
    stop: Amount,
    /// the reply's code
    #[serde(default = "transfer_aborted")]
    code: Code,
    text: Option<Text>,
    /// how the data connection ends
    #[serde(default = "in_good_order")]
    cut: End,
    #[serde(default)]
    then: After,
    #[serde(default)]
    verb: Verbs,
    #[serde(default)]
    file: Paths,
}

fn transfer_aborted() -> Code {
    Within(426)
}

fn in_good_order() -> End {
    End::Fin
}

impl Declared for Stopped {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::TransferStops];
    const EXAMPLE: &'static str = "when = { verb = \"STOR\" }\nwhat = { stop = 600, code = 451 }";

    fn action(self) -> Action {
        let reply = scripted(self.code, self.text, Late::default(), self.then.0);
        let stop = Stop { after: self.stop.0, end: self.cut, reply };
        ftp(self.verb, self.file, FtpFault::Stop(stop))
    }
}

/// The server says this unasked, and ends the session.
#[derive(Deserialize, JsonSchema)]
struct HangUp {
    /// the code
    hang_up: Code,
    text: Option<Text>,
    /// how it ends
    #[serde(default = "closed")]
    then: Ending,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Ending {
    Close,
    Reset,
}

fn closed() -> Ending {
    Ending::Close
}

impl Declared for HangUp {
    const NATURE: Nature = Nature::Instant;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::ServerHangsUp];
    const EXAMPLE: &'static str =
        "when = { link = \"ftp.control\", quiet = \"30s\" }\nwhat = { hang_up = 421 }";

    fn action(self) -> Action {
        let then = match self.then {
            Ending::Close => Then::Close,
            Ending::Reset => Then::Reset,
        };
        let what = FtpFault::Speak(scripted(self.hang_up, self.text, Late::default(), then));
        ftp(Verbs::default(), Paths::default(), what)
    }
}

/// The server says this unasked, and the session goes on.
#[derive(Deserialize, JsonSchema)]
struct Speak {
    /// the code
    speak: Code,
    text: Option<Text>,
}

impl Declared for Speak {
    const NATURE: Nature = Nature::Instant;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::ServerNonsense];
    const EXAMPLE: &'static str =
        "when = { state = \"transfer_begun\" }\nwhat = { speak = 226, text = \"Too early.\" }";

    fn action(self) -> Action {
        let what = FtpFault::Speak(scripted(self.speak, self.text, Late::default(), Then::Stay));
        ftp(Verbs::default(), Paths::default(), what)
    }
}

/// The answer to PASV or EPSV names a wrong address.
#[derive(Deserialize, JsonSchema)]
struct PasvAddress {
    /// the address
    pasv_address: Ipv4Addr,
    /// the port; else the real one
    pasv_port: Option<Within<u16, 1, 65535>>,
}

impl Declared for PasvAddress {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Firewall];
    const EXAMPLE: &'static str = "what = { pasv_address = \"192.168.1.10\" }";

    fn action(self) -> Action {
        let port = self.pasv_port.map(|Within(port)| port);
        let what = FtpFault::PassiveAddress { address: self.pasv_address, port };
        ftp(Verbs::default(), Paths::default(), what)
    }
}

/// The address that PASV or EPSV gave is not served.
#[derive(Deserialize, JsonSchema)]
struct PasvUnserved {
    /// what the connection attempt meets; stalled: it is accepted, and nothing moves
    pasv_unserved: Unserved,
}

impl Declared for PasvUnserved {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Firewall];
    const EXAMPLE: &'static str = "when = { verb = \"PASV\" }\nwhat = { pasv_unserved = \"silent\" }";

    fn action(self) -> Action {
        ftp(Verbs::default(), Paths::default(), FtpFault::PassiveUnserved(self.pasv_unserved))
    }
}
