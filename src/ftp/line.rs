//! A command line that is safe to send.

use super::{Cause, port_argument};
use core::net::SocketAddrV4;

/// A command line without its CR LF. There is no way to make one that holds a line end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line(String);

impl Line {
    /// A verb alone.
    pub fn bare(verb: &'static str) -> Line {
        Line(verb.to_owned())
    }

    /// A verb and its argument, which comes from the host.
    ///
    /// # Errors
    ///
    /// [`Cause::Malformed`] where the argument holds CR, LF or NUL: the server would read a second
    /// command (RFC 959 section 5.3.1 excludes the first two from every argument).
    pub fn new(verb: &'static str, argument: &str) -> Result<Line, Cause> {
        match argument.contains(['\r', '\n', '\0']) {
            false => Ok(Line(format!("{verb} {argument}"))),
            true => Err(Cause::Malformed(argument.to_owned())),
        }
    }

    /// A verb and a number.
    pub fn number(verb: &'static str, n: u64) -> Line {
        Line(format!("{verb} {n}"))
    }

    /// PORT (RFC 959 section 5.3.2).
    pub fn port(address: SocketAddrV4) -> Line {
        Line(format!("PORT {}", port_argument(address)))
    }

    /// The text.
    pub fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_cannot_smuggle_a_command() {
        for path in ["a\r\nDELE b", "a\nDELE b", "a\r", "a\0"] {
            assert_eq!(Line::new("CWD", path), Err(Cause::Malformed(path.into())));
        }
        assert_eq!(Line::new("CWD", "a b").map(Line::into_text), Ok("CWD a b".into()));
        assert_eq!(Line::new("PASS", "").map(Line::into_text), Ok("PASS ".into()));
    }
}
