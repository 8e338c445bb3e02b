//! Text into a transcript, or into all its mistakes.

use super::content::{Content, Generated, Want, sha256};
use super::print::{ECHOES, SIGNALS};
use super::text::{self, Part, Pattern, Wrong};
use super::{Heading, Kind, Setting, Step, Transcript};
use crate::fault::path_parts;
use crate::profile::mistake::{Mistake, suggest};
use crate::time::units::{Size, Span};

const WORDS: &[&str] = &[
    "profile", "scenario", "seed", "ports", "echo", "host", "forward", "file", "dir", "user", "set",
    "recorded", "lossy", "times",
];
const SIGNS: &str = "a step begins with > >= < <= ~ ~< ! ? ^ % or #, after @N for another port than 1";
const MOST_PORTS: usize = 16;

/// Reads the text of a transcript; `name` is the file as the user named it.
///
/// # Errors
/// Every line that cannot be meant, in order; at most one mistake a line.
pub fn parse(name: &str, text: &str) -> Result<Transcript, Vec<Mistake>> {
    let mut reader = Reader::new(name);
    let mut steps = Vec::new();
    let mut mistakes = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        match reader.take(line) {
            Ok(step) => steps.extend(step),
            Err(wrong) => {
                let wrong = wrong.shift(offset);
                mistakes.push(reader.mistake(text, wrong));
            }
        }
        offset += line.len();
    }
    if mistakes.is_empty() { Ok(Transcript { steps, ..reader.head }) } else { Err(mistakes) }
}

/// Reads a transcript line by line, so that one of any length needs no more memory than its header.
#[derive(Debug, Default)]
pub struct Reader {
    /// The name and the header so far; its steps are handed out and not kept.
    head: Transcript,
    /// Whether a step came: the header is over.
    begun: bool,
    lines: usize,
}

impl Reader {
    /// A reader of the file that the user calls `name`.
    pub fn new(name: &str) -> Reader {
        Reader { head: Transcript { name: name.to_owned(), ..Transcript::default() }, ..Reader::default() }
    }

    /// The header as far as it was read; it has no steps.
    pub fn head(&self) -> &Transcript {
        &self.head
    }

    /// How many lines were read.
    pub fn lines(&self) -> usize {
        self.lines
    }

    /// Reads the next line, with or without its line end; gives the step where it is one.
    ///
    /// # Errors
    /// What is wrong with the line.
    pub fn line(&mut self, line: &str) -> Result<Option<Step>, Box<Mistake>> {
        self.take(line).map_err(|wrong| Box::new(Mistake { line: self.lines, ..self.mistake(line, wrong) }))
    }

    fn mistake(&self, text: &str, wrong: Wrong) -> Mistake {
        let mistake = Mistake::at(&self.head.name, text, wrong.span, wrong.what).right(wrong.right);
        let line = |number: usize| self.head.header.iter().find(|h| h.line == number);
        match wrong.earlier.and_then(line) {
            Some(first) => {
                let between = line(first.line + 1).map_or("", |h| &h.source);
                mistake.against(first.line, &first.source, "set here", between)
            }
            None => mistake,
        }
    }

    /// Passes over a line that is not to be read, such as one that nobody can hold.
    pub fn skip(&mut self) {
        self.lines += 1;
    }

    fn take(&mut self, line: &str) -> Result<Option<Step>, Wrong> {
        self.lines += 1;
        let source = line.strip_suffix('\n').unwrap_or(line);
        let source = source.strip_suffix('\r').unwrap_or(source);
        let line = self.lines;
        let prose = source.is_empty() || source.starts_with('#');
        let setting = source.starts_with(|c: char| c.is_ascii_alphabetic());
        if !self.begun && (prose || setting) {
            let setting = heading(source)?;
            once(&self.head, &setting, source)?;
            self.head.header.push(Heading { line, source: source.to_owned(), setting });
            return Ok(None);
        }
        if setting {
            let word = first_word(source);
            return Err(match WORDS.contains(&word) {
                true => Wrong::new(
                    0..word.len(),
                    format!("`{word}` stands after the first step"),
                    "set up before it",
                ),
                false => Wrong::new(0..word.len(), "this line has no sign", SIGNS),
            });
        }
        let (port, kind) = step(source)?;
        let ports = self.head.ports();
        if port > ports {
            let right = format!("write `ports {port}` in the header");
            return Err(Wrong::new(
                0..source.find(' ').unwrap_or(1),
                format!("the module has {ports} port(s)"),
                right,
            ));
        }
        self.begun = true;
        Ok(Some(Step { line, source: source.to_owned(), port, kind }))
    }
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}

