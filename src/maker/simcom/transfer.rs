//! 5.1 to 5.7 and 5.11: transfers that the host reads and writes piece by piece.

use super::{Job, Session, Simcom, Timer, extended, local, typing};
use crate::at::Int;
use crate::frame::Framing;
use crate::ftp::{Op, Type};
use crate::modem::{Cx, DataEnd, DataMode, Ends, Opening, Reply, Sink};
use std::time::Duration;

/// A download that waits to be read.
#[derive(Default)]
pub(super) struct Get {
    notice: Notice,
    end: End,
}

/// What the host knows of it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Notice {
    /// Nothing: it may not read yet (5.6).
    #[default]
    None,
    /// `+FTPGET: 1,1`, and what it told of is not all read.
    Said,
    /// All that was announced is read.
    Read,
}

/// What the server still has.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum End {
    /// More may come.
    #[default]
    Open,
    /// All has come.
    Whole,
    /// All is read; `+FTPGET: 1,0` is on its way.
    Closing,
}

impl Get {
    /// The server has sent everything.
    pub fn finish(&mut self) {
        self.end = End::Whole;
    }

    pub fn is_whole(&self) -> bool {
        self.end != End::Open
    }

    /// Whether all is read, and the end is about to be told.
    pub fn is_closing(&self) -> bool {
        self.end == End::Closing
    }

    /// Whether the host has been told that it may read (5.6).
    fn may_read(&self, cx: &Cx) -> bool {
        self.notice != Notice::None && !Simcom::is_opening(cx)
    }
}

/// An upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// The session is being opened.
    Opening,
    /// The data connection is up: the host may write once it is told so.
    Begun,
    /// The host may write again.
    Ready,
    /// The host writes.
    Writing,
    /// What the host wrote is on its way.
    Draining,
    /// The host has said that nothing follows.
    Closing,
}

impl Put {
    /// Whether the host may write now; one that is eager does not wait until it is told so for each block.
    fn may_write(self, cx: &Cx, eager: bool) -> bool {
        match self {
            Put::Begun => !Simcom::is_opening(cx),
            Put::Ready => eager || !Simcom::is_opening(cx),
            Put::Draining => eager,
            Put::Opening | Put::Writing | Put::Closing => false,
        }
    }

    /// Whether the host may say now that nothing follows.
    pub fn may_end(self, cx: &Cx) -> bool {
        self.may_write(cx, true)
    }
}

type ReadArgs = (Int<1, 2>, Option<Int<1, 1460>>);

/// 5.1: `AT+FTPGET=1` opens the session, `AT+FTPGET=2,<reqlength>` reads.
pub(super) fn get(m: &mut Simcom, cx: &mut Cx, (mode, length): ReadArgs) -> Reply {
    match (mode.get(), length) {
        (1, None) => {
            let complete = !m.ftp.get_name.is_empty();
            let steps = if complete { m.retrieve() } else { vec![] };
            open(m, cx, Job::Get(Get::default()), steps, complete)
        }
        (2, Some(length)) => match &m.session {
            Some(Session { job: Job::Get(get), .. }) if get.may_read(cx) => read(m, cx, length.size()),
            _ => cx.refuse_state(),
        },
        _ => Reply::Error,
    }
}

/// `AT+FTPGET?`
pub(super) fn get_read(m: &mut Simcom, cx: &mut Cx) -> Reply {
    cx.info(u8::from(matches!(&m.session, Some(Session { job: Job::Get(_), .. }))));
    Reply::Ok
}

/// 5.11: `AT+FTPLIST` works as `AT+FTPGET` does.
pub(super) fn list(m: &mut Simcom, cx: &mut Cx, (mode, length): ReadArgs) -> Reply {
    match (mode.get(), length) {
        (1, None) => {
            let path = Some(m.ftp.get_path.trim().to_string()).filter(|p| !p.is_empty());
            open(m, cx, Job::List(Get::default()), vec![Op::List { path, kind: Type::Ascii }], true)
        }
        (2, Some(length)) => match &m.session {
            Some(Session { job: Job::List(get), .. }) if get.may_read(cx) => read(m, cx, length.size()),
            _ => cx.refuse_state(),
        },
        _ => Reply::Error,
    }
}

/// `AT+FTPLIST?`
pub(super) fn list_read(m: &mut Simcom, cx: &mut Cx) -> Reply {
    cx.info(u8::from(matches!(&m.session, Some(Session { job: Job::List(_), .. }))));
    Reply::Ok
}

