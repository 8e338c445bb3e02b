//! SIMCom SIM7080 series, after "SIM7080 Series_FTP_Application Note" V1.01 (2020-02-26).
//!
//! A command of the note opens a session of its own, does one thing and quits. The settings and the
//! session's state are here, the transfers in [`transfer`] and [`extended`], the rest in [`files`], the
//! bearers in [`bearer`].

mod bearer;
mod cfs;
mod extended;
mod files;
mod identity;
mod network;
mod number;
mod parameters;
mod saved;
mod stack;
#[cfg(test)]
mod tests;
mod tls;
mod transfer;
mod typing;

use crate::commands;
use crate::frame::Framing;
use crate::ftp::{self, How, Op, Type};
use crate::modem::{Command, Cx, DataEnd, Event, Maker, PortId, Reply, Target};
use crate::profile::Profile;
use crate::time::units::{Size, Span};
use number::number;
use parameters::{FileType, Parameters, PutOption};
use serde::Deserialize;
use std::collections::{BTreeMap, VecDeque};
use transfer::{Get, Put};

/// `[settings]` of a SIMCom profile.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Unread data is announced again after this time (5.1).
    get_reminder: Span,
    /// Data that nobody reads ends the session with 64 after this time (5.3).
    get_unread: Span,
    /// From the last byte read to `+FTPGET: 1,0`.
    get_close: Span,
    /// How much of a download waits in the module.
    get_buffer: Size,
    /// The most octets of one `AT+FTPPUT=2` (5.2).
    put_window: u32,
    /// Whether `AT+FTPPUT=2` is taken before the next `+FTPPUT: 1,1`.
    put_eager: bool,
    /// How long the octets that `AT+FTPPUT=2` announced may take; no limit where it is 0.
    put_input: Span,
    /// How long the server may take.
    server_timeout: Span,
    /// How long the server may take for an upload.
    put_server_timeout: Span,
    /// How much `AT+FTPEXTPUT` and `AT+FTPEXTGET` hold.
    extended_buffer: Size,
    /// What `AT+CFSGFRS` tells of an empty file system.
    file_system: Size,
    /// Whether `AT+FTPETPUT` and `AT+FTPETGET` write ETX and DLE of the payload behind a DLE.
    escape_etx: bool,
    /// The number of the first bearer in `AT+FTPCID`.
    first_bearer: u8,
    /// What is printed when a bearer comes up; `{id}` is its number.
    bearer_up: String,
    /// What is printed when a bearer that the host closed is down.
    bearer_closed: String,
    /// What is printed when the network takes a bearer down.
    bearer_lost: String,
    /// What `AT+CNACT` names.
    cnact: network::Names,
    /// What `AT+SAPBR=4` lists.
    bearer_tags: Vec<String>,
    /// The revision of the customisation, as `AT+CSUB` prints it.
    sub_version: String,
    /// The pins that `AT+SGPIO` knows.
    pins: Vec<u8>,
    /// The number that `AT+FTPQUIT` ends a session with (5.16).
    quit: u16,
}

impl Settings {
    /// How `AT+FTPETPUT` and `AT+FTPETGET` write payload.
    fn et_framing(&self) -> Framing {
        if self.escape_etx { Framing::ETX_DLE } else { Framing::ETX }
    }
}

/// The behaviour of a SIMCom module.
pub struct Simcom {
    settings: Settings,
    ftp: Parameters,
    session: Option<Session>,
    extended: extended::Extended,
    cfs: cfs::Cfs,
    tls: tls::Settings,
    typing: typing::Typists,
    bearers: bearer::Bearers,
    stack: stack::Stack,
    /// `AT+SGPIO`: what the host has made of its pins.
    pins: BTreeMap<u8, identity::Pin>,
}

/// A session of one command.
struct Session {
    port: PortId,
    /// The PDP context that carries it.
    context: u8,
    job: Job,
    steps: VecDeque<Op>,
}

