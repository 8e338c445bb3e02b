//! What is personal in a log, and what stands in its place: IMEI, IMSI, ICCID, telephone numbers, PINs, passwords, logins,
//! the texts of messages.
//!
//! A value always has the same stand-in, of the same length and made of the same kind of characters, so that what is
//! said twice is still the same, and lengths and formats hold.

mod logins;
mod mqtt;
mod numbers;
mod pdu;
mod spoken;
mod text;

use super::peel;
use crate::at::Secrets;
use crate::at::octets::{octets_of, text_of};
use crate::transcript::content::Content;
use crate::transcript::text::{Part, Pattern};
use crate::transcript::{Kind, Step};
use numbers::{is_hex, long_numbers};
use std::collections::BTreeMap;
use std::ops::Range;

/// What masks, and remembers what stands for what.
pub struct Masker {
    secrets: Secrets,
    /// Nothing is masked.
    off: bool,
    aliases: BTreeMap<Vec<u8>, Vec<u8>>,
    /// How many values have one.
    values: u64,
    /// Texts that were masked in commands, to be found again in what the application says.
    texts: Vec<Vec<u8>>,
    /// What kind of line each name begins.
    sorts: BTreeMap<String, Sort>,
    /// Command lines and what was made of them, for those that come again and again.
    commands: BTreeMap<Vec<u8>, (Vec<u8>, u64)>,
    /// How often something was masked.
    pub masked: u64,
}

/// Where in a dialogue a line stands.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The last command line, in capitals.
    command: String,
    message: Message,
}

/// What a line that the module says may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    /// Numbers of telephones, and names beside them.
    Numbers,
    /// Logins and passwords, as the command of its name.
    Logins,
    /// Nothing of the kind.
    Plain,
}

/// Whether the text of a message follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Message {
    #[default]
    None,
    /// The host sends it; up to the final result code, whatever else is heard is its echo.
    Sent,
    /// Up to the final result code.
    Listed,
    /// One line.
    Next,
}

/// Commands and result codes that bear telephone numbers, and names beside them.
const NUMBERED: [&str; 32] = [
    "+CMGS", "+CMGW", "+CMGR", "+CMGL", "+CMT", "+CDS", "+CLIP", "+CNUM", "+CPBR", "+CPBW", "+CPBF", "+CCWA",
    "+COLP", "+CSCA", "+CLCC", "+CCFC", "+CUSD", "+CMSS", "+CRSM", "+CDSI", "+CTFR", "+CHLD", "+QECALL",
    "+CLVL", "+CNAP", "^CLIP", "^CPBR", "+QPBR", "*CNTI", "+CSAS", "+CDU", "+CTPN",
];

impl Masker {
    /// A masker that knows which parameters are secrets.
    pub fn new(mut secrets: Secrets) -> Masker {
        // The first of a name counts.
        let known = std::mem::take(&mut secrets.list);
        secrets.list = logins::LOGINS.iter().copied().chain(known).collect();
        Masker {
            secrets,
            off: false,
            aliases: BTreeMap::new(),
            values: 0,
            texts: vec![],
            sorts: BTreeMap::new(),
            commands: BTreeMap::new(),
            masked: 0,
        }
    }

    /// One that leaves everything as it is.
    pub fn off() -> Masker {
        Masker { off: true, ..Masker::new(Secrets::default()) }
    }

    /// A step without what is personal.
    pub fn step(&mut self, context: &mut Context, step: Step) -> Step {
        if self.off {
            return step;
        }
        let kind = match step.kind {
            Kind::Type(ref bytes) => Kind::Type(self.typed(context, bytes)),
            Kind::Hear(ref pattern) => {
                Kind::Hear(self.pattern(pattern, |own, line| own.heard(context, line)))
            }
            Kind::Receive(ref pattern) => {
                Kind::Receive(self.pattern(pattern, |own, bytes| own.received(context, bytes)))
            }
            Kind::Send(Content::Literal(ref bytes)) => {
                Kind::Send(Content::Literal(self.sent(context, bytes)))
            }
            _ => return step,
        };
        if kind == step.kind { step } else { Step::new(step.port, kind) }
    }

