//! `when = { ... }`: what a rule waits for, and which of the times it happens count.

use crate::fault::layer::param::{
    Commands, Connections, Hosts, Paths, Port, Results, Scope, Towards, Urcs, Verbs,
};
use crate::fault::rule::amount::Amount;
use crate::fault::text::link::{Direction, Links};
use crate::fault::text::octets::Octets;
use crate::fault::text::pattern::Pattern;
use crate::time::units::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A state of the module that a rule can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ModuleState {
    /// It has started.
    Powered,
    /// It is registered with the network.
    Registered,
    /// It is not registered any more.
    Unregistered,
    /// A PDP context is active.
    BearerUp,
    /// A PDP context is not active any more.
    BearerDown,
    /// The FTP session is open.
    SessionOpen,
    /// The FTP session is closed.
    SessionClosed,
    /// A transfer has begun.
    TransferBegun,
    /// A transfer has ended.
    TransferOver,
    /// A port is in data mode.
    DataMode,
    /// A port has left data mode.
    CommandMode,
    /// The host has opened a port.
    PortOpen,
    /// The host has closed a port.
    PortClosed,
}

impl ModuleState {
    /// The state that this one ends, and that ends it.
    pub fn opposite(self) -> Option<ModuleState> {
        use ModuleState as S;
        Some(match self {
            S::Powered => return None,
            S::Registered => S::Unregistered,
            S::Unregistered => S::Registered,
            S::BearerUp => S::BearerDown,
            S::BearerDown => S::BearerUp,
            S::SessionOpen => S::SessionClosed,
            S::SessionClosed => S::SessionOpen,
            S::TransferBegun => S::TransferOver,
            S::TransferOver => S::TransferBegun,
            S::DataMode => S::CommandMode,
            S::CommandMode => S::DataMode,
            S::PortOpen => S::PortClosed,
            S::PortClosed => S::PortOpen,
        })
    }
}

/// What a rule waits for. Exactly one event, and what narrows and counts it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct When {
    /// Event: a command line that matches, such as "AT+FTPGET=1".
    pub(in crate::fault) command: Option<Pattern>,
    /// Event: a final result code that matches, such as "+CME ERROR*".
    pub(in crate::fault) result: Option<Pattern>,
    /// Event: an unsolicited line that matches, such as "+FTPGET: 1,1".
    pub(in crate::fault) urc: Option<Pattern>,
    /// Event, or with `reply`: an FTP verb reaches the server, such as "RETR".
    pub(in crate::fault) verb: Option<Pattern>,
    /// Event, or with `verb`: the server's reply to it has a code that matches, such as "226" or "5*", or a last line, such as "550 *quota*".
    pub(in crate::fault) reply: Option<Pattern>,
    /// Event: so many bytes have moved on one connection of `link`. Exactly so many pass before the fault.
    pub(in crate::fault) after_bytes: Option<Amount>,
    /// Event: so many bytes have moved on all connections of `link` together.
    pub(in crate::fault) total_bytes: Option<Amount>,
    /// Event: these bytes have moved on a connection of `link`, one way, such as "\r\n.\r\n" or { hex = "ff d9" }.
    pub(in crate::fault) payload: Option<Octets>,
    /// Event: nothing has moved on a connection of `link` for so long.
    pub(in crate::fault) quiet: Option<Span>,
    /// Event: a connection opens.
    pub(in crate::fault) opened: Option<Links>,
    /// Event: a host name that matches is looked up.
    pub(in crate::fault) lookup: Option<Pattern>,
    /// Event: a connection to a matching name or address is attempted.
    pub(in crate::fault) connect: Option<Pattern>,
    /// Event: so long after the start.
    pub(in crate::fault) at: Option<Span>,
    /// Event: again and again, so long after one another.
    pub(in crate::fault) each: Option<Span>,
    /// Event: the fault with this name is applied.
    pub(in crate::fault) after: Option<String>,
    /// Event: the fault with this name is lifted.
    pub(in crate::fault) lifted: Option<String>,
    /// Event: the module reaches this state, such as "registered".
    pub(in crate::fault) state: Option<ModuleState>,
    /// Event: the module starts for the n-th time (1 is power-on).
    #[schemars(range(min = 1))]
    pub(in crate::fault) boot: Option<u64>,
    /// Event: only a request (`inject`) over the control socket or the API.
    pub(in crate::fault) inject: Option<bool>,
    /// With `command`, `result`, `urc`, or a `link` of "serial": the serial port, from 1.
    #[schemars(range(min = 1, max = 16))]
    pub(in crate::fault) port: Option<usize>,
    /// With `verb` or `reply`: the verb's argument matches.
    pub(in crate::fault) file: Option<Pattern>,
    /// With `after_bytes`, `total_bytes`, `payload`, `quiet`: which connections.
    pub(in crate::fault) link: Option<Links>,
    /// With `after_bytes`, `total_bytes`, `payload`: which way; both where it is not given.
    pub(in crate::fault) direction: Option<Direction>,
    /// Only the n-th time. Without `nth`, `every`, `first` and `probability`, the first time.
    #[schemars(range(min = 1))]
    pub(in crate::fault) nth: Option<u64>,
    /// Every n-th time; 1 is each time.
    #[schemars(range(min = 1))]
    pub(in crate::fault) every: Option<u64>,
    /// Each of the first n times.
    #[schemars(range(min = 1))]
    pub(in crate::fault) first: Option<u64>,
    /// Each time that a die falls so, from 0 to 1; with `first`, each of the first n times.
    #[schemars(range(min = 0, max = 1))]
    pub(in crate::fault) probability: Option<f64>,
    /// With `verb` or `reply`: counts the times per file, not together.
    pub(in crate::fault) per_file: Option<bool>,
    /// The fault is applied so long after.
    pub(in crate::fault) wait: Option<Span>,
}

