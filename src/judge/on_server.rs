//! What is on the server in the end: the files that an expectation or a transcript names.

use crate::at::octets;
use crate::disk::plain;
use crate::fault::{Files, path_parts};
use crate::scenario::FileFacts;
use sha2::{Digest, Sha256};
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A path from the server's root, as clients name it, and where it lies on the disk.
pub type Place = (String, PathBuf);

/// The facts of each of these files under `root`, by their paths from there.
pub fn facts(root: &Path, files: &Files) -> Vec<(String, FileFacts)> {
    let facts = |(path, place): Place| {
        let mut hash = Sha256::new();
        // A file may be as large as the disk.
        let size = io::copy(&mut plain(&place, OpenOptions::new().read(true)).ok()?, &mut hash).ok()?;
        Some((path, FileFacts { size, sha256: hash.finalize().into() }))
    };
    places(root, files).into_iter().filter(|(_, place)| place.is_file()).filter_map(facts).collect()
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
        let paths =
            |text: &str| facts(root.path(), &text.into()).into_iter().map(|f| f.0).collect::<Vec<_>>();
        assert_eq!(paths("*.part"), ["b.PART", "up/deep/a.part"]);
        assert_eq!(paths("up/**"), ["up/deep/a.part"]);
        assert_eq!(paths("/up/deep/a.part"), ["up/deep/a.part"]);
        assert_eq!(paths("a.part"), [""; 0]);
        assert_eq!(paths("../*"), [""; 0]);
        assert_eq!(facts(root.path(), &"up/*".into())[0].1, FileFacts::of(b"abc"));
    }
}
