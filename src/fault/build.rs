//! A fault made in Rust: a function for each word of the vocabulary, a method for each other parameter.
//!
//! What comes of it is the text of a `[[fault]]`, which is read as that of a file is: a parameter that a fault does not
//! have, or a value that is out of range, is told in the same words.

#[cfg(test)]
mod tests;
mod when;

use crate::fault::layer::bearer::Registration;
use crate::fault::layer::ftp::{Then, Unserved};
use crate::fault::layer::link::Delivery;
use crate::fault::layer::module::{PowerOn, Swallowed};
use crate::fault::layer::param::{End, Spread};
use crate::fault::layer::storage::Ops;
use crate::fault::layer::uart::ControlLine;
use crate::fault::rule::trigger::{ModuleState, When};
use crate::fault::rule::{During, one_line};
use crate::fault::text::link::{Direction, Links};
use crate::time::units::{Rate, Span};
use core::net::Ipv4Addr;
use serde::Serialize;
use std::fmt;
use std::time::Duration;
use toml::Value;

/// A fault: what goes wrong, when, and how long.
///
/// ```
/// use badline::{Direction, Fault, Links, When};
/// use std::time::Duration;
///
/// let tunnel = Fault::stall(Direction::Down)
///     .when(When::after_bytes(Links::Data, 600))
///     .lasting(Duration::from_secs(20))
///     .named("tunnel");
/// assert_eq!(
///     tunnel.to_string(),
///     "name = \"tunnel\"\n\
///      when = { after_bytes = 600, link = \"ftp.data\" }\n\
///      what = { stall = \"down\" }\n\
///      for = \"20s\""
/// );
/// ```
///
/// The same as a text is a fault, too: `Fault::from("what = { signal = 3 }")`.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a fault does nothing until it is given to a modem"]
pub struct Fault {
    /// What was written as text.
    text: String,
    name: Option<String>,
    when: Option<When>,
    during: During,
    what: Vec<(&'static str, Value)>,
    lasts: Option<String>,
    until: Option<When>,
}

/// A value as TOML has it. What TOML cannot hold, such as a number beyond 63 bits, is left to the reader to refuse.
fn toml(value: impl Serialize) -> Value {
    Value::try_from(value).unwrap_or_else(|error| Value::String(error.to_string()))
}

fn all_or(context: Option<u8>) -> Value {
    context.map_or_else(|| toml("all"), toml)
}

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty)?) $value:expr;)+) => {
        impl Fault {
            $(
                $(#[$doc])*
                pub fn $name($($argument: $type)?) -> Fault {
                    Fault::of(stringify!($name), toml($value))
                }
            )+
        }

        /// The faults that can be made.
        #[cfg(test)]
        const FAULTS: &[&str] = &[$(stringify!($name)),+];
    };
}

