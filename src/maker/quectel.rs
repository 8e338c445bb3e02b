//! Quectel M10, after "GSM FTP AT Commands" V1.01 (2010-05-10).
//!
//! Chapter 2's settings are here, the session in [`session`], transfers in [`transfer`], the numbers of
//! chapter 3 in [`error`], the TCP/IP stack's context in [`context`]. What later firmware adds follows "GSM FTP AT
//! Commands Manual" V1.4 (2015-04-08; [`later`]) and "GSM FILE AT Commands Manual" V1.5 (2015-05-20): [`file`], [`handle`],
//! their numbers in [`trouble`], what they work on in [`storage`].

mod context;
mod error;
mod file;
mod handle;
mod later;
mod session;
mod storage;
mod transfer;
mod trouble;

use crate::at::{Int, Text};
use crate::commands;
use crate::ftp::Type;
use crate::modem::outcome::{Outcomes, Sorted};
use crate::modem::{Command, Cx, DataEnd, Event, Maker, PortId, Reply};
use crate::profile::Profile;
use crate::time::Timers;
use crate::time::units::{Size, Span};
use error::Code;
use file::Feed;
use serde::Deserialize;
use std::collections::BTreeMap;
use storage::Place;
use transfer::Job;

/// `[settings]` of a Quectel profile.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How long the server may take for a reply, or the link for a connection.
    server_timeout: Span,
    /// Whether data connections are passive at power-on (`AT+QFTPCFG=1`).
    passive: bool,
    /// The stores that the module has for files; with none there is no fourth parameter of `AT+QFTPCFG`.
    places: Vec<Place>,
    /// How much `RAM:` holds.
    ram: Size,
    /// How much `UFS:` holds.
    ufs: Size,
    /// How much the SD card holds; with 0 there is no card.
    sd: Size,
    /// What `AT+QFTPCLOSE` gives where no session was opened.
    close_unopened: i16,
}

/// The states of 2.2.9, each with what it knows.
enum Service {
    Idle,
    /// The context is being activated, or the session opened.
    Opening,
    Opened,
    /// Commands go to the server: a transfer is being started, or an operation without one runs.
    Working(Job),
    Transfer(Job),
    Closing,
    Closed,
    /// As CLOSED, but nobody has asked for it.
    Lost,
}

impl Service {
    /// Whether there is no session, nor will be.
    fn is_off(&self) -> bool {
        matches!(self, Service::Idle | Service::Closed | Service::Lost)
    }
}

/// Where a transfer's data goes and comes from (`AT+QFTPCFG=4` of later firmware).
#[derive(Clone)]
enum Local {
    Uart,
    /// A file of the module; of the server's file's name where none is given.
    File(Place, Option<String>),
}

/// The behaviour of a Quectel module.
pub struct Quectel {
    settings: Settings,
    timers: Timers<Timer>,
    user: Text<30>,
    password: Text<30>,
    path: Text<100>,
    passive: bool,
    kind: Type,
    resume: u32,
    local: Local,
    service: Service,
    /// The server of `AT+QFTPOPEN`.
    server: (String, u16),
    /// The serial port that controls the service.
    port: PortId,
    /// Octets of the last transfer.
    moved: u64,
    context: context::Stack,
    stores: storage::Stores,
    handles: handle::Handles,
    /// Files that the host sends, by port.
    feeds: BTreeMap<PortId, Feed>,
}

/// It waits for nothing by the clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {}

impl Maker for Quectel {
    type Settings = Settings;
    type Timer = Timer;

