//! A log of what a terminal showed: no marks, so that the echo tells what the host typed.

use super::event::{Side, Sink};
use super::peel::{decoded, plain};
use super::shape;

/// A text message that was typed at a prompt and whose Ctrl-Z the log does not show.
const NO_END: &str = "the log does not show how the text at the prompt ended; Ctrl-Z is taken for granted";
const SILENT: &str = "the echo is off from here on: what the host typed is not in this log";

/// Tells the host's lines from the module's, and both from the application's.
#[derive(Clone, Debug, Default)]
pub struct Echo {
    /// CR and LF are whole: every byte is the module's.
    exact: bool,
    /// Commands that were seen in the first pass.
    commands: u64,
    /// Of them those with CR CR LF, as an echo and the module's own CR LF look.
    doubled: u64,
    /// The command whose answer is not over.
    inside: Option<Vec<u8>>,
    /// A command that switches the echo off.
    hushes: bool,
    silent: bool,
    /// The line before says that another follows (`+CMT: ...`).
    follows: bool,
    /// Empty lines of which it is not yet known whose they are.
    blanks: usize,
}

impl Echo {
    /// Looks at a line, its LF taken off: whether it belongs to a dialogue with a module, as far as can be told.
    pub fn look(&mut self, body: &[u8]) -> bool {
        if let Some(lines) = divided(body) {
            // Each is looked at.
            return lines.filter(|line| self.look_at(line)).count() > 0;
        }
        self.look_at(body)
    }

    fn look_at(&mut self, body: &[u8]) -> bool {
        let text = plain(body);
        let text = text.trim_ascii();
        if shape::is_command(text) {
            self.commands += 1;
            self.doubled += u64::from(body.ends_with(b"\r\r"));
            return true;
        }
        shape::is_modules(text)
    }

    /// The first pass is over.
    pub fn begin(&mut self) {
        self.exact = self.doubled * 2 > self.commands || self.commands == 0;
    }

    /// The same, where the format loses CR and LF whatever it looks like.
    pub fn begin_lossy(&mut self) {
        self.exact = false;
    }

    /// The same, where every byte is there.
    pub fn begin_exact(&mut self) {
        self.exact = true;
    }

    /// Whether CR and LF are whole.
    pub fn is_exact(&self) -> bool {
        self.exact
    }

    /// What was under way is not any more: another session begins.
    pub fn reset(&mut self) {
        (self.inside, self.hushes, self.silent, self.follows, self.blanks) = (None, false, false, false, 0);
    }

    /// Reads a line. Its LF is taken off where it has one, and `ends` then.
    pub fn read(&mut self, body: &[u8], ends: bool, to: &mut Sink) {
        let Some(lines) = divided(body) else { return self.read_line(body, ends, to) };
        let mut lines = lines.peekable();
        while let Some(line) = lines.next() {
            self.read_line(line, ends && lines.peek().is_none(), to);
        }
    }

    fn read_line(&mut self, body: &[u8], ends: bool, to: &mut Sink) {
        let body = plain(body);
        let text = body.strip_suffix(b"\r").unwrap_or(&body);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let trimmed = text.trim_ascii();
        if trimmed.is_empty() {
            self.blanks = (self.blanks + 1).min(16);
            to.placed();
        } else if shape::is_command(trimmed) {
            self.command(trimmed, &body, ends, to);
        } else if trimmed.starts_with(b">") && self.inside.as_ref().is_some_and(|typed| typed.contains(&b'='))
        {
            self.prompt(text.trim_ascii_start(), ends, to);
        } else if self.is_modules(&body, trimmed, ends) {
            self.said(&body, text, ends, to);
        } else if trimmed.iter().any(|b| b.is_ascii_control() && *b != b'\t')
            || std::str::from_utf8(&decoded(trimmed)).is_err()
        {
            to.unplaced(&body);
        } else {
            self.blanks = 0;
            to.told(trimmed);
        }
    }

    fn is_modules(&self, body: &[u8], text: &[u8], ends: bool) -> bool {
        if shape::is_modules(text) || self.follows {
            return true;
        }
        // The module ends its lines with CR LF; a program on this machine with LF. The last line may be cut off.
        if self.exact && ends && !body.ends_with(b"\r") {
            return false;
        }
        match &self.inside {
            Some(command) => {
                shape::answers_freely(command) && !text.starts_with(b"[") || !shape::is_applications(text)
            }
            None => (self.silent || self.commands == 0) && self.exact && !shape::is_applications(text),
        }
    }

    fn blanks(&mut self, to: &mut Sink) {
        let blanks = std::mem::take(&mut self.blanks);
        if self.exact && blanks > 0 {
            to.bytes(Side::Module, b"\r\n".repeat(blanks));
        }
    }

    fn command(&mut self, typed: &[u8], body: &[u8], ends: bool, to: &mut Sink) {
        self.blanks(to);
        to.bytes(Side::Host, [typed, b"\r"].concat());
        if self.exact {
            let end: &[u8] = if ends { b"\n" } else { b"" };
            to.bytes(Side::Module, [body, end].concat());
        }
        let upper = typed.to_ascii_uppercase();
        self.hushes =
            upper.starts_with(b"ATE0") || upper.starts_with(b"ATQ0E0") || upper.starts_with(b"ATZE0");
        (self.silent, self.follows) = (false, false);
        self.inside = Some(typed.to_vec());
    }

