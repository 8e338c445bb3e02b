//! Fibocom NL668 series, after "FIBOCOM AT Commands User Manual_FTP" V1.0.6 (2019-10-14).
//!
//! One FTP connection, opened by `AT+FTPOPEN`, and one command on it at a time: it is answered OK,
//! and reports its result when the server has spoken. The connection is here and in [`mod@open`], operations
//! without a data connection are in [`asking`], streams and uploads in [`transfer`], the download buffer in
//! [`cache`], what comes before FTP in [`call`].

mod asking;
mod cache;
mod call;
mod open;
#[cfg(test)]
mod tests;
mod transfer;

use crate::at::{Call, Form, Int, Text};
use crate::commands;
use crate::ftp::{self, Cause, Failure, Op};
use crate::modem::outcome::{Meaning, Outcomes, Reason, Sorted};
use crate::modem::{Command, Cx, DataEnd, Event, Level, Maker, PortId, Reply};
use crate::profile::Profile;
use crate::time::Timers;
use crate::time::units::{Size, Span};
use asking::Answer;
use cache::Cache;
use open::{close, open, open_read};
use serde::Deserialize;
use std::collections::BTreeMap;
use transfer::{Put, Stream};

/// `[settings]` of a Fibocom profile.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How long the server may take for anything.
    server_timeout: Span,
    /// The buffer of `AT+FTPGET` (1.2.18).
    get_buffer: Size,
    /// Data that nobody fetches closes the connection after this time (1.2.19).
    get_unread: Span,
    /// Whether the octet that ends an upload (1.2.15) also ends a download (1.2.16).
    retr_end: bool,
    /// How long the octets that `AT+FTPPUT` announced may take; no limit where it is 0.
    put_input: Span,
    /// Whether the server's certificate is checked, until `AT+GTSSLMODE` says otherwise.
    tls_verify: bool,
    /// What stands behind `+MIPCALL: ` once a call is up; `{ip}` is its address.
    call_up: String,
    /// The same in answer to `AT+MIPCALL?`.
    call_is_up: String,
    /// What stands behind `+MIPCALL: ` where there is no call.
    call_down: String,
    /// The values of `AT+GTSET`, by name.
    gtset: BTreeMap<String, call::Value>,
    /// The `+CME ERROR` of `AT+FTPOPEN` without a call (2.3).
    no_call: u16,
    /// The one of a second `AT+FTPOPEN` (2.3).
    already_open: u16,
    /// The one of a command that its connection cannot take now (2.3).
    wrong_state: u16,
}

/// The behaviour of a Fibocom module.
pub struct Fibocom {
    settings: Settings,
    timers: Timers<Timer>,
    /// `AT+FTPINFO`
    info: Int<0, 1>,
    /// `AT+FTPMODE`
    mode: Int<0, 1>,
    /// `AT+FTPREST`
    rest: u32,
    call: call::Call,
    session: Session,
    /// Where the running command came from.
    port: PortId,
    cache: Option<Cache>,
}

/// The FTP connection, and what goes on in it.
#[derive(Debug)]
enum Session {
    Closed,
    Opening,
    Idle,
    /// An operation without a data connection.
    Asking {
        name: String,
        answer: Answer,
    },
    /// `AT+FTPLIST`, `AT+FTPSTOR` or `AT+FTPRETR`.
    Streaming {
        name: String,
        stream: Stream,
    },
    /// Its result is known, and data mode is being left.
    Leaving {
        name: String,
        code: i32,
        open: bool,
    },
    /// The download mode of `AT+FTPGET`.
    Downloading,
    /// `AT+FTPPUT`.
    Putting {
        file: String,
        put: Put,
    },
    /// `AT+FTPPUT` has failed, and the host does not know yet.
    Swallowing {
        code: i32,
        open: bool,
    },
    Closing,
}

/// 1.2.4: an operation has succeeded.
const DONE: i32 = 1;
/// 1.2.4: an operation has failed.
const FAILED: i32 = 0;

/// The result of an operation; a fault may have its own code.
fn code(result: &Result<ftp::Reply, Failure>) -> i32 {
    match result {
        Ok(_) => DONE,
        Err(Failure { cause: Cause::Forced(code), .. }) => *code,
        Err(_) => FAILED,
    }
}

/// The maker's timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    Unread,
}

/// A name of a file or a folder.
type Name = Text<255>;

impl Maker for Fibocom {
    type Settings = Settings;
    type Timer = Timer;

