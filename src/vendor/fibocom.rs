//! Fibocom NL668 series, after "FIBOCOM AT Commands User Manual_FTP" V1.0.6 (2019-10-14).
//!
//! One FTP connection, opened by `AT+FTPOPEN`, and one command on it at a time: it is answered OK,
//! and reports its result when the server has spoken. The connection is here, operations without a
//! data connection are in [`asking`], streams and uploads in [`transfer`], the download buffer in
//! [`cache`], what comes before FTP in [`call`].

mod asking;
mod cache;
mod call;
#[cfg(test)]
mod tests;
mod transfer;

use crate::at::{Int, Text};
use crate::commands;
use crate::ftp::{self, Cause, Failure, Op};
use crate::modem::net::Tls;
use crate::modem::{Command, Cx, DataEnd, Event, PortId, Reply, Target, Vendor};
use crate::profile::Profile;
use crate::time::units::{Size, Span};
use asking::Answer;
use cache::Cache;
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

/// 1.2.1: an operation has succeeded.
const DONE: i32 = 1;

/// 1.2.1: 1 where an operation has succeeded, 0 where it has failed; a fault may have its own code.
fn code(result: &Result<ftp::Reply, Failure>) -> i32 {
    match result {
        Ok(_) => DONE,
        Err(Failure { cause: Cause::Forced(code), .. }) => *code,
        Err(_) => 0,
    }
}

/// The vendor's timers.
#[derive(Clone, Copy)]
enum Timer {
    Unread = 1,
}

/// A name of a file or a folder.
type Name = Text<255>;

impl Vendor for Fibocom {
    type Settings = Settings;

