//! The file stores of later firmware and AT+QF..., as public host code uses them: no document of ours
//! describes them. `RAM:` is lost at a reset, `UFS:` is not.

use super::transfer::framing;
use super::{Quectel, Settings};
use crate::at::ResultCode;
use crate::at::{Int, Text};
use crate::modem::{Cx, DataMode, Ends, PortId, Reply, Sink};
use bytes::Bytes;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// A store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Place {
    /// Memory.
    Ram,
    /// Flash.
    Ufs,
}

impl Place {
    pub(super) fn name(self) -> &'static str {
        match self {
            Place::Ram => "RAM",
            Place::Ufs => "UFS",
        }
    }

    pub(super) fn of(name: &str) -> Option<Place> {
        [Place::Ram, Place::Ufs].into_iter().find(|place| place.name().eq_ignore_ascii_case(name))
    }
}

/// A file's place and name from `RAM:name`, `UFS:name` or `name`; `None` where there is no such place.
fn locate(text: &str) -> Option<(Place, &str)> {
    match text.split_once(':') {
        Some((place, name)) => Some((Place::of(place)?, name)),
        None => Some((Place::Ufs, text)),
    }
}

/// Whether a name is as the pattern says, in which `*` stands for anything, also for nothing.
fn fits(name: &str, pattern: &str) -> bool {
    let parts: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = &parts[..] else { return name == pattern };
    let inner = name.strip_prefix(first).and_then(|rest| rest.strip_suffix(last));
    inner.is_some_and(|mut rest| {
        middle.iter().all(|part| match rest.split_once(part) {
            Some((_, behind)) => {
                rest = behind;
                true
            }
            None => false,
        })
    })
}

#[derive(Default)]
struct Store {
    files: BTreeMap<String, Vec<u8>>,
    capacity: usize,
}

struct Handle {
    place: Place,
    name: String,
    position: usize,
    writable: bool,
}

/// The stores, and what is open in them.
pub struct Files {
    stores: BTreeMap<Place, Store>,
    handles: BTreeMap<u32, Handle>,
    last: u32,
    /// AT+QFWRITE on a port.
    writing: BTreeMap<PortId, u32>,
}

impl Files {
    pub(super) fn new(settings: &Settings) -> Files {
        let capacity = |place| match place {
            Place::Ram => settings.ram.0,
            Place::Ufs => settings.ufs.0,
        };
        let store = |place| Store {
            files: BTreeMap::new(),
            capacity: usize::try_from(capacity(place)).unwrap_or(usize::MAX),
        };
        Files {
            stores: settings.places.iter().map(|&place| (place, store(place))).collect(),
            handles: BTreeMap::new(),
            last: 0,
            writing: BTreeMap::new(),
        }
    }

    /// Finds again what was in `UFS:` before the reset.
    pub(super) fn load(&mut self, cx: &Cx) {
        if let Some(store) = self.stores.get_mut(&Place::Ufs) {
            let own = cx.flash.iter().filter_map(|(key, text)| Some((key.strip_prefix("UFS:")?, text)));
            store.files = own
                .map(|(name, text)| (name.to_string(), text.chars().map(|c| u32::from(c) as u8).collect()))
                .collect();
        }
    }

    /// Writes a file of `UFS:` to the flash: one character an octet.
    pub(super) fn save(&self, cx: &mut Cx, place: Place, name: &str) {
        if place == Place::Ufs {
            let key = format!("UFS:{name}");
            match self.content(place, name) {
                Some(content) => cx.flash.insert(key, content.iter().copied().map(char::from).collect()),
                None => cx.flash.remove(&key),
            };
        }
    }

    pub(super) fn content(&self, place: Place, name: &str) -> Option<&[u8]> {
        Some(self.stores.get(&place)?.files.get(name)?)
    }

    /// Octets that a new content of the file may have.
    pub(super) fn room(&self, place: Place, name: &str) -> usize {
        let Some(store) = self.stores.get(&place) else { return 0 };
        let others = store.files.iter().filter(|(other, _)| *other != name);
        store.capacity.saturating_sub(others.map(|(_, content)| content.len()).sum::<usize>())
    }

