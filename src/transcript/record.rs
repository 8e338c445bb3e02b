//! Writing a transcript from what crosses the line, as it crosses.

use std::time::Duration;

use super::content::Content;
use super::matcher::first_step;
use super::{Kind, Step};
use crate::time::Now;

/// A block of data is cut into steps of about this many octets.
const LONGEST_BLOCK: usize = 64 * 1024;

/// Turns the bytes of a live line into steps.
///
/// A pause before the host's bytes is an exact `~`; one before the module's is a `~<`, so that the
/// transcript can be played at a module that is quicker. The echo of a typed line is left out.
#[derive(Debug)]
pub struct Recorder {
    pause: Duration,
    last: Option<Now>,
    ports: Vec<Port>,
    steps: Vec<Step>,
}

#[derive(Debug, Default)]
struct Port {
    /// What the host has sent of a line.
    typed: Vec<u8>,
    /// The echo of the last typed line, until it comes.
    echo: Vec<u8>,
    /// Whether the line before was echoed: an echo itself is not written down, but that it is there again is.
    echoes: Option<bool>,
    heard: Vec<u8>,
    /// When the first and the last byte of `heard` came.
    heard_at: Now,
    heard_last: Now,
    /// A numeric line ended with CR; its LF, should it come, belongs to it.
    lf_due: bool,
}

/// What of that which was heard is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flush {
    /// What may yet become a line or an echo stays.
    Whole,
    All,
}

impl Recorder {
    /// A recorder of so many ports that leaves out pauses shorter than `pause` (10 ms is sensible).
    pub fn new(ports: usize, pause: Duration) -> Recorder {
        let ports = (0..ports).map(|_| Port::default()).collect();
        Recorder { pause, last: None, ports, steps: Vec::new() }
    }

    /// The host sent these bytes on a port, which counts from 1; bytes of an unknown port are left out.
    pub fn typed(&mut self, now: Now, port: usize, bytes: &[u8]) {
        if port == 0 || port > self.ports.len() || bytes.is_empty() {
            return;
        }
        let begun = !self.ports[port - 1].typed.is_empty();
        // While a person types, the echo comes between the keys.
        (1..=self.ports.len())
            .filter(|n| !(begun && *n == port))
            .for_each(|n| self.flush_heard(n, Flush::All));
        if !begun {
            self.mark(now, Kind::Turn);
        }
        let typed = &mut self.ports[port - 1].typed;
        typed.extend_from_slice(bytes);
        match typed.iter().position(|byte| *byte == b'\r') {
            Some(end) if end + 1 == typed.len() && is_command(&typed[..end]) => {
                let kind = Kind::Type(typed[..end].to_vec());
                self.ports[port - 1].echo = std::mem::take(typed);
                self.steps.push(Step::new(port, kind));
            }
            Some(_) => self.raw(port),
            None if typed.len() > LONGEST_BLOCK => self.raw(port),
            None => {}
        }
    }

    /// The module sent these bytes on a port.
    pub fn heard(&mut self, now: Now, port: usize, bytes: &[u8]) {
        let Some(p) = port.checked_sub(1).and_then(|i| self.ports.get_mut(i)) else { return };
        let bytes = match bytes {
            [b'\n', rest @ ..] if p.lf_due => rest,
            _ => bytes,
        };
        if bytes.is_empty() {
            return;
        }
        p.lf_due = false;
        let echo = p.typed.strip_prefix(p.heard.as_slice()).is_some_and(|rest| rest.starts_with(bytes));
        if !p.typed.is_empty() && !echo {
            self.raw(port);
        }
        for n in 1..=self.ports.len() {
            let p = &self.ports[n - 1];
            if p.typed.is_empty() && now.since(p.heard_last) >= self.pause {
                self.flush_heard(n, Flush::Whole);
            }
        }
        let p = &mut self.ports[port - 1];
        if p.heard.is_empty() {
            p.heard_at = now;
        }
        p.heard_last = now;
        p.heard.extend_from_slice(bytes);
        if p.heard.len() > LONGEST_BLOCK && p.typed.is_empty() {
            self.flush_heard(port, Flush::Whole);
        }
    }

    /// So late, what was heard `quiet` ago or longer is taken as it is, also where it may yet have become a line.
    pub fn idle(&mut self, now: Now, quiet: Duration) {
        for n in 1..=self.ports.len() {
            let p = &self.ports[n - 1];
            if p.typed.is_empty() && !p.heard.is_empty() && now.since(p.heard_last) >= quiet {
                self.flush_heard(n, Flush::All);
            }
        }
    }

