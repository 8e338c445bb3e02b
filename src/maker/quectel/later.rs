//! What FTP V1.4 has beside V1.01: the module's own files (2.2.8, type 4), and the server's files and folders (2.2.10 to
//! 2.2.17).

use super::error::Code;
use super::storage::{Path, Place};
use super::transfer::{Job, begin};
use super::{Local, Quectel};
use crate::at::Text;
use crate::ftp::Op;
use crate::modem::{Cx, Reply};

impl Quectel {
    /// 2.2.8, type 4: `/COM/`, or `/RAM/`, `/UFS/`, `/SD/` with a file's name or without. False where it is none of these.
    pub(super) fn set_local(&mut self, path: &str) -> bool {
        let Some((place, name)) = path.strip_prefix('/').and_then(|p| p.split_once('/')) else {
            return false;
        };
        self.local = match Place::of(place).filter(|&place| self.stores.knows(place)) {
            None if place.eq_ignore_ascii_case("COM") && name.is_empty() => Local::Uart,
            None => return false,
            Some(place) if name.is_empty() => Local::File(place, None),
            Some(place) if Path::new(place, name).check_name().is_err() => return false,
            Some(place) => Local::File(place, Some(name.into())),
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

    /// What the server is told for a folder: `AT+QFTPPATH`, a name in it, or nothing.
    fn remote_folder(&self, name: Option<&str>) -> Option<String> {
        match name {
            Some(name) => Some(self.remote(name)),
            None => Some(self.path.as_str().to_string()).filter(|path| !path.is_empty()),
        }
    }
}

/// 2.2.10
pub fn length(m: &mut Quectel, cx: &mut Cx) -> Reply {
    cx.info(m.moved);
    Reply::Ok
}

/// 2.2.11
pub fn rename(m: &mut Quectel, cx: &mut Cx, (from, to): (Text<50>, Text<50>)) -> Reply {
    let op = Op::Rename { from: m.remote(&from), to: m.remote(&to) };
    let name = match () {
        () if from.is_empty() || to.is_empty() => String::new(),
        () => format!("{}{}", &*from, &*to),
    };
    begin(m, cx, "+QFTPRENAME", &name, Ok(Job::Plain("+QFTPRENAME")), op)
}

/// 2.2.12
pub fn size(m: &mut Quectel, cx: &mut Cx, (name,): (Text<50>,)) -> Reply {
    let op = Op::Size(m.remote(&name));
    begin(m, cx, "+QFTPSIZE", &name, Ok(Job::Size), op)
}

/// 2.2.13
pub fn delete(m: &mut Quectel, cx: &mut Cx, (name,): (Text<50>,)) -> Reply {
    let op = Op::Dele(m.remote(&name));
    begin(m, cx, "+QFTPDELETE", &name, Ok(Job::Plain("+QFTPDELETE")), op)
}

/// 2.2.14
pub fn make_folder(m: &mut Quectel, cx: &mut Cx, (name,): (Text<100>,)) -> Reply {
    let op = Op::Mkd(m.remote(&name));
    begin(m, cx, "+QFTPMKDIR", &name, Ok(Job::Plain("+QFTPMKDIR")), op)
}

/// 2.2.15
pub fn remove_folder(m: &mut Quectel, cx: &mut Cx, (name,): (Text<100>,)) -> Reply {
    let op = Op::Rmd(m.remote(&name));
    begin(m, cx, "+QFTPRMDIR", &name, Ok(Job::Plain("+QFTPRMDIR")), op)
}

/// 2.2.16
pub fn list(m: &mut Quectel, cx: &mut Cx, (name,): (Option<Text<50>>,)) -> Reply {
    let op = Op::List { path: m.remote_folder(name.as_deref()), kind: m.kind };
    begin_list(m, cx, "+QFTPLIST", name, op)
}

/// 2.2.16, of the current folder.
pub fn list_here(m: &mut Quectel, cx: &mut Cx) -> Reply {
    list(m, cx, (None,))
}

/// 2.2.17
pub fn names(m: &mut Quectel, cx: &mut Cx, (name,): (Option<Text<50>>,)) -> Reply {
    let op = Op::Names { path: m.remote_folder(name.as_deref()), kind: m.kind };
    begin_list(m, cx, "+QFTPNLST", name, op)
}

/// 2.2.17, of the current folder.
pub fn names_here(m: &mut Quectel, cx: &mut Cx) -> Reply {
    names(m, cx, (None,))
}

/// A list goes to the serial line alone (2.2.16, note).
fn begin_list(m: &mut Quectel, cx: &mut Cx, command: &'static str, name: Option<Text<50>>, op: Op) -> Reply {
    let job = match m.local {
        Local::Uart => Ok(Job::List(command)),
        Local::File(..) => Err(Code::ILLEGAL),
    };
    begin(m, cx, command, name.as_deref().unwrap_or("."), job, op)
}
