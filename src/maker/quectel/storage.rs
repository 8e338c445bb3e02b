//! The module's file stores, after FILE V1.5: `RAM:` is lost at a reset, `UFS:` and the SD card are not.

use super::Settings;
use super::trouble::Trouble;
use crate::modem::Cx;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Place {
    /// Memory.
    Ram,
    /// Flash.
    Ufs,
    /// The folder "Picture" of the SD card.
    Sd,
}

impl Place {
    const ALL: [Place; 3] = [Place::Ram, Place::Ufs, Place::Sd];

    pub(super) fn name(self) -> &'static str {
        match self {
            Place::Ram => "RAM",
            Place::Ufs => "UFS",
            Place::Sd => "SD",
        }
    }

    pub(super) fn of(name: &str) -> Option<Place> {
        Place::ALL.into_iter().find(|place| place.name().eq_ignore_ascii_case(name))
    }

    /// A name as the file commands print it: what lies in `UFS:` has no prefix (2.2.2).
    fn shown(self, name: &str) -> String {
        match self {
            Place::Ufs => name.into(),
            Place::Ram | Place::Sd => format!("{}:{name}", self.name()),
        }
    }
}

/// A file's store and its name there, or a pattern of names. Case makes no difference (5.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    pub(super) place: Place,
    pub(super) name: String,
}

impl Path {
    pub(super) fn new(place: Place, name: &str) -> Path {
        Path { place, name: name.into() }
    }

    /// `RAM:name`, `UFS:name`, `SD:name`, or `name` in `UFS:`.
    pub(super) fn parse(text: &str) -> Result<Path, Trouble> {
        let (place, name) = match text.split_once(':') {
            Some((place, name)) => (Place::of(place).ok_or(Trouble::NoPlace)?, name),
            None => (Place::Ufs, text),
        };
        match name {
            "" => Err(Trouble::NoName),
            name => Ok(Path::new(place, name)),
        }
    }

    pub(super) fn is_pattern(&self) -> bool {
        self.name.contains('*')
    }

    pub(super) fn is_same(&self, other: &Path) -> bool {
        self.place == other.place && self.name.eq_ignore_ascii_case(&other.name)
    }

    fn key(&self) -> String {
        self.name.to_ascii_lowercase()
    }

