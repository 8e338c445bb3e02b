//! The operations of a session and the command lines they come down to.

use super::Cause;
use super::line::Line;

/// The representation type (RFC 959 section 3.1.1). Payload passes unchanged under both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `TYPE A`.
    Ascii,
    /// `TYPE I`.
    Image,
}

impl Type {
    pub(super) fn line(self) -> Line {
        Line::bare(match self {
            Type::Ascii => "TYPE A",
            Type::Image => "TYPE I",
        })
    }
}

/// How an upload meets a file of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// STOR: replace it.
    Stor,
    /// APPE: write behind it.
    Appe,
    /// STOU: the server picks a new name, and no path is sent (RFC 959 section 4.1.3).
    Stou,
}

/// One operation of an open session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// CWD.
    Cwd(String),
    /// CDUP.
    Cdup,
    /// PWD; see [`Reply::path`](super::Reply::path).
    Pwd,
    /// MKD.
    Mkd(String),
    /// RMD.
    Rmd(String),
    /// DELE.
    Dele(String),
    /// SIZE (RFC 3659 section 4).
    Size(String),
    /// MDTM (RFC 3659 section 3).
    Mdtm(String),
    /// RNFR and RNTO.
    Rename {
        /// The old path.
        from: String,
        /// The new path.
        to: String,
    },
    /// STAT: of the session, or of a path.
    Stat(Option<String>),
    /// SYST.
    Syst,
    /// NOOP.
    Noop,
    /// RETR.
    Retrieve {
        /// The file.
        path: String,
        /// The type to be told before.
        kind: Type,
        /// Octets to skip, by REST.
        offset: u64,
    },
    /// STOR, APPE or STOU.
    Store {
        /// The file.
        path: String,
        /// The type to be told before.
        kind: Type,
        /// Where in the file to begin, by REST; for STOR alone.
        offset: u64,
        /// Which of the three.
        how: How,
    },
    /// LIST.
    List {
        /// Of which directory or file; of the working directory where it is `None`.
        path: Option<String>,
        /// The type to be told before.
        kind: Type,
    },
    /// NLST.
    Names {
        /// Of which directory; of the working directory where it is `None`.
        path: Option<String>,
        /// The type to be told before.
        kind: Type,
    },
    /// QUIT; ends with [`Event::Closed`](super::Event::Closed).
    Quit,
}

/// What a transfer needs besides its verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Needs {
    pub kind: Type,
    pub offset: u64,
    pub upload: bool,
}

impl Op {
    /// What the transfer needs; `None` for an operation without a data connection.
    pub(super) fn needs(&self) -> Option<Needs> {
        match *self {
            Op::Retrieve { kind, offset, .. } => Some(Needs { kind, offset, upload: false }),
            Op::Store { kind, offset, how: How::Stor, .. } => Some(Needs { kind, offset, upload: true }),
            Op::Store { kind, .. } => Some(Needs { kind, offset: 0, upload: true }),
            Op::List { kind, .. } | Op::Names { kind, .. } => Some(Needs { kind, offset: 0, upload: false }),
            _ => None,
        }
    }

    /// The operation's own command lines: one, and RNTO behind RNFR.
    pub(super) fn lines(&self) -> Result<(Line, Option<Line>), Cause> {
        let optional = |verb, path: &Option<String>| match path {
            Some(path) => Line::new(verb, path),
            None => Ok(Line::bare(verb)),
        };
        let line = match self {
            Op::Cwd(path) => Line::new("CWD", path),
            Op::Cdup => Ok(Line::bare("CDUP")),
            Op::Pwd => Ok(Line::bare("PWD")),
            Op::Mkd(path) => Line::new("MKD", path),
            Op::Rmd(path) => Line::new("RMD", path),
            Op::Dele(path) => Line::new("DELE", path),
            Op::Size(path) => Line::new("SIZE", path),
            Op::Mdtm(path) => Line::new("MDTM", path),
            Op::Rename { from, to } => return Ok((Line::new("RNFR", from)?, Some(Line::new("RNTO", to)?))),
            Op::Stat(path) => optional("STAT", path),
            Op::Syst => Ok(Line::bare("SYST")),
            Op::Noop => Ok(Line::bare("NOOP")),
            Op::Retrieve { path, .. } => Line::new("RETR", path),
            Op::Store { path, how: How::Stor, .. } => Line::new("STOR", path),
            Op::Store { path, how: How::Appe, .. } => Line::new("APPE", path),
            Op::Store { how: How::Stou, .. } => Ok(Line::bare("STOU")),
            Op::List { path, .. } => optional("LIST", path),
            Op::Names { path, .. } => optional("NLST", path),
            Op::Quit => Ok(Line::bare("QUIT")),
        };
        Ok((line?, None))
    }
}
