//! What an application says between the lines of a dialogue: numbers, secrets and logins in free text.

use super::{Masker, command_in, text};
use crate::log::peel;
use crate::log::session::shown;
use std::ops::Range;

/// What tells in an application's line that a number is somebody's.
const ABOUT_NUMBERS: [&str; 10] =
    ["number", "phone", "call", "sms", "recipient", "msisdn", "dial", "smsc", "sender", "imei"];

/// What tells that a secret follows a colon or an equals sign.
const ABOUT_SECRETS: [&str; 10] =
    ["password", "passwd", "pwd", "pass", "pin", "puk", "secret", "token", "username", "user"];

impl Masker {
    /// A line of the application, as a comment has it.
    pub fn comment(&mut self, text: &[u8]) -> String {
        if self.off {
            return shown(text);
        }
        let mut text = self.without_known(text);
        if let Some(at) = command_in(&text) {
            let command = self.command(&text[at..]);
            text.truncate(at);
            text.extend(command);
        }
        text = self.replaced(&text, text::personal(&text));
        text = self.spoken_secrets(&text);
        text = self.quoted_numbers(&text);
        let lower = text.to_ascii_lowercase();
        let about = ABOUT_NUMBERS.iter().any(|word| peel::find(&lower, word.as_bytes()).is_some());
        text = self.replaced(&text, text::telephones(&text, about));
        let shortest = if about { 8 } else { 14 };
        shown(&self.numbers(&text, shortest))
    }

    /// A line that holds what a message says.
    pub fn private(&mut self, text: &[u8]) -> String {
        if self.off {
            return shown(text);
        }
        self.masked += 1;
        " (the text of a message)".to_owned()
    }

    /// A text without the values that are known as secrets.
    pub(super) fn without_known(&mut self, text: &[u8]) -> Vec<u8> {
        let mut text = text.to_vec();
        for i in 0..self.texts.len() {
            if peel::find(&text, &self.texts[i]).is_some() {
                let known = self.texts[i].clone();
                text = self.without(&known, text);
            }
        }
        text
    }

    /// A text without a value that is known as a secret.
    fn without(&mut self, known: &[u8], text: Vec<u8>) -> Vec<u8> {
        let alias = self.stand_in(known);
        let mut out = Vec::with_capacity(text.len());
        let mut rest = &text[..];
        while let Some(at) = peel::find(rest, known) {
            out.extend_from_slice(&rest[..at]);
            out.extend_from_slice(&alias);
            rest = &rest[at + known.len()..];
        }
        out.extend_from_slice(rest);
        out
    }

    /// `password: hush`, `PIN=1234` in what an application says.
    pub(super) fn spoken_secrets(&mut self, text: &[u8]) -> Vec<u8> {
        if !text.iter().any(|b| b":=".contains(b)) {
            return text.to_vec();
        }
        let lower = text.to_ascii_lowercase();
        let mut spans = vec![];
        for word in ABOUT_SECRETS {
            let mut from = 0;
            while let Some(at) = peel::find(&lower[from..], word.as_bytes()).map(|at| from + at) {
                from = at + word.len();
                spans.extend(spoken(&lower, at, from));
            }
        }
        spans.sort_by_key(|span| span.start);
        spans.dedup_by(|next, before| next.start < before.end);
        self.replaced(text, spans)
    }

    /// Numbers between quotation marks in what an application says.
    fn quoted_numbers(&mut self, text: &[u8]) -> Vec<u8> {
        let parts: Vec<Vec<u8>> = text
            .split(|b| *b == b'"')
            .enumerate()
            .map(|(i, part)| {
                let digits = part.strip_prefix(b"+").unwrap_or(part);
                let number = (7..=22).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
                if i % 2 == 1 && number { self.number(part) } else { part.to_vec() }
            })
            .collect();
        parts.join(&b"\""[..])
    }
}

/// Where the secret stands that a word of such at `at..behind` tells of.
fn spoken(lower: &[u8], at: usize, behind: usize) -> Option<Range<usize>> {
    const NONE: [&[u8]; 13] = [
        b"ready",
        b"required",
        b"ok",
        b"not",
        b"sim",
        b"none",
        b"no",
        b"yes",
        b"set",
        b"error",
        b"###",
        b"true",
        b"false",
    ];
    if at > 0 && (lower[at - 1].is_ascii_alphanumeric() || b"+c".contains(&lower[at - 1])) {
        return None;
    }
    let gap = lower[behind..].iter().take_while(|b| b" \t:='\"".contains(b)).count();
    let sign = lower[behind..behind + gap].iter().any(|b| b":=".contains(b));
    let from = behind + gap;
    let length = lower[from..].iter().take_while(|b| !b" \t\r\n'\",;)]}&".contains(b)).count();
    let value = &lower[from..from + length];
    (sign && !value.is_empty() && !NONE.contains(&value)).then_some(from..from + length)
}
