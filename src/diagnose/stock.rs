//! What a recording shows of the server's files: what was fetched, told of their sizes, and listed. A host that fetches them
//! again, or the rest of them, gets the same.

use super::pending::names;
use super::scenario::quoted;
use crate::at::line::body;
use crate::transcript::content::{Content, Generated, Rule};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// More than this of a file is not kept.
const LARGEST: usize = 1 << 20;
/// A file of which only a part is known is as large as was told, up to this.
const PADDED: usize = 32 << 20;
/// A line of a list is no longer than this.
const LONGEST: usize = 1024;
/// No more files than this are kept.
const MOST: usize = 64;

/// Files by their name.
#[derive(Clone, Debug, Default)]
pub struct Stock {
    files: BTreeMap<String, File>,
    folders: BTreeSet<String>,
    /// What has come of a line of the list that the host has asked for.
    list: Option<Vec<u8>>,
    /// The file that is fetched next.
    name: String,
    folder: String,
    at: usize,
    /// What has come of the transfer that goes on.
    moved: u64,
}

#[derive(Clone, Debug, Default)]
struct File {
    data: Vec<u8>,
    size: u64,
    /// The size that the server told.
    told: Option<u64>,
}

impl Stock {
    /// The host sent a command: it may name a file.
    pub(super) fn command(&mut self, text: &str) {
        let Some(line) = body(text.as_bytes()).and_then(|b| std::str::from_utf8(b).ok()) else { return };
        for part in line.split(';') {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let fields: Vec<&str> = value.split(',').map(|v| v.trim().trim_matches('"')).collect();
            let name = name.trim().to_ascii_uppercase();
            match name.as_str() {
                "+FTPGETNAME" => self.name = fields[0].to_owned(),
                "+FTPGETPATH" => self.folder = fields[0].to_owned(),
                "+QFTPPATH" | "+FTPCWD" if !fields[0].is_empty() => self.enter(fields[0]),
                "+FTPREST" => self.at = fields[0].parse().unwrap_or(0),
                "+QFTPCFG" if fields[0] == "3" => {
                    self.at = fields.get(1).and_then(|n| n.parse().ok()).unwrap_or(0);
                }
                "+QFTPGET" | "+FTPRETR" | "+QFTPSIZE" => self.name = fields[0].to_owned(),
                // NL668: a name; SIMCom: 1 begins, 2 reads.
                "+FTPGET" if value.trim().starts_with('"') => self.name = fields[0].to_owned(),
                "+WIPFILE" if fields.len() >= 4 => self.name = fields[3].to_owned(),
                _ => {}
            }
            if name.contains("FTP") {
                self.list = name.contains("LIST").then(Vec::new);
            }
        }
    }

    /// The host changes to a folder.
    fn enter(&mut self, folder: &str) {
        self.folder = match folder.starts_with('/') {
            true => folder.to_owned(),
            false => format!("{}/{folder}", self.folder),
        };
    }

    /// A line was heard: it may be one of a list, as `ls -l` writes them.
    pub(super) fn heard(&mut self, line: &[u8]) {
        let Some(list) = self.list.as_ref().filter(|_| line.len() <= LONGEST) else { return };
        let line = String::from_utf8_lossy(&[list, line].concat()).trim().to_owned();
        self.list = Some(vec![]);
        let Some((is_folder, size, name)) = listed(&line) else { return };
        let Some(path) = self.path(&name) else { return };
        match is_folder {
            true if self.folders.len() < MOST => drop(self.folders.insert(path)),
            true => {}
            false => {
                if let Some(file) = self.file(path) {
                    file.size = file.size.max(size);
                }
            }
        }
    }

    /// A transfer begins.
    pub(super) fn begin(&mut self, text: &str) {
        if names(text).iter().any(|n| n == "+FTPGET" && text.ends_with("=1")) {
            self.entry();
        }
    }

    fn entry(&mut self) -> Option<&mut File> {
        let path = self.path(&self.name)?;
        self.file(path)
    }

    /// A name's path from the server's root, where it is one.
    fn path(&self, name: &str) -> Option<String> {
        let path = match name.starts_with('/') {
            true => name.to_owned(),
            false => format!("{}/{name}", self.folder.trim_end_matches('/')),
        };
        let path = path.trim_start_matches('/').to_owned();
        (!name.is_empty() && crate::fault::path_parts(&path).is_some()).then_some(path)
    }

    fn file(&mut self, path: String) -> Option<&mut File> {
        let room = self.files.len() < MOST || self.files.contains_key(&path);
        room.then(|| self.files.entry(path).or_default())
    }

