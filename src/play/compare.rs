//! Compares the model with the module of a recording, line by line: the recording's host is played at the model, with the
//! recording's times, and goes on whatever the model says.

use super::{PlayError, place, prepare};
use crate::disk::Temporary;
use crate::driver::by_hand::{ByHand, Listener, Until};
use crate::driver::sinks::Sinks;
use crate::modem::{Level, ModuleLine, PortId};
use crate::replay::script::is_final;
use crate::setup::{self, Setup};
use crate::trace::Sink;
use crate::transcript::content::Content;
use crate::transcript::text::quote;
use crate::transcript::{Kind, Signal, Transcript};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

/// The model may take so much longer than the module for a final result code.
const PATIENCE: Duration = Duration::from_secs(30);
/// And so much longer for anything else.
const SLACK: Duration = Duration::from_secs(5);
/// What the model says so many steps of the host earlier or later than the module is the same all the same.
const NEAR: usize = 3;
/// More lines of one answer than this are not laid beside each other: they are compared by their place.
const LONGEST: usize = 400;

/// How a line of the recording and the model's are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The model says it, too.
    Same,
    /// The model says the same with other numbers or other texts in quotes: another signal, another address.
    Values,
    /// The model says something else.
    Other,
    /// The model says nothing.
    Missing,
    /// The model says this, and the module said nothing.
    More,
}

/// A line of the recording, and what the model says there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the file; that of the host's step where the module said nothing.
    pub line: usize,
    /// The command that it belongs to: its name alone.
    pub command: String,
    /// What the module said.
    pub recorded: Option<String>,
    /// What the model says.
    pub said: Option<String>,
    /// How they are to each other.
    pub verdict: Verdict,
}

/// How many lines are how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines of the module.
    pub lines: usize,
    /// Those that the model says.
    pub same: usize,
    /// Those that it says with other values.
    pub values: usize,
    /// Those in whose place it says something else.
    pub other: usize,
    /// Those in whose place it says nothing.
    pub missing: usize,
    /// Lines of the model beside them.
    pub more: usize,
}

impl Counts {
    fn count(&mut self, verdict: Verdict) {
        self.lines += usize::from(verdict != Verdict::More);
        *match verdict {
            Verdict::Same => &mut self.same,
            Verdict::Values => &mut self.values,
            Verdict::Other => &mut self.other,
            Verdict::Missing => &mut self.missing,
            Verdict::More => &mut self.more,
        } += 1;
    }
}

/// What came of a comparison.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The profile of the model.
    pub profile: String,
    /// All lines, in the order of the recording.
    pub lines: Vec<Line>,
}

impl Compared {
    /// The sums.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.lines.iter().for_each(|line| counts.count(line.verdict));
        counts
    }

    /// The sums of each command.
    pub fn by_command(&self) -> BTreeMap<&str, Counts> {
        let mut by: BTreeMap<&str, Counts> = BTreeMap::new();
        self.lines.iter().for_each(|line| by.entry(&line.command).or_default().count(line.verdict));
        by
    }
}

/// Plays the host of `recording` at a model of its profile, or of `profile`, and compares what that says.
///
/// # Errors
/// What is wrong with the header, or what this machine refuses.
pub async fn compare(
    recording: &Transcript,
    profile: Option<&str>,
    sinks: Vec<Box<dyn Sink>>,
) -> Result<Compared, PlayError> {
    let mut setup = prepare(recording, profile).map_err(PlayError::Mistakes)?;
    setup.lay_files_of(recording);
    at(setup, recording, sinks).await
}

/// The same at the modem of the recording itself ([`Replay`](crate::replay::Replay)), which is to say all of it again.
///
/// # Errors
/// As [`compare`].
pub async fn compare_replay(
    recording: &Transcript,
    sinks: Vec<Box<dyn Sink>>,
) -> Result<Compared, PlayError> {
    let mut setup = prepare(recording, None).map_err(PlayError::Mistakes)?;
    setup.replay(Path::new(&recording.name), recording);
    at(setup, recording, sinks).await
}

