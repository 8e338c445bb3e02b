//! One serial port of a recording: commands and their answers, data, silence, and what stands where it should not.

use super::block::{Block, End, announced};
use super::echo::Echo;
use super::kind::Code;
use super::known::{Known, Outcome};
use super::line::{State, answer, bearer_down, power_off};
use super::pending::{Pending, names, of_reason, quoted_span};
use super::raw;
use super::scenario::{Proposed, quoted};
use super::storm::Storm;
use super::{World, spoken};
use crate::at::ResultCode;
use crate::modem::outcome::Reason;
use crate::transcript::content::Content;
use crate::transcript::hole::HoleKind;
use crate::transcript::text::{Part, Pattern};
use crate::transcript::{Kind, Signal};
use std::collections::BTreeMap;
use std::time::Duration;

/// More than so many different commands are not counted.
const COMMANDS: usize = 8192;
/// A command that comes sooner than this did not wait for the answer.
const HASTE: Duration = Duration::from_secs(1);
const LATE: Duration = Duration::from_secs(10);
/// For commands to which the manuals give minutes.
const SLOW: Duration = Duration::from_secs(60);
const IDLE: Duration = Duration::from_secs(20);
/// How long after a command that resets or switches off what follows is its doing.
const ASKED: Duration = Duration::from_secs(120);

/// A command that the host typed.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub text: String,
    pub line: usize,
    /// The how manieth of its text it is.
    pub nth: Option<u32>,
    pub at: Duration,
}

/// A command whose result is still to come.
#[derive(Debug)]
struct Open {
    asked: Asked,
    names: Vec<String>,
    /// Whether a line came that belongs to it.
    informed: bool,
    prompted: bool,
}

/// Octets that the host has announced.
#[derive(Debug)]
struct Payload {
    line: usize,
    announced: u64,
    sent: u64,
    told: bool,
}

/// Data mode.
#[derive(Debug)]
struct Data {
    asked: Asked,
    commands: u32,
    first: usize,
    got: u64,
    /// A line that the host has just sent which may be an FTP command.
    verb: Option<String>,
}

/// Commands that got no octet back.
#[derive(Debug, Default)]
struct Silence {
    first: Option<Asked>,
    count: u32,
}

/// The module went off by itself.
#[derive(Debug)]
struct Off {
    line: usize,
    text: String,
    at: Duration,
    asked: Option<Asked>,
}

/// A port.
#[derive(Debug, Default)]
pub(super) struct Port {
    open: Option<Open>,
    last: Option<Asked>,
    block: Option<Block>,
    payload: Option<Payload>,
    data: Option<Data>,
    counts: BTreeMap<String, u32>,
    silence: Silence,
    /// Where an answer was missing, for a while.
    suspect: Option<Asked>,
    off: Option<Off>,
    pending: Pending,
    storm: Storm,
    state: State,
    echo: Echo,
    /// Until when a reset or a power-down was asked for.
    reset_asked: Option<Duration>,
    booted_at: Option<Duration>,
    answered: bool,
    /// `ATQ1`: no result codes.
    quiet: bool,
    /// Data mode that the host has left for a while.
    paused: Option<Data>,
    /// The bearer is up, as the host has opened it.
    bearer: bool,
    prompt: Option<(usize, Duration)>,
    /// The sign of raw data to come, without a length.
    stream: bool,
    stopped: Option<(usize, Duration, &'static str)>,
    /// The session that is open: the command that opened it.
    session: Option<Asked>,
}

impl Port {
    /// The next step on this port.
    pub fn step(&mut self, world: &mut World, kind: &Kind) {
        match kind {
            Kind::Type(bytes) => self.typed(world, bytes),
            Kind::Send(content) => self.sent(world, content),
            Kind::Hear(pattern) => {
                let text = text(pattern);
                self.heard(world, &text);
            }
            Kind::Receive(pattern) => self.received(world, &bytes(pattern)),
            Kind::ReceiveGenerated(generated) => {
                let content = Content::Generated(generated.clone());
                let mut stream = content.stream();
                loop {
                    let chunk = stream.take_chunk(64 * 1024);
                    if chunk.is_empty() {
                        break;
                    }
                    self.data_octets(world, &chunk);
                }
            }
            Kind::Line { signal, on } => self.signal(world, *signal, *on),
            Kind::Comment(text) if text.trim().starts_with("echo on again") => self.echoed(world),
            Kind::Close => {
                self.abandon(world);
            }
            _ => {}
        }
    }

    // ----- the host -----

    fn typed(&mut self, world: &mut World, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes).trim().to_owned();
        if self.payload(world, bytes.len() as u64 + 1, Some(&text)) || text.is_empty() {
            return;
        }
        if let Some((line, since)) = self.prompt.take() {
            self.prompted_late(world, line, since);
            return;
        }
        if let Some(data) = &mut self.data {
            data.commands += 1;
            if data.commands == 1 {
                data.first = world.line;
            }
            return;
        }
        self.unanswered(world);
        self.cut_block(world);
        let upper = text.to_ascii_uppercase();
        let nth = match self.counts.len() < COMMANDS || self.counts.contains_key(&text) {
            true => {
                let n = self.counts.entry(text.clone()).or_default();
                *n += 1;
                Some(*n)
            }
            false => None,
        };
        let asked = Asked { text, line: world.line, nth, at: world.now };
        if resets(&upper) {
            self.reset_asked = Some(world.now + ASKED);
            self.booted_at = None;
        }
        if let Some(at) = upper.find("ATQ") {
            self.quiet = upper[at + 3..].starts_with('1');
        }
        self.stream = false;
        self.pending.give_up(world, Some(&asked));
        self.storm.typed(world, &asked);
        world.stock.command(&asked.text);
        let names = names(&asked.text);
        if names.iter().any(|n| unsettles(n)) && !asked.text.ends_with('?') || closes_bearer(&asked.text) {
            world.changed = Some(world.now);
        }
        self.open = Some(Open { asked, names, informed: false, prompted: false });
    }

