//! What a recording shows of the server's files, so that a host that fetches them again gets the same.

use super::pending::names;
use super::scenario::quoted;
use crate::at::line::body;
use crate::transcript::content::Rule;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// More than this of a file is not kept.
const LARGEST: usize = 1 << 20;
/// No more files than this are kept.
const MOST: usize = 64;

/// Files by their name.
#[derive(Clone, Debug, Default)]
pub struct Stock {
    files: BTreeMap<String, File>,
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
        for (name, value) in line.split(';').filter_map(|part| part.split_once('=')) {
            let fields: Vec<&str> = value.split(',').map(|v| v.trim().trim_matches('"')).collect();
            match name.trim().to_ascii_uppercase().as_str() {
                "+FTPGETNAME" => self.name = fields[0].to_owned(),
                "+FTPGETPATH" => self.folder = fields[0].to_owned(),
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
        }
    }

    /// A transfer begins.
    pub(super) fn begin(&mut self, text: &str) {
        if names(text).iter().any(|n| n == "+FTPGET" && text.ends_with("=1")) {
            self.entry();
        }
    }

    fn entry(&mut self) -> Option<&mut File> {
        let path = format!("{}/{}", self.folder.trim_end_matches('/'), self.name);
        let path = path.trim_start_matches('/').to_owned();
        let plain = !path.is_empty() && crate::fault::path_parts(&path).is_some();
        let room = self.files.len() < MOST || self.files.contains_key(&path);
        (plain && room).then(|| self.files.entry(path).or_default())
    }

    /// Octets of the file came.
    pub(super) fn fetched(&mut self, bytes: &[u8]) {
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

    /// The files as a scenario has them.
    pub(super) fn toml(&self) -> String {
        let mut out = String::new();
        for (path, file) in &self.files {
            let size = usize::try_from(file.size).unwrap_or(LARGEST);
            let rule = [Rule::Seq, Rule::Digits, Rule::Zero]
                .into_iter()
                .find(|rule| file.data.iter().zip(0..).all(|(byte, n)| rule.byte(n) == *byte));
            let content = match (rule, std::str::from_utf8(&file.data)) {
                (Some(rule), _) => {
                    let fill = match rule {
                        Rule::Seq => "seq",
                        Rule::Digits => "digits",
                        Rule::Zero => "zero",
                    };
                    format!("{{ size = {size}, fill = \"{fill}\" }}")
                }
                (None, Ok(text)) if size == file.data.len() => quoted(text),
                _ => {
                    let mut hex = String::with_capacity(2 * size);
                    let padded =
                        file.data.iter().copied().chain(std::iter::repeat(0)).take(size.min(LARGEST));
                    padded.for_each(|byte| {
                        let _ = write!(hex, "{byte:02x}");
                    });
                    format!("{{ hex = \"{hex}\" }}")
                }
            };
            let _ = writeln!(out, "{} = {content}", quoted(path));
        }
        out
    }
}
