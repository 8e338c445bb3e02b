//! AT+QFTPPUT and AT+QFTPGET (2.2.3, 2.2.4), over the serial line or a file of the module.

use super::error::{self, Code};
use super::storage::{Path, Place};
use super::trouble::Trouble;
use super::{Local, Quectel, Service};
use crate::at::{ArgError, Int, ResultCode, Text};
use crate::frame::Framing;
use crate::ftp::{How, Op, Reply as ServerReply};
use crate::modem::{Cx, DataEnd, DataMode, Ends, Opening, Reply, Sink};
use std::time::Duration;

/// What the service works on.
pub enum Job {
    /// Down to the serial line.
    Get,
    /// Down into a file, for which so much is set aside in `RAM:`.
    Fetch(Path, usize),
    /// Into a file that cannot take it; what comes is lost.
    Spoilt(Path, Code),
    /// Up from the serial line: so many octets within this time.
    Put(u32, Duration),
    /// Up from a file: its content.
    Send(Vec<u8>),
    /// AT+QFTPLIST or AT+QFTPNLST: a list, down to the serial line.
    List(&'static str),
    /// An operation without a data connection: the command that reports it.
    Plain(&'static str),
    /// AT+QFTPSIZE.
    Size,
}

impl Job {
    fn name(&self) -> &'static str {
        match self {
            Job::Get | Job::Fetch(..) | Job::Spoilt(..) => "+QFTPGET",
            Job::Put(..) | Job::Send(_) => "+QFTPPUT",
            Job::List(name) | Job::Plain(name) => name,
            Job::Size => "+QFTPSIZE",
        }
    }
}

/// What `AT+QFTPGET` sets aside in `RAM:` where it is not told (FTP V1.4, 2.2.4).
const ASIDE: u32 = 102_400;

/// 2.2.3: the input time is 900 s where none is given.
type Put = (Text<50>, u32, Option<Int<1, 65535>>);

/// 2.2.3
pub fn put(m: &mut Quectel, cx: &mut Cx, (name, size, time): Put) -> Reply {
    let time = Duration::from_secs(time.map_or(900, Int::get).unsigned_abs());
    let job = match &m.local {
        Local::Uart => Ok(Job::Put(size, time)),
        Local::File(place, own) => content(m, &Path::new(*place, own.as_deref().unwrap_or(&name)), size),
    };
    let path = m.remote(&name);
    let op = Op::Store { path, kind: m.kind, offset: u64::from(m.resume), how: How::Stor };
    begin(m, cx, "+QFTPPUT", &name, job, op)
}

/// What goes up from a file: from the resuming point (FTP V1.4, 4.5.1) so many octets, all where it is 0 (2.2.3), or what there is.
fn content(m: &Quectel, path: &Path, size: u32) -> Result<Job, Code> {
    let file = m.stores.find(path).map_err(Code::of_put)?;
    let rest = file.content.get(m.resume as usize..).ok_or(Code::FILE_FAILED)?;
    let most = if size == 0 { rest.len() } else { size as usize };
    Ok(Job::Send(rest[..rest.len().min(most)].to_vec()))
}

/// 2.2.4; the size is later firmware's: what is set aside in `RAM:`.
pub fn get(m: &mut Quectel, cx: &mut Cx, (name, size): (Text<50>, Option<u32>)) -> Reply {
    if size.is_some() && m.settings.places.is_empty() {
        return cx.refuse(ArgError::Extra);
    }
    let job = match &m.local {
        Local::Uart => Ok(Job::Get),
        Local::File(place, own) => {
            let path = Path::new(*place, own.as_deref().unwrap_or(&name));
            let aside = m.resume.saturating_add(size.unwrap_or(ASIDE)) as usize;
            m.check_fetch(&path, aside).map(|()| Job::Fetch(path, aside)).map_err(Code::of_get)
        }
    };
    let op = Op::Retrieve { path: m.remote(&name), kind: m.kind, offset: u64::from(m.resume) };
    begin(m, cx, "+QFTPGET", &name, job, op)
}

impl Quectel {
    /// That a download can go into the file: from the resuming point on, where there is one (FTP V1.4, 4.5.2).
    fn check_fetch(&self, path: &Path, aside: usize) -> Result<(), Trouble> {
        self.stores.space(path.place)?;
        path.check_name()?;
        if self.is_in_use(path) {
            return Err(Trouble::InUse);
        }
        let there = self.stores.file(path).map_or(0, |file| file.content.len());
        if there < self.resume as usize {
            return Err(Trouble::BeyondEnd);
        }
        match path.place {
            Place::Ram => self.stores.check_room(path, aside),
            Place::Ufs | Place::Sd => Ok(()),
        }
    }

    /// Makes the file ready for what the server is about to send.
    fn prepare_fetch(&mut self, path: &Path, aside: usize) -> Result<(), Trouble> {
        match self.resume as usize {
            0 => self.stores.make(path, aside),
            point => {
                self.stores.set_aside(path, aside)?;
                self.stores.truncate(path, point)
            }
        }
    }

