//! What libunftp 0.24 does differently from other servers, mended.
//!
//! Any syntax error ends its session, so commands are read here first. It resolves `..` into a
//! working directory that it prints as typed, forgets the working directory in STAT and MLST, gives
//! ACCT 530, STAT 200, MKD no quotes and "File not found" for a folder that is there, and calls every
//! type binary.

use super::{Command, reply};
use crate::ftp::Reply;

/// What is to be done about a command that moves no data.
#[derive(Debug, PartialEq, Eq)]
pub enum Order {
    /// This goes to libunftp.
    Send(String),
    /// This directory is to be entered.
    Enter(String),
    /// The gate answers with how the session stands.
    Status,
    /// The gate answers.
    Answer(u16, String),
}

/// What libunftp says of a path, whatever is wrong with it.
const NOT_FOUND: &str = "File not found";

/// The text of the built-in server's own 220, by which the gate knows it.
pub const GREETING: &str = "badline ftpd";

/// The built-in server's SITE command that tells before a transfer whether it would be refused.
pub const CHECK: &str = "BADLINE";

/// The path that `argument` means in `directory`, seen from the root: `..` at the root stays there.
pub fn absolute(directory: &str, argument: &str) -> String {
    let whole =
        if argument.starts_with('/') { argument.to_owned() } else { format!("{directory}/{argument}") };
    let mut names = vec![];
    for name in whole.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    format!("/{}", names.join("/"))
}

/// LIST and NLST take options in front of the path; libunftp takes NLST's for a path.
pub fn without_options(argument: &str) -> &str {
    let mut rest = argument;
    while let Some(option) = rest.strip_prefix('-') {
        rest = option.split_once(' ').map_or("", |(_, rest)| rest);
    }
    rest
}

/// Decides what becomes of a command, so that it is read as other servers read it.
pub fn order(command: &Command, directory: &str) -> Order {
    let argument = command.argument.as_str();
    let answer = |code: u16, text: &str| Order::Answer(code, text.to_owned());
    let path = || format!("{} {}", command.verb, absolute(directory, argument));
    if command.verb.contains(char::is_control) || argument.contains(['\r', '\0']) {
        return answer(501, "Control characters in a command.");
    }
    match (command.verb.as_str(), argument) {
        (
            "USER" | "CWD" | "MKD" | "RMD" | "DELE" | "RNFR" | "RNTO" | "SIZE" | "MDTM" | "REST" | "TYPE"
            | "STRU" | "MODE" | "SITE",
            "",
        ) => answer(501, "An argument is missing."),
        ("USER" | "PASS", _) => Order::Send(format!("{} {argument}", command.verb)),
        ("ACCT", _) => answer(202, "No account is needed."),
        ("CWD", _) => Order::Enter(absolute(directory, argument)),
        ("CDUP", _) => Order::Enter(absolute(directory, "..")),
        ("PWD", _) => Order::Answer(257, format!("{} is the current directory.", reply::quoted(directory))),
        ("MKD" | "RMD" | "DELE" | "RNFR" | "RNTO" | "MDTM" | "MLST", _) => Order::Send(path()),
        // libunftp tells the size of a folder too (RFC 3659 section 4.1).
        ("SIZE", _) => Order::Send(format!("SITE {} {}", CHECK, path())),
        ("STAT", "") => Order::Status,
        ("STAT", _) => {
            let path = absolute(directory, without_options(argument));
            Order::Send(format!("STAT {path}"))
        }
        ("TYPE", _) => representation(argument),
        ("STRU", "F" | "f") => answer(200, "Structure set to F."),
        ("MODE", "S" | "s") => answer(200, "Mode set to S."),
        ("STRU" | "MODE", _) => answer(504, "Not implemented for that parameter."),
        ("REST", _) => match argument.trim().parse::<u64>() {
            Ok(offset) => Order::Send(format!("REST {offset}")),
            Err(_) => answer(501, "No offset."),
        },
        ("OPTS", option) if option.to_ascii_uppercase().starts_with("UTF8") => {
            answer(200, "Always in UTF-8.")
        }
        ("OPTS", _) => answer(501, "Option not understood."),
        ("ALLO", _) => answer(202, "No storage allocation is needed."),
        ("NOOP", _) => answer(200, "NOOP ok."),
        ("SYST" | "FEAT" | "HELP", _) => Order::Send(command.verb.clone()),
        ("SITE", _) if !argument.to_ascii_uppercase().starts_with(CHECK) => Order::Send(command.line()),
        ("REIN" | "SMNT" | "SITE", _) => answer(502, "Command not implemented."),
        _ => answer(500, "Unknown command."),
    }
}

