//! 5.8 to 5.10 and 5.16 to 5.18: what a command does to a file or a folder of the server, and the session's end.

use super::{Job, Simcom};
use crate::at::Int;
use crate::fault::PowerOn;
use crate::ftp::Op;
use crate::modem::{Cx, Reply};

/// 5.8: `AT+FTPDELE=1`.
pub(super) fn dele_1(m: &mut Simcom, cx: &mut Cx, _: (Int<1, 1>,)) -> Reply {
    dele(m, cx)
}

pub(super) fn dele(m: &mut Simcom, cx: &mut Cx) -> Reply {
    let steps = Simcom::in_folder(&m.ftp.get_path, Op::Dele(m.ftp.get_name.as_str().into()));
    let complete = !m.ftp.get_name.is_empty();
    m.begin(cx, Job::Dele, steps, complete)
}

/// 5.9
pub(super) fn size(m: &mut Simcom, cx: &mut Cx) -> Reply {
    let steps = Simcom::in_folder(&m.ftp.get_path, Op::Size(m.ftp.get_name.as_str().into()));
    let complete = !m.ftp.get_name.is_empty();
    m.begin(cx, Job::Size { unknown_is_0: m.settings.failed_size }, steps, complete)
}

/// 5.10
pub(super) fn mkd(m: &mut Simcom, cx: &mut Cx) -> Reply {
    let complete = !m.ftp.get_path.is_empty();
    m.begin(cx, Job::Mkd, [Op::Mkd(m.ftp.get_path.as_str().into())], complete)
}

/// 5.10
pub(super) fn rmd(m: &mut Simcom, cx: &mut Cx) -> Reply {
    let complete = !m.ftp.get_path.is_empty();
    m.begin(cx, Job::Rmd, [Op::Rmd(m.ftp.get_path.as_str().into())], complete)
}

/// 5.17: the new name's folder is that of `AT+FTPPUTPATH`, or the old one where none is set.
pub(super) fn rename(m: &mut Simcom, cx: &mut Cx) -> Reply {
    let to = match m.ftp.put_path.trim_end_matches('/') {
        _ if m.ftp.put_path.is_empty() => m.ftp.put_name.as_str().into(),
        folder => format!("{folder}/{}", m.ftp.put_name.as_str()),
    };
    let op = Op::Rename { from: m.ftp.get_name.as_str().into(), to };
    let steps = Simcom::in_folder(&m.ftp.get_path, op);
    let complete = !m.ftp.get_name.is_empty() && !m.ftp.put_name.is_empty();
    m.begin(cx, Job::Rename, steps, complete)
}

/// 5.18
pub(super) fn mdtm(m: &mut Simcom, cx: &mut Cx) -> Reply {
    let steps = Simcom::in_folder(&m.ftp.get_path, Op::Mdtm(m.ftp.get_name.as_str().into()));
    let complete = !m.ftp.get_name.is_empty();
    m.begin(cx, Job::Mdtm, steps, complete)
}

/// 3: `AT+FTPSTATE`.
pub(super) fn state(m: &mut Simcom, cx: &mut Cx) -> Reply {
    cx.info(u8::from(m.session.is_some() || m.is_ending(cx)));
    Reply::Ok
}

/// 5.16
pub(super) fn quit(m: &mut Simcom, cx: &mut Cx) -> Reply {
    match &m.session {
        None => cx.refuse_state(),
        Some(_) => {
            cx.ftp().discard();
            m.fail(cx, m.settings.quit);
            Reply::Ok
        }
    }
}

/// `AT+CREBOOT`: as `AT+CFUN=1,1`.
pub(super) fn reboot(_: &mut Simcom, cx: &mut Cx) -> Reply {
    cx.reset(PowerOn::Banner);
    Reply::Ok
}