    const REPORTS: &'static [&'static str] = &["+QFTP", "+QNTP"];

    const OUTCOMES: &'static [Outcomes] = error::OUTCOMES;

    const REASONS: &'static [Sorted] = error::REASONS;

    const URCS: &'static [&'static str] = &["+QFTPERROR:*", "+PDP DEACT", "STATE:*", "CONNECT*"];

    const CODES: &'static [(&'static str, &'static str)] = &[
        ("+QFTPGET", "CONNECT"),
        ("+QFREAD", "CONNECT *"),
        ("+QIDEACT", "DEACT OK"),
        ("+QILOCIP", "*.*.*.*"),
    ];

    const COMMANDS: &'static [Command<Self>] = commands! { Quectel;
        // 2.2
        "+QFTPOPEN" { write: (session::open), read: (session::open_read), test: "+QFTPOPEN : \"HOST NAME\",(1-65535)" },
        "+QFTPCLOSE" { exec: (session::close), test: ok },
        "+QFTPPUT" { write: (transfer::put), test: "+QFTPPUT: \"FILE NAME\",<fileSz>,(1-65535)" },
        "+QFTPGET" { write: (transfer::get), test: "+QFTPGET: \"FILE NAME\"" },
        "+QFTPPATH" { write: path, read: path_read, test: "+QFTPPATH: \"PATH NAME\"" },
        "+QFTPUSER" { write: user, read: user_read, test: "+QFTPUSER: \"USER NAME\"" },
        "+QFTPPASS" { write: password, read: password_read, test: "+QFTPPASS: \"PASSWORD\"", secret: (1) },
        "+QFTPCFG" { write: configure, test: "+QFTPCFG: (1-3)" },
        "+QFTPSTAT" { exec: state, test: ok },
        // the manual of the TCP/IP stack, document [2] of 1.1
        "+QIFGCNT" { write: (context::select), read: (context::selected), test: "+QIFGCNT: (0,1)" },
        "+QICSGP" { write: (context::bearer), read: (context::bearer_read), test: (context::bearer_test), secret: (4, 5) },
        "+QIREGAPP" { exec: (context::register), read: (context::registered), write: (context::register_as), test: "+QIREGAPP: \"APN\",\"USER\",\"PWD\"", secret: (3) },
        "+QIACT" { exec: (context::activate), test: ok },
        "+QIDEACT" { exec: (context::deactivate), test: ok },
        "+QIDNSCFG" { write: (context::set_servers), read: (context::servers), test: ok, support: Answered },
        "+QILOCIP" { exec: (context::address), test: ok },
        "+QISTAT" { exec: (context::status), test: ok },
        "+QISTATE" { exec: (context::status), test: ok },
        "+QIMUX" { write: (context::multiplex), read: (context::multiplex_read), test: "+QIMUX: (0,1)", support: Answered },
        "+QIMODE" [context.mode; answered],
        "+QINDI" [context.indication; answered],
        "+QIDNSIP" [context.by_name; answered],
        // the module's command manual
        "+QCCID" { exec: card, test: ok },
        // FTP V1.4
        "+QFTPLEN" { exec: (later::length), test: ok },
        "+QFTPRENAME" { write: (later::rename), test: "+QFTPRENAME: (\"SOURCE NAME\",\"TARGET NAME\")" },
        "+QFTPSIZE" { write: (later::size), test: "+QFTPSIZE: \"FILE NAME\"" },
        "+QFTPDELETE" { write: (later::delete), test: "+QFTPDELETE: \"FILE NAME\"" },
        "+QFTPMKDIR" { write: (later::make_folder), test: "+QFTPMKDIR: \"PATH NAME\"" },
        "+QFTPRMDIR" { write: (later::remove_folder), test: "+QFTPRMDIR: \"PATH NAME\"" },
        "+QFTPLIST" { exec: (later::list_here), write: (later::list), test: "+QFTPLIST: \"NAME\"" },
        "+QFTPNLST" { exec: (later::names_here), write: (later::names), test: "+QFTPNLST: \"DIR NAME\"" },
        // FILE V1.5
        "+QFLDS" { exec: (file::used), write: (file::space), test: ok },
        "+QFLST" { exec: (file::list_flash), write: (file::list), test: ok },
        "+QFUPL" { write: (file::upload), test: "+QFUPL: \"file name\",<filesize> ,(1-65535),(0,1)" },
        "+QFDWL" { write: (file::download), test: "+QFDWL: \"file name\"" },
        "+QFDEL" { write: (file::delete), test: "+QFDEL: \"file name\"" },
        "+QFMOV" { write: (file::move_files), test: "+QFMOV: \"src filename\",\"dest filename\",(0,1),(0,1)" },
        "+QFOPEN" { write: (handle::open), read: (handle::opened), test: "+QFOPEN: \"filename\"[,(0-2) [,<length>]]" },
        "+QFREAD" { write: (handle::read), test: "+QFREAD: <filehandle>[,<length>]" },
        "+QFWRITE" { write: (handle::write), test: "+QFWRITE: <filehandle>[,<length>[,<timeout>]]" },
        "+QFSEEK" { write: (handle::seek), test: "+QFSEEK: <filehandle>,<offset>[,<position>]" },
        "+QFCLOSE" { write: (handle::close), test: "+QFCLOSE: <filehandle>" },
        "+QFPOSITION" { write: (handle::position), test: "+QFPOSITION: <filehandle>" },
        "+QFFLUSH" { write: (handle::flush), test: "+QFFLUSH: <filehandle>" },
        "+QFTUCAT" { write: (handle::truncate), test: "+QFTUCAT: <filehandle>" },
    };

    fn new(settings: &Settings, profile: &Profile) -> Self {
        Quectel {
            timers: Timers::default(),
            user: Text::default(),
            password: Text::default(),
            path: Text::default(),
            passive: settings.passive,
            kind: Type::Image,
            resume: 0,
            local: Local::Uart,
            service: Service::Idle,
            server: (String::new(), 0),
            port: PortId(0),
            moved: 0,
            context: context::Stack::new(profile),
            stores: storage::Stores::new(settings),
            handles: handle::Handles::default(),
            feeds: BTreeMap::new(),
            settings: settings.clone(),
        }
    }

    fn timers(&self) -> &Timers<Timer> {
        &self.timers
    }

    fn timers_mut(&mut self) -> &mut Timers<Timer> {
        &mut self.timers
    }

    fn on_timer(&mut self, _: &mut Cx, timer: Timer) {
        match timer {}
    }

    fn on_event(&mut self, cx: &mut Cx, event: Event) {
        cx.port = self.port;
        match event {
            Event::Boot => self.stores.load(cx),
            Event::Ftp(event) => self.ftp_event(cx, event),
            Event::FtpData => transfer::arrived(self, cx),
            Event::BearerUp(cid) => context::up(self, cx, cid),
            Event::BearerDown { cid, by } => context::down(self, cx, cid, by),
            Event::FtpDrained
            | Event::Socket(..)
            | Event::Resolved(..)
            | Event::Pong(..)
            | Event::Registration(_)
            | Event::Sim(_)
            | Event::SimReady
            | Event::Dtr(..) => {}
        }
    }

    fn on_data_end(&mut self, cx: &mut Cx, end: DataEnd, held: Vec<u8>, _: u64) -> Reply {
        match (self.feeds.remove(&cx.port), end) {
            (Some(feed), end) => file::fed(self, cx, feed, end, &held),
            // V.250 leaves online command mode to ATO or ATH.
            (None, DataEnd::Escape) => Reply::Ok,
            (None, end) => transfer::data_end(self, cx, end),
        }
    }
}