/// RFC 959 section 3.1.1. Nothing is converted, as on most servers of today.
fn representation(argument: &str) -> Order {
    let (code, text) = match argument.to_ascii_uppercase().as_str() {
        "A" | "A N" => (200, "Type set to A."),
        "I" | "L 8" | "L8" => (200, "Type set to I."),
        _ => (504, "Not implemented for that parameter."),
    };
    Order::Answer(code, text.to_owned())
}

/// libunftp's reply as other servers give it.
pub fn mended(command: &Command, given: Reply) -> Reply {
    match (command.verb.as_str(), given.code) {
        ("MKD", 257) => reply::line(257, &format!("{} created.", reply::quoted(given.text()))),
        // libunftp does not say why it cannot be made: the folder may exist, or its parent may not.
        ("MKD", 550) if given.text() == NOT_FOUND => reply::line(550, "Create directory operation failed."),
        // A listing, its first and last lines behind the code.
        ("STAT", 200) => {
            let entries = given.lines.iter().map(|line| {
                let entry = line.strip_prefix("200-").or_else(|| line.strip_prefix("200 "));
                format!(" {}", entry.unwrap_or(line).trim_start())
            });
            let entries = entries.filter(|entry| !entry.trim().is_empty());
            reply::lines(213, &format!("Status of {}:", command.argument), entries)
        }
        ("STAT", 451) => reply::line(450, "No such file or directory."),
        _ => given,
    }
}

/// The reply to FEAT (RFC 2389): TLS is the gate's.
pub fn features(mut given: Reply) -> Reply {
    const OURS: [&str; 3] = ["AUTH", "PBSZ", "PROT"];
    if given.code != 211 || given.lines.len() < 2 {
        return given;
    }
    given.lines.retain(|line| !OURS.iter().any(|feature| line.trim_start().starts_with(feature)));
    let last = given.lines.len() - 1;
    let added = ["AUTH TLS", "PBSZ", "PROT"].map(|feature| format!(" {feature}"));
    given.lines.splice(last..last, added);
    given
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ordered(line: &str) -> Order {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        order(&Command { verb: verb.into(), argument: argument.into() }, "/logs")
    }

    #[test]
    fn commands_are_read_as_other_servers_do() {
        let send = |line: &str| Order::Send(line.into());
        let enter = |path: &str| Order::Enter(path.into());
        let answer = |code: u16, text: &str| Order::Answer(code, text.into());
        for (line, expected) in [
            ("SIZE a b", send("SITE BADLINE SIZE /logs/a b")),
            ("DELE ../x", send("DELE /x")),
            ("MKD /a/./b", send("MKD /a/b")),
            ("STAT -l x", send("STAT /logs/x")),
            ("STAT", Order::Status),
            ("CWD ..", enter("/")),
            ("CWD ../../..", enter("/")),
            ("CDUP", enter("/")),
            ("PWD", answer(257, "\"/logs\" is the current directory.")),
            ("TYPE a n", answer(200, "Type set to A.")),
            ("TYPE E", answer(504, "Not implemented for that parameter.")),
            ("REST 010", send("REST 10")),
            ("REST ten", answer(501, "No offset.")),
            ("CWD", answer(501, "An argument is missing.")),
            ("NOOP at all", answer(200, "NOOP ok.")),
            ("SYST please", send("SYST")),
            ("PASS", send("PASS ")),
            ("SITE badline x", answer(502, "Command not implemented.")),
            ("DELE a\rb", answer(501, "Control characters in a command.")),
            ("FOO", answer(500, "Unknown command.")),
        ] {
            assert_eq!(ordered(line), expected, "{line}");
        }
    }

    #[test]
    fn options_are_no_path() {
        for (given, path) in [("", ""), ("-la", ""), ("-l -a x y", "x y"), ("a -l", "a -l"), ("-1 ", "")] {
            assert_eq!(without_options(given), path, "{given}");
        }
    }

    #[test]
    fn tls_is_the_gates_own_feature() {
        let given = reply::lines(211, "Features:", [" AUTH TLS".into(), " SIZE".into()]);
        let with = features(given).lines;
        assert_eq!(with, ["211-Features:", " SIZE", " AUTH TLS", " PBSZ", " PROT", "211 End."]);
    }

    proptest! {
        #[test]
        fn what_is_sent_is_one_line(verb in "[A-Z]{3,4}|CWD|SIZE|STAT|USER", argument in "\\PC*|[\r\0a/.]*") {
            let command = Command { verb, argument };
            if let Order::Send(line) = order(&command, "/d") {
                prop_assert!(!line.contains(['\r', '\n', '\0']));
            }
        }
    }
}
