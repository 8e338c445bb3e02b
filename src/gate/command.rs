//! The module's command lines (RFC 959 section 5.3).

use crate::at::octets::text_of;
use std::collections::VecDeque;
use std::fmt;

/// The longest line that is read, in octets without its end.
const MAX_LINE: usize = 4096;
/// The most commands that may wait for the one before them.
const MAX_WAITING: usize = 64;

const IAC: u8 = 0xff;

/// One command.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    /// In capitals, and without the X of RFC 775 (XPWD is PWD).
    pub verb: String,
    /// What stands behind the first blank. Octets that are not UTF-8 are read as Latin-1.
    pub argument: String,
}

/// Without passwords and accounts: what is printed ends in logs.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let argument = match self.verb.as_str() {
            "PASS" | "ACCT" => "...",
            _ => &self.argument,
        };
        write!(f, "{} {argument:?}", self.verb)
    }
}

impl Command {
    fn parse(line: &[u8]) -> Command {
        let line = text_of(line);
        let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
        let verb = verb.to_ascii_uppercase();
        let verb = match verb.as_str() {
            "XCWD" | "XPWD" | "XMKD" | "XRMD" => verb[1..].to_owned(),
            "XCUP" => "CDUP".to_owned(),
            _ => verb,
        };
        Command { verb, argument: argument.to_owned() }
    }

    /// As it goes to a server.
    pub fn line(&self) -> String {
        match self.argument.as_str() {
            "" => self.verb.clone(),
            argument => format!("{} {argument}", self.verb),
        }
    }
}

/// The command lines that have come and wait.
#[derive(Debug, Default)]
pub struct Commands {
    line: Vec<u8>,
    /// A Telnet command has begun (RFC 854): IAC IP IAC DM stands before an urgent ABOR.
    iac: bool,
    waiting: VecDeque<Command>,
    over: bool,
}

impl Commands {
    /// The commands that these octets complete. Empty lines are none; a line that is too long is a
    /// command without a verb.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Command> {
        let mut found = vec![];
        for &byte in bytes {
            match byte {
                _ if self.iac => {
                    self.iac = false;
                    match byte {
                        IAC => self.line.push(IAC),
                        // The Telnet commands from NOP to GA (RFC 854); IP and DM are among them.
                        0xf1..=0xf9 => {}
                        // No Telnet command, but an octet of a file's name: a module's client does not double 255.
                        _ => self.line.extend([IAC, byte]),
                    }
                }
                IAC => self.iac = true,
                b'\n' => {
                    let line = std::mem::take(&mut self.line);
                    let line = line.strip_suffix(b"\r").unwrap_or(&line);
                    match line.len() {
                        0 => {}
                        1..=MAX_LINE => found.push(Command::parse(line)),
                        _ => found.push(Command::parse(b"")),
                    }
                }
                _ if self.line.len() <= MAX_LINE => self.line.push(byte),
                _ => {}
            }
        }
        found
    }

    /// Has a command wait; false where too many do.
    pub fn push(&mut self, command: Command) -> bool {
        self.waiting.push_back(command);
        self.waiting.len() <= MAX_WAITING
    }

    pub fn next(&mut self) -> Option<Command> {
        self.waiting.pop_front()
    }

    /// Forgets what has come: nothing that was sent in the clear counts once TLS starts.
    pub fn forget(&mut self) {
        *self = Commands { over: self.over, ..Commands::default() };
    }

    /// No more will come.
    pub fn close(&mut self) {
        self.over = true;
    }

    pub fn is_over(&self) -> bool {
        self.over && self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(bytes: &[u8]) -> Vec<(String, String)> {
        Commands::default().take(bytes).into_iter().map(|c| (c.verb, c.argument)).collect()
    }

    #[test]
    fn lines_become_commands() {
        let command = |verb: &str, argument: &str| (verb.to_owned(), argument.to_owned());
        assert_eq!(
            parse(b"user me\r\nPASS \r\n\r\nxpwd\nRETR  a b \r\nXCUP\r\n\xff\xf4\xff\xf2ABOR\r\nDELE \xe9\r\nNO"),
            [
                command("USER", "me"),
                command("PASS", ""),
                command("PWD", ""),
                command("RETR", " a b "),
                command("CDUP", ""),
                command("ABOR", ""),
                command("DELE", &text_of(b"\xe9")),
            ]
        );
    }

    #[test]
    fn a_line_that_is_too_long_is_no_command() {
        let line = |n: usize| [&b"RETR "[..], &vec![b'x'; n - 5], b"\r\nNOOP\r\n"].concat();
        assert_eq!(parse(&line(MAX_LINE))[0].0, "RETR");
        assert_eq!(parse(&line(MAX_LINE + 1)), [("".into(), "".into()), ("NOOP".into(), "".into())]);
        assert_eq!(parse(&line(MAX_LINE + 9))[0].0, "");
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_no_chunking_shows(bytes: Vec<u8>, cut in 0usize..100) {
            let (head, tail) = bytes.split_at(cut.min(bytes.len()));
            let mut commands = Commands::default();
            let mut found = commands.take(head);
            found.extend(commands.take(tail));
            prop_assert_eq!(found, Commands::default().take(&bytes));
        }
    }
}
