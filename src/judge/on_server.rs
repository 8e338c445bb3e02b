//! What is on the server in the end: the files that an expectation or a transcript names.

use crate::at::octets;
use crate::disk::plain;
use crate::fault::{Files, path_parts};
use crate::scenario::expect::file::holds;
use crate::scenario::{Disk, FileFacts};
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A path from the server's root, as clients name it, and where it lies on the disk.
pub type Place = (String, PathBuf);

/// What lies under the server's root, and on this machine.
#[derive(Clone, Debug)]
pub struct OnDisk<'a>(pub &'a Path);

impl Disk for OnDisk<'_> {
    fn find(&mut self, files: &Files) -> Vec<(String, FileFacts)> {
        let facts = |(path, place): Place| Some((path, facts(&place)?));
        places(self.0, files).into_iter().filter(|(_, place)| place.is_file()).filter_map(facts).collect()
    }

    fn begins(&mut self, path: &str, most: usize) -> Vec<u8> {
        let mut begin = vec![];
        let read = |file: File| file.take(most as u64).read_to_end(&mut begin);
        // What cannot be read does not begin so.
        let _ = self.open(path).map(read);
        begin
    }

    fn holds(&mut self, path: &str, part: &[u8]) -> bool {
        let Some(file) = self.open(path) else { return false };
        let octets = BufReader::with_capacity(1 << 16, file).bytes().map_while(Result::ok);
        holds(octets, part)
    }

    fn local(&mut self, path: &str) -> Option<FileFacts> {
        facts(Path::new(path))
    }
}

impl OnDisk<'_> {
    fn open(&self, path: &str) -> Option<File> {
        let (_, place) = places(self.0, &Files::One(path.to_owned())).into_iter().next()?;
        plain(&place, OpenOptions::new().read(true)).ok()
    }
}

/// The facts of the file at this place. It may be as large as the disk.
fn facts(place: &Path) -> Option<FileFacts> {
    let mut hash = Sha256::new();
    let size = io::copy(&mut plain(place, OpenOptions::new().read(true)).ok()?, &mut hash).ok()?;
    Some(FileFacts { size, sha256: hash.finalize().into() })
}

/// Where these files and folders are, by the order of their paths.
pub fn places(root: &Path, files: &Files) -> Vec<Place> {
    match files {
        Files::One(path) => {
            let root_itself = path.bytes().all(|b| b == b'/').then(|| root.to_path_buf());
            let below = || path_parts(path).map(|parts| root.join(parts.join("/")));
            let place = root_itself.or_else(below).filter(|place| place.exists());
            place.map(|place| (path.trim_matches('/').to_owned(), place)).into_iter().collect()
        }
        Files::Matching(_) => {
            let mut found = vec![];
            walk(root, "", &mut found);
            found.retain(|(path, _)| files.hold(path));
            found.sort();
            found
        }
    }
}

/// All that lies in a folder, and in the folders there; a link to a folder is not followed, for it may lead back.
fn walk(folder: &Path, path: &str, found: &mut Vec<Place>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = format!("{path}{}", octets::text_of(entry.file_name().as_bytes()));
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            walk(&entry.path(), &format!("{path}/"), found);
        }
        found.push((path, entry.path()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pattern_names_is_found_in_folders_and_no_link_is_followed_for_ever() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("up/deep")).unwrap();
        fs::write(root.path().join("up/deep/a.part"), "abc").unwrap();
        fs::write(root.path().join("b.PART"), "").unwrap();
        std::os::unix::fs::symlink("..", root.path().join("up/back")).unwrap();
        let mut disk = OnDisk(root.path());
        let mut paths = |text: &str| disk.find(&text.into()).into_iter().map(|f| f.0).collect::<Vec<_>>();
        assert_eq!(paths("*.part"), ["b.PART", "up/deep/a.part"]);
        assert_eq!(paths("up/**"), ["up/deep/a.part"]);
        assert_eq!(paths("/up/deep/a.part"), ["up/deep/a.part"]);
        assert_eq!(paths("a.part"), [""; 0]);
        assert_eq!(paths("../*"), [""; 0]);
        assert_eq!(disk.find(&"up/*".into())[0].1, FileFacts::of(b"abc"));
        assert_eq!(disk.begins("up/deep/a.part", 2), b"ab");
        assert_eq!(disk.begins("up/nothing", 2), b"");
        assert!(disk.holds("up/deep/a.part", b"bc") && !disk.holds("up/deep/a.part", b"bd"));
        let local = root.path().join("up/deep/a.part");
        assert_eq!(disk.local(local.to_str().unwrap()), Some(FileFacts::of(b"abc")));
        assert_eq!(disk.local("/nowhere"), None);
    }
}
