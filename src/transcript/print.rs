//! Transcripts back into text.

use std::fmt;

use super::content::{Want, hex, not_generated};
use super::text::quote;
use super::{Echo, Kind, Setting, Signal, Step, Transcript};
use crate::time::units::{Size, Span};

/// The control lines by name.
pub(super) const SIGNALS: &[(&str, Signal)] = &[
    ("DCD", Signal::Dcd),
    ("DSR", Signal::Dsr),
    ("CTS", Signal::Cts),
    ("RI", Signal::Ri),
    ("DTR", Signal::Dtr),
    ("RTS", Signal::Rts),
];

/// The echo settings by name.
pub(super) const ECHOES: &[(&str, Echo)] = &[("auto", Echo::Auto), ("on", Echo::On), ("off", Echo::Off)];

fn name<T: PartialEq>(table: &[(&'static str, T)], value: &T) -> &'static str {
    table.iter().find(|(_, v)| v == value).map_or("", |(name, _)| name)
}

/// The sign and its text, with one blank between where there is text.
fn signed(sign: &str, text: &str) -> String {
    if text.is_empty() { sign.to_owned() } else { format!("{sign} {text}") }
}

/// A path with its blanks escaped, since a blank ends it.
fn path(path: &str) -> String {
    quote(path.as_bytes()).replace(' ', "\\x20")
}

pub(super) fn setting(setting: &Setting) -> String {
    match setting {
        Setting::Profile(name) => format!("profile {name}"),
        Setting::Scenario(file) => format!("scenario {file}"),
        Setting::Seed(seed) => format!("seed {seed}"),
        Setting::Ports(ports) => format!("ports {ports}"),
        Setting::Echo(echo) => format!("echo {}", name(ECHOES, echo)),
        Setting::Host { name, target } => format!("host {name} = {target}"),
        Setting::Forward { port, target } => format!("forward {port} = {target}"),
        Setting::File { path: p, content } => signed(&format!("file {} =", path(p)), &content.to_string()),
        Setting::Dir(p) => format!("dir {}", path(p)),
        Setting::User { name, password } => format!("user {name}:{password}"),
        Setting::Set { key, value } => format!("set {key} = {value}"),
        Setting::Recorded(by) => signed("recorded", by),
        Setting::Lossy => "lossy".to_owned(),
        Setting::TimesInvented => "times invented".to_owned(),
        Setting::Comment(text) => format!("#{text}"),
        Setting::Blank => String::new(),
    }
}

pub(super) fn step(step: &Step) -> String {
    let text = match &step.kind {
        Kind::Type(bytes) => signed(">", &quote(bytes)),
        Kind::Send(content) => signed(">=", &content.to_string()),
        Kind::Hear(pattern) => signed("<", &pattern.to_string()),
        Kind::Receive(pattern) => signed("<=", &not_generated(&pattern.to_string())),
        Kind::ReceiveGenerated(generated) => format!("<= {generated}"),
        Kind::Turn(span) => format!("~ {}", Span(*span)),
        Kind::Within(span) => format!("~< {}", Span(*span)),
        Kind::Fault(text) => format!("! {text}"),
        Kind::File { path: p, want } => file(&path(p), want),
        Kind::Line { signal, on } => {
            format!("^ {} {}", name(SIGNALS, signal), if *on { "on" } else { "off" })
        }
        Kind::Open => "^ open".to_owned(),
        Kind::Close => "^ close".to_owned(),
        Kind::Baud(rate) => format!("^ baud {rate}"),
        Kind::Misprint(text) => format!("%{text}"),
        Kind::Comment(text) => format!("#{text}"),
        Kind::Blank => String::new(),
    };
    if step.port == 1 { text } else { format!("@{} {text}", step.port) }
}

fn file(path: &str, want: &Want) -> String {
    match want {
        Want::Content(content) => signed(&format!("? file {path} ="), &content.to_string()),
        Want::Size(size) => format!("? file {path} size {}", Size(*size)),
        Want::Sha256(hash) => format!("? file {path} sha256 {}", hex(hash)),
        Want::Present => format!("? file {path} present"),
        Want::Absent => format!("? file {path} absent"),
        Want::Directory => format!("? dir {path}"),
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl fmt::Display for Transcript {
    /// The file's text, each line ended by LF: what was read is printed as it stood.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let mut sources = self.header.iter().map(|h| &h.source).chain(self.steps.iter().map(|s| &s.source));
        sources.try_for_each(|source| writeln!(f, "{source}"))
    }
}
