//! `badline ctl`: steer a modem that runs.

use super::{MISTAKE, UNMET, complain, show};
use crate::at::visible_json;
use crate::control::client::{Client, find, running};
use crate::control::{Request, Saved, Wrong, help, typed};
use crate::disk::why;
use crate::fault::{FAULTS, kind_named};
use crate::time::units::Span;
use crate::trace::{Record, show as shown};
use clap::{Args, Subcommand};
use serde_json::{Map, Value};
use std::fmt::Write;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Steer a modem that runs
///
/// A modem is found without being named where one runs. The status is 2 where a request could not be done, and 3 where the
/// verdict is that something was not met.
#[derive(Args, Debug)]
pub struct Ctl {
    /// Which modem: its profile, its scenario or its link, its process, or the address of its control socket (over TCP its
    /// key stands in BADLINE_CONTROL_KEY) [default: the only one; for a host that `exec` runs, its own]
    #[arg(long, global = true, value_name = "NAME|PID|ADDR")]
    modem: Option<String>,
    /// Print what is answered as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Tell which modems run
    List,
    #[command(about = help("status"))]
    Status,
    #[command(about = help("faults"))]
    Faults,
    #[command(about = help("inject"))]
    Inject {
        /// A fault (`badline list faults`): signal=2 for=20s when.command=AT+CSQ name=weak; or the name of one that is there
        #[arg(required = true, value_name = "KEY=VALUE|NAME")]
        fault: Vec<String>,
    },
    #[command(about = help("lift"))]
    Lift {
        /// Its name; all of them without one
        name: Option<String>,
    },
    #[command(about = help("follow"))]
    Follow {
        /// Only these events (`badline schema trace`)
        #[arg(long, value_name = "EVENT", value_delimiter = ',')]
        only: Vec<String>,
        /// First those that have been: those behind this number, all that are kept where it is 0
        #[arg(long, value_name = "N")]
        since: Option<u64>,
    },
    #[command(about = help("speed"))]
    Speed {
        /// How many times, 1 to 1000; as before without one
        #[arg(value_name = "N")]
        speed: Option<u32>,
    },
    #[command(about = help("pause"))]
    Pause,
    #[command(about = help("step"))]
    Step {
        /// How far, such as 10s
        #[arg(value_name = "DURATION")]
        span: Span,
    },
    #[command(about = help("type"))]
    Type {
        /// The line, such as AT+CSQ
        #[arg(value_name = "LINE", allow_hyphen_values = true)]
        line: String,
    },
    #[command(about = help("verdict"))]
    Verdict,
    #[command(about = help("save"))]
    Save {
        /// The new file: FILE.toml is a scenario, FILE.at a recording
        file: PathBuf,
    },
}

impl Verb {
    /// With how a new fault is typed, where one was named that is not there.
    fn hinted(&self, wrong: Wrong) -> Wrong {
        let Verb::Inject { fault } = self else { return wrong };
        let [name] = &fault[..] else { return wrong };
        if name.contains('=') {
            return wrong;
        }
        let told = match kind_named(name) {
            Some(_) => format!("`{name}` is a kind of fault"),
            None => wrong.right.unwrap_or_default(),
        };
        let kind = kind_named(name).or_else(|| kind_named("signal")).unwrap_or(&FAULTS[0]);
        let example = toml::from_str::<toml::Table>(kind.example).ok();
        let value = example.as_ref().and_then(|example| example.get("what")?.get(kind.name));
        let value =
            value.map_or(String::new(), |value| value.as_str().map_or(value.to_string(), str::to_owned));
        Wrong::new(wrong.error, format!("{told}; a new one is typed as {}={value}", kind.name))
    }

    /// What it asks for; nothing of one modem where it is `list`.
    fn request(&self) -> Result<Option<Request>, Wrong> {
        Ok(Some(match self {
            Verb::List => return Ok(None),
            Verb::Status => Request::Status {},
            Verb::Faults => Request::Faults {},
            Verb::Inject { fault } => match &fault[..] {
                [name] if !name.contains('=') => Request::Inject { name: Some(name.clone()), fault: None },
                words => Request::Inject { name: None, fault: Some(typed::fault(words)?) },
            },
            Verb::Lift { name } => Request::Lift { name: name.clone() },
            Verb::Follow { only, since } => Request::Follow { events: only.clone(), since: *since },
            Verb::Speed { speed } => Request::Speed { speed: *speed },
            Verb::Pause => Request::Pause {},
            Verb::Step { span } => Request::Step { span: *span },
            Verb::Type { line } => Request::Type { line: line.clone() },
            Verb::Verdict => Request::Verdict {},
            Verb::Save { file } => match file.extension().and_then(|end| end.to_str()) {
                Some("toml") => Request::Save { what: Saved::Scenario },
                Some("at") => Request::Save { what: Saved::Recording },
                _ => {
                    let what = format!("{}: neither .toml nor .at: what is it to be?", file.display());
                    return Err(Wrong::new(what, "FILE.toml is a scenario, FILE.at a recording"));
                }
            },
        }))
    }
}

