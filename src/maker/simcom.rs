//! SIMCom SIM7080 series, after "SIM7080 Series_FTP_Application Note" V1.01 (2020-02-26).
//!
//! A command of the note opens a session of its own, does one thing and quits. The settings and the
//! session's state are here, what becomes of it in [`session`], the transfers in [`transfer`], [`extended`] and
//! [`local`], the rest in [`files`], the bearers in [`bearer`].

mod backup;
mod bearer;
mod cfs;
mod disk;
mod extended;
mod files;
mod identity;
mod local;
mod network;
mod number;
mod parameters;
mod saved;
mod session;
mod stack;
#[cfg(test)]
mod tests;
mod tls;
mod transfer;
mod typing;

use crate::commands;
use crate::frame::Framing;
use crate::ftp::{self, Op};
use crate::modem::outcome::Outcomes;
use crate::modem::{Command, Cx, DataEnd, EndedBy, Event, Maker, PortId, Reply};
use crate::profile::Profile;
use crate::time::Timers;
use crate::time::units::{Size, Span};
use parameters::Parameters;
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
    /// How much `AT+FTPEXTGET` holds.
    extended_buffer: Size,
    /// How much `AT+FTPEXTPUT` holds.
    extended_upload: Size,
    /// Whether a failed `AT+FTPSIZE` has `,0` behind its number.
    failed_size: bool,
    /// What the module's own drive holds, where it has one.
    drive: Option<Size>,
    /// What the SD card holds; none is in its slot where it is 0 or nothing is said.
    card: Option<Size>,
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
    timers: Timers<Timer>,
    ftp: Parameters,
    session: Option<Session>,
    extended: extended::Extended,
    cfs: cfs::Cfs,
    backup: backup::Backup,
    disk: disk::Disk,
    tls: tls::TlsSettings,
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
    ToFile(local::Download),
    FromFile(local::Upload),
    EtPut(Put),
    EtGet,
    Dele,
    /// Whether a failure is told with a size of 0.
    Size {
        unknown_is_0: bool,
    },
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
            Job::ToFile(_) => "+FTPGETTOFS",
            Job::FromFile(_) => "+FTPPUTFRMFS",
            Job::EtPut(_) => "+FTPETPUT",
            Job::EtGet => "+FTPETGET",
            Job::Dele => "+FTPDELE",
            Job::Size { .. } => "+FTPSIZE",
            Job::Mkd => "+FTPMKD",
            Job::Rmd => "+FTPRMD",
            Job::Rename => "+FTPRENAME",
            Job::Mdtm => "+FTPMDTM",
        }
    }
}

/// The maker's timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    Remind,
    Unread,
    Close,
    Again,
}

impl Maker for Simcom {
    type Settings = Settings;
    type Timer = Timer;