async fn at(
    mut setup: Setup,
    recording: &Transcript,
    sinks: Vec<Box<dyn Sink>>,
) -> Result<Compared, PlayError> {
    let dir = Temporary::new()?;
    setup.ftp_root = Some(dir.folder("ftp")?);
    (setup.trace, setup.by_hand) = (!sinks.is_empty(), true);
    let (world, _server) = setup::build(&setup)?;
    let heard = Heard { ports: vec![vec![]; setup.ports] };
    let mut hand = ByHand::new(world, setup.ports, Sinks::new(sinks), heard);
    let exchanges = exchanges(recording);
    // Who has recorded what the module says at its start had the port open by then.
    if exchanges.iter().take_while(|e| e.act.is_none()).any(|e| !e.heard.is_empty()) {
        (0..setup.ports).for_each(|port| hand.open(PortId(port)));
    }
    hand.power_on().await?;
    let mut lines = vec![];
    for (at, exchange) in exchanges.iter().enumerate() {
        let said = exchange.play(&mut hand).await?;
        let said: Vec<String> = said.iter().map(|line| shown(line, recording.is_lossy())).collect();
        let heard = exchange.heard.iter().map(|(line, text)| (*line, shown(text, recording.is_lossy())));
        let heard: Vec<(usize, String)> = heard.collect();
        lines.extend(beside(&heard, &said).into_iter().map(|(ours, theirs, verdict)| {
            let line = ours.map_or(exchange.line, |n| heard[n].0);
            let recorded = ours.map(|n| heard[n].1.clone());
            let said = theirs.map(|n| said[n].clone());
            (at, Line { line, command: exchange.command.clone(), recorded, said, verdict })
        }));
    }
    hand.drain();
    Ok(Compared { profile: setup.profile.name.clone(), lines: bring_together(lines) })
}

/// Collects what the host hears.
struct Heard {
    ports: Vec<Vec<u8>>,
}

impl Listener for Heard {
    fn heard(&mut self, port: PortId, bytes: &[u8]) {
        if let Some(heard) = self.ports.get_mut(port.0) {
            heard.extend_from_slice(bytes);
        }
    }

    fn line(&mut self, _: PortId, _: ModuleLine, _: bool) {}
}

/// A step of the host, and what was heard until the next.
struct Exchange {
    line: usize,
    port: usize,
    command: String,
    /// What the host does; nothing before its first step.
    act: Option<Kind>,
    heard: Vec<(usize, Vec<u8>)>,
    /// How long it is until the next.
    span: Duration,
}

fn exchanges(recording: &Transcript) -> Vec<Exchange> {
    let begin = |line, port, command: &str, act| Exchange {
        line,
        port,
        command: command.to_owned(),
        act,
        heard: vec![],
        span: Duration::ZERO,
    };
    let mut out = vec![begin(0, 1, "(unasked)", None)];
    // Data may be cut into several steps in the middle of a line.
    let mut pieces: Vec<Vec<(usize, Vec<u8>)>> = vec![vec![]];
    for step in &recording.steps {
        pieces.resize_with(out.len(), Vec::new);
        let last = out.len() - 1;
        match &step.kind {
            Kind::Turn(span) | Kind::Within(span) => out[last].span += *span,
            Kind::Type(text) => {
                out.push(begin(step.line, step.port, &name(text), Some(step.kind.clone())));
            }
            Kind::Send(_) => out.push(begin(step.line, step.port, "(data)", Some(step.kind.clone()))),
            Kind::Open | Kind::Close | Kind::Line { signal: Signal::Dtr, .. } => {
                let command = out[last].command.clone();
                out.push(begin(step.line, step.port, &command, Some(step.kind.clone())));
            }
            Kind::Hear(pattern) => {
                let line = [b"\r\n", &pattern.literals()[..], b"\r\n"].concat();
                pieces[last].push((step.line, line));
            }
            Kind::Receive(pattern) => pieces[last].push((step.line, pattern.literals())),
            Kind::ReceiveGenerated(generated) => {
                let bytes: Vec<u8> = Content::Generated(generated.clone()).stream().collect();
                pieces[last].push((step.line, bytes));
            }
            _ => {}
        }
    }
    for (exchange, pieces) in out.iter_mut().zip(&pieces) {
        exchange.heard = lines(pieces.iter().map(|(line, bytes)| (*line, &bytes[..])));
    }
    out
}

