//! AT+FS...: the drives of a SIM800. "SIM800 Series_AT Command Manual" V1.11 names `AT+FSDRIVE` alone (12.2.24); the
//! rest follows public host programs.

use super::typing::{self, Typing};
use super::{MEMORY_FULL, NOT_FOUND, Settings, Simcom};
use crate::at::args::Arg;
use crate::at::{ArgError, FromArg, Int};
use crate::modem::{Cx, Flash, Reply, Store};
use std::fmt;
use std::time::Duration;

/// The folder that a bare name is in, and the one of `AT+FTPGETTOFS`.
pub(super) const USER: &str = "\\User\\";
pub(super) const FTP: &str = "\\User\\FTP\\";
pub(super) const CARD_FTP: &str = "\\FTP\\";

/// The drives: `C:`, and `D:` where a card is in its slot. A folder is a file of no octets whose name ends with a
/// backslash. Case makes no difference between names, and is kept.
pub(super) struct Disk {
    local: Store,
    card: Option<Store>,
}

/// A drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drive {
    Local,
    Card,
}

impl Drive {
    fn letter(self) -> char {
        match self {
            Drive::Local => 'C',
            Drive::Card => 'D',
        }
    }
}

/// A file or a folder: its drive, and its names from the root on, as `\User\ftp\a.bin` or `\User\ftp\`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub drive: Drive,
    pub name: String,
}

impl Path {
    /// Reads `C:\a\b`, or `b` as a name in a folder. `None` where it cannot be a path.
    pub fn new(text: &str, drive: Drive, folder: &str) -> Option<Path> {
        let (drive, rest) = match text.as_bytes() {
            [b'c' | b'C', b':', ..] => (Drive::Local, text[2..].to_owned()),
            [b'd' | b'D', b':', ..] => (Drive::Card, text[2..].to_owned()),
            _ => (drive, format!("{folder}{text}")),
        };
        let legal = |c: char| !c.is_control() && !":*?\"<>|".contains(c);
        let names: Vec<&str> = rest.split(['\\', '/']).filter(|name| !name.is_empty()).collect();
        let usual = names.iter().all(|name| !matches!(*name, "." | "..") && name.chars().all(legal));
        let end = if names.is_empty() || !rest.ends_with(['\\', '/']) { "" } else { "\\" };
        usual.then(|| Path { drive, name: format!("\\{}{end}", names.join("\\")) })
    }

    /// The same as a folder.
    fn folder(&self) -> Path {
        let end = if self.name.ends_with('\\') { "" } else { "\\" };
        Path { name: format!("{}{end}", self.name), ..*self }
    }

    /// The folder that it is in.
    fn parent(&self) -> Path {
        let name = self.name.trim_end_matches('\\');
        let end = name.rfind('\\').map_or(0, |at| at + 1);
        Path { name: if end == 0 { "\\".into() } else { name[..end].into() }, ..*self }
    }
}

/// An argument that is a path of at most 128 characters (12.2.25). A backslash in quotation marks is one.
pub(super) struct PathArg(Path);

impl FromArg for PathArg {
    fn from_arg(arg: Option<&Arg>) -> Result<Self, ArgError> {
        let text = arg.map(Arg::literal).filter(|text| !text.is_empty()).ok_or(ArgError::Missing)?;
        if text.len() > 128 {
            return Err(ArgError::TooLong);
        }
        Path::new(text, Drive::Local, USER).map(PathArg).ok_or(ArgError::Syntax)
    }
    fn grammar(_: &mut fmt::Formatter) -> fmt::Result {
        Ok(())
    }
}

impl PathArg {
    pub fn path(self) -> Path {
        self.0
    }
}

/// Why something cannot be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No such drive, folder or file.
    NotFound,
    /// There is such a file already, or the folder is not empty.
    State,
    /// No room.
    Full,
}

impl Refusal {
    pub fn reply(self, cx: &Cx) -> Reply {
        match self {
            Refusal::NotFound => Reply::Cme(NOT_FOUND),
            Refusal::State => cx.refuse_state(),
            Refusal::Full => Reply::Cme(MEMORY_FULL),
        }
    }
}

type Done = Result<(), Refusal>;