/// The event of a `when`, with what narrows it.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// Power-on: a rule without `when`.
    Start,
    /// A command line.
    Command(Pattern, Option<usize>),
    /// A final result code.
    Result(Pattern, Option<usize>),
    /// A URC.
    Urc(Pattern, Option<usize>),
    /// An FTP verb: verb and argument.
    Verb(Pattern, Pattern),
    /// A reply: verb, argument, and code or line.
    Reply(Pattern, Pattern, Pattern),
    /// Bytes moved.
    Bytes {
        /// Where.
        links: Links,
        /// The serial port.
        port: Option<usize>,
        /// Which way.
        direction: Direction,
        /// How many.
        n: u64,
        /// On all connections together.
        total: bool,
    },
    /// Bytes of this content.
    Payload {
        /// Where.
        links: Links,
        /// The serial port.
        port: Option<usize>,
        /// Which way.
        direction: Direction,
        /// What they are.
        bytes: Vec<u8>,
    },
    /// Silence.
    Quiet(Links, Duration),
    /// A connection opened.
    Opened(Links),
    /// A look-up.
    Lookup(Pattern),
    /// A connection attempt.
    Connect(Pattern),
    /// A time since the start.
    At(Duration),
    /// A period.
    Each(Duration),
    /// Another fault applied.
    After(String),
    /// Another fault lifted.
    Lifted(String),
    /// A state reached.
    State(ModuleState),
    /// The n-th start.
    Boot(u64),
    /// A request only.
    Inject,
}

/// The most octets that a rule waits for.
pub(in crate::fault) const PAYLOAD: usize = 1024;

/// Whether a pattern of replies is about their codes, and not about their text.
pub fn is_code(reply: &Pattern) -> bool {
    reply.as_str().bytes().all(|byte| byte.is_ascii_digit() || byte == b'*')
}

