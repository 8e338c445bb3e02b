//! What happened, and whether it is what a trigger waits for.

use crate::fault::engine::moved::Moved;
use crate::fault::rule::trigger::{ModuleState, Trigger, is_code};
use crate::fault::text::files::file_matches;
use crate::fault::text::link::{Link, Way};

/// What the owner of the engine tells it, because nobody asks for a verdict there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observation {
    /// The module gave a final result code.
    Result {
        /// The port, from 1.
        port: usize,
        /// The code as it was printed.
        text: String,
        /// What it stands for, such as `OK` or `+CME ERROR: 3`.
        cause: String,
    },
    /// The module has let out an answer that was kept back.
    LetOut {
        /// The port, from 1.
        port: usize,
    },
    /// The module reached a state.
    State(ModuleState),
    /// The module started for the n-th time; 1 is power-on. Implies the state `powered`.
    Boot(u64),
    /// A connection is up.
    Opened(Link),
    /// A connection is gone.
    Closed(Link),
}

/// Anything a trigger can wait for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fact<'a> {
    Command {
        port: usize,
        line: &'a str,
    },
    Result {
        port: usize,
        text: &'a str,
        cause: &'a str,
    },
    Urc {
        port: usize,
        text: &'a str,
    },
    Verb {
        verb: &'a str,
        file: &'a str,
    },
    Reply {
        verb: &'a str,
        file: &'a str,
        code: u16,
        /// Its last line, code included.
        line: &'a str,
    },
    /// What had moved before, and what has now.
    Moved {
        link: Link,
        way: Way,
        moved: &'a [Moved; 2],
    },
    /// The last bytes that moved one way, and how many of them had before.
    Payload {
        link: Link,
        way: Way,
        bytes: &'a [u8],
        old: usize,
    },
    Opened(Link),
    Lookup(&'a str),
    Connect(&'a [&'a str]),
    State(ModuleState),
    Boot(u64),
    /// The name of the rule.
    Applied(&'a str),
    Lifted(&'a str),
}

/// The kind of a thing that happens. What the clock brings has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    Command,
    Result,
    Urc,
    Verb,
    Reply,
    Bytes,
    Payload,
    Quiet,
    Opened,
    Lookup,
    Connect,
    /// A state that the module reaches; a start is one, too.
    State,
}

impl Topic {
    /// What a trigger waits for, where that is not the clock, a request, or another fault.
    pub fn of(trigger: &Trigger) -> Option<Topic> {
        Some(match trigger {
            Trigger::Command(..) => Topic::Command,
            Trigger::Result(..) => Topic::Result,
            Trigger::Urc(..) => Topic::Urc,
            Trigger::Verb(..) => Topic::Verb,
            Trigger::Reply(..) => Topic::Reply,
            Trigger::Bytes { .. } => Topic::Bytes,
            Trigger::Payload { .. } => Topic::Payload,
            Trigger::Quiet(..) => Topic::Quiet,
            Trigger::Opened(_) => Topic::Opened,
            Trigger::Lookup(_) => Topic::Lookup,
            Trigger::Connect(_) => Topic::Connect,
            Trigger::State(_) | Trigger::Boot(_) => Topic::State,
            Trigger::Start | Trigger::At(_) | Trigger::Each(_) | Trigger::Inject => return None,
            Trigger::After(_) | Trigger::Lifted(_) => return None,
        })
    }
}

impl Fact<'_> {
    /// Its kind, where it is not about another fault.
    pub fn topic(&self) -> Option<Topic> {
        Some(match self {
            Fact::Command { .. } => Topic::Command,
            Fact::Result { .. } => Topic::Result,
            Fact::Urc { .. } => Topic::Urc,
            Fact::Verb { .. } => Topic::Verb,
            Fact::Reply { .. } => Topic::Reply,
            Fact::Moved { .. } => Topic::Bytes,
            Fact::Payload { .. } => Topic::Payload,
            Fact::Opened(_) => Topic::Opened,
            Fact::Lookup(_) => Topic::Lookup,
            Fact::Connect(_) => Topic::Connect,
            Fact::State(_) | Fact::Boot(_) => Topic::State,
            Fact::Applied(_) | Fact::Lifted(_) => return None,
        })
    }

    /// Whether `trigger` waits for this.
    pub fn is(&self, trigger: &Trigger) -> bool {
        let on = |wanted: &Option<usize>, port: &usize| wanted.is_none_or(|w| w == *port);
        match (trigger, self) {
            (Trigger::Command(p, at), Fact::Command { port, line }) => on(at, port) && p.matches(line.trim()),
            (Trigger::Result(p, at), Fact::Result { port, text, cause }) => {
                on(at, port) && (p.matches(text) || p.matches(cause))
            }
            (Trigger::Urc(p, at), Fact::Urc { port, text }) => on(at, port) && p.matches(text),
            (Trigger::Verb(v, f), Fact::Verb { verb, file }) => v.matches(verb) && file_matches(f, file),
            (Trigger::Reply(v, f, r), Fact::Reply { verb, file, code, line }) => {
                let meant = if is_code(r) { r.matches(&code.to_string()) } else { r.matches(line) };
                v.matches(verb) && file_matches(f, file) && meant
            }
            (Trigger::Bytes { links, port, direction, n, .. }, Fact::Moved { link, way, moved }) => {
                links.cover(link.kind)
                    && direction.covers(*way)
                    && port.is_none_or(|p| Link::serial(p) == *link)
                    && (moved[0].of(trigger) < *n && *n <= moved[1].of(trigger))
            }
            (
                Trigger::Payload { links, port, direction, bytes: wanted },
                Fact::Payload { link, way, bytes, old },
            ) => {
                // One that had ended before was met then.
                let from = (old + 1).saturating_sub(wanted.len());
                links.cover(link.kind)
                    && direction.covers(*way)
                    && port.is_none_or(|p| Link::serial(p) == *link)
                    && bytes[from..].windows(wanted.len().max(1)).any(|part| part == wanted)
            }
            (Trigger::Opened(links), Fact::Opened(link)) => links.cover(link.kind),
            (Trigger::Lookup(p), Fact::Lookup(host)) => p.matches(host),
            (Trigger::Connect(p), Fact::Connect(names)) => names.iter().any(|n| p.matches(n)),
            (Trigger::State(wanted), Fact::State(state)) => wanted == state,
            (Trigger::State(wanted), Fact::Boot(_)) => *wanted == ModuleState::Powered,
            (Trigger::Boot(wanted), Fact::Boot(n)) => wanted == n,
            (Trigger::After(wanted), Fact::Applied(rule)) | (Trigger::Lifted(wanted), Fact::Lifted(rule)) => {
                wanted == rule
            }
            _ => false,
        }
    }

    /// The file that it is about.
    pub fn file(&self) -> &str {
        match self {
            Fact::Verb { file, .. } | Fact::Reply { file, .. } => file,
            _ => "",
        }
    }

    /// The connection that it is about.
    pub fn link(&self) -> Option<Link> {
        match self {
            Fact::Moved { link, .. } | Fact::Payload { link, .. } | Fact::Opened(link) => Some(*link),
            _ => None,
        }
    }
}
