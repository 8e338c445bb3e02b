//! What a recording shows of signal and registration over time, as a scenario has it.

use super::Times;
use super::Trust;
use crate::modem::net::Radio;
use crate::replay::radio::told;
use crate::transcript::{Kind, Transcript};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// More changes than this are not written.
const MOST: usize = 200;

/// What changes at one time.
#[derive(Debug, Default)]
struct Change {
    signal: Option<(u8, u8)>,
    registration: Option<u8>,
}

/// A value, and when it was last told.
#[derive(Debug, Default)]
struct Last<T> {
    value: Option<T>,
    at: Duration,
}

impl<T: PartialEq> Last<T> {
    /// When it became what it is told to be at `now`; nothing where it was so before. Where it was `asked` for, it changed
    /// some time after it was asked for before.
    fn told(&mut self, value: T, now: Duration, asked: bool) -> Option<Duration> {
        let since = match (&self.value, asked) {
            (Some(known), _) if *known == value => None,
            (None, _) => Some(Duration::ZERO),
            (Some(_), false) => Some(now),
            (Some(_), true) => Some(self.at + (now - self.at) / 2),
        };
        *self = Last { value: Some(value), at: now };
        since
    }
}

/// The `[[radio]]` entries of a recording; empty where it tells nothing of the radio.
pub fn toml(recording: &Transcript) -> String {
    let (mut now, mut typed) = (Duration::ZERO, String::new());
    let (mut signal, mut registration) = (Last::default(), Last::default());
    let mut changes: BTreeMap<u128, Change> = BTreeMap::new();
    let bounds = Trust::of(recording).times == Times::Bounds;
    for step in &recording.steps {
        match &step.kind {
            Kind::Turn(span) => now += *span,
            Kind::Within(span) if !bounds => now += *span,
            Kind::Type(text) => typed = String::from_utf8_lossy(text).to_ascii_uppercase(),
            Kind::Hear(pattern) => match told(&String::from_utf8_lossy(&pattern.literals())) {
                Some(Radio::Signal { rssi, ber }) => {
                    if let Some(at) = signal.told((rssi, ber), now, true) {
                        changes.entry(at.as_millis()).or_default().signal = Some((rssi, ber));
                    }
                }
                Some(Radio::Registration(status)) => {
                    if let Some(at) = registration.told(status, now, typed.contains("CREG?")) {
                        changes.entry(at.as_millis()).or_default().registration = Some(status);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }
    let mut out = String::new();
    for (at, Change { signal, registration }) in changes.into_iter().take(MOST) {
        out.push_str("\n[[radio]]\n");
        if at > 0 {
            let _ = writeln!(out, "at = \"{at}ms\"");
        }
        if let Some((rssi, ber)) = signal {
            let _ = writeln!(out, "signal = {rssi}\nber = {ber}");
        }
        if let Some(status) = registration {
            let _ = writeln!(out, "registration = \"{}\"", word(status));
        }
    }
    out
}

fn word(status: u8) -> &'static str {
    match status {
        0 => "off",
        1 => "home",
        2 => "searching",
        3 => "denied",
        5 => "roaming",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_holds_from_the_start_and_changes_in_between() {
        let text = "recorded\n> AT+CSQ\n< +CSQ: 20,99\n< OK\n> AT+CREG?\n< +CREG: 0,2\n< OK\n~ 10s\n> AT+CSQ\n< +CSQ: 20,99\n\
            < OK\n~ 10s\n> AT+CSQ\n< +CSQ: 4,0\n< OK\n~< 5s\n< +CREG: 5\n";
        assert_eq!(
            toml(&crate::transcript::parse("r.at", text).unwrap()),
            "\n[[radio]]\nsignal = 20\nber = 99\nregistration = \"searching\"\n\
            \n[[radio]]\nat = \"15000ms\"\nsignal = 4\nber = 0\n\
            \n[[radio]]\nat = \"25000ms\"\nregistration = \"roaming\"\n"
        );
        assert_eq!(toml(&crate::transcript::parse("r.at", "> AT\n< OK\n").unwrap()), "");
    }
}