impl Quectel {
    /// Why the service cannot take a command now: chapter 3, -3 and -5.
    fn hindrance(&self, cx: &Cx) -> Option<Code> {
        match self.service {
            _ if ending(cx) => Some(Code::BUSY),
            Service::Opened if cx.port == self.port => None,
            _ if self.service.is_off() => Some(Code::NETWORK),
            _ => Some(Code::BUSY),
        }
    }

    /// Whether a port cannot change a setting now: chapter 3, -3.
    fn is_busy(&self, cx: &Cx) -> bool {
        match self.service {
            _ if ending(cx) => true,
            _ if self.service.is_off() => false,
            Service::Opened => cx.port != self.port,
            _ => true,
        }
    }

    /// What the server is told for a file: `AT+QFTPPATH` and the name.
    fn remote(&self, name: &str) -> String {
        match self.path.as_str() {
            path if path.is_empty() || name.starts_with('/') => name.into(),
            path => format!("{}/{name}", path.trim_end_matches('/')),
        }
    }
}

/// Whether the end of an operation is still to be said: the service goes on until then.
fn ending(cx: &Cx) -> bool {
    cx.is_ending("+QFTP")
}

/// 2.2.5
fn path(m: &mut Quectel, cx: &mut Cx, (path,): (Text<100>,)) -> Reply {
    match () {
        () if m.is_busy(cx) => cx.urc("+QFTPPATH", Code::BUSY),
        () if error::is_illegal(&path) => cx.urc("+QFTPPATH", Code::ILLEGAL),
        () => {
            m.path = path;
            cx.urc("+QFTPPATH", 0);
        }
    }
    Reply::Ok
}