impl Ctl {
    /// Runs it.
    pub fn main(self) -> ExitCode {
        match self.run() {
            Ok(status) => status,
            Err(wrong) => {
                complain(format_args!("badline: {}", wrong.error));
                wrong.right.iter().for_each(|right| complain(format_args!("  = {right}")));
                ExitCode::from(MISTAKE)
            }
        }
    }

    fn run(&self) -> Result<ExitCode, Wrong> {
        let Some(request) = self.verb.request()? else { return Ok(self.list()) };
        let mut client = connect(self.modem.as_deref())?;
        let answer = client.ask(&request).map_err(|wrong| self.verb.hinted(wrong))?;
        if let Request::Follow { .. } = request {
            return Ok(self.follow(&mut client));
        }
        if let Some(note) = answer.get("note").and_then(Value::as_str) {
            complain(format_args!("badline: {note}"));
        }
        if let Verb::Save { file } = &self.verb {
            return save(file, &of(&answer, "text"));
        }
        let told = if self.json { json(&answer) } else { plain(&request, &answer) };
        Ok(match show(told) {
            ExitCode::SUCCESS if answer.get("passed") == Some(&Value::Bool(false)) => ExitCode::from(UNMET),
            status => status,
        })
    }

    fn list(&self) -> ExitCode {
        let line = |running: crate::control::client::Running| match self.json {
            true => json(&running.status),
            false => {
                let text = |key: &str| of(&running.status, key);
                let scenario = running.status.get("scenario").and_then(Value::as_str);
                let scenario = scenario.map_or(String::new(), |name| format!("  {name}"));
                let links = running.status.get("links").and_then(Value::as_array);
                let link = links.and_then(|links| links.first()?.as_str()).unwrap_or_default();
                format!("{:<8} {:<10} {link}{scenario}\n", running.pid, text("profile"))
            }
        };
        show(running().into_iter().map(line).collect::<String>())
    }

    fn follow(&self, client: &mut Client) -> ExitCode {
        while let Ok(Some(line)) = client.line() {
            let told = match serde_json::from_str::<Record>(&line) {
                Ok(record) if !self.json => shown(&record) + "\n",
                _ => visible_json(line.trim_end()) + "\n",
            };
            match show(told) {
                ExitCode::SUCCESS => {}
                status => return status,
            }
        }
        ExitCode::SUCCESS
    }
}

/// Writes a new file: what is there already may be somebody's work.
fn save(file: &Path, text: &str) -> Result<ExitCode, Wrong> {
    let mut new = OpenOptions::new();
    let written =
        new.write(true).create_new(true).open(file).and_then(|mut new| new.write_all(text.as_bytes()));
    written.map(|()| ExitCode::SUCCESS).map_err(|e| match e.kind() {
        io::ErrorKind::AlreadyExists => {
            Wrong::new(format!("{}: it is there", file.display()), "name a new file")
        }
        _ => Wrong::new(format!("{}: {}", file.display(), why(&e)), ""),
    })
}

/// The modem that is meant, over TCP with the key that its run has told.
///
/// # Errors
/// There is none, there are several, or it does not listen.
pub fn connect(modem: Option<&str>) -> Result<Client, Wrong> {
    Client::connect(&find(modem)?, std::env::var("BADLINE_CONTROL_KEY").ok())
}

fn json(answer: &Map<String, Value>) -> String {
    visible_json(&Value::Object(answer.clone()).to_string()) + "\n"
}

/// A value as a person reads it.
fn of(answer: &Map<String, Value>, key: &str) -> String {
    match answer.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(values)) if values.is_empty() => "none".to_owned(),
        Some(Value::Array(values)) => {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            values.iter().map(text).collect::<Vec<_>>().join(", ")
        }
        Some(Value::Object(inner)) if inner.is_empty() => "none".to_owned(),
        Some(Value::Object(inner)) => {
            inner.keys().map(|key| format!("{key} ({})", of(inner, key))).collect::<Vec<_>>().join(", ")
        }
        Some(Value::Null) | None => "none".to_owned(),
        Some(value) => value.to_string(),
    }
}

