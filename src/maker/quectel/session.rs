//! AT+QFTPOPEN and AT+QFTPCLOSE (2.2.1, 2.2.2), and what the session tells.

use super::error::{self, Code};
use super::{Quectel, Service, context, ending, transfer};
use crate::at::{Int, Text};
use crate::ftp::{self, Cause, Op};
use crate::modem::{Cx, Reply, Target};

/// 2.2.1
pub(super) fn open(m: &mut Quectel, cx: &mut Cx, (host, port): (Text<100>, Int<1, 65535>)) -> Reply {
    match () {
        () if ending(cx) => cx.refuse_later("+QFTPOPEN", Code::BUSY),
        () if m.service.is_off() && (host.is_empty() || error::is_illegal(&host)) => {
            cx.refuse_later("+QFTPOPEN", Code::ILLEGAL);
        }
        () if m.service.is_off() => {
            m.service = Service::Opening;
            m.server = (host.into_string(), port.get() as u16);
            m.port = cx.port;
            let reply = cx.reply_with("+QFTPOPEN", 0);
            context::open_for_ftp(m, cx);
            return reply;
        }
        () => cx.refuse_later("+QFTPOPEN", Code::BUSY),
    }
    Reply::Ok
}

/// 2.2.1, note 2: without a service the fields are empty.
pub(super) fn open_read(m: &mut Quectel, cx: &mut Cx) -> Reply {
    match &m.server {
        _ if m.service.is_off() => cx.line("+QFTPOPEN : \"\","),
        (host, port) => cx.line(&format!("+QFTPOPEN : \"{host}\",{port}")),
    }
    Reply::Ok
}

/// 2.2.2. A transfer that `+++` left is given up; with no session there is nothing to be closed.
pub(super) fn close(m: &mut Quectel, cx: &mut Cx) -> Reply {
    match &m.service {
        _ if ending(cx) => cx.refuse_later("+QFTPCLOSE", Code::BUSY),
        Service::Idle | Service::Closed => cx.refuse_later("+QFTPCLOSE", m.settings.close_unopened),
        // 4.8 has it closed after -6.
        Service::Lost => {
            let reply = cx.reply_with("+QFTPCLOSE", 0);
            m.closed(cx);
            return reply;
        }
        Service::Opened if cx.port == m.port => {
            m.service = Service::Closing;
            let reply = cx.reply_with("+QFTPCLOSE", 0);
            cx.ftp().start(Op::Quit);
            return reply;
        }
        Service::Transfer(_) if cx.port == m.port => {
            m.service = Service::Closing;
            m.resume = 0;
            cx.leave_data();
            cx.ftp().abort();
            // What nobody will read must not keep the transfer's end back.
            cx.ftp().read(usize::MAX);
            return cx.reply_with("+QFTPCLOSE", 0);
        }
        _ => cx.refuse_later("+QFTPCLOSE", Code::BUSY),
    }
    Reply::Ok
}

impl Quectel {
    /// The context is there: opens the session.
    pub(super) fn dial(&mut self, cx: &mut Cx) {
        let (host, port) = self.server.clone();
        let anonymous = self.user.is_empty();
        let patience = self.settings.server_timeout.0;
        let settings = ftp::Settings {
            user: if anonymous { "anonymous".into() } else { self.user.as_str().into() },
            password: self.password.as_str().into(),
            passive: self.passive,
            reply_timeout: patience,
            connect_timeout: patience,
            data_timeout: patience,
            ..ftp::Settings::default()
        };
        cx.ftp().open(Target { host, port, from_port: None, tls: None }, settings);
    }

    /// The session could not be opened.
    pub(super) fn open_failed(&mut self, cx: &mut Cx, code: Code) {
        self.service = Service::Closed;
        cx.end("+QFTPOPEN", code);
    }

    pub(super) fn ftp_event(&mut self, cx: &mut Cx, event: ftp::Event) {
        use ftp::Event as E;
        match (event, std::mem::replace(&mut self.service, Service::Idle)) {
            (E::Opened, Service::Opening) => {
                self.service = Service::Opened;
                cx.end("+QFTPOPEN", 0);
            }
            (E::Begun, Service::Working(job)) => transfer::begun(self, cx, job),
            (E::Done { reply, moved, .. }, Service::Working(job) | Service::Transfer(job)) => {
                self.service = Service::Opened;
                transfer::done(self, cx, job, &reply, moved);
            }
            (E::Failed { failure, moved, .. }, Service::Working(job) | Service::Transfer(job)) => {
                self.service = Service::Opened;
                transfer::failed(self, cx, job, Code::of_failed(&failure), moved);
            }
            (E::Failed { op: Op::Quit, failure, .. }, Service::Closing) => {
                self.service = Service::Opened;
                cx.end("+QFTPCLOSE", Code::of_failed(&failure));
            }
            // The transfer that AT+QFTPCLOSE gave up is over.
            (E::Done { .. } | E::Failed { .. }, Service::Closing) => {
                self.service = Service::Closing;
                cx.ftp().start(Op::Quit);
            }
            (E::Unasked(reply), Service::Opened) => {
                self.service = Service::Opened;
                if reply.code >= 400 {
                    cx.urc("+QFTPERROR", Code::of_reply(reply.code));
                }
            }
            (E::Closed, Service::Closing) => self.closed(cx),
            // Gone is what it was to be.
            (E::Lost { failure, .. }, Service::Closing)
                if matches!(failure.cause, Cause::Closed | Cause::Reset) =>
            {
                self.closed(cx);
            }
            (E::Lost { failure, moved, .. }, was) => self.lost(cx, was, Code::of_lost(&failure), moved),
            (_, was) => self.service = was,
        }
    }

    fn closed(&mut self, cx: &mut Cx) {
        self.service = Service::Closed;
        cx.end("+QFTPCLOSE", 0);
    }

    /// The session is gone, and not in the way that was asked for.
    fn lost(&mut self, cx: &mut Cx, was: Service, code: Code, moved: u64) {
        self.service = Service::Lost;
        match was {
            Service::Opening => self.open_failed(cx, code),
            Service::Working(job) | Service::Transfer(job) => transfer::failed(self, cx, job, code, moved),
            // The host does not know that it was open.
            Service::Opened if cx.is_ending("+QFTPOPEN") => {
                cx.take_back(|line| line.starts_with("+QFTPOPEN"));
                self.open_failed(cx, code);
            }
            Service::Opened => cx.urc("+QFTPERROR", code),
            Service::Closing => {
                self.service = Service::Closed;
                cx.end("+QFTPCLOSE", code);
            }
            was @ (Service::Idle | Service::Closed | Service::Lost) => self.service = was,
        }
    }
}