    const COMMANDS: &'static [Command<Self>] = commands! { Fibocom;
        // 1.2
        "+FTPOPEN" { write: open, read: open_read, test: "+FTPOPEN: (\"destination_ip/url\"),(\"username\"),(\"password\"),(\"account\"),(0-65535),(0-65535),(0-65535),(0-1)", secret: (3, 4) },
        "+FTPCLOSE" { exec: close },
        "+FTPINFO" { write: info, read: info_read },
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
        "+FTPREST" { write: (transfer::rest), read: (transfer::rest_read) },
        "+FTPGET" { write: (cache::get), read: (cache::get_read), test: "+FTPGET: (\"file name\"),(0-1),(0-4294967295)" },
        "+FTPRECV" { write: (cache::recv), read: (cache::recv_read) },
        "+FTP_RECV" { write: (cache::recv), read: (cache::recv_read) },
        "+FTPPUT" { write: (transfer::put), test: "+FTPPUT: (\"file name\"),(1-1024),(0-1),(0-1)" },
        "+FTPMODE" { write: mode, read: mode_read },
        // what hosts do before FTP, and 1.2.16 on FTPLIMIT
        "+MIPCALL" { write: (call::call), read: (call::read), test: "+MIPCALL: (0-1)", secret: (4) },
        "+GTSET" { write: (call::set), read: (call::set_read), test: ok, support: Answered },
        "+GTSSLMODE" [call.verify],
    };

    fn new(settings: &Settings, _: &Profile) -> Self {
        Fibocom {
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

    fn on_event(&mut self, cx: &mut Cx, event: Event) {
        match event {
            // 1.2.2: dropping DTR closes the connection, where `&D` lets it (V.250 section 6.2.9).
            Event::Dtr(port, false) if cx.settings(port).dtr == 2 => return self.hang_up(cx),
            Event::Sim(_) => return call::sim(cx),
            _ => cx.port = self.port,
        }
        match event {
            Event::Ftp(event) => self.ftp_event(cx, event),
            Event::FtpData => cache::arrived(self, cx),
            Event::FtpDrained => transfer::drained(self, cx),
            Event::Timer(_) => cache::expired(self, cx),
            Event::BearerUp(cid) => call::up(self, cx, cid),
            Event::BearerDown { cid, .. } => call::down(self, cx, cid),
            _ => {}
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
        if !matches!(self.session, Session::Idle) {
            return self.wrong_state();
        }
        let passive = self.mode.get() == 0;
        if let Some(ftp) = &mut cx.core.ftp {
            ftp.capacity = crate::modem::BACKLOG;
        }
        if let Some(settings) = cx.ftp_settings() {
            settings.passive = passive;
        }
        // What a transfer that was cut short has left behind is no part of the next one.
        cx.ftp_read(usize::MAX);
        if !cx.ftp_start(op) {
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
                cx.urc("+FTPOPEN", 1);
            }
            ftp::Event::Begun => transfer::begun(self, cx),
            ftp::Event::Done { reply, .. } => self.over(cx, Ok(reply), true),
            ftp::Event::Failed { failure, .. } => self.over(cx, Err(failure), true),
            ftp::Event::Lost { failure, .. } => {
                self.over(cx, Err(failure), false);
                self.forget(cx);
            }
            ftp::Event::Closed => {
                self.session = Session::Closed;
                self.forget(cx);
                cx.urc("+FTPCLOSE", 1);
            }
            ftp::Event::Sent(_) | ftp::Event::Replied(_) | ftp::Event::Unasked(_) | ftp::Event::Data(_) => {}
        }
    }

    /// What went on is over; `open` tells whether the connection is still there.
    fn over(&mut self, cx: &mut Cx, result: Result<ftp::Reply, Failure>, open: bool) {
        let next = if open { Session::Idle } else { Session::Closed };
        match std::mem::replace(&mut self.session, next) {
            Session::Opening => cx.urc("+FTPOPEN", code(&result)),
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
                cx.ftp_start(Op::Quit);
            }
            Session::Closing => {
                let gone = |f: &Failure| matches!(f.cause, Cause::Closed | Cause::Reset);
                let code = if result.as_ref().is_err_and(gone) { DONE } else { code(&result) };
                cx.urc("+FTPCLOSE", code);
            }
            Session::Idle | Session::Closed => {}
        }
    }

    /// 1.2.19: what was downloaded goes with the connection.
    fn forget(&mut self, cx: &mut Cx) {
        self.cache = None;
        cx.cancel(Timer::Unread as u32);
        cx.ftp_drop();
    }

    /// Says goodbye to the server, behind the end of the download that goes on.
    fn say_goodbye(&mut self, cx: &mut Cx) {
        self.cache = None;
        cx.cancel(Timer::Unread as u32);
        self.session = Session::Closing;
        match cx.ftp_is_busy() {
            true => cx.ftp_abort(),
            false => {
                cx.ftp_start(Op::Quit);
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
        cx.urc("+FTPCLOSE", 1);
    }
}

type Account = Option<Name>;
type Port = Option<u16>;
type OpenArgs = (Text<1024>, Name, Name, Account, Port, Port, Port, Option<Int<0, 1>>);

/// 1.2.1. The example of 3.1, `,,990,,1`, is one comma short: its 990 is the server's port and its 1
/// asks for TLS.
fn open(m: &mut Fibocom, cx: &mut Cx, args: OpenArgs) -> Reply {
    let (host, user, password, account, ..) = &args;
    let (from, to, data, tls) = match (args.4, args.5, args.6, args.7) {
        (to, None, Some(tls @ 0..=1), None) => (None, to, None, tls == 1),
        (from, to, data, tls) => (from, to, data, tls.is_some_and(|tls| tls.get() == 1)),
    };
    match (&m.session, cx.bearers.active()) {
        (Session::Closed, Some(_)) => {}
        (Session::Closed, None) => return Reply::Cme(m.settings.no_call),
        _ => return Reply::Cme(m.settings.already_open),
    }
    let patience = m.settings.server_timeout.0;
    let settings = ftp::Settings {
        user: user.as_str().into(),
        password: password.as_str().into(),
        account: account.as_ref().map(|account| account.as_str().into()),
        passive: m.mode.get() == 0,
        source_data_port: data.filter(|port| *port > 0),
        reply_timeout: patience,
        connect_timeout: patience,
        data_timeout: patience,
        protect: tls,
        ..ftp::Settings::default()
    };
    let target = Target {
        host: host.as_str().into(),
        port: to.filter(|port| *port > 0).unwrap_or(21),
        from_port: from.filter(|port| *port > 0),
        tls: tls.then(|| Tls { verify: m.call.verify.get() == 1 }),
    };
    m.port = cx.port;
    m.session = Session::Opening;
    cx.ftp_open(target, settings);
    Reply::Ok
}

fn open_read(m: &mut Fibocom, cx: &mut Cx) -> Reply {
    cx.info(u8::from(!matches!(m.session, Session::Closed | Session::Opening)));
    Reply::Ok
}

/// 1.2.2: not while a command is carried out, but out of the download mode (1.2.18).
fn close(m: &mut Fibocom, cx: &mut Cx) -> Reply {
    match m.session {
        Session::Idle | Session::Downloading => {
            m.port = cx.port;
            m.say_goodbye(cx);
            Reply::Ok
        }
        _ => m.wrong_state(),
    }
}

/// Writes a setting of the FTP service, or refuses it in the download mode (1.2.18).
fn set<T>(m: &mut Fibocom, value: T, field: fn(&mut Fibocom) -> &mut T) -> Reply {
    match m.session {
        Session::Downloading => m.wrong_state(),
        _ => {
            *field(m) = value;
            Reply::Ok
        }
    }
}

/// Prints a setting of the FTP service, or refuses it in the download mode (1.2.18).
fn show(m: &Fibocom, cx: &mut Cx, value: impl std::fmt::Display) -> Reply {
    match m.session {
        Session::Downloading => m.wrong_state(),
        _ => {
            cx.info(value);
            Reply::Ok
        }
    }
}

/// 1.2.3
fn info(m: &mut Fibocom, _: &mut Cx, (on,): (Int<0, 1>,)) -> Reply {
    set(m, on, |m| &mut m.info)
}

fn info_read(m: &mut Fibocom, cx: &mut Cx) -> Reply {
    show(m, cx, m.info)
}

/// 1.2.21
fn mode(m: &mut Fibocom, _: &mut Cx, (mode,): (Int<0, 1>,)) -> Reply {
    set(m, mode, |m| &mut m.mode)
}

fn mode_read(m: &mut Fibocom, cx: &mut Cx) -> Reply {
    show(m, cx, m.mode)
}
