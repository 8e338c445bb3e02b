//! Plain lines, as they are pasted in an issue: without CR, the application's lines between, perhaps quoted, spelled, or as
//! a program's own words hold them (`b'OK\r\n'`, `send("AT+CSQ")`).

use super::Format;
use super::terminal::body;
use crate::log::echo::Echo;
use crate::log::event::{Side, Sink};
use crate::log::lines::Line;
use crate::log::peel;
use crate::log::said::{self, Part};
use crate::log::shape;
use std::borrow::Cow;

#[derive(Default)]
struct Pasted {
    echo: Echo,
    /// Command lines that stand alone.
    commands: u64,
    /// Those that stand in quotation marks in the words of a program.
    quoted: u64,
}

pub fn make() -> Box<dyn Format> {
    Box::new(Pasted::default())
}

/// Without what quotes it in a mail or an issue, without the quotation marks of a program, and with what is spelled as it was.
fn bare(line: &Line) -> Cow<'_, [u8]> {
    let text = line.text();
    let text = match text.strip_prefix(b"> ") {
        Some(quoted) if shape::is_command(quoted.trim_ascii()) || shape::is_modules(quoted) => quoted,
        _ => text,
    };
    let inside =
        if text.starts_with(b"b'") || text.starts_with(b"b\"") { said::quotation(text) } else { None };
    let text = inside.unwrap_or(text);
    match said::spelled(text) {
        Some(bytes) => Cow::Owned(bytes),
        None => Cow::Borrowed(text),
    }
}

/// `AT+CGMI: ['QUALCOMM', 'OK']`: a command and the list of what was answered.
fn exchange(text: &[u8]) -> Option<(&[u8], Vec<Part<'_>>)> {
    let at = peel::find(text, b" ['").or_else(|| peel::find(text, b" [b'"))?;
    let command = text[..at].trim_ascii_end();
    let command = command.strip_suffix(b":").unwrap_or(command);
    let parts = said::list(&text[at + 1..])?;
    shape::is_command(command).then_some((command, parts))
}

/// `send("AT+CSQ", 5)`: the command in the words of a program.
fn quoted_command(text: &[u8]) -> Option<&[u8]> {
    let open = (1..text.len()).find(|at| b"'\"".contains(&text[at - 1]) && text[*at..].starts_with(b"AT"))?;
    let closes =
        |at: &usize| text[*at] == text[open - 1] && text.get(at + 1).is_none_or(|b| b" ).;".contains(b));
    let end = (open..text.len())
        .find(closes)
        .or_else(|| text[open..].iter().position(|b| *b == text[open - 1]).map(|at| open + at))?
        - open;
    let inside = &text[open..open + end];
    let inside = inside.strip_suffix(b"\\n").unwrap_or(inside);
    let inside = inside.strip_suffix(b"\\r").unwrap_or(inside);
    shape::is_command(inside).then_some(inside)
}

impl Format for Pasted {
    fn look(&mut self, line: &Line) -> bool {
        if body(line).ends_with(b"\r\r") {
            return false;
        }
        if exchange(line.text()).is_some() {
            self.commands += 1;
            return true;
        }
        let bare = bare(line);
        let mut known = false;
        for line in bare.split(|b| *b == b'\n') {
            self.commands += u64::from(shape::is_command(line.trim_ascii()));
            known |= self.echo.look(line);
        }
        self.quoted += u64::from(!known && quoted_command(line.text()).is_some());
        known
    }

    fn fits(&mut self, seen: u64) -> u64 {
        seen + if self.commands == 0 { self.quoted } else { 0 }
    }

    fn begin(&mut self) {
        // What ends its lines with CR LF may be the machine it was saved on.
        self.echo.begin_lossy();
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        if let Some((command, parts)) = exchange(line.text()) {
            to.line(Side::Host, command);
            for part in parts {
                to.line(Side::Module, part.text());
            }
            return;
        }
        if self.commands == 0
            && let Some(command) = quoted_command(line.text())
        {
            self.echo.read(command, true, to);
            return;
        }
        match bare(line) {
            Cow::Borrowed(text) => self.echo.read(text, line.ends(), to),
            Cow::Owned(bytes) => {
                to.placed();
                let lines = bytes.split(|b| *b == b'\n').filter(|line| !line.trim_ascii().is_empty());
                lines.for_each(|line| self.echo.read(line, true, to));
            }
        }
    }
}