    const REPORTS: &'static [&'static str] = &["+FTP"];

    const OUTCOMES: &'static [Outcomes] = &[Outcomes {
        commands: &[
            "AT+FTPOPEN=*",
            "AT+FTPCLOSE",
            "AT+FTPGET=*",
            "AT+FTPPUT=*",
            "AT+FTPSTOR=*",
            "AT+FTPRETR=*",
            "AT+FTPMKD=*",
            "AT+FTPCWD=*",
            "AT+FTPRMD=*",
            "AT+FTPPWD",
            "AT+FTPCDUP",
            "AT+FTPDEL=*",
            "AT+FTPREN=*",
            "AT+FTPLIST*",
            "AT+FTPSTAT*",
            "AT+FTPSYST",
            "AT+FTPNOOP",
        ],
        reports: &[
            "+FTPOPEN",
            "+FTPCLOSE",
            "+FTPGET",
            "+FTPPUT",
            "+FTPSTOR",
            "+FTPRETR",
            "+FTPMKD",
            "+FTPCWD",
            "+FTPRMD",
            "+FTPPWD",
            "+FTPCDUP",
            "+FTPDEL",
            "+FTPREN",
            "+FTPLIST",
            "+FTPSTAT",
            "+FTPSYST",
            "+FTPNOOP",
        ],
        before: "",
        opens: &[2],
        numbers: &[Meaning::one(FAILED, "failed", Reason::Unknown)],
    }];

    // 2.3
    const REASONS: &'static [Sorted] = &[
        (2000, 2000, Reason::Argument),
        (2001, 2001, Reason::State),
        (2002, 2002, Reason::Name),
        (2003, 2003, Reason::Memory),
        (2004, 2004, Reason::State),
        (2006, 2006, Reason::Argument),
        (2007, 2007, Reason::Memory),
        (2008, 2009, Reason::State),
        (2010, 2010, Reason::Memory),
        (2012, 2012, Reason::Connection),
        (2017, 2017, Reason::State),
        (2024, 2024, Reason::State),
        (2030, 2031, Reason::State),
    ];

    const URCS: &'static [&'static str] = &[
        "+MIPCALL:*",
        "+SIM READY",
        "+SIM DROP",
        "PB DONE",
        // The lines that follow +FTPSTAT and +FTPLIST.
        " *",
        "-*",
        "d*",
        "Connected to *",
        "Logged in as *",
        "No data connection",
        "End.",
    ];

    const OPENINGS: &'static [&'static str] = &["+FTPLIST: 2", "+FTPSTOR: 2", "+FTPRETR: 2"];

    const COMMANDS: &'static [Command<Self>] = commands! { Fibocom;
        // 1.2
        "+FTPOPEN" { write: open, read: open_read, test: "+FTPOPEN: (\"destination_ip/url\"),(\"username\"),(\"password\"),(\"account\"),(0-65535),(0-65535),(0-65535),(0-1)", secret: (3, 4) },
        "+FTPCLOSE" { exec: close },
        "+FTPINFO" { write: info, read: info_read, test: "+FTPINFO: (0-1)" },
        "+FTPCWD" { write: (asking::cwd), test: "+FTPCWD: (\"directory name\")" },
        "+FTPMKD" { write: (asking::mkd), test: "+FTPMKD: (\"directory name\")" },
        "+FTPRMD" { write: (asking::rmd), test: "+FTPRMD: (\"directory name\")" },
        "+FTPPWD" { exec: (asking::pwd) },
        "+FTPCDUP" { exec: (asking::cdup) },
        "+FTPDEL" { write: (asking::del), test: "+FTPDEL: (\"file name\")" },
        "+FTPREN" { write: (asking::ren), test: "+FTPREN: (\"file name from\"),(\"file name to\")" },
        "+FTPLIST" { write: (transfer::list), exec: (transfer::list_here), test: "+FTPLIST: (\"file/directory name\")" },
        "+FTPSTAT" { write: (asking::stat), exec: (asking::stat_session), test: "+FTPSTAT: (\"file/directory name\")" },
        "+FTPSYST" { exec: (asking::syst) },
        "+FTPNOOP" { exec: (asking::noop) },
        "+FTPSTOR" { write: (transfer::stor), test: "+FTPSTOR: (\"file name\"),(0-1),(0-4294967294)" },
        "+FTPRETR" { write: (transfer::retr), test: "+FTPRETR: (\"file name\"),(0-1),(0-4294967295)" },
        "+FTPREST" [rest],
        "+FTPGET" { write: (cache::get), read: (cache::get_read), test: "+FTPGET: (\"file name\"),(0-1),(0-4294967295)" },
        "+FTPRECV" { write: (cache::recv), read: (cache::recv_read) },
        "+FTP_RECV" { write: (cache::recv), read: (cache::recv_read) },
        "+FTPPUT" { write: (transfer::put), test: "+FTPPUT: (\"file name\"),(1-1024),(0-1),(0-1)" },
        "+FTPMODE" [mode],
        // what hosts do before FTP, and 1.2.16 on FTPLIMIT
        "+MIPCALL" { write: (call::call), read: (call::read), test: "+MIPCALL: (0-1)", secret: (4) },
        "+GTSET" { write: (call::set), read: (call::set_read), test: ok, support: Answered },
        "+GTSSLMODE" [call.verify],
    };

    fn new(settings: &Settings, _: &Profile) -> Self {
        Fibocom {
            timers: Timers::default(),
            info: Int::new(0),
            mode: Int::new(0),
            rest: 0,
            call: call::Call::new(settings.tls_verify, settings.gtset.clone()),
            session: Session::Closed,
            port: PortId::default(),
            cache: None,
            settings: settings.clone(),
        }
    }

    /// 1.2.18: the download mode answers these commands of FTP alone; a second `AT+FTPOPEN` has an error of
    /// its own.
    fn refuse(&self, call: &Call) -> Option<Reply> {
        let answered = match (call.name.as_str(), &call.form) {
            ("+FTPRECV" | "+FTP_RECV" | "+FTPCLOSE", _) => true,
            ("+FTPOPEN", Form::Read | Form::Write(_)) | ("+FTPGET", Form::Read) => true,
            (name, _) => !name.starts_with("+FTP"),
        };
        match self.session {
            Session::Downloading if !answered => Some(self.wrong_state()),
            _ => None,
        }
    }

    fn timers(&self) -> &Timers<Timer> {
        &self.timers
    }

    fn timers_mut(&mut self) -> &mut Timers<Timer> {
        &mut self.timers
    }

    fn on_timer(&mut self, cx: &mut Cx, timer: Timer) {
        cx.port = self.port;
        match timer {
            Timer::Unread => cache::expired(self, cx),
        }
    }

    fn on_event(&mut self, cx: &mut Cx, event: Event) {
        match event {
            // 1.2.2: dropping DTR closes the connection, where `&D` lets it (V.250 section 6.2.9).
            Event::Dtr(port, Level::Off) if cx.settings(port).dtr == 2 => return self.hang_up(cx),
            Event::Sim(_) => return call::sim(cx),
            _ => cx.port = self.port,
        }
        match event {
            Event::Ftp(event) => self.ftp_event(cx, event),
            Event::FtpData => cache::arrived(self, cx),
            Event::FtpDrained => transfer::drained(self, cx),
            Event::BearerUp(cid) => call::up(self, cx, cid),
            Event::BearerDown { cid, by } => call::down(self, cx, cid, by),
            Event::Boot
            | Event::Socket(..)
            | Event::Resolved(..)
            | Event::Pong(..)
            | Event::Registration(_)
            | Event::Sim(_)
            | Event::SimReady
            | Event::Dtr(..) => {}
        }
    }

    fn on_data_end(&mut self, cx: &mut Cx, end: DataEnd, _: Vec<u8>, _: u64) -> Reply {
        transfer::data_end(self, cx, end)
    }
}

