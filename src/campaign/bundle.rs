//! Evidence in one file: what an auditor, or a colleague, needs to see a run again.
//!
//! A zip archive. `bundle.json`, the [`Manifest`], has the SHA-256 of every other file in it. What comes from outside is
//! read with a limit to everything, and nothing is unpacked but what the manifest names, below a folder of its own.

use super::Shard;
use crate::disk::Kind;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// The name of the manifest in the archive.
pub const MANIFEST: &str = "bundle.json";
/// What `--bundle` may write over.
pub const ARCHIVE: Kind = Kind { name: "bundle (zip)", is_one: |begin, _| begin.starts_with(b"PK\x03\x04") };
/// The form of the archive.
const FORM: u32 = 1;

/// An archive is no larger.
const LARGEST: u64 = 1 << 30;
/// Its manifest is no larger.
const MANIFEST_LARGEST: u64 = 64 << 20;
/// What is unpacked of it is no more together.
const UNPACKED: u64 = 1 << 30;
/// It has no more files.
const FILES: usize = 200_000;

/// What is in an archive, and how the runs were made.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of the archive.
    pub bundle: u32,
    /// The version of Badline that made it.
    pub badline: String,
    /// How that was built, and for what.
    pub build: String,
    /// The options of the runs.
    pub options: Choices,
    /// The scenarios, in the order of the plan; none where a module was run without one.
    pub scenarios: Vec<Packed>,
    /// The status of `badline`.
    pub status: u8,
    /// The commands of each module that do less than the module's, or are answered and change nothing.
    pub simplified: Vec<Simplified>,
    /// What a run needs and the archive has not, in words.
    #[serde(default)]
    pub left_out: Vec<String>,
    /// Every other file.
    pub files: Vec<Hashed>,
}

/// The options that make a run what it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Choices {
    /// The module: a name, or a file in the archive.
    pub profile: Option<String>,
    /// The number of ports.
    pub ports: Option<u8>,
    /// The seed.
    pub seed: Option<u64>,
    /// Seeds, as `A..B`.
    pub seeds: Option<String>,
    /// How many runs there are under each.
    pub repeat: u32,
    /// Which part of the plan was run.
    pub shard: Option<Shard>,
    /// How many times faster than real time the clock ran.
    pub speed: Option<u32>,
    /// Whether the ports were as slow as their baud rate.
    pub pace: bool,
    /// Whether a fault that has tested nothing fails a run.
    pub strict: bool,
    /// How long a run might take, in milliseconds of real time.
    pub timeout_ms: u64,
    /// The recording that was replayed: a file in the archive.
    pub replay: Option<String>,
}

/// A scenario.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Packed {
    /// As it was named.
    pub name: String,
    /// Its file in the archive; none for one of the binary's own.
    pub file: Option<String>,
}

/// What a module's commands leave out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Simplified {
    /// The module.
    pub profile: String,
    /// A command, its forms, and what is behind it.
    pub commands: Vec<[String; 3]>,
}

/// A file of the archive.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hashed {
    /// Its path there.
    pub path: String,
    /// How many octets it has.
    pub size: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// An archive that is written.
pub struct Packer<W: Write> {
    zip: ZipWriter<StreamWriter<W>>,
    files: Vec<Hashed>,
}

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(true)
}

impl<W: Write> Packer<W> {
    /// Of nothing yet.
    pub fn new(to: W) -> Packer<W> {
        Packer { zip: ZipWriter::new_stream(to), files: vec![] }
    }

    /// Packs a file; one that is there already is the same.
    ///
    /// # Errors
    /// It cannot be read, or the archive not be written.
    pub fn add(&mut self, path: &str, mut from: impl Read) -> io::Result<()> {
        if self.files.iter().any(|file| file.path == path) {
            return Ok(());
        }
        self.zip.start_file(path, options())?;
        let mut hash = Sha256::new();
        let (mut size, mut chunk) = (0, vec![0; 64 << 10]);
        loop {
            let n = from.read(&mut chunk)?;
            if n == 0 {
                break;
            }
            hash.update(&chunk[..n]);
            self.zip.write_all(&chunk[..n])?;
            size += n as u64;
        }
        self.files.push(Hashed { path: path.to_owned(), size, sha256: hex(&hash.finalize()) });
        Ok(())
    }

    /// Ends it with its manifest.
    ///
    /// # Errors
    /// The archive cannot be written.
    pub fn finish(mut self, manifest: Manifest) -> io::Result<()> {
        let manifest = Manifest {
            bundle: FORM,
            badline: env!("CARGO_PKG_VERSION").into(),
            build: build(),
            files: self.files,
            ..manifest
        };
        self.zip.start_file(MANIFEST, options())?;
        self.zip.write_all(&serde_json::to_vec_pretty(&manifest)?)?;
        self.zip.finish()?.into_inner().flush()
    }
}

