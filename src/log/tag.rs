//! Tags that loggers put before a message: levels, names of modules and threads, source lines, numbers of processes.

use super::peel;
use super::shape;

/// No line has more of them.
const MOST: usize = 10;
/// A name is no longer than this.
const LONGEST: usize = 48;

const LEVELS: [&[u8]; 25] = [
    b"TRACE",
    b"DEBUG",
    b"DBG",
    b"INFO",
    b"INF",
    b"NOTICE",
    b"WARN",
    b"WARNING",
    b"WRN",
    b"ERROR",
    b"ERR",
    b"FATAL",
    b"CRITICAL",
    b"VERBOSE",
    b"VRB",
    b"LOG",
    b"T",
    b"D",
    b"I",
    b"N",
    b"W",
    b"E",
    b"F",
    b"V",
    b"VV",
];

/// The places of a line at which a message may begin: at its start, and behind each of its tags.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    rest: Option<&'a [u8]>,
    tag: &'a [u8],
    left: usize,
}

/// The places of a line, its stamp taken off.
pub fn places(text: &[u8]) -> Places<'_> {
    Places { rest: Some(text.trim_ascii_start()), tag: b"", left: MOST }
}

impl<'a> Iterator for Places<'a> {
    /// The tag before the place, and what stands behind it.
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        let found = (self.tag, rest);
        if self.left > 0
            && let Some((tag, more)) = tag(rest)
        {
            (self.tag, self.rest, self.left) = (tag, Some(more.trim_ascii_start()), self.left - 1);
        }
        Some(found)
    }
}

/// A tag at the start of a text, and what follows it.
fn tag(text: &[u8]) -> Option<(&[u8], &[u8])> {
    match text {
        [b'[', inside @ ..] => enclosed(inside, b']'),
        [b'(', inside @ ..] => enclosed(inside, b')'),
        [b'<', b'a'..=b'z' | b'A'..=b'Z', ..] => {
            enclosed(&text[1..], b'>').filter(|(tag, _)| tag.iter().all(u8::is_ascii_alphabetic))
        }
        [b'|' | b'#' | b'*' | b'-' | b'/' | b'=' | b'>' | b'<' | b':' | b',', ..] => {
            // A rule, a bullet, an arrow.
            let signs = text.iter().take_while(|b| b"|#*-/=><:,".contains(b)).count();
            let blank = text.get(signs).is_none_or(|b| b" \t[".contains(b));
            (signs <= 4 && blank).then(|| (&b""[..], &text[signs..]))
        }
        [first, ..] if first.is_ascii_alphanumeric() || b"_/.\"@".contains(first) => word(text),
        _ => None,
    }
}

fn enclosed(inside: &[u8], close: u8) -> Option<(&[u8], &[u8])> {
    let end = inside.iter().take(LONGEST).position(|b| *b == close)?;
    let (tag, rest) = (&inside[..end], &inside[end + 1..]);
    let command = shape::is_command(tag.trim_ascii()) || shape::is_modules(tag);
    let rest = rest.strip_prefix(b":").unwrap_or(rest);
    (!command && !tag.is_empty()).then(|| (tag.trim_ascii(), rest))
}

