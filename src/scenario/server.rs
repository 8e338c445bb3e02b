//! `[server]`: the FTP server's logins, files and limits.

use crate::fault::{Amount, Octets, Problem, no_hex, path_parts};
use crate::time::units::{Size, Span};
use crate::transcript::content::{Content, Generated, Rule};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// What `trusted` says to have the module trust the certificate that is made at start.
pub const MADE: &str = "made";

/// The layout of the lines that LIST gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum List {
    /// Three blanks stand before the size.
    #[default]
    Plain,
    /// The size stands at the right of a column of 14, as on FileZilla's server.
    Padded,
}

/// The FTP server and what is on it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Logins and their passwords; where there are none, every login is accepted.
    #[serde(default)]
    pub users: BTreeMap<String, String>,
    /// A folder, beside the scenario, whose contents the server begins with.
    pub folder: Option<String>,
    /// Files that the server begins with, by their path; those of a pattern with `*` are made once one of them is asked for.
    #[serde(default)]
    pub files: BTreeMap<String, FileContent>,
    /// Folders that the server begins with.
    #[serde(default)]
    pub folders: Vec<String>,
    /// How much all files together may hold; more is answered with 552.
    pub quota: Option<Size>,
    /// The layout of the lines that LIST gives.
    #[serde(default)]
    pub list: List,
    /// The text of the greeting, behind its 220.
    pub greeting: Option<String>,
    /// How long a session may be idle before the server says 421, and closes it a second later.
    pub idle: Option<Span>,
    /// The server's certificate chain for FTPS, a PEM file beside the scenario; one is made at start
    /// where there is none.
    pub certificate: Option<String>,
    /// The key of the certificate, a PEM file beside the scenario.
    pub key: Option<String>,
    /// What a module trusts that checks certificates: a PEM file beside the scenario, or `made` for
    /// the certificate that is made at start.
    pub trusted: Option<String>,
}

impl Server {
    /// The files and folders that cannot lie where they are to: outside the server's root, below a file, or where
    /// another lies. `place` tells where a key stands.
    pub(super) fn misplaced(&self, place: &dyn Fn(&[&str]) -> Range<usize>) -> Vec<Problem> {
        let mut problems = vec![];
        let mut files: BTreeMap<Vec<&str>, &str> = BTreeMap::new();
        for (path, content) in &self.files {
            let at = || place(&["server", "files", path]);
            match path_parts(path) {
                None => problems.push(outside(at(), path)),
                // A pattern stands for what is not there.
                Some(_) if path.contains('*') => {}
                Some(parts) => {
                    if let Some(other) = files.insert(parts, path) {
                        let what = format!("`{path}` and `{other}` are the same file");
                        problems.push(Problem::new(at(), what, "keep one of them"));
                    }
                    // What is copied from the disk may be a folder.
                    if matches!(content, FileContent::From(_)) {
                        files.retain(|_, file| *file != path);
                    }
                }
            }
        }
        let below = |path: &str, own: bool| {
            let parts = path_parts(path)?;
            let longest = parts.len() + usize::from(own);
            let file = (1..longest).find_map(|n| files.get(&parts[..n]))?;
            let what = format!("`{path}` cannot be there: `{file}` is a file");
            Some((what, "give one of them another name"))
        };
        for path in self.files.keys() {
            let wrong = below(path, false);
            problems.extend(
                wrong.map(|(what, right)| Problem::new(place(&["server", "files", path]), what, right)),
            );
        }
        for path in &self.folders {
            let at = || place(&["server", "folders"]);
            if path_parts(path).is_none() {
                problems.push(outside(at(), path));
            }
            problems.extend(below(path, true).map(|(what, right)| Problem::new(at(), what, right)));
        }
        problems
    }
}

fn outside(at: Range<usize>, path: &str) -> Problem {
    let what = format!("`{path}` is no place on the server");
    Problem::new(at, what, "write its path from the server's root, such as \"/dir/file\"")
}

/// What a file on the server holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileContent {
    /// Bytes written out, or made by rule.
    Own(Content),
    /// What the file or folder at this path, beside the scenario, holds.
    From(String),
}

/// A file's content in the long form: exactly one of text, hex, from and size.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Table {
    /// The content as text.
    text: Option<String>,
    /// The content as hexadecimal digits; blanks do not matter.
    hex: Option<String>,
    /// A file or folder beside the scenario.
    from: Option<String>,
    /// Generated content: how much.
    size: Option<Amount>,
    /// Generated content: by which rule.
    fill: Option<Rule>,
}

impl Table {
    fn content(self) -> Result<FileContent, String> {
        match self {
            Table { text: Some(text), hex: None, from: None, size: None, fill: None } => {
                Ok(FileContent::Own(Content::Literal(text.into_bytes())))
            }
            Table { text: None, hex: Some(hex), from: None, size: None, fill: None } => {
                Octets::from_hex(&hex)
                    .map(|octets| FileContent::Own(Content::Literal(octets.0)))
                    .ok_or_else(|| no_hex(&hex))
            }
            Table { text: None, hex: None, from: Some(path), size: None, fill: None } => {
                Ok(FileContent::From(path))
            }
            Table { text: None, hex: None, from: None, size: Some(size), fill } => {
                let rule = fill.unwrap_or_default();
                Ok(FileContent::Own(Content::Generated(Generated {
                    size: size.0,
                    rule,
                    from: 0,
                    escaping: vec![],
                })))
            }
            _ => Err("a file has one content; write one of text, hex, from, or size with fill".to_owned()),
        }
    }
}

impl<'de> Deserialize<'de> for FileContent {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = FileContent;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a text, or a table such as { size = \"10KiB\" }")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<FileContent, E> {
                Ok(FileContent::Own(Content::Literal(text.as_bytes().to_vec())))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FileContent, A::Error> {
                let table = Table::deserialize(MapAccessDeserializer::new(map))?;
                table.content().map_err(A::Error::custom)
            }
        }
        d.deserialize_any(Reader)
    }
}

impl JsonSchema for FileContent {
    fn schema_name() -> Cow<'static, str> {
        "FileContent".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let table = generator.subschema_for::<Table>();
        schemars::json_schema!({"anyOf": [{"type": "string"}, table]})
    }
}
