//! 1.2.18 and 1.2.19: downloads into the module's buffer, from which the host reads.

use super::{Fibocom, Name, Session, Timer, code, transfer};
use crate::at::Int;
use crate::ftp::{Cause, Failure, Op, Type};
use crate::modem::{Buffer, Cx, Reply};

/// A file that is downloaded, and what of it was not read yet.
#[derive(Debug)]
pub(super) struct Cache {
    file: String,
    kind: Type,
    /// Where in the file the next octet from the server stands.
    at: u64,
    data: Buffer,
    flow: Flow,
    /// `+FTPGET: 2` was printed.
    told: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Coming,
    /// The buffer is full, and the data connection is being closed.
    Stopping,
    /// It is closed until half of the buffer is free.
    Stopped,
    /// All of the file has come, or no more of it will.
    Over,
}

impl Cache {
    fn retrieve(&self) -> Op {
        Op::Retrieve { path: self.file.clone(), kind: self.kind, offset: self.at }
    }
}

type GetArgs = (Name, Option<Int<0, 1>>, Option<u32>);

/// 1.2.18: `AT+FTPGET=<name>[,<view mode>[,<offset>]]`. What an earlier one has left is thrown away.
pub(super) fn get(m: &mut Fibocom, cx: &mut Cx, (path, mode, offset): GetArgs) -> Reply {
    let cache = Cache {
        file: path.into_string(),
        kind: transfer::kind(mode),
        at: m.offset(offset),
        data: Buffer::default(),
        flow: Flow::Coming,
        told: false,
    };
    match m.start(cx, cache.retrieve(), Session::Downloading) {
        Reply::Ok => {
            m.cache = Some(cache);
            watch(m, cx);
            cx.reply_with("+FTPGET", 2)
        }
        refused => refused,
    }
}

/// `AT+FTPGET?`: nothing where the buffer is empty. Its table, as that of `AT+FTPRECV?`, has no error. `<eof>`
/// 0 is a file that is being downloaded, which one that has failed is not.
pub(super) fn get_read(m: &mut Fibocom, cx: &mut Cx) -> Reply {
    if let Some(cache) = m.cache.as_ref().filter(|cache| !cache.data.is_empty()) {
        let mode = u8::from(cache.kind == Type::Image);
        let eof = u8::from(cache.flow == Flow::Over);
        cx.line(&format!("+FTPGET:\"{}\",{mode},{eof}", cache.file));
    }
    Reply::Ok
}

/// 1.2.19: `AT+FTPRECV=<length>` prints how much there is, and that much.
pub(super) fn recv(m: &mut Fibocom, cx: &mut Cx, (length,): (Int<1, 3000>,)) -> Reply {
    if !matches!(m.session, Session::Idle | Session::Downloading) {
        return m.wrong_state();
    }
    let bytes = m.cache.as_mut().map(|cache| cache.data.take(length.size())).unwrap_or_default();
    cx.info(bytes.len());
    cx.block(&bytes);
    watch(m, cx);
    go_on(m, cx);
    Reply::Ok
}

pub(super) fn recv_read(m: &mut Fibocom, cx: &mut Cx) -> Reply {
    cx.info(m.cache.as_ref().map_or(0, |cache| cache.data.len()));
    Reply::Ok
}

/// Has the network send no more than there is room for, and sets the clock of unread data anew.
fn watch(m: &mut Fibocom, cx: &mut Cx) {
    let waiting = m.cache.as_ref().map_or(0, |cache| cache.data.len());
    if let Session::Downloading = &m.session {
        cx.ftp().set_capacity(m.room().saturating_sub(waiting));
    }
    match waiting {
        0 => {
            m.timers.cancel(Timer::Unread);
        }
        _ => m.timers.set(Timer::Unread, cx.now + m.settings.get_unread.0),
    }
}

impl Fibocom {
    fn room(&self) -> usize {
        usize::try_from(self.settings.get_buffer.0).unwrap_or(usize::MAX)
    }
}

/// Opens the data connection again once half of the buffer is free.
fn go_on(m: &mut Fibocom, cx: &mut Cx) {
    let half = m.room() / 2;
    let (Session::Downloading, Some(cache)) = (&m.session, &mut m.cache) else { return };
    if cache.flow == Flow::Stopped && cache.data.len() <= half && cx.ftp().start(cache.retrieve()) {
        cache.flow = Flow::Coming;
    }
}

/// Data has come from the server.
pub(super) fn arrived(m: &mut Fibocom, cx: &mut Cx) {
    let room = m.room();
    let bytes = cx.ftp().read(usize::MAX);
    let (Session::Downloading, Some(cache)) = (&m.session, &mut m.cache) else { return };
    if bytes.is_empty() {
        return;
    }
    let waited = !cache.data.is_empty();
    cache.at += bytes.len() as u64;
    cache.data.push(bytes);
    if !std::mem::replace(&mut cache.told, true) {
        cx.end("+FTPGET", 2);
    }
    if cache.data.len() >= room && cache.flow == Flow::Coming {
        cache.flow = Flow::Stopping;
        cx.ftp().abort();
    }
    if !waited || !cx.ftp().set_capacity(room.saturating_sub(cache.data.len())) {
        watch(m, cx);
    }
}

/// The transfer is over: the file is whole, or the buffer is full, or it went wrong.
pub(super) fn over(m: &mut Fibocom, cx: &mut Cx, failure: Option<Failure>) {
    let Some(cache) = &mut m.cache else { return };
    match (failure, cache.flow) {
        (None, _) => {
            cache.flow = Flow::Over;
            cx.end("+FTPGET", 1);
        }
        (Some(Failure { cause: Cause::Aborted, .. }), Flow::Stopping) => {
            cache.flow = Flow::Stopped;
            m.session = Session::Downloading;
            go_on(m, cx);
        }
        (Some(failure), _) => {
            cache.flow = Flow::Over;
            cx.end("+FTPGET", code(&Err(failure)));
        }
    }
}

/// 1.2.19: nobody has fetched the data. A command that is being carried out comes first.
pub(super) fn expired(m: &mut Fibocom, cx: &mut Cx) {
    match m.session {
        Session::Idle | Session::Downloading => m.say_goodbye(cx),
        _ => m.timers.set(Timer::Unread, cx.now + m.settings.get_unread.0),
    }
}
