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
    /// Bytes that are still read or written; at once where it is `None`.
    pub after: Option<u64>,
    /// The reply that the server makes of it: 450, 451, 452, 550, 551, 552, 553.
    pub code: u16,
    /// Whether the file is gone then.
    pub vanishes: bool,
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
}

impl Storage {
    /// What becomes of an access, where the fault is about it.
    pub fn on_access(&self, op: StorageOp, path: &str) -> Option<StorageVerdict> {
        if !self.op.cover(op) || !file_matches(&self.file, path) {
            return None;
        }
        let transfer = matches!(op, StorageOp::Read | StorageOp::Write);
        match self.after {
            Some(bytes) if transfer => {
                Some(StorageVerdict::FailAfter { bytes, code: self.code, vanishes: self.vanishes })
            }
            Some(_) => None,
            None => Some(StorageVerdict::Fail(self.code)),
        }
    }
}

pub(super) fn faults() -> Vec<FaultKind> {
    const HERE: Layer = Layer::Storage;
    vec![FaultKind::of::<Full>(HERE), FaultKind::of::<Denied>(HERE), FaultKind::of::<Vanish>(HERE)]
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
        let (file, after) = (self.file.0, Some(self.full.0));
        Action::Storage(Storage { file, op: Ops::Write, after, code: self.code.0, vanishes: false })
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
        let (file, op) = (self.denied, self.op.0);
        Action::Storage(Storage { file, op, after: None, code: self.code.0, vanishes: false })
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
        let (file, after) = (self.file.0, Some(self.vanish.0));
        Action::Storage(Storage { file, op: self.op.0, after, code: self.code.0, vanishes: true })
    }
}