    fn pattern(&mut self, pattern: &Pattern, mut mask: impl FnMut(&mut Masker, &[u8]) -> Vec<u8>) -> Pattern {
        match &pattern.parts[..] {
            [Part::Literal(bytes)] => Pattern::literal(&mask(self, bytes)),
            _ => pattern.clone(),
        }
    }

    /// A text in which each long number has its stand-in.
    fn numbers(&mut self, text: &[u8], shortest: usize) -> Vec<u8> {
        match may_hold_number(text) {
            true => long_numbers(text, shortest, &mut |number| self.stand_in(number)),
            false => text.to_vec(),
        }
    }

    /// A text with stand-ins at these places; a telephone number keeps what divides its digits.
    fn replaced(&mut self, text: &[u8], spans: Vec<Range<usize>>) -> Vec<u8> {
        if spans.is_empty() {
            return text.to_vec();
        }
        let (mut out, mut from) = (Vec::with_capacity(text.len()), 0);
        for span in spans {
            out.extend_from_slice(&text[from..span.start]);
            let value = &text[span.clone()];
            from = span.end;
            let number = value.iter().all(|b| b.is_ascii_digit() || b"+ -()/.".contains(b));
            if !number || value.iter().all(u8::is_ascii_digit) {
                out.extend(self.stand_in(value));
                continue;
            }
            let digits: Vec<u8> = value.iter().copied().filter(u8::is_ascii_digit).collect();
            let mut alias = self.stand_in(&digits).into_iter();
            out.extend(
                value.iter().map(|b| if b.is_ascii_digit() { alias.next().unwrap_or(b'0') } else { *b }),
            );
        }
        out.extend_from_slice(&text[from..]);
        out
    }

    fn typed(&mut self, context: &mut Context, bytes: &[u8]) -> Vec<u8> {
        context.command = String::from_utf8_lossy(bytes).to_ascii_uppercase();
        let has = |name: &str| context.command.contains(name);
        context.message = match () {
            () if has("+CMGS=") || has("+CMGW=") || has("+CNMA=") => Message::Sent,
            () if has("+CMGR") || has("+CMGL") => Message::Listed,
            () => Message::None,
        };
        if let Some((masked, times)) = self.commands.get(bytes) {
            self.masked += times;
            return masked.clone();
        }
        let before = self.masked;
        let masked = self.command(bytes);
        if bytes.len() < 256 && self.commands.len() < 1024 {
            self.commands.insert(bytes.to_vec(), (masked.clone(), self.masked - before));
        }
        masked
    }

    /// A command line.
    fn command(&mut self, bytes: &[u8]) -> Vec<u8> {
        let line = text_of(bytes);
        let masked = self.secrets.mask(&line);
        let mut line = octets_of(&self.put_back(&line, &masked)).into_owned();
        let upper = String::from_utf8_lossy(&line).to_ascii_uppercase();
        if NUMBERED.iter().any(|name| upper.contains(name)) {
            line = self.quoted(&line);
        } else if upper.starts_with("ATD") && !upper.contains(['*', '#']) {
            line = long_numbers(&line, 5, &mut |number| self.stand_in(number));
        }
        line = self.replaced(&line, text::personal(&line));
        self.numbers(&line, 14)
    }