/// What the session is for: the command that reports, and where it stands.
enum Job {
    Get(Get),
    List(Get),
    Put(Put),
    ExtendedGet,
    EtPut(Put),
    EtGet,
    Dele,
    Size,
    Mkd,
    Rmd,
    Rename,
    Mdtm,
}

impl Job {
    /// The command that reports on it.
    fn name(&self) -> &'static str {
        match self {
            Job::Get(_) => "+FTPGET",
            Job::List(_) => "+FTPLIST",
            Job::Put(_) => "+FTPPUT",
            Job::ExtendedGet => "+FTPEXTGET",
            Job::EtPut(_) => "+FTPETPUT",
            Job::EtGet => "+FTPETGET",
            Job::Dele => "+FTPDELE",
            Job::Size => "+FTPSIZE",
            Job::Mkd => "+FTPMKD",
            Job::Rmd => "+FTPRMD",
            Job::Rename => "+FTPRENAME",
            Job::Mdtm => "+FTPMDTM",
        }
    }
}

/// The maker's timers.
#[derive(Clone, Copy)]
enum Timer {
    Remind = 1,
    Unread = 2,
    Close = 3,
}

impl Maker for Simcom {
    type Settings = Settings;

    const REPORTS: &'static [&'static str] = &["+FTP", "+CNTP"];

    const URCS: &'static [&'static str] = &[
        "+APP PDP:*",
        "+PDP:*",
        "+CPIN:*",
        "+SAPBR *: DEACT",
        "SMS Ready",
        "Call Ready",
        "STATE: *",
        "C: *",
    ];

    const COMMANDS: &'static [Command<Self>] = commands! { Simcom;
        // 3
        "+FTPPORT" [ftp.port; untold],
        "+FTPMODE" [ftp.mode; untold],
        "+FTPTYPE" [ftp.file_type; untold],
        "+FTPPUTOPT" [ftp.put_option; untold],
        "+FTPCID" [ftp.cid; untold],
        "+FTPREST" [ftp.rest; untold],
        "+FTPSERV" [ftp.server; untold],
        "+FTPUN" [ftp.user; untold],
        "+FTPPW" [ftp.password; secret, untold],
        "+FTPGETNAME" [ftp.get_name; untold],
        "+FTPGETPATH" [ftp.get_path; untold],
        "+FTPPUTNAME" [ftp.put_name; untold],
        "+FTPPUTPATH" [ftp.put_path; untold],
        "+FTPGET" { write: (transfer::get), read: (transfer::get_read), test: ok },
        "+FTPPUT" { write: (transfer::put), read: (transfer::put_read), test: ok },
        "+FTPDELE" { write: (files::dele_1), exec: (files::dele), test: ok },
        "+FTPSIZE" { exec: (files::size), test: ok },
        "+FTPSTATE" { exec: (files::state), read: (files::state), test: ok },
        "+FTPEXTPUT" { write: (extended::put), read: (extended::put_read), test: ok },
        "+FTPMKD" { exec: (files::mkd), test: ok },
        "+FTPRMD" { exec: (files::rmd), test: ok },
        "+FTPLIST" { write: (transfer::list), read: (transfer::list_read), test: ok },
        "+FTPEXTGET" { write: (extended::get), read: (extended::get_read), test: ok },
        "+FTPETPUT" { write: (extended::et_put), read: (extended::et_put_read), test: ok },
        "+FTPETGET" { write: (extended::et_get), read: (extended::et_get_read), test: ok },
        "+FTPQUIT" { exec: (files::quit), test: ok },
        "+FTPRENAME" { exec: (files::rename), test: ok },
        "+FTPMDTM" { exec: (files::mdtm), test: ok },
        // command manual V1.02, 15.2.29 and 11.2.1
        "+FTPSSL" { write: (tls::ftp), read: (tls::ftp_read), test: "+FTPSSL: (0-2),(0-5),50,50" },
        "+CSSLCFG" { write: (tls::configure), read: (tls::configure_read), test: (tls::configure_test), secret: (5) },
        // 4.1
        "+CGNAPN" { exec: (bearer::network_apn), test: "+CGNAPN: (0,1),(0-100)" },
        "+CNCFG" { write: (bearer::configure), read: (bearer::configuration), test: "+CNCFG: (0-3),(0-4),(0-150),(0-127),(0-127),(0-3)", secret: (5) },
        "+CNACT" { write: (network::write), read: (network::read), test: (network::test) },
        // of the command manual
        "+GSV" { exec: (identity::product_lines), test: ok },
        "+SIMCOMATI" { exec: (identity::all), test: ok },
        "+CSUB" { exec: (identity::sub_version), test: ok },
        "+SGPIO" { write: (identity::pin), test: (identity::pins), support: Answered },
        "+CREBOOT" { exec: (files::reboot), test: ok },
        // the SIM800 and SIM7000 hosts' way to the same bearers
        "+SAPBR" { write: (bearer::sapbr), test: "+SAPBR: (0-5),(1-3),\"ConParamTag\",\"ConParamValue\"", secret: (4 unless 3 in ["CONTYPE", "APN", "PHONENUM", "USER", "RATE"]) },
        "+FTPSCONT" { exec: (saved::save), read: (saved::read), test: ok },
        // their TCP commands, as far as the context
        "+CIPMUX" { write: (stack::multiplex), read: (stack::multiplexed), test: "+CIPMUX: (0,1)" },
        "+CIPSHUT" { exec: (stack::shut), test: ok },
        "+CSTT" { write: (stack::start), exec: (stack::begin), read: (stack::started), test: "+CSTT: \"APN\",\"USER\",\"PWD\"", secret: (3) },
        "+CIICR" { exec: (stack::bring_up), test: ok },
        "+CIFSR" { exec: (stack::address), test: ok },
        "+CIPSTATUS" { exec: (stack::status), write: (stack::status_of), test: ok },
        // command manual V1.02, 9.2
        "+CFSINIT" { exec: (cfs::init) },
        "+CFSWFILE" { write: (cfs::write), test: (cfs::write_test) },
        "+CFSRFILE" { write: (cfs::read), test: (cfs::read_test) },
        "+CFSDFILE" { write: (cfs::delete), test: "+CFSDFILE: (0-3),50" },
        "+CFSGFIS" { write: (cfs::size), test: "+CFSGFIS: (0-3),50" },
        "+CFSREN" { write: (cfs::rename), test: "+CFSREN: (0-3),50,50" },
        "+CFSGFRS" { read: (cfs::free) },
        "+CFSTERM" { exec: (cfs::terminate) },
    };

    /// `AT+SAPBR=4`
    const SECRET_LABELS: &'static [&'static str] = &["PWD"];

    fn new(settings: &Settings, profile: &Profile) -> Self {
        Simcom {
            settings: settings.clone(),
            ftp: Parameters::new(settings.first_bearer),
            session: None,
            extended: extended::Extended::default(),
            cfs: cfs::Cfs::new(settings.file_system.0),
            tls: tls::Settings::default(),
            typing: typing::Typists::new(),
            bearers: bearer::Bearers::new(profile),
            stack: stack::Stack::new(profile),
            pins: BTreeMap::new(),
        }
    }

    fn on_event(&mut self, cx: &mut Cx, event: Event) {
        if let Some(session) = &self.session {
            cx.port = session.port;
        }
        match event {
            Event::Ftp(event) => self.ftp_event(cx, event),
            Event::FtpData => transfer::arrived(self, cx),
            Event::FtpDrained => transfer::drained(self, cx),
            Event::Timer(key) => transfer::timer(self, cx, key),
            Event::BearerUp(context) => {
                stack::up(self, cx, context);
                bearer::up(self, cx, context);
            }
            Event::BearerDown { cid, by_network } => {
                bearer::down(self, cx, cid, by_network);
                stack::down(self, cx, cid);
                if self.session.as_ref().is_some_and(|s| s.context == cid) {
                    cx.ftp_drop();
                    self.fail(cx, 61);
                }
            }
            Event::Boot => {
                saved::load(self, cx);
                self.cfs.files.load(&cx.flash);
            }
            Event::SimReady => cx.urc_all("+CPIN: READY"),
            _ => {}
        }
    }

    fn on_data_end(&mut self, cx: &mut Cx, end: DataEnd, held: Vec<u8>, moved: u64) -> Reply {
        transfer::data_end(self, cx, end, held, moved)
    }
}

