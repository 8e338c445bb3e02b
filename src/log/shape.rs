//! What a line looks like: a command, a result code, something that only a module says, or a line of an application.

use crate::at::secret::SIGNS;

/// Whether a line is a command line: `AT`, alone or before what a command can begin with.
pub fn is_command(line: &[u8]) -> bool {
    let Some((start, rest)) = line.split_at_checked(2) else { return false };
    if !start.eq_ignore_ascii_case(b"AT")
        || line.len() > 2048
        || !line.iter().all(|b| (0x20..0x7f).contains(b) || *b >= 0x80)
    {
        return false;
    }
    // "Attached", "At 10:15" and "ATTENTION" are no command lines; "ATZ", "ATE0", "ATD+49301234;" and "ATS3=13" are.
    let rest = rest.trim_ascii();
    match rest.first() {
        None => true,
        Some(first) if SIGNS.contains(&char::from(*first)) => {
            rest.get(1).is_some_and(u8::is_ascii_alphabetic)
        }
        Some(b'&' | b'\\' | b'%') => true,
        Some(first) if first.is_ascii_alphabetic() => {
            let dials = first.eq_ignore_ascii_case(&b'd');
            let letters = rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
            start == b"AT" && (dials || letters <= 1 || rest.len() <= 4) || start == b"at" && letters <= 1
        }
        Some(_) => false,
    }
}

/// Final result codes (V.250 section 5.7.1, 3GPP TS 27.007 section 9, 27.005 section 3.2.5) and their like.
pub fn is_final(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    const WHOLE: [&[u8]; 12] = [
        b"OK",
        b"ERROR",
        b"NO CARRIER",
        b"NO DIALTONE",
        b"NO DIAL TONE",
        b"BUSY",
        b"NO ANSWER",
        b"CONNECT",
        b"SEND OK",
        b"SEND FAIL",
        b"SHUT OK",
        b"CLOSE OK",
    ];
    if !line.first().is_some_and(|first| b"OENBCS+".contains(first)) {
        return false;
    }
    WHOLE.contains(&line)
        || [&b"CONNECT "[..], b"+CME ERROR", b"+CMS ERROR"].iter().any(|start| line.starts_with(start))
}

/// Lines of modules that begin with no sign.
const SAID: [&[u8]; 30] = [
    b"RING",
    b"RDY",
    b"READY",
    b"CALL READY",
    b"SMS READY",
    b"PB DONE",
    b"SMS DONE",
    b"NORMAL POWER DOWN",
    b"POWERED DOWN",
    b"UNDER-VOLTAGE",
    b"OVER-VOLTAGE",
    b"UNDER-VOLTAGE WARNNING",
    b"OVER-VOLTAGE WARNNING",
    b"UNDER-VOLTAGE POWER DOWN",
    b"OVER-VOLTAGE POWER DOWN",
    b"CONNECT OK",
    b"CONNECT FAIL",
    b"ALREADY CONNECT",
    b"CLOSED",
    b"CLOSE OK",
    b"SHUT OK",
    b"SEND OK",
    b"SEND FAIL",
    b"DATA ACCEPT",
    b"DOWNLOAD",
    b"DEACT OK",
    b"ALERTING",
    b"GPS READY",
    b"SERVER OK",
    b"APP RDY",
];

/// Beginnings of such lines.
const BEGUN: [&[u8]; 14] = [
    b"STATE: ",
    b"RING ",
    b"REMOTE IP",
    b"IP INITIAL",
    b"IP START",
    b"IP GPRSACT",
    b"IP STATUS",
    b"TCP CLOSED",
    b"UDP CLOSED",
    b"PDP DEACT",
    b"TCP CONNECTING",
    b"DATA ACCEPT:",
    b"RECV FROM:",
    b"*PSUTTZ",
];

/// Whether it is one of these lines, or begins as one.
fn is_said(text: &[u8]) -> bool {
    let Some(first) = text.first().map(u8::to_ascii_uppercase) else { return false };
    let whole = |said: &&[u8]| said[0] == first && said.eq_ignore_ascii_case(text);
    let begun = |start: &&[u8]| {
        start[0] == first && text.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
    };
    (first.is_ascii_uppercase() || first == b'*') && (SAID.iter().any(whole) || BEGUN.iter().any(begun))
}

