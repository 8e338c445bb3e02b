//! AT+QFTPPUT and AT+QFTPGET (2.2.3, 2.2.4), over the serial line or a file of the module.

use super::error::{self, Code};
use super::file::Place;
use super::{Local, Quectel, Service};
use crate::at::{ArgError, Int, Text};
use crate::frame::Framing;
use crate::ftp::{How, Op, Reply as ServerReply};
use crate::modem::{Cx, DataEnd, DataMode, Ends, Reply, Sink};
use std::time::Duration;

/// What the service works on.
pub enum Job {
    /// Down to the serial line.
    Get,
    /// Down into a file.
    Fetch(Place, String),
    /// Into a file that the store has no more room for.
    Overflow(Place, String),
    /// Up from the serial line: so many octets within this time.
    Put(u32, Duration),
    /// Up from a file: its content.
    Send(Vec<u8>),
    /// An operation without a data connection: the command that reports it.
    Plain(&'static str),
    /// AT+QFTPSIZE.
    Size,
}

impl Job {
    fn name(&self) -> &'static str {
        match self {
            Job::Get | Job::Fetch(..) | Job::Overflow(..) => "+QFTPGET",
            Job::Put(..) | Job::Send(_) => "+QFTPPUT",
            Job::Plain(name) => name,
            Job::Size => "+QFTPSIZE",
        }
    }
}

/// 2.2.3: the input time is 900 s where none is given.
type Put = (Text<50>, u32, Option<Int<1, 65535>>);

/// 2.2.3
pub fn put(m: &mut Quectel, cx: &mut Cx, (name, size, time): Put) -> Reply {
    let time = Duration::from_secs(time.map_or(900, Int::get).unsigned_abs());
    let job = match m.local.clone() {
        Local::Uart => Ok(Job::Put(size, time)),
        Local::File(place, own) => match m.files.content(place, own.as_deref().unwrap_or(&name)) {
            Some(content) => {
                // The resuming point is one in both files.
                let rest = content.get(m.resume as usize..).unwrap_or_default();
                Ok(Job::Send(rest[..rest.len().min(size as usize)].to_vec()))
            }
            None => Err(Code::NO_FILE),
        },
    };
    let path = m.remote(&name);
    let op = Op::Store { path, kind: m.kind, offset: u64::from(m.resume), how: How::Stor };
    begin(m, cx, "+QFTPPUT", &name, job, op)
}

/// 2.2.4; the size is later firmware's: the most that may come. What counts is what comes.
pub fn get(m: &mut Quectel, cx: &mut Cx, (name, size): (Text<50>, Option<u32>)) -> Reply {
    if size.is_some() && m.settings.places.is_empty() {
        return cx.refuse(ArgError::Extra);
    }
    let job = match m.local.clone() {
        Local::Uart => Job::Get,
        Local::File(place, own) => Job::Fetch(place, own.unwrap_or_else(|| name.as_str().into())),
    };
    let op = Op::Retrieve { path: m.remote(&name), kind: m.kind, offset: u64::from(m.resume) };
    begin(m, cx, "+QFTPGET", &name, Ok(job), op)
}

/// Starts a job, or says what forbids it.
pub fn begin(
    m: &mut Quectel,
    cx: &mut Cx,
    command: &str,
    name: &str,
    job: Result<Job, Code>,
    op: Op,
) -> Reply {
    let illegal = (name.is_empty() || error::is_illegal(name)).then_some(Code::ILLEGAL);
    match (m.hindrance(cx.port).or(illegal), job) {
        (Some(code), _) | (None, Err(code)) => cx.urc(command, code),
        (None, Ok(job)) => {
            m.service = Service::Working(job);
            cx.ftp_start(op);
        }
    }
    Reply::Ok
}

/// The data connection is up: data mode, or the file at once.
pub fn begun(m: &mut Quectel, cx: &mut Cx, job: Job) {
    match &job {
        Job::Get => enter(cx, Ends { escape: true, ..Ends::default() }),
        Job::Put(size, time) => {
            let length = Some(u64::from(*size));
            enter(cx, Ends { length, after: Some(*time), escape: true, ..Ends::default() });
        }
        Job::Send(content) => {
            cx.ftp_send(content.clone().into());
            cx.ftp_finish();
        }
        // Only now is it sure that the server has something for it.
        Job::Fetch(place, name) => {
            m.files.make(*place, name, m.resume as usize);
        }
        Job::Overflow(..) | Job::Plain(_) | Job::Size => {}
    }
    m.service = Service::Transfer(job);
}

/// The TCP/IP manual, AT+IFC=1,1: XON and XOFF cannot be payload as they are.
pub fn framing(cx: &Cx) -> Framing {
    if cx.settings(cx.port).ifc == (1, 1) { Framing::XON_XOFF } else { Framing::Raw }
}

fn enter(cx: &mut Cx, ends: Ends) {
    let (port, framing) = (cx.port, framing(cx));
    cx.enter_data(port, Some("CONNECT"), DataMode { framing, ends, sink: Sink::Ftp });
}

/// Data mode is over, or time is up for one that `+++` left.
pub fn data_end(m: &mut Quectel, cx: &mut Cx, end: DataEnd) -> Reply {
    match (&m.service, end) {
        (Service::Transfer(Job::Put(..)), DataEnd::Length | DataEnd::Time) => cx.ftp_finish(),
        // The host hung up.
        (Service::Transfer(_), DataEnd::Left | DataEnd::Dtr) => {
            cx.ftp_abort();
            cx.ftp_read(usize::MAX);
        }
        _ => {}
    }
    Reply::Silent
}

/// Payload of a download waits.
pub fn arrived(m: &mut Quectel, cx: &mut Cx) {
    match &m.service {
        Service::Transfer(Job::Fetch(place, name)) => {
            let bytes = cx.ftp_read(usize::MAX);
            if !m.files.append(*place, name, &bytes) {
                m.service = Service::Transfer(Job::Overflow(*place, name.clone()));
                cx.ftp_abort();
            }
        }
        Service::Transfer(Job::Overflow(..)) => {
            cx.ftp_read(usize::MAX);
        }
        _ => {}
    }
}

/// The server has confirmed.
pub fn done(m: &mut Quectel, cx: &mut Cx, job: Job, reply: &ServerReply, moved: u64) {
    let name = job.name();
    match job {
        Job::Plain(_) => cx.urc(name, 0),
        Job::Size => match reply.text().trim().parse::<u64>() {
            Ok(size) => cx.urc(name, size),
            Err(_) => cx.urc(name, Code::UNKNOWN),
        },
        Job::Overflow(..) => failed(m, cx, job, Code::NO_ROOM),
        Job::Get | Job::Fetch(..) | Job::Put(..) | Job::Send(_) => {
            over(m, cx, &job);
            m.moved = moved;
            cx.urc(name, moved);
        }
    }
}

/// The server or the network has not let it succeed.
pub fn failed(m: &mut Quectel, cx: &mut Cx, job: Job, code: Code) {
    over(m, cx, &job);
    cx.urc(job.name(), if matches!(job, Job::Overflow(..)) { Code::NO_ROOM } else { code });
}

/// 2.2.8: the resuming point holds for one transfer.
fn over(m: &mut Quectel, cx: &mut Cx, job: &Job) {
    match job {
        Job::Get | Job::Put(..) => cx.leave_data(),
        Job::Fetch(place, name) | Job::Overflow(place, name) => m.files.save(cx, *place, name),
        Job::Send(_) => {}
        Job::Plain(_) | Job::Size => return,
    }
    m.resume = 0;
}