    /// The line in which a stand-in is where `masked` has three stars.
    fn put_back(&mut self, line: &str, masked: &str) -> String {
        const STARS: &str = "***";
        let mut out = String::new();
        let (mut line, mut masked) = (line, masked);
        while let Some(at) = masked.find(STARS).filter(|at| line.get(..*at) == masked.get(..*at)) {
            let after = &masked[at + STARS.len()..];
            let literal = after.split(STARS).next().unwrap_or_default();
            let within = if literal.starts_with([',', ';']) { None } else { line[at..].find(literal) };
            let end = match within {
                _ if after.is_empty() => line.len(),
                Some(end) => at + end,
                None => at + end_of_parameter(&line[at..]),
            };
            out.push_str(&line[..at]);
            // The login in an address of the web has two parts.
            let login = line[at..end].split_once(':').filter(|_| after.starts_with('@'));
            match login {
                Some((name, password)) => {
                    let name = self.secret(name);
                    out.push_str(&format!("{name}:{}", self.secret(password)));
                }
                None => out.push_str(&self.secret(&line[at..end])),
            }
            (line, masked) = (&line[end..], after);
        }
        // Where they do not agree, better nothing than a secret.
        out + masked
    }

    /// The stand-in of a parameter, its quotation marks and blanks kept.
    fn secret(&mut self, parameter: &str) -> String {
        let bare = parameter.trim().trim_matches('"');
        if bare.is_empty() {
            return parameter.to_owned();
        }
        let at = parameter.find(bare).unwrap_or(0);
        let value = octets_of(bare).into_owned();
        if value.len() >= 4 && self.texts.len() < 256 && !self.texts.contains(&value) {
            self.texts.push(value.clone());
        }
        let alias = text_of(&self.stand_in(&value));
        format!("{}{alias}{}", &parameter[..at], &parameter[at + bare.len()..])
    }

    fn heard(&mut self, context: &mut Context, line: &[u8]) -> Vec<u8> {
        let text = line.trim_ascii();
        if super::shape::is_final(text) {
            context.message = Message::None;
            return line.to_vec();
        }
        let name = name(text);
        match context.message {
            Message::Listed | Message::Sent if !name.is_empty() || text == b">" => {}
            Message::Listed | Message::Sent => return self.message(line),
            // A text may have several lines.
            Message::Next if super::shape::is_modules(text) => context.message = Message::None,
            Message::Next => return self.message(line),
            Message::None => {}
        }
        if matches!(&name[..], "+CMT" | "+CDS" | "+CBM") && context.message == Message::None {
            context.message = Message::Next;
        }
        let line = match self.sort(&name) {
            // `+CMT: ,23` of a message in hexadecimal has no number; an unquoted one is rare.
            Sort::Numbers => {
                let line = self.quoted(line);
                self.numbers(&line, 9)
            }
            Sort::Logins => self.told_secrets(&name, line),
            Sort::Plain => line.to_vec(),
        };
        let line = self.replaced(&line, text::personal(&line));
        self.numbers(&line, 14)
    }

    /// What a line that begins with this name may hold.
    fn sort(&mut self, name: &str) -> Sort {
        if name.is_empty() {
            return Sort::Plain;
        }
        if let Some(sort) = self.sorts.get(name) {
            return *sort;
        }
        use crate::at::guess::Suspicion;
        // What is guessed of texts side by side is too much for what a module tells.
        let suspicious = || matches!(self.secrets.suspicion(name), Some(Suspicion::All | Suspicion::Login));
        let sort = match () {
            () if NUMBERED.contains(&name) => Sort::Numbers,
            () if !self.secrets.of(name).is_empty() || suspicious() => Sort::Logins,
            () => Sort::Plain,
        };
        if self.sorts.len() < 1024 {
            self.sorts.insert(name.to_owned(), sort);
        }
        sort
    }

    /// Bytes that are no line.
    fn received(&mut self, context: &Context, bytes: &[u8]) -> Vec<u8> {
        if context.message == Message::Sent
            && bytes != b"\r\n> "
            && bytes.iter().any(u8::is_ascii_alphanumeric)
        {
            return self.message(bytes);
        }
        // An echo of what is no echo to the recorder.
        match command_in(bytes).filter(|at| *at == 0) {
            Some(_) => {
                let end = bytes.iter().position(|b| b"\r\n".contains(b)).unwrap_or(bytes.len());
                let mut line = self.command(&bytes[..end]);
                line.extend_from_slice(&bytes[end..]);
                line
            }
            None => self.data(bytes),
        }
    }

