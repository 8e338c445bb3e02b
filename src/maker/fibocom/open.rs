//! 1.2.1 and 1.2.2: the connection is opened and closed.

use super::{Fibocom, Name, Session, ending};
use crate::at::args::Arg;
use crate::at::{ArgError, FromArg, Int, Text};
use crate::ftp;
use crate::modem::net::{Offer, Tls, Verify};
use crate::modem::{Cx, Reply, Target};

/// 1.2.1.4: a name of 1024 octets at most, or an address whose numbers are 0-255.
pub(super) struct Host(String);

impl FromArg for Host {
    fn from_arg(arg: Option<&Arg>) -> Result<Self, ArgError> {
        let host = Text::<1024>::from_arg(arg)?.into_string();
        let numbers: Vec<&str> = host.split('.').collect();
        let digits = |n: &&str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit());
        match numbers.len() == 4 && numbers.iter().all(digits) {
            true if numbers.iter().any(|n| n.parse::<u8>().is_err()) => Err(ArgError::Range),
            _ => Ok(Host(host)),
        }
    }

    fn grammar(_: &mut std::fmt::Formatter) -> std::fmt::Result {
        Ok(())
    }
}

type Account = Option<Name>;
type Port = Option<u16>;
type OpenArgs = (Host, Name, Name, Account, Port, Port, Port, Option<Int<0, 1>>);

/// 1.2.1. The example of 3.1, `,,990,,1`, is one comma short: its 990 is the server's port and its 1
/// asks for TLS.
pub(super) fn open(m: &mut Fibocom, cx: &mut Cx, args: OpenArgs) -> Reply {
    let (host, user, password, account, ..) = &args;
    let (from, to, data, tls) = match (args.4, args.5, args.6, args.7) {
        (to, None, Some(tls @ 0..=1), None) => (None, to, None, tls == 1),
        (from, to, data, tls) => (from, to, data, tls.is_some_and(|tls| tls.get() == 1)),
    };
    match (&m.session, cx.bearers.active()) {
        _ if ending(cx) => return m.wrong_state(),
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
        security: if tls { ftp::Security::Implicit } else { ftp::Security::Clear },
        ..ftp::Settings::default()
    };
    let target = Target {
        host: host.0.clone(),
        port: to.filter(|port| *port > 0).unwrap_or(21),
        from_port: from.filter(|port| *port > 0),
        tls: tls.then(|| Tls {
            name: host.0.clone(),
            verify: if m.call.verify.get() == 1 { Verify::Trusted } else { Verify::Nothing },
            offer: Offer::default(),
        }),
    };
    m.port = cx.port;
    m.session = Session::Opening;
    cx.ftp().open(target, settings);
    cx.reply_with("+FTPOPEN", 1)
}

pub(super) fn open_read(m: &mut Fibocom, cx: &mut Cx) -> Reply {
    cx.info(u8::from(!matches!(m.session, Session::Closed | Session::Opening)));
    Reply::Ok
}

/// 1.2.2: not while a command is carried out, but out of the download mode (1.2.18).
pub(super) fn close(m: &mut Fibocom, cx: &mut Cx) -> Reply {
    match m.session {
        Session::Idle | Session::Downloading if !ending(cx) => {
            m.port = cx.port;
            m.say_goodbye(cx);
            cx.reply_with("+FTPCLOSE", 1)
        }
        _ => m.wrong_state(),
    }
}