impl Trigger {
    /// The links that it is about, where it is about what happens on one.
    pub(in crate::fault) fn links(&self) -> Option<Links> {
        match self {
            Trigger::Bytes { links, .. } | Trigger::Payload { links, .. } => Some(*links),
            Trigger::Quiet(links, _) | Trigger::Opened(links) => Some(*links),
            _ => None,
        }
    }
}

/// Which of the times that a trigger happens count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Count {
    /// Which.
    pub which: Which,
    /// The probability of each, where it is not certain.
    pub probability: Option<f64>,
    /// Whether the times are counted per file.
    pub per_file: bool,
}

/// Which times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Which {
    /// The n-th.
    Nth(u64),
    /// Every n-th.
    Every(u64),
    /// Each of the first n.
    First(u64),
}

impl When {
    /// The event.
    ///
    /// # Errors
    /// What is wrong and what would be right: it names no event, or several.
    pub fn trigger(&self) -> Result<Trigger, (String, String)> {
        let any = |p: &Option<Pattern>| p.clone().unwrap_or_else(Pattern::any);
        let bytes = |n: Amount, total| Trigger::Bytes {
            links: self.link.unwrap_or(Links::All),
            port: self.port,
            direction: self.direction.unwrap_or_default(),
            n: n.0,
            total,
        };
        let verb = match (&self.verb, &self.reply) {
            (_, Some(code)) => Some(Trigger::Reply(any(&self.verb), any(&self.file), code.clone())),
            (Some(verb), None) => Some(Trigger::Verb(verb.clone(), any(&self.file))),
            (None, None) => None,
        };
        let events = [
            self.command.clone().map(|p| Trigger::Command(p, self.port)),
            self.result.clone().map(|p| Trigger::Result(p, self.port)),
            self.urc.clone().map(|p| Trigger::Urc(p, self.port)),
            verb,
            self.after_bytes.map(|n| bytes(n, false)),
            self.total_bytes.map(|n| bytes(n, true)),
            self.payload.clone().map(|Octets(bytes)| Trigger::Payload {
                links: self.link.unwrap_or(Links::All),
                port: self.port,
                direction: self.direction.unwrap_or_default(),
                bytes,
            }),
            self.quiet.map(|s| Trigger::Quiet(self.link.unwrap_or(Links::All), s.0)),
            self.opened.map(Trigger::Opened),
            self.lookup.clone().map(Trigger::Lookup),
            self.connect.clone().map(Trigger::Connect),
            self.at.map(|s| Trigger::At(s.0)),
            self.each.map(|s| Trigger::Each(s.0)),
            self.after.clone().map(Trigger::After),
            self.lifted.clone().map(Trigger::Lifted),
            self.state.map(Trigger::State),
            self.boot.map(Trigger::Boot),
            self.inject.filter(|yes| *yes).map(|_| Trigger::Inject),
        ];
        let mut events = events.into_iter().flatten();
        let right = "name one event: command, result, urc, verb, reply, after_bytes, total_bytes, payload, \
                     quiet, opened, lookup, connect, at, each, after, lifted, state, boot or inject";
        match (events.next(), events.next()) {
            (Some(event), None) => self.narrows(&event).map(|()| event),
            (None, _) => Err(("`when` names no event".to_owned(), right.to_owned())),
            (Some(_), Some(_)) => Err(("`when` names two events".to_owned(), right.to_owned())),
        }
    }

