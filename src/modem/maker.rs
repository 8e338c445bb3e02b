//! What a maker's file provides, and how the modem calls it.

use super::command::{Command, Support, Test};
use super::outcome::{Outcomes, Sorted};
use super::{Cx, DataEnd, Event, Reply};
use crate::at::{Arguments, Call, Form, Secret};
use crate::ftp;
use crate::profile::Profile;
use crate::time::{Now, Timers};
use serde::de::DeserializeOwned;
use std::collections::VecDeque;

/// A maker's behaviour: its state, its command table, and what it does when something happens.
pub trait Maker: Send + Sized + 'static {
    /// The `[settings]` of its profiles.
    type Settings: DeserializeOwned + Clone + Send + 'static;

    /// What it waits for. Two timers that are due at once go off in this order.
    type Timer: Ord + Copy + Send + 'static;

    /// Its commands, in the order of its manual.
    const COMMANDS: &'static [Command<Self>];

    /// What a secret stands behind in an answer, where that is not the command's name.
    const SECRET_LABELS: &'static [&'static str] = &[];

    /// How the names of the commands begin that report unasked under their own name.
    const REPORTS: &'static [&'static str];

    /// What else it says unasked, beside what its profile has: lines, with `*` for what differs.
    const URCS: &'static [&'static str];

    /// The result codes that it gives beside OK, ERROR, NO CARRIER and the extended ones, with `*` for what differs, and a
    /// command that gives each.
    const CODES: &'static [(&'static str, &'static str)] = &[];

    /// The lines that say that data mode begins, as `[urc]` knows them: each has a time, and no other place.
    const OPENINGS: &'static [&'static str] = &[];

    /// The FTP verbs that its client sends; none where a host can speak FTP itself, over a socket.
    const SENT: &'static [&'static str] = ftp::VERBS;

    /// How it tells that operations have ended, and what its numbers mean.
    const OUTCOMES: &'static [Outcomes] = &[];

    /// The sorts of its own `+CME ERROR` numbers.
    const REASONS: &'static [Sorted] = &[];

    /// The behaviour as it is at power-on.
    fn new(settings: &Self::Settings, profile: &Profile) -> Self;

    /// Refuses a command of its table, whichever form it has; `None` has it run.
    fn refuse(&self, _: &Call) -> Option<Reply> {
        None
    }

    /// Something happened that no command asked for just now.
    fn on_event(&mut self, cx: &mut Cx, event: Event);

    /// Its timers.
    fn timers(&self) -> &Timers<Self::Timer>;

    /// Its timers, for the modem to take those that are due.
    fn timers_mut(&mut self) -> &mut Timers<Self::Timer>;

    /// The time of one of them has come.
    fn on_timer(&mut self, cx: &mut Cx, timer: Self::Timer);

    /// Data mode ended on `cx.port`: why, what was kept for [`Sink::Hold`](super::Sink::Hold), and how
    /// many octets of payload the host sent. The reply is printed as the command's result.
    fn on_data_end(&mut self, cx: &mut Cx, end: DataEnd, held: Vec<u8>, moved: u64) -> Reply;
}

/// A row of a command table, for lists and docs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The name, without `AT`.
    pub name: &'static str,
    /// `exec`, `read`, `write`, `test`.
    pub forms: Vec<&'static str>,
    /// Whether it acts.
    pub support: Support,
}

/// A [`Maker`] without its type.
pub trait Personality: Send {
    /// The behaviour as it is at power-on again.
    fn restart(&mut self, profile: &Profile);
    /// Runs a command; `None` where the table does not know it.
    fn run(&mut self, cx: &mut Cx, call: &Call) -> Option<Reply>;
    /// See [`Maker::on_event`].
    fn on_event(&mut self, cx: &mut Cx, event: Event);
    /// When a timer of the maker's is due.
    fn poll_timeout(&self) -> Option<Now>;
    /// Takes the first timer that is due.
    fn expire(&mut self, now: Now);
    /// See [`Maker::on_timer`]; about the first timer that was taken.
    fn on_timer(&mut self, cx: &mut Cx);
    /// See [`Maker::on_data_end`].
    fn on_data_end(&mut self, cx: &mut Cx, end: DataEnd, held: Vec<u8>, moved: u64) -> Reply;
    /// The command table.
    fn rows(&self) -> Vec<Row>;
    /// What it says unasked, beside what its profile has: lines, with `*` for what differs.
    fn urcs(&self) -> Vec<String>;
    /// See [`Maker::CODES`].
    fn codes(&self) -> &'static [(&'static str, &'static str)];
    /// See [`Maker::OPENINGS`].
    fn openings(&self) -> &'static [&'static str];
    /// See [`Maker::SENT`].
    fn sent(&self) -> &'static [&'static str];
    /// What is kept out of traces.
    fn secrets(&self) -> Vec<(&'static str, &'static [Secret])>;
}

struct Behaviour<V: Maker> {
    settings: V::Settings,
    maker: V,
    /// The timers whose time has come, until the maker is told.
    expired: VecDeque<V::Timer>,
}