fn path_read(m: &mut Quectel, cx: &mut Cx) -> Reply {
    cx.urc("+QFTPPATH", &m.path);
    Reply::Ok
}

/// 2.2.6; an empty name stands for the anonymous account.
fn user(m: &mut Quectel, cx: &mut Cx, (name,): (Text<30>,)) -> Reply {
    credential(cx, &m.service, &mut m.user, name)
}

/// 2.2.6, 2.2.7: only while there is no service.
fn credential(cx: &Cx, service: &Service, kept: &mut Text<30>, new: Text<30>) -> Reply {
    if !service.is_off() {
        return cx.refuse_state();
    }
    if error::is_illegal(&new) {
        return Reply::Error;
    }
    *kept = new;
    Reply::Ok
}

fn user_read(m: &mut Quectel, cx: &mut Cx) -> Reply {
    cx.line(&format!("+QFTPUSER:{}", m.user));
    Reply::Ok
}

/// 2.2.7
fn password(m: &mut Quectel, cx: &mut Cx, (text,): (Text<30>,)) -> Reply {
    credential(cx, &m.service, &mut m.password, text)
}

fn password_read(m: &mut Quectel, cx: &mut Cx) -> Reply {
    cx.line(&format!("+QFTPPASS:{}", m.password));
    Reply::Ok
}

type Any = Int<{ i64::MIN }, { i64::MAX }>;

/// 2.2.8: sets or queries; type 4 is later firmware's. A type that does not exist is illegal, not ill-formed.
fn configure(m: &mut Quectel, cx: &mut Cx, (which, value): (Any, Option<Text<100>>)) -> Reply {
    let which = which.get();
    let number = value.as_ref().and_then(|v| v.parse::<u32>().ok());
    let places = !m.settings.places.is_empty();
    match (which, value, number) {
        (1, None, _) => cx.urc("+QFTPCFG", u8::from(m.passive)),
        (2, None, _) => cx.urc("+QFTPCFG", u8::from(m.kind == Type::Ascii)),
        (3, None, _) => cx.urc("+QFTPCFG", m.resume),
        (4, None, _) if places => cx.urc("+QFTPCFG", format_args!("\"{}\"", m.local_path())),
        (1..=4, Some(_), _) if m.is_busy(cx) => cx.urc("+QFTPCFG", Code::BUSY),
        (1, Some(_), Some(mode @ (0 | 1))) => {
            m.passive = mode == 1;
            cx.ftp().set_passive(m.passive);
            cx.urc("+QFTPCFG", 0);
        }
        (2, Some(_), Some(kind @ (0 | 1))) => {
            m.kind = if kind == 1 { Type::Ascii } else { Type::Image };
            cx.urc("+QFTPCFG", 0);
        }
        (3, Some(_), Some(offset)) => {
            m.resume = offset;
            cx.urc("+QFTPCFG", 0);
        }
        (4, Some(path), _) if places && m.set_local(&path) => cx.urc("+QFTPCFG", 0),
        _ => cx.urc("+QFTPCFG", Code::ILLEGAL),
    }
    Reply::Ok
}

/// 2.2.9
fn state(m: &mut Quectel, cx: &mut Cx) -> Reply {
    let said = |name| cx.is_ending(name);
    let name = match m.service {
        _ if said("+QFTPOPEN") => "OPENING",
        _ if said("+QFTPCLOSE") => "CLOSING",
        _ if said("+QFTPGET") || said("+QFTPPUT") => "TRANSFER",
        _ if said("+QFTP") => "WORKING",
        Service::Idle => "IDLE",
        Service::Opening => "OPENING",
        Service::Opened => "OPENED",
        Service::Working(_) => "WORKING",
        Service::Transfer(_) => "TRANSFER",
        Service::Closing => "CLOSING",
        Service::Closed | Service::Lost => "CLOSED",
    };
    cx.info(name);
    Reply::Ok
}

/// AT+QCCID: the SIM card's number.
fn card(_: &mut Quectel, cx: &mut Cx) -> Reply {
    match cx.lasting.sim.present() {
        true => {
            let number = cx.profile.sim.iccid.clone();
            cx.line(&number);
            Reply::Ok
        }
        false => Reply::Cme(10),
    }
}

#[cfg(test)]
mod tests;
