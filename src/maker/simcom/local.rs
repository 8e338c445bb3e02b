//! FTP to and from the drives of a SIM800 ("SIM800 Series_AT Command Manual" V1.11, 12.2.24 to 12.2.27).

use super::disk::{self, Disk, Drive, Path, PathArg};
use super::parameters::PutOption;
use super::{Job, Session, Simcom, Timer, session};
use crate::at::args::Arg;
use crate::at::{ArgError, FromArg, Int};
use crate::ftp::{Cause, Failure, Op, Step};
use crate::modem::{Cx, Reply};
use bytes::Bytes;
use std::fmt;
use std::time::Duration;

/// The number of what a file system cannot do.
const FILE_SYSTEM: u16 = 85;

/// When a transfer that broke off begins again at its break point: `[,<num>,<time>]`.
pub(super) struct Patience {
    left: u8,
    pause: Duration,
}

type Times = Option<Int<0, 255>>;
type Seconds = Option<Int<0, 60>>;

impl Patience {
    fn new(times: Times, pause: Seconds) -> Patience {
        let pause = Duration::from_secs(pause.map_or(5, Int::get).unsigned_abs());
        Patience { left: times.map_or(3, Int::get) as u8, pause }
    }
}

/// A download into a file.
pub(super) struct Download {
    path: Path,
    patience: Patience,
    /// Where in the server's file it began (`AT+FTPREST`).
    from: u64,
    received: usize,
    written: usize,
    /// The file was made, or made anew: only once there is something for it.
    made: bool,
}

/// An upload out of a file.
pub(super) struct Upload {
    content: Bytes,
    patience: Patience,
    /// Where in the file it begins.
    from: usize,
    /// It has begun.
    sending: bool,
}

/// A file's name of at most 64 characters.
pub(super) struct Name(String);

impl FromArg for Name {
    fn from_arg(arg: Option<&Arg>) -> Result<Self, ArgError> {
        let text = arg.map(Arg::literal).filter(|text| !text.is_empty()).ok_or(ArgError::Missing)?;
        if text.len() > 64 { Err(ArgError::TooLong) } else { Ok(Name(text.into())) }
    }
    fn grammar(_: &mut fmt::Formatter) -> fmt::Result {
        Ok(())
    }
}

impl Name {
    fn path(&self, drive: Drive, folder: &str) -> Option<Path> {
        Path::new(&self.0, drive, folder).filter(|path| !path.name.ends_with('\\'))
    }
}

/// 12.2.24: `AT+FTPGETTOFS=<loc>,<name>[,<num>,<time>]`
pub(super) fn get(m: &mut Simcom, cx: &mut Cx, args: (Int<0, 1>, Name, Times, Seconds)) -> Reply {
    let (place, name, times, pause) = args;
    let (drive, folder) = match place.get() {
        0 => (Drive::Local, disk::FTP),
        _ => (Drive::Card, disk::CARD_FTP),
    };
    let Some(path) = name.path(drive, folder) else { return cx.refuse(ArgError::Syntax) };
    let patience = Patience::new(times, pause);
    let from = u64::from(m.ftp.rest);
    let job =
        Job::ToFile(Download { path: path.clone(), patience, from, received: 0, written: 0, made: false });
    let complete = !m.ftp.get_name.is_empty();
    if m.session.is_none() && complete && !m.disk.takes_for_ftp(&mut cx.core.lasting.flash, &path) {
        session::refuse(cx, &job, FILE_SYSTEM);
        return Reply::Ok;
    }
    let steps = if complete { m.retrieve() } else { vec![] };
    m.begin(cx, job, steps, complete)
}

/// `AT+FTPGETTOFS?`
pub(super) fn get_read(m: &mut Simcom, cx: &mut Cx) -> Reply {
    match &m.session {
        Some(Session { job: Job::ToFile(d), .. }) => cx.info(format_args!("1,{},{}", d.received, d.written)),
        _ => cx.info(0),
    }
    Reply::Ok
}

/// Data has come in for the file.
pub(super) fn arrived(m: &mut Simcom, cx: &mut Cx) {
    let Some(Session { job: Job::ToFile(download), .. }) = &mut m.session else { return };
    let bytes = cx.ftp().read(usize::MAX);
    if bytes.is_empty() {
        return;
    }
    download.received += bytes.len();
    download.make(&mut m.disk, cx);
    let n = m.disk.append(&mut cx.core.lasting.flash, &download.path, &bytes);
    download.written += n;
    if n < bytes.len() {
        cx.ftp().discard();
        m.fail(cx, FILE_SYSTEM);
    }
}