/// A setting that can have one value only is given once.
fn once(transcript: &Transcript, setting: &Setting, source: &str) -> Result<(), Wrong> {
    use Setting::{Blank, Comment, Echo, Ports, Profile, Scenario, Seed};
    let earlier = transcript.header.iter().find(|h| match (&h.setting, setting) {
        (Comment(_) | Blank, _) => false,
        (Profile(_), Profile(_)) | (Scenario(_), Scenario(_)) | (Seed(_), Seed(_)) => true,
        (Ports(_), Ports(_)) | (Echo(_), Echo(_)) => true,
        (Setting::Recorded(_), Setting::Recorded(_)) => true,
        (Setting::Lossy, Setting::Lossy) | (Setting::TimesInvented, Setting::TimesInvented) => true,
        (Setting::Host { name: a, .. }, Setting::Host { name: b, .. }) => a == b,
        (Setting::Forward { port: a, .. }, Setting::Forward { port: b, .. }) => a == b,
        (Setting::File { path: a, .. }, Setting::File { path: b, .. }) => a == b,
        (Setting::Set { key: a, .. }, Setting::Set { key: b, .. }) => a == b,
        _ => false,
    });
    match earlier {
        Some(h) => {
            let what = format!("line {} has set this already", h.line);
            Err(Wrong { earlier: Some(h.line), ..Wrong::new(0..source.len(), what, "leave one of the two") })
        }
        None => Ok(()),
    }
}

/// Where `part` begins in `whole`, of which it is a slice.
fn offset(whole: &str, part: &str) -> usize {
    part.as_ptr() as usize - whole.as_ptr() as usize
}

fn wrong(whole: &str, part: &str, what: impl Into<String>, right: impl Into<String>) -> Wrong {
    let at = offset(whole, part);
    Wrong::new(at..at + part.len(), what, right)
}