    fn sent(&mut self, world: &mut World, content: &Content) {
        let size = content.size();
        if self.payload(world, size, None) {
            return;
        }
        if let Some((line, since)) = self.prompt.take() {
            return self.prompted_late(world, line, since);
        }
        let head: Vec<u8> = content.stream().take(1024).collect();
        if let Some(data) = &mut self.data {
            let verb = std::str::from_utf8(&head).ok().and_then(|text| text.strip_suffix("\r\n"));
            data.verb = verb.filter(|v| v.starts_with(|c: char| c.is_ascii_uppercase())).map(str::to_owned);
            if head.windows(3).any(|w| w == b"+++") {
                self.paused = self.leave_data(world);
            }
            return;
        }
        if head.get(..2).is_some_and(|at| at.eq_ignore_ascii_case(b"AT")) && size < 1024 {
            let end = head.iter().position(|b| *b == b'\r' || *b == b'\n').unwrap_or(head.len());
            return self.typed(world, &head[..end]);
        }
        let early = self.open.as_ref().filter(|o| takes_payload(&o.asked.text) && size > 1 && !head.starts_with(b"\x1b"));
        if let Some(open) = early {
            let sentence =
                format!("{size} octets were sent for `{}` before the module was ready for them", open.asked.text);
            world.find(world.line, Code::PayloadEarly, sentence, vec![]);
        }
    }

    /// Takes what the host sends for announced payload; false where none is due.
    fn payload(&mut self, world: &mut World, size: u64, command: Option<&str>) -> bool {
        let Some(payload) = &mut self.payload else { return false };
        if payload.sent >= payload.announced {
            return false;
        }
        if let Some(text) = command.filter(|text| text.to_ascii_uppercase().starts_with("AT"))
            && !payload.told
        {
            payload.told = true;
            let sentence = format!(
                "{} of {} announced octets were sent when the host typed `{text}`: it is taken for data",
                payload.sent, payload.announced
            );
            world.find(payload.line, Code::PayloadShort, sentence, vec![]);
        }
        payload.sent += size;
        true
    }

    fn prompted_late(&mut self, world: &mut World, line: usize, since: Duration) {
        let waited = world.now.saturating_sub(since);
        if waited >= IDLE {
            let sentence = format!("the module asked for input, and the host took {} to send it", spoken(waited));
            world.find(line, Code::PromptUnanswered, sentence, vec![]);
        }
    }

    /// The host goes on: what its last command got, or did not get.
    fn unanswered(&mut self, world: &mut World) {
        let Some(open) = self.open.take() else { return };
        let waited = world.now.saturating_sub(open.asked.at);
        if open.informed {
            let without = open.names.iter().any(|n| n == "+CPIN" && !world.known.cpin_ok || bare(n));
            if without {
                return;
            }
        }
        let upper = open.asked.text.to_ascii_uppercase();
        // While it resets at the host's word, nothing can be answered; with ATQ1 nothing is.
        let resetting = self.reset_asked.is_some_and(|until| world.now <= until) && self.booted_at.is_none();
        if self.quiet || resetting || !upper.starts_with("AT") {
            return;
        }
        if waited < HASTE {
            // Knocking until the module answers is no haste.
            if upper != "AT" && !open.informed {
                let sentence = format!("the next command came {} after `{}`, and its result was not there", spoken(waited), open.asked.text);
                world.find(world.line, Code::TypedEarly, sentence, vec![]);
            }
            return;
        }
        self.storm.failed(world);
        if self.silence.first.is_none() {
            self.silence.first = Some(open.asked.clone());
        }
        self.silence.count += 1;
        self.suspect.get_or_insert(open.asked);
    }

    /// Something is heard, or nothing more comes: tells of the silence that is over.
    fn end_silence(&mut self, world: &mut World) {
        let Silence { first, count } = std::mem::take(&mut self.silence);
        let Some(first) = first else { return };
        let waited = world.now.saturating_sub(first.at);
        let swallow = Proposed::of(&first, None, "swallow = \"command\"".into());
        let explained = self.off.is_some();
        match count {
            1 => {
                let sentence = format!("`{}` was never answered; the host went on after {}", first.text, spoken(waited));
                world.find(first.line, Code::NoAnswer, sentence, vec![vec![swallow]]);
            }
            n => {
                let sentence = format!(
                    "{n} commands in a row got no answer, from `{}` on; nothing was heard for {}",
                    first.text,
                    spoken(waited)
                );
                let deaf = Proposed::of(&first, None, "swallow = \"command\", command = \"*\"".into()).during(waited);
                let faults = if explained { vec![] } else { vec![vec![deaf]] };
                world.find(first.line, Code::ModuleSilent, sentence, faults);
            }
        }
    }

    // ----- the module -----

