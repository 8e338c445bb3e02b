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

/// What servers say with a code (RFC 959 section 4.2).
pub fn usual(code: u16) -> &'static str {
    match code {
        110 => "Restart marker reply.",
        120 => "Service ready in a few minutes.",
        125 => "Data connection already open; transfer starting.",
        150 => "File status okay; about to open data connection.",
        200 => "Command okay.",
        220 => "Service ready.",
        221 => "Goodbye.",
        226 => "Transfer complete.",
        230 => "User logged in.",
        250 => "Requested file action okay.",
        331 => "User name okay, need password.",
        350 => "Requested file action pending further information.",
        421 => "Service not available, closing control connection.",
        425 => "Can't open data connection.",
        426 => "Connection closed; transfer aborted.",
        430 => "Invalid username or password.",
        450 => "Requested file action not taken: file unavailable.",
        451 => "Requested action aborted: local error in processing.",
        452 => "Requested action not taken: insufficient storage space.",
        500 => "Syntax error, command unrecognized.",
        501 => "Syntax error in parameters or arguments.",
        502 => "Command not implemented.",
        503 => "Bad sequence of commands.",
        504 => "Command not implemented for that parameter.",
        530 => "Not logged in.",
        532 => "Need account for storing files.",
        550 => "Requested action not taken: file unavailable.",
        551 => "Requested action aborted: page type unknown.",
        552 => "Requested file action aborted: exceeded storage allocation.",
        553 => "Requested action not taken: file name not allowed.",
        100..=399 => "Okay.",
        _ => "Failed.",
    }
}