/// A command's name: `AT+CSQ`.
fn name(typed: &[u8]) -> String {
    let text = String::from_utf8_lossy(typed).trim().to_ascii_uppercase();
    let end = match text.starts_with("ATD") {
        true => 3,
        false => text.find(['=', '?', ';', ':']).unwrap_or(text.len()),
    };
    text[..end].trim().to_owned()
}

/// The lines in pieces of bytes, each with the number of the piece in which it begins; empty ones say nothing.
fn lines<'a>(pieces: impl IntoIterator<Item = (usize, &'a [u8])>) -> Vec<(usize, Vec<u8>)> {
    let mut out: Vec<(usize, Vec<u8>)> = vec![];
    let mut begun = false;
    for (number, bytes) in pieces {
        for byte in bytes {
            match (byte, out.last_mut().filter(|_| begun)) {
                (b'\r' | b'\n', _) => begun = false,
                (byte, Some((_, line))) => line.push(*byte),
                (byte, None) => {
                    out.push((number, vec![*byte]));
                    begun = true;
                }
            }
        }
    }
    out.retain(|(_, line)| !line.trim_ascii().is_empty());
    out
}

/// A line as it is compared and shown.
fn shown(line: &[u8], lossy: bool) -> String {
    let text = quote(line.trim_ascii());
    // What lost its commas has blanks in their place.
    match lossy {
        true => text.split([' ', ',']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "),
        false => text,
    }
}

impl Exchange {
    /// Has the host do it, and gives what the model says until the host goes on.
    async fn play(&self, hand: &mut ByHand<Heard>) -> io::Result<Vec<Vec<u8>>> {
        let port = place(self.port);
        match &self.act {
            Some(Kind::Type(text)) => {
                send(hand, port, &Content::Literal([text, &b"\r"[..]].concat())).await?;
            }
            Some(Kind::Send(content)) => send(hand, port, content).await?,
            Some(Kind::Open) => hand.open(port),
            Some(Kind::Close) => hand.close(port),
            Some(Kind::Line { on, .. }) => hand.dtr(port, Level::new(*on)),
            _ => {}
        }
        hand.turn(self.span, Until::Over).await?;
        let ended = |lines: &[Vec<u8>]| {
            lines.iter().any(|line| std::str::from_utf8(line.trim_ascii()).is_ok_and(is_final))
        };
        let recorded: Vec<Vec<u8>> = self.heard.iter().map(|(_, line)| line.clone()).collect();
        let end = hand.now + if ended(&recorded) { PATIENCE } else { SLACK };
        let enough = hand.now + SLACK;
        loop {
            let said = self.said(&hand.listener);
            let until = match ended(&said) {
                true => enough,
                false => end,
            };
            if said.len() >= recorded.len() || hand.now >= until {
                break;
            }
            if hand.turn(until.since(hand.now), Until::Heard).await? == Duration::ZERO {
                break;
            }
        }
        let said = self.said(&hand.listener);
        hand.listener.ports.iter_mut().for_each(Vec::clear);
        Ok(said)
    }

    /// What the model has said, without the echo, which a recording leaves out where it is whole.
    fn said(&self, heard: &Heard) -> Vec<Vec<u8>> {
        let mut out = vec![];
        for (number, bytes) in heard.ports.iter().enumerate() {
            let mut said: Vec<Vec<u8>> = lines([(0, &bytes[..])]).into_iter().map(|(_, line)| line).collect();
            if let (Some(Kind::Type(text)), true) = (&self.act, number + 1 == self.port) {
                let echo = |line: &Vec<u8>| line.trim_ascii() == text.trim_ascii();
                let place =
                    said.iter().position(echo).filter(|_| !self.heard.iter().any(|(_, line)| echo(line)));
                place.map(|at| said.remove(at));
            }
            out.extend(said);
        }
        out
    }
}

async fn send(hand: &mut ByHand<Heard>, port: PortId, content: &Content) -> io::Result<()> {
    let mut stream = content.stream();
    loop {
        let window = hand.window(port).await?;
        let chunk = stream.take_chunk(window.min(16 * 1024));
        // A model that takes nothing more has hung up: what it says tells the rest.
        if chunk.is_empty() {
            return hand.settle().await;
        }
        hand.typed(port, &chunk);
    }
}

type Pair = (Option<usize>, Option<usize>, Verdict);

/// Lays the lines of an answer beside each other, so that most are the same.
fn beside(recorded: &[(usize, String)], said: &[String]) -> Vec<Pair> {
    let verdict = |ours: usize, theirs: usize| match (&recorded[ours].1, &said[theirs]) {
        (ours, theirs) if ours == theirs => Verdict::Same,
        (ours, theirs) if shape(ours) == shape(theirs) => Verdict::Values,
        _ => Verdict::Other,
    };
    if recorded.len().max(said.len()) > LONGEST {
        let both = recorded.len().min(said.len());
        let paired = (0..both).map(|n| (Some(n), Some(n), verdict(n, n)));
        let missing = (both..recorded.len()).map(|n| (Some(n), None, Verdict::Missing));
        let more = (both..said.len()).map(|n| (None, Some(n), Verdict::More));
        return paired.chain(missing).chain(more).collect();
    }
    let worth = |verdict| match verdict {
        Verdict::Same => 4,
        Verdict::Values => 3,
        Verdict::Other => 1,
        _ => 0,
    };
    // The most that the rest can be worth, from each pair of places on.
    let (rows, columns) = (recorded.len(), said.len());
    let mut best = vec![vec![0u32; columns + 1]; rows + 1];
    for ours in (0..rows).rev() {
        for theirs in (0..columns).rev() {
            let paired = worth(verdict(ours, theirs)) + best[ours + 1][theirs + 1];
            best[ours][theirs] = paired.max(best[ours + 1][theirs]).max(best[ours][theirs + 1]);
        }
    }
    let (mut ours, mut theirs, mut out) = (0, 0, vec![]);
    while ours < rows || theirs < columns {
        let pair = (ours < rows && theirs < columns).then(|| verdict(ours, theirs));
        match pair {
            Some(verdict) if best[ours][theirs] == worth(verdict) + best[ours + 1][theirs + 1] => {
                out.push((Some(ours), Some(theirs), verdict));
                (ours, theirs) = (ours + 1, theirs + 1);
            }
            _ if ours < rows && (theirs == columns || best[ours][theirs] == best[ours + 1][theirs]) => {
                out.push((Some(ours), None, Verdict::Missing));
                ours += 1;
            }
            _ => {
                out.push((None, Some(theirs), Verdict::More));
                theirs += 1;
            }
        }
    }
    out
}

/// A line without its values: numbers and what stands in quotes. The number of an error says what it is.
fn shape(line: &str) -> String {
    if line.starts_with("+CME ERROR") || line.starts_with("+CMS ERROR") {
        return line.to_owned();
    }
    let mut out = String::new();
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                out.push('"');
            }
            _ if quoted => {}
            '0'..='9' if out.ends_with('#') => {}
            '0'..='9' => out.push('#'),
            c => out.push(c),
        }
    }
    out
}

