//! The numbers behind `+FTPGET: 1,`, each from its cause (the list is that of `AT+FTPGET` in the command manual).

use super::Job;
use crate::ftp::{Cause, Failure, Op, Step};
use crate::modem::outcome::{Meaning, Outcomes, Reason};

/// The reports, and what their numbers mean (chapter 5 of the application note, and the command manual).
pub(super) const OUTCOMES: &[Outcomes] = &[Outcomes {
    commands: &[
        "AT+FTPGET=1",
        "AT+FTPPUT=1",
        "AT+FTPPUT=2,0",
        "AT+FTPLIST=1",
        "AT+FTPSIZE",
        "AT+FTPDELE*",
        "AT+FTPMKD*",
        "AT+FTPRMD*",
        "AT+FTPMDTM",
        "AT+FTPRENAME*",
        "AT+FTPEXTGET=1",
    ],
    reports: &["+FTP"],
    before: "1,",
    opens: &[1],
    numbers: &[
        Meaning::one(61, "network error", Reason::Bearer),
        Meaning::one(62, "DNS error", Reason::Name),
        Meaning::one(63, "connect error", Reason::Connection),
        Meaning::one(64, "time-out", Reason::Silence),
        Meaning::one(65, "server error", Reason::Closed),
        Meaning::one(66, "operation not allowed", Reason::State),
        Meaning::one(70, "replay error", Reason::Malformed),
        Meaning::run(71, 71, "user error", Reason::Login),
        Meaning::run(72, 72, "password error", Reason::Login),
        Meaning::one(73, "type error", Reason::Refused),
        Meaning::one(74, "rest error", Reason::Refused),
        Meaning::one(75, "passive error", Reason::Refused),
        Meaning::one(76, "active error", Reason::Refused),
        Meaning::one(77, "operate error", Reason::Refused),
        Meaning::one(78, "upload error", Reason::Transfer),
        Meaning::one(79, "download error", Reason::Transfer),
        Meaning::one(80, "ended by the user", Reason::Aborted),
        Meaning::one(86, "ended by the user", Reason::Aborted),
    ],
}];

/// The number for what went wrong in `op`, or with the session itself.
pub(super) fn number(failure: &Failure, job: &Job, op: Option<&Op>) -> u16 {
    match (&failure.cause, failure.step) {
        (Cause::NoBearer | Cause::Unreachable, _) => 61,
        (Cause::NoName | Cause::NameSilence, _) => 62,
        (Cause::Reset | Cause::Closed, Step::Connect) => 63,
        (Cause::Refused | Cause::Tls, _) => 63,
        (Cause::Silence, _) => 64,
        (Cause::Rejected(reply), _) if reply.code == 421 => 65,
        (Cause::Rejected(_), Step::Greeting) => 65,
        (Cause::Malformed(_), _) => 70,
        (Cause::Rejected(_), Step::User) => 71,
        (Cause::Rejected(_), Step::Password | Step::Account) => 72,
        (Cause::Rejected(_), Step::Type) => 73,
        (Cause::Rejected(_), Step::Rest) => 74,
        (Cause::Rejected(_), Step::Passive) => 75,
        (Cause::Rejected(_), Step::Active) => 76,
        (Cause::Rejected(_), Step::Protect) => 63,
        (Cause::Rejected(_), _) if matches!(op, Some(Op::Cwd(_))) => 77,
        (Cause::Rejected(reply), _) if is_missing(reply.code, op) => 77,
        (Cause::Rejected(_), _) => job.refused(),
        (Cause::Reset | Cause::Closed, _) if op.is_some() => job.refused(),
        (Cause::Reset, _) => 61,
        (Cause::Closed, _) => 65,
        (Cause::Aborted, _) => 80,
        (Cause::Forced(number), _) => u16::try_from(*number).unwrap_or(80),
    }
}

/// Whether what was to be listed is not there (RFC 959: 450 and 550). A path that is listed may be a
/// file's (5.11), so the module does not enter it first, and only LIST can tell.
fn is_missing(code: u16, op: Option<&Op>) -> bool {
    matches!((code, op), (450 | 550, Some(Op::List { path: Some(_), .. })))
}

impl Job {
    /// The number for an operation of this job that the server refused.
    fn refused(&self) -> u16 {
        match self {
            Job::Get(_) | Job::List(_) | Job::ExtendedGet | Job::ToFile(_) | Job::EtGet => 79,
            Job::Put(_) | Job::FromFile(_) | Job::EtPut(_) => 78,
            Job::Dele | Job::Size { .. } | Job::Mkd | Job::Rmd | Job::Rename | Job::Mdtm => 77,
        }
    }
}