    fn heard(&mut self, world: &mut World, line: &str) {
        if line.is_empty() && self.block.is_none() {
            return;
        }
        let booting = Known::is_boot(line);
        if booting {
            self.booted(world, line);
            return;
        }
        self.end_silence(world);
        if self.block.is_some() && !self.ends_block(line) {
            let (number, unasked) = (world.line, line.len() > 3 && world.known.is_urc(line));
            if let Some(block) = &mut self.block {
                if !(block.is_whole() && unasked) {
                    block.line(number, line, unasked);
                    return;
                }
            }
        }
        if self.data.is_some() && !self.ends_data(world, line) {
            self.server_says(world, line);
            self.data_octets(world, line.as_bytes());
            self.data_octets(world, b"\r\n");
            return;
        }
        let typed = self.open.as_ref().map(|o| o.asked.text.clone());
        if typed.as_deref().is_some_and(|typed| typed == line) {
            return self.echoed(world);
        }
        if power_off(line) || line.contains("VOLTAGE") {
            return self.went_off(world, line);
        }
        if let Some(open) = &self.open
            && is_result(line, &open.asked.text)
        {
            return self.result(world, line);
        }
        // The end of data mode, or of what was answered OK before, may be an error.
        if let (None, Some(asked), true) = (&self.open, self.last.clone(), line.starts_with("+CME ERROR")) {
            let names = names(&asked.text);
            return self.refused(world, line, &asked, &names);
        }
        // Where OK comes first, data mode begins behind it.
        if self.open.is_none()
            && (line == "CONNECT" || line.starts_with("CONNECT "))
            && !line.starts_with("CONNECT OK")
            && !line.starts_with("CONNECT FAIL")
            && let Some(asked) = self.last.clone()
        {
            self.data = Some(Data { asked, commands: 0, first: 0, got: 0, verb: None });
            return;
        }
        self.line(world, line);
    }