fn heading(source: &str) -> Result<Setting, Wrong> {
    if let Some(text) = source.strip_prefix('#') {
        return Ok(Setting::Comment(text.to_owned()));
    }
    if source.is_empty() {
        return Ok(Setting::Blank);
    }
    let word = first_word(source);
    let rest = source.get(word.len() + 1..).unwrap_or(&source[source.len()..]);
    let need = |right: &str| match rest.trim().is_empty() {
        true => Err(wrong(source, rest, format!("`{word}` says nothing"), right)),
        false => Ok(()),
    };
    let number = |right: &str| match rest.bytes().all(|b| b.is_ascii_digit()) {
        true => rest.parse::<u64>().map_err(|_| wrong(source, rest, "this number is too large", right)),
        false => Err(wrong(source, rest, "this is no number", right)),
    };
    match word {
        "profile" => need("write `profile NAME`").map(|()| Setting::Profile(rest.to_owned())),
        "scenario" => need("write `scenario FILE`").map(|()| Setting::Scenario(rest.to_owned())),
        "seed" => need("write `seed 7`").and_then(|()| number("write `seed 7`")).map(Setting::Seed),
        "ports" => {
            let right = format!("write a number from 1 to {MOST_PORTS}");
            need(&right)?;
            match number(&right)? as usize {
                ports @ 1..=MOST_PORTS => Ok(Setting::Ports(ports)),
                ports => Err(wrong(source, rest, format!("a module has no {ports} ports"), right)),
            }
        }
        "echo" => pick(source, rest, ECHOES).map(Setting::Echo),
        "host" => {
            pair(source, rest, "host NAME = TARGET").map(|(name, target)| Setting::Host { name, target })
        }
        "forward" => pair(source, rest, "forward 80 = 127.0.0.1:8080")
            .map(|(port, target)| Setting::Forward { port, target }),
        "file" => {
            let (path, rest) = path(source, rest, &['/'])?;
            let content = equals(source, rest, "file PATH = CONTENT")?;
            Ok(Setting::File { path, content: content_of(source, content)? })
        }
        "dir" => match path(source, rest, &['/'])? {
            (path, "") => Ok(Setting::Dir(path)),
            (_, more) => Err(wrong(source, more, "this follows the path", "write `dir PATH`")),
        },
        "user" => match rest.split_once(':') {
            Some((name, password)) if !name.is_empty() => {
                Ok(Setting::User { name: name.to_owned(), password: password.to_owned() })
            }
            _ => Err(wrong(source, rest, "this is no login", "write `user NAME:PASSWORD`")),
        },
        "set" => set(source, rest),
        "recorded" => Ok(Setting::Recorded(rest.to_owned())),
        "lossy" if rest.is_empty() => Ok(Setting::Lossy),
        "lossy" => Err(wrong(source, rest, "`lossy` stands alone", "write nothing behind it")),
        "times" => pick(source, rest, &[("invented", Setting::TimesInvented)]),
        _ => {
            let right = suggest(word, WORDS, "words before the first step");
            Err(wrong(source, word, format!("`{word}` is unknown"), format!("{right}; {SIGNS}")))
        }
    }
}

fn pick<T: Clone>(source: &str, word: &str, table: &[(&str, T)]) -> Result<T, Wrong> {
    let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
    let found = table.iter().find(|(name, _)| *name == word).map(|(_, value)| value.clone());
    found.ok_or_else(|| wrong(source, word, format!("`{word}` is unknown"), suggest(word, &names, "words")))
}

fn pair(source: &str, rest: &str, right: &str) -> Result<(String, String), Wrong> {
    match rest.split_once(" = ") {
        Some((key, value)) if !key.trim().is_empty() && !value.trim().is_empty() => {
            Ok((key.to_owned(), value.to_owned()))
        }
        _ => Err(wrong(source, rest, "this sets nothing", format!("write `{right}`"))),
    }
}

/// The value is TOML, so that it means what it would mean in the profile.
fn set(source: &str, rest: &str) -> Result<Setting, Wrong> {
    let (key, value) = pair(source, rest, "set KEY = VALUE")?;
    match toml::from_str::<toml::Table>(rest) {
        Ok(_) => Ok(Setting::Set { key, value }),
        Err(error) => {
            let span = error.span().unwrap_or(0..rest.len());
            let right = "write the value as in the profile: `20`, `\"20s\"`, `true`";
            Err(Wrong::new(span, error.message().replace('\n', ", "), right).shift(offset(source, rest)))
        }
    }
}

/// A path on the server, which begins with one of `begins`, and what follows it.
fn path<'a>(source: &str, rest: &'a str, begins: &[char]) -> Result<(String, &'a str), Wrong> {
    let (word, more) = rest.split_once(' ').unwrap_or((rest, &rest[rest.len()..]));
    let bytes = text::bytes(word).map_err(|w| w.shift(offset(source, word)))?;
    let right = "begin it with `/`; a blank in it is `\\x20`";
    match String::from_utf8(bytes) {
        Ok(path) if !path.starts_with(begins) => {
            Err(wrong(source, word, "this is no path on the server", right))
        }
        Ok(path) if path != "/" && path_parts(&path).is_none() => Err(wrong(
            source,
            word,
            format!("`{path}` leads out of the server's root"),
            "leave `.` and `..` out",
        )),
        Ok(path) => Ok((path, more)),
        Err(_) => Err(wrong(source, word, "this is no path on the server", right)),
    }
}