    /// Octets of the file came.
    pub(super) fn fetched(&mut self, bytes: &[u8]) {
        if self.list.is_some() {
            for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
                match (piece.ends_with(b"\n"), &mut self.list) {
                    (false, Some(list)) if list.len() <= LONGEST => list.extend_from_slice(piece),
                    _ => self.heard(piece),
                }
            }
            return;
        }
        let at = self.at;
        let Some(file) = self.entry() else { return };
        let end = (at + bytes.len()).min(LARGEST);
        if at < end {
            if file.data.len() < end {
                file.data.resize(end, 0);
            }
            file.data[at..end].copy_from_slice(&bytes[..end - at]);
        }
        file.size = file.size.max((at + bytes.len()) as u64);
        self.at = at + bytes.len();
        self.moved += bytes.len() as u64;
    }

    /// There is something in the file, though nobody has read it.
    pub(super) fn some(&mut self) {
        if let Some(file) = self.entry() {
            file.size = file.size.max(1);
        }
    }

    /// How many octets of the transfer that goes on have come.
    pub(super) fn moved(&self) -> u64 {
        self.moved
    }

    /// The transfer is over; another begins at the file's start.
    pub(super) fn over(&mut self) {
        (self.at, self.moved) = (0, 0);
    }

    /// The server told the size.
    pub(super) fn size(&mut self, size: u64) {
        if let Some(file) = self.entry() {
            file.size = file.size.max(size);
            file.told = Some(size);
        }
    }

    /// The size of the file that is fetched, where it was told, and how much of it has come.
    pub(super) fn told(&mut self) -> Option<(u64, u64)> {
        let at = self.at as u64;
        let size = self.entry()?.told?;
        (at > 0).then_some((size, at))
    }

    /// The folders that were listed.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.folders.iter().map(String::as_str)
    }

    /// The files by their paths. What is not known of one is noughts.
    pub fn files(&self) -> impl Iterator<Item = (&str, Content)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file.content()))
    }

    /// The files as a scenario has them.
    pub(super) fn toml(&self) -> String {
        let mut out = String::new();
        for (path, content) in self.files() {
            let content = match &content {
                Content::Generated(Generated { size, rule, .. }) => {
                    let fill = match rule {
                        Rule::Seq => "seq",
                        Rule::Digits => "digits",
                        Rule::Zero => "zero",
                    };
                    format!("{{ size = {size}, fill = \"{fill}\" }}")
                }
                Content::Literal(bytes) => match std::str::from_utf8(bytes) {
                    Ok(text) if !text.contains('\0') => quoted(text),
                    _ => {
                        let mut hex = String::with_capacity(2 * bytes.len().min(LARGEST));
                        bytes.iter().take(LARGEST).for_each(|byte| {
                            let _ = write!(hex, "{byte:02x}");
                        });
                        format!("{{ hex = \"{hex}\" }}")
                    }
                },
            };
            let _ = writeln!(out, "{} = {content}", quoted(path));
        }
        out
    }
}

impl File {
    fn content(&self) -> Content {
        let by_rule = [Rule::Seq, Rule::Digits, Rule::Zero]
            .into_iter()
            .find(|rule| self.data.iter().zip(0..).all(|(byte, n)| rule.byte(n) == *byte));
        match by_rule {
            Some(rule) => Content::Generated(Generated { size: self.size, rule, from: 0, escaping: vec![] }),
            None => {
                let size = usize::try_from(self.size).unwrap_or(PADDED).min(PADDED);
                let mut bytes = self.data.clone();
                bytes.resize(size.max(bytes.len()), 0);
                Content::Literal(bytes)
            }
        }
    }
}

/// A line of `ls -l`: whether it is a folder's, its size, its name.
fn listed(line: &str) -> Option<(bool, u64, String)> {
    let mode = line.split_whitespace().next()?;
    let rights = mode.len() >= 10 && mode[1..10].bytes().all(|b| b"rwxsStT-".contains(&b));
    if !rights || !mode.starts_with(['-', 'd']) {
        return None;
    }
    let mut rest = line;
    let mut fields = vec![];
    for _ in 0..8 {
        let (field, behind) = rest.split_once(' ')?;
        fields.push(field);
        rest = behind.trim_start();
    }
    Some((mode.starts_with('d'), fields[4].parse().ok()?, rest.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_listed_is_there() {
        let mut stock = Stock::default();
        stock.command("AT+FTPGETNAME=\"a.txt\"");
        stock.command("AT+FTPGETPATH=\"/up/\"");
        stock.command("AT+FTPLIST=1");
        stock.fetched(b"-rw-r--r--   1 ftp      ftp         1500 Oct 12 14:58 with bla");
        stock.fetched(b"nk.bin\r\ndrwxr-xr-x 2 ftp ftp 4096 Oct 12  2019 old\r\ntotal 3\r\n");
        stock.command("AT+FTPGET=1");
        stock.fetched(b"hello");
        assert_eq!(stock.folders().collect::<Vec<_>>(), ["up/old"]);
        let files: Vec<(&str, u64)> = stock.files().map(|(path, content)| (path, content.size())).collect();
        assert_eq!(files, [("up/a.txt", 5), ("up/with blank.bin", 1500)]);
    }

    #[test]
    fn a_part_of_a_file_is_at_its_place_and_the_rest_noughts() {
        let mut stock = Stock::default();
        stock.command("AT+FTPGETNAME=\"/a.txt\"");
        stock.size(12);
        stock.command("AT+FTPREST=4");
        stock.fetched(b"hello");
        let (path, content) = stock.files().next().unwrap();
        let bytes: Vec<u8> = content.stream().collect();
        assert_eq!((path, &bytes[..]), ("a.txt", &b"\0\0\0\0hello\0\0\0"[..]));
    }
}