macro_rules! parameters {
    ($($(#[$doc:meta])* $method:ident($($argument:ident: $type:ty)?) $key:ident = $value:expr;)+) => {
        /// Parameters, where the fault has them; it is told where it has not.
        impl Fault {
            $(
                $(#[$doc])*
                pub fn $method(self $(, $argument: $type)?) -> Fault {
                    self.with(stringify!($key), toml($value))
                }
            )+
        }

        /// The parameters that can be given.
        #[cfg(test)]
        const PARAMETERS: &[&str] = &[$(stringify!($key)),+];
    };
}

faults! {
    /// So many bytes on the serial line are lost.
    lose(bytes: u64) bytes;
    /// So many bytes on the serial line are changed.
    garble(bytes: u64) bytes;
    /// So many bytes on the serial line come twice.
    duplicate(bytes: u64) bytes;
    /// Bytes on the serial line come so much later.
    hold(by: Duration) Span(by);
    /// Everything on the serial line is lost; up, the module hears nothing, and down, the host.
    deaf(direction: Direction) direction;
    /// What is written faster than so many bits per second, ten of them an octet, is lost.
    overrun(bits: u64) Rate(bits);
    /// This text, with its line ends, comes in the middle of what the module writes next.
    interject(text: &str) text;
    /// What the module writes comes in so many pieces.
    pieces(pieces: u64) pieces;
    /// The module sends so many random bytes.
    noise(bytes: u64) bytes;
    /// The serial port vanishes for so long.
    unplug(gone: Duration) Span(gone);
    /// A control line of the port is forced, [on](Fault::on) or off.
    line(line: ControlLine) line;
    /// The module resets.
    reset(how: PowerOn) how;
    /// These lines, the final result code among them, come in place of an answer, a final result code or a URC.
    answer(lines: &[&str]) lines;
    /// A command is not carried out, and its answer is this error; or a final result code is it.
    error(number: u16) number;
    /// An answer, a final result code or a URC comes so much later.
    late(by: Duration) Span(by);
    /// An answer, a final result code or a URC never comes.
    swallow(what: Swallowed) what;
    /// The module says this line unasked.
    say(line: &str) line;
    /// The FTP operation under way, or the next one, ends with this code of the module.
    force(code: i32) code;
    /// The signal has this strength, as `+CSQ` gives it.
    signal(rssi: u8) rssi;
    /// The network changes the registration.
    registration(state: Registration) state;
    /// The network drops a PDP context; all of them where it is `None`.
    pdp_drop(context: Option<u8>) all_or(context);
    /// The SIM is gone.
    sim() "out";
    /// Nothing moves on a connection.
    stall(direction: Direction) direction;
    /// A connection ends.
    cut(end: End) end;
    /// Everything on a connection takes so much longer, each way.
    latency(by: Duration) Span(by);
    /// A connection is no faster than so many bits per second.
    rate(bits: u64) Rate(bits);
    /// So many bytes of a segment are changed.
    corrupt(bytes: u64) bytes;
    /// Segments are lost with this probability.
    loss(probability: f64) probability;
    /// Segments are lost in bursts, each of which begins with this probability.
    bursts(begins: f64) begins;
    /// A UDP datagram is lost, or comes twice.
    datagram(delivery: Delivery) delivery;
    /// A host name does not exist.
    nxdomain(name: &str) name;
    /// The name server does not answer for this name.
    dns_silence(name: &str) name;
    /// A host name leads to this address.
    resolve(to: Ipv4Addr) to;
    /// A connection attempt to this name or address is refused.
    refused(host: &str) host;
    /// A connection attempt to this name or address gets no answer.
    connect_silence(host: &str) host;
    /// A connection attempt to this name or address finds no route.
    unreachable(host: &str) host;
    /// The TLS handshake with this name or address fails.
    tls_fails(host: &str) host;
    /// The FTP server answers a verb with this code, and does nothing else.
    reply(code: u16) code;
    /// The FTP server does as it was told, and its reply has this code.
    relabel(code: u16) code;
    /// The FTP server's reply is this line instead.
    malformed(line: &str) line;
    /// The FTP server's reply comes so much later.
    late_reply(by: Duration) Span(by);
    /// The FTP server never answers.
    no_reply() true;
    /// The FTP server stops a transfer after so many bytes.
    stop(bytes: u64) bytes;
    /// The FTP server says this unasked, and ends the session.
    hang_up(code: u16) code;
    /// The FTP server says this unasked, and the session goes on.
    speak(code: u16) code;
    /// The answer to PASV or EPSV names this address.
    pasv_address(address: Ipv4Addr) address;
    /// The address that PASV or EPSV gave is not served.
    pasv_unserved(how: Unserved) how;
    /// The server's disk is full after so many bytes of a file.
    full(bytes: u64) bytes;
    /// The server refuses this file.
    denied(file: &str) file;
    /// A file vanishes after so many bytes of its transfer.
    vanish(bytes: u64) bytes;
}

parameters! {
    /// Only this way.
    direction(direction: Direction) direction = direction;
    /// So many bytes pass unharmed first.
    skip(bytes: u64) skip = bytes;
    /// Only on this serial port, from 1.
    port(port: usize) port = port;
    /// The time between two pieces.
    gap(gap: Duration) gap = Span(gap);
    /// Whether a control line is on.
    on(on: bool) on = on;
    /// How long the module is dead before it starts again.
    dead(span: Duration) dead = Span(span);
    /// The command is carried out all the same.
    carried_out() carried_out = true;
    /// Only command lines that match.
    command(pattern: &str) command = pattern;
    /// Only unsolicited result codes that match.
    urc(pattern: &str) urc = pattern;
    /// Only final result codes that match.
    result(pattern: &str) result = pattern;
    /// The bit error rate beside a signal, as `+CSQ` gives it.
    ber(ber: u8) ber = ber;
    /// Only these connections.
    link(links: Links) link = links;
    /// At random up to so much more.
    jitter(jitter: Duration) jitter = Span(jitter);
    /// How what is drawn of a jitter lies.
    spread(spread: Spread) spread = spread;
    /// How many octets wait where they come too fast.
    buffer(octets: u64) buffer = octets;
    /// The probability that a burst ends.
    ending(probability: f64) ends = probability;
    /// The probability that a segment is lost in a burst.
    losing(probability: f64) lost = probability;
    /// How much later a lost TCP segment comes.
    retransmit(after: Duration) retransmit = Span(after);
    /// Only this host.
    host(pattern: &str) host = pattern;
    /// Only connections to this port.
    to_port(port: u16) to_port = port;
    /// The text of a reply.
    text(text: &str) text = text;
    /// A reply comes so much later.
    delayed(by: Duration) late = Span(by);
    /// What becomes of the session after a reply.
    then(then: Then) then = then;
    /// Only these FTP verbs.
    verb(pattern: &str) verb = pattern;
    /// Only these files.
    file(pattern: &str) file = pattern;
    /// The code of a reply.
    code(code: u16) code = code;
    /// How the data connection ends that is stopped.
    ended_by(end: End) cut = end;
    /// The port that the answer to PASV names.
    pasv_port(port: u16) pasv_port = port;
    /// Only these operations on a file.
    op(op: Ops) op = op;
}

impl Fault {
    fn of(word: &'static str, value: Value) -> Fault {
        Fault { what: vec![(word, value)], ..Fault::from("") }
    }

    fn with(mut self, key: &'static str, value: Value) -> Fault {
        self.what.retain(|(known, _)| *known != key);
        self.what.push((key, value));
        self
    }

    /// A name for the trace, and by which other faults and requests know it.
    pub fn named(mut self, name: &str) -> Fault {
        self.name = Some(name.to_owned());
        self
    }

    /// What it waits for; without it the fault holds from the start.
    pub fn when(mut self, when: When) -> Fault {
        self.when = Some(when);
        self
    }

    /// It waits only while the module is in this state.
    pub fn while_state(mut self, state: ModuleState) -> Fault {
        self.during.state = Some(state);
        self
    }

    /// It waits only while the fault with this name holds.
    pub fn while_fault(mut self, name: &str) -> Fault {
        self.during.fault = Some(name.to_owned());
        self
    }

    /// How long it lasts once it is applied. Without it a fault acts once, and a state stays until it is lifted.
    pub fn lasting(mut self, span: Duration) -> Fault {
        self.lasts = Some(Span(span).to_string());
        self
    }

    /// It lasts until it is lifted, and acts on everything it is about.
    pub fn lasting_ever(mut self) -> Fault {
        self.lasts = Some("ever".to_owned());
        self
    }

    /// What lifts it.
    pub fn until(mut self, when: When) -> Fault {
        self.until = Some(when);
        self
    }
}

/// The lines of a `[[fault]]`.
impl From<&str> for Fault {
    fn from(text: &str) -> Fault {
        let during = During::default();
        Fault {
            text: text.to_owned(),
            name: None,
            when: None,
            during,
            what: vec![],
            lasts: None,
            until: None,
        }
    }
}

/// The lines of a `[[fault]]`.
impl From<&String> for Fault {
    fn from(text: &String) -> Fault {
        Fault::from(text.as_str())
    }
}

/// The lines of a `[[fault]]`, as a scenario has them.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let what = self.what.iter().map(|(key, value)| format!("{key} = {}", one_line(value)));
        let what: Vec<String> = what.collect();
        let lines = [
            self.name.as_deref().map(|name| format!("name = {}", one_line(&toml(name)))),
            self.when.as_ref().map(|when| format!("when = {}", one_line(&toml(when)))),
            (self.during != During::default()).then(|| format!("while = {}", one_line(&toml(&self.during)))),
            (!what.is_empty()).then(|| format!("what = {{ {} }}", what.join(", "))),
            self.lasts.as_deref().map(|lasts| format!("for = {}", one_line(&toml(lasts)))),
            self.until.as_ref().map(|until| format!("until = {}", one_line(&toml(until)))),
        ];
        let given = (!self.text.is_empty()).then_some(&self.text);
        let lines: Vec<&String> = given.into_iter().chain(lines.iter().flatten()).collect();
        for (i, line) in lines.iter().enumerate() {
            write!(f, "{}{line}", if i > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}
