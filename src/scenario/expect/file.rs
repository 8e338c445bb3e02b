//! `file`: what is on the server in the end.

use super::doubt::{Doubt, mistake, warning};
use super::kind::{Built, SubjectKind};
use super::written::{Equal, Local, WrittenExpectation, Wrong, wrong};
use super::{Context, Expectation, Subject, Watcher, hex};
use crate::fault::{Against, Files, Known, Octets, Pattern, Problem, odd, path_parts};
use crate::scenario::verdict::{Disk, End, FileFacts};
use crate::scenario::{FileContent, Server};
use crate::time::units::Size;
use crate::transcript::content::{Content, sha256};
use std::fmt;

pub(super) const FILE: SubjectKind = SubjectKind {
    key: "file",
    met: "when the file is on the server in the end",
    with: &["absent", "size", "sha256", "equals", "text", "contains", "starts_with", "unchanged"],
    example: "file = \"upload.bin\"\nequals = { local = \"data.bin\" }",
    build,
    doubts,
};

/// Files, and what is wanted of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Which.
    pub files: Files,
    /// What of each.
    pub wants: Vec<Want>,
}

/// What is wanted of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// It is there.
    Present,
    /// It is not.
    Absent,
    /// So many bytes.
    Size(u64),
    /// This SHA-256.
    Sha256([u8; 32]),
    /// The same as another, or as one of others.
    Equals(Files),
    /// The same as a file on this machine.
    Local(String),
    /// This text.
    Text(String),
    /// These octets are in it.
    Contains(Octets),
    /// It begins with these.
    StartsWith(Octets),
    /// It is as it was laid there.
    Unchanged(Laid),
}

/// What a file held from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Laid {
    /// It is not known yet.
    Unknown,
    /// This.
    Own(Content),
    /// What the file at this path on this machine holds.
    Local(String),
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Want::Present => f.write_str("is there"),
            Want::Absent => f.write_str("is not there"),
            Want::Size(n) => match Size(*n).to_string() {
                size if size == n.to_string() => write!(f, "has {n} bytes"),
                size => write!(f, "has {n} bytes ({size})"),
            },
            Want::Sha256(hash) => write!(f, "has SHA-256 {}", hex(hash)),
            Want::Equals(other) => write!(f, "equals {other}"),
            Want::Local(path) => write!(f, "equals the local file {path}"),
            Want::Text(text) => write!(f, "holds {text:?}"),
            Want::Contains(part) => write!(f, "contains {part}"),
            Want::StartsWith(part) => write!(f, "starts with {part}"),
            Want::Unchanged(_) => f.write_str("is unchanged"),
        }
    }
}

fn build(written: &WrittenExpectation, _: &Known) -> Built {
    let path = written.file.as_deref().unwrap_or_default();
    let sha256 = match &written.sha256 {
        None => None,
        Some(text) => Some(sha256(text).ok_or_else(|| {
            wrong("sha256", format!("`{text}` is no SHA-256"), "write its 64 hexadecimal digits")
        })?),
    };
    let files = on_server("file", path)?;
    let equals = match &written.equals {
        None => None,
        Some(Equal::Local(Local { local })) if local.is_empty() => {
            return Err(wrong("equals", "an empty path is no file", "write its path, beside the scenario"));
        }
        Some(Equal::Local(Local { local })) => Some(Want::Local(local.clone())),
        Some(Equal::Server(other)) => Some(Want::Equals(other_than(&files, other)?)),
    };
    let (size, absent) = (written.size.map(|n| n.0), written.absent.unwrap_or(false));
    if let Some(text) = &written.text {
        agrees(text, size, sha256)?;
    }
    let parts = [("contains", &written.contains), ("starts_with", &written.starts_with)];
    for (key, part) in parts.into_iter().filter_map(|(key, part)| Some((key, part.as_ref()?))) {
        part_fits(key, part, written)?;
    }
    let wants = [
        size.map(Want::Size),
        sha256.map(Want::Sha256),
        equals,
        written.text.clone().map(Want::Text),
        written.contains.clone().map(Want::Contains),
        written.starts_with.clone().map(Want::StartsWith),
    ];
    let mut wants: Vec<Want> = wants.into_iter().flatten().collect();
    if absent && (!wants.is_empty() || written.unchanged.is_some()) {
        let right = "keep `absent`, or what the file holds";
        return Err(wrong("absent", "a file that is absent has no content", right));
    }
    match written.unchanged {
        Some(true) if !wants.is_empty() => {
            return Err(wrong(
                "unchanged",
                "this says all of what the file holds",
                "keep this, or the others",
            ));
        }
        Some(true) if files.are_many() => {
            return Err(wrong("unchanged", "this is about one file", "name one of [server.files]"));
        }
        Some(true) => wants.push(Want::Unchanged(Laid::Unknown)),
        Some(false) => return Err(wrong("unchanged", "only true says something", "leave it out")),
        None => {}
    }
    if wants.is_empty() {
        wants.push(if absent { Want::Absent } else { Want::Present });
    }
    let words: Vec<String> = wants.iter().map(Want::to_string).collect();
    let subject = if files.are_many() { "each file" } else { "the file" };
    let text = match (files.are_many(), absent) {
        (true, true) => format!("no file {path} is there"),
        _ => format!("{subject} {path} {}", words.join(", and ")),
    };
    Ok((Subject::File(Wanted { files, wants }), text))
}