/// What follows `= `.
fn equals<'a>(source: &str, rest: &'a str, right: &str) -> Result<&'a str, Wrong> {
    match rest.strip_prefix('=') {
        Some("") => Ok(&rest[1..]),
        Some(text) if text.starts_with(' ') => Ok(&text[1..]),
        _ => Err(wrong(source, rest, "a `=` is missing", format!("write `{right}`"))),
    }
}

fn content_of(source: &str, text: &str) -> Result<Content, Wrong> {
    Content::parse(text).map_err(|w| w.shift(offset(source, text)))
}

fn step(source: &str) -> Result<(usize, Kind), Wrong> {
    let Some(rest) = source.strip_prefix('@') else { return kind(source, source).map(|kind| (1, kind)) };
    let digits = first_word(rest);
    let port = digits.parse::<usize>().ok().filter(|n| *n > 0 && digits.bytes().all(|b| b.is_ascii_digit()));
    let port =
        port.ok_or_else(|| wrong(source, digits, "this is no port", "write `@2 > AT`; ports count from 1"))?;
    let rest = rest.get(digits.len() + 1..).unwrap_or(&rest[rest.len()..]);
    let kind = kind(source, rest)?;
    match kind {
        Kind::Turn(_) | Kind::Within(_) | Kind::Fault(_) | Kind::File { .. } => Err(wrong(
            source,
            &source[..digits.len() + 1],
            "this step belongs to no port",
            "leave the `@` out",
        )),
        _ if kind.is_prose() => {
            Err(wrong(source, &source[..digits.len() + 1], "a port without a step", "write `@2 > AT`"))
        }
        _ => Ok((port, kind)),
    }
}

fn kind(source: &str, line: &str) -> Result<Kind, Wrong> {
    match line.chars().next() {
        None => return Ok(Kind::Blank),
        Some('#') => return Ok(Kind::Comment(line[1..].to_owned())),
        Some('%') => return Ok(Kind::Misprint(line[1..].to_owned())),
        Some(_) => {}
    }
    let sign = first_word(line);
    let rest = line.get(sign.len() + 1..).unwrap_or(&line[line.len()..]);
    let at = offset(source, rest);
    let shift = |w: Wrong| w.shift(at);
    match sign {
        ">" => text::bytes(rest).map(Kind::Type).map_err(shift),
        ">=" => match content_of(source, rest)? {
            content if content.size() == 0 => {
                Err(wrong(source, rest, "no bytes", "write what the host sends"))
            }
            content => Ok(Kind::Send(content)),
        },
        "<" => heard_line(source, rest),
        "<=" => heard_bytes(source, rest),
        "~" => duration(source, rest).map(Kind::Turn),
        "~<" => duration(source, rest).map(Kind::Within),
        "!" if rest.trim().is_empty() => {
            Err(wrong(source, rest, "no fault", "write the fault as in a scenario"))
        }
        "!" => Ok(Kind::Fault(rest.to_owned())),
        "?" => assertion(source, rest),
        "^" => control_line(source, rest),
        _ => Err(no_sign(source, line)),
    }
}

fn no_sign(source: &str, line: &str) -> Wrong {
    match [">=", "<=", "~<", ">", "<", "~", "!", "?", "^"].iter().find(|sign| line.starts_with(**sign)) {
        Some(sign) => {
            let right = format!("write a blank after `{sign}`");
            wrong(source, &line[..sign.len()], "this sign is not set off from its text", right)
        }
        None => wrong(source, first_word(line), "this line has no sign", SIGNS),
    }
}

fn heard_line(source: &str, rest: &str) -> Result<Kind, Wrong> {
    let pattern = text::pattern(rest).map_err(|w| w.shift(offset(source, rest)))?;
    let breaks =
        |part: &Part| matches!(part, Part::Literal(bytes) if bytes.iter().any(|b| b"\r\n".contains(b)));
    if pattern.parts.iter().any(breaks) {
        let right = "a line's CR and LF are not written; write raw bytes with `<=`";
        return Err(wrong(source, rest, "a line holds no CR or LF", right));
    }
    Ok(Kind::Hear(pattern))
}

