//! `badline complete`: what could be typed next. The scripts of `badline completions` ask it, so that all shells know the
//! same, also of the modem that runs.

use super::Cli;
use crate::at::Visible;
use crate::control::Request;
use crate::control::client::{Client, find, running};
use crate::fault::{self, FAULTS};
use crate::log::FORMATS;
use crate::maker::PROFILES;
use crate::scenario::SCENARIOS;
use crate::trace;
use clap::{Arg, Args, Command, CommandFactory};
use serde_json::Value;
use std::io::{self, Write};
use std::process::ExitCode;

/// Files fit as well.
const FILES: u8 = 1;

/// Tell what could be typed next: a word a line, and behind a tab what it is; the status is 1 where files fit as well
#[derive(Args, Debug)]
pub struct Complete {
    /// The command line so far, without the program's name; the last word is the one that is typed
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

impl Complete {
    /// Runs it.
    pub fn main(self) -> ExitCode {
        let found = complete(&self.words, &Asked);
        let mut out = io::stdout().lock();
        let mut lines = found.words.iter();
        let told = lines.try_for_each(|(word, help)| writeln!(out, "{word}\t{}", Visible(help)));
        // A shell that wants no more is no error.
        match told.and_then(|()| out.flush()).is_ok() && found.files {
            true => ExitCode::from(FILES),
            false => ExitCode::SUCCESS,
        }
    }
}

/// Words, each with what it is.
type Words = Vec<(String, String)>;

/// What only a modem that runs can tell.
trait Running {
    /// The words for the modems that run.
    fn modems(&self) -> Words;
    /// The faults that are there, in the modem of this name.
    fn faults(&self, modem: Option<&str>) -> Words;
}

struct Asked;

impl Running for Asked {
    fn modems(&self) -> Words {
        let text = |status: &serde_json::Map<String, Value>, key: &str| {
            status.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        running().iter().map(|one| (one.pid.to_string(), text(&one.status, "profile"))).collect()
    }

    fn faults(&self, modem: Option<&str>) -> Words {
        let answer = find(modem).and_then(|address| {
            Client::connect(&address, std::env::var("BADLINE_CONTROL_KEY").ok())?.ask(&Request::Faults {})
        });
        let answer = answer.unwrap_or_default();
        let faults = answer.get("faults").and_then(Value::as_array).into_iter().flatten();
        let text = |fault: &Value, key: &str| fault[key].as_str().unwrap_or_default().to_owned();
        faults.map(|fault| (text(fault, "name"), text(fault, "what"))).collect()
    }
}

/// What fits.
#[derive(Debug, Default)]
struct Found {
    words: Words,
    /// Files, too.
    files: bool,
}

impl Found {
    fn words(words: Words) -> Found {
        Found { words, files: false }
    }

    /// Those that begin with what is typed. What a shell would obey in a name is not handed to it.
    fn beginning(mut self, typed: &str) -> Found {
        let plain = |c: char| c.is_alphanumeric() || "_-.,:=+/@%*".contains(c);
        self.words.retain(|(word, _)| word.starts_with(typed) && word.chars().all(plain));
        for (_, help) in &mut self.words {
            *help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        self
    }

    /// With what stands before each of them.
    fn behind(mut self, head: &str) -> Found {
        self.words.iter_mut().for_each(|(word, _)| word.insert_str(0, head));
        self
    }
}

/// How far a command line has come.
struct Line<'a> {
    command: &'a Command,
    /// The option that waits for its value.
    option: Option<&'a Arg>,
    /// What stands there that is no option and no verb.
    words: Vec<&'a str>,
    modem: Option<&'a str>,
    /// A program of the user's own follows.
    other: bool,
}

impl<'a> Line<'a> {
    fn read(root: &'a Command, typed: &'a [String]) -> Line<'a> {
        let mut line = Line { command: root, option: None, words: vec![], modem: None, other: false };
        typed.iter().for_each(|word| line.take(word));
        line
    }