/// The files that a key names, where they can be on the server.
pub(super) fn on_server(key: &'static str, path: &str) -> Result<Files, Wrong> {
    let folder = path.ends_with('/');
    if folder || path_parts(path).is_none() {
        let what = match folder && path.len() > 1 {
            true => format!("`{path}` names a folder, which is no file"),
            false => format!("`{path}` is no file on the server"),
        };
        let right = "write its path from the server's root, such as \"/dir/file\" or \"*.part\"";
        return Err(wrong(key, what, right));
    }
    Ok(path.into())
}

/// The files that others are to equal.
fn other_than(files: &Files, other: &str) -> Result<Files, Wrong> {
    let other = on_server("equals", other)?;
    let same = other == *files || matches!(files, Files::One(one) if !other.are_many() && other.hold(one));
    match !files.are_many() && same {
        true => Err(wrong("equals", "every file equals itself", "name another file on the server")),
        false => Ok(other),
    }
}

fn agrees(text: &str, size: Option<u64>, sha256: Option<[u8; 32]>) -> Result<(), Wrong> {
    let facts = FileFacts::of(text.as_bytes());
    let right = "keep one of them";
    if size.is_some_and(|size| size != facts.size) {
        let what = format!("`text` has {} bytes, and `size` says otherwise", facts.size);
        return Err(wrong("size", what, right));
    }
    if sha256.is_some_and(|hash| hash != facts.sha256) {
        return Err(wrong("sha256", "this is not the SHA-256 of `text`", right));
    }
    Ok(())
}

/// That a part can be in the file, and need not be.
fn part_fits(key: &'static str, part: &Octets, written: &WrittenExpectation) -> Result<(), Wrong> {
    if part.0.is_empty() {
        return Err(wrong(
            key,
            "every file meets this: there is nothing to look for",
            "write some of the content",
        ));
    }
    if written.size.is_some_and(|size| size.0 < part.0.len() as u64) {
        return Err(wrong(key, "this is longer than the file is to be", "write a larger `size`"));
    }
    let Some(text) = &written.text else { return Ok(()) };
    let there = match key {
        "starts_with" => text.as_bytes().starts_with(&part.0),
        _ => text.as_bytes().windows(part.0.len()).any(|window| window == part.0),
    };
    Err(match there {
        true => wrong(key, "`text` says this already", "keep one of them"),
        false => wrong(key, "this is not in `text`", "keep one of them"),
    })
}