    /// A line that is no result: information of the command that is open, or unasked.
    fn line(&mut self, world: &mut World, line: &str) {
        let own = self.open.as_ref().is_some_and(|open| {
            open.names.iter().any(|name| line.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with([':', ' '])))
        });
        let asked = self.open.as_ref().filter(|_| own).map(|open| open.asked.clone());
        let begins = bearer_down(line) && !own;
        let changed = self.host_changes(world);
        self.state.hear(world, line, asked.as_ref(), changed);
        self.fresh(world);
        if let Some(open) = &mut self.open
            && !own
            && world.known.is_urc(line)
            && !open.names.iter().any(|name| changes(name))
            && !outcome_of(line, &open.names)
        {
            let sentence = format!("`{line}` came between `{}` and its result", open.asked.text);
            let skip = open.asked.text.len() + 1;
            let faults = interjections(&open.asked, line, &[0, skip], 0);
            world.find(world.line, Code::UrcInAnswer, sentence, faults);
        }
        if let Some(open) = &mut self.open {
            open.informed = true;
            if let Some(length) = announced(line).filter(|_| own && brings_data(&open.asked.text)) {
                let asked = open.asked.clone();
                self.block = Some(Block::new(world.line, Some(asked), length, line.len() + 4));
            }
            if own && takes_payload(&self.open.as_ref().map(|o| o.asked.text.clone()).unwrap_or_default()) {
                self.announces_payload(world, line);
            }
        } else if line.starts_with("+RECEIVE") {
            self.block = announced(line).map(|n| Block::new(world.line, None, n, line.len() + 4));
        }
        const STREAMS: &[&str] = &["+FTPRETR: 2", "+FTPGETR: 2", "+FTPLIST: 2", "+FTPETGET: 1,1", "+FTPSTOR: 2", "+FTPETPUT: 1,1"];
        self.stream |= STREAMS.contains(&line) || line.starts_with("+FTPSTAT: 2");
        if begins {
            self.bearer_lost(world, line);
        }
        self.service(world, line, own);
    }

    /// `+FTPPUT: 2,48`: so many octets are due from the host.
    fn announces_payload(&mut self, world: &mut World, line: &str) {
        let value = line.split_once(':').map(|(_, v)| v.trim()).unwrap_or_default();
        let number = value.rsplit(',').next().and_then(|n| n.trim().parse::<u64>().ok());
        if let Some(announced) = number.filter(|n| *n > 0 && value.contains(',')) {
            self.payload = Some(Payload { line: world.line, announced, sent: 0, told: false });
        }
        if value == "2" {
            self.stream = true;
        }
    }

    /// Reports of operations and of services.
    fn service(&mut self, world: &mut World, line: &str, own: bool) {
        let read = self.open.as_ref().is_some_and(|o| o.asked.text.trim_end().ends_with('?'));
        if !(own && read)
            && let Some(ended) = self.pending.report(world, line, self.last.as_ref())
        {
            let command = ended.command.unwrap_or_default();
            match ended.outcome {
                Outcome::Failed(..) => self.storm.failed_of(world, &command),
                Outcome::Opened if line.starts_with("+FTPGET") => world.stock.some(),
                Outcome::Opened => {}
                Outcome::Done(number) => {
                    self.storm.succeeded_of(&command);
                    if line.starts_with("+QFTPGET:") && world.stock.moved() == 0 {
                        world.stock.size(u64::try_from(number).unwrap_or(0));
                    }
                }
            }
            self.transfer_over(world, line);
        }
        raw::service(world, line, self.open.as_ref().map(|o| &o.asked).or(self.last.as_ref()));
    }

    /// A download has ended as if whole: was it?
    fn transfer_over(&mut self, world: &mut World, line: &str) {
        let value = line.split_once(':').map(|(_, v)| v.trim()).unwrap_or_default();
        if line.starts_with("+FTPSIZE: 1,0,") || line.starts_with("+QFTPSIZE:") {
            if let Some(size) = value.rsplit(',').next().and_then(|n| n.parse().ok()) {
                world.stock.size(size);
            }
            return;
        }
        let whole = line.starts_with("+FTPGET") && value == "1,0";
        if whole
            && let Some((size, got)) = world.stock.told()
            && got < size
        {
            let sentence = format!("`{line}` ended the download after {got} octets; the file has {size}");
            world.find(world.line, Code::DataIncomplete, sentence, vec![]);
        }
        let goes_on = value == "1,1" || value.starts_with("1,1,") || value == "2" || value.starts_with("2,");
        if line.starts_with("+FTPGET") && !goes_on || line.starts_with("+QFTPGET") {
            world.stock.over();
        }
    }

    /// The final result code.
    fn result(&mut self, world: &mut World, line: &str) {
        self.close_block(world);
        let Some(open) = self.open.take() else { return };
        let waited = world.now.saturating_sub(open.asked.at);
        let limit = if open.names.iter().any(|n| slow(n)) { SLOW } else { LATE };
        let asked = open.asked;
        let good = !matches!(line, "ERROR" | "NO CARRIER" | "BUSY" | "NO ANSWER" | "NO DIALTONE") && !line.starts_with("+CM");
        if waited >= limit && !open.prompted && self.payload.is_none() {
            let sentence = format!("`{line}` came {} after `{}`", spoken(waited), asked.text);
            let late = vec![Proposed::of(&asked, None, format!("late = {}", quoted_span(waited)))];
            world.find(asked.line, Code::LateAnswer, sentence, vec![late]);
        }
        self.payload = None;
        self.prompt = None;
        self.answered = true;
        match good {
            true => self.carried_out(world, line, &asked, &open.names),
            false => self.refused(world, line, &asked, &open.names),
        }
        self.last = Some(asked);
    }

    fn carried_out(&mut self, world: &mut World, line: &str, asked: &Asked, names: &[String]) {
        self.echo.set(&asked.text);
        self.pending.begin(world, asked);
        world.stock.begin(&asked.text);
        self.storm.succeeded(asked, world.known.reports(&asked.text));
        if line.starts_with("CONNECT") {
            let fresh = || Data { asked: asked.clone(), commands: 0, first: 0, got: 0, verb: None };
            self.data = Some(match asked.text.to_ascii_uppercase().starts_with("ATO") {
                true => self.paused.take().unwrap_or_else(fresh),
                false => fresh(),
            });
        }
        if opens_bearer(&asked.text) {
            // Opened twice without a loss: the module has forgotten the first.
            if self.bearer && self.suspect.is_some() {
                self.state.fresh = Some(world.line);
                self.fresh(world);
            }
            self.bearer = true;
        } else if closes_bearer(&asked.text) {
            self.bearer = false;
        }
        if opens_session(&asked.text) {
            self.session = Some(asked.clone());
        } else if names.iter().any(|n| closes_session(n)) {
            self.session = None;
        }
        if self.suspect.as_ref().is_some_and(|s| world.now.saturating_sub(s.at) > SLOW) {
            self.suspect = None;
        }
    }

    fn refused(&mut self, world: &mut World, line: &str, asked: &Asked, names: &[String]) {
        self.storm.failed(world);
        let cut = |line: &str| line.split_once(':').map(|(_, v)| v.trim().to_owned()).unwrap_or_default();
        let number = cut(line).parse::<u16>().ok().or_else(|| world.known.number(&cut(line)));
        let lacking = names.iter().find(|n| world.known.lacks(n)).cloned();
        let after = spoken(world.now.saturating_sub(asked.at));
        let (code, why) = match (line, number) {
            (_, Some(number)) if line.starts_with("+CME") => {
                let (reason, words) = world.known.cme(number);
                let words = if words.is_empty() { String::new() } else { format!(": {words}") };
                let code = match reason {
                    Some(Reason::Bearer) if opens_bearer(&asked.text) => Code::BearerFailed,
                    Some(reason) => of_reason(reason),
                    None => Code::Refused,
                };
                (code, words)
            }
            _ if line.starts_with("+CMS") => (Code::SmsRefused, String::new()),
            _ if line.starts_with("+CME") => (Code::Refused, String::new()),
            ("ERROR", _) => match lacking {
                Some(name) => (Code::UnknownCommand, format!(": the model of this module has no {name}")),
                None => (Code::PlainError, ", without a reason".into()),
            },
            _ => (Code::CallFailed, String::new()),
        };
        if code == Code::WrongOrder && self.session.is_some() && opens_session(&asked.text) {
            let open = self.session.as_ref().map(|s| (s.line, s.text.clone())).unwrap_or_default();
            let sentence = format!("`{}` is refused with `{line}`: the session of line {} was never closed", asked.text, open.0);
            world.find(open.0, Code::SessionLeftOpen, sentence, vec![]);
        }
        let fault = match number.filter(|_| line.starts_with("+CME")) {
            Some(number) => vec![Proposed::of(asked, None, format!("error = {number}"))],
            None => answer(asked, &[line]),
        };
        let sentence = match world.now.saturating_sub(asked.at) >= HASTE {
            true => format!("`{}` got `{line}` after {after}{why}", asked.text),
            false => format!("`{}` got `{line}`{why}", asked.text),
        };
        world.find(world.line, code, sentence, vec![vec![], fault]);
    }

    // ----- data -----

    fn received(&mut self, world: &mut World, bytes: &[u8]) {
        self.end_silence(world);
        if self.block.is_some() || self.data.is_some() {
            return self.data_octets(world, bytes);
        }
        let text = String::from_utf8_lossy(bytes).into_owned();
        if text.trim_start().starts_with('>') {
            self.prompt = Some((world.line, world.now));
            if let Some(open) = &mut self.open {
                open.prompted = true;
            }
            return;
        }
        let typed = self.open.as_ref().map(|o| o.asked.clone());
        if let Some(asked) = typed
            && let Some(at) = text.find(&asked.text)
        {
            let before: Vec<&str> = text[..at].split(['\r', '\n']).filter(|l| !l.is_empty()).collect();
            if let Some(urc) = before.iter().find(|l| world.known.is_urc(l)) {
                let sentence = format!("`{urc}` is glued before the echo of `{}`", asked.text);
                let faults = interjections(&asked, urc, &[0], 0);
                world.find(world.line, Code::UrcBeforeEcho, sentence, faults);
            }
            self.echoed(world);
            for line in text[at + asked.text.len()..].split(['\r', '\n']).filter(|l| !l.is_empty()) {
                self.heard(world, line);
            }
            return;
        }
        if bytes.iter().any(|b| *b == 0x13) && !self.stream {
            self.stopped.get_or_insert((world.line, world.now, "XOFF"));
        }
        if bytes.iter().any(|b| *b == 0x11) {
            self.stopped = None;
        }
        if self.stream {
            world.stock.fetched(bytes.strip_suffix(b"\x03").unwrap_or(bytes));
            return;
        }
        // Whole lines may be written as octets; under ATV0 a line is a digit and CR.
        let digits = bytes.ends_with(b"\r") && bytes.iter().all(|b| b"\r\n0123456789".contains(b));
        if (bytes.ends_with(b"\r\n") || digits) && raw::is_text(bytes) {
            for line in text.split(['\r', '\n']).filter(|l| !l.is_empty()) {
                self.heard(world, line);
            }
            return;
        }
        if bytes.ends_with(b"\x03") || self.open.as_ref().is_some_and(|o| o.names.iter().any(|n| reads(n))) {
            if let Some(open) = &mut self.open {
                open.informed = true;
            }
            return;
        }
        let bytes: Vec<u8> = bytes.iter().copied().filter(|b| !matches!(b, 0x11 | 0x13)).collect();
        raw::judge(world, &bytes, self.open.as_ref().map(|o| &o.asked).or(self.last.as_ref()));
    }

    fn data_octets(&mut self, world: &mut World, bytes: &[u8]) {
        self.end_silence(world);
        if let Some(block) = &mut self.block {
            block.raw(bytes);
        } else if let Some(data) = &mut self.data {
            data.got += bytes.len() as u64;
            match data.asked.text.to_ascii_uppercase().contains("+WIPFILE") {
                true => world.stock.fetched(&unescaped(bytes)),
                false => world.stock.fetched(bytes),
            }
        } else if self.stream {
            world.stock.fetched(bytes);
        }
    }

    /// Whether a line ends the block: a result, where all is there or a result cannot be data.
    fn ends_block(&self, line: &str) -> bool {
        let Some(block) = &self.block else { return true };
        let result = line == "OK" || line == "ERROR" || line.starts_with("+CME ERROR");
        result || (block.is_whole() && block.asked.is_none())
    }

    fn close_block(&mut self, world: &mut World) {
        let Some(block) = self.block.take() else { return };
        let Some(asked) = block.asked.clone() else { return };
        let (announced, header) = (block.announced, block.header);
        let echo = asked.text.len() + 1;
        let end = block.end();
        world.stock.fetched(&block.clean(&end));
        match end {
            End::Whole => {}
            End::Short(missing) => {
                let sentence = format!(
                    "{announced} octets were announced for `{}`, and {missing} of them are missing",
                    asked.text
                );
                let lose = |skip: usize| vec![Proposed::of(&asked, None, format!("lose = {missing}, skip = {skip}"))];
                let at = header + block.got as usize;
                world.find(block.line, Code::DataShort, sentence, vec![lose(at), lose(at + echo)]);
            }
            End::Mixed(line) => {
                let sentence = format!(
                    "`{}` stands in the data of `{}`, {} octets behind its beginning",
                    line.text, asked.text, line.offset
                );
                let skip = header + line.offset as usize;
                let faults = interjections(&asked, &line.text, &[skip, skip + echo], 0);
                world.find(line.line, Code::UrcInData, sentence, faults);
                if bearer_down(&line.text) {
                    self.bearer_lost_in_data(world, &line.text, line.line, &asked);
                }
            }
            End::Doubled { extra, offset } => {
                let sentence = format!(
                    "{} octets came for `{}` where {announced} were announced: {extra} of them twice, from offset {offset} on",
                    block.got, asked.text
                );
                let twice = |skip: usize| {
                    vec![Proposed::of(&asked, None, format!("duplicate = {extra}, skip = {skip}"))]
                };
                let skip = header + offset as usize;
                world.find(block.line, Code::DataDoubled, sentence, vec![twice(skip), twice(skip + echo)]);
            }
            End::Over(over) => {
                let sentence = format!(
                    "{} octets came for `{}` where {announced} were announced: {over} too many, behind offset {announced}",
                    block.got, asked.text
                );
                world.find(block.line, Code::DataOverrun, sentence, vec![]);
            }
        }
    }

    /// The host goes on in the middle of a block, or the module starts anew.
    fn cut_block(&mut self, world: &mut World) {
        let Some(block) = self.block.take() else { return };
        if block.asked.is_some() && !block.is_whole() {
            let sentence = format!(
                "{} octets were announced, and {} came before something else did",
                block.announced, block.got
            );
            world.find(block.line, Code::DataShort, sentence, vec![]);
        }
    }

    /// Whether a line ends data mode; it does so.
    fn ends_data(&mut self, world: &mut World, line: &str) -> bool {
        let Some(data) = &self.data else { return true };
        let of_command = names(&data.asked.text).iter().any(|n| line.starts_with(n.as_str()));
        let ends = matches!(line, "OK" | "ERROR" | "NO CARRIER" | "CLOSED")
            || of_command
            || line.starts_with("+CME ERROR")
            || ["+WIPPEERCLOSE", "+WIPREADY", "+WIPDATA", "+QFTP"].iter().any(|n| line.starts_with(n));
        if ends {
            let (counted, asked) = (data.got, data.asked.clone());
            self.leave_data(world);
            if line == "NO CARRIER" || line == "CLOSED" {
                let sentence = format!("`{line}` after {counted} octets");
                world.find(world.line, Code::CarrierLost, sentence, vec![]);
            }
            self.counted(world, line, counted, &asked);
        }
        ends
    }

    /// Where the host speaks FTP itself over a socket, the server's refusals are lines of data.
    fn server_says(&mut self, world: &mut World, line: &str) {
        let Some(verb) = self.data.as_mut().and_then(|data| data.verb.take()) else { return };
        let code = line.get(..3).and_then(|code| code.parse::<u16>().ok()).filter(|code| (400..600).contains(code));
        if code.is_some() && line[3..].starts_with([' ', '-']) {
            let code = if verb.starts_with("PASS") { Code::LoginRefused } else { Code::RequestRefused };
            let word = verb.split(' ').next().unwrap_or_default();
            world.find(world.line, code, format!("`{line}` answers {word}"), vec![]);
        }
    }

    /// `+QFTPGET:2000`: the module counts, too.
    fn counted(&mut self, world: &mut World, line: &str, counted: u64, asked: &Asked) {
        world.stock.over();
        let told = line.strip_prefix("+QFTPGET:").and_then(|n| n.trim().parse::<u64>().ok());
        if let Some(told) = told.filter(|told| *told != counted && counted > 0 && counted.abs_diff(*told) > 2) {
            let sentence = format!("`{line}` ends `{}`, and {counted} octets came", asked.text);
            let code = if counted < told { Code::DataIncomplete } else { Code::DataOverrun };
            world.find(world.line, code, sentence, vec![]);
        }
    }

    fn leave_data(&mut self, world: &mut World) -> Option<Data> {
        let data = self.data.take()?;
        if data.commands >= 2 {
            let sentence = format!(
                "{} commands were typed into the data mode that `{}` of line {} had begun",
                data.commands, data.asked.text, data.asked.line
            );
            world.find(data.first, Code::DataModeStuck, sentence, vec![]);
        }
        Some(Data { commands: 0, ..data })
    }

    // ----- the state of the module -----

    fn booted(&mut self, world: &mut World, line: &str) {
        let asked_for = self.reset_asked.is_some_and(|until| world.now <= until);
        let again = self.booted_at.is_some_and(|at| world.now.saturating_sub(at) < Duration::from_secs(10));
        self.booted_at = Some(world.now);
        if again || asked_for || !self.answered {
            self.forget(world);
            return;
        }
        let last = self.open.as_ref().map(|o| o.asked.clone()).or(self.last.clone());
        match self.off.take() {
            Some(off) => self.tell_off(world, &off),
            None => {
                let sentence = match &last {
                    Some(last) => format!(
                        "`{line}` came {} after `{}`: the module has started anew, and nobody asked it to",
                        spoken(world.now.saturating_sub(last.at)),
                        last.text
                    ),
                    None => format!("`{line}`: the module has started anew, and nobody asked it to"),
                };
                let faults = last.map(|last| {
                    let gone = world.now.saturating_sub(last.at);
                    let dead = self.silence.first.as_ref().map(|s| world.now.saturating_sub(s.at)).unwrap_or_default();
                    let wait = gone.saturating_sub(dead);
                    vec![Proposed::of(&last, Some(wait), format!("reset = \"banner\", dead = {}", quoted_span(dead)))]
                });
                world.find(world.line, Code::ResetBanner, sentence, faults.into_iter().collect());
            }
        }
        self.forget(world);
    }

    /// All that the module knew is gone.
    fn forget(&mut self, world: &mut World) {
        self.end_silence(world);
        self.cut_block(world);
        (self.open, self.payload, self.data, self.prompt) = (None, None, None, None);
        (self.suspect, self.bearer, self.session, self.stream) = (None, false, None, false);
        self.pending.clear();
        world.stock.over();
        self.state.restarted();
        self.echo = Echo::Unknown;
    }

    fn went_off(&mut self, world: &mut World, line: &str) {
        let asked = self.open.as_ref().map(|o| o.asked.clone()).or(self.last.clone());
        if line.contains("VOLTAGE") {
            let faults = asked.iter().map(|a| vec![Proposed::of(a, None, format!("say = {}", quoted(line)))]).collect();
            world.find(world.line, Code::UnderVoltage, format!("`{line}`"), faults);
        }
        if power_off(line) && self.reset_asked.is_none_or(|until| world.now > until) {
            self.off = Some(Off { line: world.line, text: line.to_owned(), at: world.now, asked });
        }
    }

    /// The module went off; what it takes to show that is known once it is back, or the recording is over.
    fn tell_off(&mut self, world: &mut World, off: &Off) {
        let gone = world.now.saturating_sub(off.at);
        let sentence = format!("`{}`: nobody asked for it; the module was off for {}", off.text, spoken(gone));
        let faults = off.asked.as_ref().map(|asked| {
            let wait = off.at.saturating_sub(asked.at);
            vec![
                Proposed::of(asked, Some(wait), format!("say = {}", quoted(&off.text))),
                Proposed::of(asked, Some(wait + Duration::from_millis(1)), "deaf = \"both\"".into()).during(gone),
                Proposed::of(asked, Some(wait + gone), "reset = \"banner\"".into()),
            ]
        });
        world.find(off.line, Code::PowerOff, sentence, faults.into_iter().collect());
    }

    /// Signs of a module that has just started, behind an answer that was missing.
    fn fresh(&mut self, world: &mut World) {
        let Some(sign) = self.state.fresh.take() else { return };
        let Some(suspect) = self.suspect.take() else { return };
        let gone = world.now.saturating_sub(suspect.at);
        let sentence = format!(
            "`{}` was not finished, and in line {sign} the module is as it is after a start; nothing announced it",
            suspect.text
        );
        let bare = Proposed::of(&suspect, Some(Duration::from_millis(100)), format!("reset = \"bare\", dead = {}", quoted_span(gone)));
        world.find(suspect.line, Code::ResetBare, sentence, vec![vec![bare]]);
    }

    fn echoed(&mut self, world: &mut World) {
        if self.echo.heard() {
            let last = self.open.as_ref().map(|o| o.asked.clone());
            let text = last.as_ref().map(|a| a.text.clone()).unwrap_or_default();
            let faults = self.last.as_ref().map(|a| vec![Proposed::of(a, Some(Duration::from_millis(100)), "reset = \"bare\"".into())]);
            let sentence = format!("`{text}` is echoed, though ATE0 was answered OK: the module has lost its settings");
            world.find(world.line, Code::EchoBack, sentence, faults.into_iter().collect());
        }
    }

    fn bearer_lost(&mut self, world: &mut World, line: &str) {
        if self.host_changes(world) {
            return;
        }
        self.bearer = false;
        let asked = self.open.as_ref().map(|o| o.asked.clone()).or(self.last.clone());
        let faults = asked.map(|a| {
            let wait = Some(world.now.saturating_sub(a.at));
            vec![
                vec![Proposed::of(&a, wait, "pdp_drop = \"all\"".into())],
                vec![Proposed::of(&a, wait, format!("say = {}", quoted(line)))],
            ]
        });
        world.find(world.line, Code::BearerLost, format!("`{line}`: nobody asked for it"), faults.unwrap_or_default());
    }

    /// Whether the host has just sent a command that changes registration or bearers.
    fn host_changes(&self, world: &World) -> bool {
        world.changed.is_some_and(|at| world.now.saturating_sub(at) < LATE)
    }

    fn bearer_lost_in_data(&mut self, world: &mut World, line: &str, at: usize, asked: &Asked) {
        self.bearer = false;
        let drop = Proposed::of(asked, Some(Duration::from_millis(100)), "pdp_drop = \"all\"".into());
        world.find(at, Code::BearerLost, format!("`{line}`: nobody asked for it"), vec![vec![drop]]);
    }

    fn signal(&mut self, world: &mut World, signal: Signal, on: bool) {
        match (signal, on) {
            (Signal::Cts, false) => drop(self.stopped.get_or_insert((world.line, world.now, "CTS off"))),
            (Signal::Cts, true) => self.let_go(world),
            _ => {}
        }
    }

    fn let_go(&mut self, world: &mut World) {
        if let Some((line, since, what)) = self.stopped.take() {
            let stood = world.now.saturating_sub(since);
            if stood >= Duration::from_secs(5) {
                let rule = Proposed::always("line = \"cts\", on = false").during(stood);
                world.find(line, Code::FlowStopped, format!("{what} for {}", spoken(stood)), vec![vec![rule]]);
            }
        }
    }

    /// The host closed the port: what is open stays so, and nothing is held against anyone.
    fn abandon(&mut self, world: &mut World) {
        self.end_silence(world);
        (self.open, self.block, self.prompt, self.payload) = (None, None, None, None);
    }

    /// The recording is over.
    pub fn finish(&mut self, world: &mut World) {
        if let Some(open) = &self.open
            && world.now.saturating_sub(open.asked.at) >= Duration::from_secs(5)
        {
            let stuck = self.payload.as_ref().filter(|p| p.sent < p.announced && !p.told);
            if let Some(payload) = stuck {
                let sentence = format!("{} of {} announced octets were sent, and nothing more", payload.sent, payload.announced);
                world.find(payload.line, Code::PayloadShort, sentence, vec![]);
            }
            if self.payload.is_none() && self.prompt.is_none() {
                self.unanswered(world);
            }
        }
        if let Some((line, since)) = self.prompt.take() {
            self.prompted_late(world, line, since);
        }
        self.end_silence(world);
        self.pending.give_up(world, None);
        self.leave_data(world);
        self.storm.end(world);
        if let Some(off) = self.off.take() {
            self.tell_off(world, &off);
        }
        if let Some((line, _, what)) = self.stopped.take() {
            world.find(line, Code::FlowStopped, format!("{what}, and the line was never let go"), vec![]);
        }
    }
}