    /// Whether a download goes into the file.
    pub(super) fn fetches_into(&self, path: &Path) -> bool {
        let job = match &self.service {
            Service::Working(job) | Service::Transfer(job) => job,
            _ => return false,
        };
        matches!(job, Job::Fetch(own, _) | Job::Spoilt(own, _) if own.is_same(path))
    }
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
    match (m.hindrance(cx).or(illegal), job) {
        (Some(code), _) | (None, Err(code)) => cx.refuse_later(command, code),
        (None, Ok(job)) => {
            // What leads to data mode is answered before that.
            let streams = matches!(job, Job::Get | Job::Put(..) | Job::List(_));
            m.service = Service::Working(job);
            let reply = if streams { Reply::Ok } else { cx.reply_with(command, 0) };
            cx.ftp().start(op);
            return reply;
        }
    }
    Reply::Ok
}

/// The data connection is up: data mode, or the file at once.
pub fn begun(m: &mut Quectel, cx: &mut Cx, job: Job) {
    let job = match job {
        // Only now is it sure that the server has something for it.
        Job::Fetch(path, aside) => match m.prepare_fetch(&path, aside) {
            Ok(()) => Job::Fetch(path, aside),
            Err(trouble) => spoil(cx, path, trouble),
        },
        job => job,
    };
    match &job {
        Job::Get | Job::List(_) => enter(cx, Ends { escape: true, ..Ends::default() }),
        Job::Put(size, time) => {
            let length = Some(u64::from(*size));
            enter(cx, Ends { length, after: Some(*time), escape: true, ..Ends::default() });
        }
        Job::Send(content) => {
            cx.ftp().send(content.clone().into());
            cx.ftp().finish();
        }
        Job::Fetch(..) | Job::Spoilt(..) | Job::Plain(_) | Job::Size => {}
    }
    m.service = Service::Transfer(job);
}

/// Gives up what cannot be kept.
fn spoil(cx: &mut Cx, path: Path, trouble: Trouble) -> Job {
    cx.ftp().abort();
    Job::Spoilt(path, Code::of_get(trouble))
}

/// The TCP/IP manual, AT+IFC=1,1: XON and XOFF cannot be payload as they are.
pub fn framing(cx: &Cx) -> Framing {
    if cx.settings(cx.port).ifc == (1, 1) { Framing::XON_XOFF } else { Framing::Raw }
}

fn enter(cx: &mut Cx, ends: Ends) {
    let (port, framing) = (cx.port, framing(cx));
    cx.enter_data(
        port,
        Some(Opening::Code(ResultCode::Connect)),
        DataMode { framing, ends, sink: Sink::FTP },
    );
}

/// Data mode is over, or time is up for one that `+++` left.
pub fn data_end(m: &mut Quectel, cx: &mut Cx, end: DataEnd) -> Reply {
    match (&m.service, end) {
        (Service::Transfer(Job::Put(..)), DataEnd::Length | DataEnd::Time) => cx.ftp().finish(),
        // The host hung up.
        (Service::Transfer(_), DataEnd::Left | DataEnd::Dtr) => {
            cx.ftp().abort();
            cx.ftp().read(usize::MAX);
        }
        _ => {}
    }
    Reply::Silent
}

/// Payload of a download waits.
pub fn arrived(m: &mut Quectel, cx: &mut Cx) {
    match std::mem::replace(&mut m.service, Service::Idle) {
        Service::Transfer(Job::Fetch(path, aside)) => {
            let bytes = cx.ftp().read(usize::MAX);
            let end = m.stores.file(&path).map_or(0, |file| file.content.len());
            let job = match m.stores.write(&path, end, &bytes) {
                Ok((_, None)) => Job::Fetch(path, aside),
                Ok((_, Some(trouble))) | Err(trouble) => spoil(cx, path, trouble),
            };
            m.service = Service::Transfer(job);
        }
        Service::Transfer(job @ Job::Spoilt(..)) => {
            cx.ftp().read(usize::MAX);
            m.service = Service::Transfer(job);
        }
        was => m.service = was,
    }
}

/// The server has confirmed.
pub fn done(m: &mut Quectel, cx: &mut Cx, job: Job, reply: &ServerReply, moved: u64) {
    let name = job.name();
    over(m, cx, &job, moved);
    match job {
        Job::Plain(_) => cx.end(name, 0),
        // FTP V1.4, 2.2.16: 0 where nothing came.
        Job::List(_) => cx.end(name, u8::from(moved > 0)),
        Job::Size => match reply.text().trim().parse::<u64>() {
            Ok(size) => cx.end(name, size),
            Err(_) => cx.end(name, Code::UNKNOWN),
        },
        Job::Spoilt(_, code) => cx.end(name, code),
        Job::Get | Job::Fetch(..) | Job::Put(..) | Job::Send(_) => cx.end(name, moved),
    }
}

/// The server or the network has not let it succeed.
pub fn failed(m: &mut Quectel, cx: &mut Cx, job: Job, code: Code, moved: u64) {
    over(m, cx, &job, moved);
    let code = match job {
        Job::Spoilt(_, own) => own,
        _ => code,
    };
    cx.end(job.name(), code);
}

/// Leaves what the job was in. 2.2.8: the resuming point holds for one transfer.
fn over(m: &mut Quectel, cx: &mut Cx, job: &Job, moved: u64) {
    match job {
        Job::Plain(_) | Job::Size => return,
        Job::List(_) => return cx.leave_data(),
        Job::Get | Job::Put(..) => cx.leave_data(),
        // Whoever started Badline is told where it cannot be kept.
        Job::Fetch(path, _) | Job::Spoilt(path, _) => drop(m.stores.save(cx, path)),
        Job::Send(_) => {}
    }
    m.resume = 0;
    m.moved = moved;
}
