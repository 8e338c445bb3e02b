//! Operations that were begun and whose report is still to come.

use super::kind::Code;
use super::known::Outcome;
use super::port::Asked;
use super::scenario::{Proposed, Stage, report};
use super::{World, spoken};
use crate::at::line::{body, next};
use crate::modem::outcome::{Meaning, Reason};
use std::time::Duration;

/// A report that is later than this is told.
const LATE: Duration = Duration::from_secs(20);
/// How long reports take that are not late, about.
const ROUND_TRIP: Duration = Duration::from_millis(450);
/// More than so many operations at once no module has.
const MOST: usize = 16;

/// What is under way.
#[derive(Debug, Default)]
pub(super) struct Pending {
    begun: Vec<Begun>,
}

#[derive(Clone, Debug)]
struct Begun {
    asked: Asked,
    name: String,
    /// Whether it was said that data may move.
    opened: bool,
    /// When it was answered OK.
    since: Duration,
    /// The host began it again so much later: whether it was over is known from what that gets.
    overdue: Option<Duration>,
}

impl Pending {
    /// A command was answered OK.
    pub fn begin(&mut self, world: &mut World, asked: &Asked) {
        for name in names(&asked.text) {
            let alone = format!("AT{name}{}", tail(&asked.text, &name));
            if !world.known.reports(&alone) {
                continue;
            }
            self.begun.retain(|b| !(b.opened && b.name == name));
            if self.begun.len() < MOST {
                self.begun.push(Begun {
                    asked: asked.clone(),
                    name,
                    opened: false,
                    since: world.now,
                    overdue: None,
                });
            }
        }
    }

    /// A report came: `name: ...`. Gives the command that it is about, and what it says.
    pub fn report(&mut self, world: &mut World, line: &str, last: Option<&Asked>) -> Option<Ended> {
        let name = line.split(':').next().unwrap_or_default().to_owned();
        let outcome = world.known.outcome(line)?;
        let of_name = |b: &Begun| b.name == name;
        let busy = matches!(outcome, Outcome::Failed(_, m) if m.reason == Reason::State);
        // One operation at a time: what was begun before, whatever it is, keeps the module busy.
        let several = self.begun.iter().filter(|b| !b.opened).count() > 1 && self.begun.iter().any(of_name);
        if !busy {
            self.tell_overdue(world, &name);
        }
        // The answer to the second is no news of the first.
        let place = match busy && several {
            true => self.begun.iter().rposition(of_name),
            false => self.begun.iter().position(of_name),
        };
        let begun = match outcome {
            Outcome::Opened => {
                let begun = place.map(|i| &mut self.begun[i]);
                let first = begun.as_ref().is_some_and(|b| !b.opened);
                let begun = begun.map(|b| {
                    b.opened = true;
                    b.clone()
                });
                begun.filter(|_| first)
            }
            _ => place.map(|i| self.begun.remove(i)),
        };
        match (outcome, &begun) {
            (Outcome::Failed(..), _) if busy && several => {
                let sentence = format!(
                    "`{line}` answers a command that came before the one of before had ended: what became of that is hidden"
                );
                world.find(world.line, Code::HiddenReason, sentence, vec![]);
            }
            (Outcome::Failed(number, meaning), begun) => {
                let asked = begun.as_ref().map(|b| (&b.asked, b.opened));
                failed(world, line, number, meaning, asked, last);
            }
            (_, Some(begun)) if !begun.opened || matches!(outcome, Outcome::Opened) => {
                late(world, line, begun)
            }
            _ => {}
        }
        Some(Ended { outcome, command: begun.map(|b| b.asked.text) })
    }

    /// The module has started anew, or the host has given up: nothing is under way any more.
    pub fn clear(&mut self, world: &mut World) {
        let names: Vec<String> = self.begun.iter().map(|b| b.name.clone()).collect();
        names.iter().for_each(|name| self.tell_overdue(world, name));
        self.begun.clear();
    }

    /// The host begins an operation again, or the recording is over: what has had no report for long gets none, unless the
    /// module says that it is still busy.
    pub fn give_up(&mut self, world: &mut World, asked: Option<&Asked>) {
        let again: Vec<String> = asked.map(|a| names(&a.text)).unwrap_or_default();
        let now = world.now;
        for begun in self.begun.iter_mut().filter(|b| !b.opened && b.overdue.is_none()) {
            let concerned = asked.is_none() || again.contains(&begun.name);
            let waited = now.saturating_sub(begun.since);
            begun.overdue = (concerned && waited >= LATE).then_some(waited);
        }
        if asked.is_none() {
            let names: Vec<String> = self.begun.iter().map(|b| b.name.clone()).collect();
            names.iter().for_each(|name| self.tell_overdue(world, name));
        }
    }