/// The rules that put a line into what a command is answered, at one of these places.
fn interjections(asked: &Asked, line: &str, skips: &[usize], more: usize) -> Vec<Vec<Proposed>> {
    let text = quoted(&format!("\r\n{line}\r\n"));
    let at = |skip: &usize| vec![Proposed::of(asked, None, format!("interject = {text}, skip = {}", skip + more))];
    skips.iter().map(at).collect()
}

/// Whether a line ends the answer to a command.
fn is_result(line: &str, command: &str) -> bool {
    let connect = line.starts_with("CONNECT") && !line.starts_with("CONNECT FAIL");
    let numeric = matches!(line, "0" | "1" | "3" | "4");
    ResultCode::is_final(line)
        || (connect && !command.to_ascii_uppercase().contains("CIPSTART") && !command.to_ascii_uppercase().contains("QIOPEN"))
        || numeric
        || matches!(line, "SHUT OK" | "CLOSE OK" | "DEACT OK" | "SEND OK" | "SEND FAIL" | "DOWNLOAD")
        || line.ends_with(", CLOSE OK")
        || line.ends_with(", SEND OK")
        || line.ends_with(", SEND FAIL")
        || line.starts_with("DATA ACCEPT:")
        || line.parse::<std::net::Ipv4Addr>().is_ok()
}