impl Disk {
    pub fn new(settings: &Settings) -> Disk {
        let octets = |size: u64| usize::try_from(size).unwrap_or(usize::MAX);
        let local = settings.drive.map_or(0, |size| octets(size.0));
        let card = settings.card.filter(|size| size.0 > 0).map(|size| Store::kept("D:", octets(size.0)));
        Disk { local: Store::kept("C:", local), card }
    }

    /// The module has started.
    pub fn load(&mut self, flash: &Flash) {
        self.local.load(flash);
        self.card.iter_mut().for_each(|card| card.load(flash));
    }

    fn store(&self, drive: Drive) -> Option<&Store> {
        match drive {
            Drive::Local => Some(&self.local),
            Drive::Card => self.card.as_ref(),
        }
    }

    fn store_mut(&mut self, drive: Drive) -> Option<&mut Store> {
        match drive {
            Drive::Local => Some(&mut self.local),
            Drive::Card => self.card.as_mut(),
        }
    }

    /// The name as it was given when it was made.
    fn find(&self, path: &Path) -> Option<String> {
        let fixed = [USER].into_iter().filter(|_| path.drive == Drive::Local);
        let names = self.store(path.drive)?.iter().map(|(name, _)| name);
        fixed.chain(names).find(|name| name.eq_ignore_ascii_case(&path.name)).map(str::to_owned)
    }

    /// A folder's name; the root has none of its own.
    fn find_folder(&self, path: &Path) -> Result<String, Refusal> {
        match path.name.as_str() {
            "\\" if self.store(path.drive).is_some() => Ok("\\".into()),
            _ => self.find(&path.folder()).ok_or(Refusal::NotFound),
        }
    }

    fn find_file(&self, path: &Path) -> Result<String, Refusal> {
        self.find(path).filter(|name| !name.ends_with('\\')).ok_or(Refusal::NotFound)
    }

    /// What a file holds.
    pub fn content(&self, path: &Path) -> Option<&[u8]> {
        let name = self.find_file(path).ok()?;
        self.store(path.drive)?.content(&name)
    }

    /// Makes a folder.
    pub fn make_folder(&mut self, flash: &mut Flash, path: &Path) -> Done {
        let parent = self.find_folder(&path.parent())?;
        let own = path.folder().name[path.parent().name.len()..].to_owned();
        let file = Path { name: path.name.trim_end_matches('\\').into(), ..*path };
        if self.find_folder(path).is_ok() || self.find(&file).is_some() {
            return Err(Refusal::State);
        }
        let store = self.store_mut(path.drive).ok_or(Refusal::NotFound)?;
        store.make(flash, &format!("{parent}{own}"), 0);
        Ok(())
    }

    /// Makes a file, or one that is there anew.
    pub fn make(&mut self, flash: &mut Flash, path: &Path) -> Done {
        let parent = self.find_folder(&path.parent())?;
        let name = match self.find_file(path) {
            Ok(name) => name,
            Err(_) if path.name.ends_with('\\') => return Err(Refusal::NotFound),
            Err(_) if self.find_folder(path).is_ok() => return Err(Refusal::State),
            Err(_) => format!("{parent}{}", &path.name[path.parent().name.len()..]),
        };
        self.store_mut(path.drive).ok_or(Refusal::NotFound)?.make(flash, &name, 0);
        Ok(())
    }

    /// Makes a file of FTP's, and its folder where that is missing.
    pub fn make_for_ftp(&mut self, flash: &mut Flash, path: &Path) -> Done {
        if self.find_folder(&path.parent()) == Err(Refusal::NotFound) {
            self.make_folder(flash, &path.parent())?;
        }
        self.make(flash, path)
    }

    /// Whether a file of FTP's can be made, or made anew. It is as it was, until the server sends something for it.
    pub fn takes_for_ftp(&mut self, flash: &mut Flash, path: &Path) -> bool {
        if self.content(path).is_some() {
            return true;
        }
        let made = self.make_for_ftp(flash, path).is_ok();
        made && self.remove(flash, path).is_ok()
    }

    /// Writes behind a file's end, and says how much there was room for.
    pub fn append(&mut self, flash: &mut Flash, path: &Path, bytes: &[u8]) -> usize {
        let Ok(name) = self.find_file(path) else { return 0 };
        self.store_mut(path.drive).map_or(0, |store| store.append(flash, &name, bytes))
    }

