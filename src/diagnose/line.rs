//! What single lines of a module tell of its state, whoever asked: registration, signal, SIM, clock, bearer, power.

use super::kind::Code;
use super::port::Asked;
use super::scenario::Proposed;
use super::{World, spoken};
use std::collections::BTreeMap;
use std::time::Duration;

/// Without registration for so long is worth telling.
const LONG: Duration = Duration::from_secs(30);

/// What a port has told of the module's state.
#[derive(Debug, Default)]
pub(super) struct State {
    /// By the name of the report: the state, the line and the time since when.
    registration: BTreeMap<&'static str, Registered>,
    weak: bool,
    roaming: bool,
    clock: bool,
    sim: bool,
    /// The last sign of an interface that has just started: no signal or no registration, where both had been.
    pub(super) fresh: Option<usize>,
    had_signal: bool,
}

#[derive(Debug)]
struct Registered {
    state: u8,
    line: usize,
    since: Duration,
    told: bool,
}

const REPORTS: [&str; 3] = ["+CREG", "+CGREG", "+CEREG"];

impl State {
    /// A line was heard; `asked` is the command that it answers, where there is one.
    ///
    /// `own` says that the host has just changed the registration itself.
    pub fn hear(&mut self, world: &mut World, line: &str, asked: Option<&Asked>, own: bool) {
        let Some((name, value)) = line.split_once(':') else { return };
        let value = value.trim();
        match name {
            "+CSQ" => self.signal(world, value, asked),
            "+CPIN" => self.sim(world, line, value, asked),
            "+CCLK" => self.clock(world, line, value),
            _ => {
                if let Some(name) = REPORTS.iter().find(|report| **report == name) {
                    let read =
                        asked.is_some_and(|a| a.text.to_ascii_uppercase().contains(&format!("{name}?")));
                    let place = usize::from(read);
                    let stat = value.split(',').nth(place).and_then(|s| s.trim().parse().ok());
                    if let Some(stat) = stat {
                        self.registration(world, name, stat, line, asked, own);
                    }
                }
            }
        }
    }

    fn signal(&mut self, world: &mut World, value: &str, asked: Option<&Asked>) {
        let Some(rssi) = value.split(',').next().and_then(|n| n.trim().parse::<u8>().ok()) else { return };
        let gone = rssi == 0 || rssi == 99;
        if gone && self.had_signal {
            self.fresh = Some(world.line);
        }
        self.had_signal |= !gone;
        if rssi > 5 && rssi != 99 {
            self.weak = false;
        } else if !self.weak {
            self.weak = true;
            let sentence = match rssi {
                99 => "no signal is known (99)".to_owned(),
                _ => format!("the signal is {rssi} of 31 ({} dBm)", 2 * i32::from(rssi) - 113),
            };
            let rule = asked
                .map(|a| Proposed::of(a, None, format!("signal = {rssi}")).during(Duration::from_secs(1)));
            world.find(world.line, Code::WeakSignal, sentence, rule.into_iter().map(|r| vec![r]).collect());
        }
    }

    fn sim(&mut self, world: &mut World, line: &str, value: &str, asked: Option<&Asked>) {
        let code = match value {
            "NOT INSERTED" | "NOT READY" => Code::SimMissing,
            "READY" => {
                self.sim = false;
                return;
            }
            _ if value.contains("PIN") || value.contains("PUK") => Code::SimLocked,
            _ => return,
        };
        // NOT READY without a question is also what switching the radio off prints.
        if self.sim || (value == "NOT READY" && asked.is_none()) {
            return;
        }
        self.sim = true;
        let what =
            if code == Code::SimLocked { "the SIM asks for a code" } else { "there is no SIM that works" };
        let faults = asked.filter(|_| code == Code::SimMissing).map(|a| answer(a, &[line, "OK"]));
        world.find(world.line, code, format!("`{line}`: {what}"), faults.into_iter().collect());
    }

    fn clock(&mut self, world: &mut World, line: &str, value: &str) {
        let year = value.trim_matches('"').split('/').next().and_then(|y| y.get(..)?.parse::<u32>().ok());
        if let Some(year) = year.map(|y| y % 100)
            && !(15..80).contains(&year)
            && !self.clock
        {
            self.clock = true;
            world.find(world.line, Code::WrongClock, format!("`{line}`: the clock was never set"), vec![]);
        }
    }

