//! A session of FTP: its opening, its steps, and how it ends.

use super::number::number;
use super::parameters::{FileType, PutOption};
use super::transfer::Put;
use super::{Job, Session, Simcom, Timer, extended, local, transfer};
use crate::ftp::{self, How, Op, Type};
use crate::modem::{Cx, Reply, Target};

impl Simcom {
    /// Opens a session for `job`, or says what forbids it: 66 for one that is on or a name that is
    /// missing (5.5), 61 without a bearer.
    pub(super) fn begin(
        &mut self,
        cx: &mut Cx,
        job: Job,
        steps: impl IntoIterator<Item = Op>,
        complete: bool,
    ) -> Reply {
        // Until the host is told why one failed, it is on as far as the host can know: 66 hides the real reason.
        let failed = Simcom::is_failing(cx);
        if self.is_ending(cx) && !failed {
            return cx.refuse_state();
        }
        if failed || self.session.is_some() || !complete || self.ftp.server.is_empty() {
            refuse(cx, &job, 66);
            return Reply::Ok;
        }
        let upload = matches!(job, Job::Put(_) | Job::FromFile(_) | Job::EtPut(_));
        if let Err(number) = self.dial(cx, upload) {
            refuse(cx, &job, number);
            return Reply::Ok;
        }
        let context = self.context(self.ftp.cid.get() as u8);
        if matches!(job, Job::Get(_) | Job::ExtendedGet | Job::ToFile(_) | Job::EtGet) {
            // 5.7: the point holds for one transfer.
            self.ftp.rest = 0;
        }
        let (name, says) = (job.name(), self.opens_with(&job));
        self.session = Some(Session { port: cx.port, context, job, steps: steps.into_iter().collect() });
        cx.reply_with(name, says)
    }

    /// Opens a session with the server, or says what forbids it.
    pub(super) fn dial(&self, cx: &mut Cx, upload: bool) -> Result<(), u16> {
        let context = self.context(self.ftp.cid.get() as u8);
        if cx.bearers.address(context).is_none() {
            return Err(61);
        }
        let Some((security, tls)) = self.tls.session(cx, &self.ftp.server) else {
            return Err(66);
        };
        let server = match upload {
            true => self.settings.put_server_timeout.0,
            false => self.settings.server_timeout.0,
        };
        let user = if self.ftp.user.is_empty() { "anonymous" } else { self.ftp.user.as_str() };
        let settings = ftp::Settings {
            user: user.into(),
            password: self.ftp.password.as_str().into(),
            passive: self.ftp.mode.get() == 1,
            reply_timeout: server,
            connect_timeout: server,
            data_timeout: server,
            security,
            ..ftp::Settings::default()
        };
        let target = Target {
            host: self.ftp.server.as_str().into(),
            port: self.ftp.port.get() as u16,
            from_port: None,
            tls,
        };
        cx.ftp().open(target, settings);
        Ok(())
    }

    /// What a job says first where nothing goes wrong.
    pub(super) fn opens_with(&self, job: &Job) -> String {
        match job {
            Job::Put(_) if self.extended.upload().is_none() => format!("1,1,{}", self.settings.put_window),
            Job::Get(_) | Job::List(_) | Job::EtPut(_) | Job::EtGet => "1,1".into(),
            Job::ToFile(_) | Job::FromFile(_) => "0".into(),
            _ => "1,0".into(),
        }
    }

    /// Whether `AT+FTPEXTGET=1` is at work.
    pub(super) fn is_fetching(&self) -> bool {
        matches!(&self.session, Some(Session { job: Job::ExtendedGet, .. }))
    }

    /// The PDP context behind a bearer's number.
    pub(super) fn context(&self, bearer: u8) -> u8 {
        bearer.wrapping_sub(self.settings.first_bearer).wrapping_add(1)
    }

    /// The steps of an operation on a file: into its folder first, where one is named.
    pub(super) fn in_folder(path: &str, op: Op) -> Vec<Op> {
        let folder = (!path.is_empty()).then(|| Op::Cwd(path.into()));
        folder.into_iter().chain([op]).collect()
    }

    pub(super) fn file_type(&self) -> Type {
        match self.ftp.file_type {
            FileType::Ascii => Type::Ascii,
            FileType::Binary => Type::Image,
        }
    }

    pub(super) fn retrieve(&self) -> Vec<Op> {
        let offset = u64::from(self.ftp.rest);
        let op = Op::Retrieve { path: self.ftp.get_name.as_str().into(), kind: self.file_type(), offset };
        Self::in_folder(&self.ftp.get_path, op)
    }

    pub(super) fn store(&self) -> Vec<Op> {
        let how = match self.ftp.put_option {
            PutOption::Append => How::Appe,
            PutOption::Unique => How::Stou,
            PutOption::Store => How::Stor,
        };
        let path = self.ftp.put_name.as_str().into();
        Self::in_folder(&self.ftp.put_path, Op::Store { path, kind: self.file_type(), offset: 0, how })
    }