/// 12.2.25: `AT+FTPPUTFRMFS=<path>[,<num>,<time>]`
pub(super) fn put(m: &mut Simcom, cx: &mut Cx, (path, times, pause): (PathArg, Times, Seconds)) -> Reply {
    let content = m.disk.content(&path.path()).map(Bytes::copy_from_slice);
    let missing = content.is_none();
    let patience = Patience::new(times, pause);
    let upload = Upload { content: content.unwrap_or_default(), patience, from: 0, sending: false };
    let (job, complete) = (Job::FromFile(upload), !m.ftp.put_name.is_empty());
    if m.session.is_none() && complete && missing {
        session::refuse(cx, &job, FILE_SYSTEM);
        return Reply::Ok;
    }
    m.begin(cx, job, m.store(), complete)
}

/// `AT+FTPPUTFRMFS?`
pub(super) fn put_read(m: &mut Simcom, cx: &mut Cx) -> Reply {
    match &m.session {
        Some(Session { job: Job::FromFile(upload), .. }) => {
            let sent = upload.sent(cx);
            cx.info(format_args!("1,{sent}"));
        }
        _ => cx.info(0),
    }
    Reply::Ok
}

impl Download {
    /// Makes the file where it was not made yet. That it can be was seen before the server was asked; where it cannot be
    /// any more, nothing can be written to it.
    fn make(&mut self, disk: &mut Disk, cx: &mut Cx) {
        self.made = self.made || disk.make_for_ftp(&mut cx.core.lasting.flash, &self.path).is_ok();
    }
}

impl Upload {
    fn sent(&self, cx: &mut Cx) -> usize {
        let sent = if self.sending { self.content.len() - self.from } else { 0 };
        self.from + sent.saturating_sub(cx.ftp().backlog())
    }

    /// The data connection is up.
    pub fn begun(&mut self, cx: &mut Cx) {
        self.sending = true;
        cx.ftp().send(self.content.slice(self.from..));
        cx.ftp().finish();
    }
}

/// The session's last step has succeeded. The last of a download may still wait.
pub(super) fn done(m: &mut Simcom, cx: &mut Cx) {
    arrived(m, cx);
    if let Some(Session { job: Job::ToFile(download), .. }) = &mut m.session {
        download.make(&mut m.disk, cx);
    }
    let Some(session) = m.session.take() else { return };
    let total = match &session.job {
        Job::ToFile(download) => download.written,
        Job::FromFile(upload) => upload.content.len(),
        _ => return,
    };
    cx.port = session.port;
    cx.end(session.job.name(), format_args!("0,{total}"));
}

/// SIZE tells where an upload goes on that broke off; it begins anew where the server has no such file, or a longer one.
pub(super) fn measured(m: &mut Simcom, size: Option<usize>) {
    let Some(Session { job: Job::FromFile(upload), .. }) = &mut m.session else { return };
    upload.from = size.filter(|size| *size <= upload.content.len()).unwrap_or(0);
    let offset = upload.from as u64;
    let mut steps = m.store();
    if let Some(Op::Store { offset: at, .. }) = steps.last_mut() {
        *at = offset;
    }
    let store = steps.pop();
    if let Some(session) = &mut m.session {
        session.steps.extend(store);
    }
}

/// Has the transfer begin again later, where the network broke it off and there is patience left; false where not.
pub(super) fn waits(m: &mut Simcom, cx: &mut Cx, failure: &Failure) -> bool {
    let broken = match &failure.cause {
        Cause::NoBearer
        | Cause::Unreachable
        | Cause::Reset
        | Cause::Closed
        | Cause::Refused
        | Cause::Silence => true,
        // The server tells of the data connection that it broke, too.
        Cause::Rejected(reply) => matches!(reply.code, 425 | 426),
        _ => false,
    };
    // What the server has appended, or named itself, has no break point.
    let resumes = matches!(m.ftp.put_option, PutOption::Store);
    if let Some(Session { job: Job::ToFile(_), .. }) = &m.session {
        arrived(m, cx);
    }
    let patience = match m.session.as_mut().map(|session| &mut session.job) {
        Some(Job::ToFile(download)) => &mut download.patience,
        Some(Job::FromFile(upload)) if resumes => &mut upload.patience,
        _ => return false,
    };
    if !broken || patience.left == 0 {
        return false;
    }
    patience.left -= 1;
    let pause = patience.pause;
    cx.ftp().discard();
    m.timers.set(Timer::Again, cx.now + pause);
    true
}