fn open(m: &mut Simcom, cx: &mut Cx, job: Job, steps: Vec<Op>, complete: bool) -> Reply {
    let reply = m.begin(cx, job, steps, complete);
    cx.ftp().set_capacity(usize::try_from(m.settings.get_buffer.0).unwrap_or(usize::MAX));
    reply
}

fn read(m: &mut Simcom, cx: &mut Cx, length: usize) -> Reply {
    let bytes = cx.ftp().read(length);
    cx.info(format_args!("2,{}", bytes.len()));
    if !bytes.is_empty() {
        cx.block(&bytes);
    }
    watch(m, cx);
    if cx.ftp().waiting() == 0 {
        if let Some(Session { job: Job::Get(get) | Job::List(get), .. }) = &mut m.session {
            get.notice = Notice::Read;
        }
        close_if_read(m, cx);
    }
    Reply::Ok
}

/// Sets the clocks of unread data anew (5.1, 5.3), or stops them where nothing waits.
fn watch(m: &mut Simcom, cx: &mut Cx) {
    match cx.ftp().waiting() {
        0 => {
            m.timers.cancel(Timer::Remind);
            m.timers.cancel(Timer::Unread);
        }
        _ => {
            m.timers.set(Timer::Remind, cx.now + m.settings.get_reminder.0);
            m.timers.set(Timer::Unread, cx.now + m.settings.get_unread.0);
        }
    }
}

/// Data has come in from the server.
pub(super) fn arrived(m: &mut Simcom, cx: &mut Cx) {
    match &mut m.session {
        Some(Session { job: Job::ExtendedGet, .. }) => extended::collect(m, cx),
        Some(Session { job: Job::ToFile(_), .. }) => local::arrived(m, cx),
        Some(Session { job: job @ (Job::Get(_) | Job::List(_)), .. }) => {
            let name = job.name();
            if let Job::Get(get) | Job::List(get) = job {
                match std::mem::replace(&mut get.notice, Notice::Said) {
                    Notice::Said => return,
                    // The session is open, and the host may go on.
                    Notice::None => cx.end(name, "1,1"),
                    Notice::Read => cx.urc(name, "1,1"),
                }
                watch(m, cx);
            }
        }
        _ => {}
    }
}

/// `+FTPGET: 1,0` once all has come and all is read.
pub(super) fn close_if_read(m: &mut Simcom, cx: &mut Cx) {
    let Some(session) = &mut m.session else { return };
    let name = session.job.name();
    let (Job::Get(get) | Job::List(get)) = &mut session.job else { return };
    match m.settings.get_close.0 + cx.end_delay(name, "1,0") {
        _ if get.end != End::Whole || cx.ftp().waiting() > 0 => {}
        Duration::ZERO => close(m, cx),
        after => {
            get.end = End::Closing;
            m.timers.set(Timer::Close, cx.now + after);
        }
    }
}

pub(super) fn timer(m: &mut Simcom, cx: &mut Cx, timer: Timer) {
    if timer == Timer::Again {
        return local::again(m, cx);
    }
    let Some(Session { job: job @ (Job::Get(_) | Job::List(_)), .. }) = &m.session else { return };
    match timer {
        Timer::Remind => {
            cx.urc(job.name(), "1,1");
            m.timers.set(Timer::Remind, cx.now + m.settings.get_reminder.0);
        }
        Timer::Unread => {
            cx.ftp().discard();
            m.fail(cx, 64);
        }
        Timer::Close | Timer::Again => close(m, cx),
    }
}

fn close(m: &mut Simcom, cx: &mut Cx) {
    if let Some(session) = m.session.take() {
        cx.core.end_now(session.port, session.job.name(), "1,0");
    }
}

/// 5.2: `AT+FTPPUT=1` opens the session, `AT+FTPPUT=2,<n>` writes, `AT+FTPPUT=2,0` ends it.
pub(super) fn put(m: &mut Simcom, cx: &mut Cx, (mode, length): (Int<1, 2>, Option<u32>)) -> Reply {
    let eager = m.settings.put_eager;
    match (mode.get(), length, &mut m.session) {
        (1, None, _) => {
            let complete = !m.ftp.put_name.is_empty();
            m.begin(cx, Job::Put(Put::Opening), m.store(), complete)
        }
        (2, Some(0), Some(Session { job: Job::Put(put), .. })) if put.may_end(cx) => {
            *put = Put::Closing;
            cx.ftp().finish();
            cx.reply_with("+FTPPUT", "1,0")
        }
        (2, Some(length), Some(Session { job: Job::Put(put), .. })) if put.may_write(cx, eager) => {
            *put = Put::Writing;
            let length = length.min(m.settings.put_window);
            cx.info(format_args!("2,{length}"));
            let after = Some(m.settings.put_input.0).filter(|limit| !limit.is_zero());
            let ends = Ends { length: Some(u64::from(length)), after, ..Ends::default() };
            Reply::Data(DataMode { framing: Framing::Raw, ends, sink: Sink::FTP })
        }
        (2, Some(_), _) => cx.refuse_state(),
        _ => Reply::Error,
    }
}