/// How this program was built, and for what.
pub fn build() -> String {
    let how = if cfg!(debug_assertions) { "debug" } else { "release" };
    format!("{how}, {} on {}", std::env::consts::OS, std::env::consts::ARCH)
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Looks whether an archive is whole, and unpacks what its runs need into `folder`.
///
/// # Errors
/// It cannot be read, is none, or is not as its manifest says.
pub fn unpack(archive: &Path, folder: &Path) -> io::Result<Manifest> {
    let file = crate::disk::plain(archive, fs::OpenOptions::new().read(true))?;
    if file.metadata()?.len() > LARGEST {
        return Err(wrong("it is larger than 1 GiB"));
    }
    let mut zip = ZipArchive::new(io::BufReader::new(file))?;
    if zip.len() > FILES {
        return Err(wrong(format!("it has more than {FILES} files")));
    }
    let mut text = vec![];
    let manifest =
        zip.by_name(MANIFEST).map_err(|_| wrong(format!("it has no {MANIFEST}: it is no bundle")))?;
    manifest.take(MANIFEST_LARGEST + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MANIFEST_LARGEST {
        return Err(wrong(format!("its {MANIFEST} is larger than 64 MiB")));
    }
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|e| wrong(format!("its {MANIFEST} cannot be read: {e}")))?;
    if manifest.bundle != FORM {
        return Err(wrong(format!("it is of form {}, and this version reads form {FORM}", manifest.bundle)));
    }
    let mut left = UNPACKED;
    for file in &manifest.files {
        let place = inside(&file.path)?;
        let needed = place.starts_with(NEEDED);
        left = left.checked_sub(file.size).ok_or_else(|| wrong("it unpacks to more than 1 GiB"))?;
        let entry = zip.by_name(&file.path).map_err(|_| wrong(format!("{} is missing in it", file.path)))?;
        let to = if needed { Some(create(&folder.join(&place))?) } else { None };
        let sha256 = copy(entry.take(file.size.saturating_add(1)), to)?;
        if sha256 != file.sha256 {
            return Err(wrong(format!("{} is not what it was: its SHA-256 is {sha256}", file.path)));
        }
    }
    Ok(manifest)
}

/// The folder of an archive that holds what its runs need.
pub const NEEDED: &str = "needed";

/// Copies, and gives the SHA-256.
fn copy(mut from: impl Read, mut to: Option<File>) -> io::Result<String> {
    let (mut hash, mut chunk) = (Sha256::new(), vec![0; 64 << 10]);
    loop {
        let n = from.read(&mut chunk)?;
        if n == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(&chunk[..n]);
        to.as_mut().map_or(Ok(()), |to| to.write_all(&chunk[..n]))?;
    }
}

/// A path that leads nowhere but down.
///
/// # Errors
/// Where it leads elsewhere.
pub fn inside(path: &str) -> io::Result<PathBuf> {
    let place = PathBuf::from(path);
    let down = place.components().all(|part| matches!(part, Component::Normal(_)));
    match down && !path.is_empty() && !path.contains(['\\', '\0']) {
        true => Ok(place),
        false => Err(wrong(format!("{path:?} would lie outside"))),
    }
}

/// A new file, in folders that are made for it.
fn create(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // Nothing is followed, and nothing is written over.
    fs::OpenOptions::new().write(true).create_new(true).open(path)
}

fn wrong(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(files: &[(&str, &str)]) -> Vec<u8> {
        let mut to = vec![];
        let mut packer = Packer::new(&mut to);
        files.iter().for_each(|(path, text)| packer.add(path, text.as_bytes()).unwrap());
        packer.finish(Manifest::default()).unwrap();
        to
    }

    fn unpacked(archive: &[u8]) -> (io::Result<Manifest>, tempfile::TempDir) {
        let here = tempfile::tempdir().unwrap();
        fs::write(here.path().join("a.zip"), archive).unwrap();
        fs::create_dir(here.path().join("to")).unwrap();
        (unpack(&here.path().join("a.zip"), &here.path().join("to")), here)
    }

    #[test]
    fn what_is_needed_is_unpacked_and_all_is_looked_at() {
        let (manifest, here) = unpacked(&pack(&[("needed/0/a.toml", "seed = 1"), ("junit.xml", "<x/>")]));
        assert_eq!(manifest.unwrap().files.len(), 2);
        assert_eq!(fs::read_to_string(here.path().join("to/needed/0/a.toml")).unwrap(), "seed = 1");
        assert!(!here.path().join("to/junit.xml").exists());
    }

    #[test]
    fn what_would_lie_outside_is_refused_and_not_written() {
        for path in ["needed/../../out", "/needed/out", "../out", "needed\\..\\x"] {
            let (refused, here) = unpacked(&pack(&[(path, "x")]));
            let told = refused.unwrap_err().to_string();
            assert!(told.contains("outside"), "{path}: {told}");
            assert!(!here.path().join("out").exists());
        }
    }

    #[test]
    fn what_is_no_bundle_or_was_changed_is_told() {
        assert!(unpacked(b"PK\x03\x04 and so on").0.is_err());
        assert!(unpacked(b"").0.is_err());
        let whole = pack(&[("needed/0/a.toml", "seed = 1")]);
        for cut in [10, whole.len() / 2, whole.len() - 1] {
            assert!(unpacked(&whole[..cut]).0.is_err(), "{cut}");
        }
        let mut to = vec![];
        let mut packer = Packer::new(&mut to);
        packer.add("needed/a", "x".as_bytes()).unwrap();
        packer.files[0].sha256 = "00".into();
        packer.finish(Manifest::default()).unwrap();
        assert!(unpacked(&to).0.unwrap_err().to_string().contains("is not what it was"));
    }

    #[test]
    fn a_file_that_is_larger_than_it_says_is_read_no_further() {
        let mut to = vec![];
        let mut packer = Packer::new(&mut to);
        packer.add("needed/a", io::repeat(0).take(50 << 20)).unwrap();
        packer.files[0].size = 10;
        packer.finish(Manifest::default()).unwrap();
        let (refused, here) = unpacked(&to);
        assert!(refused.is_err());
        assert!(fs::metadata(here.path().join("to/needed/a")).unwrap().len() <= 11);
    }
}