fn doubts(written: &WrittenExpectation, _: &Known) -> Vec<Doubt> {
    let equals = match &written.equals {
        Some(Equal::Server(other)) => Some(other),
        _ => None,
    };
    let named = [("file", written.file.as_ref()), ("equals", equals)];
    let mut doubts: Vec<Doubt> = named
        .into_iter()
        .filter_map(|(key, file)| {
            let (weight, what, right) = odd(&Pattern::from(file?.as_str()), Against::Name)?;
            Some((weight, wrong(key, what, right)))
        })
        .collect();
    const LETTER: &str = "`*` is a letter here, and stands for itself";
    if written.text.as_deref().is_some_and(|text| text.trim() == "*") {
        doubts.push(warning("text", LETTER, "leave `text` out for any content"));
    }
    for (key, part) in [("contains", &written.contains), ("starts_with", &written.starts_with)] {
        let star =
            part.as_ref().is_some_and(|part| part.0.first() == Some(&b'*') || part.0.last() == Some(&b'*'));
        if star {
            doubts.push(warning(key, LETTER, "leave it out: what stands before and behind is free"));
        }
    }
    if written.sha256.as_deref().and_then(sha256) == Some(FileFacts::of(b"").sha256)
        && written.size.is_none_or(|size| size.0 == 0)
    {
        doubts.push(warning(
            "sha256",
            "this is the SHA-256 of an empty file",
            "write `size = 0` if that is meant",
        ));
    }
    if written.absent == Some(false) {
        doubts.push(mistake("absent", "this says nothing: a file is to be there", "leave it out"));
    }
    doubts
}

impl Wanted {
    /// Looks up what the file held from the start, where that is to be kept.
    ///
    /// # Errors
    /// Nothing lies there from the start.
    pub(in crate::scenario) fn learn(&mut self, server: &Server) -> Result<(), String> {
        let Files::One(path) = &self.files else { return Ok(()) };
        for want in self.wants.iter_mut().filter(|want| matches!(want, Want::Unchanged(_))) {
            let laid =
                laid(server, path).ok_or_else(|| format!("no file `{path}` lies there from the start"))?;
            *want = Want::Unchanged(laid);
        }
        Ok(())
    }

    /// Has what lies on this machine beside the scenario be found from anywhere.
    pub(in crate::scenario) fn locate(&mut self, place: &dyn Fn(&str) -> String) -> Vec<String> {
        let mut named = vec![];
        for want in &mut self.wants {
            if let Want::Local(path) | Want::Unchanged(Laid::Local(path)) = want {
                *path = place(path);
                named.push(path.clone());
            }
        }
        named
    }

    /// A file that is what is expected before the host has done anything, or that cannot be so.
    pub(super) fn doubts_in(&self, of: &Expectation, context: &Context) -> Vec<Problem> {
        let server = &context.scenario.server;
        let small = server
            .quota
            .map(|quota| quota.0)
            .filter(|quota| self.wants.iter().any(|want| matches!(want, Want::Size(size) if size > quota)));
        if let Some(quota) = small {
            let what = format!("no file can have this size: all together hold no more than {}", Size(quota));
            return vec![Problem::new(of.span.clone(), what, "write a larger `quota`")];
        }
        let met = match &self.files {
            Files::One(path) => self.met_by(laid(server, path).as_ref(), server),
            many => {
                self.wants == [Want::Present]
                    && server.files.keys().any(|path| !path.contains('*') && many.hold(path))
            }
        };
        let what = format!("`{}` is so from the start: a host that does nothing meets this", self.files);
        let right =
            "name the file that the host is to make, or write `unchanged = true` where it is to let it be";
        met.then(|| Problem::new(of.span.clone(), what, right)).into_iter().collect()
    }

    fn met_by(&self, there: Option<&Laid>, server: &Server) -> bool {
        let Some(there) = there else { return false };
        let own = match there {
            Laid::Own(content) => Some(content),
            _ => None,
        };
        let is = |met: &dyn Fn(&Content) -> bool| own.is_some_and(met);
        self.wants.iter().all(|want| match want {
            Want::Present => true,
            Want::Size(size) => is(&|content| *size == content.size()),
            Want::Text(text) => is(&|c| c.size() == text.len() as u64 && c.stream().eq(text.bytes())),
            Want::Sha256(hash) => is(&|content| facts_of(content).sha256 == *hash),
            Want::StartsWith(part) => {
                is(&|content| content.stream().take(part.0.len()).eq(part.0.iter().copied()))
            }
            Want::Contains(part) => is(&|content| holds(content.stream(), &part.0)),
            Want::Equals(Files::One(other)) => own.is_some() && laid(server, other).as_ref() == Some(there),
            Want::Local(path) => *there == Laid::Local(path.clone()),
            Want::Equals(Files::Matching(_)) | Want::Absent | Want::Unchanged(_) => false,
        })
    }
}

