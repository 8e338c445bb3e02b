//! Files that are open: AT+QFOPEN to AT+QFTUCAT (FILE V1.5, 2.2.7 to 2.2.14).
//!
//! What is written to a file in flash or on the card is in a buffer until AT+QFFLUSH or AT+QFCLOSE brings it there: a
//! reset loses it.

use super::Quectel;
use super::file::{Feed, Name};
use super::storage::Path;
use super::transfer::framing;
use super::trouble::{Trouble, tried};
use crate::at::{ArgError, Int, ResultCode};
use crate::modem::{Cx, DataMode, Ends, Reply, Sink};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::time::Duration;

/// The first handle, as section 5.3 prints one.
const FIRST: u32 = 12_451_840;

/// How many files can be open at a time: the manual does not say.
const MOST: usize = 10;

/// How a file was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// 0: it is made where it is missing.
    Any,
    /// 1: it is made anew.
    New,
    /// 2: to be read only.
    Read,
}

struct Handle {
    path: Path,
    position: usize,
    mode: Mode,
}

/// The files that are open, by their handles.
pub struct Handles {
    open: BTreeMap<u32, Handle>,
    next: u32,
}

impl Default for Handles {
    fn default() -> Self {
        Handles { open: BTreeMap::new(), next: FIRST }
    }
}

impl Handles {
    pub(super) fn has_open(&self, path: &Path) -> bool {
        self.open.values().any(|handle| handle.path.is_same(path))
    }

    fn get(&self, number: u32) -> Result<&Handle, Trouble> {
        self.open.get(&number).ok_or(Trouble::NoHandle)
    }

    fn writable(&self, number: u32) -> Result<&Handle, Trouble> {
        match self.get(number)? {
            Handle { mode: Mode::Read, .. } => Err(Trouble::ReadOnly),
            handle => Ok(handle),
        }
    }

    fn seek(&mut self, number: u32, position: usize) {
        self.open.entry(number).and_modify(|handle| handle.position = position);
    }
}

type Open = Result<(Name, Option<Int<0, 2>>, Option<u32>), ArgError>;

/// 2.2.7; the length is what `RAM:` sets aside for a file that is made, 10240 where it is left out.
pub fn open(m: &mut Quectel, cx: &mut Cx, args: Open) -> Reply {
    tried(cx, |cx| {
        let (name, mode, length) = args?;
        let path = Path::parse(&name)?;
        let mode = match mode.map_or(0, Int::get) {
            0 => Mode::Any,
            1 => Mode::New,
            _ => Mode::Read,
        };
        if m.is_in_use(&path) {
            return Err(Trouble::InUse);
        }
        if m.handles.open.len() >= MOST {
            return Err(Trouble::TooManyOpen);
        }
        let there = match m.stores.find(&path) {
            Ok(_) => true,
            Err(Trouble::NotFound) => false,
            Err(trouble) => return Err(trouble),
        };
        match (mode, there) {
            (Mode::Any | Mode::Read, true) => {}
            (Mode::Read, false) => return Err(Trouble::NotFound),
            (Mode::Any, false) | (Mode::New, _) => {
                m.stores.make(&path, length.map_or(10240, |n| n as usize))?;
                m.stores.save(cx, &path)?;
            }
        }
        let number = m.handles.next;
        m.handles.next = number.wrapping_add(1);
        m.handles.open.insert(number, Handle { path, position: 0, mode });
        cx.info(number);
        Ok(Reply::Ok)
    })
}

/// 2.2.7, AT+QFOPEN?: all that is open.
pub fn opened(m: &mut Quectel, cx: &mut Cx) -> Reply {
    for (number, handle) in &m.handles.open {
        let mode = handle.mode as u8;
        cx.info(format_args!("\"{}\",{number},{mode}", m.stores.shown(&handle.path)));
    }
    Reply::Ok
}