    fn registration(
        &mut self,
        world: &mut World,
        name: &'static str,
        stat: u8,
        line: &str,
        asked: Option<&Asked>,
        own: bool,
    ) {
        let before = self.registration.get(name).map(|r| r.state);
        let in_network = |s: u8| matches!(s, 1 | 5);
        let word = match stat {
            0 => "off",
            2 => "searching",
            3 => "denied",
            5 => "roaming",
            _ => "unknown",
        };
        let fault = asked.map(|a| {
            Proposed::of(a, None, format!("registration = \"{word}\"")).during(Duration::from_secs(1))
        });
        let faults = || fault.clone().into_iter().map(|r| vec![r]).collect::<Vec<_>>();
        match (before, stat) {
            (Some(b), s) if b == s => {}
            (_, 3) => {
                world.find(
                    world.line,
                    Code::RegistrationDenied,
                    format!("`{line}`: the network refuses the module"),
                    faults(),
                );
            }
            (Some(b), 0 | 2 | 4) if in_network(b) && !own => {
                self.fresh = Some(world.line);
                world.find(
                    world.line,
                    Code::RegistrationLost,
                    format!("`{line}`: it was registered before"),
                    faults(),
                );
            }
            (_, 5) if !self.roaming => {
                self.roaming = true;
                world.find(world.line, Code::Roaming, format!("`{line}`"), faults());
            }
            _ => {}
        }
        if let Some(r) = self.registration.get_mut(name)
            && (r.state == stat || (!in_network(r.state) && !in_network(stat)))
        {
            r.state = stat;
            let waited = world.now.saturating_sub(r.since);
            if !in_network(stat) && stat != 3 && waited >= LONG && !r.told {
                r.told = true;
                let (first, sentence) = (r.line, format!("`{line}`: no registration for {}", spoken(waited)));
                world.find(first, Code::NotRegistered, sentence, faults());
            }
            return;
        }
        self.registration
            .insert(name, Registered { state: stat, line: world.line, since: world.now, told: false });
    }

    /// The module has started anew.
    pub fn restarted(&mut self) {
        self.registration.clear();
        (self.weak, self.sim) = (false, false);
    }
}

/// The rule that has a command answered with these lines.
pub(super) fn answer(asked: &Asked, lines: &[&str]) -> Vec<Proposed> {
    let lines: Vec<String> = lines.iter().map(|line| super::scenario::quoted(line)).collect();
    vec![Proposed::of(asked, None, format!("answer = [{}]", lines.join(", ")))]
}

/// The two lines that one is made of where the module has put one behind another without an end between them: an answer or
/// a result, and something that nobody asked for.
pub(super) fn glued<'a>(world: &World, line: &'a str) -> Option<(&'a str, &'a str)> {
    const WORDS: [&str; 8] = [
        "RING",
        "RDY",
        "NO CARRIER",
        "NORMAL POWER DOWN",
        "Call Ready",
        "SMS Ready",
        "UNDER-VOLTAGE WARNNING",
        "OK",
    ];
    let whole = |part: &str| {
        let named = part.starts_with(['+', '*', '^', '#']) && part.contains(':');
        matches!(part, "OK" | "ERROR" | "RING")
            || named && part.matches('"').count().is_multiple_of(2)
            || WORDS.contains(&part)
    };
    // A word at the end, behind a number, a quotation mark or a whole line.
    for word in WORDS {
        if let Some(first) = line.strip_suffix(word).filter(|first| !first.is_empty() && whole(first)) {
            let ends = first.ends_with(|c: char| c.is_ascii_digit() || c == '"')
                || !first.contains(':')
                || first.ends_with("READY");
            if ends && (word != "OK" || world.known.is_urc(first)) {
                return Some((first, word));
            }
        }
    }
    // A word at the start, and a report in the middle.
    let starts = line.match_indices(['+', '*', '^']).map(|(at, _)| at).filter(|at| *at > 0);
    starts.map(|at| line.split_at(at)).find(|(first, second)| {
        let name = second[1..]
            .find(':')
            .is_some_and(|colon| colon >= 3 && second[1..=colon].chars().all(|c| c.is_ascii_uppercase()));
        name && whole(first) && (world.known.is_urc(second) || world.known.is_urc(first))
    })
}

/// Whether a line says that a bearer is down.
pub(super) fn bearer_down(line: &str) -> bool {
    let upper = line.trim();
    upper.starts_with("+SAPBR ") && upper.ends_with("DEACT")
        || matches!(upper, "+PDP: DEACT" | "+PDP DEACT" | "+MIPCALL: 0")
        || (upper.starts_with("+APP PDP:") && upper.ends_with("DEACTIVE"))
        || (upper.starts_with("+CGEV:") && upper.contains("DEACT"))
        || upper.starts_with("+QIURC: \"pdpdeact\"")
        || (upper.starts_with("+WIPBR: 6,8") && upper.len() > 11)
}

/// Whether a line says that the module goes off.
pub(super) fn power_off(line: &str) -> bool {
    matches!(line, "NORMAL POWER DOWN" | "POWERED DOWN" | "+QPOWD: 0" | "SHUTDOWN" | "^SHUTDOWN")
}
