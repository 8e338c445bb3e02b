//! 1.2.11, 1.2.15 and 1.2.16: transfers that stream through data mode. 1.2.20: uploads in chunks.

use super::{DONE, Fibocom, Name, Session};
use crate::at::Int;
use crate::frame::Framing;
use crate::ftp::{How, Op, Type};
use crate::modem::{BACKLOG, Cx, DataEnd, DataMode, Ends, Opening, Reply, Sink};

/// A command whose data streams through data mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    List,
    Store,
    Retrieve,
}

impl Stream {
    /// 1.2.15, 1.2.16: a file is escaped; a list (1.2.11) is not.
    fn framing(self) -> Framing {
        match self {
            Stream::List => Framing::Raw,
            Stream::Store | Stream::Retrieve => Framing::ETX_DLE,
        }
    }
}

/// An upload in chunks; `last` is `<eof>`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Put {
    /// The host waits for the data connection.
    Opening { length: u64, last: bool },
    /// The next chunk may come.
    Waiting,
    /// The host types a chunk.
    Writing { last: bool },
    /// The host waits until the network has taken enough of it.
    Taking { last: bool },
    /// The last chunk is on its way.
    Ending,
}

/// 0 is ASCII, 1 is binary and the default.
pub(super) fn kind(file_type: Option<Int<0, 1>>) -> Type {
    match file_type.map(Int::get) {
        Some(0) => Type::Ascii,
        _ => Type::Image,
    }
}

impl Fibocom {
    fn stream(&mut self, cx: &mut Cx, op: Op, stream: Stream) -> Reply {
        let name = cx.name.to_string();
        self.start(cx, op, Session::Streaming { name, stream })
    }

    /// The command's own offset, else that of `AT+FTPREST` (1.2.17), which holds for one command that has an
    /// offset.
    pub(super) fn offset(&mut self, own: Option<u32>) -> u64 {
        let rest = match self.session {
            Session::Idle => std::mem::take(&mut self.rest),
            _ => 0,
        };
        u64::from(own.unwrap_or(rest))
    }
}

/// 1.2.11
pub(super) fn list(m: &mut Fibocom, cx: &mut Cx, (path,): (Name,)) -> Reply {
    let path = Some(path.into_string()).filter(|path| !path.is_empty());
    m.stream(cx, Op::List { path, kind: Type::Ascii }, Stream::List)
}

pub(super) fn list_here(m: &mut Fibocom, cx: &mut Cx) -> Reply {
    m.stream(cx, Op::List { path: None, kind: Type::Ascii }, Stream::List)
}

/// The offset of 1.2.15, which ends one short of that of 1.2.16.
type StoreOffset = Int<0, 0xFFFF_FFFE>;

/// 1.2.15
pub(super) fn stor(
    m: &mut Fibocom,
    cx: &mut Cx,
    (path, file_type, offset): (Name, Option<Int<0, 1>>, Option<StoreOffset>),
) -> Reply {
    let offset = m.offset(offset.and_then(|offset| u32::try_from(offset.get()).ok()));
    let op = Op::Store { path: path.into_string(), kind: kind(file_type), offset, how: How::Stor };
    m.stream(cx, op, Stream::Store)
}

/// 1.2.16
pub(super) fn retr(
    m: &mut Fibocom,
    cx: &mut Cx,
    (path, file_type, offset): (Name, Option<Int<0, 1>>, Option<u32>),
) -> Reply {
    let offset = m.offset(offset);
    let op = Op::Retrieve { path: path.into_string(), kind: kind(file_type), offset };
    m.stream(cx, op, Stream::Retrieve)
}

/// 1.2.20: `AT+FTPPUT=<name>,<length>,<eof>[,<type>]`; the first chunk opens the data connection.
pub(super) fn put(
    m: &mut Fibocom,
    cx: &mut Cx,
    (path, length, eof, file_type): (Name, Int<1, 1024>, Int<0, 1>, Option<Int<0, 1>>),
) -> Reply {
    let (length, last) = (length.size() as u64, eof.get() == 1);
    match &mut m.session {
        Session::Putting { file, put: put @ Put::Waiting } if **file == *path => {
            *put = Put::Writing { last };
            Reply::Data(m.prompt(cx, length))
        }
        _ => {
            let file = path.into_string();
            let op = Op::Store { path: file.clone(), kind: kind(file_type), offset: 0, how: How::Stor };
            match m.start(cx, op, Session::Putting { file, put: Put::Opening { length, last } }) {
                Reply::Ok => Reply::Pending,
                refused => refused,
            }
        }
    }
}