    /// That a file can have this name: there are no folders, and FAT has letters that it keeps for itself.
    pub(super) fn check_name(&self) -> Result<(), Trouble> {
        let own = |c: char| c.is_control() || "\\/:*?\"<>|".contains(c);
        let only_dots = self.name.trim_end_matches(['.', ' ']).is_empty();
        if only_dots || self.name.contains(own) { Err(Trouble::BadName) } else { Ok(()) }
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

/// A file.
#[derive(Clone, Debug)]
pub struct File {
    /// The name as it was given when the file was made.
    name: String,
    pub(super) content: Vec<u8>,
    /// What is set aside for it, and with that the most that it can hold: in `RAM:` alone.
    pub(super) most: Option<usize>,
}

impl File {
    /// What the file takes away from its store.
    fn taken(&self) -> usize {
        self.most.unwrap_or(self.content.len())
    }
}

/// A file as it is listed.
#[derive(Debug, PartialEq, Eq)]
pub struct Listed {
    pub(super) path: Path,
    pub(super) shown: String,
    pub(super) size: usize,
    pub(super) most: Option<usize>,
}

#[derive(Default)]
struct Store {
    /// By their names in lower case.
    files: BTreeMap<String, File>,
    capacity: usize,
}

impl Store {
    fn free(&self) -> usize {
        self.capacity.saturating_sub(self.files.values().map(File::taken).sum())
    }
}

/// The stores that the module knows; a slot without a card is `None`.
pub struct Stores(BTreeMap<Place, Option<Store>>);

impl Stores {
    pub(super) fn new(settings: &Settings) -> Stores {
        let store = |place| {
            let capacity = match place {
                Place::Ram => settings.ram.0,
                Place::Ufs => settings.ufs.0,
                Place::Sd => settings.sd.0,
            };
            let capacity = usize::try_from(capacity).unwrap_or(usize::MAX);
            let there = place != Place::Sd || capacity > 0;
            there.then(|| Store { files: BTreeMap::new(), capacity })
        };
        Stores(settings.places.iter().map(|&place| (place, store(place))).collect())
    }

    /// Finds again what was in flash and on the card before the reset.
    pub(super) fn load(&mut self, cx: &Cx) {
        for (key, text) in cx.core.lasting.flash.iter() {
            let Some((place, name)) = key.split_once(':') else { continue };
            let place = [Place::Ufs, Place::Sd].into_iter().find(|p| p.name() == place);
            if let Some(Some(store)) = place.and_then(|place| self.0.get_mut(&place)) {
                let content = text.chars().map(|c| u32::from(c) as u8).collect();
                let file = File { name: name.into(), content, most: None };
                store.files.insert(name.to_ascii_lowercase(), file);
            }
        }
    }

    /// Brings a file to where it outlives a reset, or what was there of one that is no more away: one character an octet.
    ///
    /// # Errors
    /// Where it cannot be kept there: no room, as far as the host knows.
    pub(super) fn save(&self, cx: &mut Cx, path: &Path) -> Result<(), Trouble> {
        if path.place == Place::Ram {
            return Ok(());
        }
        let file = self.file(path);
        let name = file.map_or(path.name.as_str(), |file| &file.name);
        let key = format!("{}:{name}", path.place.name());
        let flash = &mut cx.core.lasting.flash;
        flash.retain(|other, _| !other.eq_ignore_ascii_case(&key));
        if let Some(file) = file {
            flash.insert(key, file.content.iter().copied().map(char::from).collect());
        }
        if cx.keep() { Ok(()) } else { Err(Trouble::Full(path.place)) }
    }

    fn store(&self, place: Place) -> Result<&Store, Trouble> {
        self.0.get(&place).ok_or(Trouble::NoPlace)?.as_ref().ok_or(Trouble::NoCard)
    }

    fn store_mut(&mut self, place: Place) -> Result<&mut Store, Trouble> {
        self.0.get_mut(&place).ok_or(Trouble::NoPlace)?.as_mut().ok_or(Trouble::NoCard)
    }

    /// Whether the module knows the store, with a card in it or not.
    pub(super) fn knows(&self, place: Place) -> bool {
        self.0.contains_key(&place)
    }

    /// Octets that are free, and all.
    pub(super) fn space(&self, place: Place) -> Result<(usize, usize), Trouble> {
        let store = self.store(place)?;
        Ok((store.free(), store.capacity))
    }

    /// Octets of a store's files, and how many files there are.
    pub(super) fn used(&self, place: Place) -> Result<(usize, usize), Trouble> {
        let files = &self.store(place)?.files;
        Ok((files.values().map(|file| file.content.len()).sum(), files.len()))
    }

    pub(super) fn file(&self, path: &Path) -> Option<&File> {
        self.store(path.place).ok()?.files.get(&path.key())
    }

    /// The file, or why there is none.
    pub(super) fn find(&self, path: &Path) -> Result<&File, Trouble> {
        self.store(path.place)?.files.get(&path.key()).ok_or(Trouble::NotFound)
    }

    fn find_mut(&mut self, path: &Path) -> Result<&mut File, Trouble> {
        self.store_mut(path.place)?.files.get_mut(&path.key()).ok_or(Trouble::NotFound)
    }

    /// How the file commands call the file.
    pub(super) fn shown(&self, path: &Path) -> String {
        path.place.shown(self.file(path).map_or(&path.name, |file| &file.name))
    }

    /// The files that a name or a pattern stands for. Of a pattern there may be none.
    pub(super) fn matching(&self, pattern: &Path) -> Result<Vec<Listed>, Trouble> {
        let (place, key) = (pattern.place, pattern.key());
        let files = self.store(place)?.files.iter().filter(|(name, _)| fits(name, &key));
        let listed = |file: &File| Listed {
            path: Path::new(place, &file.name),
            shown: place.shown(&file.name),
            size: file.content.len(),
            most: file.most,
        };
        let found: Vec<_> = files.map(|(_, file)| listed(file)).collect();
        if found.is_empty() && !pattern.is_pattern() { Err(Trouble::NotFound) } else { Ok(found) }
    }

    /// Whether a file of so many octets could take the place of this one, or be made.
    pub(super) fn check_room(&self, path: &Path, size: usize) -> Result<(), Trouble> {
        let store = self.store(path.place)?;
        let own = self.file(path).map_or(0, File::taken);
        match size {
            size if size > store.capacity => Err(Trouble::TooLarge),
            size if size > store.free() + own => Err(Trouble::Full(path.place)),
            _ => Ok(()),
        }
    }

    /// That a file of this name can be made, and is not there yet.
    pub(super) fn check_new(&self, path: &Path) -> Result<(), Trouble> {
        match self.store(path.place)?.files.contains_key(&path.key()) {
            true => Err(Trouble::Exists),
            false => path.check_name(),
        }
    }

    /// That all these files have room together where they are copied to.
    pub(super) fn check_copies(&self, place: Place, pairs: &[(Path, Path)]) -> Result<(), Trouble> {
        // Only RAM: sets anything aside.
        let new_size = |file: &File| if place == Place::Ram { file.taken() } else { file.content.len() };
        let copied = pairs.iter().filter(|(from, to)| !from.is_same(to));
        let (new, old) = copied.fold((0, 0), |(new, old), (from, to)| {
            let own = self.file(to).map_or(0, File::taken);
            (new + self.file(from).map_or(0, new_size), old + own)
        });
        let free = self.store(place)?.free();
        if new > free + old { Err(Trouble::Full(place)) } else { Ok(()) }
    }

    /// Makes the file, empty, in place of any other; in `RAM:` with room for `most` octets set aside.
    pub(super) fn make(&mut self, path: &Path, most: usize) -> Result<(), Trouble> {
        self.store(path.place)?;
        path.check_name()?;
        let most = (path.place == Place::Ram).then_some(most);
        self.check_room(path, most.unwrap_or(0))?;
        let file = File { name: path.name.clone(), content: vec![], most };
        self.store_mut(path.place)?.files.insert(path.key(), file);
        Ok(())
    }

    /// Cuts the file behind so many octets.
    pub(super) fn truncate(&mut self, path: &Path, size: usize) -> Result<(), Trouble> {
        self.find_mut(path).map(|file| file.content.truncate(size))
    }

    /// Sets more aside for a file in `RAM:`, where it has less than `most`.
    pub(super) fn set_aside(&mut self, path: &Path, most: usize) -> Result<(), Trouble> {
        if self.find(path)?.most.is_some_and(|own| own < most) {
            self.check_room(path, most)?;
            self.find_mut(path)?.most = Some(most);
        }
        Ok(())
    }

    /// The most that may be written at a place in the file, or why nothing more may.
    fn writable(&self, path: &Path, at: usize) -> Result<(usize, Trouble), Trouble> {
        let file = self.find(path)?;
        match file.most {
            Some(most) => Ok((most.saturating_sub(at), Trouble::OverLimit)),
            None => {
                let end = file.content.len() + self.store(path.place)?.free();
                Ok((end.saturating_sub(at), Trouble::Full(path.place)))
            }
        }
    }

    /// Whether so many octets can be written there.
    pub(super) fn check_write(&self, path: &Path, at: usize, size: usize) -> Result<(), Trouble> {
        match self.writable(path, at)? {
            (most, why) if size > most => Err(why),
            _ => Ok(()),
        }
    }

    /// Writes as much as there is room for: how much that was, and why not all.
    pub(super) fn write(
        &mut self,
        path: &Path,
        at: usize,
        bytes: &[u8],
    ) -> Result<(usize, Option<Trouble>), Trouble> {
        let (most, why) = self.writable(path, at)?;
        let n = bytes.len().min(most);
        let content = &mut self.find_mut(path)?.content;
        content.resize(content.len().max(at + n), 0);
        content[at..at + n].copy_from_slice(&bytes[..n]);
        Ok((n, (n < bytes.len()).then_some(why)))
    }

    pub(super) fn remove(&mut self, path: &Path) -> Result<(), Trouble> {
        self.store_mut(path.place)?.files.remove(&path.key()).map(drop).ok_or(Trouble::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_names() {
        for (name, pattern, fitting) in [
            ("a.txt", "*", true),
            ("a.txt", "a*t", true),
            ("a.txt", "*.t*t", true),
            ("a.txt", "a.txt", true),
            ("a.txt", "b*", false),
            ("aa", "aa*a", false),
            ("", "*", true),
            ("a", "", false),
        ] {
            assert_eq!(fits(name, pattern), fitting, "{name} {pattern}");
        }
    }

    #[test]
    fn names_are_of_a_store() {
        assert_eq!(Path::parse("ram:a"), Ok(Path::new(Place::Ram, "a")));
        assert_eq!(Path::parse("a"), Ok(Path::new(Place::Ufs, "a")));
        assert_eq!(Path::parse("COM:a"), Err(Trouble::NoPlace));
        assert_eq!(Path::parse(""), Err(Trouble::NoName));
        assert_eq!(Path::parse("SD:"), Err(Trouble::NoName));
        for name in ["..", ".", "a/b", "../a", "a\\b", "a?b", "a:b", "\u{1}", " "] {
            assert_eq!(Path::new(Place::Ufs, name).check_name(), Err(Trouble::BadName), "{name}");
        }
        assert_eq!(Path::new(Place::Ufs, ".profile").check_name(), Ok(()));
    }
}