/// Whether a report belongs to a command that is open.
fn outcome_of(line: &str, names: &[String]) -> bool {
    names.iter().any(|name| line.starts_with(name.as_str()))
}

/// Commands whose answer is a block of data behind its length.
fn brings_data(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    let kept = upper.contains("+FTPEXTGET") && upper.contains('"');
    !(upper.ends_with('?') || kept || takes_payload(text))
}

/// Commands whose answer is data without a length.
fn reads(name: &str) -> bool {
    matches!(name, "+FSREAD" | "+CFSRFILE" | "+QFREAD" | "+QFDWL")
}

/// Commands behind which registration or bearers may go.
fn unsettles(name: &str) -> bool {
    const NAMES: &[&str] =
        &["+CFUN", "+CGATT", "+CGACT", "+CPIN", "+QIDEACT", "+CIPSHUT", "+COPS", "+CPOWD", "+QPOWD", "+CRESET", "+CREBOOT"];
    NAMES.contains(&name)
}

/// Commands that change what is told unasked.
fn changes(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "+CFUN", "+CGATT", "+SAPBR", "+CNACT", "+CGACT", "+CPIN", "+QIDEACT", "+QIACT", "+CIPSHUT", "+MIPCALL", "+COPS",
        "+CPOWD", "+QPOWD", "+CREG", "+CGREG", "+CEREG", "+CLTS", "+CNMI", "+CRESET",
    ];
    NAMES.contains(&name) || name.starts_with("+WIP") || name.starts_with("+CIP")
}