    /// Operations of this name that were given up got no report.
    fn tell_overdue(&mut self, world: &mut World, name: &str) {
        let mut missing = vec![];
        self.begun.retain(|b| match b.overdue.filter(|_| b.name == name) {
            Some(waited) => {
                missing.push((b.asked.clone(), waited));
                false
            }
            None => true,
        });
        for (asked, waited) in missing {
            let sentence = format!(
                "`{}` was answered OK, and its report never came: {} later there is none",
                asked.text,
                spoken(waited)
            );
            let rule = Proposed::of(&asked, None, "swallow = \"answer\"".into())
                .about(&format!("urc = \"{}:*\"", names(&asked.text).first().map_or("*", |n| n)));
            let mute = Proposed::of(&asked, None, "no_reply = true".into());
            world.find(asked.line, Code::MissingReport, sentence, vec![vec![mute], vec![rule]]);
        }
    }
}

/// What a report said, and of which command.
#[derive(Debug)]
pub(super) struct Ended {
    pub outcome: Outcome,
    pub command: Option<String>,
}

/// A report that came: was it late?
fn late(world: &mut World, line: &str, begun: &Begun) {
    let waited = world.now.saturating_sub(begun.since);
    if waited < LATE {
        return;
    }
    let sentence = format!("`{line}` came {} after `{}` was answered", spoken(waited), begun.asked.text);
    // Without it, a round trip would have passed.
    let late = quoted_span(waited.saturating_sub(ROUND_TRIP));
    let rule = Proposed::of(&begun.asked, None, format!("late = {late}"))
        .about(&format!("urc = \"{}*\"", line.replace(['"', '\\'], "*")));
    world.find(world.line, Code::LateReport, sentence, vec![vec![rule]]);
}

/// A report says that something failed.
fn failed(
    world: &mut World,
    line: &str,
    number: i32,
    meaning: &Meaning,
    asked: Option<(&Asked, bool)>,
    last: Option<&Asked>,
) {
    let code = of_reason(meaning.reason);
    if meaning.reason == Reason::Aborted {
        return;
    }
    let what = match (meaning.reason, number) {
        (Reason::Reply, n) => format!("the server's reply {}", n.abs()),
        _ => meaning.words.to_owned(),
    };
    let sentence = match asked {
        Some((asked, _)) => {
            let after = spoken(world.now.saturating_sub(asked.at));
            format!("`{line}` ends `{}` after {after}: {what}", asked.text)
        }
        None => format!("`{line}`: {what}"),
    };
    let stage = match asked {
        Some((_, false)) => Stage::Begun,
        Some((_, true)) => Stage::Moving(world.stock.moved()),
        None => Stage::Idle,
    };
    let about = asked.map(|(asked, _)| asked).or(last);
    let faults = about.map(|asked| report(asked, world.now, number, meaning, stage)).unwrap_or_default();
    world.find(world.line, code, sentence, faults);
}

/// The kind of finding that a reason is.
pub(super) fn of_reason(reason: Reason) -> Code {
    match reason {
        Reason::Argument => Code::WrongArgument,
        Reason::State => Code::WrongOrder,
        Reason::Absent => Code::UnknownCommand,
        Reason::Sim => Code::SimMissing,
        Reason::Pin => Code::SimLocked,
        Reason::Network => Code::NotRegistered,
        Reason::Bearer => Code::NoBearer,
        Reason::Name => Code::NameFailed,
        Reason::Connection => Code::ConnectFailed,
        Reason::Silence => Code::ServerSilent,
        Reason::Closed => Code::ServerClosed,
        Reason::Login => Code::LoginRefused,
        Reason::Refused | Reason::Reply => Code::RequestRefused,
        Reason::Malformed => Code::BadReply,
        Reason::Transfer => Code::TransferBroken,
        Reason::Storage => Code::StorageFailed,
        Reason::Memory => Code::NoMemory,
        Reason::Aborted | Reason::Unknown => Code::OperationFailed,
    }
}

/// The names of the commands of a line.
pub(super) fn names(text: &str) -> Vec<String> {
    let Some(start) = body(text.as_bytes()).and_then(|b| std::str::from_utf8(b).ok()) else { return vec![] };
    let (mut rest, mut names) = (start, vec![]);
    while let Ok(Some((call, more))) = next(rest) {
        names.push(call.name);
        rest = more;
        if names.len() > 64 {
            break;
        }
    }
    names
}

/// What follows a command's name in its line, up to the next command.
fn tail(text: &str, name: &str) -> String {
    let upper = text.to_ascii_uppercase();
    let Some(at) = upper.find(name) else { return String::new() };
    let rest = &text[at + name.len()..];
    let mut quoted = false;
    let end = rest.find(|c: char| {
        quoted ^= c == '"';
        c == ';' && !quoted
    });
    rest[..end.unwrap_or(rest.len())].to_owned()
}

/// A span as a scenario writes it.
pub(super) fn quoted_span(span: Duration) -> String {
    format!("\"{}ms\"", span.as_millis().max(1))
}
