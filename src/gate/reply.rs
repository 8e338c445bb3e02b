//! Replies that the gate makes itself (RFC 959 section 4.2).

use crate::at::octets::octets_of;
use crate::ftp::Reply;
use bytes::Bytes;

/// A reply of one line.
pub fn line(code: u16, text: &str) -> Reply {
    Reply { code, lines: vec![format!("{code} {text}")] }
}

/// A reply of several lines; those between the first and the last carry no code.
pub fn lines(code: u16, first: &str, between: impl IntoIterator<Item = String>) -> Reply {
    let mut lines = vec![format!("{code}-{first}")];
    lines.extend(between);
    lines.push(format!("{code} End."));
    Reply { code, lines }
}

/// A path in quotes, those inside doubled (RFC 959 appendix II).
pub fn quoted(path: &str) -> String {
    format!("\"{}\"", path.replace('"', "\"\""))
}

pub fn bytes(reply: &Reply) -> Bytes {
    octets_of(&(reply.lines.join("\r\n") + "\r\n")).into_owned().into()
}
