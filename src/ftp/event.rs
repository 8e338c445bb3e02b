//! What passes between the client and its owner.

use super::{Op, Reply};
use bytes::Bytes;
use core::net::SocketAddrV4;

/// What the network did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The control connection is up (TLS included).
    ControlConnected,
    /// The control connection came to nothing, or is dead without the far end's doing.
    ControlFailed(Cause),
    /// TLS is up on the control connection.
    ControlSecured,
    /// Bytes of the control connection.
    ControlBytes(Bytes),
    /// The server's FIN on the control connection.
    ControlClosed,
    /// The server's RST on the control connection.
    ControlReset,
    /// The listener asked for is ready.
    DataListening {
        /// Its port on the module.
        port: u16,
    },
    /// The data connection is up: connected or accepted (TLS included).
    DataConnected,
    /// The data connection or the listener came to nothing.
    DataFailed(Cause),
    /// Bytes of the data connection.
    DataBytes(Bytes),
    /// The server's FIN on the data connection.
    DataClosed,
    /// The server's RST on the data connection.
    DataReset,
    /// So many octets of an upload have been taken by the link.
    DataSent(usize),
}

/// What the client wants done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Resolve the server's name and open the control connection.
    Connect,
    /// Send on the control connection.
    SendControl(Bytes),
    /// Start TLS on the control connection.
    StartTls,
    /// Close the control connection, or give up opening it. No more input of it is wanted.
    CloseControl,
    /// Open the data connection.
    ConnectData(SocketAddrV4),
    /// Listen for the data connection.
    ListenData {
        /// The port; 0 is any.
        port: u16,
    },
    /// Send on the data connection.
    SendData(Bytes),
    /// FIN on the data connection behind what was sent: the end of an upload.
    ShutdownData,
    /// Close the data connection, its listener, or give up opening it. No more input of it is wanted.
    CloseData,
    /// The same with RST: the file is not whole.
    AbortData,
    /// Tell the maker.
    Event(Event),
}

/// What the maker must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A command line was sent; it stands here without its CR LF, a password included.
    Sent(String),
    /// A reply came, asked for or not. Its consequence, if any, is the next event.
    Replied(Reply),
    /// The reply that was just told is news: nothing was asked, and it is not the late end of a transfer
    /// given up before.
    Unasked(Reply),
    /// The session is open and logged in.
    Opened,
    /// The data connection is up and the server is ready for it (125, 150): an upload may be fed.
    Begun,
    /// A piece of what is downloaded. Always between `Begun` and the operation's end.
    Data(Bytes),
    /// The operation succeeded; the session goes on.
    Done {
        /// The operation.
        op: Op,
        /// Its final reply.
        reply: Reply,
        /// Octets of payload moved.
        moved: u64,
    },
    /// The operation failed; the session goes on. (After 421 the server will close it, and `Lost` follows.)
    Failed {
        /// The operation.
        op: Op,
        /// Where and why.
        failure: Failure,
        /// Octets of payload moved.
        moved: u64,
    },
    /// The session is over: it could not be opened, or it was lost.
    Lost {
        /// The operation that is lost with it.
        op: Option<Op>,
        /// Where and why.
        failure: Failure,
        /// Octets of payload moved.
        moved: u64,
    },
    /// The session ended in good order, after [`Op::Quit`]; no `Done` comes for that one.
    Closed,
}

/// Where something failed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Where.
    pub step: Step,
    /// Why.
    pub cause: Cause,
}

/// The steps of a session and of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The control connection is being opened.
    Connect,
    /// Waiting for 220.
    Greeting,
    /// USER.
    User,
    /// PASS.
    Password,
    /// ACCT.
    Account,
    /// PBSZ and PROT.
    Protect,
    /// TYPE.
    Type,
    /// REST.
    Rest,
    /// PASV.
    Passive,
    /// The listener and PORT.
    Active,
    /// The data connection is being opened.
    DataConnect,
    /// The operation's own verb.
    Verb,
    /// Payload is moving.
    Transfer,
    /// The payload is over, the final reply (226) is not there yet.
    Completion,
    /// Nothing is going on.
    Idle,
}

/// Why something failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The server's name does not exist.
    NoName,
    /// The name server is silent.
    NameSilence,
    /// The connection was refused.
    Refused,
    /// There is no route.
    Unreachable,
    /// A time-out of the client.
    Silence,
    /// FIN of the server.
    Closed,
    /// RST of the server.
    Reset,
    /// The server said no.
    Rejected(Reply),
    /// The server sent what is no reply (here it is), or an argument holds a line end or a NUL.
    Malformed(String),
    /// The TLS handshake failed.
    Tls,
    /// The maker aborted.
    Aborted,
    /// The bearer is gone.
    NoBearer,
    /// The owner has it end, with this number of the maker's.
    Forced(i32),
}

impl Cause {
    /// The code of the reply that said no, where there is one.
    pub fn code(&self) -> Option<u16> {
        match self {
            Cause::Rejected(reply) => Some(reply.code),
            _ => None,
        }
    }

    /// The cause that lies in a reply which is not the one hoped for.
    pub(super) fn from_reply(reply: Reply) -> Cause {
        match reply.code {
            0 => Cause::Malformed(reply.lines.concat()),
            _ => Cause::Rejected(reply),
        }
    }
}

/// The session is not open, or an operation is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the FTP session is not open or not idle")]
pub struct Busy;