    /// A step that is no bytes: a control line, the port opened or closed, a comment. A comment takes no time.
    pub fn note(&mut self, now: Now, port: usize, kind: Kind) {
        self.flush();
        if !kind.is_prose() {
            self.mark(now, Kind::Turn);
        }
        self.steps.push(Step::new(port, kind));
    }

    /// Writes the lines that were heard whole, without waiting for a pause or for the host.
    pub fn settle(&mut self) {
        for port in 1..=self.ports.len() {
            if self.ports[port - 1].typed.is_empty() {
                self.flush_heard(port, Flush::Whole);
            }
        }
    }

    /// The steps that are complete.
    pub fn take(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.steps)
    }

    /// All that is left, at the end.
    pub fn finish(mut self) -> Vec<Step> {
        self.flush();
        self.steps
    }

    /// What the host sent is no command line, or not yet one.
    fn raw(&mut self, port: usize) {
        let p = &mut self.ports[port - 1];
        let sent = std::mem::take(&mut p.typed);
        p.echo.clear();
        self.steps.push(Step::new(port, Kind::Send(Content::Literal(sent))));
    }

    /// Writes what was heard.
    fn flush_heard(&mut self, port: usize, what: Flush) {
        let p = &mut self.ports[port - 1];
        if p.heard.is_empty() {
            return;
        }
        let (at, heard) = (p.heard_at, std::mem::take(&mut p.heard));
        let mut new = Vec::new();
        let mut rest = heard.as_slice();
        loop {
            if let Some(after) = rest.strip_prefix(p.echo.as_slice()).filter(|_| !p.echo.is_empty()) {
                rest = after;
                p.echo.clear();
                if p.echoes.replace(true) == Some(false) {
                    new.push(Step::new(1, Kind::Comment(" echo on again".to_owned())));
                }
            }
            let open = p.echo.starts_with(rest) || is_open(rest);
            let Some((kind, length)) = first_step(rest).filter(|_| what == Flush::All || !open) else {
                break;
            };
            if !p.echo.is_empty()
                && matches!(kind, Kind::Hear(_))
                && !rest.windows(p.echo.len()).any(|w| w == p.echo)
            {
                p.echoes = Some(false);
            }
            p.lf_due = matches!(kind, Kind::Hear(_)) && length == rest.len() && rest.ends_with(b"\r");
            new.push(Step::new(port, kind));
            rest = &rest[length..];
        }
        p.heard = rest.to_vec();
        if !new.is_empty() {
            self.mark(at, Kind::Within);
            self.steps.append(&mut new);
        }
    }

    fn flush(&mut self) {
        for port in 1..=self.ports.len() {
            if !self.ports[port - 1].typed.is_empty() {
                self.raw(port);
            }
            self.flush_heard(port, Flush::All);
        }
    }

    /// The pause since the last step, in whole milliseconds, upwards.
    fn mark(&mut self, now: Now, pause: fn(Duration) -> Kind) {
        let since = self.last.map_or(Duration::ZERO, |last| now.since(last));
        if since >= self.pause && !since.is_zero() {
            let millis = u64::try_from(since.as_micros().div_ceil(1000)).unwrap_or(u64::MAX);
            self.steps.push(Step::new(1, pause(Duration::from_millis(millis))));
        }
        self.last = Some(self.last.map_or(now, |last| last.max(now)));
    }
}

/// Whether what was heard may be the beginning of a line: a slow line is not broken at its pauses.
fn is_open(heard: &[u8]) -> bool {
    const LONGEST: usize = 1024;
    let text = heard.strip_prefix(b"\r\n").unwrap_or(heard);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    heard.len() < LONGEST && std::str::from_utf8(text).is_ok_and(|t| !t.chars().any(char::is_control))
}