impl Fibocom {
    fn prompt(&self, cx: &mut Cx, length: u64) -> DataMode {
        cx.info(format_args!("2,{length}"));
        let idle = Some(self.settings.put_input.0).filter(|limit| !limit.is_zero());
        let ends = Ends { length: Some(length), idle, ..Ends::default() };
        DataMode { framing: Framing::Raw, ends, sink: Sink::FTP }
    }

    /// The host may go on: `OK` to the chunk that it typed.
    fn chunk_taken(&mut self, cx: &mut Cx, last: bool) {
        if let Session::Putting { put, .. } = &mut self.session {
            *put = if last { Put::Ending } else { Put::Waiting };
        }
        if last {
            cx.ftp().finish();
        }
    }
}

/// The `Cx` of a command that is answered from an event.
fn named<'a>(cx: &'a mut Cx, name: &'a str) -> Cx<'a> {
    Cx { port: cx.port, core: cx.core, name }
}

/// The data connection is up.
pub(super) fn begun(m: &mut Fibocom, cx: &mut Cx) {
    match &mut m.session {
        Session::Streaming { name, stream } => {
            let mode = DataMode { framing: stream.framing(), ends: Ends::default(), sink: Sink::FTP };
            let (port, line) = (cx.port, format!("{name}: 2"));
            cx.enter_data(port, Some(Opening::Line(line)), mode);
        }
        Session::Putting { put, .. } => {
            if let Put::Opening { length, last } = *put {
                *put = Put::Writing { last };
                let mode = m.prompt(&mut named(cx, "+FTPPUT"), length);
                cx.finish(Reply::Data(mode));
            }
        }
        _ => {}
    }
}

/// The network has taken what the host typed.
pub(super) fn drained(m: &mut Fibocom, cx: &mut Cx) {
    if let Session::Putting { put: Put::Taking { last }, .. } = m.session {
        m.chunk_taken(cx, last);
        cx.finish(Reply::Ok);
    }
}

/// A stream is over: its result stands behind the data.
pub(super) fn stream_over(m: &mut Fibocom, cx: &mut Cx, name: String, stream: Stream, code: i32) {
    if !cx.in_data_mode(cx.port) {
        return cx.end(&name, code);
    }
    if code == DONE && stream == Stream::Retrieve && m.settings.retr_end {
        let port = cx.port;
        cx.send_end(port);
    }
    let open = matches!(m.session, Session::Idle);
    m.session = Session::Leaving { name, code, open };
    cx.leave_data();
}

/// An upload in chunks is over. A chunk that the host still owes is taken before it hears of a failure.
pub(super) fn put_over(m: &mut Fibocom, cx: &mut Cx, put: Put, code: i32) {
    let open = matches!(m.session, Session::Idle);
    match put {
        Put::Waiting | Put::Ending => cx.end("+FTPPUT", code),
        Put::Writing { .. } => m.session = Session::Swallowing { code, open },
        Put::Opening { .. } | Put::Taking { .. } => {
            named(cx, "+FTPPUT").info(code);
            cx.finish(Reply::Ok);
        }
    }
}

/// Data mode has ended.
pub(super) fn data_end(m: &mut Fibocom, cx: &mut Cx, end: DataEnd) -> Reply {
    match (&mut m.session, end) {
        (_, DataEnd::Dtr) => m.hang_up(cx),
        (Session::Leaving { name, code, open }, _) => {
            cx.end(name, *code);
            m.session = if *open { Session::Idle } else { Session::Closed };
        }
        // 1.2.15
        (Session::Streaming { stream: Stream::Store, .. }, DataEnd::Etx) => cx.ftp().finish(),
        // The host has had enough; the rest of the file is nobody's.
        (Session::Streaming { .. }, DataEnd::Etx) => {
            cx.ftp().abort();
            cx.ftp().read(usize::MAX);
        }
        (Session::Putting { put, .. }, DataEnd::Length) => {
            let Put::Writing { last } = *put else { return Reply::Ok };
            *put = Put::Taking { last };
            if cx.ftp().backlog() > BACKLOG {
                return Reply::Pending;
            }
            m.chunk_taken(cx, last);
            return Reply::Ok;
        }
        // The octets that were announced have not come in time.
        (Session::Putting { put, .. }, _) => {
            *put = Put::Ending;
            cx.ftp().abort();
            return Reply::Error;
        }
        (Session::Swallowing { code, open }, _) => {
            let code = *code;
            m.session = if *open { Session::Idle } else { Session::Closed };
            named(cx, "+FTPPUT").info(code);
            return Reply::Ok;
        }
        _ => {}
    }
    Reply::Silent
}
