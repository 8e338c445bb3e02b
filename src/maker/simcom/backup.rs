//! AT+CBA...: a backup of the files of a SIM7080 ("SIM7080 Series_AT Command Manual" V1.02, 9.2.9 to 9.2.12).

use super::{MEMORY_FULL, NOT_FOUND, Simcom};
use crate::at::{ArgError, Int, Text};
use crate::modem::{Cx, Reply, Store};

/// The backup, in a file system of its own.
pub(super) struct Backup {
    pub files: Store,
    /// The files to be kept, by their `<index>`.
    listed: [Text<80>; 10],
    /// `AT+CBAINIT` has been said.
    ready: bool,
}

impl Backup {
    pub fn new(capacity: u64) -> Backup {
        let capacity = usize::try_from(capacity).unwrap_or(usize::MAX);
        Backup { files: Store::kept("CBA:", capacity), listed: Default::default(), ready: false }
    }
}

/// 9.2.9
pub(super) fn init(m: &mut Simcom, _: &mut Cx) -> Reply {
    m.backup.ready = true;
    Reply::Ok
}

/// 9.2.10: `AT+CBALIST=<index>,<file>`; 10 and 11 switch a log of the module's own off and on, which no host sees.
pub(super) fn list(m: &mut Simcom, cx: &mut Cx, (index, name): (Int<0, 11>, Option<Text<80>>)) -> Reply {
    match (m.backup.listed.get_mut(index.size()), name) {
        (Some(place), Some(name)) => *place = name,
        (Some(_), None) => return cx.refuse(ArgError::Missing),
        (None, _) => {}
    }
    Reply::Ok
}

/// `AT+CBALIST?`: a place without a file has its number alone, as an example of the manual V1.05 prints it.
pub(super) fn listed(m: &mut Simcom, cx: &mut Cx) -> Reply {
    for (index, name) in m.backup.listed.iter().enumerate() {
        match name.as_str() {
            "" => cx.info(index),
            name => cx.info(format_args!("{index},{name}")),
        }
    }
    Reply::Ok
}

/// 9.2.11: all files of the list, in place of an earlier backup of theirs, or none.
pub(super) fn keep(m: &mut Simcom, cx: &mut Cx) -> Reply {
    let names: Vec<&str> =
        m.backup.listed.iter().map(|name| name.as_str()).filter(|name| !name.is_empty()).collect();
    if !m.backup.ready || names.is_empty() {
        return cx.refuse_state();
    }
    let found = names.iter().map(|name| Some((name.to_string(), m.cfs.files.content(name)?.to_vec())));
    match found.collect::<Option<Vec<_>>>() {
        Some(found) => copy(&mut m.backup.files, cx, &found),
        None => Reply::Cme(NOT_FOUND),
    }
}

/// 9.2.12: what was kept is where it was again.
pub(super) fn restore(m: &mut Simcom, cx: &mut Cx) -> Reply {
    let kept: Vec<_> =
        m.backup.files.iter().map(|(name, content)| (name.to_string(), content.to_vec())).collect();
    match kept.is_empty() {
        true => cx.refuse_state(),
        false => copy(&mut m.cfs.files, cx, &kept),
    }
}

/// Copies files where there is room for all.
fn copy(to: &mut Store, cx: &mut Cx, files: &[(String, Vec<u8>)]) -> Reply {
    let (new, old) = files.iter().fold((0, 0), |(new, old), (name, content)| {
        (new + content.len(), old + to.content(name).map_or(0, <[u8]>::len))
    });
    if new > to.free() + old {
        return Reply::Cme(MEMORY_FULL);
    }
    // What is shorter than it was makes room for the others.
    for (name, _) in files {
        to.make(&mut cx.core.lasting.flash, name, 0);
    }
    for (name, content) in files {
        to.append(&mut cx.core.lasting.flash, name, content);
    }
    Reply::Ok
}
