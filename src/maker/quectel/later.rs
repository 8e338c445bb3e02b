//! The FTP commands of later firmware (M95 and its kin), as public host code uses them: no document of
//! ours describes them.

use super::file::Place;
use super::transfer::{Job, begin};
use super::{Local, Quectel};
use crate::at::Text;
use crate::ftp::Op;
use crate::modem::{Cx, Reply};

impl Quectel {
    /// `AT+QFTPCFG=4`: `/COM/`, or `/RAM/` and `/UFS/` with a file's name or without. False where it
    /// is none of these.
    pub(super) fn set_local(&mut self, path: &str) -> bool {
        let Some((place, name)) = path.strip_prefix('/').and_then(|p| p.split_once('/')) else {
            return false;
        };
        self.local = match Place::of(place).filter(|place| self.settings.places.contains(place)) {
            None if place.eq_ignore_ascii_case("COM") && name.is_empty() => Local::Uart,
            None => return false,
            Some(place) => Local::File(place, (!name.is_empty()).then(|| name.to_string())),
        };
        true
    }

    /// What `AT+QFTPCFG=4` answers.
    pub(super) fn local_path(&self) -> String {
        match &self.local {
            Local::Uart => "/COM/".into(),
            Local::File(place, name) => format!("/{}/{}", place.name(), name.as_deref().unwrap_or("")),
        }
    }
}

/// `+QFTPSIZE:<size>`.
pub fn size(m: &mut Quectel, cx: &mut Cx, (name,): (Text<100>,)) -> Reply {
    let op = Op::Size(m.remote(&name));
    begin(m, cx, "+QFTPSIZE", &name, Ok(Job::Size), op)
}

/// `+QFTPLEN: <octets of the last transfer>` and OK.
pub fn length(m: &mut Quectel, cx: &mut Cx) -> Reply {
    cx.info(m.moved);
    Reply::Ok
}

/// `+QFTPRENAME:0`.
pub fn rename(m: &mut Quectel, cx: &mut Cx, (from, to): (Text<100>, Text<100>)) -> Reply {
    let op = Op::Rename { from: m.remote(&from), to: m.remote(&to) };
    let name = if to.is_empty() { &to } else { &from };
    begin(m, cx, "+QFTPRENAME", name, Ok(Job::Plain("+QFTPRENAME")), op)
}

/// `+QFTPDELETE:0`.
pub fn delete(m: &mut Quectel, cx: &mut Cx, (name,): (Text<100>,)) -> Reply {
    let op = Op::Dele(m.remote(&name));
    begin(m, cx, "+QFTPDELETE", &name, Ok(Job::Plain("+QFTPDELETE")), op)
}

/// `+QFTPMKDIR:0`.
pub fn make_folder(m: &mut Quectel, cx: &mut Cx, (name,): (Text<100>,)) -> Reply {
    let op = Op::Mkd(m.remote(&name));
    begin(m, cx, "+QFTPMKDIR", &name, Ok(Job::Plain("+QFTPMKDIR")), op)
}