    fn room(&self, path: &Path) -> usize {
        let Ok(name) = self.find_file(path) else { return 0 };
        self.store(path.drive).map_or(0, |store| store.room(&name))
    }

    /// The names in a folder, those of folders with their backslash.
    fn list(&self, path: &Path) -> Result<Vec<String>, Refusal> {
        let folder = self.find_folder(path)?;
        let store = self.store(path.drive).ok_or(Refusal::NotFound)?;
        let fixed = Some(USER).filter(|_| path.drive == Drive::Local && store.content(USER).is_none());
        let names = fixed.into_iter().chain(store.iter().map(|(name, _)| name));
        let inside = names.filter_map(|name| name.strip_prefix(&folder));
        let own = inside.filter(|name| !name.is_empty() && !name[..name.len() - 1].contains('\\'));
        Ok(own.map(str::to_owned).collect())
    }

    /// Takes an empty folder away.
    fn remove_folder(&mut self, flash: &mut Flash, path: &Path) -> Done {
        let folder = self.find_folder(path)?;
        match (self.list(path)?.is_empty(), folder.as_str()) {
            (false, _) | (true, "\\" | USER) => return Err(Refusal::State),
            (true, folder) => self.store_mut(path.drive).map(|store| store.remove(flash, folder)),
        };
        Ok(())
    }

    fn remove(&mut self, flash: &mut Flash, path: &Path) -> Done {
        let name = self.find_file(path)?;
        self.store_mut(path.drive).map(|store| store.remove(flash, &name));
        Ok(())
    }

    /// Gives a file or a folder another name on the same drive.
    fn rename(&mut self, flash: &mut Flash, from: &Path, to: &Path) -> Done {
        let parent = self.find_folder(&to.parent())?;
        let is_folder = self.find_file(from).is_err();
        let old = if is_folder { self.find_folder(from)? } else { self.find_file(from)? };
        let to = if is_folder { to.folder() } else { to.clone() };
        let new = format!("{parent}{}", &to.name[to.parent().name.len()..]);
        let taken = [&to, &Path { name: to.name.trim_end_matches('\\').into(), ..to }, &to.folder()]
            .into_iter()
            .filter_map(|path| self.find(path))
            .any(|name| name != old);
        let inside = is_folder && new.to_ascii_uppercase().starts_with(&old.to_ascii_uppercase());
        if from.drive != to.drive || taken || inside || matches!(old.as_str(), "\\" | USER) {
            return Err(Refusal::State);
        }
        let store = self.store_mut(to.drive).ok_or(Refusal::NotFound)?;
        let all: Vec<_> = store.iter().map(|(name, _)| name.to_owned()).collect();
        for name in all {
            match name.strip_prefix(&old) {
                Some("") => store.rename(flash, &name, &new),
                Some(rest) if is_folder => store.rename(flash, &name, &format!("{new}{rest}")),
                _ => true,
            };
        }
        Ok(())
    }
}

fn done(done: Done, cx: &Cx) -> Reply {
    done.map_or_else(|refusal| refusal.reply(cx), |()| Reply::Ok)
}

/// `AT+FSDRIVE=<n>`: 0 the module's own drive, 1 the card's.
pub(super) fn drive(m: &mut Simcom, cx: &mut Cx, (which,): (Int<0, 1>,)) -> Reply {
    let drive = if which.get() == 0 { Drive::Local } else { Drive::Card };
    match m.disk.store(drive) {
        Some(_) => {
            cx.info(drive.letter());
            Reply::Ok
        }
        None => Refusal::NotFound.reply(cx),
    }
}

/// `AT+FSMEM`: the octets that are free.
pub(super) fn memory(m: &mut Simcom, cx: &mut Cx) -> Reply {
    let drives = [Drive::Local, Drive::Card].into_iter().filter_map(|d| Some((d, m.disk.store(d)?.free())));
    let free: Vec<_> = drives.map(|(drive, free)| format!("{}:{free}bytes", drive.letter())).collect();
    cx.info(free.join(","));
    Reply::Ok
}

/// `AT+FSLS=<folder>`
pub(super) fn list(m: &mut Simcom, cx: &mut Cx, (path,): (PathArg,)) -> Reply {
    match m.disk.list(&path.0) {
        Ok(names) => {
            names.iter().for_each(|name| cx.line(name));
            Reply::Ok
        }
        Err(refusal) => refusal.reply(cx),
    }
}

