//! `command_lib` of ESP-IDF's esp_modem: `generic_command command AT+CSQ`, `Response: +CSQ: 27,99` and the lines of the
//! answer that follow.

use super::Format;
use super::esp_modem::tagged;
use crate::log::event::{Side, Sink};
use crate::log::lines::Line;
use crate::log::peel;

#[derive(Default)]
struct CommandLib {
    /// The answer's lines follow, without a tag.
    answering: bool,
    /// Answers are shown whole; else as tokens.
    whole: bool,
}

pub fn make() -> Box<dyn Format> {
    Box::new(CommandLib::default())
}

enum Record<'a> {
    Command(&'a [u8]),
    Response(&'a [u8]),
    Token(&'a [u8]),
}

fn record(text: &[u8]) -> Option<Record<'_>> {
    let rest = peel::behind(text, b"command_lib: ")?;
    if let Some(command) = peel::behind(rest, b" command ").or_else(|| rest.strip_prefix(b"command ")) {
        return Some(Record::Command(command));
    }
    if let Some(said) = rest.strip_prefix(b"Response:") {
        return Some(Record::Response(said));
    }
    let token = rest.strip_prefix(b"Token: {")?;
    Some(Record::Token(token.strip_suffix(b"}").unwrap_or(token)))
}

impl Format for CommandLib {
    fn look(&mut self, line: &Line) -> bool {
        let text = peel::plain(line.text());
        let record = record(&text);
        self.whole |= matches!(record, Some(Record::Response(_)));
        match record {
            Some(Record::Response(_)) => self.answering = true,
            Some(_) => self.answering = false,
            None => self.answering &= tagged(&text).is_none(),
        }
        record.is_some() || self.answering && !text.trim_ascii().is_empty()
    }

    fn begin(&mut self) {
        self.answering = false;
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let text = peel::plain(line.text());
        if let (Some(stamp), _) = peel::stamped(&text) {
            to.at(stamp);
        } else if let Some((Some(stamp), ..)) = tagged(&text) {
            to.at(stamp);
        }
        let found = record(&text);
        match found {
            Some(Record::Command(command)) => to.line(Side::Host, command.trim_ascii()),
            Some(Record::Response(said)) => to.line(Side::Module, said.trim_ascii()),
            Some(Record::Token(said)) if !self.whole => to.line(Side::Module, said.trim_ascii()),
            // A piece of an answer that is shown whole.
            Some(Record::Token(_)) => to.placed(),
            None if self.answering && tagged(&text).is_none() => {
                to.line(Side::Module, text.trim_ascii());
                return;
            }
            None => to.told(&text),
        }
        self.answering = matches!(found, Some(Record::Response(_)));
    }
}