fn seconds(micros: &Value) -> String {
    let micros = micros.as_u64().unwrap_or_default();
    format!("{}.{:06} s", micros / 1_000_000, micros % 1_000_000)
}

fn plain(request: &Request, answer: &Map<String, Value>) -> String {
    let mut told = String::new();
    let objects = |of: &Value| -> Vec<Map<String, Value>> {
        of.as_array().into_iter().flatten().filter_map(|one| one.as_object().cloned()).collect()
    };
    // Writing to memory cannot fail.
    let _ = match request {
        Request::Status {} => answer.iter().try_for_each(|(key, value)| match key.as_str() {
            "t" => writeln!(told, "{:<13} {}", "time", seconds(value)),
            _ => writeln!(told, "{key:<13} {}", of(answer, key)),
        }),
        Request::Faults {} => objects(&answer["faults"]).iter().try_for_each(|fault| {
            let state = match (&fault["active"], &fault["until"]) {
                (Value::Bool(true), Value::Null) => "holds".to_owned(),
                (Value::Bool(true), until) => format!("holds until {}", seconds(until)),
                _ if fault["fired"] == 0 => "waits".to_owned(),
                _ => format!("was applied {} times", fault["fired"]),
            };
            let (name, layer, what) = (of(fault, "name"), of(fault, "layer"), of(fault, "what"));
            writeln!(told, "{name:<16} {layer:<8} {what}: {state}")
        }),
        Request::Inject { .. } => writeln!(told, "{}", of(answer, "name")),
        Request::Pause {} | Request::Step { .. } => writeln!(told, "{}", seconds(&answer["t"])),
        Request::Type { .. } => writeln!(told, "port {}", answer["port"]),
        Request::Verdict {} => verdict(&mut told, answer, &objects),
        _ => Ok(()),
    };
    told
}

/// In the words of `badline exec`.
fn verdict(
    told: &mut String,
    answer: &Map<String, Value>,
    objects: &dyn Fn(&Value) -> Vec<Map<String, Value>>,
) -> std::fmt::Result {
    let passed = if answer["passed"] == true { "passed" } else { "FAILED" };
    writeln!(told, "{passed} so far (seed {})", of(answer, "seed"))?;
    for outcome in objects(&answer["expectations"]) {
        let met = if outcome["met"] == true { "met" } else { "NOT MET" };
        writeln!(told, "  {met}: {}: {}", of(&outcome, "text"), of(&outcome, "why"))?;
    }
    for (key, what) in [("never_applied", "NEVER APPLIED"), ("never_acted", "NEVER ACTED")] {
        for name in answer[key].as_array().into_iter().flatten() {
            writeln!(told, "  {what}: the fault {}", name.as_str().unwrap_or_default())?;
        }
    }
    let coverage = &answer["coverage"];
    let used = coverage["used"].as_array().map_or(0, Vec::len);
    writeln!(told, "  of the module's {} forms of commands the host used {used}", coverage["forms"])?;
    for unknown in objects(&coverage["unknown"]) {
        let (name, form, times) = (of(&unknown, "name"), of(&unknown, "form"), &unknown["times"]);
        writeln!(told, "  the module does not know AT{name} ({form}), sent {times} times")?;
    }
    for error in objects(&coverage["errors"]) {
        let cause = error.get("cause").and_then(Value::as_str);
        let cause = cause.map_or(String::new(), |cause| format!(" ({cause})"));
        let (command, result, times) = (of(&error, "command"), of(&error, "result"), &error["times"]);
        writeln!(told, "  AT{command} met {result}{cause} {times} times")?;
    }
    for error in objects(&coverage["ftp_errors"]) {
        writeln!(told, "  the server said {} {} times", error["code"], error["times"])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::words;

    #[test]
    fn every_request_has_a_verb() {
        #[derive(clap::Parser)]
        struct Program {
            #[command(subcommand)]
            _verb: Verb,
        }
        let program = <Program as clap::CommandFactory>::command();
        let verbs: Vec<&str> = program.get_subcommands().map(clap::Command::get_name).collect();
        for word in words() {
            assert!(verbs.contains(&word.as_str()), "{word} is not among {verbs:?}");
        }
        for verb in program.get_subcommands() {
            assert!(verb.get_about().is_some_and(|about| !about.to_string().is_empty()), "{verb}");
        }
    }
}