/// `AT+FTPPUT?`
pub(super) fn put_read(m: &mut Simcom, cx: &mut Cx) -> Reply {
    cx.info(u8::from(matches!(&m.session, Some(Session { job: Job::Put(_), .. }))));
    Reply::Ok
}

/// The data connection is up.
pub(super) fn begun(m: &mut Simcom, cx: &mut Cx) {
    let Some(session) = &mut m.session else { return };
    match &mut session.job {
        Job::Put(put) => match m.extended.upload() {
            // 5.12
            Some(held) => {
                *put = Put::Closing;
                cx.ftp().send(held);
                cx.ftp().finish();
            }
            None => {
                *put = Put::Begun;
                tell_ready(cx, m.settings.put_window);
            }
        },
        Job::FromFile(upload) => upload.begun(cx),
        // 5.14
        Job::EtPut(put) => {
            *put = Put::Begun;
            cx.end("+FTPETPUT", "1,1");
        }
        // 5.15
        Job::EtGet => {
            let mode = DataMode { framing: m.settings.et_framing(), ends: Ends::default(), sink: Sink::FTP };
            let port = cx.port;
            cx.enter_data(port, Some(Opening::Line("+FTPETGET: 1,1".into())), mode);
        }
        _ => {}
    }
}

fn ready(put: &mut Put, cx: &mut Cx, window: u32) {
    *put = Put::Ready;
    tell_ready(cx, window);
}

fn tell_ready(cx: &mut Cx, window: u32) {
    cx.end("+FTPPUT", format_args!("1,1,{window}"));
}

/// The network has taken what the host wrote.
pub(super) fn drained(m: &mut Simcom, cx: &mut Cx) {
    if let Some(Session { job: Job::Put(put @ Put::Draining), .. }) = &mut m.session {
        ready(put, cx, m.settings.put_window);
    }
}

/// The end of the octets that the host was to type.
pub(super) fn data_end(m: &mut Simcom, cx: &mut Cx, end: DataEnd, held: Vec<u8>, _moved: u64) -> Reply {
    if let Some(what) = m.typing.remove(&cx.port) {
        return typing::over(m, cx, what, end, &held);
    }
    // V.250 section 6.2.9: AT&D2 hangs up; AT&D1 leaves data mode, and what is connected stays so.
    let hangs_up = end == DataEnd::Dtr && cx.settings(cx.port).dtr == 2;
    match (&mut m.session, end) {
        (Some(Session { job: Job::Put(put @ Put::Writing), .. }), _) if !hangs_up => {
            let window = m.settings.put_window;
            *put = Put::Draining;
            let drained = cx.ftp().backlog() == 0;
            if drained {
                ready(put, cx, window);
            }
            match end {
                DataEnd::Length if drained => Reply::Ok,
                DataEnd::Length => cx.reply_with("+FTPPUT", format_args!("1,1,{window}")),
                // The time for it is over, or the host has left.
                _ => cx.refuse_state(),
            }
        }
        (Some(Session { job: Job::EtPut(put @ Put::Writing), .. }), DataEnd::Etx) => {
            *put = Put::Closing;
            cx.ftp().finish();
            cx.reply_with("+FTPETPUT", "1,0")
        }
        (Some(Session { job: Job::EtPut(put @ Put::Writing), .. }), DataEnd::Dtr) if !hangs_up => {
            *put = Put::Ready;
            Reply::Error
        }
        (Some(Session { job: Job::Put(Put::Writing) | Job::EtPut(Put::Writing), .. }), _) => {
            cx.ftp().discard();
            m.fail(cx, m.settings.quit);
            Reply::Error
        }
        (Some(Session { job: Job::EtGet, .. }), DataEnd::Left) => {
            cx.end("+FTPETGET", "1,0");
            m.session = None;
            Reply::Silent
        }
        (Some(Session { job: Job::EtGet, .. }), _) => {
            cx.ftp().discard();
            m.fail(cx, m.settings.quit);
            Reply::Silent
        }
        (_, DataEnd::Left) => Reply::Silent,
        // The session ended while the host wrote: what it had announced is swallowed.
        _ => Reply::Error,
    }
}

/// 5.15: all of the file has been printed.
pub(super) fn end_et_get(cx: &mut Cx) {
    let port = cx.port;
    cx.send_end(port);
    cx.leave_data();
}
