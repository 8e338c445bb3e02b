//! The numbers of chapter 3, each from its cause.

use super::trouble::Trouble;
use crate::ftp::{Cause, Failure, Step};
use crate::modem::outcome::{Meaning, Outcomes, Reason, Sorted};
use std::fmt;

/// The reports, and what the numbers of chapter 3 mean; -11 to -13 are those of FTP V1.4.
pub const OUTCOMES: &[Outcomes] = &[Outcomes {
    commands: &[
        "AT+QFTPOPEN=*",
        "AT+QFTPCLOSE",
        "AT+QFTPGET=*",
        "AT+QFTPPUT=*",
        "AT+QFTPSIZE=*",
        "AT+QFTPMKDIR=*",
        "AT+QFTPRMDIR=*",
        "AT+QFTPDELETE=*",
        "AT+QFTPRENAME=*",
        "AT+QFTPPATH=*",
        "AT+QFTPLIST*",
        "AT+QFTPNLST*",
    ],
    reports: &["+QFTP"],
    before: "",
    opens: &[],
    numbers: &[
        Meaning::one(-1, "unknown error", Reason::Unknown),
        Meaning::one(-3, "the FTP service is busy", Reason::State),
        Meaning::one(-4, "DNS failed", Reason::Name),
        Meaning::one(-5, "network error", Reason::Connection),
        Meaning::one(-6, "the control connection is closed", Reason::Closed),
        Meaning::one(-7, "the data connection is closed", Reason::Transfer),
        Meaning::one(-8, "the PDP context was deactivated", Reason::Bearer),
        Meaning::one(-9, "time-out", Reason::Silence),
        Meaning::one(-10, "illegal parameter", Reason::Argument),
        Meaning::one(-11, "no such file in the module", Reason::Storage),
        Meaning::one(-12, "the file in the module cannot be had", Reason::Storage),
        Meaning::one(-13, "no room in the module", Reason::Storage),
        Meaning::one(-421, "service not available", Reason::Closed),
        Meaning::run(-532, -530, "not logged in", Reason::Login),
        Meaning::run(-599, -422, "the server's reply", Reason::Reply),
    ],
}];

/// Chapter 3 of FILE V1.5.
pub const REASONS: &[Sorted] =
    &[(3765, 3765, Reason::Argument), (4013, 4013, Reason::Argument), (3900, 4016, Reason::Storage)];

/// A negative number of chapter 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(i16);

impl Code {
    /// Unknown error.
    pub const UNKNOWN: Code = Code(-1);
    /// The service is busy, or another port has it.
    pub const BUSY: Code = Code(-3);
    /// The context, the connection or a command could not be brought to the server.
    pub const NETWORK: Code = Code(-5);
    /// A parameter is illegal.
    pub const ILLEGAL: Code = Code(-10);
    /// FTP V1.4: the module's own file is not there.
    const NO_FILE: Code = Code(-11);
    /// FTP V1.4: the module's own file cannot be had.
    pub const FILE_FAILED: Code = Code(-12);
    /// FTP V1.4: the module's own store is full.
    const NO_ROOM: Code = Code(-13);

    /// The module's own file cannot be sent.
    pub fn of_put(trouble: Trouble) -> Code {
        match trouble {
            Trouble::NotFound => Code::NO_FILE,
            _ => Code::FILE_FAILED,
        }
    }

    /// The module's own file cannot take what is fetched.
    pub fn of_get(trouble: Trouble) -> Code {
        match trouble {
            Trouble::Full(_) | Trouble::TooLarge | Trouble::OverLimit => Code::NO_ROOM,
            _ => Code::FILE_FAILED,
        }
    }

    /// The server said no; a code that the chapter does not list is unknown.
    pub fn of_reply(code: u16) -> Code {
        match code {
            421 | 425 | 426 | 450 | 452 | 500 | 501 | 502 | 530 | 532 | 550..=553 => Code(-(code as i16)),
            // RFC 959 section 4.2.2: an account is needed, for the login or for storing.
            332 => Code(-532),
            _ => Code::UNKNOWN,
        }
    }

    /// The number for an operation that failed in a session which goes on: what was closed is its data
    /// connection.
    pub fn of_failed(failure: &Failure) -> Code {
        match failure.cause {
            Cause::Closed | Cause::Reset => Code(-7),
            _ => Code::of(failure),
        }
    }

    /// The number for a session that is over: what was closed is the control connection.
    pub fn of_lost(failure: &Failure) -> Code {
        match (&failure.cause, failure.step) {
            (Cause::Closed | Cause::Reset, Step::Connect) => Code::NETWORK,
            (Cause::Closed | Cause::Reset, _) => Code(-6),
            _ => Code::of(failure),
        }
    }

    fn of(failure: &Failure) -> Code {
        match (&failure.cause, failure.step) {
            (Cause::Rejected(reply), _) => Code::of_reply(reply.code),
            (Cause::Forced(number), _) => Code(i16::try_from(*number).unwrap_or(-1)),
            (Cause::NoName | Cause::NameSilence, _) => Code(-4),
            (Cause::NoBearer, _) => Code(-8),
            (Cause::Refused | Cause::Unreachable | Cause::Tls, _) => Code::NETWORK,
            (Cause::Silence, Step::Connect | Step::DataConnect) => Code::NETWORK,
            (Cause::Silence, _) => Code(-9),
            _ => Code::UNKNOWN,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether a name holds what no line to a server can: a control character.
pub fn is_illegal(text: &str) -> bool {
    text.chars().any(char::is_control)
}
