//! Faults of the server's files.

use super::Action;
use super::kind::{Declared, FaultKind, Layer, Nature};
use super::param::{Paths, one_of};
use super::symptom::Symptom;
use crate::fault::rule::amount::Amount;
use crate::fault::text::files::file_matches;
use crate::fault::text::pattern::Pattern;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A fault of the server's storage.
#[derive(Clone, Debug, PartialEq)]
pub struct Storage {
    /// The files it is about.
    pub file: Pattern,
    /// The operations it is about.
    pub op: Ops,
    /// What happens.
    pub what: StorageFault,
}

/// What happens to an access to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageFault {
    /// It fails.
    Fail {
        /// Bytes that are still read or written; at once where it is `None`.
        after: Option<u64>,
        /// The reply that the server makes of it: 450, 451, 452, 550, 551, 552, 553.
        code: u16,
        /// Whether the file is gone then.
        vanishes: bool,
    },
    /// So many bytes of what is written are kept, and all of it is acknowledged.
    Keep(u64),
    /// The file is another one than before.
    Changed(Change),
    /// Line ends are changed, as ASCII mode has it.
    Ascii,
}

/// How a file differs from what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Change {
    /// As long as before, and each byte is another.
    Contents,
    /// What it holds stands in it twice.
    Longer,
    /// Its second half is gone.
    Shorter,
}

/// What is done to a file on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StorageOp {
    /// RETR.
    Read,
    /// STOR, APPE, STOU.
    Write,
    /// LIST, NLST, CWD, SIZE, MDTM, STAT.
    Look,
    /// DELE, RMD, RNFR, RNTO, MKD.
    Change,
}

/// Which of them a rule is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Ops {
    /// All.
    #[default]
    Any,
    /// RETR.
    Read,
    /// STOR, APPE, STOU.
    Write,
    /// LIST, NLST, CWD, SIZE, MDTM, STAT.
    Look,
    /// DELE, RMD, RNFR, RNTO, MKD.
    Change,
}

impl Ops {
    /// Whether that operation is meant.
    pub fn cover(self, op: StorageOp) -> bool {
        match self {
            Ops::Any => true,
            Ops::Read => op == StorageOp::Read,
            Ops::Write => op == StorageOp::Write,
            Ops::Look => op == StorageOp::Look,
            Ops::Change => op == StorageOp::Change,
        }
    }
}

/// What becomes of an access to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageVerdict {
    /// It goes on.
    Pass,
    /// It fails, and the server replies with this code.
    Fail(u16),
    /// It fails once so many bytes of the file have been read or written in this access.
    FailAfter {
        /// How many.
        bytes: u64,
        /// The server's reply.
        code: u16,
        /// Whether the file is gone then.
        vanishes: bool,
    },
    /// So many bytes of what is written are kept, and all of it is acknowledged.
    Keep(u64),
    /// The file changes, and is read then.
    Changed(Change),
    /// LF is sent as CRLF, and CRLF is stored as LF.
    Ascii,
}

impl Storage {
    /// What becomes of an access, where the fault is about it.
    pub fn on_access(&self, op: StorageOp, path: &str) -> Option<StorageVerdict> {
        if !self.op.cover(op) || !file_matches(&self.file, path) {
            return None;
        }
        let transfer = matches!(op, StorageOp::Read | StorageOp::Write);
        match self.what {
            StorageFault::Fail { after: None, code, .. } => Some(StorageVerdict::Fail(code)),
            _ if !transfer => None,
            StorageFault::Fail { after: Some(bytes), code, vanishes } => {
                Some(StorageVerdict::FailAfter { bytes, code, vanishes })
            }
            StorageFault::Keep(bytes) => Some(StorageVerdict::Keep(bytes)),
            StorageFault::Changed(how) => Some(StorageVerdict::Changed(how)),
            StorageFault::Ascii => Some(StorageVerdict::Ascii),
        }
    }
}

pub(super) fn faults() -> Vec<FaultKind> {
    const HERE: Layer = Layer::Storage;
    vec![
        FaultKind::of::<Full>(HERE),
        FaultKind::of::<Denied>(HERE),
        FaultKind::of::<Vanish>(HERE),
        FaultKind::of::<Keep>(HERE),
        FaultKind::of::<Changed>(HERE),
        FaultKind::of::<Ascii>(HERE),
    ]
}

/// the operations it is about
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
struct On(Ops);