/// Whether a line is one that a module says, and hardly anybody else.
pub fn is_modules(line: &[u8]) -> bool {
    let text = line.trim_ascii();
    if is_final(text) || text == b">" {
        return true;
    }
    if is_said(text) {
        return true;
    }
    // `0, CONNECT OK` of a SIM800 with several connections.
    if let Some(rest) = text.first().filter(|b| b.is_ascii_digit()).and_then(|_| text[1..].strip_prefix(b","))
    {
        return rest.trim_ascii().first().is_some_and(u8::is_ascii_uppercase);
    }
    let Some((sign, rest)) = text.split_first() else { return false };
    let named = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || b"_-.".contains(b)).count();
    let capitals = rest.iter().take(named).filter(|b| b.is_ascii_uppercase()).count();
    SIGNS.contains(&char::from(*sign))
        && rest.first().is_some_and(u8::is_ascii_alphabetic)
        && capitals >= 2
        && rest.get(named).is_none_or(|b| b": =,?".contains(b))
}

/// Whether a line that stands in the answer to a command is more likely one of the application, which had something to say
/// meanwhile.
pub fn is_applications(line: &[u8]) -> bool {
    let text = line.trim_ascii();
    if is_modules(text) {
        return false;
    }
    let marked = [
        &b"["[..],
        b"##",
        b"//",
        b"**",
        b"--",
        b"==",
        b"<dbg>",
        b"<inf>",
        b"DEBUG",
        b"INFO",
        b"WARN",
        b"ERROR:",
    ];
    if marked.iter().any(|mark| text.starts_with(mark)) {
        return true;
    }
    // `I (5781) tag: text` of ESP-IDF.
    if let [b'I' | b'D' | b'W' | b'E' | b'V', b' ', b'(', digit, ..] = text {
        return digit.is_ascii_digit();
    }
    let words: Vec<&[u8]> = text.split(|b| *b == b' ').filter(|word| !word.is_empty()).collect();
    let small = |word: &&&[u8]| {
        word.iter().all(|b| b.is_ascii_lowercase() || b".,:!'()".contains(b))
            && word.iter().any(u8::is_ascii_lowercase)
    };
    let sentence = words.len() >= 3 && words.iter().filter(small).count() * 2 > words.len();
    sentence || (text.ends_with(b"...") && text.len() > 3)
}

/// Whether the answer to a command is free text: who the module is, a number, what a file or a page holds.
pub fn answers_freely(command: &[u8]) -> bool {
    let bare = command.to_ascii_uppercase();
    const FREE: [&[u8]; 24] = [
        b"ATI",
        b"AT&V",
        b"+CGM",
        b"+GM",
        b"+CGSN",
        b"+GSN",
        b"+CIMI",
        b"CCID",
        b"ICCID",
        b"+CLAC",
        b"+CIFSR",
        b"+CMGR",
        b"+CMGL",
        b"READ",
        b"RECV",
        b"RXGET",
        b"+QILOCIP",
        b"+CSUB",
        b"+GSV",
        b"GET",
        b"+CFSRFILE",
        b"+QFREAD",
        b"SIMCOMATI",
        b"+CNUM",
    ];
    FREE.iter().any(|name| super::peel::find(&bare, name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_known_from_words() {
        for line in [
            "AT",
            "at+csq",
            "ATE0",
            "ATI",
            "AT&F",
            "ATD+49301234;",
            "ATS3=13",
            "AT+CGDCONT=1,\"IP\",\"x\"",
            "ATZ",
            "AT#X?",
            "ATD*99#",
            "atd123",
        ] {
            assert!(is_command(line.as_bytes()), "{line}");
        }
        for line in [
            "Attached",
            "At 10:15",
            "ATTENTION: low",
            "A",
            "OK",
            "at once",
            "Attempt 1",
            "AT is fine",
            "ATTACH FAILED",
            "at the end",
        ] {
            assert!(!is_command(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn a_modules_lines_are_known() {
        for line in [
            "OK",
            "+CSQ: 27,99",
            "+CME ERROR: 3",
            "RING",
            "Call Ready",
            "^SYSSTART",
            "0, CONNECT OK",
            "+CPIN: READY",
            "#STN: 1",
            "*PSUTTZ: 2026",
            "NORMAL POWER DOWN",
            ">",
        ] {
            assert!(is_modules(line.as_bytes()), "{line}");
        }
        for line in [
            "Connecting...",
            "",
            "+",
            "+49301234",
            "modem ready",
            "# a heading",
            "12",
            "I (12) x: y",
            "#include",
        ] {
            assert!(!is_modules(line.as_bytes()), "{line}");
        }
        for line in ["Waiting for the network...", "[INFO] up", "I (5781) x: y", "no answer from the module"]
        {
            assert!(is_applications(line.as_bytes()), "{line}");
        }
        for line in [
            "SIM800 R14.18",
            "Revision:1418B04SIM800L24",
            "865456054799968",
            "Quectel_Ltd",
            "Manufacturer: SIMCOM INCORPORATED",
        ] {
            assert!(!is_applications(line.as_bytes()), "{line}");
        }
    }
}