/// Makes the behaviour that a profile asks for.
///
/// # Errors
/// The path of the wrong key in `[settings]`, and what is wrong with it.
pub fn make<V: Maker>(profile: &Profile) -> Result<Box<dyn Personality>, (Vec<String>, String)> {
    let settings: V::Settings =
        serde_path_to_error::deserialize(toml::Value::Table(profile.settings.clone())).map_err(|e| {
            let path = std::iter::once("settings".to_string()).chain(e.path().iter().map(|s| s.to_string()));
            (path.collect(), e.inner().to_string())
        })?;
    let maker = V::new(&settings, profile);
    Ok(Box::new(Behaviour { settings, maker, expired: VecDeque::new() }))
}

/// Runs a command from a table.
pub fn run<V>(table: &[Command<V>], maker: &mut V, cx: &mut Cx, call: &Call) -> Option<Reply> {
    let row = table.iter().find(|row| row.name == call.name)?;
    let mut cx = Cx { core: cx.core, port: cx.port, name: row.name };
    Some(form(row, maker, &mut cx, &call.form))
}

fn form<V>(row: &Command<V>, maker: &mut V, cx: &mut Cx, form: &Form) -> Reply {
    let absent = cx.profile.errors.form();
    match form {
        Form::Exec => row.exec.map(|f| f(maker, cx)),
        Form::Read => row.read.map(|f| f(maker, cx)),
        Form::Write(text) => row.write.map(|f| match Arguments::parse(text) {
            Ok(args) => f(maker, cx, &args),
            Err(error) => cx.refuse(error),
        }),
        Form::Test => match &row.test {
            Test::None => None,
            Test::Ok => Some(Reply::Ok),
            Test::Grammar(grammar) => {
                match grammar() {
                    g if g.trim_matches(',').is_empty() => {}
                    g => cx.info(g),
                }
                Some(Reply::Ok)
            }
            Test::Line(line) => {
                cx.line(line);
                Some(Reply::Ok)
            }
            Test::Handler(f) => Some(f(maker, cx)),
        },
    }
    .unwrap_or_else(|| cx.error(absent))
}

/// The rows of a table.
pub fn rows<V>(table: &'static [Command<V>]) -> Vec<Row> {
    table.iter().map(|c| Row { name: c.name, forms: c.forms(), support: c.support }).collect()
}

/// The secrets of a table.
pub fn secrets<V>(table: &'static [Command<V>]) -> impl Iterator<Item = (&'static str, &'static [Secret])> {
    table.iter().filter(|c| !c.secret.is_empty()).map(|c| (c.name, c.secret))
}

/// What is kept out of traces of a maker's commands and answers.
pub fn secrets_of<V: Maker>() -> Vec<(&'static str, &'static [Secret])> {
    const LABEL: &[Secret] = &[Secret::at(1)];
    secrets(V::COMMANDS).chain(V::SECRET_LABELS.iter().map(|label| (*label, LABEL))).collect()
}

/// The names of a maker's commands.
pub fn names_of<V: Maker>() -> Vec<&'static str> {
    V::COMMANDS.iter().map(|c| c.name).collect()
}

impl<V: Maker> Personality for Behaviour<V> {
    fn restart(&mut self, profile: &Profile) {
        self.maker = V::new(&self.settings, profile);
        self.expired.clear();
    }
    fn run(&mut self, cx: &mut Cx, call: &Call) -> Option<Reply> {
        let refused = self.maker.refuse(call);
        match refused.filter(|_| V::COMMANDS.iter().any(|row| row.name == call.name)) {
            None => run(V::COMMANDS, &mut self.maker, cx, call),
            refused => refused,
        }
    }
    fn on_event(&mut self, cx: &mut Cx, event: Event) {
        self.maker.on_event(cx, event);
    }
    fn poll_timeout(&self) -> Option<Now> {
        self.maker.timers().next()
    }
    fn expire(&mut self, now: Now) {
        self.expired.extend(self.maker.timers_mut().pop(now));
    }
    fn on_timer(&mut self, cx: &mut Cx) {
        if let Some(timer) = self.expired.pop_front() {
            self.maker.on_timer(cx, timer);
        }
    }
    fn on_data_end(&mut self, cx: &mut Cx, end: DataEnd, held: Vec<u8>, moved: u64) -> Reply {
        self.maker.on_data_end(cx, end, held, moved)
    }
    fn rows(&self) -> Vec<Row> {
        rows(V::COMMANDS)
    }
    fn urcs(&self) -> Vec<String> {
        let reports = |row: &&Command<V>| V::REPORTS.iter().any(|begin| row.name.starts_with(begin));
        let reports = V::COMMANDS.iter().filter(reports).map(|row| format!("{}:*", row.name));
        reports.chain(V::URCS.iter().map(|line| line.to_string())).collect()
    }
    fn codes(&self) -> &'static [(&'static str, &'static str)] {
        V::CODES
    }
    fn openings(&self) -> &'static [&'static str] {
        V::OPENINGS
    }
    fn sent(&self) -> &'static [&'static str] {
        V::SENT
    }
    fn secrets(&self) -> Vec<(&'static str, &'static [Secret])> {
        secrets_of::<V>()
    }
}
