//! A module's own files: named contents in a store of limited size. What outlives a reset is in the flash
//! too, one character an octet, and with the flash `--state` keeps it.

use super::flash::Flash;
use std::collections::BTreeMap;

/// A store of files.
#[derive(Debug, Default)]
pub struct Store {
    /// What the keys of its files begin with in the flash; a store without one is lost at a reset.
    key: Option<&'static str>,
    files: BTreeMap<String, Vec<u8>>,
    capacity: usize,
}

impl Store {
    /// An empty store for so many octets, which the flash keeps.
    pub fn kept(key: &'static str, capacity: usize) -> Store {
        Store { key: Some(key), capacity, ..Store::default() }
    }

    /// An empty store for so many octets, which is lost at a reset.
    pub fn lost(capacity: usize) -> Store {
        Store { capacity, ..Store::default() }
    }

    /// Finds again what the flash has kept.
    pub fn load(&mut self, flash: &Flash) {
        let Some(own) = self.key else { return };
        let kept = flash.iter().filter_map(|(key, text)| Some((key.strip_prefix(own)?, text)));
        let octets = |text: &String| text.chars().map(|c| u32::from(c) as u8).collect();
        self.files = kept.map(|(name, text)| (name.to_string(), octets(text))).collect();
    }

    /// The files' names and contents, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(name, content)| (name.as_str(), content.as_slice()))
    }

    /// What a file holds.
    pub fn content(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }

    /// All octets that the store can hold.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Octets that are free.
    pub fn free(&self) -> usize {
        self.capacity.saturating_sub(self.files.values().map(Vec::len).sum())
    }

    /// Octets that a new content of this file may have.
    pub fn room(&self, name: &str) -> usize {
        self.free() + self.content(name).map_or(0, <[u8]>::len)
    }

    /// Makes a file where there is none, and keeps at most so many octets of what it held.
    pub fn make(&mut self, flash: &mut Flash, name: &str, keep: usize) {
        self.files.entry(name.into()).or_default().truncate(keep);
        self.save(flash, name);
    }

    /// Writes from an octet of the file on as much as there is room for, and says how much that was. A gap before
    /// it is filled with NUL.
    pub fn write(&mut self, flash: &mut Flash, name: &str, at: usize, bytes: &[u8]) -> usize {
        let room = self.room(name);
        let Some(file) = self.files.get_mut(name) else { return 0 };
        let n = bytes.len().min(room.saturating_sub(at));
        if n == 0 {
            return 0;
        }
        let appends = at == file.len();
        file.resize(file.len().max(at + n), 0);
        file[at..at + n].copy_from_slice(&bytes[..n]);
        match (self.key.and_then(|key| flash.get_mut(&format!("{key}{name}"))), appends) {
            (Some(text), true) => text.extend(bytes[..n].iter().copied().map(char::from)),
            _ => self.save(flash, name),
        }
        n
    }

    /// Writes behind the file's end as much as there is room for, and says how much that was.
    pub fn append(&mut self, flash: &mut Flash, name: &str, bytes: &[u8]) -> usize {
        let end = self.content(name).map_or(0, <[u8]>::len);
        self.write(flash, name, end, bytes)
    }

    /// Takes a file away; false where there is none.
    pub fn remove(&mut self, flash: &mut Flash, name: &str) -> bool {
        let there = self.files.remove(name).is_some();
        self.save(flash, name);
        there
    }

    /// Gives a file another name, in place of what bore it; false where there is no such file.
    pub fn rename(&mut self, flash: &mut Flash, from: &str, to: &str) -> bool {
        let Some(content) = self.files.remove(from) else { return false };
        self.files.insert(to.into(), content);
        self.save(flash, from);
        self.save(flash, to);
        true
    }

    fn save(&self, flash: &mut Flash, name: &str) {
        let Some(key) = self.key.map(|key| format!("{key}{name}")) else { return };
        match self.content(name) {
            Some(content) => flash.insert(key, content.iter().copied().map(char::from).collect()),
            None => flash.remove(&key),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_store_finds_every_octet_again_and_a_lost_one_nothing() {
        let all: Vec<u8> = (0..=255).collect();
        let mut flash = Flash::from(BTreeMap::from([("other:a".into(), "x".into())]));
        for (mut store, kept) in [(Store::kept("own:", 1000), true), (Store::lost(1000), false)] {
            store.make(&mut flash, "a", 0);
            assert_eq!(store.append(&mut flash, "a", &all), 256);
            assert_eq!(store.append(&mut flash, "a", &all), 256);
            assert_eq!(store.write(&mut flash, "a", 1, b"!"), 1);
            let mut again = if kept { Store::kept("own:", 1000) } else { Store::lost(1000) };
            again.load(&flash);
            assert_eq!(again.content("a").is_some(), kept);
            assert_eq!(again.iter().count(), usize::from(kept));
            assert!(again.content("a").is_none_or(|a| a.len() == 512 && a[..3] == [0, b'!', 2]));
        }
    }

    #[test]
    fn no_more_is_written_than_there_is_room_for() {
        let mut flash = Flash::default();
        let mut store = Store::kept("", 10);
        assert_eq!(store.append(&mut flash, "none", b"x"), 0);
        store.make(&mut flash, "a", 0);
        store.make(&mut flash, "b", 0);
        assert_eq!(store.append(&mut flash, "a", b"12345678"), 8);
        assert_eq!(store.append(&mut flash, "b", b"12345678"), 2);
        assert_eq!((store.free(), store.room("a"), store.room("new")), (0, 8, 0));
        assert_eq!(store.write(&mut flash, "a", 6, b"abcd"), 2);
        assert_eq!(store.content("a"), Some(&b"123456ab"[..]));
        assert_eq!(store.write(&mut flash, "a", 20, b"abcd"), 0);
        assert!(store.rename(&mut flash, "a", "c") && !store.rename(&mut flash, "a", "d"));
        assert!(store.remove(&mut flash, "c") && !store.remove(&mut flash, "c"));
        assert_eq!(flash, Flash::from(BTreeMap::from([("b".into(), "12".into())])));
        assert_eq!((store.free(), store.capacity()), (8, 10));
    }
}