/// What lies at a path from the start; none where nothing does, or that is not known.
fn laid(server: &Server, path: &str) -> Option<Laid> {
    let wanted = path_parts(path)?;
    // What a pattern stands for is made once it is asked for.
    let files = server.files.iter().filter(|(path, _)| !path.contains('*'));
    let files = files.filter_map(|(path, content)| Some((path_parts(path)?, content)));
    for (parts, content) in files {
        match content {
            FileContent::Own(content) if parts == wanted => return Some(Laid::Own(content.clone())),
            // It may be a folder.
            FileContent::From(from) if wanted.starts_with(&parts) => {
                let rest = wanted[parts.len()..].iter();
                return Some(Laid::Local(rest.fold(from.clone(), |path, part| format!("{path}/{part}"))));
            }
            _ => {}
        }
    }
    None
}

/// The facts of a content.
fn facts_of(content: &Content) -> FileFacts {
    let mut stream = content.stream();
    FileFacts::of_pieces(std::iter::from_fn(|| {
        Some(stream.take_chunk(1 << 16)).filter(|piece| !piece.is_empty())
    }))
}

/// Whether octets come one after the other in a stream.
pub fn holds(stream: impl Iterator<Item = u8>, part: &[u8]) -> bool {
    // The octets at the end of what was seen, no more of them than could be the part.
    let mut seen: Vec<u8> = Vec::with_capacity(part.len() + (1 << 16));
    for octet in stream {
        seen.push(octet);
        if seen.len() >= part.len() && seen.ends_with(part) {
            return true;
        }
        if seen.len() == seen.capacity() {
            seen.drain(..seen.len() - part.len());
        }
    }
    part.is_empty()
}

impl Watcher for Wanted {
    fn judge(&self, end: &mut End) -> (bool, String) {
        judge(self, end.disk)
    }

    fn copy(&self) -> Box<dyn Watcher> {
        Box::new(self.clone())
    }
}

/// Judges the files that one expectation names.
fn judge(Wanted { files, wants }: &Wanted, disk: &mut dyn Disk) -> (bool, String) {
    let mut found = disk.find(files);
    // Compared with one of them, the others are meant: each file equals itself.
    let others =
        wants.iter().filter_map(|want| if let Want::Equals(other) = want { Some(other) } else { None });
    for one in others.filter(|other| files.are_many() && !other.are_many()) {
        found.retain(|(path, _)| !one.hold(path));
    }
    if found.is_empty() {
        let none = if files.are_many() { "none is there" } else { "it is not there" };
        return (wants == &[Want::Absent], none.to_owned());
    }
    let shown = |path: &str, facts: &FileFacts| {
        let name = if files.are_many() { path } else { "it" };
        format!("{name} has {} bytes, SHA-256 {}", facts.size, hex(&facts.sha256))
    };
    for (path, facts) in &found {
        for want in wants {
            let differs =
                |other: &str, o: &FileFacts| format!("{}; {other} has {} bytes", shown(path, facts), o.size);
            let missing = |other: &dyn fmt::Display| format!("{}; {other} is not there", shown(path, facts));
            let met = match want {
                Want::Absent => false,
                Want::Present => true,
                Want::Size(size) => facts.size == *size,
                Want::Sha256(hash) => facts.sha256 == *hash,
                Want::Text(text) => *facts == FileFacts::of(text.as_bytes()),
                Want::Contains(part) => disk.holds(path, &part.0),
                Want::StartsWith(part) => disk.begins(path, part.0.len()) == part.0,
                Want::Unchanged(Laid::Own(content)) => facts_of(content) == *facts,
                Want::Unchanged(Laid::Unknown) => false,
                Want::Local(local) | Want::Unchanged(Laid::Local(local)) => match disk.local(local) {
                    None => return (false, missing(&format!("the local file {local}"))),
                    Some(o) if o != *facts => {
                        return (false, differs(&format!("the local file {local}"), &o));
                    }
                    Some(_) => true,
                },
                Want::Equals(other) => {
                    let mut others = disk.find(other);
                    others.retain(|(other, _)| other != path);
                    match others.as_slice() {
                        [] => return (false, missing(other)),
                        [(one, o)] if o != facts => return (false, differs(one, o)),
                        others => others.iter().any(|(_, o)| o == facts),
                    }
                }
            };
            if !met {
                return (false, shown(path, facts));
            }
        }
    }
    let more = if found.len() > 1 { format!(", and {} more", found.len() - 1) } else { String::new() };
    (true, shown(&found[0].0, &found[0].1) + &more)
}
