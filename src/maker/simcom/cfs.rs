//! AT+CFS...: the files of a SIM7080 ("SIM7080 Series_AT Command Manual" V1.02, chapter 9).

use super::Simcom;
use super::typing::{self, Typing};
use crate::at::args::Arg;
use crate::at::{ArgError, FromArg, Int, Text};
use crate::modem::{Cx, Reply, Store};
use std::fmt;
use std::time::Duration;

/// The folders, by their `<index>`.
const FOLDERS: [&str; 4] = ["/custapp/", "/fota/", "/datatx/", "/customer/"];

/// The file system.
pub(super) struct Cfs {
    pub files: Store,
    buffer: Buffer,
}

/// The buffer that every command needs that touches a file.
#[derive(PartialEq, Eq)]
enum Buffer {
    Free,
    Allocated,
}

impl Cfs {
    pub fn new(capacity: u64) -> Cfs {
        let capacity = usize::try_from(capacity).unwrap_or(usize::MAX);
        Cfs { files: Store::kept("CFS:", capacity), buffer: Buffer::Free }
    }
}

type Index = Int<0, 3>;

/// A file's name: not empty, and in no folder below those.
pub(super) struct Name(String);

impl FromArg for Name {
    fn from_arg(arg: Option<&Arg>) -> Result<Self, ArgError> {
        let name = Text::<50>::from_arg(arg)?.into_string();
        match name.is_empty() || name.contains(['/', '\\', '\r', '\n', '\0']) {
            true => Err(ArgError::Syntax),
            false => Ok(Name(name)),
        }
    }
    fn grammar(f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("50")
    }
}

/// Where octets go that the host types.
pub(super) struct Place {
    path: String,
    behind: bool,
}

/// A file's whole path.
pub(super) fn path(index: usize, name: &str) -> String {
    format!("{}{name}", FOLDERS[index.min(FOLDERS.len() - 1)])
}

fn path_of(index: Index, name: &Name) -> String {
    path(index.size(), &name.0)
}

/// Answers with an error where there is no buffer.
fn with_buffer(m: &mut Simcom, cx: &mut Cx, act: impl FnOnce(&mut Simcom, &mut Cx) -> Reply) -> Reply {
    match m.cfs.buffer {
        Buffer::Allocated => act(m, cx),
        Buffer::Free => cx.refuse_state(),
    }
}

/// 9.2.1: `AT+CFSINIT` allocates the buffer, once.
pub(super) fn init(m: &mut Simcom, cx: &mut Cx) -> Reply {
    match std::mem::replace(&mut m.cfs.buffer, Buffer::Allocated) {
        Buffer::Free => Reply::Ok,
        Buffer::Allocated => cx.refuse_state(),
    }
}

type WriteArgs = (Index, Name, Int<0, 1>, Int<1, 10240>, Int<1, 10000>);

/// 9.2.2: `AT+CFSWFILE=<index>,<name>,<mode>,<size>,<time in ms>`: DOWNLOAD, the octets, OK. Mode 0 writes the file
/// anew, 1 writes behind its end.
pub(super) fn write(m: &mut Simcom, cx: &mut Cx, args: WriteArgs) -> Reply {
    let (index, name, mode, size, limit) = args;
    with_buffer(m, cx, |m, cx| {
        let place = Place { path: path_of(index, &name), behind: mode.get() == 1 };
        let room = if place.behind { m.cfs.files.free() } else { m.cfs.files.room(&place.path) };
        if room < size.size() {
            return Reply::Cme(super::MEMORY_FULL);
        }
        cx.line("DOWNLOAD");
        typing::take(
            m,
            cx,
            Typing::File(place),
            size.size(),
            Duration::from_millis(limit.get().unsigned_abs()),
        )
    })
}