    /// A prompt, and what was typed at it.
    fn prompt(&mut self, text: &[u8], ends: bool, to: &mut Sink) {
        self.blanks(to);
        let typed = text[1..].strip_prefix(b" ").unwrap_or(&text[1..]);
        if self.exact {
            to.bytes(Side::Module, b"> ");
        } else {
            to.line(Side::Module, b">");
        }
        if !typed.is_empty() {
            if typed.iter().any(|b| [0x1a, 0x1b].contains(b)) {
                to.bytes(Side::Host, typed);
            } else {
                to.remark(NO_END);
                to.bytes(Side::Host, [typed, b"\x1a"].concat());
            }
        }
        if self.exact {
            let end: &[u8] = if ends { b"\r\n" } else { b"" };
            to.bytes(Side::Module, [typed, end].concat());
        }
    }

    fn said(&mut self, body: &[u8], text: &[u8], ends: bool, to: &mut Sink) {
        self.blanks(to);
        if self.exact {
            let end: &[u8] = if ends { b"\n" } else { b"" };
            to.bytes(Side::Module, [body, end].concat());
        } else {
            to.line(Side::Module, text.trim_ascii_end());
        }
        let text = text.trim_ascii();
        self.follows = [&b"+CMT:"[..], b"+CDS:", b"+CBM:", b"+RECEIVE,", b"+QIURC: \"recv\""]
            .iter()
            .any(|start| text.starts_with(start));
        if shape::is_final(text) {
            self.inside = None;
            if std::mem::take(&mut self.hushes) && text == b"OK" {
                self.silent = true;
                to.remark(SILENT);
            }
        }
    }
}

/// The lines of one that a CR alone divides, where any of them is a modem's: some end theirs so.
fn divided(body: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    let inside = body.trim_ascii();
    if !inside.contains(&b'\r') {
        return None;
    }
    let modems = |line: &[u8]| shape::is_command(line.trim_ascii()) || shape::is_modules(line);
    inside.split(|b| *b == b'\r').any(modems).then(|| body.split_inclusive(|b| *b == b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::event::What;

    fn read(log: &str) -> Vec<What> {
        let lines: Vec<&[u8]> = log.as_bytes().split_inclusive(|b| *b == b'\n').collect();
        let mut echo = Echo::default();
        for line in &lines {
            echo.look(line.strip_suffix(b"\n").unwrap_or(line));
        }
        echo.begin();
        let mut sink = Sink::default();
        for line in lines {
            echo.read(line.strip_suffix(b"\n").unwrap_or(line), line.ends_with(b"\n"), &mut sink);
            sink.end_line(line, false);
        }
        std::iter::from_fn(|| sink.take()).map(|event| event.what).collect()
    }

    fn bytes(side: Side, text: &str) -> What {
        What::Bytes(side, text.into())
    }

    #[test]
    fn the_echo_tells_what_was_typed() {
        assert_eq!(
            read("Terminal ready\nAT+CSQ\r\r\n+CSQ: 27,99\r\n\r\nOK\r\n"),
            [
                What::Told(b"Terminal ready".into()),
                bytes(Side::Host, "AT+CSQ\r"),
                bytes(Side::Module, "AT+CSQ\r\r\n"),
                bytes(Side::Module, "+CSQ: 27,99\r\n"),
                bytes(Side::Module, "\r\n"),
                bytes(Side::Module, "OK\r\n"),
            ]
        );
    }

    #[test]
    fn an_application_talks_between_the_lines() {
        assert_eq!(
            read("Reading the signal...\nAT+CSQ\n[INFO] waiting\n+CSQ: 27,99\n\nOK\nSignal is fine\n"),
            [
                What::Told(b"Reading the signal...".into()),
                bytes(Side::Host, "AT+CSQ\r"),
                What::Told(b"[INFO] waiting".into()),
                What::Line(Side::Module, b"+CSQ: 27,99".into()),
                What::Line(Side::Module, b"OK".into()),
                What::Told(b"Signal is fine".into()),
            ]
        );
    }

    #[test]
    fn after_the_echo_is_off_nothing_is_guessed() {
        let found = read("ATE0\r\r\nOK\r\n\r\nSIM800 R14.18\r\n\r\nOK\r\n");
        assert!(found.contains(&What::Remark(SILENT)), "{found:?}");
        assert_eq!(found.iter().filter(|what| matches!(what, What::Bytes(Side::Host, _))).count(), 1);
        assert!(found.contains(&bytes(Side::Module, "SIM800 R14.18\r\n")));
    }

    #[test]
    fn what_was_typed_at_a_prompt_is_the_hosts() {
        let found = read("AT+CMGS=\"+49301234\"\r\r\n> hello\x1a\r\n+CMGS: 4\r\n\r\nOK\r\n");
        assert!(found.contains(&bytes(Side::Host, "hello\x1a")), "{found:?}");
        assert!(found.contains(&bytes(Side::Module, "> ")));
    }
}