fn resets(upper: &str) -> bool {
    const WORDS: &[&str] = &["+CFUN", "+CPOWD", "+QPOWD", "+CPOF", "+CPWROFF", "+CRESET", "+CREBOOT", "+TRB", "+MYRESET"];
    WORDS.iter().any(|word| upper.contains(word))
}

/// Commands to which the manuals give minutes.
fn slow(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "+COPS", "+CFUN", "+CGATT", "+SAPBR", "+CNACT", "+CGACT", "+QIACT", "+MIPCALL", "+CIICR", "+WIPBR", "+CMGS", "D",
        "+CIPSHUT", "+QIDEACT", "+CUSD",
    ];
    NAMES.contains(&name)
}

/// Commands that are answered with an address and no OK.
fn bare(name: &str) -> bool {
    matches!(name, "+CIFSR" | "+QILOCIP")
}

/// Commands whose payload the host types behind an announcement or a prompt.
fn takes_payload(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    const BEGIN: &[&str] =
        &["AT+FTPPUT=2", "AT+FTPPUT=\"", "AT+FTPSTOR", "AT+CIPSEND", "AT+QISEND", "AT+CASEND", "AT+MIPSEND", "AT+CMGS", "AT+CMGW", "AT+SMPUB"];
    BEGIN.iter().any(|begin| upper.starts_with(begin)) && !upper.starts_with("AT+FTPPUT=2,0")
}

