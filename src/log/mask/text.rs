//! What is personal in any text, whoever says it: logins in addresses of the web, headers that authorise, addresses of mail,
//! telephone numbers that are written with blanks.

use crate::log::peel::find;
use std::ops::Range;

/// Where it stands, in order.
pub fn personal(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = vec![];
    if text.contains(&b'@') {
        at_signs(text, &mut found);
    }
    if text.contains(&b':') || text.contains(&b' ') {
        headers(text, &mut found);
        logins(text, &mut found);
    }
    found.sort_by_key(|span| span.start);
    let mut end = 0;
    found.retain(|span| {
        let apart = span.start >= end && !span.is_empty();
        end = if apart { span.end } else { end };
        apart
    });
    found
}

/// `ftp://joe:hush@host`: both of them; `joe@host.example`: the name.
fn at_signs(text: &[u8], found: &mut Vec<Range<usize>>) {
    for at in (0..text.len()).filter(|at| text[*at] == b'@') {
        let ends = |b: &u8| b.is_ascii_whitespace() || b"\"'<>(),;/=\\[]{}".contains(b);
        let start = text[..at].iter().rposition(ends).map_or(0, |before| before + 1);
        let name = &text[start..at];
        if name.is_empty() {
            continue;
        }
        if text[..start].ends_with(b"//") {
            match name.iter().position(|b| *b == b':') {
                Some(colon) => found.extend([start..start + colon, start + colon + 1..at]),
                None => found.push(start..at),
            }
            continue;
        }
        let host =
            text[at + 1..].iter().take_while(|b| b.is_ascii_alphanumeric() || b".-".contains(b)).count();
        let host = &text[at + 1..at + 1 + host];
        let letters = host.last().is_some_and(u8::is_ascii_alphabetic) && host.contains(&b'.');
        let plain = name.iter().all(|b| b.is_ascii_alphanumeric() || b"._%+-".contains(b) || *b >= 0x80);
        if letters && plain {
            found.push(start..at);
        }
    }
}

/// Headers of HTTP that prove who one is (RFC 9110 section 11, RFC 6265), with or without a scheme.
const HEADERS: [&[u8]; 6] =
    [b"authorization:", b"x-api-key:", b"api-key:", b"cookie:", b"x-auth-token:", b"x-access-token:"];

fn headers(text: &[u8], found: &mut Vec<Range<usize>>) {
    if text.len() < 8 || !text.iter().any(|b| b"-kKzZ".contains(b)) {
        return;
    }
    let lower = text.to_ascii_lowercase();
    for header in HEADERS {
        let mut from = 0;
        while let Some(at) = find(&lower[from..], header) {
            let mut start = from + at + header.len();
            start += lower[start..].iter().take_while(|b| **b == b' ').count();
            for scheme in [&b"basic "[..], b"bearer ", b"digest ", b"token "] {
                start += if lower[start..].starts_with(scheme) { scheme.len() } else { 0 };
            }
            let length = lower[start..].iter().take_while(|b| !b"\r\n\"\\<^".contains(b)).count();
            found.push(start..start + length);
            from = start + length;
        }
    }
}

/// `USER joe`, `PASS hush` at the start of a line, as a host that speaks FTP or POP3 itself says them.
fn logins(text: &[u8], found: &mut Vec<Range<usize>>) {
    let mut start = 0;
    for line in text.split_inclusive(|b| *b == b'\n') {
        let name = line.strip_prefix(b"USER ").or_else(|| line.strip_prefix(b"PASS "));
        if let Some(name) = name {
            found.push(start + 5..start + 5 + name.trim_ascii_end().len());
        }
        start += line.len();
    }
}

/// Telephone numbers behind a plus or with blanks, dashes and brackets in them, where a text is about one.
pub fn telephones(text: &[u8], about: bool) -> Vec<Range<usize>> {
    let mut found = vec![];
    let mut at = 0;
    while at < text.len() {
        let begins = text[at] == b'+' || about && (text[at].is_ascii_digit() || text[at] == b'(');
        let before = at.checked_sub(1).map(|before| text[before]);
        let apart = before.is_none_or(|b| !b.is_ascii_alphanumeric() && !b".+-/:,".contains(&b));
        if !begins || !apart {
            at += 1;
            continue;
        }
        let sign = usize::from(text[at] == b'+');
        let body =
            text[at + sign..].iter().take(26).take_while(|b| b.is_ascii_digit() || b" -()/.".contains(b));
        let end = at + sign + body.count();
        let end = text[..end].iter().rposition(u8::is_ascii_digit).map_or(at, |last| last + 1).max(at);
        let digits = text[at..end].iter().filter(|b| b.is_ascii_digit()).count();
        let plain = !text.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || b":".contains(b));
        let signs = text[at..end].iter().filter(|b| b"-/.".contains(b)).count();
        // A date, an address of the network, a version are none.
        let number = text[at..end].contains(&b'.') && sign == 0 || signs > 3;
        let shortest = if sign > 0 { 8 } else { 9 };
        if (shortest..=15).contains(&digits) && plain && !number && !is_date(&text[at..end]) {
            found.push(at..end);
        }
        at = end.max(at + 1);
    }
    found
}

/// `2026-11-27 21:15`, `26/11/27`.
fn is_date(text: &[u8]) -> bool {
    let first = text.iter().take_while(|b| b.is_ascii_digit()).count();
    matches!(first, 2 | 4)
        && text.get(first).is_some_and(|b| b"-/".contains(b))
        && text.get(first + 3) == text.get(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, spans: Vec<Range<usize>>) -> String {
        let mut out = text.as_bytes().to_vec();
        spans.into_iter().for_each(|span| out[span].fill(b'#'));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn logins_are_found_wherever_they_stand() {
        for (text, right) in [
            ("ftp://joe:hush@h.example/x", "ftp://###:####@h.example/x"),
            ("AT+HTTPPARA=\"URL\",\"http://joe@h/x\"", "AT+HTTPPARA=\"URL\",\"http://###@h/x\""),
            (
                "GET / HTTP/1.1\r\nAuthorization: Basic am9lOg==\r\nA: b",
                "GET / HTTP/1.1\r\nAuthorization: Basic ########\r\nA: b",
            ),
            ("cookie: id=7", "cookie: ####"),
            ("mail to joe.doe@h.example now", "mail to #######@h.example now"),
            ("x@y", "x@y"),
            ("USER joe\r\nPASS hush\r\n", "USER ###\r\nPASS ####\r\n"),
            ("+CSQ: 20,99", "+CSQ: 20,99"),
        ] {
            assert_eq!(shown(text, personal(text.as_bytes())), right);
        }
    }

    #[test]
    fn telephones_are_found_with_their_blanks() {
        for (text, right) in [
            ("call +49 170 123-4567 now", "call ################ now"),
            ("number (0170) 123 4567", "number ###############"),
            ("on 2026-11-27 at 10", "on 2026-11-27 at 10"),
            ("192.168.100.200", "192.168.100.200"),
            ("+CREG: 0,1", "+CREG: 0,1"),
            ("sms 12 of 34", "sms 12 of 34"),
        ] {
            assert_eq!(shown(text, telephones(text.as_bytes(), true)), right);
        }
    }
}