    fn take(&mut self, word: &'a str) {
        if let Some(option) = self.option.take() {
            if option.get_id() == "modem" {
                self.modem = Some(word);
            }
        } else if word == "--" {
            self.other = true;
        } else if word.starts_with('-') && word.len() > 1 && !self.other {
            match word.split_once('=') {
                Some(("--modem", name)) => self.modem = Some(name),
                Some(_) => {}
                None => {
                    self.option = option(self.command, word).filter(|arg| arg.get_action().takes_values())
                }
            }
        } else {
            match self.command.find_subcommand(word).filter(|_| self.words.is_empty() && !self.other) {
                Some(verb) => self.command = verb,
                None => self.words.push(word),
            }
        }
    }
}

fn option<'a>(command: &'a Command, word: &str) -> Option<&'a Arg> {
    let is = |arg: &&Arg| match word.strip_prefix("--") {
        Some(long) => arg.get_long() == Some(long),
        None => arg.get_short() == word.chars().nth(1) && word.chars().count() == 2,
    };
    command.get_arguments().find(is)
}

fn complete(typed: &[String], running: &dyn Running) -> Found {
    let mut root = Cli::command();
    root.build();
    let (now, before) = typed.split_last().map_or(("", typed), |(now, before)| (now.as_str(), before));
    let line = Line::read(&root, before);
    if line.other {
        return Found { files: true, ..Found::default() };
    }
    if let Some(option) = line.option {
        return values(&line, option, now, running);
    }
    if let Some((name, value)) = now.split_once('=').filter(|(name, _)| name.starts_with("--")) {
        let found = option(line.command, name).map(|option| values(&line, option, value, running));
        return found.unwrap_or_default().behind(&format!("{name}="));
    }
    if now.starts_with('-') {
        return options(line.command).beginning(now);
    }
    let verbs: Words = line.command.get_subcommands().filter(|verb| !verb.is_hide_set()).map(verb).collect();
    if !verbs.is_empty() {
        return Found::words(verbs).beginning(now);
    }
    let mut places = line.command.get_positionals();
    let last = line.command.get_positionals().last();
    let several = last.filter(|arg| arg.get_num_args().is_some_and(|n| n.max_values() > 1));
    match places.nth(line.words.len()).or(several) {
        Some(place) if place.is_last_set() => Found::default(),
        Some(place) => values(&line, place, now, running),
        None => Found::default(),
    }
}

fn verb(command: &Command) -> (String, String) {
    (command.get_name().to_owned(), command.get_about().map(ToString::to_string).unwrap_or_default())
}

fn options(command: &Command) -> Found {
    let word = |arg: &Arg| {
        let name = arg.get_long().map(|long| format!("--{long}"));
        let name = name.or_else(|| Some(format!("-{}", arg.get_short()?)))?;
        Some((name, arg.get_help().map(ToString::to_string).unwrap_or_default()))
    };
    Found::words(command.get_arguments().filter(|arg| !arg.is_hide_set()).filter_map(word).collect())
}