impl Fibocom {
    fn wrong_state(&self) -> Reply {
        Reply::Cme(self.settings.wrong_state)
    }

    /// Starts an operation on the idle connection; `session` is what goes on then.
    fn start(&mut self, cx: &mut Cx, op: Op, session: Session) -> Reply {
        if !matches!(self.session, Session::Idle) || ending(cx) {
            return self.wrong_state();
        }
        let passive = self.mode.get() == 0;
        cx.ftp().set_capacity(crate::modem::BACKLOG);
        cx.ftp().set_passive(passive);
        // What a transfer that was cut short has left behind is no part of the next one.
        cx.ftp().read(usize::MAX);
        if !cx.ftp().start(op) {
            return self.wrong_state();
        }
        self.port = cx.port;
        self.session = session;
        Reply::Ok
    }

    fn ftp_event(&mut self, cx: &mut Cx, event: ftp::Event) {
        match event {
            // Left over from a connection that was dropped.
            _ if matches!(self.session, Session::Closed) => {}
            // 1.2.3
            ftp::Event::Sent(line) if self.info.get() == 1 => cx.urc("+FTPINFO", line),
            ftp::Event::Replied(reply) if self.info.get() == 1 => {
                reply.lines.iter().for_each(|line| cx.urc("+FTPINFO", line));
            }
            ftp::Event::Opened => {
                self.session = Session::Idle;
                cx.end("+FTPOPEN", 1);
            }
            ftp::Event::Begun => transfer::begun(self, cx),
            ftp::Event::Done { reply, .. } => self.over(cx, Ok(reply), true),
            ftp::Event::Failed { failure, .. } => self.over(cx, Err(failure), true),
            ftp::Event::Lost { failure, .. } => {
                // The host does not know that it was open.
                if matches!(self.session, Session::Idle) && cx.is_ending("+FTPOPEN") {
                    cx.take_back(|line| line.starts_with("+FTPOPEN"));
                    self.session = Session::Opening;
                }
                self.over(cx, Err(failure), false);
                self.forget(cx);
            }
            ftp::Event::Closed => {
                self.session = Session::Closed;
                self.forget(cx);
                cx.end("+FTPCLOSE", 1);
            }
            ftp::Event::Sent(_) | ftp::Event::Replied(_) | ftp::Event::Unasked(_) | ftp::Event::Data(_) => {}
        }
    }