/// `modem:`, `modem.c:123`, `gate chat[2609]:`, `D/at (30):`, `DEBUG`, `1234`, `ttyUSB2`.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = text
        .iter()
        .take(LONGEST)
        .take_while(|b| b.is_ascii_alphanumeric() || b"_-./:@\"+".contains(b))
        .count();
    let (word, rest) = text.split_at(length);
    let ends = rest.first().is_none_or(|b| b" \t[(".contains(b));
    if !ends || word.is_empty() {
        return None;
    }
    // `DEBUG:root:Sending`: each of its parts is a tag.
    // `Mobile::TtyDevice:` is one name.
    let alone = |at: &usize| word.get(at + 1) != Some(&b':') && (*at == 0 || word[at - 1] != b':');
    let colons = (0..word.len()).filter(|at| word[*at] == b':').filter(alone);
    if let Some(colon) = colons.min().filter(|at| at + 1 < word.len()) {
        let (head, tail) = (&word[..colon], &word[colon + 1..]);
        let line = tail.trim_ascii_end().iter().all(|b| b.is_ascii_digit() || *b == b':');
        return match line {
            true => Some((bare(head), rest)),
            false if is_name(head) => Some((bare(head), &text[colon + 1..])),
            false => None,
        };
    }
    if let Some(name) = word.strip_suffix(b":") {
        return is_name(name).then(|| (bare(name), rest));
    }
    let name = bare(word);
    if is_level(name) || name.iter().all(u8::is_ascii_digit) || is_port(name) {
        return Some((name, rest));
    }
    // A number of a process behind the name, and perhaps blanks: `chat[2609]:`, `AT      :`.
    let behind = match rest.trim_ascii_start() {
        [b'[' | b'(', inside @ ..] => {
            let digits = inside.iter().take_while(|b| b.is_ascii_digit() || **b == b' ').count();
            inside[digits..].strip_prefix(b"]").or_else(|| inside[digits..].strip_prefix(b")"))?
        }
        rest => rest,
    };
    let more = behind.trim_ascii_start().strip_prefix(b":")?;
    is_name(name).then_some((name, more))
}

/// Without quotation marks and a colon.
fn bare(name: &[u8]) -> &[u8] {
    let name = name.strip_suffix(b":").unwrap_or(name);
    name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(name)
}

fn is_name(name: &[u8]) -> bool {
    name.len() >= 2 && !name.contains(&b'+') || is_level(name)
}

/// Whether a tag is a level's name; it tells of no device.
pub fn is_level(tag: &[u8]) -> bool {
    tag.len() <= 8 && LEVELS.iter().any(|level| level.eq_ignore_ascii_case(tag))
}

/// Whether a word is the name of a serial port.
fn is_port(word: &[u8]) -> bool {
    let word = word.strip_prefix(b"/dev/").unwrap_or(word);
    let digits = word.last().is_some_and(u8::is_ascii_digit);
    digits && ["tty", "COM", "cu.", "rfcomm", "wwan"].iter().any(|begin| word.starts_with(begin.as_bytes()))
}

/// Tags under which commands are typed and answered: where there are several, each is a device.
#[derive(Clone, Debug, Default)]
pub struct Devices {
    seen: Vec<Seen>,
    commands: u64,
    /// A command was typed and answered while another device's was open.
    interleaved: bool,
    devices: Vec<Vec<u8>>,
}

#[derive(Clone, Debug)]
struct Seen {
    tag: Vec<u8>,
    commands: u64,
    answers: u64,
    /// A command of it has no result yet.
    open: bool,
    /// Meanwhile one of another was typed.
    crossed: bool,
}

impl Devices {
    /// A command stands behind these tags, or an answer of the module's, which may be a result.
    pub fn look<'a>(&mut self, tags: impl Iterator<Item = &'a [u8]>, command: bool, result: bool) {
        self.commands += u64::from(command);
        let mut here = 0_u64;
        for tag in tags.filter(|tag| !tag.is_empty() && !is_level(tag)) {
            let place = match self.seen.iter().position(|seen| seen.tag == tag) {
                Some(place) => place,
                // So many names are none of devices.
                None if self.seen.len() >= 64 => continue,
                None => {
                    let tag = tag.to_vec();
                    self.seen.push(Seen { tag, commands: 0, answers: 0, open: false, crossed: false });
                    self.seen.len() - 1
                }
            };
            here |= 1 << place;
            let seen = &mut self.seen[place];
            seen.commands += u64::from(command);
            seen.answers += u64::from(!command);
            self.interleaved |= result && seen.open && seen.crossed;
            if command || result {
                (seen.open, seen.crossed) = (command, false);
            }
        }
        if command {
            let others = self.seen.iter_mut().enumerate().filter(|(place, _)| here & (1 << place) == 0);
            others.for_each(|(_, seen)| seen.crossed = true);
        }
    }

    /// The first pass is over.
    pub fn begin(&mut self) {
        // A tag that stands on every line does not tell devices apart.
        let told = |seen: &&Seen| seen.commands > 0 && seen.answers > 0 && seen.commands < self.commands;
        let told: Vec<&Seen> = self.seen.iter().filter(told).collect();
        let named = told.iter().all(|seen| is_device(&seen.tag));
        let fits = (2..=16).contains(&told.len()) && (named || self.interleaved);
        self.devices = if fits { told.iter().map(|seen| seen.tag.clone()).collect() } else { vec![] };
    }

    /// The device that one of these tags names.
    pub fn of<'a>(&self, mut tags: impl Iterator<Item = &'a [u8]>) -> Option<&[u8]> {
        if self.devices.is_empty() {
            return None;
        }
        tags.find_map(|tag| self.devices.iter().find(|device| *device == tag)).map(Vec::as_slice)
    }
}