/// 2.2.8: `CONNECT <octets>`, they themselves, OK.
pub fn read(m: &mut Quectel, cx: &mut Cx, args: Result<(u32, Option<u32>), ArgError>) -> Reply {
    tried(cx, |cx| {
        let (number, length) = args?;
        let handle = m.handles.get(number)?;
        let at = handle.position;
        let rest = m.stores.find(&handle.path)?.content.get(at..).unwrap_or_default();
        let bytes = &rest[..rest.len().min(length.map_or(usize::MAX, |n| n as usize))];
        cx.intermediate(&ResultCode::ConnectText(bytes.len().to_string()));
        cx.block(&framing(cx).encode(Bytes::copy_from_slice(bytes)));
        m.handles.seek(number, at + bytes.len());
        Ok(Reply::Ok)
    })
}

type Write = Result<(u32, Option<u32>, Option<Int<1, 65535>>), ArgError>;

/// 2.2.9: CONNECT, the octets, `+QFWRITE: <written>,<size>`.
pub fn write(m: &mut Quectel, cx: &mut Cx, args: Write) -> Reply {
    tried(cx, |cx| {
        let (number, length, seconds) = args?;
        let handle = m.handles.writable(number)?;
        match length {
            // What is announced must fit; of what is not, as much is written as there is room for.
            Some(length) => m.stores.check_write(&handle.path, handle.position, length as usize)?,
            None => m.stores.check_write(&handle.path, handle.position, 0)?,
        }
        m.feeds.insert(cx.port, Feed::Write(number));
        cx.intermediate(&ResultCode::Connect);
        let idle = Duration::from_secs(seconds.map_or(5, Int::get).unsigned_abs());
        let length = Some(length.map_or(10240, u64::from));
        let ends = Ends { length, idle: Some(idle), ..Ends::default() };
        Ok(Reply::Data(DataMode { framing: framing(cx), ends, sink: Sink::Hold }))
    })
}

/// What AT+QFWRITE was given has come, or the host keeps silent.
pub fn written(m: &mut Quectel, cx: &mut Cx, number: u32, held: &[u8]) -> Result<Reply, Trouble> {
    let handle = m.handles.writable(number)?;
    let (path, at) = (handle.path.clone(), handle.position);
    let (n, cut) = m.stores.write(&path, at, held)?;
    m.handles.seek(number, at + n);
    let size = m.stores.find(&path)?.content.len();
    cx.line(&format!("+QFWRITE: {n},{size}"));
    cut.map_or(Ok(Reply::Ok), Err)
}

/// 2.2.10: from the beginning, from here, or back from the end.
pub fn seek(m: &mut Quectel, cx: &mut Cx, args: Result<(u32, u32, Option<Int<0, 2>>), ArgError>) -> Reply {
    tried(cx, |_| {
        let (number, offset, from) = args?;
        let handle = m.handles.get(number)?;
        let size = m.stores.find(&handle.path)?.content.len();
        let offset = offset as usize;
        let target = match from.map_or(0, Int::get) {
            0 => Some(offset),
            1 => handle.position.checked_add(offset),
            _ => size.checked_sub(offset),
        };
        let target = target.filter(|&target| target <= size).ok_or(Trouble::BeyondEnd)?;
        m.handles.seek(number, target);
        Ok(Reply::Ok)
    })
}

type Number = Result<(u32,), ArgError>;

/// 2.2.11
pub fn close(m: &mut Quectel, cx: &mut Cx, args: Number) -> Reply {
    tried(cx, |cx| {
        let (number,) = args?;
        let handle = m.handles.open.remove(&number).ok_or(Trouble::NoHandle)?;
        m.stores.save(cx, &handle.path)?;
        Ok(Reply::Ok)
    })
}

/// 2.2.12
pub fn position(m: &mut Quectel, cx: &mut Cx, args: Number) -> Reply {
    tried(cx, |cx| {
        let (number,) = args?;
        cx.info(m.handles.get(number)?.position);
        Ok(Reply::Ok)
    })
}

/// 2.2.13
pub fn flush(m: &mut Quectel, cx: &mut Cx, args: Number) -> Reply {
    tried(cx, |cx| {
        let (number,) = args?;
        m.stores.save(cx, &m.handles.writable(number)?.path)?;
        Ok(Reply::Ok)
    })
}

/// 2.2.14
pub fn truncate(m: &mut Quectel, cx: &mut Cx, args: Number) -> Reply {
    tried(cx, |_| {
        let (number,) = args?;
        let handle = m.handles.writable(number)?;
        m.stores.truncate(&handle.path, handle.position)?;
        Ok(Reply::Ok)
    })
}