/// A line that the model says a little earlier or later than the module is no difference.
fn bring_together(mut lines: Vec<(usize, Line)>) -> Vec<Line> {
    let mut gone = vec![false; lines.len()];
    for n in 0..lines.len() {
        let (at, Line { recorded, verdict, .. }) = &lines[n];
        // In its place the model said something else, or nothing.
        if !matches!(verdict, Verdict::Missing) {
            continue;
        }
        let (at, recorded) = (*at, recorded.clone());
        let found = lines.iter().enumerate().find(|(other, (there, line))| {
            !gone[*other]
                && line.verdict == Verdict::More
                && line.said == recorded
                && there.abs_diff(at) <= NEAR
        });
        if let Some((other, _)) = found {
            gone[other] = true;
            (lines[n].1.said, lines[n].1.verdict) = (recorded, Verdict::Same);
        }
    }
    lines.into_iter().zip(gone).filter(|(_, gone)| !gone).map(|((_, line), _)| line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::parse;

    fn compared(recording: &str) -> Compared {
        let recording = parse("r.at", recording).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(compare(&recording, None, vec![])).unwrap()
    }

    #[test]
    fn each_line_is_told_with_what_the_model_says_there() {
        let compared = compared(
            "recorded\nprofile sim7080\n\n> AT+CSQ\n< +CSQ: 9,99\n< OK\n> AT+NONE\n< OK\n> AT\n< OK\n~< 1s\n< +NEWS: 1\n> AT+CMEE?\n< OK\n",
        );
        let told: Vec<(usize, &str, Verdict)> =
            compared.lines.iter().map(|line| (line.line, &*line.command, line.verdict)).collect();
        assert_eq!(
            told,
            [
                (5, "AT+CSQ", Verdict::Values),
                (6, "AT+CSQ", Verdict::Same),
                (8, "AT+NONE", Verdict::Other),
                (10, "AT", Verdict::Same),
                (12, "AT", Verdict::Missing),
                (13, "AT+CMEE", Verdict::More),
                (14, "AT+CMEE", Verdict::Same),
            ]
        );
        let counts = compared.counts();
        assert_eq!((counts.lines, counts.same, counts.values, counts.other), (6, 3, 1, 1));
        assert_eq!((counts.missing, counts.more), (1, 1));
        assert_eq!(
            compared.by_command()["AT"],
            Counts { lines: 2, same: 1, missing: 1, ..Counts::default() }
        );
    }

    #[test]
    fn a_report_that_comes_earlier_or_later_is_the_same() {
        let file = "recorded\nprofile sim7080\n\n> AT+CNACT=0,1\n< OK\n~ 9s\n> AT\n< OK\n~< 1s\n< +APP PDP: 0,ACTIVE\n";
        assert_eq!(compared(file).counts(), Counts { lines: 3, same: 3, ..Counts::default() });
    }

    #[test]
    fn a_file_that_the_recording_shows_is_fetched_again() {
        let file = "recorded\nprofile sim7080\n\n> AT+CNACT=0,1\n< OK\n~< 1s\n< +APP PDP: 0,ACTIVE\n\
            > AT+FTPSERV=\"a\"\n< OK\n> AT+FTPGETNAME=\"n.txt\"\n< OK\n> AT+FTPGETPATH=\"/d/\"\n< OK\n> AT+FTPGET=1\n< OK\n\
            ~< 5s\n< +FTPGET: 1,1\n> AT+FTPGET=2,5\n< +FTPGET: 2,5\n<= hello\n< OK\n";
        let compared = compared(file);
        assert_eq!(compared.counts().same, compared.counts().lines, "{:#?}", compared.lines);
    }

    #[test]
    fn the_start_is_heard_where_it_was_recorded() {
        let compared = compared("recorded\nprofile sim7080\n\n~< 5s\n< RDY\n~ 10s\n> AT\n< OK\n");
        assert_eq!(compared.lines[0].verdict, Verdict::Same, "{:#?}", compared.lines);
    }
}