/// Whether a person would write it with `>`.
fn is_command(line: &[u8]) -> bool {
    let text = std::str::from_utf8(line).is_ok_and(|text| !text.chars().any(char::is_control));
    text && line.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(b"AT"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::player::{Action, Options, Player};
    use crate::transcript::{Transcript, parse};
    use proptest::prelude::*;

    fn text(steps: &[Step]) -> String {
        steps.iter().map(|s| format!("{s}\n")).collect()
    }

    fn record(events: &[(u64, bool, &[u8])]) -> String {
        let mut recorder = Recorder::new(1, Duration::from_millis(10));
        for (millis, host, bytes) in events {
            let now = Now::from_millis(*millis);
            if *host { recorder.typed(now, 1, bytes) } else { recorder.heard(now, 1, bytes) }
        }
        text(&recorder.finish())
    }

    #[test]
    fn a_dialogue_is_written_as_a_person_would() {
        let events: &[(u64, bool, &[u8])] = &[
            (0, true, b"A"),
            (1, false, b"A"),
            (2, true, b"T\r"),
            (3, false, b"T\r\r\nO"),
            (4, false, b"K\r\n"),
            (1000, true, b"AT+FTPPUT=2,3\r"),
            (1005, false, b"AT+FTPPUT=2,3\r\r\n+FTPPUT: 2,3\r\n"),
            (1006, true, b"a\x03b"),
            (1256, false, b"\r\nOK\r\n"),
        ];
        assert_eq!(
            record(events),
            "> AT\n< OK\n~ 999ms\n> AT+FTPPUT=2,3\n< +FTPPUT: 2,3\n>= a<ETX>b\n~< 250ms\n< OK\n"
        );
    }

    #[test]
    fn a_prompt_is_written_when_nothing_follows() {
        let mut recorder = Recorder::new(1, Duration::from_millis(10));
        recorder.typed(Now::from_millis(0), 1, b"AT+CMGS=1\r");
        recorder.heard(Now::from_millis(1), 1, b"\r\n> ");
        recorder.idle(Now::from_millis(200), Duration::from_millis(400));
        assert_eq!(text(&recorder.take()), "> AT+CMGS=1\n");
        recorder.idle(Now::from_millis(401), Duration::from_millis(400));
        assert_eq!(text(&recorder.take()), "<= \\r\\n>\\x20\n");
    }

    #[test]
    fn a_stream_without_an_end_is_cut_into_blocks() {
        let mut recorder = Recorder::new(1, Duration::from_millis(10));
        for n in 0..40 {
            recorder.typed(Now::from_millis(n), 1, &[0xff; 16 * 1024]);
        }
        assert_eq!(recorder.take().len(), 8);
        for n in 0..40 {
            recorder.heard(Now::from_millis(100 + n), 1, &[0xff; 16 * 1024]);
        }
        assert!(recorder.take().len() >= 7);
    }

    #[test]
    fn without_echo_nothing_is_taken_for_one() {
        assert_eq!(record(&[(0, true, b"AT\r"), (1, false, b"A\r\n")]), "> AT\n< A\n");
        assert_eq!(record(&[(0, true, b"AT\r"), (1, false, b"\r\nOK\r\n")]), "> AT\n< OK\n");
    }

    proptest! {
        #[test]
        fn what_was_recorded_plays_against_the_same_module(
            events in prop::collection::vec((0u64..40, any::<bool>(), "(AT\r|A|T|\r|\r\nOK\r\n|\r\n\\+X: 1\r\n|\\PC|\n)"), 0..12),
        ) {
            let mut now = 0;
            let timed: Vec<(u64, bool, &[u8])> = events
                .iter()
                .map(|(gap, host, bytes)| { now += gap; (now, *host, bytes.as_bytes()) })
                .collect();
            let printed = record(&timed);
            let transcript: Transcript = parse("t.at", &format!("seed 1\n{printed}")).unwrap();
            prop_assert!(replays(transcript, &timed), "{}", printed);
        }
    }

    /// The module of the recording: says each thing as soon as the host has sent what came before it.
    fn replays(transcript: Transcript, events: &[(u64, bool, &[u8])]) -> bool {
        let mut player = Player::new(transcript, Options { bless: false, lines: false });
        let (mut sent, mut owed, mut next) = (0, 0, 0);
        loop {
            while let Some((_, host, bytes)) = events.get(next) {
                match host {
                    true => owed += bytes.len(),
                    false if sent < owed => break,
                    false => player.heard(1, bytes),
                }
                next += 1;
            }
            match player.next_action() {
                Action::Send { content, .. } => sent += content.stream().count(),
                Action::Wait { .. } => player.gave_up(),
                Action::TurnUntilHeard(span) => player.turned(span),
                Action::Done => return true,
                Action::Failed(_) => return false,
                _ => {}
            }
        }
    }
}