    /// The file, with at most so many octets of what it held; false where there is no such store.
    pub(super) fn make(&mut self, place: Place, name: &str, keep: usize) -> bool {
        let store = self.stores.get_mut(&place);
        store.map(|store| store.files.entry(name.into()).or_default().truncate(keep)).is_some()
    }

    /// Writes behind the file's end; false where there is no room for it.
    pub(super) fn append(&mut self, place: Place, name: &str, bytes: &[u8]) -> bool {
        let end = self.content(place, name).map_or(0, <[u8]>::len);
        self.write_at(place, name, end, bytes) == bytes.len()
    }

    /// Writes as much as there is room for, and says how much that was.
    fn write_at(&mut self, place: Place, name: &str, at: usize, bytes: &[u8]) -> usize {
        let room = self.room(place, name);
        let Some(file) = self.stores.get_mut(&place).and_then(|s| s.files.get_mut(name)) else { return 0 };
        let n = bytes.len().min(room.saturating_sub(at));
        file.resize(file.len().max(at + n), 0);
        file[at..at + n].copy_from_slice(&bytes[..n]);
        n
    }

    /// The handle that AT+QFWRITE feeds from a port.
    pub(super) fn writing(&mut self, port: PortId) -> Option<u32> {
        self.writing.get(&port).copied()
    }

    fn is_open(&self, place: Place, name: &str) -> bool {
        self.handles.values().any(|h| h.place == place && h.name == name)
    }

    /// The files of a store that a pattern names; `None` where there is no such store, or no file of such a name.
    fn matching(&self, pattern: &str) -> Option<Vec<(Place, String, usize)>> {
        let (place, name) = locate(pattern)?;
        let files = self.stores.get(&place)?.files.iter().filter(|(file, _)| fits(file, name));
        let found: Vec<_> = files.map(|(file, content)| (place, file.clone(), content.len())).collect();
        Some(found).filter(|found| name.contains('*') || !found.is_empty())
    }
}

/// `AT+QFLDS="UFS"`: free and all octets of a store.
pub fn space(m: &mut Quectel, cx: &mut Cx, (place,): (Text<8>,)) -> Reply {
    match Place::of(&place).and_then(|place| Some((place, m.files.stores.get(&place)?.capacity))) {
        Some((place, all)) => {
            cx.info(format_args!("{},{all}", m.files.room(place, "")));
            Reply::Ok
        }
        None => Reply::Error,
    }
}

/// `AT+QFLST`: the files of `UFS:`.
pub fn list(m: &mut Quectel, cx: &mut Cx) -> Reply {
    list_all(m, cx, "*")
}

/// `AT+QFLST="RAM:*"`
pub fn list_matching(m: &mut Quectel, cx: &mut Cx, (pattern,): (Text<80>,)) -> Reply {
    list_all(m, cx, &pattern)
}

fn list_all(m: &mut Quectel, cx: &mut Cx, pattern: &str) -> Reply {
    let Some(found) = m.files.matching(pattern) else { return Reply::Error };
    for (place, name, size) in found {
        cx.info(format_args!("\"{}:{name}\",{size}", place.name()));
    }
    Reply::Ok
}

/// `AT+QFOPEN="name"[,mode[,length]]`: 0 makes the file where it is missing, 1 makes it anew, 2 reads only.
pub fn open(
    m: &mut Quectel,
    cx: &mut Cx,
    (file, mode, length): (Text<80>, Option<Int<0, 2>>, Option<u32>),
) -> Reply {
    let Some((place, name)) = locate(&file) else { return Reply::Error };
    let mode = mode.map_or(0, Int::get);
    let there = m.files.content(place, name).is_some();
    let roomy = length.is_none_or(|n| m.files.room(place, name) >= n as usize);
    match (mode, there) {
        _ if name.is_empty() || !roomy || m.files.is_open(place, name) => return Reply::Error,
        (2, false) => return Reply::Error,
        (0 | 2, true) => {}
        _ if !m.files.make(place, name, 0) => return Reply::Error,
        _ => m.files.save(cx, place, name),
    }
    m.files.last += 1;
    let handle = Handle { place, name: name.into(), position: 0, writable: mode != 2 };
    m.files.handles.insert(m.files.last, handle);
    cx.info(m.files.last);
    Reply::Ok
}