    /// What went on is over; `open` tells whether the connection is still there.
    fn over(&mut self, cx: &mut Cx, result: Result<ftp::Reply, Failure>, open: bool) {
        let next = if open { Session::Idle } else { Session::Closed };
        match std::mem::replace(&mut self.session, next) {
            Session::Opening => cx.end("+FTPOPEN", code(&result)),
            Session::Asking { name, answer } => asking::report(cx, &name, answer, result),
            Session::Streaming { name, stream } => {
                transfer::stream_over(self, cx, name, stream, code(&result));
            }
            Session::Leaving { name, code, .. } => self.session = Session::Leaving { name, code, open },
            Session::Downloading => cache::over(self, cx, result.err()),
            Session::Putting { put, .. } => transfer::put_over(self, cx, put, code(&result)),
            Session::Swallowing { code, .. } => self.session = Session::Swallowing { code, open },
            // The transfer that stood in the way of QUIT.
            Session::Closing if open => {
                self.session = Session::Closing;
                cx.ftp().start(Op::Quit);
            }
            Session::Closing => {
                let gone = |f: &Failure| matches!(f.cause, Cause::Closed | Cause::Reset);
                let code = if result.as_ref().is_err_and(gone) { DONE } else { code(&result) };
                cx.end("+FTPCLOSE", code);
            }
            Session::Idle | Session::Closed => {}
        }
    }

    /// 1.2.19: what was downloaded goes with the connection.
    fn forget(&mut self, cx: &mut Cx) {
        self.cache = None;
        self.timers.cancel(Timer::Unread);
        cx.ftp().discard();
    }

    /// Says goodbye to the server, behind the end of the download that goes on.
    fn say_goodbye(&mut self, cx: &mut Cx) {
        self.cache = None;
        self.timers.cancel(Timer::Unread);
        cx.take_back(|line| line.starts_with("+FTPGET"));
        self.session = Session::Closing;
        match cx.ftp().is_busy() {
            true => cx.ftp().abort(),
            false => {
                cx.ftp().start(Op::Quit);
            }
        }
    }

    /// Closes the connection at once.
    fn hang_up(&mut self, cx: &mut Cx) {
        cx.port = self.port;
        match std::mem::replace(&mut self.session, Session::Closed) {
            Session::Closed => return,
            Session::Putting { put: Put::Opening { .. } | Put::Taking { .. }, .. } => cx.finish(Reply::Error),
            _ if cx.in_data_mode(cx.port) => cx.leave_data(),
            _ => {}
        }
        self.forget(cx);
        cx.take_back(|line| line.starts_with("+FTP") && !line.starts_with("+FTPINFO"));
        let port = cx.port;
        cx.end_waiting(port);
        cx.urc("+FTPCLOSE", 1);
    }
}

/// Whether the result of a command is still to be said: the next one has to wait for it.
fn ending(cx: &Cx) -> bool {
    cx.is_ending("+FTP")
}

/// 1.2.3
fn info(m: &mut Fibocom, _: &mut Cx, (on,): (Int<0, 1>,)) -> Reply {
    m.info = on;
    Reply::Ok
}

/// The dialogue's lines have no blank, what is read has one.
fn info_read(m: &mut Fibocom, cx: &mut Cx) -> Reply {
    cx.line(&format!("+FTPINFO: {}", m.info));
    Reply::Ok
}