/// All octets of `AT+CFSWFILE` have come. Another port may have filled the file system meanwhile.
pub(super) fn written(m: &mut Simcom, cx: &mut Cx, place: &Place, held: &[u8]) -> Reply {
    let keep = if place.behind { usize::MAX } else { 0 };
    m.cfs.files.make(&mut cx.core.lasting.flash, &place.path, keep);
    match m.cfs.files.append(&mut cx.core.lasting.flash, &place.path, held) == held.len() {
        true => Reply::Ok,
        false => Reply::Cme(super::MEMORY_FULL),
    }
}

/// `AT+CFSWFILE=?`
pub(super) fn write_test(_: &mut Simcom, cx: &mut Cx) -> Reply {
    cx.info("(0-3),50,(0,1),(1-10240),(1-10000)");
    Reply::Ok
}

type ReadArgs = (Index, Name, Int<0, 1>, Int<1, 10240>, Option<u32>);

/// 9.2.3: `AT+CFSRFILE=<index>,<name>,<mode>,<size>,<position>`. Only mode 1 looks at the position.
pub(super) fn read(m: &mut Simcom, cx: &mut Cx, args: ReadArgs) -> Reply {
    let (index, name, mode, size, position) = args;
    with_buffer(m, cx, |m, cx| {
        let Some(content) = m.cfs.files.content(&path_of(index, &name)) else {
            return Reply::Cme(super::NOT_FOUND);
        };
        let from = match (mode.get(), position) {
            (0, _) => 0,
            (_, Some(position)) => position as usize,
            (_, None) => return cx.refuse(ArgError::Missing),
        };
        let Some(rest) = content.get(from..) else { return cx.refuse(ArgError::Range) };
        let bytes = &rest[..rest.len().min(size.size())];
        cx.info(bytes.len());
        cx.block(bytes);
        Reply::Ok
    })
}

/// `AT+CFSRFILE=?`
pub(super) fn read_test(m: &mut Simcom, cx: &mut Cx) -> Reply {
    cx.info(format_args!("(0-3),50,(0,1),(1-10240),(0-{})", m.cfs.files.capacity()));
    Reply::Ok
}

/// 9.2.4
pub(super) fn delete(m: &mut Simcom, cx: &mut Cx, (index, name): (Index, Name)) -> Reply {
    with_buffer(m, cx, |m, cx| match m.cfs.files.remove(&mut cx.core.lasting.flash, &path_of(index, &name)) {
        true => Reply::Ok,
        false => Reply::Cme(super::NOT_FOUND),
    })
}

/// 9.2.5
pub(super) fn size(m: &mut Simcom, cx: &mut Cx, (index, name): (Index, Name)) -> Reply {
    with_buffer(m, cx, |m, cx| match m.cfs.files.content(&path_of(index, &name)) {
        Some(content) => {
            cx.info(content.len());
            Reply::Ok
        }
        None => Reply::Cme(super::NOT_FOUND),
    })
}

/// 9.2.6: not in place of another file.
pub(super) fn rename(m: &mut Simcom, cx: &mut Cx, (index, old, new): (Index, Name, Name)) -> Reply {
    let (from, to) = (path_of(index, &old), path_of(index, &new));
    with_buffer(m, cx, |m, cx| match (m.cfs.files.content(&from), m.cfs.files.content(&to)) {
        (None, _) => Reply::Cme(super::NOT_FOUND),
        (Some(_), Some(_)) => cx.refuse_state(),
        (Some(_), None) => {
            m.cfs.files.rename(&mut cx.core.lasting.flash, &from, &to);
            Reply::Ok
        }
    })
}

/// 9.2.7: `AT+CFSGFRS?` tells what is free, as the example of "SIM7070_SIM7080_SIM7090 Series_FS_Application
/// Note" V1.02 says (3.5). Hosts ask before they have a buffer.
pub(super) fn free(m: &mut Simcom, cx: &mut Cx) -> Reply {
    cx.info(m.cfs.files.free());
    Reply::Ok
}

/// 9.2.8
pub(super) fn terminate(m: &mut Simcom, cx: &mut Cx) -> Reply {
    match std::mem::replace(&mut m.cfs.buffer, Buffer::Free) {
        Buffer::Allocated => Reply::Ok,
        Buffer::Free => cx.refuse_state(),
    }
}