/// Whether a tag looks like the name of one of several devices: it is numbered, or a port, or a single letter.
fn is_device(tag: &[u8]) -> bool {
    let lower = tag.to_ascii_lowercase();
    const NAMES: [&[u8]; 8] =
        [b"modem", b"dongle", b"gsm", b"gprs", b"lte", b"nbiot", b"primary", b"secondary"];
    let thread = peel::find(&lower, b"thread").is_some() || lower.iter().all(u8::is_ascii_digit);
    let numbered = tag.last().is_some_and(u8::is_ascii_digit) || tag.iter().any(u8::is_ascii_digit);
    !thread && (numbered || tag.len() == 1 || NAMES.iter().any(|name| lower.starts_with(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(text: &str) -> &str {
        let (_, rest) = places(text.as_bytes()).last().unwrap();
        std::str::from_utf8(rest).unwrap()
    }

    #[test]
    fn what_stands_before_a_message_is_taken_off() {
        for (line, message) in [
            ("DEBUG: write: AT", "AT"),
            ("DEBUG:root:AT+CSQ", "AT+CSQ"),
            ("54380 DEBUG AT", "AT"),
            ("<inf> modem: AT", "AT"),
            ("[INFO][modem] AT", "AT"),
            ("I (5781) tag: AT", "AT"),
            ("D/at (30): AT", "AT"),
            ("  52   335 D RILC    : AT", "AT"),
            ("ndm: Mobile::TtyDevice: \"UsbLte0\": tty0 AT", "AT"),
            ("DEBUG[25124]: at_queue.c:191 at_write: [dongle0] AT", "AT"),
            ("# AT", "AT"),
            ("+CSQ: 27,99", "+CSQ: 27,99"),
            ("AT+CSQ", "AT+CSQ"),
            ("SBC powered down >>> handoff", "SBC powered down >>> handoff"),
            ("OK", "OK"),
            ("[AT+CSQ]", "[AT+CSQ]"),
        ] {
            assert_eq!(last(line), message, "{line}");
        }
    }

    #[test]
    fn devices_are_tags_with_a_dialogue_of_their_own() {
        let devices = |lines: &[(&str, bool)]| {
            let mut devices = Devices::default();
            for (tags, command) in lines {
                devices.look(tags.split(' ').map(str::as_bytes), *command, !*command);
            }
            devices.begin();
            devices.devices.iter().map(|d| String::from_utf8_lossy(d).into_owned()).collect::<Vec<_>>()
        };
        let two = [("app modem1", true), ("app modem1", false), ("app modem2", true), ("app modem2", false)];
        assert_eq!(devices(&two), ["modem1", "modem2"]);
        // One that sends and one that receives are threads; parts of an application take turns.
        assert_eq!(devices(&[("tx1", true), ("rx1", false)]), [""; 0]);
        let parts = [("sms", true), ("sms", false), ("http", true), ("http", false)];
        assert_eq!(devices(&parts), [""; 0]);
        // But not while a command of the other is open.
        let at_once = [("left", true), ("right", true), ("left", false), ("right", false)];
        assert_eq!(devices(&at_once), ["left", "right"]);
    }
}
