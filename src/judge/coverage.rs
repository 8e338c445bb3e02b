//! Coverage: what of the module a host used, and which errors it met.

use crate::at;
use crate::modem::Modem;
use crate::profile::Profile;
use crate::trace::Event;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// More kinds of one thing than a person reads: a host that types noise must not fill the memory.
const KINDS: usize = 500;

/// What of the module's command table a host used, what it sent beside it, and which errors it met.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// How many forms of commands the module has.
    pub forms: usize,
    /// The forms that the host used.
    pub used: Tally<Form>,
    /// Those that it did not; too many to be told.
    #[serde(skip)]
    pub unused: BTreeSet<Form>,
    /// What it sent that the module does not have: a command, or a form of one.
    pub unknown: Tally<Form>,
    /// The final result codes that are errors, and the command that met each.
    pub errors: Tally<ErrorMet>,
    /// The replies of 400 and above that the module's FTP client got.
    pub ftp_errors: Tally<FtpError>,
    /// The unsolicited result codes that the host was told.
    pub urcs: Tally<Line>,
    /// The faults that were applied.
    pub faults: Tally<Fault>,
    /// The last command on each port.
    #[serde(skip)]
    last: BTreeMap<usize, String>,
    /// The first command of a line that the module has not begun yet.
    #[serde(skip)]
    first: BTreeMap<usize, Form>,
}

/// One form of a command.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Form {
    /// The command's name, without `AT`.
    pub name: String,
    /// `exec`, `read`, `write` or `test`.
    pub form: String,
}

/// A final result code that is an error.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ErrorMet {
    /// The last command before it.
    pub command: String,
    /// The code as it was printed.
    pub result: String,
    /// What it stands for, where another text was printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// An FTP reply that is an error.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct FtpError {
    /// Its code.
    pub code: u16,
}

/// A line of the module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// The line.
    pub line: String,
}

/// A fault.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// Its name.
    pub name: String,
}

/// How often each thing happened.
#[derive(Clone, Debug)]
pub struct Tally<T>(pub BTreeMap<T, u64>);

impl<T> Default for Tally<T> {
    fn default() -> Self {
        Tally(BTreeMap::new())
    }
}

impl<T: Ord> Tally<T> {
    fn add(&mut self, what: T) {
        if self.0.len() < KINDS || self.0.contains_key(&what) {
            *self.0.entry(what).or_default() += 1;
        }
    }
}

/// What a tally is written as.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Row<T> {
    #[serde(flatten)]
    what: T,
    /// How often.
    times: u64,
}

impl<T: JsonSchema> JsonSchema for Tally<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Times", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "array", "items": Row::<T>::json_schema(generator)})
    }
}

/// An array of objects, each with its number of `times`.
impl<T: Serialize> Serialize for Tally<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(what, times)| Row { what, times: *times }))
    }
}

impl<'de, T: Deserialize<'de> + Ord> Deserialize<'de> for Tally<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tally<T>, D::Error> {
        let rows = Vec::<Row<T>>::deserialize(deserializer)?;
        Ok(Tally(rows.into_iter().map(|row| (row.what, row.times)).collect()))
    }
}

impl Coverage {
    /// Of a host that has done nothing yet.
    pub fn new(modem: &Modem, profile: &Profile) -> Coverage {
        let form = |name: &str, form: &str| Form { name: name.to_owned(), form: form.to_owned() };
        let mut unused = BTreeSet::new();
        for row in modem.vocabulary().rows().iter().filter(|row| !profile.commands.contains_key(row.name)) {
            unused.extend(row.forms.iter().map(|f| form(row.name, f)));
        }
        for (name, plain) in &profile.commands {
            let forms = plain.forms();
            let forms = [
                ("exec", forms.exec.is_some()),
                ("read", forms.read.is_some()),
                ("write", forms.write.is_some()),
                ("test", forms.test.is_some()),
            ];
            unused.extend(forms.iter().filter(|(_, there)| *there).map(|(f, _)| form(name, f)));
        }
        Coverage { forms: unused.len(), unused, ..Coverage::default() }
    }

    /// Takes note of what happened.
    pub fn observe(&mut self, event: &Event) {
        match event {
            Event::CommandLine { port, typed, .. } => {
                // A fault may keep the module from running it: the host has sent it all the same.
                if let Some(first) = first(&typed.0) {
                    self.sent(*port, first.clone());
                    self.first.insert(*port, first);
                }
            }
            Event::Command { port, name, form, .. } => {
                let form = Form { name: name.clone(), form: form.clone() };
                if self.first.remove(port).is_none_or(|first| first != form) {
                    self.sent(*port, form);
                }
            }
            Event::Result { port, text, cause, .. } if is_error(cause.as_ref().unwrap_or(text)) => {
                let command = self.last.get(port).cloned().unwrap_or_default();
                self.errors.add(ErrorMet { command, result: text.clone(), cause: cause.clone() });
            }
            Event::FtpReply { code, .. } if *code >= 400 => self.ftp_errors.add(FtpError { code: *code }),
            Event::Urc { line, .. } => self.urcs.add(Line { line: line.clone() }),
            Event::FaultApplied { name, .. } => self.faults.add(Fault { name: name.clone() }),
            _ => {}
        }
    }

    fn sent(&mut self, port: usize, form: Form) {
        self.last.insert(port, form.name.clone());
        if self.unused.remove(&form) || self.used.0.contains_key(&form) {
            self.used.add(form);
        } else {
            self.unknown.add(form);
        }
    }
}

/// The first command of a line.
fn first(line: &str) -> Option<Form> {
    let text = at::octets::text_of(at::line::body(line.as_bytes())?);
    let (call, _) = at::line::next(&text).ok()??;
    let form = match call.form {
        at::Form::Exec => "exec",
        at::Form::Read => "read",
        at::Form::Write(_) => "write",
        at::Form::Test => "test",
    };
    Some(Form { name: call.name, form: form.to_owned() })
}

/// Whether a final result code of V.250 section 5.7.1 or 27.007 section 9 is an error.
fn is_error(code: &str) -> bool {
    !(code == "OK" || code.starts_with("CONNECT"))
}