    /// That each key beside the event narrows or counts it.
    fn narrows(&self, event: &Trigger) -> Result<(), (String, String)> {
        use Trigger::{Bytes, Command, Payload, Quiet, Reply, Urc, Verb};
        let bytes = matches!(event, Bytes { .. } | Payload { .. });
        let serial = bytes && event.links() == Some(Links::Serial);
        if let Payload { bytes, .. } = event
            && !(1..=PAYLOAD).contains(&bytes.len())
        {
            return Err((format!("{} bytes are no payload", bytes.len()), format!("write 1 to {PAYLOAD}")));
        }
        let ported = serial || matches!(event, Command(..) | Urc(..) | Trigger::Result(..));
        let filed = matches!(event, Verb(..) | Reply(..));
        let alien = [
            ("port", self.port.is_some() && !ported, "command, result, urc, or bytes of link = \"serial\""),
            ("file", self.file.is_some() && !filed, "verb or reply"),
            ("per_file", self.per_file.is_some() && !filed, "verb or reply"),
            (
                "link",
                self.link.is_some() && !bytes && !matches!(event, Quiet(..)),
                "after_bytes, total_bytes, payload or quiet",
            ),
            ("direction", self.direction.is_some() && !bytes, "after_bytes, total_bytes or payload"),
        ];
        if let Some((key, _, with)) = alien.iter().find(|(_, wrong, _)| *wrong) {
            return Err((format!("`{key}` does not narrow this event"), format!("it stands beside {with}")));
        }
        if self.port == Some(0) {
            return Err((
                "there is no serial port 0".to_owned(),
                "serial ports are counted from 1".to_owned(),
            ));
        }
        Ok(())
    }

    /// Which of its times count.
    ///
    /// # Errors
    /// What is wrong and what would be right.
    pub fn count(&self) -> Result<Count, (String, String)> {
        let wrong = |what: &str, right: &str| Err((what.to_owned(), right.to_owned()));
        let which = match (self.nth, self.every, self.first) {
            (Some(0), _, _) | (_, Some(0), _) | (_, _, Some(0)) => {
                return wrong("the fault can never fire: times are counted from 1", "write 1 or more");
            }
            (Some(n), None, None) => Which::Nth(n),
            (None, Some(n), None) => Which::Every(n),
            (None, None, Some(n)) => Which::First(n),
            (None, None, None) if self.probability.is_some() || self.each.is_some() => Which::Every(1),
            (None, None, None) => Which::Nth(1),
            _ => return wrong("`nth`, `every` and `first` contradict each other", "keep one of them"),
        };
        let once = self.at.is_some() || self.boot.is_some() || self.total_bytes.is_some();
        if once && matches!(which, Which::Nth(2..) | Which::Every(2..)) {
            return wrong("the fault can never fire: this happens once", "leave `nth` and `every` out");
        }
        match self.probability {
            Some(0.0) => return wrong("the fault can never fire: its probability is 0", "write more than 0"),
            Some(p) if !(0.0..=1.0).contains(&p) => {
                return wrong("a probability lies between 0 and 1", "write probability = 0.1");
            }
            _ => {}
        }
        Ok(Count { which, probability: self.probability, per_file: self.per_file.unwrap_or(false) })
    }
}

impl Trigger {
    /// What a fault takes over from its trigger.
    pub(in crate::fault) fn scope(&self) -> Scope {
        let port = |port: &Option<usize>| port.and_then(Port::new);
        let open = Scope::default();
        match self {
            Trigger::Command(p, at) => Scope { command: Some(Commands(p.clone())), port: port(at), ..open },
            Trigger::Urc(p, at) => Scope { urc: Some(Urcs(p.clone())), port: port(at), ..open },
            Trigger::Result(p, at) => Scope { result: Some(Results(p.clone())), port: port(at), ..open },
            Trigger::Verb(verb, file) | Trigger::Reply(verb, file, _) => {
                Scope { verb: Some(Verbs(verb.clone())), file: Some(Paths(file.clone())), ..open }
            }
            Trigger::Bytes { links, port: at, direction, .. }
            | Trigger::Payload { links, port: at, direction, .. } => {
                let one_way = Some(*direction).filter(|direction| *direction != Direction::Both);
                let link = Connections::try_from(*links).ok();
                Scope { link, port: port(at), direction: one_way.map(Towards), ..open }
            }
            Trigger::Quiet(links, _) | Trigger::Opened(links) => {
                Scope { link: Connections::try_from(*links).ok(), ..open }
            }
            Trigger::Lookup(p) | Trigger::Connect(p) => Scope { host: Some(Hosts(p.clone())), ..open },
            _ => open,
        }
    }
}