    pub(super) fn ftp_event(&mut self, cx: &mut Cx, event: ftp::Event) {
        if let ftp::Event::Failed { failure, .. } | ftp::Event::Lost { failure, .. } = &event
            && local::waits(self, cx, failure)
        {
            return;
        }
        let Some(session) = &mut self.session else { return };
        match event {
            ftp::Event::Opened => {
                if let Some(op) = session.steps.pop_front() {
                    cx.ftp().start(op);
                }
            }
            ftp::Event::Begun => transfer::begun(self, cx),
            ftp::Event::Done { op: Op::Size(_), reply, .. } if matches!(session.job, Job::FromFile(_)) => {
                local::measured(self, reply.text().trim().parse().ok());
                self.ftp_event(cx, ftp::Event::Opened);
            }
            ftp::Event::Failed { op: Op::Size(_), .. } if matches!(session.job, Job::FromFile(_)) => {
                local::measured(self, None);
                self.ftp_event(cx, ftp::Event::Opened);
            }
            ftp::Event::Done { reply, .. } => match session.steps.pop_front() {
                Some(op) => {
                    cx.ftp().start(op);
                }
                None => {
                    cx.ftp().start(Op::Quit);
                    self.done(cx, &reply);
                }
            },
            ftp::Event::Failed { op, failure, .. } => {
                let number = number(&failure, &session.job, Some(&op));
                cx.ftp().start(Op::Quit);
                self.fail(cx, number);
            }
            ftp::Event::Lost { failure, .. } => match &mut session.job {
                // All has come; that the session ended without a goodbye is nobody's loss.
                Job::Get(get) | Job::List(get) if get.is_whole() => {}
                job => {
                    let number = number(&failure, job, None);
                    self.fail(cx, number);
                }
            },
            ftp::Event::Sent(_)
            | ftp::Event::Replied(_)
            | ftp::Event::Unasked(_)
            | ftp::Event::Data(_)
            | ftp::Event::Closed => {}
        }
    }

    /// The session's last step succeeded.
    pub(super) fn done(&mut self, cx: &mut Cx, reply: &ftp::Reply) {
        let Some(session) = &mut self.session else { return };
        match &mut session.job {
            Job::Get(get) | Job::List(get) => {
                get.finish();
                return transfer::close_if_read(self, cx);
            }
            // 5.9
            Job::Size { .. } => cx.end("+FTPSIZE", format_args!("1,0,{}", reply.text().trim())),
            // 5.18
            Job::Mdtm => cx.end("+FTPMDTM", format_args!("1,0,{}", reply.text().trim())),
            Job::ExtendedGet => {
                extended::got(&mut self.extended, cx);
                cx.end("+FTPEXTGET", "1,0");
            }
            Job::EtGet => transfer::end_et_get(cx),
            Job::ToFile(_) | Job::FromFile(_) => return local::done(self, cx),
            job => report(cx, job, 0),
        }
        if !matches!(session.job, Job::EtGet) {
            self.session = None;
        }
    }

    /// Whether an operation is about to end: all is done but for the last word of the server, or what tells the
    /// host of it is still to be said. No other is begun meanwhile.
    pub(super) fn is_ending(&self, cx: &Cx) -> bool {
        let closing = match &self.session {
            Some(Session { job: Job::Get(get) | Job::List(get), .. }) => get.is_closing(),
            Some(Session { job: Job::Put(put) | Job::EtPut(put), .. }) => *put == Put::Closing,
            _ => false,
        };
        closing || cx.endings().any(|line| line.starts_with("+FTP") && !opens(line))
    }

    /// Whether the host is still to be told that an operation failed.
    fn is_failing(cx: &Cx) -> bool {
        cx.endings().any(|line| line.starts_with("+FTP") && fails(line))
    }

    /// Whether the host is still to be told that it may go on.
    pub(super) fn is_opening(cx: &Cx) -> bool {
        cx.endings().any(|line| line.starts_with("+FTP") && opens(line))
    }

    /// The session is over, with a number that says why.
    pub(super) fn fail(&mut self, cx: &mut Cx, number: u16) {
        let Some(session) = self.session.take() else { return };
        cx.port = session.port;
        for timer in [Timer::Remind, Timer::Unread, Timer::Close, Timer::Again] {
            self.timers.cancel(timer);
        }
        match session.job {
            // The host waits for the end mark, whatever came before it.
            Job::EtGet if cx.in_data_mode(session.port) => transfer::end_et_get(cx),
            // What the host has announced it types to the end; what is about to begin does not.
            Job::EtPut(_) | Job::EtGet if !cx.in_data_mode(session.port) => cx.leave_data(),
            _ => {}
        }
        if number == self.settings.quit {
            take_back(cx, &session.job);
        }
        report(cx, &session.job, number);
    }
}

/// `+FTPGET: 1,63` and its like (5.5): numbers from 61 on.
fn fails(line: &str) -> bool {
    let value = line.split_once(':').and_then(|(_, values)| values.trim_start().strip_prefix("1,"));
    value.and_then(|value| value.split(',').next()?.parse().ok()).is_some_and(|number: u16| number >= 61)
}

/// `+FTPGET: 1,1`, `+FTPPUT: 1,1,<window>` and their like: the host may go on.
fn opens(line: &str) -> bool {
    line.split_once(':').is_some_and(|(_, values)| values.trim_start().starts_with("1,1"))
}

/// The host has ended it: it is not to be told that it may go on.
pub(super) fn take_back(cx: &mut Cx, job: &Job) {
    let name = job.name();
    cx.take_back(|line| line.starts_with(name) && opens(line));
}

/// `1,<number>`, behind the command's name; `1,<number>,0` of AT+FTPSIZE where the module has a size behind the number.
fn values(job: &Job, number: u16) -> String {
    match (job, number) {
        (Job::ToFile(_) | Job::FromFile(_), _) => number.to_string(),
        (Job::Size { unknown_is_0: true }, 1..) => format!("1,{number},0"),
        _ => format!("1,{number}"),
    }
}

/// `+FTP...: 1,<number>`: it has ended.
pub(super) fn report(cx: &mut Cx, job: &Job, number: u16) {
    cx.end(job.name(), values(job, number));
}

/// `+FTP...: 1,<number>`: it was never begun.
pub(super) fn refuse(cx: &mut Cx, job: &Job, number: u16) {
    cx.refuse_later(job.name(), values(job, number));
}