    const REPORTS: &'static [&'static str] = &["+FTP", "+CNTP"];

    const OUTCOMES: &'static [Outcomes] = number::OUTCOMES;

    const URCS: &'static [&'static str] = &[
        "+CMTI:*",
        "+APP PDP:*",
        "+PDP:*",
        "+CPIN:*",
        "+SAPBR *: DEACT",
        "SMS Ready",
        "Call Ready",
        "STATE: *",
        "C: *",
    ];

    const OPENINGS: &'static [&'static str] = &["+FTPETPUT: 2,1", "+FTPETGET: 1,1"];

    const CODES: &'static [(&'static str, &'static str)] = &[("+CIPSHUT", "SHUT OK"), ("+CIFSR", "*.*.*.*")];

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
        "+CSSLCFG" { write: (tls::configure), read: (tls::configure_read), test: (tls::configure_test), secret: (5), support: Partly },
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
        // SIM800 manual V1.11, 12.2.24 to 12.2.27
        "+FTPGETTOFS" { write: (local::get), read: (local::get_read), test: ok },
        "+FTPPUTFRMFS" { write: (local::put), read: (local::put_read), test: ok },
        "+FTPFILEPUT" { write: (local::load), test: ok },
        // what its hosts do with its drives
        "+FSDRIVE" { write: (disk::drive), test: ok },
        "+FSMEM" { exec: (disk::memory), test: ok },
        "+FSLS" { write: (disk::list), test: ok },
        "+FSMKDIR" { write: (disk::make_folder), test: ok },
        "+FSRMDIR" { write: (disk::remove_folder), test: ok },
        "+FSCREATE" { write: (disk::create), test: ok },
        "+FSREAD" { write: (disk::read), test: ok },
        "+FSWRITE" { write: (disk::write), test: ok },
        "+FSDEL" { write: (disk::delete), test: ok },
        "+FSRENAME" { write: (disk::rename), test: ok },
        "+FSFLSIZE" { write: (disk::size), test: ok },
        // command manual V1.02, 9.2
        "+CFSINIT" { exec: (cfs::init) },
        "+CFSWFILE" { write: (cfs::write), test: (cfs::write_test) },
        "+CFSRFILE" { write: (cfs::read), test: (cfs::read_test) },
        "+CFSDFILE" { write: (cfs::delete), test: "+CFSDFILE: (0-3),50" },
        "+CFSGFIS" { write: (cfs::size), test: "+CFSGFIS: (0-3),50" },
        "+CFSREN" { write: (cfs::rename), test: "+CFSREN: (0-3),50,50" },
        "+CFSGFRS" { read: (cfs::free) },
        "+CFSTERM" { exec: (cfs::terminate) },
        "+CBAINIT" { exec: (backup::init) },
        "+CBALIST" { write: (backup::list), read: (backup::listed) },
        "+CBAPPS" { exec: (backup::keep) },
        "+CBART" { exec: (backup::restore) },
    };

    /// `AT+SAPBR=4`
    const SECRET_LABELS: &'static [&'static str] = &["PWD"];

    fn new(settings: &Settings, profile: &Profile) -> Self {
        Simcom {
            timers: Timers::default(),
            settings: settings.clone(),
            ftp: Parameters::new(settings.first_bearer),
            session: None,
            extended: extended::Extended::default(),
            cfs: cfs::Cfs::new(settings.file_system.0),
            backup: backup::Backup::new(settings.file_system.0),
            disk: disk::Disk::new(settings),
            tls: tls::TlsSettings::default(),
            typing: typing::Typists::new(),
            bearers: bearer::Bearers::new(profile),
            stack: stack::Stack::new(profile),
            pins: BTreeMap::new(),
        }
    }

    fn timers(&self) -> &Timers<Timer> {
        &self.timers
    }

    fn timers_mut(&mut self) -> &mut Timers<Timer> {
        &mut self.timers
    }

    fn on_timer(&mut self, cx: &mut Cx, timer: Timer) {
        if let Some(session) = &self.session {
            cx.port = session.port;
        }
        transfer::timer(self, cx, timer);
    }

    fn on_event(&mut self, cx: &mut Cx, event: Event) {
        if let Some(session) = &self.session {
            cx.port = session.port;
        }
        match event {
            Event::Ftp(event) => self.ftp_event(cx, event),
            Event::FtpData => transfer::arrived(self, cx),
            Event::FtpDrained => transfer::drained(self, cx),
            Event::BearerUp(context) => {
                stack::up(self, cx, context);
                bearer::up(self, cx, context);
            }
            Event::BearerDown { cid, by } => {
                if let Some(session) =
                    self.session.as_ref().filter(|s| s.context == cid && by == EndedBy::Host)
                {
                    session::take_back(cx, &session.job);
                }
                bearer::down(self, cx, cid, by);
                stack::down(self, cx, cid);
                if self.session.as_ref().is_some_and(|s| s.context == cid) {
                    let failure = ftp::Failure { step: ftp::Step::Connect, cause: ftp::Cause::NoBearer };
                    if !local::waits(self, cx, &failure) {
                        cx.ftp().discard();
                        self.fail(cx, 61);
                    }
                }
            }
            Event::Boot => {
                saved::load(self, cx);
                self.cfs.files.load(&cx.lasting.flash);
                self.backup.files.load(&cx.lasting.flash);
                self.disk.load(&cx.lasting.flash);
            }
            Event::SimReady => cx.urc_all("+CPIN: READY"),
            Event::Socket(..)
            | Event::Resolved(..)
            | Event::Pong(..)
            | Event::Registration(_)
            | Event::Sim(_)
            | Event::Dtr(..) => {}
        }
    }

    fn on_data_end(&mut self, cx: &mut Cx, end: DataEnd, held: Vec<u8>, moved: u64) -> Reply {
        transfer::data_end(self, cx, end, held, moved)
    }
}

/// `+CME ERROR` for what the file systems cannot do (manual V1.02, 21.1).
const MEMORY_FULL: u16 = 20;
const NOT_FOUND: u16 = 22;