    /// What crossed as data.
    fn data(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = self.without_known(bytes);
        let logins = mqtt::login(&bytes).into_iter().flatten().flatten().collect();
        bytes = self.replaced(&bytes, logins);
        bytes = self.replaced(&bytes, text::personal(&bytes));
        bytes = self.spoken_secrets(&bytes);
        self.numbers(&bytes, 14)
    }

    fn sent(&mut self, context: &Context, bytes: &[u8]) -> Vec<u8> {
        match context.message {
            Message::Sent => self.message(bytes),
            _ if command_in(bytes) == Some(0) => self.received(context, bytes),
            _ => self.data(bytes),
        }
    }

    /// The text of a message, or its PDU in hexadecimal.
    fn message(&mut self, bytes: &[u8]) -> Vec<u8> {
        let ends = |b: &u8| b"\r\n\x1a\x1b".contains(b);
        let begin = bytes.iter().position(|b| !ends(b)).unwrap_or(bytes.len());
        let end = bytes.iter().rposition(|b| !ends(b)).map_or(begin, |last| last + 1);
        let text = &bytes[begin..end];
        if text.is_empty() {
            return bytes.to_vec();
        }
        self.masked += 1;
        let masked = match is_hex(text) && text.len() >= 20 && text.len().is_multiple_of(2) {
            true => pdu::masked(text, &mut |number| self.stand_in(number)),
            false => text.iter().map(|b| if b" \r\n".contains(b) { *b } else { b'x' }).collect(),
        };
        [&bytes[..begin], &masked, &bytes[end..]].concat()
    }

    /// Numbers and names between quotation marks, in a line that bears them.
    fn quoted(&mut self, line: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(line.len());
        for (i, part) in line.split(|b| *b == b'"').enumerate() {
            if i > 0 {
                out.push(b'"');
            }
            let digits = part.strip_prefix(b"+").unwrap_or(part);
            let number = digits.len() >= 3 && digits.iter().all(|b| b.is_ascii_digit() || b"*#".contains(b));
            let ucs2 = part.len() >= 8 && part.len() % 4 == 0 && part.starts_with(b"00") && is_hex(part);
            let status = [&b"REC "[..], b"STO ", b"ALL", b"ME", b"SM", b"MT", b"GSM", b"IRA", b"UCS2"];
            let date = part.contains(&b'/') && part.contains(&b':');
            let name = i % 2 == 1 && part.iter().any(u8::is_ascii_alphabetic);
            match i % 2 == 1 {
                true if number => out.extend(self.number(part)),
                true if ucs2 => out.extend(self.ucs2(part)),
                true if name && !date && !status.iter().any(|word| part.starts_with(word)) => {
                    out.extend(self.stand_in(part));
                }
                _ => out.extend_from_slice(part),
            }
        }
        out
    }

    /// A text in hexadecimal UCS2 (`AT+CSCS="UCS2"`): a number has the stand-in that it has elsewhere.
    fn ucs2(&mut self, part: &[u8]) -> Vec<u8> {
        let octets = crate::log::hex::run(part).unwrap_or_default();
        let plain: Vec<u8> = octets.chunks(2).filter(|pair| pair[0] == 0).map(|pair| pair[1]).collect();
        let digits = plain.strip_prefix(b"+").unwrap_or(&plain);
        let number =
            plain.len() * 4 == part.len() && digits.len() >= 3 && digits.iter().all(u8::is_ascii_digit);
        if number {
            return self.number(&plain).iter().flat_map(|b| format!("{b:04X}").into_bytes()).collect();
        }
        self.masked += 1;
        b"0078".repeat(part.len() / 4)
    }