/// `AT+QFREAD=handle[,length]`: `CONNECT <octets>`, they themselves, OK.
pub fn read(m: &mut Quectel, cx: &mut Cx, (number, length): (u32, Option<u32>)) -> Reply {
    let Files { stores, handles, .. } = &mut m.files;
    let Some(handle) = handles.get_mut(&number) else { return Reply::Error };
    let content = stores.get(&handle.place).and_then(|s| s.files.get(&handle.name));
    let rest = content.and_then(|content| content.get(handle.position..)).unwrap_or_default();
    let bytes = &rest[..rest.len().min(length.map_or(usize::MAX, |n| n as usize))];
    handle.position += bytes.len();
    cx.line(&format!("CONNECT {}", bytes.len()));
    let bytes = framing(cx).encode(Bytes::copy_from_slice(bytes));
    cx.block(&bytes);
    Reply::Ok
}

type Write = (u32, Option<Int<1, 10240>>, Option<Int<1, 65535>>);

/// `AT+QFWRITE=handle[,length[,seconds]]`: CONNECT, the octets, `+QFWRITE: <written>,<size>`.
pub fn write(m: &mut Quectel, cx: &mut Cx, (number, length, seconds): Write) -> Reply {
    if !m.files.handles.get(&number).is_some_and(|handle| handle.writable) {
        return Reply::Error;
    }
    m.files.writing.insert(cx.port, number);
    cx.intermediate(&ResultCode::Connect);
    let after = Duration::from_secs(seconds.map_or(5, Int::get).unsigned_abs());
    let length = Some(length.map_or(10240, Int::get).unsigned_abs());
    let ends = Ends { length, after: Some(after), ..Ends::default() };
    Reply::Data(DataMode { framing: framing(cx), ends, sink: Sink::Hold })
}

/// What AT+QFWRITE was given has come, or its time is up.
pub fn written(m: &mut Quectel, cx: &mut Cx, number: u32, held: &[u8]) -> Reply {
    m.files.writing.remove(&cx.port);
    let Some(Handle { place, name, position, .. }) = m.files.handles.get(&number) else {
        return Reply::Error;
    };
    let (place, name, at) = (*place, name.clone(), *position);
    let n = m.files.write_at(place, &name, at, held);
    m.files.handles.entry(number).and_modify(|handle| handle.position += n);
    m.files.save(cx, place, &name);
    let size = m.files.content(place, &name).map_or(0, <[u8]>::len);
    cx.line(&format!("+QFWRITE: {n},{size}"));
    if n == held.len() { Reply::Ok } else { Reply::Error }
}

/// `AT+QFSEEK=handle,offset[,from]`: from the beginning, from here, or back from the end.
pub fn seek(m: &mut Quectel, _: &mut Cx, (number, offset, from): (u32, u32, Option<Int<0, 2>>)) -> Reply {
    let Files { stores, handles, .. } = &mut m.files;
    let Some(handle) = handles.get_mut(&number) else { return Reply::Error };
    let size = stores.get(&handle.place).and_then(|s| s.files.get(&handle.name)).map_or(0, Vec::len);
    let offset = offset as usize;
    let target = match from.map_or(0, Int::get) {
        0 => Some(offset),
        1 => handle.position.checked_add(offset),
        _ => size.checked_sub(offset),
    };
    match target.filter(|&target| target <= size) {
        Some(target) => {
            handle.position = target;
            Reply::Ok
        }
        None => Reply::Error,
    }
}

/// `AT+QFCLOSE=handle`
pub fn close(m: &mut Quectel, _: &mut Cx, (number,): (u32,)) -> Reply {
    match m.files.handles.remove(&number) {
        Some(_) => Reply::Ok,
        None => Reply::Error,
    }
}

/// `AT+QFDEL="name"`, `"RAM:*"`: not a file that is open.
pub fn delete(m: &mut Quectel, cx: &mut Cx, (pattern,): (Text<80>,)) -> Reply {
    let Some(found) = m.files.matching(&pattern) else { return Reply::Error };
    if found.iter().any(|(place, name, _)| m.files.is_open(*place, name)) {
        return Reply::Error;
    }
    for (place, name, _) in found {
        if let Some(store) = m.files.stores.get_mut(&place) {
            store.files.remove(&name);
        }
        m.files.save(cx, place, &name);
    }
    Reply::Ok
}