impl Simcom {
    /// Opens a session for `job`, or says what forbids it: 66 for one that is on or a name that is
    /// missing (5.5), 61 without a bearer.
    fn begin(&mut self, cx: &mut Cx, job: Job, steps: impl IntoIterator<Item = Op>, complete: bool) -> Reply {
        if self.is_ending(cx) {
            return cx.refuse_state();
        }
        if self.session.is_some() || !complete || self.ftp.server.is_empty() {
            refuse(cx, &job, 66);
            return Reply::Ok;
        }
        let context = self.context(self.ftp.cid.get() as u8);
        if cx.bearers.address(context).is_none() {
            refuse(cx, &job, 61);
            return Reply::Ok;
        }
        let Some((security, tls)) = self.tls.session(cx, &self.ftp.server) else {
            refuse(cx, &job, 66);
            return Reply::Ok;
        };
        let server = match matches!(job, Job::Put(_) | Job::EtPut(_)) {
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
        if matches!(job, Job::Get(_) | Job::ExtendedGet | Job::EtGet) {
            // 5.7: the point holds for one transfer.
            self.ftp.rest = 0;
        }
        let (name, says) = (job.name(), self.opens_with(&job));
        self.session = Some(Session { port: cx.port, context, job, steps: steps.into_iter().collect() });
        cx.ftp_open(target, settings);
        cx.reply_with(name, says)
    }

    /// What a job says first where nothing goes wrong.
    fn opens_with(&self, job: &Job) -> String {
        match job {
            Job::Put(_) if self.extended.upload().is_none() => format!("1,1,{}", self.settings.put_window),
            Job::Get(_) | Job::List(_) | Job::EtPut(_) | Job::EtGet => "1,1".into(),
            _ => "1,0".into(),
        }
    }

    /// The PDP context behind a bearer's number.
    fn context(&self, bearer: u8) -> u8 {
        bearer.wrapping_sub(self.settings.first_bearer).wrapping_add(1)
    }

    /// The steps of an operation on a file: into its folder first, where one is named.
    fn in_folder(path: &str, op: Op) -> Vec<Op> {
        let folder = (!path.is_empty()).then(|| Op::Cwd(path.into()));
        folder.into_iter().chain([op]).collect()
    }

    fn file_type(&self) -> Type {
        match self.ftp.file_type {
            FileType::Ascii => Type::Ascii,
            FileType::Binary => Type::Image,
        }
    }

    fn retrieve(&self) -> Vec<Op> {
        let offset = u64::from(self.ftp.rest);
        let op = Op::Retrieve { path: self.ftp.get_name.as_str().into(), kind: self.file_type(), offset };
        Self::in_folder(&self.ftp.get_path, op)
    }

    fn store(&self) -> Vec<Op> {
        let how = match self.ftp.put_option {
            PutOption::Append => How::Appe,
            PutOption::Unique => How::Stou,
            PutOption::Store => How::Stor,
        };
        let path = self.ftp.put_name.as_str().into();
        Self::in_folder(&self.ftp.put_path, Op::Store { path, kind: self.file_type(), offset: 0, how })
    }

    fn ftp_event(&mut self, cx: &mut Cx, event: ftp::Event) {
        let Some(session) = &mut self.session else { return };
        match event {
            ftp::Event::Opened => {
                if let Some(op) = session.steps.pop_front() {
                    cx.ftp_start(op);
                }
            }
            ftp::Event::Begun => transfer::begun(self, cx),
            ftp::Event::Done { reply, .. } => match session.steps.pop_front() {
                Some(op) => {
                    cx.ftp_start(op);
                }
                None => {
                    cx.ftp_start(Op::Quit);
                    self.done(cx, &reply);
                }
            },
            ftp::Event::Failed { op, failure, .. } => {
                let number = number(&failure, &session.job, Some(&op));
                cx.ftp_start(Op::Quit);
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
    fn done(&mut self, cx: &mut Cx, reply: &ftp::Reply) {
        let Some(session) = &mut self.session else { return };
        match &mut session.job {
            Job::Get(get) | Job::List(get) => {
                get.finish();
                return transfer::close_if_read(self, cx);
            }
            // 5.9
            Job::Size => cx.end("+FTPSIZE", format_args!("1,0,{}", reply.text().trim())),
            // 5.18
            Job::Mdtm => cx.end("+FTPMDTM", format_args!("1,0,{}", reply.text().trim())),
            Job::ExtendedGet => {
                extended::got(&mut self.extended, cx);
                cx.end("+FTPEXTGET", "1,0");
            }
            Job::EtGet => transfer::end_et_get(cx),
            job => report(cx, job, 0),
        }
        if !matches!(session.job, Job::EtGet) {
            self.session = None;
        }
    }

    /// Whether an operation is about to end: all is done but for the last word of the server, or what tells the
    /// host of it is still to be said. No other is begun meanwhile.
    fn is_ending(&self, cx: &Cx) -> bool {
        let closing = match &self.session {
            Some(Session { job: Job::Get(get) | Job::List(get), .. }) => get.is_closing(),
            Some(Session { job: Job::Put(put) | Job::EtPut(put), .. }) => *put == Put::Closing,
            _ => false,
        };
        closing || cx.endings().any(|line| line.starts_with("+FTP") && !opens(line))
    }

    /// Whether the host is still to be told that it may go on.
    fn is_opening(cx: &Cx) -> bool {
        cx.endings().any(|line| line.starts_with("+FTP") && opens(line))
    }

    /// The session is over, with a number that says why.
    fn fail(&mut self, cx: &mut Cx, number: u16) {
        let Some(session) = self.session.take() else { return };
        cx.port = session.port;
        for timer in [Timer::Remind, Timer::Unread, Timer::Close] {
            cx.cancel(timer as u32);
        }
        match session.job {
            // The host waits for the end mark, whatever came before it.
            Job::EtGet if cx.in_data_mode(session.port) => transfer::end_et_get(cx),
            // What the host has announced it types to the end; what is about to begin does not.
            Job::EtPut(_) | Job::EtGet if !cx.in_data_mode(session.port) => cx.leave_data(),
            _ => {}
        }
        report(cx, &session.job, number);
    }
}

/// `+FTPGET: 1,1`, `+FTPPUT: 1,1,<window>` and their like: the host may go on.
fn opens(line: &str) -> bool {
    line.split_once(':').is_some_and(|(_, values)| values.trim_start().starts_with("1,1"))
}

/// `+CME ERROR` for what the file systems cannot do (manual V1.02, 21.1).
const MEMORY_FULL: u16 = 20;
const NOT_FOUND: u16 = 22;

/// The answer to what cannot be done in this state.
fn not_allowed(_: &Cx) -> Reply {
    Reply::Cme(3)
}

/// `1,<number>`, behind the command's name.
fn values(job: &Job, number: u16) -> String {
    match (job, number) {
        (Job::Size, 1..) => format!("1,{number},0"),
        _ => format!("1,{number}"),
    }
}

/// `+FTP...: 1,<number>`: it has ended.
fn report(cx: &mut Cx, job: &Job, number: u16) {
    cx.end(job.name(), values(job, number));
}

/// `+FTP...: 1,<number>`: it was never begun.
fn refuse(cx: &mut Cx, job: &Job, number: u16) {
    cx.refuse_later(job.name(), values(job, number));
}