/// `AT+FSMKDIR=<folder>`
pub(super) fn make_folder(m: &mut Simcom, cx: &mut Cx, (path,): (PathArg,)) -> Reply {
    done(m.disk.make_folder(&mut cx.core.lasting.flash, &path.0), cx)
}

/// `AT+FSRMDIR=<folder>`
pub(super) fn remove_folder(m: &mut Simcom, cx: &mut Cx, (path,): (PathArg,)) -> Reply {
    done(m.disk.remove_folder(&mut cx.core.lasting.flash, &path.0), cx)
}

/// `AT+FSCREATE=<file>`: one that is there is emptied.
pub(super) fn create(m: &mut Simcom, cx: &mut Cx, (path,): (PathArg,)) -> Reply {
    done(m.disk.make(&mut cx.core.lasting.flash, &path.0), cx)
}

/// `AT+FSDEL=<file>`
pub(super) fn delete(m: &mut Simcom, cx: &mut Cx, (path,): (PathArg,)) -> Reply {
    done(m.disk.remove(&mut cx.core.lasting.flash, &path.0), cx)
}

/// `AT+FSRENAME=<old>,<new>`
pub(super) fn rename(m: &mut Simcom, cx: &mut Cx, (from, to): (PathArg, PathArg)) -> Reply {
    done(m.disk.rename(&mut cx.core.lasting.flash, &from.0, &to.0), cx)
}

/// `AT+FSFLSIZE=<file>`
pub(super) fn size(m: &mut Simcom, cx: &mut Cx, (path,): (PathArg,)) -> Reply {
    match m.disk.content(&path.0) {
        Some(content) => {
            cx.info(content.len());
            Reply::Ok
        }
        None => Refusal::NotFound.reply(cx),
    }
}

type ReadArgs = (PathArg, Int<0, 1>, Int<1, 10240>, Option<u32>);

/// `AT+FSREAD=<file>,<mode>,<size>,<position>`: mode 0 from the beginning, 1 from the position on.
pub(super) fn read(m: &mut Simcom, cx: &mut Cx, (path, mode, size, position): ReadArgs) -> Reply {
    let Some(content) = m.disk.content(&path.0) else { return Refusal::NotFound.reply(cx) };
    let from = if mode.get() == 0 { 0 } else { position.unwrap_or(0) as usize };
    let Some(rest) = content.get(from..) else { return cx.refuse(ArgError::Range) };
    cx.text(&rest[..rest.len().min(size.size())]);
    Reply::Ok
}

/// Where octets go that the host types.
pub(super) struct Place {
    path: Path,
    behind: bool,
}

type WriteArgs = (PathArg, Int<0, 1>, Int<1, 10240>, Int<1, 10000>);

/// `AT+FSWRITE=<file>,<mode>,<size>,<time in s>`: `>`, the octets, OK. Mode 0 writes the file anew, 1 behind its end.
pub(super) fn write(m: &mut Simcom, cx: &mut Cx, (path, mode, size, limit): WriteArgs) -> Reply {
    let place = Place { path: path.0, behind: mode.get() == 1 };
    let Some(content) = m.disk.content(&place.path) else { return Refusal::NotFound.reply(cx) };
    let kept = if place.behind { content.len() } else { 0 };
    if m.disk.room(&place.path) < kept + size.size() {
        return Refusal::Full.reply(cx);
    }
    cx.text(b">");
    typing::take(m, cx, Typing::Disk(place), size.size(), Duration::from_secs(limit.get().unsigned_abs()))
}

/// All octets of `AT+FSWRITE` have come. Another port may have filled the drive meanwhile, or taken the file away.
pub(super) fn written(m: &mut Simcom, cx: &mut Cx, place: &Place, held: &[u8]) -> Reply {
    let flash = &mut cx.core.lasting.flash;
    if !place.behind && m.disk.make(flash, &place.path).is_err() {
        return Refusal::NotFound.reply(cx);
    }
    match m.disk.append(flash, &place.path, held) == held.len() {
        true => Reply::Ok,
        false => Refusal::Full.reply(cx),
    }
}