    /// A number, its plus kept.
    fn number(&mut self, number: &[u8]) -> Vec<u8> {
        match number.strip_prefix(b"+") {
            Some(digits) => [b"+", &self.stand_in(digits)[..]].concat(),
            None => self.stand_in(number),
        }
    }

    /// Logins and passwords in what the module says of a command that bears them.
    fn told_secrets(&mut self, name: &str, line: &[u8]) -> Vec<u8> {
        let text = text_of(line);
        let Some((head, arguments)) = text.split_once(':').filter(|(_, rest)| rest.contains('"')) else {
            return line.to_vec();
        };
        let blank = if arguments.starts_with(' ') { " " } else { "" };
        let as_command = format!("AT{name}={}", arguments.trim_start());
        let masked = self.secrets.mask(&as_command);
        let put_back = self.put_back(&as_command, &masked);
        let told = put_back.split_once('=').map_or("", |(_, arguments)| arguments);
        octets_of(&format!("{head}:{blank}{told}")).into_owned()
    }

    /// What stands in the place of a value.
    fn stand_in(&mut self, value: &[u8]) -> Vec<u8> {
        if value.iter().all(|b| *b == b'*') {
            return value.to_vec();
        }
        self.masked += 1;
        self.alias(value)
    }

    fn alias(&mut self, value: &[u8]) -> Vec<u8> {
        if let Some(known) = self.aliases.get(value) {
            return known.clone();
        }
        // With a plus or without, it is the same number.
        if let Some(digits) = value.strip_prefix(b"+").filter(|rest| rest.iter().all(u8::is_ascii_digit)) {
            return [b"+", &self.alias(digits)[..]].concat();
        }
        let digits = value.iter().all(u8::is_ascii_digit);
        let fill = if digits { b'0' } else { b'x' };
        self.values += 1;
        let number = self.values.to_string();
        let shown = &number.as_bytes()[number.len().saturating_sub(value.len())..];
        let mut alias = vec![fill; value.len() - shown.len()];
        alias.extend_from_slice(shown);
        // What has been masked once stays as it is.
        self.aliases.insert(alias.clone(), alias.clone());
        self.aliases.insert(value.to_vec(), alias.clone());
        alias
    }
}

/// Whether so many digits stand side by side that they may be somebody's number.
fn may_hold_number(text: &[u8]) -> bool {
    let (mut digits, mut signs) = (0, 0);
    text.iter().any(|b| {
        digits = if b.is_ascii_digit() { digits + 1 } else { 0 };
        signs = if b.is_ascii_alphanumeric() { signs + 1 } else { 0 };
        digits >= 5 || signs >= 18
    })
}

/// The name of a result code: `+CMGR` of `+CMGR: ...`.
fn name(text: &[u8]) -> String {
    let named = text.first().is_some_and(|b| b"+*^$#%".contains(b));
    if !named {
        return String::new();
    }
    let length = text.iter().skip(1).take_while(|b| b.is_ascii_alphanumeric()).count();
    let colon = text.get(length + 1) == Some(&b':');
    if colon && length > 0 {
        String::from_utf8_lossy(&text[..=length]).to_ascii_uppercase()
    } else {
        String::new()
    }
}

/// Where a command stands in a text.
fn command_in(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = peel::find(&text[from..], b"AT").map(|at| from + at) {
        let before = at == 0 || !text[at - 1].is_ascii_alphanumeric();
        if before && text.get(at + 2).is_some_and(|b| b"+*^$#%D".contains(b)) {
            return Some(at);
        }
        from = at + 2;
    }
    None
}

/// How long the parameter at the start of a text is.
fn end_of_parameter(text: &str) -> usize {
    let mut quoted = false;
    let end = text.find(|c| {
        quoted ^= c == '"';
        !quoted && (c == ',' || c == ';')
    });
    end.unwrap_or(text.len())
}

#[cfg(test)]
mod tests;