/// The pause is over.
pub(super) fn again(m: &mut Simcom, cx: &mut Cx) {
    let mut steps = match m.session.as_mut().map(|session| &mut session.job) {
        Some(Job::ToFile(download)) => {
            let offset = download.from + download.written as u64;
            let mut steps = m.retrieve();
            if let Some(Op::Retrieve { offset: at, .. }) = steps.last_mut() {
                *at = offset;
            }
            steps
        }
        Some(Job::FromFile(upload)) => {
            upload.sending = false;
            let mut steps = m.store();
            steps.pop();
            steps.push(Op::Size(m.ftp.put_name.as_str().into()));
            steps
        }
        _ => return,
    };
    let upload = matches!(m.session, Some(Session { job: Job::FromFile(_), .. }));
    if let Some(session) = &mut m.session {
        session.steps = steps.drain(..).collect();
    }
    match m.dial(cx, upload) {
        Ok(()) => {}
        Err(number) => {
            let failure = Failure { step: Step::Connect, cause: Cause::NoBearer };
            if number != 61 || !waits(m, cx, &failure) {
                m.fail(cx, number);
            }
        }
    }
}

/// 12.2.26: `AT+FTPEXTGET=2,<name>` writes what was fetched to a file, `=4` of later firmware too, in another folder.
pub(super) fn save(m: &mut Simcom, cx: &mut Cx, (mode, name): (Int<2, 4>, Name)) -> Reply {
    let folder = if mode.get() == 2 { disk::FTP } else { disk::USER };
    let Some(path) = name.path(Drive::Local, folder) else { return cx.refuse(ArgError::Syntax) };
    let Some(got) = m.extended.fetched().filter(|_| !m.is_fetching() && !m.is_ending(cx)) else {
        return cx.refuse_state();
    };
    let got = got.to_vec();
    if let Err(refusal) = m.disk.make_for_ftp(&mut cx.core.lasting.flash, &path) {
        return refusal.reply(cx);
    }
    if m.disk.append(&mut cx.core.lasting.flash, &path, &got) < got.len() {
        return disk::Refusal::Full.reply(cx);
    }
    cx.info(format_args!("{mode},{}", got.len()));
    Reply::Ok
}

/// 12.2.27: `AT+FTPFILEPUT=1,<name>` loads a file for `AT+FTPPUT=1`, `=0` forgets it.
pub(super) fn load(m: &mut Simcom, cx: &mut Cx, (mode, name): (Int<0, 1>, Option<Name>)) -> Reply {
    if m.extended.is_extended() {
        return cx.refuse_state();
    }
    match (mode.get(), name) {
        (0, None) => {
            m.extended.unload();
            Reply::Ok
        }
        (1, Some(name)) => {
            let path = name.path(Drive::Local, disk::FTP);
            match path.and_then(|path| m.disk.content(&path)).map(<[u8]>::to_vec) {
                Some(content) if content.len() as u64 <= m.settings.extended_upload.0 => {
                    m.extended.load(content);
                    Reply::Ok
                }
                Some(_) => disk::Refusal::Full.reply(cx),
                None => disk::Refusal::NotFound.reply(cx),
            }
        }
        (1, None) => cx.refuse(ArgError::Missing),
        _ => cx.refuse(ArgError::Extra),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_in_the_folder_and_a_path_is_where_it_says() {
        let name = |text: &str| {
            let path = Name(text.into()).path(Drive::Local, disk::FTP);
            path.map(|path| (path.drive, path.name))
        };
        assert_eq!(name("a.bin"), Some((Drive::Local, "\\User\\FTP\\a.bin".into())));
        assert_eq!(name("c:\\log.old"), Some((Drive::Local, "\\log.old".into())));
        assert_eq!(name("D:/x//y"), Some((Drive::Card, "\\x\\y".into())));
        for none in ["..\\a", "a\\", "C:", "a:b", "a*"] {
            assert_eq!(name(none), None, "{none}");
        }
    }
}