fn opens_bearer(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    const PARTS: &[&str] = &["+SAPBR=1,", "+MIPCALL=1", "+WIPBR=4,", "+QIACT", "+CIICR", "+CGACT=1"];
    PARTS.iter().any(|part| upper.contains(part) && !upper.ends_with('?'))
        || (upper.contains("+CNACT=") && upper.ends_with(",1"))
}

fn closes_bearer(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    const PARTS: &[&str] = &["+SAPBR=0,", "+MIPCALL=0", "+WIPBR=5,", "+QIDEACT", "+CIPSHUT", "+CGACT=0", "+CGATT=0"];
    PARTS.iter().any(|part| upper.contains(part)) || (upper.contains("+CNACT=") && upper.ends_with(",0"))
}

fn opens_session(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    const BEGIN: &[&str] = &["AT+QFTPOPEN=", "AT+FTPOPEN=", "AT+WIPCREATE=4", "AT+HTTPINIT"];
    BEGIN.iter().any(|begin| upper.starts_with(begin)) && !upper.ends_with('?')
}

fn closes_session(name: &str) -> bool {
    matches!(name, "+QFTPCLOSE" | "+FTPCLOSE" | "+WIPCLOSE" | "+HTTPTERM")
}

/// Data without its DLEs and its ETX (WIPsoft guide, section 5.2).
fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        rest = match rest {
            [0x10, next @ (0x03 | 0x10), more @ ..] => {
                out.push(*next);
                more
            }
            [0x03, more @ ..] => more,
            [byte, more @ ..] => {
                out.push(*byte);
                more
            }
            [] => return out,
        };
    }
}

/// A pattern as text; what varies in it is gone.
fn text(pattern: &Pattern) -> String {
    String::from_utf8_lossy(&bytes(pattern)).into_owned()
}

fn bytes(pattern: &Pattern) -> Vec<u8> {
    let mut out = vec![];
    for part in &pattern.parts {
        match part {
            Part::Literal(bytes) => out.extend_from_slice(bytes),
            Part::Hole(hole) => match (hole.length, hole.kind) {
                (Some(length), _) => out.resize(out.len() + length, b'?'),
                (None, HoleKind::Ip) => out.extend(b"192.0.2.1"),
                (None, HoleKind::Int | HoleKind::Hex) => out.extend(b"1"),
                (None, HoleKind::Clock) => out.extend(b"26/01/01,00:00:00+00"),
                (None, HoleKind::Date) => out.extend(b"20260101000000"),
                (None, HoleKind::Any | HoleKind::Word | HoleKind::Listed) => {}
            },
        }
    }
    out
}