/// What an argument takes.
fn values(line: &Line, arg: &Arg, now: &str, running: &dyn Running) -> Found {
    let plain = |names: Vec<&str>| names.into_iter().map(|name| (name.to_owned(), String::new())).collect();
    let names = |table: &[(&'static str, &str)]| table.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    let own: Words = (arg.get_possible_values().iter())
        .map(|one| (one.get_name().to_owned(), one.get_help().map(ToString::to_string).unwrap_or_default()))
        .collect();
    if !own.is_empty() {
        return Found::words(own).beginning(now);
    }
    let found = match (line.command.get_name(), arg.get_id().as_str()) {
        (_, "profile") => Found { words: plain(names(PROFILES)), files: true },
        (_, "scenario") => Found { words: plain(names(SCENARIOS)), files: true },
        (_, "format") => Found::words(plain(FORMATS.iter().map(|format| format.name).collect())),
        (_, "modem") => Found::words(running.modems()),
        ("trace", "from") => Found { words: running.modems(), files: true },
        ("trace", "only") => return listed(&plain(trace::KINDS.to_vec()), now),
        ("follow", "only") => {
            return listed(&trace::events().into_iter().map(|event| (event, String::new())).collect(), now);
        }
        ("lift", "name") => Found::words(running.faults(line.modem)),
        ("show", "name") => Found::words(match line.words.first() {
            Some(&"profile") => plain(names(PROFILES)),
            Some(&"scenario") => plain(names(SCENARIOS)),
            _ => FAULTS.iter().map(|kind| (kind.name.to_owned(), kind.help.to_owned())).collect(),
        }),
        ("inject", "fault") => Found::words(inject(line, now, running)),
        _ => {
            let file =
                |name: &str| ["FILE", "DIR", "PATH", "LOG", "TTY"].iter().any(|part| name.contains(part));
            let named = arg.get_value_names().is_some_and(|names| names.iter().any(|name| file(name)));
            Found { words: vec![], files: named || arg.get_id() == "file" }
        }
    };
    found.beginning(now)
}

/// Words with commas between them, each once.
fn listed(words: &Words, now: &str) -> Found {
    let (head, last) = now.rfind(',').map_or(("", now), |at| now.split_at(at + 1));
    let fresh = words.iter().filter(|(word, _)| !head.split(',').any(|typed| typed == word)).cloned();
    Found::words(fresh.collect()).beginning(last).behind(head)
}

/// A fault: its kind, then whatever that kind takes and is not there yet; or the name of one that is there.
fn inject(line: &Line, now: &str, running: &dyn Running) -> Words {
    let form = fault::form();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |of: &Value, key: &str| of[key].as_str().unwrap_or_default().to_owned();
    let kinds: Vec<Value> = list(&form["layers"]).iter().flat_map(|layer| list(&layer["faults"])).collect();
    let keys: Vec<&str> = line.words.iter().filter_map(|word| Some(word.split_once('=')?.0)).collect();
    let is_kind = |key: &&str| kinds.iter().any(|kind| kind["name"] == *key);
    let chosen = keys.iter().copied().find(|key| is_kind(key));
    let chosen = chosen.or_else(|| now.split_once('=').map(|(key, _)| key).filter(|key| is_kind(key)));
    let kind = chosen.and_then(|name| kinds.iter().find(|kind| kind["name"] == *name));
    if line.words.first().is_some_and(|word| !word.contains('=')) {
        return vec![];
    }
    // Every key that fits, with its field of the form.
    let mut fields: Vec<(String, Value)> = vec![];
    match kind {
        Some(kind) => fields.extend(list(&kind["parameters"]).into_iter().map(|p| (text(&p, "name"), p))),
        None => fields.extend(kinds.iter().map(|kind| (text(kind, "name"), kind.clone()))),
    }
    let lasts = kind.is_none_or(|kind| kind["nature"] != "instant");
    for table in ["when", "until"].into_iter().filter(|table| *table == "when" || lasts) {
        let all = list(&form["when"]);
        let typed = |key: &Value| keys.contains(&format!("{table}.{}", text(key, "name")).as_str());
        let event = all.iter().find(|key| key["trigger"] == true && typed(key));
        let fits = |key: &&Value| match event {
            None => key["trigger"] == true,
            Some(event) => {
                let with = key["with"].as_array();
                with.map_or(key["trigger"] != true, |with| with.contains(&event["name"]))
            }
        };
        let field = |key: &Value| (format!("{table}.{}", text(key, "name")), key.clone());
        fields.extend(all.iter().filter(fits).map(field));
    }
    let words: &[&str] = if lasts { &["name", "for"] } else { &["name"] };
    fields.extend(words.iter().map(|key| ((*key).to_owned(), Value::Null)));
    if let Some((key, _)) = now.split_once('=') {
        let field = fields.iter().find(|(name, _)| name == key).map(|(_, field)| field);
        let named = matches!(key, "when.after" | "when.lifted" | "until.after" | "until.lifted");
        let values: Vec<String> = match named {
            true => running.faults(line.modem).into_iter().map(|(name, _)| name).collect(),
            false => {
                field.map(|field| list(&field["choices"])).unwrap_or_default().iter().map(plain).collect()
            }
        };
        return values.into_iter().map(|value| (format!("{key}={value}"), String::new())).collect();
    }
    let there = if line.words.is_empty() { running.faults(line.modem) } else { vec![] };
    let fresh = fields.into_iter().filter(|(key, _)| !keys.contains(&key.as_str()));
    there.into_iter().chain(fresh.map(|(key, field)| (format!("{key}="), text(&field, "help")))).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests;