one_of!(NoSpace: u16, 452, 552);
one_of!(Refusal: u16, 450, 451, 452, 550, 551, 552, 553);
one_of!(Failure: u16, 450, 451, 550, 551);

/// The server's disk is full.
#[derive(Deserialize, JsonSchema)]
struct Full {
    /// bytes of the file that still fit
    full: Amount,
    /// the reply's code
    #[serde(default = "over_quota")]
    code: NoSpace,
    #[serde(default)]
    file: Paths,
}

fn over_quota() -> NoSpace {
    NoSpace(552)
}

impl Declared for Full {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::ServerFull];
    const EXAMPLE: &'static str = "when = { verb = \"STOR\" }\nwhat = { full = \"64KiB\" }";

    fn action(self) -> Action {
        let what = StorageFault::Fail { after: Some(self.full.0), code: self.code.0, vanishes: false };
        Action::Storage(Storage { file: self.file.0, op: Ops::Write, what })
    }
}

/// The server refuses a file.
#[derive(Deserialize, JsonSchema)]
struct Denied {
    /// the file
    denied: Pattern,
    /// the reply's code
    #[serde(default = "unavailable")]
    code: Refusal,
    #[serde(default)]
    op: On,
}

fn unavailable() -> Refusal {
    Refusal(550)
}

impl Declared for Denied {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::ServerRefuses, Symptom::FileGone];
    const EXAMPLE: &'static str = "what = { denied = \"*.cfg\", code = 553, op = \"write\" }";

    fn action(self) -> Action {
        let what = StorageFault::Fail { after: None, code: self.code.0, vanishes: false };
        Action::Storage(Storage { file: self.denied, op: self.op.0, what })
    }
}

/// A file vanishes in the middle of a transfer: it is on the server no more.
#[derive(Deserialize, JsonSchema)]
struct Vanish {
    /// bytes that are still moved
    vanish: Amount,
    /// the reply's code
    #[serde(default = "local_error")]
    code: Failure,
    #[serde(default)]
    file: Paths,
    #[serde(default)]
    op: On,
}

fn local_error() -> Failure {
    Failure(451)
}

impl Declared for Vanish {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::FileGone, Symptom::TransferStops];
    const EXAMPLE: &'static str = "when = { verb = \"RETR\", file = \"*.bin\" }\nwhat = { vanish = 600 }";

    fn action(self) -> Action {
        let what = StorageFault::Fail { after: Some(self.vanish.0), code: self.code.0, vanishes: true };
        Action::Storage(Storage { file: self.file.0, op: self.op.0, what })
    }
}

/// The server keeps the beginning of what it is sent, and says 226.
#[derive(Deserialize, JsonSchema)]
struct Keep {
    /// bytes that are kept
    keep: Amount,
    #[serde(default)]
    file: Paths,
}

impl Declared for Keep {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Damaged];
    const EXAMPLE: &'static str = "when = { verb = \"STOR\" }\nwhat = { keep = 600 }";

    fn action(self) -> Action {
        let what = StorageFault::Keep(self.keep.0);
        Action::Storage(Storage { file: self.file.0, op: Ops::Write, what })
    }
}

/// A file on the server is another one when it is read next: somebody has written it meanwhile.
#[derive(Deserialize, JsonSchema)]
struct Changed {
    /// how: each byte is another, what it holds stands in it twice, or its second half is gone
    changed: Change,
    #[serde(default)]
    file: Paths,
}

impl Declared for Changed {
    const NATURE: Nature = Nature::Next;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Damaged];
    const EXAMPLE: &'static str = "when = { verb = \"RETR\", nth = 2 }\nwhat = { changed = \"longer\" }";

    fn action(self) -> Action {
        let what = StorageFault::Changed(self.changed);
        Action::Storage(Storage { file: self.file.0, op: Ops::Read, what })
    }
}

/// The server changes line ends, as in ASCII mode: LF is sent as CRLF, and CRLF is stored as LF.
#[derive(Deserialize, JsonSchema)]
struct Ascii {
    /// the files
    ascii: Pattern,
}

impl Declared for Ascii {
    const NATURE: Nature = Nature::State;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Damaged];
    const EXAMPLE: &'static str = "when = { verb = \"TYPE\", file = \"A*\", every = 1 }\n\
                                   what = { ascii = \"*\" }\n\
                                   until = { verb = \"TYPE\", file = \"I\" }";

    fn action(self) -> Action {
        Action::Storage(Storage { file: self.ascii, op: Ops::Any, what: StorageFault::Ascii })
    }
}