fn heard_bytes(source: &str, rest: &str) -> Result<Kind, Wrong> {
    if let Some(generated) = Generated::parse(rest).map_err(|w| w.shift(offset(source, rest)))? {
        return match generated.size {
            0 => Err(wrong(source, rest, "no bytes", "write what must be heard")),
            _ => Ok(Kind::ReceiveGenerated(generated)),
        };
    }
    let pattern: Pattern = text::pattern(rest).map_err(|w| w.shift(offset(source, rest)))?;
    match pattern.parts.last() {
        None => Err(wrong(source, rest, "no bytes", "write what must be heard; an empty line is `<` alone")),
        Some(Part::Hole(hole)) if hole.is_open() => {
            let what = format!("nothing shows where `{hole}` ends");
            let right =
                "raw bytes end with a literal or with a placeholder of known length, such as `{any:20}`";
            Err(wrong(source, rest, what, right))
        }
        Some(_) => Ok(Kind::Receive(pattern)),
    }
}

fn duration(source: &str, rest: &str) -> Result<std::time::Duration, Wrong> {
    let right = "write a duration such as `250ms`, `20s` or `2m`";
    rest.parse::<Span>().map(|span| span.0).map_err(|_| wrong(source, rest, "this is no duration", right))
}

fn assertion(source: &str, rest: &str) -> Result<Kind, Wrong> {
    let word = first_word(rest);
    let after = rest.get(word.len() + 1..).unwrap_or(&rest[rest.len()..]);
    pick(source, word, &[("file", ()), ("dir", ())])?;
    let (path, claim) = path(source, after, &['/', '*'])?;
    let (name, value) = claim.split_once(' ').unwrap_or((claim, &claim[claim.len()..]));
    let want = match (word, name) {
        ("dir", "") => Want::Directory,
        (_, "absent") if value.is_empty() => Want::Absent,
        ("file", "present") if value.is_empty() => Want::Present,
        ("file", "=") => Want::Content(content_of(source, value)?),
        ("file", "size") => {
            let size = value.parse::<Size>();
            Want::Size(size.map_err(|_| wrong(source, value, "this is no size", "write `50` or `64KiB`"))?.0)
        }
        ("file", "sha256") => {
            Want::Sha256(sha256(value).ok_or_else(|| {
                wrong(source, value, "this is no SHA-256", "write its 64 hexadecimal digits")
            })?)
        }
        ("dir", _) => {
            return Err(wrong(
                source,
                claim,
                "this says nothing",
                "write `? dir PATH` or `? dir PATH absent`",
            ));
        }
        _ => {
            let right = "after the path write `= CONTENT`, `present`, `absent`, `size N` or `sha256 DIGITS`";
            return Err(wrong(source, claim, "this says nothing about the file", right));
        }
    };
    Ok(Kind::File { path, want })
}

fn control_line(source: &str, rest: &str) -> Result<Kind, Wrong> {
    let (word, value) = rest.split_once(' ').unwrap_or((rest, &rest[rest.len()..]));
    match (word, value) {
        ("open", "") => Ok(Kind::Open),
        ("close", "") => Ok(Kind::Close),
        ("baud", _) => match value.parse::<u32>() {
            Ok(rate) if rate > 0 && !value.starts_with('+') => Ok(Kind::Baud(rate)),
            _ => Err(wrong(source, value, "this is no rate", "write `^ baud 9600`")),
        },
        _ => match SIGNALS.iter().find(|(name, _)| *name == word) {
            Some((_, signal)) => pick(source, value, &[("on", true), ("off", false)])
                .map(|on| Kind::Line { signal: *signal, on }),
            None => {
                let names = ["DCD", "DSR", "CTS", "RI", "DTR", "RTS", "open", "close", "baud"];
                Err(wrong(source, word, format!("`{word}` is no line"), suggest(word, &names, "words")))
            }
        },
    }
}

#[cfg(test)]
mod tests;
